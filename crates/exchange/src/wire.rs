//! How a request reaches another node and its answer comes back: HTTP, unless a test gives another way.
//!
//! A [`Wire`] knows nothing of agreements. It carries one request and tells what came back; what an answer means is decided in
//! [`crate::sync`].

use std::time::Duration;

/// One request to another node.
#[derive(Clone, Copy, Debug)]
pub struct WireRequest<'a> {
    /// Address, complete.
    pub url: &'a str,
    /// Token id.
    pub token: &'a str,
    /// Its secret.
    pub secret: &'a str,
    /// What is handed over; a request without it asks (GET), one with it hands over (POST).
    pub body: Option<&'a [u8]>,
    /// Media type of what is handed over.
    pub content_type: &'a str,
    /// Media types that are understood.
    pub accept: &'a str,
}

/// What came back, whatever its status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WireAnswer {
    /// HTTP status.
    pub status: u16,
    /// Header fields, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, complete.
    pub body: Vec<u8>,
}

impl WireAnswer {
    /// The first header field of this name, given in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Why no complete answer came. Whether the request arrived is not known in either case.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// The answer began and did not end.
    #[error("its answer broke off: {0}")]
    Broken(String),
    /// No answer came.
    #[error("no answer from its node: {0}")]
    Unreachable(String),
}

/// Carries requests to other nodes.
pub trait Wire: Send + Sync {
    /// Carries one request and waits for its answer.
    ///
    /// # Errors
    /// [`WireError`] when no complete answer came.
    fn call(&self, request: &WireRequest<'_>) -> Result<WireAnswer, WireError>;
}

/// HTTP with the token as Basic credentials, without redirects.
#[derive(Clone, Copy, Debug)]
pub struct Http;

// LIMIT: bytes read of an answer, and time waited for it.
const ANSWER_SIZE_BYTES_MAX: u64 = 64 * 1024 * 1024;
const TIMEOUT: Duration = Duration::from_secs(60);

impl Wire for Http {
    fn call(&self, request: &WireRequest<'_>) -> Result<WireAnswer, WireError> {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .max_redirects(0)
            .http_status_as_error(false)
            .user_agent(format!("entente/{}", env!("CARGO_PKG_VERSION")))
            .build()
            .into();
        let authorization = basic(request.token, request.secret);
        let response = match request.body {
            Some(bytes) => agent
                .post(request.url)
                .header("Authorization", &authorization)
                .header("Content-Type", request.content_type)
                .send(bytes),
            None => {
                agent.get(request.url).header("Authorization", &authorization).header("Accept", request.accept).call()
            }
        };
        let mut response = response.map_err(|e| WireError::Unreachable(e.to_string()))?;
        let status = response.status().as_u16();
        let fields = response.headers().iter();
        let headers = fields
            .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
            .collect();
        let body = response
            .body_mut()
            .with_config()
            .limit(ANSWER_SIZE_BYTES_MAX)
            .read_to_vec()
            .map_err(|e| WireError::Broken(e.to_string()))?;
        Ok(WireAnswer { status, headers, body })
    }
}

fn basic(id: &str, secret: &str) -> String {
    use base64::Engine;
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{id}:{secret}")))
}
