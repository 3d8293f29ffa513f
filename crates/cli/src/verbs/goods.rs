//! `stock repair`, `stock scrap`, `stock markdown`: what is done to goods that are there.

use clap::{Args, Subcommand};
use guicang_domain::account::Account;
use guicang_domain::adjustment::Movement;
use guicang_domain::ids::{Lot, ReasonCode, SiteId, UserName};
use guicang_domain::money::UnitPrice;
use guicang_replica::{MoveGoods, Replica};

use crate::exit::{Failure, Told};
use crate::output::Globals;
use crate::texts::{names, results};
use crate::verbs::{WhenArgs, parse, stock};

/// The commands on repairs.
#[derive(Debug, Clone, Subcommand)]
pub enum RepairVerb {
    /// Send goods away to be repaired
    #[command(
        after_help = "Examples:\n  guicang stock repair out 85123A=2\n  guicang stock repair out 85123A=1 --from sellable --note \"to the maker\""
    )]
    Out(RepairOutArgs),
    /// Take goods back from repair
    #[command(
        after_help = "Examples:\n  guicang stock repair in 85123A=2\n  guicang stock repair in 85123A=1 --to scrap_hold"
    )]
    In(RepairInArgs),
}

impl RepairVerb {
    /// Does it.
    ///
    /// # Errors
    /// [`Failure`] when it was refused; nothing is changed then.
    pub fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        match self {
            RepairVerb::Out(args) => args.run(replica, globals),
            RepairVerb::In(args) => args.run(replica, globals),
        }
    }
}

/// What all of them say.
#[derive(Debug, Clone, Args)]
pub struct GoodsArgs {
    /// The lot
    #[arg(long)]
    pub lot: Option<Lot>,
    /// The place within the site
    #[arg(long)]
    pub place: Option<String>,
    /// The return whose goods they are, where they are in returns_hold
    #[arg(long = "return", value_name = "NUMBER")]
    pub of: Option<String>,
    /// A note
    #[arg(long)]
    pub note: Option<String>,
    /// The site; only HQ has to say
    #[arg(long)]
    pub site: Option<SiteId>,
    /// When.
    #[command(flatten)]
    pub when: WhenArgs,
}

/// Goods that go to be repaired.
#[derive(Debug, Clone, Args)]
pub struct RepairOutArgs {
    /// What goes: SKU, or SKU=2
    pub item: parse::Item,
    /// Where it is: defective, sellable, quarantine, returns_hold
    #[arg(long, value_name = "ACCOUNT", default_value = "defective")]
    pub from: Account,
    /// Why, as a code of the organisation's list
    #[arg(long, default_value = "defective")]
    pub reason: ReasonCode,
    /// Where and when.
    #[command(flatten)]
    pub goods: GoodsArgs,
}

/// Goods that come back from repair.
#[derive(Debug, Clone, Args)]
pub struct RepairInArgs {
    /// What comes back: SKU, or SKU=2
    pub item: parse::Item,
    /// Where it goes: sellable, defective, scrap_hold, scrap
    #[arg(long, value_name = "ACCOUNT", default_value = "sellable")]
    pub to: Account,
    /// Why, as a code of the organisation's list
    #[arg(long, default_value = "other")]
    pub reason: ReasonCode,
    /// Where and when.
    #[command(flatten)]
    pub goods: GoodsArgs,
}

/// Goods that are scrapped.
#[derive(Debug, Clone, Args)]
#[group(id = "end", required = true, multiple = false, args = ["witness", "hold"])]
pub struct ScrapArgs {
    /// What is scrapped: SKU, or SKU=2
    pub item: parse::Item,
    /// Why, as a code of the organisation's list
    #[arg(long)]
    pub reason: ReasonCode,
    /// Who saw it scrapped; not you
    #[arg(long, value_name = "NAME")]
    pub witness: Option<UserName>,
    /// Only set it apart to be scrapped
    #[arg(long)]
    pub hold: bool,
    /// Where it is: scrap_hold, defective, sellable, quarantine, returns_hold, repair; scrap_hold if not said, with --hold defective
    #[arg(long, value_name = "ACCOUNT")]
    pub from: Option<Account>,
    /// Where and when.
    #[command(flatten)]
    pub goods: GoodsArgs,
}

