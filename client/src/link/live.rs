//! Listening to the relay's event stream, while a branch is online.
//!
//! A task of its own holds the line; the loop of `sync --every` is told when a feed has moved. What
//! surprises: when the stream fails nothing is lost but speed. The loop's timer goes on, and the task
//! tries the stream again, later and later.

use std::sync::Arc;
use std::time::Duration;

use guicang_sync::backoff::Backoff;
use guicang_sync::live::{EVENTS_MEDIA_TYPE, EVENTS_PATH, EventReader, Heads};
use tokio::sync::watch;

use super::{LinkError, Relay};

/// What the relay told on the stream.
#[derive(Debug, Clone, Default)]
pub struct News {
    /// Each feed's last position.
    pub heads: Heads,
    /// How many streams have told something: one more means that the line was away and is back.
    pub streams: u32,
    /// HQ has withdrawn this device: the next session is told so, too.
    pub withdrawn: bool,
    /// A token that the relay knows no more: only a session gets another.
    pub ended: Option<Vec<u8>>,
}

/// The line, held by a task as long as this lives.
pub struct Live {
    token: watch::Sender<Option<Vec<u8>>>,
    news: watch::Receiver<News>,
    task: tokio::task::JoinHandle<()>,
}

impl Live {
    /// Begins to listen, once there is a token. `random` gives jitter. Within a runtime only.
    pub fn begin(relay: Arc<Relay>, random: impl Fn() -> u64 + Send + 'static) -> Self {
        let (token, tokens) = watch::channel(None);
        let (tell, news) = watch::channel(News::default());
        let task = tokio::spawn(listen(relay, tokens, tell, random));
        Self { token, news, task }
    }

    /// The token to listen with, where it is another than before.
    pub fn signed_in(&self, token: Option<Vec<u8>>) {
        self.token.send_if_modified(|kept| {
            let other = *kept != token;
            *kept = token;
            other
        });
    }

    /// What was told last; from now on it isn't new.
    pub fn news(&mut self) -> News {
        self.news.borrow_and_update().clone()
    }

    /// Waits until something else is told.
    pub async fn changed(&mut self) {
        if self.news.changed().await.is_err() {
            // The task has ended: only its panic does that, and the timer goes on.
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn listen(
    relay: Arc<Relay>,
    mut tokens: watch::Receiver<Option<Vec<u8>>>,
    tell: watch::Sender<News>,
    random: impl Fn() -> u64,
) {
    let mut backoff = Backoff::new(500, 300_000);
    loop {
        let Some(token) = tokens.borrow_and_update().clone() else {
            match tokens.changed().await {
                Ok(()) => continue,
                Err(_) => return,
            }
        };
        let ended = follow(&relay, &token, &tell, &mut backoff).await;
        tracing::debug!(?ended, "the event stream ended");
        let asked_ms = match ended {
            Err(LinkError::NotSignedIn { .. }) => {
                tell.send_modify(|news| news.ended = Some(token));
                match tokens.changed().await {
                    Ok(()) => continue,
                    Err(_) => return,
                }
            }
            Err(error) => {
                if matches!(error, LinkError::Withdrawn { .. }) {
                    tell.send_modify(|news| news.withdrawn = true);
                }
                error.retry_after_ms()
            }
            Ok(()) => None,
        };
        let wait = Duration::from_millis(backoff.failed(random(), asked_ms));
        tokio::time::sleep(wait).await;
    }
}

/// Follows one stream to its end.
async fn follow(
    relay: &Relay,
    token: &[u8],
    tell: &watch::Sender<News>,
    backoff: &mut Backoff,
) -> Result<(), LinkError> {
    let mut stream = relay.open(EVENTS_PATH, token, EVENTS_MEDIA_TYPE).await?;
    let mut reader = EventReader::default();
    let mut heads = Heads::new();
    let mut first = true;
    while let Some(bytes) = stream.chunk().await.map_err(|e| relay.unreachable(&e))? {
        let told = reader.read(&bytes, &mut heads).map_err(|e| relay.not_a_relay(e.to_string()))?;
        if told {
            // Only now is it a relay's: what accepts and says nothing is tried ever more seldom.
            backoff.succeeded();
            tell.send_modify(|news| {
                news.heads.clone_from(&heads);
                news.streams += u32::from(first);
            });
            first = false;
        }
    }
    Ok(())
}
