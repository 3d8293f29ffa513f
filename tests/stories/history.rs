//! Random histories of a chain, and the facts that they leave.
//!
//! A history is made by real replicas over the real relay: more taken back than was sold, decisions
//! taken apart, the same till file brought in at two devices and undone at one, payouts with their intents, resolutions,
//! clocks that are wrong. Its facts can be given to fresh replicas in other orders, in other slices, with stamps that come
//! late.

use guicang_domain::account::Account;
use guicang_domain::adjustment::Movement;
use guicang_domain::cash::{CashReason, CashWay};
use guicang_domain::count::Uncounted;
use guicang_domain::exception::ExceptionKind;
use guicang_domain::ids::{ChangeHash, DeviceId, ReceiptId, SiteId};
use guicang_domain::invoice::{Confirmation, RedEvent};
use guicang_domain::money::Amount;
use guicang_domain::quantity::Quantity;
use guicang_domain::resolution::{Action, LossOwner};
use guicang_domain::returns::Grade;
use guicang_domain::sale::{PaidBy, Receipt};
use guicang_domain::supplier_return::Settled;
use guicang_domain::time::Moment;
use guicang_domain::transfer::Outcome;
use guicang_replica::{
    Adjust, By, CashMoved, CashOpen, CloseClaim, CountFilter, ExceptionFilter, Given, Item, MoveGoods,
    OpenCount, PayoutOutcome, RaiseClaim, Receive, ReceiveTransfer, Reserve, Resolve, ReturnFilter, ScanItem,
    ShipClaim, SupplierReturnFilter, WhichShift,
};
use guicang_server::relay::lease::{Holder, Lease};
use guicang_sync::entry::SealedEntry;
use guicang_sync::feed::{Cursor, Feed};
use guicang_sync::grant::SignedGrant;
use guicang_sync::message::{FeedItem, SyncRequest};
use guicang_sync::session::{Received, ReceivedFeed};
use guicang_sync::stamp::Stamp;
use guicang_sync::sum::RunningSum;
use guicang_sync::wire::{AbsentLeaf, Chain as Links, OpenedChange, WireChange, WireEntry};

use crate::chain::{Chain, Desk, clerk, graded, imported_return, receipt, request};
use crate::goods::{close, named, receive, send};
use crate::random::Random;

/// What a shop does in a day, and when it is online, decided by a seed.
pub struct History {
    pub chain: Chain,
    pub desks: Vec<Desk>,
    random: Random,
    sold: usize,
    /// How many over-returns of long ago stand.
    pub historic: usize,
    /// The dispatches' numbers, which travel on paper, and their senders.
    sent: Vec<(String, SiteId)>,
    /// How many exceptions HQ has decided on; a claim that is voided is none any more.
    pub decided: usize,
    /// The desk that does nothing and hears of nothing.
    away: Option<usize>,
}

impl History {
    pub fn of(seed: u64) -> Self {
        let mut chain = Chain::open(&["S01", "S02", "S03"]);
        // Two devices at one site, a minute apart; one clock is an hour fast, one twenty minutes slow.
        let desks = [(11, "S01A", "S01", 0), (12, "S01B", "S01", 60_000), (13, "S02A", "S02", -1_200_000)]
            .map(|(seed, code, at, skew)| chain.desk(seed, code, at, skew));
        let mut desks = Vec::from(desks);
        desks.push(chain.desk(14, "S03A", "S03", 3_600_000));
        let mut history = Self {
            chain,
            desks,
            random: Random(seed),
            sold: 0,
            historic: 1,
            sent: Vec::new(),
            decided: 0,
            away: None,
        };
        history.sale_taken_back_three_times();
        history.counted_while_the_shop_sells();
        for step in 0..60 {
            history.chain.later(30_000 + history.random.below(300_000) as i64);
            history.act();
            if step == 25 {
                history.undo_an_import();
            }
        }
        history.calm();
        history
    }

