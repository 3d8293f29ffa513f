//! What the tills sold, brought in as batches each evening, or days late; and what of it will come back.

use anyhow::Result;
use guicang_domain::account::Account;
use guicang_domain::ids::{CustomerId, ReceiptId, ReceiptLineId, Tender};
use guicang_domain::money::{Amount, Currency};
use guicang_domain::sale::{PaidBy, Receipt, SaleBatch, SaleLine};
use guicang_domain::time::Zone;
use guicang_replica::{ImportBatch, Replica};

use crate::branch::{Cause, Wish};
use crate::catalogue::price;
use crate::clock::{at, date};
use crate::planted::RETURNER;
use crate::season::busy;
use crate::world::{World, units};

/// Receipts of a usual branch on a usual day.
const RECEIPTS: i64 = 8;
/// In ten thousand of what comes back: at another branch, without the receipt, at two branches.
const ELSEWHERE: u64 = 800;
const LOST_RECEIPT: u64 = 200;
const TWICE: u64 = 150;

/// The day's receipts.
pub fn happen(world: &mut World, branch: usize, day: usize) -> Result<()> {
    let usual = RECEIPTS * world.branches[branch].size * busy(date(day)) / 10_000;
    let count = world.random.between(usual / 2, usual + usual / 2).max(1);
    let (mut evening, mut late, mut fast) = (Vec::new(), Vec::new(), Vec::new());
    for n in 0..count {
        let returner = n == 0 && branch == world.planted.returner_branch && world.random.chance(4_000);
        let till = match &world.branches[branch] {
            b if b.fast.is_some() && n % 4 == 3 => "T3",
            b if b.late_days > 0 && n % 3 == 2 => "T2",
            _ => "T1",
        };
        let minute = 540 + n * 700 / count;
        let Some(receipt) = sell(world, branch, day, till, minute, returner)? else { continue };
        match till {
            "T3" => fast.push(receipt),
            "T2" => late.push(receipt),
            _ => evening.push(receipt),
        }
    }
    let branch_ = &mut world.branches[branch];
    bring_in(&mut branch_.device, evening)?;
    if let Some((till, _)) = &mut branch_.fast {
        world.planted.counts.fast += fast.len() as u64;
        bring_in(till, fast)?;
    }
    if !late.is_empty() {
        branch_.late.push((day + branch_.late_days, late));
    }
    Ok(())
}

/// Receipts of a late till come in.
pub fn late_tills(world: &mut World, branch: usize, day: usize) -> Result<()> {
    let branch = &mut world.branches[branch];
    let due: Vec<_> = branch.late.extract_if(.., |(on, _)| *on <= day).collect();
    for (_, receipts) in due {
        world.planted.counts.late += receipts.len() as u64;
        bring_in(&mut branch.device, receipts)?;
    }
    Ok(())
}

fn bring_in(device: &mut Replica, receipts: Vec<Receipt>) -> Result<()> {
    let Some(site) = device.identity().site.clone().filter(|_| !receipts.is_empty()) else { return Ok(()) };
    let by = guicang_replica::By::user("till".parse()?);
    let batch = SaleBatch { site, zone: Zone::SHANGHAI, currency: Currency::CNY, historic: false, receipts };
    device.import_batch(&by, ImportBatch { sales: vec![batch], ..ImportBatch::default() })?;
    Ok(())
}

