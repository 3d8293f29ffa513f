//! Documents of any bytes, of each kind: whatever Automerge makes of them is read, and folded where it is a
//! return.

use guicang_documents::Replayed;
use guicang_domain::document::Document;
use guicang_domain::event::Proof;
use guicang_domain::ids::DocumentId;
use guicang_domain::returns::state::ReturnState;
use guicang_domain::time::Moment;

use super::SENDER;

/// Reads the bytes as a document of one change.
pub fn read(bytes: &[u8]) {
    let Ok(replayed) = Replayed::new(&[bytes]) else { return };
    let document = DocumentId::from_slice(&[1; 32]).expect("32 bytes");
    for stamped in [None, Some(Moment(1_700_000_000_000))] {
        let proof = Proof { device: SENDER, hq: stamped.is_some(), stamped };
        let Ok(reading) = replayed.read(document, &|_| Some(proof.clone())) else { continue };
        if let Some(Document::Return(read)) = &reading.document {
            let state = ReturnState::of(read);
            let _ = state.stages(read);
        }
    }
}
