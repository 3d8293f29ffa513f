//! The disk of `disk.rs` as SQLite sees it: a VFS, registered as the process's default, so that the
//! programs' own code opens its files there unchanged.
//!
//! The one file with `unsafe` code: SQLite calls C functions with raw pointers. What surprises: the log's
//! index lives in memory that all handles of this process share, so that the real WAL code runs, with
//! several connections as several processes. The programs ask the file system whether a file exists, so
//! an empty file stands there for each database.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::mem::size_of;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering, fence};
use std::sync::{Arc, Mutex, Once};

use rusqlite::ffi;

use crate::disk::{self, Database, MAIN, Refusal, lock, part};

/// From here on this process's databases are in memory, on the disk that forgets.
pub fn register() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let vfs = ffi::sqlite3_vfs {
            iVersion: 1,
            szOsFile: size_of::<Handle>() as c_int,
            mxPathname: 512,
            pNext: std::ptr::null_mut(),
            zName: c"guicang-faults".as_ptr(),
            pAppData: std::ptr::null_mut(),
            xOpen: Some(open),
            xDelete: Some(delete),
            xAccess: Some(access),
            xFullPathname: Some(full_path_name),
            xDlOpen: None,
            xDlError: None,
            xDlSym: None,
            xDlClose: None,
            xRandomness: Some(randomness),
            xSleep: Some(sleep),
            xCurrentTime: Some(current_time),
            xGetLastError: None,
            xCurrentTimeInt64: None,
            xSetSystemCall: None,
            xGetSystemCall: None,
            xNextSystemCall: None,
        };
        // SAFETY: SQLite keeps the pointer for good, and the box is never freed.
        let done = unsafe { ffi::sqlite3_vfs_register(Box::into_raw(Box::new(vfs)), 1) };
        assert_eq!(done, ffi::SQLITE_OK);
    });
}

/// An open file: SQLite allocates it, and knows its first field.
#[repr(C)]
struct Handle {
    base: ffi::sqlite3_file,
    open: *mut Open,
}

