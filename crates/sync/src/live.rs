//! The relay's event stream: how a device that is online learns at once that there is news.
//!
//! `GET /v1/events` with the token is answered by server-sent events. An event's data is a line per
//! feed, `HEAD FEED`: the feed's last position, and the feed as text. What surprises: nothing here is
//! believed. A poke only makes a device ask sooner, by [`crate::message::SYNC_PATH`], where all checks are.

use std::collections::BTreeMap;

use crate::feed::Feed;

/// Where the stream is.
pub const EVENTS_PATH: &str = "/v1/events";

/// The media type of the stream.
pub const EVENTS_MEDIA_TYPE: &str = "text/event-stream";

/// A quiet stream carries a comment as often as this, in milliseconds. One that carries nothing for
/// twice as long is dead: something on the way holds it back or has let it go.
pub const HEARTBEAT_MS: u64 = 15_000;

/// The longest line that is read; a stream with longer ones isn't a relay's.
const LINE_MAX_BYTES: usize = 4096;

/// Each feed's last position, as a relay told it.
pub type Heads = BTreeMap<Feed, u64>;

/// Reads a stream as its bytes come, in pieces of any size.
#[derive(Debug, Default)]
pub struct EventReader {
    line: Vec<u8>,
}

/// What came isn't a relay's stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a line of more than {LINE_MAX_BYTES} bytes, which no relay sends")]
pub struct LineTooLong;

impl EventReader {
    /// Takes the next bytes, and what they tell into `heads`; whether they told anything. Lines that
    /// say something else are a newer relay's, and are passed over.
    ///
    /// # Errors
    /// [`LineTooLong`].
    pub fn read(&mut self, bytes: &[u8], heads: &mut Heads) -> Result<bool, LineTooLong> {
        let mut told = false;
        for byte in bytes {
            if !matches!(byte, b'\n' | b'\r') {
                if self.line.len() >= LINE_MAX_BYTES {
                    return Err(LineTooLong);
                }
                self.line.push(*byte);
                continue;
            }
            if let Some((head, feed)) = position(&self.line) {
                heads.insert(feed, head);
                told = true;
            }
            self.line.clear();
        }
        Ok(told)
    }
}

fn position(line: &[u8]) -> Option<(u64, Feed)> {
    let data = std::str::from_utf8(line).ok()?.strip_prefix("data:")?;
    let (head, feed) = data.trim_start().split_once(' ')?;
    Some((head.parse().ok()?, feed.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stream reads the same however the line cuts it, and what isn't known is passed over.
    #[test]
    fn a_stream_is_read_in_pieces_of_any_size() {
        let stream = b": heartbeat\n\nevent: poke\ndata: 7 org\ndata: 12 site/S01\n\ndata: nonsense\n\n";
        for size in 1..stream.len() {
            let (mut reader, mut heads) = (EventReader::default(), Heads::new());
            let told = stream.chunks(size).filter(|piece| reader.read(piece, &mut heads).unwrap()).count();
            assert!(told >= 1);
            let site = Feed::Site("S01".parse().unwrap());
            assert_eq!(heads, Heads::from([(Feed::Org, 7), (site, 12)]));
        }
    }

    #[test]
    fn a_line_without_end_is_refused() {
        let mut reader = EventReader::default();
        assert_eq!(reader.read(&[b'x'; LINE_MAX_BYTES + 1], &mut Heads::new()), Err(LineTooLong));
    }
}
