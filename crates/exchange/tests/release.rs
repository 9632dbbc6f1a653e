//! Release: what leaves, in which form, and the reason for everything that does not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may stop")]

mod support;

use entente_agreement::Subject;
use entente_exchange::Viewer;
use entente_exchange::admit::AdmitOptions;
use entente_formats::Format;
use entente_stix::Object;
use entente_stix::marking::Tlp;
use support::{AGREEMENT, Clause, Text, World, indicator, marked, options, request, uuid};

/// Each object fails one condition only, so the reason recorded must be exactly that one.
#[test]
fn everything_withheld_has_exactly_its_reason() {
    let world = World::new();
    let node = &world.northtel;
    let unresolved = r#","object_marking_refs":["marking-definition--11111111-1111-4111-8111-111111111111"]"#;
    let amber = marked(Tlp::Amber);
    let old = indicator(&uuid(6), "198.51.100.6", &amber).replace("2026-11-20T", "2026-06-20T");
    let note = format!(
        r#"{{"type":"note","spec_version":"2.1","id":"note--{}","created":"2026-11-20T00:00:00.000Z","modified":"2026-11-20T00:00:00.000Z","content":"x","object_refs":["indicator--{}"]{amber}}}"#,
        uuid(7),
        uuid(1)
    );
    let unknown_type = format!(
        r#"{{"type":"x-thing","spec_version":"2.1","id":"x-thing--{}","created":"2026-11-20T00:00:00.000Z","modified":"2026-11-20T00:00:00.000Z"{amber}}}"#,
        uuid(8)
    );
    let nobody = format!(
        r#"{{"type":"identity","spec_version":"2.1","id":"identity--{}","created":"2026-11-20T00:00:00.000Z","modified":"2026-11-20T00:00:00.000Z","name":"Somebody","identity_class":"organization","confidence":80{amber}}}"#,
        uuid(9)
    );
    let cases: [(String, &str); 10] = [
        (indicator(&uuid(1), "198.51.100.1", &marked(Tlp::Red)), "floor.red"),
        (indicator(&uuid(2), "198.51.100.2", ""), "floor.unmarked"),
        (indicator(&uuid(3), "198.51.100.3", unresolved), "floor.marking"),
        (indicator(&uuid(4), "198.51.100.4", &marked(Tlp::AmberStrict)), "clause.tlp"),
        (
            indicator(&uuid(5), "198.51.100.5", &amber).replace("\"confidence\":80", "\"confidence\":29"),
            "clause.confidence",
        ),
        (old, "clause.age"),
        (note, "clause.type"),
        (unknown_type, "floor.type"),
        (nobody, "clause.subject"),
        (indicator(&uuid(10), "8.8.8.8", &amber), "floor.quarantine"),
    ];
    // The subject is left to what the object says.
    let without = AdmitOptions { subject: None, tlp: None, format: Some(Format::Stix21), release: false, ..options() };
    for (object, reason) in &cases {
        let summary = node.admit_with(object, &without);
        assert_eq!((summary.accepted, summary.rejected), (1, 0), "{reason}: {summary:?}");
        let (released, withheld) = node.release();
        assert_eq!((released, withheld), (0, [((*reason).to_owned(), 1)].into()), "{object}");
        let id = Object::parse(object.as_bytes(), &entente_stix::Limits::admission()).unwrap().id().to_owned();
        let explained = node.exchange.explain(&id, "fusion", None).unwrap();
        assert!(!explained.sees() && explained.released_as.is_empty(), "{reason}");
        assert!(!explained.rows[0].because.is_empty());
    }
    assert_eq!(node.withheld(AGREEMENT).iter().map(|(_, n)| n).sum::<u64>(), 10);
    assert!(node.page(AGREEMENT, "fusion").rows.is_empty());
}

