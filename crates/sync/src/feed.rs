//! Feeds: what a relay shows to whom, in dense order; cursors: how far a reader is; epochs: which
//! life of the relay the positions belong to.

use std::fmt;
use std::str::FromStr;

use guicang_domain::ids::{IdError, SiteId};
use minicbor::{Decode, Encode};

use crate::sum::RunningSum;

/// A sequence of changes and grants, each at a position counted from 1 without gaps.
///
/// In text `log`, `org`, `site/S01`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(flat)]
pub enum Feed {
    /// Every change of the organisation once, in order of acceptance: HQ follows this.
    #[n(0)]
    Log,
    /// Master data and grants: every device follows this.
    #[n(1)]
    Org,
    /// The changes of documents that concern a site.
    #[n(2)]
    Site(#[n(0)] SiteId),
}

/// How far a reader is in a feed.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Cursor {
    /// The feed.
    #[n(0)]
    pub feed: Feed,
    /// The position of the last item held; 0 before the first.
    #[n(1)]
    pub position: u64,
    /// The running sum of the hashes of all items up to `position`.
    #[n(2)]
    pub sum: RunningSum,
}

impl Cursor {
    /// Before a feed's first item.
    pub fn start(feed: Feed) -> Self {
        Self { feed, position: 0, sum: RunningSum::ZERO }
    }
}

/// A relay's life: random, made anew when its log is made or restored from a backup. Positions and
/// sums are comparable only within one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub [u8; 16]);

impl fmt::Display for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Log => f.write_str("log"),
            Self::Org => f.write_str("org"),
            Self::Site(site) => write!(f, "site/{site}"),
        }
    }
}

impl FromStr for Feed {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        match (text, text.strip_prefix("site/")) {
            ("log", _) => Ok(Self::Log),
            ("org", _) => Ok(Self::Org),
            (_, Some(site)) => Ok(Self::Site(site.parse()?)),
            _ => Err(IdError {
                what: "feed",
                found: text.chars().take(80).collect(),
                wanted: "log, org or site/SITE",
            }),
        }
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

impl fmt::Debug for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Epoch({self})")
    }
}

impl<C> Encode<C> for Epoch {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.bytes(&self.0)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Epoch {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let at = d.position();
        let bytes = d.bytes()?.try_into();
        bytes.map(Self).map_err(|_| minicbor::decode::Error::message("an epoch has 16 bytes").at(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn feeds_read_back_from_text() {
        for feed in [Feed::Log, Feed::Org, Feed::Site("United Kingdom".parse().unwrap())] {
            assert_eq!(feed.to_string().parse(), Ok(feed));
        }
        assert!("site/".parse::<Feed>().is_err());
        assert!("everything".parse::<Feed>().is_err());
    }
}
