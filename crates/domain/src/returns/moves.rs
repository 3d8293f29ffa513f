//! What may be done with a return, and when: the table of legal moves.
//!
//! The commands obey this table and nothing else, and the table in `docs/return-states.md` is printed from it.
//! What surprises: it binds commands, never the fold. What two devices recorded while apart is kept whatever
//! the table says, since goods and cash that moved have moved.

use std::collections::BTreeSet;

use super::Return;
use super::stage::Stage;
use super::state::ReturnState;
use crate::words::words;

words! {
    /// Something that is done with a return; its name is its command's.
    Move, "move" {
        /// Asks for it, or answers what was asked.
        Request = "request",
        /// Says yes.
        Approve = "approve",
        /// Says no.
        Reject = "reject",
        /// Asks for more information.
        AskInformation = "needs-info",
        /// Tells the customer where to send the goods.
        Await = "await",
        /// Notes a parcel that the customer sent.
        Parcel = "parcel",
        /// Takes goods in.
        Receive = "receive",
        /// Grades goods and says where they go.
        Inspect = "inspect",
        /// Takes something off what is owed.
        Deduct = "deduct",
        /// Refunds without the goods.
        Waive = "waive",
        /// Takes money off without goods coming back.
        Allow = "allow",
        /// Names the sale of a return that came without it.
        Link = "link",
        /// Refunds what is owed.
        Refund = "refund",
        /// Gives other goods.
        Exchange = "exchange",
        /// Spends or shares the store credit that it gave.
        Credit = "credit",
        /// Takes the customer's own goods in to be repaired.
        Repair = "repair",
        /// Hands them back.
        HandBack = "hand-back",
        /// Records what it cost, or takes such a record back.
        Cost = "cost",
        /// Notes that the customer disputes the decision.
        Dispute = "dispute",
        /// Withdraws it before goods came.
        Cancel = "cancel",
        /// Takes all of it back (红字冲销).
        Reverse = "reverse",
        /// Says that nothing more is to come.
        Close = "close",
    }
}

words! {
    /// Who may make a move.
    Who, "who" {
        /// Whoever serves the customer.
        Clerk = "clerk",
        /// The policy by itself; else a manager who isn't the requester.
        Reviewer = "reviewer",
        /// A manager who isn't the clerk.
        Manager = "manager",
    }
}

words! {
    /// Why a move is refused.
    Rule, "rule" {
        /// Only a draft, or what was asked back, is requested.
        DraftFirst = "draft_first",
        /// It is decided once; again only when the customer disputes it.
        DecideOnce = "decide_once",
        /// Nothing is taken in or paid before it was approved.
        ApprovedFirst = "approved_first",
        /// Only goods that were taken in are inspected.
        ReceivedFirst = "received_first",
        /// Only while there is something to take off from, or to pay.
        SettleFirst = "nothing_to_settle",
        /// Cancelled until goods come or money goes; afterwards only reversed.
        BeforeGoods = "before_goods",
        /// What HQ has begun to pay, or a rail has paid, isn't reversed here.
        PayoutBegun = "payout_begun",
        /// Closed once nothing waits: goods, refunds, disputes.
        AllSettled = "all_settled",
        /// Only what was decided can be disputed.
        DecidedFirst = "decided_first",
        /// Only store credit that was given is spent or shared.
        CreditFirst = "credit_first",
        /// Only goods that are here to be repaired are handed back.
        RepairFirst = "repair_first",
        /// A return that is over takes nothing more.
        Over = "over",
    }
}

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Legal {
    /// The move.
    pub what: Move,
    /// The return has at least one of these states.
    pub from: &'static [Stage],
    /// And none of these.
    pub unless: &'static [Stage],
    /// What it has then, beside what stays.
    pub to: &'static [Stage],
    /// Who may make it.
    pub who: Who,
    /// The rule that refuses it otherwise.
    pub rule: Rule,
}

/// A move that isn't legal now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Illegal {
    /// The move.
    pub what: Move,
    /// The rule.
    pub rule: Rule,
    /// The states that the return has.
    pub found: Vec<Stage>,
    /// The states from which the move is legal.
    pub wanted: &'static [Stage],
    /// Who may make it then.
    pub who: Who,
}

use Stage::{
    Allowed, Approved, AwaitingGoods, Cancelled, Closed, Disputed, Draft, Exchanged, GivenBack, InRepair,
    Inspected, NeedsInformation, PartReceived, Quarantine, Received, RefundAccepted, RefundFailed,
    RefundIntended, RefundPaid, RefundQueued, Rejected, Repaired, Requested, Reversed, StoreCredit, Waived,
};

