//! Lists of articles and sites, in and out as files.

use std::cell::RefCell;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use guicang_cli::output::Streams;
use guicang_domain::time::Moment;
use guicang_server::World;
use tempfile::TempDir;

/// HQ's program in a folder of its own, run within the test.
struct Hq {
    folder: TempDir,
}

#[derive(Clone, Default)]
struct Sink(Rc<RefCell<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn now() -> Moment {
    Moment(1_795_413_600_000)
}

thread_local! {
    static CHANCE: std::cell::Cell<u64> = const { std::cell::Cell::new(1) };
}

fn fill(bytes: &mut [u8]) {
    for byte in bytes {
        let next = CHANCE.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        CHANCE.set(next);
        *byte = (next >> 33) as u8;
    }
}

impl Hq {
    fn founded() -> Self {
        let hq = Self { folder: tempfile::tempdir().unwrap() };
        hq.ok("init --name Orchard");
        hq
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        std::fs::write(self.path(name), bytes).unwrap();
        self.path(name).display().to_string()
    }

    fn run(&self, command: &str) -> (u8, String, String) {
        let (out, err) = (Sink::default(), Sink::default());
        let mut args: Vec<_> = std::iter::once("guicang-server")
            .chain(command.split_whitespace())
            .map(Into::<std::ffi::OsString>::into)
            .collect();
        args.extend(["--data".into(), self.path("data").into()]);
        let code = guicang_server::run(World {
            args,
            env: Box::new(|name| match name {
                "GUICANG_LANG" => Some("en".into()),
                "XDG_CONFIG_HOME" => Some("/nonexistent".into()),
                _ => None,
            }),
            now,
            fill,
            machine: None,
            streams: Streams { out: Box::new(out.clone()), err: Box::new(err.clone()), terminal: false },
        });
        let text = |sink: Sink| String::from_utf8(sink.0.take()).unwrap();
        (code, text(out), text(err))
    }

    fn ok(&self, command: &str) -> String {
        let (code, out, err) = self.run(command);
        assert_eq!(code, 0, "{command}\n{out}{err}");
        out
    }

    fn items(&self, command: &str) -> Vec<serde_json::Value> {
        let out: serde_json::Value = serde_json::from_str(&self.ok(&format!("{command} --json"))).unwrap();
        out["items"].as_array().unwrap().clone()
    }
}

const PRODUCTS: &str = "\
货号,品名,规格,单位,条码,类别,供应商,零售价,成本,税率,颜色,单位:箱,下限:S01,上限:S01,备注
00123,茶叶，特级,250g,盒,6901234567892 6901234567908,茶,义乌一厂,1100.00,\"￥1,000.5\",13%,绿,１２,5,40,x
00456,电水壶,1.5L,台,6909876543210,家电,,200,120,0.13,白,,,,
";

/// A list in Chinese is taken whole; exported in either language and imported again it changes nothing; a list
/// that lacks columns leaves what they said, an empty cell takes it away.
#[test]
fn a_list_of_articles_goes_in_and_out() {
    let hq = Hq::founded();
    let file = hq.file("products.csv", PRODUCTS);
    let dry = &hq.items(&format!("product import {file} --dry-run"))[0];
    assert_eq!((&dry["rows"], &dry["changed"]), (&2.into(), &serde_json::Value::Null));
    assert!(hq.items("product list").is_empty());
    let done = &hq.items(&format!("product import {file}"))[0];
    assert_eq!((&done["changed"], &done["unread_columns"][0]), (&2.into(), &"备注".into()));
    let tea = &hq.items("product show 00123")[0];
    assert_eq!(tea["cost"], "1000.5");
    assert_eq!(tea["attributes"]["颜色"], "绿");
    assert_eq!(tea["units"]["箱"], "12");
    assert_eq!((&tea["levels"][0]["min"], &tea["levels"][0]["max"]), (&"5".into(), &"40".into()));
    assert_eq!(tea["barcodes"].as_array().unwrap().len(), 2);

    for lang in ["zh", "en"] {
        let out = hq.path(&format!("out-{lang}.csv")).display().to_string();
        hq.ok(&format!("product export {out} --lang {lang} --format csv-bom"));
        let again = &hq.items(&format!("product import {out}"))[0];
        assert_eq!((&again["rows"], &again["changed"]), (&2.into(), &0.into()), "{lang}");
    }
    let prices = hq.file("prices.csv", "sku,list_price,supplier\n00123,1200,\n");
    assert_eq!(hq.items(&format!("product import {prices}"))[0]["changed"], 1);
    let tea = &hq.items("product show 00123")[0];
    assert_eq!((&tea["list_price"], &tea["supplier"]), (&"1200".into(), &serde_json::Value::Null));
    assert_eq!((&tea["name"], &tea["units"]["箱"]), (&"茶叶，特级".into(), &"12".into()));
}

/// Every row that is wrong is named, and nothing is changed.
#[test]
fn a_list_with_mistakes_is_refused_whole() {
    let hq = Hq::founded();
    let file =
        hq.file("p.csv", "sku,name,cost,unit:case\nA,Tea,1.5,12\n6.9E+12,Cup,1,6\nB,,1,6\nC,Pot,-1,0\n");
    let (code, _, err) = hq.run(&format!("product import {file}"));
    assert_eq!(code, 65);
    for line in ["rows that are wrong: 3", "line 3: sku", "line 4: name", "line 5: cost"] {
        assert!(err.contains(line), "{line} in {err}");
    }
    assert!(hq.items("product list").is_empty());
    let twice = hq.file("t.csv", "sku,name\nA,Tea\na,Tea\n");
    let (code, _, err) = hq.run(&format!("product import {twice}"));
    assert!(code == 65 && err.contains("A is in the file twice"), "{err}");
    let none = hq.file("n.csv", "name,cost\nTea,1\n");
    let (code, _, err) = hq.run(&format!("product import {none}"));
    assert!(code == 65 && err.contains("sku/商品编码"), "{err}");
    let nameless = hq.file("x.csv", "sku,cost\nNEW,1\n");
    let (code, _, err) = hq.run(&format!("product import {nameless}"));
    assert!(code == 65 && err.contains("NEW"), "{err}");
    assert_eq!(hq.run("product show A").0, 65);
}

#[test]
fn a_list_of_sites_goes_in_and_out() {
    let hq = Hq::founded();
    let file = hq.file(
        "s.csv",
        "StoreNumber,Name,StoreStatus,City,State,ZipCode\n2190,\"CENTRAL CITY, INC.\",A,DES MOINES,IA,50314\n",
    );
    let done = &hq.items(&format!("site import {file} --zone America/Chicago --currency USD"))[0];
    assert_eq!((&done["changed"], &done["unread_columns"][0]), (&1.into(), &"StoreStatus".into()));
    let site = &hq.items("site list")[0];
    assert_eq!(
        (&site["name"], &site["address"], &site["zone"], &site["currency"]),
        (
            &"CENTRAL CITY, INC.".into(),
            &"DES MOINES, IA, 50314".into(),
            &"America/Chicago".into(),
            &"USD".into()
        )
    );
    let out = hq.path("out.csv").display().to_string();
    hq.ok(&format!("site export {out} --lang zh"));
    assert!(
        std::fs::read_to_string(&out).unwrap().starts_with("门店编码,门店名称,地址,退货地址,时区,币种\n")
    );
    assert_eq!(hq.items(&format!("site import {out}"))[0]["changed"], 0);
    let wrong = hq.file("w.csv", "code,zone\nS01,Beijing\n");
    let (code, _, err) = hq.run(&format!("site import {wrong}"));
    assert!(code == 65 && err.contains("line 2: zone") && err.contains("Beijing"), "{err}");
}

/// Real lists of 342 shops and 4,247 articles, where the data folder is there.
#[test]
fn real_lists_come_in_whole() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let (stores, items) = (data.join("iowa_stores.csv"), data.join("iowa_items.csv.zst"));
    if !stores.is_file() || !items.is_file() {
        println!("skipped: ../shared/data/iowa_stores.csv and iowa_items.csv.zst aren't there");
        return;
    }
    let hq = Hq::founded();
    let stores = format!("site import {} --zone America/Chicago --currency USD", stores.display());
    assert_eq!(hq.items(&stores)[0]["changed"], 342);
    let items = format!("product import {}", items.display());
    assert_eq!(hq.items(&items)[0]["changed"], 4_247);
    let item = &hq.items("product show 258")[0];
    assert_eq!((&item["name"], &item["cost"]), (&"RUMCHATA GOCHATAS".into(), &"100".into()));
    assert_eq!(item["category"], "CREAM LIQUEURS");
    assert_eq!(hq.items(&items)[0]["changed"], 0);
}

