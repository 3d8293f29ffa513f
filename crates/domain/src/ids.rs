//! The names of things: organisations, sites, devices, documents, lines, receipts.
//!
//! Each is a type of its own, parsed once where it enters and printed by `Display`. What surprises:
//! a *number* (`TH-S01A-000123`) is for people and never an identity; a document is known by who
//! made it and a UUIDv7, a receipt by (site, till, number), and a device by the hash of its key.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use minicbor::{Decode, Encode};

use crate::time::Recorded;

/// Why a text is not a name of the kind asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}: found {found:?}, wanted {wanted}")]
pub struct IdError {
    /// The kind of name, such as `site`.
    pub what: &'static str,
    /// What was found, cut at 80 characters.
    pub found: String,
    /// What would be right.
    pub wanted: &'static str,
}

impl IdError {
    fn new(what: &'static str, found: &str, wanted: &'static str) -> Self {
        Self { what, found: found.chars().take(80).collect(), wanted }
    }
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $what:literal, max $max:literal, $wanted:literal, |$c:ident| $ok:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Parses the text, with outer spaces removed.
            ///
            /// # Errors
            /// [`IdError`] when it is empty, too long, or has a character that isn't allowed.
            pub fn new(text: &str) -> Result<Self, IdError> {
                let text = text.trim();
                let allowed = |$c: char| $ok;
                if text.is_empty() || text.len() > $max || !text.chars().all(allowed) {
                    return Err(IdError::new($what, text, $wanted));
                }
                Ok(Self(text.into()))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::new(text)
            }
        }

        impl<C> Encode<C> for $name {
            fn encode<W: minicbor::encode::Write>(
                &self,
                e: &mut minicbor::Encoder<W>,
                _: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                e.str(&self.0)?.ok()
            }
        }

        impl<'b, C> Decode<'b, C> for $name {
            fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
                let at = d.position();
                Self::new(d.str()?).map_err(|e| minicbor::decode::Error::custom(e).at(at))
            }
        }
    };
}

