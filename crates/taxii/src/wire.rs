//! The resources of TAXII 2.1 §4 and §5, as they are written and read.
//!
//! No property is ever `null` and no list is ever empty: the key is left out. Unknown properties are ignored on input.

use entente_stix::Timestamp;
use serde::{Deserialize, Serialize, Serializer};
use uuid::Uuid;

/// The media type of STIX 2.1 objects in a collection.
pub const STIX_21: &str = "application/stix+json;version=2.1";

/// The media type of STIX 2.0 objects in a collection.
pub const STIX_20: &str = "application/stix+json;version=2.0";

// LIMIT: a status of 50,000 objects with all details would be larger than the request it answers.
/// The largest number of details in each list of a status.
pub const STATUS_DETAILS_MAX: usize = 1_000;

/// The discovery resource (§4.1.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discovery {
    /// The name of the server.
    pub title: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whom to ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// One of `api_roots`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// The API roots this credential may see, as absolute URLs that end in a slash.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub api_roots: Vec<String>,
}

/// The API root resource (§4.2.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiRoot {
    /// The name of the API root.
    pub title: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The media types of the versions it speaks.
    pub versions: Vec<String>,
    /// The largest request body, in bytes as sent.
    pub max_content_length: u64,
}

/// The collection resource (§5.2.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collection {
    /// The id, a UUID in lower case.
    pub id: Uuid,
    /// The title, unique within the API root.
    pub title: String,
    /// What it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Another name for the id in URLs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// Whether the asking credential may read.
    pub can_read: bool,
    /// Whether the asking credential may write.
    pub can_write: bool,
    /// The media types of its objects; none means `application/stix+json`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media_types: Vec<String>,
}

/// The collections resource (§5.1.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collections {
    /// The collections in a stable order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub collections: Vec<Collection>,
}

impl Collections {
    /// Creates the resource in its stable order: by title, then by id.
    #[must_use]
    pub fn new(mut collections: Vec<Collection>) -> Collections {
        collections.sort_by(|a, b| (&a.title, a.id).cmp(&(&b.title, b.id)));
        Collections { collections }
    }
}

/// One record of a manifest (§5.3.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestRecord {
    /// The STIX id.
    pub id: String,
    /// The position of the record.
    #[serde(serialize_with = "six_digits")]
    pub date_added: Timestamp,
    /// The version, spelled as in the object.
    pub version: String,
    /// The media type of the object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
}

/// The manifest resource (§5.3.1), with the `next` that one client needs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Whether there is another page.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
    /// The cursor of the next page, there whenever `more` is true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// The records, by ascending position.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<ManifestRecord>,
}

impl Manifest {
    /// Creates a page; there is more exactly if there is a `next`.
    #[must_use]
    pub const fn new(objects: Vec<ManifestRecord>, next: Option<String>) -> Manifest {
        Manifest { more: next.is_some(), next, objects }
    }
}

/// The versions resource (§5.8.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    /// Whether there is another page.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
    /// The cursor of the next page, there whenever `more` is true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// The versions by ascending position, spelled as in the object.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<String>,
}

impl Versions {
    /// Creates a page; there is more exactly if there is a `next`.
    #[must_use]
    pub const fn new(versions: Vec<String>, next: Option<String>) -> Versions {
        Versions { more: next.is_some(), next, versions }
    }
}

/// How far the work on an addition is (§4.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Progress {
    /// Nothing is pending; the status never changes again.
    Complete,
    /// Some objects are still to be looked at.
    Pending,
}

/// What became of one object (§4.3.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusDetails {
    /// The STIX id, or the JSON pointer of a member without one.
    pub id: String,
    /// The version, spelled as in the object.
    pub version: String,
    /// Why it failed, or what else there is to know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The stable code of a failure.
    #[serde(default, rename = "x_entente_code", skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// The status resource (§4.3.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The id, a UUID.
    pub id: Uuid,
    /// Whether work goes on.
    pub status: Progress,
    /// When the objects were posted.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "six_digits_if")]
    pub request_timestamp: Option<Timestamp>,
    /// The number of objects in the envelope.
    pub total_count: u64,
    /// The number of objects that succeeded.
    pub success_count: u64,
    /// The number of objects that failed.
    pub failure_count: u64,
    /// The number of objects still to be looked at.
    pub pending_count: u64,
    /// Details of successes, as many as there is room for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub successes: Vec<StatusDetails>,
    /// Details of failures, as many as there is room for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<StatusDetails>,
    /// Details of pending objects, as many as there is room for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pendings: Vec<StatusDetails>,
    /// A remark about the request as a whole.
    #[serde(default, rename = "x_entente_note", skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Status {
    /// Creates a status from what became of each object so far and the number still pending.
    ///
    /// Counts are taken from the full lists, which are then cut to [`STATUS_DETAILS_MAX`] each.
    #[must_use]
    pub fn new(
        id: Uuid,
        request_timestamp: Timestamp,
        mut successes: Vec<StatusDetails>,
        mut failures: Vec<StatusDetails>,
        pending_count: u64,
    ) -> Status {
        let count = |list: &Vec<StatusDetails>| u64::try_from(list.len()).unwrap_or(u64::MAX);
        let (success_count, failure_count) = (count(&successes), count(&failures));
        successes.truncate(STATUS_DETAILS_MAX);
        failures.truncate(STATUS_DETAILS_MAX);
        Status {
            id,
            status: if pending_count == 0 { Progress::Complete } else { Progress::Pending },
            request_timestamp: Some(request_timestamp),
            total_count: success_count.saturating_add(failure_count).saturating_add(pending_count),
            success_count,
            failure_count,
            pending_count,
            successes,
            failures,
            pendings: Vec::new(),
            note: None,
        }
    }

    /// Says whether the counts add up and agree with the progress and the lists.
    #[must_use]
    pub fn is_consistent(&self) -> bool {
        let sum = self.success_count.checked_add(self.failure_count).and_then(|n| n.checked_add(self.pending_count));
        let listed = |list: &Vec<StatusDetails>, count: u64| u64::try_from(list.len()).is_ok_and(|n| n <= count);
        sum == Some(self.total_count)
            && (self.status == Progress::Complete) == (self.pending_count == 0)
            && listed(&self.successes, self.success_count)
            && listed(&self.failures, self.failure_count)
            && listed(&self.pendings, self.pending_count)
    }
}

