//! Files as tills in China write them, under the profile `generic`: headers in two languages, GB18030,
//! full-width digits, receipts paid by several means, returns that name their receipt.

use std::io::Cursor;

use encoding_rs::GB18030;
use guicang_cli::import::profile::Profile;
use guicang_cli::import::report::Report;
use guicang_cli::import::rules::Kind;
use guicang_cli::import::{ImportError, Options, Source, import};

use crate::target::Shelf;

fn bring(shelf: &mut Shelf, bytes: impl Into<Vec<u8>>) -> Result<Report, ImportError> {
    let options = Options { site: Some("S01".parse().unwrap()), ..Options::default() };
    let source = Source::from_reader("till.csv", Cursor::new(bytes.into()));
    import(shelf, source, &Profile::load("generic").unwrap(), &options, &mut |_| {})
}

const TILL: &str = "\
门店编码,收银机号,小票号,销售时间,行号,条码,商品编码,商品名称,规格,单位,数量（退货为负）,原价,折扣,实收金额,税率,批次,有效期,序列号,支付方式,支付流水号,收银员,会员号
S01,２,000871,2026/11/01 09:30:05,1,6901234567892,00123,茶叶，特级,250g,盒,３,\"1,100.00\",300.00,￥3000.00,13%,L2026A,2027-10-31,,微信支付,wx20261101001,王芳,M007
S01,2,000871,2026/11/01 09:30:05,2,6901234567908,00456,电水壶,1.5L,台,1,200.00,,200.00,0.13,,,\"SN1;SN2\",微信支付,wx20261101001,王芳,M007
S01,2,000871,2026/11/01 09:30:05,,,,,,,,,,800.00,,,,,积分抵扣,,王芳,M007
S01,2,000872,2026年11月01日 10:00:00,1,6901234567892,00123,茶叶，特级,250g,盒,1,1100.00,,1100.00,13,,,,现金,,王芳,
S01,1,000900,2026-11-03 11:00,1,,00123,茶叶，特级,250g,盒,－２,1100.00,,-2000.00,13%,L2026A,,,,,李娜,
合计,,,,,,,,,,5,,,3100.00,,,,,,,,
";

/// What the till knows of a receipt is on the receipt: till, lines with list price, what was paid, tax, lot,
/// expiry and serial numbers; who was served by whom; every tender with its reference. Codes keep their
/// zeros. The same text in GB18030 is the same file.
#[test]
fn a_chinese_tills_export_comes_in_whole() {
    let mut shelf = Shelf::default();
    let report = bring(&mut shelf, TILL).unwrap();
    assert_eq!(report.left_out, []);
    assert_eq!(report.rows, 6);
    let taken = [Kind::Sale, Kind::Return, Kind::Tender].map(|kind| report.taken.of(kind));
    assert_eq!((taken, report.skipped["sum_row"]), ([3, 1, 1], 1));
    assert_eq!(shelf.net.0, 300_000 + 20_000 + 110_000 - 200_000);
    // 3,200.00: 800 by points, the rest by WeChat.
    assert_eq!(shelf.tenders, ["000871 points 80000", "000871 wechat 240000", "000872 cash 110000"]);
    let says = |code: &str, n: &str| {
        let row = shelf
            .rows
            .iter()
            .find(|((r, l), says)| r.number.as_str() == code && l.as_str() == n && says.contains("SaleLine"));
        row.unwrap().1.clone()
    };
    let tea = says("000871", "1");
    for part in [
        "Sku(\"00123\")",
        "quantity: Quantity(3000)",
        "paid: Amount(300000)",
        "list_price: Some(UnitPrice(11000000))",
        "tax_rate: Some(1300)",
        "Lot(\"L2026A\")",
        "name: Some(\"茶叶，特级\")",
        "CustomerId(\"M007\")",
        "expiry: Some(Day(",
    ] {
        assert!(tea.contains(part), "{part} in {tea}");
    }
    assert!(says("000871", "2").contains("serials: Some([\"SN1\", \"SN2\"])"));

    let mut chinese = Shelf::default();
    let (bytes, _, lossy) = GB18030.encode(TILL);
    assert!(!lossy);
    assert_eq!(bring(&mut chinese, bytes.into_owned()).unwrap(), report);
    assert!(chinese.rows == shelf.rows);
    let again = bring(&mut shelf, TILL).unwrap();
    assert_eq!((again.taken.total(), again.already_known), (0, 5));
}

/// A return takes back the receipt that it names; without one, the receipt under whose number it stands;
/// never more than was sold there.
#[test]
fn a_return_is_linked_by_the_receipts_number() {
    let file = "\
        order no,line,sku,qty,price,date,time,original order\n\
        A1,1,TEA,3,10.00,2026-11-01,09:30:00,\n\
        A2,1,TEA,5,10.00,2026-11-01,09:31:00,\n\
        A1,1,TEA,-1,10.00,2026-11-02,09:00:00,\n\
        A1,1,TEA,-1,10.00,2026-11-03,09:00:00,\n\
        R7,1,TEA,-6,10.00,2026-11-03,09:00:00,A2\n\
        R8,1,TEA,-1,10.00,2026-11-03,09:00:00,A2\n\
        R9,1,CUP,-1,10.00,2026-11-03,09:00:00,A2\n";
    let mut shelf = Shelf::default();
    shelf.by_receipt = true;
    let report = bring(&mut shelf, file).unwrap();
    let lines = report.return_lines;
    assert_eq!((lines.matched, lines.partly, lines.unmatched), (2, 1, 2));
    assert_eq!(bring(&mut shelf, file).unwrap().already_known, 7);
}