    /// One device of one site, which has sold something and heard of nobody; nothing was done yet.
    pub fn alone(seed: u64) -> Self {
        let mut chain = Chain::open(&["S01"]);
        let desks = vec![chain.desk(11, "S01A", "S01", 0)];
        let mut history = Self {
            chain,
            desks,
            random: Random(seed),
            sold: 0,
            historic: 0,
            sent: Vec::new(),
            decided: 0,
            away: None,
        };
        history.desks[0].opening("TEA", 50);
        history.desks[0].opening("POT", 20);
        history.sell();
        history.sell();
        history
    }

    /// What every history has: two sold at S01, and taken back at S01, S02 and S03 while apart.
    fn sale_taken_back_three_times(&mut self) {
        self.desks[0].opening("TEA", 50);
        self.desks[0].opening("POT", 20);
        self.sell();
        self.import_apart();
        for desk in [0, 2, 3] {
            self.chain.later(60_000);
            self.desks[desk].take_back(request("S01/1", "TEA", 1, "wechat")).unwrap();
        }
    }

    /// What every history has too: a count at S01 that holds, and a sale of the other device there within
    /// the minute by which its clock is off.
    fn counted_while_the_shop_sells(&mut self) {
        let manager = By::user("wang".parse().unwrap());
        self.chain.later(600_000);
        let item = |sku: &str, units| ScanItem {
            sku: sku.into(),
            lot: None,
            place: String::new(),
            account: Account::Sellable,
            quantity: Quantity::units(units),
        };
        let replica = &mut self.desks[0].replica;
        let number = replica.open_count(&clerk(), OpenCount::default()).unwrap().number;
        replica.scan_count(&clerk(), &number, &[item("TEA", 48), item("MUG", 7)]).unwrap();
        replica.close_count(&clerk(), &number, Uncounted::Leave).unwrap();
        replica.approve_count(&manager, &number).unwrap();
        let at = self.chain.now();
        self.desks[1].import(vec![receipt("L1", at.plus_ms(30_000), &[("MUG", 1, 900)])], Vec::new(), false);
    }

    fn sell(&mut self) {
        self.sold += 1;
        let number = self.sold.to_string();
        let mut sold = receipt(&number, self.chain.now(), &[("TEA", 2, 4001), ("POT", 1, 1500)]);
        let paid = |tender: &str, amount| PaidBy {
            tender: tender.parse().unwrap(),
            amount: Amount(amount),
            reference: None,
        };
        sold.tenders = vec![paid("cash", 2500), paid("wechat", 3001)];
        sold.invoice = Some(format!("B{number}"));
        sold.lines.iter_mut().for_each(|line| line.tax_rate = Some(1300));
        self.desks[0].import(vec![sold], Vec::new(), false);
    }

    /// One till file, brought in at both devices of a site; neither brings in all of it.
    fn import_apart(&mut self) {
        let at = self.chain.now();
        let rows = |numbers: std::ops::Range<usize>| {
            numbers.map(|n| receipt(&format!("H{n}"), at, &[("TEA", 1, 2000), ("MUG", 3, 900)])).collect()
        };
        // Two returns of one sale: history has over-returns too, and both devices tell of one of them.
        let came_back = |number: &str| imported_return(number, "H3", at.plus_ms(1000));
        self.desks[0].import(rows(0..4), vec![came_back("C1"), came_back("C2")], true);
        // And of one row they tell different things.
        let mut others: Vec<Receipt> = rows(2..6);
        others[0].lines[1].paid = Amount(950);
        self.desks[1].import(others, vec![came_back("C2")], true);
    }

    /// One of the two devices takes its file back; what the other brought in, too, stands on.
    fn undo_an_import(&mut self) {
        let (desk, number) = *self.random.pick(&[(0, "DR-S01A-000001"), (1, "DR-S01B-000001")]);
        self.desks[desk].replica.undo_import(&clerk(), number, &mut |_, _| {}).unwrap();
        // The first device alone tells of both returns of one sale.
        self.historic = usize::from(desk == 1);
    }

