//! The cash book: shifts, and the receipts and payments that belong to them.
//!
//! What surprises: which shift an item belongs to follows from when it happened, so an item that comes
//! late changes a shift that was closed long ago. Its row says both: what the close saw, and what is so
//! now. A shift that something touched is folded again whole.

use std::collections::BTreeSet;

use guicang_domain::cash::{CashFlow, CashShift, CashWay, Drawer, Window, postings, shift_of};
use guicang_domain::ids::{DeviceId, EventId, Tender, TillId};
use guicang_domain::money::Amount;
use guicang_domain::returns::{Exchange, Return, ReturnEvent};
use guicang_domain::time::Moment;
use rusqlite::{Connection, params};

use super::money::Purse;
use super::{rank_of, rank_text};
use crate::error::StoreError;
use crate::store::Work;

/// A shift and those of its site that share some of its time.
pub(crate) struct Drawers {
    /// The windows, by document; the shift's own is among them.
    pub(crate) windows: Vec<Window<i64>>,
}

/// What belongs to a shift.
#[derive(Debug, Default)]
pub(crate) struct Belongs {
    /// Sales and refunds; nothing that was put in or taken out.
    pub(crate) flow: CashFlow,
    /// The payments of returns: (event, document, amount, when), in order of time; below zero what customers
    /// paid, for a repair or on top of an exchange.
    pub(crate) payments: Vec<(EventId, i64, Amount, Moment)>,
}

/// The cash that an event of a return took out of the drawer of the device that recorded it; below zero: put
/// in. A till's own receipt tells its cash itself.
fn cash_of(event: &ReturnEvent) -> Option<Amount> {
    let (tender, amount) = match event {
        ReturnEvent::Paid { tender, amount, by_hand: true, .. } => (tender, *amount),
        ReturnEvent::RepairReturned { fee: Some(fee), .. } => (&fee.tender, -fee.amount),
        ReturnEvent::Exchanged(Exchange { collected: Some(c), .. }) => (&c.tender, -c.amount),
        ReturnEvent::Exchanged(Exchange { refunded: Some(r), paid: true, .. }) => (&r.tender, r.amount),
        _ => return None,
    };
    (*tender == Tender::cash()).then_some(amount)
}