/// HQ says after how many days goods in transit are late; what it says of the calendar stays beside it, and the
/// same again is no news.
#[test]
fn how_long_goods_may_be_under_way_is_a_setting() {
    let hq = Hq::founded();
    let days = || hq.items("settings show")[0]["transit_days"].clone();
    assert_eq!(days(), 3);
    hq.ok("calendar set holiday 2027-01-01");
    hq.ok("settings set --transit-days 5");
    assert_eq!(days(), 5);
    let again = hq.run("settings set --transit-days 5");
    assert!(again.0 == 0 && again.2.contains("Nothing differs"), "{again:?}");
    hq.ok("settings set --usual-transit-days");
    assert_eq!(days(), 3);
    assert_eq!(hq.items("calendar list --year 2027").len(), 1);
    let wrong = hq.run("settings set --transit-days 40000");
    assert_eq!(wrong.0, 2, "{wrong:?}");
}

const SUPPLIERS: &str = "\
供应商编码,供应商名称,联系人,索赔期限,币种,等级
YW1,义乌一厂,赵工,30,CNY,甲
LON,\"London, Tea\",,,GBP,
";

/// Suppliers and users go in as files and come out as what goes in; a product that names a supplier which isn't
/// listed is taken, and the codes that are known are told.
#[test]
fn suppliers_and_users_go_in_and_out() {
    let hq = Hq::founded();
    let file = hq.file("suppliers.csv", SUPPLIERS);
    assert_eq!(hq.items(&format!("supplier import {file} --dry-run"))[0]["changed"], serde_json::Value::Null);
    let read = &hq.items(&format!("supplier import {file}"))[0];
    assert_eq!((&read["changed"], &read["unread_columns"]), (&2.into(), &serde_json::json!(["等级"])));
    for lang in ["en", "zh"] {
        let out = hq.file("again.csv", hq.ok(&format!("supplier export --lang {lang}")));
        assert_eq!(hq.items(&format!("supplier import {out}"))[0]["changed"], 0, "{lang}");
    }
    let shown = &hq.items("supplier show YW1")[0];
    assert_eq!((&shown["name"], &shown["claim_days"]), (&"义乌一厂".into(), &30.into()));
    hq.ok("supplier set YW1 --claim-days 14");
    assert_eq!(hq.items("supplier show YW1")[0]["claim_days"], 14);
    assert_eq!(hq.run("supplier add YW1").0, 65, "it is there already");
    assert_eq!(hq.run("supplier set YW9 --name X").0, 65, "there is none");
    let wrong = hq.file("wrong.csv", "code,claim_days\nA,soon\n");
    let (code, _, err) = hq.run(&format!("supplier import {wrong}"));
    assert!(code == 65 && err.contains("claim_days") && err.contains("soon"), "{err}");

    let products = hq.file("products.csv", PRODUCTS);
    let (code, _, err) = hq.run(&format!("product import {products}"));
    assert!(code == 0 && err.contains("义乌一厂") && err.contains("LON, YW1"), "{err}");

    hq.ok("site add S01");
    let staff = hq.file("staff.csv", "登录名,姓名,角色,门店,状态\n王芳,王芳,经理,S01,在职\nli,,clerk,S01,\n");
    assert_eq!(hq.items(&format!("user import {staff}"))[0]["changed"], 2);
    hq.ok("user withdraw 王芳");
    for lang in ["en", "zh"] {
        let out = hq.file("again.csv", hq.ok(&format!("user export --lang {lang}")));
        assert_eq!(hq.items(&format!("user import {out}"))[0]["changed"], 0, "{lang}");
    }
    let states = |hq: &Hq| {
        let users = hq.items("user list");
        users.iter().map(|u| format!("{}:{}", u["user"], u["state"])).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(states(&hq), "\"li\":\"active\" \"王芳\":\"withdrawn\"");
    hq.ok("user set 王芳 --active --site S01");
    assert_eq!(states(&hq), "\"li\":\"active\" \"王芳\":\"active\"");
    let (code, _, err) = hq.run("user add sun --role manager");
    assert!(code == 65 && err.contains("sites"), "{err}");
}
