//! Bad lines: a branch's returns get through each of them, and what stands in the way is said in words.

use crate::programs::{Headquarters, words};
use crate::proxy::{Fault, Proxy};
use crate::random::Random;

const RETURN: &str =
    "return counter --item TEA=1 --price 20 --reason defective --refund cash --approved-by wang";

/// A few days' returns, each day by another fault on the line: connections that are cut or closed, requests
/// that arrive twice, pages of a network that wants a login. Everything arrives once.
#[test]
fn returns_get_through_bad_lines() {
    let hq = Headquarters::open(&["A"]);
    let proxy = Proxy::to(&hq.address, 11);
    let branch = hq.branch("A", &proxy.address);
    branch.run(&words("stock adjust TEA --add 50 --as opening --reason count")).ok();
    let faults = [Fault::Cut, Fault::Twice, Fault::Redirect, Fault::Page, Fault::WrongType, Fault::Silence];
    for (day, fault) in faults.into_iter().enumerate() {
        branch.run(&words(RETURN)).ok();
        proxy.befall(&[fault, fault]);
        branch.sync();
        assert_eq!(hq_returns(&hq), day + 1, "{fault:?}");
    }
    hq.run(&["doctor"]).ok();
    branch.run(&["doctor"]).ok();
}

/// A week's returns, brought over a line on which every second connection is cut, closed, doubled or garbled:
/// all are at HQ in the end, each once, both files are in order, and both ends prove that they are equal.
#[test]
fn a_weeks_returns_over_a_line_that_fails_every_other_time() {
    let hq = Headquarters::open(&["A"]);
    let proxy = Proxy::to(&hq.address, 13);
    let branch = hq.branch("A", &proxy.address);
    branch.run(&words("stock adjust TEA --add 500 --as opening --reason count")).ok();
    let mut random = Random(13);
    let bad = [Fault::Cut, Fault::Silence, Fault::Twice, Fault::Corrupt, Fault::Corrupt, Fault::Held];
    let mut sessions = 0;
    for _day in 0..7 {
        for _ in 0..12 {
            branch.run(&words(RETURN)).ok();
        }
        let faults: Vec<Fault> =
            (0..16).map(|_| if random.below(2) == 0 { *random.pick(&bad) } else { Fault::Held }).collect();
        proxy.befall(&faults);
        // A session that met a garbled answer says so and ends; the next one goes on from what is on disk.
        while branch.run(&["sync"]).code != Some(0) {
            sessions += 1;
            assert!(sessions < 200, "nothing gets through");
        }
        proxy.befall(&[]);
    }
    assert!(sessions > 0, "the line failed at times");
    branch.sync();
    assert_eq!(hq_returns(&hq), 84);
    branch.sync();
    assert_eq!(hq.digest(), branch.digest());
    hq.run(&["doctor"]).ok();
    branch.run(&["doctor"]).ok();
}

/// How many returns HQ has, once it has followed all that its relay holds.
fn hq_returns(hq: &Headquarters) -> usize {
    hq.run(&["payout", "run"]).ok();
    hq.items(&["return", "list"]).len()
}

/// As long as the network answers with its own page, the clerk is told to log in, and that nothing is lost.
#[test]
fn a_clerk_is_told_to_log_in_first() {
    let hq = Headquarters::open(&["A"]);
    let proxy = Proxy::to(&hq.address, 12);
    let branch = hq.branch("A", &proxy.address);
    proxy.befall(&[Fault::Page; 20]);
    let mut sync = branch.command(&["sync"]);
    sync.env("GUICANG_LANG", "zh");
    let told = crate::programs::run(sync);
    assert_eq!(told.code, Some(75));
    assert!(told.said.contains("要先登录上网") && told.said.contains("浏览器"), "{}", told.said);
    assert!(proxy.to_come() < 20);
    proxy.befall(&[]);
    branch.sync();
}
