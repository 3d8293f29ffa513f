//! What must hold once it is calm: faults are off, and everybody is online until nobody has anything to say.

use std::collections::{BTreeMap, BTreeSet};

use guicang_domain::ids::SiteId;
use guicang_replica::StockFilter;
use guicang_sync::keys::DeviceKey;
use rusqlite::{OptionalExtension, params};

use crate::device::Device;
use crate::grants::key_seed;
use crate::kept::Said;
use crate::random::Random;
use crate::world::{HQ, World};
use crate::{Must, Violation};

/// Rounds of everybody's sessions within which it must be calm.
const ROUNDS_MAX: usize = 8;

impl World {
    /// Faults off, time goes on, everybody syncs; then everything is looked at.
    ///
    /// # Errors
    /// [`Violation`].
    pub fn calm(&mut self, seed: u64) -> Result<(), Violation> {
        let mut random = Random(seed ^ 0xCA1A);
        self.no_more_faults(&mut random)?;
        self.open_every_file_anew()?;
        while !self.late.is_empty() {
            self.arrives(0, &mut random)?;
        }
        // A clock that was days fast has written what only later can be told from now.
        self.later(30 * 86_400_000);
        let key = key_seed(99);
        let grant = self.organisation.observer(&DeviceKey::from_seed(key), "OBS");
        self.relay()?.add_grants(vec![grant.clone()]).must("a grant")?;
        let mut round = 0;
        while let Some(restless) = self.round(&mut random)? {
            round += 1;
            if round == ROUNDS_MAX {
                return Err(Violation(format!(
                    "after {round} rounds of everybody's sessions it isn't calm: {restless}"
                )));
            }
        }
        self.everything_returned_is_everywhere()?;
        self.rebuilt_from_the_log(key, grant, &mut random)?;
        self.same_site_same_digest()?;
        self.shelves_agree()?;
        self.rail_and_books_agree(true)?;
        self.doctor_finds_nothing(&mut random)
    }

    fn open_every_file_anew(&mut self) -> Result<(), Violation> {
        for at in 0..self.devices.len() {
            self.devices[at].close();
            self.keeps_what_it_returned(at)?;
        }
        Ok(())
    }

    /// Everybody once: none where nobody had anything to say and all is proven; else who had.
    fn round(&mut self, random: &mut Random) -> Result<Option<String>, Violation> {
        let before = self.log_head()?;
        let mut restless = Vec::new();
        for at in 1..self.devices.len() {
            self.later(60_000);
            if !self.sync(at, random)?.is_some_and(|summary| summary.proven) {
                let status = self.devices[at].replica()?.status().must("a status")?;
                let open = status.feeds.iter().filter(|f| f.agreed != Some(true) || f.strays > 0);
                let open: Vec<String> =
                    open.map(|f| format!("{} {:?} {}", f.feed, f.agreed, f.strays)).collect();
                let (name, fault) = (&self.devices[at].name, status.fault);
                restless.push(format!("{name} ({fault:?} {} {open:?})", status.unsent_changes));
            }
        }
        self.settle(random)?;
        self.later(120_000);
        self.pay_out(false, None, random)?;
        if !self.sync(HQ, random)?.is_some_and(|summary| summary.proven) {
            restless.push("HQ".into());
        }
        if self.log_head()? != before {
            restless.push("the log grew".into());
        }
        Ok((!restless.is_empty()).then(|| restless.join(", ")))
    }

    fn log_head(&mut self) -> Result<i64, Violation> {
        let sql = "SELECT coalesce(max(head), 0) FROM feed WHERE name = 'log'";
        self.relay_file()?.query_row(sql, [], |r| r.get(0)).must("the auditor reads the relay")
    }

    /// Each change of a command that returned is, as bytes that have its hash, at the relay, at HQ and at
    /// every device of its document's sites, and stands there. Where it was written again, that is there.
    fn everything_returned_is_everywhere(&mut self) -> Result<(), Violation> {
        let kept = std::mem::take(&mut self.oracle.kept);
        for command in kept.iter().filter(|command| !command.gone) {
            for said in &command.said {
                self.is_everywhere(said, command.by)?;
            }
        }
        self.oracle.kept = kept;
        Ok(())
    }

    fn is_everywhere(&mut self, said: &Said, by: usize) -> Result<(), Violation> {
        let who = self.devices[by].name.clone();
        let sql = "SELECT c.raw, d.sites FROM change c JOIN document d ON d.id = c.document
                   WHERE c.hash = ? AND c.apart IS NULL";
        let found: Option<(Vec<u8>, Vec<u8>)> = self
            .relay_file()?
            .prepare_cached(sql)
            .and_then(|mut s| s.query_row(params![said.hash], |r| Ok((r.get(0)?, r.get(1)?))).optional())
            .must("the auditor reads the relay")?;
        let Some((raw, sites)) = found else {
            for at in [HQ, by] {
                if !said.is_in(self.devices[at].file()?)? {
                    let name = &self.devices[at].name;
                    return Err(Violation(format!(
                        "{name} lacks what a command of {who} returned for, also as written again"
                    )));
                }
            }
            return Ok(());
        };
        if guicang_documents::header(&raw).must("a change's header")?.hash.0 != said.hash {
            return Err(Violation(format!("the relay has a change of {who} with another hash")));
        }
        for at in 0..self.devices.len() {
            let site = self.devices[at].site.clone();
            let text = site.as_ref().map(|site| site.to_string());
            let entitled =
                text.is_none_or(|site| sites.windows(site.len()).any(|part| part == site.as_bytes()));
            if !entitled && at != by {
                continue;
            }
            let name = self.devices[at].name.clone();
            let sql = "SELECT bytes, status FROM change WHERE org = 1 AND hash = ?";
            let held: Result<(Option<Vec<u8>>, i64), _> = self.devices[at]
                .file()?
                .prepare_cached(sql)
                .and_then(|mut s| s.query_row(params![said.hash], |r| Ok((r.get(0)?, r.get(1)?))));
            match held {
                Ok((Some(bytes), 0)) if bytes == raw => {}
                Ok((_, 0)) => {
                    return Err(Violation(format!("{name} has other bytes of a change of {who}")));
                }
                Ok((_, status)) => {
                    return Err(Violation(format!("{name} has a change of {who} with status {status}")));
                }
                Err(_) => return Err(Violation(format!("{name} lacks a change of {who}"))),
            }
        }
        Ok(())
    }