text_id! {
    /// A branch's or warehouse's own code, such as `S01` or `United Kingdom`.
    ///
    /// 1 to 40 bytes; no `/` (it separates the parts of a receipt) and no control characters.
    SiteId, "site", max 40, "1 to 40 bytes without '/' or control characters",
    |c| c != '/' && !c.is_control()
}
text_id! {
    /// A device's short code, unique in its organisation, given by HQ in the device's grant: `S01A`.
    DeviceCode, "device code", max 8, "1 to 8 of A-Z and 0-9",
    |c| c.is_ascii_uppercase() || c.is_ascii_digit()
}
text_id! {
    /// An article as the chain keeps stock of it. Always upper case; see [`Sku::of`].
    Sku, "SKU", max 64, "1 to 64 bytes without control characters",
    |c| !c.is_control()
}
text_id! {
    /// A batch of an article as its maker or the shop marks it.
    Lot, "lot", max 40, "1 to 40 bytes without control characters",
    |c| !c.is_control()
}
text_id! {
    /// A person who works here, as they sign in.
    UserName, "user", max 40, "1 to 40 bytes without control characters",
    |c| !c.is_control()
}
text_id! {
    /// A supplier's code, given by HQ: `YW1`. Older records may hold a name in its place.
    SupplierCode, "supplier", max 80, "1 to 80 bytes without control characters",
    |c| !c.is_control()
}
text_id! {
    /// A till within its site.
    TillId, "till", max 24, "1 to 24 bytes without '/' or control characters",
    |c| c != '/' && !c.is_control()
}
text_id! {
    /// A receipt's number as its till printed it.
    ReceiptNumber, "receipt number", max 40, "1 to 40 bytes without '/' or control characters",
    |c| c != '/' && !c.is_control()
}
text_id! {
    /// A line within its receipt: its row number (`3`), or for tills that print none `c` and 16
    /// letters made of the row's content and its occurrence ([`ReceiptLineId::of_content`]).
    ReceiptLineId, "receipt line", max 24, "a row number, or c and 16 letters",
    |c| c.is_ascii_alphanumeric()
}
text_id! {
    /// A line within its document: short, since identities don't compress (`1`, `2`, ...).
    LineId, "line", max 16, "1 to 16 of letters, digits, '.', '@'",
    |c| c.is_ascii_alphanumeric() || c == '.' || c == '@'
}
text_id! {
    /// A part of a line's quantity that goes its own way: `1.2`, the second part of line 1.
    ///
    /// A device that did not make the document adds its code (`1.3@S02A`), so that two devices
    /// that split a line while apart never name two parts alike.
    PartId, "part", max 32, "1 to 32 of letters, digits, '.', '@'",
    |c| c.is_ascii_alphanumeric() || c == '.' || c == '@'
}
text_id! {
    /// A member's number. Opaque: it says nothing of who the person is.
    CustomerId, "customer", max 40, "1 to 40 bytes without control characters",
    |c| !c.is_control()
}
text_id! {
    /// A reason's code in the organisation's list, such as `defective`.
    ReasonCode, "reason", max 40, "1 to 40 of a-z, 0-9, '_', '-'",
    |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-'
}
text_id! {
    /// How money went: `cash`, `wechat`, `alipay`, `card`, `points`, `credit`, `unknown`, ...
    Tender, "tender", max 24, "1 to 24 of a-z, 0-9, '_'",
    |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'
}
text_id! {
    /// A document's number for people, such as `TH-S01A-000123`. Unique without asking, but never
    /// an identity: a device restored from a backup can give the same one again.
    Number, "number", max 40, "1 to 40 letters, digits and '-'",
    |c| c.is_ascii_alphanumeric() || c == '-'
}
text_id! {
    /// A refund's number, as the payment rail knows it. 26 letters, made by [`RefundNumber::of`].
    RefundNumber, "refund number", max 64, "1 to 64 of 0-9 A-Z a-z - _",
    |c| c.is_ascii_alphanumeric() || c == '-' || c == '_'
}

impl Sku {
    /// The SKU of a code as written: outer spaces removed, in upper case.
    ///
    /// # Errors
    /// As [`Sku::new`].
    pub fn of(written: &str) -> Result<Self, IdError> {
        Self::new(&written.trim().to_uppercase())
    }
}

impl Tender {
    /// Cash: the only tender that a branch pays out by itself.
    pub fn cash() -> Self {
        Self("cash".into())
    }

    /// How money went when nobody recorded it (imported history).
    pub fn unknown() -> Self {
        Self("unknown".into())
    }

    /// Store credit: a promise to the customer, kept by whoever holds the return that gave it.
    pub fn credit() -> Self {
        Self("credit".into())
    }

    /// What a till takes for goods that came back, where it rings up the exchange itself.
    pub fn exchange() -> Self {
        Self("exchange".into())
    }

    /// Whether a payment rail at HQ pays it out, rather than a person at the counter.
    pub fn is_electronic(&self) -> bool {
        matches!(self.as_str(), "wechat" | "alipay" | "card" | "unionpay" | "digital_rmb")
    }
}

impl ReceiptLineId {
    /// The line of a row that carries its number, counted from 1.
    pub fn of_number(number: u32) -> Self {
        Self(number.to_string().into())
    }

    /// The line of a row that carries no number: what it says, and which of its equals it is.
    ///
    /// `content` is the row's identifying columns; `occurrence` counts equal rows from 1. 80 bits
    /// of SHA-256: within one receipt that is more than enough.
    pub fn of_content(content: &[&[u8]], occurrence: u32) -> Self {
        use sha2::Digest;
        let mut hash = sha2::Sha256::new();
        hash.update(b"guicang/receipt-line/1");
        for column in content {
            hash.update((column.len() as u32).to_be_bytes());
            hash.update(column);
        }
        hash.update(occurrence.to_be_bytes());
        let digest: [u8; 32] = hash.finalize().into();
        Self(format!("c{}", base32(&digest[..10])).into())
    }
}

