//! Sales: receipts as the till closed them, in batches that are written once and never edited.
//!
//! What surprises: a batch's body is one CBOR value, not Automerge maps (a real file's import took
//! twice the time as maps), and its encoding here is final: fields are only added at the end of an
//! array. The same row may come in several batches, from several devices; it counts once, by its
//! receipt and line ([`crate::ids::ReceiptLineId`]).

use minicbor::{Decode, Encode};

use crate::document::Head;
use crate::event::Event;
use crate::ids::{
    CustomerId, EventId, Lot, ReceiptId, ReceiptLineId, ReceiptNumber, SiteId, Sku, Tender, TillId, UserName,
};
use crate::money::{Amount, Currency, UnitPrice};
use crate::quantity::Quantity;
use crate::time::{Day, Moment, Zone};

/// A batch's body may grow to this many bytes; a larger receipt stands alone.
pub const BATCH_BYTES: usize = 48 * 1024;

/// A `sale_batch` document, as read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sales {
    /// Identity, site, number, versions.
    pub head: Head,
    /// The receipts.
    pub batch: SaleBatch,
    /// What happened to the batch, in order of rank.
    pub events: Vec<Event<SaleEvent>>,
}

/// What can happen to a batch of sales.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SaleEvent {
    /// The till closed the receipts.
    Recorded,
    /// Brought in with history.
    Imported,
    /// An earlier event is taken back (红字冲销); both stay.
    Reversed {
        /// Which.
        event: EventId,
    },
    /// Something that a newer program recorded; kept, not folded.
    Unknown {
        /// Its name.
        kind: String,
    },
}

impl Sales {
    /// The event by which its rows count; `None` when there is none, or it was taken back.
    pub fn recorded(&self) -> Option<&Event<SaleEvent>> {
        let reversed = |id: &EventId| {
            self.events.iter().any(|e| matches!(&e.body, SaleEvent::Reversed { event } if event == id))
        };
        self.events
            .iter()
            .filter(|e| matches!(e.body, SaleEvent::Recorded | SaleEvent::Imported))
            .find(|e| !reversed(&e.id))
    }
}

/// The body of a `sale_batch` document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaleBatch {
    /// The selling site.
    pub site: SiteId,
    /// The zone of the tills' clocks.
    pub zone: Zone,
    /// The currency of every amount in it.
    pub currency: Currency,
    /// Whether it was brought in long after (raises no clock exception; its exceptions are historic).
    pub historic: bool,
    /// The receipts, in the order they came.
    pub receipts: Vec<Receipt>,
}

/// A receipt. Its site is the batch's.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Receipt {
    /// The till; none where nobody knows of tills.
    #[n(0)]
    pub till: Option<TillId>,
    /// The number on the paper.
    #[n(1)]
    pub number: ReceiptNumber,
    /// When it was closed.
    #[n(2)]
    pub occurred: Moment,
    /// The member's number.
    #[n(3)]
    pub customer: Option<CustomerId>,
    /// What was sold, in the order of the paper.
    #[n(4)]
    pub lines: Vec<SaleLine>,
    /// What was paid by which means; empty when nobody recorded it.
    #[n(5)]
    pub tenders: Vec<PaidBy>,
    /// The tax invoice's number.
    #[n(6)]
    pub invoice: Option<String>,
    /// Who sat at the till.
    #[n(7)]
    pub cashier: Option<UserName>,
}

/// A receipt's line.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct SaleLine {
    /// Which row of the receipt it is.
    #[n(0)]
    pub line: ReceiptLineId,
    /// The article.
    #[n(1)]
    pub sku: Sku,
    /// The article's code as the till wrote it, where it differs from `sku`.
    #[n(2)]
    pub written: Option<String>,
    /// The name on the paper.
    #[n(3)]
    pub name: Option<String>,
    /// Above zero.
    #[n(4)]
    pub quantity: Quantity,
    /// What the customer paid for the line, taxes in, after every discount.
    #[n(5)]
    pub paid: Amount,
    /// The list price of one.
    #[n(6)]
    pub list_price: Option<UnitPrice>,
    /// A service (carriage, a fee, a voucher): on the receipt, never in stock.
    #[n(7)]
    pub service: Option<bool>,
    /// The cost of one when it left.
    #[n(8)]
    pub cost: Option<UnitPrice>,
    /// The tax rate in basis points; prices include it.
    #[n(9)]
    pub tax_rate: Option<u32>,
    /// The tax code (税收分类编码).
    #[n(10)]
    pub tax_code: Option<String>,
    /// The lot.
    #[n(11)]
    pub lot: Option<Lot>,
    /// Serial numbers.
    #[n(12)]
    pub serials: Option<Vec<String>>,
    /// Lines of one group belong together (a gift with its purchase, a bundle).
    #[n(13)]
    pub group: Option<u32>,
    /// The specification on the paper (规格).
    #[n(14)]
    pub spec: Option<String>,
    /// The last day on which it is good (有效期).
    #[n(15)]
    pub expiry: Option<Day>,
}

impl SaleLine {
    /// A line with what every till knows; the rest absent.
    pub fn new(line: ReceiptLineId, sku: Sku, quantity: Quantity, paid: Amount) -> Self {
        Self {
            line,
            sku,
            quantity,
            paid,
            written: None,
            name: None,
            list_price: None,
            service: None,
            cost: None,
            tax_rate: None,
            tax_code: None,
            lot: None,
            serials: None,
            group: None,
            spec: None,
            expiry: None,
        }
    }

