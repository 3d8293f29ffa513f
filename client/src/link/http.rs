//! HTTP to a relay: a body there, a body back, and a clear word for whatever isn't a relay.

use std::time::Duration;

use guicang_sync::codec::{self, DECODED_LIMIT_BYTES, MEDIA_TYPE};
use guicang_sync::message::{ErrorAnswer, error_code};
use minicbor::{Decode, Encode};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};

use super::LinkError;

/// A line that says nothing for so long is taken to be dead.
const SILENCE: Duration = Duration::from_secs(30);
const CONNECT: Duration = Duration::from_secs(10);

/// A relay by its address.
pub struct Relay {
    http: reqwest::Client,
    url: String,
}

impl Relay {
    /// The relay at `http://HOST[:PORT]`.
    ///
    /// # Errors
    /// [`LinkError::Address`] when that is no such address.
    pub fn new(url: &str) -> Result<Self, LinkError> {
        let address = || LinkError::Address { found: url.to_owned() };
        let parsed = reqwest::Url::parse(url.trim()).map_err(|_| address())?;
        if parsed.scheme() != "http" || parsed.host_str().is_none() {
            return Err(address());
        }
        let url = url.trim().trim_end_matches('/').to_owned();
        // A hotel's or a shopping centre's gateway redirects to its own page: never follow.
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .build()
            .map_err(|e| LinkError::Unreachable { url: url.clone(), detail: causes(&e) })?;
        Ok(Self { http, url })
    }

    /// The address, without a slash at its end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Posts a message and reads the answer.
    ///
    /// # Errors
    /// [`LinkError`].
    pub async fn post<Q: Encode<()>, A: for<'b> Decode<'b, ()>>(
        &self,
        path: &str,
        token: Option<&[u8]>,
        message: &Q,
    ) -> Result<A, LinkError> {
        let body = self.exchange(path, token, codec::encode(message)).await?;
        codec::decode(&body, DECODED_LIMIT_BYTES)
            .map_err(|e| LinkError::NotARelay { url: self.url.clone(), found: e.to_string() })
    }

    /// Posts a body and gives the answer's, of a 200 with our media type.
    ///
    /// # Errors
    /// [`LinkError`].
    pub async fn exchange(
        &self,
        path: &str,
        token: Option<&[u8]>,
        body: Vec<u8>,
    ) -> Result<Vec<u8>, LinkError> {
        let mut request =
            self.http.post(format!("{}{path}", self.url)).header(CONTENT_TYPE, MEDIA_TYPE).body(body);
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, bearer(token));
        }
        let response = request.send().await.map_err(|e| self.unreachable(&e))?;
        self.body(response).await
    }

    /// Opens a stream of a media type, whose bytes come as they come.
    ///
    /// # Errors
    /// [`LinkError`].
    pub async fn open(
        &self,
        path: &str,
        token: &[u8],
        media_type: &str,
    ) -> Result<reqwest::Response, LinkError> {
        let request = self.http.get(format!("{}{path}", self.url)).header(AUTHORIZATION, bearer(token));
        let response = request.send().await.map_err(|e| self.unreachable(&e))?;
        if response.status() == 200 && is(&response, media_type) {
            return Ok(response);
        }
        match self.body(response).await {
            Err(error) => Err(error),
            Ok(_) => Err(self.not_a_relay("HTTP 200".into())),
        }
    }

    /// That no answer came.
    pub(super) fn unreachable(&self, error: &reqwest::Error) -> LinkError {
        LinkError::Unreachable { url: self.url.clone(), detail: causes(error) }
    }

    /// That what came is no relay's.
    pub(super) fn not_a_relay(&self, found: String) -> LinkError {
        LinkError::NotARelay { url: self.url.clone(), found }
    }

    /// The body of a 200 with our media type, or what else was answered.
    async fn body(&self, mut response: reqwest::Response) -> Result<Vec<u8>, LinkError> {
        let status = response.status().as_u16();
        let header = |name| response.headers().get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
        let media_type = header(CONTENT_TYPE).unwrap_or_default();
        let retry_after_ms =
            header(RETRY_AFTER).and_then(|s| s.parse::<u64>().ok()).map(|s| s.saturating_mul(1000));
        let ours = is(&response, MEDIA_TYPE);
        if !ours {
            return Err(match status {
                // A proxy before the relay says these in its own words.
                429 | 502..=504 => LinkError::Busy {
                    url: self.url.clone(),
                    detail: format!("HTTP {status}"),
                    retry_after_ms,
                },
                // A hotel's or a shopping centre's gateway shows everybody its own page first.
                300..=399 | 511 => LinkError::LoginPage { url: self.url.clone() },
                200 if media_type.starts_with("text/html") => LinkError::LoginPage { url: self.url.clone() },
                _ => LinkError::NotARelay {
                    url: self.url.clone(),
                    found: format!(
                        "HTTP {status}, {}",
                        if media_type.is_empty() { "-" } else { &media_type }
                    ),
                },
            });
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|e| self.unreachable(&e))? {
            body.extend_from_slice(&chunk);
            if body.len() > DECODED_LIMIT_BYTES {
                return Err(LinkError::NotARelay {
                    url: self.url.clone(),
                    found: format!("> {DECODED_LIMIT_BYTES} bytes"),
                });
            }
        }
        if status == 200 {
            return Ok(body);
        }
        let answer: ErrorAnswer = codec::decode(&body, DECODED_LIMIT_BYTES)
            .map_err(|e| LinkError::NotARelay { url: self.url.clone(), found: e.to_string() })?;
        Err(self.refused(status, answer, retry_after_ms))
    }

    fn refused(&self, status: u16, answer: ErrorAnswer, header_ms: Option<u64>) -> LinkError {
        let ErrorAnswer { code, detail, retry_after_ms } = answer;
        let retry_after_ms = retry_after_ms.max(header_ms);
        match code.as_str() {
            error_code::NOT_SIGNED_IN => LinkError::NotSignedIn { detail },
            error_code::WITHDRAWN => LinkError::Withdrawn { detail },
            error_code::CODE => LinkError::Code { detail },
            error_code::DISK_FULL => LinkError::RelayFull { url: self.url.clone(), retry_after_ms },
            error_code::BUSY => LinkError::Busy { url: self.url.clone(), detail, retry_after_ms },
            _ if matches!(status, 429 | 500..=599) => {
                LinkError::Busy { url: self.url.clone(), detail: format!("{code}: {detail}"), retry_after_ms }
            }
            _ => LinkError::Refused { code, detail },
        }
    }
}

fn bearer(token: &[u8]) -> String {
    let hex: String = token.iter().map(|b| format!("{b:02x}")).collect();
    format!("Bearer {hex}")
}

/// Whether a response says that it is of a media type.
fn is(response: &reqwest::Response, media_type: &str) -> bool {
    let found = response.headers().get(CONTENT_TYPE).and_then(|v| v.to_str().ok());
    found.and_then(|found| found.split(';').next()).map(str::trim) == Some(media_type)
}

/// An error with its causes: reqwest's own sentence leaves out what went wrong.
fn causes(error: &reqwest::Error) -> String {
    let mut texts = Vec::new();
    let mut next: Option<&dyn std::error::Error> = std::error::Error::source(error);
    while let Some(cause) = next {
        texts.push(cause.to_string());
        next = cause.source();
    }
    texts.pop().unwrap_or_else(|| error.to_string())
}
