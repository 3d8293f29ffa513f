//! What each crate may see: the table in ARCHITECTURE.md, asserted.
//!
//! Dependencies come from `cargo metadata`; what it can't show (a word in the sources) from a scan of
//! them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A crate, which of ours it may use, and what of others' it must never see.
const TABLE: &[(&str, &[&str], &[&str])] = &[
    ("guicang-domain", &[], &["automerge", "rusqlite", "tokio", "getrandom", "rand", "axum", "reqwest"]),
    ("guicang-documents", &["domain"], &["rusqlite", "tokio", "axum", "reqwest", "getrandom", "rand"]),
    (
        "guicang-sync",
        &["domain"],
        &["automerge", "rusqlite", "tokio", "axum", "reqwest", "getrandom", "rand"],
    ),
    ("guicang-replica", &["domain", "documents", "sync"], &["tokio", "axum", "reqwest", "getrandom", "rand"]),
    ("guicang-cli", &["domain", "replica", "reports"], &["axum", "reqwest", "tokio"]),
    // It answers other branches itself: `serve-peer`.
    ("guicang-client", &["domain", "documents", "sync", "replica", "cli", "reports", "ui"], &[]),
    ("guicang-server", &["domain", "documents", "sync", "replica", "cli", "reports", "ui"], &["reqwest"]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

/// What each of our packages depends on when it is built, not when it is tested.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let out = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--offline", "--no-deps"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&out.stdout).expect("cargo writes JSON");
    let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
    let package = |package: &serde_json::Value| {
        let used = package["dependencies"].as_array().expect("a list").iter();
        let used = used.filter(|d| d["kind"].is_null()).map(|d| text(&d["name"])).collect();
        (text(&package["name"]), used)
    };
    metadata["packages"].as_array().expect("a list").iter().map(package).collect()
}

#[test]
fn each_crate_uses_only_what_it_may() {
    let used = dependencies();
    for (name, may_use, never) in TABLE {
        let used = used.get(*name).unwrap_or_else(|| panic!("{name} is not in the workspace"));
        for dependency in used {
            if let Some(ours) = dependency.strip_prefix("guicang-") {
                assert!(may_use.contains(&ours), "{name} may not use {dependency}");
            }
            assert!(!never.contains(&dependency.as_str()), "{name} must never see {dependency}");
        }
    }
    let ours = |name: &&String| name.starts_with("guicang-");
    let listed: BTreeSet<&str> = TABLE.iter().map(|(name, ..)| *name).collect();
    let around =
        BTreeSet::from(["guicang-tests", "guicang-benches", "guicang-chain", "guicang-fuzz", "guicang-sim"]);
    for name in used.keys().filter(ours) {
        assert!(
            listed.contains(name.as_str()) || around.contains(name.as_str()),
            "{name} is not in the table: say in ARCHITECTURE.md and here what it may see"
        );
    }
}

/// Every source file of ours, by its path from the root.
fn sources() -> Vec<(String, String)> {
    let mut folders: Vec<PathBuf> =
        ["crates", "client", "server", "tests", "benches", "chain", "fuzz", "xtask"]
            .iter()
            .map(|f| root().join(f))
            .collect();
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && path.file_name().is_none_or(|n| n != "target") {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let name = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
                files.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(files.len() > 100, "the scan found only {} files", files.len());
    files
}

/// Whether a file's code, comments left out, has a word.
fn has_word(source: &str, word: &str) -> bool {
    let of_name = |c: char| c.is_alphanumeric() || c == '_';
    source
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .any(|code| code.split(|c| !of_name(c)).any(|found| found == word))
}

/// Whether a file's code waits for a future. (A return is awaited, too, but by name.)
fn awaits(source: &str) -> bool {
    let ends = |code: &str| !code.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    source
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .any(|code| code.match_indices(".await").any(|(at, word)| ends(&code[at + word.len()..])))
}

/// The files outside `allowed` whose code has a word.
fn files_with(word: &str, within: &str, allowed: &[&str]) -> Vec<String> {
    sources()
        .into_iter()
        .filter(|(name, _)| name.starts_with(within) && !allowed.iter().any(|a| name.starts_with(a)))
        .filter(|(_, source)| has_word(source, word))
        .map(|(name, _)| name)
        .collect()
}

/// This file has the words in strings.
const HERE: &str = "tests/stories/boundaries.rs";

/// The benchmarks, too, serve a relay over loopback.
#[test]
fn async_appears_in_client_and_server_only() {
    let allowed = ["client/", "server/", "benches/", HERE];
    assert_eq!(files_with("async", "", &allowed), [""; 0]);
    let elsewhere = |name: &str| !allowed.iter().any(|a| name.starts_with(a));
    let waiting = sources().into_iter().filter(|(name, source)| elsewhere(name) && awaits(source));
    assert_eq!(waiting.map(|(name, _)| name).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn there_is_no_unsafe_code() {
    // SQLite calls a file system of ours by pointers: one that forgets, for the simulation.
    let vfs = "tests/sim/src/vfs.rs";
    assert_eq!(files_with("unsafe", "", &[HERE, vfs]), [""; 0]);
}

/// The relay takes what a newer version writes, because it knows nothing of what it stores.
#[test]
fn the_relay_knows_neither_hq_nor_the_replica() {
    let modules = ["returns", "adjustment", "resolution", "exception", "policy", "master", "sale"];
    let of_domain = modules.map(|module| format!("guicang_domain::{module}"));
    let others = ["hq::", "guicang_replica", "guicang_cli"].map(str::to_owned);
    for path in of_domain.iter().chain(&others) {
        let named =
            |(name, source): &(String, String)| name.starts_with("server/src/relay") && source.contains(path);
        assert_eq!(sources().into_iter().find(named).map(|(name, _)| name), None, "{path}");
    }
}

#[test]
fn library_crates_ask_no_clock_and_no_chance() {
    for word in ["SystemTime", "Instant", "thread_rng", "getrandom", "OsRng"] {
        assert_eq!(files_with(word, "crates/", &["crates/cli/"]), [""; 0], "{word}");
    }
}

#[test]
fn every_file_says_first_what_it_is_for() {
    let silent: Vec<String> =
        sources().into_iter().filter(|(_, s)| !s.starts_with("//! ")).map(|(name, _)| name).collect();
    assert_eq!(silent, [""; 0]);
}
