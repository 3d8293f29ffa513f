//! Payment rails: where electronic refunds go out.
//!
//! What surprises: a rail that accepts an order has not paid. It is asked again, by the refund's number,
//! until it says paid or failed; and the number is what keeps a refund from being paid twice, whoever
//! orders it and however often.

use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use guicang_domain::ids::{RefundNumber, Tender};
use guicang_domain::money::{Amount, Currency};
use guicang_domain::time::Moment;
use guicang_replica::Payment;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

/// An order to pay a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayOrder {
    /// The refund's number: at most one payment, however often it is ordered.
    pub refund: RefundNumber,
    /// By what.
    pub tender: Tender,
    /// How much, in minor units.
    pub amount: Amount,
    /// Of what.
    pub currency: Currency,
    /// The customer's payment that it goes back on, where it is known.
    pub payment: Option<Payment>,
    /// When it is ordered.
    pub ordered: Moment,
}

/// What a rail answers to an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ordered {
    /// It took the order; that isn't payment yet.
    Accepted {
        /// Its reference.
        reference: String,
    },
    /// It takes no order on that payment yet: the same order again, then.
    Later {
        /// From when on.
        at: Moment,
    },
    /// It refuses the order for good.
    Refused {
        /// Why.
        reason: String,
    },
}

/// What a rail knows of a refund's number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RailState {
    /// Nothing: it was never ordered.
    Unknown,
    /// Ordered, not paid yet.
    Pending,
    /// Paid.
    Paid {
        /// Its reference.
        reference: String,
        /// How much.
        amount: Amount,
    },
    /// Failed for good.
    Failed {
        /// Why.
        reason: String,
    },
}

/// The rail was not reached, or its answer is unknown: whether it paid is unknown, too. Ask again.
#[derive(Debug, thiserror::Error)]
#[error("the payment rail gave no answer: {detail}")]
pub struct RailError {
    /// What happened.
    pub detail: String,
}

/// A payment provider.
pub trait PaymentRail {
    /// Orders a refund. The same number again gives the same answer and no second payment.
    ///
    /// # Errors
    /// [`RailError`] when there was no answer; then only [`PaymentRail::query`] tells.
    fn pay(&self, order: &PayOrder) -> Result<Ordered, RailError>;

    /// What became of a refund.
    ///
    /// # Errors
    /// [`RailError`] when there was no answer.
    fn query(&self, refund: &RefundNumber) -> Result<RailState, RailError>;
}

/// A rail that pays nobody, for trials and tests, on an SQLite file of its own, as a provider's books are
/// its own: it survives HQ's crashes.
///
/// An order is pending at first, and paid once it is asked for. It refuses another amount, tender or
/// currency under a number that it has, and amounts of zero or less. On a payment that it is told of it has
/// the limits of a real one (WeChat Pay's): [`REFUND_DAYS`], [`PARTIAL_REFUNDS`], [`REFUND_GAP_MS`], and no
/// more in all than was paid.
pub struct SimulatedRail {
    connection: Mutex<Connection>,
}

/// An order in the simulated rail's books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payout {
    /// The order.
    pub order: PayOrder,
    /// Its reference.
    pub reference: String,
    /// Whether it was paid.
    pub paid: bool,
    /// How often it was ordered; paid at most once all the same.
    pub ordered: u32,
}

/// A payment is paid back on for so many days.
pub const REFUND_DAYS: i64 = 365;

/// A payment is paid back in at most so many parts.
pub const PARTIAL_REFUNDS: i64 = 50;

