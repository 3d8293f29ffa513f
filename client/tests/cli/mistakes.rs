//! What bad input gets: a clear error that says what to do, an exit code that isn't 0, and nothing
//! changed.

use guicang_replica::Machine;

use crate::support::Branch;

/// Runs a mistake; checks the exit code, that the message names what is wrong, and that nothing in
/// the file has changed.
fn check(alice: &Branch, command: &str, code: u8, names: &str) {
    let before = alice.items("status")[0]["changes"].clone();
    let (found, message) = alice.fails(command);
    assert_eq!(found, code, "{command}\n{message}");
    assert!(message.starts_with("Error: ") && message.contains(names), "{command}\n{message}");
    assert!(message.contains("\nNext: "), "no next step: {command}\n{message}");
    assert_eq!(alice.items("status")[0]["changes"], before, "{command} changed something");
}

#[test]
fn mistakes_at_the_counter() {
    let alice = Branch::on_trial();
    alice.ok("stock adjust MUG --add 5 --as opening --reason count");
    alice.ok(
        "return counter --item MUG=2 --price 3 --reason style --grade A=2 --refund cash --approved-by bob",
    );
    let counter = |rest: &str| format!("return counter --reason style --refund credit {rest}");
    check(&alice, &counter("--item MUG=0 --price 3"), 2, "\"0\"");
    check(&alice, &counter("--item MUG=x --price 3"), 2, "\"x\"");
    check(&alice, &counter("--item NOPE --price 3"), 65, "NOPE");
    check(&alice, &counter("--item MUG"), 65, "price");
    check(&alice, &counter("--item MUG=2 --price 3 --grade A=1"), 65, "2 to inspect");
    check(&alice, &counter("--item MUG --price 500"), 65, "manager");
    check(&alice, "return counter --item MUG --price 3 --reason style --refund cash", 65, "store credit");
    check(&alice, &counter("--item MUG --price 500 --approved-by alice"), 65, "their own");
    check(&alice, &counter("--item MUG --price 3 --occurred yesterday"), 2, "yesterday");
    check(&alice, &counter("--item MUG --price 3 --site S99"), 65, "S99");
    check(&alice, &counter("--item MUG --item MUG --price 1 --price 2 --price 3"), 2, "1 2 3");
    check(&alice, "return counter --item MUG --price 3 --reason whim", 65, "whim");
    check(&alice, "return show TH-S01A-000099", 65, "TH-S01A-000099");
    check(&alice, "return refund TH-S01A-000001 --tender cash --amount 1", 65, "1.00 CNY");
    check(&alice, "return inspect TH-S01A-000001 --grade A=1", 65, "taken in are inspected");
    check(&alice, "sale show 4711", 65, "4711");
    check(&alice, "exception show over_return:S01/1:1", 65, "over_return:S01/1:1");
}

#[test]
fn mistakes_with_stock() {
    let alice = Branch::on_trial();
    check(&alice, "stock adjust MUG --reason count", 2, "--add");
    check(&alice, "stock adjust MUG --add 1 --remove 1 --reason count", 2, "--remove");
    check(&alice, "stock adjust MUG --add -1 --reason count", 2, "-1");
    check(&alice, "stock adjust MUG --remove 1 --reason count --as opening", 2, "opening");
    check(&alice, "stock adjust MUG --remove 1 --reason count", 65, "MUG");
    check(&alice, "stock adjst", 2, "adjst");
}

#[test]
fn files_that_are_no_import() {
    let alice = Branch::on_trial();
    let picture = alice.path("picture.csv");
    std::fs::write(&picture, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff\xfe").unwrap();
    let other = alice.path("other.csv");
    std::fs::write(&other, "a,b\n1,2\n").unwrap();
    let import = |file: &std::path::Path| format!("import --profile uci-online-retail {}", file.display());
    check(&alice, &import(&picture), 65, "picture.csv");
    check(&alice, &import(&other), 65, "InvoiceNo");
    check(&alice, &import(&alice.path("absent.csv")), 65, "absent.csv");
    check(&alice, &format!("import --profile nonsense {}", other.display()), 2, "uci-online-retail");
}

#[test]
fn files_that_are_no_branch() {
    let alice = Branch::empty();
    let (code, message) = alice.fails("stock show");
    assert_eq!(code, 1);
    assert!(message.contains("branch.guicang") && message.contains("guicang init"), "{message}");

    std::fs::write(alice.path("branch.guicang"), "Dear Sir or Madam,\n".repeat(100)).unwrap();
    let (code, message) = alice.fails("stock show");
    assert_eq!(code, 65, "{message}");
    let (code, message) = alice.fails("init");
    assert_eq!(code, 65);
    assert!(message.contains("already"), "{message}");
}

/// A misspelt flag or command gets the one that was meant, in the person's language.
#[test]
fn slips_of_the_pen() {
    let alice = Branch::on_trial().in_chinese();
    let (code, message) = alice.fails("stock show --sote S01");
    assert_eq!(code, 2);
    assert!(message.starts_with("出错了：没有参数 --sote") && message.contains("--site"), "{message}");
    let (code, message) = alice.fails("return counter --item MUG");
    assert_eq!(code, 2);
    assert!(message.contains("缺少参数") && message.contains("--reason"), "{message}");
    let (code, message) = alice.fails("return counter --item MUG --reason style --grade Q=1");
    assert_eq!(code, 2);
    assert!(message.contains("等级的值 \"Q\" 不对") && message.contains("A B C D E"), "{message}");
}

/// Whoever got a command's arguments wrong is sent to that command's help, not to the list of all; a number that
/// isn't one is answered in the person's language.
#[test]
fn the_next_step_is_the_commands_own_help() {
    let alice = Branch::on_trial().in_chinese();
    let (code, message) = alice.fails("count scan");
    assert_eq!(code, 2);
    assert!(message.contains("guicang count scan --help 查看用法"), "{message}");
    let (_, message) = alice.fails("--lang zh policy preview --days 0");
    assert!(
        message.contains("要填 1 到 3650 的数") && message.contains("policy preview --help"),
        "{message}"
    );
    let (_, message) = alice.fails("return list --limit many");
    assert!(message.contains("要填整数") && message.contains("return list --help"), "{message}");
    let (_, message) = alice.fails("nothing-like-this");
    assert!(message.contains("guicang --help 查看用法"), "{message}");
}

/// A file that another machine writes to is left alone, by that machine's name.
#[test]
fn another_machine_has_the_file() {
    let machine = |name: &str| Some(Machine { boot: name.into(), id: name.into(), name: name.into() });
    let (english, chinese) = (Branch::on_trial(), Branch::on_trial().in_chinese());
    for (alice, says, next) in
        [(&english, "Another machine, till-1", "\nNext: "), (&chinese, "另一台机器“till-1”", "\n下一步：")]
    {
        let add = "stock adjust MUG --add 5 --as opening --reason count";
        assert_eq!(alice.run_on(machine("till-1"), add).code, 0);
        for command in ["stock show", "stock adjust MUG --add 1 --reason count", "sync"] {
            let refused = alice.run_on(machine("office"), command);
            assert_eq!((refused.code, refused.out.as_str()), (65, ""), "{}", refused.err);
            assert!(refused.err.contains(says) && refused.err.contains(next), "{}", refused.err);
        }
        let here = alice.run_on(machine("till-1"), "stock show --json");
        assert!(
            here.out.contains("\"on_hand\":\"5\"") || here.out.contains("\"on_hand\": \"5\""),
            "{}",
            here.out
        );
    }
}