/// A return that takes nothing more.
const OVER: &[Stage] = &[Rejected, Cancelled, Reversed, Closed];

/// A return that was granted and isn't settled yet.
const OPEN: &[Stage] = &[Approved, AwaitingGoods, PartReceived];

/// A return that somebody asked for, however it went on.
const ASKED: &[Stage] = &[
    Requested,
    NeedsInformation,
    Approved,
    Rejected,
    AwaitingGoods,
    PartReceived,
    Received,
    Inspected,
    Quarantine,
    GivenBack,
    Waived,
    Allowed,
    InRepair,
    Repaired,
    Exchanged,
    RefundQueued,
    RefundIntended,
    RefundAccepted,
    RefundFailed,
    RefundPaid,
    StoreCredit,
    Cancelled,
    Closed,
    Disputed,
];

/// A return on which something can be owed.
const OWING: &[Stage] = &[
    Approved,
    AwaitingGoods,
    PartReceived,
    Received,
    Inspected,
    Quarantine,
    Waived,
    Allowed,
    Exchanged,
    RefundQueued,
    RefundFailed,
    RefundPaid,
    StoreCredit,
];

/// Every legal move.
pub const TABLE: &[Legal] = &[
    row(Move::Request, &[Draft, NeedsInformation], OVER, &[Requested], Who::Clerk, Rule::DraftFirst),
    row(
        Move::Approve,
        &[Requested, NeedsInformation, Disputed],
        &[Cancelled, Reversed],
        &[Approved],
        Who::Reviewer,
        Rule::DecideOnce,
    ),
    row(
        Move::Reject,
        &[Requested, NeedsInformation, Disputed],
        &[Cancelled, Reversed],
        &[Rejected],
        Who::Manager,
        Rule::DecideOnce,
    ),
    row(Move::AskInformation, &[Requested], OVER, &[NeedsInformation], Who::Reviewer, Rule::DecideOnce),
    row(Move::Await, OPEN, OVER, &[AwaitingGoods], Who::Clerk, Rule::ApprovedFirst),
    row(Move::Parcel, OPEN, OVER, &[AwaitingGoods], Who::Clerk, Rule::ApprovedFirst),
    row(Move::Receive, OPEN, OVER, &[PartReceived, Received], Who::Clerk, Rule::ApprovedFirst),
    row(
        Move::Inspect,
        &[Received, Quarantine],
        &[Cancelled, Reversed, Closed],
        &[Inspected, Quarantine, GivenBack],
        Who::Clerk,
        Rule::ReceivedFirst,
    ),
    row(Move::Deduct, OWING, OVER, &[], Who::Clerk, Rule::SettleFirst),
    row(Move::Waive, OPEN, OVER, &[Waived], Who::Manager, Rule::ApprovedFirst),
    row(Move::Allow, OPEN, OVER, &[Allowed], Who::Manager, Rule::ApprovedFirst),
    row(
        Move::Link,
        &[
            Draft,
            Requested,
            NeedsInformation,
            Approved,
            AwaitingGoods,
            PartReceived,
            Received,
            Inspected,
            Quarantine,
            Waived,
            Closed,
        ],
        &[Rejected, Cancelled, Reversed],
        &[],
        Who::Clerk,
        Rule::Over,
    ),
    row(Move::Refund, OWING, OVER, &[RefundQueued, RefundPaid, StoreCredit], Who::Clerk, Rule::ApprovedFirst),
    row(Move::Exchange, OWING, OVER, &[Exchanged, RefundQueued, RefundPaid], Who::Clerk, Rule::ApprovedFirst),
    row(Move::Credit, &[StoreCredit], &[Reversed], &[StoreCredit], Who::Clerk, Rule::CreditFirst),
    row(Move::Repair, OPEN, OVER, &[InRepair], Who::Clerk, Rule::ApprovedFirst),
    row(Move::HandBack, &[InRepair], &[Reversed], &[Repaired], Who::Clerk, Rule::RepairFirst),
    // A carrier's bill comes when it comes: also for what was refused, cancelled or closed.
    row(Move::Cost, ASKED, &[Reversed], &[], Who::Clerk, Rule::Over),
    row(
        Move::Dispute,
        &[
            Rejected,
            Approved,
            AwaitingGoods,
            PartReceived,
            Received,
            Inspected,
            Quarantine,
            GivenBack,
            Waived,
            Allowed,
            Repaired,
            Exchanged,
            RefundFailed,
            RefundPaid,
            StoreCredit,
            Closed,
        ],
        &[Disputed, Cancelled, Reversed],
        &[Disputed],
        Who::Clerk,
        Rule::DecidedFirst,
    ),
    row(
        Move::Cancel,
        &[Draft, Requested, NeedsInformation, Approved, AwaitingGoods],
        &[
            Rejected,
            Cancelled,
            PartReceived,
            Received,
            Inspected,
            Quarantine,
            Waived,
            Allowed,
            InRepair,
            Exchanged,
            RefundQueued,
            RefundIntended,
            RefundAccepted,
            RefundPaid,
            StoreCredit,
            Reversed,
            Closed,
        ],
        &[Cancelled],
        Who::Clerk,
        Rule::BeforeGoods,
    ),
    row(
        Move::Reverse,
        &[
            Approved,
            Rejected,
            AwaitingGoods,
            PartReceived,
            Received,
            Inspected,
            Quarantine,
            GivenBack,
            Waived,
            Allowed,
            InRepair,
            Repaired,
            Exchanged,
            RefundQueued,
            RefundFailed,
            RefundPaid,
            StoreCredit,
            Disputed,
            Closed,
        ],
        &[RefundIntended, RefundAccepted, Reversed],
        &[Reversed],
        Who::Manager,
        Rule::PayoutBegun,
    ),
    row(
        Move::Close,
        &[Rejected, Inspected, GivenBack, Waived, Allowed, Repaired, Exchanged, RefundPaid, StoreCredit],
        &[
            Cancelled,
            Received,
            Quarantine,
            InRepair,
            RefundQueued,
            RefundIntended,
            RefundAccepted,
            Disputed,
            Reversed,
            Closed,
        ],
        &[Closed],
        Who::Clerk,
        Rule::AllSettled,
    ),
];

