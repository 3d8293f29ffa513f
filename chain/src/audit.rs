//! The end: does HQ show what the chain's own books say, and does everything tie out?

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use guicang_domain::exception::ExceptionKind;
use guicang_domain::money::Amount;
use guicang_replica::{ExceptionFilter, Replica, SiteTotals, StockFilter};
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use crate::planted::decimal;
use crate::world::World;

/// What came of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The digest of all that HQ shows, in hexadecimal.
    pub digest: String,
    /// What was planted.
    pub planted: Value,
    /// The same, as a story.
    pub story: String,
    /// Sums, as HQ shows them.
    pub sums: Value,
    /// What doesn't tie out; none: all does.
    pub wrong: Vec<String>,
}

/// Looks through all files.
///
/// # Errors
/// What a file says.
pub fn audit(world: &mut World) -> Result<Report> {
    let mut wrong = Vec::new();
    doctors(world, &mut wrong)?;
    let hq = &world.office.hq;
    let totals = hq.totals()?;
    stock(world, &mut wrong)?;
    sales(world, &totals, &mut wrong);
    let money = money(world)?;
    let (mut paid_by_rail, mut orders) = (Amount::ZERO, 0u64);
    for payout in world.office.rail.payouts()? {
        paid_by_rail += payout.order.amount;
        orders += 1;
        if !payout.paid {
            wrong.push(format!("refund {} was ordered and never paid", payout.order.refund));
        }
    }
    let books = &world.books;
    let shown = |tender: &str| Amount(-money.get(&format!("tender:{tender}")).copied().unwrap_or(0));
    let same = |what: &str, found: i64, wanted: i64, wrong: &mut Vec<String>| {
        if found != wanted {
            wrong.push(format!("{what}: HQ shows {found}, the books say {wanted}"));
        }
    };
    same("cash refunded (fen)", shown("cash").0, books.cash.0, &mut wrong);
    same("electronic refunds paid (fen)", shown("wechat").0 + shown("alipay").0, paid_by_rail.0, &mut wrong);
    let queued: i64 = ask(world, "SELECT coalesce(sum(queued), 0) FROM return_head")?;
    same("electronic refunds asked for (fen)", paid_by_rail.0 + queued, books.electronic.0, &mut wrong);
    same("all money (fen)", money.values().sum(), 0, &mut wrong);
    same("all stock", ask(world, "SELECT coalesce(sum(quantity), 0) FROM posting")?, 0, &mut wrong);
    let returns = ask(world, "SELECT count(*) FROM return_head")?;
    same("returns", returns, books.returns as i64, &mut wrong);
    let exceptions = exceptions(world)?;
    let over = books.asked_twice.values().filter(|(sold, taken)| taken > sold).count() as i64;
    same("over-returns", count(&exceptions, ExceptionKind::OverReturn), over, &mut wrong);
    let unverified = count(&exceptions, ExceptionKind::UnverifiedSale);
    same("returns without a sale", unverified, books.no_receipt as i64, &mut wrong);
    same("negative stock", count(&exceptions, ExceptionKind::NegativeStock), 0, &mut wrong);
    world.planted.counts.twice = over as u64;
    let sites: Vec<String> = world.branches.iter().map(|b| b.site.to_string()).collect();
    let late: Vec<(String, usize)> = world
        .branches
        .iter()
        .filter(|b| b.late_days > 0)
        .map(|b| (b.site.to_string(), b.late_days))
        .collect();
    let outages = world.branches.iter().map(|b| b.outages.len()).sum();
    let all = totals.last().context("totals have a last row")?;
    let on_hand: i64 = hq_on_hand(hq)?;
    let sums = json!({
        "branches": sites.len(), "days": world.plan.days, "articles": world.catalogue.articles.len(),
        "documents": all.documents,
        "sales": { "lines": all.sales.lines, "quantity": all.sales.quantity.to_string(), "value": decimal(all.sales.value.0) },
        "returns": { "documents": returns, "quantity": all.returns.quantity.to_string(), "value": decimal(all.returns.value.0), "refused": books.refused },
        "on_hand": on_hand, "not_there_and_not_counted_yet": books.gap.values().sum::<i64>(),
        "refunds": {
            "cash": decimal(shown("cash").0), "wechat": decimal(shown("wechat").0), "alipay": decimal(shown("alipay").0),
            "held": decimal(queued), "payouts": orders,
        },
        "exceptions": exceptions.iter().map(|(kind, (all, open))| (kind.to_string(), json!({"all": all, "open": open}))).collect::<serde_json::Map<_, _>>(),
    });
    Ok(Report {
        digest: hq.digest()?.iter().map(|byte| format!("{byte:02x}")).collect(),
        planted: world.planted.json(&sites, &late, outages),
        story: world.planted.story(&sites),
        sums,
        wrong,
    })
}

