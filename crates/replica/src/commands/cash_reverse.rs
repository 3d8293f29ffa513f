//! Taking back what was mistaken in the cash book (红字冲销): a movement, a close, a whole shift.
//!
//! Nothing is deleted: a reversing event names the one that it takes back, and why. What surprises: a close
//! may be taken back only while its drawer has not begun another shift; a drawer has one shift at a time.

use guicang_domain::cash::{CashEvent, CashShift};
use guicang_domain::document::{Document, Kind};
use guicang_domain::ids::{EventId, Number, TillId};
use rusqlite::{OptionalExtension, params};

use super::By;
use super::returns::wrong;
use crate::error::CommandError;
use crate::facts::DocumentRow;
use crate::queries::CashShiftRow;
use crate::store::{Replica, Work};

/// What was mistaken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CashMistake {
    /// A movement, by its place among those that stand, from 1, or by its event.
    Movement(String),
    /// The close: the shift is open again.
    Close,
    /// The shift as a whole.
    All,
}

/// What was taken back.
#[derive(Debug, Clone)]
pub struct CashReversed {
    /// The shift's number.
    pub number: Number,
    /// The shift as it stands; `None` once it was taken back as a whole.
    pub row: Option<CashShiftRow>,
}

impl Replica {
    /// Takes back a movement, the close or the whole of a shift.
    ///
    /// # Errors
    /// [`CommandError::UnknownShift`]; [`CommandError::ShiftReversed`]; [`CommandError::Value`] when there is no
    /// such movement, or no reason; [`CommandError::ShiftOpen`] when the drawer has begun another shift since
    /// that close; nothing is changed then.
    pub fn cash_reverse(
        &mut self,
        by: &By,
        name: &str,
        what: &CashMistake,
        reason: &str,
    ) -> Result<CashReversed, CommandError> {
        let (id, number) = self.write(|work| work.cash_reverse(by, name, what, reason))?;
        let row = if *what == CashMistake::All { None } else { Some(self.cash_row(id)?) };
        Ok(CashReversed { number, row })
    }
}

impl Work<'_> {
    fn cash_reverse(
        &mut self,
        by: &By,
        name: &str,
        what: &CashMistake,
        reason: &str,
    ) -> Result<(i64, Number), CommandError> {
        let reason = reason.trim();
        if reason.is_empty() || reason.chars().any(char::is_control) {
            return Err(wrong("reason", reason, "why it is taken back"));
        }
        let row = self.named(name, Kind::CashShift).map_err(|e| match e {
            CommandError::UnknownDocument { found, .. } => CommandError::UnknownShift { found },
            other => other,
        })?;
        let (_, Document::CashShift(document)) = self.open(&row, Kind::CashShift)? else {
            return Err(CommandError::UnknownShift { found: row.number });
        };
        self.site_for(document.head.site.as_ref())?;
        let event = self.mistaken(&row, &document, what)?;
        let number = document.head.number.clone();
        let body = CashEvent::Reversed { event, reason: Some(reason.to_owned()) };
        let event = self.event(by, document.head.zone, "", body);
        Ok((self.append_to_shift(&row, document, event)?, number))
    }

    /// The event that is taken back.
    fn mistaken(
        &self,
        row: &DocumentRow,
        document: &CashShift,
        what: &CashMistake,
    ) -> Result<EventId, CommandError> {
        let state = document.state();
        let opened = state.opened.as_ref();
        let Some(opened) = opened else {
            return Err(CommandError::ShiftReversed { number: row.number.clone() });
        };
        match what {
            CashMistake::Movement(text) => {
                let place = text.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
                let found = match place {
                    Some(n) => state.moves.get(n),
                    None => state.moves.iter().find(|m| m.event.to_string() == *text),
                };
                let wanted = format!("1..{}", state.moves.len());
                found.map(|m| m.event.clone()).ok_or_else(|| wrong("move", text, &wanted))
            }
            CashMistake::All => Ok(opened.rank.event.clone()),
            CashMistake::Close => {
                // Of several that were made apart the one that stands.
                let closed =
                    state.closed.as_ref().ok_or_else(|| wrong("close", "", "a shift that is closed"))?;
                if let Some(number) = self.shift_since(row, document, opened.occurred.at.0)? {
                    return Err(CommandError::ShiftOpen { number });
                }
                Ok(closed.event.clone())
            }
        }
    }

    /// A shift that the drawer began later.
    fn shift_since(
        &self,
        row: &DocumentRow,
        document: &CashShift,
        opened: i64,
    ) -> Result<Option<String>, CommandError> {
        let site = document.head.site.as_ref().map_or("", |s| s.as_str());
        let till = document.till.as_ref().map_or("", TillId::as_str);
        Ok(self
            .tx
            .prepare_cached(
                "SELECT d.number FROM cash_shift c JOIN document d ON d.id = c.document
                 WHERE c.org = ?1 AND c.site = ?2 AND c.till = ?3 AND c.opened >= ?4 AND c.document <> ?5
                 ORDER BY c.opened DESC, c.rank DESC LIMIT 1",
            )?
            .query_row(params![self.org, site, till, opened, row.id], |r| r.get(0))
            .optional()?)
    }
}
