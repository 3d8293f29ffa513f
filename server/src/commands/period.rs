//! `period`: closing a month, and what was closed. HQ alone closes.
//!
//! What surprises: a close is not a lock. What arrives late is listed with the closed month, and told in the
//! one that is open.

use std::collections::BTreeMap;

use clap::{Args, Subcommand};
use guicang_cli::format::{Column, Table, minute};
use guicang_cli::texts::{headings, money};
use guicang_cli::verbs::ByArgs;
use guicang_cli::{Exit, Failure, Globals, Language, Told};
use guicang_domain::ids::SiteId;
use guicang_domain::money::{Amount, Currency};
use guicang_domain::period::{FigureKey, Figures, Period, PeriodClose, Sums};
use guicang_domain::quantity::Quantity;
use guicang_domain::time::Moment;
use guicang_replica::{FigureDifference, LateDocument};
use serde::Serialize;

use super::Session;
use guicang_cli::texts::hq_period as texts;

/// The commands on periods.
#[derive(Debug, Subcommand)]
pub enum PeriodVerb {
    /// Close a month: write down what its figures are, and on which facts
    #[command(
        after_help = "Examples:\n  guicang-server period close 2026-10 --dry-run\n  guicang-server period close 2026-10"
    )]
    Close(CloseArgs),
    /// List the months that are closed
    #[command(
        after_help = "Examples:\n  guicang-server period list\n  guicang-server period list --format csv"
    )]
    List(ListArgs),
    /// Show a month as it was told and as it is now by date, and what came late
    #[command(
        after_help = "Examples:\n  guicang-server period show 2026-10\n  guicang-server period show 2026-10 --by-site --json"
    )]
    Show(ShowArgs),
    /// Fold the facts of a closed month anew, and compare
    #[command(after_help = "Examples:\n  guicang-server period verify 2026-10")]
    Verify(VerifyArgs),
}

/// Which month is closed.
#[derive(Debug, Args)]
pub struct CloseArgs {
    /// The month: 2026-10
    pub period: Period,
    /// Only compute what would be recorded
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    by: ByArgs,
}

/// Nothing to say.
#[derive(Debug, Args)]
pub struct ListArgs {}

/// Which month is shown, and how.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The month: 2026-10
    pub period: Period,
    /// Each site's figures, and not all sites' together
    #[arg(long)]
    pub by_site: bool,
}

/// Which month is verified.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The month: 2026-10
    pub period: Period,
}

/// A closed month in one currency, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
struct PeriodItem {
    period: String,
    number: String,
    closed_at: Option<String>,
    closed_by: Option<String>,
    currency: String,
    sales: String,
    returns: String,
    net_sales: String,
    losses: String,
    unreported: Vec<String>,
}

impl PeriodItem {
    fn all(close: &PeriodClose) -> Vec<Self> {
        let figures = &close.recorded.figures;
        let mut currencies: Vec<Currency> = figures.0.keys().map(|k| k.currency).collect();
        currencies.sort_by_key(|c| c.code().to_owned());
        currencies.dedup();
        let closed = close.closed();
        let item = |currency: Currency| {
            let of = |figure| figures.total(figure, currency).value;
            let (sales, returns) = (of("sales") + of("services"), of("returns") + of("service_returns"));
            let lost = figures.0.iter().filter(|(k, _)| k.figure.starts_with("money:loss:"));
            let losses: Amount = lost.filter(|(k, _)| k.currency == currency).map(|(_, s)| s.value).sum();
            Self {
                period: close.period.to_string(),
                number: close.head.number.to_string(),
                closed_at: closed.map(|e| e.occurred.to_rfc3339()),
                closed_by: closed.map(|e| e.user.to_string()),
                currency: currency.to_string(),
                sales: currency.format(sales),
                returns: currency.format(returns),
                net_sales: currency.format(sales - returns),
                losses: currency.format(losses),
                unreported: close.recorded.unreported.iter().map(|(site, _)| site.to_string()).collect(),
            }
        };
        currencies.into_iter().map(item).collect()
    }
}

#[derive(Debug, Serialize)]
struct SumsItem {
    quantity: String,
    value: String,
}

impl SumsItem {
    fn of(sums: Sums, currency: Currency) -> Self {
        Self { quantity: sums.quantity.to_string(), value: currency.format(sums.value) }
    }
}

/// A figure of a month, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
struct FigureItem {
    period: String,
    site: Option<String>,
    currency: String,
    figure: String,
    told: SumsItem,
    to_date: SumsItem,
    by_date: Option<SumsItem>,
}

