//! `status`: what this branch holds, what it hasn't sent, and how far it agrees with HQ.

use clap::Args;
use guicang_cli::format::{Column, Table};
use guicang_cli::texts::{headings, names, next, proof, results};
use guicang_cli::{Failure, Language, Told};
use guicang_replica::{Identity, SetAside, Status};
use serde::Serialize;

use super::Session;

/// There is nothing to choose.
#[derive(Debug, Args)]
pub struct StatusArgs {}

/// A branch's state, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
struct StatusItem {
    organisation: String,
    name: String,
    device: String,
    code: String,
    site: Option<String>,
    relay: Option<String>,
    documents: u64,
    changes: u64,
    unsent_changes: u64,
    unsent_refunds: Vec<Money>,
    oldest_unsent: Option<String>,
    set_aside: Vec<Aside>,
    feeds: Vec<Feed>,
    last_sync: Option<String>,
    #[serde(skip)]
    last: String,
    fault: Option<String>,
}

/// An amount with its currency.
#[derive(Debug, Serialize)]
pub(super) struct Money {
    amount: String,
    currency: String,
}

#[derive(Debug, Serialize)]
struct Aside {
    document: String,
    number: String,
    change: String,
    how: &'static str,
    reissued: bool,
    rule: String,
    detail: String,
}

#[derive(Debug, Serialize)]
struct Feed {
    feed: String,
    position: u64,
    agreed: Option<bool>,
    checked: Option<String>,
    /// Since when the two ends aren't equal.
    differs: Option<String>,
    /// What is held here and the relay lacks.
    relay_lacks: u64,
    #[serde(skip)]
    text: String,
}

/// Amounts as items.
pub(super) fn money(
    amounts: &[(guicang_domain::money::Currency, guicang_domain::money::Amount)],
) -> Vec<Money> {
    let one = |(currency, amount): &(guicang_domain::money::Currency, _)| Money {
        amount: currency.format(*amount),
        currency: currency.to_string(),
    };
    amounts.iter().map(one).collect()
}

/// Amounts in a sentence; `0` when there are none.
pub(super) fn money_text(amounts: &[Money]) -> String {
    if amounts.is_empty() {
        return "0".into();
    }
    amounts.iter().map(|m| format!("{} {}", m.amount, m.currency)).collect::<Vec<_>>().join(", ")
}

impl StatusItem {
    fn of(l: Language, me: &Identity, status: &Status) -> Self {
        let aside = |change: &SetAside| Aside {
            document: change.document.to_string(),
            number: change.number.clone(),
            change: change.change.to_string(),
            how: change.how,
            reissued: change.reissued,
            rule: change.rule.to_string(),
            detail: change.detail.clone(),
        };
        let feed = |feed: &guicang_replica::FeedStatus| Feed {
            feed: feed.feed.clone(),
            position: feed.position,
            agreed: feed.agreed,
            checked: feed.checked.map(|t| t.to_rfc3339()),
            differs: feed.differs.map(|t| t.to_rfc3339()),
            relay_lacks: feed.strays,
            text: proof::of_feed(l, me.zone, feed),
        };
        Self {
            organisation: me.organisation.to_string(),
            name: me.name.clone(),
            device: me.device.to_string(),
            code: me.code.to_string(),
            site: me.site.as_ref().map(ToString::to_string),
            relay: me.relay_url.clone(),
            documents: status.documents,
            changes: status.changes,
            unsent_changes: status.unsent_changes,
            unsent_refunds: money(&status.unsent_refunds),
            oldest_unsent: status.oldest_unsent.map(|t| t.to_rfc3339()),
            set_aside: status.set_aside.iter().map(aside).collect(),
            feeds: status.feeds.iter().map(feed).collect(),
            last_sync: status.last_sync.map(|t| t.to_rfc3339()),
            last: status.last_sync.map_or_else(|| "-".into(), |t| proof::time(me.zone, t)),
            fault: status.fault.clone(),
        }
    }
}

impl StatusArgs {
    /// Shows it.
    ///
    /// # Errors
    /// [`Failure`] when the file can't be read.
    pub fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        let globals = session.globals;
        let l = globals.language;
        let replica = session.open()?;
        let status = replica.status().told(globals)?;
        let me = replica.identity();
        globals.show("status", &[StatusItem::of(l, me, &status)], |items| text(l, &items[0]))?;
        match (&me.relay_url, status.unsent_changes) {
            (None, _) => globals.next(&next::stock(l, globals.program)),
            (Some(_), 0) => globals.next(&next::exceptions(l, globals.program)),
            (Some(_), _) => globals.next(&next::sync(l, globals.program)),
        }
    }
}

fn text(l: Language, item: &StatusItem) -> String {
    let site = item.site.as_deref().unwrap_or("-");
    let mut text = results::status_head(l, &item.name, site, &item.code, item.documents);
    let mut line = |more: String| {
        text.push('\n');
        text.push_str(&more);
    };
    match &item.relay {
        Some(relay) => line(results::status_relay(l, relay, &item.last)),
        None => line(results::status_alone(l)),
    }
    line(results::status_unsent(l, item.unsent_changes, &money_text(&item.unsent_refunds)));
    if !item.feeds.is_empty() {
        let mut table = Table::new([
            Column::Left(headings::feed(l)),
            Column::Right(headings::position(l)),
            Column::Left(headings::proven(l)),
        ]);
        for feed in &item.feeds {
            table.row([feed.feed.clone(), feed.position.to_string(), feed.text.clone()]);
        }
        line(table.to_string());
    }
    for aside in &item.set_aside {
        let how = names::set_aside(l, if aside.reissued { "reissued" } else { aside.how });
        line(results::set_aside(l, &how, &aside.number, &aside.rule, &aside.detail));
    }
    if let Some(fault) = &item.fault {
        line(names::fault(l, fault));
    }
    text
}
