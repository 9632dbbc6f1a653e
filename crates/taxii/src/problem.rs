//! Refusals: HTTP status, stable code, and the error body of TAXII 2.1 §3.6.1.

use serde_json::{Map, Value, json};

// LIMIT: enough to recognise one's own input, too little to be used as a mirror.
const QUOTED_CHARACTERS_MAX: usize = 200;

/// What was refused; each has one HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Code {
    /// The agreement has ended.
    AgreementEnded,
    /// The agreement is suspended.
    AgreementSuspended,
    /// The credentials are unknown, wrong, expired, or revoked.
    AuthInvalid,
    /// There are no credentials.
    AuthRequired,
    /// The body is no envelope.
    BodyEnvelope,
    /// The body is not JSON as it must be.
    BodyJson,
    /// The body is encoded in a way that is not supported.
    ContentEncoding,
    /// The body is of another media type.
    ContentType,
    /// The cursor was made with other filters.
    CursorFilters,
    /// The cursor is broken, expired, or of an unknown key.
    CursorInvalid,
    /// The cursor needs the filters it was made with.
    CursorNeedsFilters,
    /// The cursor is of another collection, endpoint, or reader.
    CursorOtherCollection,
    /// A parameter occurs twice.
    DuplicateParameter,
    /// A fault of ours.
    Internal,
    /// The ledger of the agreement is halted.
    LedgerHalted,
    /// The method is not one of the endpoint.
    Method,
    /// The right to delete is missing.
    NoDelete,
    /// The right to read is missing.
    NoRead,
    /// None of the accepted media types can be served.
    NotAcceptable,
    /// It does not exist, or is not visible to the caller.
    NotFound,
    /// The right to write is missing.
    NoWrite,
    /// A parameter is malformed.
    Parameter,
    /// Too many requests.
    Rate,
    /// The request took too long to arrive.
    Slow,
    /// The body is larger than the API root allows.
    TooLarge,
    /// The service cannot answer now.
    Unavailable,
    /// A match field the endpoint does not have.
    UnknownMatch,
}

impl Code {
    /// All codes.
    pub const ALL: [Code; 27] = [
        Code::AgreementEnded,
        Code::AgreementSuspended,
        Code::AuthInvalid,
        Code::AuthRequired,
        Code::BodyEnvelope,
        Code::BodyJson,
        Code::ContentEncoding,
        Code::ContentType,
        Code::CursorFilters,
        Code::CursorInvalid,
        Code::CursorNeedsFilters,
        Code::CursorOtherCollection,
        Code::DuplicateParameter,
        Code::Internal,
        Code::LedgerHalted,
        Code::Method,
        Code::NoDelete,
        Code::NoRead,
        Code::NotAcceptable,
        Code::NotFound,
        Code::NoWrite,
        Code::Parameter,
        Code::Rate,
        Code::Slow,
        Code::TooLarge,
        Code::Unavailable,
        Code::UnknownMatch,
    ];

    /// Returns the stable code, the `error_code` of the body.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.row().1
    }

    /// Returns the HTTP status.
    #[must_use]
    pub const fn status(self) -> u16 {
        self.row().0
    }

    /// Returns the one-line title. It holds no input and does not tell existing from not existing.
    #[must_use]
    pub const fn title(self) -> &'static str {
        self.row().2
    }

    const fn row(self) -> (u16, &'static str, &'static str) {
        match self {
            Code::AgreementEnded => (403, "taxii.agreement_ended", "The agreement has ended"),
            Code::AgreementSuspended => (403, "taxii.agreement_suspended", "The agreement is suspended"),
            Code::AuthInvalid => (401, "auth.invalid", "The credentials are not valid"),
            Code::AuthRequired => (401, "auth.required", "Credentials are required"),
            Code::BodyEnvelope => (422, "taxii.body_envelope", "The body is not an envelope"),
            Code::BodyJson => (400, "taxii.body_json", "The body is not valid JSON"),
            Code::ContentEncoding => (415, "taxii.content_encoding", "The content encoding is not supported"),
            Code::ContentType => (415, "taxii.content_type", "The content type is not supported"),
            Code::CursorFilters => (400, "taxii.cursor_filters", "`next` was made with other filters"),
            Code::CursorInvalid => (400, "taxii.cursor_invalid", "`next` is not valid"),
            Code::CursorNeedsFilters => (400, "taxii.cursor_needs_filters", "`next` needs its filters"),
            Code::CursorOtherCollection => (400, "taxii.cursor_other_collection", "`next` belongs elsewhere"),
            Code::DuplicateParameter => (400, "taxii.duplicate_parameter", "A parameter occurs twice"),
            Code::Internal => (500, "internal", "Internal error"),
            Code::LedgerHalted => (503, "taxii.ledger_halted", "Deliveries are halted"),
            Code::Method => (405, "taxii.method", "The method is not allowed here"),
            Code::NoDelete => (403, "taxii.no_delete", "Deleting is not permitted"),
            Code::NoRead => (403, "taxii.no_read", "Reading is not permitted"),
            Code::NotAcceptable => (406, "taxii.not_acceptable", "No acceptable media type"),
            Code::NotFound => (404, "taxii.not_found", "Not found"),
            Code::NoWrite => (403, "taxii.no_write", "Writing is not permitted"),
            Code::Parameter => (400, "taxii.parameter", "A parameter is malformed"),
            Code::Rate => (429, "taxii.rate", "Too many requests"),
            Code::Slow => (408, "taxii.slow", "The request took too long"),
            Code::TooLarge => (413, "taxii.too_large", "The body is too large"),
            Code::Unavailable => (503, "taxii.unavailable", "The service is not available"),
            Code::UnknownMatch => (400, "taxii.unknown_match", "The match field is not known here"),
        }
    }
}

