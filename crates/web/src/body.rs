//! Request bodies: read with a limit, inflated with a limit.
//!
//! A body that says it is too large is refused before a byte of it is read. One that does not say is counted while it
//! arrives. What it inflates to is bounded by size and by ratio, whichever is reached first.

use axum::body::{Body, Bytes};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http_body_util::BodyExt as _;
use std::io::Read;
use std::time::Duration;

/// Bounds of a request body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BodyLimits {
    /// Largest body as sent.
    pub(crate) size_bytes_max: usize,
    /// Largest body after inflation.
    pub(crate) inflated_size_bytes_max: usize,
    /// Largest ratio of the two.
    pub(crate) ratio_max: usize,
    /// Longest wait for the next part of the body.
    pub(crate) progress_timeout: Duration,
}

// LIMIT: the ratio counts only beyond 1 MiB of output. A short list of similar objects compresses well, and one
// mebibyte harms nobody.
const RATIO_FREE_BYTES: usize = 1 << 20;

/// Says why a body was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyError {
    /// It is larger than allowed, as sent or inflated, or inflates too much.
    TooLarge,
    /// Its coding is none of identity, gzip and zstd, or more than one.
    Encoding,
    /// It does not inflate: damaged or cut short.
    Damaged,
    /// No part of it arrived in time.
    Slow,
    /// The connection broke.
    Broken,
}

/// The coding of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    /// As it is.
    Identity,
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
}

/// Reads the coding from the headers.
///
/// # Errors
///
/// [`BodyError::Encoding`] for an unknown coding and for more than one level.
pub(crate) fn coding(headers: &HeaderMap) -> Result<Coding, BodyError> {
    let mut lines = headers.get_all(CONTENT_ENCODING).iter();
    let (first, second) = (lines.next(), lines.next());
    let word = match (first, second) {
        (None, _) => return Ok(Coding::Identity),
        (Some(line), None) => line.to_str().map_err(|_| BodyError::Encoding)?.trim(),
        (Some(_), Some(_)) => return Err(BodyError::Encoding),
    };
    if word.is_empty() || word.eq_ignore_ascii_case("identity") {
        Ok(Coding::Identity)
    } else if word.eq_ignore_ascii_case("gzip") || word.eq_ignore_ascii_case("x-gzip") {
        Ok(Coding::Gzip)
    } else if word.eq_ignore_ascii_case("zstd") {
        Ok(Coding::Zstd)
    } else {
        Err(BodyError::Encoding)
    }
}

/// Refuses a body by what its headers say, before anything of it is read.
///
/// # Errors
///
/// [`BodyError::TooLarge`] if `Content-Length` is above the limit or is no number.
pub(crate) fn check_announced(headers: &HeaderMap, size_bytes_max: usize) -> Result<(), BodyError> {
    let Some(length) = headers.get(CONTENT_LENGTH) else { return Ok(()) };
    let length = length.to_str().ok().and_then(|text| text.trim().parse::<usize>().ok());
    match length {
        Some(length) if length <= size_bytes_max => Ok(()),
        _ => Err(BodyError::TooLarge),
    }
}

/// Reads a body as it was sent.
///
/// # Errors
///
/// [`BodyError::TooLarge`], [`BodyError::Slow`] or [`BodyError::Broken`].
pub(crate) async fn read(body: Body, headers: &HeaderMap, limits: &BodyLimits) -> Result<Bytes, BodyError> {
    check_announced(headers, limits.size_bytes_max)?;
    let mut body = body;
    let mut parts: Vec<Bytes> = Vec::new();
    let mut size = 0_usize;
    loop {
        let frame = match tokio::time::timeout(limits.progress_timeout, body.frame()).await {
            Err(_) => return Err(BodyError::Slow),
            Ok(None) => break,
            Ok(Some(Err(_))) => return Err(BodyError::Broken),
            Ok(Some(Ok(frame))) => frame,
        };
        // Trailers carry nothing we use.
        let Ok(data) = frame.into_data() else { continue };
        size = size.saturating_add(data.len());
        if size > limits.size_bytes_max {
            return Err(BodyError::TooLarge);
        }
        parts.push(data);
    }
    Ok(match parts.len() {
        0 => Bytes::new(),
        1 => parts.swap_remove(0),
        _ => parts.concat().into(),
    })
}

/// Inflates a body.
///
/// # Errors
///
/// [`BodyError::TooLarge`] as soon as a limit is passed, [`BodyError::Damaged`] if the content is not of this coding.
pub(crate) fn inflate(bytes: Bytes, coding: Coding, limits: &BodyLimits) -> Result<Bytes, BodyError> {
    let sent = bytes.len();
    match coding {
        Coding::Identity => Ok(bytes),
        Coding::Gzip => drain(flate2::read::MultiGzDecoder::new(bytes.as_ref()), sent, limits),
        Coding::Zstd => {
            let mut decoder =
                zstd::stream::read::Decoder::with_buffer(bytes.as_ref()).map_err(|_| BodyError::Damaged)?;
            // LIMIT: a window of at most 8 MiB, which is all that RFC 9659 allows in HTTP.
            decoder.window_log_max(23).map_err(|_| BodyError::Damaged)?;
            drain(decoder, sent, limits)
        }
    }
}

