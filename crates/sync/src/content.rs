//! A change's bytes as they travel: without the frame around them, which the reader makes anew.
//!
//! What surprises: the frame is left out only where it is what the reader will make, byte for byte;
//! whatever else a change may be (it is refused by name at the other end) travels whole. Magic, type
//! and length tell nothing, and a checksum of four random bytes doesn't compress.
//!
//! ```text
//!   h'856f4a83...'      the bytes as they are
//!   [h'...']            the content of a frame that is right
//! ```

use minicbor::decode::{self, Decoder};
use minicbor::encode::{self, Encoder, Write};

use crate::change;

/// Writes the bytes of a change; see the module.
pub(crate) fn encode<Ctx, W: Write>(
    bytes: &Option<Vec<u8>>,
    e: &mut Encoder<W>,
    _: &mut Ctx,
) -> Result<(), encode::Error<W::Error>> {
    let Some(bytes) = bytes else { return e.null()?.ok() };
    match change::content_of(bytes) {
        Some(content) => e.array(1)?.bytes(content)?.ok(),
        None => e.bytes(bytes)?.ok(),
    }
}

/// Reads them.
pub(crate) fn decode<Ctx>(d: &mut Decoder<'_>, _: &mut Ctx) -> Result<Option<Vec<u8>>, decode::Error> {
    use minicbor::data::Type;
    let at = d.position();
    match d.datatype()? {
        Type::Null => d.null().map(|()| None),
        Type::Bytes => Ok(Some(d.bytes()?.to_vec())),
        Type::Array => match d.array()? {
            Some(1) => Ok(Some(change::framed(d.bytes()?))),
            _ => Err(decode::Error::message("a change's content is one item").at(at)),
        },
        other => Err(decode::Error::type_mismatch(other).with_message("a change's bytes").at(at)),
    }
}

/// What stands for an absent field.
pub(crate) fn nil() -> Option<Option<Vec<u8>>> {
    Some(None)
}

/// Whether the field is left out.
pub(crate) fn is_nil(bytes: &Option<Vec<u8>>) -> bool {
    bytes.is_none()
}
