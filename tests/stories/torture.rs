//! Real processes killed at moments of chance, under load: clerks' commands, sync loops, the relay, the payer.
//!
//! Outside the system stands what it said: each command that ended with 0 is written down. In calm every one of
//! them is at its branch and at HQ, every file opens and is in order, and the payment provider has paid each
//! refund once. A few kills run with the tests; `cargo xtask torture --kills 500` runs any number.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Child, Stdio};

use rusqlite::Connection;
use serde_json::Value;

use crate::programs::{Branch, Headquarters, words};
use crate::random::Random;

const RETURN: &str =
    "return counter --item TEA=1 --price 20 --reason defective --refund cash --approved-by wang";
const SALES: usize = 40;

/// Who is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Victim {
    Command,
    Loop,
    Relay,
    Payer,
}

/// What the system said that it had done: by branch, the numbers of documents.
type Said = [BTreeSet<String>; 2];

/// The chain while it is tortured.
struct Scene {
    hq: Headquarters,
    branches: [Branch; 2],
    /// The branches' sync loops.
    loops: [Child; 2],
    random: Random,
    said: Said,
    /// Dispatches that B may have heard of.
    sent: Vec<String>,
    /// Receipts whose goods haven't come back.
    sold: Vec<String>,
    killed: BTreeMap<Victim, u32>,
    commands: u32,
}

