//! The horizon: a branch's file lets the details of what is closed and old go, and nothing that is shown, owed or
//! proven is other for it.
//!
//! What surprises: a document that was let go is needed by its number, by an event that comes late, by a second
//! file that tells of the same sale. Each time the work stops before it has done anything, the changes come back
//! from the relay by their hashes, and the work is done.

use guicang_domain::ids::DocumentId;
use guicang_domain::returns::Grade;
use guicang_replica::{By, LET_GO_AT_ONCE, LetGo, StockFilter, StoreError};

use crate::chain::{Chain, Desk, START, clerk, graded, receipt, request};
use crate::history::History;
use crate::programs::{Headquarters, words};

const DAY_MS: i64 = 86_400_000;

/// A clerk, and a manager who agrees.
fn with_manager() -> By {
    By { approved_by: Some("wang".parse().unwrap()), ..clerk() }
}

/// Lets everything go that is beyond the horizon.
fn let_go(desk: &mut Desk) -> LetGo {
    let mut all = LetGo::default();
    loop {
        let some = desk.replica.let_go(LET_GO_AT_ONCE).unwrap();
        (all.documents, all.bytes) = (all.documents + some.documents, all.bytes + some.bytes);
        if !some.more {
            return all;
        }
    }
}

/// Branch S01 sold and took back, all of it closed; S02 and HQ know. Then a hundred days pass.
struct Scene {
    chain: Chain,
    desk: Desk,
    other: Desk,
    number: String,
}

impl Scene {
    fn long_ago() -> Self {
        let mut chain = Chain::open(&["S01", "S02"]);
        let mut desk = chain.desk(21, "S01A", "S01", 0);
        let mut other = chain.desk(22, "S02A", "S02", 0);
        desk.opening("TEA", 50);
        desk.sell("1", &[("TEA", 3, 6000), ("CUP", 1, 900)]);
        let number = desk.take_back(request("S01/1", "TEA", 1, "cash")).unwrap();
        desk.replica.inspect(&clerk(), &number, &[graded(Grade::A, 1)]).unwrap();
        chain.sync(&mut desk);
        chain.settle();
        chain.sync(&mut desk);
        chain.sync(&mut other);
        chain.later(100 * DAY_MS);
        let mut scene = Self { chain, desk, other, number };
        scene.everybody();
        scene.desk.replica.set_horizon(90).unwrap();
        scene
    }

    fn everybody(&mut self) {
        self.chain.sync(&mut self.desk);
        self.chain.sync(&mut self.other);
        self.chain.settle();
        self.chain.sync(&mut self.desk);
    }

    /// The document that a look at the return asks for.
    fn asked_for(&self) -> Vec<DocumentId> {
        match self.desk.replica.find_return(&self.number) {
            Err(guicang_replica::CommandError::Store(StoreError::LetGo { documents, number })) => {
                assert_eq!(number, self.number);
                documents
            }
            other => panic!("{other:?}"),
        }
    }
}

/// Bytes go; figures, digest, proof and what a rebuild comes to stay.
#[test]
fn what_is_let_go_counts_as_before() {
    let mut scene = Scene::long_ago();
    let digest = scene.desk.digest();
    let would = scene.desk.replica.would_let_go().unwrap();
    assert_eq!(scene.desk.replica.horizon().unwrap().documents, 0, "only asked");
    let gone = let_go(&mut scene.desk);
    assert_eq!((gone.documents, gone.bytes), (would.documents, would.bytes));
    assert_eq!(gone.documents, 3, "the opening, the sale and the return");
    assert_eq!(scene.desk.digest(), digest);
    scene.desk.check();
    assert!(scene.chain.sync(&mut scene.desk).proven);
    assert_eq!(let_go(&mut scene.desk).documents, 0);
    // A return against the old sale needs no details: what was sold stands in the file's rows.
    scene.desk.replica.counter_return(&with_manager(), request("S01/1", "TEA", 1, "cash")).unwrap();
    scene.everybody();
    scene.desk.check();
}

