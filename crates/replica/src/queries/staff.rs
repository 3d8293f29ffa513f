//! Suppliers and users as HQ lists them.

use guicang_domain::document::Document;
use guicang_domain::ids::{SupplierCode, UserName};
use guicang_domain::supplier::Supplier;
use guicang_domain::user::{Staff, User};
use rusqlite::{Connection, params};

use super::{MasterRow, name};
use crate::error::StoreError;
use crate::facts::split_sites;
use crate::store::Replica;

/// At most so many suppliers are told where one isn't known.
const TOLD: u32 = 20;

/// All whom HQ lists, as the limits see them; by name.
pub(crate) fn staff(db: &Connection, org: i64) -> Result<Vec<Staff>, StoreError> {
    let mut statement = db
        .prepare_cached("SELECT name, role, sites, active FROM staff WHERE org = ? ORDER BY name")
        .map_err(StoreError::of)?;
    let mut rows = statement.query([org]).map_err(StoreError::of)?;
    let mut staff = Vec::new();
    while let Some(r) = rows.next().map_err(StoreError::of)? {
        let sites: String = r.get(2).map_err(StoreError::of)?;
        staff.push(Staff {
            name: name(r, 0, "a user")?,
            role: name(r, 1, "a role")?,
            sites: split_sites(&sites)?.into_iter().collect(),
            active: r.get(3).map_err(StoreError::of)?,
        });
    }
    Ok(staff)
}

impl Replica {
    /// All suppliers, by code.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn suppliers(&self) -> Result<Vec<MasterRow<Supplier>>, StoreError> {
        self.master_rows("SELECT document FROM supplier WHERE org = ? ORDER BY code", as_supplier)
    }

    /// A supplier; `None` when none is listed under that code.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn supplier(&self, code: &SupplierCode) -> Result<Option<MasterRow<Supplier>>, StoreError> {
        let sql = "SELECT document FROM supplier WHERE org = ? AND code = ?";
        self.master_named(sql, code.as_str(), as_supplier)
    }

    /// All users, by name.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn users(&self) -> Result<Vec<MasterRow<User>>, StoreError> {
        self.master_rows("SELECT document FROM staff WHERE org = ? ORDER BY name", as_user)
    }

    /// A user; `None` when HQ lists nobody of that name.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn user(&self, name: &UserName) -> Result<Option<MasterRow<User>>, StoreError> {
        self.master_named("SELECT document FROM staff WHERE org = ? AND name = ?", name.as_str(), as_user)
    }

    /// The codes that are known, at most 20 of them, where suppliers are listed and this isn't one of them;
    /// `None` where it is, or none is listed.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn instead_of_supplier(&self, code: &str) -> Result<Option<Vec<String>>, StoreError> {
        let known: bool = self
            .db
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM supplier WHERE org = ? AND code = ?)")
            .and_then(|mut s| s.query_row(params![self.identity.org, code.trim()], |r| r.get(0)))
            .map_err(StoreError::of)?;
        if known {
            return Ok(None);
        }
        let mut statement = self
            .db
            .prepare_cached("SELECT code FROM supplier WHERE org = ? ORDER BY code LIMIT ?")
            .map_err(StoreError::of)?;
        let codes = statement
            .query_map(params![self.identity.org, TOLD], |r| r.get(0))
            .and_then(Iterator::collect::<rusqlite::Result<Vec<String>>>)
            .map_err(StoreError::of)?;
        Ok((!codes.is_empty()).then_some(codes))
    }
}

fn as_supplier(document: Document) -> Option<Supplier> {
    match document {
        Document::Supplier(supplier) => Some(supplier),
        _ => None,
    }
}

fn as_user(document: Document) -> Option<User> {
    match document {
        Document::User(user) => Some(user),
        _ => None,
    }
}
