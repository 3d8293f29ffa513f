//! A file's text as UTF-8, whatever it was written in.
//!
//! What surprises: nothing is decided before the first byte that isn't ASCII. A till's export is
//! often ASCII for pages before the first Chinese name, and a guess from the beginning alone would be
//! one from nothing. From there on a window of `WINDOW` bytes tells: UTF-8 if it is that, GB18030
//! (which GBK and GB2312 are parts of) if it is that, else UTF-8, whose bad rows are then named.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

use encoding_rs::{CoderResult, Decoder, Encoding, GB18030, UTF_16BE, UTF_16LE};
use serde::Deserialize;

/// How a profile says that its files are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum Written {
    /// In UTF-8, with or without a byte order mark.
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    /// In GB18030 (GBK, GB2312).
    #[serde(rename = "gb18030")]
    Gb18030,
    /// In one of these, or in UTF-16 with a byte order mark: see the module.
    #[serde(rename = "auto")]
    Auto,
}

/// How many bytes are looked at from the first that isn't ASCII.
const WINDOW: usize = 4096;
const CHUNK: usize = 1 << 15;

/// Reads text as UTF-8.
pub struct Transcoder<R> {
    inner: R,
    state: State,
    /// Read and not yet handed out.
    raw: Vec<u8>,
    at: usize,
    /// Decoded, and how much of it was handed out. A reader's buffer may be too small for a character.
    text: Vec<u8>,
    given: usize,
    /// Whether the decoder has seen the end.
    finished: bool,
    ended: bool,
    is_decoding: Rc<Cell<bool>>,
}

enum State {
    /// The first bytes: is there a mark?
    Start,
    /// ASCII so far.
    Undecided,
    /// As it comes.
    Plain,
    Decoding(Box<Decoder>),
}

impl<R: Read> Transcoder<R> {
    /// A reader of a file that is written so.
    pub fn new(inner: R, written: Written) -> Self {
        let state = match written {
            Written::Utf8 => State::Plain,
            Written::Gb18030 => decoding(GB18030),
            Written::Auto => State::Start,
        };
        let is_decoding = Rc::new(Cell::new(matches!(state, State::Decoding(_))));
        Self {
            inner,
            state,
            raw: Vec::new(),
            at: 0,
            text: Vec::new(),
            given: 0,
            ended: false,
            finished: false,
            is_decoding,
        }
    }

    /// Whether the text turned out to be in another encoding than UTF-8, so that a replacement character stands
    /// for what isn't text.
    pub fn is_decoding(&self) -> Rc<Cell<bool>> {
        self.is_decoding.clone()
    }

    /// Reads on until so many bytes wait, or the file ends.
    fn fill(&mut self, wanted: usize) -> io::Result<()> {
        self.raw.drain(..self.at);
        self.at = 0;
        while self.raw.len() < wanted && !self.ended {
            let mut chunk = vec![0; CHUNK];
            let n = self.inner.read(&mut chunk)?;
            self.ended = n == 0;
            self.raw.extend_from_slice(&chunk[..n]);
        }
        Ok(())
    }

    fn hand_out(&mut self, buffer: &mut [u8], most: usize) -> usize {
        let n = most.min(buffer.len()).min(self.raw.len() - self.at);
        buffer[..n].copy_from_slice(&self.raw[self.at..self.at + n]);
        self.at += n;
        n
    }

    /// Decodes a piece; nothing is decoded at the end.
    fn decode(&mut self) -> io::Result<()> {
        self.given = 0;
        // A decoder that has seen the end must not be asked again, but a reader may be.
        if self.finished {
            self.text.clear();
            return Ok(());
        }
        self.text.resize(CHUNK, 0);
        loop {
            if self.at == self.raw.len() {
                self.fill(1)?;
            }
            let State::Decoding(decoder) = &mut self.state else { break };
            let last = self.ended && self.at == self.raw.len();
            let (result, read, written, _) =
                decoder.decode_to_utf8(&self.raw[self.at..], &mut self.text, last);
            self.at += read;
            self.finished = last && result == CoderResult::InputEmpty;
            if written > 0 || self.finished {
                self.text.truncate(written);
                return Ok(());
            }
        }
        self.text.clear();
        Ok(())
    }
}

