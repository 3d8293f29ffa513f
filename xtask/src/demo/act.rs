//! The story, act by act: what the branches and HQ do, through their programs.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use serde_json::Value;

use super::books::Books;
use super::day::{BRANCHES, Branch, CONTESTED, DAY, Deed, Taken, What, deeds};
use super::programs::{Program, Programs, Serving};
use super::tongue::{Tongue, say};

/// The exit code of a refused command.
const REFUSED: i32 = 65;
/// The exit code of a sync whose relay isn't reached.
const UNREACHABLE: i32 = 75;

/// The players and what they have done so far.
pub struct Act<'a> {
    programs: &'a Programs,
    folder: PathBuf,
    /// The story's language.
    pub tongue: Tongue,
    /// HQ.
    pub hq: Program,
    /// The branches, in the order of [`BRANCHES`].
    pub branches: Vec<(&'static Branch, Program)>,
    /// What was done.
    pub books: Books,
    address: String,
}

/// What settling came to, for the audit.
pub struct Settled {
    /// Electronic refunds that were paid, as `payout run` printed them, over all runs.
    pub payouts: Vec<Value>,
    /// Each branch's last sync, in the order of [`BRANCHES`].
    pub syncs: Vec<Value>,
}

impl<'a> Act<'a> {
    /// Before the curtain rises.
    pub fn new(programs: &'a Programs, folder: PathBuf, tongue: Tongue) -> Self {
        let hq = programs.hq(folder.join("hq"), tongue);
        Self {
            programs,
            folder,
            tongue,
            hq,
            branches: Vec::new(),
            books: Books::default(),
            address: String::new(),
        }
    }

    /// HQ makes the organisation and brings in what the tills sold.
    pub fn open_books(&mut self, file: &Path) -> anyhow::Result<()> {
        let l = self.tongue;
        heading(l.of("总部建账", "HQ opens the books"));
        self.show(&self.hq, &["init", "--name", "Orchard", "--zone", "Europe/London", "--currency", "GBP"])?;
        let file = file.to_string_lossy();
        let words = ["import", "--profile", "uci-online-retail", &file];
        let report = self.show(&self.hq, &words)?;
        let report = report.first().context("an import report")?;
        let (rows, taken) = (&report["rows"], &report["taken"]);
        let (sales, returns) = (&taken["sale"], &taken["return"]);
        tell(&say!(
            l,
            "{rows} 行真实交易：{sales} 行销售，{returns} 行退货，其余是库存变动或有理由地略过。",
            "{rows} rows of real transactions: {sales} of sales, {returns} of returns; the rest moves stock or is \
             left out for a reason."
        ));
        Ok(())
    }

    /// Three branches join with one-time codes, and fetch what is theirs.
    pub fn enrol(&mut self) -> anyhow::Result<Serving> {
        let l = self.tongue;
        heading(l.of("三家门店加入", "Three branches join"));
        let serving = self.hq.serve("127.0.0.1:0", &self.folder.join("server.log"))?;
        self.address = serving.address.clone();
        for branch in &BRANCHES {
            let code = self.hq.ask_one(&["device", "enrol", "--site", branch.site])?;
            let code = code["code"].as_str().context("a code")?;
            let program = self.programs.branch(self.folder.join(branch.file), l);
            let zone = ["--zone", "Europe/London", "--currency", "GBP"];
            let joined =
                program.ask_one(&[&["join", &self.address, "--code", code], zone.as_slice()].concat())?;
            let synced = program.ask_one(&["sync"])?;
            let (name, fetched) = (branch.name(l), &synced["fetched"]);
            let device = joined["code"].as_str().context("a device's code")?;
            tell(&say!(
                l,
                "{name}凭注册码加入（设备 {device}），取得本店的 {fetched} 个变更。",
                "{name} joins with its code (device {device}) and fetches the {fetched} changes that are its own."
            ));
            self.branches.push((branch, program));
        }
        Ok(serving)
    }

    /// The relay is gone.
    pub fn cut_off(&self, serving: Serving) -> anyhow::Result<()> {
        let l = self.tongue;
        heading(l.of("断网", "The line goes down"));
        drop(serving);
        let (branch, program) = &self.branches[0];
        self.type_out(program, &["sync"]);
        let ran = program.call(&["sync"])?;
        ensure!(ran.code == UNREACHABLE, "a sync without a relay ended with {}: {}", ran.code, ran.said);
        let name = branch.name(l);
        tell(&say!(
            l,
            "{name}连不上总部（退出码 75）。照常营业。",
            "{name} can't reach HQ (exit code 75). Business goes on."
        ));
        Ok(())
    }

