//! A day at a branch without a line to anybody.

use serde_json::json;

use crate::support::Branch;

/// The user's own example: on hand and available are two figures.
#[test]
fn fifty_on_the_shelf_five_come_back() {
    let alice = Branch::on_trial();
    alice.ok("stock adjust MUG --add 50 --as opening --reason count");
    let stock = |alice: &Branch| {
        let item = &alice.items("stock show MUG")[0];
        (item["on_hand"].clone(), item["available"].clone())
    };
    assert_eq!(stock(&alice), (json!("50"), json!("50")));

    alice.ok("return counter --sale 1001 --item MUG=5 --price 12.50 --reason defective --refund wechat");
    assert_eq!(stock(&alice), (json!("55"), json!("50")), "what came back isn't on sale yet");

    alice.ok("return inspect TH-S01A-000001 --grade A=5");
    assert_eq!(stock(&alice), (json!("55"), json!("55")));
}

/// The keys of a return are an interface: scripts read them.
#[test]
fn a_return_as_json() {
    let alice = Branch::on_trial();
    alice.ok("stock adjust MUG --add 50 --as opening --reason count");
    alice.ok(
        "return counter --sale 1001 --item MUG=2 --price 12.50 --reason defective --grade A=1,E=1 --refund cash",
    );
    let mut items = alice.items("return show TH-S01A-000001");
    let id = items[0]["id"].take();
    assert_eq!(id.as_str().unwrap().len(), 36 + 1 + 32, "UUID.DEVICE");
    let events = items[0]["events"].take();
    let types: Vec<&str> = events.as_array().unwrap().iter().map(|e| e["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["requested", "approved", "received", "inspected", "refund_requested", "paid"]);
    assert_eq!(items[0]["refunds"][0]["refund"].take().as_str().unwrap().len(), 26);
    assert_eq!(
        items,
        [json!({
            "id": null,
            "number": "TH-S01A-000001",
            "site": "S01",
            "occurred": "2026-11-23T14:00:00.000+08:00",
            "states": ["inspected", "refund_paid"],
            "historic": false,
            "verified": false,
            "proven": false,
            "receipt": "S01/1001",
            "receipt_code": null,
            "costs": [],
            "lines": [{
                "line": "1",
                "sku": "MUG",
                "quantity": "2",
                "reason": "defective",
                "excess": "0",
                "links": [{"receipt": "S01/1001", "line": null, "quantity": "2"}],
                "parts": [
                    {"part": "1.2", "quantity": "1", "grade": "A", "disposition": "restock", "account": "sellable"},
                    {"part": "1.3", "quantity": "1", "grade": "E", "disposition": "scrap", "account": "scrap"},
                ],
            }],
            "refund": {
                "entitled": "25.00",
                "queued": "0.00",
                "paid": "25.00",
                "held": "0.00",
                "currency": "CNY",
                "due_by": null,
            },
            "refunds": [{
                "refund": null, "tender": "cash", "requested": "25.00", "paid": "25.00", "state": "refund_paid",
            }],
            "deductions": [],
            "given": [],
            "credit": null,
            "awaited": null,
            "parcels": [],
            "events": null,
        })]
    );
    assert_eq!(alice.items("return list"), alice.items("return show TH-S01A-000001"));
}

#[test]
fn stock_as_json() {
    let alice = Branch::on_trial();
    alice.ok("stock adjust MUG --add 10.5 --as opening --reason count");
    alice.ok("return counter --item MUG=2 --price 1 --reason style --refund wechat --approved-by bob");
    alice.ok("stock adjust CUP --add 1 --reason count");
    assert_eq!(
        alice.items("stock show"),
        [
            json!({
                "site": "S01", "place": "", "sku": "CUP", "lot": null,
                "on_hand": "1", "reserved": "0", "available": "1", "uncounted": true,
                "accounts": {"sellable": "1"},
            }),
            json!({
                "site": "S01", "place": "", "sku": "MUG", "lot": null,
                "on_hand": "12.5", "reserved": "0", "available": "10.5", "uncounted": false,
                "accounts": {"returns_hold": "2", "sellable": "10.5"},
            }),
        ]
    );
}

/// Goods that come by parcel: each step is a command, and each says which comes next.
#[test]
fn a_return_step_by_step() {
    let alice = Branch::on_trial();
    alice.ok("stock adjust MUG --add 50 --as opening --reason count");
    let next = |command: &str| {
        let done = alice.run(command);
        assert_eq!(done.code, 0, "{}", done.err);
        done.err.lines().last().unwrap().to_owned()
    };
    let asked = next("return counter --item MUG=2 --price 3 --reason style --awaited");
    assert!(asked.contains("guicang return receive TH-S01A-000001"), "{asked}");
    let received = next("return receive TH-S01A-000001");
    assert!(received.contains("guicang return inspect TH-S01A-000001"), "{received}");
    let inspected = next("return inspect TH-S01A-000001 --grade B=2:quarantine");
    assert!(inspected.contains("guicang return refund TH-S01A-000001"), "{inspected}");
    let refunded = next("return refund TH-S01A-000001 --tender cash");
    assert!(refunded.contains("guicang sync"), "{refunded}");
    let item = &alice.items("return show TH-S01A-000001")[0];
    assert_eq!(item["refund"]["paid"], "6.00");
    assert_eq!(item["lines"][0]["parts"][0]["account"], "quarantine");
}

/// The excerpt of real transactions that is in the project: every row is accounted for, and a second
/// import of the same file takes nothing.
#[test]
fn real_transactions_are_imported_once() {
    let alice = Branch::empty();
    alice.ok("init --site Germany --device DE1 --zone Europe/Berlin --currency GBP");
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/cli/testdata/uci-excerpt.csv");
    let import = format!("import --profile uci-online-retail {file}");
    let before = alice.items("status")[0]["documents"].clone();
    let dry = alice.items(&format!("{import} --dry-run"));
    assert_eq!(alice.items("status")[0]["documents"], before, "a dry run writes nothing");
    let mut first = alice.items(&import);
    assert_eq!(first[0].as_object_mut().unwrap().remove("import").unwrap(), "DR-DE1-000001");
    assert_eq!(dry, first, "a dry run says what the run then does");
    let taken = |report: &serde_json::Value| {
        report["taken"].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum::<u64>()
    };
    assert!(taken(&first[0]) > 0);
    let again = alice.items(&import);
    assert_eq!(taken(&again[0]), 0);
    assert_eq!(again[0]["already_known"].as_u64().unwrap(), taken(&first[0]));
    assert_eq!(again[0]["rows"], first[0]["rows"]);
    alice.ok("doctor");
}

/// What is shown doesn't depend on having been folded bit by bit.
#[test]
fn a_rebuild_changes_nothing() {
    let alice = Branch::on_trial();
    alice.ok("stock adjust MUG --add 50 --as opening --reason count");
    alice.ok("return counter --item MUG=2 --price 3 --reason style --grade A=1,C=1 --refund cash --approved-by bob");
    let item = &alice.items("rebuild")[0];
    assert_eq!(item["equal"], true);
    assert_eq!(item["before"], item["after"]);
}

/// Chinese is what a person gets who says nothing else; data keep their keys in either language.
#[test]
fn in_chinese_only_the_words_change() {
    let alice = Branch::on_trial();
    alice.ok("stock adjust MUG --add 50 --as opening --reason count");
    let english = alice.ok("stock show --json");
    let alice = alice.in_chinese();
    assert_eq!(alice.ok("stock show --json"), english);
    let done = alice.run("stock show");
    assert!(done.out.contains("在手") && done.out.contains("可售 50"), "{}", done.out);
    assert!(done.err.starts_with("下一步："), "{}", done.err);
}