/// Goods that got lost in returns_hold.
#[derive(Debug, Clone, Args)]
pub struct LostArgs {
    /// What was lost: SKU, or SKU=2
    pub item: parse::Item,
    /// Why, as a code of the organisation's list
    #[arg(long)]
    pub reason: ReasonCode,
    /// Where and when.
    #[command(flatten)]
    pub goods: GoodsArgs,
}

impl LostArgs {
    /// Records it.
    ///
    /// # Errors
    /// [`Failure`] when it was refused; nothing is changed then.
    pub fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let moved = self.goods.moved(Movement::WrittenOff, &self.item, &self.reason);
        self.goods.run(replica, globals, MoveGoods { from: Some(Account::ReturnsHold), ..moved })
    }
}

/// Goods that become a cheaper article.
#[derive(Debug, Clone, Args)]
pub struct MarkdownArgs {
    /// What is marked down: SKU, or SKU=2
    pub item: parse::Item,
    /// The SKU that it becomes
    #[arg(long, value_name = "SKU")]
    pub into: String,
    /// Where it is: defective, sellable, quarantine, returns_hold
    #[arg(long, value_name = "ACCOUNT", default_value = "defective")]
    pub from: Account,
    /// What one is worth from now on; what it cost if not said
    #[arg(long)]
    pub cost: Option<UnitPrice>,
    /// Why, as a code of the organisation's list
    #[arg(long, default_value = "other")]
    pub reason: ReasonCode,
    /// Where and when.
    #[command(flatten)]
    pub goods: GoodsArgs,
}

impl GoodsArgs {
    fn moved(&self, movement: Movement, item: &parse::Item, reason: &ReasonCode) -> MoveGoods {
        MoveGoods {
            site: self.site.clone(),
            movement,
            sku: item.sku.clone(),
            quantity: item.quantity,
            from: None,
            to: None,
            into: None,
            reason: reason.clone(),
            of: self.of.clone(),
            witness: None,
            lot: self.lot.clone(),
            place: self.place.clone().unwrap_or_default(),
            cost: None,
            note: self.note.clone(),
        }
    }

    fn run(&self, replica: &mut Replica, globals: &Globals, moved: MoveGoods) -> Result<(), Failure> {
        let by = self.when.by(replica, globals, self.site.as_ref())?;
        let (sku, movement) = (moved.sku.clone(), moved.movement);
        let done = replica.move_goods(&by, moved).told(globals)?;
        let mut shown = vec![done.sku.clone()];
        if let Ok(before) = guicang_domain::ids::Sku::of(&sku) {
            shown.extend((before != done.sku).then_some(before));
        }
        stock::show_of(replica, globals, &done.site, &shown)?;
        let what = names::movement(globals.language, movement.as_str());
        globals.say(&results::goods_moved(globals.language, &done.number, &what))?;
        super::next_after_write(globals)
    }
}

impl RepairOutArgs {
    fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let moved = self.goods.moved(Movement::RepairOut, &self.item, &self.reason);
        self.goods.run(replica, globals, MoveGoods { from: Some(self.from), ..moved })
    }
}

impl RepairInArgs {
    fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let moved = self.goods.moved(Movement::RepairIn, &self.item, &self.reason);
        self.goods.run(replica, globals, MoveGoods { to: Some(self.to), ..moved })
    }
}

impl ScrapArgs {
    /// Records it.
    ///
    /// # Errors
    /// [`Failure`] when it was refused; nothing is changed then.
    pub fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let movement = if self.hold { Movement::SetApart } else { Movement::Scrapped };
        let moved = self.goods.moved(movement, &self.item, &self.reason);
        self.goods.run(
            replica,
            globals,
            MoveGoods { from: self.from, witness: self.witness.clone(), ..moved },
        )
    }
}

impl MarkdownArgs {
    /// Records it.
    ///
    /// # Errors
    /// [`Failure`] when it was refused; nothing is changed then.
    pub fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let moved = self.goods.moved(Movement::MarkedDown, &self.item, &self.reason);
        let into = Some(self.into.clone());
        self.goods.run(replica, globals, MoveGoods { from: Some(self.from), into, cost: self.cost, ..moved })
    }
}
