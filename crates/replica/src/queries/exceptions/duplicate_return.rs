//! Returns that look like a second entry of another: two devices of one site took as much of one receipt's
//! line in, and neither had seen the other's.
//!
//! What surprises: nothing is voided by itself. Two units may really have come back, so both stand until HQ
//! decides; one exception a return, the later of the two. Where there is an over-return of the line it
//! absorbs this, and says which claims look alike.

use std::collections::{BTreeMap, BTreeSet};

use guicang_domain::exception::{ClaimSeen, Evidence, Exception, ExceptionId, ExceptionKind, Twin};
use guicang_domain::ids::{DocumentId, ReceiptId, ReceiptLineId, SiteId};
use guicang_domain::money::{Amount, Currency};
use guicang_domain::quantity::Quantity;
use rusqlite::Row;

use super::{Scope, identity};
use crate::error::StoreError;
use crate::project::rank_of;
use crate::queries::{name, receipt_id};

/// Two claims on a line that look like one.
pub(super) struct Alike {
    /// The receipt's row, for those who hold it.
    receipt: i64,
    id: ReceiptId,
    line: ReceiptLineId,
    sold: Quantity,
    pub(super) first: ClaimSeen,
    second: ClaimSeen,
    /// Of the second return: what it paid out, or counts as paid, beyond what it is owed.
    over: Amount,
    currency: Currency,
    /// Whether an over-return of the line absorbs it.
    absorbed: bool,
}

impl Alike {
    /// Whether it is a return's claim on a line that comes second.
    pub(super) fn is_of(&self, receipt: i64, line: &str, document: DocumentId) -> bool {
        self.receipt == receipt && self.line.as_str() == line && self.second.document == document
    }
}

/// A marked claim.
struct Marked {
    receipt: i64,
    id: ReceiptId,
    line: ReceiptLineId,
    sold: Quantity,
    quantity: i64,
    site: SiteId,
    device: String,
    /// The newest relay time that its device knew.
    seen: i64,
    /// When the relay first heard of the return; none while it hasn't, as far as is known here.
    stamped: Option<i64>,
    is_voided: bool,
    over: Amount,
    currency: Currency,
    absorbed: bool,
    claim: ClaimSeen,
}

impl Marked {
    fn read(r: &Row<'_>) -> Result<Self, StoreError> {
        let number = |n| r.get::<_, i64>(n).map_err(StoreError::of);
        let site: SiteId = name(r, 5, "a site")?;
        let rank: String = r.get(6).map_err(StoreError::of)?;
        let rank = rank_of(&rank)?;
        let (quantity, voided) = (number(7)?, number(9)?);
        Ok(Self {
            receipt: number(0)?,
            id: receipt_id(r, 1)?,
            line: name(r, 4, "a receipt line")?,
            sold: Quantity(number(8)?),
            quantity,
            site: site.clone(),
            device: rank.event.device.to_string(),
            seen: number(10)?,
            stamped: r.get(11).map_err(StoreError::of)?,
            is_voided: voided == 2,
            over: Amount(number(12)?),
            currency: name(r, 13, "a currency")?,
            absorbed: r.get(20).map_err(StoreError::of)?,
            claim: ClaimSeen {
                document: identity(r, 14)?,
                number: r.get(15).map_err(StoreError::of)?,
                site: Some(site),
                line: name(r, 16, "a line")?,
                valid: Quantity(number(17)?),
                excess: Quantity(quantity - number(17)?),
                pinned: number(18)? > 0,
                time: rank.time.moment(),
                paid: Amount(number(19)?),
                looks_like: None,
            },
        })
    }

    /// Whether its device had the other's return when it took the goods in: it has all that was stamped
    /// before the newest stamp that it knew.
    fn had_seen(&self, other: &Marked) -> bool {
        other.stamped.is_some_and(|stamped| stamped <= self.seen)
    }

    fn is_like(&self, other: &Marked) -> bool {
        self.quantity == other.quantity
            && self.site == other.site
            && self.device != other.device
            && self.claim.document != other.claim.document
            && !self.had_seen(other)
            && !other.had_seen(self)
    }
}

