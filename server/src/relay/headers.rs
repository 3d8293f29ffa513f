//! Reading the headers of a request's changes, on all cores where there are many.
//!
//! This is the longest part of taking a request that needs no lock: some 8 µs a change. What surprises:
//! a header is found again by where its bytes stand in memory. They stay there while their entry is
//! opened, and looking them up by content would cost as much as it saves.

use std::collections::HashMap;

use guicang_sync::change::{Actor, ChangeHeader};
use guicang_sync::wire::WireEntry;

/// Fewer changes than this are read as they come: a thread takes longer to start.
const MANY: usize = 64;

type Read = Result<ChangeHeader, String>;

/// Headers that were read in advance.
pub struct Headers(HashMap<*const u8, Read>);

impl Headers {
    /// Reads the headers of these entries' changes.
    pub fn read(entries: &[WireEntry]) -> Self {
        let all: Vec<&[u8]> =
            entries.iter().flat_map(|entry| &entry.changes).filter_map(|c| c.bytes.as_deref()).collect();
        let cores = std::thread::available_parallelism().map_or(1, |n| n.get());
        if all.len() < MANY || cores == 1 {
            return Self(HashMap::new());
        }
        let share = all.len().div_ceil(cores);
        let read = std::thread::scope(|scope| {
            let threads: Vec<_> = all
                .chunks(share)
                .map(|share| scope.spawn(|| share.iter().map(|bytes| header(bytes)).collect::<Vec<_>>()))
                .collect();
            // A thread that panicked read nothing: its changes are read, and refused, one by one.
            threads.into_iter().map(|thread| thread.join().unwrap_or_default()).collect::<Vec<_>>()
        });
        let shares = all.chunks(share).zip(read);
        Self(shares.flat_map(|(share, read)| share.iter().map(|bytes| bytes.as_ptr()).zip(read)).collect())
    }

    /// The header of these bytes.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn of(&mut self, bytes: &[u8]) -> Read {
        self.0.remove(&bytes.as_ptr()).unwrap_or_else(|| header(bytes))
    }
}

/// The header of a change as the crate `documents` reads it, in the words of the protocol.
fn header(bytes: &[u8]) -> Read {
    let read = guicang_documents::header(bytes).map_err(|e| e.to_string())?;
    Ok(ChangeHeader {
        hash: read.hash,
        deps: read.deps,
        actor: Actor(read.actor),
        other_actors: read.other_actors.into_iter().map(Actor).collect(),
        seq: read.seq,
        start_op: read.start_op,
        max_op: read.max_op,
        size_bytes: read.size,
    })
}
