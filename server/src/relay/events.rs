//! The event stream: a line to each device that is online, on which it is told that there is news.
//!
//! ```text
//!   commit (ours: watched; another process's: looked for now and then)
//!     -> one look at the feeds' heads, however many commits there were meanwhile
//!     -> the streams of the feeds that moved: "data: HEAD FEED"
//! ```
//! What surprises: nothing of what is new goes down this line, only how far the feeds are. A device
//! that lost a poke loses nothing: the next one, and its timer, say the same.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use guicang_domain::ids::DeviceId;
use guicang_domain::time::Moment;
use guicang_sync::feed::Feed;
use guicang_sync::grant::{GrantBook, Role, Standing};
use guicang_sync::live::HEARTBEAT_MS;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::{Relay, RelayError, lock, store};

/// How many streams are open at most; each takes some tens of KiB.
const STREAMS_MAX: usize = 20_000;

/// How often another process's commits are looked for.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// All streams of a process.
pub struct Events {
    relay: Arc<Relay>,
    places: Arc<Semaphore>,
    looking: AtomicBool,
    /// How far each feed is that a stream asked for.
    feeds: Mutex<HashMap<Feed, watch::Sender<u64>>>,
    /// Of now: whoever was withdrawn isn't told anything more.
    book: watch::Sender<Arc<GrantBook>>,
    ended: watch::Sender<bool>,
}

/// Why a stream isn't opened.
#[derive(Debug)]
pub(super) enum Closed {
    /// There are enough already.
    Full,
    Relay(RelayError),
}

/// One device's stream.
struct Listener {
    device: DeviceId,
    feeds: Vec<(Feed, watch::Receiver<u64>)>,
    /// How far it was last told that each is.
    told: Vec<Option<u64>>,
    book: watch::Receiver<Arc<GrantBook>>,
    ended: watch::Receiver<bool>,
    /// When its token ends, by the timer of the process.
    until: tokio::time::Instant,
    _place: OwnedSemaphorePermit,
}

impl Events {
    /// No streams yet.
    ///
    /// # Errors
    /// [`RelayError`] of the file.
    pub fn new(relay: Arc<Relay>) -> Result<Self, RelayError> {
        let book = watch::Sender::new(relay.book()?);
        Ok(Self {
            relay,
            places: Arc::new(Semaphore::new(STREAMS_MAX)),
            looking: AtomicBool::new(false),
            feeds: Mutex::default(),
            book,
            ended: watch::Sender::new(false),
        })
    }

    /// Ends all streams, and takes no more.
    pub fn end(&self) {
        self.ended.send_replace(true);
    }

    /// A stream for a device whose token lasts so long.
    pub(super) fn open(
        self: Arc<Self>,
        device: DeviceId,
        now: Moment,
        until: Moment,
    ) -> Result<Response, Closed> {
        let place = self.places.clone().try_acquire_owned().map_err(|_| Closed::Full)?;
        if *self.ended.borrow() {
            return Err(Closed::Full);
        }
        let book = self.relay.book().map_err(Closed::Relay)?;
        let known = book.device(device).ok_or(Closed::Relay(RelayError::UnknownDevice { device }))?;
        if book.may(device, now) != Standing::Valid {
            return Err(Closed::Relay(RelayError::Withdrawn { device, set_apart: 0 }));
        }
        let feeds = match &known.grant.role {
            Role::Hq => vec![Feed::Log],
            Role::Site(site) => vec![Feed::Org, Feed::Site(site.clone())],
            Role::Relay => Vec::new(),
        };
        let feeds: Vec<_> = feeds.into_iter().map(|feed| (feed.clone(), self.watch(feed))).collect();
        self.clone().look_on();
        let left_ms = until.0.saturating_sub(now.0).max(0) as u64;
        let listener = Listener {
            device,
            told: vec![None; feeds.len()],
            feeds,
            book: self.book.subscribe(),
            ended: self.ended.subscribe(),
            until: tokio::time::Instant::now() + Duration::from_millis(left_ms),
            _place: place,
        };
        let lines = stream::unfold(listener, |mut listener| async move {
            let text = listener.next().await?;
            Some((Ok::<_, Infallible>(Event::default().data(text)), listener))
        });
        let heartbeat = KeepAlive::new().interval(Duration::from_millis(HEARTBEAT_MS));
        Ok(Sse::new(lines).keep_alive(heartbeat).into_response())
    }

