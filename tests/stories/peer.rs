//! Two branches on a network of their own, with HQ out of reach.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use crate::programs::{Branch, Headquarters, words};

/// A branch that lets others sync with it, until its handle ends.
struct Peer {
    child: Child,
    url: String,
}

impl Peer {
    fn of(branch: &Branch) -> Self {
        let mut command = branch.command(&["serve-peer", "--listen", "127.0.0.1:0", "--json"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).unwrap();
        let ready: serde_json::Value = serde_json::from_str(&line).unwrap();
        Self { child, url: ready["listening"].as_str().unwrap().to_owned() }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // One that has ended by itself can't be ended again.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Goods that A sent arrive at B, which knows of them from A alone, and A learns that they did. Nothing of
/// A's that doesn't concern B goes there. When HQ is in reach again, all three agree.
#[test]
fn two_branches_reconcile_without_hq() {
    let hq = Headquarters::open(&["A", "B"]);
    let (a, b) = (hq.branch("A", &hq.address), hq.branch("B", &hq.address));
    a.sync();
    b.sync();
    a.run(&words("stock adjust TEA --add 50 --as opening --reason count")).ok();
    let sent = a.items(&words("transfer send --to B --item TEA=10"));
    let number = sent[0]["number"].as_str().unwrap().to_owned();

    let peer = Peer::of(&b);
    let done = a.items(&["sync", "--peer", &peer.url]).remove(0);
    assert_eq!((&done["sent"], &done["taken"]), (&1.into(), &0.into()), "the dispatch alone: {done}");
    b.run(&["transfer", "receive", &number]).ok();
    let done = a.items(&["sync", "--peer", &peer.url]).remove(0);
    assert_eq!((&done["taken"], &done["refused"]), (&1.into(), &0.into()), "{done}");
    let traced = a.items(&["trace", &number]);
    assert!(traced.iter().any(|change| change["state"] == "carried"), "{traced:?}");

    // B holds what A wrote and the relay takes from A alone: B isn't proven equal, and is told what it waits for.
    let waits = b.items(&["sync"]).remove(0);
    assert_eq!((&waits["proven"], &waits["relay_lacks"]), (&false.into(), &1.into()), "{waits}");
    a.run(&["sync"]).ok();
    for branch in [&b, &a] {
        branch.run(&["sync"]).ok();
    }
    let traced = a.items(&["trace", &number]);
    assert!(traced.iter().all(|change| change["state"] != "carried"), "{traced:?}");
    hq.run(&["payout", "run"]).ok();
    hq.run(&["doctor"]).ok();
    a.run(&["doctor"]).ok();
    b.run(&["doctor"]).ok();
}

/// Somebody else's branch gets nothing, and brings nothing; nor does a device that HQ has withdrawn.
#[test]
fn strangers_are_turned_away() {
    let hq = Headquarters::open(&["A", "B"]);
    let (a, b) = (hq.branch("A", &hq.address), hq.branch("B", &hq.address));
    let peer = Peer::of(&b);
    let folder = tempfile::tempdir().unwrap();
    let stranger = Branch::alone(folder.path());
    let refused = stranger.run(&["sync", "--peer", &peer.url]);
    assert_eq!(refused.code, Some(65), "{refused:?}");
    a.run(&["sync", "--peer", &peer.url]).ok();
    let code = a.items(&["status"])[0]["code"].as_str().unwrap().to_owned();
    hq.run(&["device", "revoke", &code]).ok();
    b.sync();
    let refused = a.run(&["sync", "--peer", &peer.url]);
    assert_eq!(refused.code, Some(65), "{refused:?}");
}
