//! One machine at a time: whether a file lies on this machine's own disk, and who used it last.
//!
//! SQLite's WAL lives in memory that the processes of one running system share. On a network share two
//! systems would each have their own, and spoil the file without noticing. So a share is refused by
//! its kind, where the system tells it; and each writing notes in the file which machine it was, for
//! [`HELD_MS`], so that another is refused by name meanwhile.
//!
//! What this can't see: a share whose kind the system doesn't tell (Linux does, Windows shows it by the
//! path, others don't), while no machine writes there for longer than the term; clocks further apart
//! than the term; two systems with one id, copied from one image. What surprises: nothing is held for
//! longer than the term, however a process ended, so that a file that was moved or restored opens
//! elsewhere without anybody's help.

use std::path::{Component, Path, PathBuf, Prefix};

use guicang_domain::time::Moment;
use rusqlite::Row;

use crate::error::{OpenError, StoreError};

/// How long the machine that wrote last has the file for itself.
pub(crate) const HELD_MS: i64 = 120_000;

/// A note younger than this isn't written anew.
const NOTED_EVERY_MS: i64 = 10_000;

/// A note from further ahead was made by a clock that was wrong: it must not hold the file for years.
const CREDIBLE_MS: i64 = 86_400_000;

/// The machine that a program runs on, as the binaries found it out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// The id of this run of its system, equal in all containers on it; empty: unknown.
    pub boot: String,
    /// The id of its system, equal after it was started again; empty: unknown.
    pub id: String,
    /// Its name, for people.
    pub name: String,
}

impl Machine {
    /// Whether both are one: the same system running, or one that was started again.
    fn is(&self, other: &Machine) -> bool {
        let same = |a: &str, b: &str| !a.is_empty() && a == b;
        same(&self.boot, &other.boot) || same(&self.id, &other.id)
    }
}

/// What the file says of who writes to it.
#[derive(Debug)]
pub(crate) struct Holder {
    machine: Machine,
    until: Moment,
}

impl Holder {
    /// From the columns `holder_boot`, `holder_id`, `holder_name`, `held_until`; the first is at `at`.
    pub(crate) fn read(row: &Row<'_>, at: usize) -> rusqlite::Result<Self> {
        let machine = Machine { boot: row.get(at)?, id: row.get(at + 1)?, name: row.get(at + 2)? };
        Ok(Self { machine, until: Moment(row.get(at + 3)?) })
    }

    /// Whether `me` may use the file now.
    ///
    /// # Errors
    /// [`StoreError::OtherMachine`].
    pub(crate) fn admits(&self, me: &Machine, now: Moment) -> Result<(), StoreError> {
        let ahead_ms = self.until.0.saturating_sub(now.0);
        if self.machine.is(me) || !(1..=CREDIBLE_MS).contains(&ahead_ms) {
            return Ok(());
        }
        Err(StoreError::OtherMachine { name: self.machine.name.clone(), until: self.until })
    }

    /// Until when `me`, which may write, is to be noted; none: the note is fresh enough.
    pub(crate) fn renewed(&self, me: &Machine, now: Moment) -> Option<Moment> {
        let left_ms = self.until.0.saturating_sub(now.0);
        let fresh = self.machine == *me && (HELD_MS - NOTED_EVERY_MS..=HELD_MS).contains(&left_ms);
        (!fresh).then(|| now.plus_ms(HELD_MS))
    }
}

/// Whether a file at `path`, there or not, lies (or would lie) on a disk of this machine.
///
/// # Errors
/// [`OpenError::NetworkFileSystem`] when it lies on a share. What can't be found out is no error.
pub fn on_own_disk(path: &Path) -> Result<(), OpenError> {
    let kind = real(path).and_then(|real| match share(&real) {
        Some(kind) => Some(kind),
        None => network_kind(&std::fs::read_to_string("/proc/self/mountinfo").ok()?, &real),
    });
    match kind {
        Some(kind) => Err(OpenError::NetworkFileSystem { path: path.display().to_string(), kind }),
        None => Ok(()),
    }
}

/// Where `path` really is, or the nearest folder above it that is there.
fn real(path: &Path) -> Option<PathBuf> {
    let whole = std::path::absolute(path).ok()?;
    whole.ancestors().find_map(|part| part.canonicalize().ok())
}

/// A share by its path, as Windows has it.
fn share(real: &Path) -> Option<String> {
    match real.components().next()? {
        Component::Prefix(prefix) => match prefix.kind() {
            Prefix::UNC(..) | Prefix::VerbatimUNC(..) => Some("smb".into()),
            _ => None,
        },
        _ => None,
    }
}

/// The kind of the file system at `real`, if it is one that several machines may have at once.
/// `mountinfo` is Linux's list: `ID PARENT MAJOR:MINOR ROOT MOUNT-POINT OPTIONS [TAGS] - KIND SOURCE OPTIONS`.
fn network_kind(mountinfo: &str, real: &Path) -> Option<String> {
    let mounts = mountinfo.lines().filter_map(|line| {
        let (mount, file_system) = line.split_once(" - ")?;
        let at = PathBuf::from(unescaped(mount.split(' ').nth(4)?));
        let mut words = file_system.split(' ');
        Some((at, words.next()?, unescaped(words.next()?)))
    });
    // The deepest; of several at one place the last lies on top.
    let (_, kind, source) =
        mounts.filter(|(at, ..)| real.starts_with(at)).max_by_key(|(at, ..)| depth(at))?;
    is_shared(kind, &source).then(|| kind.to_owned())
}