/// Somebody looks an old return up: its number says what is missing, the relay has it, and it is shown as before.
#[test]
fn an_old_return_is_looked_up_at_the_relay() {
    let mut scene = Scene::long_ago();
    let before = format!("{:?}", scene.desk.replica.find_return(&scene.number).unwrap());
    let_go(&mut scene.desk);
    let documents = scene.asked_for();
    assert_eq!(
        scene.chain.fetch(&mut scene.other, &documents),
        0,
        "another site's device gets nothing of it"
    );
    assert_eq!(scene.chain.fetch(&mut scene.desk, &documents), 1);
    assert_eq!(format!("{:?}", scene.desk.replica.find_return(&scene.number).unwrap()), before);
    assert_eq!(let_go(&mut scene.desk).documents, 0, "it stays for a day");
    scene.chain.later(DAY_MS);
    scene.chain.sync(&mut scene.desk);
    assert_eq!(let_go(&mut scene.desk).documents, 1);
    scene.desk.check();
}

/// HQ's device acts on a return that the branch let go. The branch fetches the document, checks and folds the new
/// change with it, and shows what HQ shows.
#[test]
fn an_event_that_comes_late_brings_its_document_back() {
    let mut scene = Scene::long_ago();
    let_go(&mut scene.desk);
    scene.chain.hq.replica.inspect(&clerk(), &scene.number, &[graded(Grade::D, 1)]).unwrap_err();
    scene.chain.hq.replica.reverse_return(&with_manager(), &scene.number, None).unwrap();
    scene.chain.settle();
    assert!(scene.chain.sync(&mut scene.desk).proven);
    let at = |desk: &Desk| desk.replica.find_return(&scene.number).unwrap().unwrap().states;
    assert_eq!(at(&scene.desk), at(&scene.chain.hq));
    assert!(at(&scene.desk).iter().any(|s| s == "reversed"));
    scene.desk.check();
}

/// A till's file is brought in that tells of an old sale once more, and otherwise. Who tells what is compared by
/// reading both, so the command stops, and goes through once the old one is back. From then on it stays.
#[test]
fn a_second_file_about_an_old_sale_asks_for_the_first() {
    let mut scene = Scene::long_ago();
    let_go(&mut scene.desk);
    let again = || receipt("1", START, &[("TEA", 2, 4000), ("CUP", 1, 900)]);
    let documents = match scene.desk.try_import(vec![again()]) {
        Err(guicang_replica::CommandError::Store(StoreError::LetGo { documents, .. })) => documents,
        other => panic!("{other:?}"),
    };
    scene.desk.check();
    assert_eq!(scene.chain.fetch(&mut scene.desk, &documents), 1);
    scene.desk.try_import(vec![again()]).unwrap();
    scene.everybody();
    scene.chain.later(2 * DAY_MS);
    scene.everybody();
    assert_eq!(let_go(&mut scene.desk).documents, 0, "two tell of that sale");
    scene.desk.check();
    scene.chain.hq.check();
}