impl Work<'_> {
    pub(super) fn project_cash_shift(&mut self, document: i64, d: &CashShift) -> Result<(), StoreError> {
        let state = d.state();
        let (Some(site), Some(opened)) = (&d.head.site, &state.opened) else { return Ok(()) };
        let closed = state.closed.as_ref();
        let seen = closed.map(|c| &c.seen);
        let until = closed.map_or(i64::MAX, |c| c.occurred.at.0);
        let conflicts: Vec<String> = state
            .conflicts
            .iter()
            .map(|(about, stands, loses)| format!("{about} {stands} {loses}"))
            .collect();
        self.tx
            .prepare_cached(
                "INSERT INTO cash_shift (org, document, site, till, shift, date, zone, currency, device, rank, opened,
                     until, opening, counted, paid_in, paid_out, seen_sales, seen_receipts, seen_refunds, seen_in,
                     seen_out, conflicts) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
            )
            .and_then(|mut s| {
                s.execute(params![
                    self.org,
                    document,
                    site.as_str(),
                    d.till.as_ref().map_or("", TillId::as_str),
                    d.shift,
                    d.date.to_string(),
                    opened.occurred.zone.to_string(),
                    d.currency.code(),
                    opened.device.0,
                    rank_text(&opened.rank),
                    opened.occurred.at.0,
                    until,
                    opened.counted.0,
                    closed.map(|c| c.counted.0),
                    state.moved(CashWay::In).0,
                    state.moved(CashWay::Out).0,
                    seen.map(|s| s.sales.0),
                    seen.map(|s| s.receipts as i64),
                    seen.map(|s| s.refunds.0),
                    seen.map(|s| s.paid_in.0),
                    seen.map(|s| s.paid_out.0),
                    (!conflicts.is_empty()).then(|| conflicts.join("\n"))
                ])
            })
            .map_err(StoreError::of)?;
        self.touched.cash.insert((site.as_str().to_owned(), opened.occurred.at.0, until));
        Ok(())
    }

    /// The cash that a return moved: what was paid to the customer, and (below zero) what they paid.
    pub(super) fn project_cash_paid(&mut self, document: i64, d: &Return) -> Result<(), StoreError> {
        let Some(site) = &d.head.site else { return Ok(()) };
        for event in d.standing() {
            let Some(amount) = cash_of(&event.body) else { continue };
            let at = event.occurred.at.0;
            self.tx
                .prepare_cached(
                    "INSERT INTO cash_paid (org, document, event, site, device, amount, occurred) VALUES (?,?,?,?,?,?,?)",
                )
                .and_then(|mut s| {
                    s.execute(params![
                        self.org,
                        document,
                        event.id.to_string(),
                        site.as_str(),
                        event.proof.device.0,
                        amount.0,
                        at
                    ])
                })
                .map_err(StoreError::of)?;
            self.touched.cash.insert((site.as_str().to_owned(), at, at));
        }
        Ok(())
    }

    /// Notes when the cash of a receipt moved, where it has any.
    pub(crate) fn touch_receipt_cash(&mut self, receipt: i64) -> Result<(), StoreError> {
        let mut statement = self
            .tx
            .prepare_cached(
                "SELECT site, occurred FROM receipt WHERE id = ? AND cash <> 0 AND occurred IS NOT NULL",
            )
            .map_err(StoreError::of)?;
        let mut rows = statement.query([receipt]).map_err(StoreError::of)?;
        while let Some(r) = rows.next().map_err(StoreError::of)? {
            let (site, at): (String, i64) = (|| Ok((r.get(0)?, r.get(1)?)))().map_err(StoreError::of)?;
            self.touched.cash.insert((site, at, at));
        }
        Ok(())
    }

    /// Notes what a document that is about to lose its rows says of cash.
    pub(super) fn unproject_cash(&mut self, document: i64) -> Result<(), StoreError> {
        for sql in [
            "SELECT site, opened, until FROM cash_shift WHERE org = ? AND document = ?",
            "SELECT site, occurred, occurred FROM cash_paid WHERE org = ? AND document = ?",
        ] {
            self.collect(document, sql, |touched, r| {
                touched.cash.insert((r.get(0)?, r.get(1)?, r.get(2)?));
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Folds the shifts in whose time cash moved, and those beside them.
    pub(super) fn fold_cash(&mut self) -> Result<(), StoreError> {
        let touched = std::mem::take(&mut self.touched.cash);
        if touched.is_empty() {
            return Ok(());
        }
        let any: bool = self
            .tx
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM cash_shift WHERE org = ?)")
            .and_then(|mut s| s.query_row([self.org], |r| r.get(0)))
            .map_err(StoreError::of)?;
        if !any {
            return Ok(());
        }
        let mut shifts: BTreeSet<(String, i64)> = BTreeSet::new();
        for (site, from, to) in touched {
            let drawers = Drawers::of(&self.tx, self.org, &site, from, to)?;
            shifts.extend(drawers.windows.iter().map(|w| (site.clone(), w.shift)));
        }
        for (site, shift) in shifts {
            self.fold_shift(&site, shift)?;
        }
        Ok(())
    }

    fn fold_shift(&mut self, site: &str, document: i64) -> Result<(), StoreError> {
        let (from, until, opening, counted, paid_in, paid_out, currency): Row = self
            .tx
            .prepare_cached(
                "SELECT opened, until, opening, counted, paid_in, paid_out, currency FROM cash_shift
                 WHERE org = ? AND document = ?",
            )
            .and_then(|mut s| {
                s.query_row([self.org, document], |r| {
                    Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?, r.get(4)?, r.get(5)?, r.get(6)?))
                })
            })
            .map_err(StoreError::of)?;
        let drawers = Drawers::of(&self.tx, self.org, site, from, until)?;
        let belongs = drawers.belongs(&self.tx, self.org, site, document)?;
        let flow = CashFlow { paid_in: Amount(paid_in), paid_out: Amount(paid_out), ..belongs.flow };
        let overlap = drawers.overlap(document).map(|e| e.to_string());
        self.tx
            .prepare_cached(
                "UPDATE cash_shift SET sales = ?, receipts = ?, refunds = ?, overlap = ? WHERE org = ? AND document = ?",
            )
            .and_then(|mut s| {
                s.execute(params![
                    flow.sales.0,
                    flow.receipts as i64,
                    flow.refunds.0,
                    overlap,
                    self.org,
                    document
                ])
            })
            .map_err(StoreError::of)?;
        self.tx
            .prepare_cached("DELETE FROM money WHERE org = ? AND document = ?")
            .and_then(|mut s| s.execute([self.org, document]))
            .map_err(StoreError::of)?;
        let difference = counted.map(|c| Amount(c) - flow.expected(Amount(opening)));
        let purse = Purse { site, currency: &currency };
        for (account, amount) in postings(flow.paid_in - flow.paid_out, difference) {
            // The shift's business date is that of its beginning.
            self.post_money(document, purse, account, amount, from)?;
        }
        Ok(())
    }
}

type Row = (i64, i64, i64, Option<i64>, i64, i64, String);

