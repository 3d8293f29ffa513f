//! cargo-fuzz's way into the target of this name.

#![no_main]

libfuzzer_sys::fuzz_target!(
    init: {
        // libFuzzer's own hook ends the process at any panic, also at one that our crates catch.
        let _ = std::panic::take_hook();
    },
    |data: &[u8]| guicang_fuzz::targets::imports::read(data)
);
