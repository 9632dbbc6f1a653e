//! Which endpoint an address is.

use super::ROOT;
use crate::call::is_id;
use axum::http::Method;
use percent_encoding::percent_decode_str;

/// An endpoint with the ids in its address.
///
/// Collections are named by id or alias. What cannot be an id is [`Target::Nowhere`] before anything is looked up
/// (A32).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// E1.
    Discovery,
    /// E2.
    Root,
    /// E3, with the id of the status.
    Status(String),
    /// E4.
    Collections,
    /// E5.
    Collection(String),
    /// E6.
    Manifest(String),
    /// E7 and E8.
    Objects(String),
    /// E9 and E10: collection and object.
    Object(String, String),
    /// E11: collection and object.
    Versions(String, String),
    /// Anything else below `/taxii2/`.
    Nowhere,
}

impl Target {
    /// Reads the path of a request: empty segments do not count, the rest is percent-decoded once.
    pub(super) fn of(path: &str) -> Self {
        let decoded: Option<Vec<String>> = path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(|segment| percent_decode_str(segment).decode_utf8().ok().map(|text| text.into_owned()))
            .collect();
        let decoded = decoded.unwrap_or_default();
        let segments: Vec<&str> = decoded.iter().map(String::as_str).collect();
        match segments.as_slice() {
            ["taxii2"] => Self::Discovery,
            ["taxii2", root, rest @ ..] if *root == ROOT => Self::below_root(rest),
            _ => Self::Nowhere,
        }
    }

    fn below_root(segments: &[&str]) -> Self {
        match segments {
            [] => Self::Root,
            ["status", id] if is_id(id) => Self::Status((*id).to_owned()),
            ["collections"] => Self::Collections,
            ["collections", collection, rest @ ..] if is_id(collection) => {
                Self::below_collection((*collection).to_owned(), rest)
            }
            _ => Self::Nowhere,
        }
    }

    fn below_collection(collection: String, segments: &[&str]) -> Self {
        match segments {
            [] => Self::Collection(collection),
            ["manifest"] => Self::Manifest(collection),
            ["objects"] => Self::Objects(collection),
            ["objects", object] if is_id(object) => Self::Object(collection, (*object).to_owned()),
            ["objects", object, "versions"] if is_id(object) => Self::Versions(collection, (*object).to_owned()),
            _ => Self::Nowhere,
        }
    }

    /// The methods of the endpoint. An address that is none takes them all: it is 404 for whoever may ask.
    pub(super) fn methods(&self) -> &'static [Method] {
        match self {
            Self::Objects(_) => &[Method::GET, Method::HEAD, Method::POST],
            Self::Object(..) => &[Method::GET, Method::HEAD, Method::DELETE],
            Self::Nowhere => &[Method::GET, Method::HEAD, Method::POST, Method::DELETE],
            _ => &[Method::GET, Method::HEAD],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Target;

    const OBJECT: &str = "indicator--29aba82c-5393-42a8-9edb-6a2cb1df070b";

    #[test]
    fn slashes_at_the_end_and_doubled_ones_do_not_matter() {
        let expected = Target::Object("agr-12-fusion".to_owned(), OBJECT.to_owned());
        for path in [
            format!("/taxii2/exchange/collections/agr-12-fusion/objects/{OBJECT}/"),
            format!("/taxii2/exchange/collections/agr-12-fusion/objects/{OBJECT}"),
            format!("//taxii2///exchange/collections//agr-12-fusion/objects/{OBJECT}//"),
            format!("/taxii2/exchange/collections/agr%2D12-fusion/objects/{OBJECT}"),
        ] {
            assert_eq!(Target::of(&path), expected, "{path}");
        }
        assert_eq!(Target::of("/taxii2"), Target::Discovery);
        assert_eq!(Target::of("/taxii2/exchange"), Target::Root);
        assert_eq!(Target::of("/taxii2/exchange/collections"), Target::Collections);
        assert_eq!(Target::of("/taxii2/exchange/collections/a/manifest"), Target::Manifest("a".to_owned()));
        assert_eq!(
            Target::of(&format!("/taxii2/exchange/collections/a/objects/{OBJECT}/versions/")),
            Target::Versions("a".to_owned(), OBJECT.to_owned())
        );
        assert_eq!(Target::of("/taxii2/exchange/status/x/"), Target::Status("x".to_owned()));
    }

    #[test]
    fn abuse_a32_a_path_that_leads_out_is_nowhere() {
        for path in [
            "/taxii2/exchange/collections/../../etc/passwd",
            "/taxii2/exchange/collections/%2e%2e/objects",
            "/taxii2/exchange/collections/..%2f..%2fetc/objects",
            "/taxii2/exchange/collections/a%00b/objects",
            "/taxii2/exchange/collections/a%2Fobjects",
            "/taxii2/exchange/collections/C:%5CWindows/objects",
            "/taxii2/exchange/collections/a/objects/%2e%2e/versions",
            "/taxii2/exchange/collections/%f0/objects",
            "/taxii2/exchange/status/..",
            "/taxii2/other/collections/",
            "/taxii2/exchange/objects/",
            "/taxii2/%2e%2e/",
        ] {
            assert_eq!(Target::of(path), Target::Nowhere, "{path}");
        }
    }
}
