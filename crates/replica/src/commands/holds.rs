//! Holds on return rights: a branch that is online asks, HQ answers from what it holds, and the branch takes back
//! within it as if it held the sale.
//!
//! What surprises: HQ answers all at once, in one transaction, in the order in which they were asked for: each
//! answer sees those before it. A hold is whole or refused: a customer doesn't want half an answer.

use std::collections::BTreeMap;

use guicang_documents::Events;
use guicang_domain::document::{Document, Kind};
use guicang_domain::event::Event;
use guicang_domain::hold::{Grant, HOLD_MS, Hold, HoldEvent, HoldLine, HoldState, Refusal};
use guicang_domain::ids::{LineId, ReceiptId, SiteId, Sku, UserName};
use guicang_domain::quantity::Quantity;
use guicang_domain::returns::Return;
use guicang_domain::signed_receipt::SignedReceipt;
use guicang_domain::transfer::Portion;
use guicang_sync::grant::Role;
use rusqlite::params;

use super::By;
use super::held::{Held, HeldLine};
use super::returns::{CounterReturn, Item, wrong};
use super::signed::as_printed;
use super::transfers::{Named, checked};
use super::verify::allocate;
use crate::error::{CommandError, StoreError};
use crate::facts::document_by_id;
use crate::queries::HoldRow;
use crate::queries::holds::{Kept, kept_on};
use crate::store::{Replica, Work};

/// Return rights that a branch asks HQ to keep for it.
#[derive(Debug, Clone)]
pub struct AskHold {
    /// The sale, of another branch.
    pub receipt: ReceiptId,
    /// What is to come back.
    pub items: Vec<Named>,
}

impl Replica {
    /// Asks HQ to keep return rights on another branch's sale; it answers once it has synced.
    ///
    /// # Errors
    /// [`CommandError`]; nothing is changed then.
    pub fn ask_hold(&mut self, by: &By, ask: &AskHold) -> Result<HoldRow, CommandError> {
        let id = self.write(|work| work.ask_hold(by, ask))?;
        Ok(self.hold_row(id)?)
    }

    /// Gives a hold up that isn't needed any more; by the branch that asked, or by HQ.
    ///
    /// # Errors
    /// [`CommandError::Closed`] where it was refused or released; [`CommandError::NotHere`] at another branch.
    /// Nothing is changed then.
    pub fn release_hold(&mut self, by: &By, number: &str) -> Result<HoldRow, CommandError> {
        let id = self.write(|work| work.release_hold(by, number))?;
        Ok(self.hold_row(id)?)
    }

    /// A hold by its number or identity.
    ///
    /// # Errors
    /// [`CommandError::UnknownDocument`].
    pub fn hold(&mut self, number: &str) -> Result<HoldRow, CommandError> {
        let id = self.write(|work| Ok::<_, CommandError>(work.named(number, Kind::Hold)?.id))?;
        Ok(self.hold_row(id)?)
    }

    /// Whether any branch waits for an answer.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn holds_are_asked(&self) -> Result<bool, StoreError> {
        self.db
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM hold WHERE org = ? AND state = 'asked')")
            .and_then(|mut s| s.query_row([self.identity.org], |r| r.get(0)))
            .map_err(StoreError::of)
    }

    /// Answers every branch that asks for a hold: granted until half an hour from the newest time that the relay
    /// has proven, where as much is left of the sale beside what valid returns took and other holds keep; else
    /// refused. All in one transaction.
    ///
    /// # Errors
    /// [`CommandError::HqOnly`], or what the file says; nothing is changed then.
    pub fn answer_holds(&mut self) -> Result<Vec<HoldRow>, CommandError> {
        let answered = self.write(|work| work.answer_holds())?;
        Ok(answered.into_iter().map(|id| self.hold_row(id)).collect::<Result<_, _>>()?)
    }
}

