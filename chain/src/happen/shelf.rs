//! Goods that get lost on the shelf: written off where somebody sees it, gone where nobody does.

use anyhow::Result;
use guicang_domain::account::Account;
use guicang_domain::adjustment::Movement;
use guicang_replica::Adjust;

use crate::world::{World, units};

/// Now and then a piece.
pub fn happen(world: &mut World, branch: usize, _day: usize) -> Result<()> {
    let article = world.random.below(world.catalogue.articles.len() as u64) as usize;
    let spot = (branch, article);
    let what = world.random.below(100);
    if world.books.sellable(spot) == 0 {
        return Ok(());
    }
    match what {
        0..=7 => {
            let adjust = Adjust {
                site: None,
                sku: world.catalogue.articles[article].sku.to_string(),
                lot: None,
                place: String::new(),
                movement: Movement::WrittenOff,
                quantity: units(1),
                reason: "damaged".parse()?,
                note: None,
                cost: None,
            };
            let branch_ = &mut world.branches[branch];
            branch_.device.adjust(&branch_.manager(), adjust)?;
            world.books.move_goods(spot, Account::Sellable, Account::Variance, 1);
        }
        8..=12 => {
            world.books.vanish(spot, 1);
            world.planted.counts.stolen += 1;
        }
        _ => {}
    }
    Ok(())
}
