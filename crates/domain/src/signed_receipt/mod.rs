//! A signed receipt (签名小票): what a till sold, as a text short enough for a QR code, with the signature of
//! a device of the selling site. Who holds it can bring the goods back to any branch of the chain, also
//! where nobody has heard of the sale and no line is up.
//!
//! ```text
//!   GC1: letters( CBOR [ body, signature, reprint? ] )      reprint = [ body, signature ]
//! ```
//!
//! What surprises: a text can be copied, and nothing in it prevents that. It proves what was sold, never what
//! has come back since: that is only known to whoever printed it last ([`Printing`]). Nor is what an article
//! cost in it: the customer carries it about. A branch that isn't the seller's can't sign for the sale anew;
//! it *countersigns* what is left around the seller's signature. Any device is heeded about that, since it can
//! only make less of the right that the seller signed.
//!
//! Nothing here checks a signature: that needs the organisation's grants, and is the replica's.

mod letters;
mod body;

use std::fmt;

use crate::ids::{DeviceCode, DeviceId, Lot, OrganisationId, ReceiptId, ReceiptLineId, SiteId, Sku, Tender};
use crate::money::{Amount, Currency, UnitPrice};
use crate::quantity::Quantity;
use crate::time::{Moment, Occurred};

/// What every text begins with.
pub const PREFIX: &str = "GC1:";
/// The most letters that a QR code holds (version 40, level L, alphanumeric: ISO/IEC 18004).
pub const MAX_LETTERS: usize = 4296;
/// The tag under which a sale is signed.
pub const RECEIPT_TAG: &[u8] = b"guicang/receipt/1";
/// The tag under which what is left of it is countersigned.
pub const REPRINT_TAG: &[u8] = b"guicang/receipt-reprint/1";

/// What the seller's device says of a sale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptFacts {
    /// The first four bytes of the organisation's id: enough to name a stranger's paper. The signature covers
    /// all of it.
    pub organisation: [u8; 4],
    /// The device that signs.
    pub signer: DeviceId,
    /// The receipt.
    pub receipt: ReceiptId,
    /// When it was closed: the window counts from there.
    pub occurred: Occurred,
    /// The currency of all its amounts.
    pub currency: Currency,
    /// The version of the policy that was in force then. For people: a return is judged by the version of its
    /// own day, as one at the selling branch is.
    pub policy: String,
    /// What was sold, in the order of the paper; at least one.
    pub lines: Vec<ReceiptFactsLine>,
    /// What was paid by which means, a means once; empty when nobody recorded it.
    pub tenders: Vec<(Tender, Amount)>,
    /// What had come back when it was signed.
    pub printing: Printing,
}

/// A line of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptFactsLine {
    /// Which row of the receipt it is.
    pub line: ReceiptLineId,
    /// The article.
    pub sku: Sku,
    /// How much was sold; above zero.
    pub quantity: Quantity,
    /// What was paid for it.
    pub paid: Amount,
    /// Never in stock.
    pub service: bool,
    /// The list price of one; of a gift only, which is charged at it where it stays.
    pub list_price: Option<UnitPrice>,
    /// The lot that was sold.
    pub lot: Option<Lot>,
    /// Lines of one group belong together.
    pub group: Option<u32>,
}

/// What had come back when the text was made, as known to whoever made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Printing {
    /// Which printing it is; the first has 1, and each after a return one more than the one that was
    /// presented.
    pub number: u32,
    /// What came back, and what was owed for it, of each line in order.
    pub returned: Vec<(Quantity, Amount)>,
    /// What was refunded by each tender, in order.
    pub refunded: Vec<Amount>,
}

impl Printing {
    /// The first, of so many lines and tenders: nothing has come back.
    pub fn first(lines: usize, tenders: usize) -> Self {
        Self {
            number: 1,
            returned: vec![(Quantity::ZERO, Amount::ZERO); lines],
            refunded: vec![Amount::ZERO; tenders],
        }
    }

    /// Whether nothing has come back, and nothing was refunded.
    pub fn is_whole(&self) -> bool {
        let nothing =
            |(quantity, amount): &(Quantity, Amount)| *quantity == Quantity::ZERO && *amount == Amount::ZERO;
        self.returned.iter().all(nothing) && self.refunded.iter().all(|amount| *amount == Amount::ZERO)
    }

