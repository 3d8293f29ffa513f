//! Returns: a list from the projections; each one's lines and parts from its document.

use chrono::NaiveDate;
use guicang_domain::account::Account;
use guicang_domain::document::Document;
use guicang_domain::event::Event;
use guicang_domain::ids::{
    DocumentId, EventId, LineId, Number, PartId, ReasonCode, ReceiptId, ReceiptLineId, RefundNumber, SiteId,
    Sku, Tender, UserName,
};
use guicang_domain::money::{Amount, Currency};
use guicang_domain::quantity::Quantity;
use guicang_domain::returns::credit::Credit;
use guicang_domain::returns::postings::replacements;
use guicang_domain::returns::stage::Stage;
use guicang_domain::returns::state::{Awaited, RefundState, ReturnState};
use guicang_domain::returns::{Cost, Deduction, Disposition, Grade, Replacement, Return, ReturnEvent};
use guicang_domain::time::{Moment, Occurred};
use rusqlite::params;

use super::name;
use super::settings::Dues;
use crate::error::{CommandError, StoreError};
use crate::facts::{all_whole, document_by_id, documents_numbered, find_document, standing};
use crate::store::Replica;

/// Which returns.
#[derive(Debug, Clone, Default)]
pub struct ReturnFilter {
    /// Only those that this site took back.
    pub site: Option<SiteId>,
    /// Only those with this among their states.
    pub state: Option<String>,
    /// Those of imported history instead of the live ones.
    pub historic: bool,
    /// At most so many, the latest; `None`: all.
    pub limit: Option<u32>,
}

/// A return as lists show it.
#[derive(Debug, Clone)]
pub struct ReturnRow {
    /// The document.
    pub id: DocumentId,
    /// Its number.
    pub number: Number,
    /// The site that took it back.
    pub site: SiteId,
    /// When it began.
    pub occurred: Occurred,
    /// The receipt that the customer named.
    pub receipt: Option<ReceiptId>,
    /// Where it stands.
    pub states: Vec<String>,
    /// Its lines.
    pub lines: Vec<ReturnLineRow>,
    /// Owed, as known here, less what is taken off.
    pub entitled: Amount,
    /// Taken off what is owed: missing parts, gifts that were kept.
    pub deductions: Vec<Deduction>,
    /// What it cost, each with the event that recorded it and when.
    pub costs: Vec<(EventId, Occurred, Cost)>,
    /// Asked for and not yet paid.
    pub queued: Amount,
    /// Of that, what isn't owed: held until HQ decides.
    pub held: Amount,
    /// Paid.
    pub paid: Amount,
    /// The currency.
    pub currency: Currency,
    /// The day by which what is owed is due; `None` once paid, or while no goods came.
    pub due_by: Option<NaiveDate>,
    /// Whether a signed receipt proves its sale, which the branch that took the goods doesn't hold.
    pub proven: bool,
    /// Lines whose sale nobody has seen yet.
    pub unverified_lines: u32,
    /// How much is more than the sale lines had left.
    pub excess: Quantity,
    /// Brought in with history.
    pub historic: bool,
    /// Its refunds, by tender and attempt.
    pub refunds: Vec<RefundRow>,
    /// Where the goods are to be sent, and until when.
    pub awaited: Option<Awaited>,
    /// Parcels on their way, or arrived.
    pub parcels: Vec<ParcelRow>,
    /// What was given in exchange; it can come back under the return's number.
    pub given: Vec<Replacement>,
    /// The store credit that it gave.
    pub credit: Credit,
    /// What happened, in order of rank, taken back or not.
    pub events: Vec<EventRow>,
}

/// A refund of a return.
#[derive(Debug, Clone)]
pub struct RefundRow {
    /// Its number.
    pub refund: RefundNumber,
    /// By what.
    pub tender: Tender,
    /// How much was asked for.
    pub requested: Amount,
    /// How much was paid.
    pub paid: Amount,
    /// How far it has come.
    pub state: RefundState,
}

