//! `count open`, `close`, `approve`, `cancel`, `reverse`.

use clap::Args;
use guicang_domain::account::Account;
use guicang_domain::count::Uncounted;
use guicang_domain::document::Kind;
use guicang_domain::ids::SiteId;
use guicang_replica::{By, CommandError, CountRow, CountScope, Found, OpenCount, Replica};

use super::item::{CountItem, details, table};
use super::list::{next, remarks};
use crate::exit::{Failure, Told};
use crate::output::Globals;
use crate::texts::counts;
use crate::verbs::ByArgs;

/// What is to be counted.
#[derive(Debug, Clone, Default, Args)]
pub struct ScopeArgs {
    /// Only these places
    #[arg(long = "place", value_name = "PLACE", value_delimiter = ',')]
    pub places: Vec<String>,
    /// Only these articles
    #[arg(long = "sku", value_name = "SKU", value_delimiter = ',')]
    pub skus: Vec<String>,
    /// Only the articles of this category
    #[arg(long)]
    pub category: Option<String>,
    /// Which stock is gone through [default: sellable,returns_hold]
    #[arg(long = "account", value_name = "ACCOUNT", value_delimiter = ',')]
    pub accounts: Vec<Account>,
}

impl ScopeArgs {
    pub(super) fn scope(&self) -> CountScope {
        CountScope {
            places: self.places.clone(),
            skus: self.skus.clone(),
            category: self.category.clone(),
            accounts: self.accounts.clone(),
        }
    }
}

/// A count to begin.
#[derive(Debug, Clone, Args)]
pub struct OpenArgs {
    /// What is counted.
    #[command(flatten)]
    pub scope: ScopeArgs,
    /// By this plan, which says what is counted
    #[arg(long, value_name = "NAME", conflicts_with_all = ["places", "skus", "category", "accounts"])]
    pub plan: Option<String>,
    /// Keep the book from the counters until it is approved
    #[arg(long)]
    pub blind: bool,
    /// A note
    #[arg(long)]
    pub note: Option<String>,
    /// The site; only HQ has to say
    #[arg(long)]
    pub site: Option<SiteId>,
}

/// A count to end.
#[derive(Debug, Clone, Args)]
pub struct CloseArgs {
    /// The count's number or identity
    pub number: String,
    /// What becomes of what the book has and nobody counted: leave, or zero
    #[arg(long, default_value_t = Uncounted::Leave)]
    pub uncounted: Uncounted,
}

/// A count to approve.
#[derive(Debug, Clone, Args)]
pub struct ApproveArgs {
    /// The count's number or identity
    pub number: String,
    /// Only show the variances, write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Who and when.
    #[command(flatten)]
    pub by: ByArgs,
}

/// A count.
#[derive(Debug, Clone, Args)]
pub struct NumberArgs {
    /// The count's number or identity
    pub number: String,
}

impl OpenArgs {
    /// Begins it.
    ///
    /// # Errors
    /// [`Failure`] when it was refused; nothing is changed then.
    pub fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let open = OpenCount {
            site: self.site.clone(),
            scope: self.scope.scope(),
            blind: self.blind,
            plan: self.plan.clone(),
            note: self.note.clone(),
        };
        let row = replica.open_count(&By::user(globals.user.clone()), open).told(globals)?;
        show(globals, &row, &counts::opened(globals.language, &row.number))
    }
}

impl CloseArgs {
    /// Ends it.
    ///
    /// # Errors
    /// [`Failure`] when it was refused; nothing is changed then.
    pub fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let by = By::user(globals.user.clone());
        let done = replica.close_count(&by, &self.number, self.uncounted).told(globals)?;
        let said = match self.uncounted {
            Uncounted::Leave => counts::closed_leaving,
            Uncounted::Zero => counts::closed_zeroing,
        };
        show(globals, &done.count, &said(globals.language, &done.count.number, done.uncounted))
    }
}

impl ApproveArgs {
    /// Approves it, or shows what that would come to.
    ///
    /// # Errors
    /// [`Failure`] when it was refused; nothing is changed then.
    pub fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let l = globals.language;
        let by = self.by.by(replica, globals, None)?;
        if !self.dry_run {
            let row = replica.approve_count(&by, &self.number).told(globals)?;
            let found = row.found.unwrap_or_default();
            let value = row.currency.format(found.value);
            let said = counts::approved(l, &row.number, &found.gained, &found.lost, &value, &row.currency);
            return show(globals, &row, &said);
        }
        replica.may_approve_count(&by, &self.number).told(globals)?;
        let unknown = || CommandError::UnknownDocument { kind: Kind::Count, found: self.number.clone() };
        let found = replica.find_count(&self.number, true).told(globals)?;
        let (mut row, lines) = found.ok_or_else(unknown).told(globals)?;
        let sum = Found::of(&lines);
        row.found = Some(sum);
        let item = CountItem::of(&row, Some(&lines));
        globals.show("count", &[item], |items| details(l, &items[0]))?;
        let value = row.currency.format(sum.value);
        globals.say(&counts::would_approve(l, &row.number, &sum.gained, &sum.lost, &value, &row.currency))?;
        remarks(globals, &row)?;
        globals.next(&next(globals, &row))
    }
}

impl NumberArgs {
    pub(super) fn cancel(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let row = replica.cancel_count(&By::user(globals.user.clone()), &self.number).told(globals)?;
        show(globals, &row, &counts::cancelled(globals.language, &row.number))
    }

    pub(super) fn reverse(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let row = replica.reverse_count(&By::user(globals.user.clone()), &self.number).told(globals)?;
        show(globals, &row, &counts::reversed(globals.language, &row.number))
    }
}

/// Shows what a command made of a count, and what can be done next.
fn show(globals: &Globals, row: &CountRow, said: &str) -> Result<(), Failure> {
    globals.show("count", &[CountItem::of(row, None)], |items| table(globals.language, items))?;
    globals.say(said)?;
    remarks(globals, row)?;
    globals.next(&next(globals, row))
}
