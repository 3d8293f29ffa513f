//! Totals by site: sales, services, returns and movements, each with how complete it is.

use std::collections::BTreeMap;

use guicang_domain::ids::SiteId;
use guicang_domain::money::{Amount, Currency};
use guicang_domain::quantity::Quantity;
use guicang_domain::time::Moment;
use guicang_sync::grant::Role;
use rusqlite::params;

use crate::error::StoreError;
use crate::store::Replica;

/// Lines, quantity and value of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flow {
    /// How many lines.
    pub lines: u64,
    /// How much.
    pub quantity: Quantity,
    /// What it came to.
    pub value: Amount,
}

/// A site's totals, or (without a site) the organisation's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteTotals {
    /// The site; `None` for all together.
    pub site: Option<SiteId>,
    /// Its name.
    pub name: Option<String>,
    /// Everything that the site's devices had sealed by then is in the figures; `None` when the site
    /// has no device, or one was never heard of.
    pub complete_to: Option<Moment>,
    /// How many documents.
    pub documents: u64,
    /// Goods sold.
    pub sales: Flow,
    /// Services sold.
    pub services: Flow,
    /// Goods that validly came back, and money off that was given without goods (折让).
    pub returns: Flow,
    /// Services that were refunded.
    pub service_returns: Flow,
    /// Adjustments at cost, by movement; what was sent back is less what was taken back.
    pub movements: BTreeMap<String, Flow>,
    /// The currency.
    pub currency: Currency,
}

impl SiteTotals {
    /// Sales less returns, services too.
    pub fn net_value(&self) -> Amount {
        self.sales.value + self.services.value - self.returns.value - self.service_returns.value
    }

    fn empty(site: Option<SiteId>, name: Option<String>, currency: Currency) -> Self {
        let movements = ["found", "written_off", "received", "sent_back", "opening"];
        Self {
            site,
            name,
            complete_to: None,
            documents: 0,
            sales: Flow::default(),
            services: Flow::default(),
            returns: Flow::default(),
            service_returns: Flow::default(),
            movements: movements.iter().map(|m| ((*m).to_owned(), Flow::default())).collect(),
            currency,
        }
    }
}

