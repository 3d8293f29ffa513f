//! Answers to branches that ask HQ to keep return rights for them.
//!
//! What surprises: two HQs that both answered could keep the same goods for two branches. So whoever answers holds
//! the lease, and what it says is sent under its fencing number. Processes on one file take turns at that file
//! anyway: the lease is the device's, and no two of them are told apart.

use guicang_domain::time::Moment;
use guicang_replica::{HoldRow, Replica};

use super::follow::FollowError;
use super::payout::LEASE_TTL_MS;
use crate::relay::lease::{Holder, Lease};
use crate::relay::link::{LinkError, LocalLink};

/// What was answered, and under which number it is to be sent.
pub struct Answered {
    /// The fencing number.
    pub fence: u64,
    /// The holds, with what HQ said.
    pub holds: Vec<HoldRow>,
}

/// Answers who asks; `None` where nobody does, or another process has the lease: it is asked again soon.
///
/// # Errors
/// [`FollowError`]; nothing is answered then.
pub fn answer(
    replica: &mut Replica,
    link: &LocalLink,
    now: &dyn Fn() -> Moment,
) -> Result<Option<Answered>, FollowError> {
    if !replica.holds_are_asked()? {
        return Ok(None);
    }
    match link.relay().take_lease(holder(replica), LEASE_TTL_MS, now()).map_err(LinkError::from)? {
        Lease::Held { .. } => Ok(None),
        Lease::Taken { fence, .. } => {
            let holds = replica.answer_holds()?;
            if holds.is_empty() {
                done(replica, link, now)?;
                return Ok(None);
            }
            Ok(Some(Answered { fence, holds }))
        }
    }
}

/// Gives the lease back once the answers were sent.
///
/// # Errors
/// [`FollowError`] of the relay's file.
pub fn done(replica: &Replica, link: &LocalLink, now: &dyn Fn() -> Moment) -> Result<(), FollowError> {
    Ok(link.relay().release_lease(holder(replica), now()).map_err(LinkError::from)?)
}

fn holder(replica: &Replica) -> Holder {
    Holder(replica.identity().device.0)
}
