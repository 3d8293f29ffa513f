//! A line that is cut: between a branch and the server, connections that end after so many bytes.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use crate::random::Random;

/// What may befall a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It ends after some bytes.
    Cut,
    /// Each request arrives twice; the first answer comes back.
    Twice,
    /// A network's own page comes instead: it wants a login first.
    Redirect,
    /// The same, as if it were what was asked for.
    Page,
    /// Bytes of some other kind come.
    WrongType,
    /// It is closed before a byte has come.
    Silence,
    /// A bit of the request, or of its answer, arrives as another.
    Corrupt,
    /// Nothing of the answer comes before all of it is there, as some proxies do.
    Held,
}

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
    /// What befalls the next connections, the last one first.
    faults: Mutex<Vec<Fault>>,
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
            faults: Mutex::default(),
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

    /// What befalls the next connections, one each.
    pub fn befall(&self, faults: &[Fault]) {
        *self.line.faults.lock().unwrap() = faults.iter().rev().copied().collect();
    }

    /// How many of those are still to come.
    pub fn to_come(&self) -> usize {
        self.line.faults.lock().unwrap().len()
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
        let fault = self.faults.lock().unwrap().pop();
        match fault {
            None | Some(Fault::Cut) => {}
            Some(Fault::Twice) => return self.twice(branch),
            Some(Fault::Silence) => return branch.shutdown(Shutdown::Both),
            Some(fault @ (Fault::Corrupt | Fault::Held)) => return self.whole(branch, fault),
            Some(fault) => return own_page(branch, fault),
        }
        let cut = self.to_cut.fetch_sub(1, Ordering::SeqCst) > 0 || fault == Some(Fault::Cut);
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

    /// Delivers a whole request, then the whole answer, one of them with a bit flipped where that is the fault.
    fn whole(&self, mut branch: TcpStream, fault: Fault) -> std::io::Result<()> {
        let flip = |bytes: &mut Vec<u8>| {
            let mut random = self.random.lock().unwrap();
            // The head decides where the body ends: what waits for more than comes is another fault.
            let body = bytes.windows(4).position(|w| w == b"\r\n\r\n").map_or(0, |end| end + 4);
            if body < bytes.len() {
                let at = body + random.below(bytes.len() - body);
                bytes[at] ^= 1 << random.below(8);
            }
        };
        let mut request = read_request(&mut branch)?;
        let there = self.random.lock().unwrap().below(2) == 0;
        if fault == Fault::Corrupt && there {
            flip(&mut request);
        }
        let mut server = TcpStream::connect(&self.server)?;
        server.write_all(&request)?;
        let mut answer = Vec::new();
        server.read_to_end(&mut answer)?;
        if fault == Fault::Corrupt && !there {
            flip(&mut answer);
        }
        branch.write_all(&answer)?;
        branch.shutdown(Shutdown::Both)
    }

    /// Delivers a request twice, each on a connection of its own.
    fn twice(&self, mut branch: TcpStream) -> std::io::Result<()> {
        let request = read_request(&mut branch)?;
        let mut first = None;
        for _ in 0..2 {
            let mut server = TcpStream::connect(&self.server)?;
            server.write_all(&request)?;
            let mut answer = Vec::new();
            server.read_to_end(&mut answer)?;
            first.get_or_insert(answer);
        }
        branch.write_all(&first.unwrap_or_default())?;
        branch.shutdown(Shutdown::Both)
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

/// A whole request; it asks for the connection to be closed after.
fn read_request(branch: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let (mut request, mut bytes) = (Vec::new(), [0; 4096]);
    loop {
        let read = branch.read(&mut bytes)?;
        request.extend_from_slice(&bytes[..read]);
        let Some(end) = request.windows(4).position(|w| w == b"\r\n\r\n") else {
            if read == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            continue;
        };
        let head = String::from_utf8_lossy(&request[..end]).to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length.map_or(0, |length| length.trim().parse().expect("a number"));
        if request.len() >= end + 4 + length || read == 0 {
            let body = request.split_off(end);
            request.extend_from_slice(b"\r\nConnection: close");
            request.extend_from_slice(&body);
            return Ok(request);
        }
    }
}

/// What somebody else's network answers.
fn own_page(mut branch: TcpStream, fault: Fault) -> std::io::Result<()> {
    read_request(&mut branch)?;
    let (status, media_type) = match fault {
        Fault::Redirect => ("302 Found\r\nLocation: http://login.example/", "text/html"),
        Fault::Page => ("200 OK", "text/html; charset=utf-8"),
        _ => ("200 OK", "application/octet-stream"),
    };
    let page = "<html>Welcome. Please log in.</html>";
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\nConnection: close",
        page.len()
    );
    branch.write_all(format!("{head}\r\n\r\n{page}").as_bytes())?;
    branch.shutdown(Shutdown::Both)
}
