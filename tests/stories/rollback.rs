//! The relay loses what it held: rolled back to a copy of its file, or made anew. What any replica holds comes
//! back by itself, every verdict is as before, and in the end both ends are proven equal.
//!
//! Each story is told with the devices coming back in every order.

use guicang_sync::session::Limits;

use crate::chain::{Chain, Desk, request};
use crate::programs::{Branch, Headquarters, words};

/// Three branches; the first sold what all take back.
struct Scene {
    chain: Chain,
    desks: Vec<Desk>,
}

/// Who comes back to the relay: a desk, or HQ.
const HQ: usize = usize::MAX;
const ORDERS: [[usize; 3]; 6] = [[0, 1, HQ], [0, HQ, 1], [1, 0, HQ], [1, HQ, 0], [HQ, 0, 1], [HQ, 1, 0]];

impl Scene {
    /// Before the relay's file is copied: sales, and a return at another branch.
    fn open() -> Self {
        let mut chain = Chain::open(&["S01", "S02"]);
        let mut desks = vec![chain.desk(21, "S01A", "S01", 0), chain.desk(22, "S02A", "S02", 0)];
        desks[0].sell("1", &[("TEA", 3, 6000), ("CUP", 1, 900)]);
        chain.sync(&mut desks[0]);
        desks[1].take_back(request("S01/1", "TEA", 1, "cash")).unwrap();
        let mut scene = Self { chain, desks };
        scene.all();
        scene
    }

    /// After it: each branch takes another one back, and HQ hears of all of it.
    fn goes_on(&mut self) {
        self.desks[0].take_back(request("S01/1", "TEA", 1, "cash")).unwrap();
        self.chain.later(60_000);
        self.desks[1].take_back(request("S01/1", "TEA", 2, "cash")).unwrap();
        self.desks[0].sell("2", &[("TEA", 1, 2000)]);
        self.all();
        self.all();
    }

    /// A session of everybody.
    fn all(&mut self) {
        self.come(&[0, 1, HQ]);
    }

    fn come(&mut self, order: &[usize]) {
        for who in order {
            match *who {
                HQ => drop(self.chain.settle()),
                desk => drop(self.chain.sync(&mut self.desks[desk])),
            }
        }
    }

    /// After the second time round everybody is proven equal, HQ shows what it showed, and so do the branches.
    fn is_as_before(&mut self, before: &[[u8; 32]], order: &[usize], desks: &[usize]) {
        let proven = |summary: guicang_sync::session::Summary| {
            assert!(summary.proven, "{order:?}: {summary:?}");
            assert_eq!((summary.refused, summary.set_apart), (0, 0), "{order:?}");
        };
        proven(self.chain.settle());
        for desk in desks {
            proven(self.chain.sync(&mut self.desks[*desk]));
        }
        assert_eq!(self.digests(), before, "{order:?}");
        self.chain.hq.check();
        for desk in &mut self.desks {
            desk.check();
        }
        assert_eq!(self.chain.relay.examine().unwrap(), [], "{order:?}");
        let feeds = self.chain.hq.replica.status().unwrap().feeds;
        assert!(feeds.iter().all(|f| f.strays == 0 && f.differs.is_none()), "{feeds:?}");
    }

    fn digests(&self) -> Vec<[u8; 32]> {
        [self.chain.hq.digest()].into_iter().chain(self.desks.iter().map(Desk::digest)).collect()
    }
}

/// The machine of the relay is set back to a snapshot of its file system: the same life of the log, which
/// now goes on otherwise.
#[test]
fn a_relay_rolled_back_to_a_copy_of_its_file_is_filled_again() {
    for order in ORDERS {
        let mut scene = Scene::open();
        let copy = scene.chain.copy_relay();
        scene.goes_on();
        let before = scene.digests();
        scene.chain.roll_back(&copy);
        for _ in 0..2 {
            scene.come(&order);
        }
        scene.is_as_before(&before, &order, &[0, 1]);
    }
}

/// One of two branches never comes back. HQ brings what it had recorded.
#[test]
fn what_a_branch_recorded_that_never_returns_is_brought_by_hq() {
    for order in [[0, HQ], [HQ, 0]] {
        let mut scene = Scene::open();
        let copy = scene.chain.copy_relay();
        scene.goes_on();
        let before = scene.digests();
        scene.chain.roll_back(&copy);
        for _ in 0..2 {
            scene.come(&order);
        }
        scene.is_as_before(&before, &order, &[0]);
        let (journal, held) = (scene.desks[1].replica.identity().device, scene.desks[1].entries());
        assert_eq!(scene.chain.relay.journal(journal).unwrap().unwrap().sequence, held);
    }
}

