//! Content negotiation: lenient in what is accepted, strict in what is sent (TAXII 2.1 §3.1).

/// How a request body is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentEncoding {
    /// gzip.
    Gzip,
    /// As it is.
    Identity,
    /// Zstandard.
    Zstd,
}

/// Says whether a request with these `Accept` header lines can be answered; the answer is always TAXII 2.1.
///
/// In doubt it can: with no header, an empty one, or one that is not well formed. Only lists of nothing but other
/// versions and types are refused, with 406.
pub fn accepts<'a>(lines: impl IntoIterator<Item = &'a str>) -> bool {
    let joined = lines.into_iter().collect::<Vec<_>>().join(",");
    match media_ranges(&joined) {
        None => true,
        Some(ranges) if ranges.is_empty() => true,
        Some(ranges) => ranges.iter().any(|range| range.quality_thousandths > 0 && range.is_servable()),
    }
}

/// Says whether a request body of this `Content-Type` is an envelope of TAXII 2.1; if not the answer is 415.
///
/// The version may be absent. Spaces, quotes, case, and `charset=utf-8` are tolerated; any other parameter or type is not.
#[must_use]
pub fn is_envelope_type(content_type: Option<&str>) -> bool {
    let ranges = content_type.and_then(media_ranges).unwrap_or_default();
    let [range] = ranges.as_slice() else {
        return false;
    };
    let tolerated = |(name, value): &(String, String)| match name.as_str() {
        "version" => value == "2.1",
        "charset" => value.eq_ignore_ascii_case("utf-8"),
        _ => false,
    };
    range.is("application", "taxii+json") && !range.weighted && range.parameters.iter().all(tolerated)
}

/// Reads the `Content-Encoding` of a request; `None` if it is not supported, which is 415.
#[must_use]
pub fn content_encoding(value: Option<&str>) -> Option<ContentEncoding> {
    match value.map(|value| value.trim().to_ascii_lowercase()).as_deref() {
        None | Some("" | "identity") => Some(ContentEncoding::Identity),
        Some("gzip" | "x-gzip") => Some(ContentEncoding::Gzip),
        Some("zstd") => Some(ContentEncoding::Zstd),
        Some(_) => None,
    }
}

/// One element of an `Accept` header: names in lower case, values unquoted.
#[derive(Clone, Debug, PartialEq, Eq)]
struct MediaRange {
    main: String,
    sub: String,
    parameters: Vec<(String, String)>,
    quality_thousandths: u16,
    weighted: bool,
}

impl MediaRange {
    fn is(&self, main: &str, sub: &str) -> bool {
        self.main == main && self.sub == sub
    }

    fn is_servable(&self) -> bool {
        let version_fits =
            self.parameters.iter().filter(|(name, _)| name == "version").all(|(_, value)| value == "2.1");
        match (self.main.as_str(), self.sub.as_str()) {
            ("*" | "application", "*") | ("application", "json") => true,
            // The table of the manifest endpoint lists the STIX type.
            ("application", "taxii+json" | "stix+json") => version_fits,
            _ => false,
        }
    }
}

/// Reads a list of media ranges (RFC 9110 §12.5.1); `None` if it is not well formed.
fn media_ranges(text: &str) -> Option<Vec<MediaRange>> {
    let mut scanner = Scanner { rest: text };
    let mut ranges = Vec::new();
    loop {
        scanner.skip_spaces();
        if scanner.eat(',') {
            continue;
        }
        if scanner.rest.is_empty() {
            return Some(ranges);
        }
        ranges.push(scanner.media_range()?);
        scanner.skip_spaces();
        if !scanner.eat(',') && !scanner.rest.is_empty() {
            return None;
        }
    }
}

struct Scanner<'a> {
    rest: &'a str,
}

impl<'a> Scanner<'a> {
    fn skip_spaces(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
    }