/// A document that came late, in one figure, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
struct LateItem {
    period: String,
    id: String,
    number: String,
    kind: String,
    occurred: String,
    date: String,
    whole: bool,
    site: Option<String>,
    currency: Option<String>,
    figure: Option<String>,
    quantity: Option<String>,
    value: Option<String>,
}

impl LateItem {
    fn all(period: Period, late: &LateDocument) -> Vec<Self> {
        let item = |of: Option<(&FigureKey, &Sums)>| Self {
            period: period.to_string(),
            id: late.id.to_string(),
            number: late.number.clone(),
            kind: late.kind.clone(),
            occurred: late.occurred.to_rfc3339(),
            date: late.occurred.date().to_string(),
            whole: late.whole,
            site: of.and_then(|(k, _)| k.site.as_ref()).map(ToString::to_string),
            currency: of.map(|(k, _)| k.currency.to_string()),
            figure: of.map(|(k, _)| k.figure.clone()),
            quantity: of.map(|(_, s)| s.quantity.to_string()),
            value: of.map(|(k, s)| k.currency.format(s.value)),
        };
        // What was taken back comes to nothing, and is still listed.
        if late.figures.0.is_empty() {
            return vec![item(None)];
        }
        late.figures.0.iter().map(|f| item(Some(f))).collect()
    }
}

/// What verifying found, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
struct VerifiedItem {
    period: String,
    number: String,
    equal: bool,
    same_facts: bool,
    changes: u64,
    changes_here: u64,
    differences: Vec<DifferenceItem>,
}

#[derive(Debug, Serialize)]
struct DifferenceItem {
    site: Option<String>,
    currency: String,
    figure: String,
    to_date: bool,
    recorded: SumsItem,
    counted: SumsItem,
}

impl DifferenceItem {
    fn of(difference: &FigureDifference) -> Self {
        let key = &difference.key;
        Self {
            site: key.site.as_ref().map(ToString::to_string),
            currency: key.currency.to_string(),
            figure: key.figure.clone(),
            to_date: difference.to_date,
            recorded: SumsItem::of(difference.recorded, key.currency),
            counted: SumsItem::of(difference.counted, key.currency),
        }
    }
}

impl PeriodVerb {
    /// Does it.
    ///
    /// # Errors
    /// [`Failure`] when the month isn't over, is closed or isn't its turn; when verifying finds a difference;
    /// when a file can't be read or written.
    pub fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        match self {
            PeriodVerb::Close(args) => args.run(session),
            PeriodVerb::List(args) => args.run(session),
            PeriodVerb::Show(args) => args.run(session),
            PeriodVerb::Verify(args) => args.run(session),
        }
    }
}

impl CloseArgs {
    fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        let (globals, l) = (session.globals, session.globals.language);
        let mut hq = session.open()?;
        // What is at the relay belongs to what is known, and its time is what proves that the month is over.
        session.settle(&mut hq)?;
        let by = self.by.by(&hq.replica, globals, None)?;
        let done = hq.replica.close_period(&by, self.period, self.dry_run).told(globals)?;
        session.settle(&mut hq)?;
        let recorded = &done.recorded;
        let views = View { told: &recorded.figures, to_date: &recorded.to_date, by_date: None };
        show(globals, self.period, &views, false)?;
        for (site, until) in &recorded.unreported {
            globals.say(&warning(l, site, *until))?;
        }
        match &done.number {
            Some(number) => {
                let devices = recorded.cut.devices.len();
                globals.say(&texts::closed(
                    l,
                    &self.period,
                    number.as_str(),
                    recorded.cut.changes,
                    devices,
                ))?;
                globals.next(&texts::verify_next(l, &self.period))
            }
            None => {
                globals.say(&texts::would_close(l, &self.period))?;
                globals.next(&texts::close_next(l, &self.period))
            }
        }
    }
}

impl ListArgs {
    fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        let (globals, l) = (session.globals, session.globals.language);
        let closes = session.open()?.replica.periods().told(globals)?;
        let items: Vec<PeriodItem> = closes.iter().flat_map(PeriodItem::all).collect();
        globals.show("period", &items, |items| list_table(l, items))?;
        match closes.last() {
            Some(last) => globals.next(&texts::show_next(l, &last.period)),
            None => Ok(()),
        }
    }
}

