//! Goods between branches: sent, a day or more under way, received whole or one piece short, also where
//! the receiver hasn't heard of the dispatch yet.

use anyhow::Result;
use guicang_domain::account::Account;
use guicang_domain::ids::Number;
use guicang_replica::{Named, ReceiveTransfer, SendTransfer};

use crate::world::{World, units};

/// Goods under way.
pub struct Truck {
    /// The day on which they arrive.
    due: usize,
    /// The sender, by index.
    from: usize,
    /// The receiver, by index.
    to: usize,
    /// The dispatch.
    number: Number,
    /// Articles and units.
    goods: Vec<(usize, i64)>,
}

/// A piece that never arrived.
pub struct Missing {
    /// The dispatch.
    pub number: Number,
    /// The sender, by index.
    pub from: usize,
    /// The article, by index.
    pub article: usize,
}

fn named(world: &World, goods: &[(usize, i64)]) -> Vec<Named> {
    let sku = |article: usize| world.catalogue.articles[article].sku.to_string();
    goods.iter().map(|(article, n)| Named { sku: sku(*article), quantity: units(*n) }).collect()
}

/// Every other week a branch sends another what it has more of.
pub fn send(world: &mut World, branch: usize, day: usize) -> Result<()> {
    if day % 14 != (branch * 5 + 3) % 14 {
        return Ok(());
    }
    let Some(to) = world.another(branch) else { return Ok(()) };
    let mut goods: Vec<(usize, i64)> = Vec::new();
    for _ in 0..3 {
        let article = world.random.below(world.catalogue.articles.len() as u64) as usize;
        if world.books.sellable((branch, article)) >= 10 && goods.iter().all(|(a, _)| *a != article) {
            goods.push((article, world.random.between(2, 6)));
        }
    }
    if goods.is_empty() {
        return Ok(());
    }
    let items = named(world, &goods);
    let receiver = world.branches[to].site.clone();
    let sent = SendTransfer { from: None, to: receiver, items, lot: None, place: String::new(), note: None };
    let branch_ = &mut world.branches[branch];
    let by = branch_.cashier(&mut world.random);
    let number = branch_.device.send_transfer(&by, sent)?.number;
    for (article, n) in &goods {
        world.books.move_goods((branch, *article), Account::Sellable, Account::InTransit, *n);
    }
    let due = day + world.random.between(1, 3) as usize;
    world.trucks.push(Truck { due, from: branch, to, number, goods });
    Ok(())
}

/// Trucks that arrive.
pub fn arrive(world: &mut World, branch: usize, day: usize) -> Result<()> {
    let due: Vec<Truck> = world.trucks.extract_if(.., |t| t.to == branch && t.due <= day).collect();
    for truck in due {
        let mut goods = truck.goods;
        let short = world.random.chance(800);
        if short {
            goods[0].1 -= 1;
            let (number, article) = (truck.number.clone(), goods[0].0);
            world.missing.push(Missing { number, from: truck.from, article });
            world.planted.counts.lost += 1;
        }
        let receive = ReceiveTransfer {
            number: truck.number.to_string(),
            at: None,
            from: Some(world.branches[truck.from].site.clone()),
            items: named(world, &goods),
            place: String::new(),
            over: false,
            complete: true,
        };
        let branch_ = &mut world.branches[branch];
        let by = branch_.cashier(&mut world.random);
        branch_.device.receive_transfer(&by, receive)?;
        for (article, n) in goods {
            world.books.move_goods((truck.from, article), Account::InTransit, Account::Customer, n);
            world.books.move_goods((branch, article), Account::Customer, Account::Sellable, n);
        }
    }
    Ok(())
}
