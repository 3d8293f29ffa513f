//! What a request comes to before anything is written: which sale lines it takes back, what is owed for each,
//! what is taken off for gifts that stay, and what a manager has to know.

use std::collections::BTreeMap;

use guicang_domain::ids::{LineId, ReasonCode, ReceiptId, SiteId, Sku};
use guicang_domain::money::{Amount, Currency, UnitPrice};
use guicang_domain::policy::Ground;
use guicang_domain::quantity::Quantity;
use guicang_domain::returns::entitlement::{GroupLine, closed_by, gifts_kept};
use guicang_domain::returns::{Deduction, DeductionKind, ReturnLine, SaleLink};
use guicang_domain::time::Moment;

use super::held::{Held, HeldLine};
use super::returns::{Item, wrong};
use crate::error::CommandError;
use crate::store::Work;

/// Where and when a request is made, and on which receipt.
pub(super) struct Scene<'a> {
    pub(super) site: &'a SiteId,
    pub(super) currency: Currency,
    pub(super) receipt: Option<&'a ReceiptId>,
    pub(super) held: Option<&'a Held>,
    pub(super) reason: &'a ReasonCode,
    /// A sale without receipt may be as old as this.
    pub(super) since: Moment,
    /// Whether money is owed for the goods, rather than they being the customer's own to repair.
    pub(super) owes: bool,
}

/// A line that was worked out, and what is owed for it.
pub(super) struct Planned {
    pub(super) line: ReturnLine,
    pub(super) owed: Amount,
}

/// A request that was worked out.
pub(super) struct Plan {
    pub(super) lines: Vec<Planned>,
    /// Gifts that stay with the customer.
    pub(super) deductions: Vec<Deduction>,
    /// What a manager has to agree to beside what the policy says.
    pub(super) grounds: Vec<Ground>,
}

impl Plan {
    /// What is owed for all of it.
    pub(super) fn owed(&self) -> Amount {
        self.lines.iter().map(|p| p.owed).sum()
    }

    /// The document's lines.
    pub(super) fn document_lines(&self) -> BTreeMap<LineId, ReturnLine> {
        self.lines.iter().enumerate().map(|(n, p)| (LineId::nth(n + 1), p.line.clone())).collect()
    }

    /// What is owed for what stays of it: less what was handed back after all, less what is taken off.
    pub(super) fn due(&self, kept: impl Fn(&LineId) -> Quantity) -> Amount {
        let owed = |(n, planned): (usize, &Planned)| {
            let Planned { line, owed } = planned;
            let kept = if line.service { line.quantity } else { kept(&LineId::nth(n + 1)) };
            if kept >= line.quantity { *owed } else { owed.share(kept, line.quantity) }
        };
        let owed: Amount = self.lines.iter().enumerate().map(owed).sum();
        let off: Amount = self.deductions.iter().map(|d| d.amount).sum();
        (owed - off).max(Amount::ZERO)
    }
}

