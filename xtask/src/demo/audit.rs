//! Do the figures tie out? What the programs show at the end, compared with the demo's own books.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Debug, Write as _};

use anyhow::Context;
use serde_json::Value;

use super::act::{Act, Settled};
use super::books::Bucket;
use super::day::{BRANCHES, CONTESTED};
use super::decimal::{pence, pounds, quantity, units};
use super::programs::Program;
use super::tongue::Tongue;

type Stock = BTreeMap<Bucket, i64>;

/// HQ's figures before the day.
pub struct Before {
    stock: Stock,
    totals: BTreeMap<String, Value>,
}

/// What was found.
pub struct Audited {
    /// How many figures were compared.
    pub compared: usize,
    /// Those that don't tie out, in words.
    pub mismatches: Vec<String>,
    rows: Vec<Row>,
}

/// A site in the table.
struct Row {
    zh: &'static str,
    en: &'static str,
    cells: Vec<String>,
}

impl Before {
    /// Reads them at HQ.
    pub fn of(act: &Act<'_>) -> anyhow::Result<Self> {
        Ok(Self { stock: stock(&act.hq, None)?, totals: totals(&act.hq)? })
    }
}

/// Compares everything.
pub fn audit(act: &Act<'_>, before: &Before, settled: &Settled) -> anyhow::Result<Audited> {
    let mut audited = Audited { compared: 0, mismatches: Vec::new(), rows: Vec::new() };
    let after = Before::of(act)?;
    audited.stock(act, before, &after)?;
    audited.totals(act, before, &after)?;
    audited.returns(act)?;
    audited.payouts(act, settled)?;
    audited.exceptions(act)?;
    audited.replicas(act, settled)?;
    audited.rows(act, before, &after)?;
    Ok(audited)
}

impl Audited {
    /// Compares one figure.
    fn same<T: PartialEq + Debug>(&mut self, what: &str, found: T, expected: T) {
        self.compared += 1;
        if found != expected {
            self.mismatches.push(format!("{what}: {found:?}, and should be {expected:?}"));
        }
    }

    /// Stock at HQ changed by just what was done; each branch sees its own as HQ does.
    fn stock(&mut self, act: &Act<'_>, before: &Before, after: &Before) -> anyhow::Result<()> {
        let buckets: BTreeSet<&Bucket> =
            before.stock.keys().chain(after.stock.keys()).chain(act.books.stock.keys()).collect();
        for bucket in buckets {
            let at = |stock: &Stock| stock.get(bucket).copied().unwrap_or_default();
            let change = at(&after.stock) - at(&before.stock);
            let (site, sku, account) = bucket;
            self.same(&format!("stock of {sku} at {site} in {account}"), change, at(&act.books.stock) * 1000);
        }
        for (branch, program) in &act.branches {
            let there = stock(program, Some(branch.site))?;
            let here = after.stock.iter().filter(|((site, _, _), _)| site == branch.site);
            let here: Stock = here.map(|(bucket, quantity)| (bucket.clone(), *quantity)).collect();
            self.same(&format!("stock as {} sees it", branch.site), there, here);
        }
        Ok(())
    }

    fn totals(&mut self, act: &Act<'_>, before: &Before, after: &Before) -> anyhow::Result<()> {
        let nothing = Value::Null;
        for (site, now) in &after.totals {
            let then = before.totals.get(site).unwrap_or(&nothing);
            let sum = act.books.sum(site);
            for figure in ["sales", "services", "service_returns"] {
                self.same(&format!("{figure} of {site}"), &now[figure], &then[figure]);
            }
            let change = |value: fn(&Value) -> anyhow::Result<i64>| {
                Ok::<i64, anyhow::Error>(value(now)? - value(then)?)
            };
            self.same(
                &format!("quantity returned at {site}"),
                change(|t| quantity(text(&t["returns"], "quantity")?))?,
                sum.valid * 1000,
            );
            self.same(
                &format!("value returned at {site}"),
                change(|t| pence(text(&t["returns"], "value")?))?,
                sum.owed,
            );
            self.same(&format!("net value of {site}"), change(|t| pence(text(t, "net_value")?))?, -sum.owed);
            for movement in ["found", "written_off"] {
                let moved = act.books.moved.get(&(site.clone(), movement)).copied().unwrap_or_default();
                let of = |t: &Value| {
                    let figures = &t["movements"][movement];
                    let lines = figures["lines"].as_u64().context("lines of a movement")?;
                    Ok::<_, anyhow::Error>((lines, quantity(text(figures, "quantity")?)?))
                };
                let (now, then) = (of(now)?, of(then)?);
                let change = (now.0 - then.0, now.1 - then.1);
                self.same(&format!("{movement} at {site}"), change, (moved.0, moved.1 * 1000));
            }
        }
        Ok(())
    }

