//! What bad input gets: a clear error that says what to do, in the person's language, an exit code that
//! isn't 0, and nothing changed.

use std::io::{Read, Write};

use crate::programs::{Branch, Headquarters, as_nobody, run, words};

/// What of HQ and branch must not change.
fn shown(hq: &Headquarters, branch: &Branch) -> (String, String, serde_json::Value) {
    let mut status = branch.items(&["status"]).remove(0);
    // A session that failed may well have been tried.
    status["last_sync"].take();
    (hq.digest(), branch.digest(), status)
}

/// A mistake, in both languages.
fn mistake(run: impl Fn(&[&str]) -> crate::programs::Ended, line: &str, code: i32, names: &str) {
    for (language, next) in [("en", "\nNext: "), ("zh", "\n下一步：")] {
        let ended = run(&[words(line), vec!["--lang", language]].concat());
        assert_eq!(ended.code, Some(code), "{line}: {ended:?}");
        assert!(ended.said.contains(names), "{line} doesn't name {names}: {}", ended.said);
        assert!(ended.said.contains(next), "{line} says no next step: {}", ended.said);
        assert_eq!(ended.out, "", "{line}");
    }
}

#[test]
fn mistakes_change_nothing_and_say_what_to_do() {
    let hq = Headquarters::open(&["A", "B"]);
    let branch = hq.branch("A", &hq.address);
    branch.run(&words("stock adjust TEA --add 50 --as opening --reason count")).ok();
    hq.sell(&branch, "A", "1001", 2);
    branch
        .run(&words("return counter --sale 1001 --item TEA=1 --reason defective --grade A=1 --refund cash"))
        .ok();
    branch.sync();
    hq.items(&["payout", "run"]);
    let no_csv = hq.file("picture.csv", "\u{1}PNG,\0\0\n");
    let other_columns = hq.file("other.csv", "a,b\n1,2\n");
    let before = shown(&hq, &branch);

    let at_branch = |line: &str, code, names: &str| mistake(|args| branch.run(args), line, code, names);
    at_branch("return counter --sale 1001 --item TEA=-1 --reason defective", 2, "-1");
    at_branch("return counter --sale 1001 --item TEA=0 --reason defective", 2, "0");
    at_branch("return counter --sale 1001 --item TEA=2 --reason defective", 65, "TEA");
    at_branch("return counter --sale 1001 --item POT=1 --reason defective", 65, "POT");
    at_branch("return counter --sale 1001 --item TEA=1 --reason whim", 65, "whim");
    at_branch("return receive TH-AA-000001", 65, "TH-AA-000001");
    at_branch("return inspect TH-NONE-000009 --grade A=1", 65, "TH-NONE-000009");
    at_branch("stock adjust TEA --remove -3 --reason count", 2, "-3");
    at_branch("stock adjust NONESUCH --remove 1 --reason count", 65, "NONESUCH");
    at_branch(&format!("import --profile uci-online-retail {no_csv}"), 65, "picture.csv");
    at_branch(&format!("import --profile uci-online-retail {other_columns}"), 65, "InvoiceNo");
    at_branch(&format!("import --profile nonsuch {other_columns}"), 2, "nonsuch");

    let at_hq = |line: &str, code, names: &str| mistake(|args| hq.run(args), line, code, names);
    at_hq("device enrol --site NONESUCH", 65, "NONESUCH");
    at_hq("device revoke NONESUCH", 65, "NONESUCH");
    let resolve = "exception resolve over_return:A/9:9 --action goodwill --owner company";
    at_hq(resolve, 65, "over_return:A/9:9");
    at_hq("init --name Again", 65, "hq");

    assert_eq!(shown(&hq, &branch), before);
}

/// A code is good once; a wrong one, and an address where there is no relay, make no file.
#[test]
fn joining_with_a_wrong_code_or_at_a_wrong_address() {
    let hq = Headquarters::open(&["A"]);
    let folder = tempfile::tempdir().unwrap();
    let branch = Branch { file: folder.path().join("new.guicang") };
    let at = format!("http://{}", hq.address);
    let join = |line: &str, code, names: &str| mistake(|args| branch.run(args), line, code, names);
    join(&format!("join {at} --code AAAA0-AAAA0"), 65, "");
    let code = hq.items(&["device", "enrol", "--site", "A"]).remove(0);
    let code = code["code"].as_str().unwrap();
    let first = Branch { file: folder.path().join("first.guicang") };
    first.run(&["join", &at, "--code", code]).ok();
    join(&format!("join {at} --code {code}"), 65, "");
    join("join nonsense --code AAAA0-AAAA0", 2, "nonsense");

    // A web server that isn't a relay.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let elsewhere = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        for _ in 0..2 {
            let (mut visitor, _) = listener.accept().unwrap();
            let _ = visitor.read(&mut [0; 4096]).unwrap();
            let page = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\
                        Connection: close\r\n\r\nhello";
            visitor.write_all(page.as_bytes()).unwrap();
        }
    });
    join(&format!("join {elsewhere} --code AAAA0-AAAA0"), 75, &elsewhere);
    server.join().unwrap();
    // And where nobody listens.
    join(&format!("join {elsewhere} --code AAAA0-AAAA0"), 75, &elsewhere);
    assert!(!branch.file.exists(), "a file was left behind");
}

/// A file that nobody may write to answers queries or says why not, and takes no command.
#[test]
fn a_file_that_is_read_only() {
    let folder = tempfile::tempdir().unwrap();
    let branch = Branch::alone(folder.path());
    branch.run(&words("stock adjust TEA --add 5 --as opening --reason count")).ok();
    let digest = branch.digest();
    let set_read_only = |read_only: bool| {
        for path in std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().path()) {
            let mut permissions = std::fs::metadata(&path).unwrap().permissions();
            permissions.set_readonly(read_only);
            std::fs::set_permissions(&path, permissions).unwrap();
        }
    };
    set_read_only(true);
    // Root may write to any file, so it asks as somebody else.
    let root = std::fs::OpenOptions::new().append(true).open(&branch.file).is_ok();
    let ask = |args: &[&str]| match root {
        true => run(as_nobody(&branch.command(args), folder.path())),
        false => branch.run(args),
    };
    mistake(ask, "stock adjust TEA --add 1 --reason count", 1, "alone.guicang");
    set_read_only(false);
    assert_eq!(branch.digest(), digest);
}
