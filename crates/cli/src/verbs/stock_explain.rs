//! `stock explain`: an article's ledger as a story.

use clap::Args;
use guicang_domain::account::Account;
use guicang_domain::ids::{SiteId, Sku};
use guicang_replica::{Replica, StepWhat, StockStep};
use serde::Serialize;

use super::count::{at_site, signed};
use crate::exit::{Failure, Told};
use crate::format::{Column, Table, minute};
use crate::language::Language;
use crate::output::Globals;
use crate::texts::{counts, headings, names, next};

/// Which article's story.
#[derive(Debug, Clone, Args)]
pub struct ExplainArgs {
    /// The article
    pub sku: String,
    /// At this site only
    #[arg(long)]
    pub site: Option<SiteId>,
    /// Only the last so many steps
    #[arg(long)]
    pub limit: Option<usize>,
}

/// A step of an article's story, as JSON. The keys are part of the program's interface; `from` and `to`
/// are of what was moved, `counted`, `book` and `variance` of a count.
#[derive(Debug, Serialize)]
struct StepItem {
    site: String,
    place: String,
    sku: String,
    lot: Option<String>,
    occurred: String,
    document: String,
    kind: String,
    what: &'static str,
    from: Option<String>,
    to: Option<String>,
    quantity: Option<String>,
    account: Option<String>,
    counted: Option<String>,
    book: Option<String>,
    variance: Option<String>,
    on_hand: String,
    available: String,
    arrived: Option<String>,
    late: bool,
    re_explains: Option<String>,
}

impl StepItem {
    fn of(sku: &Sku, step: &StockStep) -> Self {
        let told = |at| at_site(at, step.zone);
        let mut item = Self {
            site: step.site.to_string(),
            place: step.place.clone(),
            sku: sku.to_string(),
            lot: step.lot.as_ref().map(ToString::to_string),
            occurred: told(step.occurred),
            document: step.number.clone(),
            kind: step.kind.clone(),
            what: "moved",
            from: None,
            to: None,
            quantity: None,
            account: None,
            counted: None,
            book: None,
            variance: None,
            on_hand: step.on_hand.to_string(),
            available: step.available.to_string(),
            arrived: step.arrived.map(told),
            late: step.explains.is_some(),
            re_explains: step.explains.clone(),
        };
        match step.what {
            StepWhat::Moved { from, to, quantity } => {
                item.from = from.map(|a| a.to_string());
                item.to = to.map(|a| a.to_string());
                item.quantity = Some(quantity.to_string());
            }
            StepWhat::Counted { account, counted, book, variance } => {
                item.what = "counted";
                item.account = Some(account.to_string());
                item.counted = Some(counted.to_string());
                item.book = Some(book.to_string());
                item.variance = Some(variance.to_string());
            }
        }
        item
    }
}

impl ExplainArgs {
    /// Tells it.
    ///
    /// # Errors
    /// [`Failure`] when the SKU is none, or the file can't be read.
    pub fn run(&self, replica: &Replica, globals: &Globals) -> Result<(), Failure> {
        let l = globals.language;
        let sku = Sku::of(&self.sku).told(globals)?;
        let mut steps = replica.explain_stock(&sku, self.site.as_ref()).told(globals)?;
        if let Some(limit) = self.limit {
            steps.drain(..steps.len().saturating_sub(limit));
        }
        let items: Vec<StepItem> = steps.iter().map(|step| StepItem::of(&sku, step)).collect();
        globals.show("stock-explain", &items, |_| table(l, &steps))?;
        if let Some(count) = replica.being_counted(&sku).told(globals)? {
            globals.say(&counts::being_counted(l, &count))?;
        }
        globals.next(&if steps.is_empty() {
            next::stock(l, globals.program)
        } else {
            next::adjust(l, globals.program)
        })
    }
}

fn table(l: Language, steps: &[StockStep]) -> Table {
    let mut table = Table::new([
        Column::Left(headings::occurred(l)),
        Column::Left(headings::site(l)),
        Column::Left(headings::number(l)),
        Column::Left(counts::head_what(l)),
        Column::Right(headings::on_hand(l)),
        Column::Right(headings::available(l)),
        Column::Left(counts::head_remark(l)),
    ]);
    for step in steps {
        let told = |at| minute(&at_site(at, step.zone));
        let site = if step.place.is_empty() {
            step.site.to_string()
        } else {
            format!("{}/{}", step.site, step.place)
        };
        let lot = step.lot.as_ref().map_or(String::new(), |lot| format!(" #{lot}"));
        let remark = match (&step.explains, step.arrived) {
            (Some(count), Some(arrived)) => counts::step_late(l, count, &told(arrived)),
            (_, None) => counts::step_unsent(l),
            _ => String::new(),
        };
        table.row([
            told(step.occurred),
            site,
            step.number.clone(),
            format!("{}{lot}", what(l, &step.what)),
            step.on_hand.to_string(),
            step.available.to_string(),
            remark,
        ]);
    }
    table
}

fn what(l: Language, what: &StepWhat) -> String {
    let named = |account: Option<Account>| account.map_or("", Account::as_str);
    match *what {
        StepWhat::Moved { from, to, quantity } => {
            let pair = format!("{}>{}", named(from), named(to));
            let mut word = counts::step(l, &pair);
            if word == pair {
                word =
                    counts::step_between(l, &names::account(l, named(from)), &names::account(l, named(to)));
            }
            format!("{word} {quantity}")
        }
        StepWhat::Counted { account, counted, book, variance } => counts::step_counted(
            l,
            &names::account(l, account.as_str()),
            &counted,
            &book,
            &signed(&variance.to_string()),
        ),
    }
}
