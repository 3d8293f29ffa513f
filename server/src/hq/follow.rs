//! Following the log: HQ's replica pulls what is new, adds what only HQ knows, and pushes that.
//!
//! What surprises: `serve` and the commands all do this, each with a handle of its own on the same
//! file. Whoever comes first does the work, since a session goes by what is on disk. What is pulled is
//! applied in slices of a few milliseconds. `serve`, which nobody waits for, leaves the file to others
//! for as long after each; a command, whose user waits, goes on at once.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use guicang_domain::time::Moment;
use guicang_replica::{CommandError, Mend, Replica, StoreError};
use guicang_sync::codec::CodecError;
use guicang_sync::session::{Limits, Received, Session, SessionError, Step, Summary};
use guicang_sync::slices::Slices;
use tokio::runtime::Handle;
use tokio::sync::watch;

use super::holds;
use crate::relay::link::{LinkError, LocalLink};

/// How long `serve` waits for a sign from its own relay before it looks by itself: another process may
/// have written.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// How often what HQ writes by itself is pushed within one settling. What it writes hardly ever calls
/// for more, and what is left over goes out the next time.
const ROUNDS_MAX: usize = 8;

/// Why HQ could not follow.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The replica's file.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What HQ wrote by itself.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// What came was not taken.
    #[error(transparent)]
    Pull(#[from] guicang_replica::LinkError),
    /// The relay.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The session.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// An answer can't be read.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// Another process took the lease over: nothing was sent.
    #[error("another process has taken over; nothing of this was sent")]
    StaleFence,
}

/// One session of HQ's replica with the relay, until neither has more. With `fence` everything is sent
/// under that number.
///
/// # Errors
/// [`FollowError`]; each round trip before is on disk.
pub fn session(
    replica: &mut Replica,
    link: &LocalLink,
    now: &dyn Fn() -> Moment,
    fence: Option<u64>,
) -> Result<Summary, FollowError> {
    paced(replica, link, now, fence, &|_| {})
}

/// HQ's device and a relay that was made anew come to know each other.
///
/// # Errors
/// [`FollowError`] of either file.
pub fn meet(replica: &mut Replica, link: &LocalLink) -> Result<(), FollowError> {
    let relay = link.relay();
    if relay.book().map_err(LinkError::from)?.device(replica.identity().device).is_none() {
        relay.introduce(replica.introduction()?).map_err(LinkError::from)?;
    }
    if replica.grants()?.device(relay.device()).is_none()
        && let Some(grant) = relay.own_grant().map_err(LinkError::from)?
    {
        replica.add_grant(grant)?;
    }
    Ok(())
}

/// Leaves the file to others for so long.
type Pause<'a> = &'a dyn Fn(Duration);

/// A session, and where HQ's file was restored from a backup another two: one fetches what the relay has under
/// HQ's name, one goes on from there.
fn paced(
    replica: &mut Replica,
    link: &LocalLink,
    now: &dyn Fn() -> Moment,
    fence: Option<u64>,
    pause: Pause<'_>,
) -> Result<Summary, FollowError> {
    let relay = link.relay().device();
    let mut summary = once(replica, link, now, fence, pause)?;
    for _ in 0..MENDINGS_MAX {
        let before = replica.status()?.fault;
        let mend = replica.mend(relay)?;
        // What was fetched and is whole now goes on to push; a fork of HQ's own waits for somebody.
        let restored = before.is_some() && replica.status()?.fault.is_none();
        if mend != Mend::Fetch && !restored {
            break;
        }
        summary = once(replica, link, now, fence, pause)?;
    }
    Ok(summary)
}

/// How often a restored file is seen to after a session.
const MENDINGS_MAX: u32 = 4;

