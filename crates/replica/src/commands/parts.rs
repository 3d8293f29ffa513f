//! Parts of a return's goods: what an arrival and an inspection make of what is awaited and what waits.
//!
//! What surprises: a part's name is given once and for ever, by devices that may be apart. So a name
//! carries its device's code, but for those of the device that made the document.

use guicang_domain::ids::{LineId, PartId, Sku};
use guicang_domain::quantity::Quantity;
use guicang_domain::returns::state::{PartKind, ReturnState};
use guicang_domain::returns::{Disposition, InspectedPart, ReceivedPart, Return, ReturnEvent, ReturnLine};

use super::returns::{Graded, Receive, wrong};
use crate::error::CommandError;
use crate::store::Work;

impl Work<'_> {
    /// The parts that goods are taken in as: all that is still awaited, or what is named of it.
    pub(super) fn received_parts(
        &self,
        document: &Return,
        goods: &[Receive],
    ) -> Result<Vec<ReceivedPart>, CommandError> {
        let state = ReturnState::of(document);
        let mut names = Namer::new(document, self.me);
        let mut awaited: Vec<(&LineId, &ReturnLine, Quantity)> = document
            .lines
            .iter()
            .filter(|(_, line)| !line.service)
            .map(|(id, line)| (id, line, state.outstanding(document, id)))
            .collect();
        let mut parts = Vec::new();
        let mut take = |id: &LineId, quantity: Quantity, place: &str| {
            parts.push(ReceivedPart {
                part: names.next(id),
                line: id.clone(),
                quantity,
                place: place.into(),
            });
        };
        let Some(first) = goods.iter().find(|g| g.sku.is_some()) else {
            let place = goods.first().map_or("", |g| g.place.as_str());
            for (id, _, open) in awaited.into_iter().filter(|(_, _, open)| open.is_positive()) {
                take(id, open, place);
            }
            return Ok(parts);
        };
        for good in goods {
            let typed = good.sku.as_ref().or(first.sku.as_ref()).map_or("", String::as_str);
            let unknown = || CommandError::UnknownSku { found: typed.to_owned() };
            let sku = Sku::of(typed).map_err(|_| unknown())?;
            let left: Quantity =
                awaited.iter().filter(|(_, line, _)| line.sku == sku).map(|(_, _, open)| *open).sum();
            if !document.lines.values().any(|l| l.sku == sku) {
                return Err(unknown());
            }
            let asked = good.quantity.unwrap_or(left);
            if !asked.is_positive() {
                return Err(wrong("quantity", &asked.to_string(), "> 0"));
            }
            if asked > left {
                return Err(CommandError::MoreThanLeft { sku, asked, left });
            }
            let mut wanted = asked;
            for (id, _, open) in awaited.iter_mut().filter(|(_, line, _)| line.sku == sku) {
                let quantity = wanted.min(*open);
                if quantity.is_positive() {
                    *open -= quantity;
                    wanted -= quantity;
                    take(id, quantity, &good.place);
                }
            }
        }
        Ok(parts)
    }

    /// The parts that an inspection makes of what waits, in the order of the lines. `all` says that
    /// everything has to be graded.
    pub(super) fn graded_parts(
        &self,
        document: &Return,
        graded: &[Graded],
        all: bool,
    ) -> Result<Vec<InspectedPart>, CommandError> {
        let state = ReturnState::of(document);
        let mut waiting: Vec<(PartId, LineId, Quantity)> = state
            .parts
            .iter()
            .filter(|(_, p)| p.kind == PartKind::Returned && p.quantity.is_positive())
            .filter(|(_, p)| p.inspected.is_none_or(|(_, d)| d == Disposition::Quarantine))
            .map(|(id, p)| (id.clone(), p.line.clone(), p.quantity))
            .collect();
        let total: Quantity = waiting.iter().map(|w| w.2).sum();
        let asked: Quantity = graded.iter().map(|g| g.quantity).sum();
        if asked > total || (all && asked != total) || !asked.is_positive() {
            return Err(CommandError::GradesDontAddUp { graded: asked, quantity: total });
        }
        let mut names = Namer::new(document, self.me);
        let mut parts = Vec::new();
        for grade in graded {
            if !grade.quantity.is_positive() {
                return Err(wrong("grade", &grade.quantity.to_string(), "> 0"));
            }
            let sku = match &grade.sku {
                Some(typed) => {
                    Some(Sku::of(typed).map_err(|_| CommandError::UnknownSku { found: typed.clone() })?)
                }
                None => None,
            };
            let mut left = grade.quantity;
            for (of, line, open) in &mut waiting {
                let wanted = sku.as_ref().is_none_or(|s| document.lines[line].sku == *s);
                let quantity = left.min(*open);
                if !wanted || !quantity.is_positive() {
                    continue;
                }
                *open -= quantity;
                left -= quantity;
                parts.push(InspectedPart {
                    part: names.next(line),
                    of: of.clone(),
                    quantity,
                    grade: grade.grade,
                    disposition: grade.disposition.unwrap_or(grade.grade.usual_disposition()),
                    reason_found: grade.reason_found.clone(),
                    missing: Vec::new(),
                });
            }
            if left.is_positive() {
                return Err(CommandError::GradesDontAddUp { graded: asked, quantity: asked - left });
            }
        }
        Ok(parts)
    }
}

/// Names new parts: never one that this device has seen, and with the device's code where another
/// device made the document, so that two that split a line while apart name no two parts alike.
struct Namer {
    suffix: String,
    used: Vec<(LineId, usize)>,
}

impl Namer {
    fn new(document: &Return, me: &crate::store::Identity) -> Self {
        let suffix =
            if document.head.id.creator == me.device { String::new() } else { format!("@{}", me.code) };
        let named = |line: &LineId| {
            let of = |part: &PartId| part.as_str().split_once('.').is_some_and(|(l, _)| l == line.as_str());
            let parts = |body: &ReturnEvent| match body {
                ReturnEvent::Received { parts }
                | ReturnEvent::Waived { parts }
                | ReturnEvent::TakenForRepair { parts } => parts.iter().filter(|p| of(&p.part)).count(),
                ReturnEvent::Inspected { parts } => parts.iter().filter(|p| of(&p.part)).count(),
                _ => 0,
            };
            document.events.iter().map(|e| parts(&e.body)).sum()
        };
        Self { suffix, used: document.lines.keys().map(|line| (line.clone(), named(line))).collect() }
    }

    fn next(&mut self, line: &LineId) -> PartId {
        let entry = self.used.iter_mut().find(|(l, _)| l == line).expect("a line of the document");
        entry.1 += 1;
        PartId::new(&format!("{line}.{}{}", entry.1, self.suffix)).expect("a part's name")
    }
}
