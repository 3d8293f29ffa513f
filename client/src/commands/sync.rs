//! `sync`: once, or for good. One line a session.

use std::time::Duration;

use clap::Args;
use guicang_cli::format::clock;
use guicang_cli::texts::{failures, horizon, names, next, results};
use guicang_cli::verbs::parse::period_ms;
use guicang_cli::{Exit, Explain, Failure, Globals, Language, Told};
use guicang_domain::time::Zone;
use guicang_replica::{Replica, Status, StoreError};
use guicang_sync::backoff::Backoff;
use guicang_sync::feed::Feed;
use guicang_sync::live::Heads;
use guicang_sync::session::Summary;
use serde::Serialize;
use tokio::runtime::Runtime;

use super::Session;
use super::status::{Money, money, money_text};
use crate::link::live::Live;
use crate::link::{Link, LinkError, Relay};

/// Once or for good.
#[derive(Debug, Args)]
pub struct SyncArgs {
    /// Go on for good, with a pause such as 60s or 5m between sessions
    #[arg(long, value_name = "PERIOD", value_parser = period_ms)]
    pub every: Option<u64>,
    /// With another branch that runs serve-peer, without HQ: http://HOST:PORT
    #[arg(long, value_name = "URL", conflicts_with = "every")]
    pub peer: Option<String>,
}

/// A session, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
struct SyncItem {
    at: String,
    #[serde(skip)]
    clock: String,
    sent: u64,
    fetched: u64,
    refused: u64,
    set_apart: u64,
    unsent_changes: u64,
    unsent_refunds: Vec<Money>,
    proven: bool,
    /// What is held here and the relay will only take from others, where nothing else differs.
    relay_lacks: Option<u64>,
    feeds: Vec<FeedItem>,
    bytes_sent: u64,
    bytes_received: u64,
    round_trips: u32,
}

#[derive(Debug, Serialize)]
struct FeedItem {
    feed: String,
    position: u64,
    head: u64,
    agreed: bool,
}

impl SyncArgs {
    /// Syncs.
    ///
    /// # Errors
    /// [`Failure`] with [`Exit::Refused`] when something was refused, [`Exit::Unreachable`] when the
    /// relay wasn't reached or takes no more for now, [`Exit::Withdrawn`] when HQ has withdrawn this device. With `--every`
    /// only the last ends it.
    pub fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        let globals = session.globals;
        let l = globals.language;
        if let Some(peer) = &self.peer {
            return super::peer::sync(session, peer);
        }
        let mut replica = session.open()?;
        let url = replica.identity().relay_url.clone().ok_or(LinkError::Alone).told(globals)?;
        let mut link = Link::new(Relay::new(&url).told(globals)?, session.fill);
        let runtime = runtime(l)?;
        match self.every {
            None => runtime.block_on(self.once(session, &mut link, &mut replica)),
            Some(period_ms) => runtime.block_on(async {
                tokio::select! {
                    ended = self.for_good(session, &mut link, &mut replica, period_ms) => ended,
                    _ = tokio::signal::ctrl_c() => globals.say(&results::stopped(l)),
                }
            }),
        }
    }

    async fn once(
        &self,
        session: &Session<'_>,
        link: &mut Link,
        replica: &mut Replica,
    ) -> Result<(), Failure> {
        let globals = session.globals;
        let l = globals.language;
        let summary = link.session(replica).await.told(globals)?;
        let status = replica.status().told(globals)?;
        show(session, replica.identity().zone, &summary, &status)?;
        if let Some(fault) = &status.fault {
            return Err(Failure::new(
                Exit::Refused,
                failures::stopped_by(l, &names::fault(l, fault)),
                next::status(l, globals.program),
            ));
        }
        if summary.refused > 0 || summary.blocked.is_some() {
            let refused = summary.refused.max(1);
            return Err(Failure::new(
                Exit::Refused,
                failures::refused(l, refused),
                next::status(l, globals.program),
            ));
        }
        if let Some(ms) = summary.push_after_ms {
            return Err(Failure::new(
                Exit::Unreachable,
                failures::push_later(l, status.unsent_changes, ms.div_ceil(60_000)),
                next::push_later(l, globals.program),
            ));
        }
        let lost = if summary.proven { 0 } else { replica.lost_beyond_horizon().told(globals)? };
        if lost > 0 {
            globals.say(&horizon::lost(l, lost))?;
        }
        if let Some(lacks) = summary.relay_lacks() {
            globals.say(&results::relay_lacks(l, lacks))?;
            return globals.next(&next::relay_lacks(l, globals.program));
        }
        if !summary.proven {
            return Err(Failure::new(
                Exit::Other,
                failures::not_proven(l),
                next::not_proven(l, globals.program),
            ));
        }
        globals.next(&next::exceptions(l, globals.program))
    }

    async fn for_good(
        &self,
        session: &Session<'_>,
        link: &mut Link,
        replica: &mut Replica,
        period_ms: u64,
    ) -> Result<(), Failure> {
        let globals = session.globals;
        let l = globals.language;
        let mut backoff = Backoff::new(period_ms, period_ms.saturating_mul(16).min(3_600_000).max(period_ms));
        let mut live = link.listen();
        loop {
            // Before the session: what is told or written while it runs is seen after it.
            let news = live.news();
            let mut seen =
                Seen { heads: news.heads, streams: news.streams, version: replica.version().told(globals)? };
            let not_before_ms;
            let mut online = true;
            let wait_ms = match link.session(replica).await {
                Ok(summary) => {
                    backoff.succeeded();
                    let status = replica.status().told(globals)?;
                    show(session, replica.identity().zone, &summary, &status)?;
                    if let Some(ms) = summary.push_after_ms {
                        let minutes = ms.div_ceil(60_000);
                        globals.say(&failures::push_later(l, status.unsent_changes, minutes))?;
                    }
                    // A tenth of jitter: branches that were switched on together drift apart.
                    let jitter = link.random() % (period_ms / 10 + 1);
                    not_before_ms = summary.retry_after_ms.unwrap_or(0);
                    summary.retry_after_ms.unwrap_or(0).max(period_ms).saturating_add(jitter)
                }
                Err(error @ LinkError::Withdrawn { .. }) => return Err(error.explain(l, globals.program)),
                Err(error) => {
                    let failure = error.explain(l, globals.program);
                    globals.say(&format!(
                        "{} {}",
                        clock(replica.identity().zone, (session.now)()),
                        failure.message
                    ))?;
                    online = false;
                    not_before_ms = error.retry_after_ms().unwrap_or(0);
                    backoff.failed(link.random(), error.retry_after_ms()).max(period_ms.min(1_000))
                }
            };
            live.signed_in(link.token());
            let timer = tokio::time::sleep(Duration::from_millis(wait_ms));
            let earliest = tokio::time::Instant::now() + Duration::from_millis(not_before_ms);
            tokio::select! {
                () = timer => {}
                poked = poked(&mut live, replica, &mut seen, link.token(), online) => {
                    if poked.told(globals)? == Poke::TokenEnded {
                        link.sign_out();
                    }
                    tokio::time::sleep_until(earliest).await;
                }
            }
        }
    }
}

