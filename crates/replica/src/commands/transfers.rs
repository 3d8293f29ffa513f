//! Transfers: goods sent, received, and what is missing accounted for.
//!
//! What surprises: who receives names goods, not lines, and may do so before the dispatch is known here:
//! then a document of its own is made, which the fold joins to the dispatch by the number on the papers.

use std::collections::BTreeMap;

use guicang_documents::{Events, Replayed};
use guicang_domain::document::{Document, Kind};
use guicang_domain::ids::{LineId, Lot, Number, SiteId, Sku};
use guicang_domain::quantity::Quantity;
use guicang_domain::resolution::LossOwner;
use guicang_domain::transfer::state::{Passage, TransferState};
use guicang_domain::transfer::{Arrival, Missing, Outcome, Portion, Transfer, TransferEvent, TransferLine};
use guicang_sync::grant::Role;
use rusqlite::{OptionalExtension, params};

use super::By;
use super::returns::wrong;
use crate::error::{CommandError, StoreError};
use crate::facts::{DocumentRow, document_by_id};
use crate::queries::TransferRow;
use crate::store::{Replica, Work};

/// An article as typed, and how much of it.
#[derive(Debug, Clone)]
pub struct Named {
    /// As typed.
    pub sku: String,
    /// Above zero.
    pub quantity: Quantity,
}

/// Goods that leave for another site.
#[derive(Debug, Clone)]
pub struct SendTransfer {
    /// The sender; `None` for this device's own site.
    pub from: Option<SiteId>,
    /// The receiver.
    pub to: SiteId,
    /// What leaves.
    pub items: Vec<Named>,
    /// The lot of all of it.
    pub lot: Option<Lot>,
    /// The sender's place; empty for the site's one place.
    pub place: String,
    /// A note.
    pub note: Option<String>,
}

/// Goods that arrive from another site.
#[derive(Debug, Clone)]
pub struct ReceiveTransfer {
    /// The dispatch's number, as the papers say, or an identity.
    pub number: String,
    /// The receiver, where HQ receives for it; `None` for this device's own site.
    pub at: Option<SiteId>,
    /// The sender, where the dispatch may not be known here.
    pub from: Option<SiteId>,
    /// What arrived; empty: all that is under way.
    pub items: Vec<Named>,
    /// The place it was put; empty for the site's one place.
    pub place: String,
    /// More than was sent is meant.
    pub over: bool,
    /// Nothing more comes: what lacks is missing.
    pub complete: bool,
}

/// What became of goods that are missing.
#[derive(Debug, Clone)]
pub struct CloseTransfer {
    /// The dispatch's number or identity.
    pub number: String,
    /// What is accounted for; empty: all that is missing.
    pub items: Vec<Named>,
    /// What became of it.
    pub outcome: Outcome,
    /// Who bears what is lost; `None`: the company.
    pub owner: Option<LossOwner>,
    /// Where what turned up late was put; empty for the site's one place.
    pub place: String,
}

impl Replica {
    /// Sends goods to another site: they are in transit until they are received there.
    ///
    /// # Errors
    /// [`CommandError`]; nothing is changed then.
    pub fn send_transfer(&mut self, by: &By, send: SendTransfer) -> Result<TransferRow, CommandError> {
        let id = self.write(|work| work.send_transfer(by, send))?;
        Ok(self.transfer_row(id)?)
    }

    /// Receives goods from another site, all or a part of them. Where the dispatch isn't known here yet and
    /// the sender is named, they are received all the same.
    ///
    /// # Errors
    /// [`CommandError`]; nothing is changed then.
    pub fn receive_transfer(
        &mut self,
        by: &By,
        receive: ReceiveTransfer,
    ) -> Result<TransferRow, CommandError> {
        let id = self.write(|work| work.receive_transfer(by, receive))?;
        Ok(self.transfer_row(id)?)
    }

