//! A return as JSON and as text. The keys are part of the program's interface.

use std::collections::BTreeMap;

use guicang_domain::money::Amount;
use guicang_domain::returns::stage::Stage;
use guicang_domain::returns::state::RefundState;
use guicang_domain::time::Moment;
use guicang_replica::{EventRow, ParcelRow, ReturnLineRow, ReturnRow};
use serde::Serialize;

use crate::format::{Column, Table, minute};
use crate::language::Language;
use crate::texts::{headings, money, moves, names, results, signed};

/// A return.
#[derive(Debug, Serialize)]
pub struct ReturnItem {
    id: String,
    number: String,
    site: String,
    occurred: String,
    states: Vec<String>,
    historic: bool,
    verified: bool,
    proven: bool,
    receipt: Option<String>,
    pub(super) receipt_code: Option<String>,
    lines: Vec<Line>,
    refund: Refund,
    refunds: Vec<Share>,
    deductions: Vec<Deducted>,
    costs: Vec<CostItem>,
    given: Vec<Given>,
    credit: Option<Credit>,
    awaited: Option<Awaited>,
    parcels: Vec<Parcel>,
    events: Vec<Event>,
}

#[derive(Debug, Serialize)]
struct Share {
    refund: String,
    tender: String,
    requested: String,
    paid: String,
    state: &'static str,
}

#[derive(Debug, Serialize)]
struct Deducted {
    line: String,
    kind: &'static str,
    what: String,
    amount: String,
}

#[derive(Debug, Serialize)]
struct CostItem {
    event: String,
    kind: &'static str,
    amount: String,
    owner: String,
    note: Option<String>,
    at: String,
}

#[derive(Debug, Serialize)]
struct Given {
    line: String,
    sku: String,
    quantity: String,
    paid: String,
}

#[derive(Debug, Serialize)]
struct Credit {
    issued: String,
    spent: String,
    left: String,
    shares: BTreeMap<String, String>,
}

#[derive(Debug, Serialize)]
struct Awaited {
    address: String,
    until: Option<String>,
}

#[derive(Debug, Serialize)]
struct Parcel {
    carrier: String,
    tracking: String,
    sent: Option<String>,
    arrived: Option<String>,
}

#[derive(Debug, Serialize)]
struct Event {
    id: String,
    r#type: String,
    occurred: String,
    user: String,
    reversed: bool,
    policy: Option<String>,
    grounds: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Line {
    line: String,
    sku: String,
    quantity: String,
    reason: String,
    excess: String,
    links: Vec<Link>,
    parts: Vec<Part>,
}

#[derive(Debug, Serialize)]
struct Link {
    receipt: String,
    line: Option<String>,
    quantity: String,
}

#[derive(Debug, Serialize)]
struct Part {
    part: String,
    quantity: String,
    grade: Option<String>,
    disposition: Option<String>,
    account: String,
}

#[derive(Debug, Serialize)]
struct Refund {
    entitled: String,
    queued: String,
    paid: String,
    held: String,
    currency: String,
    due_by: Option<String>,
}

impl ReturnItem {
    /// The replica's row as its item.
    pub fn of(row: &ReturnRow) -> Self {
        let money = |amount| row.currency.format(amount);
        Self {
            id: row.id.to_string(),
            number: row.number.to_string(),
            site: row.site.to_string(),
            occurred: row.occurred.to_rfc3339(),
            states: row.states.clone(),
            historic: row.historic,
            verified: row.unverified_lines == 0,
            proven: row.proven,
            receipt: row.receipt.as_ref().map(ToString::to_string),
            receipt_code: None,
            lines: row.lines.iter().map(Line::of).collect(),
            refund: Refund {
                entitled: money(row.entitled),
                queued: money(row.queued),
                paid: money(row.paid),
                held: money(row.held),
                currency: row.currency.to_string(),
                due_by: row.due_by.map(|day| day.to_string()),
            },
            refunds: row
                .refunds
                .iter()
                .map(|r| Share {
                    refund: r.refund.to_string(),
                    tender: r.tender.to_string(),
                    requested: money(r.requested),
                    paid: money(r.paid),
                    state: state_of(r.state).as_str(),
                })
                .collect(),
            deductions: row
                .deductions
                .iter()
                .map(|d| Deducted {
                    line: d.line.to_string(),
                    kind: d.kind.as_str(),
                    what: d.what.clone(),
                    amount: money(d.amount),
                })
                .collect(),
            costs: row
                .costs
                .iter()
                .map(|(event, at, c)| CostItem {
                    event: event.to_string(),
                    kind: c.kind.as_str(),
                    amount: money(c.amount),
                    owner: c.owner.to_string(),
                    note: c.note.clone(),
                    at: at.to_rfc3339(),
                })
                .collect(),
            given: row
                .given
                .iter()
                .map(|g| Given {
                    line: g.line.to_string(),
                    sku: g.sku.to_string(),
                    quantity: g.quantity.to_string(),
                    paid: money(g.paid),
                })
                .collect(),
            credit: (row.credit.issued != Amount::ZERO).then(|| Credit {
                issued: money(row.credit.issued),
                spent: money(row.credit.spent),
                left: money(row.credit.left()),
                shares: row.credit.shares.iter().map(|(s, a)| (s.to_string(), money(*a))).collect(),
            }),
            awaited: row
                .awaited
                .as_ref()
                .map(|a| Awaited { address: a.address.clone(), until: a.until.map(Moment::to_rfc3339) }),
            parcels: row.parcels.iter().map(Parcel::of).collect(),
            events: row.events.iter().map(Event::of).collect(),
        }
    }

