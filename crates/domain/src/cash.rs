//! The cash book: a shift at a till or drawer, from the counted opening to the counted closing (交接班).
//!
//! What surprises: a shift holds no sales and no refunds. Those are other documents' facts, and belong
//! to the shift in whose time they happened ([`shift_of`]). So a refund that arrives after the close
//! still belongs to its own shift: what the close saw is kept in its event, what is so now is folded.
//!
//! ```text
//!   expected = opening counted + cash sales + paid in - paid out - cash refunds
//!   difference = closing counted - expected        above zero: over (长款); below: short (短款)
//! ```

use std::collections::BTreeSet;

use chrono::NaiveDate;

use crate::document::Head;
use crate::event::{Event, Rank};
use crate::ids::{DeviceId, EventId, TillId, UserName};
use crate::money::{Amount, Currency};
use crate::time::{Moment, Occurred};
use crate::words::words;

/// Where the difference of a shift is posted.
///
/// An account of its own, not `loss:undecided`: a few coins too many or too few each day are the
/// site's variance (长短款), may be above or below zero, and no exception waits for their owner.
pub const DIFFERENCE_ACCOUNT: &str = "cash_difference";

/// Where cash comes from and goes to that is neither a sale nor a refund: safe, bank, small expenses.
/// The other side of `tender:cash`, so that a shift's postings sum to zero.
pub const TRANSFER_ACCOUNT: &str = "cash_transfer";

/// A shift, as read from its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CashShift {
    /// Identity, site, number, versions.
    pub head: Head,
    /// The till; `None` for the site's one drawer.
    pub till: Option<TillId>,
    /// The shift's name, such as 早班.
    pub shift: Option<String>,
    /// The business date that it counts for.
    pub date: NaiveDate,
    /// The currency of all its amounts.
    pub currency: Currency,
    /// What happened, in order of rank.
    pub events: Vec<Event<CashEvent>>,
}

words! {
    /// Which way cash goes.
    CashWay, "way" {
        /// Into the drawer.
        In = "in",
        /// Out of the drawer.
        Out = "out",
    }
}

words! {
    /// Why cash goes in or out without a sale or a refund.
    CashReason, "reason" {
        /// Change to begin with, or more of it (备用金).
        Change = "change",
        /// Brought to the safe or the bank (缴款).
        Deposit = "deposit",
        /// A small expense paid from the drawer (零星支出).
        Expense = "expense",
        /// Anything else; the note says what.
        Other = "other",
    }
}

/// What can happen to a shift.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CashEvent {
    /// It begins with so much in the drawer.
    Opened {
        /// As counted.
        counted: Amount,
    },
    /// Cash was put in or taken out.
    Moved {
        /// Which way.
        way: CashWay,
        /// How much; above zero.
        amount: Amount,
        /// Why.
        reason: CashReason,
        /// A note on the reason.
        note: Option<String>,
    },
    /// It ends with so much in the drawer.
    Closed {
        /// As counted.
        counted: Amount,
        /// What the close saw.
        seen: CashSeen,
    },
    /// An earlier event is taken back (红字冲销); both stay.
    Reversed {
        /// Which.
        event: EventId,
        /// Why; `None` where nobody was asked.
        reason: Option<String>,
    },
    /// Something that a newer program recorded; kept, not folded.
    Unknown {
        /// Its name.
        kind: String,
    },
}

/// What a close saw of the documents around it; what came later is its addendum.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CashSeen {
    /// Cash sales.
    pub sales: Amount,
    /// On how many receipts.
    pub receipts: u64,
    /// Cash refunds.
    pub refunds: Amount,
    /// The payments behind them, so that one which comes later can be named.
    pub payments: BTreeSet<EventId>,
    /// Put in.
    pub paid_in: Amount,
    /// Taken out.
    pub paid_out: Amount,
}

/// What belongs to a shift: folded from receipts and payments in its time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CashFlow {
    /// Cash sales.
    pub sales: Amount,
    /// On how many receipts.
    pub receipts: u64,
    /// Cash refunds.
    pub refunds: Amount,
    /// Put in.
    pub paid_in: Amount,
    /// Taken out.
    pub paid_out: Amount,
}

