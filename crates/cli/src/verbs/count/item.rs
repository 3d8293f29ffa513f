//! A count as JSON and as tables.

use guicang_domain::money::Currency;
use guicang_domain::time::{Moment, Occurred, Zone};
use guicang_replica::{CountLine, CountRow, RecountReason};
use serde::Serialize;

use crate::format::{Column, Table, minute};
use crate::language::Language;
use crate::texts::{counts, headings, names};

/// A count, as JSON. The keys are part of the program's interface; `found` and what a line is held
/// against are null while they are kept from the counters, `lines` while they aren't asked for.
#[derive(Debug, Serialize)]
pub(super) struct CountItem {
    id: String,
    number: String,
    site: String,
    stage: String,
    opened: String,
    closed: Option<String>,
    approved: Option<String>,
    approver: Option<String>,
    counters: Vec<String>,
    blind: bool,
    plan: Option<String>,
    places: Vec<String>,
    category: Option<String>,
    listed_skus: u64,
    note: Option<String>,
    buckets: u64,
    recounts: u64,
    currency: String,
    found: Option<FoundItem>,
    lines: Option<Vec<LineItem>>,
}

/// What variances come to.
#[derive(Debug, Serialize)]
pub(super) struct FoundItem {
    variances: u64,
    gained: String,
    lost: String,
    value: String,
    re_explained: u64,
}

/// What a count says of a bucket.
#[derive(Debug, Serialize)]
pub(super) struct LineItem {
    sku: String,
    place: String,
    lot: Option<String>,
    account: String,
    counted: String,
    first: String,
    last: String,
    unscanned: bool,
    book: Option<String>,
    variance: Option<String>,
    approved_variance: Option<String>,
    value: Option<String>,
    re_explained: bool,
    recount: Vec<ReasonItem>,
}

/// Why a bucket should be counted again.
#[derive(Debug, Serialize)]
pub(super) struct ReasonItem {
    reason: &'static str,
    document: Option<String>,
    occurred: Option<String>,
    clocks_apart_ms: Option<i64>,
}

impl CountItem {
    pub(super) fn of(row: &CountRow, lines: Option<&[CountLine]>) -> Self {
        let told = |at: Moment| at_site(at, row.zone);
        Self {
            id: row.id.to_string(),
            number: row.number.clone(),
            site: row.site.to_string(),
            stage: row.stage.to_string(),
            opened: told(row.opened),
            closed: row.closed.map(told),
            approved: row.approved.map(told),
            approver: row.approver.as_ref().map(ToString::to_string),
            counters: row.counters.iter().map(ToString::to_string).collect(),
            blind: row.blind,
            plan: row.plan.clone(),
            places: row.places.clone(),
            category: row.category.clone(),
            listed_skus: row.listed,
            note: row.note.clone(),
            buckets: row.buckets,
            recounts: row.recounts,
            currency: row.currency.to_string(),
            found: row.found.map(|f| FoundItem {
                variances: f.variances,
                gained: f.gained.to_string(),
                lost: f.lost.to_string(),
                value: row.currency.format(f.value),
                re_explained: f.re_explained,
            }),
            lines: lines.map(|lines| lines.iter().map(|l| LineItem::of(l, row.currency, row.zone)).collect()),
        }
    }
}

impl LineItem {
    fn of(line: &CountLine, currency: Currency, zone: Zone) -> Self {
        let against = line.against.as_ref();
        Self {
            sku: line.spot.sku.to_string(),
            place: line.spot.place.clone(),
            lot: line.spot.lot.as_ref().map(ToString::to_string),
            account: line.spot.account.to_string(),
            counted: line.counted.to_string(),
            first: at_site(line.first, zone),
            last: at_site(line.last, zone),
            unscanned: line.unscanned,
            book: against.map(|a| a.book.to_string()),
            variance: against.map(|a| a.variance.to_string()),
            approved_variance: against.and_then(|a| a.approved).map(|q| q.to_string()),
            value: against.map(|a| currency.format(a.value)),
            re_explained: against.is_some_and(guicang_replica::Against::is_re_explained),
            recount: line
                .recount
                .iter()
                .map(|reason| match reason {
                    RecountReason::Posted { number, occurred, apart_ms } => ReasonItem {
                        reason: "posted_during_count",
                        document: Some(number.clone()),
                        occurred: Some(at_site(*occurred, zone)),
                        clocks_apart_ms: Some(*apart_ms),
                    },
                    RecountReason::Unclear => ReasonItem {
                        reason: "scan_unknown_to_recount",
                        document: None,
                        occurred: None,
                        clocks_apart_ms: None,
                    },
                })
                .collect(),
        }
    }
}

