//! What a run is made of: steps, drawn from a seed.
//!
//! Each step carries the seed of whatever chance it needs, so that it does the same when others are
//! dropped before it.

use std::fmt;

use crate::random::Random;

/// What a branch, or HQ, does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// A sale.
    Sell,
    /// Goods come back, sold here or elsewhere.
    TakeBack,
    /// Goods that came back are looked at.
    Inspect,
    /// Goods leave for another branch.
    Send,
    /// Goods of a paper that came with them arrive.
    Receive,
    /// A delivery.
    Deliver,
    /// A drawer is opened or closed.
    Cash,
}

const ACTS: [Act; 10] = [
    Act::Sell,
    Act::Sell,
    Act::TakeBack,
    Act::TakeBack,
    Act::TakeBack,
    Act::Inspect,
    Act::Send,
    Act::Receive,
    Act::Deliver,
    Act::Cash,
];

/// What the line does to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// Nothing.
    Good,
    /// The request doesn't arrive.
    RequestLost,
    /// The answer doesn't.
    AnswerLost,
    /// The request arrives twice.
    Twice,
    /// The request arrives much later, after others.
    Late,
    /// The answer is of an earlier request.
    OldAnswer,
}

/// What is not among the faults yet.
pub const NOT_YET: &[&str] = &["a program of another version"];

/// Whose file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// The relay's.
    Relay,
    /// HQ's.
    Hq,
    /// A branch's.
    Branch(usize),
}

impl fmt::Display for Whose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Relay => f.write_str("the relay's file"),
            Self::Hq => f.write_str("HQ's file"),
            Self::Branch(branch) => write!(f, "branch {branch}'s file"),
        }
    }
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What.
    pub what: What,
    /// The seed of its chance.
    pub salt: u64,
}

/// What a step is. Branches are numbered from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// Time passes, ms.
    Wait(i64),
    /// A branch does something.
    Act(usize, Act),
    /// A branch's process goes on with its session by so many moves, over such a line.
    Go(usize, usize, u32, Line),
    /// A branch's whole session over a good line.
    Sync(usize),
    /// A request that was late arrives.
    Arrives(usize),
    /// HQ follows the log.
    Settle,
    /// HQ edits master data.
    Edit(usize),
    /// HQ pays out. The rail's answer may be lost; the process may stall at such a look at the clock while another pays.
    PayOut(bool, Option<u32>),
    /// A branch's process dies at this write of its file from now; with its power or not.
    Dies(usize, u32, bool),
    /// HQ's process does.
    HqDies(u32, bool),
    /// The relay's process does.
    RelayDies(u32, bool),
    /// A branch's disk is full at this write from now, until it has done something more.
    Full(usize, u32),
    /// A branch's clock is set wrong by so many ms.
    Clock(usize, i64),
    /// A branch's program starts on a machine whose chance is another one's, as an image's is.
    SameChance(usize),
    /// A branch has no line for so many ms.
    Cut(usize, i64),
    /// A file is copied, while its programs go on.
    Copy(Whose),
    /// A file is put back to its last copy.
    Back(Whose),
    /// The relay's file is gone, and made anew.
    RelayAnew,
    /// A machine is set up from a branch's image; both go on, and take what the branch does in turns.
    Clone(usize),
    /// A branch's file is gone; the machine joins as another one.
    JoinAnew(usize),
}

impl What {
    /// The fault's name; none: no fault.
    pub fn fault(&self) -> Option<&'static str> {
        Some(match self {
            What::Go(.., Line::RequestLost | Line::AnswerLost) => "lost message",
            What::Go(.., Line::Twice) => "duplicate",
            What::Go(.., Line::Late) | What::Arrives(_) => "late request",
            What::Go(.., Line::OldAnswer) => "old answer",
            What::Go(_, 1, ..) => "second process",
            What::PayOut(_, Some(_)) => "stalled payer",
            What::PayOut(true, _) => "rail's answer lost",
            What::Dies(_, _, true) | What::HqDies(_, true) | What::RelayDies(_, true) => "power loss",
            What::Dies(..) | What::HqDies(..) | What::RelayDies(..) => "crash",
            What::Full(..) => "full disk",
            What::Clock(..) => "wrong clock",
            What::Cut(..) => "partition",
            What::SameChance(_) => "chance of an image",
            What::Back(Whose::Relay) => "relay rolled back",
            What::Back(Whose::Hq) => "HQ rolled back",
            What::Back(Whose::Branch(_)) => "branch restored from a copy",
            What::RelayAnew => "relay wiped",
            What::Clone(_) => "branch cloned",
            What::JoinAnew(_) => "branch's file deleted",
            _ => return None,
        })
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            What::Wait(ms) => write!(f, "{} minutes pass", ms / 60_000),
            What::Act(branch, act) => {
                let did = match act {
                    Act::Sell => "sells",
                    Act::TakeBack => "takes something back",
                    Act::Inspect => "looks at goods that came back",
                    Act::Send => "sends goods to another branch",
                    Act::Receive => "receives goods",
                    Act::Deliver => "gets a delivery",
                    Act::Cash => "opens or closes a drawer",
                };
                write!(f, "branch {branch} {did}")
            }
            What::Go(branch, process, moves, line) => {
                let who = if *process == 0 { "process" } else { "second process" };
                let over = match line {
                    Line::Good => "a good line",
                    Line::RequestLost => "a line that loses requests",
                    Line::AnswerLost => "a line that loses answers",
                    Line::Twice => "a line that delivers twice",
                    Line::Late => "a line that delivers late",
                    Line::OldAnswer => "a line that brings old answers",
                };
                write!(f, "branch {branch}'s {who} goes on syncing by {moves} moves over {over}")
            }
            What::Sync(branch) => write!(f, "branch {branch} syncs"),
            What::Arrives(n) => write!(f, "late request {n} arrives"),
            What::Settle => f.write_str("HQ follows the log"),
            What::Edit(site) => write!(f, "HQ renames site {site}"),
            What::PayOut(lost, stall) => {
                write!(f, "HQ pays out")?;
                if *lost {
                    write!(f, ", the rail's answers are lost")?;
                }
                match stall {
                    Some(at) => write!(f, ", stalls at look {at} at the clock while another pays"),
                    None => Ok(()),
                }
            }
            What::Dies(branch, writes, power) => dies(f, &format!("branch {branch}"), *writes, *power),
            What::HqDies(writes, power) => dies(f, "HQ", *writes, *power),
            What::RelayDies(writes, power) => dies(f, "the relay", *writes, *power),
            What::Full(branch, writes) => write!(f, "branch {branch}'s disk is full in {writes} writes"),
            What::Clock(branch, ms) => {
                write!(f, "branch {branch}'s clock is wrong by {} minutes", ms / 60_000)
            }
            What::SameChance(branch) => write!(f, "branch {branch} starts with an image's chance"),
            What::Copy(whose) => write!(f, "{whose} is copied"),
            What::Back(whose) => write!(f, "{whose} is put back to its copy"),
            What::RelayAnew => f.write_str("the relay's file is gone, and made anew"),
            What::Clone(branch) => write!(f, "branch {branch} is cloned"),
            What::JoinAnew(branch) => write!(f, "branch {branch}'s file is gone, and it joins anew"),
            What::Cut(branch, ms) => write!(f, "branch {branch} has no line for {} hours", ms / 3_600_000),
        }
    }
}

