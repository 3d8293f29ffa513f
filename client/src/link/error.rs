//! What can go wrong between a branch and its relay.

use guicang_cli::texts::{failures, live, next, peer};
use guicang_cli::{Exit, Explain, Failure, Language};
use guicang_domain::ids::DeviceId;
use guicang_replica::StoreError;
use guicang_sync::message::error_code;
use guicang_sync::session::SessionError;

/// Why a request, or a session, failed.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// That is no address of a relay.
    #[error("{found:?} is no address of a relay")]
    Address {
        /// As typed.
        found: String,
    },
    /// This file joined no relay.
    #[error("this file has joined no relay")]
    Alone,
    /// No answer came, or only a part of one.
    #[error("{url} was not reached: {detail}")]
    Unreachable {
        /// The relay's address.
        url: String,
        /// What the system says.
        detail: String,
    },
    /// Something answered that isn't a relay.
    #[error("{url} is no relay: {found}")]
    NotARelay {
        /// The relay's address.
        url: String,
        /// What came instead.
        found: String,
    },
    /// Something on the way answered with a page of its own: a network that wants a login first.
    #[error("{url} was not reached: the network answers with its own page")]
    LoginPage {
        /// The relay's address.
        url: String,
    },
    /// The relay's disk is full: it took nothing.
    #[error("the disk of {url} is full")]
    RelayFull {
        /// The relay's address.
        url: String,
        /// Come back no sooner than this many milliseconds from now.
        retry_after_ms: Option<u64>,
    },
    /// The relay can't just now.
    #[error("{url} is busy: {detail}")]
    Busy {
        /// The relay's address.
        url: String,
        /// What it says.
        detail: String,
        /// Come back no sooner than this many milliseconds from now.
        retry_after_ms: Option<u64>,
    },
    /// The token expired.
    #[error("not signed in: {detail}")]
    NotSignedIn {
        /// What the relay says.
        detail: String,
    },
    /// HQ has withdrawn this device.
    #[error("this device was withdrawn: {detail}")]
    Withdrawn {
        /// What the relay says.
        detail: String,
    },
    /// The enrolment code is unknown, used, or expired.
    #[error("the code was not taken: {detail}")]
    Code {
        /// What the relay says.
        detail: String,
    },
    /// The relay refused the request for another reason.
    #[error("the relay refused: {code}: {detail}")]
    Refused {
        /// One of [`error_code`]'s.
        code: String,
        /// What it says.
        detail: String,
    },
    /// An answer that the session can't take.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// What the relay sent isn't what its signatures say.
    #[error(transparent)]
    Forged(guicang_replica::LinkError),
    /// The relay is none of the organisation's.
    #[error("the relay {relay} at {url} is none of the organisation's")]
    ForeignRelay {
        /// Its address.
        url: String,
        /// Who it says it is.
        relay: DeviceId,
    },
    /// Who answers as a peer isn't a branch of the organisation's.
    #[error("the device {device} at {url} is no branch's of the organisation")]
    Stranger {
        /// Its address.
        url: String,
        /// Who it says it is.
        device: DeviceId,
    },
    /// The replica's file.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<guicang_replica::LinkError> for LinkError {
    fn from(error: guicang_replica::LinkError) -> Self {
        match error {
            guicang_replica::LinkError::Store(error) => LinkError::Store(error),
            forged => LinkError::Forged(forged),
        }
    }
}

impl LinkError {
    /// Whether the same request may succeed a little later.
    pub fn is_passing(&self) -> bool {
        matches!(
            self,
            LinkError::Unreachable { .. }
                | LinkError::Busy { .. }
                | LinkError::NotSignedIn { .. }
                | LinkError::NotARelay { .. }
                | LinkError::LoginPage { .. }
                | LinkError::RelayFull { .. }
                | LinkError::Session(_)
                | LinkError::Store(StoreError::Busy)
        )
    }

    /// No sooner than this, where the relay said so.
    pub fn retry_after_ms(&self) -> Option<u64> {
        match self {
            LinkError::Busy { retry_after_ms, .. } | LinkError::RelayFull { retry_after_ms, .. } => {
                *retry_after_ms
            }
            _ => None,
        }
    }
}

impl Explain for LinkError {
    fn explain(&self, l: Language, program: &str) -> Failure {
        let later = || next::sync_later(l, program);
        match self {
            LinkError::Forged(error) => {
                Failure::new(Exit::Refused, failures::forged(l, error), next::upgrade_or_report(l))
            }
            LinkError::ForeignRelay { url, relay } => {
                Failure::new(Exit::Unreachable, failures::foreign_relay(l, url, relay), next::check_relay(l))
            }
            LinkError::Store(error) => error.explain(l, program),
            LinkError::Address { found } => {
                Failure::new(Exit::Usage, failures::address(l, found), next::address(l))
            }
            LinkError::Alone => Failure::new(Exit::Refused, failures::alone(l), next::make_file(l, program)),
            LinkError::Unreachable { url, detail } => {
                Failure::new(Exit::Unreachable, failures::unreachable(l, url, detail), later())
            }
            LinkError::NotARelay { url, found } => {
                Failure::new(Exit::Unreachable, failures::not_a_relay(l, url, found), next::check_relay(l))
            }
            LinkError::Stranger { url, device } => {
                Failure::new(Exit::Refused, peer::stranger(l, url, device), peer::stranger_next(l))
            }
            LinkError::LoginPage { url } => {
                Failure::new(Exit::Unreachable, live::login_page(l, url), live::login_first(l))
            }
            LinkError::RelayFull { url, .. } => {
                Failure::new(Exit::Unreachable, live::relay_full(l, url), live::relay_full_next(l))
            }
            LinkError::Busy { url, detail, .. } => {
                Failure::new(Exit::Unreachable, failures::relay_busy(l, url, detail), later())
            }
            LinkError::Session(error) => Failure::new(
                Exit::Unreachable,
                failures::answer_unreadable(l, error),
                next::upgrade_or_report(l),
            ),
            LinkError::NotSignedIn { detail } => {
                Failure::new(Exit::Unreachable, failures::not_signed_in(l, detail), later())
            }
            LinkError::Withdrawn { detail } => {
                Failure::new(Exit::Withdrawn, failures::withdrawn(l, detail), next::ask_readmission(l))
            }
            LinkError::Code { detail } => {
                Failure::new(Exit::Refused, failures::code(l, detail), next::new_code(l))
            }
            LinkError::Refused { code, detail } if code == error_code::MEDIA_TYPE => {
                Failure::new(Exit::Refused, failures::relay_refused(l, code, detail), next::upgrade(l))
            }
            LinkError::Refused { code, detail } => Failure::new(
                Exit::Refused,
                failures::relay_refused(l, code, detail),
                next::upgrade_or_report(l),
            ),
        }
    }
}
