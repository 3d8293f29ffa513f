//! Another branch at the other end of the line, without the relay.
//!
//! It is shown what concerns its site and nothing else: of an entry that holds more, the leaves alone, so
//! that the signature still proves it.

use guicang_domain::ids::{DeviceId, SiteId};
use guicang_domain::time::Moment;
use guicang_sync::carried::{CarriedHead, CarriedWriter};
use guicang_sync::entry::leaf;
use guicang_sync::grant::{Issuer, Role, SignedGrant, Standing};
use guicang_sync::wire::{AbsentLeaf, Chain, WireChange, WireEntry};
use rusqlite::params;

use super::LinkError;
use crate::error::StoreError;
use crate::facts::find_document;
use crate::store::Replica;

/// What goes to a peer at once.
#[derive(Debug, Clone)]
pub struct ForPeer {
    /// A file of [`guicang_sync::carried`].
    pub file: Vec<u8>,
    /// The last own entry that was looked at for it.
    pub to: u64,
    /// Whether there are more.
    pub more: bool,
}

impl Replica {
    /// This device's grant and its issuer's: what proves it to who has never heard of it.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn own_grants(&mut self) -> Result<Vec<SignedGrant>, StoreError> {
        self.refresh_grants()?;
        let mut grants = Vec::new();
        if let Some(own) = self.book.device(self.identity.device) {
            if let Issuer::Device(issuer) = own.signed.issuer {
                grants.extend(self.book.device(issuer).map(|d| d.signed.clone()));
            }
            grants.push(own.signed.clone());
        }
        Ok(grants)
    }

    /// The site of a device that comes as a peer, with the grants that it brought. None: it is no branch's
    /// device, or its right doesn't stand now.
    ///
    /// # Errors
    /// [`LinkError`] when a grant can't stand, or the file can't be read or written.
    pub fn peer(&mut self, device: DeviceId, grants: &[SignedGrant]) -> Result<Option<SiteId>, LinkError> {
        for grant in grants {
            self.add_grant(grant.clone())?;
        }
        let now: Moment = (self.ambient.now)();
        self.refresh_grants()?;
        let valid = self.book.may(device, now) == Standing::Valid;
        Ok(match self.book.device(device).map(|d| &d.grant.role) {
            Some(Role::Site(site)) if valid => Some(site.clone()),
            _ => None,
        })
    }

    /// The last entry that is held of a device by way of the relay, whose feed leaves nothing out; 0: none.
    /// What came by a peer or a stick may have gaps, and is asked for again until the relay has stamped it.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn journal_held(&self, device: DeviceId) -> Result<u64, StoreError> {
        self.db
            .prepare_cached("SELECT coalesce(max(sequence), 0) FROM entry WHERE org = ? AND device = ? AND stamp_time IS NOT NULL")
            .and_then(|mut s| s.query_row(params![self.identity.org, device.0], |r| r.get(0)))
            .map_err(StoreError::of)
    }

    /// What concerns a site of this device's entries after a sequence, sealing what waits first.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read or written.
    pub fn for_peer(
        &mut self,
        site: &SiteId,
        after_sequence: u64,
        budget_bytes: usize,
    ) -> Result<ForPeer, StoreError> {
        let (entries, more) = self.wire_entries(after_sequence, budget_bytes)?;
        let to = entries.last().map_or(after_sequence, |entry| entry.sequence);
        let me = self.identity.device;
        let (mut read, mut write) = (Chain::new(me), Chain::new(me));
        let mut shown: Vec<WireEntry> = Vec::new();
        for entry in entries {
            let opened = entry.unseal(&mut read).map_err(|e| StoreError::damaged("an entry", e))?;
            let (mut kept, mut absent): (Vec<WireChange>, Vec<AbsentLeaf>) = (Vec::new(), Vec::new());
            for change in opened.changes {
                let row = find_document(&self.db, self.identity.org, change.document)?;
                if let Some(bytes) = change.bytes
                    && row.is_some_and(|row| row.sites.contains(site))
                {
                    kept.push(WireChange::new(me, change.document, change.sites_added, bytes));
                } else {
                    let leaf = leaf(change.document, &change.sites_added, &change.hash);
                    absent.push(AbsentLeaf { index: change.index, leaf });
                }
            }
            if !kept.is_empty() {
                shown.push(WireEntry::new(&opened.sealed, &mut write, kept, absent, opened.stamp.as_ref()));
            }
        }
        let mut file = CarriedWriter::new(CarriedHead {
            organisation: self.identity.organisation,
            device: me,
            made: (self.ambient.now)(),
            grants: self.own_grants()?,
        });
        if !shown.is_empty() {
            file.entries(shown);
        }
        Ok(ForPeer { file: file.finish().0, to, more })
    }
}