fn dies(f: &mut fmt::Formatter<'_>, who: &str, writes: u32, power: bool) -> fmt::Result {
    let how = if power { "loses power" } else { "is killed" };
    write!(f, "{who} {how} in {writes} writes")
}

/// The steps of a run.
pub fn script(seed: u64, branches: usize, steps: usize) -> Vec<Step> {
    let mut random = Random(seed ^ 0x5157_e95c_a1e5_0000);
    // Some seeds are mild, some rough: a fault alone is found in one that has little else.
    let rough = random.below(5);
    (0..steps)
        .map(|_| {
            let what = draw(&mut random, branches, rough);
            Step { what, salt: random.draw() }
        })
        .collect()
}

/// How rough a run is in which whole files are lost; without processes that die. Beyond: with them.
const LOSSES: usize = 3;

fn draw(random: &mut Random, branches: usize, rough: usize) -> What {
    let branch = random.below(branches);
    if rough >= LOSSES && random.below(100) < 8 {
        return loss(random, branch);
    }
    match random.below(100) {
        0..=39 => What::Act(branch, *random.pick(&ACTS)),
        40..=44 => What::Wait(60_000 * (1 + random.below(600)) as i64),
        45..=58 => What::Go(branch, 0, 1 + random.below(8) as u32, Line::Good),
        59..=66 => What::Sync(branch),
        67..=71 => What::Settle,
        72 => What::Edit(random.below(branches)),
        73..=75 => What::PayOut(false, None),
        _ if rough == 0 => What::Sync(branch),
        76..=83 => {
            let lines = [Line::RequestLost, Line::AnswerLost, Line::Twice, Line::Late, Line::OldAnswer];
            What::Go(branch, random.below(2), 1 + random.below(6) as u32, *random.pick(&lines))
        }
        84..=85 => What::Arrives(random.below(8)),
        86 => What::Go(branch, 1, 1 + random.below(4) as u32, Line::Good),
        87 => What::Cut(branch, 3_600_000 * (1 + random.below(21 * 24)) as i64),
        88 => What::Clock(branch, wrong_by_ms(random)),
        89 => What::PayOut(true, None),
        90 => What::PayOut(false, Some(random.below(24) as u32)),
        98..=99 if rough >= 1 => What::SameChance(branch),
        _ if rough == 1 || rough == LOSSES => What::Act(branch, *random.pick(&ACTS)),
        91..=94 => What::Dies(branch, random.below(40) as u32, random.below(2) == 0),
        95 => What::HqDies(random.below(120) as u32, random.below(2) == 0),
        96 => What::RelayDies(random.below(60) as u32, random.below(2) == 0),
        97 => What::Full(branch, random.below(20) as u32),
        _ => What::Sync(branch),
    }
}

/// A file is copied, put back, lost, or goes on twice.
fn loss(random: &mut Random, branch: usize) -> What {
    let whose = [Whose::Relay, Whose::Hq, Whose::Branch(branch), Whose::Branch(branch)];
    match random.below(10) {
        0..=3 => What::Copy(*random.pick(&whose)),
        4..=6 => What::Back(*random.pick(&whose)),
        7 => What::RelayAnew,
        8 => What::Clone(branch),
        _ => What::JoinAnew(branch),
    }
}

/// Mostly minutes, at times days; fast, slow, or right again.
fn wrong_by_ms(random: &mut Random) -> i64 {
    let span = *random.pick(&[0, 600_000, 3_600_000, 3 * 86_400_000]);
    let by = random.below(span as usize + 1) as i64;
    if random.below(2) == 0 { by } else { -by }
}
