//! A device: its file on the disk that forgets, and the processes that have it open.
//!
//! What surprises: two processes use a file at once, each with a handle and a session of its own, so
//! that one may hold an answer for long while the other goes on.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use guicang_domain::ids::{DeviceId, SiteId};
use guicang_domain::time::Moment;
use guicang_replica::{Ambient, Replica};
use guicang_sync::session::Session;
use rusqlite::{Connection, OpenFlags};

use crate::kept::Image;
use crate::random::Random;
use crate::{Must, Violation, disk};

/// True time and chance, as the world has them.
#[derive(Clone)]
pub(crate) struct Outside {
    pub(crate) clock: Arc<AtomicI64>,
    pub(crate) chance: Arc<AtomicU64>,
}

impl Outside {
    pub(crate) fn now(&self) -> Moment {
        Moment(self.clock.load(Ordering::Relaxed))
    }

    pub(crate) fn ambient(&self, skew: &Arc<AtomicI64>) -> Ambient {
        let (clock, skew, chance) = (self.clock.clone(), skew.clone(), self.chance.clone());
        Ambient {
            now: Box::new(move || Moment(clock.load(Ordering::Relaxed) + skew.load(Ordering::Relaxed))),
            fill: Box::new(move |bytes| {
                let mut random = Random(chance.load(Ordering::Relaxed));
                bytes.fill_with(|| random.draw() as u8);
                chance.store(random.0, Ordering::Relaxed);
            }),
            machine: None,
        }
    }
}

/// A process that has the file open.
pub(crate) struct Process {
    pub(crate) replica: Replica,
    pub(crate) session: Option<Session>,
    /// Which of the relay's lives the last answer was of that it had.
    pub(crate) heard: u32,
    /// Who it signed in as.
    pub(crate) signed_in: DeviceId,
}

/// A device.
pub(crate) struct Device {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) id: DeviceId,
    /// None: HQ's.
    pub(crate) site: Option<SiteId>,
    /// How wrong its clock is, ms.
    pub(crate) skew: Arc<AtomicI64>,
    pub(crate) outside: Outside,
    pub(crate) processes: [Option<Process>; 2],
    auditor: Option<Connection>,
    /// Whether power goes with the process, the next time that it dies.
    pub(crate) power_goes: bool,
    /// No request gets through before then.
    pub(crate) cut_until: Moment,
    /// The last entry that the relay said it holds.
    pub(crate) accepted_to: u64,
    /// A copy of its file, to be put back.
    pub(crate) copy: Option<Image>,
}

impl Device {
    pub(crate) fn new(
        name: String,
        path: PathBuf,
        site: Option<SiteId>,
        skew_ms: i64,
        founding: guicang_replica::Founding,
        outside: &Outside,
    ) -> Result<Self, Violation> {
        let skew = Arc::new(AtomicI64::new(skew_ms));
        let replica = Replica::create(&path, founding, outside.ambient(&skew)).must("making a file")?;
        let id = replica.identity().device;
        Ok(Self {
            name,
            path,
            id,
            site,
            skew,
            outside: outside.clone(),
            processes: [Some(Process { replica, session: None, heard: 0, signed_in: id }), None],
            auditor: None,
            power_goes: false,
            cut_until: Moment(0),
            accepted_to: 0,
            copy: None,
        })
    }

    /// A machine that was set up from this one's image, which lies at `path`.
    pub(crate) fn cloned(&self, path: PathBuf) -> Result<Self, Violation> {
        let mut clone = Self {
            name: format!("{}'s clone", self.name),
            path,
            id: self.id,
            site: self.site.clone(),
            skew: Arc::new(AtomicI64::new(self.skew.load(Ordering::Relaxed))),
            outside: self.outside.clone(),
            processes: [None, None],
            auditor: None,
            power_goes: false,
            cut_until: self.cut_until,
            accepted_to: 0,
            copy: None,
        };
        clone.process(0)?;
        Ok(clone)
    }

    /// Whether its file has these changes, whatever became of them.
    pub(crate) fn has_rows(&mut self, hashes: &[[u8; 32]]) -> Result<bool, Violation> {
        let mut sql =
            self.file()?.prepare_cached("SELECT 1 FROM change WHERE hash = ?").must("the auditor")?;
        for hash in hashes {
            if !sql.exists([hash]).must("the auditor reads")? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// A process that has the file open.
    pub(crate) fn process(&mut self, which: usize) -> Result<&mut Process, Violation> {
        if self.processes[which].is_none() {
            let replica = Replica::open(&self.path, self.outside.ambient(&self.skew))
                .must(&format!("{}'s file does not open", self.name))?;
            self.id = replica.identity().device;
            self.processes[which] = Some(Process { replica, session: None, heard: 0, signed_in: self.id });
        }
        Ok(self.processes[which].as_mut().expect("opened above"))
    }

    /// The first process's replica.
    pub(crate) fn replica(&mut self) -> Result<&mut Replica, Violation> {
        Ok(&mut self.process(0)?.replica)
    }

    /// The file, as an auditor reads it: past the program.
    pub(crate) fn file(&mut self) -> Result<&Connection, Violation> {
        if self.auditor.is_none() {
            self.auditor = Some(audit(&self.path)?);
        }
        Ok(self.auditor.as_ref().expect("opened above"))
    }

    /// Where the process has died, it is started anew: whether it had.
    pub(crate) fn revive(&mut self, random: &mut Random) -> Result<bool, Violation> {
        if !disk::is_dead(&self.path) {
            return Ok(false);
        }
        self.die(random)?;
        Ok(true)
    }

    /// All processes die, and one starts.
    pub(crate) fn die(&mut self, random: &mut Random) -> Result<(), Violation> {
        match std::mem::take(&mut self.power_goes) {
            true => drop(disk::lose_power(&self.path, random)),
            false => disk::kill(&self.path),
        }
        self.processes = [None, None];
        self.auditor = None;
        self.process(0).map(drop)
    }

    /// Closes it, as a program that ends.
    pub(crate) fn close(&mut self) {
        self.processes = [None, None];
        self.auditor = None;
    }
}

/// A file, read past the programs.
pub(crate) fn audit(path: &std::path::Path) -> Result<Connection, Violation> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).must("the auditor opens a file")?;
    connection.pragma_update(None, "query_only", true).must("the auditor only reads")?;
    Ok(connection)
}