/// A parcel of a return.
#[derive(Debug, Clone)]
pub struct ParcelRow {
    /// Its tracking number.
    pub tracking: String,
    /// Who carries it; empty where only its arrival is known.
    pub carrier: String,
    /// When it was sent.
    pub sent: Option<Moment>,
    /// When it arrived.
    pub arrived: Option<Moment>,
}

/// An event of a return.
#[derive(Debug, Clone)]
pub struct EventRow {
    /// Its name in the document.
    pub id: EventId,
    /// What happened, as data has it.
    pub kind: String,
    /// When.
    pub occurred: Occurred,
    /// Who.
    pub user: UserName,
    /// Whether it was taken back.
    pub reversed: bool,
    /// Of a decision: the version of the policy that was asked; else empty.
    pub policy: String,
    /// Of a decision: its grounds, as codes.
    pub grounds: Vec<String>,
}

/// A return's line.
#[derive(Debug, Clone)]
pub struct ReturnLineRow {
    /// Its name in the document.
    pub line: LineId,
    /// The article.
    pub sku: Sku,
    /// How much was asked.
    pub quantity: Quantity,
    /// The reason given.
    pub reason: ReasonCode,
    /// What it takes back.
    pub links: Vec<ReturnLinkRow>,
    /// How much of it is more than the sale had left.
    pub excess: Quantity,
    /// Its parts.
    pub parts: Vec<PartRow>,
}

/// What of a receipt a line takes back; the receipt's line is known once the sale is.
#[derive(Debug, Clone)]
pub struct ReturnLinkRow {
    /// The receipt.
    pub receipt: ReceiptId,
    /// Its line.
    pub line: Option<ReceiptLineId>,
    /// How much.
    pub quantity: Quantity,
}

/// A part of a line's quantity.
#[derive(Debug, Clone)]
pub struct PartRow {
    /// Its name.
    pub part: PartId,
    /// How much.
    pub quantity: Quantity,
    /// How it looks; `None` while it waits.
    pub grade: Option<Grade>,
    /// Where it goes.
    pub disposition: Option<Disposition>,
    /// Where it is.
    pub account: Account,
}

impl ReturnRow {
    /// Whether goods are still to come at that time though the time for them is over.
    pub fn is_overdue(&self, now: Moment) -> bool {
        let over = self.awaited.as_ref().and_then(|a| a.until).is_some_and(|until| now > until);
        over && self.states.iter().any(|s| s == Stage::AwaitingGoods.as_str())
    }
}

impl Replica {
    /// What this device's clock says.
    pub fn now(&mut self) -> Moment {
        (self.ambient.now)()
    }

