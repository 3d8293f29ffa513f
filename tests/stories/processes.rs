//! Many processes on one file: commands, sealing and pulling race, and some are killed.
//!
//! What a command returned for is on disk: it is there after a kill, and at HQ once the branch has
//! synced.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::programs::{Branch, Headquarters, words};
use crate::random::Random;

const RETURN: &str =
    "return counter --item TEA=1 --price 20 --reason defective --refund cash --approved-by wang";

fn scene() -> (Headquarters, Branch) {
    let hq = Headquarters::open(&["A"]);
    let branch = hq.branch("A", &hq.address);
    branch.run(&words("stock adjust TEA --add 50 --as opening --reason count")).ok();
    (hq, branch)
}

/// The numbers of the returns in a list.
fn numbers(returns: Vec<serde_json::Value>) -> BTreeSet<String> {
    returns.iter().map(|r| r["number"].as_str().unwrap().to_owned()).collect()
}

/// Both ends hold just what the commands returned for, prove it, and show the same.
fn agree(hq: &Headquarters, branch: &Branch, recorded: &BTreeSet<String>) {
    branch.sync();
    hq.items(&["payout", "run"]);
    branch.sync();
    let held = numbers(branch.items(&["return", "list"]));
    assert!(held.is_superset(recorded), "lost: {:?}", recorded.difference(&held));
    assert_eq!(numbers(hq.items(&["return", "list"])), held);
    assert_eq!(hq.digest(), branch.digest());
    branch.run(&["doctor"]).ok();
    hq.run(&["doctor"]).ok();
}

/// Two clerks and the sync loop work on one file at once, while HQ follows and pays.
#[test]
fn commands_and_sessions_race() {
    let (hq, branch) = scene();
    let working = AtomicBool::new(true);
    let recorded: BTreeSet<String> = std::thread::scope(|scope| {
        let clerk = || {
            let mut recorded = Vec::new();
            for _ in 0..15 {
                let taken = branch.items(&words(RETURN)).remove(0);
                let number = taken["number"].as_str().unwrap().to_owned();
                branch.run(&["return", "inspect", &number, "--grade", "A=1"]).ok();
                recorded.push(number);
            }
            recorded
        };
        let clerks = [scope.spawn(clerk), scope.spawn(clerk)];
        let syncing = scope.spawn(|| {
            while working.load(Ordering::SeqCst) {
                // What isn't proven yet, because a clerk was faster, is proven in the end.
                let ended = branch.run(&["sync"]);
                assert!(matches!(ended.code, Some(0 | 1)), "{ended:?}");
                hq.items(&["payout", "run"]);
            }
        });
        let recorded = clerks.map(|clerk| clerk.join().unwrap()).into_iter().flatten().collect();
        working.store(false, Ordering::SeqCst);
        syncing.join().unwrap();
        recorded
    });
    assert_eq!(recorded.len(), 30, "no number was given twice");
    agree(&hq, &branch, &recorded);
    let states = branch.items(&["return", "list"]);
    assert!(states.iter().all(|r| r["lines"][0]["parts"][0]["grade"] == "A"), "an inspection was lost");
}

/// Commands and sessions are killed at moments of chance. What returned is there, the file opens, and
/// what did not return is there whole or not at all.
#[test]
fn killed_at_any_moment() {
    let (hq, branch) = scene();
    let mut random = Random(1);
    let mut recorded = BTreeSet::new();
    let mut killed = 0;
    for n in 0..60 {
        let args = [words(if n % 4 == 3 { "sync" } else { RETURN }), vec!["--json"]].concat();
        let mut child = branch.command(&args).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        // So many looks at the process: from before it opens the file until after it has ended. Every
        // third one ends by itself, however slow the machine is.
        let looks = if n % 3 == 0 { usize::MAX } else { random.below(40_000) };
        for _ in 0..looks {
            if child.try_wait().unwrap().is_some() {
                break;
            }
        }
        killed += u32::from(child.try_wait().unwrap().is_none());
        // One that has just ended can't be killed any more.
        let _ = child.kill();
        let output = child.wait_with_output().unwrap();
        let said = serde_json::from_slice::<serde_json::Value>(&output.stdout);
        if let Some(number) = said.ok().and_then(|s| s["items"][0]["number"].as_str().map(str::to_owned)) {
            recorded.insert(number);
        }
    }
    assert!(killed >= 5 && recorded.len() >= 5, "{killed} killed, {} recorded", recorded.len());
    let held = numbers(branch.items(&["return", "list"]));
    assert!(held.is_superset(&recorded), "lost: {:?}", recorded.difference(&held));
    agree(&hq, &branch, &recorded);
}