impl Replica {
    /// Totals of every site by code, then of all together.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn totals(&self) -> Result<Vec<SiteTotals>, StoreError> {
        let org = self.identity.org;
        let mut sites: BTreeMap<String, SiteTotals> = BTreeMap::new();
        for row in self.sites()? {
            let mut totals = SiteTotals::empty(Some(row.code.clone()), Some(row.name), row.currency);
            totals.complete_to = self.complete_to(&row.code)?;
            sites.insert(row.code.to_string(), totals);
        }
        let blank = |code: &str| {
            let site = code.parse().map_err(|e| StoreError::damaged("a site", e))?;
            Ok::<_, StoreError>(SiteTotals::empty(Some(site), None, self.identity.currency))
        };
        self.each(
            "SELECT site, count(*), 0, 0, 0 FROM document WHERE org = ? AND site IS NOT NULL GROUP BY site",
            org,
            &mut sites,
            &blank,
            |t, _, flow| t.documents = flow.lines,
        )?;
        self.each(
            "SELECT r.site, count(*), sum(l.quantity), sum(l.paid), l.service FROM receipt r
             JOIN receipt_line l ON l.org = r.org AND l.receipt = r.id WHERE r.org = ? GROUP BY r.site, l.service",
            org,
            &mut sites,
            &blank,
            |t, service, flow| if service { t.services = flow } else { t.sales = flow },
        )?;
        self.each(
            "SELECT h.site, count(*), sum(l.valid), sum(l.value), l.service FROM return_head h
             JOIN return_line l ON l.org = h.org AND l.document = h.document
             WHERE h.org = ? AND h.accepted AND l.counts AND (l.kept > 0 OR l.value > 0) GROUP BY h.site, l.service",
            org,
            &mut sites,
            &blank,
            |t, service, flow| if service { t.service_returns = flow } else { t.returns = flow },
        )?;
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT m.site, m.movement, count(*), sum(m.quantity),
                        -- What a count found is worth what its posting is: no document says it.
                        sum(m.value + CASE WHEN m.movement IN ('count_gain', 'count_loss') THEN coalesce((
                            SELECT abs(p.value) FROM posting p WHERE p.org = m.org AND p.document = m.document
                              AND p.ordinal = 2 * m.position), 0) ELSE 0 END)
                 FROM moved m
                 WHERE m.org = ? AND m.counts GROUP BY m.site, m.movement",
            )
            .map_err(StoreError::of)?;
        let mut rows = statement.query([org]).map_err(StoreError::of)?;
        while let Some(r) = rows.next().map_err(StoreError::of)? {
            let read = || -> rusqlite::Result<_> {
                let flow = Flow { lines: r.get(2)?, quantity: Quantity(r.get(3)?), value: Amount(r.get(4)?) };
                Ok((r.get::<_, String>(0)?, r.get::<_, String>(1)?, flow))
            };
            let (site, movement, flow) = read().map_err(StoreError::of)?;
            let totals = match sites.entry(site) {
                std::collections::btree_map::Entry::Occupied(e) => e.into_mut(),
                std::collections::btree_map::Entry::Vacant(e) => {
                    let fresh = blank(e.key())?;
                    e.insert(fresh)
                }
            };
            totals.movements.insert(movement, flow);
        }
        let mut out: Vec<SiteTotals> = sites.into_values().collect();
        out.push(self.sum(&out));
        Ok(out)
    }

    fn each(
        &self,
        sql: &str,
        org: i64,
        sites: &mut BTreeMap<String, SiteTotals>,
        blank: &dyn Fn(&str) -> Result<SiteTotals, StoreError>,
        set: impl Fn(&mut SiteTotals, bool, Flow),
    ) -> Result<(), StoreError> {
        let mut statement = self.db.prepare_cached(sql).map_err(StoreError::of)?;
        let mut rows = statement.query([org]).map_err(StoreError::of)?;
        while let Some(r) = rows.next().map_err(StoreError::of)? {
            let read = || -> rusqlite::Result<_> {
                let flow = Flow { lines: r.get(1)?, quantity: Quantity(r.get(2)?), value: Amount(r.get(3)?) };
                Ok((r.get::<_, String>(0)?, r.get::<_, bool>(4)?, flow))
            };
            let (site, service, flow) = read().map_err(StoreError::of)?;
            if !sites.contains_key(&site) {
                sites.insert(site.clone(), blank(&site)?);
            }
            set(sites.get_mut(&site).expect("just inserted"), service, flow);
        }
        Ok(())
    }

    /// All sites together: complete to where the least complete of them is. In the currency of the
    /// sites where they have one in common; amounts in several currencies don't add up, and the
    /// organisation's own stands then for what is in it.
    fn sum(&self, sites: &[SiteTotals]) -> SiteTotals {
        let first = sites.first().map_or(self.identity.currency, |t| t.currency);
        let same = sites.iter().all(|t| t.currency == first);
        let currency = if same { first } else { self.identity.currency };
        let mut all = SiteTotals::empty(None, None, currency);
        all.complete_to = sites.iter().map(|t| t.complete_to).min().flatten();
        for site in sites {
            all.documents += site.documents;
            let counted = site.currency == currency;
            for (to, from) in [
                (&mut all.sales, &site.sales),
                (&mut all.services, &site.services),
                (&mut all.returns, &site.returns),
                (&mut all.service_returns, &site.service_returns),
            ] {
                to.lines += from.lines;
                to.quantity += from.quantity;
                to.value += if counted { from.value } else { Amount::ZERO };
            }
            for (movement, moved) in &site.movements {
                let to = all.movements.entry(movement.clone()).or_default();
                to.lines += moved.lines;
                to.quantity += moved.quantity;
                to.value += if counted { moved.value } else { Amount::ZERO };
            }
        }
        all
    }

    /// Up to when this replica holds everything that a site's devices had sealed.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn complete_to(&self, site: &SiteId) -> Result<Option<Moment>, StoreError> {
        let mut complete: Option<Moment> = None;
        let mut any = false;
        for device in self.book.devices() {
            if device.grant.role != Role::Site(site.clone()) || device.grant.until.is_some() {
                continue;
            }
            any = true;
            let newest: Option<i64> = self
                .db
                .prepare_cached("SELECT max(time) FROM entry WHERE org = ? AND device = ?")
                .and_then(|mut s| {
                    s.query_row(params![self.identity.org, device.grant.key.device().0], |r| r.get(0))
                })
                .map_err(StoreError::of)?;
            let Some(newest) = newest.map(Moment) else { return Ok(None) };
            complete = Some(complete.map_or(newest, |c| c.min(newest)));
        }
        Ok(if any { complete } else { None })
    }
}
