//! The table of exceptions: what is documented is what the code finds, and a test shows each.

use std::path::Path;

use guicang_domain::exception::ExceptionKind;

use crate::support::Branch;

/// The documentation is printed by the program. After a change: `guicang --lang en exception kinds --format
/// markdown > docs/exceptions.md`, and the same with `--lang zh`. It has each kind of the code's, once.
#[test]
fn the_documented_kinds_are_the_codes() {
    for (branch, page) in
        [(Branch::empty(), "exceptions.md"), (Branch::empty().in_chinese(), "exceptions.zh-CN.md")]
    {
        let path = format!("{}/../docs/{page}", env!("CARGO_MANIFEST_DIR"));
        let documented = std::fs::read_to_string(&path).unwrap();
        assert_eq!(branch.ok("exception kinds --format markdown"), documented, "{page}");
        for kind in ExceptionKind::ALL {
            assert_eq!(documented.matches(&format!("(`{kind}`)")).count(), 1, "{kind} in {page}");
        }
    }
}

/// Each kind's row ends in the name of a test that is there.
#[test]
fn each_kind_has_its_story() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut sources = String::new();
    for folder in ["tests/stories", "crates/replica/tests"] {
        read_all(&root.join(folder), &mut sources);
    }
    let table = Branch::empty().ok("exception kinds --format markdown");
    let rows: Vec<&str> = table.lines().filter(|l| l.starts_with("| ") && l.contains("(`")).collect();
    assert_eq!(rows.len(), ExceptionKind::ALL.len());
    for row in rows {
        let story = row.trim_end_matches("` |").rsplit('`').next().unwrap();
        assert!(sources.contains(&format!("#[test]\nfn {story}()")), "no test is called {story}: {row}");
    }
}

fn read_all(folder: &Path, sources: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => read_all(&path, sources),
            false => sources.push_str(&std::fs::read_to_string(&path).unwrap()),
        }
    }
}
