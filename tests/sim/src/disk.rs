//! A disk in memory that forgets what was not synced.
//!
//! A database is its file with its journals, by one name. What processes see is `data`; what a loss of
//! power leaves is `durable`, and of the writes since the last sync some: each sector (512 bytes) takes
//! those up to a point of its own, so writes are lost, torn, and reordered against each other, and what
//! was synced stays. A file's name is lasting once its folder was synced, which SQLite does with a new
//! journal's first sync, and with a deletion where it asks for it.
//!
//! What surprises: a process that dies does so by its disk. From then on its handles fail at everything,
//! so that whatever its destructors do changes nothing; who opens the name next gets the file as it was.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::random::Random;

/// What a disk writes whole.
const SECTOR: usize = 512;

/// A database's files.
pub(crate) const MAIN: usize = 0;
/// The write-ahead log.
pub(crate) const WAL: usize = 1;
/// The rollback journal.
pub(crate) const JOURNAL: usize = 2;
const SUFFIXES: [&str; 3] = ["", "-wal", "-journal"];

/// Why the disk did not do it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The process is dead, or the disk is.
    Dead,
    /// No room.
    Full,
}

/// A write that wasn't synced.
#[derive(Debug, Clone)]
enum Unsynced {
    Write { at: usize, bytes: Vec<u8> },
    Length(usize),
}

/// One file.
#[derive(Debug, Default)]
pub(crate) struct File {
    pub(crate) data: Vec<u8>,
    durable: Vec<u8>,
    unsynced: Vec<Unsynced>,
    /// Whether its name is on the disk.
    named: bool,
}

/// A database: its files, who has them open, and what goes wrong with them.
#[derive(Debug, Default)]
pub(crate) struct Database {
    pub(crate) files: [Option<File>; 3],
    /// Deleted, but not for good before the folder is synced.
    ghosts: [Option<Vec<u8>>; 3],
    pub(crate) locks: Locks,
    /// The index of the log, shared by whoever has it open.
    pub(crate) shared: Vec<Box<[AtomicU64]>>,
    /// Per lock of the index: how many share it; below zero: one has it alone.
    pub(crate) shared_locks: [i32; 8],
    dead: bool,
    /// The process dies at this write or sync from now.
    dies_after: Option<u32>,
    /// There is no room from this write on.
    full_after: Option<u32>,
    /// Writes and syncs so far.
    work: u64,
}

/// The locks on the main file, as SQLite has them.
#[derive(Debug, Default)]
pub(crate) struct Locks {
    pub(crate) shared: u32,
    pub(crate) reserved: bool,
    pub(crate) pending: bool,
    pub(crate) exclusive: bool,
}

type Shelf = HashMap<String, Arc<Mutex<Database>>>;

static DISK: Mutex<Option<Shelf>> = Mutex::new(None);

fn shelf<T>(f: impl FnOnce(&mut Shelf) -> T) -> T {
    f(lock(&DISK).get_or_insert_default())
}

/// A lock whatever became of its holder: each operation leaves what it guards whole.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A name taken apart: the database's, and which of its files.
pub(crate) fn part(name: &str) -> (&str, usize) {
    for (which, suffix) in SUFFIXES.iter().enumerate().skip(1) {
        if let Some(base) = name.strip_suffix(suffix) {
            return (base, which);
        }
    }
    (name, MAIN)
}

/// The database of a name; made where it isn't there.
pub(crate) fn database(base: &str) -> Arc<Mutex<Database>> {
    shelf(|shelf| shelf.entry(base.to_owned()).or_default().clone())
}

fn by_path<T>(path: &Path, f: impl FnOnce(&mut Database) -> T) -> T {
    let database = database(path.to_str().expect("a name in UTF-8"));
    let mut database = lock(&database);
    f(&mut database)
}

/// The process that has a database open dies. Its handles are good for nothing from now on.
pub fn kill(path: &Path) {
    let name = path.to_str().expect("a name in UTF-8");
    let old = database(name);
    let mut old = lock(&old);
    old.dead = true;
    let next = Database {
        files: std::mem::take(&mut old.files),
        ghosts: std::mem::take(&mut old.ghosts),
        ..Database::default()
    };
    shelf(|shelf| shelf.insert(name.to_owned(), Arc::new(Mutex::new(next))));
}

/// The power goes: the process dies, and of what it had not synced chance decides. Says how many writes
/// were lost.
pub fn lose_power(path: &Path, random: &mut Random) -> usize {
    kill(path);
    by_path(path, |database| {
        let mut lost = 0;
        for which in [MAIN, WAL, JOURNAL] {
            match &mut database.files[which] {
                Some(file) => {
                    lost += file.lose(random);
                    if !file.named && which != MAIN && random.below(2) == 0 {
                        database.files[which] = None;
                    }
                }
                None => {
                    let back = database.ghosts[which].take().filter(|_| random.below(2) == 0);
                    database.files[which] = back.map(File::of);
                }
            }
            database.ghosts[which] = None;
        }
        lost
    })
}

/// The process dies at this write or sync of the database, counted from now: 0 is the next one.
pub fn dies_after(path: &Path, writes: u32) {
    by_path(path, |database| database.dies_after = Some(writes));
}

/// Whether the process that has the database open has died.
pub fn is_dead(path: &Path) -> bool {
    by_path(path, |database| database.dead)
}

/// Takes back [`dies_after`] where it hasn't happened; answers whether it had.
pub fn spare(path: &Path) -> bool {
    by_path(path, |database| {
        database.dies_after = None;
        database.dead
    })
}

/// There is no more room from this write of the database on; none: there is room again.
pub fn full_after(path: &Path, writes: Option<u32>) {
    by_path(path, |database| database.full_after = writes);
}

