//! Goods on their way back: where they are to be sent, and in which parcels they come.

use guicang_domain::document::Document;
use guicang_domain::ids::SiteId;
use guicang_domain::returns::ReturnEvent;
use guicang_domain::returns::moves::Move;
use rusqlite::{OptionalExtension, params};

use super::By;
use super::returns::{Receive, ReturnDone, wrong};
use crate::error::CommandError;
use crate::facts::document_by_id;
use crate::store::{Replica, Work};

/// A parcel's carrier and number are shorter than this, bytes.
const LONGEST: usize = 100;

impl Replica {
    /// Tells where the goods are to be sent: to the site's return address, else to its address; and, where
    /// `days` says so, until when.
    ///
    /// # Errors
    /// [`CommandError::Value`] where no address is known; nothing is changed then.
    pub fn await_goods(
        &mut self,
        by: &By,
        name: &str,
        days: Option<u32>,
    ) -> Result<ReturnDone, CommandError> {
        self.step(|work| work.await_goods(by, name, days))
    }

    /// Notes a parcel that the customer sent; there may be several.
    ///
    /// # Errors
    /// [`CommandError`]; nothing is changed then.
    pub fn parcel_sent(
        &mut self,
        by: &By,
        name: &str,
        carrier: &str,
        tracking: &str,
    ) -> Result<ReturnDone, CommandError> {
        self.step(|work| work.parcel_sent(by, name, carrier, tracking))
    }

    /// Takes in goods of an open return that came in a parcel.
    ///
    /// # Errors
    /// [`CommandError`]; nothing is changed then.
    pub fn receive_parcel(
        &mut self,
        by: &By,
        name: &str,
        goods: &[Receive],
        tracking: &str,
    ) -> Result<ReturnDone, CommandError> {
        self.step(|work| work.receive(by, name, goods, Some(tracking)))
    }
}

impl Work<'_> {
    fn await_goods(&mut self, by: &By, name: &str, days: Option<u32>) -> Result<i64, CommandError> {
        let opened = self.opened(name, Move::Await)?;
        let site = opened.document.head.site.clone();
        let address = match &site {
            Some(site) => self.return_address(site)?,
            None => None,
        };
        let address = address.ok_or_else(|| {
            wrong("return address", "nothing", "an address of the site that takes the goods")
        })?;
        let until = days.map(|days| self.now.plus_ms(i64::from(days) * 86_400_000));
        self.add(opened, by, "", vec![ReturnEvent::Awaited { address, until }], &[])
    }

    fn parcel_sent(
        &mut self,
        by: &By,
        name: &str,
        carrier: &str,
        tracking: &str,
    ) -> Result<i64, CommandError> {
        let carrier = short("carrier", carrier)?;
        let tracking = short("tracking number", tracking)?;
        let opened = self.opened(name, Move::Parcel)?;
        if opened.state.parcels.get(&tracking).is_some_and(|p| p.sent.is_some()) {
            return Err(wrong("tracking number", &tracking, "one that isn't noted yet"));
        }
        self.add(opened, by, "", vec![ReturnEvent::ParcelSent { carrier, tracking }], &[])
    }

    /// Where a site wants goods sent that come back.
    fn return_address(&self, site: &SiteId) -> Result<Option<String>, CommandError> {
        let listed: Option<i64> = self
            .tx
            .prepare_cached("SELECT document FROM site WHERE org = ? AND code = ?")?
            .query_row(params![self.org, site.as_str()], |r| r.get(0))
            .optional()?;
        let Some(id) = listed else { return Ok(None) };
        match self.load(&document_by_id(&self.tx, id)?)?.1.document {
            Some(Document::Site(site)) => Ok(site.return_address.or(site.address)),
            _ => Ok(None),
        }
    }
}

/// A short text that has to be there.
pub(super) fn short(field: &'static str, text: &str) -> Result<String, CommandError> {
    let text = text.trim();
    if text.is_empty() || text.len() > LONGEST || text.chars().any(char::is_control) {
        return Err(wrong(field, text, "1 to 100 bytes without control characters"));
    }
    Ok(text.to_owned())
}
