//! Admission: what is accepted, merged, refused and quarantined, and what each outcome is counted as.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may stop")]

mod support;

use entente_agreement::Subject;
use entente_exchange::Viewer;
use entente_exchange::admit::AdmitOptions;
use entente_formats::{Class, Format};
use entente_stix::marking::{Pap, Tlp};
use support::{AGREEMENT, World, indicator, marked, options, uuid};

/// The same feed every day must not grow the store or move partners' collections.
#[test]
fn a_finding_is_accepted_then_unchanged_and_merged_when_it_says_more() {
    let world = World::new();
    let first = world.northtel.admit("198.51.100.1\n198.51.100.2\n");
    assert_eq!((first.read, first.accepted, first.corroborated), (2, 2, 0));
    let same = world.northtel.admit("198.51.100.1\n198.51.100.2\n");
    assert_eq!((same.read, same.unchanged, same.accepted + same.merged), (2, 2, 0));
    assert_eq!(world.northtel.count("SELECT count(*) FROM revision"), 2);
    let surer = world.northtel.admit_with("198.51.100.1\n", &AdmitOptions { confidence: 90, ..options() });
    assert_eq!((surer.merged, surer.unchanged), (1, 0));
    assert_eq!(world.northtel.objects(AGREEMENT, "fusion").len(), 2);
}

/// Two spellings of one value are one observable (ingest: one object per observable and party).
#[test]
fn a_defanged_value_is_the_value() {
    let world = World::new();
    let summary =
        world.northtel.admit("198[.]51[.]100[.]1\n198.51.100.1\nhxxp://evil[.]example/a\nhttp://evil.example/a\n");
    assert_eq!(summary.accepted, 2);
    assert_eq!(world.northtel.exchange.home(&Viewer::Staff).unwrap().totals.observables, 2);
}

/// One bad line must not stop the rest, and must be found again by its number.
#[test]
fn bad_lines_are_counted_with_line_and_code_and_stop_nothing() {
    let world = World::new();
    let summary = world.northtel.admit("198.51.100.1\n# a comment\n\nno value here\n198.51.100.2\n999.1.1.1\n");
    assert_eq!((summary.read, summary.accepted, summary.rejected), (4, 2, 2));
    let lines: Vec<u64> = summary.rejected_lines.iter().map(|line| line.line).collect();
    assert_eq!(lines, [4, 6]);
    assert!(summary.rejected_lines.iter().all(|line| !line.code.is_empty() && !line.message.is_empty()));
    assert_eq!(summary.rejected_by_code.values().sum::<u64>(), 2);
}

/// Every refusal is counted, also those beyond the list that is shown.
#[test]
fn refusals_by_the_store_are_all_counted_though_only_a_thousand_are_listed() {
    let world = World::new();
    let clause = support::Clause::from("fusion", "northtel");
    let text = support::Text::new("agr-13").clause(clause);
    world.agree(&[&world.fusion, &world.northtel], &text);
    let objects = |more: &str| (0..1_100).map(|n| indicator(&uuid(n), "198.51.100.1", more)).collect::<Vec<_>>();
    let theirs = objects(&marked(Tlp::Amber));
    let raw: Vec<&[u8]> = theirs.iter().map(String::as_bytes).collect();
    let credential = world.northtel.credential("fusion");
    let inbound = world.northtel.exchange.collection(&credential, "agr-13-fusion-in").unwrap().unwrap();
    world.northtel.exchange.receive(&credential, &inbound, &raw).unwrap();
    // The same ids with other content are theirs, not ours.
    let summary = world.northtel.admit_stix(&objects(&marked(Tlp::Green)));
    assert_eq!((summary.read, summary.rejected), (1_100, 1_100));
    assert_eq!(summary.rejected_by_code.get("admit.foreign-id"), Some(&1_100));
    assert_eq!(summary.rejected_lines.len(), 1_000);
}

