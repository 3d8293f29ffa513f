//! Where a transfer stands: the fold of a dispatch and of the deliveries that name it.
//!
//! What surprises: what is under way is kept by article and lot, not by line, since whoever unloads a
//! truck sees goods and not lines. And the order is that of things, not of clocks: first what left, then
//! what arrived (a fact beats anybody's opinion of what is missing), then what was said of the rest; each
//! in order of rank.
//!
//! ```text
//!   dispatched  sellable (sender) -> in_transit (sender)
//!   received    in_transit -> sellable (receiver); over: sellable (sender) -> in_transit first
//!   closed      late: as received   never left: in_transit -> sellable (sender)   lost: -> variance
//! ```

use std::collections::BTreeMap;

use super::{Arrival, Missing, Outcome, Transfer, TransferEvent};
use crate::account::{Account, Bucket, Posting};
use crate::event::{Event, Rank};
use crate::ids::{DocumentId, EventId, LineId, Lot, SiteId, Sku};
use crate::money::{Amount, Currency, UnitPrice};
use crate::quantity::Quantity;
use crate::resolution::LossOwner;
use crate::returns::state::Conflict;
use crate::time::{Moment, Occurred};

/// Goods of one article and lot.
pub type Goods = (Sku, Option<Lot>);

/// The fold of a dispatch and its deliveries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TransferState {
    /// Whether the dispatch is known; else this is a delivery by itself.
    pub dispatched: bool,
    /// When the first goods left; `None` where the dispatch isn't known or was taken back.
    pub left: Option<Occurred>,
    /// When the latest goods arrived.
    pub arrived: Option<Occurred>,
    /// Whether the receiver says that nothing more comes.
    pub complete: bool,
    /// What became of each article and lot.
    pub goods: BTreeMap<Goods, Passage>,
    /// Who bears what was lost, at cost, in the order it was folded.
    pub losses: Vec<(LossOwner, Amount)>,
    /// Events that lost against another: received or closed twice while apart.
    pub conflicts: Vec<Conflict>,
    /// The postings, by the document that tells of them. Each document's sum to zero.
    pub postings: BTreeMap<DocumentId, Vec<Posting>>,
}

/// What became of the goods of one article and lot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Passage {
    /// How much left the sender, what came on top not counted.
    pub sent: Quantity,
    /// How much of it arrived, late or not.
    pub arrived: Quantity,
    /// How much came on top.
    pub over: Quantity,
    /// How much turned out never to have left.
    pub never_left: Quantity,
    /// How much is lost.
    pub lost: Quantity,
}

impl Passage {
    /// How much is still under way, as far as anybody knows. Below zero while a delivery's dispatch isn't
    /// known.
    pub fn open(&self) -> Quantity {
        self.sent - self.arrived - self.never_left - self.lost
    }

    /// How much may still arrive: what is under way, and what was given up as lost.
    pub fn awaited(&self) -> Quantity {
        self.sent - self.arrived - self.never_left
    }
}

/// What left on one line and hasn't been accounted for.
struct UnderWay {
    line: LineId,
    place: String,
    cost: Option<UnitPrice>,
    quantity: Quantity,
}

struct Fold<'a> {
    from: &'a SiteId,
    to: &'a SiteId,
    currency: Currency,
    state: TransferState,
    under_way: BTreeMap<Goods, Vec<UnderWay>>,
    arrived_by: BTreeMap<Goods, EventId>,
    closed_by: BTreeMap<Goods, EventId>,
}

/// One thing that is said of goods under way.
struct Said<'a> {
    document: DocumentId,
    event: &'a Event<TransferEvent>,
    /// In a delivery: its writer didn't know what had left.
    blind: bool,
}

