//! What happens at a branch on a day: one kind a file, and a line in [`ALL`].

pub mod deliveries;
pub mod inspections;
pub mod returns;
pub mod shelf;
pub mod sales;
pub mod fraud;
pub mod transfers;
pub mod claims;
pub mod stocktakes;
pub mod hq;

use anyhow::Result;

use crate::world::World;

/// A kind of happening.
pub struct Happening {
    /// Its name, for errors.
    pub name: &'static str,
    /// The minute of the day from which on it happens.
    pub minute: i64,
    /// What happens at a branch, by index, on a day.
    pub happen: fn(&mut World, usize, usize) -> Result<()>,
}

/// All kinds, in the order of the day.
pub const ALL: &[Happening] = &[
    Happening { name: "a stocktake", minute: 450, happen: stocktakes::happen },
    Happening { name: "a delivery", minute: 490, happen: deliveries::happen },
    Happening { name: "late tills", minute: 520, happen: sales::late_tills },
    Happening { name: "inspections", minute: 540, happen: inspections::happen },
    Happening { name: "an arrival", minute: 570, happen: transfers::arrive },
    Happening { name: "a dispatch", minute: 590, happen: transfers::send },
    Happening { name: "returns", minute: 620, happen: returns::happen },
    Happening { name: "a supplier return", minute: 1000, happen: claims::raise },
    Happening { name: "a supplier's answer", minute: 1020, happen: claims::end },
    Happening { name: "a fraud", minute: 1080, happen: fraud::happen },
    Happening { name: "losses", minute: 1100, happen: shelf::happen },
    Happening { name: "sales", minute: 1270, happen: sales::happen },
];
