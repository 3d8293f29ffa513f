//! Bad goods go back to their suppliers each month; weeks later the supplier credits them, sends others
//! or sends them back.

use std::collections::BTreeMap;

use anyhow::Result;
use guicang_domain::account::Account;
use guicang_domain::money::Amount;
use guicang_domain::supplier_return::Settled;
use guicang_replica::{CloseClaim, Named, RaiseClaim, ShipClaim};

use crate::branch::Claim;
use crate::catalogue::price;
use crate::world::{World, units};

/// What waits for its supplier is claimed and shipped, once a month.
pub fn raise(world: &mut World, branch: usize, day: usize) -> Result<()> {
    if day % 28 != (branch * 3 + 9) % 28 {
        return Ok(());
    }
    let mut by_supplier: BTreeMap<String, Vec<(usize, i64)>> = BTreeMap::new();
    for (article, of) in world.catalogue.articles.iter().enumerate() {
        let held = world.books.units((branch, article), Account::SupplierHold);
        if held > 0 {
            by_supplier.entry(of.supplier.clone()).or_default().push((article, held));
        }
    }
    for (supplier, goods) in by_supplier {
        let named = |(article, n): &(usize, i64)| Named {
            sku: world.catalogue.articles[*article].sku.to_string(),
            quantity: units(*n),
        };
        let raise = RaiseClaim {
            site: None,
            supplier,
            items: goods.iter().map(named).collect(),
            from: Account::SupplierHold,
            reason: "defective".parse()?,
            price: None,
            lot: None,
            place: String::new(),
            note: None,
        };
        let branch_ = &mut world.branches[branch];
        let by = branch_.manager();
        let number = branch_.device.raise_claim(&by, raise)?.number;
        let (items, carrier, tracking) = (Vec::new(), Some("顺丰".into()), None);
        branch_.device.ship_claim(&by, ShipClaim { number: number.to_string(), items, carrier, tracking })?;
        for (article, n) in &goods {
            world.books.move_goods((branch, *article), Account::SupplierHold, Account::Supplier, *n);
        }
        let due = day + world.random.between(10, 25) as usize;
        world.branches[branch].claims.push(Claim { due, number, goods });
    }
    Ok(())
}

/// The supplier's answer.
pub fn end(world: &mut World, branch: usize, day: usize) -> Result<()> {
    let due: Vec<Claim> = world.branches[branch].claims.extract_if(.., |c| c.due <= day).collect();
    for claim in due {
        let settled = match world.random.below(10) {
            0..=5 => Settled::Credited,
            6..=7 => Settled::Exchanged,
            8 => Settled::SentBack,
            _ => Settled::WrittenOff,
        };
        // One price for all, below what the cheapest of them cost: suppliers credit less than is claimed.
        let costs = claim.goods.iter().map(|(a, _)| world.catalogue.articles[*a].cost);
        let credited = costs.min().filter(|_| settled == Settled::Credited);
        let credited = credited.map(|cost| price(Amount(cost.0 * 80 / 100)));
        let close = CloseClaim {
            number: claim.number.to_string(),
            items: Vec::new(),
            settled,
            price: credited,
            owner: None,
            reference: None,
        };
        let branch_ = &mut world.branches[branch];
        branch_.device.close_claim(&branch_.manager(), close)?;
        let to = match settled {
            Settled::Exchanged => Account::Sellable,
            Settled::SentBack => Account::Defective,
            Settled::Credited | Settled::WrittenOff => continue,
        };
        for (article, n) in claim.goods {
            world.books.move_goods((branch, article), Account::Supplier, to, n);
        }
    }
    Ok(())
}