    /// What the others and HQ do while a desk is away; in the end they have heard of each other.
    pub fn without(&mut self, away: usize, steps: usize) {
        self.away = Some(away);
        for _ in 0..steps {
            self.chain.later(30_000 + self.random.below(300_000) as i64);
            self.act();
        }
        self.calm();
        self.away = None;
    }

    fn act(&mut self) {
        let at = self.random.below(self.desks.len());
        if self.away == Some(at) {
            return;
        }
        match self.random.below(23) {
            7 | 8 => drop(self.chain.sync(&mut self.desks[at])),
            9 => drop(self.chain.settle()),
            10 => self.pay_out(),
            21 => self.red_invoices(),
            22 => self.resolve(),
            what => drop(self.at_branch(at, what)),
        }
    }

    /// Something that a branch does by itself; whether it was let do it.
    pub fn alone_does(&mut self) -> bool {
        let what = *self.random.pick(&[0, 1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]);
        self.at_branch(0, what)
    }

    fn at_branch(&mut self, at: usize, what: usize) -> bool {
        match what {
            0 => {
                self.sell();
                true
            }
            1..=3 => {
                let sale = 1 + self.random.below(self.sold);
                let of = *self.random.pick(&[("TEA", 1), ("TEA", 2), ("POT", 1)]);
                let tender = *self.random.pick(&["wechat", "cash"]);
                // What the branch knows to be taken back already it refuses, as it should.
                self.desks[at].take_back(request(&format!("S01/{sale}"), of.0, of.1, tender)).is_ok()
            }
            4..=6 => self.go_on_with_a_return(at),
            11 | 12 => self.move_between_sites(at),
            13 | 14 => self.claim_on_a_supplier(at),
            15 => self.keep_or_mark_down(at),
            16..=18 => self.count(at),
            _ => self.cash(at),
        }
    }

    /// Something at the drawer: opened, moved, closed, as the device knows it. What doesn't fit is refused.
    fn cash(&mut self, at: usize) -> bool {
        let replica = &mut self.desks[at].replica;
        let which = WhichShift::default();
        let done = match self.random.below(4) {
            0 | 1 => {
                let counted = Amount(10_000);
                replica.cash_open(
                    &clerk(),
                    CashOpen { site: None, till: None, shift: None, date: None, counted },
                )
            }
            2 => {
                let amount = Amount(500);
                let moved = CashMoved { way: CashWay::Out, amount, reason: CashReason::Deposit, note: None };
                replica.cash_move(&clerk(), &which, moved)
            }
            _ => replica.cash_close(&clerk(), &which, Amount(9000)),
        };
        done.is_ok()
    }

    /// HQ asks for the red invoices that are due, and some are issued.
    fn red_invoices(&mut self) {
        self.chain.settle();
        self.chain.hq.replica.request_red(&clerk(), None).unwrap();
        for pending in self.chain.hq.replica.red_pending().unwrap() {
            let document = pending.invoice.head.id;
            let said = match self.random.below(3) {
                0 => RedEvent::Issued { number: pending.invoice.request_number() },
                1 => RedEvent::Confirmation { state: Confirmation::AwaitsBuyer, number: None },
                _ => RedEvent::Confirmation { state: Confirmation::Expired, number: None },
            };
            if self.chain.hq.replica.red_fits(document).unwrap() {
                self.chain.hq.replica.red_event(document, said).unwrap();
            }
        }
    }

