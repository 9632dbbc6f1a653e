//! What a request gets that gets nothing: one value, shown as a page or as a JSON problem.
//!
//! A refusal never repeats anything of the request and never tells apart what does not exist from what the caller may
//! not see.

use crate::body::BodyError;
use axum::body::Body;
use axum::http::header::{CONNECTION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, Response, StatusCode};
use entente_exchange::ExchangeError;
use entente_taxii::authorization::CHALLENGES;
use serde_json::{Map, Value};

/// Why a request is refused; each has one status and one code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// The agreement is in a state that does not allow it.
    AgreementState,
    /// The body is damaged or was cut short on the way.
    BodyDamaged,
    /// The fields of a form cannot be read.
    BodyForm,
    /// The body is not the strict JSON that every door asks for.
    BodyJson,
    /// The list to be checked is empty.
    CheckEmpty,
    /// The list to be checked has too many lines.
    CheckTooMany,
    /// The body is not a list of values.
    CheckValues,
    /// The body is coded in another way than gzip or zstd, or more than once.
    ContentEncoding,
    /// The body is of a type the address does not take.
    ContentType,
    /// The token is unknown, wrong, expired or revoked.
    CredentialInvalid,
    /// No token was sent.
    CredentialRequired,
    /// All turns to ask the node are taken.
    Busy,
    /// The form does not belong to the session, or was sent from another site.
    FormForged,
    /// The header fields are too many or too large.
    HeaderFields,
    /// Something failed inside; the log has the cause under the number that the caller got.
    Internal,
    /// The ledger of the agreement is halted, so nothing can be proved and nothing is delivered.
    LedgerHalted,
    /// A one-time link was used before, has expired, or never was one.
    LinkSpent,
    /// The address does not know the method.
    Method,
    /// No representation that the caller takes is available.
    NotAcceptable,
    /// There is nothing at the address that the caller may see.
    NotFound,
    /// The store cannot be written, or the ledger does not sign.
    NotReady,
    /// The note was refused; nothing was changed.
    NoticeRefused,
    /// Too few witnesses have cosigned what is to be delivered.
    Quorum,
    /// The daily quota of the caller's party is used up.
    Quota,
    /// No part of the body came in time.
    Slow,
    /// Only the staff of the node may do this.
    StaffOnly,
    /// The body is larger than the address takes, as sent or inflated.
    TooLarge,
    /// The request line is too long.
    UriTooLong,
}

