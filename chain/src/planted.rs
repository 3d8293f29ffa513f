//! What was planted, for whoever tries an analysis or an alarm on the chain: told as JSON and as a story.

use serde_json::{Value, json};

use crate::clock::date;

/// The customer who brings nearly everything back.
pub const RETURNER: &str = "M-000777";

/// What was planted.
#[derive(Debug)]
pub struct Planted {
    /// A supplier whose deliveries are bad, and when.
    pub supplier: String,
    /// The first and last day on which its goods are sold bad, the last not included.
    pub bad: (usize, usize),
    /// The model whose size chart is wrong.
    pub family: usize,
    /// Since when.
    pub chart_since: usize,
    /// The branch, by index, where a cashier refunds cash without receipts, for goods from the shelf.
    pub fraud_branch: usize,
    /// The branch, by index, of the customer who brings nearly everything back.
    pub returner_branch: usize,
    /// The branch, by index, with a till whose clock is wrong.
    pub fast_branch: usize,
    /// By how much it is fast.
    pub fast_minutes: i64,
    /// What came of each.
    pub counts: Counts,
}

/// How often each was seen.
#[derive(Debug, Default)]
pub struct Counts {
    /// Returns of the bad supplier's goods.
    pub bad_lot: u64,
    /// Returns of the model as too small.
    pub too_small: u64,
    /// The cashier's refunds.
    pub fraud: u64,
    /// What they came to, in minor units.
    pub fraud_value: i64,
    /// Returns of the one customer.
    pub returner: u64,
    /// Receipts whose goods were brought to two branches.
    pub twice: u64,
    /// Receipts of a till with a wrong clock.
    pub fast: u64,
    /// Receipts that came in days late.
    pub late: u64,
    /// Units that vanished from shelves.
    pub stolen: u64,
    /// Units that transfers lost.
    pub lost: u64,
}

impl Planted {
    /// As JSON.
    pub fn json(&self, sites: &[String], late: &[(String, usize)], outages: usize) -> Value {
        let counts = &self.counts;
        json!({
            "schema": "guicang.planted/1",
            "defective_supplier": {
                "supplier": self.supplier, "from": date(self.bad.0).to_string(),
                "to": date(self.bad.1).to_string(), "returns": counts.bad_lot,
            },
            "wrong_size_chart": {
                "model": self.family, "since": date(self.chart_since).to_string(), "reason": "too_small",
                "returns": counts.too_small,
            },
            "cashier_without_receipts": {
                "site": sites[self.fraud_branch],
                "user": format!("{}-c9", sites[self.fraud_branch].to_lowercase()),
                "refunds": counts.fraud, "cash": decimal(counts.fraud_value), "currency": "CNY",
            },
            "customer_with_many_returns": {
                "site": sites[self.returner_branch], "customer": RETURNER, "returns": counts.returner,
            },
            "same_goods_at_two_branches": counts.twice,
            "till_with_wrong_clock": {
                "site": sites[self.fast_branch], "fast_minutes": self.fast_minutes, "receipts": counts.fast,
            },
            "late_tills": {
                "tills": late.iter().map(|(site, days)| json!({"site": site, "days": days})).collect::<Vec<_>>(),
                "receipts": counts.late,
            },
            "outages": outages,
            "stolen_units": counts.stolen,
            "lost_in_transit_units": counts.lost,
        })
    }

    /// As a story.
    pub fn story(&self, sites: &[String]) -> String {
        let counts = &self.counts;
        format!(
            "What was planted:\n\
             - {} delivered a bad lot, sold from {} to {}: {} returns.\n\
             - The size chart of model {} is wrong since {}: {} came back as too small.\n\
             - A cashier at {} refunded cash without a receipt {} times, {} in all, for goods from the shelf.\n\
             - Customer {RETURNER} at {} brought things back {} times.\n\
             - The goods of {} receipts were brought to two branches.\n\
             - A till at {} is {} minutes fast: {} receipts.\n\
             - {} receipts came in days late. {} units were stolen, {} lost in transit.\n",
            self.supplier,
            date(self.bad.0),
            date(self.bad.1),
            counts.bad_lot,
            self.family,
            date(self.chart_since),
            counts.too_small,
            sites[self.fraud_branch],
            counts.fraud,
            decimal(counts.fraud_value),
            sites[self.returner_branch],
            counts.returner,
            counts.twice,
            sites[self.fast_branch],
            self.fast_minutes,
            counts.fast,
            counts.late,
            counts.stolen,
            counts.lost,
        )
    }
}

/// An amount in fen as people write it.
pub fn decimal(minor: i64) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", minor.abs() / 100, minor.abs() % 100)
}