impl Work<'_> {
    fn ask_hold(&mut self, by: &By, ask: &AskHold) -> Result<i64, CommandError> {
        let site = self.site_for(None)?;
        let seller = &ask.receipt.site;
        if *seller == site {
            return Err(wrong("receipt", &ask.receipt.to_string(), "a receipt of another branch"));
        }
        if !self.knows_site(seller)? {
            return Err(CommandError::UnknownSite { found: seller.to_string() });
        }
        let (zone, _) = self.site_terms(&site)?;
        let mut lines = BTreeMap::new();
        for (n, item) in checked(&ask.items)?.iter().enumerate() {
            let line = HoldLine { sku: self.known_sku(&item.sku, true)?, quantity: item.quantity };
            lines.insert(LineId::nth(n + 1), line);
        }
        let document = Hold {
            head: self.new_head(Kind::Hold, Some(site.clone()), zone)?,
            receipt: ask.receipt.clone(),
            lines,
            events: vec![self.event(by, zone, "", HoldEvent::Requested)],
        };
        Ok(self.create(Document::Hold(document), &[site, seller.clone()])?)
    }

    fn release_hold(&mut self, by: &By, number: &str) -> Result<i64, CommandError> {
        let id = self.named(number, Kind::Hold)?.id;
        self.add_to_hold(id, |work, document| {
            if let (Role::Site(here), Some(site)) = (&work.me.role, &document.head.site)
                && here != site
            {
                return Err(CommandError::NotHere { site: site.clone() });
            }
            match document.state() {
                HoldState::Asked | HoldState::Granted(..) => Ok(Some((by.clone(), HoldEvent::Released))),
                over => {
                    let number = document.head.number.to_string();
                    Err(CommandError::Closed { number, state: over.code().into() })
                }
            }
        })?;
        Ok(id)
    }

    fn answer_holds(&mut self) -> Result<Vec<i64>, CommandError> {
        self.hq_only()?;
        let asked: Vec<i64> = {
            let mut statement = self.tx.prepare_cached(
                "SELECT DISTINCT rank, document FROM hold WHERE org = ? AND state = 'asked' ORDER BY rank",
            )?;
            let rows = statement.query_map(params![self.org], |r| r.get(1))?;
            rows.collect::<rusqlite::Result<_>>()?
        };
        let mut answered = Vec::new();
        for id in asked {
            let hq = By::user(UserName::new("HQ").expect("a name of ours"));
            let answer = |work: &Self, document: &Hold| match document.state() {
                HoldState::Asked => Ok(Some((hq, work.answer_to(document)?))),
                _ => Ok(None),
            };
            match self.add_to_hold(id, answer) {
                Ok(true) => answered.push(id),
                // A newer program's is that program's to answer; it must not keep the others waiting.
                Ok(false) | Err(CommandError::NewerRules { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(answered)
    }

    /// Adds an event to a hold, where there is one to add.
    fn add_to_hold(
        &mut self,
        id: i64,
        says: impl FnOnce(&Self, &Hold) -> Result<Option<(By, HoldEvent)>, CommandError>,
    ) -> Result<bool, CommandError> {
        let row = document_by_id(&self.tx, id)?;
        let (replayed, Document::Hold(mut document)) = self.open(&row, Kind::Hold)? else {
            return Err(StoreError::damaged("a hold", row.identity).into());
        };
        let Some((by, body)) = says(self, &document)? else { return Ok(false) };
        let event = self.event(&by, document.head.zone, "", body);
        document.events.push(event.clone());
        document.events.sort_by_cached_key(Event::rank);
        self.append(&row, replayed, &Events::Hold(&[event]), &Document::Hold(document))?;
        Ok(true)
    }

    /// What HQ says: what is sold, less what valid returns took and what holds keep.
    fn answer_to(&self, document: &Hold) -> Result<HoldEvent, CommandError> {
        let Some(mut sale) = self.held_receipt(&document.receipt)? else {
            return Ok(HoldEvent::Refused { why: Refusal::SaleNotHeld, left: Vec::new() });
        };
        // A service has nothing to bring back.
        sale.lines.retain(|line| !line.service);
        for kept in kept_on(&self.tx, self.org, sale.id)?.iter().filter(|k| k.until > self.proven) {
            if let Some(line) = sale.lines.iter_mut().find(|l| l.line == kept.line) {
                line.valid += kept.left;
            }
        }
        let (mut lines, mut left, mut enough) = (Vec::new(), Vec::new(), true);
        for (id, asked) in &document.lines {
            let open = open_of(&sale, &asked.sku);
            if open.is_positive() {
                left.push(Portion { line: id.clone(), quantity: open });
            }
            enough &= asked.quantity <= open;
            if enough {
                let (quantity, sku) = (asked.quantity, &asked.sku);
                lines.extend(allocate(id, quantity, sku, Quantity::ZERO, &document.receipt, &mut sale));
            }
        }
        if !enough {
            return Ok(HoldEvent::Refused { why: Refusal::TooLittleLeft, left });
        }
        for line in lines.iter_mut().filter(|l| l.cost.is_none()) {
            line.cost = self.left_at(&line.link)?;
        }
        let until = self.proven.plus_ms(HOLD_MS);
        Ok(HoldEvent::Granted(Grant { until, sold: sale.occurred, currency: sale.currency, lines }))
    }

    /// The sale that a request at the counter is about, as far as a hold that hasn't ended covers all of what comes
    /// back; `None` where none does, or the sale is held here.
    pub(super) fn sale_on_hold(
        &self,
        site: &SiteId,
        request: &CounterReturn,
        presented: Option<&SignedReceipt>,
    ) -> Result<Option<Held>, CommandError> {
        let Some(receipt) = request.receipt.as_ref().filter(|_| request.goods_here) else { return Ok(None) };
        // A clock that is fast only ends it early; one that is slow is corrected by what the relay has proven.
        let now = self.now.max(self.proven);
        let Some(mut sale) = self.granted_sale(site, receipt, |kept| kept.until > now)? else {
            return Ok(None);
        };
        if let Some(code) = presented {
            as_printed(&mut sale, code);
        }
        Ok(covers(&sale, &request.items).then_some(sale))
    }

    /// The sale of a return that was begun within a hold, as HQ told it; also after its end.
    pub(super) fn sale_once_on_hold(&self, document: &Return) -> Result<Option<Held>, CommandError> {
        match (&document.head.site, document.sale()) {
            (Some(site), Some(receipt)) if document.lines.values().any(|l| !l.links.is_empty()) => {
                self.granted_sale(site, receipt, |_| true)
            }
            _ => Ok(None),
        }
    }

    fn granted_sale(
        &self,
        site: &SiteId,
        receipt: &ReceiptId,
        counts: impl Fn(&Kept) -> bool,
    ) -> Result<Option<Held>, CommandError> {
        if self.me.role == Role::Hq || self.held_receipt(receipt)?.is_some() {
            return Ok(None);
        }
        let id = self.receipt(receipt)?;
        let mut sale: Option<Held> = None;
        for kept in kept_on(&self.tx, self.org, id)?.iter().filter(|k| k.site == *site && counts(k)) {
            let row = document_by_id(&self.tx, kept.document)?;
            let (_, Document::Hold(document)) = self.open(&row, Kind::Hold)? else { continue };
            let HoldState::Granted(_, grant) = document.state() else { continue };
            let Some(told) = grant.lines.get(kept.position) else { continue };
            let Some(asked) = document.lines.get(&told.line) else { continue };
            let sale = sale.get_or_insert_with(|| Held {
                id,
                receipt: receipt.clone(),
                occurred: grant.sold,
                currency: grant.currency,
                tenders: Vec::new(),
                refunded: Vec::new(),
                lines: Vec::new(),
            });
            if let Some(same) = sale.lines.iter_mut().find(|l| l.line == kept.line) {
                same.most = same.most.map(|most| most + kept.left);
                continue;
            }
            let (valid, entitled, allowed) = self.claimed(id, kept.line.as_str(), None)?;
            sale.lines.push(HeldLine {
                line: kept.line.clone(),
                sku: asked.sku.clone(),
                quantity: told.link.sold,
                paid: told.link.paid,
                service: false,
                cost: told.cost,
                list_price: None,
                group: None,
                lot: told.lot.clone(),
                valid,
                entitled,
                allowed,
                most: Some(kept.left),
            });
        }
        Ok(sale)
    }
}

/// How much of an article a sale has left.
fn open_of(sale: &Held, sku: &Sku) -> Quantity {
    sale.lines.iter().filter(|l| l.sku == *sku).map(|l| l.open(Quantity::ZERO)).sum()
}

/// Whether all that comes back is within what the lines have left.
fn covers(sale: &Held, items: &[Item]) -> bool {
    let mut asked: BTreeMap<Sku, Quantity> = BTreeMap::new();
    for item in items {
        let Ok(sku) = Sku::of(&item.sku) else { return false };
        *asked.entry(sku).or_default() += item.quantity;
    }
    asked.iter().all(|(sku, quantity)| *quantity <= open_of(sale, sku))
}