impl<R: Read> Read for Transcoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            match &self.state {
                State::Plain if self.at == self.raw.len() => return self.inner.read(buffer),
                State::Plain => return Ok(self.hand_out(buffer, usize::MAX)),
                State::Start => {
                    self.fill(2)?;
                    self.state = match self.raw.get(..2) {
                        Some([0xff, 0xfe]) => decoding(UTF_16LE),
                        Some([0xfe, 0xff]) => decoding(UTF_16BE),
                        _ => State::Undecided,
                    };
                    self.is_decoding.set(matches!(self.state, State::Decoding(_)));
                }
                State::Undecided => {
                    if self.at == self.raw.len() {
                        self.fill(1)?;
                    }
                    let ascii = self.raw[self.at..].iter().take_while(|byte| byte.is_ascii()).count();
                    if ascii > 0 || self.raw.is_empty() {
                        return Ok(self.hand_out(buffer, ascii));
                    }
                    self.fill(WINDOW)?;
                    let window = &self.raw[..WINDOW.min(self.raw.len())];
                    let whole = window.len() == self.raw.len() && self.ended;
                    self.state = match is_gb18030(window, whole) {
                        true => decoding(GB18030),
                        false => State::Plain,
                    };
                    self.is_decoding.set(matches!(self.state, State::Decoding(_)));
                }
                State::Decoding(_) => {
                    if self.given == self.text.len() {
                        self.decode()?;
                    }
                    let n = buffer.len().min(self.text.len() - self.given);
                    buffer[..n].copy_from_slice(&self.text[self.given..self.given + n]);
                    self.given += n;
                    return Ok(n);
                }
            }
        }
    }
}

fn decoding(encoding: &'static Encoding) -> State {
    // A mark is taken off where there is one.
    State::Decoding(Box::new(encoding.new_decoder_with_bom_removal()))
}

/// Whether a window that begins with a byte over 127 is GB18030 and not UTF-8. Unless it is the whole
/// rest of the file, the character at its end may be cut.
fn is_gb18030(window: &[u8], whole: bool) -> bool {
    if let Err(e) = std::str::from_utf8(window) {
        let cut = e.error_len().is_none() && !whole;
        let mut text = String::with_capacity(window.len() * 2);
        let decoder = &mut GB18030.new_decoder_without_bom_handling();
        let (result, _) = decoder.decode_to_string_without_replacement(window, &mut text, whole);
        return !cut && result == encoding_rs::DecoderResult::InputEmpty;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], written: Written) -> String {
        let mut text = Vec::new();
        Transcoder::new(bytes, written).read_to_end(&mut text).unwrap();
        String::from_utf8_lossy(&text).into_owned()
    }

    /// However far into the file the first Chinese stands, and whatever it is cut by.
    #[test]
    fn the_encoding_is_told_from_the_first_bytes_that_are_not_ascii() {
        for before in [0, 1, 100, CHUNK - 1, CHUNK, 3 * CHUNK] {
            let text = format!("{}数量，茶叶\n{}", "a,b\n".repeat(before / 4), "退货单，苹果\n".repeat(2000));
            let (gb, _, lossy) = GB18030.encode(&text);
            assert!(!lossy);
            assert!(read(&gb, Written::Auto) == text, "GB18030 after {before}");
            assert!(read(text.as_bytes(), Written::Auto) == text, "UTF-8 after {before}");
            assert!(read(&gb, Written::Gb18030) == text);
        }
        assert_eq!(read(b"plain", Written::Auto), "plain");
        assert_eq!(read(b"", Written::Auto), "");
        let utf16: Vec<u8> = "\u{feff}茶,1\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(read(&utf16, Written::Auto), "茶,1\n");
    }

    /// One damaged byte doesn't make a UTF-8 file a Chinese one: its row is named instead.
    #[test]
    fn a_damaged_byte_is_left_for_its_row_to_be_named() {
        let mut bytes = "caf".as_bytes().to_vec();
        bytes.extend(b"\xe9,1\nTee,2\n");
        assert_eq!(read(&bytes, Written::Auto), "caf\u{fffd},1\nTee,2\n");
    }
}