fn drain(mut from: impl Read, sent: usize, limits: &BodyLimits) -> Result<Bytes, BodyError> {
    let by_ratio = sent.saturating_mul(limits.ratio_max).max(RATIO_FREE_BYTES);
    let allowed = by_ratio.min(limits.inflated_size_bytes_max);
    let mut out = Vec::with_capacity(sent.saturating_mul(4).min(allowed));
    let mut part = vec![0_u8; 64 * 1024];
    loop {
        let got = from.read(&mut part).map_err(|_| BodyError::Damaged)?;
        if got == 0 {
            return Ok(out.into());
        }
        if out.len().saturating_add(got) > allowed {
            return Err(BodyError::TooLarge);
        }
        out.extend_from_slice(part.get(..got).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::{BodyError, BodyLimits, Coding, check_announced, coding, inflate};
    use axum::http::{HeaderMap, HeaderValue};
    use std::io::Write as _;
    use std::time::Duration;

    const LIMITS: BodyLimits = BodyLimits {
        size_bytes_max: 32 << 20,
        inflated_size_bytes_max: 256 << 20,
        ratio_max: 100,
        progress_timeout: Duration::from_secs(30),
    };

    fn gzip(data: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn what_was_packed_comes_out() {
        let text = b"{\"objects\":[]}".to_vec();
        assert_eq!(inflate(gzip(&text).into(), Coding::Gzip, &LIMITS).unwrap(), text);
        let packed = zstd::encode_all(text.as_slice(), 3).unwrap();
        assert_eq!(inflate(packed.into(), Coding::Zstd, &LIMITS).unwrap(), text);
    }

    #[test]
    fn abuse_a12_a_bomb_stops_at_the_ratio() {
        let zeros = vec![0_u8; 64 << 20];
        assert_eq!(inflate(gzip(&zeros).into(), Coding::Gzip, &LIMITS), Err(BodyError::TooLarge));
        let packed = zstd::encode_all(zeros.as_slice(), 19).unwrap();
        assert_eq!(inflate(packed.into(), Coding::Zstd, &LIMITS), Err(BodyError::TooLarge));
    }

    #[test]
    fn abuse_a12_a_body_stops_at_the_inflated_size() {
        let limits = BodyLimits { inflated_size_bytes_max: 1000, ..LIMITS };
        assert!(inflate(gzip(&[7; 1000]).into(), Coding::Gzip, &limits).is_ok());
        assert_eq!(inflate(gzip(&[7; 1001]).into(), Coding::Gzip, &limits), Err(BodyError::TooLarge));
    }

    #[test]
    fn a_body_cut_short_is_damaged() {
        let mut packed = gzip(b"{\"objects\":[{\"type\":\"indicator\"}]}");
        packed.truncate(packed.len() - 6);
        assert_eq!(inflate(packed.into(), Coding::Gzip, &LIMITS), Err(BodyError::Damaged));
        assert_eq!(inflate("plain".into(), Coding::Zstd, &LIMITS), Err(BodyError::Damaged));
    }

    #[test]
    fn abuse_a12_nested_compression_is_refused() {
        let mut headers = HeaderMap::new();
        assert_eq!(coding(&headers), Ok(Coding::Identity));
        headers.insert("content-encoding", HeaderValue::from_static("GZip"));
        assert_eq!(coding(&headers), Ok(Coding::Gzip));
        headers.insert("content-encoding", HeaderValue::from_static("gzip, gzip"));
        assert_eq!(coding(&headers), Err(BodyError::Encoding));
        headers.insert("content-encoding", HeaderValue::from_static("gzip"));
        headers.append("content-encoding", HeaderValue::from_static("gzip"));
        assert_eq!(coding(&headers), Err(BodyError::Encoding));
        headers.insert("content-encoding", HeaderValue::from_static("br"));
        assert_eq!(coding(&headers), Err(BodyError::Encoding));
    }

    #[test]
    fn a_length_above_the_limit_is_refused_unread() {
        let mut headers = HeaderMap::new();
        assert!(check_announced(&headers, 10).is_ok());
        headers.insert("content-length", HeaderValue::from_static("10"));
        assert!(check_announced(&headers, 10).is_ok());
        headers.insert("content-length", HeaderValue::from_static("11"));
        assert_eq!(check_announced(&headers, 10), Err(BodyError::TooLarge));
        headers.insert("content-length", HeaderValue::from_static("99999999999999999999999"));
        assert_eq!(check_announced(&headers, 10), Err(BodyError::TooLarge));
    }
}