impl TransferState {
    /// Folds a dispatch and the deliveries that name it, or a delivery whose dispatch isn't known.
    ///
    /// The rules: what more arrived than was under way is over-delivery where the receiver said so, or
    /// couldn't know; else the same goods were recorded twice while apart, the one that ranks first stands
    /// and the other is named. Of two that closed the same missing goods the one that ranks first stands.
    /// Goods that arrive after they were given up as lost were found, and nobody bears them; that they had
    /// never left is contradicted by their arrival.
    pub fn of(dispatch: Option<&Transfer>, deliveries: &[&Transfer]) -> Self {
        let Some(first) = dispatch.or(deliveries.first().copied()) else { return Self::default() };
        let mut fold = Fold {
            from: &first.from,
            to: &first.to,
            currency: first.currency,
            state: TransferState { dispatched: dispatch.is_some(), ..TransferState::default() },
            under_way: BTreeMap::new(),
            arrived_by: BTreeMap::new(),
            closed_by: BTreeMap::new(),
        };
        let all = || dispatch.into_iter().chain(deliveries.iter().copied());
        for document in all() {
            fold.state.postings.insert(document.head.id, Vec::new());
        }
        if let Some(dispatch) = dispatch {
            fold.leave(dispatch);
        }
        let mut said: Vec<(Rank, Said<'_>)> = all()
            .flat_map(|document| {
                document.standing().map(|event| {
                    let said = Said { document: document.head.id, event, blind: document.is_delivery() };
                    (event.rank(), said)
                })
            })
            .collect();
        said.sort_by(|a, b| (&a.0, a.1.document).cmp(&(&b.0, b.1.document)));
        for (_, said) in &said {
            fold.arrive(said);
        }
        for (_, said) in &said {
            fold.close(said);
        }
        fold.state
    }

    /// Folds the transfers of one number between two sites, in order of identity. For each fold: the
    /// document that tells of it, the fold, and the deliveries joined to it.
    ///
    /// The first dispatch has the deliveries; another with the same number, and a delivery whose dispatch
    /// isn't known, stand by themselves.
    pub fn each<'a>(
        documents: impl Iterator<Item = &'a Transfer>,
    ) -> Vec<(DocumentId, TransferState, Vec<DocumentId>)> {
        let (deliveries, dispatches): (Vec<&Transfer>, Vec<&Transfer>) =
            documents.partition(|d| d.is_delivery());
        if dispatches.is_empty() {
            return deliveries.iter().map(|d| (d.head.id, Self::of(None, &[d]), Vec::new())).collect();
        }
        let fold = |(n, dispatch): (usize, &&'a Transfer)| {
            let joined: &[&Transfer] = if n == 0 { &deliveries } else { &[] };
            let ids = joined.iter().map(|d| d.head.id).collect();
            (dispatch.head.id, Self::of(Some(dispatch), joined), ids)
        };
        dispatches.iter().enumerate().map(fold).collect()
    }

    /// Whether anything is still under way.
    pub fn is_open(&self) -> bool {
        self.goods.values().any(|g| g.open().is_positive())
    }

    /// How much of what left lacks, where the receiver says that nothing more comes.
    pub fn short(&self) -> Quantity {
        if !self.complete {
            return Quantity::ZERO;
        }
        self.goods.values().map(|g| g.open().max(Quantity::ZERO)).sum()
    }

    /// How much came on top of what left.
    pub fn over(&self) -> Quantity {
        self.goods.values().map(|g| g.over).sum()
    }

    /// The states, as people name them: distinct, in the order of a transfer's life.
    pub fn names(&self) -> Vec<&'static str> {
        let any = |of: fn(&Passage) -> Quantity| self.goods.values().any(|g| of(g).is_positive());
        let open = self.is_open();
        let arrived = any(|g| g.arrived) || any(|g| g.over);
        let mut names = Vec::new();
        let mut add = |condition: bool, name| {
            if condition {
                names.push(name);
            }
        };
        add(!self.dispatched, "awaiting_dispatch");
        add(self.dispatched && !any(|g| g.sent) && !arrived, "reversed");
        add(open && !arrived && !self.complete, "in_transit");
        add(open && arrived && !self.complete, "part_received");
        add(open && self.complete, "missing");
        add(!open && arrived && self.dispatched, "received");
        add(any(|g| g.over), "over");
        add(any(|g| g.never_left), "never_left");
        add(any(|g| g.lost), "lost");
        names
    }
}

