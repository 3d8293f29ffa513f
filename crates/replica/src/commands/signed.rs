//! Signed receipts: signed for a sale that is held here, read at any branch, printed anew after a return.
//!
//! What surprises: a paper is no fact. It is made from facts whenever somebody asks, and the same facts make the
//! same letters; so printing it writes nothing, and can be done again. What has come back since a paper was
//! printed nobody can read off it: here it is at least what the paper says, and at least what is known here.

use guicang_domain::ids::{DeviceCode, ReceiptId, Tender};
use guicang_domain::money::Amount;
use guicang_domain::quantity::Quantity;
use guicang_domain::returns::Return;
use guicang_domain::sale::PaidBy;
use guicang_domain::signed_receipt::{
    Printing, RECEIPT_TAG, REPRINT_TAG, ReceiptFacts, ReceiptFactsLine, SignedReceipt,
};
use guicang_sync::grant::Role;
use rusqlite::params;

use super::held::{Held, HeldLine};
use super::returns::{CounterReturn, wrong};
use crate::error::{CommandError, StoreError};
use crate::proof;
use crate::store::{Replica, Work};

/// A signed receipt as it was read and checked here.
#[derive(Debug, Clone)]
pub struct ReceiptCode {
    /// What it says.
    pub code: SignedReceipt,
    /// The device that signed for the sale.
    pub signer: DeviceCode,
    /// The one that countersigned what is left; `None` too where no grant for it is known here.
    pub countersigner: Option<DeviceCode>,
    /// What has come back at the least: by the paper, and by what is known here.
    pub known: Printing,
    /// Whether the sale itself is held here, so that the paper proves nothing new.
    pub held: bool,
}

impl Replica {
    /// Signs for a sale that is held here: a text for a QR code, with what is left of each line. The same text
    /// until something more has come back.
    ///
    /// # Errors
    /// [`CommandError::SaleNotHeld`]; [`CommandError::NotHere`] at a branch that isn't the seller;
    /// [`CommandError::ReceiptCode`] where no QR code holds so much.
    pub fn sign_receipt(&mut self, receipt: &ReceiptId) -> Result<SignedReceipt, CommandError> {
        self.write(|work| {
            let missing = || CommandError::SaleNotHeld { receipt: receipt.clone() };
            let held = work.held_receipt(receipt)?.ok_or_else(missing)?;
            if !work.signs_for(receipt) {
                return Err(CommandError::NotHere { site: receipt.site.clone() });
            }
            let printing = work.known_of(&held, None)?;
            work.sign(&held, printing)
        })
    }

    /// Prints a signed receipt again, with what is known here to have come back since: signed afresh where the
    /// sale is held, else countersigned. The same text where nothing is known.
    ///
    /// # Errors
    /// [`CommandError::ReceiptCode`].
    pub fn renew_receipt(&mut self, text: &str) -> Result<SignedReceipt, CommandError> {
        self.write(|work| {
            let code = work.read_code(text)?;
            work.renewed(&code, None)
        })
    }

    /// Reads and checks a signed receipt.
    ///
    /// # Errors
    /// [`CommandError::ReceiptCode`]: what is wrong with it.
    pub fn read_receipt(&mut self, text: &str) -> Result<ReceiptCode, CommandError> {
        self.write(|work| {
            let code = work.read_code(text)?;
            let receipt = &code.facts().receipt;
            let held = work.held_receipt(receipt)?.is_some();
            let known = code.printing().merged(&work.aligned(&code, None)?);
            let code_of = |id| work.book.device(id).map(|device| device.grant.code.clone());
            let unknown = || StoreError::damaged("the grant of a device that was checked", "missing");
            let signer = code_of(code.facts().signer).ok_or_else(unknown)?;
            let countersigner = code.reprint().and_then(|reprint| code_of(reprint.signer));
            Ok(ReceiptCode { code, signer, countersigner, known, held })
        })
    }
}

