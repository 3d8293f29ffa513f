//! Bad lines: a branch's returns get through each of them, and what stands in the way is said in words.

use crate::programs::{Headquarters, words};
use crate::proxy::{Fault, Proxy};

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
