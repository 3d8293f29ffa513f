//! The states of a return, as people name them: distinct, of all its parts, in the order of a return's life.
//!
//! What surprises: a return has several at once. Of three shirts one may be inspected, one received and one
//! still on its way, and its refund paid in part.

use std::collections::BTreeSet;

use super::refund::RefundState;
use super::state::{Part, PartKind, ReturnState};
use super::{Disposition, Return};
use crate::ids::Tender;
use crate::words::words;

words! {
    /// A state of a return, or of a part of it.
    Stage, "state" {
        /// Begun, not yet asked for (草稿).
        Draft = "draft",
        /// The customer asked; nobody decided yet (待审核).
        Requested = "requested",
        /// Somebody has to find out more first (待补充资料).
        NeedsInformation = "needs_information",
        /// Granted; no goods yet (已批准).
        Approved = "approved",
        /// Refused (已拒绝).
        Rejected = "rejected",
        /// Withdrawn before goods came (已取消).
        Cancelled = "cancelled",
        /// The goods are to be sent in, or on their way (待收货).
        AwaitingGoods = "awaiting_goods",
        /// Some of the goods came (部分收货).
        PartReceived = "part_received",
        /// Goods wait to be inspected (已收货待检).
        Received = "received",
        /// Goods were graded and sent where they belong (已质检).
        Inspected = "inspected",
        /// Set apart by an inspection that could not decide (隔离).
        Quarantine = "quarantine",
        /// Handed back to the customer: not returned after all (已退还顾客).
        GivenBack = "given_back",
        /// Refunded without the goods (仅退款).
        Waived = "waived",
        /// Money off without the goods (折让).
        Allowed = "allowed",
        /// The customer's own goods are here to be repaired (维修中).
        InRepair = "in_repair",
        /// They went back, repaired (已修还).
        Repaired = "repaired",
        /// Other goods were given (已换货).
        Exchanged = "exchanged",
        /// A refund is asked for (待退款).
        RefundQueued = "refund_queued",
        /// HQ is about to pay it (退款处理中).
        RefundIntended = "refund_intended",
        /// The rail took the order (渠道已受理).
        RefundAccepted = "refund_accepted",
        /// The rail refused for good (退款失败).
        RefundFailed = "refund_failed",
        /// Paid (已退款).
        RefundPaid = "refund_paid",
        /// Given as store credit (已发储值).
        StoreCredit = "store_credit",
        /// The customer doesn't accept what was decided (有争议).
        Disputed = "disputed",
        /// All of it was taken back (已红冲).
        Reversed = "reversed",
        /// Nothing more is to come (已完结).
        Closed = "closed",
    }
}

impl ReturnState {
    /// The states of all parts of the return.
    pub fn stages(&self, document: &Return) -> BTreeSet<Stage> {
        let mut stages = BTreeSet::new();
        let mut add = |condition: bool, stage| {
            if condition {
                stages.insert(stage);
            }
        };
        let parts =
            |test: &dyn Fn(&Part) -> bool| self.parts.values().any(|p| p.quantity.is_positive() && test(p));
        let gone_to = |p: &Part| match p.kind {
            PartKind::Returned => p.inspected.map(|(_, disposition)| disposition),
            _ => None,
        };
        let came = parts(&|_| true);
        let outstanding = document.lines.keys().any(|l| self.outstanding(document, l).is_positive());
        let settled = !self.allowances.is_empty() || !self.exchanges.is_empty();
        let decided = self.decision.as_ref().map(|d| d.approved);
        let sent = self.awaited.is_some() || !self.parcels.is_empty();
        let open = !self.cancelled && !self.reversed && !self.closed;

        add(!self.requested && decided.is_none() && !came && open, Stage::Draft);
        let undecided = self.requested && decided.is_none() && !came && open;
        add(undecided && !self.needs_information, Stage::Requested);
        add(self.needs_information && open, Stage::NeedsInformation);
        add(decided == Some(true) && !came && !settled && !sent && open, Stage::Approved);
        add(decided == Some(false), Stage::Rejected);
        add(self.cancelled, Stage::Cancelled);
        add(decided == Some(true) && outstanding && sent && open, Stage::AwaitingGoods);
        add(came && outstanding, Stage::PartReceived);
        add(self.parts.values().any(Part::waits), Stage::Received);
        let inspected = |d| !matches!(d, Disposition::GiveBack | Disposition::Quarantine);
        add(parts(&|p| gone_to(p).is_some_and(inspected)), Stage::Inspected);
        add(parts(&|p| gone_to(p) == Some(Disposition::Quarantine)), Stage::Quarantine);
        add(parts(&|p| gone_to(p) == Some(Disposition::GiveBack)), Stage::GivenBack);
        add(parts(&|p| p.kind == PartKind::Waived), Stage::Waived);
        add(!self.allowances.is_empty(), Stage::Allowed);
        add(parts(&|p| p.kind == PartKind::Repair), Stage::InRepair);
        add(parts(&|p| p.kind == PartKind::Repaired), Stage::Repaired);
        add(!self.exchanges.is_empty(), Stage::Exchanged);
        for (state, stage) in [
            (RefundState::Queued, Stage::RefundQueued),
            (RefundState::Intended, Stage::RefundIntended),
            (RefundState::Accepted, Stage::RefundAccepted),
            (RefundState::Failed, Stage::RefundFailed),
            (RefundState::Paid, Stage::RefundPaid),
        ] {
            let in_it = |r: &&super::refund::Refund| r.state == state;
            let credit = Tender::credit();
            let mut all = self.refunds.values().filter(in_it);
            match state {
                RefundState::Paid => {
                    add(self.refunds.values().filter(in_it).any(|r| r.tender == credit), Stage::StoreCredit);
                    add(all.any(|r| r.tender != credit), stage);
                }
                _ => add(all.next().is_some(), stage),
            }
        }
        add(self.disputed, Stage::Disputed);
        add(self.reversed, Stage::Reversed);
        add(self.closed, Stage::Closed);
        stages
    }

    /// The names of [`Self::stages`].
    pub fn names(&self, document: &Return) -> Vec<&'static str> {
        self.stages(document).into_iter().map(Stage::as_str).collect()
    }
}