/// Writes a resource as the body of an answer.
#[must_use]
pub fn to_body(resource: &impl Serialize) -> Vec<u8> {
    // Structs of texts, numbers, and lists have a JSON form.
    serde_json::to_vec(resource).unwrap_or_default()
}

fn six_digits<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&time.to_micros_string())
}

fn six_digits_if<S: Serializer>(time: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => six_digits(time, serializer),
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn details(id: &str, message: Option<&str>) -> StatusDetails {
        let version = "2026-11-23T12:02:41.312Z".to_owned();
        StatusDetails { id: id.to_owned(), version, message: message.map(str::to_owned), code: None }
    }

    fn time(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn an_empty_list_and_an_absent_value_are_left_out() {
        assert_eq!(to_body(&Collections::default()), b"{}");
        assert_eq!(to_body(&Manifest::default()), b"{}");
        assert_eq!(to_body(&Versions::default()), b"{}");
        let root = ApiRoot {
            title: "exchange".to_owned(),
            description: None,
            versions: vec![crate::MEDIA_TYPE.to_owned()],
            max_content_length: 33_554_432,
        };
        let expected =
            r#"{"title":"exchange","versions":["application/taxii+json;version=2.1"],"max_content_length":33554432}"#;
        assert_eq!(String::from_utf8(to_body(&root)).unwrap(), expected);
    }

    #[test]
    fn a_manifest_record_has_six_digits_and_more_comes_with_next() {
        let record = ManifestRecord {
            id: "indicator--29aba82c-5393-42a8-9edb-6a2cb1df070b".to_owned(),
            date_added: time("2026-11-24T06:00:00.000001Z"),
            version: "2026-11-03T12:30:59.000Z".to_owned(),
            media_type: Some(STIX_21.to_owned()),
        };
        let body = to_body(&Manifest::new(vec![record], Some("abc".to_owned())));
        let expected = r#"{"more":true,"next":"abc","objects":[{"id":"indicator--29aba82c-5393-42a8-9edb-6a2cb1df070b","date_added":"2026-11-24T06:00:00.000001Z","version":"2026-11-03T12:30:59.000Z","media_type":"application/stix+json;version=2.1"}]}"#;
        assert_eq!(String::from_utf8(body).unwrap(), expected);
    }

    #[test]
    fn collections_are_ordered_by_title_then_id() {
        let collection = |title: &str, id: u128| Collection {
            id: Uuid::from_u128(id),
            title: title.to_owned(),
            description: None,
            alias: None,
            can_read: true,
            can_write: false,
            media_types: Vec::new(),
        };
        let listed = Collections::new(vec![collection("b", 1), collection("a", 3), collection("a", 2)]);
        let order: Vec<u128> = listed.collections.iter().map(|c| c.id.as_u128()).collect();
        assert_eq!(order, [2, 3, 1]);
    }

    #[test]
    fn a_status_has_all_required_members_and_a_six_digit_timestamp() {
        let id = Uuid::from_u128(0x2d08_6da7_4bdc_4f91_900e_d774_8675_3710);
        let failed = details("malware--664fa29d-bf65-4f28-a667-bdb76f29ec98", Some("earlier than created"));
        let status = Status::new(id, time("2026-11-24T06:00:00.12Z"), vec![details("a--1", None)], vec![failed], 0);
        let expected = r#"{"id":"2d086da7-4bdc-4f91-900e-d77486753710","status":"complete","request_timestamp":"2026-11-24T06:00:00.120000Z","total_count":2,"success_count":1,"failure_count":1,"pending_count":0,"successes":[{"id":"a--1","version":"2026-11-23T12:02:41.312Z"}],"failures":[{"id":"malware--664fa29d-bf65-4f28-a667-bdb76f29ec98","version":"2026-11-23T12:02:41.312Z","message":"earlier than created"}]}"#;
        let body = to_body(&status);
        assert_eq!(String::from_utf8(body.clone()).unwrap(), expected);
        assert_eq!(serde_json::from_slice::<Status>(&body).unwrap(), status);
    }

    proptest! {
        #[test]
        fn the_counts_of_a_status_add_up(success in 0_usize..1_200, failure in 0_usize..1_200, pending in 0_u64..9) {
            let list = |count| vec![details("a--1", None); count];
            let status = Status::new(Uuid::nil(), Timestamp::from_micros(0), list(success), list(failure), pending);
            prop_assert!(status.is_consistent());
            prop_assert_eq!(status.total_count, success as u64 + failure as u64 + pending);
            prop_assert!(status.successes.len() <= STATUS_DETAILS_MAX && status.failures.len() <= STATUS_DETAILS_MAX);
        }
    }
}