    /// A step of some return that the device holds. Steps that don't fit are refused, and change
    /// nothing.
    fn go_on_with_a_return(&mut self, at: usize) -> bool {
        let returns = self.desks[at].replica.returns(&ReturnFilter::default()).unwrap();
        if returns.is_empty() {
            return false;
        }
        let number = self.random.pick(&returns).number.to_string();
        let grade = *self.random.pick(&[Grade::A, Grade::C, Grade::D, Grade::E]);
        let price = Some(self.random.pick(&["10", "25"]).parse().unwrap());
        let given = Given {
            items: vec![Item { sku: "POT".into(), quantity: Quantity::units(1), price }],
            rung: None,
            tender: Some("cash".parse().unwrap()),
            reference: None,
            paid: true,
        };
        let agreed = By { approved_by: Some("wang".parse().unwrap()), ..clerk() };
        let sale = format!("S01/{}", 1 + self.random.below(self.sold));
        let sale = ReceiptId::parse(&sale, None).unwrap();
        let replica = &mut self.desks[at].replica;
        let done = match self.random.below(9) {
            0 | 1 => replica.inspect(&clerk(), &number, &[graded(grade, 1)]),
            2 => replica.exchange(&clerk(), &number, &given),
            3 => replica.reverse_return(&agreed, &number, None),
            4 => replica.link_return(&clerk(), &number, &sale),
            5 => replica.allowance(&agreed, request(&sale.to_string(), "TEA", 1, "cash"), Amount(700)),
            6 => replica.waived_return(&agreed, request(&sale.to_string(), "TEA", 1, "wechat")),
            7 => replica.refund(&clerk(), &number, "cash".parse().unwrap(), Some(Amount(500)), true),
            _ => replica.receive(
                &clerk(),
                &number,
                &[Receive { sku: None, quantity: None, place: String::new() }],
            ),
        };
        done.is_ok()
    }

    /// Goods sent, received (with the dispatch known or not), given up, or the last entry taken back; by
    /// whoever holds the transfer, or has nothing but its number. What doesn't fit is refused.
    fn move_between_sites(&mut self, at: usize) -> bool {
        let to = *self.random.pick(&["S01", "S02", "S03"]);
        let units = 1 + self.random.below(6) as i64;
        let replica = &mut self.desks[at].replica;
        match self.random.below(6) {
            0 | 1 => {
                let sent = replica.send_transfer(&clerk(), send(to, "TEA", units));
                sent.map(|row| self.sent.push((row.number.to_string(), row.from))).is_ok()
            }
            _ if self.sent.is_empty() => false,
            2..=4 => {
                let (number, from) = self.random.pick(&self.sent).clone();
                let (over, complete) = (self.random.below(3) == 0, self.random.below(3) == 0);
                let some =
                    ReceiveTransfer { from: Some(from), over, complete, ..receive(&number, Some(units)) };
                self.desks[at].replica.receive_transfer(&clerk(), some).is_ok()
            }
            _ => {
                let number = self.random.pick(&self.sent).0.clone();
                let outcome = *self.random.pick(Outcome::ALL);
                let replica = &mut self.desks[at].replica;
                let done = match self.random.below(4) {
                    0 => replica.reverse_transfer(&clerk(), &number),
                    _ => replica.close_transfer(&clerk(), close(&number, outcome)),
                };
                done.is_ok()
            }
        }
    }

    fn claim_on_a_supplier(&mut self, at: usize) -> bool {
        let units = 1 + self.random.below(4) as i64;
        let replica = &mut self.desks[at].replica;
        let claims = replica.supplier_returns(&SupplierReturnFilter::default()).unwrap();
        if claims.is_empty() || self.random.below(3) == 0 {
            let raise = RaiseClaim {
                site: None,
                supplier: "Yiwu".into(),
                items: named("TEA", units),
                from: *self.random.pick(&[Account::Sellable, Account::Defective]),
                reason: "defective".parse().unwrap(),
                price: Some("20".parse().unwrap()),
                lot: None,
                place: String::new(),
                note: None,
            };
            return replica.raise_claim(&clerk(), raise).is_ok();
        }
        let number = self.random.pick(&claims).number.to_string();
        let items = if self.random.below(2) == 0 { named("TEA", units) } else { Vec::new() };
        let settled = *self.random.pick(Settled::ALL);
        let price = (settled == Settled::Credited).then(|| "15".parse().unwrap());
        let done = match self.random.below(5) {
            0 | 1 => replica.ship_claim(&clerk(), ShipClaim { number, items, carrier: None, tracking: None }),
            2 => replica.cancel_claim(&clerk(), &number),
            _ => {
                let (owner, reference) = (None, None);
                replica.close_claim(&clerk(), CloseClaim { number, items, settled, price, owner, reference })
            }
        };
        done.is_ok()
    }