    /// The returns that a filter asks for, latest first.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn returns(&self, filter: &ReturnFilter) -> Result<Vec<ReturnRow>, StoreError> {
        let ids: Vec<i64> = {
            let mut statement = self
                .db
                .prepare_cached(
                    "SELECT document FROM return_head WHERE org = ?1 AND (?2 IS NULL OR site = ?2) AND historic = ?3
                         AND (?4 IS NULL OR ' ' || states || ' ' LIKE '% ' || ?4 || ' %')
                     ORDER BY occurred DESC, document DESC LIMIT ?5",
                )
                .map_err(StoreError::of)?;
            let site = filter.site.as_ref().map(SiteId::as_str);
            let limit = filter.limit.map_or(-1, i64::from);
            let rows = statement
                .query_map(params![self.identity.org, site, filter.historic, filter.state, limit], |r| {
                    r.get(0)
                })
                .map_err(StoreError::of)?;
            rows.collect::<rusqlite::Result<_>>().map_err(StoreError::of)?
        };
        all_whole(&self.db, self.identity.org, &ids)?;
        let dues = Dues::of(self);
        ids.into_iter().map(|id| self.return_row_by(id, &dues)).collect()
    }

    /// The return of a number or an identity; `None` when none is held.
    ///
    /// # Errors
    /// [`CommandError::Ambiguous`] when a number names several.
    pub fn find_return(&self, text: &str) -> Result<Option<ReturnRow>, CommandError> {
        let found = match text.parse::<DocumentId>() {
            Ok(identity) => find_document(&self.db, self.identity.org, identity)?.into_iter().collect(),
            Err(_) => documents_numbered(&self.db, self.identity.org, &text.trim().to_uppercase())?,
        };
        let returns: Vec<_> = found.into_iter().filter(|d| d.number.starts_with("TH-")).collect();
        match returns.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(self.return_row(one.id)?)),
            many => Err(CommandError::Ambiguous {
                number: text.into(),
                found: many.iter().map(|d| d.identity.to_string()).collect(),
            }),
        }
    }

    pub(crate) fn return_row(&self, id: i64) -> Result<ReturnRow, StoreError> {
        self.return_row_by(id, &Dues::of(self))
    }

    fn return_row_by(&self, id: i64, dues: &Dues<'_>) -> Result<ReturnRow, StoreError> {
        let row = document_by_id(&self.db, id)?;
        let (_, mut reading) = standing(&self.db, self.identity.org, &self.book, self.identity.device, id)?
            .read(row.identity)?;
        crate::proof::believe(&self.book, &mut reading);
        let Some(Document::Return(document)) = reading.document else {
            return Err(StoreError::damaged("a return", row.identity));
        };
        let state = ReturnState::of(&document);
        let head = self
            .db
            .prepare_cached(
                "SELECT entitled, queued, paid, committed, unverified, excess, historic, occurred, zone, arrived, states
                 FROM return_head WHERE org = ? AND document = ?",
            )
            .and_then(|mut s| {
                s.query_row([self.identity.org, id], |r| {
                    Ok((
                        (Amount(r.get(0)?), Amount(r.get(1)?), Amount(r.get(2)?), Amount(r.get(3)?)),
                        (r.get::<_, u32>(4)?, Quantity(r.get(5)?), r.get::<_, bool>(6)?),
                        (Moment(r.get(7)?), r.get::<_, String>(8)?),
                        (r.get::<_, Option<String>>(9)?, r.get::<_, String>(10)?),
                    ))
                })
            })
            .map_err(StoreError::of)?;
        let (
            (entitled, queued, paid, committed),
            (unverified, excess, historic),
            (at, zone),
            (arrived, states),
        ) = head;
        let arrived = match arrived {
            Some(text) => {
                Some(text.parse::<NaiveDate>().map_err(|e| StoreError::damaged("a return's arrival", e))?)
            }
            None => None,
        };
        let due = arrived.filter(|_| !historic && committed < entitled);
        let zone = zone.parse().map_err(|e| StoreError::damaged("a return's zone", e))?;
        let due_by = match due {
            Some(day) => Some(dues.by(day, zone)?),
            None => None,
        };
        // What is asked for on top of what is paid, beyond what is owed, is held.
        let held = Amount((queued.0 + paid.0 - entitled.0).clamp(0, queued.0));
        Ok(ReturnRow {
            id: document.head.id,
            number: document.head.number.clone(),
            site: document
                .head
                .site
                .clone()
                .ok_or_else(|| StoreError::damaged("a return's site", row.identity))?,
            occurred: Occurred { at, zone },
            receipt: document.sale().cloned(),
            states: states.split_whitespace().map(str::to_owned).collect(),
            lines: self.line_rows(id, &document, &state)?,
            entitled,
            queued,
            held,
            paid,
            currency: document.currency,
            due_by,
            unverified_lines: unverified,
            proven: document.proof.is_some() && unverified == 0,
            excess,
            historic,
            refunds: refund_rows(&state),
            awaited: state.awaited.clone(),
            parcels: state
                .parcels
                .iter()
                .map(|(tracking, p)| ParcelRow {
                    tracking: tracking.clone(),
                    carrier: p.carrier.clone(),
                    sent: p.sent,
                    arrived: p.arrived,
                })
                .collect(),
            given: replacements(&state).map(|(given, _)| given.clone()).collect(),
            events: event_rows(&document),
            deductions: state.deductions,
            costs: state.costs,
            credit: state.credit,
        })
    }

    fn line_rows(
        &self,
        id: i64,
        document: &Return,
        state: &ReturnState,
    ) -> Result<Vec<ReturnLineRow>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT l.line, coalesce((SELECT sum(c.excess) FROM line_claim c
                     WHERE c.org = l.org AND c.document = l.document AND c.position = l.position AND c.counts), 0)
                 FROM return_line l WHERE l.org = ? AND l.document = ?",
            )
            .map_err(StoreError::of)?;
        let mut excess = std::collections::BTreeMap::new();
        let mut rows = statement.query([self.identity.org, id]).map_err(StoreError::of)?;
        while let Some(r) = rows.next().map_err(StoreError::of)? {
            excess.insert(name::<LineId>(r, 0, "a line")?, Quantity(r.get(1).map_err(StoreError::of)?));
        }
        let line = |(id, line): (&LineId, &guicang_domain::returns::ReturnLine)| {
            let linked = document.links_of(id);
            let links = match (linked.is_empty(), document.sale()) {
                (true, Some(receipt)) if !document.is_historic() => {
                    vec![ReturnLinkRow { receipt: receipt.clone(), line: None, quantity: line.quantity }]
                }
                _ => linked
                    .into_iter()
                    .map(|l| ReturnLinkRow {
                        receipt: l.receipt.clone(),
                        line: Some(l.line.clone()),
                        quantity: l.quantity,
                    })
                    .collect(),
            };
            let parts = state.parts.iter().filter(|(_, p)| p.line == *id && p.quantity.is_positive());
            ReturnLineRow {
                line: id.clone(),
                sku: line.sku.clone(),
                quantity: line.quantity,
                reason: line.reason.clone(),
                links,
                excess: excess.get(id).copied().unwrap_or_default(),
                parts: parts
                    .map(|(part, p)| PartRow {
                        part: part.clone(),
                        quantity: p.quantity,
                        grade: p.inspected.map(|i| i.0),
                        disposition: p.inspected.map(|i| i.1),
                        account: p.account(),
                    })
                    .collect(),
            }
        };
        Ok(document.lines.iter().map(line).collect())
    }
}