fn once(
    replica: &mut Replica,
    link: &LocalLink,
    now: &dyn Fn() -> Moment,
    fence: Option<u64>,
    pause: Pause<'_>,
) -> Result<Summary, FollowError> {
    meet(replica, link)?;
    let mut start = replica.session_start(Limits::default())?;
    start.fence = fence;
    let mut session = Session::new(start);
    loop {
        match session.step() {
            Step::Entries { after_sequence, budget_bytes } => {
                let (entries, more) = replica.wire_entries(after_sequence, budget_bytes)?;
                // What HQ holds back is on the same machine: nobody has to be told.
                session.entries(entries, more, None)?;
            }
            Step::Send(body) => session.answer(&link.sync(&body, now())?)?,
            Step::Store(received) => {
                if received.stale_fence {
                    return Err(FollowError::StaleFence);
                }
                apply(replica, &received, now, pause)?;
                session.stored(replica.cursors()?)?;
            }
            Step::Reconcile(ask) => session.reconciled(replica.reconcile(ask)?)?,
            Step::Done(summary) => {
                replica.session_done(&summary)?;
                return Ok(summary);
            }
        }
    }
}

fn apply(
    replica: &mut Replica,
    received: &Received,
    now: &dyn Fn() -> Moment,
    pause: Pause<'_>,
) -> Result<(), FollowError> {
    let mut pull = replica.begin_pull(received)?;
    let mut slices = Slices::default();
    loop {
        let begun = now();
        if !replica.apply_slice(&mut pull, slices.positions())? {
            return Ok(());
        }
        // A clock that was set back meanwhile says nothing: as if it had taken no time.
        let took_ms = now().0.saturating_sub(begun.0).max(0);
        pause(slices.took(Duration::from_millis(took_ms as u64)));
    }
}

/// Sessions until HQ has nothing to add: pulls, verifies sales, answers who asks for a hold, and pushes what that
/// wrote.
///
/// # Errors
/// [`FollowError`].
pub fn settle(
    replica: &mut Replica,
    link: &LocalLink,
    now: &dyn Fn() -> Moment,
) -> Result<Summary, FollowError> {
    settle_paced(replica, link, now, &|_| {})
}

fn settle_paced(
    replica: &mut Replica,
    link: &LocalLink,
    now: &dyn Fn() -> Moment,
    pause: Pause<'_>,
) -> Result<Summary, FollowError> {
    let mut summary = paced(replica, link, now, None, pause)?;
    for _ in 0..ROUNDS_MAX {
        // Sales first: what a return takes of one counts against a hold.
        let verified = replica.verify_sales()?;
        let answered = holds::answer(replica, link, now)?;
        if verified == 0 && answered.is_none() {
            break;
        }
        summary = paced(replica, link, now, answered.as_ref().map(|a| a.fence), pause)?;
        if answered.is_some() {
            holds::done(replica, link, now)?;
        }
    }
    Ok(summary)
}

/// Follows for good, until `stop` is set: after each commit of the relay, and now and then. A command
/// beside gets its turn at the file within milliseconds.
pub async fn follow(
    replica: Arc<Mutex<Replica>>,
    link: LocalLink,
    now: Arc<dyn Fn() -> Moment + Send + Sync>,
    mut stop: watch::Receiver<bool>,
) {
    let mut log = link.relay().watch_log();
    loop {
        log.mark_unchanged();
        let (replica, link, now) = (replica.clone(), link.clone(), now.clone());
        let runtime = Handle::current();
        let work = move || {
            let pause = |time| runtime.block_on(tokio::time::sleep(time));
            let mut replica = replica.lock().unwrap_or_else(PoisonError::into_inner);
            settle_paced(&mut replica, &link, &*now, &pause)
        };
        match tokio::task::spawn_blocking(work).await {
            Ok(Ok(summary)) => tracing::debug!(?summary, "followed"),
            Ok(Err(error)) => tracing::warn!(%error, "HQ could not follow the log; it tries again"),
            Err(error) => tracing::error!(%error, "following the log panicked; it tries again"),
        }
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            // A settling's own pushes are commits, too: one more, which finds nothing.
            _ = log.changed() => {}
            _ = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}