/// All claims that look like a second entry, each with the first that it is like.
pub(super) fn alike(scope: &Scope<'_>) -> Result<Vec<Alike>, StoreError> {
    let mut statement = scope
        .db
        .prepare_cached(
            "SELECT c.receipt, r.site, r.till, r.number, c.line, h.site, c.rank, c.quantity,
                    coalesce((SELECT s.quantity FROM receipt_line s
                        WHERE s.org = c.org AND s.receipt = c.receipt AND s.line = c.line), c.sold),
                    c.voided, c.seen,
                    (SELECT min(min(coalesce(x.arrived, e.stamp_time), coalesce(e.stamp_time, x.arrived)))
                        FROM change x JOIN entry e ON e.id = x.entry
                        WHERE x.org = c.org AND x.document = c.document AND x.status = 0),
                    max(h.committed - h.entitled, 0), h.currency, d.identity, d.number, l.line, c.valid, c.pinned,
                    h.paid,
                    EXISTS (SELECT 1 FROM line_claim o WHERE o.org = c.org AND o.receipt = c.receipt
                        AND o.line = c.line AND o.counts AND (o.excess > 0 OR o.voided = 1))
             FROM line_claim c INDEXED BY line_claim_twin
             JOIN document d ON d.id = c.document JOIN receipt r ON r.id = c.receipt
             JOIN return_head h ON h.org = c.org AND h.document = c.document
             JOIN return_line l ON l.org = c.org AND l.document = c.document AND l.position = c.position
             WHERE c.org = ? AND c.twin
             ORDER BY c.receipt, c.line, c.pinned = 0, c.rank, d.identity, c.position",
        )
        .map_err(StoreError::of)?;
    let mut rows = statement.query([scope.org]).map_err(StoreError::of)?;
    let mut on_line: Vec<Marked> = Vec::new();
    let mut out = Vec::new();
    while let Some(r) = rows.next().map_err(StoreError::of)? {
        let marked = Marked::read(r)?;
        if on_line.first().is_some_and(|m| (m.receipt, &m.line) != (marked.receipt, &marked.line)) {
            on_line.clear();
        }
        if let Some(first) = on_line.iter().find(|m| !m.is_voided && m.is_like(&marked)) {
            out.push(Alike {
                receipt: marked.receipt,
                id: marked.id.clone(),
                line: marked.line.clone(),
                sold: marked.sold,
                first: first.claim.clone(),
                second: marked.claim.clone(),
                over: if marked.is_voided { marked.over } else { Amount::ZERO },
                currency: marked.currency,
                absorbed: marked.absorbed,
            });
        }
        on_line.push(marked);
    }
    Ok(out)
}

pub(super) fn find(scope: &Scope<'_>) -> Result<Vec<Exception>, StoreError> {
    let mut of_return: BTreeMap<DocumentId, Vec<Alike>> = BTreeMap::new();
    for alike in alike(scope)?.into_iter().filter(|a| !a.absorbed) {
        of_return.entry(alike.second.document).or_default().push(alike);
    }
    let exceptions = of_return.into_iter().filter_map(|(document, mut lines)| {
        lines.sort_by(|a, b| (&a.id, &a.line, &a.second.line).cmp(&(&b.id, &b.line, &b.second.line)));
        let currency = lines.first()?.currency;
        let mut documents: BTreeSet<DocumentId> = lines.iter().map(|a| a.first.document).collect();
        documents.insert(document);
        let sites = lines.iter().flat_map(|a| [Some(a.id.site.clone()), a.second.site.clone()]).flatten();
        Some(Exception {
            id: ExceptionId::of_document(ExceptionKind::DuplicateReturn, document),
            kind: ExceptionKind::DuplicateReturn,
            settled: false,
            historic: false,
            sites: sites.collect(),
            documents,
            // A return's overpayment counts once, whichever of its lines were voided.
            loss: lines.iter().map(|a| a.over).max().unwrap_or_default(),
            currency,
            owner: None,
            evidence: Evidence::Twice {
                twins: lines
                    .into_iter()
                    .map(|a| Twin {
                        receipt: a.id,
                        line: a.line,
                        sold: a.sold,
                        first: a.first,
                        second: a.second,
                    })
                    .collect(),
            },
        })
    });
    Ok(exceptions.collect())
}
