//! The book of an organisation's grants, and what follows from it.
//!
//! It is a pure function of the set of grants: in whatever order they are added, the book answers
//! alike. So a grant whose issuer isn't known yet is kept and judged once the issuer's grant is here.
//!
//! Two layers make that free of circles. What the organisation itself signed stands by its signature
//! alone, and says who is HQ. What an HQ device signed stands on that; it can only make devices of a
//! site, and never takes the place of what the organisation signed for an HQ device or a relay.

use std::collections::{BTreeMap, BTreeSet};

use guicang_domain::ids::{DeviceCode, DeviceId, OrganisationId, PublicKey};
use guicang_domain::time::Moment;

use super::{Grant, Issuer, Role, SignedGrant};

/// Why a grant is not taken. What is returned by [`GrantBook::add`] depends on the grant and the
/// grants before; what the book answers does not depend on their order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// The body is not a grant.
    #[error("the grant can't be read: {detail}")]
    Undecodable {
        /// What is wrong.
        detail: String,
    },
    /// For another organisation.
    #[error("the grant is for organisation {found}, this is {wanted}")]
    WrongOrganisation {
        /// Named by the grant.
        found: OrganisationId,
        /// Of this book.
        wanted: OrganisationId,
    },
    /// The issuer's key did not sign it.
    #[error("the signature on the grant for device {device} is not its issuer's")]
    Signature {
        /// For whom it is.
        device: DeviceId,
    },
    /// An HQ device or a relay is made by the organisation's key only.
    #[error("device {issuer} can't make {device} an HQ device or relay: only the organisation's key does")]
    NotEntitled {
        /// Who signed it.
        issuer: DeviceId,
        /// For whom it is.
        device: DeviceId,
    },
}

/// What adding did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It was in the book.
    Known,
    /// It is new, and properly issued.
    New(DeviceId),
    /// It is kept until its issuer's grant by the organisation arrives.
    Pending(DeviceId),
}

/// A grant that has no effect, and why: for people to look at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Stranded {
    /// The issuer is not known as an HQ device.
    #[error("the grant for {device} was issued by {issuer}, which is not an HQ device")]
    Issuer {
        /// For whom it is.
        device: DeviceId,
        /// Who signed it.
        issuer: DeviceId,
    },
    /// Another device has the code, by an earlier grant.
    #[error("device {device} has no short code of its own: {code} is {holder}'s; give it another code")]
    CodeTaken {
        /// The code.
        code: DeviceCode,
        /// Who keeps it.
        holder: DeviceId,
        /// Who needs another.
        device: DeviceId,
    },
}

/// A device and the grant that stands for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Device<'a> {
    /// Its identity.
    pub id: DeviceId,
    /// What stands.
    pub grant: &'a Grant,
    /// The same as it was signed.
    pub signed: &'a SignedGrant,
}

/// What a device's grant says of a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// No grant stands for it.
    Unknown,
    /// Its grant begins later.
    NotYet,
    /// Its grant covers the moment.
    Valid,
    /// Its grant had ended.
    Withdrawn {
        /// When it ended.
        since: Moment,
    },
}

/// All grants of an organisation.
#[derive(Debug, Clone)]
pub struct GrantBook {
    key: PublicKey,
    organisation: OrganisationId,
    hashes: BTreeSet<[u8; 32]>,
    /// Every grant whose signature holds, or can't be checked yet, by the device it is for.
    by_device: BTreeMap<DeviceId, Vec<Held>>,
    /// The devices that any grant gives a code to.
    by_code: BTreeMap<DeviceCode, BTreeSet<DeviceId>>,
    /// For whom a device issued grants.
    issued_by: BTreeMap<DeviceId, BTreeSet<DeviceId>>,
}

#[derive(Debug, Clone)]
struct Held {
    hash: [u8; 32],
    grant: Grant,
    signed: SignedGrant,
    /// False while the issuer's key isn't known.
    checked: bool,
}

impl GrantBook {
    /// An empty book of the organisation that has this key.
    pub fn new(organisation: PublicKey) -> Self {
        Self {
            key: organisation,
            organisation: organisation.organisation(),
            hashes: BTreeSet::new(),
            by_device: BTreeMap::new(),
            by_code: BTreeMap::new(),
            issued_by: BTreeMap::new(),
        }
    }

    /// The organisation.
    pub fn organisation(&self) -> OrganisationId {
        self.organisation
    }

    /// The organisation's key.
    pub fn organisation_key(&self) -> PublicKey {
        self.key
    }

    /// Adds a grant.
    ///
    /// # Errors
    /// [`GrantError`]; the book is then as before.
    pub fn add(&mut self, signed: SignedGrant) -> Result<Added, GrantError> {
        let hash = signed.hash();
        if self.hashes.contains(&hash) {
            return Ok(Added::Known);
        }
        let grant = signed.grant()?;
        let device = grant.key.device();
        if grant.organisation != self.organisation {
            return Err(GrantError::WrongOrganisation {
                found: grant.organisation,
                wanted: self.organisation,
            });
        }
        let checked = match signed.issuer {
            Issuer::Organisation => Some(signed.check(&self.key)),
            Issuer::Device(issuer) if !matches!(grant.role, Role::Site(_)) => {
                return Err(GrantError::NotEntitled { issuer, device });
            }
            Issuer::Device(issuer) => self.organisations_word(issuer).map(|hq| signed.check(&hq.grant.key)),
        };
        if checked == Some(false) {
            return Err(GrantError::Signature { device });
        }
        self.hashes.insert(hash);
        self.by_code.entry(grant.code.clone()).or_default().insert(device);
        if let Issuer::Device(issuer) = signed.issuer {
            self.issued_by.entry(issuer).or_default().insert(device);
        }
        let issuer_here = checked.is_some();
        let by_organisation = signed.issuer == Issuer::Organisation;
        let key = grant.key;
        self.by_device.entry(device).or_default().push(Held { hash, grant, signed, checked: issuer_here });
        if by_organisation {
            self.check_pending(device, &key);
        }
        Ok(if issuer_here { Added::New(device) } else { Added::Pending(device) })
    }

