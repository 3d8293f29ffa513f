//! Suppliers and users, written by HQ's devices; and whose word is enough for a decision.

use std::collections::BTreeSet;

use guicang_documents::Events;
use guicang_domain::document::{Document, Kind};
use guicang_domain::ids::{SiteId, SupplierCode, UserName};
use guicang_domain::money::Currency;
use guicang_domain::supplier::Supplier;
use guicang_domain::user::{StaffRole, User, UserEvent, may_grant, who_could};

use super::By;
use super::returns::wrong;
use crate::error::{CommandError, StoreError};
use crate::facts::document_by_id;
use crate::queries::staff::staff;
use crate::store::{Replica, Work};

/// Whether what is said is of somebody new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listing {
    /// Of somebody who isn't listed yet.
    New,
    /// Of somebody who is.
    Known,
    /// Of either: a file is read.
    Any,
}

impl Listing {
    fn check(self, found: &str, held: Option<i64>, unknown: CommandError) -> Result<(), CommandError> {
        match (self, held) {
            (Listing::New, Some(_)) => Err(CommandError::ListedAlready { found: found.into() }),
            (Listing::Known, None) => Err(unknown),
            _ => Ok(()),
        }
    }
}

/// What HQ says of a supplier. What isn't said stays as it is.
#[derive(Debug, Clone)]
pub struct SupplierDraft {
    /// Its code.
    pub code: SupplierCode,
    /// What is said of it; the last of two of one field stands.
    pub fields: Vec<SupplierField>,
}

/// Something said of a supplier; `None` and empty texts take it away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SupplierField {
    /// Its name; where a new one has none, its code.
    Name(String),
    /// Whom to ask there.
    Contact(Option<String>),
    /// Where goods go back to.
    ReturnAddress(Option<String>),
    /// Days for a claim.
    ClaimDays(Option<u32>),
    /// The currency of its claims; the organisation's where a new one says none.
    Currency(Currency),
    /// A note.
    Note(Option<String>),
}

/// What HQ says of a user. What is `None` stays as it is.
#[derive(Debug, Clone)]
pub struct UserDraft {
    /// The name as it is typed at the counter.
    pub name: UserName,
    /// The name in full; where a new one has none, the other.
    pub display: Option<String>,
    /// What they may grant; a new user is a clerk where nothing is said.
    pub role: Option<StaffRole>,
    /// Where they work.
    pub sites: Option<BTreeSet<SiteId>>,
    /// Whether their role stands.
    pub active: Option<bool>,
}

impl Replica {
    /// Lists suppliers, or changes what is said of them, all in one transaction. How many differed.
    ///
    /// # Errors
    /// [`CommandError::HqOnly`]; [`CommandError::ListedAlready`] or [`CommandError::UnknownSupplier`] where
    /// `listing` says otherwise; or what the file says. Nothing is changed then.
    pub fn put_suppliers(
        &mut self,
        listing: Listing,
        drafts: Vec<SupplierDraft>,
    ) -> Result<usize, CommandError> {
        self.write(|work| {
            let mut changed = 0;
            for draft in drafts {
                changed += usize::from(work.put_supplier(listing, draft)?);
            }
            Ok(changed)
        })
    }

    /// Lists users, changes what is said of them, withdraws their roles or gives these back, all in one
    /// transaction. How many differed.
    ///
    /// # Errors
    /// [`CommandError::HqOnly`]; [`CommandError::ListedAlready`] or [`CommandError::UnknownUser`] where
    /// `listing` says otherwise; [`CommandError::UnknownSite`], [`CommandError::Value`] when a clerk or manager
    /// works nowhere; or what the file says. Nothing is changed then.
    pub fn put_users(
        &mut self,
        by: &By,
        listing: Listing,
        drafts: Vec<UserDraft>,
    ) -> Result<usize, CommandError> {
        self.write(|work| {
            let mut changed = 0;
            for draft in drafts {
                changed += usize::from(work.put_user(by, listing, draft)?);
            }
            Ok(changed)
        })
    }
}

