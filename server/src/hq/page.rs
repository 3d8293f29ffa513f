//! HQ's first page: what the branches reported, what there is, what came back, what to decide.
//!
//! Plain HTML with its style inline, Chinese unless `?lang=en`. What surprises: nothing here is kept
//! between requests; each reads HQ's file anew, so the page is as new as the file.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use guicang_cli::Language;
use guicang_cli::texts::{headings, names, proof};
use guicang_domain::ids::{SiteId, Sku};
use guicang_domain::money::{Amount, Currency};
use guicang_domain::time::{Moment, Occurred, Zone};
use guicang_replica::{ExceptionFilter, Replica, ReturnFilter, StockFilter, StoreError};
use guicang_sync::grant::Role;
use maud::{DOCTYPE, Markup, html};

use crate::relay::{Relay, RelayError};
use guicang_cli::texts::hq as texts;

/// The most rows of stock on the page; the search shows any article.
const STOCK_ROWS: usize = 50;
/// The most returns on the page.
const RETURN_ROWS: u32 = 20;
/// The most exceptions on the page.
const EXCEPTION_ROWS: usize = 50;

const STYLE: &str = "
body{font:15px/1.5 system-ui,'PingFang SC','Microsoft YaHei',sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#1c2321;background:#fbfaf7}
header{display:flex;justify-content:space-between;align-items:baseline;border-bottom:2px solid #2f6f5e;margin-bottom:1rem}
h1{font-size:1.4rem;margin:.3rem 0}h2{font-size:1.1rem;margin:2rem 0 .4rem}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #dfe4de}
th{font-weight:600;color:#4b5a55}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
a{color:#2f6f5e}form{margin:.4rem 0}input{font:inherit;padding:.2rem .4rem}.quiet{color:#6b7773}.warn{color:#a33a2a}
";

/// What the page is made from.
pub struct Page {
    replica: Mutex<Replica>,
    relay: Arc<Relay>,
    now: Arc<dyn Fn() -> Moment + Send + Sync>,
}

#[derive(Debug, thiserror::Error)]
enum PageError {
    #[error(transparent)]
    Replica(#[from] StoreError),
    #[error(transparent)]
    Relay(#[from] RelayError),
}

impl Page {
    /// A page of this replica, which nobody else uses, and of what the relay's devices reported.
    pub fn new(replica: Replica, relay: Arc<Relay>, now: Arc<dyn Fn() -> Moment + Send + Sync>) -> Self {
        Self { replica: Mutex::new(replica), relay, now }
    }
}

/// The page's routes.
pub fn router(page: Arc<Page>) -> Router {
    Router::new().route("/", get(show)).with_state(page)
}

async fn show(State(page): State<Arc<Page>>, RawQuery(query): RawQuery) -> Response {
    let asked = Asked::read(query.as_deref().unwrap_or_default());
    let language = asked.language;
    let made = tokio::task::spawn_blocking(move || page.render(&asked)).await;
    match made {
        Ok(Ok(markup)) => Html(markup.into_string()).into_response(),
        Ok(Err(error)) => failed(language, &error),
        Err(error) => failed(language, &error),
    }
}

fn failed(language: Language, error: &dyn std::fmt::Display) -> Response {
    tracing::error!(%error, "the page failed");
    (StatusCode::INTERNAL_SERVER_ERROR, texts::page_failed(language)).into_response()
}

/// What the address asks for.
struct Asked {
    language: Language,
    sku: Option<Sku>,
    site: Option<SiteId>,
}

impl Asked {
    fn read(query: &str) -> Self {
        let fields: BTreeMap<String, String> = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(key, value)| (decoded(key), decoded(value)))
            .collect();
        let field = |name: &str| fields.get(name).map(String::as_str);
        Self {
            language: if field("lang") == Some("en") { Language::En } else { Language::Zh },
            sku: field("sku").and_then(|text| Sku::of(text).ok()),
            site: field("site").and_then(|text| SiteId::new(text).ok()),
        }
    }
}

/// A form's text: `+` is a space, `%E5%BA%97` three bytes. What isn't UTF-8 then is shown as such.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let hex = after.get(..2).and_then(|h| std::str::from_utf8(h).ok());
        match (first, hex.and_then(|h| u8::from_str_radix(h, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            (b'+', _) => {
                bytes.push(b' ');
                rest = after;
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A site as its devices reported.
#[derive(Default)]
struct Reported {
    devices: usize,
    last_sync: Option<Moment>,
    unsent: u64,
    refunds: BTreeMap<String, (Currency, Amount)>,
}

impl Page {
    fn render(&self, asked: &Asked) -> Result<Markup, PageError> {
        let mut replica = self.replica.lock().unwrap_or_else(PoisonError::into_inner);
        // Another handle may have stored grants since, and who is complete goes by them.
        replica.grants()?;
        let l = asked.language;
        let zone = replica.identity().zone;
        let other = if l == Language::En { "?lang=zh" } else { "?lang=en" };
        Ok(html! {
            (DOCTYPE)
            html lang=(if l == Language::En { "en" } else { "zh-CN" }) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width,initial-scale=1";
                    title { (replica.identity().name) " · " (texts::page_title(l)) }
                    style { (maud::PreEscaped(STYLE)) }
                }
                body {
                    header {
                        h1 { (replica.identity().name) " · " (texts::page_title(l)) }
                        span.quiet {
                            (texts::as_of(l, &local(zone, (self.now)()))) " · "
                            a href=(other) { (texts::other_language(l)) }
                        }
                    }
                    (self.behind(&replica, l)?)
                    (self.sites(&replica, l)?)
                    (exceptions(&replica, l)?)
                    p { (crate::commands::status::exposure_text(l, &replica.exposure()?)) }
                    (returns(&replica, asked)?)
                    (stock(&replica, asked)?)
                }
            }
        })
    }

    /// What the relay has that isn't in the figures yet. It passes in a moment, unless HQ can't follow.
    fn behind(&self, replica: &Replica, l: Language) -> Result<Markup, PageError> {
        let at: u64 = replica.cursors()?.iter().map(|c| c.position).max().unwrap_or(0);
        let missing = self.relay.watch_log().borrow().saturating_sub(at);
        let feeds = replica.feed_status()?;
        let zone = replica.identity().zone;
        Ok(html! {
            @if missing > 0 { p.warn { (texts::behind(l, missing)) } }
            @for feed in &feeds {
                p.quiet .warn[feed.differs.is_some()] { (proof::log(l, &proof::of_feed(l, zone, feed))) }
            }
        })
    }

    fn sites(&self, replica: &Replica, l: Language) -> Result<Markup, PageError> {
        let mut reported: BTreeMap<SiteId, Reported> = BTreeMap::new();
        let visits = self.relay.reports()?;
        for device in self.relay.book()?.devices() {
            let Role::Site(site) = &device.grant.role else { continue };
            let at = reported.entry(site.clone()).or_default();
            at.devices += 1;
            let Some(visit) = visits.get(&device.id) else { continue };
            at.last_sync = at.last_sync.max(Some(visit.last_sync));
            let Some(report) = &visit.report else { continue };
            at.unsent += report.unsent_changes;
            for (currency, amount) in &report.unsent_refunds {
                let sum = at.refunds.entry(currency.to_string()).or_insert((*currency, Amount(0)));
                sum.1 = Amount(sum.1.0.saturating_add(amount.0));
            }
        }
        let complete: BTreeMap<SiteId, Moment> = replica
            .totals()?
            .into_iter()
            .filter_map(|total| Some((total.site?, total.complete_to?)))
            .collect();
        let zone = replica.identity().zone;
        let sites = replica.sites()?;
        let time = |moment: Option<Moment>| moment.map_or_else(|| texts::never(l), |m| local(zone, m));
        Ok(html! {
            h2 { (texts::sites_section(l)) }
            @if sites.is_empty() { p.quiet { (texts::none(l)) } }
            @else {
                table {
                    tr {
                        th { (headings::site(l)) } th { (texts::name(l)) } th.n { (texts::devices(l)) }
                        th { (texts::last_sync(l)) } th { (headings::complete_to(l)) }
                        th.n { (texts::unsent(l)) } th.n { (texts::unsent_refunds(l)) }
                    }
                    @for site in &sites {
                        @let at = reported.remove(&site.code).unwrap_or_default();
                        tr {
                            td { (site.code) } td { (site.name) } td.n { (at.devices) }
                            td { (time(at.last_sync)) }
                            td { (time(complete.get(&site.code).copied())) }
                            td.n .warn[at.unsent > 0] { (at.unsent) }
                            td.n {
                                @for (currency, amount) in at.refunds.values() {
                                    (currency.format(*amount)) " " (currency) " "
                                }
                            }
                        }
                    }
                }
            }
        })
    }
}

fn exceptions(replica: &Replica, l: Language) -> Result<Markup, PageError> {
    let of = |historic| ExceptionFilter { historic: Some(historic), open_only: true, kind: None };
    let open = replica.exceptions(&of(false))?;
    let historic = replica.exceptions(&of(true))?.len();
    Ok(html! {
        h2 { (texts::exceptions_section(l)) " (" (open.len()) ")" }
        @if open.is_empty() { p.quiet { (texts::none(l)) } }
        @else {
            table {
                tr {
                    th { (headings::exception(l)) } th { (headings::kind(l)) } th { (headings::sites(l)) }
                    th.n { (headings::loss(l)) } th { (headings::owner(l)) }
                }
                @for exception in open.iter().take(EXCEPTION_ROWS) {
                    tr {
                        td { (exception.id) }
                        td { (names::exception(l, &exception.kind.to_string())) }
                        td { @for site in &exception.sites { (site) " " } }
                        td.n { (exception.currency.format(exception.loss)) " " (exception.currency) }
                        td { @if let Some(owner) = &exception.owner { (names::owner(l, &owner.to_string())) } }
                    }
                }
            }
            (left_out(l, open.len(), EXCEPTION_ROWS))
        }
        @if historic > 0 { p.quiet { (texts::historic_count(l, historic)) } }
    })
}

fn returns(replica: &Replica, asked: &Asked) -> Result<Markup, PageError> {
    let l = asked.language;
    let filter =
        ReturnFilter { site: asked.site.clone(), state: None, historic: false, limit: Some(RETURN_ROWS) };
    let rows = replica.returns(&filter)?;
    Ok(html! {
        h2 { (texts::returns_section(l)) }
        @if rows.is_empty() { p.quiet { (texts::none(l)) } }
        @else {
            table {
                tr {
                    th { (headings::number(l)) } th { (headings::site(l)) } th { (headings::occurred(l)) }
                    th { (headings::goods(l)) } th { (headings::state(l)) } th.n { (headings::entitled(l)) }
                    th.n { (headings::queued(l)) } th.n { (headings::paid(l)) }
                }
                @for row in &rows {
                    tr {
                        td { (row.number) } td { (row.site) }
                        td { (local(row.occurred.zone, row.occurred.at)) }
                        td { @for line in &row.lines { (line.sku) " × " (line.quantity) " " } }
                        td { @for state in &row.states { (names::state(l, state)) " " } }
                        td.n { (row.currency.format(row.entitled)) }
                        td.n { (row.currency.format(row.queued)) }
                        td.n { (row.currency.format(row.paid)) " " (row.currency) }
                    }
                }
            }
        }
    })
}

fn stock(replica: &Replica, asked: &Asked) -> Result<Markup, PageError> {
    let l = asked.language;
    let rows = replica.stock(&StockFilter {
        site: asked.site.clone(),
        sku: asked.sku.clone(),
        limit: Some(STOCK_ROWS + 1),
    })?;
    let sku = asked.sku.as_ref().map(Sku::as_str).unwrap_or_default();
    let site = asked.site.as_ref().map(SiteId::as_str).unwrap_or_default();
    Ok(html! {
        h2 { (texts::stock_section(l)) }
        form {
            @if l == Language::En { input type="hidden" name="lang" value="en"; }
            input name="sku" value=(sku) placeholder=(headings::sku(l)) aria-label=(headings::sku(l)); " "
            input name="site" value=(site) placeholder=(headings::site(l)) aria-label=(headings::site(l)); " "
            button { (texts::search(l)) }
        }
        @if rows.is_empty() { p.quiet { (texts::none(l)) } }
        @else {
            table {
                tr {
                    th { (headings::site(l)) } th { (headings::sku(l)) } th { (headings::lot(l)) }
                    th.n { (headings::on_hand(l)) } th.n { (headings::available(l)) }
                    th { (headings::accounts(l)) }
                }
                @for row in rows.iter().take(STOCK_ROWS) {
                    tr {
                        td { (row.site) } td { (row.sku) }
                        td { @if let Some(lot) = &row.lot { (lot) } }
                        td.n .quiet[row.uncounted] { (row.on_hand) }
                        td.n .quiet[row.uncounted] { (row.available) }
                        td { @for (account, quantity) in &row.accounts {
                            (names::account(l, &account.to_string())) " " (quantity) " "
                        } }
                    }
                }
            }
            @if rows.len() > STOCK_ROWS { p.quiet { (texts::first_rows(l, STOCK_ROWS)) } }
        }
    })
}

fn left_out(l: Language, all: usize, shown: usize) -> Markup {
    html! { @if all > shown { p.quiet { (texts::shown_of(l, shown, all)) } } }
}

fn local(zone: Zone, at: Moment) -> String {
    guicang_cli::format::minute(&Occurred { at, zone }.to_rfc3339())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_in_any_script_is_read() {
        let asked = Asked::read("lang=en&sku=85123a&site=%E5%8D%97%E4%BA%AC+1");
        assert_eq!(asked.language, Language::En);
        assert_eq!(asked.sku.unwrap().as_str(), "85123A");
        assert_eq!(asked.site.unwrap().as_str(), "南京 1");
        let broken = Asked::read("sku=%&site=%zz&&=");
        assert_eq!(broken.sku.unwrap().as_str(), "%");
    }
}
