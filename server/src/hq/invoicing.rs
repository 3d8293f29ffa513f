//! The service that makes out red invoices, and HQ's run through what waits for it.
//!
//! ```text
//!   request (an event, on the relay) -> the service takes it: 10 -> 01, or 02 .. 04 once the buyer agrees
//!                                    -> issue -> issued (an event; pins)    or 05 .. 09, refused: over
//! ```
//!
//! What surprises: HQ is the one issuer, and yet nothing here is remembered but events. The request's
//! number follows from its document, so a run that was cut off asks by that number what became of it,
//! and the service makes out one red invoice for it however often it is asked.

use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use guicang_domain::ids::UserName;
use guicang_domain::invoice::{CONFIRM_HOURS, Confirmation, RedEvent, RedInvoice, RedLine, RedState};
use guicang_domain::money::{Amount, Currency};
use guicang_domain::time::Moment;
use guicang_replica::{By, Replica};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::follow::settle;
use super::payout::{PayoutError, take_lease};
use crate::relay::lease::Holder;
use crate::relay::link::LocalLink;

/// What the service is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedRequest {
    /// The request's number: one red invoice, however often it is asked.
    pub number: String,
    /// The blue invoice.
    pub blue: String,
    /// What it takes back; positive, though the paper shows it negative.
    pub lines: Vec<RedLine>,
    /// What the lines come to, tax included.
    pub amount: Amount,
    /// The tax in it.
    pub tax: Amount,
    /// The currency.
    pub currency: Currency,
}

impl RedRequest {
    /// What a document asks for.
    pub fn of(document: &RedInvoice) -> Self {
        let (amount, tax) = document.total();
        Self {
            number: document.request_number(),
            blue: document.blue.clone(),
            lines: document.lines.values().cloned().collect(),
            amount,
            tax,
            currency: document.currency,
        }
    }
}

/// What the service says of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// How far its confirmation is.
    Confirmation {
        /// How far.
        state: Confirmation,
        /// The confirmation's number.
        number: Option<String>,
    },
    /// The red invoice is out.
    Issued {
        /// Its number.
        number: String,
    },
    /// It refuses the request for good.
    Refused {
        /// Why.
        reason: String,
    },
}

/// The service was not reached, or its answer is unknown. Ask again.
#[derive(Debug, thiserror::Error)]
#[error("the invoicing service gave no answer: {detail}")]
pub struct ServiceError {
    /// What happened.
    pub detail: String,
}

/// A service that makes out red invoices.
pub trait InvoiceService {
    /// Takes a request. The same number again gives the same answer.
    ///
    /// # Errors
    /// [`ServiceError`] when there was no answer; then only [`InvoiceService::query`] tells.
    fn apply(&self, request: &RedRequest, now: Moment) -> Result<Said, ServiceError>;

    /// What became of a request; `None` when the service never had it.
    ///
    /// # Errors
    /// [`ServiceError`] when there was no answer.
    fn query(&self, number: &str, now: Moment) -> Result<Option<Said>, ServiceError>;

    /// Makes out the red invoice of a request that is confirmed, or needs no confirmation. Again: the
    /// same one.
    ///
    /// # Errors
    /// [`ServiceError`] when there was no answer.
    fn issue(&self, number: &str, now: Moment) -> Result<Said, ServiceError>;
}