/// How many writes and syncs the database has had.
pub fn work(path: &Path) -> u64 {
    by_path(path, |database| database.work)
}

/// The database's file and its log, as a process would read them now.
pub fn image(path: &Path) -> (Vec<u8>, Option<Vec<u8>>) {
    by_path(path, |database| {
        let data = |which: usize| database.files[which].as_ref().map(|f| f.data.clone());
        (data(MAIN).unwrap_or_default(), data(WAL))
    })
}

/// Puts a database there from an image, synced; what was there is gone, and whoever had it open is dead.
pub fn restore(path: &Path, main: Vec<u8>, wal: Option<Vec<u8>>) {
    kill(path);
    // The programs ask the file system whether a file is there.
    let _ = std::fs::File::create_new(path);
    by_path(path, |database| {
        database.files = [Some(File::of(main)), wal.map(File::of), None];
        database.ghosts = [None, None, None];
    });
}

/// Removes a database; whoever had it open is dead.
pub fn remove(path: &Path) {
    kill(path);
    let _ = std::fs::remove_file(path);
    shelf(|shelf| shelf.remove(path.to_str().expect("a name in UTF-8")));
}

/// Forgets every database under a folder.
pub fn forget(folder: &Path) {
    let under = folder.to_str().expect("a name in UTF-8");
    shelf(|shelf| shelf.retain(|name, _| !name.starts_with(under)));
}

impl Database {
    fn work(&mut self) -> Result<(), Refusal> {
        if self.dies_after == Some(0) {
            self.dead = true;
        }
        if self.dead {
            return Err(Refusal::Dead);
        }
        self.work += 1;
        if let Some(left) = &mut self.dies_after {
            *left -= 1;
        }
        Ok(())
    }

    pub(crate) fn alive(&self) -> Result<(), Refusal> {
        if self.dead { Err(Refusal::Dead) } else { Ok(()) }
    }

    pub(crate) fn create(&mut self, which: usize) {
        self.files[which].get_or_insert_default();
    }

    pub(crate) fn delete(&mut self, which: usize, for_good: bool) -> Result<(), Refusal> {
        self.work()?;
        if let Some(file) = self.files[which].take()
            && file.named
        {
            self.ghosts[which] = Some(file.durable);
        }
        if for_good {
            self.sync_names();
        }
        Ok(())
    }

    fn sync_names(&mut self) {
        self.ghosts = [None, None, None];
        self.files.iter_mut().flatten().for_each(|file| file.named = true);
    }

    pub(crate) fn write(&mut self, which: usize, at: usize, bytes: &[u8]) -> Result<(), Refusal> {
        self.work()?;
        match &mut self.full_after {
            Some(0) => return Err(Refusal::Full),
            Some(left) => *left -= 1,
            None => {}
        }
        let file = self.files[which].get_or_insert_default();
        put(&mut file.data, at, bytes);
        file.unsynced.push(Unsynced::Write { at, bytes: bytes.to_vec() });
        Ok(())
    }

    pub(crate) fn truncate(&mut self, which: usize, length: usize) -> Result<(), Refusal> {
        self.work()?;
        let file = self.files[which].get_or_insert_default();
        file.data.truncate(length);
        file.unsynced.push(Unsynced::Length(length));
        Ok(())
    }

    pub(crate) fn sync(&mut self, which: usize) -> Result<(), Refusal> {
        self.work()?;
        let new = self.files[which].as_ref().is_some_and(|file| !file.named);
        if which != MAIN && new {
            self.sync_names();
        }
        let file = self.files[which].get_or_insert_default();
        for write in std::mem::take(&mut file.unsynced) {
            match write {
                Unsynced::Write { at, bytes } => put(&mut file.durable, at, &bytes),
                Unsynced::Length(length) => file.durable.truncate(length),
            }
        }
        Ok(())
    }
}

impl File {
    fn of(data: Vec<u8>) -> Self {
        Self { durable: data.clone(), data, unsynced: Vec::new(), named: true }
    }

    /// What is left of it: all that was synced, and of the rest what chance leaves.
    fn lose(&mut self, random: &mut Random) -> usize {
        let count = self.unsynced.len();
        // Mostly each sector for itself; also what a disk does that writes in order, or nothing at all.
        let one_cut = match random.below(4) {
            0 => Some(0),
            1 => Some(random.below(count + 1)),
            _ => None,
        };
        let mut cuts: HashMap<usize, usize> = HashMap::new();
        let mut lost = 0;
        for (n, write) in std::mem::take(&mut self.unsynced).into_iter().enumerate() {
            match write {
                Unsynced::Length(length) => {
                    if n < one_cut.unwrap_or_else(|| random.below(count + 1)) {
                        self.durable.truncate(length);
                    } else {
                        lost += 1;
                    }
                }
                Unsynced::Write { at, bytes } => {
                    let mut whole = true;
                    let mut from = 0;
                    while from < bytes.len() {
                        let sector = (at + from) / SECTOR;
                        let to = ((sector + 1) * SECTOR - at).min(bytes.len());
                        let cut = one_cut.unwrap_or_else(|| {
                            *cuts.entry(sector).or_insert_with(|| random.below(count + 1))
                        });
                        if n < cut {
                            put(&mut self.durable, at + from, &bytes[from..to]);
                        } else {
                            whole = false;
                        }
                        from = to;
                    }
                    lost += usize::from(!whole);
                }
            }
        }
        self.data = self.durable.clone();
        lost
    }
}

fn put(into: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    let end = at + bytes.len();
    if into.len() < end {
        into.resize(end, 0);
    }
    into[at..end].copy_from_slice(bytes);
}
