//! A branch's file that was restored from a backup, cloned, or lost: nothing that was said Ok is lost, no
//! number comes to mean two things unseen, nothing is paid twice, and it is shown.

use std::collections::BTreeMap;

use guicang_domain::exception::ExceptionKind;
use guicang_domain::returns::Grade;
use guicang_replica::{Contact, ExceptionFilter, Mend, ReturnFilter};

use crate::chain::{Chain, Desk, clerk, graded, request, site};
use crate::programs::{Branch, Headquarters, words};

/// The returns that a replica holds, by number: how many bear it.
fn numbers(desk: &Desk) -> BTreeMap<String, usize> {
    let mut held = BTreeMap::new();
    for row in desk.replica.returns(&ReturnFilter::default()).unwrap() {
        *held.entry(row.number.to_string()).or_default() += 1;
    }
    held
}

fn forks(desk: &Desk) -> Vec<guicang_domain::exception::Exception> {
    let kind = Some(ExceptionKind::DeviceFork);
    desk.replica.exceptions(&ExceptionFilter { kind, ..ExceptionFilter::default() }).unwrap()
}

/// All hold the same, show the same, and fold to the same again.
fn agree(chain: &mut Chain, desks: &mut [&mut Desk]) {
    for _ in 0..3 {
        for desk in desks.iter_mut() {
            assert!(chain.sync(desk).proven);
            assert_eq!(desk.replica.status().unwrap().unsent_changes, 0);
        }
        chain.settle();
    }
    chain.hq.check();
    let shown = chain.hq.digest();
    assert_eq!(chain.hq.replica.rebuild(&mut |_, _| {}).unwrap().after, shown);
    for desk in desks {
        desk.check();
        assert_eq!(desk.digest(), shown);
        assert_eq!(desk.replica.rebuild(&mut |_, _| {}).unwrap().after, shown);
        assert_eq!(forks(desk).len(), forks(&chain.hq).len());
    }
}

fn shop() -> (Chain, Desk) {
    let mut chain = Chain::open(&["S01"]);
    let mut desk = chain.desk(21, "S01A", "S01", 0);
    desk.sell("1", &[("TEA", 9, 18_000), ("CUP", 2, 4000)]);
    desk.take_back(request("S01/1", "TEA", 1, "cash")).unwrap();
    chain.sync(&mut desk);
    chain.settle();
    (chain, desk)
}

/// A file restored from a backup, on which nobody has worked since, gets back what the device had become: it
/// stays the same device, and its numbers go on after the last that anybody holds.
#[test]
fn a_restored_file_goes_on_as_the_same_device() {
    let (mut chain, mut desk) = shop();
    let mut restored = desk.clone_file("restored", 31);
    let lost: Vec<String> =
        (0..3).map(|_| desk.take_back(request("S01/1", "TEA", 1, "cash")).unwrap()).collect();
    chain.sync(&mut desk);
    chain.settle();
    drop(desk);
    assert_eq!(chain.mend(&mut restored), 0, "it is who it was");
    let after = restored.take_back(request("S01/1", "TEA", 1, "cash")).unwrap();
    assert!(!lost.contains(&after));
    agree(&mut chain, &mut [&mut restored]);
    let held = numbers(&restored);
    assert!(lost.iter().chain([&after]).all(|n| held.get(n) == Some(&1)), "{held:?}");
    assert_eq!(held.len(), 5);
    assert!(forks(&chain.hq).is_empty());
    // And once more, from the very same state: the head that was adopted is remembered.
    assert_eq!(chain.mend(&mut restored), 0);
}

/// A backup that was restored and worked on before it met the relay gives two documents one number. Both are
/// kept, under two identities: the number is on two papers, and HQ is told.
#[test]
fn restored_and_worked_on_before_it_met_the_relay() {
    let (mut chain, mut desk) = shop();
    let mut restored = desk.clone_file("restored", 31);
    let lost = desk.take_back(request("S01/1", "TEA", 1, "cash")).unwrap();
    chain.sync(&mut desk);
    chain.settle();
    drop(desk);
    let mut asked = request("S01/1", "TEA", 2, "wechat");
    asked.contact = Some(Contact { name: Some("Wang".into()), phone: Some("13812345678".into()) });
    let twice = restored.take_back(asked).unwrap();
    assert_eq!(twice, lost, "nobody could know");
    assert_eq!(chain.mend(&mut restored), 1);
    assert_eq!(restored.replica.identity().code.to_string(), "S01B");
    agree(&mut chain, &mut [&mut restored]);
    assert_eq!(numbers(&chain.hq).get(&lost), Some(&2));
    let found = forks(&chain.hq);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].documents.len(), 1, "{found:?}");
    // What comes next has a number of the new code.
    assert!(restored.take_back(request("S01/1", "TEA", 1, "cash")).unwrap().contains("S01B"));
}

