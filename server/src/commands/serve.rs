//! `serve`: the relay behind HTTP, HQ following it, HQ's page; until the process is asked to end.

use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::sync::{Arc, Mutex, PoisonError};

use clap::Args;
use guicang_cli::config::Config;
use guicang_cli::{Exit, Failure, Told};
use guicang_domain::time::Moment;
use guicang_sync::quota::Quota;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::Session;
use crate::data::DataError;
use crate::hq::{devices, follow, page};
use crate::relay::RelayError;
use crate::relay::http::{Issue, Outside, Service, router};
use crate::relay::link::LocalLink;
use guicang_cli::texts::hq as texts;

/// Where.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// The address to listen on; port 0 takes any
    #[arg(
        long,
        default_value = "127.0.0.1:8620",
        value_name = "ADDRESS",
        env = "GUICANG_LISTEN",
        hide_env_values = true
    )]
    pub listen: SocketAddr,
    #[command(flatten)]
    quota: QuotaArgs,
}

/// What one device of a site may add. What is beyond waits at the device; HQ's own have no limit.
#[derive(Debug, Args)]
struct QuotaArgs {
    /// Bytes that one device may send in an hour before it has to wait [default: 1 GiB]
    #[arg(long, value_name = "BYTES", env = "GUICANG_QUOTA_BYTES", hide_env_values = true)]
    quota_bytes: Option<NonZeroU64>,
    /// Changes that one device may send in an hour [default: 1000000]
    #[arg(long, value_name = "COUNT", env = "GUICANG_QUOTA_CHANGES", hide_env_values = true)]
    quota_changes: Option<NonZeroU64>,
    /// Places in the sites' feeds that one device's changes may take in an hour [default: 4000000]
    #[arg(long, value_name = "COUNT", env = "GUICANG_QUOTA_POSITIONS", hide_env_values = true)]
    quota_positions: Option<NonZeroU64>,
    /// Bytes that are kept in all of a device that was revoked [default: 64 MiB]
    #[arg(long, value_name = "BYTES", env = "GUICANG_QUOTA_APART_BYTES", hide_env_values = true)]
    quota_apart_bytes: Option<NonZeroU64>,
}

impl QuotaArgs {
    fn quota(&self, config: &Config) -> Quota {
        let usual = Quota::default();
        Quota {
            bytes: self.quota_bytes.or(config.quota_bytes).unwrap_or(usual.bytes),
            changes: self.quota_changes.or(config.quota_changes).unwrap_or(usual.changes),
            positions: self.quota_positions.or(config.quota_positions).unwrap_or(usual.positions),
            apart_bytes: self.quota_apart_bytes.or(config.quota_apart_bytes).unwrap_or(usual.apart_bytes),
        }
    }
}

impl ServeArgs {
    /// Serves. The first line on standard output is the address.
    ///
    /// # Errors
    /// [`Failure`] when the address can't be listened on, or a file can't be opened.
    pub fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        let l = session.globals.language;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|e| Failure::new(Exit::Other, texts::relay_failed(l, &e), texts::listen_next(l)))?;
        runtime.block_on(self.serve(session))
    }

    async fn serve(&self, session: &Session<'_>) -> Result<(), Failure> {
        let globals = session.globals;
        let l = globals.language;
        let hq = session.open_or_found()?;
        let data = session.data()?;
        hq.relay.set_quota(self.quota.quota(session.config));
        let now: Arc<dyn Fn() -> Moment + Send + Sync> = Arc::new(session.now);
        let failed = |e: std::io::Error| {
            Failure::new(Exit::Other, texts::listen_failed(l, &self.listen, &e), texts::listen_next(l))
        };

        // Each its own handle on HQ's file: a device that enrols must not wait while the log is folded.
        let issuer = data.replica(session.ambient()).told(globals)?;
        let shown = data.replica(session.ambient()).told(globals)?;
        let link = LocalLink::new(hq.relay.clone(), hq.replica.identity().device);
        let outside = Outside { now: Box::new(session.now), fill: Box::new(session.fill) };
        let service = Service::new(hq.relay.clone(), issue(issuer, link.clone(), session.now), outside);
        let service = service.map_err(DataError::from).told(globals)?;
        let events = service.events().clone();
        let page = page::Page::new(shown, hq.relay.clone(), now.clone());
        let app = router(Arc::new(service)).merge(page::router(Arc::new(page)));

        let listener = TcpListener::bind(self.listen).await.map_err(failed)?;
        let address = format!("http://{}", listener.local_addr().map_err(failed)?);
        match globals.json() {
            true => globals.line(&json!({ "listening": address }).to_string())?,
            false => globals.line(&texts::listening(l, &address))?,
        }
        globals.next(&texts::after_listening(l, &address))?;

        let (stop, stopping) = watch::channel(false);
        let following = follow::follow(Arc::new(Mutex::new(hq.replica)), link, now, stopping.clone());
        let following = tokio::spawn(following);
        let mut asked = stopping;
        let asked_to_end = async move {
            // A sender that is gone means the same.
            let _ = asked.wait_for(|stop| *stop).await;
        };
        tokio::spawn(async move {
            signalled().await;
            // The streams first: the server waits for whoever it still answers.
            events.end();
            stop.send_replace(true);
        });
        let served = axum::serve(listener, app).with_graceful_shutdown(asked_to_end).await;
        // A settling under way ends first: it holds nothing that isn't on disk, but the log is quiet then.
        let _ = following.await;
        served.map_err(failed)?;
        globals.say(&texts::stopped(l))
    }
}

/// Makes grants with HQ's key.
fn issue(replica: guicang_replica::Replica, link: LocalLink, now: fn() -> Moment) -> Issue {
    let replica = Mutex::new(replica);
    Box::new(move |site, key, successor_of| {
        let mut replica = replica.lock().unwrap_or_else(PoisonError::into_inner);
        devices::let_in(&mut replica, &link, site, key, successor_of, &now)
            .map_err(|e| RelayError::Issue { detail: e.to_string() })
    })
}

/// SIGINT or, where there is one, SIGTERM.
async fn signalled() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    // Where no handler can be set, the process ends without grace.
    let _ = tokio::signal::ctrl_c().await;
}
