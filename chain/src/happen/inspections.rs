//! Returned goods that waited are looked at, the next day or the day after.

use anyhow::Result;
use guicang_domain::account::Account;
use guicang_replica::Graded;

use super::returns::look;
use crate::world::{World, units};

/// All that is due.
pub fn happen(world: &mut World, branch: usize, day: usize) -> Result<()> {
    let due: Vec<_> = world.branches[branch].inspections.extract_if(.., |i| i.due <= day).collect();
    for waits in due {
        world.clock.tick();
        let (grade, disposition) = look(waits.reason, &mut world.random);
        let quantity = units(waits.units);
        let graded = Graded { sku: None, grade, quantity, disposition, reason_found: None };
        let branch_ = &mut world.branches[branch];
        let by = branch_.cashier(&mut world.random);
        branch_.device.inspect(&by, waits.number.as_str(), &[graded])?;
        let to = disposition.unwrap_or(grade.usual_disposition()).account();
        world.books.move_goods((branch, waits.article), Account::ReturnsHold, to, waits.units);
    }
    Ok(())
}