    /// Goods that come in at a cost, are kept for somebody, or become another article.
    fn keep_or_mark_down(&mut self, at: usize) -> bool {
        let units = 1 + self.random.below(4) as i64;
        let cost = Some(self.random.pick(&["9", "12.5", "20"]).parse().unwrap());
        let replica = &mut self.desks[at].replica;
        let delivered = Adjust {
            site: None,
            sku: "TEA".into(),
            lot: None,
            place: String::new(),
            movement: Movement::Received,
            quantity: Quantity::units(units),
            reason: "unknown".parse().unwrap(),
            note: None,
            cost,
        };
        let moved = MoveGoods {
            site: None,
            movement: Movement::MarkedDown,
            sku: "TEA".into(),
            quantity: Quantity::units(1),
            from: Some(Account::Sellable),
            to: None,
            into: Some("TEA-B".into()),
            reason: "other".parse().unwrap(),
            of: None,
            witness: None,
            lot: None,
            place: String::new(),
            cost: None,
            note: None,
        };
        let (items, place) = (named("TEA", units), String::new());
        let kept = Reserve { site: None, items, lot: None, place, purpose: None, until: None };
        let done = match self.random.below(3) {
            0 => replica.adjust(&clerk(), delivered).map(drop),
            1 => replica.move_goods(&clerk(), moved).map(drop),
            _ => replica.reserve(&clerk(), kept).map(drop),
        };
        done.is_ok()
    }

    /// A step of a stocktake: a new one, or one that the device holds. Steps that don't fit are refused,
    /// and change nothing.
    fn count(&mut self, at: usize) -> bool {
        let counts = self.desks[at].replica.counts(&CountFilter::default()).unwrap();
        let sku = *self.random.pick(&["TEA", "POT", "MUG"]);
        let account = *self.random.pick(&[Account::Sellable, Account::Sellable, Account::ReturnsHold]);
        let quantity = Quantity::units(self.random.below(50) as i64);
        let item = ScanItem { sku: sku.into(), lot: None, place: String::new(), account, quantity };
        let number = match counts.is_empty() {
            true => String::new(),
            false => self.random.pick(&counts).number.clone(),
        };
        let manager = By::user("wang".parse().unwrap());
        let step = self.random.below(12);
        let replica = &mut self.desks[at].replica;
        let done = match step {
            _ if counts.len() < 2 => replica.open_count(&clerk(), OpenCount::default()),
            0..=3 => replica.scan_count(&clerk(), &number, &[item]),
            4 | 5 => replica.recount(&clerk(), &number, &item),
            6 => replica.close_count(&clerk(), &number, Uncounted::Zero).map(|c| c.count),
            7 => replica.close_count(&clerk(), &number, Uncounted::Leave).map(|c| c.count),
            8 | 9 => replica.approve_count(&manager, &number),
            10 => replica.cancel_count(&clerk(), &number),
            _ => replica.reverse_count(&clerk(), &number),
        };
        done.is_ok()
    }

    fn pay_out(&mut self) {
        self.chain.settle();
        let lease = self.chain.relay.take_lease(Holder([1; 16]), 60_000, self.chain.now()).unwrap();
        let Lease::Taken { fence, .. } = lease else { panic!("nobody else pays") };
        for due in self.chain.hq.replica.payable().unwrap() {
            if !self.chain.hq.replica.payout_intent(due.document, &due.refund, fence).unwrap() {
                continue;
            }
            self.chain.settle_under(fence);
            // Some outcomes stay unknown: the intent alone then counts as paid.
            if self.random.below(3) > 0 {
                let paid = PayoutOutcome::Paid { reference: "7".into(), amount: due.amount };
                self.chain.hq.replica.payout_outcome(due.document, &due.refund, paid).unwrap();
            }
        }
    }

