//! Relays that aren't there, or aren't relays.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread::JoinHandle;

use guicang_sync::codec::{MEDIA_TYPE, encode};
use guicang_sync::message::{ErrorAnswer, error_code};

use crate::support::Branch;

/// Something that listens, and gives each of `times` requests the same answer.
struct Answering {
    url: String,
    thread: JoinHandle<()>,
}

impl Answering {
    fn new(status: &str, media_type: &str, body: &[u8], times: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let mut answer = format!(
            "HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\nLocation: /login\r\nConnection: close\r\n\r\n",
            body.len()
        )
        .into_bytes();
        answer.extend_from_slice(body);
        let thread = std::thread::spawn(move || {
            for _ in 0..times {
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = Vec::new();
                let mut buffer = [0; 4096];
                while !request.windows(4).any(|w| w == b"\r\n\r\n") {
                    let read = stream.read(&mut buffer).unwrap();
                    request.extend_from_slice(&buffer[..read]);
                }
                stream.write_all(&answer).unwrap();
            }
        });
        Self { url, thread }
    }

    fn refusing(status: &str, code: &str) -> Self {
        let answer =
            ErrorAnswer { code: code.into(), detail: "told by the relay".into(), retry_after_ms: None };
        Self::new(status, MEDIA_TYPE, &encode(&answer), 1)
    }
}

fn join(alice: &Branch, url: &str) -> (u8, String) {
    let failed = alice.fails(&format!("join {url} --code ABCD"));
    assert!(!alice.path("branch.guicang").exists(), "a file was left behind");
    failed
}

/// A shop's own gateway, or any web page, is told apart from a relay by what it says.
#[test]
fn a_page_is_no_relay() {
    let alice = Branch::empty();
    for status in ["200 OK", "302 Found", "404 Not Found", "500 Internal Server Error"] {
        let page = Answering::new(status, "text/html", b"<html>Welcome to our network</html>", 1);
        let (code, message) = join(&alice, &page.url);
        assert_eq!(code, 75, "{message}");
        match status {
            // A hotel's or a shopping centre's network shows everybody its own page first.
            "200 OK" | "302 Found" => assert!(message.contains("wants you to log in first"), "{message}"),
            _ => assert!(message.contains("no relay") && message.contains("text/html"), "{message}"),
        }
        page.thread.join().unwrap();
    }
    let garbage = Answering::new("200 OK", MEDIA_TYPE, b"\x01not zstd at all", 1);
    let (code, message) = join(&alice, &garbage.url);
    assert_eq!(code, 75, "{message}");
    garbage.thread.join().unwrap();
}

#[test]
fn nobody_answers() {
    let alice = Branch::empty();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (code, message) = join(&alice, &format!("http://{free}"));
    assert_eq!(code, 75);
    assert!(message.contains("was not reached"), "{message}");
    for address in ["hq.example.com", "ftp://hq.example.com", "http://"] {
        let (code, message) = join(&alice, address);
        assert_eq!(code, 2, "{message}");
        assert!(message.contains("http://hq.example.com:8080"), "{message}");
    }
}

/// The code is good once: a file that can't be made is found before it is used.
#[test]
fn a_code_is_not_wasted() {
    let alice = Branch::on_trial();
    let before = std::fs::read(alice.path("branch.guicang")).unwrap();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (code, message) = alice.fails(&format!("join http://{free} --code ABCD"));
    assert_eq!(code, 65);
    assert!(message.contains("already"), "{message}");
    assert_eq!(std::fs::read(alice.path("branch.guicang")).unwrap(), before);
}

#[test]
fn a_relay_says_no() {
    let alice = Branch::empty();
    for (status, error, code, says) in [
        ("403 Forbidden", error_code::CODE, 65, "unknown, used or expired"),
        ("403 Forbidden", error_code::WITHDRAWN, 77, "withdrawn"),
        ("503 Service Unavailable", error_code::BUSY, 75, "can't just now"),
        ("415 Unsupported Media Type", error_code::MEDIA_TYPE, 65, "newer version"),
    ] {
        let relay = Answering::refusing(status, error);
        let (found, message) = join(&alice, &relay.url);
        assert_eq!(found, code, "{message}");
        assert!(message.contains(says) && message.contains("told by the relay"), "{message}");
        relay.thread.join().unwrap();
    }
}

/// Without a relay there is nothing to sync with; that is said, not tried.
#[test]
fn alone() {
    let (code, message) = Branch::on_trial().fails("sync");
    assert_eq!(code, 65);
    assert!(message.contains("joined no relay"), "{message}");
}
