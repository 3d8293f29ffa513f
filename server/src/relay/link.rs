//! The relay without a socket: what HQ's replica, tests and benchmarks talk to.
//!
//! Requests and answers are the bytes that would travel, so that nothing works here which would fail on
//! a line.

use std::sync::Arc;

use guicang_domain::ids::DeviceId;
use guicang_domain::time::Moment;
use guicang_sync::codec::{self, CodecError, DECODED_LIMIT_BYTES};
use guicang_sync::documents::DocumentsRequest;
use guicang_sync::message::SyncRequest;

use super::{Relay, RelayError};

/// A device's link to a relay in the same process.
#[derive(Clone)]
pub struct LocalLink {
    relay: Arc<Relay>,
    device: DeviceId,
}

/// Why a request over the link got no answer.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The request's bytes can't be read.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// The relay did not do it.
    #[error(transparent)]
    Relay(#[from] RelayError),
}

impl LocalLink {
    /// A link for a device, which is taken at its word: who can open the relay's file needs no token.
    pub fn new(relay: Arc<Relay>, device: DeviceId) -> Self {
        Self { relay, device }
    }

    /// The relay.
    pub fn relay(&self) -> &Arc<Relay> {
        &self.relay
    }

    /// Sends a request's body, answers the answer's.
    ///
    /// # Errors
    /// [`LinkError`].
    pub fn sync(&self, body: &[u8], now: Moment) -> Result<Vec<u8>, LinkError> {
        let request: SyncRequest = codec::decode_request(body, DECODED_LIMIT_BYTES)?;
        Ok(codec::encode(&self.relay.sync(self.device, request, now)?))
    }

    /// Asks for documents by name; the same as over HTTP.
    ///
    /// # Errors
    /// [`LinkError`].
    pub fn documents(&self, body: &[u8], now: Moment) -> Result<Vec<u8>, LinkError> {
        let request: DocumentsRequest = codec::decode(body, DECODED_LIMIT_BYTES)?;
        Ok(codec::encode(&self.relay.documents(self.device, &request, now)?))
    }
}
