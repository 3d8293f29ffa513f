//! Whole documents by name, for a branch that let their changes go.
//!
//! What surprises: a branch gets a document only if it gets it in its feed, too: one of its sites is the
//! document's, or it is everybody's.

use guicang_domain::ids::{DeviceId, DocumentId};
use guicang_domain::time::Moment;
use guicang_sync::documents::{DOCUMENTS_AT_ONCE, DocumentChanges, DocumentsAnswer, DocumentsRequest};
use guicang_sync::grant::{Role, Standing};
use rusqlite::{Connection, OptionalExtension, params};

use super::{Relay, RelayError, store};

/// The most bytes of changes in an answer, whatever the device allows, but for a single document.
const ANSWER_LIMIT_BYTES: usize = 4 * 1024 * 1024;

impl Relay {
    /// The changes of documents that a device asks for, as far as they fit, that count.
    ///
    /// # Errors
    /// [`RelayError::UnknownDevice`], [`RelayError::Withdrawn`]; others of the file.
    pub fn documents(
        &self,
        sender: DeviceId,
        request: &DocumentsRequest,
        now: Moment,
    ) -> Result<DocumentsAnswer, RelayError> {
        let book = self.book()?;
        let device = book.device(sender).ok_or(RelayError::UnknownDevice { device: sender })?;
        if book.may(sender, now) != Standing::Valid {
            return Err(RelayError::Withdrawn { device: sender, set_apart: 0 });
        }
        let role = &device.grant.role;
        let limit = (request.answer_limit_bytes as usize).min(ANSWER_LIMIT_BYTES);
        self.read(|connection| {
            let mut answer = DocumentsAnswer::default();
            let mut spent = 0;
            for document in request.documents.iter().take(DOCUMENTS_AT_ONCE) {
                if let Some(changes) = changes(connection, self.number, role, document)? {
                    let size: usize = changes.iter().map(Vec::len).sum();
                    if spent > 0 && spent + size > limit {
                        break;
                    }
                    spent += size;
                    answer.documents.push(DocumentChanges { document: *document, changes });
                }
                answer.answered += 1;
            }
            Ok(answer)
        })
    }
}

/// A document's changes, without those that are set apart; none where the reader may not see it.
fn changes(
    connection: &Connection,
    organisation: i64,
    role: &Role,
    document: &DocumentId,
) -> Result<Option<Vec<Vec<u8>>>, RelayError> {
    let sql = "SELECT id, sites FROM document WHERE organisation = ? AND creator = ? AND uuid = ?";
    let key = params![organisation, document.creator.0, document.uuid.as_bytes()];
    let row = connection
        .prepare_cached(sql)?
        .query_row(key, |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?)))
        .optional()?;
    let Some((id, sites)) = row else { return Ok(None) };
    let sites = store::sites_from(&sites)?;
    let may = match role {
        Role::Hq => true,
        Role::Site(site) => sites.is_empty() || sites.contains(site),
        Role::Relay => false,
    };
    if !may {
        return Ok(None);
    }
    let sql = "SELECT raw FROM change WHERE organisation = ? AND document = ? AND apart IS NULL ORDER BY id";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params![organisation, id], |row| row.get(0))?;
    Ok(Some(rows.collect::<Result<_, _>>()?))
}