impl ShowArgs {
    fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        let (globals, l) = (session.globals, session.globals.language);
        let view = session.open()?.replica.period(self.period).told(globals)?;
        let views = View { told: &view.told, to_date: &view.told_to_date, by_date: Some(&view.by_date) };
        show(globals, self.period, &views, self.by_site)?;
        let late: Vec<LateItem> = view.late.iter().flat_map(|l| LateItem::all(self.period, l)).collect();
        if !late.is_empty() {
            globals.show("period_late", &late, |items| late_table(l, items))?;
            globals.say(&texts::late_count(l, view.late.len()))?;
        }
        for number in &view.losers {
            globals.say(&texts::loses(l, number))?;
        }
        for (site, until) in view.close.iter().flat_map(|c| &c.recorded.unreported) {
            globals.say(&warning(l, site, *until))?;
        }
        let state = if view.close.is_some() { texts::is_closed(l) } else { texts::is_open(l) };
        globals.say(&format!("{} {state}", self.period))?;
        match view.close {
            Some(_) => globals.next(&texts::verify_next(l, &self.period)),
            None => globals.next(&texts::close_next(l, &self.period)),
        }
    }
}

impl VerifyArgs {
    fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        let (globals, l) = (session.globals, session.globals.language);
        let mut replica = session.open()?.replica;
        // Beside HQ's own file: as large, and on a disk that will do.
        let chance = u64::from_be_bytes(session.random());
        let scratch = session.data()?.folder().join(format!("verify-{chance:016x}.sqlite"));
        let found = replica.verify_period(self.period, &scratch).told(globals)?;
        let items = [VerifiedItem {
            period: found.period.to_string(),
            number: found.number.to_string(),
            equal: found.is_equal(),
            same_facts: found.same_facts,
            changes: found.changes.1,
            changes_here: found.changes.0,
            differences: found.differences.iter().map(DifferenceItem::of).collect(),
        }];
        if globals.json() || !found.differences.is_empty() {
            globals.show("period_verified", &items, |items| difference_table(l, &items[0]))?;
        }
        if !found.same_facts {
            let (here, named) = found.changes;
            let message = texts::other_facts(l, &self.period, here, named);
            return Err(Failure::new(Exit::Refused, message, texts::doctor_next(l)));
        }
        if !found.is_equal() {
            let message = texts::differs(l, &self.period, found.differences.len());
            return Err(Failure::new(Exit::Refused, message, texts::doctor_next(l)));
        }
        globals.say(&texts::equal(l, &self.period, &found.number, found.changes.1))?;
        globals.next(&texts::show_next(l, &self.period))
    }
}

fn warning(l: Language, site: &SiteId, until: Option<Moment>) -> String {
    match until {
        Some(until) => texts::unreported(l, site, &minute(&until.to_rfc3339())),
        None => texts::never_reported(l, site),
    }
}

/// A month's figures in the views there are of it.
struct View<'a> {
    told: &'a Figures,
    to_date: &'a Figures,
    by_date: Option<&'a Figures>,
}

fn show(globals: &Globals, period: Period, view: &View<'_>, by_site: bool) -> Result<(), Failure> {
    let [told, to_date] = [view.told, view.to_date].map(|f| with_net(f, by_site));
    let by_date = view.by_date.map(|f| with_net(f, by_site));
    let mut keys: Vec<&FigureKey> =
        told.0.keys().chain(to_date.0.keys()).chain(by_date.iter().flat_map(|f| f.0.keys())).collect();
    keys.sort_by_key(|k| (&k.site, k.currency.code().to_owned(), order(&k.figure), &k.figure));
    keys.dedup();
    let of = |figures: &Figures, key: &FigureKey| {
        SumsItem::of(figures.0.get(key).copied().unwrap_or_default(), key.currency)
    };
    let items: Vec<FigureItem> = keys
        .into_iter()
        .map(|key| FigureItem {
            period: period.to_string(),
            site: key.site.as_ref().map(ToString::to_string),
            currency: key.currency.to_string(),
            figure: key.figure.clone(),
            told: of(&told, key),
            to_date: of(&to_date, key),
            by_date: by_date.as_ref().map(|f| of(f, key)),
        })
        .collect();
    globals.show("period_figure", &items, |items| figure_table(globals.language, items, by_site))
}

/// The figures, net sales with them: of all sites together, or each site's.
fn with_net(figures: &Figures, by_site: bool) -> Figures {
    let mut sums: BTreeMap<FigureKey, Sums> = BTreeMap::new();
    let mut add = |key: FigureKey, sign: i64, of: Sums, goods: bool| {
        let entry = sums.entry(key).or_default();
        let quantity = if goods { of.quantity.0 * sign } else { 0 };
        entry.quantity += Quantity(quantity);
        entry.value += Amount(of.value.0 * sign);
    };
    for (key, of) in &figures.0 {
        let site = key.site.clone().filter(|_| by_site);
        let at =
            |figure: &str| FigureKey { site: site.clone(), currency: key.currency, figure: figure.into() };
        add(at(&key.figure), 1, *of, true);
        match key.figure.as_str() {
            "sales" => add(at("net_sales"), 1, *of, true),
            "services" => add(at("net_sales"), 1, *of, false),
            "returns" => add(at("net_sales"), -1, *of, true),
            "service_returns" => add(at("net_sales"), -1, *of, false),
            _ => {}
        }
    }
    Figures(sums)
}