impl Drawers {
    /// The shifts of a site that share some of the time from `from` to `to`, ms.
    pub(crate) fn of(db: &Connection, org: i64, site: &str, from: i64, to: i64) -> Result<Self, StoreError> {
        let mut statement = db
            .prepare_cached(
                "SELECT document, till, device, opened, until, rank FROM cash_shift
                 WHERE org = ? AND site = ? AND until > ? AND opened <= ? ORDER BY document",
            )
            .map_err(StoreError::of)?;
        let mut rows = statement.query(params![org, site, from, to]).map_err(StoreError::of)?;
        let mut windows = Vec::new();
        while let Some(r) = rows.next().map_err(StoreError::of)? {
            let read = || -> rusqlite::Result<_> {
                Ok((
                    r.get(0)?,
                    r.get::<_, String>(1)?,
                    r.get(2)?,
                    r.get(3)?,
                    r.get(4)?,
                    r.get::<_, String>(5)?,
                ))
            };
            let (shift, till, device, from, until, rank) = read().map_err(StoreError::of)?;
            windows.push(Window {
                shift,
                till: match till.as_str() {
                    "" => None,
                    till => Some(till.parse().map_err(|e| StoreError::damaged("a shift's till", e))?),
                },
                device: DeviceId(device),
                from: Moment(from),
                until: (until != i64::MAX).then_some(Moment(until)),
                rank: rank_of(&rank)?,
            });
        }
        Ok(Self { windows })
    }

    fn own(&self, shift: i64) -> Result<&Window<i64>, StoreError> {
        let found = self.windows.iter().find(|w| w.shift == shift);
        found.ok_or_else(|| StoreError::damaged("a shift's time", shift))
    }

    /// What belongs to a shift.
    pub(crate) fn belongs(
        &self,
        db: &Connection,
        org: i64,
        site: &str,
        shift: i64,
    ) -> Result<Belongs, StoreError> {
        let own = self.own(shift)?;
        let (from, until) = (own.from.0, own.until.map_or(i64::MAX, |u| u.0));
        let is_own =
            |drawer: Drawer<'_>, at| shift_of(&self.windows, drawer, at).is_some_and(|w| w.shift == shift);
        let mut belongs = Belongs::default();
        let mut statement = db
            .prepare_cached(
                "SELECT till, occurred, cash FROM receipt
                 WHERE org = ? AND site = ? AND cash <> 0 AND occurred >= ? AND occurred < ?",
            )
            .map_err(StoreError::of)?;
        let mut rows = statement.query(params![org, site, from, until]).map_err(StoreError::of)?;
        while let Some(r) = rows.next().map_err(StoreError::of)? {
            let (till, at, cash): (String, i64, i64) =
                (|| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))().map_err(StoreError::of)?;
            let till: Option<TillId> = match till.as_str() {
                "" => None,
                till => Some(till.parse().map_err(|e| StoreError::damaged("a receipt's till", e))?),
            };
            if is_own(Drawer::Till(till.as_ref()), Moment(at)) {
                belongs.flow.sales += Amount(cash);
                belongs.flow.receipts += 1;
            }
        }
        let mut statement = db
            .prepare_cached(
                "SELECT event, document, device, amount, occurred FROM cash_paid
                 WHERE org = ? AND site = ? AND occurred >= ? AND occurred < ? ORDER BY occurred, event",
            )
            .map_err(StoreError::of)?;
        let mut rows = statement.query(params![org, site, from, until]).map_err(StoreError::of)?;
        while let Some(r) = rows.next().map_err(StoreError::of)? {
            let read = || -> rusqlite::Result<_> {
                Ok((r.get::<_, String>(0)?, r.get(1)?, r.get(2)?, r.get::<_, i64>(3)?, r.get(4)?))
            };
            let (event, document, device, amount, at) = read().map_err(StoreError::of)?;
            if is_own(Drawer::Device(DeviceId(device)), Moment(at)) {
                if amount < 0 {
                    belongs.flow.sales += Amount(-amount);
                    belongs.flow.receipts += 1;
                } else {
                    belongs.flow.refunds += Amount(amount);
                }
                let event = event.parse().map_err(|e| StoreError::damaged("a payment", e))?;
                belongs.payments.push((event, document, Amount(amount), Moment(at)));
            }
        }
        Ok(belongs)
    }

    /// The opening that stands where the same drawer was opened twice, and this shift's came later.
    fn overlap(&self, shift: i64) -> Option<&EventId> {
        let own = self.windows.iter().find(|w| w.shift == shift)?;
        let shares = |w: &&Window<i64>| {
            own.until.is_none_or(|until| w.from < until) && w.until.is_none_or(|until| own.from < until)
        };
        let same = self.windows.iter().filter(|w| w.till == own.till && w.rank < own.rank).filter(shares);
        same.min_by(|a, b| a.rank.cmp(&b.rank)).map(|w| &w.rank.event)
    }
}