const fn row(
    what: Move,
    from: &'static [Stage],
    unless: &'static [Stage],
    to: &'static [Stage],
    who: Who,
    rule: Rule,
) -> Legal {
    Legal { what, from, unless, to, who, rule }
}

impl Move {
    /// Its row.
    pub fn legal(self) -> &'static Legal {
        TABLE.iter().find(|row| row.what == self).expect("every move has its row: a test says so")
    }

    /// Whether a return with these states may go so.
    pub fn is_legal(self, stages: &BTreeSet<Stage>) -> bool {
        let row = self.legal();
        row.from.iter().any(|s| stages.contains(s)) && !row.unless.iter().any(|s| stages.contains(s))
    }
}

impl ReturnState {
    /// Whether a move is legal now.
    ///
    /// # Errors
    /// [`Illegal`], with the rule, the states and who could do it from which.
    pub fn check(&self, document: &Return, what: Move) -> Result<(), Illegal> {
        let stages = self.stages(document);
        // A rail's payment is a fact of the provider's books: no entry of ours takes it back.
        let by_rail = self.refunds.values().any(|r| r.state.is_under_way() || r.paid > r.by_hand);
        if what.is_legal(&stages) && !(what == Move::Reverse && by_rail) {
            return Ok(());
        }
        let row = what.legal();
        Err(Illegal {
            what,
            rule: row.rule,
            found: stages.into_iter().collect(),
            wanted: row.from,
            who: row.who,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A command without a row would be refused or allowed by chance.
    #[test]
    fn every_move_has_one_row() {
        for what in Move::ALL {
            assert_eq!(TABLE.iter().filter(|row| row.what == *what).count(), 1, "{what}");
        }
    }

    /// A row that forbids what it starts from could never be taken; a state that no row leads to could
    /// never be seen.
    #[test]
    fn every_row_can_be_taken_and_every_state_reached() {
        for row in TABLE {
            assert!(row.from.iter().any(|s| !row.unless.contains(s)), "{}", row.what);
        }
        let opened = [Draft, Requested];
        let by_hq = [RefundIntended, RefundAccepted, RefundFailed];
        for stage in Stage::ALL {
            let led_to = TABLE.iter().any(|row| row.to.contains(stage));
            assert!(led_to || opened.contains(stage) || by_hq.contains(stage), "{stage}");
        }
    }

    #[test]
    fn what_is_over_takes_neither_goods_nor_money() {
        for over in [Cancelled, Reversed, Closed, Rejected] {
            for what in [Move::Receive, Move::Refund, Move::Exchange, Move::Waive, Move::Cancel] {
                let stages = BTreeSet::from([over, Approved, RefundPaid]);
                assert!(!what.is_legal(&stages), "{what} from {over}");
            }
        }
    }
}
