//! A device that sends more than the relay takes of one, with the programs as they are.

use crate::programs::{Headquarters, words};

/// The branch is told how much waits and for how long, by an exit code that means "later"; what HQ wrote
/// comes all the same, nothing is lost or refused, and another branch sends as ever.
#[test]
fn what_is_beyond_the_quota_waits_at_the_branch() {
    let mut hq = Headquarters::open(&["A", "B"]);
    let (alice, bob) = (hq.branch("A", &hq.address), hq.branch("B", &hq.address));
    hq.serve_again(&["--quota-changes", "1"]);
    // One entry goes, whatever it takes; its two changes take two hours' worth.
    alice.run(&words("stock adjust TEA --add 5 --as opening --reason count")).ok();
    alice.run(&words("stock adjust POT --add 5 --as opening --reason count")).ok();
    alice.sync();
    alice.run(&words("stock adjust TEA --add 1 --reason count")).ok();
    hq.run(&words("site add C --name C")).ok();

    let ended = alice.run(&words("sync --json"));
    assert_eq!(ended.code, Some(75), "{ended:?}");
    let session = &ended.items()[0];
    assert_eq!((&session["unsent_changes"], &session["refused"]), (&1.into(), &0.into()));
    assert_eq!((&session["fetched"], &session["proven"]), (&1.into(), &true.into()));
    assert!(ended.said.contains("1 changes are unsent") && ended.said.contains("Next: "), "{ended:?}");
    let ended = alice.run(&words("sync --lang zh"));
    assert!(ended.said.contains("还有 1 条未上报") && ended.said.contains("下一步："), "{ended:?}");

    assert_eq!(alice.items(&["status"])[0]["unsent_changes"], 1);
    assert_eq!(alice.items(&["stock", "show", "TEA"])[0]["on_hand"], "6");
    bob.run(&words("stock adjust TEA --add 5 --as opening --reason count")).ok();
    assert_eq!(bob.sync(), 1);
    alice.run(&["doctor"]).ok();
    hq.run(&["doctor"]).ok();
}

/// A quota of nothing is none.
#[test]
fn a_quota_of_nothing_is_refused() {
    let hq = Headquarters::open(&[]);
    let ended = hq.run(&words("serve --quota-bytes 0"));
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.said.contains("--quota-bytes"), "{ended:?}");
}