    /// Every return is at HQ, verified, with what it is owed and what was paid.
    fn returns(&mut self, act: &Act<'_>) -> anyhow::Result<()> {
        let shown = act.hq.ask(&["return", "list", "--limit", "100000"])?;
        self.same("returns at HQ", shown.len(), act.books.returns.len());
        let mut by_number = BTreeMap::new();
        for item in &shown {
            by_number.insert(text(item, "number")?, item);
        }
        for (number, returned) in &act.books.returns {
            let Some(item) = by_number.get(number.as_str()) else {
                self.same(&format!("{number} at HQ"), false, true);
                continue;
            };
            let refund = &item["refund"];
            let line = &item["lines"][0];
            self.same(&format!("site of {number}"), text(item, "site")?, &returned.site);
            self.same(&format!("{number} verified"), item["verified"].as_bool(), Some(true));
            self.same(
                &format!("units of {number}"),
                quantity(text(line, "quantity")?)?,
                returned.units * 1000,
            );
            self.same(
                &format!("excess of {number}"),
                quantity(text(line, "excess")?)?,
                returned.excess * 1000,
            );
            self.same(&format!("owed on {number}"), pence(text(refund, "entitled")?)?, returned.owed);
            self.same(&format!("paid on {number}"), pence(text(refund, "paid")?)?, returned.paid);
            self.same(&format!("still queued on {number}"), pence(text(refund, "queued")?)?, 0);
        }
        Ok(())
    }

    /// Every electronic refund was paid once.
    fn payouts(&mut self, act: &Act<'_>, settled: &Settled) -> anyhow::Result<()> {
        let mut paid: BTreeMap<String, i64> = BTreeMap::new();
        let mut numbers = BTreeSet::new();
        for payout in &settled.payouts {
            self.same("the state of a payout", text(payout, "state")?, "paid");
            *paid.entry(text(payout, "number")?.to_owned()).or_default() += pence(text(payout, "amount")?)?;
            numbers.insert(text(payout, "refund")?);
        }
        self.same("payouts with a number of their own", numbers.len(), settled.payouts.len());
        self.same("electronic refunds paid", paid, act.books.electronic());
        Ok(())
    }

    /// One exception, the same at HQ and at the branch that sold the goods; settled, with an owner.
    fn exceptions(&mut self, act: &Act<'_>) -> anyhow::Result<()> {
        let (receipt, sku, sold, _) = CONTESTED;
        let seller = &act.branch("France")?.1;
        for (who, program) in [("HQ", &act.hq), ("France", seller)] {
            let all = program.ask(&["exception", "list", "--all"])?;
            self.same(&format!("exceptions at {who}"), all.len(), 1);
            let Some(exception) = all.first() else { continue };
            self.same(&format!("its kind at {who}"), text(exception, "kind")?, "over_return");
            self.same(&format!("its state at {who}"), text(exception, "state")?, "settled");
            self.same(&format!("its loss at {who}"), pence(text(exception, "loss")?)?, act.books.loss());
            self.same(
                &format!("who bears it at {who}"),
                text(exception, "loss_owner")?,
                "site:United Kingdom",
            );
            self.same(&format!("its receipt at {who}"), text(&exception["evidence"], "receipt")?, receipt);
            let sale = program.ask_one(&["sale", "show", receipt])?;
            let lines = sale["lines"].as_array().context("lines of a sale")?;
            let line = lines.iter().find(|line| line["sku"] == sku).context("the contested line")?;
            for (figure, expected) in [("sold", sold), ("returned", sold), ("left", 0), ("excess", 1)] {
                let found = quantity(text(line, figure)?)?;
                self.same(&format!("{figure} of {sku} on {receipt} at {who}"), found, expected * 1000);
            }
        }
        self.same("open exceptions", act.hq.ask(&["exception", "list"])?.len(), 0);
        Ok(())
    }