impl LineId {
    /// The `n`th line of a document, counted from 1.
    pub fn nth(n: usize) -> Self {
        Self(n.to_string().into())
    }
}

impl CustomerId {
    /// The number of a customer whom only this document knows: opaque, and told by the document itself.
    ///
    /// 80 bits of SHA-256 in base 32, after a `k`.
    pub fn of(document: DocumentId) -> Self {
        use sha2::Digest;
        let mut hash = sha2::Sha256::new();
        hash.update(b"guicang/customer/1");
        hash.update(document.to_bytes());
        let digest: [u8; 32] = hash.finalize().into();
        Self(format!("k{}", base32(&digest[..10])).into())
    }
}

impl RefundNumber {
    /// The number under which a return's refund by a tender is paid, however often it is tried and
    /// by whom: the rail itself then refuses a second payout.
    ///
    /// `attempt_group` grows only when the rail has said for good that the earlier one failed.
    pub fn of(document: DocumentId, tender: &Tender, attempt_group: u32) -> Self {
        use sha2::Digest;
        let mut hash = sha2::Sha256::new();
        hash.update(b"guicang/refund/1");
        hash.update(document.to_bytes());
        hash.update(tender.as_str().as_bytes());
        hash.update(attempt_group.to_be_bytes());
        let digest: [u8; 32] = hash.finalize().into();
        Self(base32(&digest[..16]).to_uppercase().into())
    }
}

macro_rules! bytes_id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $len:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $len]);

        impl $name {
            /// The bytes, when there are exactly as many as this name has.
            ///
            /// # Errors
            /// [`IdError`] when the length differs.
            pub fn from_slice(bytes: &[u8]) -> Result<Self, IdError> {
                Ok(Self(bytes.try_into().map_err(|_| {
                    IdError::new($what, &format!("{} bytes", bytes.len()), concat!($len, " bytes"))
                })?))
            }
        }

        impl AsRef<[u8]> for $name {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                let wrong = || IdError::new($what, text, concat!($len, " bytes in hexadecimal"));
                if text.len() != 2 * $len || !text.is_ascii() {
                    return Err(wrong());
                }
                let mut bytes = [0; $len];
                for (i, byte) in bytes.iter_mut().enumerate() {
                    *byte = u8::from_str_radix(&text[2 * i..2 * i + 2], 16).map_err(|_| wrong())?;
                }
                Ok(Self(bytes))
            }
        }

        impl<C> Encode<C> for $name {
            fn encode<W: minicbor::encode::Write>(
                &self,
                e: &mut minicbor::Encoder<W>,
                _: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                e.bytes(&self.0)?.ok()
            }
        }

        impl<'b, C> Decode<'b, C> for $name {
            fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
                let at = d.position();
                Self::from_slice(d.bytes()?).map_err(|e| minicbor::decode::Error::custom(e).at(at))
            }
        }
    };
}

bytes_id! {
    /// An organisation: the first 16 bytes of the SHA-256 of its public key.
    OrganisationId, "organisation", 16
}
bytes_id! {
    /// A device: the first 16 bytes of the SHA-256 of its public key. So a device can't claim
    /// another's name without its key.
    DeviceId, "device", 16
}
bytes_id! {
    /// An Ed25519 public key.
    PublicKey, "public key", 32
}
bytes_id! {
    /// The hash of an Automerge change: SHA-256, as Automerge computes it.
    ChangeHash, "change", 32
}
bytes_id! {
    /// The hash of a journal entry.
    EntryHash, "entry", 32
}

