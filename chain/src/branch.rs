//! A branch: its devices, its people, its line, and what waits to be done there.

use guicang_domain::ids::{Number, ReceiptId, SiteId, Tender};
use guicang_domain::money::Amount;
use guicang_domain::sale::Receipt;
use guicang_replica::{By, Replica};

use crate::random::Random;

/// A branch.
pub struct Branch {
    /// Its code.
    pub site: SiteId,
    /// How much it sells, in hundredths of a usual branch.
    pub size: i64,
    /// The device at its counter.
    pub device: Replica,
    /// The till whose clock is wrong, and by how much, ms.
    pub fast: Option<(Replica, i64)>,
    /// After how many days its second till's receipts come in; 0: the same evening.
    pub late_days: usize,
    /// Days without a line, from and to, the latter not included.
    pub outages: Vec<(usize, usize)>,
    /// Returned goods that nobody has looked at yet.
    pub inspections: Vec<Inspection>,
    /// Receipts of a late till, by the day on which they come in.
    pub late: Vec<(usize, Vec<Receipt>)>,
    /// Claims on suppliers that are open, by the day on which they end.
    pub claims: Vec<Claim>,
}

/// Returned goods that wait to be looked at.
pub struct Inspection {
    /// The day from which on somebody looks.
    pub due: usize,
    /// The return.
    pub number: Number,
    /// The article, by index.
    pub article: usize,
    /// How many.
    pub units: i64,
    /// Why they came back.
    pub reason: &'static str,
}

/// A claim on a supplier.
pub struct Claim {
    /// The day on which the supplier answers.
    pub due: usize,
    /// The supplier return.
    pub number: Number,
    /// Articles and units.
    pub goods: Vec<(usize, i64)>,
}

/// Something that a customer will bring back.
#[derive(Debug, Clone)]
pub struct Wish {
    /// What was bought where; `None`: the receipt is lost.
    pub receipt: Option<ReceiptId>,
    /// The article, by index.
    pub article: usize,
    /// How many.
    pub units: i64,
    /// What one was paid.
    pub price: Amount,
    /// Why.
    pub reason: &'static str,
    /// How it was paid, and is to be refunded.
    pub tender: Tender,
    /// The member's number.
    pub customer: Option<&'static str>,
    /// How many were sold, where the same goods are brought to two branches.
    pub twice_of: Option<i64>,
    /// What was planted that brings it back.
    pub cause: Option<Cause>,
}

/// What brings goods back that was planted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The supplier's bad lot.
    BadLot,
    /// The wrong size chart.
    SizeChart,
    /// The customer who brings nearly everything back.
    Returner,
}

impl Branch {
    /// One of its cashiers.
    pub fn cashier(&self, random: &mut Random) -> By {
        self.person(&format!("c{}", random.between(1, 3)))
    }

    /// Its manager.
    pub fn manager(&self) -> By {
        self.person("m")
    }

    /// Somebody of the branch.
    pub fn person(&self, role: &str) -> By {
        let name = format!("{}-{role}", self.site.as_str().to_lowercase());
        By::user(name.parse().expect("a name of ours"))
    }

    /// Whether its line is up on a day.
    pub fn online(&self, day: usize) -> bool {
        !self.outages.iter().any(|(from, to)| (*from..*to).contains(&day))
    }
}

/// When a line is down: now and then an evening, sometimes days, seldom weeks.
pub fn outages(days: usize, random: &mut Random) -> Vec<(usize, usize)> {
    let mut out = Vec::new();
    let mut day = 0;
    while day < days {
        let lasts = match random.below(1000) {
            0..=39 => 1,
            40..=47 => random.between(2, 5),
            48..=49 => random.between(7, 24),
            _ => 0,
        };
        if lasts > 0 {
            out.push((day, day + lasts as usize));
        }
        day += lasts as usize + 1;
    }
    out
}
