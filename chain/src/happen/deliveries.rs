//! Goods from suppliers, as delivery notes: the opening stock, and each week what has run low.

use anyhow::Result;
use guicang_domain::account::Account;
use guicang_domain::adjustment::{AdjustmentLine, Movement};
use guicang_domain::ids::{ReceiptId, ReceiptLineId};
use guicang_domain::money::Currency;
use guicang_domain::time::Zone;
use guicang_replica::{ImportBatch, ImportedAdjustment};

use crate::catalogue::price;
use crate::world::{World, units};

/// Lines of one note.
const NOTE_LINES: usize = 200;
/// Below so many pieces an article is ordered.
const LOW: i64 = 15;

/// What is there when the books begin.
pub fn opening(world: &mut World, branch: usize) -> Result<()> {
    let goods = (0..world.catalogue.articles.len()).map(|a| (a, world.random.between(20, 60))).collect();
    note(world, branch, "OPENING", Movement::Opening, goods)
}

/// Once a week.
pub fn happen(world: &mut World, branch: usize, day: usize) -> Result<()> {
    if day % 7 != branch % 7 {
        return Ok(());
    }
    let low = |world: &World, article: usize| world.books.sellable((branch, article)) < LOW;
    let articles: Vec<usize> = (0..world.catalogue.articles.len()).filter(|a| low(world, *a)).collect();
    let goods = articles.into_iter().map(|a| (a, world.random.between(20, 40))).collect();
    note(world, branch, &format!("D{day:04}"), Movement::Received, goods)
}

fn note(
    world: &mut World,
    branch: usize,
    number: &str,
    movement: Movement,
    goods: Vec<(usize, i64)>,
) -> Result<()> {
    let from = movement.accounts().0;
    for (page, goods) in goods.chunks(NOTE_LINES).enumerate() {
        let site = world.branches[branch].site.clone();
        let line = |(n, (article, pieces)): (usize, &(usize, i64))| {
            let article = &world.catalogue.articles[*article];
            AdjustmentLine {
                sku: article.sku.clone(),
                quantity: units(*pieces),
                reason: "unknown".parse().expect("a reason of ours"),
                note: None,
                lot: None,
                place: String::new(),
                cost: Some(price(article.cost)),
                value: None,
                from: None,
                to: None,
                into: None,
                row: Some(ReceiptLineId::of_number(n as u32 + 1)),
            }
        };
        let imported = ImportedAdjustment {
            site: site.clone(),
            zone: Zone::SHANGHAI,
            currency: Currency::CNY,
            movement,
            receipt: ReceiptId { site, till: None, number: format!("{number}-{page}").parse()? },
            occurred: world.clock.now(),
            lines: goods.iter().enumerate().map(line).collect(),
        };
        let branch_ = &mut world.branches[branch];
        let by = branch_.manager();
        let batch = ImportBatch { adjustments: vec![imported], ..ImportBatch::default() };
        branch_.device.import_batch(&by, batch)?;
        for (article, pieces) in goods {
            world.books.move_goods((branch, *article), from, Account::Sellable, *pieces);
        }
    }
    Ok(())
}
