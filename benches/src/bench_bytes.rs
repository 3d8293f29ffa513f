//! `bytes-batch`: what a rich return weighs in the body of a push, its share of entries and of all our
//! headers included.
//!
//! The limit is the same records as JSON lines under zstd at level 3, in one piece. What surprises: in
//! the records name and phone are plain text, which compresses; in a document they are sealed, which
//! doesn't.

use anyhow::Result;

use crate::bench_push::push;
use crate::chain::Chain;
use crate::figure::Figure;
use crate::supply::{Supply, written};

/// Measures it.
///
/// # Errors
/// When a return can't be written down whole, or sent.
pub fn run(supply: &Supply) -> Result<Vec<Figure>> {
    let input = supply.input()?;
    let mut chain = Chain::found(supply.seed)?;
    let mut branches = written(&mut chain, &input.records, supply.seed)?;
    let count = input.records.len() as f64;
    let pushed = push(&chain, &mut branches, input.records.len())?;
    let sent: u64 = pushed.sessions.iter().map(|s| s.bytes_sent).sum();
    let received: u64 = pushed.sessions.iter().map(|s| s.bytes_received).sum();
    let packed = zstd::encode_all(input.lines.as_bytes(), 3)?.len() as f64 / count;
    let name = supply.label("bytes-batch");
    Ok(vec![
        Figure::cost(&name, sent as f64 / count, "B", packed).at_most(150.0).within(1.35),
        Figure::told(format!("{name}: answers"), received as f64 / count, "B"),
        Figure::told(format!("{name}: the JSON, unpacked"), input.lines.len() as f64 / count, "B"),
    ])
}