/// A cloned file goes on as two devices. What both held unsent is sent once; what each took in while apart is
/// there from both, though it is the same sale line; what one added to a document that the other had sent is
/// added; and HQ sees that there are two now.
#[test]
fn a_cloned_file_goes_on_as_two_devices() {
    let (mut chain, mut desk) = shop();
    let held = desk.take_back(request("S01/1", "TEA", 1, "cash")).unwrap();
    chain.sync(&mut desk);
    chain.settle();
    let unsent = desk.take_back(request("S01/1", "TEA", 2, "wechat")).unwrap();
    let mut clone = desk.clone_file("clone", 31);
    let of_desk = desk.take_back(request("S01/1", "CUP", 2, "cash")).unwrap();
    let of_clone = clone.take_back(request("S01/1", "CUP", 2, "cash")).unwrap();
    assert_eq!(of_desk, of_clone);
    clone.replica.inspect(&clerk(), &held, &[graded(Grade::A, 1)]).unwrap();
    clone.replica.inspect(&clerk(), &unsent, &[graded(Grade::B, 2)]).unwrap();
    chain.sync(&mut desk);
    chain.settle();
    // It works on, under the name that it has, until HQ's word is there.
    chain.sync(&mut clone);
    assert_eq!(clone.replica.status().unwrap().fault.as_deref(), Some("fork"));
    let meanwhile = clone.take_back(request("S01/1", "TEA", 1, "wechat")).unwrap();
    assert!(meanwhile.contains("S01A"));
    assert_eq!(clone.replica.status().unwrap().unsent_changes, 5);
    assert_eq!(chain.mend(&mut clone), 1);
    desk.take_back(request("S01/1", "TEA", 1, "cash")).unwrap();
    agree(&mut chain, &mut [&mut clone, &mut desk]);
    let all = numbers(&chain.hq);
    assert_eq!((all[&held], all[&unsent], all[&of_desk]), (1, 1, 2), "{all:?}");
    assert_eq!(all[&meanwhile], 2, "the other used that number as well");
    let found = forks(&chain.hq);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].documents.len(), 2);
    let rows = chain.hq.replica.returns(&ReturnFilter::default()).unwrap();
    let graded = |number: &str| {
        let row = rows.iter().find(|r| r.number.to_string() == number).unwrap();
        row.lines.iter().flat_map(|l| &l.parts).filter(|p| p.grade.is_some()).count()
    };
    assert_eq!((graded(&held), graded(&unsent)), (1, 1), "what the clone added is there");
    let over = ExceptionFilter { kind: Some(ExceptionKind::OverReturn), ..ExceptionFilter::default() };
    assert_eq!(chain.hq.replica.exceptions(&over).unwrap().len(), 1, "as between any two devices");
}

/// Killed after the new key was made, after the grant was given out, and after half was written again: the next
/// session goes on with it, with the same key, and nothing is written twice.
#[test]
fn killed_on_the_way_to_a_new_name() {
    let (mut chain, mut desk) = shop();
    let mut clone = desk.clone_file("clone", 31);
    desk.take_back(request("S01/1", "TEA", 1, "cash")).unwrap();
    chain.sync(&mut desk);
    for _ in 0..3 {
        clone.take_back(request("S01/1", "TEA", 1, "cash")).unwrap();
    }
    let relay = chain.relay.device();
    let mut asked = Vec::new();
    for seed in 32..35 {
        while asked.len() < seed as usize - 31 {
            chain.sync(&mut clone);
            if let Mend::Succeed(ask) = clone.replica.mend(relay).unwrap() {
                asked.push(ask);
            }
        }
        clone.reopen(seed);
    }
    assert!(asked.iter().all(|ask| ask.key == asked[0].key), "the same key asks again");
    let granted = chain.let_in(&asked[0]);
    assert_eq!(chain.let_in(&asked[1]), granted, "and gets the same grant, which may have been lost");
    let file = rusqlite::Connection::open(&clone.path).unwrap();
    file.execute_batch(
        "CREATE TRIGGER power_fails BEFORE INSERT ON document
         WHEN (SELECT count(*) FROM document WHERE substr(identity, 1, 16) = substr(NEW.identity, 1, 16)) = 1
         BEGIN SELECT RAISE(ABORT, 'power fails'); END",
    )
    .unwrap();
    assert!(clone.replica.succeed(&granted).is_err());
    file.execute_batch("DROP TRIGGER power_fails").unwrap();
    clone.reopen(36);
    assert_eq!(clone.replica.identity().code.to_string(), "S01B", "it is another device now");
    assert_eq!(clone.replica.status().unwrap().unsent_changes, 3);
    assert_eq!(chain.mend(&mut clone), 0);
    agree(&mut chain, &mut [&mut clone, &mut desk]);
    assert_eq!(numbers(&chain.hq).values().sum::<usize>(), 5);
}