impl Why {
    /// The stable code, as listed in `docs/errors.md`.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::AgreementState => "agreement.state",
            Self::BodyDamaged => "body.damaged",
            Self::BodyForm => "body.form",
            Self::BodyJson => "body.json",
            Self::CheckEmpty => "check.empty",
            Self::CheckTooMany => "check.too-many",
            Self::CheckValues => "check.values",
            Self::ContentEncoding => "http.content-encoding",
            Self::ContentType => "http.content-type",
            Self::CredentialInvalid => "auth.invalid",
            Self::CredentialRequired => "auth.required",
            Self::Busy => "http.busy",
            Self::FormForged => "session.form",
            Self::HeaderFields => "http.header-fields",
            Self::Internal => "http.internal",
            Self::LedgerHalted => "ledger.halted",
            Self::LinkSpent => "session.link",
            Self::Method => "http.method",
            Self::NotAcceptable => "http.not-acceptable",
            Self::NotFound => "http.not-found",
            Self::NotReady => "http.not-ready",
            Self::NoticeRefused => "notice.refused",
            Self::Quorum => "ledger.quorum",
            Self::Quota => "limit.objects-per-day",
            Self::Slow => "http.slow",
            Self::StaffOnly => "session.staff",
            Self::TooLarge => "http.too-large",
            Self::UriTooLong => "http.uri-too-long",
        }
    }

    /// Status, one line of title, and what to do.
    const fn row(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::AgreementState => {
                (StatusCode::CONFLICT, "That is not possible now", "The agreement is in another state.")
            }
            Self::BodyDamaged => {
                (StatusCode::BAD_REQUEST, "The body cannot be read", "It is damaged or was cut short on the way.")
            }
            Self::BodyForm => (
                StatusCode::BAD_REQUEST,
                "The form cannot be read",
                "Go back, load the page again, and send the form once more.",
            ),
            Self::BodyJson => (StatusCode::BAD_REQUEST, "The body cannot be read", "Send JSON without duplicate keys."),
            Self::CheckEmpty => {
                (StatusCode::UNPROCESSABLE_ENTITY, "The body was refused", "Nothing was checked: the list is empty.")
            }
            Self::CheckTooMany => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "The body was refused",
                "Nothing was checked: a list may have at most 100,000 values.",
            ),
            Self::CheckValues => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "The body was refused",
                "The body has to be {\"values\":[…]} with a list of strings.",
            ),
            Self::ContentEncoding => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "The body is coded in a way this node does not take",
                "Send it as it is, or coded once with gzip or zstd.",
            ),
            Self::ContentType => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "The body is of a type this address does not take",
                "The documentation of the address names the types it takes.",
            ),
            Self::CredentialInvalid => (
                StatusCode::UNAUTHORIZED,
                "The credential is not valid",
                "Check the token id and the secret, or ask the operator of this node for a new token.",
            ),
            Self::CredentialRequired => (
                StatusCode::UNAUTHORIZED,
                "A credential is needed",
                "Send a token with HTTP Basic (token id as user, secret as password) or as Bearer.",
            ),
            Self::Busy | Self::LedgerHalted | Self::NotReady => (
                StatusCode::SERVICE_UNAVAILABLE,
                "This node cannot answer now",
                "Nothing was lost. Try again in a few seconds.",
            ),
            Self::FormForged => (
                StatusCode::FORBIDDEN,
                "The form does not belong to this session",
                "Nothing was changed. Load the page again and send the form once more.",
            ),
            Self::HeaderFields => (
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "The header fields are too large",
                "At most 100 fields, 8 KiB each and 32 KiB in all are read.",
            ),
            Self::Internal => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "Something failed inside this node",
                "Tell the operator the number; the log has the cause under it.",
            ),
            Self::LinkSpent => (
                StatusCode::FORBIDDEN,
                "This link does not work any more",
                "A link can be used once. Ask for a new one, or sign in with a token.",
            ),
            Self::Method => (
                StatusCode::METHOD_NOT_ALLOWED,
                "This address does not do that",
                "The header Allow lists the methods it knows.",
            ),
            Self::NotAcceptable => (
                StatusCode::NOT_ACCEPTABLE,
                "Not available in the form asked for",
                "This address answers with application/json.",
            ),
            Self::NotFound => (
                StatusCode::NOT_FOUND,
                "Not found",
                "There is nothing here that you may see. Check the address, or start from the home page.",
            ),
            Self::NoticeRefused => {
                (StatusCode::UNPROCESSABLE_ENTITY, "The body was refused", "The note was refused. Nothing was changed.")
            }
            Self::Quorum => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Witnesses have not cosigned it yet",
                "The agreement says how many have to, before anything is delivered. Cosign the checkpoint, or come back.",
            ),
            Self::Quota => (
                StatusCode::TOO_MANY_REQUESTS,
                "The daily quota is used up",
                "The agreement says how many objects a day; nothing is lost. Come back after midnight UTC.",
            ),
            Self::Slow => {
                (StatusCode::REQUEST_TIMEOUT, "The body did not arrive in time", "No part of it came for a while.")
            }
            Self::StaffOnly => {
                (StatusCode::FORBIDDEN, "This is for the staff of this node", "Sign in with a staff token.")
            }
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "The body is too large", "Send less at a time."),
            Self::UriTooLong => {
                (StatusCode::URI_TOO_LONG, "The address is too long", "At most 16 KiB fit in the request line.")
            }
        }
    }
}

/// A refusal, ready to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// Why.
    pub(crate) why: Why,
    /// The code of the exchange, where it names the cause more closely.
    code: Option<&'static str>,
    /// What to do, where there is more to say than for every refusal of this kind.
    detail: Option<String>,
    /// Number under which the log has the cause; only where the node itself failed.
    pub(crate) request_id: Option<String>,
    /// When to come back, where it is known.
    retry_after_s: Option<u64>,
}

impl From<Why> for Refusal {
    fn from(why: Why) -> Self {
        Self { why, code: None, detail: None, request_id: None, retry_after_s: None }
    }
}