struct Open {
    database: Arc<Mutex<Database>>,
    which: usize,
    /// The lock that it has on the main file.
    level: c_int,
    /// Which of the index's locks it shares, and has alone.
    shares: u8,
    alone: u8,
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(take_lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

fn code(done: Result<(), Refusal>, otherwise: c_int) -> c_int {
    match done {
        Ok(()) => ffi::SQLITE_OK,
        Err(Refusal::Full) => ffi::SQLITE_FULL,
        Err(Refusal::Dead) => otherwise,
    }
}

/// SAFETY: `file` is a `Handle` that `open` has filled.
unsafe fn opened<'a>(file: *mut ffi::sqlite3_file) -> &'a mut Open {
    unsafe { &mut *(*file.cast::<Handle>()).open }
}

/// SAFETY: `name` is one of SQLite's, ended by a zero.
unsafe fn text<'a>(name: *const c_char) -> &'a str {
    unsafe { CStr::from_ptr(name) }.to_str().expect("a name in UTF-8")
}

unsafe extern "C" fn open(
    _: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    let handle = file.cast::<Handle>();
    // SAFETY: SQLite gives `szOsFile` bytes; a null says that there is nothing to close.
    unsafe { (*handle).base.pMethods = std::ptr::null() };
    let (database, which) = if name.is_null() {
        // A sorter's or another temporary file: nobody else's.
        (Arc::default(), MAIN)
    } else {
        // SAFETY: as SQLite says.
        let name = unsafe { text(name) };
        let (base, which) = part(name);
        let create = flags & ffi::SQLITE_OPEN_CREATE != 0;
        if !create && !Path::new(base).exists() {
            return ffi::SQLITE_CANTOPEN;
        }
        let database = disk::database(base);
        let mut files = lock(&database);
        if files.alive().is_err() || (!create && files.files[which].is_none()) {
            return ffi::SQLITE_CANTOPEN;
        }
        files.create(which);
        if which == MAIN && !Path::new(base).exists() && std::fs::File::create(base).is_err() {
            return ffi::SQLITE_CANTOPEN;
        }
        drop(files);
        (database, which)
    };
    let open = Open { database, which, level: 0, shares: 0, alone: 0 };
    // SAFETY: as above; `close` frees the box.
    unsafe {
        (*handle).open = Box::into_raw(Box::new(open));
        (*handle).base.pMethods = &METHODS;
        if !out_flags.is_null() {
            *out_flags = flags;
        }
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    unsafe {
        unlock(file, ffi::SQLITE_LOCK_NONE);
        shm_unmap(file, 0);
        // SAFETY: made by `open`, and closed once.
        drop(Box::from_raw((*file.cast::<Handle>()).open));
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn read(file: *mut ffi::sqlite3_file, to: *mut c_void, count: c_int, at: i64) -> c_int {
    // SAFETY: SQLite gives room for `count` bytes.
    let (open, to) =
        unsafe { (opened(file), std::slice::from_raw_parts_mut(to.cast::<u8>(), count as usize)) };
    let database = lock(&open.database);
    if database.alive().is_err() {
        return ffi::SQLITE_IOERR_READ;
    }
    let data = database.files[open.which].as_ref().map_or(&[][..], |file| &file.data);
    let from = data.get(at as usize..).unwrap_or_default();
    let some = from.len().min(to.len());
    to[..some].copy_from_slice(&from[..some]);
    to[some..].fill(0);
    if some < to.len() { ffi::SQLITE_IOERR_SHORT_READ } else { ffi::SQLITE_OK }
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    from: *const c_void,
    count: c_int,
    at: i64,
) -> c_int {
    // SAFETY: SQLite gives `count` bytes.
    let (open, from) =
        unsafe { (opened(file), std::slice::from_raw_parts(from.cast::<u8>(), count as usize)) };
    code(lock(&open.database).write(open.which, at as usize, from), ffi::SQLITE_IOERR_WRITE)
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, length: i64) -> c_int {
    let open = unsafe { opened(file) };
    code(lock(&open.database).truncate(open.which, length as usize), ffi::SQLITE_IOERR_TRUNCATE)
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _: c_int) -> c_int {
    let open = unsafe { opened(file) };
    code(lock(&open.database).sync(open.which), ffi::SQLITE_IOERR_FSYNC)
}

unsafe extern "C" fn file_size(file: *mut ffi::sqlite3_file, size: *mut i64) -> c_int {
    let open = unsafe { opened(file) };
    let database = lock(&open.database);
    let length = database.files[open.which].as_ref().map_or(0, |file| file.data.len());
    // SAFETY: SQLite's place for the answer.
    unsafe { *size = length as i64 };
    code(database.alive(), ffi::SQLITE_IOERR_FSTAT)
}

unsafe extern "C" fn take_lock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    let open = unsafe { opened(file) };
    if open.level >= level {
        return ffi::SQLITE_OK;
    }
    let mut database = lock(&open.database);
    let locks = &mut database.locks;
    let mine = open.level;
    match level {
        ffi::SQLITE_LOCK_SHARED => {
            if locks.pending || locks.exclusive {
                return ffi::SQLITE_BUSY;
            }
            locks.shared += 1;
        }
        ffi::SQLITE_LOCK_RESERVED => {
            if locks.reserved || locks.pending || locks.exclusive {
                return ffi::SQLITE_BUSY;
            }
            locks.reserved = true;
        }
        _ => {
            let others = (mine < ffi::SQLITE_LOCK_PENDING && locks.pending)
                || (mine < ffi::SQLITE_LOCK_RESERVED && locks.reserved);
            if others {
                return ffi::SQLITE_BUSY;
            }
            locks.pending = true;
            locks.reserved = true;
            open.level = ffi::SQLITE_LOCK_PENDING;
            if locks.shared > 1 {
                return ffi::SQLITE_BUSY;
            }
            locks.exclusive = true;
        }
    }
    open.level = level;
    ffi::SQLITE_OK
}

unsafe extern "C" fn unlock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    let open = unsafe { opened(file) };
    let mut database = lock(&open.database);
    let locks = &mut database.locks;
    if open.level >= ffi::SQLITE_LOCK_RESERVED && level < ffi::SQLITE_LOCK_RESERVED {
        (locks.reserved, locks.pending, locks.exclusive) = (false, false, false);
    }
    if open.level >= ffi::SQLITE_LOCK_SHARED && level < ffi::SQLITE_LOCK_SHARED {
        locks.shared -= 1;
    }
    open.level = open.level.min(level);
    ffi::SQLITE_OK
}

unsafe extern "C" fn check_reserved_lock(file: *mut ffi::sqlite3_file, out: *mut c_int) -> c_int {
    let open = unsafe { opened(file) };
    let reserved = lock(&open.database).locks.reserved;
    // SAFETY: SQLite's place for the answer.
    unsafe { *out = c_int::from(reserved) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn file_control(_: *mut ffi::sqlite3_file, _: c_int, _: *mut c_void) -> c_int {
    ffi::SQLITE_NOTFOUND
}

unsafe extern "C" fn sector_size(_: *mut ffi::sqlite3_file) -> c_int {
    512
}

unsafe extern "C" fn device_characteristics(_: *mut ffi::sqlite3_file) -> c_int {
    // As SQLite's own on Unix: what a write doesn't cover of a sector, a loss of power leaves alone.
    ffi::SQLITE_IOCAP_POWERSAFE_OVERWRITE
}

unsafe extern "C" fn shm_map(
    file: *mut ffi::sqlite3_file,
    region: c_int,
    bytes: c_int,
    extend: c_int,
    out: *mut *mut c_void,
) -> c_int {
    let open = unsafe { opened(file) };
    let mut database = lock(&open.database);
    if database.alive().is_err() {
        return ffi::SQLITE_IOERR_SHMMAP;
    }
    let region = region as usize;
    while extend != 0 && database.shared.len() <= region {
        let words = bytes as usize / size_of::<AtomicU64>();
        database.shared.push((0..words).map(|_| AtomicU64::new(0)).collect());
    }
    let address = database.shared.get(region).map_or(std::ptr::null_mut(), |r| r[0].as_ptr().cast());
    // SAFETY: SQLite's place for the answer; the region lives as long as the database does, which
    // this handle keeps.
    unsafe { *out = address };
    ffi::SQLITE_OK
}

unsafe extern "C" fn shm_lock(
    file: *mut ffi::sqlite3_file,
    first: c_int,
    count: c_int,
    flags: c_int,
) -> c_int {
    let open = unsafe { opened(file) };
    let mut database = lock(&open.database);
    if database.alive().is_err() {
        return ffi::SQLITE_IOERR_SHMLOCK;
    }
    let locks = &mut database.shared_locks[first as usize..(first + count) as usize];
    let mask = (((1_u32 << count) - 1) << first) as u8;
    if flags & ffi::SQLITE_SHM_UNLOCK != 0 {
        for (n, held) in locks.iter_mut().enumerate() {
            let bit = 1 << (first as usize + n);
            if open.alone & bit != 0 {
                *held = 0;
            } else if open.shares & bit != 0 {
                *held -= 1;
            }
        }
        open.alone &= !mask;
        open.shares &= !mask;
    } else if flags & ffi::SQLITE_SHM_SHARED != 0 {
        if open.shares & mask != 0 {
            return ffi::SQLITE_OK;
        }
        if locks[0] < 0 {
            return ffi::SQLITE_BUSY;
        }
        locks[0] += 1;
        open.shares |= mask;
    } else {
        if locks.iter().any(|held| *held != 0) {
            return ffi::SQLITE_BUSY;
        }
        locks.fill(-1);
        open.alone |= mask;
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn shm_barrier(_: *mut ffi::sqlite3_file) {
    fence(Ordering::SeqCst);
}

unsafe extern "C" fn shm_unmap(file: *mut ffi::sqlite3_file, _: c_int) -> c_int {
    let open = unsafe { opened(file) };
    let mut database = lock(&open.database);
    for (n, held) in database.shared_locks.iter_mut().enumerate() {
        if open.alone & (1 << n) != 0 {
            *held = 0;
        } else if open.shares & (1 << n) != 0 {
            *held -= 1;
        }
    }
    (open.alone, open.shares) = (0, 0);
    ffi::SQLITE_OK
}

unsafe extern "C" fn delete(_: *mut ffi::sqlite3_vfs, name: *const c_char, for_good: c_int) -> c_int {
    let (base, which) = part(unsafe { text(name) });
    let database = disk::database(base);
    let mut database = lock(&database);
    if database.files[which].is_none() {
        return ffi::SQLITE_IOERR_DELETE_NOENT;
    }
    code(database.delete(which, for_good != 0), ffi::SQLITE_IOERR_DELETE)
}

unsafe extern "C" fn access(
    _: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    _: c_int,
    out: *mut c_int,
) -> c_int {
    let (base, which) = part(unsafe { text(name) });
    let database = disk::database(base);
    let there = lock(&database).files[which].as_ref().is_some_and(|f| which == MAIN || !f.data.is_empty());
    // SAFETY: SQLite's place for the answer.
    unsafe { *out = c_int::from(there) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn full_path_name(
    _: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    room: c_int,
    out: *mut c_char,
) -> c_int {
    // SAFETY: SQLite gives `room` bytes.
    let (name, out) = unsafe {
        (
            CStr::from_ptr(name).to_bytes_with_nul(),
            std::slice::from_raw_parts_mut(out.cast::<u8>(), room as usize),
        )
    };
    if name.len() > out.len() {
        return ffi::SQLITE_CANTOPEN;
    }
    out[..name.len()].copy_from_slice(name);
    ffi::SQLITE_OK
}

unsafe extern "C" fn randomness(_: *mut ffi::sqlite3_vfs, count: c_int, out: *mut c_char) -> c_int {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    // SAFETY: SQLite gives `count` bytes.
    let out = unsafe { std::slice::from_raw_parts_mut(out.cast::<u8>(), count as usize) };
    let mut random = crate::random::Random(NEXT.fetch_add(1, Ordering::Relaxed));
    out.fill_with(|| random.draw() as u8);
    count
}

/// Nobody else runs meanwhile: waiting would not help.
unsafe extern "C" fn sleep(_: *mut ffi::sqlite3_vfs, microseconds: c_int) -> c_int {
    microseconds
}

/// No statement of ours asks for it.
unsafe extern "C" fn current_time(_: *mut ffi::sqlite3_vfs, out: *mut f64) -> c_int {
    // SAFETY: SQLite's place for the answer.
    unsafe { *out = 2_461_000.5 };
    ffi::SQLITE_OK
}
