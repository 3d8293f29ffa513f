//! `bytes-one`: what a session takes in bytes, both ways, that sends one event of one return.

use anyhow::{Result, ensure};
use guicang_replica::By;

use crate::chain::Chain;
use crate::figure::Figure;
use crate::loopback::Loopback;
use crate::request;
use crate::supply::{Supply, hold_sales};

/// So many events, each in a session of its own.
const SESSIONS: usize = 100;

/// Measures it.
///
/// # Errors
/// When a session sends more or less than that event.
pub fn run(supply: &Supply) -> Result<Vec<Figure>> {
    let mut chain = Chain::found(supply.seed)?;
    let records = &supply.input()?.records;
    let store = records.first().map(|r| r.store_id.clone()).unwrap_or_default();
    let own: Vec<_> =
        records.iter().filter(|r| r.store_id == store).take(supply.sized(SESSIONS)).cloned().collect();
    let (mut branch, _) = chain.branch(&store, "S001A")?;
    hold_sales(&mut branch, &own)?;
    let loopback = Loopback::serve(chain.relay.clone())?;
    let mut link = loopback.link()?;
    let (mut sent, mut received) = (0, 0);
    for record in &own {
        let (by, mut request) = request::request(record, true)?;
        request.goods_here = false;
        request.grades = Vec::new();
        let done = branch.open_return(&by, request, false)?;
        loopback.session(&mut link, &mut branch)?;
        // One event, whatever the policy approved by itself.
        let by = By { occurred: None, ..by };
        branch.cancel_return(&by, &done.number.to_string())?;
        let summary = loopback.session(&mut link, &mut branch)?;
        ensure!(summary.sent_changes == 1, "not one event: {summary:?}");
        sent += summary.bytes_sent;
        received += summary.bytes_received;
    }
    let each = |bytes: u64| bytes as f64 / own.len() as f64;
    Ok(vec![
        Figure::told(supply.label("bytes-one"), each(sent + received), "B").at_most(700.0),
        Figure::told(supply.label("bytes-one: sent"), each(sent), "B"),
    ])
}