    /// The day's deeds, in order of time.
    pub fn work_the_day(&mut self) -> anyhow::Result<()> {
        let l = self.tongue;
        heading(&say!(l, "{DAY}，断网的一天", "{DAY}, a day without a line"));
        for deed in deeds() {
            let at = BRANCHES.iter().position(|b| b.site == deed.site).context("a branch of ours")?;
            println!("\n  {} {}", deed.time, self.branches[at].0.name(l));
            tell(l.of(deed.zh, deed.en));
            let number = self.do_deed(&self.branches[at].1, &deed)?;
            self.books.enter(&deed, number.as_deref());
        }
        println!();
        for (branch, program) in &self.branches {
            let status = program.ask_one(&["status"])?;
            let (name, changes) = (branch.name(l), &status["unsent_changes"]);
            let refunds = amounts(&status["unsent_refunds"]);
            tell(&say!(
                l,
                "打烊：{name}有 {changes} 个变更未发送，其中退款 {refunds}。",
                "Closing time: {name} has {changes} changes unsent, with refunds of {refunds} in them."
            ));
        }
        Ok(())
    }

    /// The relay is back, at the address that the branches know.
    pub fn reconnect(&self) -> anyhow::Result<Serving> {
        let l = self.tongue;
        heading(l.of("网络恢复", "The line is back"));
        self.hq.serve(self.address.trim_start_matches("http://"), &self.folder.join("server.log"))
    }

    /// The branches come back in another order than they worked in: France, which is paid out at once, the
    /// United Kingdom, Germany last. HQ decides, and all sync.
    pub fn settle(&self) -> anyhow::Result<Settled> {
        let l = self.tongue;
        let mut payouts = Vec::new();
        for site in ["France", "United Kingdom", "Germany"] {
            let (branch, program) = self.branch(site)?;
            let synced = self.show(program, &["sync"])?;
            let sent = &synced.first().context("a session")?["sent"];
            let name = branch.name(l);
            tell(&say!(
                l,
                "{name}恢复连接，发出 {sent} 个变更。",
                "{name} is back and sends {sent} changes."
            ));
            payouts.extend(self.pay()?);
        }
        tell(l.of(
            "总部有法国店的那张小票：两张暂记的退货单得到核对。",
            "HQ holds France's receipt: the two provisional returns are verified against it.",
        ));
        let exceptions = self.hq.ask(&["exception", "list"])?;
        let (receipt, sku, sold, _) = CONTESTED;
        let id = exceptions
            .iter()
            .find(|e| e["kind"] == "over_return")
            .and_then(|e| e["id"].as_str())
            .with_context(|| format!("no over-return among the exceptions: {exceptions:?}"))?;
        heading(l.of("总部处理异常", "HQ decides"));
        tell(&say!(
            l,
            "小票 {receipt} 的 {sku} 卖出 {sold} 件，三家店各收回一件：一条异常。英国店比德国店先恢复连接，但断网期间它收货最晚，\
             第三件算超退；8.50 英镑现金已付，由英国店承担。",
            "{sku} on receipt {receipt}: {sold} sold, three branches took one back each: one exception. The United \
             Kingdom came back before Germany, and yet its piece is the excess: it was the last to take one. It paid \
             8.50 in cash, and bears it."
        ));
        let words = ["--action", "charged_branch", "--owner", "site:United Kingdom"];
        self.show(&self.hq, &[&["exception", "resolve", id], words.as_slice()].concat())?;
        payouts.extend(self.pay()?);
        let mut syncs = Vec::new();
        for (_, program) in &self.branches {
            syncs.push(program.ask_one(&["sync"])?);
        }
        tell(l.of("各店再同步一次：两端相等，得到证明。", "All sync once more: proven equal at both ends."));
        Ok(Settled { payouts, syncs })
    }

    /// A branch by its site.
    pub fn branch(&self, site: &str) -> anyhow::Result<&(&'static Branch, Program)> {
        self.branches.iter().find(|(branch, _)| branch.site == site).context("a branch of ours")
    }

