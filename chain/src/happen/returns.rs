//! Returns at the counter: with the sale held or not, at once inspected or later.

use anyhow::{Result, ensure};
use guicang_domain::account::Account;
use guicang_domain::ids::{CustomerId, UserName};
use guicang_domain::money::Amount;
use guicang_domain::returns::{Channel, Disposition, Grade};
use guicang_replica::{By, CommandError, CounterReturn, Graded, Item, ReturnDone};

use crate::branch::{Cause, Inspection, Wish};
use crate::catalogue::price;
use crate::random::Random;
use crate::world::{World, units};

/// What customers bring on a day.
pub fn happen(world: &mut World, branch: usize, day: usize) -> Result<()> {
    for wish in world.wishes.remove(&(day, branch)).unwrap_or_default() {
        world.clock.tick();
        let by = world.branches[branch].cashier(&mut world.random);
        take_back(world, branch, day, &wish, &by)?;
    }
    Ok(())
}

/// One return; `false` where the counter refused it, since it knows that nothing is left.
pub fn take_back(world: &mut World, branch: usize, day: usize, wish: &Wish, by: &By) -> Result<bool> {
    let at_once = world.random.chance(6_000);
    let (grade, disposition) = look(wish.reason, &mut world.random);
    let graded = Graded { sku: None, grade, quantity: units(wish.units), disposition, reason_found: None };
    let item = Item {
        sku: world.catalogue.articles[wish.article].sku.to_string(),
        quantity: units(wish.units),
        price: Some(price(wish.price)),
    };
    let request = CounterReturn {
        site: None,
        receipt: wish.receipt.clone(),
        receipt_code: None,
        channel: Channel::Store,
        customer: wish.customer.map(CustomerId::new).transpose()?,
        contact: None,
        items: vec![item],
        reason: wish.reason.parse()?,
        note: None,
        goods_here: true,
        grades: if at_once { vec![graded] } else { Vec::new() },
        tags: None,
        refund: Some(wish.tender.clone()),
        paid: true,
    };
    let branch_ = &mut world.branches[branch];
    let manager: UserName = branch_.manager().user;
    let done = match branch_.device.counter_return(by, request.clone()) {
        Err(CommandError::NeedsManager { .. }) => {
            let by = By { approved_by: Some(manager), ..by.clone() };
            branch_.device.counter_return(&by, request)
        }
        done => done,
    };
    let done = match done {
        Err(CommandError::MoreThanLeft { .. }) if wish.twice_of.is_some() => {
            world.books.refused += 1;
            return Ok(false);
        }
        done => done?,
    };
    write_down(world, branch, wish, &done)?;
    let spot = (branch, wish.article);
    world.books.move_goods(spot, Account::Customer, Account::ReturnsHold, wish.units);
    if at_once {
        let to = disposition.unwrap_or(grade.usual_disposition()).account();
        world.books.move_goods(spot, Account::ReturnsHold, to, wish.units);
    } else {
        let due = day + world.random.below(2) as usize + 1;
        let (article, units, reason) = (wish.article, wish.units, wish.reason);
        let waits = Inspection { due, number: done.number, article, units, reason };
        world.branches[branch].inspections.push(waits);
    }
    Ok(true)
}

/// Into the chain's own books, by its own reckoning.
fn write_down(world: &mut World, branch: usize, wish: &Wish, done: &ReturnDone) -> Result<()> {
    let owed = Amount(wish.price.0 * wish.units);
    let said = done.paid + done.queued;
    ensure!(
        said == owed,
        "{} at {}: {said:?} to be refunded, wanted {owed:?}",
        done.number,
        world.branches[branch].site
    );
    let counts = &mut world.planted.counts;
    match wish.cause {
        Some(Cause::BadLot) => counts.bad_lot += 1,
        Some(Cause::SizeChart) => counts.too_small += 1,
        Some(Cause::Returner) => counts.returner += 1,
        None => {}
    }
    let books = &mut world.books;
    books.returns += 1;
    match wish.tender.is_electronic() {
        true => books.electronic += owed,
        false => books.cash += owed,
    }
    match (&wish.receipt, wish.twice_of) {
        (None, _) => books.no_receipt += 1,
        (Some(receipt), Some(sold)) => {
            let asked = books.asked_twice.entry((receipt.clone(), wish.article)).or_insert((sold, 0));
            asked.1 += wish.units;
        }
        _ => {}
    }
    Ok(())
}

/// What an inspection finds of goods that came back for a reason.
pub fn look(reason: &str, random: &mut Random) -> (Grade, Option<Disposition>) {
    match (reason, random.below(10)) {
        ("defective" | "damaged", 0..=2) => (Grade::D, None),
        ("defective" | "damaged", 3..=4) => (Grade::E, None),
        ("defective" | "damaged", _) => (Grade::D, Some(Disposition::Supplier)),
        (_, 0..=6) => (Grade::A, None),
        (_, 7..=8) => (Grade::B, None),
        _ => (Grade::C, None),
    }
}