    fn resolve(&mut self) {
        self.chain.settle();
        let open = ExceptionFilter { open_only: true, ..Default::default() };
        let mut open = self.chain.hq.replica.exceptions(&open).unwrap();
        open.retain(|e| e.kind == ExceptionKind::OverReturn);
        if open.is_empty() {
            return;
        }
        let exception = self.random.pick(&open).id.clone();
        let action = *self.random.pick(&[Action::Goodwill, Action::ChargedBranch, Action::VoidedDuplicate]);
        let owner = LossOwner::Site("S02".parse().unwrap());
        let decided = Resolve { exception, action, owner, note: None };
        self.chain.hq.replica.resolve(&clerk(), decided).unwrap();
        self.decided += 1;
    }

    /// Everybody is online until nobody has anything to say.
    fn calm(&mut self) {
        for _ in 0..2 {
            for (at, desk) in self.desks.iter_mut().enumerate() {
                if self.away != Some(at) {
                    assert!(self.chain.sync(desk).proven);
                }
            }
            assert!(self.chain.settle().proven);
        }
    }

    /// All that the relay's log holds.
    pub fn facts(&self) -> Facts {
        let reader = self.chain.hq.replica.identity().device;
        let mut facts = Facts { grants: Vec::new(), entries: Vec::new(), changes: Vec::new() };
        let (mut cursor, mut links) = (Cursor::start(Feed::Log), Links::new(reader));
        loop {
            let request = SyncRequest {
                cursors: vec![cursor.clone()],
                answer_limit_bytes: 1 << 20,
                want_own: true,
                ..Default::default()
            };
            let answer = self.chain.relay.sync(reader, request, self.chain.now()).unwrap();
            let part = answer.feeds.into_iter().next().unwrap();
            let head = part.head();
            cursor = Cursor { feed: Feed::Log, position: part.to, sum: part.sum.unwrap_or(cursor.sum) };
            for item in part.items {
                match item {
                    FeedItem::Grant(grant) => facts.grants.push(grant),
                    FeedItem::Admission(_) => panic!("nothing was set apart here"),
                    FeedItem::Arrival(_) => panic!("no relay was lost here"),
                    FeedItem::Entry(entry) => facts.take(entry, &mut links),
                    FeedItem::Own { .. } => panic!("own changes were asked for in full"),
                }
            }
            if cursor.position == head {
                return facts;
            }
        }
    }
}

/// Grants, and entries taken apart: a log can hand them on a change at a time.
pub struct Facts {
    pub grants: Vec<SignedGrant>,
    entries: Vec<Entry>,
    pub changes: Vec<Fact>,
}

struct Entry {
    sealed: SealedEntry,
    leaves: Vec<Option<[u8; 32]>>,
    stamp: Stamp,
}

/// A change, and the place of its entry among the entries.
#[derive(Clone)]
pub struct Fact {
    entry: usize,
    pub change: OpenedChange,
    deps: Vec<ChangeHash>,
}

impl Facts {
    fn take(&mut self, wire: WireEntry, links: &mut Links) {
        // What the log sends of an entry may come in several parts.
        let opened = wire.unseal(links).unwrap();
        let stamp = opened.stamp.expect("the relay has stamped it");
        let known = self.entries.iter().position(|e| e.sealed == opened.sealed);
        let entry = known.unwrap_or(self.entries.len());
        if known.is_none() {
            self.entries.push(Entry { sealed: opened.sealed, leaves: Vec::new(), stamp });
        }
        let leaves = &mut self.entries[entry].leaves;
        leaves.resize(leaves.len().max(opened.changes.len() + opened.absent.len()), None);
        for absent in opened.absent {
            leaves[absent.index as usize] = Some(absent.leaf);
        }
        for change in opened.changes {
            leaves[change.index as usize] = Some(change.as_ref().leaf());
            let deps = guicang_documents::header(change.bytes.as_ref().unwrap()).unwrap().deps;
            self.changes.push(Fact { entry, change, deps });
        }
    }

