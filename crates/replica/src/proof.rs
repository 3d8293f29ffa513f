//! Whether a signed receipt proves a sale: who signed it, by which grant, and whether the signature holds.
//!
//! What surprises: nobody who took goods back is believed about that. Each replica checks the proof that lies in
//! the return for itself, by the grants it holds, and a return whose proof fails is everywhere what it would be
//! without one: the customer's word, to be verified by HQ. A device's signature counts for what was brought
//! back until HQ withdrew it, whenever it signed: it could write any date on a paper, but a return's time is
//! held within what the relay's stamps prove.

use std::borrow::Cow;

use guicang_documents::Reading;
use guicang_domain::document::Document;
use guicang_domain::event::Event;
use guicang_domain::ids::DeviceId;
use guicang_domain::returns::Return;
use guicang_domain::signed_receipt::{RECEIPT_TAG, REPRINT_TAG, ReceiptCodeError, SignedReceipt};
use guicang_domain::time::Moment;
use guicang_sync::grant::{Device, GrantBook, Role, Standing};
use guicang_sync::keys::{Signature, verify};

/// Checks a code that is presented at a moment: the seller's signature, and that of whoever countersigned what
/// is left.
///
/// A countersignature by a device that isn't known here, or was withdrawn, is no obstacle: it makes less of
/// what the seller signed, and whoever would forge one to make more of it had better present the first paper.
/// One that isn't its device's says that the paper was tampered with.
///
/// # Errors
/// [`ReceiptCodeError`]: of another organisation, by a seller's device that isn't known, isn't the site's or was
/// withdrawn, or not what was signed.
pub(crate) fn check(book: &GrantBook, code: &SignedReceipt, at: Moment) -> Result<(), ReceiptCodeError> {
    check_seller(book, code, at)?;
    let Some(reprint) = code.reprint() else { return Ok(()) };
    let Some(device) = book.device(reprint.signer) else { return Ok(()) };
    let message = code.reprint_message(book.organisation(), reprint);
    signed(&device, REPRINT_TAG, &message, reprint.signature)
}

/// The seller's part alone: what a return's proof is.
fn check_seller(book: &GrantBook, code: &SignedReceipt, at: Moment) -> Result<(), ReceiptCodeError> {
    let (facts, organisation) = (code.facts(), book.organisation());
    if facts.organisation[..] != organisation.0[..4] {
        let found = facts.organisation.iter().map(|b| format!("{b:02x}")).collect();
        return Err(ReceiptCodeError::OtherOrganisation { found });
    }
    let device = signer(book, code, facts.signer, at)?;
    let entitled = match &device.grant.role {
        Role::Site(site) => *site == facts.receipt.site,
        Role::Hq => true,
        Role::Relay => false,
    };
    if !entitled {
        let site = facts.receipt.site.clone();
        return Err(ReceiptCodeError::NotEntitled { device: device.grant.code.clone(), site });
    }
    signed(&device, RECEIPT_TAG, &code.message(organisation), code.signature())
}

/// The device that signed, where HQ hadn't withdrawn it by then.
fn signer<'a>(
    book: &'a GrantBook,
    code: &SignedReceipt,
    id: DeviceId,
    at: Moment,
) -> Result<Device<'a>, ReceiptCodeError> {
    let unknown = || ReceiptCodeError::UnknownDevice { device: id, site: code.facts().receipt.site.clone() };
    let device = book.device(id).ok_or_else(unknown)?;
    match book.may(id, at) {
        Standing::Withdrawn { since } => {
            Err(ReceiptCodeError::Withdrawn { device: device.grant.code.clone(), since })
        }
        _ => Ok(device),
    }
}

fn signed(device: &Device<'_>, tag: &[u8], message: &[u8], by: [u8; 64]) -> Result<(), ReceiptCodeError> {
    if verify(&device.grant.key, tag, message, &Signature(by)) {
        return Ok(());
    }
    Err(ReceiptCodeError::Signature { device: device.grant.code.clone() })
}

/// The signed receipt that proves what a return takes back; `None` where there is none, or it proves something
/// else.
pub(crate) fn stands(book: &GrantBook, document: &Return) -> Option<SignedReceipt> {
    let code = SignedReceipt::from_bytes(document.proof.as_ref()?).ok()?;
    let used = document.events.iter().map(Event::rank).min()?.time.moment();
    check_seller(book, &code, used).ok()?;
    let facts = code.facts();
    let told = facts.currency == document.currency
        && !document.lines.is_empty()
        && document.lines.values().all(|line| {
            let same = |link: &guicang_domain::returns::SaleLink| {
                let sold = facts.lines.iter().find(|l| l.line == link.line);
                let as_sold = sold.is_some_and(|l| {
                    (&l.sku, l.quantity, l.paid, l.service) == (&line.sku, link.sold, link.paid, line.service)
                });
                as_sold && link.receipt == facts.receipt
            };
            !line.links.is_empty() && line.links.iter().all(same)
        });
    told.then_some(code)
}

/// The return as it is believed: without what its proof doesn't prove.
pub(crate) fn believed<'a>(book: &GrantBook, document: &'a Return) -> Cow<'a, Return> {
    match document.proof.is_none() || stands(book, document).is_some() {
        true => Cow::Borrowed(document),
        false => Cow::Owned(document.disbelieved()),
    }
}

/// The same of whatever was read.
pub(crate) fn believe(book: &GrantBook, reading: &mut Reading) {
    if let Some(Document::Return(document)) = &mut reading.document
        && let Cow::Owned(plain) = believed(book, document)
    {
        *document = plain;
    }
}

/// The device that signed a return's proof; `None` where that can't even be read.
pub(crate) fn signer_of(document: &Return) -> Option<DeviceId> {
    let code = SignedReceipt::from_bytes(document.proof.as_ref()?).ok()?;
    Some(code.facts().signer)
}