/// A service that makes out nothing for anybody, for trials and tests, on an SQLite file of its own.
///
/// A request is being looked at (10) until it is asked for; then it needs no confirmation (01), unless
/// the buyer has deducted the blue invoice's tax: then the buyer has to confirm (02) within 72 hours.
pub struct SimulatedInvoices {
    connection: Mutex<Connection>,
}

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS request (
    number   TEXT PRIMARY KEY,
    blue     TEXT NOT NULL,
    amount   INTEGER NOT NULL,
    tax      INTEGER NOT NULL,
    currency TEXT NOT NULL,
    applied  INTEGER NOT NULL,
    state    TEXT NOT NULL DEFAULT '10',
    issued   TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS deducted (blue TEXT PRIMARY KEY) STRICT;";

impl SimulatedInvoices {
    /// Opens the service's books, or begins them.
    ///
    /// # Errors
    /// [`ServiceError`] when the file can't be used.
    pub fn open(path: &Path) -> Result<Self, ServiceError> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(Duration::from_secs(10))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.execute_batch(SCHEMA)?;
        Ok(Self { connection: Mutex::new(connection) })
    }

    /// The buyer deducts a blue invoice's tax: its red ones need the buyer's word from now on.
    ///
    /// # Errors
    /// [`ServiceError`] when the file can't be written.
    pub fn deduct(&self, blue: &str) -> Result<(), ServiceError> {
        self.with(|c| Ok(c.execute("INSERT OR IGNORE INTO deducted (blue) VALUES (?)", [blue]).map(drop)?))
    }

    /// The buyer says yes, or no, to every request on a blue invoice that waits for it.
    ///
    /// # Errors
    /// [`ServiceError`] when the file can't be written.
    pub fn answer(&self, blue: &str, yes: bool) -> Result<(), ServiceError> {
        let state = if yes { Confirmation::Confirmed } else { Confirmation::DeniedByBuyer };
        self.with(|c| {
            let sql = "UPDATE request SET state = ?1 WHERE blue = ?2 AND state = '02'";
            Ok(c.execute(sql, params![state.as_str(), blue]).map(drop)?)
        })
    }

    /// What all red invoices that are out come to: how many, amount, tax.
    ///
    /// # Errors
    /// [`ServiceError`] when the file can't be read.
    pub fn issued(&self) -> Result<(u64, Amount, Amount), ServiceError> {
        self.with(|c| {
            let sql = "SELECT count(*), coalesce(sum(amount), 0), coalesce(sum(tax), 0) FROM request WHERE issued IS NOT NULL";
            Ok(c.query_row(sql, [], |r| Ok((r.get(0)?, Amount(r.get(1)?), Amount(r.get(2)?))))?)
        })
    }

    fn with<T>(&self, f: impl FnOnce(&mut Connection) -> Result<T, ServiceError>) -> Result<T, ServiceError> {
        let mut connection = self.connection.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        f(&mut connection)
    }
}

/// A request in the simulated service's books, as it stands by `now`.
fn standing(tx: &rusqlite::Transaction<'_>, number: &str, now: Moment) -> Result<Option<Said>, ServiceError> {
    let sql =
        "SELECT state, applied, issued, blue IN (SELECT blue FROM deducted) FROM request WHERE number = ?";
    let held = tx.query_row(sql, [number], |r| {
        Ok((
            r.get::<_, String>(0)?,
            r.get::<_, i64>(1)?,
            r.get::<_, Option<String>>(2)?,
            r.get::<_, bool>(3)?,
        ))
    });
    let Some((state, applied, issued, deducted)) = held.optional()? else { return Ok(None) };
    if let Some(number) = issued {
        return Ok(Some(Said::Issued { number }));
    }
    let before: Confirmation = state.parse().map_err(damaged)?;
    let expired = now.0 - applied > CONFIRM_HOURS * 3_600_000;
    let state = match before {
        Confirmation::Applying if deducted => Confirmation::AwaitsBuyer,
        Confirmation::Applying => Confirmation::NotNeeded,
        other => other,
    };
    let state = if state == Confirmation::AwaitsBuyer && expired { Confirmation::Expired } else { state };
    if state != before {
        tx.execute("UPDATE request SET state = ?1 WHERE number = ?2", params![state.as_str(), number])?;
    }
    Ok(Some(Said::Confirmation { state, number: Some(confirmation(number)) }))
}

impl InvoiceService for SimulatedInvoices {
    fn apply(&self, request: &RedRequest, now: Moment) -> Result<Said, ServiceError> {
        if request.amount <= Amount::ZERO {
            return Ok(Said::Refused { reason: "the amount must be above zero".into() });
        }
        self.with(|connection| {
            let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let sql = "SELECT blue = ?2 AND amount = ?3 AND tax = ?4 AND currency = ?5 FROM request WHERE number = ?1";
            let currency = request.currency.to_string();
            let content = params![request.number, request.blue, request.amount.0, request.tax.0, currency];
            let same: Option<bool> = tx.query_row(sql, content, |r| r.get(0)).optional()?;
            let said = match same {
                Some(false) => Said::Refused { reason: "another request has this number".into() },
                Some(true) => standing(&tx, &request.number, now)?.ok_or_else(|| damaged("a request"))?,
                None => {
                    tx.execute(
                        "INSERT INTO request (number, blue, amount, tax, currency, applied) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                        params![request.number, request.blue, request.amount.0, request.tax.0, currency, now.0],
                    )?;
                    Said::Confirmation { state: Confirmation::Applying, number: None }
                }
            };
            tx.commit()?;
            Ok(said)
        })
    }