impl Refusal {
    /// Makes a refusal that says more closely what to do.
    pub(crate) fn with_detail(why: Why, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..Self::from(why) }
    }

    /// Makes the refusal of a request on which the node itself failed; the log has the cause under the number.
    pub(crate) fn internal(request_id: String) -> Self {
        Self { request_id: Some(request_id), ..Self::from(Why::Internal) }
    }

    /// The stable code.
    pub(crate) fn code(&self) -> &'static str {
        self.code.unwrap_or_else(|| self.why.code())
    }

    /// The status of the answer.
    pub(crate) fn status(&self) -> StatusCode {
        self.why.row().0
    }

    /// Seconds after which to come back; 5 where nothing closer is known.
    pub(crate) fn retry_after_s(&self) -> u64 {
        self.retry_after_s.unwrap_or(5)
    }

    /// What happened, in one line.
    pub(crate) fn title(&self) -> &'static str {
        self.why.row().1
    }

    /// What to do.
    pub(crate) fn detail(&self) -> &str {
        self.detail.as_deref().unwrap_or_else(|| self.why.row().2)
    }

    /// Makes the refusal that fits a body that was not taken.
    pub(crate) fn of_body(error: BodyError, size_bytes_max: usize) -> Self {
        match error {
            BodyError::TooLarge => {
                Self::with_detail(Why::TooLarge, format!("A body of at most {size_bytes_max} bytes is taken here."))
            }
            BodyError::Encoding => Why::ContentEncoding.into(),
            BodyError::Damaged | BodyError::Broken => Why::BodyDamaged.into(),
            BodyError::Slow => Why::Slow.into(),
        }
    }

    /// Makes the refusal that fits an error of the exchange, and logs what the caller is not told.
    pub(crate) fn of_exchange(error: &ExchangeError, request_id: impl FnOnce() -> String) -> Self {
        match error {
            ExchangeError::UnknownAgreement(_)
            | ExchangeError::UnknownObject(_)
            | ExchangeError::UnknownParty(_)
            | ExchangeError::NotAParty(_) => Why::NotFound.into(),
            ExchangeError::State { .. } => Why::AgreementState.into(),
            ExchangeError::Quota { retry_after_s, .. } => {
                Self { retry_after_s: Some(*retry_after_s), ..Self::from(Why::Quota) }
            }
            ExchangeError::Notice(_) => Why::NoticeRefused.into(),
            ExchangeError::Recall(error) => Self { code: Some(error.code()), ..Self::from(Why::NoticeRefused) },
            // Another node has to learn what is wrong with what it signed; the text is its own.
            ExchangeError::Card(_) | ExchangeError::Offer { .. } | ExchangeError::Replay { .. } => {
                Self { code: Some(error.code()), ..Self::with_detail(Why::NoticeRefused, format!("{error}.")) }
            }
            ExchangeError::Format { code, message } => {
                Self { code: Some(code), ..Self::with_detail(Why::CheckValues, message.clone()) }
            }
            ExchangeError::Agreement(errors) => Self {
                code: Some(error.code()),
                ..Self::with_detail(
                    Why::CheckValues,
                    errors.first().map_or_else(String::new, |first| format!("Line {}: {}.", first.line, first.message)),
                )
            },
            ExchangeError::LedgerHalted { .. }
            | ExchangeError::Rollback { .. }
            | ExchangeError::Unconfirmed { .. }
            | ExchangeError::Fork { .. } => {
                tracing::error!(code = error.code(), error = %error, "the ledger is halted");
                Why::LedgerHalted.into()
            }
            ExchangeError::Quorum { .. } => Why::Quorum.into(),
            _ => {
                let id = request_id();
                tracing::error!(request.id = %id, code = error.code(), error = %error, "request failed");
                Self::internal(id)
            }
        }
    }

    /// Sets the headers that go with the status.
    pub(crate) fn set_headers<B>(&self, response: &mut Response<B>) {
        let headers = response.headers_mut();
        match self.status() {
            StatusCode::UNAUTHORIZED => {
                for challenge in CHALLENGES {
                    headers.append(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
                }
            }
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                headers.insert(RETRY_AFTER, HeaderValue::from(self.retry_after_s()));
            }
            // The rest of the body is not read, so the connection cannot be used again.
            StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT => {
                headers.insert(CONNECTION, HeaderValue::from_static("close"));
            }
            _ => {}
        }
    }

    /// Writes the refusal as a JSON problem (RFC 9457 with `code`, `request_id`).
    pub(crate) fn into_problem(self) -> Response<Body> {
        let mut body = Map::new();
        body.insert("type".to_owned(), Value::from("about:blank"));
        body.insert("title".to_owned(), Value::from(self.title()));
        body.insert("status".to_owned(), Value::from(self.status().as_u16()));
        body.insert("code".to_owned(), Value::from(self.code()));
        body.insert("detail".to_owned(), Value::from(self.detail()));
        if let Some(id) = &self.request_id {
            body.insert("request_id".to_owned(), Value::from(id.as_str()));
        }
        let mut response = Response::new(Body::from(Value::Object(body).to_string()));
        *response.status_mut() = self.status();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        self.set_headers(&mut response);
        response
    }
}