    /// Says what became of goods that are missing: they turned up late, never left, or are lost.
    ///
    /// # Errors
    /// [`CommandError`]; nothing is changed then.
    pub fn close_transfer(&mut self, by: &By, close: CloseTransfer) -> Result<TransferRow, CommandError> {
        let id = self.write(|work| work.close_transfer(by, close))?;
        Ok(self.transfer_row(id)?)
    }

    /// Takes back the latest thing that was said on a transfer (红字冲销); both stay.
    ///
    /// # Errors
    /// [`CommandError`]; nothing is changed then.
    pub fn reverse_transfer(&mut self, by: &By, number: &str) -> Result<TransferRow, CommandError> {
        let id = self.write(|work| work.reverse_transfer(by, number))?;
        Ok(self.transfer_row(id)?)
    }
}

impl Work<'_> {
    fn send_transfer(&mut self, by: &By, send: SendTransfer) -> Result<i64, CommandError> {
        let from = self.site_for(send.from.as_ref())?;
        if !self.knows_site(&send.to)? {
            return Err(CommandError::UnknownSite { found: send.to.to_string() });
        }
        if send.to == from {
            return Err(wrong("site", send.to.as_str(), "another site than the sender"));
        }
        let (zone, currency) = self.site_terms(&from)?;
        let mut lines = BTreeMap::new();
        for (n, item) in checked(&send.items)?.iter().enumerate() {
            let sku = self.known_sku(&item.sku, false)?;
            let cost = match self.average_cost(&from, &sku)? {
                Some(cost) => Some(cost),
                None => self.listed_cost(&sku)?,
            };
            let (lot, place) = (send.lot.clone(), send.place.clone());
            lines.insert(LineId::nth(n + 1), TransferLine { sku, quantity: item.quantity, lot, place, cost });
        }
        let portion =
            |(id, line): (&LineId, &TransferLine)| Portion { line: id.clone(), quantity: line.quantity };
        let parts = lines.iter().map(portion).collect();
        let head = self.new_head(Kind::Transfer, Some(from.clone()), zone)?;
        let events = vec![self.event(by, zone, "", TransferEvent::Dispatched { parts })];
        let sites = [from.clone(), send.to.clone()];
        let document =
            Transfer { head, from, to: send.to, currency, papers: None, note: send.note, lines, events };
        Ok(self.create(Document::Transfer(document), &sites)?)
    }

    fn receive_transfer(&mut self, by: &By, receive: ReceiveTransfer) -> Result<i64, CommandError> {
        let known = match self.dispatch_named(&receive.number) {
            Err(unknown @ CommandError::UnknownDocument { .. }) => match &receive.from {
                Some(from) => return self.receive_unknown(by, &receive, from),
                None => return Err(unknown),
            },
            known => known?,
        };
        let (row, replayed, mut document) = known;
        self.at_site(&document.to, receive.at.as_ref())?;
        let goods = if document.is_delivery() {
            // Its dispatch isn't known: nobody here can tell what is under way.
            self.blind_arrivals(&receive)?
        } else {
            let state = self.transfer_state(&document)?;
            self.arrivals(&document, &state, &receive)?
        };
        let zone = self.site_terms(&document.to)?.0;
        let body = TransferEvent::Received { goods, complete: receive.complete };
        let event = self.event(by, zone, "", body);
        self.append_to_transfer(&row, replayed, &mut document, event)?;
        Ok(row.id)
    }

    /// Goods whose dispatch isn't known here: a delivery of its own, or more of one that is.
    fn receive_unknown(
        &mut self,
        by: &By,
        receive: &ReceiveTransfer,
        from: &SiteId,
    ) -> Result<i64, CommandError> {
        let to = self.site_for(receive.at.as_ref())?;
        if !self.knows_site(from)? || *from == to {
            return Err(CommandError::UnknownSite { found: from.to_string() });
        }
        let malformed = || wrong("number", &receive.number, "the dispatch's number, such as DB-S01A-000001");
        let papers: Number = receive.number.to_uppercase().parse().map_err(|_| malformed())?;
        if !papers.as_str().starts_with(Kind::Transfer.prefix()) {
            return Err(malformed());
        }
        let goods = self.blind_arrivals(receive)?;
        let (zone, _) = self.site_terms(&to)?;
        // What the goods cost the sender will say.
        let (_, currency) = self.site_terms(from)?;
        let head = self.new_head(Kind::Transfer, Some(to.clone()), zone)?;
        let body = TransferEvent::Received { goods, complete: receive.complete };
        let events = vec![self.event(by, zone, "", body)];
        let sites = [to.clone(), from.clone()];
        let (papers, lines) = (Some(papers), BTreeMap::new());
        let document = Transfer { head, from: from.clone(), to, currency, papers, note: None, lines, events };
        Ok(self.create(Document::Transfer(document), &sites)?)
    }

    fn blind_arrivals(&self, receive: &ReceiveTransfer) -> Result<Vec<Arrival>, CommandError> {
        let arrival = |item: &Named| {
            let sku = self.known_sku(&item.sku, true)?;
            let (quantity, over, place) = (item.quantity, Quantity::ZERO, receive.place.clone());
            Ok(Arrival { sku, lot: None, quantity, over, place })
        };
        checked(&receive.items)?.iter().map(arrival).collect()
    }

    /// What arrives of what is under way, lot by lot; what is more only where that is meant.
    fn arrivals(
        &self,
        document: &Transfer,
        state: &TransferState,
        receive: &ReceiveTransfer,
    ) -> Result<Vec<Arrival>, CommandError> {
        let place = receive.place.as_str();
        let mut open = Open::of(state, Passage::awaited);
        if receive.items.is_empty() {
            let all = open.take_all(None);
            if all.is_empty() {
                let state = state.names().last().copied().unwrap_or("received");
                return Err(CommandError::Closed {
                    number: document.head.number.to_string(),
                    state: state.into(),
                });
            }
            return Ok(all
                .into_iter()
                .map(|(sku, lot, q)| arrival(sku, lot, q, Quantity::ZERO, place))
                .collect());
        }
        let mut goods: Vec<Arrival> = Vec::new();
        for item in checked(&receive.items)? {
            let sku = self.known_sku(&item.sku, true)?;
            let there = open.of_sku(&sku);
            if item.quantity > there && !receive.over {
                return Err(CommandError::MoreThanSent { sku, asked: item.quantity, open: there });
            }
            let taken = open.take(&sku, item.quantity.min(there));
            goods.extend(taken.into_iter().map(|(sku, lot, q)| arrival(sku, lot, q, Quantity::ZERO, place)));
            let over = item.quantity - there;
            if over.is_positive() {
                match goods.iter_mut().rev().find(|a| a.sku == sku) {
                    Some(arrival) => arrival.over += over,
                    None => goods.push(arrival(sku, None, Quantity::ZERO, over, place)),
                }
            }
        }
        Ok(goods)
    }

    fn close_transfer(&mut self, by: &By, close: CloseTransfer) -> Result<i64, CommandError> {
        let (row, replayed, mut document) = self.dispatch_named(&close.number)?;
        match close.outcome {
            Outcome::Late => self.at_site(&document.to, None)?,
            Outcome::NeverLeft => self.at_site(&document.from, None)?,
            Outcome::Lost => {}
        }
        let state = self.transfer_state(&document)?;
        // What was given up as lost may still turn up.
        let missing = if close.outcome == Outcome::Late { Passage::awaited } else { Passage::open };
        let mut open = Open::of(&state, missing);
        let number = document.head.number.to_string();
        let taken = if close.items.is_empty() {
            open.take_all(None)
        } else {
            let mut taken = Vec::new();
            for item in checked(&close.items)? {
                let sku = self.known_sku(&item.sku, true)?;
                let there = open.of_sku(&sku);
                if item.quantity > there {
                    return Err(CommandError::MoreThanOpen {
                        number,
                        sku,
                        asked: item.quantity,
                        open: there,
                    });
                }
                taken.extend(open.take(&sku, item.quantity));
            }
            taken
        };
        if taken.is_empty() {
            let state = state.names().last().copied().unwrap_or("received");
            return Err(CommandError::Closed { number, state: state.into() });
        }
        let owner = close.owner.filter(|_| close.outcome == Outcome::Lost);
        let missing = |(sku, lot, quantity)| Missing {
            sku,
            lot,
            quantity,
            outcome: close.outcome,
            owner: owner.clone(),
            place: close.place.clone(),
        };
        let goods = taken.into_iter().map(missing).collect();
        let event = self.event(by, document.head.zone, "", TransferEvent::Closed { goods });
        self.append_to_transfer(&row, replayed, &mut document, event)?;
        Ok(row.id)
    }

    fn reverse_transfer(&mut self, by: &By, number: &str) -> Result<i64, CommandError> {
        let (row, replayed, mut document) = self.dispatch_named(number)?;
        let latest = document.standing().filter(|e| !matches!(e.body, TransferEvent::Reversed { .. }));
        let Some(latest) = latest.max_by_key(|e| e.rank()) else {
            let state = "reversed".into();
            return Err(CommandError::Closed { number: document.head.number.to_string(), state });
        };
        // A dispatch is the sender's to take back, what arrived the receiver's.
        match &latest.body {
            TransferEvent::Dispatched { .. } => self.at_site(&document.from, None)?,
            TransferEvent::Received { .. } => self.at_site(&document.to, None)?,
            _ => {}
        }
        let body = TransferEvent::Reversed { event: latest.id.clone() };
        let event = self.event(by, document.head.zone, "", body);
        self.append_to_transfer(&row, replayed, &mut document, event)?;
        Ok(row.id)
    }

    /// After how many days goods in transit are late.
    /// Whether this device may write for a site, which may have been named.
    pub(super) fn at_site(&self, site: &SiteId, named: Option<&SiteId>) -> Result<(), CommandError> {
        let here = match &self.me.role {
            Role::Hq => named.is_none_or(|n| n == site),
            Role::Site(own) => own == site && named.is_none_or(|n| n == site),
            Role::Relay => false,
        };
        if here { Ok(()) } else { Err(CommandError::NotHere { site: site.clone() }) }
    }

    /// The dispatch that a number or an identity names, or a delivery whose dispatch isn't known.
    fn dispatch_named(&self, text: &str) -> Result<(DocumentRow, Replayed, Transfer), CommandError> {
        let row = match self.named(text, Kind::Transfer) {
            Err(unknown @ CommandError::UnknownDocument { .. }) => match self.delivery_of(text)? {
                Some(id) => document_by_id(&self.tx, id)?,
                None => return Err(unknown),
            },
            row => row?,
        };
        let (replayed, transfer) = self.open_transfer(&row)?;
        let Some(papers) = &transfer.papers else { return Ok((row, replayed, transfer)) };
        match self.named(papers.as_str(), Kind::Transfer) {
            Ok(row) => {
                let (replayed, transfer) = self.open_transfer(&row)?;
                Ok((row, replayed, transfer))
            }
            Err(CommandError::UnknownDocument { .. }) => Ok((row, replayed, transfer)),
            Err(error) => Err(error),
        }
    }

    /// The delivery of this device's site that names a dispatch's number.
    fn delivery_of(&self, number: &str) -> Result<Option<i64>, CommandError> {
        let Role::Site(here) = &self.me.role else { return Ok(None) };
        Ok(self
            .tx
            .prepare_cached(
                "SELECT t.document FROM transfer t JOIN document d ON d.id = t.document
                 WHERE t.org = ? AND t.receiver = ? AND t.joined = ? AND t.delivery ORDER BY d.identity LIMIT 1",
            )?
            .query_row(params![self.org, here.as_str(), number.trim().to_uppercase()], |r| r.get(0))
            .optional()?)
    }

    fn open_transfer(&self, row: &DocumentRow) -> Result<(Replayed, Transfer), CommandError> {
        match self.open(row, Kind::Transfer)? {
            (replayed, Document::Transfer(transfer)) if transfer.is_told_at_its_site() => {
                Ok((replayed, transfer))
            }
            (_, Document::Transfer(_)) => {
                Err(CommandError::UnknownDocument { kind: Kind::Transfer, found: row.number.clone() })
            }
            _ => Err(StoreError::damaged("a transfer", row.identity).into()),
        }
    }

    /// Where a dispatch stands, with the deliveries that name it.
    fn transfer_state(&self, dispatch: &Transfer) -> Result<TransferState, CommandError> {
        let ids: Vec<i64> = {
            let mut statement = self.tx.prepare_cached(
                "SELECT document FROM transfer
                 WHERE org = ? AND sender = ? AND receiver = ? AND joined = ? AND delivery",
            )?;
            let key = params![
                self.org,
                dispatch.from.as_str(),
                dispatch.to.as_str(),
                dispatch.head.number.as_str()
            ];
            let rows = statement.query_map(key, |r| r.get(0))?;
            rows.collect::<rusqlite::Result<_>>()?
        };
        let mut deliveries = Vec::new();
        for id in ids {
            deliveries.push(self.open_transfer(&document_by_id(&self.tx, id)?)?.1);
        }
        let deliveries: Vec<&Transfer> = deliveries.iter().collect();
        Ok(TransferState::of(Some(dispatch), &deliveries))
    }

    fn append_to_transfer(
        &mut self,
        row: &DocumentRow,
        replayed: Replayed,
        document: &mut Transfer,
        event: guicang_domain::event::Event<TransferEvent>,
    ) -> Result<(), CommandError> {
        document.events.push(event.clone());
        document.events.sort_by_cached_key(guicang_domain::event::Event::rank);
        let whole = Document::Transfer(document.clone());
        self.append(row, replayed, &Events::Transfer(&[event]), &whole)
    }
}