/// A branch whose file is gone joins anew and has its site's documents back, whether HQ has withdrawn the old
/// device or not.
#[test]
fn a_lost_file_is_joined_anew() {
    for withdrawn in [false, true] {
        let (mut chain, desk) = shop();
        let shown = desk.digest();
        drop(desk);
        if withdrawn {
            let withdrawal = chain.withdrawal(21, "S01A", "S01");
            chain.relay.add_grants(vec![withdrawal]).unwrap();
            chain.settle();
        }
        let mut anew = chain.desk(22, "S01B", "S01", 0);
        chain.sync(&mut anew);
        assert_eq!(anew.digest(), shown);
        anew.take_back(request("S01/1", "TEA", 1, "cash")).unwrap();
        agree(&mut chain, &mut [&mut anew]);
        assert_eq!(anew.replica.identity().site, Some(site("S01")));
    }
}

/// HQ's own file restored from a backup: it follows the log to its end, its own entries included, and pays
/// nothing again that it had paid.
#[test]
fn hqs_file_is_restored() {
    let (mut chain, mut desk) = shop();
    let old = chain.hq.clone_file("old", 31);
    desk.take_back(request("S01/1", "TEA", 2, "wechat")).unwrap();
    chain.sync(&mut desk);
    chain.settle();
    let due = chain.hq.replica.payable().unwrap().remove(0);
    assert!(chain.hq.replica.payout_intent(due.document, &due.refund, 1).unwrap());
    chain.settle();
    chain.hq = old;
    chain.sync_hq();
    let relay = chain.relay.device();
    assert_eq!(chain.hq.replica.mend(relay).unwrap(), Mend::Fetch);
    chain.sync_hq();
    assert_eq!(chain.hq.replica.mend(relay).unwrap(), Mend::Whole);
    chain.settle();
    assert!(
        !chain.hq.replica.payout_intent(due.document, &due.refund, 2).unwrap(),
        "it is asked of the rail"
    );
    agree(&mut chain, &mut [&mut desk]);
}

/// The programs themselves: a branch's file is copied while nobody uses it, and both copies are used.
#[test]
fn two_programs_on_two_copies_of_a_file() {
    const RETURN: &str =
        "return counter --item TEA=1 --price 20 --reason defective --refund cash --approved-by wang";
    let hq = Headquarters::open(&["A"]);
    let branch = hq.branch("A", &hq.address);
    branch.run(&words("stock adjust TEA --add 50 --as opening --reason count")).ok();
    branch.run(&words(RETURN)).ok();
    branch.sync();
    let copy = Branch { file: branch.file.with_extension("copy") };
    for end in ["", "-wal"] {
        let of = |b: &Branch| std::path::PathBuf::from(format!("{}{end}", b.file.display()));
        if of(&branch).exists() {
            std::fs::copy(of(&branch), of(&copy)).unwrap();
        }
    }
    for each in [&branch, &copy] {
        each.run(&words(RETURN)).ok();
    }
    branch.sync();
    copy.sync();
    branch.sync();
    hq.items(&["payout", "run"]);
    copy.sync();
    branch.sync();
    assert_eq!(hq.items(&["return", "list"]).len(), 3);
    assert_eq!((copy.digest(), branch.digest()), (hq.digest(), hq.digest()));
    let devices = hq.items(&["device", "list"]);
    let names: Vec<_> = devices.iter().filter_map(|d| d["successor_of"].as_str()).collect();
    assert_eq!(names, ["AA"], "{devices:?}");
    let told = hq.items(&["exception", "list"]);
    assert!(told.iter().any(|e| e["kind"] == "device_fork"), "{told:?}");
    branch.run(&["doctor"]).ok();
    copy.run(&["doctor"]).ok();
    hq.run(&["doctor"]).ok();
}