/// Two refunds on one payment are ordered at least so far apart, ms.
pub const REFUND_GAP_MS: i64 = 60_000;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS payout (
    refund    TEXT PRIMARY KEY,
    tender    TEXT NOT NULL,
    amount    INTEGER NOT NULL,
    currency  TEXT NOT NULL,
    paid      INTEGER NOT NULL DEFAULT 0,
    ordered   INTEGER NOT NULL DEFAULT 1,
    -- The payment that it goes back on, and when it was first ordered, ms.
    payment   TEXT,
    at        INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS payout_payment ON payout (payment) WHERE payment IS NOT NULL;";

impl SimulatedRail {
    /// Opens the rail's books, or begins them.
    ///
    /// # Errors
    /// [`RailError`] when the file can't be used.
    pub fn open(path: &Path) -> Result<Self, RailError> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(Duration::from_secs(10))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.execute_batch(SCHEMA)?;
        Ok(Self { connection: Mutex::new(connection) })
    }

    /// All orders, by refund number.
    ///
    /// # Errors
    /// [`RailError`] when the file can't be read.
    pub fn payouts(&self) -> Result<Vec<Payout>, RailError> {
        self.with(|connection| {
            let sql =
                "SELECT refund, tender, amount, currency, paid, ordered, at FROM payout ORDER BY refund";
            let mut statement = connection.prepare(sql)?;
            let rows = statement.query_map([], |row| {
                let (refund, tender, currency): (String, String, String) =
                    (row.get(0)?, row.get(1)?, row.get(3)?);
                Ok((refund, tender, row.get(2)?, currency, row.get(4)?, (row.get(5)?, row.get(6)?)))
            })?;
            rows.map(|row| {
                let (refund, tender, amount, currency, paid, (ordered, at)) = row?;
                let order = PayOrder {
                    refund: refund.parse().map_err(damaged)?,
                    tender: tender.parse().map_err(damaged)?,
                    amount: Amount(amount),
                    currency: currency.parse().map_err(damaged)?,
                    payment: None,
                    ordered: Moment(at),
                };
                Ok(Payout { reference: reference(&order.refund), order, paid, ordered })
            })
            .collect()
        })
    }

    fn with<T>(&self, f: impl FnOnce(&mut Connection) -> Result<T, RailError>) -> Result<T, RailError> {
        let mut connection = self.connection.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        f(&mut connection)
    }
}

impl PaymentRail for SimulatedRail {
    fn pay(&self, order: &PayOrder) -> Result<Ordered, RailError> {
        let refused = |reason: &str| Ok(Ordered::Refused { reason: reason.into() });
        if order.amount.0 <= 0 {
            return refused("the amount must be above zero");
        }
        self.with(|connection| {
            let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let sql = "SELECT tender, amount, currency FROM payout WHERE refund = ?";
            let held = tx.query_row(sql, [order.refund.as_str()], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, String>(2)?))
            });
            let currency = order.currency.to_string();
            match held.optional()? {
                None => {
                    if let Some(answer) = limit(&tx, order)? {
                        return Ok(answer);
                    }
                    let sql = "INSERT INTO payout (refund, tender, amount, currency, payment, at)
                               VALUES (?, ?, ?, ?, ?, ?)";
                    let (refund, tender) = (order.refund.as_str(), order.tender.as_str());
                    let payment = order.payment.as_ref().map(|p| p.reference.as_str());
                    tx.execute(
                        sql,
                        params![refund, tender, order.amount.0, currency, payment, order.ordered.0],
                    )?;
                }
                Some((tender, amount, of))
                    if tender == order.tender.as_str() && amount == order.amount.0 && of == currency =>
                {
                    let sql = "UPDATE payout SET ordered = ordered + 1 WHERE refund = ?";
                    tx.execute(sql, [order.refund.as_str()])?;
                }
                Some(_) => return refused("another order has this number"),
            }
            tx.commit()?;
            Ok(Ordered::Accepted { reference: reference(&order.refund) })
        })
    }

    fn query(&self, refund: &RefundNumber) -> Result<RailState, RailError> {
        self.with(|connection| {
            let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let sql = "SELECT amount, paid FROM payout WHERE refund = ?";
            let held = tx
                .query_row(sql, [refund.as_str()], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, bool>(1)?)));
            let state = match held.optional()? {
                None => RailState::Unknown,
                Some((amount, _)) => {
                    tx.execute("UPDATE payout SET paid = 1 WHERE refund = ?", [refund.as_str()])?;
                    RailState::Paid { reference: reference(refund), amount: Amount(amount) }
                }
            };
            tx.commit()?;
            Ok(state)
        })
    }
}