    fn watch(&self, feed: Feed) -> watch::Receiver<u64> {
        lock(&self.feeds).entry(feed).or_insert_with(|| watch::Sender::new(0)).subscribe()
    }

    /// Begins to look at the heads, with the first stream.
    fn look_on(self: Arc<Self>) {
        if self.looking.swap(true, Ordering::SeqCst) {
            return;
        }
        // It holds the streams' end of things weakly: a relay that is dropped isn't looked at.
        let mut log = self.relay.watch_log();
        let mut ended = self.ended.subscribe();
        let weak = Arc::downgrade(&self);
        drop(self);
        tokio::spawn(async move {
            loop {
                let Some(events) = weak.upgrade() else { return };
                log.mark_unchanged();
                let looked = tokio::task::spawn_blocking(move || events.look()).await;
                if let Ok(Err(error)) = looked {
                    tracing::warn!(%error, "the feeds' heads can't be read; it tries again");
                }
                tokio::select! {
                    _ = ended.wait_for(|ended| *ended) => return,
                    _ = log.changed() => {}
                    _ = tokio::time::sleep(LOOK_EVERY) => {}
                }
            }
        });
    }

    fn look(&self) -> Result<(), RelayError> {
        let heads = self.relay.heads()?;
        let book = self.relay.book()?;
        // Rights first: a stream that is to end must not be told of what came with its end.
        self.book.send_if_modified(|kept| {
            let newer = !Arc::ptr_eq(kept, &book);
            *kept = book;
            newer
        });
        for (feed, sender) in lock(&self.feeds).iter() {
            let head = heads.get(feed).copied().unwrap_or(0);
            sender.send_if_modified(|told| std::mem::replace(told, head) != head);
        }
        Ok(())
    }
}

impl Listener {
    /// Waits for news: a line for each feed that moved. None: the stream ends.
    async fn next(&mut self) -> Option<String> {
        loop {
            // Looking up whether a right stands needs a time only where it ends in the future, which
            // no grant of ours does: HQ's word ends it now.
            let ends =
                self.book.borrow_and_update().device(self.device).is_none_or(|d| d.grant.until.is_some());
            if ends || *self.ended.borrow() {
                return None;
            }
            let mut lines = Vec::new();
            for ((feed, head), told) in self.feeds.iter_mut().zip(&mut self.told) {
                let head = *head.borrow_and_update();
                if *told != Some(head) {
                    *told = Some(head);
                    lines.push(format!("{head} {feed}"));
                }
            }
            if !lines.is_empty() {
                return Some(lines.join("\n"));
            }
            let moved = async {
                match self.feeds.as_mut_slice() {
                    [(_, one)] => one.changed().await.is_ok(),
                    [(_, one), (_, other)] => tokio::select! {
                        one = one.changed() => one.is_ok(),
                        other = other.changed() => other.is_ok(),
                    },
                    _ => std::future::pending().await,
                }
            };
            let goes_on = tokio::select! {
                moved = moved => moved,
                changed = self.book.changed() => changed.is_ok(),
                _ = self.ended.wait_for(|ended| *ended) => false,
                _ = tokio::time::sleep_until(self.until) => false,
            };
            if !goes_on {
                return None;
            }
        }
    }
}

impl Relay {
    /// Each feed's last position.
    ///
    /// # Errors
    /// [`RelayError`] of the file.
    pub fn heads(&self) -> Result<HashMap<Feed, u64>, RelayError> {
        self.read(|connection| store::heads(connection, self.number))
    }
}