/// Resolvers, networks and popular names would hurt everybody who blocks them.
#[test]
fn abuse_a01_warninglisted_values_are_quarantined_and_never_released() {
    let world = World::new();
    let list = "8.8.8.8\n1.1.1.1\n10.0.0.1\nhttps://google.com/\ngoogle.com\n198.51.100.1\n";
    let summary = world.northtel.admit(list);
    assert_eq!(summary.accepted, 6);
    assert_eq!(summary.quarantined.values().sum::<u64>(), 5, "{:?}", summary.quarantined);
    let out = world.northtel.objects(AGREEMENT, "fusion");
    assert_eq!(out.len(), 1);
    assert!(out[0].contains("198.51.100.1"));
    assert_eq!(world.northtel.withheld(AGREEMENT), [("floor.quarantine".to_owned(), 5)]);
    let explained = world.northtel.exchange.explain("8.8.8.8", "fusion", None).unwrap();
    assert!(!explained.sees());
    assert!(explained.quarantine.unwrap().starts_with("warninglist "));
}

/// A quarantine that one comparison beside it lifts is none.
#[test]
fn abuse_a01_a_warninglisted_value_in_any_part_of_a_pattern_is_quarantined() {
    let world = World::new();
    let patterns = [
        "[ipv4-addr:value = '8.8.8.8' AND domain-name:value = 'evil.example']",
        "[ipv4-addr:value IN ('198.51.100.1', '8.8.8.8')]",
        "[ipv4-addr:value = '198.51.100.1'] FOLLOWEDBY [ipv4-addr:value = '8.8.8.8']",
        "[ipv4-addr:value = '198.51.100.1' OR ipv4-addr:value = '8.8.8.8']",
    ];
    let objects: Vec<String> = (0..)
        .zip(patterns)
        .map(|(n, pattern)| {
            let text = indicator(&uuid(n), "X", &marked(Tlp::Amber));
            text.replace("[ipv4-addr:value = 'X']", pattern)
        })
        .collect();
    let summary = world.northtel.admit_stix(&objects);
    assert_eq!((summary.accepted, summary.rejected), (4, 0), "{summary:?}");
    assert_eq!(summary.quarantined.values().sum::<u64>(), 4);
    assert!(world.northtel.objects(AGREEMENT, "fusion").is_empty());
}

/// A field that a hurried analyst sets again must not be lost because the value was known.
#[test]
fn a_stricter_marking_or_subject_given_later_is_kept() {
    let world = World::new();
    world.northtel.admit("198.51.100.1\n198.51.100.2\n");
    let red = world.northtel.admit_with("198.51.100.1\n", &AdmitOptions { pap: Pap::Red, ..options() });
    assert_eq!(red.merged, 1, "PAP:RED was ignored");
    let suspect = AdmitOptions { subject: Some(Subject::Suspect), ..options() };
    assert_eq!(world.northtel.admit_with("198.51.100.2\n", &suspect).merged, 1, "the subject was ignored");
}

/// A marking that comes later makes an unmarked finding releasable, whatever level it states.
#[test]
fn a_marking_given_later_is_kept() {
    let world = World::with(support::Clause { tlp_max: "amber+strict", ..support::Clause::from("northtel", "fusion") });
    world.northtel.admit_with("198.51.100.1\n", &AdmitOptions { tlp: None, ..options() });
    assert!(world.northtel.objects(AGREEMENT, "fusion").is_empty());
    world.northtel.admit_with("198.51.100.1\n", &AdmitOptions { tlp: Some(Tlp::AmberStrict), ..options() });
    assert_eq!(world.northtel.objects(AGREEMENT, "fusion").len(), 1);
}

/// A value that several organisations report is worth more; each keeps its own assertion.
#[test]
fn parties_corroborate_each_other_and_keep_their_own_assertions() {
    let world = World::new();
    world.northtel.admit("198.51.100.1\n");
    let theirs = indicator(&uuid(1), "198.51.100.1", &marked(Tlp::Amber));
    let credential = world.northtel.credential("fusion");
    let inbound = world.northtel.exchange.collection(&credential, "agr-12-fusion-in").unwrap().unwrap();
    let status = world.northtel.exchange.receive(&credential, &inbound, &[theirs.as_bytes()]).unwrap();
    assert_eq!(status.success_count, 1);
    let home = world.northtel.exchange.home(&Viewer::Staff).unwrap();
    assert_eq!((home.totals.observables, home.totals.corroborated), (1, 1));
    let report = world.northtel.exchange.check("198.51.100.1", &Viewer::Staff).unwrap();
    assert_eq!(report.values[0].sources, ["own", "fusion"]);
    // What a second party adds on its own afterwards is counted as corroborating.
    world.fusion.admit("203.0.113.9\n");
    assert_eq!(world.fusion.admit("203.0.113.9\n").corroborated, 0);
    let again = world.northtel.admit("198.51.100.1\n203.0.113.9\n");
    assert_eq!((again.unchanged, again.accepted, again.corroborated), (1, 1, 0));
}