/// What a real rail answers to one refund more on a payment; `None`: it takes it.
fn limit(tx: &Connection, order: &PayOrder) -> Result<Option<Ordered>, RailError> {
    let Some(payment) = &order.payment else { return Ok(None) };
    let refused = |reason: String| Ok(Some(Ordered::Refused { reason }));
    let sql = "SELECT count(*), coalesce(sum(amount), 0), max(at) FROM payout WHERE payment = ?";
    let (count, sum, last): (i64, i64, Option<i64>) =
        tx.query_row(sql, [&payment.reference], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    if order.ordered.0 - payment.at.0 > REFUND_DAYS * 86_400_000 {
        return refused(format!("the payment is older than {REFUND_DAYS} days"));
    }
    if count >= PARTIAL_REFUNDS {
        return refused(format!("the payment has had {PARTIAL_REFUNDS} refunds already"));
    }
    if Amount(sum) + order.amount > payment.amount {
        return refused("more than was paid".into());
    }
    let free = last.map(|at| Moment(at).plus_ms(REFUND_GAP_MS));
    Ok(free.filter(|free| order.ordered < *free).map(|at| Ordered::Later { at }))
}

fn reference(refund: &RefundNumber) -> String {
    format!("SIM-{refund}")
}

fn damaged(error: impl std::fmt::Display) -> RailError {
    RailError { detail: format!("the rail's books are damaged: {error}") }
}

impl From<rusqlite::Error> for RailError {
    fn from(error: rusqlite::Error) -> Self {
        Self { detail: error.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(refund: &str, amount: i64) -> PayOrder {
        PayOrder {
            refund: refund.parse().unwrap(),
            tender: "wechat".parse().unwrap(),
            amount: Amount(amount),
            currency: "CNY".parse().unwrap(),
            payment: None,
            ordered: Moment(0),
        }
    }

    /// A payment of 600.00, and a refund of 5.00 on it, so long after it.
    fn on_payment(refund: &str, after_ms: i64) -> PayOrder {
        let payment = Payment { reference: "P1".into(), amount: Amount(60_000), at: Moment(0) };
        PayOrder { payment: Some(payment), ordered: Moment(after_ms), ..order(refund, 500) }
    }

    /// A real rail's limits: a minute apart, fifty parts, a year, and never more than was paid.
    #[test]
    fn a_payment_is_paid_back_within_the_rails_limits() {
        let folder = tempfile::tempdir().unwrap();
        let rail = SimulatedRail::open(&folder.path().join("rail.sqlite")).unwrap();
        let accepted = |answer| matches!(answer, Ordered::Accepted { .. });
        assert!(accepted(rail.pay(&on_payment("R0", 0)).unwrap()));
        let soon = rail.pay(&on_payment("R1", REFUND_GAP_MS - 1)).unwrap();
        assert_eq!(soon, Ordered::Later { at: Moment(REFUND_GAP_MS) });
        assert_eq!(rail.query(&"R1".parse().unwrap()).unwrap(), RailState::Unknown, "not ordered");
        assert!(accepted(rail.pay(&on_payment("R0", 1)).unwrap()), "the same order is no second one");
        for n in 1..PARTIAL_REFUNDS {
            assert!(accepted(rail.pay(&on_payment(&format!("R{n}"), n * REFUND_GAP_MS)).unwrap()), "{n}");
        }
        let reason = |order: &PayOrder| match rail.pay(order).unwrap() {
            Ordered::Refused { reason } => reason,
            other => panic!("{other:?}"),
        };
        assert!(reason(&on_payment("R50", 50 * REFUND_GAP_MS)).contains("50 refunds"));
        let other = |refund: &str, after_ms| {
            let payment = Payment { reference: "P2".into(), amount: Amount(600), at: Moment(0) };
            PayOrder { payment: Some(payment), ..on_payment(refund, after_ms) }
        };
        let year = REFUND_DAYS * 86_400_000;
        assert!(reason(&other("S0", year + 1)).contains("365 days"));
        assert!(accepted(rail.pay(&other("S1", year)).unwrap()));
        assert!(reason(&other("S2", year)).contains("more than was paid"));
    }

    /// However often a number is ordered, and by whom: one payment, of the first amount.
    #[test]
    fn one_number_pays_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rail.sqlite");
        let accepted = Ordered::Accepted { reference: "SIM-R1".into() };
        let rail = SimulatedRail::open(&path).unwrap();
        assert_eq!(rail.query(&order("R1", 500).refund).unwrap(), RailState::Unknown);
        assert_eq!(rail.pay(&order("R1", 500)).unwrap(), accepted);
        assert!(!rail.payouts().unwrap()[0].paid);
        drop(rail);

        let rail = SimulatedRail::open(&path).unwrap();
        assert_eq!(rail.pay(&order("R1", 500)).unwrap(), accepted);
        assert!(matches!(rail.pay(&order("R1", 900)).unwrap(), Ordered::Refused { .. }));
        assert!(matches!(rail.pay(&order("R2", 0)).unwrap(), Ordered::Refused { .. }));
        let paid = RailState::Paid { reference: "SIM-R1".into(), amount: Amount(500) };
        assert_eq!(rail.query(&order("R1", 500).refund).unwrap(), paid);
        let books = rail.payouts().unwrap();
        assert_eq!((books.len(), books[0].paid, books[0].ordered), (1, true, 2));
    }
}