    /// The more of both, line by line and tender by tender. What each of them knows may be the same goods: at
    /// least so much has come back. The later number stands.
    pub fn merged(&self, other: &Self) -> Self {
        let more = |(a, b): (&(Quantity, Amount), &(Quantity, Amount))| (a.0.max(b.0), a.1.max(b.1));
        Self {
            number: self.number.max(other.number),
            returned: self.returned.iter().zip(&other.returned).map(more).collect(),
            refunded: self.refunded.iter().zip(&other.refunded).map(|(a, b)| *a.max(b)).collect(),
        }
    }

    /// With what one more return took.
    pub fn plus(&self, taken: &Self) -> Self {
        let both = |(a, b): (&(Quantity, Amount), &(Quantity, Amount))| (a.0 + b.0, a.1 + b.1);
        Self {
            number: self.number,
            returned: self.returned.iter().zip(&taken.returned).map(both).collect(),
            refunded: self.refunded.iter().zip(&taken.refunded).map(|(a, b)| *a + *b).collect(),
        }
    }
}

/// What is left, as another device than the seller's countersigned it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reprint {
    /// The device.
    pub signer: DeviceId,
    /// What had come back by then.
    pub printing: Printing,
    body: Vec<u8>,
    /// Over [`SignedReceipt::reprint_message`], under [`REPRINT_TAG`].
    pub signature: [u8; 64],
}

/// A signed receipt. Says nothing of whether its signatures hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedReceipt {
    facts: ReceiptFacts,
    body: Vec<u8>,
    signature: [u8; 64],
    reprint: Option<Reprint>,
}

impl SignedReceipt {
    /// Signs a sale: `sign` gets the message that [`RECEIPT_TAG`] goes with.
    ///
    /// # Errors
    /// [`ReceiptCodeError::TooLong`] when a QR code couldn't hold it.
    pub fn sign(
        organisation: OrganisationId,
        facts: ReceiptFacts,
        sign: impl FnOnce(&[u8]) -> [u8; 64],
    ) -> Result<Self, ReceiptCodeError> {
        let body = body::write(&facts);
        let signature = sign(&message(organisation, &[&body]));
        Self { facts, body, signature, reprint: None }.fitting()
    }

    /// Countersigns what is left around the seller's signature, in place of an earlier countersignature.
    ///
    /// # Errors
    /// [`ReceiptCodeError::TooLong`] when a QR code couldn't hold it.
    pub fn countersign(
        &self,
        organisation: OrganisationId,
        signer: DeviceId,
        printing: Printing,
        sign: impl FnOnce(&[u8]) -> [u8; 64],
    ) -> Result<Self, ReceiptCodeError> {
        let body = body::write_reprint(signer, &printing);
        let signature = sign(&message(organisation, &[&self.signature, &body]));
        let reprint = Reprint { signer, printing, body, signature };
        Self { reprint: Some(reprint), ..self.clone() }.fitting()
    }

    /// Reads a text. Blanks in it and small letters do no harm.
    ///
    /// # Errors
    /// [`ReceiptCodeError`]: not one of ours, of a newer version, too long, damaged.
    pub fn parse(text: &str) -> Result<Self, ReceiptCodeError> {
        let text = text.trim();
        let head: String = text.chars().take(PREFIX.len()).collect::<String>().to_ascii_uppercase();
        if head != PREFIX {
            let newer = text.get(..2).is_some_and(|p| p.eq_ignore_ascii_case("GC"));
            let version = text.get(2..).and_then(|rest| rest.split_once(':')).map(|(version, _)| version);
            return Err(match version.and_then(|v| v.parse::<u32>().ok()).filter(|v| newer && *v > 1) {
                Some(version) => ReceiptCodeError::Newer { found: version, reads: 1 },
                None => ReceiptCodeError::NotOurs { found: text.chars().take(12).collect() },
            });
        }
        // The prefix is ASCII, so its bytes are as many as its letters.
        let rest = &text[PREFIX.len()..];
        let letters = rest.chars().filter(|c| !c.is_whitespace()).count();
        if letters + PREFIX.len() > MAX_LETTERS {
            return Err(ReceiptCodeError::TooLong { letters: letters + PREFIX.len(), most: MAX_LETTERS });
        }
        let bytes = letters::from_letters(rest).map_err(|e| {
            damaged(match e {
                letters::NotLetters::Letter(found) => format!("{found:?} is no letter of a signed receipt"),
                letters::NotLetters::Group => {
                    "a letter is missing, or another one stands in its place".into()
                }
            })
        })?;
        Self::from_bytes(&bytes)
    }