/// The relay is rolled back to before what the branch has let go since. The branch can't offer that; it says how
/// many changes these are, its journal goes on, and HQ's replica brings them.
#[test]
fn what_the_relay_lost_beyond_the_horizon_hq_brings() {
    for hq_first in [false, true] {
        let mut chain = Chain::open(&["S01"]);
        let mut desk = chain.desk(21, "S01A", "S01", 0);
        desk.sell("1", &[("TEA", 3, 6000)]);
        chain.sync(&mut desk);
        chain.settle();
        let copy = chain.copy_relay();
        desk.sell("2", &[("TEA", 1, 2000)]);
        let number = desk.take_back(request("S01/1", "TEA", 1, "cash")).unwrap();
        desk.replica.inspect(&clerk(), &number, &[graded(Grade::A, 1)]).unwrap();
        chain.sync(&mut desk);
        chain.settle();
        chain.sync(&mut desk);
        chain.later(100 * DAY_MS);
        chain.sync(&mut desk);
        desk.replica.set_horizon(90).unwrap();
        assert!(let_go(&mut desk).documents >= 3);
        let digest = desk.digest();
        chain.roll_back(&copy);
        if !hq_first {
            let summary = chain.sync(&mut desk);
            assert!(!summary.proven);
            assert!(desk.replica.horizon().unwrap().lost > 0);
            assert_eq!(let_go(&mut desk).documents, 0, "nothing goes while anything isn't proven");
        }
        // What happens meanwhile gets through.
        desk.sell("3", &[("TEA", 1, 2000)]);
        for _ in 0..3 {
            chain.settle();
            chain.sync(&mut desk);
        }
        assert!(chain.sync(&mut desk).proven);
        assert_eq!(desk.replica.horizon().unwrap().lost, 0);
        assert_eq!(desk.replica.status().unwrap().set_aside.len(), 0);
        assert_ne!(desk.digest(), digest, "the third sale");
        desk.check();
        chain.hq.check();
        assert_eq!(chain.relay.examine().unwrap(), []);
    }
}

/// The file is put back from a copy made after some of it was let go. It finds its place again, whole.
#[test]
fn a_copy_of_a_file_with_a_horizon_goes_on() {
    let mut scene = Scene::long_ago();
    let_go(&mut scene.desk);
    let mut copy = scene.desk.clone_file("S01A-copy", 77);
    scene.desk.sell("9", &[("TEA", 1, 2000)]);
    scene.chain.sync(&mut scene.desk);
    assert_eq!(scene.chain.mend(&mut copy), 0, "an older state of the same device");
    assert_eq!(copy.digest(), scene.desk.digest());
    copy.check();
}

/// Three years of a small shop: some receipts a week, one of ten comes back. What changes take in the file is bounded
/// by what happened within the horizon: it is the same after the second year and after the third, where without a
/// horizon it grows by a half. Rows stay, so everything shown is as at HQ, which lets nothing go.
#[test]
fn over_years_the_changes_of_the_last_months_are_all_that_stays() {
    let mut chain = Chain::open(&["S01"]);
    let mut desk = chain.desk(21, "S01A", "S01", 0);
    desk.opening("TEA", 50_000);
    desk.replica.set_horizon(90).unwrap();
    let (mut held, mut gone, mut sold) = (Vec::new(), 0, 0);
    for _year in 0..3 {
        for _week in 0..52 {
            let at = chain.now();
            let day = |n: i64| receipt(&(sold + n).to_string(), at, &[("TEA", 2, 4000), ("CUP", 1, 900)]);
            desk.import((1..=20).map(day).collect(), Vec::new(), false);
            for n in [1, 11] {
                let number = desk.take_back(request(&format!("S01/{}", sold + n), "TEA", 1, "cash")).unwrap();
                desk.replica.inspect(&clerk(), &number, &[graded(Grade::A, 1)]).unwrap();
            }
            sold += 20;
            chain.sync(&mut desk);
            chain.settle();
            assert!(chain.sync(&mut desk).proven);
            gone += let_go(&mut desk).bytes;
            chain.later(7 * DAY_MS);
        }
        held.push(desk.replica.horizon().unwrap());
    }
    let bytes: Vec<u64> = held.iter().map(|h| h.change_bytes).collect();
    assert!(bytes[2] * 100 <= bytes[1] * 105, "bounded: {bytes:?}");
    assert!(gone > 5 * bytes[2], "{gone} of {bytes:?}");
    desk.check();
    chain.hq.check();
    let stock = |desk: &Desk| format!("{:?}", desk.replica.stock(&StockFilter::default()).unwrap());
    assert_eq!(stock(&desk), stock(&chain.hq));
}

