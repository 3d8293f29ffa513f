//! Sessions, move by move, over a line that does what a seed says.
//!
//! A session is driven as the branch's program drives it, without its sockets: the same questions to the
//! replica, in the same order. Between any two moves something else may happen.

use guicang_domain::ids::DeviceId;
use guicang_replica::{LinkError, StoreError};
use guicang_server::hq::follow::{FollowError, meet, settle};
use guicang_server::relay::RelayError;
use guicang_server::relay::link::{LinkError as LocalLinkError, LocalLink};
use guicang_sync::session::{Limits, Session, Step, Summary};

use crate::random::Random;
use crate::step::Line;
use crate::world::{HQ, World};
use crate::{Must, Violation, disk};

/// How a move went.
pub(crate) enum Moved {
    On,
    /// The request, or its answer, was lost.
    Failed,
    Done(Box<Summary>),
    /// The session is given up, as by an error of the file.
    Over,
}

/// Sessions within which a journal has to be whole, if everybody is there.
const MENDINGS_MAX: u32 = 6;

/// Moves within a whole session, before it is taken to go on for good.
const MOVES_MAX: u32 = 20_000;

impl World {
    /// A device's process goes on with its session.
    pub(crate) fn go(
        &mut self,
        at: usize,
        process: usize,
        moves: u32,
        line: Line,
        random: &mut Random,
    ) -> Result<(), Violation> {
        for _ in 0..moves {
            let moved = self.advance(at, process, line, random)?;
            self.revive_relay(random)?;
            if self.revive(at, random)? {
                return Ok(());
            }
            match moved {
                Moved::On => {}
                Moved::Failed => return Ok(()),
                Moved::Over => return self.over(at, process),
                Moved::Done(summary) => {
                    self.over(at, process)?;
                    let heard = self.devices[at].process(process)?.heard;
                    self.proof_holds(at, &summary, heard)?;
                    return self.mend(at, process).map(drop);
                }
            }
        }
        match self.relay_life {
            0 => self.cursors_are_whole(at),
            _ => Ok(()),
        }
    }

    fn over(&mut self, at: usize, process: usize) -> Result<(), Violation> {
        let process = self.devices[at].process(process)?;
        process.session = None;
        Ok(())
    }

    /// A whole session, over a good line if there is one, and what its program does until its journal is whole;
    /// none: it wasn't finished.
    pub(crate) fn sync(&mut self, at: usize, random: &mut Random) -> Result<Option<Summary>, Violation> {
        for _ in 0..MENDINGS_MAX {
            let Some(summary) = self.one_session(at, random)? else { return Ok(None) };
            let heard = self.devices[at].process(0)?.heard;
            self.proof_holds(at, &summary, heard)?;
            let again = self.mend(at, 0)?;
            self.revive_relay(random)?;
            if self.revive(at, random)? {
                return Ok(None);
            }
            if !again {
                return Ok(Some(summary));
            }
        }
        Ok(None)
    }

    fn one_session(&mut self, at: usize, random: &mut Random) -> Result<Option<Summary>, Violation> {
        self.over(at, 0)?;
        for _ in 0..MOVES_MAX {
            let moved = self.advance(at, 0, Line::Good, random)?;
            self.revive_relay(random)?;
            if self.revive(at, random)? {
                return Ok(None);
            }
            match moved {
                Moved::On => {}
                Moved::Failed | Moved::Over => {
                    self.over(at, 0)?;
                    return Ok(None);
                }
                Moved::Done(summary) => {
                    self.over(at, 0)?;
                    return Ok(Some(*summary));
                }
            }
        }
        Err(Violation(format!("{}: a session goes on for good", self.devices[at].name)))
    }