    /// Reads the bytes that [`SignedReceipt::proof`] gave.
    ///
    /// # Errors
    /// [`ReceiptCodeError::Damaged`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ReceiptCodeError> {
        let envelope = body::read_envelope(bytes)?;
        let facts = body::read(&envelope.body)?;
        let reprint = match envelope.reprint {
            Some(signed) => {
                let (signer, printing) = body::read_reprint(&signed.body, &facts)?;
                Some(Reprint { signer, printing, body: signed.body, signature: signed.signature })
            }
            None => None,
        };
        Ok(Self { facts, body: envelope.body, signature: envelope.signature, reprint })
    }

    /// The seller's part, as bytes: what a return carries to prove its sale by.
    pub fn proof(&self) -> Vec<u8> {
        body::write_envelope(&self.body, &self.signature, None)
    }

    /// What the seller says.
    pub fn facts(&self) -> &ReceiptFacts {
        &self.facts
    }

    /// What another device has countersigned since.
    pub fn reprint(&self) -> Option<&Reprint> {
        self.reprint.as_ref()
    }

    /// What had come back when this text was made.
    pub fn printing(&self) -> &Printing {
        self.reprint.as_ref().map_or(&self.facts.printing, |r| &r.printing)
    }

    /// What the seller's device signed, under [`RECEIPT_TAG`].
    pub fn message(&self, organisation: OrganisationId) -> Vec<u8> {
        message(organisation, &[&self.body])
    }

    /// The seller's signature.
    pub fn signature(&self) -> [u8; 64] {
        self.signature
    }

    /// What a countersigning device signed, under [`REPRINT_TAG`].
    pub fn reprint_message(&self, organisation: OrganisationId, reprint: &Reprint) -> Vec<u8> {
        message(organisation, &[&self.signature, &reprint.body])
    }

    fn fitting(self) -> Result<Self, ReceiptCodeError> {
        let letters = self.to_string().len();
        if letters > MAX_LETTERS {
            return Err(ReceiptCodeError::TooLong { letters, most: MAX_LETTERS });
        }
        Ok(self)
    }
}

impl fmt::Display for SignedReceipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reprint = self.reprint.as_ref().map(|r| (r.body.as_slice(), &r.signature));
        let bytes = body::write_envelope(&self.body, &self.signature, reprint);
        write!(f, "{PREFIX}{}", letters::to_letters(&bytes))
    }
}

/// What a signature covers: the whole organisation, then the parts.
fn message(organisation: OrganisationId, parts: &[&[u8]]) -> Vec<u8> {
    [&organisation.0[..]].iter().chain(parts).copied().flatten().copied().collect()
}

fn damaged(detail: impl fmt::Display) -> ReceiptCodeError {
    ReceiptCodeError::Damaged { detail: detail.to_string() }
}

/// Why a signed receipt proves nothing here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptCodeError {
    /// It is something else.
    #[error("{found:?} is no signed receipt: those begin with GC1:")]
    NotOurs {
        /// How it begins.
        found: String,
    },
    /// A newer program made it.
    #[error("the signed receipt has version {found}; this program reads version {reads}")]
    Newer {
        /// Its version.
        found: u32,
        /// The newest that this program reads.
        reads: u32,
    },
    /// No QR code holds so much.
    #[error("a signed receipt of {letters} letters; a QR code holds {most}")]
    TooLong {
        /// How many letters it has.
        letters: usize,
        /// How many it may have.
        most: usize,
    },
    /// It can't be read, or says what can't be.
    #[error("the signed receipt is damaged: {detail}")]
    Damaged {
        /// What is wrong.
        detail: String,
    },
    /// Another organisation's.
    #[error("the signed receipt is of another organisation ({found})")]
    OtherOrganisation {
        /// The beginning of that one's id.
        found: String,
    },
    /// No grant for the device is known here.
    #[error("the signed receipt of {site} was signed by device {device}, which is not known here")]
    UnknownDevice {
        /// The device.
        device: DeviceId,
        /// The site that sold.
        site: SiteId,
    },
    /// The device is another site's.
    #[error("device {device} may not sign receipts of {site}")]
    NotEntitled {
        /// Its short code.
        device: DeviceCode,
        /// The site that sold.
        site: SiteId,
    },
    /// HQ had withdrawn the device.
    #[error("device {device}, which signed the receipt, was withdrawn")]
    Withdrawn {
        /// Its short code.
        device: DeviceCode,
        /// When.
        since: Moment,
    },
    /// What is signed isn't what stands there.
    #[error("the signature on the receipt is not that of device {device}")]
    Signature {
        /// The device's short code.
        device: DeviceCode,
    },
}

#[cfg(test)]
mod tests;