/// One receipt of what is really on the shelf; `None` where that is nothing.
fn sell(
    world: &mut World,
    branch: usize,
    day: usize,
    till: &str,
    minute: i64,
    returner: bool,
) -> Result<Option<Receipt>> {
    world.receipts += 1;
    let skew_ms = match (&world.branches[branch].fast, till) {
        (Some((_, skew_ms)), "T3") => *skew_ms,
        _ => 0,
    };
    let id = ReceiptId {
        site: world.branches[branch].site.clone(),
        till: Some(till.parse()?),
        number: format!("{:04}{:06}", day, world.receipts % 1_000_000).parse()?,
    };
    let tender = match world.random.below(100) {
        0..=29 => Tender::cash(),
        30..=74 => Tender::new("wechat")?,
        _ => Tender::new("alipay")?,
    };
    let wanted = world.random.between(1, 3);
    let mut articles: Vec<usize> = Vec::new();
    for _ in 0..wanted {
        let article = world.random.below(world.catalogue.articles.len() as u64) as usize;
        // An article stands on a receipt once: what came back of it is then one line's.
        if !articles.contains(&article) && world.books.sellable((branch, article)) > 0 {
            articles.push(article);
        }
    }
    let mut lines = Vec::new();
    let mut total = Amount::ZERO;
    for article in articles {
        let spot = (branch, article);
        let pieces = world.random.between(1, 2).min(world.books.sellable(spot));
        let of = &world.catalogue.articles[article];
        let paid = Amount(of.price.0 * pieces);
        let line = ReceiptLineId::of_number(lines.len() as u32 + 1);
        let mut line = SaleLine::new(line, of.sku.clone(), units(pieces), paid);
        line.list_price = Some(price(of.price));
        line.cost = Some(price(of.cost));
        lines.push(line);
        total += paid;
        world.books.move_goods(spot, Account::Sellable, Account::Customer, pieces);
        let sold = world.books.sold.entry(branch).or_default();
        *sold = (sold.0 + pieces, sold.1 + paid);
        wish(world, branch, day, &id, article, pieces, &tender, returner);
    }
    if lines.is_empty() {
        return Ok(None);
    }
    Ok(Some(Receipt {
        till: id.till,
        number: id.number,
        occurred: at(day, minute).plus_ms(skew_ms),
        customer: returner.then(|| CustomerId::new(RETURNER)).transpose()?,
        lines,
        tenders: vec![PaidBy { tender, amount: total, reference: None }],
        invoice: None,
        cashier: None,
    }))
}

/// Whether, when, where and why a line will come back.
#[expect(clippy::too_many_arguments, reason = "a line has that many sides")]
fn wish(
    world: &mut World,
    branch: usize,
    day: usize,
    receipt: &ReceiptId,
    article: usize,
    sold: i64,
    tender: &Tender,
    returner: bool,
) {
    let of = &world.catalogue.articles[article];
    let planted = &world.planted;
    let bad = of.supplier == planted.supplier && (planted.bad.0..planted.bad.1).contains(&day);
    let small = of.family == planted.family && day >= planted.chart_since;
    let (hazard, reason, cause) = match (returner, bad, small) {
        (true, ..) => (9_000, "changed_mind", Some(Cause::Returner)),
        (_, true, _) => (3_000, "defective", Some(Cause::BadLot)),
        (_, _, true) => (3_500, "too_small", Some(Cause::SizeChart)),
        _ => (of.returns, "", None),
    };
    let (price, sized) = (of.price, of.sized);
    if !world.random.chance(hazard) {
        return;
    }
    let reason = match reason {
        "" if sized => *world.random.of_list(&["too_large", "too_small", "style", "changed_mind"]),
        "" => *world.random.of_list(&["defective", "damaged", "changed_mind", "not_as_described", "other"]),
        planted => planted,
    };
    // Most come within days; what is late needs the manager.
    let after =
        1 + world.random.below(3) + world.random.below(4) + world.random.below(4) * world.random.below(5);
    let due = day + after as usize;
    let pieces = world.random.between(1, sold);
    let mut wish = Wish {
        receipt: Some(receipt.clone()),
        article,
        units: pieces,
        price,
        reason,
        tender: tender.clone(),
        customer: returner.then_some(RETURNER),
        twice_of: None,
        cause,
    };
    let mut place = branch;
    if world.random.chance(ELSEWHERE)
        && let Some(other) = world.another(branch)
    {
        place = other;
    }
    if world.random.chance(LOST_RECEIPT) {
        wish.receipt = None;
        wish.tender = Tender::cash();
    } else if world.random.chance(TWICE)
        && let Some(other) = world.another(place)
    {
        wish.units = sold;
        wish.twice_of = Some(sold);
        world.wishes.entry((due + 1, other)).or_default().push(wish.clone());
    }
    world.wishes.entry((due, place)).or_default().push(wish);
}
