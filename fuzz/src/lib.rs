//! What comes from outside, read by whatever reads it: no bytes may make a panic reach a caller.
//!
//! Each target is a plain function of bytes, which panics where something is wrong. Three run them: `cargo
//! xtask fuzz TARGET` (stable, [`mutate`] makes the inputs), cargo-fuzz (`fuzz/cargo-fuzz`, nightly), and an
//! ordinary test that reads what was kept in `fuzz/corpus` and some thousand mutations of it. What surprises:
//! panics of Automerge's own are expected on hostile bytes; our crates catch them, so they are none here.

pub mod targets;
pub mod mutate;
pub mod seeds;

/// A target: its name, and what reads the bytes.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: &[Target] = &[
    ("codec", targets::codec::read),
    ("entries", targets::entries::read),
    ("changes", targets::changes::read),
    ("documents", targets::documents::read),
    ("imports", targets::imports::read),
    ("receipts", targets::receipts::read),
];

/// Whether a target takes these bytes without a panic; else what the panic said.
///
/// # Errors
/// The panic's text.
pub fn survives(target: fn(&[u8]), bytes: &[u8]) -> Result<(), String> {
    std::panic::catch_unwind(|| target(bytes)).map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no reason given").to_owned()
    })
}