/// The programs: a number that was let go is asked for at HQ by the command that needs it, which says so. Without a
/// line it says what is missing and what to do, and everything else goes on.
#[test]
fn what_was_let_go_is_asked_for_by_the_program_itself() {
    let mut hq = Headquarters::open(&["A"]);
    let branch = hq.branch("A", &hq.address);
    branch.run(&words("stock adjust TEA --add 50 --as opening --reason count")).ok();
    let counter = "return counter --item TEA=1 --price 20 --reason defective --refund cash --grade A=1 --approved-by wang";
    let taken = branch.items(&words(counter)).remove(0);
    let number = taken["number"].as_str().unwrap();
    branch.sync();
    hq.items(&["payout", "run"]);
    branch.sync();
    let digest = branch.digest();
    let shown = branch.items(&["return", "show", number]);
    // Months pass in the file, as its documents tell it: the programs' clock can't be moved.
    let age = |sql: &str| rusqlite::Connection::open(&branch.file).unwrap().execute(sql, []).unwrap();
    age("UPDATE document SET recorded = recorded - (60 * 86400000 << 16) WHERE recorded > 0");
    branch
        .run(&words("horizon set 7"))
        .code
        .filter(|code| *code == 2)
        .expect("fewer days than may come back");
    branch.run(&words("horizon set 30")).ok();
    let would = branch.items(&words("horizon drop --dry-run")).remove(0);
    let gone = branch.items(&words("horizon drop")).remove(0);
    assert_eq!((&gone["documents"], &gone["bytes"]), (&2.into(), &would["bytes"]));
    branch.run(&words("horizon drop --shrink")).ok();
    assert_eq!(branch.items(&words("horizon show"))[0]["documents_let_go"], 2);

    let looked_up = branch.run(&["return", "show", number, "--json"]).ok();
    assert_eq!(looked_up.items(), shown);
    assert!(looked_up.said.contains("Asking HQ"), "{looked_up:?}");
    age("UPDATE document SET looked_at = 0");
    branch.items(&words("horizon drop"));
    hq.stop();
    let alone = branch.run(&["return", "show", number]);
    assert_eq!(alone.code, Some(75), "{alone:?}");
    assert!(alone.said.contains(number) && alone.said.contains("HQ was asked"), "{alone:?}");
    branch.run(&["doctor"]).ok();
    assert_eq!(branch.digest(), digest);
    hq.serve_again(&[]);
    assert_eq!(branch.items(&["horizon", "fetch", number])[0]["documents"], 1);
    assert_eq!(branch.items(&["return", "show", number]), shown);
    branch.sync();
}

/// Whatever happened before: letting go changes nothing that is shown at a branch, and a rebuild comes to the same.
/// While the branch is away the others go on with what it has let go; then it shows what its own file would show
/// that let nothing go.
fn nothing_changes(seed: u64) -> u64 {
    let mut history = History::of(seed);
    history.chain.later(40 * DAY_MS);
    let at = seed as usize % history.desks.len();
    let desk = &mut history.desks[at];
    history.chain.sync(desk);
    let mut twin = desk.clone_file("twin", seed);
    desk.replica.set_horizon(30).unwrap();
    let digest = desk.digest();
    let gone = let_go(desk).documents;
    assert_eq!(desk.digest(), digest, "{seed}");
    desk.check();
    history.without(at, 25);
    let desk = &mut history.desks[at];
    assert!(history.chain.sync(desk).proven, "{seed}");
    assert!(history.chain.sync(&mut twin).proven, "{seed}");
    assert_eq!(desk.digest(), twin.digest(), "{seed}: branch {at}");
    desk.check();
    history.chain.hq.check();
    gone
}

#[test]
fn a_horizon_at_any_moment_of_any_history_shows_nowhere() {
    let gone: u64 = (1..=8).map(nothing_changes).sum();
    assert!(gone > 50, "{gone}");
}
