//! The policy at a branch: it is seen, tried and printed there, and set at HQ.

use crate::support::Branch;

/// What is printed is a file that preview and set take; a branch may not set it, and what is wrong in it is
/// named.
#[test]
fn a_branch_sees_the_policy_and_does_not_set_it() {
    let alice = Branch::on_trial();
    alice.ok("stock adjust MUG --add 50 --as opening --reason count");
    alice.ok("return counter --sale 1001 --item MUG=2 --price 12.50 --reason defective --grade A=2");
    let item = alice.items("policy show").remove(0);
    assert_eq!((&item["version"], &item["windows"]["quality"]), (&"standard/1".into(), &30.into()));
    assert_eq!(item["limits"]["clerk"], "1000.00");

    let file = alice.path("policy.toml");
    let printed = alice.ok("policy show --format toml");
    let next =
        printed.replace("\"standard/1\"", "\"next\"").replace("receipt = \"300.00\"", "receipt = \"20.00\"");
    std::fs::write(&file, &next).unwrap();
    let preview = alice.items(&format!("policy preview {} --days 7", file.display())).remove(0);
    assert_eq!(preview["returns"], 1);
    assert_eq!(preview["changed"][0]["got"]["verdict"], "approve");
    assert_eq!(preview["changed"][0]["would"]["grounds"], serde_json::json!(["unverified_above"]));

    let refused = alice.run(&format!("policy set {}", file.display()));
    assert_eq!(refused.code, 65);
    assert!(refused.err.contains("Only HQ"), "{}", refused.err);
    std::fs::write(&file, next.replace("quality = 30", "quality = \"long\"")).unwrap();
    let wrong = alice.run(&format!("policy set {}", file.display()));
    assert_eq!(wrong.code, 65);
    assert!(wrong.err.contains("windows.quality: found \"long\""), "{}", wrong.err);
    assert_eq!(alice.items("policy history").len(), 1, "nothing changed");
}
