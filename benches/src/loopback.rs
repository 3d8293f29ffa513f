//! The relay's own HTTP service on loopback, in this process, and a branch's own link to it.
//!
//! What surprises: both ends share the machine's cores, as they would not in life.

use std::sync::Arc;

use anyhow::Result;
use guicang_client::link::{Link, Relay as Address};
use guicang_replica::Replica;
use guicang_server::relay::http::{Outside, Service, router};
use guicang_server::relay::{Relay, RelayError};
use guicang_sync::session::Summary;
use tokio::runtime::{Builder, Runtime};

use crate::chain;
use crate::random::Random;
use crate::timing;

/// A relay that listens.
pub struct Loopback {
    runtime: Runtime,
    url: String,
}

impl Loopback {
    /// Serves the relay on a free port until this is dropped.
    pub fn serve(relay: Arc<Relay>) -> Result<Self> {
        let runtime = Builder::new_multi_thread().enable_all().build()?;
        let random = std::sync::Mutex::new(Random::of(7));
        let outside = Outside {
            now: Box::new(timing::now),
            fill: Box::new(move |bytes| {
                random.lock().unwrap_or_else(std::sync::PoisonError::into_inner).fill(bytes);
            }),
        };
        // Devices are enrolled before; nobody asks here.
        let issue = Box::new(|_: &_, _, _| Err(RelayError::Code));
        let app = router(Arc::new(Service::new(relay, issue, outside).expect("a relay that can be read")));
        Self::on(runtime, app)
    }

    /// Serves other routes.
    ///
    /// # Errors
    /// When no port is free.
    pub fn of(app: axum::Router) -> Result<Self> {
        Self::on(Builder::new_multi_thread().enable_all().build()?, app)
    }

    fn on(runtime: Runtime, app: axum::Router) -> Result<Self> {
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))?;
        let url = format!("http://{}", listener.local_addr()?);
        runtime.spawn(async move { axum::serve(listener, app).await });
        Ok(Self { runtime, url })
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The address alone, and what runs its requests.
    ///
    /// # Errors
    /// Never for an address of ours.
    pub fn address(&self) -> Result<(&Runtime, Address)> {
        Ok((&self.runtime, Address::new(&self.url)?))
    }

    /// A branch's link, not signed in yet.
    pub fn link(&self) -> Result<Link> {
        // Jitter only: nothing is lost on loopback.
        Ok(Link::new(Address::new(&self.url)?, |bytes| bytes.fill(0)))
    }

    /// One session over the line.
    pub fn session(&self, link: &mut Link, replica: &mut Replica) -> Result<Summary> {
        let summary = self.runtime.block_on(link.session(replica))?;
        chain::check(&summary)?;
        Ok(summary)
    }
}
