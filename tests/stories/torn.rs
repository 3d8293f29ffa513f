//! A file whose write-ahead log was torn: cut at every frame and within, bits of it flipped, the log or the file
//! gone. What opens holds what was committed up to some moment, in order, and is in order itself; what doesn't
//! open says so. Never is there other data.

use std::path::{Path, PathBuf};

use guicang_domain::time::Moment;
use guicang_replica::{Ambient, OpenError, Replica};
use guicang_server::relay::Relay;
use rusqlite::Connection;

use crate::programs::{Branch, Headquarters, words};
use crate::random::Random;

const RETURN: &str =
    "return counter --item TEA=1 --price 20 --reason defective --refund cash --approved-by wang";
/// Before the frames of a log, bytes; and before the page of each frame (SQLite's file format, 4.1).
const LOG_HEAD: usize = 32;
const FRAME_HEAD: usize = 24;

/// A file with its log, as bytes.
struct Hot {
    folder: tempfile::TempDir,
    file: Vec<u8>,
    log: Vec<u8>,
}

impl Hot {
    /// As they stand, while nobody writes.
    fn of(path: &Path) -> Self {
        let log = std::fs::read(beside(path)).unwrap();
        let hot = Self { folder: tempfile::tempdir().unwrap(), file: std::fs::read(path).unwrap(), log };
        assert!(hot.frames() > 20, "there is something to tear: {} frames", hot.frames());
        hot
    }

    fn frame_bytes(&self) -> usize {
        FRAME_HEAD + u32::from_be_bytes(self.log[8..12].try_into().unwrap()) as usize
    }

    fn frames(&self) -> usize {
        (self.log.len() - LOG_HEAD) / self.frame_bytes()
    }

    /// Where each frame begins, a place within each, and the end.
    fn cuts(&self, random: &mut Random) -> Vec<usize> {
        let frame = |n: usize| LOG_HEAD + n * self.frame_bytes();
        let within = (0..self.frames()).map(|n| frame(n) + 1 + random.below(self.frame_bytes() - 1));
        (0..=self.frames()).map(frame).chain(within.collect::<Vec<_>>()).collect()
    }

    /// A machine's disk with this file, and such a log.
    fn put(&self, log: &[u8]) -> PathBuf {
        let path = self.folder.path().join("torn.sqlite");
        for end in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{end}", path.display()));
        }
        std::fs::write(&path, &self.file).unwrap();
        std::fs::write(beside(&path), log).unwrap();
        path
    }
}

fn beside(path: &Path) -> PathBuf {
    PathBuf::from(format!("{}-wal", path.display()))
}

fn open(path: &Path) -> Result<Replica, OpenError> {
    let ambient =
        Ambient { now: Box::new(|| Moment(0)), fill: Box::new(|bytes| bytes.fill(7)), machine: None };
    Replica::open(path, ambient)
}

/// The changes that a file holds, in their order.
fn changes(path: &Path) -> Vec<[u8; 32]> {
    let file = Connection::open(path).unwrap();
    let mut statement = file.prepare("SELECT hash FROM change ORDER BY id").unwrap();
    let rows = statement.query_map([], |r| r.get(0)).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

/// A branch's file whose last commands stand in the log alone.
fn branch() -> (Headquarters, Branch, Connection) {
    let hq = Headquarters::open(&["A"]);
    let branch = hq.branch("A", &hq.address);
    branch.sync();
    // Who has the file open keeps the log from being put back into it when a command ends.
    let open = Connection::open(&branch.file).unwrap();
    open.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    branch.run(&words("stock adjust TEA --add 50 --as opening --reason count")).ok();
    for _ in 0..4 {
        branch.run(&words(RETURN)).ok();
    }
    (hq, branch, open)
}

#[test]
fn a_branchs_log_cut_anywhere() {
    let (_hq, branch, _open) = branch();
    let hot = Hot::of(&branch.file);
    let all = changes(&hot.put(&hot.log));
    let mut seen = std::collections::BTreeSet::new();
    for (n, cut) in hot.cuts(&mut Random(5)).into_iter().enumerate() {
        let path = hot.put(&hot.log[..cut]);
        let mut replica = open(&path).unwrap();
        if n % 16 == 0 {
            assert_eq!(replica.doctor(&mut |_, _| {}).unwrap(), [], "cut at {cut}");
        }
        drop(replica);
        let held = changes(&path);
        assert!(all.starts_with(&held), "cut at {cut}");
        seen.insert(held.len());
    }
    assert!(seen.len() > 5, "a prefix for each command, and one before them: {seen:?}");
}

#[test]
fn bits_of_a_branchs_log_flipped() {
    let (_hq, branch, _open) = branch();
    let hot = Hot::of(&branch.file);
    let all = changes(&hot.put(&hot.log));
    let mut random = Random(6);
    let mut shorter = 0;
    for _ in 0..60 {
        let mut log = hot.log.clone();
        let at = random.below(log.len());
        log[at] ^= 1 << random.below(8);
        let path = hot.put(&log);
        let mut replica = open(&path).unwrap();
        assert_eq!(replica.doctor(&mut |_, _| {}).unwrap(), [], "a bit of byte {at}");
        drop(replica);
        let held = changes(&path);
        assert!(all.starts_with(&held), "a bit of byte {at}");
        shorter += u32::from(held.len() < all.len());
    }
    assert!(shorter > 0, "a flipped bit is noticed");
}

#[test]
fn the_relays_log_cut_anywhere() {
    let (mut hq, branch, _open) = branch();
    branch.sync();
    // Killed: nothing is put back into the file.
    hq.stop();
    let hot = Hot::of(&hq.path("relay.sqlite"));
    let all = changes(&hot.put(&hot.log));
    for cut in hot.cuts(&mut Random(7)) {
        let path = hot.put(&hot.log[..cut]);
        // Torn before anything was committed, it is no relay's file yet.
        let Ok(relay) = Relay::open(&path) else {
            assert!(cut < hot.log.len() / 2, "cut at {cut} of {}", hot.log.len());
            continue;
        };
        assert_eq!(relay.examine().unwrap(), [], "cut at {cut}");
        drop(relay);
        assert!(all.starts_with(&changes(&path)), "cut at {cut}");
    }
}

/// The power went before the folder was on disk: the log's entry in it is lost, or the file's.
#[test]
fn a_lost_directory_entry() {
    let (hq, branch, held) = branch();
    let hot = Hot::of(&branch.file);
    let all = changes(&hot.put(&hot.log));
    let path = hot.put(&hot.log);
    std::fs::remove_file(beside(&path)).unwrap();
    assert_eq!(open(&path).unwrap().doctor(&mut |_, _| {}).unwrap(), []);
    assert!(all.starts_with(&changes(&path)), "what had been put back into the file is there");

    drop(held);
    std::fs::remove_file(&branch.file).unwrap();
    for (language, says) in [("en", "There is no file"), ("zh", "没有文件")] {
        let ended = branch.run(&["status", "--lang", language]);
        assert_eq!((ended.code, ended.out.as_str()), (Some(1), ""), "{ended:?}");
        assert!(ended.said.contains(says), "{}", ended.said);
    }
    // It joins anew, and has back what the relay holds.
    let again = hq.branch("A", &hq.address);
    again.sync();
    assert_eq!(hq.digest(), again.digest());
}