impl CashFlow {
    /// What should be in the drawer that began with `opening`.
    pub fn expected(&self, opening: Amount) -> Amount {
        opening + self.sales + self.paid_in - self.paid_out - self.refunds
    }
}

impl From<&CashSeen> for CashFlow {
    fn from(seen: &CashSeen) -> Self {
        CashFlow {
            sales: seen.sales,
            receipts: seen.receipts,
            refunds: seen.refunds,
            paid_in: seen.paid_in,
            paid_out: seen.paid_out,
        }
    }
}

/// The fold of a shift's own events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShiftState {
    /// How it began: the opening that ranks first.
    pub opened: Option<Opening>,
    /// Cash put in and taken out, in order of rank.
    pub moves: Vec<CashMove>,
    /// How it ended: the close that ranks first.
    pub closed: Option<Closing>,
    /// Closings (and openings) that lost: (about, the event that stands, the one that doesn't).
    pub conflicts: Vec<(&'static str, EventId, EventId)>,
}

/// How a shift began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// As counted.
    pub counted: Amount,
    /// When.
    pub occurred: Occurred,
    /// Who counted.
    pub user: UserName,
    /// On which device; its payments are this drawer's.
    pub device: DeviceId,
    /// Where it stands among others.
    pub rank: Rank,
}

/// How a shift ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closing {
    /// The event.
    pub event: EventId,
    /// As counted.
    pub counted: Amount,
    /// When.
    pub occurred: Occurred,
    /// Who counted.
    pub user: UserName,
    /// What the close saw.
    pub seen: CashSeen,
}

/// Cash that was put in or taken out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CashMove {
    /// The event.
    pub event: EventId,
    /// Which way.
    pub way: CashWay,
    /// How much; above zero.
    pub amount: Amount,
    /// Why.
    pub reason: CashReason,
    /// A note on the reason.
    pub note: Option<String>,
    /// When.
    pub occurred: Occurred,
    /// Who.
    pub user: UserName,
}

impl CashShift {
    /// Folds its events: of two openings or closings the one that ranks first stands, the other is named.
    /// Cash that was moved was moved.
    pub fn state(&self) -> ShiftState {
        let reversed: BTreeSet<&EventId> = self
            .events
            .iter()
            .filter_map(|e| match &e.body {
                CashEvent::Reversed { event, .. } => Some(event),
                _ => None,
            })
            .collect();
        let mut state = ShiftState::default();
        let (mut opened_by, mut closed_by) = (None, None);
        for event in self.events.iter().filter(|e| !reversed.contains(&e.id)) {
            match &event.body {
                CashEvent::Opened { counted } => match &opened_by {
                    Some(first) => state.conflicts.push(("opened", EventId::clone(first), event.id.clone())),
                    None => {
                        opened_by = Some(event.id.clone());
                        state.opened = Some(Opening {
                            counted: *counted,
                            occurred: event.occurred,
                            user: event.user.clone(),
                            device: event.proof.device,
                            rank: event.rank(),
                        });
                    }
                },
                CashEvent::Moved { way, amount, reason, note } => state.moves.push(CashMove {
                    event: event.id.clone(),
                    way: *way,
                    amount: *amount,
                    reason: *reason,
                    note: note.clone(),
                    occurred: event.occurred,
                    user: event.user.clone(),
                }),
                CashEvent::Closed { counted, seen } => match &closed_by {
                    Some(first) => state.conflicts.push(("closed", EventId::clone(first), event.id.clone())),
                    None => {
                        closed_by = Some(event.id.clone());
                        state.closed = Some(Closing {
                            event: event.id.clone(),
                            counted: *counted,
                            occurred: event.occurred,
                            user: event.user.clone(),
                            seen: seen.clone(),
                        });
                    }
                },
                CashEvent::Reversed { .. } | CashEvent::Unknown { .. } => {}
            }
        }
        state
    }
}

impl ShiftState {
    /// What was put in, or taken out, all together.
    pub fn moved(&self, way: CashWay) -> Amount {
        self.moves.iter().filter(|m| m.way == way).map(|m| m.amount).sum()
    }
}