    /// Whether it is a service, and so never in stock.
    pub fn is_service(&self) -> bool {
        self.service == Some(true)
    }

    /// The code as the till wrote it.
    pub fn code(&self) -> &str {
        self.written.as_deref().unwrap_or(self.sku.as_str())
    }
}

/// An amount paid by one means.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct PaidBy {
    /// The means.
    #[n(0)]
    pub tender: Tender,
    /// How much.
    #[n(1)]
    pub amount: Amount,
    /// The payment provider's reference.
    #[n(2)]
    pub reference: Option<String>,
}

/// The body as it is encoded: an array, version first.
#[derive(Encode, Decode)]
#[cbor(array)]
struct Body {
    #[n(0)]
    version: u8,
    #[n(1)]
    zone: String,
    #[n(2)]
    currency: Currency,
    #[n(3)]
    receipts: Vec<Receipt>,
    #[n(4)]
    historic: Option<bool>,
}

/// Why a batch's body can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// It isn't the CBOR of a body.
    #[error("the batch's body can't be decoded: {0}")]
    Malformed(String),
    /// A line's quantity or amount is out of range.
    #[error("receipt line {line} of the batch has a quantity or an amount out of range")]
    Range {
        /// The line.
        line: String,
    },
    /// A newer version wrote it.
    #[error("the batch's body has version {found}; this program reads version {reads}")]
    Newer {
        /// The body's version.
        found: u8,
        /// The newest that this program reads.
        reads: u8,
    },
}

const BODY_VERSION: u8 = 1;

impl SaleBatch {
    /// The body's bytes.
    pub fn body(&self) -> Vec<u8> {
        let body = Body {
            version: BODY_VERSION,
            zone: self.zone.to_string(),
            currency: self.currency,
            receipts: self.receipts.clone(),
            historic: self.historic.then_some(true),
        };
        minicbor::to_vec(body).expect("writing to memory")
    }

    /// The batch of a site's body.
    ///
    /// # Errors
    /// [`BodyError`] when it isn't one, or a newer program wrote it.
    pub fn from_body(site: SiteId, bytes: &[u8]) -> Result<Self, BodyError> {
        let malformed = |e: &dyn std::fmt::Display| BodyError::Malformed(e.to_string());
        let mut decoder = minicbor::Decoder::new(bytes);
        let version = decoder.array().and_then(|_| decoder.u8()).map_err(|e| malformed(&e))?;
        if version > BODY_VERSION {
            return Err(BodyError::Newer { found: version, reads: BODY_VERSION });
        }
        let body: Body = minicbor::decode(bytes).map_err(|e| malformed(&e))?;
        for line in body.receipts.iter().flat_map(|r| &r.lines) {
            let quantity = Quantity(1)..=Quantity::LIMIT;
            let paid = -Amount::LIMIT..=Amount::LIMIT;
            if !quantity.contains(&line.quantity) || !paid.contains(&line.paid) {
                return Err(BodyError::Range { line: line.line.to_string() });
            }
        }
        Ok(Self {
            site,
            zone: body.zone.parse().map_err(|e| malformed(&e))?,
            currency: body.currency,
            historic: body.historic == Some(true),
            receipts: body.receipts,
        })
    }

    /// The receipt's identity.
    pub fn receipt_id(&self, receipt: &Receipt) -> ReceiptId {
        ReceiptId { site: self.site.clone(), till: receipt.till.clone(), number: receipt.number.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch() -> SaleBatch {
        let mut line = SaleLine::new(
            ReceiptLineId::of_number(1),
            "85123A".parse().unwrap(),
            Quantity::units(6),
            Amount(1530),
        );
        line.name = Some("挂心烛台".into());
        SaleBatch {
            site: "S01".parse().unwrap(),
            zone: Zone::SHANGHAI,
            currency: Currency::CNY,
            historic: false,
            receipts: vec![Receipt {
                till: Some("1".parse().unwrap()),
                number: "536365".parse().unwrap(),
                occurred: Moment(1_291_191_960_000),
                customer: Some("17850".parse().unwrap()),
                lines: vec![line],
                tenders: vec![PaidBy { tender: Tender::cash(), amount: Amount(1530), reference: None }],
                invoice: None,
                cashier: None,
            }],
        }
    }

    /// These bytes lie in documents for ever.
    #[test]
    fn the_body_is_pinned_and_reads_back() {
        let body = batch().body();
        let hex: String = body.iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(
            hex,
            "84016d417369612f5368616e6768616963434e5981866131663533363336351b0000012ca109c1c06531373835308186613166383531323341f66ce68c82e5bf83e7839be58fb01917701905fa818264636173681905fa"
        );
        assert_eq!(SaleBatch::from_body("S01".parse().unwrap(), &body).unwrap(), batch());
    }

    #[test]
    fn a_newer_body_says_so_and_a_broken_one_too() {
        let site: SiteId = "S01".parse().unwrap();
        let newer = SaleBatch::from_body(site.clone(), &[0x81, 0x09]);
        assert_eq!(newer, Err(BodyError::Newer { found: 9, reads: 1 }));
        for cut in 0..batch().body().len() {
            let part = batch().body()[..cut].to_vec();
            assert!(SaleBatch::from_body(site.clone(), &part).is_err(), "{cut} bytes");
        }
    }
}