fn looping(branch: &Branch) -> Child {
    let mut command = branch.command(&["sync", "--every", "1s"]);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

impl Scene {
    fn begin(seed: u64) -> Self {
        let hq = Headquarters::open(&["A", "B"]);
        let branches = ["A", "B"].map(|site| hq.branch(site, &hq.address));
        for branch in &branches {
            branch.run(&words("stock adjust TEA --add 500 --as opening --reason count")).ok();
        }
        let sold: Vec<String> = (0..SALES).map(|n| format!("{}", 1001 + n)).collect();
        hq.sell_each(&branches[0], "A", &sold, 1);
        for branch in &branches {
            branch.sync();
        }
        let loops = [&branches[0], &branches[1]].map(looping);
        let (random, said) = (Random(seed), Said::default());
        Self {
            hq,
            branches,
            loops,
            random,
            said,
            sent: Vec::new(),
            sold,
            killed: BTreeMap::new(),
            commands: 0,
        }
    }

    /// What a clerk does next, and at which branch.
    fn command(&mut self) -> (usize, String) {
        let at = self.random.below(2);
        let line = match (self.random.below(6), at) {
            (0, 0) => "transfer send --to B --item TEA=1".to_owned(),
            (0, _) if !self.sent.is_empty() => {
                let next = self.random.below(self.sent.len());
                format!("transfer receive {}", self.sent.swap_remove(next))
            }
            (1, _) => "stock adjust TEA --add 1 --reason found".to_owned(),
            (2 | 3, 0) if !self.sold.is_empty() => {
                let next = self.random.below(self.sold.len());
                let receipt = self.sold.swap_remove(next);
                format!(
                    "return counter --sale {receipt} --item TEA=1 --reason defective --grade A=1 --refund wechat"
                )
            }
            _ => RETURN.to_owned(),
        };
        (at, line)
    }

    /// A command, and somebody who is killed meanwhile.
    fn lap(&mut self) {
        let (at, line) = self.command();
        let args = [words(&line), vec!["--json"]].concat();
        let mut command =
            self.branches[at].command(&args).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let victim = *self.random.pick(&[
            Victim::Command,
            Victim::Command,
            Victim::Command,
            Victim::Loop,
            Victim::Loop,
            Victim::Relay,
            Victim::Payer,
        ]);
        let mut payer = (victim == Victim::Payer).then(|| {
            let mut payer = self.hq.command(&["payout", "run"]);
            payer.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
        });
        // So many looks at a process that is at work: from before it opens its file until after it has ended.
        let watched = payer.as_mut().unwrap_or(&mut command);
        for _ in 0..self.random.below(40_000) {
            if watched.try_wait().unwrap().is_some() {
                break;
            }
        }
        let mut end = |process: &mut Child| {
            *self.killed.entry(victim).or_default() += u32::from(process.try_wait().unwrap().is_none());
            // One that has just ended can't be killed any more.
            let _ = process.kill();
        };
        match victim {
            Victim::Command => end(&mut command),
            Victim::Loop => {
                end(&mut self.loops[at]);
                self.loops[at].wait().unwrap();
                self.loops[at] = looping(&self.branches[at]);
            }
            Victim::Relay => {
                *self.killed.entry(victim).or_default() += 1;
                self.hq.serve_again(&[]);
            }
            Victim::Payer => {
                let mut payer = payer.take().expect("it was begun");
                end(&mut payer);
                payer.wait().unwrap();
            }
        }
        let output = command.wait_with_output().unwrap();
        self.commands += 1;
        if output.status.success() {
            let said: Value =
                serde_json::from_slice(&output.stdout).expect("it ended well, and said what it did");
            let number = said["items"][0]["number"].as_str();
            if let Some(number) = number.filter(|_| line.starts_with("transfer send")) {
                self.sent.push(number.to_owned());
            }
            self.said[at].extend(number.map(str::to_owned));
        }
    }

    /// Nobody is killed any more: everything has to come out.
    fn calm(mut self) -> String {
        for process in &mut self.loops {
            process.kill().unwrap();
            process.wait().unwrap();
        }
        self.hq.serve_again(&[]);
        let mut held = BTreeSet::new();
        for _ in 0..2 {
            // A dead payer's lease ends by itself; until then the next one is sent away.
            while self.hq.run(&["payout", "run"]).code != Some(0) {}
            for branch in &self.branches {
                branch.sync();
            }
        }
        for (branch, said) in self.branches.iter().zip(&self.said) {
            let numbers = numbers(&branch.file);
            let lost: Vec<_> = said.difference(&numbers).collect();
            assert!(lost.is_empty(), "the branch lost {lost:?}");
            held.extend(numbers);
            branch.run(&["doctor"]).ok();
        }
        let at_hq = numbers(&self.hq.path("hq.sqlite"));
        assert!(at_hq.is_superset(&held), "HQ lacks {:?}", held.difference(&at_hq));
        self.hq.run(&["doctor"]).ok();
        self.paid_once();
        let acknowledged: usize = self.said.iter().map(BTreeSet::len).sum();
        assert!(acknowledged > 0, "nothing was done, so nothing is shown");
        let killed: Vec<String> = self.killed.iter().map(|(who, n)| format!("{who:?} {n}")).collect();
        format!(
            "kills: {} ({}); commands: {}, acknowledged with a number: {acknowledged}; lost: 0; files that don't open: 0",
            self.killed.values().sum::<u32>(),
            killed.join(", "),
            self.commands,
        )
    }

    /// The provider's books and HQ's agree, and no refund was paid twice.
    fn paid_once(&self) {
        let rail = Connection::open(self.hq.path("rail.sqlite")).unwrap();
        let paid: i64 = rail
            .query_row("SELECT coalesce(sum(amount), 0) FROM payout WHERE paid", [], |r| r.get(0))
            .unwrap();
        let returns = self.hq.items(&["return", "list", "--limit", "100000"]);
        let electronic = returns.iter().filter(|r| r["receipt"].is_string());
        let told: i64 = electronic.map(|r| minor(&r["refund"]["paid"])).sum();
        assert_eq!(paid, told, "what the provider paid, and what HQ says");
    }
}

/// An amount with two decimals.
fn minor(amount: &Value) -> i64 {
    amount.as_str().expect("an amount").replace('.', "").parse().expect("digits")
}

/// The numbers of all documents, read from a file.
fn numbers(file: &Path) -> BTreeSet<String> {
    let file = Connection::open(file).unwrap();
    let mut statement = file.prepare("SELECT number FROM document WHERE number <> ''").unwrap();
    let rows = statement.query_map([], |r| r.get(0)).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

fn setting(name: &str, otherwise: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name}: {text:?} is no number")))
}

/// Every command that ended with 0 is there, whoever was killed whenever.
#[test]
fn killed_under_load() {
    let kills = setting("GUICANG_TORTURE_KILLS", 12);
    let seed = setting("GUICANG_TORTURE_SEED", 1);
    let mut scene = Scene::begin(seed);
    while u64::from(scene.killed.values().sum::<u32>()) < kills {
        scene.lap();
    }
    println!("torture, seed {seed}: {}", scene.calm());
}