/// A kind of value that no clause names does not leave, in whatever pattern it stands and however it is compared.
#[test]
fn a_value_of_another_kind_does_not_leave_in_any_pattern() {
    let patterns = [
        "[email-addr:value = 'somebody@person.example']",
        "[ipv4-addr:value = '198.51.100.1' OR email-addr:value = 'somebody@person.example']",
        "[ipv4-addr:value = '198.51.100.1' AND email-addr:value = 'somebody@person.example']",
        "[ipv4-addr:value = '198.51.100.1'] FOLLOWEDBY [email-addr:value = 'somebody@person.example']",
        "[email-addr:value LIKE '%@person.example']",
        "[email-addr:value IN ('somebody@person.example', 'other@person.example')]",
        "[user-account:user_id = 'somebody']",
    ];
    let world = World::new();
    let objects: Vec<String> = (0..)
        .zip(patterns)
        .map(|(n, pattern)| indicator(&uuid(n), "X", &marked(Tlp::Amber)).replace("[ipv4-addr:value = 'X']", pattern))
        .collect();
    assert_eq!(world.northtel.admit_stix(&objects).accepted, 7);
    assert_eq!(world.northtel.withheld(AGREEMENT), [("clause.kind".to_owned(), 7)]);
    assert!(world.northtel.page(AGREEMENT, "fusion").rows.is_empty());
    for n in 0..7 {
        let explained = world.northtel.exchange.explain(&format!("indicator--{}", uuid(n)), "fusion", None).unwrap();
        assert!(!explained.sees(), "{}", patterns[usize::try_from(n).unwrap()]);
    }
    // Kinds that the clause names may stand together.
    let both = indicator(&uuid(20), "X", &marked(Tlp::Amber))
        .replace("[ipv4-addr:value = 'X']", "[ipv4-addr:value = '198.51.100.1' OR domain-name:value = 'evil.example']");
    world.northtel.admit_stix(&[both]);
    assert_eq!(world.northtel.objects(AGREEMENT, "fusion").len(), 1);
}

