//! Whole documents by name: for a branch that let their changes go and needs them again.
//!
//! What surprises: there are no entries, signatures or stamps here. Who asks holds the hash of each change, and
//! what proves its author and time; bytes that have the hash are the change.

use guicang_domain::ids::DocumentId;
use minicbor::{Decode, Encode};

/// Where a [`DocumentsRequest`] is posted; answered with [`DocumentsAnswer`].
pub const DOCUMENTS_PATH: &str = "/v1/documents";

/// The most documents that are asked for at once.
pub const DOCUMENTS_AT_ONCE: usize = 256;

/// Asks for documents. The sender must be signed in.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct DocumentsRequest {
    /// Which.
    #[n(0)]
    pub documents: Vec<DocumentId>,
    /// How many bytes of changes the answer is to have at most, unless one document alone has more.
    #[n(1)]
    pub answer_limit_bytes: u32,
}

/// What was asked for, as far as it fits.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
#[cbor(map)]
pub struct DocumentsAnswer {
    /// In the request's order, without those that the relay lacks or the sender may not read.
    #[cbor(n(0), skip_if = "Vec::is_empty")]
    pub documents: Vec<DocumentChanges>,
    /// How many of the request's documents were looked at, from its beginning: the others didn't fit.
    #[n(1)]
    pub answered: u32,
}

/// A document's changes.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct DocumentChanges {
    /// Which.
    #[n(0)]
    pub document: DocumentId,
    /// Those that count, in order of acceptance.
    #[cbor(n(1), with = "raw_changes")]
    pub changes: Vec<Vec<u8>>,
}

/// Changes as byte strings.
mod raw_changes {
    use minicbor::bytes::ByteVec;
    use minicbor::decode::{Decoder, Error};
    use minicbor::encode::{self, Encoder, Write};

    pub fn encode<C, W: Write>(
        changes: &[Vec<u8>],
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        e.array(changes.len() as u64)?;
        changes.iter().try_for_each(|change| e.bytes(change).map(drop))
    }

    pub fn decode<C>(d: &mut Decoder<'_>, ctx: &mut C) -> Result<Vec<Vec<u8>>, Error> {
        let changes: Vec<ByteVec> = d.decode_with(ctx)?;
        Ok(changes.into_iter().map(Vec::from).collect())
    }
}