impl Fold<'_> {
    fn leave(&mut self, dispatch: &Transfer) {
        for event in dispatch.standing() {
            let TransferEvent::Dispatched { parts } = &event.body else { continue };
            for part in parts {
                let Some(line) = dispatch.lines.get(&part.line) else { continue };
                let goods = (line.sku.clone(), line.lot.clone());
                self.state.left = earlier(self.state.left, event.occurred);
                self.state.goods.entry(goods.clone()).or_default().sent += part.quantity;
                let from = self.bucket(self.from, &line.place, &goods, Account::Sellable);
                let to = self.bucket(self.from, "", &goods, Account::InTransit);
                let at = event.occurred.at;
                self.post(dispatch.head.id, &part.line, (from, to), part.quantity, line.cost, at);
                self.under_way.entry(goods).or_default().push(UnderWay {
                    line: part.line.clone(),
                    place: line.place.clone(),
                    cost: line.cost,
                    quantity: part.quantity,
                });
            }
        }
    }

    fn arrive(&mut self, said: &Said<'_>) {
        match &said.event.body {
            TransferEvent::Received { goods, complete } => {
                self.state.complete |= complete;
                self.state.arrived = later(self.state.arrived, said.event.occurred);
                for arrival in goods {
                    self.take_in(said, arrival);
                }
            }
            TransferEvent::Closed { goods } => {
                for missing in goods.iter().filter(|m| m.outcome == Outcome::Late) {
                    self.state.arrived = later(self.state.arrived, said.event.occurred);
                    let Missing { sku, lot, quantity, place, .. } = missing.clone();
                    self.take_in(said, &Arrival { sku, lot, quantity, over: Quantity::ZERO, place });
                }
            }
            _ => {}
        }
    }

    fn take_in(&mut self, said: &Said<'_>, arrival: &Arrival) {
        let goods = (arrival.sku.clone(), arrival.lot.clone());
        let (document, at) = (said.document, said.event.occurred.at);
        let unknown = !self.state.dispatched;
        let taken = if unknown { Vec::new() } else { self.take(&goods, arrival.quantity) };
        let known: Quantity = taken.iter().map(|t| t.quantity).sum();
        let rest = arrival.quantity - known;
        let mut over = arrival.over;
        let receiver = self.bucket(self.to, &arrival.place, &goods, Account::Sellable);
        let transit = self.bucket(self.from, "", &goods, Account::InTransit);
        for part in &taken {
            let way = (transit.clone(), receiver.clone());
            self.post(document, &part.line, way, part.quantity, part.cost, at);
        }
        self.passage(&goods).arrived += known;
        if rest.is_positive() {
            match self.arrived_by.get(&goods) {
                _ if unknown => {
                    self.passage(&goods).arrived += rest;
                    self.post(document, &LineId::nth(1), (transit.clone(), receiver.clone()), rest, None, at);
                }
                Some(first) if *first != said.event.id && (!said.blind || known == Quantity::ZERO) => {
                    let stands = first.clone();
                    self.conflict("received", stands, &said.event.id);
                }
                // Nobody else tells of these goods: this many came.
                _ => over += rest,
            }
        }
        if over.is_positive() {
            let cost = self.under_way.get(&goods).and_then(|lines| lines.first()).and_then(|line| line.cost);
            let line = LineId::nth(1);
            let sender = self.bucket(self.from, "", &goods, Account::Sellable);
            self.post(document, &line, (sender, transit.clone()), over, cost, at);
            self.post(document, &line, (transit, receiver), over, cost, at);
            self.passage(&goods).over += over;
        }
        self.arrived_by.entry(goods).or_insert_with(|| said.event.id.clone());
    }

    fn close(&mut self, said: &Said<'_>) {
        let TransferEvent::Closed { goods: all } = &said.event.body else { return };
        for missing in all.iter().filter(|m| m.outcome != Outcome::Late) {
            let goods = (missing.sku.clone(), missing.lot.clone());
            let (document, at) = (said.document, said.event.occurred.at);
            let taken = self.take(&goods, missing.quantity);
            let granted: Quantity = taken.iter().map(|t| t.quantity).sum();
            if granted < missing.quantity {
                // What was given up as lost and turned up all the same is no conflict.
                let arrived = self.arrived_by.get(&goods).filter(|_| missing.outcome == Outcome::NeverLeft);
                if let Some(stands) = self.closed_by.get(&goods).or(arrived).cloned() {
                    self.conflict("closed", stands, &said.event.id);
                }
            }
            for part in &taken {
                let transit = self.bucket(self.from, "", &goods, Account::InTransit);
                let to = match missing.outcome {
                    Outcome::Lost => self.bucket(self.from, "", &goods, Account::Variance),
                    _ => self.bucket(self.from, &part.place, &goods, Account::Sellable),
                };
                let value = self.post(document, &part.line, (transit, to), part.quantity, part.cost, at);
                let passage = self.passage(&goods);
                if missing.outcome == Outcome::Lost {
                    passage.lost += part.quantity;
                    let owner = missing.owner.clone().unwrap_or(LossOwner::Company);
                    self.state.losses.push((owner, value));
                } else {
                    passage.never_left += part.quantity;
                }
            }
            if granted.is_positive() {
                self.closed_by.entry(goods).or_insert_with(|| said.event.id.clone());
            }
        }
    }

    /// Takes up to `quantity` of what is under way, in the order it left.
    fn take(&mut self, goods: &Goods, quantity: Quantity) -> Vec<UnderWay> {
        let mut left = quantity;
        let mut taken = Vec::new();
        for part in self.under_way.get_mut(goods).into_iter().flatten() {
            let take = left.min(part.quantity);
            if take.is_positive() {
                part.quantity -= take;
                left -= take;
                let (line, place) = (part.line.clone(), part.place.clone());
                taken.push(UnderWay { line, place, cost: part.cost, quantity: take });
            }
        }
        taken
    }

    fn passage(&mut self, goods: &Goods) -> &mut Passage {
        self.state.goods.entry(goods.clone()).or_default()
    }

    fn conflict(&mut self, about: &'static str, stands: EventId, loses: &EventId) {
        // An event that names the same goods twice has nobody else to lose against.
        if stands != *loses {
            self.state.conflicts.push(Conflict { about, stands, loses: loses.clone() });
        }
    }

    fn bucket(&self, site: &SiteId, place: &str, goods: &Goods, account: Account) -> Bucket {
        let (sku, lot) = goods.clone();
        Bucket { site: site.clone(), place: place.into(), sku, lot, account }
    }

    /// Posts a movement, and answers its value at cost; zero where the cost isn't known.
    fn post(
        &mut self,
        document: DocumentId,
        line: &LineId,
        (from, to): (Bucket, Bucket),
        quantity: Quantity,
        cost: Option<UnitPrice>,
        occurred: Moment,
    ) -> Amount {
        let value = cost.map_or(Amount::ZERO, |c| c.times(quantity, self.currency));
        let postings = self.state.postings.entry(document).or_default();
        let line = line.clone();
        postings.push(Posting {
            line: line.clone(),
            bucket: from,
            quantity: -quantity,
            value: -value,
            occurred,
        });
        postings.push(Posting { line, bucket: to, quantity, value, occurred });
        value
    }
}

fn earlier(known: Option<Occurred>, other: Occurred) -> Option<Occurred> {
    Some(known.filter(|k| k.at <= other.at).unwrap_or(other))
}

fn later(known: Option<Occurred>, other: Occurred) -> Option<Occurred> {
    Some(known.filter(|k| k.at >= other.at).unwrap_or(other))
}

#[cfg(test)]
mod tests;
