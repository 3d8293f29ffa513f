//! Live: what is done at one end shows at the other without waiting for a timer.
//!
//! Every loop here has a period of an hour, so that nothing that arrives has come by the timer. A story
//! waits by asking again, until it is so or a minute is over.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::Duration;

use crate::programs::{Branch, Headquarters, words};
use crate::proxy::Proxy;

const RETURN: &str =
    "return counter --item TEA=1 --price 20 --reason defective --refund cash --approved-by wang";

/// A loop of `sync --every 1h`, which ends with its handle.
struct Syncing {
    child: Child,
    lines: std::sync::mpsc::Receiver<String>,
}

impl Syncing {
    fn begin(branch: &Branch) -> Self {
        let mut command = branch.command(&["sync", "--every", "1h"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().expect("piped"));
        let (tell, lines) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                if tell.send(line).is_err() {
                    return;
                }
            }
        });
        let this = Self { child, lines };
        this.session();
        this
    }

    /// Waits for the next session's line.
    fn session(&self) -> String {
        self.lines.recv_timeout(Duration::from_secs(60)).expect("a session before its time")
    }
}

impl Drop for Syncing {
    fn drop(&mut self) {
        // One that has ended by itself can't be ended again.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sessions go on until this is so; each comes by a poke, since the timer is an hour away.
fn until(syncing: &Syncing, so: impl Fn() -> bool) {
    while !so() {
        syncing.session();
    }
}

/// Asks again until it is so.
fn until_so(so: impl Fn() -> bool) {
    for _ in 0..600 {
        if so() {
            return;
        }
    }
    panic!("it did not come to be so");
}

fn returns_at(hq: &Headquarters) -> usize {
    let listed = hq.run(&["return", "list", "--json"]);
    if listed.code == Some(0) { listed.items().len() } else { 0 }
}

/// How far the branch is in what concerns every site.
fn of_org(branch: &Branch) -> u64 {
    let feeds = branch.items(&["status"])[0]["feeds"].clone();
    let org = feeds.as_array().unwrap().iter().find(|f| f["feed"] == "org");
    org.map_or(0, |feed| feed["position"].as_u64().unwrap())
}

fn scene() -> (Headquarters, Branch) {
    let hq = Headquarters::open(&["A"]);
    let branch = hq.branch("A", &hq.address);
    branch.run(&words("stock adjust TEA --add 50 --as opening --reason count")).ok();
    (hq, branch)
}

/// A clerk's command goes to HQ as soon as it has returned, and what HQ decides comes back as soon.
#[test]
fn a_command_goes_out_at_once_and_hqs_word_comes_at_once() {
    let (hq, branch) = scene();
    let syncing = Syncing::begin(&branch);
    branch.run(&words(RETURN)).ok();
    until(&syncing, || branch.items(&["status"])[0]["unsent_changes"] == 0);
    until_so(|| returns_at(&hq) == 1);
    // HQ's word, by a process beside the server: the server looks for it now and then.
    let before = of_org(&branch);
    let list = hq.file("list.csv", "sku,name\nCUP,Cup\n");
    hq.run(&["product", "import", &list]).ok();
    until(&syncing, || of_org(&branch) > before);
}

/// The line is cut in the middle of the stream, and the relay ends and begins anew: the branch comes
/// back by itself, and is live again.
#[test]
fn a_stream_that_was_cut_comes_back() {
    let mut hq = Headquarters::open(&["A"]);
    let proxy = Proxy::to(&hq.address, 7);
    let branch = hq.branch("A", &proxy.address);
    branch.run(&words("stock adjust TEA --add 50 --as opening --reason count")).ok();
    let syncing = Syncing::begin(&branch);
    proxy.cut_open();
    branch.run(&words(RETURN)).ok();
    until(&syncing, || branch.items(&["status"])[0]["unsent_changes"] == 0);
    until_so(|| returns_at(&hq) == 1);
    // The new relay knows no token of the old one's.
    hq.serve_again(&[]);
    let before = of_org(&branch);
    let list = hq.file("list.csv", "sku,name\nCUP,Cup\n");
    hq.run(&["product", "import", &list]).ok();
    until(&syncing, || of_org(&branch) > before);
}

/// A device whose right HQ withdraws is told nothing more: its stream ends at once.
#[test]
fn the_stream_of_a_withdrawn_device_ends() {
    let (hq, branch) = scene();
    let mut syncing = Syncing::begin(&branch);
    let code = branch.items(&["status"])[0]["code"].as_str().unwrap().to_owned();
    hq.run(&["device", "revoke", &code]).ok();
    // Without waiting for the timer, which is an hour away.
    let ended = syncing.child.wait().unwrap();
    assert_eq!(ended.code(), Some(77));
}

/// Without a token there is no stream.
#[test]
fn a_stream_wants_a_token() {
    let hq = Headquarters::open(&["A"]);
    let mut line = TcpStream::connect(&hq.address).unwrap();
    line.write_all(b"GET /v1/events HTTP/1.1\r\nHost: hq\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    line.read_to_end(&mut answer).unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 401 "), "{}", String::from_utf8_lossy(&answer));
}