/// What is open of a transfer, by article and lot.
struct Open(BTreeMap<(Sku, Option<Lot>), Quantity>);

type Taken = Vec<(Sku, Option<Lot>, Quantity)>;

impl Open {
    fn of(state: &TransferState, open: fn(&Passage) -> Quantity) -> Self {
        Self(state.goods.iter().map(|(goods, passage)| (goods.clone(), open(passage))).collect())
    }

    fn of_sku(&self, sku: &Sku) -> Quantity {
        self.0.iter().filter(|((s, _), _)| s == sku).map(|(_, q)| (*q).max(Quantity::ZERO)).sum()
    }

    fn take_all(&mut self, sku: Option<&Sku>) -> Taken {
        let wanted = |(s, _): &(Sku, Option<Lot>)| sku.is_none_or(|sku| s == sku);
        let open = self.0.iter_mut().filter(|(goods, q)| wanted(goods) && q.is_positive());
        open.map(|((sku, lot), q)| (sku.clone(), lot.clone(), std::mem::take(q))).collect()
    }

    fn take(&mut self, sku: &Sku, quantity: Quantity) -> Taken {
        let mut left = quantity;
        let mut taken = Vec::new();
        for ((s, lot), open) in self.0.iter_mut().filter(|((s, _), _)| s == sku) {
            let take = left.min(*open);
            if take.is_positive() {
                *open -= take;
                left -= take;
                taken.push((s.clone(), lot.clone(), take));
            }
        }
        taken
    }
}

fn arrival(sku: Sku, lot: Option<Lot>, quantity: Quantity, over: Quantity, place: &str) -> Arrival {
    Arrival { sku, lot, quantity, over, place: place.into() }
}

/// At least one article, each of a quantity above zero.
pub(super) fn checked(items: &[Named]) -> Result<&[Named], CommandError> {
    if items.is_empty() {
        return Err(wrong("item", "nothing", "at least one SKU"));
    }
    match items.iter().find(|i| !i.quantity.is_positive() || i.quantity > Quantity::LIMIT) {
        Some(item) => Err(wrong("quantity", &item.quantity.to_string(), "> 0")),
        None => Ok(items),
    }
}