    fn advance(
        &mut self,
        at: usize,
        process: usize,
        line: Line,
        random: &mut Random,
    ) -> Result<Moved, Violation> {
        let relay = self.relay()?;
        let relay_path = self.relay_path();
        let now = self.now();
        let cut = now < self.devices[at].cut_until;
        let path = self.devices[at].path.clone();
        let name = self.devices[at].name.clone();
        let here = self.devices[at].process(process)?;
        let store = |error: StoreError| store_failed(&name, &path, error);
        let session = match &mut here.session {
            Some(session) => session,
            none => {
                here.signed_in = here.replica.identity().device;
                // Signing in: a relay that was made anew and the device come to know each other.
                if !cut && line != Line::RequestLost {
                    let link = LocalLink::new(relay.clone(), here.signed_in);
                    match meet(&mut here.replica, &link) {
                        Ok(()) => {}
                        Err(_) if disk::is_dead(&relay_path) => return Ok(Moved::Over),
                        Err(FollowError::Store(error) | FollowError::Pull(LinkError::Store(error))) => {
                            return store(error);
                        }
                        Err(error) => return Err(Violation(format!("{name} and the relay: {error}"))),
                    }
                }
                match here.replica.session_start(Limits::default()) {
                    Ok(start) => none.insert(Session::new(start)),
                    Err(error) => return store(error),
                }
            }
        };
        let body = match session.step() {
            Step::Entries { after_sequence, budget_bytes } => {
                let budget_bytes = if budget_bytes > 0 && random.below(3) == 0 { 1 } else { budget_bytes };
                return match here.replica.wire_entries(after_sequence, budget_bytes) {
                    Ok((entries, more)) => {
                        session.entries(entries, more, None).must("entries")?;
                        Ok(Moved::On)
                    }
                    Err(error) => store(error),
                };
            }
            Step::Store(received) => {
                let slice = 1 + random.below(16);
                let mut pull = match here.replica.begin_pull(&received) {
                    Ok(pull) => pull,
                    Err(LinkError::Store(error)) => return store(error),
                    Err(error) => return Err(Violation(format!("{name}: an answer was not taken: {error}"))),
                };
                // It may stall between any two slices.
                loop {
                    match here.replica.apply_slice(&mut pull, slice) {
                        Ok(true) if random.below(40) == 0 && line != Line::Good => return Ok(Moved::Over),
                        Ok(true) => {}
                        Ok(false) => break,
                        Err(error) => return store(error),
                    }
                }
                return match here.replica.cursors() {
                    Ok(cursors) => {
                        session.stored(cursors).must("cursors")?;
                        Ok(Moved::On)
                    }
                    Err(error) => store(error),
                };
            }
            Step::Reconcile(ask) => {
                return match here.replica.reconcile(ask) {
                    Ok(found) => {
                        session.reconciled(found).must("what was looked up")?;
                        Ok(Moved::On)
                    }
                    Err(LinkError::Store(error)) => store(error),
                    Err(error) => Err(Violation(format!("{name}: what was found was not taken: {error}"))),
                };
            }
            Step::Done(summary) => {
                return match here.replica.session_done(&summary) {
                    Ok(()) => Ok(Moved::Done(Box::new(summary))),
                    Err(error) => store(error),
                };
            }
            Step::Send(body) => body,
        };
        let signed_in = here.signed_in;
        let link = LocalLink::new(relay, signed_in);
        if !cut && is_stranger(&link, signed_in)? {
            return Ok(Moved::Over);
        }
        let mut life = self.relay_life;
        let answer = match line {
            _ if cut => None,
            Line::RequestLost => None,
            Line::Late => {
                self.late.push((signed_in, body));
                None
            }
            Line::Good => delivered(&link, &body, now)?,
            Line::AnswerLost => {
                delivered(&link, &body, now)?;
                None
            }
            Line::Twice => {
                let first = delivered(&link, &body, now)?;
                let second = delivered(&link, &body, now)?;
                if random.below(2) == 0 { first } else { second }
            }
            Line::OldAnswer => {
                let answer = delivered(&link, &body, now)?;
                match self.answers.get(&at) {
                    Some((old, of)) => {
                        life = *of;
                        Some(old.clone())
                    }
                    None => answer,
                }
            }
        };
        let here = self.devices[at].process(process)?;
        let session = here.session.as_mut().expect("it was sending");
        let Some(answer) = answer else {
            session.failed();
            return Ok(Moved::Failed);
        };
        if session.answer(&answer).is_err() {
            session.failed();
            return Ok(Moved::Failed);
        }
        here.heard = life;
        if let (true, Step::Store(received)) = (life == self.relay_life, session.step()) {
            let known = &mut self.devices[at].accepted_to;
            *known = received.accepted_to.max(*known);
        }
        self.answers.insert(at, (answer, life));
        Ok(Moved::On)
    }

    /// A request of long ago arrives; nobody waits for its answer.
    pub(crate) fn arrives(&mut self, n: usize, random: &mut Random) -> Result<(), Violation> {
        if n < self.late.len() {
            let (device, body) = self.late.remove(n);
            let link = self.link(device)?;
            if !is_stranger(&link, device)? {
                delivered(&link, &body, self.now())?;
            }
        }
        self.revive_relay(random)
    }

    /// HQ follows the log until it has nothing to add.
    pub(crate) fn settle(&mut self, random: &mut Random) -> Result<(), Violation> {
        let link = self.link(self.devices[HQ].id)?;
        let clock = self.outside.clone();
        let last = self.newest(HQ)?;
        let done = settle(self.devices[HQ].replica()?, &link, &|| clock.now());
        let done = self.hq_done(done, random)?;
        self.keep_hqs_own(last)?;
        if let Some(summary) = done {
            self.proof_holds(HQ, &summary, self.relay_life)?;
        }
        Ok(())
    }

    /// What HQ came to: nothing, where its process or the relay's died meanwhile.
    pub(crate) fn hq_done<T, E: std::fmt::Display>(
        &mut self,
        done: Result<T, E>,
        random: &mut Random,
    ) -> Result<Option<T>, Violation> {
        let died = disk::is_dead(&self.relay_path()) || disk::is_dead(&self.devices[HQ].path);
        self.revive_relay(random)?;
        self.revive(HQ, random)?;
        match done {
            Ok(done) => Ok(Some(done)),
            Err(_) if died => Ok(None),
            Err(error) => Err(Violation(format!("HQ: {error}"))),
        }
    }
}

/// Whether the relay knows nothing of a device, as one that was put back or made anew meanwhile: it has to sign
/// in again.
fn is_stranger(link: &LocalLink, device: DeviceId) -> Result<bool, Violation> {
    match link.relay().book() {
        Ok(book) => Ok(book.device(device).is_none()),
        // Its process died, which is seen to elsewhere.
        Err(_) => Ok(true),
    }
}

/// The relay's answer; none, where its process died over it.
fn delivered(
    link: &LocalLink,
    body: &[u8],
    now: guicang_domain::time::Moment,
) -> Result<Option<Vec<u8>>, Violation> {
    match link.sync(body, now) {
        Ok(answer) => Ok(Some(answer)),
        Err(LocalLinkError::Relay(RelayError::Store(_))) => Ok(None),
        Err(error) => Err(Violation(format!("the relay refused a request: {error}"))),
    }
}

pub(crate) fn store_failed(
    name: &str,
    path: &std::path::Path,
    error: StoreError,
) -> Result<Moved, Violation> {
    match error {
        StoreError::Full => {
            // Somebody makes room.
            disk::full_after(path, None);
            Ok(Moved::Over)
        }
        StoreError::Busy => Ok(Moved::Over),
        _ if disk::is_dead(path) => Ok(Moved::Over),
        error => Err(Violation(format!("{name}: the file failed: {error}"))),
    }
}