fn refund_rows(state: &ReturnState) -> Vec<RefundRow> {
    let mut rows: Vec<(u32, RefundRow)> = state
        .refunds
        .iter()
        .map(|(number, r)| {
            let row = RefundRow {
                refund: number.clone(),
                tender: r.tender.clone(),
                requested: r.requested,
                paid: r.paid,
                state: r.state,
            };
            (r.attempt, row)
        })
        .collect();
    rows.sort_by(|a, b| (&a.1.tender, a.0, &a.1.refund).cmp(&(&b.1.tender, b.0, &b.1.refund)));
    rows.into_iter().map(|(_, row)| row).collect()
}

fn event_rows(document: &Return) -> Vec<EventRow> {
    let standing: Vec<&EventId> = document.standing().map(|e| &e.id).collect();
    let row = |e: &Event<ReturnEvent>| EventRow {
        id: e.id.clone(),
        kind: e.body.name().to_owned(),
        occurred: e.occurred,
        user: e.user.clone(),
        reversed: !standing.contains(&&e.id),
        policy: if crate::project::settings::is_judged(e) { e.policy.clone() } else { String::new() },
        grounds: match &e.body {
            ReturnEvent::Approved { grounds, .. } | ReturnEvent::Rejected { grounds, .. } => grounds.clone(),
            _ => Vec::new(),
        },
    };
    document.events.iter().map(row).collect()
}
