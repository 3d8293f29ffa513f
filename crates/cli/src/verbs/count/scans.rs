//! `count scan` and `count recount`.

use std::io::Read;

use clap::Args;
use guicang_domain::account::Account;
use guicang_domain::ids::{IdError, Lot};
use guicang_domain::quantity::Quantity;
use guicang_replica::{Replica, ScanItem};

use super::item::{CountItem, table};
use super::list::{next, remarks};
use crate::exit::{Exit, Failure, Told};
use crate::output::Globals;
use crate::texts::{counts, next as steps};
use crate::verbs::ByArgs;

/// An article and how many were seen: `SKU=12`, `SKU=0`, or `SKU` for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    sku: String,
    quantity: Quantity,
}

impl std::str::FromStr for Seen {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let wrong = || IdError {
            what: "item",
            found: text.chars().take(80).collect(),
            wanted: "SKU or SKU=QUANTITY",
        };
        let (sku, quantity) = match text.rsplit_once('=') {
            Some((sku, quantity)) => (sku, quantity.trim().parse::<Quantity>().map_err(|_| wrong())?),
            None => (text, Quantity::units(1)),
        };
        if sku.trim().is_empty() || quantity < Quantity::ZERO {
            return Err(wrong());
        }
        Ok(Self { sku: sku.trim().into(), quantity })
    }
}

/// Where it was seen.
#[derive(Debug, Clone, Args)]
pub struct WhereArgs {
    /// The place within the site
    #[arg(long)]
    pub place: Option<String>,
    /// The lot
    #[arg(long)]
    pub lot: Option<Lot>,
    /// Which stock: sellable, returns_hold, quarantine, defective, supplier_hold, scrap_hold
    #[arg(long, default_value_t = Account::Sellable)]
    pub account: Account,
    /// When it was counted, if not now: 2026-11-23T14:02, or a date
    #[arg(long, value_name = "TIME")]
    pub occurred: Option<String>,
}

impl WhereArgs {
    fn item(&self, seen: &Seen) -> ScanItem {
        ScanItem {
            sku: seen.sku.clone(),
            lot: self.lot.clone(),
            place: self.place.clone().unwrap_or_default(),
            account: self.account,
            quantity: seen.quantity,
        }
    }

    fn by(&self) -> ByArgs {
        ByArgs { occurred: self.occurred.clone(), approved_by: None }
    }
}

/// What was seen.
#[derive(Debug, Clone, Args)]
#[group(id = "what", required = true, multiple = true, args = ["items", "file"])]
pub struct ScanArgs {
    /// The count's number or identity
    pub number: String,
    /// What was seen: SKU, or SKU=12
    #[arg(value_name = "SKU=QTY")]
    pub items: Vec<Seen>,
    /// A file with one of these a line, as a scanner writes it; - is the standard input
    #[arg(long, value_name = "FILE")]
    pub file: Option<String>,
    /// Where.
    #[command(flatten)]
    pub place: WhereArgs,
}

/// What was counted again.
#[derive(Debug, Clone, Args)]
pub struct RecountArgs {
    /// The count's number or identity
    pub number: String,
    /// How many there are: SKU=97
    #[arg(value_name = "SKU=QTY")]
    pub item: Seen,
    /// Where.
    #[command(flatten)]
    pub place: WhereArgs,
}

impl ScanArgs {
    /// Records it.
    ///
    /// # Errors
    /// [`Failure`] when it was refused; nothing is changed then.
    pub fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let by = self.place.by().by(replica, globals, None)?;
        let mut items: Vec<ScanItem> = self.items.iter().map(|seen| self.place.item(seen)).collect();
        if let Some(path) = &self.file {
            items.extend(read_file(path, globals)?.iter().map(|seen| self.place.item(seen)));
        }
        let row = replica.scan_count(&by, &self.number, &items).told(globals)?;
        globals.show("count", &[CountItem::of(&row, None)], |items| table(globals.language, items))?;
        globals.say(&counts::scanned(globals.language, &row.number, row.buckets))?;
        remarks(globals, &row)?;
        globals.next(&next(globals, &row))
    }
}

impl RecountArgs {
    /// Records it.
    ///
    /// # Errors
    /// [`Failure`] when it was refused; nothing is changed then.
    pub fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let by = self.place.by().by(replica, globals, None)?;
        let row = replica.recount(&by, &self.number, &self.place.item(&self.item)).told(globals)?;
        globals.show("count", &[CountItem::of(&row, None)], |items| table(globals.language, items))?;
        globals.say(&counts::recounted(globals.language, &row.number, &self.item.sku))?;
        remarks(globals, &row)?;
        globals.next(&next(globals, &row))
    }
}

/// The items of a file; an empty line is none.
fn read_file(path: &str, globals: &Globals) -> Result<Vec<Seen>, Failure> {
    let l = globals.language;
    let text = if path == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(path)
    };
    let text =
        text.map_err(|e| Failure::new(Exit::Other, counts::unreadable(l, path, &e), steps::other_file(l)))?;
    let lines = text.trim_start_matches('\u{feff}').lines().enumerate();
    lines
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(n, line)| {
            let found: String = line.chars().take(80).collect();
            let wrong =
                |_| Failure::new(Exit::Refused, counts::bad_line(l, n + 1, &found), steps::correct(l));
            line.parse().map_err(wrong)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_is_a_quantity_that_can_be_seen() {
        let seen = |text: &str| text.parse::<Seen>().map(|s| (s.sku, s.quantity.to_string()));
        assert_eq!(seen("TEA=0"), Ok(("TEA".into(), "0".into())));
        assert_eq!(seen(" TEA "), Ok(("TEA".into(), "1".into())));
        assert_eq!(seen("KG=0.486"), Ok(("KG".into(), "0.486".into())));
        for bad in ["", "=2", "TEA=", "TEA=-1", "TEA=x", "TEA=1.0001"] {
            assert!(seen(bad).is_err(), "{bad}");
        }
    }
}