/// A refusal ready to be answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    code: Code,
    description: Option<String>,
    details: Map<String, Value>,
    retry_after_s: Option<u32>,
}

impl Problem {
    /// Creates a refusal. 429 and 503 ask to come back after 5 seconds until told otherwise.
    #[must_use]
    pub fn new(code: Code) -> Problem {
        let description = (code == Code::NotAcceptable).then(|| format!("available: {}", crate::MEDIA_TYPE));
        let retry_after_s = matches!(code.status(), 429 | 503).then_some(5);
        Problem { code, description, details: Map::new(), retry_after_s }
    }

    /// Creates the refusal of a body larger than the API root allows.
    #[must_use]
    pub fn too_large(max_content_length: u64) -> Problem {
        Problem::new(Code::TooLarge).with_detail("max_content_length", max_content_length.into())
    }

    /// Says what to do. No path, statement, or version of software belongs here.
    #[must_use]
    pub fn with_description(mut self, description: impl Into<String>) -> Problem {
        self.description = Some(description.into());
        self
    }

    /// Adds one member to `details`.
    #[must_use]
    pub fn with_detail(mut self, key: &str, value: Value) -> Problem {
        self.details.insert(key.to_owned(), value);
        self
    }

    /// Sets the seconds after which to come back, kept between 1 and 300.
    #[must_use]
    pub fn with_retry_after_s(mut self, seconds: u32) -> Problem {
        self.retry_after_s = Some(seconds.clamp(1, 300));
        self
    }

    /// Returns what was refused.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }

    /// Returns the HTTP status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.code.status()
    }

    /// Returns the value of `Retry-After`, in seconds.
    #[must_use]
    pub const fn retry_after_s(&self) -> Option<u32> {
        self.retry_after_s
    }

    /// Writes the body; `error_id` is the id of the request.
    #[must_use]
    pub fn to_body(&self, error_id: Option<&str>) -> Vec<u8> {
        let mut body = Map::new();
        body.insert("title".to_owned(), json!(self.code.title()));
        if let Some(description) = &self.description {
            body.insert("description".to_owned(), json!(description));
        }
        if let Some(error_id) = error_id {
            body.insert("error_id".to_owned(), json!(error_id));
        }
        body.insert("error_code".to_owned(), json!(self.code.name()));
        body.insert("http_status".to_owned(), json!(self.status().to_string()));
        if !self.details.is_empty() {
            body.insert("details".to_owned(), Value::Object(self.details.clone()));
        }
        Value::Object(body).to_string().into_bytes()
    }
}

/// Quotes input for a description: control characters escaped, cut to 200 characters.
#[must_use]
pub fn quote(input: &str) -> String {
    let cut: String = input.chars().take(QUOTED_CHARACTERS_MAX).collect();
    let escaped: String = cut.escape_debug().take(QUOTED_CHARACTERS_MAX).collect();
    let ellipsis = if cut.len() < input.len() { "…" } else { "" };
    format!("`{escaped}{ellipsis}`")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_code_is_there_once_and_has_a_status_of_the_table() {
        let names: HashSet<&str> = Code::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        for code in Code::ALL {
            assert!([400, 401, 403, 404, 405, 406, 408, 413, 415, 422, 429, 500, 503].contains(&code.status()));
            assert_eq!(Problem::new(code).retry_after_s().is_some(), [429, 503].contains(&code.status()));
        }
    }

    #[test]
    fn the_body_bears_title_and_a_status_that_is_a_string() {
        let problem = Problem::new(Code::Parameter).with_detail("parameter", json!("limit"));
        let body = String::from_utf8(problem.to_body(Some("r-1"))).unwrap();
        assert_eq!(
            body,
            r#"{"title":"A parameter is malformed","error_id":"r-1","error_code":"taxii.parameter","http_status":"400","details":{"parameter":"limit"}}"#
        );
    }

    #[test]
    fn abuse_a33_quoted_input_is_escaped_and_cut() {
        assert_eq!(quote("a\0\n\u{202e}b"), "`a\\0\\n\\u{202e}b`");
        assert_eq!(quote(&"x".repeat(5_000)).chars().count(), 203);
    }
}