    fn query(&self, number: &str, now: Moment) -> Result<Option<Said>, ServiceError> {
        self.with(|connection| {
            let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let said = standing(&tx, number, now)?;
            tx.commit()?;
            Ok(said)
        })
    }

    fn issue(&self, number: &str, now: Moment) -> Result<Said, ServiceError> {
        self.with(|connection| {
            let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let said = match standing(&tx, number, now)? {
                None => Said::Refused { reason: "no such request".into() },
                Some(Said::Confirmation { state, .. }) if state.may_issue() => {
                    let red = format!("SIM-{number}");
                    tx.execute("UPDATE request SET issued = ?1 WHERE number = ?2", params![red, number])?;
                    Said::Issued { number: red }
                }
                Some(other) => other,
            };
            tx.commit()?;
            Ok(said)
        })
    }
}

fn confirmation(number: &str) -> String {
    format!("SIMC-{number}")
}

fn damaged(what: impl std::fmt::Display) -> ServiceError {
    ServiceError { detail: format!("the service's books are damaged: {what}") }
}

impl From<rusqlite::Error> for ServiceError {
    fn from(error: rusqlite::Error) -> Self {
        Self { detail: error.to_string() }
    }
}

/// What a run did: red invoices by number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RedRun {
    /// Newly asked for.
    pub requested: Vec<String>,
    /// Out now.
    pub issued: Vec<String>,
    /// Still waiting at the service.
    pub waiting: Vec<String>,
    /// Confirmed, but no longer valid as asked for: nobody issues them until somebody looks.
    pub held: Vec<String>,
    /// Over: denied, expired, refused, dropped.
    pub over: Vec<String>,
    /// The service gave no answer; with what it said.
    pub unanswered: Vec<(String, String)>,
    /// Not asked for, since the sale line says no tax rate: (return, receipt, line).
    pub tax_unknown: Vec<(String, String, String)>,
}

/// Asks for all red invoices that are due, and takes each as far as it goes.
///
/// # Errors
/// [`PayoutError`], its `Held` too: the same lease keeps two processes from running at once. What was done
/// before stands.
pub fn run(
    replica: &mut Replica,
    link: &LocalLink,
    service: &dyn InvoiceService,
    holder: Holder,
    now: &dyn Fn() -> Moment,
) -> Result<RedRun, PayoutError> {
    settle(replica, link, now)?;
    take_lease(link, holder, now)?;
    let by = By::user(UserName::new("HQ").expect("a name of ours"));
    let asked = replica.request_red(&by, None)?;
    // On the relay before the service hears of it, so that it isn't asked for anew after a loss.
    settle(replica, link, now)?;
    let mut run = RedRun {
        requested: asked.made.iter().map(ToString::to_string).collect(),
        tax_unknown: asked.tax_unknown,
        ..RedRun::default()
    };
    for pending in replica.red_pending().map_err(guicang_replica::CommandError::from)? {
        take_lease(link, holder, now)?;
        let number = pending.invoice.head.number.to_string();
        match advance(replica, service, &pending.invoice, pending.state, now)? {
            Advanced::Issued => run.issued.push(number),
            Advanced::Waiting => run.waiting.push(number),
            Advanced::Held => run.held.push(number),
            Advanced::Over => run.over.push(number),
            Advanced::Unanswered(detail) => run.unanswered.push((number, detail)),
        }
    }
    settle(replica, link, now)?;
    link.relay().release_lease(holder, now())?;
    Ok(run)
}

enum Advanced {
    Issued,
    Waiting,
    Held,
    Over,
    Unanswered(String),
}

