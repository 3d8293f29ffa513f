//! A file brought in at a branch: what people and programs are told of it, in every form; and how it is taken
//! back.

use crate::support::Branch;

const TILL: &str = "\
小票号,行号,商品编码,数量,实收金额,销售时间,支付方式
1,1,00123,2,20.00,2026-11-01 09:30,微信
1,2,00456,1,5.00,2026-11-01 09:30,微信
2,1,6.9E+12,1,5.00,2026-11-01 09:31,现金
";

fn with_file() -> (Branch, String) {
    let branch = Branch::on_trial();
    let file = branch.path("till.csv");
    std::fs::write(&file, TILL).unwrap();
    let file = file.display().to_string();
    (branch, file)
}

/// Codes keep their zeros; the one that a spreadsheet cut is refused by line, with what to do.
#[test]
fn a_file_is_looked_at_brought_in_listed_and_taken_back() {
    let (branch, file) = with_file();
    let dry = branch.run(&format!("import {file} --dry-run"));
    assert_eq!(dry.code, 0);
    assert!(dry.err.contains("line 4 left out") && dry.err.contains("the format Text"), "{}", dry.err);
    assert_eq!(branch.items("import list"), Vec::<serde_json::Value>::new());

    let report = &branch.items(&format!("import {file}"))[0];
    assert_eq!(report["taken"]["sale"], 2);
    assert_eq!(report["left_out"][0]["reason"], "cut_code");
    let number = report["import"].as_str().unwrap().to_owned();
    let on_hand = || branch.items("stock show 00123")[0]["on_hand"].clone();
    assert_eq!(on_hand(), "-2");

    let listed = branch.items("import list");
    assert_eq!((&listed[0]["file"], &listed[0]["rows"]), (&"till.csv".into(), &2.into()));
    assert_eq!((&listed[0]["user"], &listed[0]["state"]), (&"alice".into(), &"stands".into()));
    let undone = branch.items(&format!("import undo {number}"));
    assert_eq!(undone[0]["state"], "reversed");
    assert_eq!(on_hand(), "0");
    let (code, err) = branch.fails(&format!("import undo {number}"));
    assert!(code == 65 && err.contains("reversed"), "{code} {err}");
    let (code, err) = branch.fails("import undo DR-S01A-000099");
    assert!(code == 65 && err.contains("import list"), "{code} {err}");
    assert_eq!(branch.items(&format!("import {file}"))[0]["taken"]["sale"], 2);
}

/// The same items as CSV and as JSON lines; Excel's form begins with a mark.
#[test]
fn queries_come_as_csv_and_json_lines() {
    let (branch, file) = with_file();
    branch.ok(&format!("import {file}"));
    let csv = branch.ok("stock show --format csv");
    let mut lines = csv.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    assert_eq!(header[..6], ["site", "place", "sku", "lot", "on_hand", "available"]);
    assert_eq!(lines.next().unwrap().split(',').nth(2), Some("00123"));
    assert!(branch.ok("stock show --format csv-bom").starts_with("\u{feff}site,"));
    let jsonl = branch.ok("stock show --format jsonl");
    let items: Vec<serde_json::Value> = jsonl.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(items, branch.items("stock show"));
}

#[test]
fn an_import_of_nothing_says_what_is_missing() {
    let branch = Branch::on_trial();
    assert_eq!(branch.fails("import").0, 2);
    assert_eq!(branch.fails("import nowhere.csv").0, 65);
}
