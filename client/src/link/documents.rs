//! Documents beyond the horizon: fetched from the relay when something needs them.
//!
//! What surprises: the work that needed them isn't gone on with but done anew, since it did nothing when it came
//! upon what is gone. Each round has to bring a document back, so there is an end to it.

use guicang_domain::ids::DocumentId;
use guicang_replica::{LET_GO_AT_ONCE, Replica, StoreError};
use guicang_sync::documents::{DOCUMENTS_AT_ONCE, DOCUMENTS_PATH, DocumentsAnswer, DocumentsRequest};
use guicang_sync::session::Summary;
use tokio::time::Instant;

use super::{Link, LinkError, work};

/// What one answer is to have at most, in bytes of changes.
const ANSWER_BYTES: u32 = 1024 * 1024;

/// After a session so many transactions at most let something go.
const LET_GO_SLICES: u32 = 16;

impl Link {
    /// Brings the changes of these documents back into the file; how many documents are whole again.
    ///
    /// # Errors
    /// [`LinkError`] when the relay isn't reached or refuses the device, or the file fails.
    pub async fn fetch_documents(
        &mut self,
        replica: &mut Replica,
        documents: &[DocumentId],
    ) -> Result<u64, LinkError> {
        let mut whole = 0;
        let mut left = documents;
        while !left.is_empty() {
            let some = &left[..left.len().min(DOCUMENTS_AT_ONCE)];
            let ask = DocumentsRequest { documents: some.to_vec(), answer_limit_bytes: ANSWER_BYTES };
            let answer = self.ask_documents(replica, &ask).await?;
            if answer.answered == 0 {
                break;
            }
            whole += work(|| replica.take_back(&answer.documents))?;
            left = &left[some.len().min(answer.answered as usize)..];
        }
        Ok(whole)
    }

    async fn ask_documents(
        &mut self,
        replica: &mut Replica,
        ask: &DocumentsRequest,
    ) -> Result<DocumentsAnswer, LinkError> {
        let token = match self.token.clone() {
            Some(token) => token,
            None => self.sign_in(replica).await?,
        };
        match self.relay.post(DOCUMENTS_PATH, Some(&token), ask).await {
            // The token ran out between two requests.
            Err(LinkError::NotSignedIn { .. }) => {
                let token = self.sign_in(replica).await?;
                self.relay.post(DOCUMENTS_PATH, Some(&token), ask).await
            }
            other => other,
        }
    }

    /// A session; where it comes upon documents that were let go, fetches them and holds it again. Afterwards the
    /// file lets go what is beyond its horizon now.
    pub(super) async fn session_with_documents(
        &mut self,
        replica: &mut Replica,
    ) -> Result<Summary, LinkError> {
        loop {
            match self.one_session(replica).await {
                Err(LinkError::Store(StoreError::LetGo { documents, number })) => {
                    if self.fetch_documents(replica, &documents).await? == 0 {
                        return Err(LinkError::Store(StoreError::LetGo { documents, number }));
                    }
                }
                other => return other,
            }
        }
    }

    /// Lets go what is beyond the horizon, after a session that proved both ends equal.
    ///
    /// A few at a time, with pauses as long, as what comes is applied: a clerk's command gets its turn. What is
    /// left over goes after the next session.
    pub(super) async fn let_go(&self, replica: &mut Replica, summary: &Summary) -> Result<(), LinkError> {
        for _ in 0..LET_GO_SLICES {
            let begun = Instant::now();
            if !summary.proven || !work(|| replica.let_go(LET_GO_AT_ONCE))?.more {
                break;
            }
            tokio::time::sleep(begun.elapsed()).await;
        }
        Ok(())
    }
}