/// A moment as the walls of a site show it.
pub(crate) fn at_site(at: Moment, zone: Zone) -> String {
    Occurred { at, zone }.to_rfc3339()
}

/// A variance with its sign.
pub(crate) fn signed(quantity: &str) -> String {
    if quantity.starts_with('-') || quantity == "0" { quantity.to_owned() } else { format!("+{quantity}") }
}

fn scope(l: Language, item: &CountItem) -> String {
    let mut parts = Vec::new();
    if !item.places.is_empty() {
        parts.push(counts::scope_places(l, &item.places.join(", ")));
    }
    match &item.category {
        Some(category) => parts.push(counts::scope_category(l, category)),
        None if item.listed_skus > 0 => parts.push(counts::scope_listed(l, item.listed_skus)),
        None => {}
    }
    if parts.is_empty() { counts::scope_full(l) } else { parts.join(", ") }
}

/// Counts, one a row.
pub(super) fn table(l: Language, items: &[CountItem]) -> Table {
    let mut table = Table::new([
        Column::Left(headings::number(l)),
        Column::Left(headings::site(l)),
        Column::Left(headings::state(l)),
        Column::Left(counts::head_opened(l)),
        Column::Left(counts::head_scope(l)),
        Column::Left(counts::head_counters(l)),
        Column::Right(counts::head_buckets(l)),
        Column::Right(counts::head_gained(l)),
        Column::Right(counts::head_lost(l)),
        Column::Right(counts::head_recount(l)),
    ]);
    for item in items {
        let found = |pick: fn(&FoundItem) -> &str| item.found.as_ref().map_or("?", pick).to_owned();
        table.row([
            item.number.clone(),
            item.site.clone(),
            counts::stage(l, &item.stage),
            minute(&item.opened),
            scope(l, item),
            item.counters.join(" "),
            item.buckets.to_string(),
            found(|f| &f.gained),
            found(|f| &f.lost),
            item.recounts.to_string(),
        ]);
    }
    table
}

/// A count with its lines.
pub(super) fn details(l: Language, item: &CountItem) -> String {
    let head = table(l, std::slice::from_ref(item));
    let mut lines = Table::new([
        Column::Left(headings::sku(l)),
        Column::Left(headings::lot(l)),
        Column::Left(counts::head_account(l)),
        Column::Right(counts::head_counted(l)),
        Column::Right(counts::head_book(l)),
        Column::Right(counts::head_variance(l)),
        Column::Right(counts::head_approved(l)),
        Column::Right(counts::head_value(l)),
        Column::Left(counts::head_recount(l)),
    ]);
    let shown = |text: &Option<String>| text.clone().unwrap_or_else(|| "?".into());
    for line in item.lines.iter().flatten() {
        let sku =
            if line.place.is_empty() { line.sku.clone() } else { format!("{}@{}", line.sku, line.place) };
        let mark = if line.re_explained { "*" } else { "" };
        let reasons = line.recount.iter().map(|r| match (&r.document, &r.occurred) {
            (Some(document), Some(occurred)) => {
                counts::moved_during(l, document, &minute(occurred), r.clocks_apart_ms.unwrap_or(0) / 1000)
            }
            _ => counts::unclear(l),
        });
        lines.row([
            sku,
            line.lot.clone().unwrap_or_default(),
            names::account(l, &line.account),
            line.counted.clone(),
            shown(&line.book),
            format!("{}{mark}", line.variance.as_deref().map_or("?".into(), signed)),
            line.approved_variance.as_deref().map(signed).unwrap_or_default(),
            shown(&line.value),
            reasons.collect::<Vec<_>>().join("; "),
        ]);
    }
    format!("{head}\n\n{lines}")
}
