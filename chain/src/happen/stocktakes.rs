//! Cycle counts before the shop opens: some articles at a time, as they really lie there.
//!
//! What surprises: the branch whose till is fast isn't counted. What that till dates after the count,
//! though it was sold before, only a recount could put right; that is another story's.

use anyhow::Result;
use guicang_domain::account::Account;
use guicang_domain::count::Uncounted;
use guicang_replica::{By, CountScope, OpenCount, ScanItem};

use crate::world::{World, units};

/// How many articles at a time.
const ARTICLES: usize = 12;
/// Every so many days.
const EVERY: usize = 14;

/// Every other week a dozen articles.
pub fn happen(world: &mut World, branch: usize, day: usize) -> Result<()> {
    if day == 0 || day % EVERY != (branch * 2 + 1) % EVERY || world.branches[branch].fast.is_some() {
        return Ok(());
    }
    let all = world.catalogue.articles.len();
    let first = (day / EVERY * ARTICLES) % all;
    let articles: Vec<usize> = (0..ARTICLES.min(all)).map(|n| (first + n) % all).collect();
    let sku = |world: &World, article: usize| world.catalogue.articles[article].sku.to_string();
    let skus = articles.iter().map(|a| sku(world, *a)).collect();
    let scans: Vec<ScanItem> = articles
        .iter()
        .map(|article| ScanItem {
            sku: sku(world, *article),
            lot: None,
            place: String::new(),
            account: Account::Sellable,
            quantity: units(world.books.sellable((branch, *article))),
        })
        .collect();
    let scope = CountScope { skus, ..CountScope::default() };
    let branch_ = &mut world.branches[branch];
    let by = branch_.cashier(&mut world.random);
    let open = OpenCount { scope, blind: true, ..OpenCount::default() };
    let number = branch_.device.open_count(&by, open)?.number;
    branch_.device.scan_count(&by, &number, &scans)?;
    branch_.device.close_count(&by, &number, Uncounted::Leave)?;
    let manager: By = branch_.manager();
    branch_.device.approve_count(&manager, &number)?;
    for article in articles {
        world.books.counted((branch, article));
    }
    Ok(())
}
