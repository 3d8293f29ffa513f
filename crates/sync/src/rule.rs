//! The rules by which a relay refuses or sets apart, by name.
//!
//! Names travel, are stored and shown; they never change. A name that a newer relay gives is kept as
//! it is ([`Rule::Other`]): an older device still shows it.

use std::fmt;
use std::str::FromStr;

use minicbor::{Decode, Encode};

macro_rules! rules {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// Why an entry or a change was refused or set apart. In text and CBOR its name.
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule {
            $($(#[$doc])* $variant,)*
            /// A rule of a newer version, by its name.
            Other(String),
        }

        impl Rule {
            /// All rules known here.
            pub const ALL: &'static [Rule] = &[$(Rule::$variant),*];

            /// Its name.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $name,)*
                    Self::Other(name) => name,
                }
            }
        }

        impl FromStr for Rule {
            type Err = RuleError;
            fn from_str(text: &str) -> Result<Self, RuleError> {
                let well_formed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
                match text {
                    $($name => Ok(Self::$variant),)*
                    _ if (1..=40).contains(&text.len()) && text.bytes().all(well_formed) => {
                        Ok(Self::Other(text.into()))
                    }
                    _ => Err(RuleError { found: text.chars().take(80).collect() }),
                }
            }
        }
    };
}

rules! {
    // Of an entry.
    /// The entry is not well-formed: an absent leaf's index is out of order or out of range, say. Of
    /// a change: it came without its bytes, or not as the start of a change.
    Malformed = "malformed",
    /// The signature is not the device's.
    Signature = "signature",
    /// No grant stands for the device.
    UnknownDevice = "unknown_device",
    /// The entry before it is missing.
    SequenceGap = "sequence_gap",
    /// Another entry has its number, or it follows another than the one held.
    Fork = "fork",

    // Of a change's bytes.
    /// Beyond the largest size of a change, or of an entry.
    TooLarge = "too_large",
    /// Not an Automerge change that can be read.
    Undecodable = "undecodable",
    /// The checksum with it, or the hash that Automerge reads, is not that of its content.
    Hash = "hash",

    // Of its place in the document's history.
    /// The actor has a change with this number in this document.
    DuplicateSeq = "duplicate_seq",
    /// The actor's change before this one is missing.
    SeqGap = "seq_gap",
    /// Its first operation is not numbered above all that it builds on, or beyond the range.
    StartOp = "start_op",
    /// The actor is another device's.
    ForeignActor = "foreign_actor",
    /// It refers to an actor that has no change in this document.
    UnknownActor = "unknown_actor",
    /// A change that it builds on is not held.
    MissingDependency = "missing_dependency",
    /// A change that it builds on was refused.
    DependsOnRefused = "depends_on_refused",
    /// It builds on nothing, but the document has a first change.
    SecondFirstChange = "second_first_change",

    // Of what the device may do.
    /// A document's first change by another than the device in the document's identity.
    ForeignDocument = "foreign_document",
    /// The document doesn't concern the device's site.
    ForeignSite = "foreign_site",
    /// The device may not add sites to this document, or not so many.
    Sites = "sites",
    /// A document without sites is master data, which HQ's devices alone write.
    MasterData = "master_data",
    /// A relay writes nothing.
    RelayWrites = "relay_writes",

    // What is set apart, not refused.
    /// The device's grant had ended.
    Withdrawn = "withdrawn",
    /// The device's grant begins later.
    NotYet = "not_yet",
    /// A change that it builds on is set apart.
    DependsOnApart = "depends_on_apart",
}

/// Why a text is no rule's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("rule: found {found:?}, wanted 1 to 40 of a-z, 0-9, '_'")]
pub struct RuleError {
    /// What was found, cut at 80 characters.
    pub found: String,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<C> Encode<C> for Rule {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.str(self.as_str())?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Rule {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let at = d.position();
        d.str()?.parse().map_err(|e| minicbor::decode::Error::custom(e).at(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// These names are stored and shown: they outlive every release.
    #[test]
    fn names_are_pinned() {
        let names: Vec<&str> = Rule::ALL.iter().map(Rule::as_str).collect();
        assert_eq!(
            names.join(" "),
            "malformed signature unknown_device sequence_gap fork too_large undecodable hash duplicate_seq \
             seq_gap start_op foreign_actor unknown_actor missing_dependency depends_on_refused \
             second_first_change foreign_document foreign_site sites master_data relay_writes withdrawn \
             not_yet depends_on_apart"
        );
        for rule in Rule::ALL {
            assert_eq!(rule.as_str().parse().as_ref(), Ok(rule));
        }
    }

    #[test]
    fn a_newer_versions_rule_is_kept_by_its_name() {
        assert_eq!("quota".parse(), Ok(Rule::Other("quota".into())));
        assert!("No Such Rule".parse::<Rule>().is_err());
        assert!("".parse::<Rule>().is_err());
    }
}