impl PublicKey {
    fn digest16(&self, domain: &[u8]) -> [u8; 16] {
        use sha2::Digest;
        let mut hash = sha2::Sha256::new();
        hash.update(domain);
        hash.update(self.0);
        let digest: [u8; 32] = hash.finalize().into();
        digest[..16].try_into().expect("16 of 32 bytes")
    }

    /// The device that has this key.
    pub fn device(&self) -> DeviceId {
        DeviceId(self.digest16(b"guicang/device/1"))
    }

    /// The organisation that has this key.
    pub fn organisation(&self) -> OrganisationId {
        OrganisationId(self.digest16(b"guicang/organisation/1"))
    }
}

/// A document: the device that made it, and a UUIDv7 of that device's.
///
/// Shape in bytes: 16 of the creator, 16 of the UUID. In text: `UUID.CREATOR`, so that a list
/// sorted by text is in order of making.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentId {
    /// The device that made it, and alone may write its first change.
    pub creator: DeviceId,
    /// Unique among the creator's documents; its first 48 bits are the time of making.
    pub uuid: uuid::Uuid,
}

impl DocumentId {
    /// The 32 bytes: creator, then UUID.
    pub fn to_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(&self.creator.0);
        bytes[16..].copy_from_slice(self.uuid.as_bytes());
        bytes
    }

    /// The document of 32 bytes.
    ///
    /// # Errors
    /// [`IdError`] when there are not 32.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, IdError> {
        let bytes: &[u8; 32] = bytes
            .try_into()
            .map_err(|_| IdError::new("document", &format!("{} bytes", bytes.len()), "32 bytes"))?;
        Ok(Self {
            creator: DeviceId::from_slice(&bytes[..16])?,
            uuid: uuid::Uuid::from_slice(&bytes[16..]).expect("16 bytes"),
        })
    }
}

impl fmt::Display for DocumentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.uuid, self.creator)
    }
}

impl fmt::Debug for DocumentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DocumentId({self})")
    }
}

impl FromStr for DocumentId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let wrong = || IdError::new("document", text, "UUID.DEVICE");
        let (uuid, creator) = text.split_once('.').ok_or_else(wrong)?;
        Ok(Self { creator: creator.parse()?, uuid: uuid.parse().map_err(|_| wrong())? })
    }
}

impl<C> Encode<C> for DocumentId {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.bytes(&self.to_bytes())?.ok()
    }
}

impl<'b, C> Decode<'b, C> for DocumentId {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let at = d.position();
        Self::from_slice(d.bytes()?).map_err(|e| minicbor::decode::Error::custom(e).at(at))
    }
}

/// An event within its document: who recorded it and when. In text `S01A-` and 13 letters that
/// sort as the times do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId {
    /// When it was recorded, by the device's hybrid clock: unique for the device.
    pub recorded: Recorded,
    /// The device that recorded it.
    pub device: DeviceCode,
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.device, base32(&((self.recorded.0 as u64) << 1).to_be_bytes()))
    }
}

impl FromStr for EventId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let wrong = || IdError::new("event", text, "DEVICE-TIME");
        let (device, time) = text.rsplit_once('-').ok_or_else(wrong)?;
        let bytes = unbase32(time).ok_or_else(wrong)?;
        let bytes: [u8; 8] = bytes.try_into().map_err(|_| wrong())?;
        let recorded = Recorded((u64::from_be_bytes(bytes) >> 1) as i64);
        let id = Self { recorded, device: device.parse()? };
        // One text for one event: keys that decode alike but differ would be two events in a map.
        if id.to_string() == text { Ok(id) } else { Err(wrong()) }
    }
}

/// A receipt: where it was rung up, on which till (where the site has more than one), its number.
///
/// In text `SITE/TILL/NUMBER`, or `SITE/NUMBER` without a till.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(array)]
pub struct ReceiptId {
    /// The selling site.
    #[n(0)]
    pub site: SiteId,
    /// The till; none where the import or the shop knows of no tills.
    #[n(1)]
    pub till: Option<TillId>,
    /// The number on the paper.
    #[n(2)]
    pub number: ReceiptNumber,
}