    fn state_names(&self, language: Language) -> String {
        self.states.iter().map(|s| names::state(language, s)).collect::<Vec<_>>().join(" / ")
    }
}

impl Parcel {
    fn of(row: &ParcelRow) -> Self {
        Self {
            carrier: row.carrier.clone(),
            tracking: row.tracking.clone(),
            sent: row.sent.map(Moment::to_rfc3339),
            arrived: row.arrived.map(Moment::to_rfc3339),
        }
    }
}

impl Event {
    fn of(row: &EventRow) -> Self {
        Self {
            id: row.id.to_string(),
            r#type: row.kind.clone(),
            occurred: row.occurred.to_rfc3339(),
            user: row.user.to_string(),
            reversed: row.reversed,
            policy: (!row.policy.is_empty()).then(|| row.policy.clone()),
            grounds: row.grounds.clone(),
        }
    }
}

/// A refund's state among those of its return.
fn state_of(state: RefundState) -> Stage {
    match state {
        RefundState::Queued => Stage::RefundQueued,
        RefundState::Intended => Stage::RefundIntended,
        RefundState::Accepted => Stage::RefundAccepted,
        RefundState::Failed => Stage::RefundFailed,
        RefundState::Paid => Stage::RefundPaid,
    }
}

impl Line {
    fn of(row: &ReturnLineRow) -> Self {
        Self {
            line: row.line.to_string(),
            sku: row.sku.to_string(),
            quantity: row.quantity.to_string(),
            reason: row.reason.to_string(),
            excess: row.excess.to_string(),
            links: row
                .links
                .iter()
                .map(|link| Link {
                    receipt: link.receipt.to_string(),
                    line: link.line.as_ref().map(ToString::to_string),
                    quantity: link.quantity.to_string(),
                })
                .collect(),
            parts: row
                .parts
                .iter()
                .map(|part| Part {
                    part: part.part.to_string(),
                    quantity: part.quantity.to_string(),
                    grade: part.grade.map(|g| g.to_string()),
                    disposition: part.disposition.map(|d| d.to_string()),
                    account: part.account.to_string(),
                })
                .collect(),
        }
    }
}

/// Returns, a row each.
pub fn table(l: Language, items: &[ReturnItem]) -> Table {
    let mut table = Table::new([
        Column::Left(headings::number(l)),
        Column::Left(headings::site(l)),
        Column::Left(headings::occurred(l)),
        Column::Left(headings::goods(l)),
        Column::Left(headings::state(l)),
        Column::Right(headings::entitled(l)),
        Column::Right(headings::queued(l)),
        Column::Right(headings::paid(l)),
        Column::Left(headings::due(l)),
    ]);
    for item in items {
        let goods = item.lines.iter().map(|line| format!("{}={}", line.sku, line.quantity));
        table.row([
            item.number.clone(),
            item.site.clone(),
            minute(&item.occurred),
            goods.collect::<Vec<_>>().join(" "),
            item.state_names(l),
            item.refund.entitled.clone(),
            item.refund.queued.clone(),
            item.refund.paid.clone(),
            item.refund.due_by.clone().unwrap_or_default(),
        ]);
    }
    table
}

/// Returns, each in full: head, parts, refund.
pub fn details(l: Language, items: &[ReturnItem]) -> String {
    items.iter().map(|item| one(l, item)).collect::<Vec<_>>().join("\n\n")
}

fn one(l: Language, item: &ReturnItem) -> String {
    let mut table = Table::new([
        Column::Left(headings::sku(l)),
        Column::Right(headings::quantity(l)),
        Column::Right(headings::excess(l)),
        Column::Left(headings::reason(l)),
        Column::Left(headings::receipt(l)),
        Column::Left(headings::grade(l)),
        Column::Left(headings::account(l)),
    ]);
    for line in &item.lines {
        let links: Vec<&str> = line.links.iter().map(|link| link.receipt.as_str()).collect();
        let links = links.join(" ");
        let excess = if line.excess == "0" { String::new() } else { line.excess.clone() };
        table.row([
            line.sku.clone(),
            line.quantity.clone(),
            excess,
            line.reason.clone(),
            links,
            String::new(),
            String::new(),
        ]);
        for part in &line.parts {
            table.row([
                format!("  {}", part.part),
                part.quantity.clone(),
                String::new(),
                String::new(),
                String::new(),
                part.grade.clone().unwrap_or_default(),
                names::account(l, &part.account),
            ]);
        }
    }
    let refund = &item.refund;
    let mut text = format!(
        "{}  {}  {}  {}\n{table}\n{}",
        item.number,
        item.site,
        minute(&item.occurred),
        item.state_names(l),
        results::refund_line(l, &refund.entitled, &refund.queued, &refund.paid, &refund.currency),
    );
    if let Some(day) = &refund.due_by {
        text.push_str(&results::refund_due(l, day));
    }
    for line in more(l, item) {
        text.push('\n');
        text.push_str(&line);
    }
    text
}

/// What only some returns have, a line each.
fn more(l: Language, item: &ReturnItem) -> Vec<String> {
    let mut lines = Vec::new();
    for d in &item.deductions {
        lines.push(moves::deducted(l, &moves::deduction(l, d.kind), &d.what, &d.amount));
    }
    for (n, c) in item.costs.iter().enumerate() {
        let note = c.note.as_ref().map(|note| format!(" ({note})")).unwrap_or_default();
        let owner = money::loss_owner(l, &c.owner);
        lines.push(moves::cost(l, n + 1, &moves::cost_kind(l, c.kind), &c.amount, &owner, &note));
    }
    for r in item.refunds.iter().filter(|_| item.refunds.len() > 1) {
        lines.push(moves::refunded(l, &names::tender(l, &r.tender), &r.requested, &names::state(l, r.state)));
    }
    for g in &item.given {
        lines.push(moves::given(l, &g.sku, &g.quantity, &g.paid));
    }
    if let Some(credit) = &item.credit {
        lines.push(moves::credit(l, &credit.issued, &credit.left));
    }
    if let Some(awaited) = &item.awaited {
        let until = awaited.until.as_deref().map(|u| moves::until(l, u.get(..10).unwrap_or(u)));
        lines.push(moves::awaited(l, &awaited.address) + &until.unwrap_or_default());
    }
    for p in &item.parcels {
        let arrived = if p.arrived.is_some() { moves::arrived(l) } else { moves::under_way(l) };
        lines.push(moves::parcel(l, &p.carrier, &p.tracking, &arrived));
    }
    lines.extend(item.receipt_code.iter().map(|code| signed::anew(l, code)));
    lines
}