impl Work<'_> {
    /// Reads the signed receipt of a request and checks it; from then on its receipt is the request's.
    pub(super) fn presented(
        &self,
        request: &mut CounterReturn,
    ) -> Result<Option<SignedReceipt>, CommandError> {
        let Some(text) = &request.receipt_code else { return Ok(None) };
        let code = self.read_code(text)?;
        let receipt = &code.facts().receipt;
        match &request.receipt {
            Some(named) if named != receipt => {
                return Err(wrong("receipt", &named.to_string(), &receipt.to_string()));
            }
            _ => request.receipt = Some(receipt.clone()),
        }
        Ok(Some(code))
    }

    fn read_code(&self, text: &str) -> Result<SignedReceipt, CommandError> {
        let code = SignedReceipt::parse(text)?;
        proof::check(self.book, &code, self.now)?;
        Ok(code)
    }

    /// What is known of a sale: as it is held here, else as a signed receipt proves it (told by the flag), with
    /// what the paper says has come back.
    pub(super) fn sale_told(
        &self,
        receipt: Option<&ReceiptId>,
        presented: Option<&SignedReceipt>,
    ) -> Result<(Option<Held>, bool), CommandError> {
        let held = match receipt {
            Some(receipt) => self.held_receipt(receipt)?,
            None => None,
        };
        match (held, presented) {
            (Some(mut held), Some(code)) => {
                as_printed(&mut held, code);
                Ok((Some(held), false))
            }
            (None, Some(code)) => {
                let mut held = self.proven_sale(code)?;
                as_printed(&mut held, code);
                Ok((Some(held), true))
            }
            (held, None) => Ok((held, false)),
        }
    }

    /// The same of a return that is there: as its sale is held here, else as its own proof says. The flag tells
    /// that HQ hasn't told yet what it knows.
    pub(super) fn sale_of(&self, document: &Return) -> Result<(Option<Held>, bool), CommandError> {
        let Some(receipt) = document.sale() else { return Ok((None, false)) };
        if let Some(held) = self.held_receipt(receipt)? {
            return Ok((Some(held), false));
        }
        match proof::stands(self.book, document).filter(|code| code.facts().receipt == *receipt) {
            Some(code) => {
                let told = document.lines.keys().all(|line| document.is_verified(line));
                Ok((Some(self.proven_sale(&code)?), !told))
            }
            None => Ok((self.sale_once_on_hold(document)?, false)),
        }
    }

    /// A sale as its signed receipt says, less what is known here to have come back.
    fn proven_sale(&self, code: &SignedReceipt) -> Result<Held, CommandError> {
        let facts = code.facts();
        let id = self.receipt(&facts.receipt)?;
        let mut lines = Vec::new();
        for line in &facts.lines {
            let (valid, entitled, allowed) = self.claimed(id, line.line.as_str(), None)?;
            lines.push(HeldLine {
                line: line.line.clone(),
                sku: line.sku.clone(),
                quantity: line.quantity,
                paid: line.paid,
                service: line.service,
                cost: None,
                list_price: line.list_price,
                group: line.group,
                lot: line.lot.clone(),
                valid,
                entitled,
                allowed,
                most: None,
            });
        }
        let paid = |(tender, amount): &(Tender, Amount)| PaidBy {
            tender: tender.clone(),
            amount: *amount,
            reference: None,
        };
        Ok(Held {
            id,
            receipt: facts.receipt.clone(),
            occurred: facts.occurred,
            currency: facts.currency,
            tenders: facts.tenders.iter().map(paid).collect(),
            refunded: Vec::new(),
            lines,
        })
    }

    /// What returns that are known here take of a receipt's line, all of them or one: how much, what is owed for
    /// it, and whether money was taken off without goods.
    pub(super) fn claimed(
        &self,
        receipt: i64,
        line: &str,
        only: Option<i64>,
    ) -> Result<(Quantity, Amount, bool), CommandError> {
        Ok(self
            .tx
            .prepare_cached(
                "SELECT coalesce(sum(valid), 0), coalesce(sum(entitled), 0), coalesce(max(allowance > 0), 0)
                 FROM line_claim
                 WHERE org = ?1 AND receipt = ?2 AND line = ?3 AND counts AND (?4 IS NULL OR document = ?4)",
            )?
            .query_row(params![self.org, receipt, line, only], |r| {
                Ok((Quantity(r.get(0)?), Amount(r.get(1)?), r.get(2)?))
            })?)
    }

    /// What is known here to have come back of a sale, by all returns or by one.
    fn known_of(&self, held: &Held, only: Option<i64>) -> Result<Printing, CommandError> {
        let mut printing = Printing::first(held.lines.len(), 0);
        for (line, returned) in held.lines.iter().zip(&mut printing.returned) {
            let (quantity, amount, _) = self.claimed(held.id, line.line.as_str(), only)?;
            *returned = (quantity.min(line.quantity), amount.max(Amount::ZERO));
        }
        for (tender, _) in tenders_once(&held.tenders) {
            let refunded: i64 = self
                .tx
                .prepare_cached(
                    "SELECT coalesce(sum(f.amount), 0) FROM refund f WHERE f.org = ?1 AND f.tender = ?3
                     AND (?4 IS NULL OR f.document = ?4)
                     AND f.document IN (SELECT c.document FROM line_claim c WHERE c.org = ?1 AND c.receipt = ?2)",
                )?
                .query_row(params![self.org, held.id, tender.as_str(), only], |r| r.get(0))?;
            printing.refunded.push(Amount(refunded.max(0)));
        }
        let returns: u32 = self
            .tx
            .prepare_cached(
                "SELECT count(DISTINCT document) FROM line_claim
                 WHERE org = ?1 AND receipt = ?2 AND counts AND (valid > 0 OR allowance > 0)",
            )?
            .query_row(params![self.org, held.id], |r| r.get(0))?;
        printing.number = returns.saturating_add(1);
        Ok(printing)
    }

    /// The same in the order of a code's own lines and tenders.
    fn aligned(&self, code: &SignedReceipt, only: Option<i64>) -> Result<Printing, CommandError> {
        self.known_of(&self.proven_sale(code)?, only)
    }

    /// Whether this device is believed about what a receipt's site sold.
    fn signs_for(&self, receipt: &ReceiptId) -> bool {
        match &self.me.role {
            Role::Site(site) => *site == receipt.site,
            Role::Hq => true,
            Role::Relay => false,
        }
    }

    fn sign(&self, held: &Held, printing: Printing) -> Result<SignedReceipt, CommandError> {
        let organisation = self.book.organisation();
        let gift = |l: &HeldLine| l.group.is_some() && l.paid == Amount::ZERO;
        let line = |l: &HeldLine| ReceiptFactsLine {
            line: l.line.clone(),
            sku: l.sku.clone(),
            quantity: l.quantity,
            paid: l.paid,
            service: l.service,
            list_price: l.list_price.filter(|_| gift(l)),
            lot: l.lot.clone(),
            group: l.group,
        };
        let facts = ReceiptFacts {
            organisation: organisation.0[..4].try_into().expect("4 of 16 bytes"),
            signer: self.me.device,
            receipt: held.receipt.clone(),
            occurred: held.occurred,
            currency: held.currency,
            policy: self.policy_at(held.occurred.at)?.version,
            lines: held.lines.iter().map(line).collect(),
            tenders: tenders_once(&held.tenders),
            printing,
        };
        Ok(SignedReceipt::sign(organisation, facts, |message| self.key.sign(RECEIPT_TAG, message).0)?)
    }

    /// A signed receipt with what is left once a return has taken its part, or, without one, with what is known
    /// here.
    fn renewed(&self, code: &SignedReceipt, after: Option<i64>) -> Result<SignedReceipt, CommandError> {
        let here = self.aligned(code, None)?;
        let own = match after {
            Some(document) => self.aligned(code, Some(document))?,
            None => Printing::first(here.returned.len(), here.refunded.len()),
        };
        // What the paper says and what was known here before may be the same goods; this return is more.
        let printed = code.printing();
        let mut left = printed.merged(&less(&here, &own)).plus(&own);
        for (returned, line) in left.returned.iter_mut().zip(&code.facts().lines) {
            returned.0 = returned.0.min(line.quantity);
        }
        let more = (&left.returned, &left.refunded) != (&printed.returned, &printed.refunded);
        if !more {
            return Ok(code.clone());
        }
        left.number = printed.number.saturating_add(1);
        let organisation = self.book.organisation();
        let receipt = &code.facts().receipt;
        match self.held_receipt(receipt)?.filter(|_| self.signs_for(receipt)) {
            // Where the sale as it is held isn't the one on the paper, that one can't be told in its lines.
            Some(held) if same_lines(&held, code) => {
                left.number = left.number.max(here.number);
                self.sign(&held, left)
            }
            _ => Ok(code.countersign(organisation, self.me.device, left, |message| {
                self.key.sign(REPRINT_TAG, message).0
            })?),
        }
    }

    /// The signed receipt that was presented for a return, anew; `None` where nothing has come back by it yet.
    pub(super) fn printed_anew(&self, text: &str, document: i64) -> Result<Option<String>, CommandError> {
        let code = SignedReceipt::parse(text)?;
        let own = self.aligned(&code, Some(document))?;
        if own.is_whole() {
            return Ok(None);
        }
        Ok(Some(self.renewed(&code, Some(document))?.to_string()))
    }
}

