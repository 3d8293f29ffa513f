//! The link to the relay: `guicang_sync`'s session driven over HTTP.
//!
//! Nothing is decided here: the session says what to do next, the replica does what touches the file.
//! What surprises: the replica's work blocks, and is done where it stands (`work`); between slices
//! of a pull the link pauses as long as the slice took, since SQLite's lock has no queue and a clerk's
//! command has to get its turn.

mod http;
mod error;
mod documents;
pub mod live;

use std::sync::Arc;
use std::time::Duration;

use guicang_domain::ids::DeviceId;
use guicang_replica::{Mend, Replica, StoreError};
use guicang_sync::access::{CHALLENGE_PATH, Challenge, ChallengeRequest, SIGN_IN_PATH, SignIn, SignedIn};
use guicang_sync::backoff::Backoff;
use guicang_sync::feed::Cursor;
use guicang_sync::grant::{Role, Standing};
use guicang_sync::message::{Report, SYNC_PATH, error_code};
use guicang_sync::packed::Packed;
use guicang_sync::session::{Limits, Received, Session, Step, Summary};
use guicang_sync::slices::Slices;
use guicang_sync::succeed::{SUCCEED_PATH, Succeeded};
use tokio::time::Instant;

pub use error::LinkError;
pub use http::Relay;

/// How often a request is tried again within a session before the session is given up, once the
/// relay has answered in it: a line that drops every few seconds still gets forward...
const RETRIES: u32 = 6;
/// ...and before it has: whoever waits for `guicang sync` on a dead line is told so soon.
const RETRIES_AT_FIRST: u32 = 2;
/// Asked to come back later than this, in milliseconds, a session ends instead.
const PATIENCE_MS: u64 = 10_000;
/// How often a journal that went two ways is seen to after a session. Three are enough, unless the other of
/// the two goes on meanwhile.
const MENDINGS_MAX: u32 = 6;

/// A branch's link to its relay. It lives as long as the token may: between sessions too.
pub struct Link {
    relay: Arc<Relay>,
    /// The relay's own identity, since it was signed in to.
    relay_device: Option<DeviceId>,
    token: Option<Vec<u8>>,
    backoff: Backoff,
    fill: fn(&mut [u8]),
    /// Whether the relay has answered in this session.
    answered: bool,
    /// What the relay was last told is unsent.
    reported: Option<Report>,
    /// The relay takes no more entries before then; it goes on giving.
    push_after: Option<Instant>,
}

impl Link {
    /// A link that isn't signed in yet. `fill` gives randomness, for jitter.
    pub fn new(relay: Relay, fill: fn(&mut [u8])) -> Self {
        let backoff = Backoff::new(500, 15_000);
        Self {
            relay: Arc::new(relay),
            relay_device: None,
            token: None,
            backoff,
            fill,
            answered: false,
            reported: None,
            push_after: None,
        }
    }

    /// Listens to the relay's event stream with this link's tokens, while it is signed in.
    pub fn listen(&self) -> live::Live {
        let fill = self.fill;
        live::Live::begin(self.relay.clone(), move || random(fill))
    }

    /// The token in force; none before the first session.
    pub fn token(&self) -> Option<Vec<u8>> {
        self.token.clone()
    }

    /// Signs in anew with the next session.
    pub fn sign_out(&mut self) {
        self.token = None;
    }

    /// Sessions until neither side has more and this device's journal is whole: where its file was restored or
    /// cloned, the first finds that out, the second fetches what the relay has under its name, and a third
    /// brings what the device, or its successor, has besides.
    ///
    /// # Errors
    /// [`LinkError`] when the relay isn't reached, refuses the device, or the file fails. What keeps a
    /// successor from being let in is no error: the device goes on working, its status says so, and the next
    /// session asks again.
    pub async fn session(&mut self, replica: &mut Replica) -> Result<Summary, LinkError> {
        let mut summary = self.session_with_documents(replica).await?;
        for _ in 0..MENDINGS_MAX {
            let Some(relay) = self.relay_device else { break };
            match work(|| replica.mend(relay))? {
                Mend::Whole => break,
                Mend::Fetch => {}
                Mend::Succeed(ask) => {
                    let granted: Succeeded = match self.relay.post(SUCCEED_PATH, None, &*ask).await {
                        Ok(granted) => granted,
                        Err(error) => {
                            tracing::warn!(%error, "no successor was let in; the next session asks again");
                            break;
                        }
                    };
                    work(|| replica.succeed(&granted))?;
                    self.token = None;
                }
            }
            summary = self.session_with_documents(replica).await?;
        }
        self.let_go(replica, &summary).await?;
        Ok(summary)
    }

