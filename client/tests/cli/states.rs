//! The table of legal moves: what is documented is what the commands obey.

use crate::support::Branch;

/// The documentation is printed by the program. After a change of the table: `guicang --lang en return states
/// --format markdown > docs/return-states.md`, and the same with `--lang zh`.
#[test]
fn the_documented_table_is_the_codes() {
    for (branch, page) in
        [(Branch::empty(), "return-states.md"), (Branch::empty().in_chinese(), "return-states.zh-CN.md")]
    {
        let path = format!("{}/../docs/{page}", env!("CARGO_MANIFEST_DIR"));
        let documented = std::fs::read_to_string(&path).unwrap();
        assert_eq!(branch.ok("return states --format markdown"), documented, "{page}");
    }
}

/// An illegal move names the rule and its version, the state, the states it would take, and who could do it.
#[test]
fn an_illegal_move_says_why_and_who() {
    let alice = Branch::on_trial();
    alice.ok("stock adjust MUG --add 5 --as opening --reason count");
    let open = "return open --sale S09/1 --item MUG=1 --price 3 --reason style --channel phone";
    alice.ok(open);
    let refused = alice.run("return receive TH-S01A-000001");
    assert_eq!(refused.code, 65);
    for part in ["receive", "requested", "rules version 1", "approved", "the clerk"] {
        assert!(refused.err.contains(part), "{part} not in:\n{}", refused.err);
    }
    let alone = alice.run("return reverse TH-S01A-000001");
    assert!(alone.err.contains("isn't the requester"), "{}", alone.err);
    alice.ok("return approve TH-S01A-000001");
    alice.ok("return receive TH-S01A-000001");
    alice.ok("return inspect TH-S01A-000001 --grade B=1 --missing strap=0.50");
    let shown = alice.ok("return show TH-S01A-000001");
    assert!(shown.contains("strap") && shown.contains("2.50"), "{shown}");
    alice.ok("return refund TH-S01A-000001 --tender cash");
    alice.ok("return close TH-S01A-000001");
    let closed = alice.run("return refund TH-S01A-000001 --tender cash");
    assert!(closed.err.contains("closed"), "{}", closed.err);
}