    /// The changes in some order that a feed could have: none before what it was made upon.
    pub fn shuffled(&self, random: &mut Random) -> Vec<Fact> {
        let mut waiting = self.changes.clone();
        let mut order: Vec<Fact> = Vec::new();
        while !waiting.is_empty() {
            let placed = |dep: &ChangeHash| order.iter().any(|f| f.change.hash == *dep);
            let ready: Vec<usize> =
                (0..waiting.len()).filter(|n| waiting[*n].deps.iter().all(placed)).collect();
            let next = *random.pick(&ready);
            order.push(waiting.swap_remove(next));
        }
        order
    }

    /// The device in whose journal a change lies, and when that entry was first stamped.
    pub fn written_by(&self, fact: &Fact) -> (DeviceId, Moment) {
        let entry = &self.entries[fact.entry];
        (entry.sealed.head.device, entry.stamp.time)
    }

    /// A change as it travels alone, its entry's other leaves beside it.
    fn item(&self, fact: &Fact, stamp: Option<&Stamp>, links: &mut Links) -> FeedItem {
        let entry = &self.entries[fact.entry];
        let change = &fact.change;
        let travels = WireChange::new(
            entry.sealed.head.device,
            change.document,
            change.sites_added.clone(),
            change.bytes.clone().unwrap(),
        );
        let absent = entry.leaves.iter().zip(0..).filter(|(_, index)| *index != change.index);
        let absent = absent.map(|(leaf, index)| AbsentLeaf { index, leaf: leaf.unwrap() }).collect();
        FeedItem::Entry(WireEntry::new(&entry.sealed, links, vec![travels], absent, stamp))
    }
}

/// How stamps come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Stamps {
    /// With their entries.
    AtOnce,
    /// All after all entries.
    Late,
    /// First a later one of the same relay's, then the earliest.
    LaterFirst,
}

/// Delivers everything to a replica, in pieces and slices of chance.
pub fn deliver(history: &History, facts: &Facts, to: &mut Desk, stamps: Stamps, random: &mut Random) {
    let order = facts.shuffled(random);
    deliver_in_order(history, facts, &order, to, stamps, random);
}

/// Delivers some of the changes to a replica, in an order that a feed could have.
pub fn deliver_in_order(
    history: &History,
    facts: &Facts,
    order: &[Fact],
    to: &mut Desk,
    stamps: Stamps,
    random: &mut Random,
) {
    let mut position = 0;
    let mut bring = |to: &mut Desk, items: Vec<FeedItem>, random: &mut Random| {
        let positions: u64 = items.iter().map(FeedItem::positions).sum();
        let feed = ReceivedFeed {
            feed: Feed::Log,
            from: position,
            to: position + positions,
            // The replica counts by itself; only the session compares.
            sum: RunningSum::ZERO,
            head: position + positions,
            agreed: true,
            items,
        };
        position += positions;
        let received = Received {
            accepted_to: 0,
            journal: None,
            outcomes: Vec::new(),
            stamps: Vec::new(),
            relay: None,
            feeds: vec![feed],
            epoch: history.chain.relay.epoch(),
            epoch_changed: false,
            time: history.chain.now(),
            stale_fence: false,
        };
        let mut pull = to.replica.begin_pull(&received).unwrap();
        while to.replica.apply_slice(&mut pull, 1 + random.below(9)).unwrap() {}
    };
    bring(to, facts.grants.iter().cloned().map(FeedItem::Grant).collect(), random);
    let passes = if stamps == Stamps::AtOnce { 1 } else { 2 };
    for pass in 0..passes {
        let mut rest = order;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(1 + random.below(60)));
            rest = later;
            let mut links = Links::new(to.replica.identity().device);
            let item = |fact: &Fact| {
                let earliest = facts.entries[fact.entry].stamp;
                let after =
                    Stamp::sign(&history.chain.relay_key, earliest.entry, earliest.time.plus_ms(9_000_000));
                let stamp = match (stamps, pass) {
                    (Stamps::Late, 0) => None,
                    (Stamps::LaterFirst, 0) => Some(&after),
                    _ => Some(&earliest),
                };
                facts.item(fact, stamp, &mut links)
            };
            let items = now.iter().map(item).collect();
            bring(to, items, random);
        }
    }
}