    fn eat(&mut self, expected: char) -> bool {
        match self.rest.strip_prefix(expected) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn token(&mut self) -> Option<&'a str> {
        let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        let end = self.rest.find(|c| !is_token(c)).unwrap_or(self.rest.len());
        let (token, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        (!token.is_empty()).then_some(token)
    }

    /// Reads the inside of a quoted string whose first quote is eaten.
    fn quoted(&mut self) -> Option<String> {
        let mut value = String::new();
        let mut characters = self.rest.chars();
        loop {
            match characters.next()? {
                '"' => break,
                '\\' => value.push(characters.next()?),
                character => value.push(character),
            }
        }
        self.rest = characters.as_str();
        Some(value)
    }

    fn media_range(&mut self) -> Option<MediaRange> {
        let main = self.token()?.to_ascii_lowercase();
        if !self.eat('/') {
            return None;
        }
        let sub = self.token()?.to_ascii_lowercase();
        let mut range = MediaRange { main, sub, parameters: Vec::new(), quality_thousandths: 1_000, weighted: false };
        loop {
            self.skip_spaces();
            if !self.eat(';') {
                return Some(range);
            }
            self.skip_spaces();
            // An empty parameter is allowed (RFC 9110 §5.6.6).
            if self.rest.is_empty() || self.rest.starts_with([';', ',']) {
                continue;
            }
            let name = self.token()?.to_ascii_lowercase();
            self.skip_spaces();
            if !self.eat('=') {
                return None;
            }
            self.skip_spaces();
            let value = if self.eat('"') { self.quoted()? } else { self.token()?.to_owned() };
            if name == "q" {
                range.quality_thousandths = quality(&value)?;
                range.weighted = true;
            } else {
                range.parameters.push((name, value));
            }
        }
    }
}

/// Reads a weight of 0 to 1 with up to three decimals, in thousandths.
fn quality(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths: u16 = format!("{decimals:0<3}").parse().ok()?;
    match (whole, thousandths) {
        ("0", _) => Some(thousandths),
        ("1", 0) => Some(1_000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn in_doubt_the_answer_is_2_1() {
        for header in [
            "",
            "   ",
            ",",
            "*/*",
            "application/*",
            "application/taxii+json",
            "application/taxii+json;version=2.1",
            "application/taxii+json; version=2.1",
            "application/taxii+json ; Version = \"2.1\"",
            "APPLICATION/TAXII+JSON;VERSION=2.1",
            "application/taxii+json;version=2.1;q=0.5",
            "text/html, */*;q=0.1",
            "application/taxii+json;version=2.0, application/taxii+json;version=2.1",
            "application/vnd.oasis.taxii+json; version=2.0, application/taxii+json",
            "application/json",
            "application/stix+json;version=2.1",
            "application/taxii+json;;version=2.1;",
            "nonsense",
            "a/b/c",
            "text/html;q=x",
            "text/html;x=\"",
            "application/taxii+json;version=\"2\\.1\"",
        ] {
            assert!(accepts([header]), "{header}");
        }
        assert!(accepts([]));
        assert!(accepts(["text/html", "application/taxii+json"]));
    }

    #[test]
    fn only_other_versions_and_types_are_refused() {
        for header in [
            "application/taxii+json;version=2.0",
            "application/taxii+json;version=\"2.0\"",
            "application/taxii+json;version=3",
            "application/vnd.oasis.taxii+json",
            "application/vnd.oasis.taxii+json; version=2.0",
            "text/html",
            "text/*",
            "text/html, application/xml;q=0.9",
            "application/taxii+json;version=2.1;q=0",
            "*/*;q=0.000",
            "application/stix+json;version=2.0",
            "image/png;x=\"application/taxii+json, */*\"",
        ] {
            assert!(!accepts([header]), "{header}");
        }
    }

    #[test]
    fn only_an_envelope_of_2_1_may_be_posted() {
        for valid in [
            "application/taxii+json;version=2.1",
            "application/taxii+json",
            "Application/TAXII+json ; VERSION=\"2.1\"",
            "application/taxii+json; version=2.1; charset=utf-8",
            "application/taxii+json;charset=UTF-8",
        ] {
            assert!(is_envelope_type(Some(valid)), "{valid}");
        }
        for refused in [
            "",
            "application/json",
            "application/stix+json;version=2.1",
            "application/taxii+json;version=2.0",
            "*/*",
            "application/vnd.oasis.taxii+json;version=2.0",
            "application/taxii+json;charset=latin1",
            "application/taxii+json;version=2.1,application/taxii+json",
            "application/taxii+json;x=1",
            "nonsense",
        ] {
            assert!(!is_envelope_type(Some(refused)), "{refused}");
        }
        assert!(!is_envelope_type(None));
    }

    #[test]
    fn three_content_encodings_are_known() {
        assert_eq!(content_encoding(None), Some(ContentEncoding::Identity));
        assert_eq!(content_encoding(Some(" GZIP ")), Some(ContentEncoding::Gzip));
        assert_eq!(content_encoding(Some("zstd")), Some(ContentEncoding::Zstd));
        assert_eq!(content_encoding(Some("gzip, gzip")), None);
        assert_eq!(content_encoding(Some("br")), None);
    }

    proptest! {
        #[test]
        fn a_supported_type_anywhere_in_a_legal_header_is_served(
            others in prop::collection::vec("(text/html|image/[a-z]{1,4}|application/taxii\\+json;version=2\\.0)(;q=0\\.[0-9]{1,3})?", 0..4),
            at in 0_usize..4, space in "[ \t]{0,2}", quote in any::<bool>(), weight in "(;q=(1|0\\.[1-9]))?", upper in any::<bool>(),
        ) {
            let version = if quote { "\"2.1\"" } else { "2.1" };
            let mut ours = format!("application/taxii+json{space};{space}version={version}{space}{weight}");
            if upper {
                ours = ours.to_uppercase();
            }
            prop_assert_eq!(accepts(others.iter().map(String::as_str)), others.is_empty());
            let mut header = others;
            header.insert(at.min(header.len()), ours);
            let joined = header.join(&format!("{space},{space}"));
            prop_assert!(accepts([joined.as_str()]));
            prop_assert!(accepts(header.iter().map(String::as_str)));
        }

        #[test]
        fn any_header_is_answered(header in ".{0,60}") {
            let _ = (accepts([header.as_str()]), is_envelope_type(Some(&header)), content_encoding(Some(&header)));
        }
    }
}