/// The relay is made anew, with another key: it knows nobody but HQ, nothing is in the order in which it was,
/// and who was granted what comes from those who hold it.
#[test]
fn a_relay_made_anew_is_filled_by_those_who_come() {
    for order in ORDERS {
        let mut scene = Scene::open();
        scene.goes_on();
        let before = scene.digests();
        scene.chain.relay_anew();
        for _ in 0..3 {
            scene.come(&order);
        }
        scene.is_as_before(&before, &order, &[0, 1]);
    }
}

/// The same, where what is held is much against what differs: ranges of hashes are compared, and only what
/// differs travels.
#[test]
fn without_a_common_beginning_only_what_differs_travels() {
    let mut scene = Scene::open();
    scene.goes_on();
    for n in 10..50 {
        scene.desks[0].sell(&n.to_string(), &[("TEA", 1, 2000)]);
    }
    scene.all();
    let before = scene.digests();
    scene.chain.relay_anew();
    scene.chain.limits = Limits { again_items: 5, ..Limits::default() };
    // Branches fill it in an order that isn't HQ's; then HQ itself loses nothing, and fetches nothing.
    for _ in 0..3 {
        scene.come(&[1, 0]);
    }
    let held = *scene.chain.relay.watch_log().borrow();
    let first = scene.chain.sync_hq();
    assert!(held > 40 && first.fetched_changes == 0, "{held} {first:?}");
    for _ in 0..2 {
        scene.come(&[HQ, 0, 1]);
    }
    scene.is_as_before(&before, &[HQ, 0, 1], &[0, 1]);
}

/// The relay moved to another address: a branch is told, and goes on; nothing is sent again, and both ends are proven
/// equal as before. What is no address changes nothing.
#[test]
fn a_relay_that_moved_is_followed_to_its_new_address() {
    let mut hq = Headquarters::open(&["A"]);
    let branch = hq.branch("A", &hq.address);
    branch.sync();
    hq.stop();
    hq.serve_elsewhere();
    branch.run(&words("stock adjust TEA --add 5 --as opening --reason count")).ok();
    let wrong = branch.run(&words("relay set hq.example.com"));
    assert_eq!(wrong.code, Some(2), "{wrong:?}");
    let moved = format!("http://{}", hq.address);
    assert_eq!(branch.items(&["relay", "set", &moved])[0]["relay"], moved.as_str());
    let synced = branch.items(&["sync"]).remove(0);
    assert_eq!((&synced["sent"], &synced["proven"]), (&1.into(), &true.into()), "{synced}");
    hq.items(&["payout", "run"]);
    assert_eq!(hq.digest(), branch.digest());
}

/// What the proof is made of is examined too: a position that names another change, a sum that was altered, a
/// cursor that was moved. Each is found, and nothing is found before.
#[test]
fn a_doctor_finds_what_doesnt_come_to_its_sum() {
    let hq = Headquarters::open(&["A"]);
    let branch = hq.branch("A", &hq.address);
    for _ in 0..3 {
        branch.run(&words("stock adjust TEA --add 5 --as opening --reason count")).ok();
        branch.sync();
    }
    branch.run(&["doctor"]).ok();
    for damage in [
        "UPDATE feed_item SET first = first - 1 WHERE first > 1",
        "UPDATE feed_item SET count = count + 5",
        "UPDATE feed_item SET sum = randomblob(32) WHERE sum IS NOT NULL",
        "UPDATE cursor SET sum = randomblob(32)",
    ] {
        let copy = Branch { file: branch.file.with_extension("damaged") };
        branch.run(&["backup", copy.file.to_str().unwrap()]).ok();
        let file = rusqlite::Connection::open(&copy.file).unwrap();
        assert!(file.execute(damage, []).unwrap() > 0, "{damage}");
        drop(file);
        let found = copy.run(&["doctor"]);
        assert_eq!(found.code, Some(65), "{damage}: {found:?}");
        assert!(found.out.contains("sum") || found.said.contains("sum"), "{damage}: {found:?}");
        std::fs::remove_file(&copy.file).unwrap();
    }
}