/// A partner that shows the same version twice with different content could change history.
#[test]
fn abuse_a06_the_first_copy_of_a_version_is_kept() {
    let world = World::new();
    let first = indicator(&uuid(1), "198.51.100.1", &marked(Tlp::Amber));
    let second = first.replace("198.51.100.1", "198.51.100.2");
    assert_eq!(world.northtel.admit_stix(std::slice::from_ref(&first)).accepted, 1);
    let summary = world.northtel.admit_stix(&[second, first.clone()]);
    assert_eq!((summary.conflicts, summary.unchanged, summary.accepted), (1, 1, 0));
    let out = world.northtel.objects(AGREEMENT, "fusion");
    assert_eq!(out.len(), 1);
    assert!(out[0].contains("198.51.100.1"));
}

/// Our own objects keep the rule too: two contents of one id never bear the same `modified`, not even in one batch.
#[test]
fn abuse_a06_own_versions_never_collide_on_id_and_modified() {
    let world = World::with(support::Clause {
        obligations: vec!["strip-free-text", "attribution:may", "coarsen-time:1h", "retain:90d"],
        ..support::Clause::from("northtel", "fusion")
    });
    world.time.stop(true);
    let map = "value,first,last\n198.51.100.1,2026-11-20T00:00:00Z,2026-11-20T00:00:00Z\n\
               198.51.100.1,2026-11-19T00:00:00Z,2026-11-21T00:00:00Z\n198.51.100.1,2026-11-18T00:00:00Z,2026-11-22T00:00:00Z\n";
    let options = AdmitOptions {
        format: Some(Format::Csv),
        map: Some(serde_json::from_str(r#"{"value":"value","first_seen":"first","last_seen":"last"}"#).unwrap()),
        ..options()
    };
    let summary = world.northtel.admit_with(map, &options);
    assert_eq!((summary.accepted, summary.merged), (1, 2), "{summary:?}");
    let versions = world.northtel.count("SELECT count(DISTINCT version_us) FROM revision");
    assert_eq!(versions, 3, "held versions collide");
    let released = world.northtel.count("SELECT count(DISTINCT version_us) FROM manifest WHERE id LIKE 'indicator--%'");
    assert_eq!(released, 3, "released versions collide");
}

/// Depth, duplicate keys and stolen marking ids are refused object by object, beside good neighbours.
#[test]
fn abuse_a10_a_duplicate_key_and_abuse_a14_a_redefined_marking_are_refused() {
    let world = World::new();
    let good = indicator(&uuid(1), "198.51.100.1", &marked(Tlp::Amber));
    let twice = indicator(&uuid(2), "198.51.100.2", &(marked(Tlp::Red) + &marked(Tlp::Clear)));
    let stolen = format!(
        r#"{{"type":"marking-definition","spec_version":"2.1","id":"{}","created":"2017-01-20T00:00:00.000Z","definition_type":"tlp","definition":{{"tlp":"red"}}}}"#,
        Tlp::Clear.marking_id()
    );
    // A document with a duplicate key is refused as a whole; one object a line keeps them apart.
    let lines = AdmitOptions { format: Some(Format::Stix21), tlp: None, ..options() };
    let summary = world.northtel.admit_with(&format!("{good}\n{twice}\n{stolen}\n"), &lines);
    assert_eq!((summary.accepted, summary.rejected), (1, 2), "{summary:?}");
    let codes: Vec<&str> = summary.rejected_lines.iter().map(|line| line.code.as_str()).collect();
    assert!(codes.iter().any(|code| code.contains("marking")), "{codes:?}");
    assert_eq!(summary.rejected_lines.iter().map(|line| line.line).collect::<Vec<_>>(), [2, 3]);
}

/// An object from the future would win every comparison of versions for ever.
#[test]
fn abuse_a05_a_version_from_the_future_is_refused() {
    let world = World::new();
    let now = indicator(&uuid(1), "198.51.100.1", &marked(Tlp::Amber));
    let late = now.replace(r#""modified":"2026-11-20"#, r#""modified":"2999-11-20"#);
    let summary = world.northtel.admit_stix(&[late, now]);
    assert_eq!((summary.accepted, summary.rejected), (1, 1), "{summary:?}");
}

/// A table of values with their class.
fn classes() -> AdmitOptions {
    let map = r#"{"value":"value","class":"class","when":{"compromised":{"class":"compromised","subject":"victim"}}}"#;
    AdmitOptions {
        format: Some(Format::Csv),
        map: Some(serde_json::from_str(map).unwrap()),
        subject: None,
        ..options()
    }
}

/// A host can be a victim and an attacker's tool at once; whichever report comes last, its name does not leave.
#[test]
fn a_victim_stays_a_victim_when_its_host_is_reported_for_something_else() {
    let lines = [
        "www.ministry.example,compromised",
        "www.ministry.example,c2",
        "http://www.ministry.example/a.php,malware-distribution",
    ];
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [2, 1, 0]] {
        let world = World::with(support::Clause {
            subject: vec!["infrastructure", "victim"],
            obligations: vec!["redact-victim:hmac", "strip-source", "strip-free-text", "attribution:may", "retain:90d"],
            ..support::Clause::from("northtel", "fusion")
        });
        let rows: Vec<&str> = order.iter().map(|at| lines[*at]).collect();
        let summary = world.northtel.admit_with(&format!("value,class\n{}\n", rows.join("\n")), &classes());
        assert_eq!(summary.rejected, 0, "{summary:?}");
        let out = world.northtel.objects(AGREEMENT, "fusion").join("\n");
        assert!(!out.contains("ministry"), "{order:?}: {out}");
        assert!(out.contains("victim-"), "{order:?}: {out}");
    }
}

/// Only its creator publishes versions of an object, and an echo or an older copy does not take that away.
#[test]
fn abuse_a07_and_abuse_a16_only_the_creator_publishes_versions() {
    let world = World::new();
    let node = &world.northtel;
    let own = indicator(&uuid(1), "198.51.100.1", &marked(Tlp::Red));
    node.admit_stix(std::slice::from_ref(&own));
    let credential = node.credential("fusion");
    let inbound = node.exchange.collection(&credential, "agr-12-fusion-in").unwrap().unwrap();
    let hand = |object: &str| node.exchange.receive(&credential, &inbound, &[object.as_bytes()]).unwrap();
    // A lower marking under our id, as a new version and as the same one.
    let later = own.replace(r#""modified":"2026-11-20"#, r#""modified":"2026-11-21"#);
    for forged in [
        own.replace(Tlp::Red.marking_id(), Tlp::Clear.marking_id()),
        later.replace(Tlp::Red.marking_id(), Tlp::Clear.marking_id()),
    ] {
        let status = hand(&forged);
        assert_eq!((status.success_count, status.failure_count), (0, 1));
        assert_eq!(status.failures[0].code.as_deref(), Some("admit.foreign-id"));
    }
    assert_eq!(hand(&own).success_count, 1, "the same bytes may be relayed");
    // Our own next version is ours to publish though the other party holds a copy.
    assert_eq!(node.admit_stix(&[later]).merged, 1);
    assert_eq!(hand(&own).success_count, 1);
    // `created_by_ref` says nothing: what fusion hands in is fusion's.
    let spoofed =
        indicator(&uuid(2), "198.51.100.2", r#","created_by_ref":"identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f""#);
    assert_eq!(hand(&spoofed).success_count, 1);
    let report = node.exchange.check("198.51.100.2", &Viewer::Staff).unwrap();
    assert_eq!(report.values[0].sources, ["fusion"]);
    assert!(node.objects(AGREEMENT, "fusion").is_empty());
}

/// A version that arrives late is kept, but does not become what the node says about the value.
#[test]
fn an_older_version_that_arrives_late_does_not_displace_the_newer_one() {
    let world = World::new();
    let older = indicator(&uuid(1), "198.51.100.1", &marked(Tlp::Amber));
    let newer = older
        .replace(r#""modified":"2026-11-20"#, r#""modified":"2026-11-21"#)
        .replace("\"confidence\":80", "\"confidence\":35");
    world.northtel.admit_stix(&[newer]);
    assert_eq!(world.northtel.admit_stix(&[older]).merged, 1);
    let report = world.northtel.exchange.check("198.51.100.1", &Viewer::Staff).unwrap();
    assert_eq!(report.values[0].score, 35);
    let out = world.northtel.objects(AGREEMENT, "fusion");
    assert_eq!(out.len(), 1, "the older version is superseded from the start");
    assert!(out[0].contains(r#""confidence":35"#));
}

/// Lists that repeat a value keep the counters at one observable.
#[test]
fn counters_follow_the_assertions() {
    let world = World::new();
    let rows =
        "value,class\n198.51.100.1,c2\n198.51.100.1,phishing\n198.51.100.2,c2\nwww.ministry.example,compromised\n";
    world.northtel.admit_with(rows, &classes());
    let totals = world.northtel.exchange.home(&Viewer::Staff).unwrap().totals;
    assert_eq!((totals.observables, totals.c2, totals.phishing, totals.compromised), (3, 1, 1, 1));
    assert_eq!(totals.revisions, 4);
    let given = world.northtel.exchange.own_contributions().unwrap();
    assert_eq!(given.iter().map(|(_, n)| n).sum::<u64>(), 3);
}

/// A plain list says nothing about what its values did; whoever hands it in may. What a table says itself stands.
#[test]
fn a_stated_role_is_that_of_values_whose_source_names_none() {
    let world = World::new();
    let roles = |value: &str| world.northtel.exchange.check(value, &Viewer::Staff).unwrap().values[0].verdict.clone();
    world.northtel.admit("198.51.100.1\n");
    assert_eq!(roles("198.51.100.1"), "other");
    let stated = AdmitOptions { role: Some(Class::C2), ..options() };
    world.northtel.admit_with("198.51.100.2\n", &stated);
    assert_eq!(roles("198.51.100.2"), "c2");
    let out = world.northtel.objects(AGREEMENT, "fusion");
    let labelled = |value: &str| out.iter().any(|text| text.contains(value) && text.contains("role:c2"));
    assert!(!labelled("198.51.100.1'") && labelled("198.51.100.2'"), "{out:?}");
    let table = AdmitOptions { role: Some(Class::C2), ..classes() };
    world.northtel.admit_with("value,class\n198.51.100.3,scanner\n198.51.100.4,\n", &table);
    assert_eq!((roles("198.51.100.3"), roles("198.51.100.4")), ("scanner".to_owned(), "c2".to_owned()));
}

/// A list that is read again without a marking must not take back the marking it had.
#[test]
fn saying_nothing_about_the_marking_keeps_the_one_that_was_said() {
    let world = World::new();
    world.northtel.admit("198.51.100.1\n");
    let again = world.northtel.admit_with("198.51.100.1\n", &AdmitOptions { tlp: None, ..options() });
    assert_eq!((again.unchanged, again.merged), (1, 0), "{again:?}");
    assert_eq!(world.northtel.objects(AGREEMENT, "fusion").len(), 1);
}

/// What breaks STIX without doing harm is worth more held than refused, and its sender should be told.
#[test]
fn harmless_faults_are_held_and_counted_by_code_and_harmful_ones_are_refused() {
    let world = World::new();
    let good = indicator(&uuid(1), "198.51.100.1", &marked(Tlp::Amber));
    let part = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        good.replace(from, to)
    };
    let harmless = [
        part("\"confidence\":80", "\"confidence\":80,\"indicator_types\":[]"),
        part("\"confidence\":80", "\"confidence\":80,\"nickname\":\"x\""),
    ];
    let harmful = [
        (part("\"confidence\":80", "\"confidence\":180"), "STIX-E-107"),
        (part("\"modified\":\"2026-11-20", "\"modified\":\"9999-11-20"), "STIX-E-303"),
        (part("ipv4-addr:value = '198.51.100.1'", "file:name MATCHES '(?=a)b'"), "STIX-E-913"),
        (part("ipv4-addr:value = '198.51.100.1'", "file:hashes.MD5 = 'x'"), "STIX-E-904"),
        (part("\"spec_version\":\"2.1\"", "\"spec_version\":\"2.0\""), "stix.version-2-0"),
    ];
    let numbered = |n: u32, text: &str| text.replace(&uuid(1), &uuid(n));
    let mut objects: Vec<String> = (10..).zip(&harmless).map(|(n, text)| numbered(n, text)).collect();
    objects.extend((20..).zip(&harmful).map(|(n, (text, _))| numbered(n, text)));
    let summary = world.northtel.admit_stix(&objects);
    assert_eq!((summary.accepted, summary.rejected), (2, 5), "{summary:?}");
    let warned: Vec<(&str, u64)> = summary.warnings.iter().map(|(code, n)| (code.as_str(), *n)).collect();
    assert!(warned.contains(&("STIX-E-103", 1)) && warned.contains(&("STIX-W-129", 1)), "{warned:?}");
    let refused: Vec<&str> = summary.rejected_lines.iter().map(|line| line.code.as_str()).collect();
    assert_eq!(refused, harmful.map(|(_, code)| code));
    assert!(summary.rejected_lines[1].message.starts_with("/objects/3/modified: "), "{:?}", summary.rejected_lines[1]);
}

/// A false identifier must not be able to stand for another observable.
#[test]
fn abuse_a08_an_observable_under_a_false_identifier_is_held_and_flagged() {
    let world = World::new();
    // The identifier of 192.0.2.44.
    let id = "ipv4-addr--59bca7b5-de05-591d-9d1c-266072549107";
    let object = format!(r#"{{"type":"ipv4-addr","spec_version":"2.1","id":"{id}","value":"198.51.100.1"}}"#);
    let summary = world.northtel.admit_stix(&[object]);
    assert_eq!((summary.accepted, summary.warnings.get("STIX-W-210")), (1, Some(&1)), "{summary:?}");
    // What it says counts for the value it has, not for the one its identifier belongs to.
    let known = |value: &str| world.northtel.exchange.check(value, &Viewer::Staff).unwrap().values[0].verdict.clone();
    assert_ne!(known("198.51.100.1"), "unknown");
    assert_eq!(known("192.0.2.44"), "unknown");
}

/// An analyst asks what is wrong with an object where the object is looked at; another party is not told.
#[test]
fn staff_sees_what_an_object_breaks_of_stix() {
    let world = World::new();
    let object = indicator(&uuid(1), "198.51.100.1", &marked(Tlp::Amber));
    world.northtel.admit_stix(&[object.replace("\"confidence\":80", "\"confidence\":80,\"indicator_types\":[]")]);
    let id = format!("indicator--{}", uuid(1));
    let view = world.northtel.exchange.object(&id, &Viewer::Staff).unwrap().unwrap();
    let found: Vec<(&str, &str)> = view.findings.iter().map(|f| (f.code.as_str(), f.path.as_str())).collect();
    assert!(found.contains(&("STIX-E-103", "/indicator_types")), "{found:?}");
    assert!(view.findings.iter().all(|finding| finding.severity != "note"));
}

/// What a partner's program wrote anew, key by key, is no conflict and no news.
#[test]
fn the_same_version_written_differently_is_unchanged_and_with_other_content_a_conflict() {
    let world = World::new();
    let object = indicator(&uuid(1), "198.51.100.1", &marked(Tlp::Amber));
    assert_eq!(world.northtel.admit_stix(std::slice::from_ref(&object)).accepted, 1);
    let anew = object.replacen('{', "{ \"revoked\": false, ", 1).replace("\"confidence\":80", "\"confidence\":8e1");
    assert_ne!(anew, object);
    let again = world.northtel.admit_stix(&[anew]);
    assert_eq!((again.unchanged, again.conflicts), (1, 0), "{again:?}");
    let other = world.northtel.admit_stix(&[object.replace("\"confidence\":80", "\"confidence\":81")]);
    assert_eq!((other.unchanged, other.conflicts), (0, 1), "{other:?}");
}

/// What its creator took back must not come back by a later version, though an earlier one may still arrive.
#[test]
fn a_version_after_a_revoked_one_is_refused() {
    let world = World::new();
    let at = |day: u32, more: &str| {
        let text = indicator(&uuid(1), "198.51.100.1", &marked(Tlp::Amber));
        text.replace("\"modified\":\"2026-11-20", &format!("\"modified\":\"2026-11-{day}")).replacen(
            '{',
            &format!("{{{more}"),
            1,
        )
    };
    assert_eq!(world.northtel.admit_stix(&[at(22, "\"revoked\":true,")]).accepted, 1);
    let later = world.northtel.admit_stix(&[at(23, "")]);
    assert_eq!(later.rejected_by_code.get("STIX-E-307"), Some(&1), "{later:?}");
    assert_eq!(world.northtel.admit_stix(&[at(21, "")]).merged, 1);
}
