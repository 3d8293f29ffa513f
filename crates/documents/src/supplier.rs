//! `supplier`: who goods come from and go back to, master data.
//!
//! What surprises: the currency of its claims is `currency`, as a site's is; a supplier has no zone of its
//! own, and `zone` is the document's.

use guicang_domain::document::Head;
use guicang_domain::supplier::Supplier;

use crate::value::{FieldError, Fields, Out};

/// Writes the kind's own fields.
pub(crate) fn write(document: &Supplier, out: &mut Out) {
    out.text("code", document.code.as_str())
        .text("name", &document.name)
        .opt_show("contact", document.contact.as_ref())
        .opt_show("return_address", document.return_address.as_ref())
        .opt_int("claim_days", document.claim_days)
        .show("currency", document.currency)
        .opt_show("note", document.note.as_ref());
}

/// Reads the kind's own fields.
pub(crate) fn read(head: Head, fields: &Fields<'_>) -> Result<Supplier, FieldError> {
    Ok(Supplier {
        head,
        code: fields.parse("code")?,
        name: fields.text("name")?.into(),
        contact: fields.opt_text("contact")?.map(Into::into),
        return_address: fields.opt_text("return_address")?.map(Into::into),
        claim_days: fields.opt_narrow("claim_days")?,
        currency: fields.parse("currency")?,
        note: fields.opt_text("note")?.map(Into::into),
    })
}
