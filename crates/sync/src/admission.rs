//! Admissions: HQ's word that changes which were set apart for want of a right are to count.
//!
//! A fact like a grant: signed by one of HQ's devices, in the log and the feed `org`, never taken back.
//! What surprises: an admission changes nothing of a device's right. It names changes, so what the same
//! device sends next is set apart again. What stands is a function of the *set* of admissions: one that
//! came before its change is as good as one that came after.

use guicang_domain::ids::{ChangeHash, DeviceId, DocumentId, OrganisationId, UserName};
use guicang_domain::time::Moment;
use minicbor::{Decode, Encode};

use crate::digest;
use crate::grant::{GrantBook, Role};
use crate::keys::{DeviceKey, Signature, verify};

const ADMISSION: &[u8] = b"guicang/admission/1";
const SIGNED: &[u8] = b"guicang/signed-admission/1";

/// The most changes that one admission may name. A document has a few dozen.
pub const CHANGES_MAX: usize = 1024;
/// The most bytes that an admission's body may have: hashes, and a note of some length.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// What is admitted.
///
/// The bytes that were signed are kept as they are, so a later version may add fields.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Admission {
    /// The organisation.
    #[n(0)]
    pub organisation: OrganisationId,
    /// The document that they are changes of.
    #[n(1)]
    pub document: DocumentId,
    /// The changes; one at least, at most [`CHANGES_MAX`].
    #[n(2)]
    pub changes: Vec<ChangeHash>,
    /// When it was decided, by the clock of the device that signed.
    #[n(3)]
    pub decided: Moment,
    /// Who decided.
    #[n(4)]
    pub user: UserName,
    /// Why, in that person's words.
    #[n(5)]
    pub note: Option<String>,
}

/// An admission as it is stored and sent.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct SignedAdmission {
    /// The CBOR of an [`Admission`], as it was signed.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub body: Vec<u8>,
    /// The HQ device that signed it.
    #[n(1)]
    pub issuer: DeviceId,
    /// Of the body.
    #[n(2)]
    pub signature: Signature,
}

/// Why an admission is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdmissionError {
    /// The body is not an admission.
    #[error("the admission can't be read: {detail}")]
    Undecodable {
        /// What is wrong.
        detail: String,
    },
    /// For another organisation.
    #[error("the admission is for organisation {found}, this is {wanted}")]
    WrongOrganisation {
        /// Named by the admission.
        found: OrganisationId,
        /// Of the book.
        wanted: OrganisationId,
    },
    /// It names no change, or too many.
    #[error("the admission names {found} changes; wanted 1 to {CHANGES_MAX}")]
    Changes {
        /// How many.
        found: usize,
    },
    /// Who signed it isn't known as one of HQ's devices.
    #[error("the admission was signed by {issuer}, which is not one of HQ's devices")]
    NotEntitled {
        /// Who.
        issuer: DeviceId,
    },
    /// The issuer's key did not sign it.
    #[error("the signature on the admission is not that of {issuer}")]
    Signature {
        /// Whose it should be.
        issuer: DeviceId,
    },
}

impl SignedAdmission {
    /// Signs an admission as an HQ device.
    pub fn sign(key: &DeviceKey, admission: &Admission) -> Self {
        let body = digest::cbor(admission);
        let signature = key.sign(ADMISSION, &body);
        Self { body, issuer: key.device(), signature }
    }

    /// The admission's hash, over body, issuer and signature: what feeds and sums count it by.
    pub fn hash(&self) -> [u8; 32] {
        digest::tagged(SIGNED, &digest::cbor(self))
    }

    /// What is admitted. Says nothing of whether it counts.
    ///
    /// # Errors
    /// [`AdmissionError::Undecodable`], [`AdmissionError::Changes`].
    pub fn admission(&self) -> Result<Admission, AdmissionError> {
        let undecodable = |detail: String| AdmissionError::Undecodable { detail };
        if self.body.len() > MAX_BODY_BYTES {
            return Err(undecodable(format!("{} bytes, at most {MAX_BODY_BYTES}", self.body.len())));
        }
        let admission: Admission =
            crate::codec::exactly(&self.body).map_err(|e| undecodable(e.to_string()))?;
        match admission.changes.len() {
            1..=CHANGES_MAX => Ok(admission),
            found => Err(AdmissionError::Changes { found }),
        }
    }

    /// What is admitted, where it counts by these grants: one of HQ's devices signed it. Whether that
    /// device was withdrawn later is of no matter, as with all that HQ has written; a relay takes an
    /// admission only from a device of HQ's whose grant stands.
    ///
    /// # Errors
    /// [`AdmissionError`].
    pub fn check(&self, book: &GrantBook) -> Result<Admission, AdmissionError> {
        let admission = self.admission()?;
        if admission.organisation != book.organisation() {
            return Err(AdmissionError::WrongOrganisation {
                found: admission.organisation,
                wanted: book.organisation(),
            });
        }
        let issuer = self.issuer;
        match book.device(issuer) {
            Some(device) if device.grant.role == Role::Hq => {
                match verify(&device.grant.key, ADMISSION, &self.body, &self.signature) {
                    true => Ok(admission),
                    false => Err(AdmissionError::Signature { issuer }),
                }
            }
            _ => Err(AdmissionError::NotEntitled { issuer }),
        }
    }
}
