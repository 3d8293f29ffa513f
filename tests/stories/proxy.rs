//! A line that is cut: between a branch and the server, connections that end after so many bytes.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use crate::random::Random;

/// A line with a wire cutter.
pub struct Proxy {
    /// Where branches reach the server through it.
    pub address: String,
    line: Arc<Line>,
}

struct Line {
    server: String,
    /// How many more connections are cut.
    to_cut: AtomicI64,
    /// How many were.
    cut: AtomicU64,
    random: Mutex<Random>,
    /// Both ends of the connections that were made.
    open: Mutex<Vec<TcpStream>>,
    ended: AtomicBool,
}

impl Proxy {
    /// A line to a server, whole at first.
    pub fn to(server: &str, seed: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let line = Arc::new(Line {
            server: server.to_owned(),
            to_cut: AtomicI64::new(0),
            cut: AtomicU64::new(0),
            random: Mutex::new(Random(seed)),
            open: Mutex::default(),
            ended: AtomicBool::new(false),
        });
        let theirs = line.clone();
        std::thread::spawn(move || {
            for branch in listener.incoming() {
                if theirs.ended.load(Ordering::SeqCst) {
                    return;
                }
                let line = theirs.clone();
                std::thread::spawn(move || line.carry(branch?));
            }
        });
        Self { address, line }
    }

    /// Cuts the next connections, each after some bytes.
    pub fn cut_next(&self, connections: i64) {
        self.line.to_cut.store(connections, Ordering::SeqCst);
    }

    /// Cuts whatever is open now.
    pub fn cut_open(&self) {
        for end in self.line.open.lock().unwrap().drain(..) {
            // One that has ended by itself can't be cut.
            let _ = end.shutdown(Shutdown::Both);
        }
    }

    /// How many connections were cut.
    pub fn cuts(&self) -> u64 {
        self.line.cut.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.line.ended.store(true, Ordering::SeqCst);
        // The listener waits for a connection; here is one.
        let address: SocketAddr = self.address.parse().expect("our own");
        let _ = TcpStream::connect(address);
    }
}

impl Line {
    fn carry(&self, branch: TcpStream) -> std::io::Result<()> {
        let cut = self.to_cut.fetch_sub(1, Ordering::SeqCst) > 0;
        let after = if cut { 1 + self.random.lock().unwrap().below(3000) as i64 } else { i64::MAX };
        let server = TcpStream::connect(&self.server)?;
        self.open.lock().unwrap().extend([branch.try_clone()?, server.try_clone()?]);
        let left = AtomicI64::new(after);
        std::thread::scope(|scope| {
            let up = scope.spawn(|| self.pump(&branch, &server, &left));
            let down = self.pump(&server, &branch, &left);
            up.join().expect("a pump doesn't panic").and(down)
        })
    }

    /// Carries bytes one way, until the connection's bytes, counted both ways, are used up.
    fn pump(&self, mut from: &TcpStream, mut to: &TcpStream, left: &AtomicI64) -> std::io::Result<()> {
        let mut bytes = [0; 1024];
        loop {
            let read = from.read(&mut bytes).unwrap_or(0);
            let before = left.fetch_sub(read as i64, Ordering::SeqCst);
            let take = read.min(before.max(0) as usize);
            let carried = to.write_all(&bytes[..take]);
            if read == 0 || take < read || carried.is_err() {
                if take < read && before > 0 {
                    self.cut.fetch_add(1, Ordering::SeqCst);
                }
                // Where the other side has gone already, there is nothing left to end.
                let _ = from.shutdown(Shutdown::Both);
                let _ = to.shutdown(Shutdown::Both);
                return carried;
            }
        }
    }
}
