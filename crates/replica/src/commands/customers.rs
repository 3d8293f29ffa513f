//! Customers' names and phones: sealed before they enter a document.
//!
//! The key is the customer's own and lives in a table of the replica, never in a document. The nonce
//! follows from the document, so it needn't be stored: a document's contact is written once, and each
//! document's nonce is another.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use guicang_domain::ids::{CustomerId, DocumentId};
use rusqlite::{OptionalExtension, params};
use sha2::{Digest, Sha256};

use crate::error::{CommandError, StoreError};
use crate::store::{Replica, Work};

/// How to reach a customer.
#[derive(Debug, Clone, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct Contact {
    /// Their name.
    #[n(0)]
    pub name: Option<String>,
    /// Their phone. Sealed as a number where its digits are all it is, in three bytes fewer.
    #[cbor(n(1), with = "digits")]
    pub phone: Option<String>,
}

/// A text, or a number where the text is just that number's digits.
mod digits {
    use minicbor::data::Type;
    use minicbor::decode::{self, Decoder};
    use minicbor::encode::{self, Encoder, Write};

    pub fn encode<Ctx, W: Write>(
        text: &Option<String>,
        e: &mut Encoder<W>,
        _: &mut Ctx,
    ) -> Result<(), encode::Error<W::Error>> {
        let Some(text) = text else { return e.null()?.ok() };
        match text.parse::<u64>() {
            Ok(number) if number.to_string() == *text => e.u64(number)?.ok(),
            _ => e.str(text)?.ok(),
        }
    }

    pub fn decode<Ctx>(d: &mut Decoder<'_>, _: &mut Ctx) -> Result<Option<String>, decode::Error> {
        match d.datatype()? {
            Type::Null => d.null().map(|()| None),
            Type::String => Ok(Some(d.str()?.to_owned())),
            _ => Ok(Some(d.u64()?.to_string())),
        }
    }
}

fn nonce(document: DocumentId) -> XNonce {
    let digest: [u8; 32] =
        Sha256::new().chain_update(b"guicang/contact/1").chain_update(document.to_bytes()).finalize().into();
    let bytes: [u8; 24] = digest[..24].try_into().expect("24 of 32 bytes");
    bytes.into()
}

impl Work<'_> {
    /// Seals a contact for a document under the customer's key, made when there is none. A customer
    /// without a number gets the opaque one that follows from the document.
    pub(super) fn seal_contact(
        &mut self,
        customer: Option<CustomerId>,
        document: DocumentId,
        contact: &Contact,
    ) -> Result<(CustomerId, Vec<u8>), CommandError> {
        let customer = customer.unwrap_or_else(|| CustomerId::of(document));
        let held: Option<[u8; 32]> = self
            .tx
            .prepare_cached("SELECT key FROM customer_key WHERE org = ? AND customer = ?")?
            .query_row(params![self.org, customer.as_str()], |r| r.get(0))
            .optional()?;
        let key = match held {
            Some(key) => key,
            None => {
                let key: [u8; 32] = self.ambient.bytes();
                self.tx
                    .prepare_cached("INSERT INTO customer_key (org, customer, key) VALUES (?,?,?)")?
                    .execute(params![self.org, customer.as_str(), key])?;
                key
            }
        };
        let plain = minicbor::to_vec(contact).expect("writing to memory");
        let sealed = XChaCha20Poly1305::new(&key.into())
            .encrypt(&nonce(document), Payload { msg: &plain, aad: b"" })
            .map_err(|_| StoreError::damaged("a customer's key", "it seals nothing"))?;
        Ok((customer, sealed))
    }

    /// Seals a document's contact anew for the identity that the document gets; `None` when its key isn't here.
    pub(crate) fn reseal_contact(
        &self,
        customer: &CustomerId,
        (old, new): (DocumentId, DocumentId),
        sealed: &[u8],
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let key: Option<[u8; 32]> = self
            .tx
            .prepare_cached("SELECT key FROM customer_key WHERE org = ? AND customer = ?")
            .and_then(|mut s| s.query_row(params![self.org, customer.as_str()], |r| r.get(0)).optional())
            .map_err(StoreError::of)?;
        let Some(key) = key else { return Ok(None) };
        let damaged = || StoreError::damaged("a sealed contact", old);
        let cipher = XChaCha20Poly1305::new(&key.into());
        let plain = cipher.decrypt(&nonce(old), Payload { msg: sealed, aad: b"" }).map_err(|_| damaged())?;
        cipher.encrypt(&nonce(new), Payload { msg: &plain, aad: b"" }).map(Some).map_err(|_| damaged())
    }
}

impl Replica {
    /// Opens a document's sealed contact; `None` when this replica doesn't hold the customer's key.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read, or the key doesn't open it.
    pub fn open_contact(
        &self,
        customer: &CustomerId,
        document: DocumentId,
        sealed: &[u8],
    ) -> Result<Option<Contact>, StoreError> {
        let key: Option<[u8; 32]> = self
            .db
            .prepare_cached("SELECT key FROM customer_key WHERE org = ? AND customer = ?")
            .and_then(|mut s| {
                s.query_row(params![self.identity.org, customer.as_str()], |r| r.get(0)).optional()
            })
            .map_err(StoreError::of)?;
        let Some(key) = key else { return Ok(None) };
        let damaged = || StoreError::damaged("a sealed contact", document);
        let plain = XChaCha20Poly1305::new(&key.into())
            .decrypt(&nonce(document), Payload { msg: sealed, aad: b"" })
            .map_err(|_| damaged())?;
        minicbor::decode(&plain).map(Some).map_err(|_| damaged())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a clerk typed comes out as it was typed: a leading zero, a plus, spaces, nothing.
    #[test]
    fn a_phone_is_kept_to_the_letter() {
        let phones = [
            "13812345678",
            "0",
            "021-6323 4567",
            "02163234567",
            "+8613812345678",
            "",
            "99999999999999999999",
        ];
        for phone in phones.map(|p| Some(p.to_owned())).into_iter().chain([None]) {
            let contact = Contact { name: Some("王芳".into()), phone };
            let sealed = minicbor::to_vec(&contact).unwrap();
            assert_eq!(minicbor::decode::<Contact>(&sealed).unwrap(), contact);
        }
        let mobile = Contact { name: None, phone: Some("13812345678".into()) };
        assert_eq!(minicbor::to_vec(&mobile).unwrap().len(), 11);
    }
}
