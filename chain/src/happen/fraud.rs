//! A cashier who writes returns without a receipt for goods taken from the shelf, and keeps the cash.
//!
//! What surprises: nothing came back, so the ledger has too much from then on; a stocktake shows it.

use anyhow::Result;
use guicang_domain::account::Account;
use guicang_domain::ids::Tender;

use super::returns::take_back;
use crate::branch::Wish;
use crate::world::World;

/// Every other day or so, for little enough that the manager signs without looking.
pub fn happen(world: &mut World, branch: usize, day: usize) -> Result<()> {
    if branch != world.planted.fraud_branch || day < world.plan.days / 5 || !world.random.chance(4_500) {
        return Ok(());
    }
    let cheap = |(_, a): &(usize, &crate::catalogue::Article)| (5_000..30_000).contains(&a.price.0);
    let articles: Vec<usize> =
        world.catalogue.articles.iter().enumerate().filter(cheap).map(|(n, _)| n).collect();
    if articles.is_empty() {
        return Ok(());
    }
    let article = *world.random.of_list(&articles);
    if world.books.sellable((branch, article)) == 0 {
        return Ok(());
    }
    let price = world.catalogue.articles[article].price;
    let wish = Wish {
        receipt: None,
        article,
        units: 1,
        price,
        reason: "other",
        tender: Tender::cash(),
        customer: None,
        twice_of: None,
        cause: None,
    };
    let by = world.branches[branch].person("c9");
    take_back(world, branch, day, &wish, &by)?;
    // The piece that is said to have come back was on the shelf all along.
    world.books.vanish((branch, article), 1);
    debug_assert!(world.books.units((branch, article), Account::Sellable) >= 0);
    world.planted.counts.fraud += 1;
    world.planted.counts.fraud_value += price.0;
    Ok(())
}
