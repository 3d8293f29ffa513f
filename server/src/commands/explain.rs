//! The server's errors in words.

use guicang_cli::texts::{failures, next};
use guicang_cli::{Exit, Explain, Failure, Language};

use crate::data::DataError;
use crate::hq::devices::WithdrawError;
use crate::hq::follow::FollowError;
use crate::hq::invoicing::ServiceError;
use crate::hq::payout::PayoutError;
use crate::hq::rail::RailError;
use crate::relay::{self, RelayError};
use guicang_cli::texts::{clones, hq as texts, hq_money as texts_money};

impl Explain for RelayError {
    fn explain(&self, l: Language, program: &str) -> Failure {
        match self {
            RelayError::Store(error) if relay::is_full(error) => {
                Failure::new(Exit::Other, failures::disk_full(l), next::make_room(l))
            }
            _ => Failure::new(Exit::Other, texts::relay_failed(l, self), next::doctor(l, program)),
        }
    }
}

impl Explain for DataError {
    fn explain(&self, l: Language, program: &str) -> Failure {
        match self {
            DataError::Founded { folder } => Failure::new(
                Exit::Refused,
                texts::already_founded(l, &folder.display()),
                texts::already_founded_next(l),
            ),
            DataError::NotFounded { folder } => Failure::new(
                Exit::Other,
                texts::not_founded(l, &folder.display()),
                texts::not_founded_next(l),
            ),
            DataError::Folder { folder, source } => Failure::new(
                Exit::Other,
                texts::folder_unusable(l, &folder.display(), source),
                texts::folder_next(l),
            ),
            DataError::Secret { folder } => Failure::new(
                Exit::Refused,
                clones::other_secret(l, &folder.display().to_string()),
                clones::no_secret_next(l),
            ),
            DataError::Backup(error) => error.explain(l, program),
            DataError::Grant(error) => {
                Failure::new(Exit::Other, texts::follow_failed(l, error), next::doctor(l, program))
            }
            DataError::Relay(error) => error.explain(l, program),
            DataError::Replica(error) => error.explain(l, program),
        }
    }
}

impl Explain for FollowError {
    fn explain(&self, l: Language, program: &str) -> Failure {
        match self {
            FollowError::Store(error) => error.explain(l, program),
            FollowError::Command(error) => error.explain(l, program),
            other => Failure::new(Exit::Other, texts::follow_failed(l, other), next::doctor(l, program)),
        }
    }
}

impl Explain for WithdrawError {
    fn explain(&self, l: Language, program: &str) -> Failure {
        match self {
            WithdrawError::Unknown { code } => {
                Failure::new(Exit::Refused, texts::unknown_device(l, code), texts::devices_next(l))
            }
            WithdrawError::Replica(error) => {
                Failure::new(Exit::Other, texts::follow_failed(l, error), next::doctor(l, program))
            }
        }
    }
}

impl Explain for RailError {
    fn explain(&self, l: Language, _: &str) -> Failure {
        Failure::new(Exit::Other, texts::rail_failed(l, &self.detail), texts::payout_again(l))
    }
}

impl Explain for ServiceError {
    fn explain(&self, l: Language, _: &str) -> Failure {
        Failure::new(
            Exit::Other,
            texts_money::service_failed(l, &self.detail),
            texts_money::invoice_run_next(l),
        )
    }
}

impl Explain for PayoutError {
    fn explain(&self, l: Language, program: &str) -> Failure {
        match self {
            PayoutError::Held { until } => Failure::new(
                Exit::Unreachable,
                texts::payout_held(l, &until.to_rfc3339()),
                texts::payout_again(l),
            ),
            PayoutError::Replica(error) => error.explain(l, program),
            PayoutError::Follow(error) => error.explain(l, program),
            PayoutError::Relay(error) => error.explain(l, program),
        }
    }
}