    /// One session: until neither side has more.
    ///
    /// A request that is lost is sent again, with a smaller budget and after a pause; each answer is
    /// on disk before the next request, so a session that is given up loses nothing.
    ///
    /// # Errors
    /// [`LinkError`] when the relay isn't reached, refuses the device, or the file fails.
    async fn one_session(&mut self, replica: &mut Replica) -> Result<Summary, LinkError> {
        let mut session = Session::new(work(|| replica.session_start(Limits::default()))?);
        if self.push_after.is_some_and(|after| Instant::now() < after) {
            session.hold_back();
        }
        self.backoff.succeeded();
        self.answered = false;
        let mut told = false;
        let mut slices = Slices::default();
        // What is likely to be sent next, prepared while the relay works.
        let mut ahead: Option<Batch> = None;
        let mut next = None;
        loop {
            match session.step() {
                Step::Entries { after_sequence, budget_bytes } => {
                    let wanted = (after_sequence, budget_bytes);
                    let batch = match ahead.take().filter(|batch| batch.wanted == wanted) {
                        Some(batch) => batch,
                        None => work(|| Batch::read(replica, wanted))?,
                    };
                    let Batch { entries, more, .. } = batch;
                    // Counting costs as much as there is unsent: at a long push's begin and end, not
                    // for each of its requests.
                    let news = match told && more {
                        true => None,
                        false => self.news(work(|| unsent_after(replica, &entries, more))?),
                    };
                    told = true;
                    next = entries.last_sequence().filter(|_| more).map(|last| (last, budget_bytes));
                    session.entries(entries, more, news)?;
                }
                Step::Send(body) => ahead = self.exchange(replica, &mut session, body, next).await?,
                Step::Store(received) => {
                    let lacking = work(|| replica.lacks(&received))?;
                    self.fetch_documents(replica, &lacking).await?;
                    let cursors = store(replica, received, &mut slices).await?;
                    session.stored(cursors)?;
                }
                Step::Reconcile(ask) => session.reconciled(work(|| replica.reconcile(ask))?)?,
                Step::Done(summary) => {
                    if let Some(ms) = summary.push_after_ms {
                        self.push_after = Some(Instant::now() + Duration::from_millis(ms));
                    }
                    work(|| replica.session_done(&summary))?;
                    return Ok(summary);
                }
            }
        }
    }

    /// What is unsent, where the relay wasn't told just that before.
    fn news(&mut self, report: Report) -> Option<Report> {
        let news = (self.reported.as_ref() != Some(&report)).then(|| report.clone());
        self.reported = Some(report);
        news
    }

    /// Sends a request and hands the session its answer, or says that there was none. Meanwhile
    /// prepares what comes `next`: its entries are sealed and on disk before the answer is known, as
    /// they would be in any case.
    async fn exchange(
        &mut self,
        replica: &mut Replica,
        session: &mut Session,
        body: Vec<u8>,
        next: Option<(u64, usize)>,
    ) -> Result<Option<Batch>, LinkError> {
        let token = match self.token.clone() {
            Some(token) => token,
            None => match self.sign_in(replica).await {
                Ok(token) => token,
                Err(error) => return self.lost(session, error).await.map(|()| None),
            },
        };
        let prepare = async { next.map(|next| work(|| Batch::read(replica, next))).transpose() };
        // In this order: the request is under way before the work begins.
        let (answer, ahead) =
            tokio::join!(biased; self.relay.exchange(SYNC_PATH, Some(&token), body), prepare);
        let ahead = ahead?;
        match answer {
            Ok(answer) => match session.answer(&answer) {
                Ok(()) => {
                    self.backoff.succeeded();
                    self.answered = true;
                }
                Err(error) => self.lost(session, error.into()).await?,
            },
            Err(error) => {
                if matches!(error, LinkError::NotSignedIn { .. }) {
                    self.token = None;
                }
                self.lost(session, error).await?;
            }
        }
        Ok(ahead)
    }