/// What is sold and came back first, then money, then stock.
fn order(figure: &str) -> usize {
    const FIRST: &[&str] = &["sales", "services", "returns", "service_returns", "net_sales"];
    match figure.split_once(':') {
        Some(("money", _)) => 10,
        Some(_) => 11,
        None => FIRST.iter().position(|f| *f == figure).unwrap_or(9),
    }
}

fn list_table(l: Language, items: &[PeriodItem]) -> Table {
    let mut table = Table::new([
        Column::Left(texts::period(l)),
        Column::Left(headings::number(l)),
        Column::Left(texts::closed_at(l)),
        Column::Left(headings::user(l)),
        Column::Right(texts::sold(l)),
        Column::Right(texts::returned(l)),
        Column::Right(texts::net_sales(l)),
        Column::Right(texts::lost(l)),
        Column::Left(headings::currency(l)),
        Column::Left(texts::unreported_heading(l)),
    ]);
    for item in items {
        table.row([
            item.period.clone(),
            item.number.clone(),
            item.closed_at.as_deref().map(minute).unwrap_or_default(),
            item.closed_by.clone().unwrap_or_default(),
            item.sales.clone(),
            item.returns.clone(),
            item.net_sales.clone(),
            item.losses.clone(),
            item.currency.clone(),
            item.unreported.join(" "),
        ]);
    }
    table
}

fn figure_table(l: Language, items: &[FigureItem], by_site: bool) -> Table {
    let mut table = Table::new([
        Column::Left(headings::site(l)),
        Column::Left(texts::figure(l)),
        Column::Right(texts::told_quantity(l)),
        Column::Right(texts::told_value(l)),
        Column::Right(texts::dated_quantity(l)),
        Column::Right(texts::dated_value(l)),
        Column::Right(texts::held_quantity(l)),
        Column::Right(texts::held_value(l)),
        Column::Left(headings::currency(l)),
    ]);
    for item in items {
        let nobody = if by_site { texts::own(l) } else { headings::all_sites(l) };
        let dated =
            |of: fn(&SumsItem) -> &String| item.by_date.as_ref().map_or(String::new(), |s| of(s).clone());
        table.row([
            item.site.clone().unwrap_or(nobody),
            texts::figure_name(l, &item.figure),
            item.told.quantity.clone(),
            item.told.value.clone(),
            dated(|s| &s.quantity),
            dated(|s| &s.value),
            item.to_date.quantity.clone(),
            item.to_date.value.clone(),
            item.currency.clone(),
        ]);
    }
    table
}

fn late_table(l: Language, items: &[LateItem]) -> Table {
    let mut table = Table::new([
        Column::Left(texts::late(l)),
        Column::Left(headings::occurred(l)),
        Column::Left(headings::site(l)),
        Column::Left(texts::figure(l)),
        Column::Right(headings::quantity(l)),
        Column::Right(money::amount(l)),
        Column::Left(headings::currency(l)),
    ]);
    for item in items {
        table.row([
            item.number.clone(),
            item.date.clone(),
            item.site.clone().unwrap_or_default(),
            item.figure.as_deref().map(|f| texts::figure_name(l, f)).unwrap_or_default(),
            item.quantity.clone().unwrap_or_default(),
            item.value.clone().unwrap_or_default(),
            item.currency.clone().unwrap_or_default(),
        ]);
    }
    table
}

fn difference_table(l: Language, item: &VerifiedItem) -> Table {
    let mut table = Table::new([
        Column::Left(headings::site(l)),
        Column::Left(texts::figure(l)),
        Column::Right(texts::recorded(l)),
        Column::Right(texts::counted(l)),
        Column::Left(headings::currency(l)),
    ]);
    for of in &item.differences {
        let pair = |sums: &SumsItem| format!("{} / {}", sums.quantity, sums.value);
        table.row([
            of.site.clone().unwrap_or_else(|| texts::own(l)),
            texts::figure_name(l, &of.figure),
            pair(&of.recorded),
            pair(&of.counted),
            of.currency.clone(),
        ]);
    }
    table
}