    /// Every replica is sound, has nothing unsent or refused, and is proven equal to the relay.
    fn replicas(&mut self, act: &Act<'_>, settled: &Settled) -> anyhow::Result<()> {
        for ((branch, program), sync) in act.branches.iter().zip(&settled.syncs) {
            let site = branch.site;
            self.same(&format!("{site} proven equal"), sync["proven"].as_bool(), Some(true));
            self.same(&format!("refused of {site}"), sync["refused"].as_u64(), Some(0));
            let status = program.ask_one(&["status"])?;
            self.same(&format!("unsent at {site}"), status["unsent_changes"].as_u64(), Some(0));
            self.same(&format!("set aside at {site}"), status["set_aside"].as_array().map(Vec::len), Some(0));
            self.healthy(site, program)?;
        }
        self.healthy("HQ", &act.hq)
    }

    fn healthy(&mut self, who: &str, program: &Program) -> anyhow::Result<()> {
        let doctor = program.call(&["doctor"])?;
        self.same(&format!("what the doctor finds at {who}"), doctor.items, Vec::new());
        self.same(&format!("the doctor's exit code at {who}"), doctor.code, 0);
        Ok(())
    }

    fn rows(&mut self, act: &Act<'_>, before: &Before, after: &Before) -> anyhow::Result<()> {
        let returns = act.hq.ask(&["return", "list", "--limit", "100000"])?;
        let exceptions = act.hq.ask(&["exception", "list", "--all"])?;
        for branch in &BRANCHES {
            let totals = after.totals.get(branch.site).context("a branch's totals")?;
            let refunds = |key: &str| -> anyhow::Result<i64> {
                let ours = returns.iter().filter(|r| r["site"] == branch.site);
                ours.map(|r| pence(text(&r["refund"], key)?)).sum()
            };
            let in_account = |stock: &Stock, account: &str| -> i64 {
                let ours = stock.iter().filter(|((site, _, a), _)| site == branch.site && a == account);
                ours.map(|(_, quantity)| quantity).sum()
            };
            let excess: i64 = returns
                .iter()
                .filter(|r| r["site"] == branch.site)
                .map(|r| quantity(text(&r["lines"][0], "excess")?))
                .sum::<anyhow::Result<i64>>()?;
            let mut cells = vec![
                text(&totals["sales"], "quantity")?.to_owned(),
                text(&totals["returns"], "quantity")?.to_owned(),
                returns.iter().filter(|r| r["site"] == branch.site).count().to_string(),
                units(excess),
                units(in_account(&after.stock, "returns_hold")),
            ];
            for account in ["sellable", "defective", "repair"] {
                let change = in_account(&after.stock, account) - in_account(&before.stock, account);
                let sign = if change > 0 { "+" } else { "" };
                cells.push(format!("{sign}{}", units(change)));
            }
            let concerned = exceptions.iter().filter(|e| {
                e["sites"].as_array().is_some_and(|sites| sites.iter().any(|s| s == branch.site))
            });
            let open = concerned.clone().filter(|e| e["state"] == "open").count();
            cells.extend([
                pounds(refunds("queued")?),
                pounds(refunds("paid")?),
                format!("{open} / {}", concerned.count()),
            ]);
            self.rows.push(Row { zh: branch.zh, en: branch.en, cells });
        }
        Ok(())
    }

