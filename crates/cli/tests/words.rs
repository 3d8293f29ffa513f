//! Words that travel as English inside errors have their Chinese.
//!
//! What surprises: it reads the sources. An error says what is wanted in the library's words, and those are made
//! Chinese where they are shown, by the sentence itself; a sentence that nobody listed would show as English.

use std::path::{Path, PathBuf};

use guicang_cli::Language;
use guicang_cli::texts::names;

/// Every `.rs` file below a folder.
fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            into.push(path);
        }
    }
}

/// The literals that follow `mark` in a text.
fn literals<'a>(text: &'a str, mark: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(mark).skip(1).filter_map(|rest| rest.split('"').next())
}

/// What an error says is wanted, or which field is wrong, is told in Chinese where Chinese is spoken.
#[test]
fn what_is_wanted_has_its_chinese() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = Vec::new();
    for name in ["domain", "replica", "cli"] {
        sources(&root.join(name).join("src"), &mut files);
    }
    let (mut looked, mut missing) = (0, Vec::new());
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        // Tests make errors of their own.
        let text = text.split("#[cfg(test)]").next().unwrap();
        let chinese = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
        let wanted = literals(text, "wanted: \"").map(|words| (words, names::wanted(Language::Zh, words)));
        let fields = literals(text, "what: \"").map(|words| (words, names::field(Language::Zh, words)));
        for (words, told) in wanted.chain(fields) {
            looked += 1;
            let same_in_both = ["zh or en", "TOML", "lid"].contains(&words);
            if words.contains('{') || same_in_both || told != words || chinese(&told) {
                continue;
            }
            missing.push(format!("{}: {words:?}", file.display()));
        }
    }
    assert!(looked > 25, "the sources look different: only {looked} found");
    assert!(missing.is_empty(), "no Chinese in texts/names.rs for:\n{}", missing.join("\n"));
}