/// A shift's money postings, which sum to zero: cash put in less what was taken out, and, once it is
/// closed, the `difference` between what was counted and what should have been there.
pub fn postings(transferred: Amount, difference: Option<Amount>) -> Vec<(&'static str, Amount)> {
    let difference = difference.unwrap_or_default();
    [
        ("tender:cash", transferred + difference),
        (TRANSFER_ACCOUNT, -transferred),
        (DIFFERENCE_ACCOUNT, -difference),
    ]
    .into_iter()
    .filter(|(_, amount)| *amount != Amount::ZERO)
    .collect()
}

/// The time of a shift of some site, and which drawer it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window<K> {
    /// The shift.
    pub shift: K,
    /// Its till.
    pub till: Option<TillId>,
    /// The device that opened it.
    pub device: DeviceId,
    /// From then on.
    pub from: Moment,
    /// Until just before then; `None` while it is open.
    pub until: Option<Moment>,
    /// Its opening's rank.
    pub rank: Rank,
}

/// By what an item's drawer is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drawer<'a> {
    /// A receipt: by its till.
    Till(Option<&'a TillId>),
    /// A payment: by the device that recorded it.
    Device(DeviceId),
}

/// The shift, of its site's, that an item of cash belongs to; `None` when none was open then.
///
/// The rule: a shift of the item's own till or device, else the site's drawer without a till, else (for
/// what names no till of its own) any that was open. Of several, the one opened latest, since a drawer
/// that is opened anew has ended what came before; and then the one whose opening ranks first.
pub fn shift_of<'w, K>(windows: &'w [Window<K>], drawer: Drawer<'_>, at: Moment) -> Option<&'w Window<K>> {
    let open = || windows.iter().filter(move |w| w.from <= at && w.until.is_none_or(|until| at < until));
    let latest = |candidates: Vec<&'w Window<K>>| {
        candidates.into_iter().max_by(|a, b| a.from.cmp(&b.from).then_with(|| b.rank.cmp(&a.rank)))
    };
    let own = latest(match drawer {
        Drawer::Till(till) => open().filter(|w| w.till.as_ref() == till).collect(),
        Drawer::Device(device) => open().filter(|w| w.device == device).collect(),
    });
    own.or_else(|| latest(open().filter(|w| w.till.is_none()).collect())).or_else(|| match drawer {
        Drawer::Till(Some(_)) => None,
        _ => latest(open().collect()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Recorded;

    fn window(
        shift: &'static str,
        till: Option<&str>,
        device: u8,
        from: i64,
        until: Option<i64>,
    ) -> Window<&'static str> {
        let event = EventId { recorded: Recorded::new(Moment(from), 0), device: "S01A".parse().unwrap() };
        Window {
            shift,
            till: till.map(|t| t.parse().unwrap()),
            device: DeviceId([device; 16]),
            from: Moment(from),
            until: until.map(Moment),
            rank: Rank { time: Recorded::new(Moment(from), 0), event },
        }
    }

    /// Two tills, each with a morning and an evening: what is rung up at a till, and what is paid out
    /// at a device, is its own drawer's, to the millisecond.
    #[test]
    fn cash_belongs_to_the_drawer_and_the_shift_in_which_it_moved() {
        let (one, two): (TillId, TillId) = ("1".parse().unwrap(), "2".parse().unwrap());
        let windows = [
            window("1 morning", Some("1"), 1, 100, Some(200)),
            window("1 evening", Some("1"), 1, 200, None),
            window("2 all day", Some("2"), 2, 100, Some(300)),
        ];
        let of = |drawer, at| shift_of(&windows, drawer, Moment(at)).map(|w| w.shift);
        assert_eq!(of(Drawer::Till(Some(&one)), 199), Some("1 morning"));
        assert_eq!(of(Drawer::Till(Some(&one)), 200), Some("1 evening"));
        assert_eq!(of(Drawer::Till(Some(&two)), 299), Some("2 all day"));
        assert_eq!(of(Drawer::Till(Some(&two)), 300), None, "another till's drawer is not its own");
        assert_eq!(of(Drawer::Device(DeviceId([2; 16])), 150), Some("2 all day"));
        assert_eq!(of(Drawer::Device(DeviceId([9; 16])), 250), Some("1 evening"), "opened latest");
        assert_eq!(of(Drawer::Device(DeviceId([1; 16])), 99), None);
    }
}