/// Takes one red invoice as far as it goes: asked for, confirmed, issued.
fn advance(
    replica: &mut Replica,
    service: &dyn InvoiceService,
    document: &RedInvoice,
    mut state: RedState,
    now: &dyn Fn() -> Moment,
) -> Result<Advanced, PayoutError> {
    let id = document.head.id;
    let request = RedRequest::of(document);
    // Three answers at most lead from the request to the paper.
    for _ in 0..4 {
        let fits = replica.red_fits(id)?;
        let said = match &state {
            RedState::Queued if !fits => {
                // The service may have it from a run that was cut off: then it is no longer ours to drop.
                match service.query(&request.number, now()) {
                    Ok(None) => {
                        replica.red_event(id, RedEvent::Dropped { reason: "not_valid".into() })?;
                        return Ok(Advanced::Over);
                    }
                    Ok(Some(said)) => Ok(said),
                    Err(e) => Err(e),
                }
            }
            RedState::Queued => service.apply(&request, now()),
            RedState::Waiting { state, .. } if state.may_issue() && !fits => return Ok(Advanced::Held),
            RedState::Waiting { state, .. } if state.may_issue() => service.issue(&request.number, now()),
            RedState::Waiting { .. } => service.query(&request.number, now()).map(|said| {
                said.unwrap_or(Said::Refused { reason: "the service doesn't know the request".into() })
            }),
            RedState::Issued { .. } => return Ok(Advanced::Issued),
            RedState::Over { .. } => return Ok(Advanced::Over),
        };
        let said = match said {
            Ok(said) => said,
            Err(error) => return Ok(Advanced::Unanswered(error.detail)),
        };
        match said {
            Said::Issued { number } => {
                replica.red_event(id, RedEvent::Issued { number })?;
                return Ok(Advanced::Issued);
            }
            Said::Refused { reason } => {
                replica.red_event(id, RedEvent::Refused { reason })?;
                return Ok(Advanced::Over);
            }
            Said::Confirmation { state: heard, number } => {
                // Heard before: nothing new to record, and nothing more to do until it changes.
                if matches!(&state, RedState::Waiting { state, .. } if *state == heard) {
                    return Ok(Advanced::Waiting);
                }
                replica.red_event(id, RedEvent::Confirmation { state: heard, number })?;
                if heard.is_over() {
                    return Ok(Advanced::Over);
                }
                state = RedState::Waiting { state: heard, since: now() };
            }
        }
    }
    Ok(Advanced::Waiting)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(number: &str, blue: &str, amount: i64) -> RedRequest {
        RedRequest {
            number: number.into(),
            blue: blue.into(),
            lines: Vec::new(),
            amount: Amount(amount),
            tax: Amount(amount / 10),
            currency: Currency::CNY,
        }
    }

    fn state(said: Said) -> &'static str {
        match said {
            Said::Confirmation { state, .. } => state.as_str(),
            Said::Issued { .. } => "issued",
            Said::Refused { .. } => "refused",
        }
    }

    /// One number, one red invoice; nothing is issued before it may be; and a buyer who says nothing for
    /// 72 hours has said no.
    #[test]
    fn one_request_makes_one_red_invoice() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("invoices.sqlite");
        let service = SimulatedInvoices::open(&path).unwrap();
        let (noon, hour) = (Moment(1_795_413_600_000), 3_600_000);
        assert_eq!(service.query("N1", noon).unwrap(), None);
        assert_eq!(state(service.apply(&request("N1", "B1", 10_000), noon).unwrap()), "10");
        assert_eq!(state(service.apply(&request("N1", "B1", 20_000), noon).unwrap()), "refused");
        assert_eq!(state(service.apply(&request("N0", "B1", 0), noon).unwrap()), "refused");
        assert_eq!(state(service.query("N1", noon).unwrap().unwrap()), "01");
        let out = service.issue("N1", noon).unwrap();
        assert_eq!(state(out.clone()), "issued");
        drop(service);

        let service = SimulatedInvoices::open(&path).unwrap();
        assert_eq!(service.issue("N1", noon).unwrap(), out);
        assert_eq!(service.apply(&request("N1", "B1", 10_000), noon).unwrap(), out);
        assert_eq!(service.issued().unwrap(), (1, Amount(10_000), Amount(1000)));

        service.deduct("B2").unwrap();
        for number in ["N2", "N3", "N4"] {
            service.apply(&request(number, "B2", 500), noon).unwrap();
        }
        assert_eq!(state(service.query("N2", noon).unwrap().unwrap()), "02");
        assert_eq!(state(service.issue("N2", noon).unwrap()), "02", "nobody has confirmed it");
        service.answer("B2", true).unwrap();
        assert_eq!(state(service.issue("N2", noon).unwrap()), "issued");
        assert_eq!(state(service.query("N3", noon.plus_ms(72 * hour)).unwrap().unwrap()), "02");
        assert_eq!(state(service.query("N3", noon.plus_ms(72 * hour + 1)).unwrap().unwrap()), "07");
        assert_eq!(state(service.query("N4", noon).unwrap().unwrap()), "02");
        service.answer("B2", false).unwrap();
        assert_eq!(state(service.issue("N4", noon).unwrap()), "05");
    }
}
