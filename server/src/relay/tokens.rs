//! Signing in: challenges given out and tokens in force, in memory only.
//!
//! What surprises: nothing here says what a device may do. A token tells who it is; its right is looked
//! up at each request, so that a revoked device is out at once. A restart forgets all tokens, and the
//! devices sign in anew.

use std::collections::HashMap;
use std::sync::Mutex;

use guicang_domain::ids::DeviceId;
use guicang_domain::time::Moment;

use super::lock;

/// How long a challenge may be answered: one minute.
const CHALLENGE_TTL_MS: i64 = 60_000;

/// How long a token is good: 15 minutes.
pub const TOKEN_TTL_MS: i64 = 15 * 60_000;

/// The most challenges and tokens that are kept, each; beyond it nobody new is served until some
/// expire. 100 bytes each.
const KEPT_MAX: usize = 200_000;

/// Challenges and tokens.
#[derive(Default)]
pub struct Tokens {
    challenges: Mutex<Expiring>,
    tokens: Mutex<Expiring>,
}

/// Too many are waiting to be answered, or signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many devices are signing in")]
pub struct Full;

#[derive(Default)]
struct Expiring {
    all: HashMap<[u8; 32], (DeviceId, Moment)>,
    swept: Moment,
}

impl Expiring {
    fn add(&mut self, key: [u8; 32], device: DeviceId, until: Moment, now: Moment) -> Result<(), Full> {
        // Sweeping takes as long as there are entries, so it is done once a minute, or when full.
        if now.0 - self.swept.0 >= CHALLENGE_TTL_MS || self.all.len() >= KEPT_MAX {
            self.all.retain(|_, (_, until)| *until > now);
            self.swept = now;
        }
        if self.all.len() >= KEPT_MAX {
            return Err(Full);
        }
        self.all.insert(key, (device, until));
        Ok(())
    }
}

impl Tokens {
    /// Gives a challenge out. `nonce` must be random.
    ///
    /// # Errors
    /// [`Full`].
    pub fn challenge(&self, device: DeviceId, nonce: [u8; 32], now: Moment) -> Result<(), Full> {
        lock(&self.challenges).add(nonce, device, now.plus_ms(CHALLENGE_TTL_MS), now)
    }

    /// Whether the challenge was given to the device, and not answered yet. From now on it is.
    pub fn answered(&self, device: DeviceId, nonce: &[u8; 32], now: Moment) -> bool {
        let given = lock(&self.challenges).all.remove(nonce);
        given.is_some_and(|(to, until)| to == device && now < until)
    }

    /// Puts a token in force; answers when it expires. `token` must be random.
    ///
    /// # Errors
    /// [`Full`].
    pub fn issue(&self, device: DeviceId, token: [u8; 32], now: Moment) -> Result<Moment, Full> {
        let until = now.plus_ms(TOKEN_TTL_MS);
        lock(&self.tokens).add(token, device, until, now)?;
        Ok(until)
    }

    /// Whose token it is; none: nobody's, or expired.
    pub fn device(&self, token: &[u8; 32], now: Moment) -> Option<DeviceId> {
        self.holder(token, now).map(|(device, _)| device)
    }

    /// The same, with when it expires.
    pub fn holder(&self, token: &[u8; 32], now: Moment) -> Option<(DeviceId, Moment)> {
        let (device, until) = *lock(&self.tokens).all.get(token)?;
        (now < until).then_some((device, until))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_answered_once_in_time_and_by_whom_it_was_given_to() {
        let (alice, bob) = (DeviceId([1; 16]), DeviceId([2; 16]));
        let tokens = Tokens::default();
        let given = |nonce| tokens.challenge(alice, nonce, Moment(0)).unwrap();
        given([1; 32]);
        assert!(tokens.answered(alice, &[1; 32], Moment(5)));
        assert!(!tokens.answered(alice, &[1; 32], Moment(5)));
        given([2; 32]);
        assert!(!tokens.answered(bob, &[2; 32], Moment(5)));
        given([3; 32]);
        assert!(!tokens.answered(alice, &[3; 32], Moment(CHALLENGE_TTL_MS)));
    }

    #[test]
    fn a_token_expires() {
        let alice = DeviceId([1; 16]);
        let tokens = Tokens::default();
        let until = tokens.issue(alice, [7; 32], Moment(0)).unwrap();
        assert_eq!(tokens.device(&[7; 32], Moment(until.0 - 1)), Some(alice));
        assert_eq!(tokens.device(&[7; 32], until), None);
        assert_eq!(tokens.device(&[8; 32], Moment(0)), None);
    }
}