impl Work<'_> {
    /// Works a request out.
    pub(super) fn plan(&self, items: &[Item], scene: &Scene<'_>) -> Result<Plan, CommandError> {
        if items.is_empty() {
            return Err(wrong("item", "nothing", "at least one SKU"));
        }
        let mut plan = Plan { lines: Vec::new(), deductions: Vec::new(), grounds: Vec::new() };
        for item in items {
            if !item.quantity.is_positive() || item.quantity > Quantity::LIMIT {
                return Err(wrong("quantity", &item.quantity.to_string(), "> 0"));
            }
            let planned = match scene.held {
                Some(held) => self.plan_held(item, scene, held, &plan.lines)?,
                None => self.plan_unheld(item, scene, &mut plan.grounds)?,
            };
            plan.lines.push(planned);
        }
        if let Some(held) = scene.held {
            plan.deductions = kept_gifts(held, &plan.lines, scene.currency);
        }
        Ok(plan)
    }

    /// Without the sale: what the customer says; without even a receipt, no more than anybody paid here for it
    /// lately, and at what it costs on the shelf's average.
    fn plan_unheld(
        &self,
        item: &Item,
        scene: &Scene<'_>,
        grounds: &mut Vec<Ground>,
    ) -> Result<Planned, CommandError> {
        let sku = self.known_sku(&item.sku, scene.receipt.is_some() || !scene.owes)?;
        let mut line = blank(item, sku.clone(), scene.reason);
        if !scene.owes {
            return Ok(Planned { line, owed: Amount::ZERO });
        }
        let mut lowest = None;
        if scene.receipt.is_none() {
            lowest = self.lowest_price(scene.site, &sku, scene.since, scene.currency)?;
            line.cost = self.shelf_cost(scene.site, &sku)?;
        }
        line.price = match item.price.or(lowest) {
            Some(price) => Some(price),
            None => self.listed_price(&sku)?,
        };
        let price = line.price.ok_or(CommandError::PriceNeeded { sku })?;
        if let Some(lowest) = lowest.filter(|l| price > *l) {
            grounds.push(Ground::AboveLowestPrice { lowest });
        }
        Ok(Planned { owed: price.times(item.quantity, scene.currency), line })
    }

    /// On a held sale: the receipt's lines of the article, in the order of the paper, each as far as it is open.
    fn plan_held(
        &self,
        item: &Item,
        scene: &Scene<'_>,
        held: &Held,
        before: &[Planned],
    ) -> Result<Planned, CommandError> {
        let sku = Sku::of(&item.sku).map_err(|_| CommandError::UnknownSku { found: item.sku.clone() })?;
        let on: Vec<&HeldLine> = held.lines.iter().filter(|l| l.sku == sku).collect();
        let Some(first) = on.first() else {
            return Err(CommandError::NotOnReceipt {
                receipt: held.receipt.clone(),
                sku,
                has: held.lines.iter().map(|l| l.sku.clone()).collect(),
            });
        };
        let mut line = blank(item, sku.clone(), scene.reason);
        line.service = on.iter().all(|l| l.service);
        line.cost = first.cost;
        line.group = first.group;
        let (mut left, mut owed, mut available) = (item.quantity, Amount::ZERO, Quantity::ZERO);
        for sold in on {
            // What an earlier item of this very request takes is taken.
            let planned = planned_of(before, sold);
            let open = sold.open(planned);
            available += open;
            let mut quantity = left.min(open);
            if !quantity.is_positive() {
                continue;
            }
            left -= quantity;
            if quantity < open {
                quantity = closed_by(quantity, open, self.tolerance(&sku, Some(scene.site))?);
            }
            owed += sold.owed(quantity, planned);
            line.links.push(SaleLink {
                receipt: held.receipt.clone(),
                line: sold.line.clone(),
                quantity,
                sold: sold.quantity,
                paid: sold.paid,
            });
        }
        if left.is_positive() {
            return Err(CommandError::MoreThanLeft { sku, asked: item.quantity, left: available });
        }
        Ok(Planned { line, owed: if scene.owes { owed } else { Amount::ZERO } })
    }
}

fn blank(item: &Item, sku: Sku, reason: &ReasonCode) -> ReturnLine {
    ReturnLine {
        written: (item.sku.trim() != sku.as_str()).then(|| item.sku.trim().to_owned()),
        sku,
        quantity: item.quantity,
        reason: reason.clone(),
        note: None,
        links: Vec::new(),
        price: item.price,
        cost: None,
        service: false,
        lot: None,
        serials: Vec::new(),
        group: None,
        row: None,
    }
}

/// How much of a sale line has been planned already.
fn planned_of(lines: &[Planned], sold: &HeldLine) -> Quantity {
    let links = lines.iter().flat_map(|p| &p.line.links);
    links.filter(|l| l.line == sold.line).map(|l| l.quantity).sum()
}

/// What is taken off for gifts that stay though what they came with goes back: of each group that this
/// request takes something of.
fn kept_gifts(held: &Held, lines: &[Planned], currency: Currency) -> Vec<Deduction> {
    let mut out = Vec::new();
    let mut groups: Vec<u32> = held.lines.iter().filter_map(|l| l.group).collect();
    groups.sort_unstable();
    groups.dedup();
    for group in groups {
        let of: Vec<&HeldLine> = held.lines.iter().filter(|l| l.group == Some(group)).collect();
        let taking = lines.iter().position(|p| {
            p.line.links.iter().any(|link| of.iter().any(|l| l.line == link.line && l.paid > Amount::ZERO))
        });
        let Some(taking) = taking else { continue };
        let shown: Vec<GroupLine> = of
            .iter()
            .map(|l| GroupLine {
                paid: l.paid,
                list_price: l.list_price,
                stays: l.open(planned_of(lines, l)),
            })
            .collect();
        for (gift, amount) in of.iter().zip(gifts_kept(&shown, currency)) {
            if amount > Amount::ZERO {
                out.push(Deduction {
                    line: LineId::nth(taking + 1),
                    kind: DeductionKind::GiftKept,
                    what: gift.sku.to_string(),
                    amount,
                });
            }
        }
    }
    out
}

/// What goods that are given come to: at the price that was named, else as listed.
pub(super) fn price_of(
    named: Option<UnitPrice>,
    listed: Option<UnitPrice>,
    sku: &Sku,
) -> Result<UnitPrice, CommandError> {
    named.or(listed).ok_or_else(|| CommandError::PriceNeeded { sku: sku.clone() })
}