/// What was known when a session began.
struct Seen {
    heads: Heads,
    streams: u32,
    /// Of the file.
    version: i64,
}

/// Why a session comes before its time.
#[derive(Debug, PartialEq, Eq)]
enum Poke {
    /// The relay has something that isn't here.
    News,
    /// Another process of this machine wrote something that the relay lacks.
    Written,
    /// The relay wants a new token to go on telling.
    TokenEnded,
}

/// How often the file is asked whether another process wrote to it: it takes microseconds, since the
/// machine's processes share a page of memory for just that.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Waits until there is something to exchange. A branch that isn't online waits for the relay's word
/// alone: what is written here is no reason to think that the line is back.
async fn poked(
    live: &mut Live,
    replica: &mut Replica,
    seen: &mut Seen,
    token: Option<Vec<u8>>,
    online: bool,
) -> Result<Poke, StoreError> {
    loop {
        let news = live.news();
        if news.ended.is_some() && news.ended == token {
            return Ok(Poke::TokenEnded);
        }
        if news.withdrawn && online {
            return Ok(Poke::News);
        }
        if news.heads != seen.heads || news.streams != seen.streams {
            let cursors = replica.cursors()?;
            let behind =
                |(feed, head): (&Feed, &u64)| cursors.iter().any(|c| c.feed == *feed && c.position < *head);
            let behind = news.heads.iter().any(behind);
            (seen.heads, seen.streams) = (news.heads, news.streams);
            if behind || !online {
                return Ok(Poke::News);
            }
        }
        if online {
            let version = replica.version()?;
            if version != seen.version {
                seen.version = version;
                if replica.has_unsent()? {
                    return Ok(Poke::Written);
                }
            }
        }
        tokio::select! {
            () = live.changed() => {}
            () = tokio::time::sleep(LOOK_EVERY), if online => {}
        }
    }
}

/// The runtime on which the link lives: a thread for the line, so that it goes on while the session
/// prepares what it sends next.
///
/// # Errors
/// [`Failure`] when the system gives no thread for it.
pub(super) fn runtime(l: Language) -> Result<Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().map_err(|e| Failure {
        exit: Exit::Other,
        message: failures::no_runtime(l, &e),
        next: Some(next::again(l)),
        lacks: None,
    })
}

fn show(session: &Session<'_>, zone: Zone, summary: &Summary, status: &Status) -> Result<(), Failure> {
    let globals: &Globals = session.globals;
    let l = globals.language;
    let now = (session.now)();
    let item = SyncItem {
        at: now.to_rfc3339(),
        clock: clock(zone, now),
        sent: summary.sent_changes,
        fetched: summary.fetched_changes,
        refused: summary.refused,
        set_apart: summary.set_apart,
        unsent_changes: status.unsent_changes,
        unsent_refunds: money(&status.unsent_refunds),
        proven: summary.proven,
        relay_lacks: summary.relay_lacks(),
        feeds: summary
            .feeds
            .iter()
            .map(|f| FeedItem {
                feed: f.feed.to_string(),
                position: f.position,
                head: f.head,
                agreed: f.agreed,
            })
            .collect(),
        bytes_sent: summary.bytes_sent,
        bytes_received: summary.bytes_received,
        round_trips: summary.round_trips,
    };
    globals.show("sync", &[item], |items| line(l, &items[0]))
}

fn line(l: Language, item: &SyncItem) -> String {
    let refunds = money_text(&item.unsent_refunds);
    let unsent = results::sync_unsent(l, item.unsent_changes, &refunds);
    let positions: Vec<String> = item.feeds.iter().map(|f| format!("{} {}", f.feed, f.position)).collect();
    let proof = if let Some(lacks) = item.relay_lacks {
        results::sync_lacks(l, lacks)
    } else if item.proven {
        results::sync_proven(l, &positions.join(", "))
    } else {
        results::sync_not_proven(l)
    };
    let done = results::sync_done(l, item.sent, item.fetched, item.refused + item.set_apart);
    format!("{} {done}{unsent}{proof}", item.clock)
}