    /// A device that never saw anything, and takes the log as it lies there, shows what HQ shows.
    fn rebuilt_from_the_log(
        &mut self,
        key: [u8; 32],
        grant: guicang_sync::grant::SignedGrant,
        random: &mut Random,
    ) -> Result<(), Violation> {
        let founding = self.organisation.founding(key, Some(grant));
        let path = self.folder.path().join("observer.sqlite");
        let outside = self.outside.clone();
        self.devices.push(Device::new("the observer".into(), path, None, 0, founding, &outside)?);
        let observer = self.devices.len() - 1;
        let proven = self.sync(observer, random)?.is_some_and(|summary| summary.proven);
        let shown = self.devices[observer].replica()?.digest().must("a digest")?;
        self.devices.pop();
        let by_hq = self.devices[HQ].replica()?.digest().must("a digest")?;
        if !proven || shown != by_hq {
            return Err(Violation(format!("the log rebuilt (proven: {proven}) shows other than HQ does")));
        }
        Ok(())
    }

    fn same_site_same_digest(&mut self) -> Result<(), Violation> {
        let mut digests: BTreeMap<SiteId, (usize, [u8; 32])> = BTreeMap::new();
        for at in 1..self.devices.len() {
            let device = &mut self.devices[at];
            let site = device.site.clone().expect("a branch's");
            let digest = device.replica()?.digest().must("a digest")?;
            let (other, first) = *digests.entry(site).or_insert((at, digest));
            if first != digest {
                let here = shown(self.devices[at].file()?)?;
                let there = shown(self.devices[other].file()?)?;
                let differs: Vec<_> = here.symmetric_difference(&there).take(4).collect();
                let (name, other) = (&self.devices[at].name, &self.devices[other].name);
                return Err(Violation(format!(
                    "{name} shows other than {other} of the same site: {differs:?}"
                )));
            }
        }
        Ok(())
    }

    /// What lies on the shelves is what HQ and the site's own devices show.
    fn shelves_agree(&mut self) -> Result<(), Violation> {
        let all = self.shelf()?;
        for at in 0..self.devices.len() {
            let own = self.devices[at].site.clone();
            let filter = StockFilter { site: own.clone(), ..StockFilter::default() };
            let rows = self.devices[at].replica()?.stock(&filter).must("the stock")?;
            let mut shown: BTreeMap<SiteId, i64> = BTreeMap::new();
            for row in rows {
                let here = row.accounts.iter().filter(|(account, _)| account.is_on_hand());
                let units: i64 = here.map(|(_, quantity)| quantity.0 / 1000).sum();
                *shown.entry(row.site).or_default() += units;
            }
            shown.retain(|_, units| *units != 0);
            let mut shelf = all.clone();
            shelf.retain(|site, _| own.as_ref().is_none_or(|own| own == site));
            if shown != shelf {
                return Err(Violation(format!(
                    "{} shows {shown:?}, on the shelves lies {shelf:?}",
                    self.devices[at].name
                )));
            }
        }
        Ok(())
    }

    fn doctor_finds_nothing(&mut self, random: &mut Random) -> Result<(), Violation> {
        let some = 1 + random.below(self.devices.len() - 1);
        for at in [HQ, some] {
            let device = &mut self.devices[at];
            let findings = device.replica()?.doctor(&mut |_, _| {}).must("the doctor")?;
            if !findings.is_empty() {
                return Err(Violation(format!("{}: the doctor finds {findings:?}", device.name)));
            }
        }
        Ok(())
    }
}

/// What a file's projections say, but for the numbers of its own rows: to name what differs.
fn shown(file: &rusqlite::Connection) -> Result<BTreeSet<String>, Violation> {
    const APART: &[&str] = &[
        "self",
        "entry",
        "change",
        "cursor",
        "feed_item",
        "stray",
        "grant_fact",
        "arrival_fact",
        "number",
        "organisation",
    ];
    let names = |sql: &str| -> rusqlite::Result<Vec<String>> {
        file.prepare(sql)?.query_map([], |r| r.get(0))?.collect()
    };
    let mut rows = BTreeSet::new();
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'";
    for table in names(tables).must("the auditor reads")? {
        if APART.contains(&table.as_str()) {
            continue;
        }
        let sql = format!(
            "SELECT name FROM pragma_table_info('{table}')
             WHERE name NOT IN ('org', 'id', 'document', 'receipt', 'bucket', 'import', 'standing', 'ordinal')"
        );
        let columns = names(&sql).must("the auditor reads")?;
        let quoted: Vec<String> = columns.iter().map(|c| format!("'{c}=' || quote({c})")).collect();
        if quoted.is_empty() {
            continue;
        }
        let all = names(&format!("SELECT {} FROM {table}", quoted.join(" || ' ' || ")))
            .must("the auditor reads")?;
        rows.extend(all.into_iter().map(|row| format!("{table}: {row}")));
    }
    Ok(rows)
}