impl fmt::Display for ReceiptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.till {
            Some(till) => write!(f, "{}/{till}/{}", self.site, self.number),
            None => write!(f, "{}/{}", self.site, self.number),
        }
    }
}

impl ReceiptId {
    /// Reads `[SITE/[TILL/]]NUMBER`; a bare number is a receipt of `here`.
    ///
    /// # Errors
    /// [`IdError`] when a part is malformed, or there is no `here` for a bare number.
    pub fn parse(text: &str, here: Option<&SiteId>) -> Result<Self, IdError> {
        let wanted = "[SITE/[TILL/]]NUMBER";
        let parts: Vec<&str> = text.split('/').collect();
        let (site, till, number) = match parts.as_slice() {
            [number] => {
                let here = here.ok_or_else(|| IdError::new("receipt", text, "SITE/[TILL/]NUMBER"))?;
                (here.clone(), None, *number)
            }
            [site, number] => (site.parse()?, None, *number),
            [site, till, number] => (site.parse()?, Some(till.parse()?), *number),
            _ => return Err(IdError::new("receipt", text, wanted)),
        };
        Ok(Self { site, till, number: number.parse()? })
    }
}

const BASE32: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Crockford's base 32, lower case, no padding; sorts as the bytes do.
pub fn base32(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 8 / 5 + 1);
    let (mut buffer, mut bits) = (0u32, 0);
    for byte in bytes {
        buffer = buffer << 8 | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            out.push(BASE32[(buffer >> bits & 31) as usize] as char);
        }
    }
    if bits > 0 {
        out.push(BASE32[(buffer << (5 - bits) & 31) as usize] as char);
    }
    out
}

/// The bytes of a text made by [`base32`]; `None` when a letter is none of its 32.
pub fn unbase32(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() * 5 / 8);
    let (mut buffer, mut bits) = (0u32, 0);
    for c in text.bytes() {
        let value = BASE32.iter().position(|b| *b == c)? as u32;
        buffer = buffer << 5 | value;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            out.push((buffer >> bits) as u8);
            buffer &= (1 << bits) - 1;
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_ids_sort_as_their_times_do_and_read_back() {
        let at = |ms: i64| EventId {
            recorded: Recorded::new(crate::time::Moment(ms), 3),
            device: "S01A".parse().unwrap(),
        };
        let (early, late) = (at(1_700_000_000_000), at(1_700_000_000_001));
        assert!(early.to_string() < late.to_string());
        assert_eq!(early.to_string().parse::<EventId>().unwrap(), early);
        assert_eq!(early.to_string().len(), "S01A-".len() + 13);
        assert!("S01A-zzzzzzzzzzzz1".parse::<EventId>().is_err());
    }

    #[test]
    fn a_receipt_is_read_as_people_write_it() {
        let here = SiteId::new("S01").unwrap();
        let read = |text: &str| ReceiptId::parse(text, Some(&here)).map(|r| r.to_string());
        assert_eq!(read("536365").unwrap(), "S01/536365");
        assert_eq!(read("United Kingdom/536365").unwrap(), "United Kingdom/536365");
        assert_eq!(read("S02/2/77").unwrap(), "S02/2/77");
        assert!(read("a/b/c/d").is_err());
        assert!(ReceiptId::parse("1", None).is_err());
    }

    /// These bytes are written into documents and shown on paper: they outlive every release.
    #[test]
    fn derived_names_are_pinned() {
        let key = PublicKey([7; 32]);
        assert_eq!(key.device().to_string(), "018b2d3361cfb785b297154f9cdf333b");
        assert_eq!(ReceiptLineId::of_content(&[b"536365", b"85123A"], 1).as_str(), "csx773ay0cz8cxa7g");
    }
}