/// Takes what a paper says has come back for what at least has.
pub(super) fn as_printed(held: &mut Held, code: &SignedReceipt) {
    let (facts, printing) = (code.facts(), code.printing());
    for (line, (quantity, amount)) in facts.lines.iter().zip(&printing.returned) {
        let same = |l: &&mut HeldLine| l.line == line.line && l.sku == line.sku;
        if let Some(of) = held.lines.iter_mut().find(same) {
            // Money that went without goods went all the same.
            of.allowed |= *amount > line.paid.share(*quantity, line.quantity) && *quantity < line.quantity;
            of.valid = of.valid.max(*quantity);
            of.entitled = of.entitled.max(*amount);
        }
    }
    let refunded = facts.tenders.iter().zip(&printing.refunded);
    held.refunded = refunded.map(|((tender, _), amount)| (tender.clone(), *amount)).collect();
}

/// Whether a paper's lines and tenders are those of the sale as it is held, one by one.
fn same_lines(held: &Held, code: &SignedReceipt) -> bool {
    let facts = code.facts();
    let line = |l: &HeldLine| (l.line.clone(), l.sku.clone(), l.quantity, l.paid);
    let printed = facts.lines.iter().map(|l| (l.line.clone(), l.sku.clone(), l.quantity, l.paid));
    held.lines.iter().map(line).eq(printed) && tenders_once(&held.tenders) == facts.tenders
}

/// What was paid, each tender once, in the order of the receipt.
fn tenders_once(paid: &[PaidBy]) -> Vec<(Tender, Amount)> {
    let mut once: Vec<(Tender, Amount)> = Vec::new();
    for PaidBy { tender, amount, .. } in paid {
        match once.iter_mut().find(|(t, _)| t == tender) {
            Some((_, sum)) => *sum += *amount,
            None => once.push((tender.clone(), *amount)),
        }
    }
    once
}

/// What all returns took, without one of them.
fn less(all: &Printing, one: &Printing) -> Printing {
    let rest = |(a, b): (&(Quantity, Amount), &(Quantity, Amount))| (a.0 - b.0, a.1 - b.1);
    Printing {
        number: all.number,
        returned: all.returned.iter().zip(&one.returned).map(rest).collect(),
        refunded: all.refunded.iter().zip(&one.refunded).map(|(a, b)| *a - *b).collect(),
    }
}