    /// The figures as HQ shows them, a site a row.
    pub fn table(&self, l: Tongue) -> String {
        let heads = [
            ("门店", "branch"),
            ("售出（累计）", "sold in all"),
            ("退回（累计）", "returned in all"),
            ("当日退货单", "returns that day"),
            ("超退", "excess"),
            ("待检", "on hold"),
            ("可售变化", "sellable"),
            ("残次变化", "defective"),
            ("送修变化", "repair"),
            ("待付款 GBP", "queued GBP"),
            ("已退款 GBP", "refunded GBP"),
            ("异常 未决/全部", "exceptions open / all"),
        ];
        let heads = heads.map(|(zh, en)| l.of(zh, en).to_owned()).to_vec();
        let rows = self.rows.iter().map(|row| {
            let name = l.of(row.zh, row.en).to_owned();
            std::iter::once(name).chain(row.cells.iter().cloned()).collect::<Vec<_>>()
        });
        let lines: Vec<Vec<String>> = std::iter::once(heads).chain(rows).collect();
        let columns = lines[0].len();
        let widths: Vec<usize> =
            (0..columns).map(|n| lines.iter().map(|line| width(&line[n])).max().unwrap_or(0)).collect();
        let mut text = String::new();
        for line in &lines {
            for (n, cell) in line.iter().enumerate() {
                let gap = " ".repeat(widths[n] - width(cell));
                let padded = if n == 0 { format!("{cell}{gap}") } else { format!("  {gap}{cell}") };
                // Writing into a string can't fail.
                let _ = write!(text, "{padded}");
            }
            text.push('\n');
        }
        text
    }
}

/// Stock by bucket, in thousandths, over all places and lots; buckets with nothing are left out.
fn stock(program: &Program, site: Option<&str>) -> anyhow::Result<Stock> {
    let mut words = vec!["stock", "show"];
    words.extend(site.iter().flat_map(|site| ["--site", site]));
    let mut stock = Stock::new();
    for item in program.ask(&words)? {
        let (site, sku) = (text(&item, "site")?, text(&item, "sku")?);
        for (account, held) in item["accounts"].as_object().context("accounts")? {
            let held = quantity(held.as_str().context("a quantity")?)?;
            *stock.entry((site.into(), sku.into(), account.clone())).or_default() += held;
        }
    }
    stock.retain(|_, held| *held != 0);
    Ok(stock)
}

/// Totals by site; those over all sites are left out.
fn totals(program: &Program) -> anyhow::Result<BTreeMap<String, Value>> {
    let items = program.ask(&["totals"])?.into_iter();
    Ok(items.filter_map(|item| Some((item["site"].as_str()?.to_owned(), item))).collect())
}

fn text<'a>(item: &'a Value, key: &str) -> anyhow::Result<&'a str> {
    item[key].as_str().with_context(|| format!("no text {key:?} in {item}"))
}

/// How many columns of a terminal a text takes: Chinese takes two each.
fn width(text: &str) -> usize {
    text.chars().map(|c| if c >= '\u{2e80}' { 2 } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_that_differs_is_told() {
        let mut audited = Audited { compared: 0, mismatches: Vec::new(), rows: Vec::new() };
        audited.same("paid", 850, 850);
        audited.same("queued", 1, 0);
        assert_eq!(audited.compared, 2);
        assert_eq!(audited.mismatches, ["queued: 1, and should be 0"]);
    }

    #[test]
    fn the_table_lines_up_in_both_languages() {
        let cells = vec!["1".to_owned(); 11];
        let rows = vec![Row { zh: "法国店", en: "France", cells }];
        let audited = Audited { compared: 0, mismatches: Vec::new(), rows };
        for tongue in [Tongue::Zh, Tongue::En] {
            let widths: BTreeSet<usize> = audited.table(tongue).lines().map(width).collect();
            assert_eq!(widths.len(), 1, "{}", audited.table(tongue));
        }
    }
}