impl Work<'_> {
    fn put_supplier(&mut self, listing: Listing, draft: SupplierDraft) -> Result<bool, CommandError> {
        self.hq_only()?;
        let held =
            self.master("SELECT document FROM supplier WHERE org = ? AND code = ?", draft.code.as_str())?;
        let found = draft.code.to_string();
        listing.check(&found, held, CommandError::UnknownSupplier { found: found.clone() })?;
        let mut supplier = match self.held_master(held)? {
            Some(Document::Supplier(supplier)) => supplier,
            _ => Supplier {
                head: self.new_head(Kind::Supplier, None, self.me.zone)?,
                name: draft.code.to_string(),
                code: draft.code,
                contact: None,
                return_address: None,
                claim_days: None,
                currency: self.me.currency,
                note: None,
            },
        };
        let some = |text: Option<String>| text.filter(|text| !text.is_empty());
        for field in draft.fields {
            match field {
                SupplierField::Name(name) if name.trim().is_empty() => {
                    return Err(wrong("name", &name, "a name"));
                }
                SupplierField::Name(name) => supplier.name = name,
                SupplierField::Contact(contact) => supplier.contact = some(contact),
                SupplierField::ReturnAddress(address) => supplier.return_address = some(address),
                SupplierField::ClaimDays(days) => supplier.claim_days = days,
                SupplierField::Currency(currency) => supplier.currency = currency,
                SupplierField::Note(note) => supplier.note = some(note),
            }
        }
        self.put_master(held, Document::Supplier(supplier))
    }

    fn put_user(&mut self, by: &By, listing: Listing, draft: UserDraft) -> Result<bool, CommandError> {
        self.hq_only()?;
        let held =
            self.master("SELECT document FROM staff WHERE org = ? AND name = ?", draft.name.as_str())?;
        let found = draft.name.to_string();
        listing.check(&found, held, CommandError::UnknownUser { found: found.clone() })?;
        let current = match self.held_master(held)? {
            Some(Document::User(user)) => Some(user),
            _ => None,
        };
        let was_active = current.as_ref().is_none_or(User::is_active);
        let mut user = match current {
            Some(user) => user,
            None => User {
                head: self.new_head(Kind::User, None, self.me.zone)?,
                display: draft.name.to_string(),
                name: draft.name,
                role: StaffRole::Clerk,
                sites: BTreeSet::new(),
                events: vec![self.event(by, self.me.zone, "", UserEvent::Listed)],
            },
        };
        user.display = draft.display.unwrap_or(user.display);
        user.role = draft.role.unwrap_or(user.role);
        user.sites = draft.sites.unwrap_or(user.sites);
        if user.display.trim().is_empty() {
            return Err(wrong("name", &user.display, "a name"));
        }
        for site in &user.sites {
            if !self.knows_site(site)? {
                return Err(CommandError::UnknownSite { found: site.to_string() });
            }
        }
        if user.role != StaffRole::Hq && user.sites.is_empty() {
            return Err(wrong("sites", "nothing", "the sites where a clerk or manager works"));
        }
        let turned = match draft.active {
            Some(true) if !was_active => Some(UserEvent::Reinstated),
            Some(false) if was_active => Some(UserEvent::Withdrawn),
            _ => None,
        };
        let turned = turned.map(|body| self.event(by, user.head.zone, "", body));
        let id = match held {
            Some(id) => id,
            None => {
                user.events.extend(turned);
                self.create(Document::User(user), &[])?;
                return Ok(true);
            }
        };
        let edited = self.put_master(held, Document::User(user))?;
        let Some(event) = turned else { return Ok(edited) };
        let row = document_by_id(&self.tx, id)?;
        let (mut replayed, _) = self.load(&row)?;
        let change = replayed
            .append_events(self.writer, self.now, &Events::User(&[event]))
            .map_err(|e| StoreError::damaged("a user", e))?;
        self.insert_own_change(id, &change, &[], 0)?;
        self.reproject(id)?;
        Ok(true)
    }

    /// Whether somebody's word is enough at a site for what a role may grant; `asking` is who asks for it.
    ///
    /// # Errors
    /// [`CommandError::NotEntitled`] says why not, and whose word would be.
    pub(super) fn takes_word_of(
        &self,
        name: &UserName,
        asking: &UserName,
        wanted: StaffRole,
        site: Option<&SiteId>,
    ) -> Result<(), CommandError> {
        let staff = staff(&self.tx, self.org)?;
        may_grant(&staff, name, wanted, site).map_err(|lacks| CommandError::NotEntitled {
            user: name.to_string(),
            lacks,
            wanted,
            site: site.cloned(),
            could: who_could(&staff, asking, wanted, site),
        })
    }

    /// Whose word would be enough; nobody where HQ lists no users.
    pub(super) fn who_could(
        &self,
        asking: &UserName,
        wanted: StaffRole,
        site: Option<&SiteId>,
    ) -> Result<Vec<UserName>, CommandError> {
        Ok(who_could(&staff(&self.tx, self.org)?, asking, wanted, site))
    }
}
