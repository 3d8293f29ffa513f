//! Nothing that was ever kept makes a panic reach a caller, nor do some thousand mutations of it.

use guicang_fuzz::mutate::{Mutator, reframe};
use guicang_fuzz::{TARGETS, seeds, survives};
use guicang_sync::change::hash_of;

/// Mutations of each target here; a run of minutes is `cargo xtask fuzz`.
const MUTATIONS: usize = 1_500;

#[test]
fn no_bytes_make_a_reader_panic() {
    for (name, target) in TARGETS {
        let seeds = seeds::of(name);
        assert!(seeds.len() > 3, "{name} has nothing to begin with");
        let mut mutator = Mutator::new(1);
        let mutated = (0..MUTATIONS).map(|_| {
            let mut input = mutator.input(&seeds);
            reframe(&mut input);
            input
        });
        for input in seeds.iter().cloned().chain(mutated) {
            if let Err(reason) = survives(*target, &input) {
                panic!("{name}: {reason}: {input:02x?}");
            }
        }
    }
}

/// The readers get past their first bytes: golden documents are read whole, golden messages are messages.
#[test]
fn what_is_golden_is_read() {
    let document = seeds::document("return").expect("the golden return");
    assert!(guicang_documents::header(&document).is_ok());
    let mut mutated = document;
    // Within the document's text: the frame is still one, and only its checksum is wrong.
    let middle = mutated.len() / 2;
    mutated[middle] ^= 1;
    assert!(hash_of(&mutated).is_err());
    reframe(&mut mutated);
    assert!(hash_of(&mutated).is_ok());
    // One byte more: its length is wrong, too.
    mutated.push(0);
    reframe(&mut mutated);
    assert!(hash_of(&mutated).is_ok());
}
