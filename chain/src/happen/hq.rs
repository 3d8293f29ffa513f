//! HQ: each evening it settles and pays; each week it decides what is open.

use anyhow::Result;
use guicang_domain::account::Account;
use guicang_domain::exception::{Exception, ExceptionKind};
use guicang_domain::resolution::{Action, LossOwner};
use guicang_domain::transfer::Outcome;
use guicang_replica::{By, CloseTransfer, CommandError, ExceptionFilter, Named, Resolve};

use crate::world::{World, units};

/// HQ's evening.
///
/// # Errors
/// What a file or a command says.
pub fn evening(world: &mut World, day: usize) -> Result<()> {
    world.clock.tick();
    if day % 7 == 6 { weekly(world) } else { world.office.settle_and_pay() }
}

/// HQ's evening with what is decided once a week.
///
/// # Errors
/// What a file or a command says.
pub fn weekly(world: &mut World) -> Result<()> {
    world.office.settle_and_pay()?;
    lost_goods(world)?;
    resolve(world)?;
    world.office.settle_and_pay()
}

fn clerk() -> By {
    By::user("hq-wang".parse().expect("a name of ours"))
}

/// Pieces that never arrived are given up, once the dispatch is known.
fn lost_goods(world: &mut World) -> Result<()> {
    let hq = &mut world.office.hq;
    let mut left = Vec::new();
    for missing in std::mem::take(&mut world.missing) {
        if hq.find_transfer(missing.number.as_str())?.is_none_or(|row| row.papers.is_some()) {
            left.push(missing);
            continue;
        }
        let sku = world.catalogue.articles[missing.article].sku.to_string();
        let close = CloseTransfer {
            number: missing.number.to_string(),
            items: vec![Named { sku, quantity: units(1) }],
            outcome: Outcome::Lost,
            owner: None,
            place: String::new(),
        };
        hq.close_transfer(&clerk(), close)?;
        let spot = (missing.from, missing.article);
        world.books.move_goods(spot, Account::InTransit, Account::Variance, 1);
    }
    world.missing = left;
    Ok(())
}

/// Who bears what: in turn, as no two cases are the same.
fn decision(exception: &Exception, turn: usize) -> Option<(Action, LossOwner)> {
    let branch = exception.sites.iter().next_back().cloned();
    match exception.kind {
        ExceptionKind::OverReturn | ExceptionKind::RefundOverEntitlement => Some(match (turn % 3, branch) {
            (0, Some(site)) => (Action::ChargedBranch, LossOwner::Site(site)),
            (1, _) => (Action::Recovered, LossOwner::Customer),
            _ => (Action::Goodwill, LossOwner::Company),
        }),
        ExceptionKind::UnverifiedSale | ExceptionKind::Clock => Some((Action::Goodwill, LossOwner::Company)),
        _ => None,
    }
}

fn resolve(world: &mut World) -> Result<()> {
    let hq = &mut world.office.hq;
    let open = hq.exceptions(&ExceptionFilter { open_only: true, ..ExceptionFilter::default() })?;
    for (turn, exception) in open.into_iter().enumerate() {
        let Some((action, owner)) = decision(&exception, turn) else { continue };
        match hq.resolve(&clerk(), Resolve { exception: exception.id, action, owner, note: None }) {
            // What was decided before it in this very round has settled it.
            Err(CommandError::UnknownException { .. } | CommandError::Closed { .. }) => {}
            done => drop(done?),
        }
    }
    Ok(())
}