/// Every replica's doctor, and the relay's own look at its file.
fn doctors(world: &mut World, wrong: &mut Vec<String>) -> Result<()> {
    let mut see = |name: &str, replica: &mut Replica| -> Result<()> {
        for finding in replica.doctor(&mut |_, _| {})? {
            wrong.push(format!("{name}: {} {}", finding.code, finding.detail));
        }
        let status = replica.status()?;
        if status.unsent_changes > 0 || !status.set_aside.is_empty() {
            wrong.push(format!(
                "{name}: {} changes unsent, {} set aside",
                status.unsent_changes,
                status.set_aside.len()
            ));
        }
        Ok(())
    };
    for branch in &mut world.branches {
        see(branch.site.as_str(), &mut branch.device)?;
        if let Some((till, _)) = &mut branch.fast {
            see(&format!("{}'s till", branch.site), till)?;
        }
    }
    see("HQ", &mut world.office.hq)?;
    for finding in world.office.relay.examine()? {
        wrong.push(format!("the relay: {finding:?}"));
    }
    Ok(())
}

/// Every account of every article at every site.
fn stock(world: &World, wrong: &mut Vec<String>) -> Result<()> {
    let mut shown = BTreeMap::new();
    let site = |code: &str| world.branches.iter().position(|b| b.site.as_str() == code);
    let articles: BTreeMap<&str, usize> =
        world.catalogue.articles.iter().enumerate().map(|(n, a)| (a.sku.as_str(), n)).collect();
    for row in world.office.hq.stock(&StockFilter::default())? {
        let (Some(site), Some(article)) = (site(row.site.as_str()), articles.get(row.sku.as_str())) else {
            wrong.push(format!("stock of {} at {}, which nobody has", row.sku, row.site));
            continue;
        };
        for (account, quantity) in row.accounts {
            *shown.entry((site, *article, account)).or_insert(0) += quantity.0;
        }
    }
    let books = world.books.ledger();
    let keys: std::collections::BTreeSet<_> = shown.keys().chain(books.keys()).copied().collect();
    for key in keys {
        let found = shown.get(&key).copied().unwrap_or(0);
        let wanted = books.get(&key).copied().unwrap_or(0) * 1000;
        if found != wanted {
            let (site, article, account) = key;
            wrong.push(format!(
                "{} {} of {}: HQ shows {found} thousandths, the books say {wanted}",
                world.branches[site].site, account, world.catalogue.articles[article].sku
            ));
        }
    }
    Ok(())
}

fn sales(world: &World, totals: &[SiteTotals], wrong: &mut Vec<String>) {
    for (n, branch) in world.branches.iter().enumerate() {
        let (units, value) = world.books.sold.get(&n).copied().unwrap_or_default();
        let shown = totals.iter().find(|t| t.site.as_ref() == Some(&branch.site));
        let shown = shown.map(|t| (t.sales.quantity.0, t.sales.value)).unwrap_or_default();
        if shown != (units * 1000, value) {
            wrong.push(format!(
                "{} sold: HQ shows {shown:?}, the books say {:?}",
                branch.site,
                (units * 1000, value)
            ));
        }
    }
}

fn hq_on_hand(hq: &Replica) -> Result<i64> {
    Ok(hq.stock(&StockFilter::default())?.iter().map(|r| r.on_hand.0).sum::<i64>() / 1000)
}

/// HQ's file, as an auditor reads it: past the programs.
fn file(world: &World) -> Result<Connection> {
    Ok(Connection::open_with_flags(world.office.data.hq_file(), OpenFlags::SQLITE_OPEN_READ_ONLY)?)
}

fn ask(world: &World, sql: &str) -> Result<i64> {
    Ok(file(world)?.query_row(sql, [], |r| r.get(0))?)
}

/// What each money account has, in minor units.
fn money(world: &World) -> Result<BTreeMap<String, i64>> {
    let file = file(world)?;
    let mut statement = file.prepare("SELECT account, sum(amount) FROM money GROUP BY account")?;
    let rows = statement.query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

type ByKind = BTreeMap<ExceptionKind, (i64, i64)>;

/// All and open, by kind.
fn exceptions(world: &World) -> Result<ByKind> {
    let mut out = ByKind::new();
    for exception in world.office.hq.exceptions(&ExceptionFilter::default())? {
        let entry = out.entry(exception.kind).or_default();
        entry.0 += 1;
        entry.1 += i64::from(!exception.settled);
    }
    Ok(out)
}

fn count(exceptions: &ByKind, kind: ExceptionKind) -> i64 {
    exceptions.get(&kind).map_or(0, |(all, _)| *all)
}