    /// The device with the grant that stands for it, whatever the time; `None` when no grant does.
    pub fn device(&self, id: DeviceId) -> Option<Device<'_>> {
        let standing = self.standing(id)?;
        (self.holder(&standing.grant.code)? == id).then_some(Device {
            id,
            grant: &standing.grant,
            signed: &standing.signed,
        })
    }

    /// The device that has a short code.
    pub fn by_code(&self, code: &DeviceCode) -> Option<Device<'_>> {
        self.device(self.holder(code)?).filter(|device| device.grant.code == *code)
    }

    /// What the device's grant says of the moment `at`.
    pub fn may(&self, id: DeviceId, at: Moment) -> Standing {
        match self.device(id).map(|d| (d.grant.from, d.grant.until)) {
            None => Standing::Unknown,
            Some((from, _)) if at < from => Standing::NotYet,
            Some((_, Some(until))) if at >= until => Standing::Withdrawn { since: until },
            Some(_) => Standing::Valid,
        }
    }

    /// All devices for which a grant stands, by identity.
    pub fn devices(&self) -> impl Iterator<Item = Device<'_>> {
        self.by_device.keys().filter_map(|id| self.device(*id))
    }

    /// All grants held, pending ones too, with their hashes; unordered.
    pub fn grants(&self) -> impl Iterator<Item = (&[u8; 32], &SignedGrant)> {
        self.by_device.values().flatten().map(|held| (&held.hash, &held.signed))
    }

    /// What was granted in vain, and why.
    pub fn stranded(&self) -> Vec<Stranded> {
        let mut all = Vec::new();
        for (device, held) in &self.by_device {
            for one in held {
                if let Issuer::Device(issuer) = one.signed.issuer
                    && !self.is_hq(issuer)
                {
                    all.push(Stranded::Issuer { device: *device, issuer });
                }
            }
            if let Some(standing) = self.standing(*device)
                && let Some(holder) = self.holder(&standing.grant.code)
                && holder != *device
            {
                let code = standing.grant.code.clone();
                all.push(Stranded::CodeTaken { code, holder, device: *device });
            }
        }
        all
    }

    /// The highest grant for a device that the organisation itself signed.
    fn organisations_word(&self, id: DeviceId) -> Option<&Held> {
        let held = self.by_device.get(&id)?.iter().filter(|h| h.signed.issuer == Issuer::Organisation);
        held.max_by_key(|h| (h.grant.serial, h.hash))
    }

    fn is_hq(&self, id: DeviceId) -> bool {
        self.organisations_word(id).is_some_and(|h| h.grant.role == Role::Hq)
    }

    /// Whether a grant is properly issued. An HQ device that was withdrawn can't issue any more,
    /// by its own clock at least; what it issued before stands.
    fn is_issued(&self, held: &Held) -> bool {
        let Issuer::Device(issuer) = held.signed.issuer else { return true };
        let Some(hq) = self.organisations_word(issuer).filter(|h| h.grant.role == Role::Hq) else {
            return false;
        };
        let in_time = hq.grant.until.is_none_or(|until| held.grant.serial.moment() < until);
        // What the organisation made HQ or relay, a device can't unmake.
        let own = self.organisations_word(held.grant.key.device());
        let outranked = own.is_some_and(|h| !matches!(h.grant.role, Role::Site(_)));
        held.checked && in_time && !outranked
    }

    /// The grant that stands for a device, its code aside.
    fn standing(&self, id: DeviceId) -> Option<&Held> {
        let held = self.by_device.get(&id)?.iter().filter(|h| self.is_issued(h));
        held.max_by_key(|h| (h.grant.serial, h.hash))
    }

    /// Who has a code: the key that was granted it first, for good, so that the numbers and event
    /// keys that carry it never come to mean another device.
    fn holder(&self, code: &DeviceCode) -> Option<DeviceId> {
        let first = |id: &DeviceId| {
            let held = self.by_device[id].iter().filter(|h| h.grant.code == *code && self.is_issued(h));
            held.map(|h| (h.grant.serial, h.hash)).min().map(|rank| (rank, *id))
        };
        self.by_code.get(code)?.iter().filter_map(first).min().map(|(_, id)| id)
    }

    /// Checks what `issuer` had signed before its key was known, and drops what it had not.
    fn check_pending(&mut self, issuer: DeviceId, key: &PublicKey) {
        for device in self.issued_by.get(&issuer).into_iter().flatten() {
            let Some(held) = self.by_device.get_mut(device) else { continue };
            held.retain_mut(|h| {
                if h.signed.issuer == Issuer::Device(issuer) && !h.checked {
                    h.checked = h.signed.check(key);
                    if !h.checked {
                        self.hashes.remove(&h.hash);
                    }
                    return h.checked;
                }
                true
            });
        }
    }
}
