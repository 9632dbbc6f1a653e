use proptest::prelude::*;

use super::*;

fn objects(raw: &str) -> Result<Query, QueryError> {
    Query::parse(raw, Endpoint::Objects)
}

fn refused(raw: &str) -> &'static str {
    objects(raw).expect_err(raw).code()
}

fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

#[test]
fn nothing_asked_restricts_nothing() {
    for raw in ["", "&", "&&", "x=1", "x", "=", "limit_=0", "Limit=0", "next="] {
        assert_eq!(objects(raw), Ok(Query::default()), "{raw}");
    }
}

#[test]
fn added_after_takes_zero_to_nine_fraction_digits_and_z_only() {
    for (text, expected) in [
        ("2024-01-01T00:00:00Z", "2024-01-01T00:00:00.000000Z"),
        ("2024-01-01T00:00:00.5Z", "2024-01-01T00:00:00.500000Z"),
        ("2024-01-01T00:00:00.123456789Z", "2024-01-01T00:00:00.123456Z"),
        ("2024-01-01T00%3A00%3A00Z", "2024-01-01T00:00:00.000000Z"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
    ] {
        assert_eq!(objects(&format!("added_after={text}")).unwrap().added_after, Some(time(expected)), "{text}");
    }
    for text in [
        "",
        "yesterday",
        "2024-01-01",
        "2024-01-01T00:00:00",
        "2024-01-01T00:00:00+00:00",
        "2024-01-01T00:00:00.1234567890Z",
        "2024-02-30T00:00:00Z",
        "2024-01-01T25:00:00Z",
        "2024-01-01+00:00:00Z",
        "%f0",
        "0",
        "2024-01-01T00:00:00Z%00",
    ] {
        assert_eq!(refused(&format!("added_after={text}")), "taxii.parameter", "{text}");
    }
}

#[test]
fn a_limit_is_at_least_one_and_clamped() {
    for (text, served) in [("1", 1), ("0100", 100), ("5000", 5_000), ("5001", 5_000), ("99999999999999999999", 5_000)] {
        let query = objects(&format!("limit={text}")).unwrap();
        assert_eq!(query.page_items(PAGE_ITEMS_DEFAULT, PAGE_ITEMS_MAX), served, "{text}");
    }
    let huge = objects(&format!("limit=1{}", "0".repeat(30))).unwrap();
    assert_eq!(huge.page_items(PAGE_ITEMS_DEFAULT, PAGE_ITEMS_MAX), 5_000);
    assert_eq!(objects("").unwrap().page_items(PAGE_ITEMS_DEFAULT, PAGE_ITEMS_MAX), 100);
    for text in ["", "0", "00", "-1", "+1", "1.0", "ten", "1e3", " 1", "%31 ", "\u{661}"] {
        assert_eq!(refused(&format!("limit={text}")), "taxii.parameter", "{text}");
    }
    assert_eq!(refused("limit"), "taxii.parameter");
}

#[test]
fn ids_are_a_list_without_empty_or_oversized_members() {
    let id = "indicator--29aba82c-5393-42a8-9edb-6a2cb1df070b";
    assert_eq!(objects(&format!("match[id]={id},x")).unwrap().filters.ids, [id, "x"]);
    assert_eq!(objects(&format!("match%5Bid%5D={id}")).unwrap().filters.ids, [id]);
    assert_eq!(objects(&format!("match%5bid%5d={id}")).unwrap().filters.ids, [id]);
    let many = vec![id; 300].join(",");
    assert_eq!(objects(&format!("match[id]={many}")).unwrap().filters.ids.len(), 300);
    for text in ["", ",", "a,", ",a", "a,,b", "a%00", "a%0a", "a%C2%85", "%ff", &"x".repeat(301)] {
        assert_eq!(refused(&format!("match[id]={text}")), "taxii.parameter", "{text}");
    }
    assert_eq!(refused(&format!("match[id]={}", "x,".repeat(8_192))), "taxii.parameter");
}

#[test]
fn types_are_names_whether_known_or_not() {
    let types = objects("match[type]=indicator,x-unknown,no9").unwrap().filters.types;
    assert_eq!(types, ["indicator", "x-unknown", "no9"]);
    for text in ["", "indicator,", "Indicator", "a_b", "ab", "a b", "a+b", "é", &"x".repeat(251)] {
        assert_eq!(refused(&format!("match[type]={text}")), "taxii.parameter", "{text}");
    }
}

#[test]
fn versions_are_members_once_each_and_all_alone() {
    let at = |text| VersionSelector::At(time(text));
    for (text, expected) in [
        ("last", vec![VersionSelector::Last]),
        ("all", vec![VersionSelector::All]),
        ("first,last", vec![VersionSelector::First, VersionSelector::Last]),
        ("2024-01-01T00:00:01Z,last", vec![at("2024-01-01T00:00:01Z"), VersionSelector::Last]),
    ] {
        assert_eq!(objects(&format!("match[version]={text}")).unwrap().filters.versions, expected, "{text}");
    }
    for text in [
        "",
        "latest",
        "all,last",
        "last,all",
        "last,last",
        "last,",
        "2024",
        "LAST",
        "2024-01-01T00:00:01Z,2024-01-01T00:00:01.000Z",
    ] {
        assert_eq!(refused(&format!("match[version]={text}")), "taxii.parameter", "{text}");
    }
}

#[test]
fn spec_versions_are_numbers_with_a_dot() {
    assert_eq!(objects("match[spec_version]=2.0,2.1,3.7").unwrap().filters.spec_versions, ["2.0", "2.1", "3.7"]);
    for text in ["", "2", "2.", ".1", "2.1.1", "two", "2.1,", "2,1", "-2.1"] {
        assert_eq!(refused(&format!("match[spec_version]={text}")), "taxii.parameter", "{text}");
    }
}

#[test]
fn an_unknown_match_field_is_refused_and_another_name_ignored() {
    for raw in ["match[confidence]=1", "match[]=", "match[Type]=indicator", "match%5Bx%5D=1", "match[match[id]]=1"] {
        assert_eq!(refused(raw), "taxii.unknown_match", "{raw}");
    }
    for raw in ["match=1", "match[id=1", "matchid=1", "%ff=1", "foo[bar]=1"] {
        assert_eq!(objects(raw), Ok(Query::default()), "{raw}");
    }
}

#[test]
fn a_parameter_twice_is_refused_in_whatever_spelling() {
    for raw in [
        "limit=1&limit=1",
        "next=a&next=b",
        "next=&next=",
        "match[type]=indicator&match[type]=indicator",
        "match[id]=a&match%5Bid%5D=b",
        "added_after=2024-01-01T00:00:00Z&added%5Fafter=2024-01-01T00:00:00Z",
    ] {
        assert_eq!(refused(raw), "taxii.duplicate_parameter", "{raw}");
    }
    assert!(objects("foo=1&foo=2").is_ok());
}

#[test]
fn each_endpoint_has_its_own_match_fields() {
    let known = |endpoint, field: &str, value: &str| Query::parse(&format!("match[{field}]={value}"), endpoint).is_ok();
    let table = [
        (Endpoint::Manifest, [true, true, true, true]),
        (Endpoint::Objects, [true, true, true, true]),
        (Endpoint::Object, [false, false, true, true]),
        (Endpoint::DeleteObject, [false, false, true, true]),
        (Endpoint::Versions, [false, false, false, true]),
        (Endpoint::Plain, [false, false, false, false]),
    ];
    for (endpoint, expected) in table {
        let fields = [("id", "a"), ("type", "indicator"), ("version", "last"), ("spec_version", "2.1")];
        let found = fields.map(|(field, value)| known(endpoint, field, value));
        assert_eq!(found, expected, "{endpoint:?}");
    }
    // Paging parameters mean nothing where nothing is paged.
    assert_eq!(Query::parse("limit=0&next=x", Endpoint::DeleteObject), Ok(Query::default()));
    assert_eq!(Query::parse("limit=0", Endpoint::Versions).unwrap_err().code(), "taxii.parameter");
}

#[test]
fn the_problem_names_the_parameter() {
    let body = Problem::from(objects("limit=0").unwrap_err()).to_body(None);
    let body = String::from_utf8(body).unwrap();
    assert!(body.contains(r#""http_status":"400","details":{"parameter":"limit"}"#), "{body}");
}

#[test]
fn the_same_question_has_the_same_canonical_filters() {
    let canonical = |raw| objects(raw).unwrap().filters.canonical();
    assert_eq!(canonical("match[id]=b,a,b"), canonical("match[id]=a,b"));
    assert_eq!(canonical("match[version]=last"), canonical(""));
    assert_ne!(canonical("match[version]=first"), canonical(""));
}

fn filters() -> impl Strategy<Value = Filters> {
    let version = prop_oneof![
        Just(VersionSelector::First),
        Just(VersionSelector::Last),
        (0_i64..4_000_000_000_000_000).prop_map(|micros| VersionSelector::At(Timestamp::from_micros(micros))),
    ];
    let versions = prop_oneof![
        Just(vec![VersionSelector::All]),
        prop::collection::hash_set(version, 0..4).prop_map(|versions| versions.into_iter().collect()),
    ];
    let list = |member: &'static str| prop::collection::vec(member, 0..4);
    (list("[^,\\p{C}]{1,20}"), list("[a-z0-9-]{3,20}"), versions, list("[0-9]\\.[0-9]"))
        .prop_map(|(ids, types, versions, spec_versions)| Filters { ids, types, versions, spec_versions })
}

proptest! {
    #[test]
    fn written_parameters_are_read_back(filters in filters(), next in "[A-Za-z0-9_+/=&%-]{1,20}", limit in 1_u32..) {
        let mut parameters = filters.to_parameters();
        parameters.push(parameter("next", &next));
        parameters.push(parameter("limit", &limit.to_string()));
        let expected = Query { added_after: None, limit: Some(limit), next: Some(next), filters };
        prop_assert_eq!(objects(&parameters.join("&")), Ok(expected));
    }

    #[test]
    fn any_query_is_read_or_refused(raw in "((limit|next|added_after|match\\[[a-z]{0,3}\\]|.{0,3})=?.{0,8}&){0,4}") {
        for endpoint in [Endpoint::Objects, Endpoint::Object, Endpoint::Plain] {
            if let Ok(query) = Query::parse(&raw, endpoint) {
                prop_assert!(query.next.as_deref() != Some(""));
                prop_assert!((1..=PAGE_ITEMS_MAX).contains(&query.page_items(PAGE_ITEMS_DEFAULT, PAGE_ITEMS_MAX)));
            }
        }
    }
}
