//! Credentials in the `Authorization` header (RFC 7617, RFC 6750, and the `Token` scheme of one client).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use subtle::ConstantTimeEq as _;
use thiserror::Error;

use crate::problem::{Code, Problem};

/// The `WWW-Authenticate` header lines of every 401.
pub const CHALLENGES: [&str; 2] = ["Basic realm=\"entente\", charset=\"UTF-8\"", "Bearer"];

// LIMIT: ids and secrets are 43 characters; a longer header is no credential of ours.
const CREDENTIAL_SIZE_BYTES_MAX: usize = 1_024;

/// What a caller presents. Nothing is checked yet. `Debug` hides the secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    id: Option<String>,
    secret: String,
}

impl Credentials {
    /// Returns the token id, the user name of Basic; Bearer and Token have none.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Returns the secret.
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// Compares the SHA-256 of the secret with a stored one in constant time.
    #[must_use]
    pub fn secret_matches(&self, stored_sha256: &[u8; 32]) -> bool {
        use sha2::Digest as _;
        let presented: [u8; 32] = sha2::Sha256::digest(self.secret.as_bytes()).into();
        presented.ct_eq(stored_sha256).into()
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Why there are no credentials; both answer 401.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthorizationError {
    /// The header is malformed or of an unknown scheme.
    #[error("the credentials are malformed")]
    Malformed,
    /// There is no header.
    #[error("there are no credentials")]
    Missing,
}

impl AuthorizationError {
    /// Returns the stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.problem_code().name()
    }

    const fn problem_code(self) -> Code {
        match self {
            AuthorizationError::Malformed => Code::AuthInvalid,
            AuthorizationError::Missing => Code::AuthRequired,
        }
    }
}

impl From<AuthorizationError> for Problem {
    fn from(error: AuthorizationError) -> Problem {
        Problem::new(error.problem_code())
    }
}

/// Reads the value of `Authorization`: `Basic`, `Bearer`, or `Token`, the scheme in any case.
///
/// # Errors
///
/// [`AuthorizationError`]; a second header line is for the caller to refuse.
pub fn parse(header: Option<&str>) -> Result<Credentials, AuthorizationError> {
    let Some(header) = header.map(str::trim).filter(|header| !header.is_empty()) else {
        return Err(AuthorizationError::Missing);
    };
    let parsed = || {
        let (scheme, value) = header.split_once(' ')?;
        let value = Some(value.trim()).filter(|value| value.len() <= CREDENTIAL_SIZE_BYTES_MAX)?;
        match scheme.to_ascii_lowercase().as_str() {
            "basic" => {
                let decoded = String::from_utf8(STANDARD.decode(value).ok()?).ok()?;
                let (id, secret) = decoded.split_once(':')?;
                let valid = !id.is_empty() && !secret.is_empty() && !decoded.contains(char::is_control);
                valid.then(|| Credentials { id: Some(id.to_owned()), secret: secret.to_owned() })
            }
            "bearer" | "token" => {
                let valid = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_graphic());
                valid.then(|| Credentials { id: None, secret: value.to_owned() })
            }
            _ => None,
        }
    };
    parsed().ok_or(AuthorizationError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn basic_bearer_and_token_are_read() {
        // RFC 7617 §2.
        let basic = parse(Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")).unwrap();
        assert_eq!((basic.id(), basic.secret()), (Some("Aladdin"), "open sesame"));
        for header in ["Bearer s3cret", "bearer s3cret", "Token s3cret", "TOKEN  s3cret "] {
            let credentials = parse(Some(header)).unwrap();
            assert_eq!((credentials.id(), credentials.secret()), (None, "s3cret"), "{header}");
        }
        // RFC 7617 §2: the first colon ends the user name.
        assert_eq!(parse(Some("Basic YTpiOmM=")).unwrap().secret(), "b:c");
    }

    #[test]
    fn malformed_headers_are_refused_as_invalid_and_none_as_missing() {
        for header in [
            "Basic",
            "Basic ",
            "Basic ???",
            "Basic YWJj",
            "Basic Og==",
            "Basic YTo=",
            "Basic OmI=",
            "Basic /////w==",
            "Basic YQA6Yg==",
            "Bearer",
            "Bearer a b",
            "Digest x",
            "s3cret",
            "Bearer \u{e9}",
            "Basic YTpi\u{0}",
        ] {
            assert_eq!(parse(Some(header)).unwrap_err().code(), "auth.invalid", "{header}");
        }
        assert_eq!(parse(Some(&format!("Bearer {}", "x".repeat(1_025)))).unwrap_err().code(), "auth.invalid");
        assert_eq!(parse(None).unwrap_err().code(), "auth.required");
        assert_eq!(parse(Some("  ")).unwrap_err().code(), "auth.required");
    }

    #[test]
    fn a_secret_is_compared_by_its_hash_and_never_shown() {
        use sha2::Digest as _;
        let credentials = parse(Some("Bearer s3cret")).unwrap();
        assert!(credentials.secret_matches(&sha2::Sha256::digest(b"s3cret").into()));
        assert!(!credentials.secret_matches(&sha2::Sha256::digest(b"S3cret").into()));
        assert!(!format!("{credentials:?}").contains("s3cret"));
    }

    proptest! {
        #[test]
        fn any_header_is_read_or_refused(header in "((Basic|Bearer|Token) ?)?.{0,40}") {
            let _ = parse(Some(&header));
        }
    }
}
