//! docs/trust.md says of each drill which test runs it. A test that was renamed or taken away would leave a promise
//! that nobody keeps.

use std::path::Path;

/// Folders whose files' names are the modules of the tests that are named.
const PLACES: &[&str] =
    &["tests/stories", "tests/sim/tests", "tests/torture/tests", "crates/replica/tests", "crates/sync/tests"];

/// What stands in backticks and reads `module::test`.
fn named(text: &str) -> Vec<(String, String)> {
    let spans = text.split('`').skip(1).step_by(2);
    let word = |text: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit())
    };
    spans
        .filter_map(|span| span.split_once("::"))
        .filter(|(module, test)| word(module) && word(test))
        .map(|(module, test)| (module.to_owned(), test.to_owned()))
        .collect()
}

/// Whether a file's text has such a test: a property test takes arguments, and attributes may stand between.
fn is_test(text: &str, test: &str) -> bool {
    let mut lines = text.lines().map(str::trim);
    let wanted = format!("fn {test}(");
    while lines.by_ref().any(|line| line == "#[test]") {
        if lines.by_ref().find(|line| !line.starts_with("#[")).is_some_and(|line| line.starts_with(&wanted)) {
            return true;
        }
    }
    false
}

/// Both languages name the same tests, and each is there.
#[test]
fn every_drill_is_run_by_a_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let read = |name: &str| std::fs::read_to_string(root.join("docs").join(name)).expect("the page");
    let (english, chinese) = (named(&read("trust.md")), named(&read("trust.zh-CN.md")));
    assert!(english.len() > 20, "the drills are named: {english:?}");
    assert_eq!(english, chinese);
    for (module, test) in english {
        let found = PLACES.iter().any(|place| {
            let file = root.join(place).join(format!("{module}.rs"));
            std::fs::read_to_string(file).is_ok_and(|text| is_test(&text, &test))
        });
        assert!(found, "there is no test {module}::{test}");
    }
}
