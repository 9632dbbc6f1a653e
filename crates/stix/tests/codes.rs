//! For each code an object that raises it, and the nearest that does not.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/objects.rs"]
mod objects;

use std::collections::BTreeSet;

use entente_stix::Code;
use entente_stix::marking::Tlp;
use entente_stix::validate::Context;
use objects::*;

/// What one object can break without anything else at hand.
fn alone() -> Vec<Case> {
    let mut cases = json();
    cases.extend(values());
    cases.extend(names());
    cases.extend(identifiers());
    cases.extend(times());
    cases.extend(markings());
    cases.extend(domain());
    cases.extend(observables());
    cases.extend(extensions());
    cases
}

fn json() -> Vec<Case> {
    let nested = |depth: usize| identity(&format!(r#""x_a":{}1{}"#, "[".repeat(depth), "]".repeat(depth)));
    let long = |size: usize| identity(&format!(r#""description":"{}""#, "x".repeat(size)));
    let keys = |count: usize| {
        identity(&format!(r#""x_a":{{{}}}"#, (0..count).map(|n| format!("\"{n}\":0")).collect::<Vec<_>>().join(",")))
    };
    let key = |size: usize| identity(&format!(r#""x_a":{{"{}":0}}"#, "x".repeat(size)));
    let references = |count: usize| {
        let list = vec![format!("\"identity--{UUID}\""); count].join(",");
        timed("note", &format!(r#""content":"a","object_refs":[{list}]"#))
    };
    let large = |size: usize| {
        let list = vec![format!("\"{}\"", "x".repeat(1 << 20)); 7].join(",");
        let text = identity(&format!(r#""x_a":[{list}],"description":"""#));
        let fill = "x".repeat(size - text.len());
        text.replace(r#""description":"""#, &format!(r#""description":"{fill}""#))
    };
    vec![
        case(Code::E001, format!(" {} ", identity("")), format!("{} 1", identity(""))),
        case(Code::E002, identity(r#""description":"\ud83d\ude00""#), identity(r#""description":"\ud83d""#)),
        case(Code::E003, identity(r#""roles":["a"]"#), identity(r#""roles":["a"],"\u0072oles":["b"]"#)),
        with(Code::E004, &[Code::N130], nested(63), nested(64)),
        case(Code::E005, long(1 << 20), long((1 << 20) + 1)),
        with(Code::E006, &[Code::N130], keys(10_000), keys(10_001)),
        with(Code::E007, &[Code::N130], key(250), key(257)),
        case(Code::E008, identity(""), format!("[{}]", identity(""))),
        with(Code::E009, &[Code::N130], identity(r#""x_a":1e308"#), identity(r#""x_a":1e309"#)),
        case(Code::E010, references(10_000), references(10_001)),
        with(Code::E011, &[Code::N130], large(8 << 20), large((8 << 20) + 1)),
    ]
}

fn values() -> Vec<Case> {
    let hashes = |text: &str| file(&format!(r#""hashes":{{{text}}}"#));
    let environment = |text: &str| observable("process", &format!(r#""environment_variables":{{{text}}}"#));
    vec![
        case(Code::E101, identity(r#""description":"7""#), identity(r#""description":7"#)),
        case(Code::E102, identity(r#""roles":["null"]"#), identity(r#""roles":[null]"#)),
        with(Code::E102, &[Code::N130], identity(r#""x_a":{"b":[0]}"#), identity(r#""x_a":{"b":[null]}"#)),
        case(Code::E103, identity(r#""roles":["a"]"#), identity(r#""roles":[]"#)),
        with(Code::E103, &[Code::N130], identity(r#""x_a":{"b":[0]}"#), identity(r#""x_a":{"b":[]}"#)),
        case(Code::E104, environment(r#""A":"b""#), environment("")),
        with(Code::E104, &[Code::N130], identity(r#""x_a":[{"b":0}]"#), identity(r#""x_a":[{}]"#)),
        case(
            Code::E105,
            observable("process", r#""pid":9007199254740991"#),
            observable("process", r#""pid":9007199254740992"#),
        ),
        case(Code::E106, observable("process", r#""pid":1"#), observable("process", r#""pid":1.5"#)),
        case(Code::E107, file(r#""size":0"#), file(r#""size":-1"#)),
        case(Code::E107, identity(r#""confidence":100"#), identity(r#""confidence":101"#)),
        case(
            Code::E107,
            timed("location", r#""latitude":-90,"longitude":180"#),
            timed("location", r#""latitude":-90.01,"longitude":180"#),
        ),
        case(
            Code::E108,
            observable("artifact", r#""payload_bin":"TVo=""#),
            observable("artifact", r#""payload_bin":"TVo""#),
        ),
        with(Code::E108, &[Code::N130], identity(r#""x_a_bin":"TVo=""#), identity(r#""x_a_bin":"TV o=""#)),
        case(Code::E109, file(r#""magic_number_hex":"4d5a""#), file(r#""magic_number_hex":"4d5""#)),
        with(Code::E109, &[Code::N130], identity(r#""x_a":{"b_hex":"4d"}"#), identity(r#""x_a":{"b_hex":"xy"}"#)),
        case(Code::E110, file(r#""ctime":"2026-11-01T00:00:00Z""#), file(r#""ctime":"2026-11-01 00:00:00Z""#)),
        case(Code::E111, file(r#""ctime":"2028-02-29T00:00:00Z""#), file(r#""ctime":"2027-02-29T00:00:00Z""#)),
        case(Code::E112, identity(""), identity("").replacen(".000Z", ".00Z", 1)),
        case(
            Code::E113,
            timed("opinion", &format!(r#""opinion":"agree","object_refs":["{URL}"]"#)),
            timed("opinion", &format!(r#""opinion":"Agree","object_refs":["{URL}"]"#)),
        ),
        case(Code::N115, identity(r#""identity_class":"group""#), identity(r#""identity_class":"club""#)),
        with(
            Code::W116,
            &[Code::N115],
            identity(r#""identity_class":"own-class""#),
            identity(r#""identity_class":"Own class""#),
        ),
        with(
            Code::E117,
            &[],
            hashes(&format!(r#""SHA-256":"{SHA_256}""#)),
            hashes(&format!(r#""SHA-256":"{SHA_256}","a b":"x""#)),
        ),
        case(Code::E118, hashes(&format!(r#""SHA-256":"{SHA_256}""#)), hashes(&format!(r#""SHA-256":"{SHA_256}0""#))),
        with(
            Code::W119,
            &[Code::N120],
            hashes(r#""MD5":"6f5902ac237024bdd0c176cb93063dc4""#),
            hashes(&format!(r#""sha256":"{SHA_256}""#)),
        ),
        case(
            Code::N120,
            hashes(&format!(r#""SHA-256":"{SHA_256}""#)),
            hashes(r#""MD5":"6f5902ac237024bdd0c176cb93063dc4""#),
        ),
        case(Code::E121, environment(r#""A-b_9":"c""#), environment(r#""A b":"c""#)),
        case(Code::E121, environment(r#""A":"1""#), environment(r#""A":1"#)),
        with(Code::E121, &[Code::N130], identity(r#""x_a":{"b":0}"#), identity(r#""x_a":{"b.c":0}"#)),
        case(Code::E123, identity(r#""lang":"de-AT""#), identity(r#""lang":"deutsch""#)),
        case(Code::W150, file(r#""magic_number_hex":"4d5a""#), file(r#""magic_number_hex":"4D5A""#)),
        case(Code::N151, observable("process", r#""pid":7"#), observable("process", r#""pid":7.0"#)),
    ]
}

fn names() -> Vec<Case> {
    vec![
        case(Code::E125, identity(""), identity("").replace(r#""name":"A""#, r#""roles":["A"]"#)),
        case(Code::E125, identity(""), identity("").replace(r#""spec_version":"2.1","#, "")),
        case(
            Code::E126,
            observable("url", r#""value":"http://a.example/","defanged":false"#),
            identity(r#""defanged":false"#),
        ),
        case(Code::E127, identity(r#""roles":["a"]"#), identity(r#""username":"a""#)),
        with(Code::E128, &[Code::N130], identity(r#""x_abc":1"#), identity(r#""x_abC":1"#)),
        with(Code::W129, &[Code::N130], identity(r#""x_abc":1"#), identity(r#""abc":1"#)),
        case(Code::N130, identity(""), identity(r#""x_abc":1"#)),
        case(
            Code::N131,
            observable("domain-name", r#""value":"a.example""#),
            observable("domain-name", &format!(r#""value":"a.example","resolves_to_refs":["ipv4-addr--{UUID}"]"#)),
        ),
        case(
            Code::W132,
            identity(r#""labels":["a"]"#),
            observable("url", r#""value":"http://a.example/","labels":["a"]"#),
        ),
        case(Code::E203, identity(""), identity("").replace(r#""type":"identity""#, r#""type":"Identity""#)),
        with(
            Code::E203,
            &[Code::E127],
            identity(""),
            identity("").replace(r#""type":"identity""#, r#""type":"bundle""#),
        ),
        case(Code::N711, identity(""), timed("x-acme-case", r#""name":"A""#)),
        with(Code::W712, &[Code::N711], timed("x-acme-case", r#""name":"A""#), timed("acme-case", r#""name":"A""#)),
    ]
}

fn identifiers() -> Vec<Case> {
    let address = |id: &str| format!(r#"{{"type":"ipv4-addr","id":"ipv4-addr--{id}","value":"192.0.2.44"}}"#);
    vec![
        case(Code::E201, identity(""), identity("").replace(UUID, "8e2e2d2b17d44cbf938f98ee46b3cd3f")),
        case(
            Code::E201,
            timed("note", &format!(r#""content":"a","object_refs":["{URL}"]"#)),
            timed("note", r#""content":"a","object_refs":["urn:a"]"#),
        ),
        case(Code::E202, identity(""), identity("").replace(UUID, "8e2e2d2b-17d4-4cbf-c38f-98ee46b3cd3f")),
        case(Code::E202, identity(""), identity("").replace(UUID, "00000000-0000-0000-0000-000000000000")),
        case(
            Code::E204,
            timed("sighting", &format!(r#""sighting_of_ref":"x-acme-case--{UUID}""#)),
            timed("sighting", &format!(r#""sighting_of_ref":"ipv4-addr--{UUID}""#)),
        ),
        case(Code::E204, relationship("related-to", "tool", "tool"), relationship("related-to", "tool", "sighting")),
        case(Code::E205, identity(""), identity("").replace("\"identity--", "\"tool--")),
        case(
            Code::W206,
            identity(&format!(r#""created_by_ref":"identity--{UUID}""#)),
            identity(&format!(r#""created_by_ref":"tool--{UUID}""#)),
        ),
        case(
            Code::E207,
            observable("process", r#""pid":1"#),
            observable("process", r#""pid":1"#).replace(UUID, UUID_5),
        ),
        case(
            Code::E207,
            observable("user-account", r#""display_name":"a""#),
            observable("user-account", r#""display_name":"a""#).replace(UUID, UUID_5),
        ),
        case(Code::W208, identity(""), identity("").replace(UUID, "8e2e2d2b-17d4-7cbf-938f-98ee46b3cd3f")),
        case(Code::W210, address("59bca7b5-de05-591d-9d1c-266072549107"), address(UUID_5)),
        case(Code::N211, identity(""), identity("").replace(UUID, UUID_5)),
        case(Code::W212, identity(""), identity("").replace(UUID, &UUID.to_uppercase())),
        with(
            Code::E213,
            &[Code::N131],
            contained(
                r#""1":{"type":"email-message","is_multipart":false,"from_ref":"2"},"2":{"type":"email-addr","value":"a@b.example"}"#,
            ),
            contained(
                r#""1":{"type":"email-message","is_multipart":false,"from_ref":"3"},"2":{"type":"email-addr","value":"a@b.example"}"#,
            ),
        ),
        with(
            Code::E204,
            &[Code::N131],
            contained(
                r#""1":{"type":"email-message","is_multipart":false,"from_ref":"2"},"2":{"type":"email-addr","value":"a@b.example"}"#,
            ),
            contained(r#""1":{"type":"email-message","is_multipart":false,"from_ref":"0"}"#),
        ),
    ]
}

fn times() -> Vec<Case> {
    let campaign = |last: &str| {
        timed("campaign", &format!(r#""name":"A","first_seen":"2026-01-02T00:00:00Z","last_seen":"{last}""#))
    };
    let analysis = |end: &str| {
        timed(
            "malware-analysis",
            &format!(
                r#""product":"a","result":"benign","analysis_started":"2026-01-02T00:00:00Z","analysis_ended":"{end}""#
            ),
        )
    };
    let url =
        r#""value":"http://a.example/","created":"2026-11-01T08:15:30.000Z","modified":"2026-11-01T08:15:30.000Z""#;
    let deterministic = format!(r#"{{"type":"url","id":"{URL}","value":"http://c2.monsoon.example/gate.php?id=7""#);
    vec![
        case(Code::E301, campaign("2026-01-02T00:00:00.0Z"), campaign("2026-01-01T23:59:59.9999999999Z")),
        case(Code::E301, identity(""), identity("").replacen("2026-11-01", "2026-11-02", 1)),
        case(
            Code::E301,
            indicator(r#","valid_until":"2026-11-01T08:15:30.0000000001Z""#),
            indicator(r#","valid_until":"2026-11-01T08:15:30.000Z""#),
        ),
        case(Code::W302, analysis("2026-01-02T00:00:00Z"), analysis("2026-01-01T00:00:00Z")),
        case(Code::E304, identity(""), identity("").replace("\"2.1\"", "\"3.0\"")),
        case(
            Code::E304,
            observable("mutex", r#""name":"a","spec_version":"2.1""#),
            observable("mutex", r#""name":"a","spec_version":"2.0""#),
        ),
        case(Code::W305, identity(""), identity("").replace("\"2.1\"", "\"2.0\"")),
        case(Code::W310, observable("url", r#""value":"http://a.example/""#), observable("url", url)),
        with(
            Code::E311,
            &[],
            format!("{deterministic}}}"),
            format!(r#"{deterministic},"created":"2026-11-01T08:15:30.000Z","modified":"2026-11-01T08:15:30.000Z"}}"#),
        ),
    ]
}

fn markings() -> Vec<Case> {
    let granular = |entry: &str| identity(&format!(r#""granular_markings":[{{{entry}}}]"#));
    let tlp = |level: Tlp| std::str::from_utf8(level.definition()).unwrap().to_owned();
    let marks = |ids: &[&str]| identity(&format!(r#""object_marking_refs":["{}"]"#, ids.join("\",\"")));
    let white = r#"{"type":"marking-definition","spec_version":"2.1","id":"marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9","created":"2017-01-20T00:00:00.000Z","definition_type":"tlp","name":"TLP:WHITE","definition":{"tlp":"white"}}"#;
    let selected = |selector: &str| granular(&format!(r#""lang":"en","selectors":["{selector}"]"#));
    let tree =
        r#""labels":["a","b"],"external_references":[{"source_name":"s","description":"d"}],"granular_markings":"#;
    let nested = |selector: &str| identity(&format!(r#"{tree}[{{"lang":"en","selectors":["{selector}"]}}]"#));
    let mut cases = vec![
        with(Code::E401, &[Code::N131], statement(""), marking(r#""definition_type":"statement""#)),
        with(
            Code::E401,
            &[Code::N131],
            statement(""),
            statement("").replace(r#"{"statement":"a"}"#, r#"{"text":"a"}"#),
        ),
        case(Code::E402, granular(r#""lang":"en","selectors":["name"]"#), granular(r#""selectors":["name"]"#)),
        case(
            Code::E402,
            granular(&format!(r#""marking_ref":"{MARKING}","selectors":["name"]"#)),
            granular(&format!(r#""lang":"en","marking_ref":"{MARKING}","selectors":["name"]"#)),
        ),
        case(Code::E403, selected("name"), selected("name.")),
        case(Code::E404, selected("name"), selected("pattern")),
        with(
            Code::E405,
            &[Code::N131],
            statement(&format!(r#","object_marking_refs":["{}"]"#, Tlp::Red.marking_id())),
            statement(&format!(r#","object_marking_refs":["{MARKING}"]"#)),
        ),
        case(Code::E406, tlp(Tlp::Clear), tlp(Tlp::Clear).replace("\"clear\"", "\"red\"")),
        case(Code::E406, tlp(Tlp::Clear), tlp(Tlp::Clear).replace("94868c89", "a4868c89")),
        with(Code::E406, &[Code::N131], white, white.replace("613f2e26", "713f2e26")),
        case(
            Code::W407,
            marks(&[Tlp::Clear.marking_id(), "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9"]),
            marks(&[Tlp::Clear.marking_id(), Tlp::Red.marking_id()]),
        ),
        case(
            Code::W407,
            identity(&format!(
                r#""granular_markings":[{{"marking_ref":"{}","selectors":["name"]}},{{"marking_ref":"{}","selectors":["type"]}}]"#,
                Tlp::Red.marking_id(),
                Tlp::Green.marking_id()
            )),
            identity(&format!(
                r#""granular_markings":[{{"marking_ref":"{}","selectors":["name"]}},{{"marking_ref":"{}","selectors":["name"]}}]"#,
                Tlp::Red.marking_id(),
                Tlp::Green.marking_id()
            )),
        ),
        with(Code::W411, &[Code::N131], white, white.replace(r#""name":"TLP:WHITE","#, "")),
        with(
            Code::W705,
            &[Code::N131],
            statement(""),
            marking(r#""definition_type":"iep","definition":{"iep-version":2}"#),
        ),
    ];
    // The table of selectors of the design.
    for good in ["labels", "labels.[1]", "external_references.[0].source_name"] {
        for bad in ["labels.[2]", "name.[0]", "labels.a", "external_references.0"] {
            cases.push(case(Code::E404, nested(good), nested(bad)));
        }
        for bad in ["labels[0]", ".name", "labels.[-1]", "labels.[*]", ""] {
            cases.push(case(Code::E403, nested(good), nested(bad)));
        }
    }
    cases
}

fn domain() -> Vec<Case> {
    let location = |members: &str| timed("location", members);
    let malware = |members: &str| timed("malware", members);
    let analysis = |members: &str| timed("malware-analysis", members);
    let phase = |name: &str| {
        timed("tool", &format!(r#""name":"a","kill_chain_phases":[{{"kill_chain_name":"{name}","phase_name":"a"}}]"#))
    };
    vec![
        case(Code::E501, location(r#""region":"asia""#), location(r#""region":"asia","latitude":1"#)),
        case(
            Code::E501,
            location(r#""latitude":1,"longitude":1,"precision":10"#),
            location(r#""region":"asia","precision":10"#),
        ),
        case(Code::E502, location(r#""country":"DE""#), location(r#""city":"Berlin""#)),
        case(Code::E503, malware(r#""is_family":false"#), malware(r#""is_family":true"#)),
        case(Code::E504, analysis(r#""product":"a","result":"benign""#), analysis(r#""product":"a""#)),
        case(
            Code::E505,
            observed(&format!(r#""object_refs":["relationship--{UUID}","{URL}"]"#)),
            observed(&format!(r#""object_refs":["relationship--{UUID}"]"#)),
        ),
        with(
            Code::E506,
            &[Code::N131],
            contained(r#""1":{"type":"mutex","name":"a"}"#),
            observed(&format!(r#""object_refs":["{URL}"],"objects":{{"0":{{"type":"mutex","name":"a"}}}}"#)),
        ),
        case(Code::E506, observed(&format!(r#""object_refs":["{URL}"]"#)), observed(r#""confidence":1"#)),
        case(
            Code::W507,
            analysis(r#""product":"own-box","result":"benign""#),
            analysis(r#""product":"Own box","result":"benign""#),
        ),
        case(Code::W508, location(r#""country":"DE""#), location(r#""country":"de""#)),
        case(
            Code::W508,
            location(r#""country":"DE","administrative_area":"DE-BY""#),
            location(r#""country":"DE","administrative_area":"Bavaria""#),
        ),
        with(
            Code::E509,
            &[Code::W510],
            relationship("own-type", "tool", "malware"),
            relationship("own_type", "tool", "malware"),
        ),
        case(
            Code::W510,
            relationship("drops", "tool", "malware"),
            relationship("drops", "malware-analysis", "malware"),
        ),
        case(
            Code::W510,
            relationship("indicates", "indicator", "tool"),
            relationship("indicates", "tool", "indicator"),
        ),
        case(Code::E511, reference(r#""source_name":"a","external_id":"1""#), reference(r#""source_name":"a""#)),
        case(
            Code::E512,
            reference(r#""source_name":"cve","external_id":"CVE-2026-0001""#),
            reference(r#""source_name":"cve","external_id":"CVE-26-0001""#),
        ),
        case(
            Code::E512,
            reference(r#""source_name":"capec","external_id":"CAPEC-1""#),
            reference(r#""source_name":"mitre","external_id":"CAPEC-1""#),
        ),
        case(
            Code::N513,
            reference(&format!(r#""source_name":"a","url":"http://a.example/","hashes":{{"SHA-256":"{SHA_256}"}}"#)),
            reference(r#""source_name":"a","url":"http://a.example/""#),
        ),
        case(Code::W514, phase("own-chain"), phase("Own Chain")),
        case(Code::N515, relationship("drops", "tool", "malware"), relationship("drops", "tool", "x-acme-case")),
        case(
            Code::W519,
            indicator("").replace(r#""name":"A""#, r#""description":"A""#),
            indicator("").replace(r#""name":"A","#, ""),
        ),
        case(Code::W906, indicator(r#","pattern_version":"2.0""#), indicator(r#","pattern_version":"2.2""#)),
        case(
            Code::W906,
            indicator(r#","pattern_version":"2.2""#).replace("\"stix\"", "\"yara\""),
            indicator(r#","pattern_version":"2.2""#),
        ),
        case(Code::E123, translation(r#""name":"B""#), translation(r#""name":"B""#).replace("\"de\"", "\"deutsch\"")),
        case(Code::E128, translation(r#""name":"B""#), translation(r#""Name":"B""#)),
        case(Code::E101, translation(r#""name":"B""#), translation(r#""name":7"#)),
    ]
}

fn observables() -> Vec<Case> {
    let artifact = |members: &str| observable("artifact", members);
    let message = |members: &str| observable("email-message", members);
    let part = |members: &str| message(&format!(r#""is_multipart":true,"body_multipart":[{{{members}}}]"#));
    let value = |object_type: &str, text: &str| observable(object_type, &format!(r#""value":"{text}""#));
    let with_hashes = format!(r#""url":"http://a.example/","hashes":{{"SHA-256":"{SHA_256}"}}"#);
    let key = |text: &str| observable("windows-registry-key", &format!(r#""key":"{text}""#));
    let software = |members: &str| observable("software", &format!(r#""name":"a",{members}"#));
    let socket = |name: &str| {
        traffic(&format!(r#","extensions":{{"socket-ext":{{"address_family":"AF_INET","options":{{"{name}":1}}}}}}"#))
    };
    let pe = |members: &str| file(&format!(r#""extensions":{{"windows-pebinary-ext":{{"pe_type":"exe"{members}}}}}"#));
    let priority = |text: &str| {
        observable("process", &format!(r#""extensions":{{"windows-process-ext":{{"priority":"{text}"}}}}"#))
    };
    let header = |name: &str| {
        traffic(&format!(
            r#","extensions":{{"http-request-ext":{{"request_method":"get","request_value":"/","request_header":{{"{name}":["a"]}}}}}}"#
        ))
    };
    vec![
        case(Code::E601, artifact(r#""payload_bin":"TVo=""#), artifact(r#""mime_type":"text/plain""#)),
        case(Code::E601, artifact(&with_hashes), artifact(&format!(r#"{with_hashes},"payload_bin":"TVo=""#))),
        case(Code::E602, artifact(&with_hashes), artifact(r#""url":"http://a.example/""#)),
        case(
            Code::E603,
            artifact(r#""payload_bin":"TVo=","decryption_key":"a","encryption_algorithm":"AES-256-GCM""#),
            artifact(r#""payload_bin":"TVo=","decryption_key":"a""#),
        ),
        case(Code::E604, message(r#""is_multipart":false,"body":"a""#), message(r#""is_multipart":true,"body":"a""#)),
        case(Code::E604, part(r#""body":"a""#), part(r#""body":"a""#).replace("true", "false")),
        case(Code::E605, file(""), observable("file", r#""size":1"#)),
        case(Code::E606, value("ipv4-addr", "192.0.2.128/25"), value("ipv4-addr", "192.0.2.128/33")),
        case(Code::E607, value("ipv6-addr", "2001:DB8::44"), value("ipv6-addr", "2001:db8:::44")),
        case(Code::E608, value("mac-addr", "02:00:5e:10:00:ff"), value("mac-addr", "02-00-5e-10-00-ff")),
        case(Code::E609, value("domain-name", "c2.monsoon.example"), value("domain-name", "c2..example")),
        case(Code::E610, value("email-addr", "a@isp.example"), value("email-addr", "A <a@isp.example>")),
        case(Code::E611, value("url", "http://a.example/"), value("url", "http://a.example/ b")),
        case(
            Code::E612,
            file(r#""name_enc":"UTF-8""#),
            observable("file", &format!(r#""name_enc":"UTF-8","hashes":{{"SHA-256":"{SHA_256}"}}"#)),
        ),
        case(Code::E613, file(r#""name_enc":"UTF-8""#), file(r#""name_enc":"utf8""#)),
        case(
            Code::E614,
            artifact(r#""payload_bin":"TVo=","mime_type":"text/plain""#),
            artifact(r#""payload_bin":"TVo=","mime_type":"plain""#),
        ),
        case(Code::N615, file(r#""mime_type":"text/plain""#), file(r#""mime_type":"text/own""#)),
        case(
            Code::W616,
            observable("autonomous-system", r#""number":4294967295"#),
            observable("autonomous-system", r#""number":4294967296"#),
        ),
        case(
            Code::E617,
            traffic(r#","is_active":false,"end":"2026-11-01T00:00:00Z""#),
            traffic(r#","is_active":true,"end":"2026-11-01T00:00:00Z""#),
        ),
        case(Code::N618, traffic(""), traffic("").replace("\"tcp\"", "\"own-protocol\"")),
        case(Code::N618, header("User-Agent"), header("Own-Header")),
        case(Code::W619, traffic(""), traffic("").replace("\"tcp\"", "\"TCP\"")),
        case(Code::E620, traffic(""), observable("network-traffic", r#""protocols":["tcp"],"src_port":1"#)),
        case(Code::N621, traffic(""), traffic("").replace(r#","src_port":1"#, "")),
        case(Code::E622, observable("process", r#""pid":1"#), observable("process", r#""spec_version":"2.1""#)),
        case(Code::E622, pe(r#","imphash":"a""#), pe("")),
        case(
            Code::E623,
            software(r#""cpe":"cpe:2.3:a:f5:nginx:1.27.1:*:*:*:*:*:*:*""#),
            software(r#""cpe":"cpe:/a:f5:nginx""#),
        ),
        case(Code::E624, key(r"HKEY_CURRENT_USER\\Software"), key(r"HKCU\\Software")),
        case(
            Code::W625,
            pe(r#","time_date_stamp":"2016-01-01T00:00:00.000Z""#),
            pe(r#","time_date_stamp":"2016-01-01T00:00:00.5Z""#),
        ),
        case(Code::W626, socket("SO_REUSEADDR"), socket("REUSEADDR")),
        case(Code::W627, priority("HIGH_PRIORITY_CLASS"), priority("HIGH")),
        case(Code::E628, part(r#""body":"a""#), part(r#""content_type":"text/plain""#)),
        case(
            Code::W629,
            part(&format!(r#""body_raw_ref":"file--{UUID}""#)),
            part(&format!(r#""body":"a","body_raw_ref":"file--{UUID}""#)),
        ),
        case(Code::W630, software(r#""languages":["en"]"#), software(r#""languages":["eng"]"#)),
        case(
            Code::W632,
            observable("url", r#""value":"http://a.example/","defanged":true"#),
            observable("url", r#""value":"hxxp://a[.]example/","defanged":true"#),
        ),
        case(
            Code::E611,
            observable("url", r#""value":"http://a.example/","defanged":false"#),
            observable("url", r#""value":"hxxp://a[.]example/","defanged":false"#),
        ),
        case(Code::W635, value("url", "http://a.example/%C3%BC"), value("url", "http://a.example/ü")),
        case(Code::W636, value("domain-name", "a.example"), value("domain-name", "192.0.2.1")),
    ]
}

fn extensions() -> Vec<Case> {
    let extended = |key: &str, content: &str| identity(&format!(r#""extensions":{{"{key}":{content}}}"#));
    let top = |members: &str| {
        extended(EXTENSION, r#"{"extension_type":"toplevel-property-extension"}"#)
            .replace("\"name\":\"A\"", &format!("\"name\":\"A\"{members}"))
    };
    vec![
        case(
            Code::W701,
            definition(r#""description":"a","extension_types":["property-extension"]"#),
            definition(r#""extension_types":["property-extension"]"#),
        ),
        case(
            Code::N702,
            definition(r#""description":"a","extension_types":["property-extension"]"#),
            definition(r#""description":"a","extension_types":["property-extension"]"#).replace("1.0.0", "1.0"),
        ),
        case(
            Code::E703,
            definition(
                r#""description":"a","extension_types":["toplevel-property-extension"],"extension_properties":["abc"]"#,
            ),
            definition(r#""description":"a","extension_types":["property-extension"],"extension_properties":["abc"]"#),
        ),
        case(
            Code::W704,
            definition(r#""description":"a","extension_types":["property-extension"]"#),
            definition(r#""description":"a","extension_types":["toplevel-property-extension"]"#),
        ),
        case(
            Code::E706,
            file(r#""extensions":{"ntfs-ext":{"sid":"a"}}"#),
            observable("process", r#""extensions":{"ntfs-ext":{"sid":"a"}}"#),
        ),
        case(
            Code::E707,
            extended(EXTENSION, r#"{"extension_type":"property-extension","rank":1}"#),
            extended(EXTENSION, r#"{"rank":1}"#),
        ),
        case(
            Code::E113,
            extended(EXTENSION, r#"{"extension_type":"property-extension","rank":1}"#),
            extended(EXTENSION, r#"{"extension_type":"own-extension","rank":1}"#),
        ),
        case(Code::N708, identity(""), extended("x-acme-ext", r#"{"rank":1}"#)),
        with(Code::E709, &[Code::N708], extended("x-acme-ext", r#"{"rank":1}"#), extended("acme", r#"{"rank":1}"#)),
        // A top-level extension covers properties without `x_`.
        with(Code::W129, &[Code::N130], top(r#","rank":1"#), identity(r#""rank":1"#)),
        // A custom type that an extension describes needs no `x-`.
        with(
            Code::W712,
            &[Code::N711],
            timed("acme-case", &format!(r#""rank":1,"extensions":{{"{EXTENSION}":{{"extension_type":"new-sdo"}}}}"#)),
            timed("acme-case", r#""rank":1"#),
        ),
        // The spelling of one table of the errata is custom.
        with(
            Code::W129,
            &[Code::N130],
            observable("process", r#""extensions":{"windows-process-ext":{"window_title":"a","x_b_c":1}}"#),
            observable("process", r#""extensions":{"windows-process-ext":{"window_title":"a","windows_title":"a"}}"#),
        ),
    ]
}

#[test]
fn each_code_has_an_object_that_raises_it_and_a_neighbour_that_does_not() {
    for case in alone() {
        hold(&case, &Context::default());
    }
}

/// Codes that take more than one object, a pattern, or something at hand; their tests stand beside what raises them.
fn needs_more(code: Code) -> bool {
    let of_versions = [Code::E306, Code::E307, Code::E308, Code::W309, Code::N312];
    let of_context = [Code::E303, Code::N408, Code::N633, Code::E634, Code::N710];
    let is_of_bundles = code.as_str().contains("-8");
    let is_of_patterns = code.as_str().contains("-9") && code != Code::W906;
    of_versions.contains(&code) || of_context.contains(&code) || is_of_bundles || is_of_patterns
}

#[test]
fn no_code_is_without_a_case() {
    let tested: BTreeSet<Code> = alone().iter().map(|case| case.code).collect();
    let missing: Vec<&Code> = Code::ALL.iter().filter(|code| !needs_more(**code) && !tested.contains(code)).collect();
    assert_eq!(missing, Vec::<&Code>::new());
}