fn depth(path: &Path) -> usize {
    path.components().count()
}

fn is_shared(kind: &str, source: &str) -> bool {
    const KINDS: &[&str] = &[
        "nfs",
        "nfs4",
        "cifs",
        "smb",
        "smb2",
        "smb3",
        "smbfs",
        "ncpfs",
        "9p",
        "afs",
        "coda",
        "ceph",
        "lustre",
        "gpfs",
        "beegfs",
        "orangefs",
        "pvfs2",
        "panfs",
        "gfs2",
        "ocfs2",
        "glusterfs",
        "davfs",
        "vboxsf",
        "vmhgfs",
        "prl_fs",
    ];
    const FUSE: &[&str] = &[
        "sshfs",
        "glusterfs",
        "ceph",
        "ceph-fuse",
        "smbnetfs",
        "curlftpfs",
        "davfs",
        "davfs2",
        "rclone",
        "s3fs",
        "gcsfuse",
        "goofys",
        "mount-s3",
        "juicefs",
        "moosefs",
        "seaweedfs",
        "gvfsd-fuse",
        "vmhgfs-fuse",
        "nfs",
        "cifs",
    ];
    if KINDS.contains(&kind) {
        return true;
    }
    match kind.strip_prefix("fuse") {
        // Most that come over a line name a host in their source: `user@host:/path`, `https://host`.
        Some(rest) => {
            let by_name = rest.strip_prefix('.').is_some_and(|name| FUSE.contains(&name));
            by_name || source.contains(":/") || source.starts_with("//")
        }
        None => false,
    }
}

/// Spaces, tabs, line ends and backslashes stand in mountinfo as three octal digits.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let digits = after.get(..3).filter(|_| *first == b'\\').and_then(|d| std::str::from_utf8(d).ok());
        let escaped = digits.and_then(|d| u8::from_str_radix(d, 8).ok());
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &after[3..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = r"
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
30 27 0:45 / /home rw,relatime shared:9 - nfs4 10.0.0.4:/export/home rw,vers=4.2,addr=10.0.0.4
31 30 8:17 / /home/li/usb rw,nosuid shared:11 master:2 - fuseblk /dev/sdb1 rw,user_id=0
32 27 0:50 / /mnt/our\040shop rw,relatime - cifs //nas/shop\040data rw,vers=3.1.1
33 27 0:51 / /mnt/remote rw - fuse.sshfs li@hq.example.com:/srv rw,user_id=1000
34 27 0:52 / /mnt/dav rw - fuse https://dav.example.com/ rw
35 27 0:53 / /mnt/c rw,noatime - 9p C:\134 rw,aname=drvfs
36 27 0:54 / /srv rw - autofs systemd-1 rw,fd=40
37 27 0:55 / /srv rw - nfs nas:/srv rw,vers=3
38 27 0:56 / /srv2 rw - overlay overlay rw,lowerdir=/a:/b
39 27 0:57 / /run/user/1000/doc rw - fuse.portal portal rw
a line that is none
40 27";

    /// The deepest mount counts, by whole names; of two at one place the one on top.
    #[test]
    fn shares_are_told_from_disks() {
        for (path, kind) in [
            ("/", None),
            ("/var/lib/shop.guicang", None),
            ("/home/li/shop.guicang", Some("nfs4")),
            ("/home/li/usb/shop.guicang", None),
            ("/homestead/shop.guicang", None),
            ("/mnt/our shop/a/b", Some("cifs")),
            ("/mnt/our", None),
            ("/mnt/remote", Some("fuse.sshfs")),
            ("/mnt/dav/x", Some("fuse")),
            ("/mnt/c/Users/li", Some("9p")),
            ("/srv/shop", Some("nfs")),
            ("/srv2/shop", None),
            ("/run/user/1000/doc/x", None),
        ] {
            assert_eq!(network_kind(MOUNTS, Path::new(path)).as_deref(), kind, "{path}");
        }
        assert_eq!(network_kind("", Path::new("/home")), None);
    }

    fn machine(boot: &str, id: &str) -> Machine {
        Machine { boot: boot.into(), id: id.into(), name: "till-1".into() }
    }

    /// A system started again is the same machine, and so is each container on it; without any id
    /// nothing is the same.
    #[test]
    fn what_counts_as_one_machine() {
        let till = machine("b1", "m1");
        assert!(till.is(&machine("b2", "m1")));
        assert!(till.is(&machine("b1", "")));
        assert!(!till.is(&machine("b2", "m2")));
        assert!(!machine("", "").is(&machine("", "")));
    }

    #[test]
    fn a_note_holds_for_its_term_and_never_for_years() {
        let (till, office) = (machine("b1", "m1"), machine("b2", "m2"));
        let now = Moment(1_790_000_000_000);
        let held = |ms| Holder { machine: till.clone(), until: now.plus_ms(ms) };
        for (ms, refused) in [(-1, false), (0, false), (1, true), (HELD_MS, true), (86_400_001, false)] {
            assert_eq!(held(ms).admits(&office, now).is_err(), refused, "{ms}");
            assert!(held(ms).admits(&till, now).is_ok());
        }
        assert_eq!(held(HELD_MS).renewed(&till, now), None);
        assert_eq!(held(HELD_MS / 2).renewed(&till, now), Some(now.plus_ms(HELD_MS)));
        assert_eq!(held(-1).renewed(&office, now), Some(now.plus_ms(HELD_MS)));
        assert_eq!(held(1_000_000_000).renewed(&till, now), Some(now.plus_ms(HELD_MS)));
    }
}