    /// After a request that brought no answer: waits, or gives up where waiting is no use.
    async fn lost(&mut self, session: &mut Session, error: LinkError) -> Result<(), LinkError> {
        let retries = if self.answered { RETRIES } else { RETRIES_AT_FIRST };
        // A long wait is the caller's to take, who can tell the person what for.
        let patient = error.retry_after_ms().unwrap_or(0) <= PATIENCE_MS;
        if !error.is_passing() || !patient || self.backoff.failures() >= retries {
            return Err(error);
        }
        tracing::debug!(%error, "request lost");
        self.reported = None;
        session.failed();
        let wait_ms = self.backoff.failed(self.random(), error.retry_after_ms());
        tokio::time::sleep(Duration::from_millis(wait_ms)).await;
        Ok(())
    }

    async fn sign_in(&mut self, replica: &mut Replica) -> Result<Vec<u8>, LinkError> {
        let device = replica.identity().device;
        let mut ask = ChallengeRequest::of(device);
        let mut challenge = match self.relay.post::<_, Challenge>(CHALLENGE_PATH, None, &ask).await {
            // A relay that was made anew knows nobody: who this is, the organisation's signatures say.
            Err(LinkError::Refused { code, .. }) if code == error_code::UNKNOWN_DEVICE => {
                ask.grants = work(|| replica.introduction())?;
                self.relay.post(CHALLENGE_PATH, None, &ask).await?
            }
            other => other?,
        };
        if work(|| replica.grants())?.device(challenge.relay).is_none() {
            ask.introduce = true;
            challenge = self.relay.post(CHALLENGE_PATH, None, &ask).await?;
            if let Some(grant) = challenge.grant.take() {
                // One that the organisation hasn't signed is none, and the relay stays foreign.
                let _ = work(|| replica.add_grant(grant));
            }
        }
        // Only for a relay that the organisation has granted: another could pass the answer on.
        let granted = work(|| replica.grants())?;
        let known = granted.device(challenge.relay).is_some_and(|d| d.grant.role == Role::Relay);
        if !known || !matches!(granted.may(challenge.relay, challenge.time), Standing::Valid) {
            return Err(LinkError::ForeignRelay { url: self.relay.url().to_owned(), relay: challenge.relay });
        }
        let organisation = replica.identity().organisation;
        let answer = SignIn::new(replica.key(), organisation, challenge.relay, challenge.nonce);
        let signed_in: SignedIn = self.relay.post(SIGN_IN_PATH, None, &answer).await?;
        self.relay_device = Some(challenge.relay);
        self.token = Some(signed_in.token.clone());
        Ok(signed_in.token)
    }

    /// An evenly distributed number.
    pub fn random(&self) -> u64 {
        random(self.fill)
    }
}

fn random(fill: fn(&mut [u8])) -> u64 {
    let mut bytes = [0; 8];
    fill(&mut bytes);
    u64::from_le_bytes(bytes)
}

/// Entries that are ready to be sent.
struct Batch {
    /// After which sequence, within how many bytes.
    wanted: (u64, usize),
    entries: Packed,
    /// Whether there are more after them.
    more: bool,
}

impl Batch {
    fn read(replica: &mut Replica, wanted: (u64, usize)) -> Result<Self, StoreError> {
        let (entries, more) = replica.wire_entries(wanted.0, wanted.1)?;
        Ok(Self { wanted, entries: entries.into(), more })
    }
}

/// What is unsent once the relay has taken these entries.
fn unsent_after(replica: &Replica, entries: &Packed, more: bool) -> Result<Report, StoreError> {
    if !entries.is_empty() && !more {
        return Ok(Report::default());
    }
    let mut report = replica.report()?;
    report.unsent_changes = report.unsent_changes.saturating_sub(entries.changes());
    Ok(report)
}

/// Stores an answer in slices, with pauses as long as these.
async fn store(
    replica: &mut Replica,
    received: Received,
    slices: &mut Slices,
) -> Result<Vec<Cursor>, LinkError> {
    let mut pull = work(|| replica.begin_pull(&received))?;
    loop {
        let begun = Instant::now();
        if !work(|| replica.apply_slice(&mut pull, slices.positions()))? {
            return Ok(work(|| replica.cursors())?);
        }
        let pause = slices.took(begun.elapsed());
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
    }
}

/// Blocking work where it stands; other tasks of the runtime, where it has more threads, go on.
fn work<T>(blocking: impl FnOnce() -> T) -> T {
    use tokio::runtime::{Handle, RuntimeFlavor};
    match Handle::current().runtime_flavor() {
        RuntimeFlavor::MultiThread => tokio::task::block_in_place(blocking),
        _ => blocking(),
    }
}
