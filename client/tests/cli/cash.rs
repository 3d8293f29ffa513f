//! The cash book at the counter.

use serde_json::json;

use crate::support::Branch;

/// The keys of a shift are an interface: scripts read them. 200.00 to begin with, 50.00 of change put
/// in, 100.00 to the bank, 25.00 refunded: 125.00 should be there, 124.50 is.
#[test]
fn a_shift_as_json() {
    let alice = Branch::on_trial();
    alice.ok("stock adjust MUG --add 50 --as opening --reason count");
    alice.ok("cash open 200 --till 1 --name early --occurred 2026-11-23T08:00");
    alice.ok("cash in 50 --reason change --occurred 2026-11-23T09:00");
    alice.ok("cash out 100 --reason deposit --note bank --occurred 2026-11-23T10:00");
    alice.ok("return counter --sale 1001 --item MUG=2 --price 12.50 --reason defective --grade A=2 --refund cash --occurred 2026-11-23T11:00");
    let closed = alice.run("cash close 124.50 --occurred 2026-11-23T13:00");
    assert!(closed.err.contains("0.50 CNY short"), "{}", closed.err);

    let mut items = alice.items("cash show JB-S01A-000001");
    items[0]["id"].take();
    items[0]["complete_to"].take();
    for moved in items[0]["moves"].as_array_mut().unwrap() {
        assert!(
            moved["event"].take().as_str().unwrap().starts_with("S01A-"),
            "what `cash reverse --move` takes"
        );
    }
    let flow = json!({
        "sales": "0.00", "receipts": 0, "paid_in": "50.00", "paid_out": "100.00", "refunds": "25.00",
        "expected": "125.00", "difference": "-0.50",
    });
    assert_eq!(
        items,
        [json!({
            "id": null,
            "number": "JB-S01A-000001",
            "site": "S01",
            "till": "1",
            "shift": "early",
            "date": "2026-11-23",
            "state": "closed",
            "opened_at": "2026-11-23T08:00:00.000+08:00",
            "opened_by": "alice",
            "closed_at": "2026-11-23T13:00:00.000+08:00",
            "closed_by": "alice",
            "opening": "200.00",
            "counted": "124.50",
            "now": flow,
            "at_close": flow,
            "moves": [
                {"event": null, "way": "in", "amount": "50.00", "reason": "change", "note": null,
                 "at": "2026-11-23T09:00:00.000+08:00", "user": "alice"},
                {"event": null, "way": "out", "amount": "100.00", "reason": "deposit", "note": "bank",
                 "at": "2026-11-23T10:00:00.000+08:00", "user": "alice"},
            ],
            "payments": [{"return": "TH-S01A-000001", "amount": "25.00",
                          "at": "2026-11-23T11:00:00.000+08:00", "late": false}],
            "conflict": false,
            "complete_to": null,
            "currency": "CNY",
        })]
    );
    let day = &alice.items("cash list --by day")[0];
    assert_eq!(
        (&day["date"], &day["shifts"], &day["difference"]),
        (&"2026-11-23".into(), &1.into(), &"-0.50".into())
    );
}

/// A refund that is entered after the close says so, in the person's language.
#[test]
fn what_comes_late_is_told() {
    let alice = Branch::on_trial().in_chinese();
    alice.ok("stock adjust MUG --add 50 --as opening --reason count");
    alice.ok("cash open 200 --occurred 2026-11-23T08:00");
    let closed = alice.run("cash close 200 --occurred 2026-11-23T13:00");
    assert!(closed.err.contains("账款相符"), "{}", closed.err);
    alice.ok("return counter --sale 1001 --item MUG=1 --price 12.50 --reason defective --grade A=1 --refund cash --occurred 2026-11-23T11:00");
    let shown = alice.run("cash show JB-S01A-000001").err;
    assert!(shown.contains("交班时长短款 0.00，现在 12.50 CNY"), "{shown}");
    assert!(shown.contains("补记：TH-S01A-000001 现金退款 12.50"), "{shown}");
}

#[test]
fn mistakes_name_what_to_do() {
    let alice = Branch::on_trial();
    let (code, said) = alice.fails("cash close 10");
    assert_eq!(code, 65);
    assert!(said.contains("No shift is open at S01") && said.contains("cash open 500"), "{said}");
    alice.ok("cash open 10 --occurred 2026-11-23T08:00");
    let (code, said) = alice.fails("cash open 10");
    assert!(code == 65 && said.contains("JB-S01A-000001"), "{said}");
    let (_, said) = alice.fails("cash out 5 --reason other");
    assert!(said.contains("note"), "{said}");
    let (_, said) = alice.fails("cash in 1.234 --reason change");
    assert!(said.contains("1.234"), "{said}");
    let (code, _) = alice.fails("cash show JB-S01A-000009");
    assert_eq!(code, 65);
    assert_eq!(alice.items("loss list"), Vec::<serde_json::Value>::new());
    assert_eq!(alice.items("refund late"), Vec::<serde_json::Value>::new());
}
