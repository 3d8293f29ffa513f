//! `streams`: event streams that 10,000 devices hold open at once: what each takes of the relay's memory, and how
//! long it takes until news that another process of the relay's machine wrote has reached all.
//!
//! What surprises: the relay runs in a process of its own, which is this program begun anew, since neither
//! memory nor the number of open files tells two ends apart; and there is no TLS on the line, which the relay
//! doesn't speak yet.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use guicang_client::link::Relay as Address;
use guicang_domain::ids::OrganisationId;
use guicang_server::relay::Relay;
use guicang_sync::access::{CHALLENGE_PATH, Challenge, ChallengeRequest, SIGN_IN_PATH, SignIn, SignedIn};
use guicang_sync::feed::Feed;
use guicang_sync::keys::DeviceKey;
use guicang_sync::live::{EVENTS_PATH, EventReader, Heads};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::sync::mpsc;

use crate::chain::Chain;
use crate::figure::Figure;
use crate::loopback::Loopback;
use crate::supply::Supply;
use crate::timing::timed;

/// Less than the open files that a process may have on a usual Linux, raised or not, is of no use here.
const STREAMS: usize = 10_000;

/// Signing in, so many at a time.
const AT_ONCE: usize = 16;

/// A relay's process, which ends with this.
struct Process {
    child: Child,
    url: String,
}

impl Process {
    fn begin(file: &Path) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("streams-relay")
            .arg(file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut url = String::new();
        BufReader::new(child.stdout.take().context("no output")?).read_line(&mut url)?;
        Ok(Self { child, url: url.trim().to_owned() })
    }

    /// What of its memory is there, in KiB.
    fn resident(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).context("no VmRSS")?;
        Ok(line.trim().trim_end_matches("kB").trim().parse()?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// Serves a relay's file until the standard input ends: the other process.
///
/// # Errors
/// When the file isn't a relay's.
pub fn relay(file: &Path) -> Result<()> {
    let loopback = Loopback::serve(Arc::new(Relay::open(file)?))?;
    println!("{}", loopback.url());
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

/// Measures it.
///
/// # Errors
/// When a device isn't let in, or a stream ends.
pub fn run(supply: &Supply) -> Result<Vec<Figure>> {
    let count = supply.sized(STREAMS);
    let mut chain = Chain::found(supply.seed)?;
    let devices = chain.further_devices(count)?;
    let organisation = chain.hq.identity().organisation;
    let process = Process::begin(&chain.relay_path())?;
    let host = process.url.trim_start_matches("http://").to_owned();
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    let keys: Vec<DeviceKey> = devices.into_iter().map(|(key, _)| key).collect();
    let tokens = runtime.block_on(sign_in(&process.url, organisation, keys))?;
    let before = process.resident()?;
    let (told, mut news) = mpsc::unbounded_channel();
    for (stream, token) in tokens.into_iter().enumerate() {
        let (host, told) = (host.clone(), told.clone());
        runtime.spawn(async move {
            if let Err(error) = listen(stream, &host, &token, &told).await {
                let _ = told.send(Err(error));
            }
        });
    }
    let mut heads = vec![0; count];
    let mut each_has = |head: u64| -> Result<()> {
        runtime.block_on(async {
            while heads.iter().any(|told| *told < head) {
                let (stream, head) = news.recv().await.context("all streams ended")??;
                heads[stream] = head;
            }
            Ok(())
        })
    };
    let head = chain.relay.heads()?[&Feed::Org];
    each_has(head)?;
    let took = (process.resident()? - before) / count as f64;
    // A device more is news for everybody: its grant stands in the feed of master data.
    let (reached, all) = timed(|| {
        chain.further_sites(1)?;
        each_has(head + 1)
    });
    all?;
    Ok(vec![
        Figure::told(format!("streams: memory of each of {count}, without TLS"), took, "KiB").at_most(60.0),
        Figure::told(format!("streams: until news reached all {count}"), reached.wall, "s").at_most(1.0),
    ])
}

async fn sign_in(url: &str, organisation: OrganisationId, keys: Vec<DeviceKey>) -> Result<Vec<Vec<u8>>> {
    let share = keys.len().div_ceil(AT_ONCE).max(1);
    let mut running = Vec::new();
    let mut keys = keys.into_iter().peekable();
    while keys.peek().is_some() {
        let (part, relay): (Vec<DeviceKey>, _) = (keys.by_ref().take(share).collect(), Address::new(url)?);
        running.push(tokio::spawn(async move {
            let mut tokens = Vec::new();
            for key in part {
                let challenge: Challenge =
                    relay.post(CHALLENGE_PATH, None, &ChallengeRequest::of(key.device())).await?;
                let answer = SignIn::new(&key, organisation, challenge.relay, challenge.nonce);
                let signed_in: SignedIn = relay.post(SIGN_IN_PATH, None, &answer).await?;
                tokens.push(signed_in.token);
            }
            Ok::<_, guicang_client::link::LinkError>(tokens)
        }));
    }
    let mut tokens = Vec::new();
    for task in running {
        tokens.extend(task.await??);
    }
    Ok(tokens)
}

/// Which stream was told how far the feed of master data is.
type Told = Result<(usize, u64)>;

/// Opens a stream by hand, so that this end takes little, and tells of each event.
async fn listen(stream: usize, host: &str, token: &[u8], told: &mpsc::UnboundedSender<Told>) -> Result<()> {
    let hex: String = token.iter().map(|b| format!("{b:02x}")).collect();
    let mut line = TcpStream::connect(host).await?;
    let request =
        format!("GET {EVENTS_PATH} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {hex}\r\n\r\n");
    line.write_all(request.as_bytes()).await?;
    let mut buffer = [0; 1024];
    let (mut reader, mut heads, mut first) = (EventReader::default(), Heads::new(), true);
    loop {
        let read = line.read(&mut buffer).await?;
        ensure!(read > 0, "a stream ended");
        ensure!(!first || buffer.starts_with(b"HTTP/1.1 200"), "no stream was opened");
        first = false;
        // The response's head and the lengths of chunks are lines that tell nothing.
        if reader.read(&buffer[..read], &mut heads)?
            && let Some(head) = heads.get(&Feed::Org)
        {
            let _ = told.send(Ok((stream, *head)));
        }
    }
}