/// What hides the source and protects the victim must hold for every byte that the recipient gets, ids included.
#[test]
fn abuse_a19_obligations_leave_no_source_and_no_victim_in_any_byte_received() {
    let world = World::with(Clause {
        subject: vec!["infrastructure", "victim"],
        obligations: vec![
            "redact-victim:hmac",
            "strip-source",
            "strip-free-text",
            "coarsen-time:1h",
            "attribution:must-not",
            "retain:90d",
            "watermark",
        ],
        ..Clause::from("northtel", "fusion")
    });
    let server = world.connect(&world.northtel, &world.fusion);
    let map = r#"{"value":"value","class":"class","malware":"malware","labels":"label","sources":"source",
        "first_seen":"first","when":{"compromised":{"class":"compromised","subject":"victim","sectors":["government"]}}}"#;
    let rows = "value,class,malware,label,source,first\n\
        portal.ministry.example,compromised,SecretKit,SecretLabel,SecretSensor,2026-11-20T03:14:15Z\n\
        203.0.113.77,compromised,,SecretLabel,SecretSensor,2026-11-20T03:14:15Z\n\
        198.51.100.9,c2,SecretKit,SecretLabel,SecretSensor,2026-11-20T03:14:15Z\n\
        http://evil.example/portal.ministry.example/login,phishing,,,SecretSensor,\n\
        http://evil.example/a?u=portal.ministry.example&x=1,phishing,,,SecretSensor,\n\
        http://evil.example/a?u=https%3A%2F%2Fportal.ministry.example%2Fx,phishing,,,SecretSensor,\n\
        http://evil.example/PORTAL.MINISTRY.EXAMPLE,phishing,,,SecretSensor,\n\
        clerk@person.example,compromised,,,SecretSensor,\n\
        http://evil.example/?e=clerk%40person.example,phishing,,,SecretSensor,\n\
        http://evil.example/cGw/203.0.113.77,phishing,,,SecretSensor,\n\
        http://www.portal.ministry.example:8080/shell.php,malware-distribution,,,SecretSensor,\n";
    let options = AdmitOptions {
        format: Some(Format::Csv),
        map: Some(serde_json::from_str(map).unwrap()),
        subject: None,
        ..options()
    };
    let summary = world.northtel.admit_with(rows, &options);
    assert_eq!(summary.rejected, 0, "{summary:?}");
    let relation = format!(
        r#"{{"type":"relationship","spec_version":"2.1","id":"relationship--{}","created":"2026-11-20T00:00:00.000Z","modified":"2026-11-20T00:00:00.000Z","relationship_type":"targets","source_ref":"{}","target_ref":"{}","confidence":80{}}}"#,
        uuid(1),
        world.northtel.exchange.search("198.51.100.9", &entente_exchange::Viewer::Staff).unwrap()[0].id,
        world.northtel.exchange.search("portal.ministry.example", &entente_exchange::Viewer::Staff).unwrap()[0].id,
        marked(Tlp::Amber)
    );
    world.northtel.admit_stix(&[relation]);

    let run = &world.fusion.exchange.sync(Some("northtel")).unwrap()[0];
    assert!(run.complete && run.rejected == 0 && run.verified == run.received, "{run:?}");
    let held = world.northtel.count("SELECT count(*) FROM revision");
    assert_eq!(held, 12);
    let received = String::from_utf8_lossy(&world.fusion.bytes()).to_ascii_lowercase();
    let mut secrets: Vec<String> =
        ["secretkit", "secretlabel", "secretsensor", "ministry", "person.example", "203.0.113.77", "03:14:15"]
            .map(str::to_owned)
            .into();
    let ids: Vec<String> = {
        let database = world.northtel.database();
        let mut statement = database.prepare("SELECT DISTINCT id FROM revision").unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    secrets.extend(ids);
    secrets.push(entente_stix::id::sco_value_id("domain-name", "portal.ministry.example"));
    for secret in &secrets {
        assert!(!received.contains(secret.as_str()), "`{secret}` is in what fusion received");
    }
    assert!(
        received.contains("victim-") && received.contains("sector:government") && received.contains("198.51.100.9")
    );
    let out = world.northtel.objects(AGREEMENT, "fusion");
    assert_eq!(out.iter().filter(|text| text.contains(r#""type":"relationship""#)).count(), 1);
    // The address of a person is of a kind that the clause does not name.
    let withheld = [("obligation.pattern".to_owned(), 7), ("clause.kind".to_owned(), 1)];
    assert_eq!(world.northtel.withheld(AGREEMENT), withheld);
    drop(server);
}

/// A victim that became known while a release was under way is protected in what that release decides later.
#[test]
fn a_victim_reported_in_the_same_input_is_protected_in_it() {
    let world = World::with(Clause {
        subject: vec!["infrastructure", "victim"],
        obligations: vec!["redact-victim:drop", "strip-source", "strip-free-text", "attribution:may", "retain:90d"],
        ..Clause::from("northtel", "fusion")
    });
    // The victim stands behind the indicator and in another batch than it.
    let mut rows = "value,class\nhttp://www.ministry.example/a.php,c2\n".to_owned();
    for n in 0..4_200 {
        rows.push_str(&format!("198.51.{}.{},c2\n", n / 250, n % 250));
    }
    rows.push_str("www.ministry.example,compromised\n");
    let map = r#"{"value":"value","class":"class","when":{"compromised":{"class":"compromised","subject":"victim"}}}"#;
    let options = AdmitOptions {
        format: Some(Format::Csv),
        map: Some(serde_json::from_str(map).unwrap()),
        subject: None,
        release: false,
        ..options()
    };
    world.northtel.admit_with(&rows, &options);
    let (_, withheld) = world.northtel.release();
    assert_eq!(withheld, [("obligation.pattern".to_owned(), 1), ("obligation.victim".to_owned(), 1)].into());
}

/// Releasing again what was decided changes nothing, in the store or for the recipient.
#[test]
fn release_is_idempotent() {
    let world = World::new();
    world.northtel.admit("198.51.100.1\n198.51.100.2\n");
    let rows = world.northtel.count("SELECT count(*) FROM manifest");
    let leaves = world.northtel.count("SELECT count(*) FROM leaf");
    let (released, withheld) = world.northtel.release();
    assert_eq!((released, withheld.len()), (0, 0));
    assert_eq!(world.northtel.again().release().unwrap()[0].released, 0);
    assert_eq!(world.northtel.count("SELECT count(*) FROM manifest"), rows);
    assert_eq!(world.northtel.count("SELECT count(*) FROM leaf"), leaves);
}

/// A reader that follows `added_after` must see the new version, and a new reader only the last one.
#[test]
fn a_new_version_is_a_new_row_and_supersedes_the_one_before() {
    let world = World::new();
    world.northtel.admit("198.51.100.1\n");
    let page = world.northtel.page(AGREEMENT, "fusion");
    let before = page.rows.last().unwrap().clone();
    world.northtel.admit_with("198.51.100.1\n", &AdmitOptions { confidence: 90, ..options() });
    let next = world.northtel.page_of(
        AGREEMENT,
        "fusion",
        &entente_exchange::deliver::PageRequest { after: before.date_added, ..request() },
    );
    let next = next.unwrap();
    assert_eq!(next.rows.len(), 1);
    assert_eq!(next.rows[0].id, before.id, "the same id, so that the reader sees a version and not a copy");
    assert_ne!(next.rows[0].bytes, before.bytes);
    let all = world.northtel.objects(AGREEMENT, "fusion");
    assert_eq!(all.len(), 1);
    assert!(all[0].contains(r#""confidence":90"#));
}

fn relation(n: u32, source: &str, target: &str) -> String {
    format!(
        r#"{{"type":"relationship","spec_version":"2.1","id":"relationship--{}","created":"2026-11-20T00:00:00.000Z","modified":"2026-11-20T00:00:00.000Z","relationship_type":"related-to","source_ref":"{source}","target_ref":"{target}","confidence":80{}}}"#,
        uuid(n),
        marked(Tlp::Amber)
    )
}

/// A relationship whose end is withheld would tell its id; when the end may go after all, so may the relationship.
#[test]
fn a_relationship_waits_for_both_of_its_ends() {
    let world = World::new();
    let ends = [
        indicator(&uuid(1), "198.51.100.1", &marked(Tlp::Amber)),
        indicator(&uuid(2), "198.51.100.2", &marked(Tlp::Red)),
    ];
    let (a, b) = (format!("indicator--{}", uuid(1)), format!("indicator--{}", uuid(2)));
    world.northtel.admit_stix(&[ends[0].clone(), relation(3, &a, &b)]);
    assert_eq!(world.northtel.withheld(AGREEMENT), [("closure.dangling-required".to_owned(), 1)]);
    world.northtel.admit_stix(&[ends[1].clone()]);
    assert_eq!(world.northtel.objects(AGREEMENT, "fusion").len(), 1);
    let later = ends[1]
        .replace(Tlp::Red.marking_id(), Tlp::Amber.marking_id())
        .replace(r#""modified":"2026-11-20"#, r#""modified":"2026-11-21"#);
    world.northtel.admit_stix(&[later]);
    let out = world.northtel.objects(AGREEMENT, "fusion");
    assert_eq!(out.len(), 3);
    // Every reference in what left names something that left.
    let all = world.northtel.page(AGREEMENT, "fusion");
    for row in &all.rows {
        let object = Object::parse(&row.bytes, &entente_stix::Limits::admission()).unwrap();
        for reference in object.references() {
            assert!(all.rows.iter().any(|other| other.id == reference.target), "{} dangles", reference.target);
        }
    }
    assert_eq!(world.northtel.withheld(AGREEMENT), [("floor.red".to_owned(), 1)]);
}

/// New terms are asked about everything held; what goes out in the same bytes goes out once.
#[test]
fn an_amendment_is_asked_about_everything_and_repeats_nothing() {
    let world = World::new();
    let text = Text::new(AGREEMENT).clause(Clause::from("northtel", "fusion"));
    let (a, b) = (format!("indicator--{}", uuid(1)), format!("indicator--{}", uuid(2)));
    world.northtel.admit_stix(&[
        indicator(&uuid(1), "198.51.100.1", &marked(Tlp::Amber)),
        indicator(&uuid(2), "198.51.100.2", &marked(Tlp::Amber)),
        relation(3, &a, &b),
        indicator(&uuid(4), "198.51.100.4", &marked(Tlp::AmberStrict)),
    ]);
    let before = world.northtel.count("SELECT count(*) FROM manifest");
    assert_eq!(world.northtel.withheld(AGREEMENT), [("clause.tlp".to_owned(), 1)]);
    let hash = world.northtel.exchange.agreements(&entente_exchange::Viewer::Staff).unwrap()[0].hash.clone();
    let mut wider = text.next(&hash);
    wider.clauses[0].tlp_max = "amber+strict";
    world.agree(&[&world.northtel, &world.fusion], &wider);
    let (released, withheld) = world.northtel.release();
    assert!(withheld.is_empty(), "{withheld:?}");
    // One indicator and the definition of its marking.
    assert_eq!(released, 2);
    assert_eq!(world.northtel.count("SELECT count(*) FROM manifest"), before + 2);
    assert!(world.northtel.withheld(AGREEMENT).is_empty(), "what was released is still counted as withheld");
    assert_eq!(world.northtel.objects(AGREEMENT, "fusion").len(), 4);
}

/// An amendment signed today for next month widens next month, not today and not never.
#[test]
fn an_amendment_is_asked_when_it_begins() {
    let world = World::new();
    world.northtel.admit_stix(&[indicator(&uuid(4), "198.51.100.4", &marked(Tlp::AmberStrict))]);
    let hash = world.northtel.exchange.agreements(&entente_exchange::Viewer::Staff).unwrap()[0].hash.clone();
    let mut wider = Text::new(AGREEMENT).clause(Clause::from("northtel", "fusion")).next(&hash);
    wider.clauses[0].tlp_max = "amber+strict";
    wider.valid_from = "2026-12-01T00:00:00Z";
    world.agree(&[&world.northtel, &world.fusion], &wider);
    assert_eq!(world.northtel.release().0, 0);
    world.time.set("2026-12-01T00:00:01Z");
    world.northtel.release();
    assert_eq!(world.northtel.objects(AGREEMENT, "fusion").len(), 1);
}

/// A clock that was set back between two versions must not make what was admitted look as if it came from the future.
#[test]
fn abuse_a43_what_was_admitted_before_the_clock_stepped_back_is_released_all_the_same() {
    let world = World::new();
    world.northtel.admit("198.51.100.1\n");
    world.northtel.admit_with("198.51.100.2\n", &AdmitOptions { release: false, ..options() });
    world.time.set("2026-11-24T04:00:00Z");
    world.northtel.admit_with("198.51.100.1\n", &AdmitOptions { confidence: 90, release: false, ..options() });
    let (released, withheld) = world.northtel.release();
    assert_eq!((released, withheld.len()), (2, 0), "{withheld:?}");
}

/// Two processes of one node that release at once must neither fail nor release anything twice.
#[test]
fn two_processes_release_at_once_without_error_or_repetition() {
    let world = World::new();
    let list: String = (0..3_000).map(|n| format!("198.51.{}.{}\n", n / 250, n % 250)).collect();
    world.northtel.admit_with(&list, &AdmitOptions { release: false, ..options() });
    let other = world.northtel.again();
    let start = std::sync::Barrier::new(2);
    let errors: Vec<String> = std::thread::scope(|scope| {
        let workers = [&world.northtel.exchange, &other].map(|exchange| {
            let start = &start;
            scope.spawn(move || {
                start.wait();
                exchange.release().err().map(|error| error.code().to_owned())
            })
        });
        workers.into_iter().filter_map(|worker| worker.join().unwrap()).collect()
    });
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(world.northtel.count("SELECT count(*) FROM manifest WHERE id LIKE 'indicator--%'"), 3_000);
    assert_eq!(world.northtel.count("SELECT count(DISTINCT id) FROM manifest WHERE id LIKE 'indicator--%'"), 3_000);
    assert!(world.northtel.log_problems().is_empty());
}

/// One value object that two sources state is one object in the collection.
#[test]
fn an_observable_that_two_sources_state_is_released_once() {
    let world = World::new();
    let id = entente_stix::id::sco_value_id("ipv4-addr", "198.51.100.1");
    let object = format!(
        r#"{{"type":"ipv4-addr","spec_version":"2.1","id":"{id}","value":"198.51.100.1"{}}}"#,
        marked(Tlp::Amber)
    );
    world.northtel.admit_stix(std::slice::from_ref(&object));
    let rows = world.northtel.count("SELECT count(*) FROM manifest");
    let text = Text::new("agr-cn").clause(Clause::from("cert-x", "northtel"));
    world.agree(&[&world.cert, &world.northtel], &text);
    let credential = world.northtel.credential("cert-x");
    let inbound = world.northtel.exchange.collection(&credential, "agr-cn-cert-x-in").unwrap().unwrap();
    let green = object.replace(Tlp::Amber.marking_id(), Tlp::Green.marking_id());
    world.northtel.exchange.receive(&credential, &inbound, &[green.as_bytes()]).unwrap();
    world.northtel.release();
    assert!(world.northtel.count("SELECT count(*) FROM manifest") >= rows);
    let out = world.northtel.objects(AGREEMENT, "fusion");
    assert_eq!(out.iter().filter(|text| text.contains(&id)).count(), 1, "{out:?}");
}

/// A party that suspended and resumed gets what came meanwhile; nothing is lost, nothing is repeated.
#[test]
fn a_resumed_agreement_catches_up() {
    let world = World::new();
    world.northtel.admit("198.51.100.1\n");
    world.northtel.exchange.suspend(AGREEMENT, "audit").unwrap();
    world.northtel.admit("198.51.100.2\n");
    assert!(world.northtel.exchange.release().unwrap().is_empty());
    world.northtel.exchange.resume(AGREEMENT).unwrap();
    assert_eq!(world.northtel.release().0, 1);
    assert_eq!(world.northtel.objects(AGREEMENT, "fusion").len(), 2);
}

/// The victim's pseudonym must be the same next week, or the recipient counts one victim many times.
#[test]
fn pseudonyms_are_stable_in_one_agreement_and_differ_between_agreements() {
    let clause = |to: &str| Clause {
        subject: vec!["infrastructure", "victim"],
        obligations: vec!["redact-victim:hmac", "strip-source", "strip-free-text", "attribution:may", "retain:90d"],
        ..Clause::from("northtel", to)
    };
    let world = World::with(clause("fusion"));
    world.agree(&[&world.northtel, &world.cert], &Text::new("agr-nc").clause(clause("cert-x")));
    let victim = AdmitOptions { subject: Some(Subject::Victim), ..options() };
    world.northtel.admit_with("www.ministry.example\n", &victim);
    world.time.advance_days(7);
    world.northtel.admit_with("www.ministry.example\n", &AdmitOptions { confidence: 90, ..victim });
    let name = |agreement: &str, party: &str| {
        let out = world.northtel.objects(agreement, party);
        assert_eq!(out.len(), 1, "{out:?}");
        let start = out[0].find("victim-").unwrap();
        out[0][start..start + 33].to_owned()
    };
    assert_ne!(name(AGREEMENT, "fusion"), name("agr-nc", "cert-x"));
    let rows = world.northtel.count("SELECT count(DISTINCT id) FROM manifest WHERE body LIKE '%victim-%'");
    assert_eq!(rows, 2, "one id for each agreement, over both versions");
}

/// Known victims are asked for once for a whole list; each value must still be told as it would be released.
#[test]
fn a_checked_list_says_of_each_value_what_its_release_does() {
    let world = World::with(Clause {
        subject: vec!["infrastructure", "victim"],
        obligations: vec!["redact-victim:hmac", "strip-source", "strip-free-text", "attribution:may", "retain:90d"],
        ..Clause::from("northtel", "fusion")
    });
    world.northtel.admit_with("www.ministry.example\n", &AdmitOptions { subject: Some(Subject::Victim), ..options() });
    let list =
        "198.51.100.1\nhttp://www.ministry.example/a.php\n198.51.100.2\nhttp://evil.example/?u=www.ministry.example\n";
    world.northtel.admit(list);
    let out = world.northtel.objects(AGREEMENT, "fusion").join("\n");
    let node = &world.northtel.exchange;
    let report = node.check(list, &Viewer::Staff).unwrap();
    let sees: Vec<bool> = report.values.iter().map(|row| row.visible_to[0].sees).collect();
    assert_eq!(sees, [true, false, true, false]);
    for row in &report.values {
        let sees = row.visible_to[0].sees;
        assert_eq!(out.contains(&format!("'{}'", row.value)), sees, "{}", row.value);
        let id = row.object.clone().unwrap();
        assert_eq!(node.explain(&id, "fusion", None).unwrap().sees(), sees, "{}", row.value);
        assert_eq!(node.object(&id, &Viewer::Staff).unwrap().unwrap().visibility[0].sees, sees, "{}", row.value);
    }
    let guest = Viewer::Party(world.fusion.exchange.own().clone());
    assert!(node.check(list, &guest).unwrap().values.iter().all(|row| row.visible_to.is_empty()));
}