/// An invoiced receipt has its invoice's number, whichever of its rows says it; one that a spreadsheet has cut,
/// or that is no number, is named, and the row is not taken.
#[test]
fn a_receipt_has_its_invoice() {
    let file = "\
        订单号,行号,商品编码,数量,单价,税率,日期,发票号码\n\
        A1,1,TEA,3,10.00,13%,2026-11-01,\n\
        A1,2,CUP,1,10.00,13%,2026-11-01,26312000000012345678\n\
        A2,1,TEA,5,10.00,13%,2026-11-01,\n\
        A3,1,TEA,5,10.00,13%,2026-11-01,2.6312E+19\n";
    let mut shelf = Shelf::default();
    let report = bring(&mut shelf, file).unwrap();
    assert_eq!(shelf.invoices, ["A1 26312000000012345678"]);
    let cut: Vec<_> = report.left_out.iter().map(|row| (row.line, row.reason.as_str())).collect();
    assert_eq!((cut, report.taken.of(Kind::Sale)), (vec![(5, "cut_code")], 3));
    let long =
        format!("订单号,商品编码,数量,单价,日期,发票号\nA4,TEA,1,1.00,2026-11-01,{}\n", "9".repeat(65));
    let report = bring(&mut shelf, long).unwrap();
    assert_eq!(report.left_out[0].reason, "bad_invoice");
}

/// A file without line numbers, codes or tills, separated by tabs, with a spreadsheet's day numbers: rows
/// are known by what they say.
#[test]
fn the_least_that_a_file_must_have() {
    let file = "单号\t条码\t数量\t单价\t日期\n\
                1\t6901234567892\t1\t9.90\t45123\n\
                1\t6901234567892\t1\t9.90\t45123\n\
                2\t6901234567908\t2\t3\t45123.5\n";
    let mut shelf = Shelf::default();
    shelf.barcodes.insert("6901234567892".into(), "TEA".parse().unwrap());
    let report = bring(&mut shelf, file).unwrap();
    assert_eq!((report.taken.of(Kind::Sale), report.left_out.as_slice()), (3, &[][..]));
    assert_eq!(shelf.net.0, 990 + 990 + 600);
    assert_eq!(shelf.rows.values().filter(|says| says.contains("Sku(\"TEA\")")).count(), 2);
    assert!(shelf.rows.values().any(|says| says.contains("Sku(\"6901234567908\")")));
    let more = bring(&mut shelf, format!("{file}1\t6901234567892\t1\t9.90\t45123\n")).unwrap();
    assert_eq!((more.already_known, more.taken.of(Kind::Sale)), (3, 1));
}

/// A row that can't be read is named by line, column, what was found and what to do.
#[test]
fn bad_cells_are_named() {
    let rows = [
        ("6.9E+12,1,5.00,13%,2026-11-01,cash", "cut_code"),
        ("A,1.2345,5.00,13%,2026-11-01,cash", "bad_quantity"),
        ("A,1,五元,13%,2026-11-01,cash", "bad_price"),
        ("A,1,5.00,x,2026-11-01,cash", "bad_tax_rate"),
        ("A,1,5.00,13%,昨天,cash", "bad_time"),
        ("A,1,5.00,13%,2026-11-01,白条", "bad_tender"),
        (",1,5.00,13%,2026-11-01,cash", "bad_code"),
        (",,5.00,13%,2026-11-01,", "bad_tender"),
    ];
    for (row, reason) in rows {
        let text = format!("单号,商品编码,数量,单价,税率,时间,支付方式\n7,{row}\n");
        let report = bring(&mut Shelf::default(), text).unwrap();
        let named: Vec<_> = report.left_out.iter().map(|r| (r.line, r.reason.as_str())).collect();
        assert_eq!(named, [(2, reason)], "{row}");
    }
    let text = "单号,商品编码,数量,单价,时间\n7,6.9E+12,1,5.00,2026-11-01\n";
    let report = bring(&mut Shelf::default(), text).unwrap();
    let row = &report.left_out[0];
    assert_eq!((row.column.as_str(), row.found.as_str()), ("商品编码", "6.9E+12"));
    assert!(row.wanted.contains("Text"), "{}", row.wanted);
}

#[test]
fn a_file_without_article_price_or_time_is_refused() {
    for (header, missing) in [
        ("单号,数量,单价,时间", "商品编码/条码"),
        ("单号,商品编码,数量,时间", "单价/实收金额"),
        ("单号,商品编码,数量,单价", "销售时间/销售日期"),
        ("商品编码,数量,单价,时间", "小票号"),
    ] {
        let error = bring(&mut Shelf::default(), format!("{header}\n1,2,3,4\n")).unwrap_err().to_string();
        assert!(error.contains(&format!("missing are {missing};")), "{error}");
    }
    let twice = bring(&mut Shelf::default(), "单号,货号,货号,数量,单价,时间\n").unwrap_err().to_string();
    assert!(twice.contains("more than once there are 商品编码"), "{twice}");
}

/// Tenders that don't come to what was paid are kept as the till says, and counted.
#[test]
fn tenders_that_do_not_add_up_are_counted() {
    let file = "单号,商品编码,数量,金额,时间,支付方式\n\
                7,TEA,1,5.00,2026-11-01,\n\
                7,,,9.00,2026-11-01,现金\n\
                8,TEA,1,5.00,2026-11-01,\n";
    let mut shelf = Shelf::default();
    let report = bring(&mut shelf, file).unwrap();
    assert_eq!(report.tenders_differ, 1);
    assert_eq!(shelf.tenders, ["7 cash 900"]);
}
