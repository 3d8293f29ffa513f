//! Goods that go back to their supplier, are repaired, scrapped, marked down, or kept for somebody.

use serde_json::json;

use crate::support::Branch;

fn last(branch: &Branch, command: &str) -> String {
    let done = branch.run(command);
    assert_eq!(done.code, 0, "{command}\n{}", done.err);
    done.err.lines().last().unwrap().to_owned()
}

/// The keys of a supplier return are an interface: scripts read them.
#[test]
fn a_supplier_return_as_json() {
    let alice = Branch::on_trial();
    alice.ok("stock adjust MUG --add 20 --as received --reason other --cost 12");
    let raised =
        "supplier-return raise --supplier Yiwu --item MUG=10 --from sellable --price 20 --reason defective";
    let next = last(&alice, raised);
    assert!(next.contains("guicang supplier-return ship CT-S01A-000001"), "{next}");
    let next = last(&alice, "supplier-return ship CT-S01A-000001 --carrier SF --tracking 1");
    assert!(next.contains("guicang supplier-return close CT-S01A-000001"), "{next}");
    let open = alice.items("supplier-return open");
    assert_eq!(
        (&open[0]["supplier"], &open[0]["value"], &open[0]["claims"]),
        (&json!("Yiwu"), &json!("200.00"), &json!(1))
    );
    alice.ok("supplier-return close CT-S01A-000001 --as credited --item MUG=8 --price 15 --reference CN7");
    alice.ok("supplier-return close CT-S01A-000001 --as sent_back");
    let mut items = alice.items("supplier-return show CT-S01A-000001");
    assert_eq!(items, alice.items("supplier-return list"));
    items[0]["id"].take();
    assert_eq!(
        items,
        [json!({
            "id": null,
            "number": "CT-S01A-000001",
            "site": "S01",
            "supplier": "Yiwu",
            "raised": "2026-11-23T14:00:00.000+08:00",
            "shipped": "2026-11-23T14:00:00.000+08:00",
            "states": ["credited", "sent_back", "closed"],
            "lines": [{
                "line": "1", "sku": "MUG", "lot": null, "quantity": "10", "from": "sellable",
                "reason": "defective", "price": "20", "held": "0", "shipped": "10", "credited": "8",
                "exchanged": "0", "sent_back": "2", "written_off": "0", "open": "0",
            }],
            "claimed": "200.00",
            "credited": "120.00",
            "open": "0.00",
            "lost": "40.00",
            "currency": "CNY",
            "note": null,
        })]
    );
    assert_eq!(alice.items("supplier-return open"), [] as [serde_json::Value; 0]);
    let (code, error) = alice.fails("supplier-return close CT-S01A-000001 --as exchanged");
    assert_eq!(code, 65);
    assert!(error.contains("CT-S01A-000001 is closed") && error.contains("supplier-return show"), "{error}");
}

#[test]
fn repair_scrap_and_mark_down() {
    let alice = Branch::on_trial();
    alice.ok("stock adjust MUG --add 20 --as received --reason other --cost 12");
    alice.ok("stock repair out MUG=3 --from sellable");
    alice.ok("stock repair in MUG=1");
    alice.ok("stock repair in MUG=1 --to defective");
    alice.ok("stock repair in MUG=1 --to scrap_hold");
    let (code, error) = alice.fails("stock scrap MUG=1 --reason damaged --witness alice");
    assert_eq!(code, 65);
    assert!(error.contains("--witness NAME"), "{error}");
    let (code, _) = alice.fails("stock scrap MUG=1 --reason damaged");
    assert_eq!(code, 2, "either a witness or --hold");
    alice.ok("stock scrap MUG=1 --reason damaged --witness wang");
    let shown = alice.items("stock markdown MUG=1 --into MUG-B --cost 5");
    assert_eq!(shown.len(), 2, "what it was and what it became");
    let accounts = |sku: &str| alice.items(&format!("stock show {sku}"))[0]["accounts"].clone();
    assert_eq!(accounts("MUG"), json!({"sellable": "18"}));
    assert_eq!(accounts("MUG-B"), json!({"sellable": "1"}));
    let (_, error) = alice.fails("stock repair out MUG=1 --from repair");
    assert!(error.contains("one of defective sellable quarantine returns_hold"), "{error}");
    let (code, _) = alice.fails("stock adjust MUG --add 1 --reason damaged --as scrapped");
    assert_eq!(code, 65, "there is a command of its own for it");
}

/// What is kept is on hand and not available; once its time has come nobody has to release it.
#[test]
fn goods_are_kept_for_somebody() {
    let alice = Branch::on_trial();
    alice.ok("stock adjust MUG --add 20 --as opening --reason count");
    let next = last(&alice, "stock reserve --item MUG=5 --until 2026-11-23T18:00 --for Saturday");
    assert!(next.contains("guicang stock release YL-S01A-000001"), "{next}");
    let figures = || {
        let item = &alice.items("stock show MUG")[0];
        [&item["on_hand"], &item["reserved"], &item["available"]].map(|v| v.as_str().unwrap().to_owned())
    };
    assert_eq!(figures(), ["20", "5", "15"]);
    alice.ok("stock release YL-S01A-000001 --item MUG=2 --used");
    let mut items = alice.items("stock reservations MUG");
    items[0]["id"].take();
    assert_eq!(
        items,
        [json!({
            "id": null, "number": "YL-S01A-000001", "site": "S01", "state": "kept", "purpose": "Saturday",
            "until": "2026-11-23T18:00:00.000+08:00",
            "lines": [{"line": "1", "sku": "MUG", "lot": null, "place": "", "quantity": "5", "kept": "3"}],
        })]
    );
    alice.ok("stock release YL-S01A-000001");
    assert_eq!(figures(), ["20", "0", "20"]);
    let (code, error) = alice.fails("stock release YL-S01A-000001");
    assert_eq!(code, 65);
    assert!(error.contains("stock reservations"), "{error}");
    let (_, error) = alice.fails("stock reserve --item MUG=1 --until 2026-11-22");
    assert!(error.contains("a time to come"), "{error}");
}

/// Every refusal of a transfer says what can be done, in both languages.
#[test]
fn a_transfer_that_cannot_be() {
    let alice = Branch::on_trial();
    alice.ok("stock adjust MUG --add 20 --as opening --reason count");
    let (code, error) = alice.fails("transfer send --to S09 --item MUG=1");
    assert_eq!(code, 65);
    assert!(error.contains("There is no site \"S09\""), "{error}");
    let (_, error) = alice.fails("transfer receive DB-S09A-000001");
    assert!(error.contains("transfer receive DB-S09A-000001 --from SITE"), "{error}");
    let alice = alice.in_chinese();
    let (_, error) = alice.fails("transfer receive DB-S09A-000001");
    assert!(error.contains("这里没有调拨单") && error.contains("--from 门店"), "{error}");
    let (code, error) = alice.fails("transfer close DB-S09A-000001 --as gone");
    assert_eq!(code, 2);
    assert!(error.contains("late（迟到）"), "{error}");
    assert_eq!(alice.items("transfer list"), [] as [serde_json::Value; 0]);
}