/// A backup that is made while the server runs is put back, and a branch that was ahead of it brings its own
/// file's backup: all that anybody held is there again in the end. What is newer isn't replaced unasked.
#[test]
fn a_backup_is_made_and_put_back() {
    const RETURN: &str =
        "return counter --item TEA=1 --price 20 --reason defective --refund cash --approved-by wang";
    let hq = Headquarters::open(&["A"]);
    let branch = hq.branch("A", &hq.address);
    branch.run(&words("stock adjust TEA --add 50 --as opening --reason count")).ok();
    branch.run(&words(RETURN)).ok();
    branch.sync();
    let backup = branch.file.with_extension("bak");
    let backup = backup.to_str().unwrap();
    let made = branch.items(&["backup", backup]).remove(0);
    assert_eq!(made["digest"], branch.digest());
    let again = branch.run(&["backup", backup]);
    assert_eq!(again.code, Some(65), "no backup is overwritten: {again:?}");
    branch.run(&words(RETURN)).ok();
    branch.sync();
    let refused = branch.run(&["restore", backup]);
    assert_eq!(refused.code, Some(65), "it holds more than the backup: {refused:?}");
    let restored = branch.items(&["restore", backup, "--force"]).remove(0);
    assert!(std::path::Path::new(restored["kept"].as_str().unwrap()).exists());
    assert_eq!(branch.items(&["return", "list"]).len(), 1);
    branch.sync();
    assert_eq!(branch.items(&["return", "list"]).len(), 2, "what came after it is fetched");
    branch.run(&words(RETURN)).ok();
    branch.sync();
    hq.items(&["payout", "run"]);
    assert_eq!(numbers_of(&hq.items(&["return", "list"])).len(), 3, "no number twice");
    assert_eq!(hq.digest(), branch.digest());
    branch.run(&["doctor"]).ok();
    let folder = hq.path("backup");
    hq.run(&["backup", folder.to_str().unwrap()]).ok();
    assert!(folder.join("hq.sqlite").exists() && folder.join("relay.sqlite").exists());
    let used = hq.run(&["restore", folder.to_str().unwrap(), "--force"]);
    assert_eq!(used.code, Some(65), "the server uses it: {used:?}");
}

/// What is no backup isn't put back, and what is given is what is named; nothing is changed by it, or by a backup
/// into a folder that isn't there.
#[test]
fn what_is_no_backup_is_named_and_changes_nothing() {
    let hq = Headquarters::open(&["A"]);
    let branch = hq.branch("A", &hq.address);
    branch.sync();
    let before = branch.digest();
    let letter = hq.file("letter.txt", "no backup");
    let at_branch = |args: &[&str], code, names: &str| {
        let ended = branch.run(args);
        assert_eq!(ended.code, Some(code), "{args:?}: {ended:?}");
        assert!(ended.said.contains(names) && !ended.said.contains(".partial"), "{args:?}: {}", ended.said);
        assert_eq!(branch.digest(), before);
    };
    at_branch(&["restore", &letter], 65, "letter.txt");
    at_branch(&["restore", "/nowhere/backup"], 65, "/nowhere/backup");
    at_branch(&["backup", "/nowhere/backup"], 1, "/nowhere");
    let shown = hq.digest();
    let ended = hq.run(&["restore", &letter]);
    assert_eq!(ended.code, Some(65), "{ended:?}");
    assert!(ended.said.contains("letter.txt"), "{}", ended.said);
    assert_eq!(hq.digest(), shown);
}

fn numbers_of(returns: &[serde_json::Value]) -> std::collections::BTreeSet<String> {
    returns.iter().map(|r| r["number"].as_str().unwrap().to_owned()).collect()
}

/// HQ's file is gone, the relay's is there: by the organisation's secret another device of HQ's follows the whole
/// log, and goes on paying what was not paid, once.
#[test]
fn hqs_file_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let (mut hq, secret) = Headquarters::open_with_secret(&["A"]);
    let branch = hq.branch("A", &hq.address);
    branch.run(&words("stock adjust TEA --add 50 --as opening --reason count")).ok();
    branch
        .run(&words(
            "return counter --item TEA=1 --price 20 --reason defective --refund cash --approved-by wang",
        ))
        .ok();
    branch.sync();
    let shown = branch.digest();
    hq.stop();
    for end in ["", "-wal", "-shm"] {
        let file = hq.path(&format!("hq.sqlite{end}"));
        if file.exists() {
            std::fs::remove_file(file).unwrap();
        }
    }
    let file = folder.path().join("secret");
    std::fs::write(&file, "00".repeat(32)).unwrap();
    let file = file.to_str().unwrap();
    let wrong = hq.run(&["recover", "--secret-file", file]);
    assert_eq!(wrong.code, Some(65), "another organisation's secret: {wrong:?}");
    std::fs::write(file, secret).unwrap();
    let made = hq.items(&["recover", "--secret-file", file]).remove(0);
    assert_eq!((&made["hq"], &made["relay"]), (&true.into(), &false.into()));
    hq.serve_again(&[]);
    branch.sync();
    assert_eq!((hq.digest(), branch.digest()), (shown.clone(), shown));
    let again = hq.run(&["recover", "--secret-file", file]);
    assert_eq!(again.code, Some(65), "nothing is missing: {again:?}");
    hq.run(&["doctor"]).ok();
}
