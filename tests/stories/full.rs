//! A disk that is really full: a file system of a few MiB in memory, which only root may mount. Where it can't be,
//! the story says so. (The simulation makes every single write fail in turn, anywhere.)

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::programs::{Branch, Headquarters, words};

const RETURN: &str =
    "return counter --item TEA=1 --price 20 --reason defective --refund cash --approved-by wang";

/// A small disk; it is taken away again in the end.
struct Disk(PathBuf);

impl Disk {
    /// With what is in the folder now, if this machine lets us.
    fn in_place_of(folder: &Path) -> Option<Self> {
        let before = folder.with_extension("before");
        std::fs::rename(folder, &before).unwrap();
        std::fs::create_dir(folder).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=12m", "guicang-test"])
            .arg(folder)
            .output()
            .is_ok_and(|output| output.status.success());
        for entry in std::fs::read_dir(&before).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), folder.join(entry.file_name())).unwrap();
        }
        mounted.then(|| Self(folder.to_owned()))
    }

    fn filler(&self) -> PathBuf {
        self.0.join("filler")
    }

    /// Until nothing more goes on it.
    fn fill(&self) {
        use std::io::Write;
        let mut file = std::fs::File::options().create(true).append(true).open(self.filler()).unwrap();
        while file.write_all(&[1; 4096]).is_ok() {}
        while file.write_all(&[1]).is_ok() {}
    }

    fn make_room(&self) {
        std::fs::remove_file(self.filler()).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: a program that is just ending may still hold a file on it.
        let _ = Command::new("umount").arg("-l").arg(&self.0).output();
    }
}

/// HQ's disk is full: the branch is told that it is HQ's, keeps what it has, and brings it once there is room.
#[test]
fn hqs_disk_is_full() {
    let mut hq = Headquarters::open(&["A"]);
    let branch = hq.branch("A", &hq.address);
    branch.run(&words("stock adjust TEA --add 500 --as opening --reason count")).ok();
    branch.sync();
    hq.stop();
    let disk = Disk::in_place_of(&hq.path(""));
    let Some(disk) = disk else {
        return eprintln!("skipped: no file system can be mounted here");
    };
    hq.serve_again(&[]);
    disk.fill();
    // The log has pages of its own left for a while.
    let full = (0..400).find_map(|_| {
        branch.run(&words(RETURN)).ok();
        let ended = branch.run(&["sync"]);
        (ended.code != Some(0)).then_some(ended)
    });
    let full = full.expect("it is full at last");
    assert_eq!(full.code, Some(75), "{full:?}");
    assert!(full.said.contains("disk") && full.said.contains("HQ"), "{}", full.said);
    let held = branch.items(&["return", "list", "--limit", "1000"]).len();
    disk.make_room();
    branch.sync();
    hq.items(&["payout", "run"]);
    assert_eq!(hq.items(&["return", "list", "--limit", "1000"]).len(), held);
    hq.run(&["doctor"]).ok();
    branch.run(&["doctor"]).ok();
    hq.stop();
}

/// A branch's own disk is full: the command says so and does nothing; what was there is there, and work goes on
/// once there is room.
#[test]
fn a_branchs_disk_is_full() {
    let folder = tempfile::tempdir().unwrap();
    let shop = folder.path().join("shop");
    std::fs::create_dir(&shop).unwrap();
    let Some(disk) = Disk::in_place_of(&shop) else {
        return eprintln!("skipped: no file system can be mounted here");
    };
    let branch = Branch::alone(&shop);
    branch.run(&words("stock adjust TEA --add 500 --as opening --reason count")).ok();
    disk.fill();
    let mut done = 0;
    let full = loop {
        let ended = branch.run(&words(RETURN));
        if ended.code != Some(0) {
            break ended;
        }
        done += 1;
        assert!(done < 1000, "it is full at last");
    };
    assert!(full.said.contains("disk is full"), "{full:?}");
    assert!(full.said.contains("Next:"), "{full:?}");
    disk.make_room();
    assert_eq!(branch.items(&["return", "list", "--limit", "1000"]).len(), done, "nothing is half done");
    branch.run(&words(RETURN)).ok();
    branch.run(&["doctor"]).ok();
}
