//! The payer's process is killed around the payment rail. Whatever it had come to, the next run pays
//! each refund, and pays it once.
//!
//! The test stops the process where it wants it by holding a file's write lock: the rail's, so that the
//! order isn't taken, then HQ's, so that what the rail said isn't written down.

use std::process::{Child, Stdio};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::programs::{Branch, Headquarters, words};

/// A return at A whose refund HQ is to pay by the rail.
fn due() -> (Headquarters, Branch) {
    let hq = Headquarters::open(&["A"]);
    let branch = hq.branch("A", &hq.address);
    // Begins the rail's books.
    assert!(hq.items(&["payout", "run"]).is_empty());
    hq.sell(&branch, "A", "1001", 1);
    let line = "return counter --sale 1001 --item TEA=1 --reason defective --grade A=1 --refund wechat";
    branch.run(&words(line)).ok();
    branch.sync();
    (hq, branch)
}

fn open(hq: &Headquarters, file: &str) -> Connection {
    let connection = Connection::open_with_flags(hq.path(file), OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
    connection.busy_timeout(Duration::from_secs(60)).unwrap();
    connection
}

/// Keeps everybody else from writing to a file of HQ's until it is dropped.
fn lock(hq: &Headquarters, file: &str) -> Connection {
    let connection = open(hq, file);
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    connection
}

fn payer(hq: &Headquarters) -> Child {
    hq.command(&["payout", "run"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn kill(mut payer: Child) {
    payer.kill().unwrap();
    assert_eq!(payer.wait().unwrap().code(), None, "it was still at work");
}

/// Looks again and again until a query counts something, or the payer has ended: whether it counted.
fn until(payer: &mut Child, connection: &Connection, sql: &str) -> bool {
    loop {
        let found: i64 = connection.query_row(sql, [], |r| r.get(0)).unwrap();
        if found > 0 || payer.try_wait().unwrap().is_some() {
            return found > 0;
        }
        std::thread::yield_now();
    }
}

/// An acknowledged intent without outcome: the next that the payer does is to order.
const INTENDED: &str = "SELECT count(*) FROM return_head h JOIN document d ON d.id = h.document
    WHERE h.states LIKE '%refund_intended%' AND NOT d.intent";

/// The rail's orders: whether paid, and how often ordered.
fn orders(hq: &Headquarters) -> Vec<(bool, u32)> {
    let rail = open(hq, "rail.sqlite");
    let mut statement = rail.prepare("SELECT paid, ordered FROM payout").unwrap();
    let rows = statement.query_map([], |r| Ok((r.get(0)?, r.get(1)?))).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

/// The payer runs again, as soon as the dead one's lease has ended: all is paid, once.
fn goes_on(hq: &Headquarters, branch: &Branch) {
    while hq.run(&["payout", "run"]).code != Some(0) {}
    let paid = &hq.items(&["return", "list"])[0];
    assert_eq!(paid["refund"]["paid"], "20.00", "{paid}");
    assert_eq!(orders(hq), [(true, 1)], "one order, one payment");
    assert!(hq.items(&["payout", "run"]).is_empty(), "nothing is left to pay");
    branch.sync();
    assert_eq!(hq.digest(), branch.digest());
    hq.run(&["doctor"]).ok();
}

/// The intent is written, the order isn't given: the rail knows nothing, and gets it now.
#[test]
fn killed_before_the_rail_took_the_order() {
    let (hq, branch) = due();
    let rail = lock(&hq, "rail.sqlite");
    let mut payer = payer(&hq);
    assert!(until(&mut payer, &open(&hq, "hq.sqlite"), INTENDED));
    kill(payer);
    drop(rail);
    assert_eq!(orders(&hq), [], "the rail never heard of it");
    goes_on(&hq, &branch);
}

/// The rail has paid, and HQ hasn't written it down: the rail is asked by the refund's number, and
/// isn't ordered again.
#[test]
fn killed_after_the_rail_paid() {
    // Where the payer still had to write something else after its intent, it is sent away by the lock on
    // HQ's books, and the case begins anew: a second run of the same case would find the intent there
    // already, and the books would be locked before it had begun.
    let (hq, branch) = loop {
        let (hq, branch) = due();
        let rail = lock(&hq, "rail.sqlite");
        let mut payer = payer(&hq);
        assert!(until(&mut payer, &open(&hq, "hq.sqlite"), INTENDED));
        let books = lock(&hq, "hq.sqlite");
        drop(rail);
        if until(&mut payer, &open(&hq, "rail.sqlite"), "SELECT count(*) FROM payout WHERE paid") {
            kill(payer);
            drop(books);
            break (hq, branch);
        }
    };
    assert_eq!(orders(&hq), [(true, 1)]);
    assert_eq!(hq.items(&["return", "list"])[0]["refund"]["paid"], "0.00", "HQ doesn't know yet");
    goes_on(&hq, &branch);
}