    /// Pays what is due. HQ first takes in what the branches sent.
    fn pay(&self) -> anyhow::Result<Vec<Value>> {
        let l = self.tongue;
        let paid = self.hq.ask(&["payout", "run"])?;
        for payout in &paid {
            let of = |key: &str| payout[key].as_str().unwrap_or_default();
            let (number, amount, currency, tender) =
                (of("number"), of("amount"), of("currency"), of("tender"));
            tell(&say!(
                l,
                "总部付款：{number}，{amount} {currency}，{tender}。",
                "HQ pays {number}: {amount} {currency} by {tender}."
            ));
        }
        Ok(paid)
    }

    /// Does a deed; of a return the number.
    fn do_deed(&self, program: &Program, deed: &Deed) -> anyhow::Result<Option<String>> {
        let occurred = format!("{DAY}T{}", deed.time);
        match &deed.what {
            What::Return(taken) if taken.step_by_step => {
                let item = format!("{}={}", taken.sku, taken.units);
                let receipt = ["--sale", taken.receipt, "--item", &item, "--reason", taken.reason];
                let opened = self.show(
                    program,
                    &[&["return", "counter", "--awaited"], receipt.as_slice(), &["--occurred", &occurred]]
                        .concat(),
                )?;
                let number = number(&opened)?;
                let grades = taken.grades();
                for step in [
                    ["return", "receive", &number, "--occurred", &occurred].as_slice(),
                    &["return", "inspect", &number, "--grade", &grades, "--occurred", &occurred],
                    &["return", "refund", &number, "--tender", taken.tender, "--occurred", &occurred],
                ] {
                    self.show(program, step)?;
                }
                Ok(Some(number))
            }
            What::Return(taken) => Ok(Some(self.counter(program, taken, &occurred)?)),
            What::Adjust { sku, units, reason } => {
                let way = if *units > 0 { "--add" } else { "--remove" };
                let units = units.abs().to_string();
                let words = [way, &units, "--reason", reason, "--occurred", &occurred];
                self.show(program, &[&["stock", "adjust", sku], words.as_slice()].concat())?;
                Ok(None)
            }
        }
    }

    /// A return in one command. Where a manager is needed, the clerk tries alone first and is refused.
    fn counter(&self, program: &Program, taken: &Taken, occurred: &str) -> anyhow::Result<String> {
        let l = self.tongue;
        let (item, grades) = (format!("{}={}", taken.sku, taken.units), taken.grades());
        let price = super::decimal::pounds(taken.pence);
        let mut words = vec!["return", "counter", "--sale", taken.receipt, "--item", &item];
        if taken.sold_elsewhere() {
            words.extend(["--price", &price]);
        }
        words.extend(["--reason", taken.reason, "--grade", &grades, "--refund", taken.tender]);
        words.extend(["--occurred", occurred]);
        if let Some(manager) = taken.manager {
            let ran = program.call(&words)?;
            ensure!(ran.code == REFUSED, "the policy should have asked for a manager: {}", ran.said);
            let said = ran.said.lines().next().unwrap_or_default();
            tell(&say!(l, "店员自己办：{said}", "The clerk alone: {said}"));
            words.extend(["--approved-by", manager]);
        }
        number(&self.show(program, &words)?)
    }

    /// Types a command out and runs it.
    fn show(&self, program: &Program, words: &[&str]) -> anyhow::Result<Vec<Value>> {
        self.type_out(program, words);
        program.ask(words)
    }

    fn type_out(&self, program: &Program, words: &[&str]) {
        println!("    $ {}", program.typed(words));
    }
}

impl Branch {
    /// Its name in a language.
    pub fn name(&self, tongue: Tongue) -> &'static str {
        tongue.of(self.zh, self.en)
    }
}

fn heading(text: &str) {
    println!("\n== {text} ==");
}

fn tell(text: &str) {
    println!("  {text}");
}

fn number(items: &[Value]) -> anyhow::Result<String> {
    let number = items.first().and_then(|item| item["number"].as_str());
    Ok(number.with_context(|| format!("a return without a number: {items:?}"))?.to_owned())
}

/// Amounts with their currencies, in a sentence.
fn amounts(list: &Value) -> String {
    let one = |m: &Value| {
        format!("{} {}", m["amount"].as_str().unwrap_or("?"), m["currency"].as_str().unwrap_or("?"))
    };
    let all: Vec<String> = list.as_array().into_iter().flatten().map(one).collect();
    if all.is_empty() { "0".into() } else { all.join(", ") }
}
