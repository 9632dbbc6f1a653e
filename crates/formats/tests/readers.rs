//! Each reader on small documents of our own, through the public door.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests, not only test functions")]

use std::ops::ControlFlow;

use entente_formats::{
    Class, Column, CsvMap, Finding, Format, FormatError, Item, Options, Rejected, Subject, Summary, Zone, detect, read,
};
use entente_observable::{Flag, Kind};
use entente_stix::Timestamp;
use entente_stix::marking::{Pap, Tlp};

struct Read {
    findings: Vec<Finding>,
    objects: Vec<(String, Vec<u8>)>,
    rejected: Vec<Rejected>,
    summary: Summary,
}

fn options() -> Options {
    Options::new(Timestamp::parse("2031-01-01T00:00:00Z").unwrap())
}

fn read_with(format: Format, bytes: &[u8], options: &Options) -> Result<Read, FormatError> {
    let mut read_out =
        Read { findings: Vec::new(), objects: Vec::new(), rejected: Vec::new(), summary: Summary::default() };
    let mut input = bytes;
    read_out.summary = read(format, &mut input, options, &mut |item| {
        match item {
            Item::Finding(finding) => read_out.findings.push(finding),
            Item::Object { raw, line_or_pointer } => read_out.objects.push((line_or_pointer, raw)),
            Item::Rejected(rejected) => read_out.rejected.push(rejected),
        }
        ControlFlow::Continue(())
    })?;
    Ok(read_out)
}

fn read_text(format: Format, text: &str) -> Read {
    read_with(format, text.as_bytes(), &options()).unwrap()
}

fn values(read: &Read) -> Vec<&str> {
    read.findings.iter().map(|finding| finding.observable.value.as_str()).collect()
}

fn codes(read: &Read) -> Vec<(u64, &str)> {
    read.rejected.iter().map(|rejected| (rejected.line, rejected.code)).collect()
}

fn at(text: &str) -> Option<Timestamp> {
    Some(Timestamp::parse(text).unwrap())
}

const LIST: &str = "# a list\n! also a comment\n; and this\n\nlogin[.]bank[.]example\n203.0.113.9 # seen twice\n\
198.51.100.0/24 ; SBL1\nhxxps://pay[.]shop[.]example/kit#frag\nhttp://shop.example/a b\nnot a value\n\
203.0.113.7:8080\n198.51.100.7\t4\n0.0.0.0 bad.example worse.example\n127.0.0.1 localhost\n\
0123456789abcdef0123456789abcdef\nmail..post.example\n";

/// Breaks when a dialect of plain lists is no longer read, or a broken line stops the rest.
#[test]
fn list_reads_every_dialect_and_counts_the_broken() {
    let read = read_text(Format::List, LIST);
    assert_eq!(
        values(&read),
        [
            "login.bank.example",
            "203.0.113.9",
            "198.51.100.0/24",
            "https://pay.shop.example/kit",
            "http://shop.example/a%20b",
            "203.0.113.7",
            "198.51.100.7",
            "bad.example",
            "worse.example",
            "0123456789abcdef0123456789abcdef"
        ]
    );
    assert_eq!(codes(&read), [(10, "kind.undetected"), (16, "domain.empty_label")]);
    assert_eq!((read.summary.rows, read.summary.findings, read.summary.skipped), (12, 10, 1));
    assert_eq!(read.summary.rejected_rows(), 2);
    assert_eq!(read.findings[5].port, Some(8080));
    assert_eq!(read.findings[6].confidence, Some(62));
    assert!(read.findings[3].flags.contains(&Flag::FragmentDropped));
}

/// Breaks when line ends, a mark at the start, or a missing last line end change what is read.
#[test]
fn list_is_the_same_with_crlf_and_byte_order_mark() {
    let plain = read_text(Format::List, LIST);
    let changed = format!("\u{feff}{}", LIST.trim_end().replace('\n', "\r\n"));
    let other = read_text(Format::List, &changed);
    assert_eq!(values(&other), values(&plain));
    assert_eq!(codes(&other), codes(&plain));
}

/// Breaks when one line in another encoding, with a NUL, or beyond the limit spoils its neighbours.
#[test]
fn list_survives_foreign_bytes_and_endless_lines() {
    let mut bytes = b"b\xfccher.example\nshop.example\na\0b.example\n".to_vec();
    bytes.extend_from_slice(&vec![b'a'; 1_100_000]);
    bytes.extend_from_slice(b"\npost.example");
    let read = read_with(Format::List, &bytes, &options()).unwrap();
    assert_eq!(values(&read), ["xn--bcher-kva.example", "shop.example", "post.example"]);
    assert_eq!(read.findings[0].remarks, ["encoding-guessed"]);
    assert_eq!(codes(&read), [(3, "row.nul"), (4, "row.length")]);
    assert!(read.rejected.iter().all(|rejected| rejected.raw.len() <= 256));
}

/// Breaks when a list that changed its format can empty what it fed.
#[test]
fn a_list_with_many_broken_rows_is_broken() {
    let rows = |broken: usize| format!("{}{}", "no value\n".repeat(broken), "shop.example\n".repeat(20 - broken));
    assert!(!read_text(Format::List, &rows(4)).summary.is_broken());
    assert!(read_text(Format::List, &rows(5)).summary.is_broken());
    assert!(!read_text(Format::List, "no value\n").summary.is_broken());
}

/// Breaks when the sink cannot stop a reader.
#[test]
fn reading_stops_when_the_sink_breaks() {
    let mut seen = 0;
    let mut input = "a.example\nb.example\nc.example\n".as_bytes();
    let summary = read(Format::List, &mut input, &options(), &mut |_| {
        seen += 1;
        if seen == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .unwrap();
    assert_eq!((seen, summary.findings, summary.stopped), (2, 2, true));
}

const MAP: &str = r#"
value = "value"
kind = "type"
kinds = { ipv4 = "ipv4-addr", host = "domain-name" }
class = "role"
country = "cc"
first_seen = "first_reported"
last_seen = "last_reported"
port = { column = "ports", split = "|" }
labels = { column = "labels", split = "|" }
sources = { column = "lists", split = "|" }

[when.c2]
class = "c2"

[when.phishing]
class = "phishing"

[when.compromised-government]
class = "compromised"
subject = "victim"
sectors = ["government"]

[when.ignored]
skip = true
"#;

fn table_options() -> Options {
    let mut options = options();
    options.map = Some(toml::from_str(MAP).unwrap());
    options
}

const TABLE: &str = "Type,Value,role,cc,asn,as_name,labels,ports,first_reported,last_reported,lists\n\
ipv4,203.0.113.9,c2,ID,64500,\"Harbour, Inc.\",remcos|quasar,443,2030-01-02,2030-02-03,alpha\n\
host,portal.ministry.example,compromised-government,TH,,,webshell,,2030-05-06,2030-05-06,alpha|beta\n\
host,bad..example,phishing,ID,,,,,,,\n\
\"host\",\"pay.\nexample\",phishing,ID,,,,,,,\n\
sha9,abc,c2,ID,,,,,,,\n\
ipv4,198.51.100.4,c2,XX,,,-,80|443,2999-01-01,soon,None\n\
host,x.example,ignored,ID,,,,,,,\n\
host\n";

/// Breaks when a mapped column lands elsewhere, or a broken row stops the rest.
#[test]
fn csv_reads_by_its_map() {
    let read = read_with(Format::Csv, TABLE.as_bytes(), &table_options()).unwrap();
    assert_eq!(values(&read), ["203.0.113.9", "portal.ministry.example", "198.51.100.4"]);
    assert_eq!(codes(&read), [(4, "domain.empty_label"), (5, "domain.character"), (7, "row.kind"), (10, "row.value")]);
    assert_eq!((read.summary.rows, read.summary.skipped), (8, 1));

    let first = &read.findings[0];
    assert_eq!(
        (first.class, first.subject, first.country, first.port),
        (Class::C2, Subject::Infrastructure, Some(*b"ID"), Some(443))
    );
    assert_eq!((first.first_seen, first.last_seen), (at("2030-01-02T00:00:00Z"), at("2030-02-03T00:00:00Z")));
    assert_eq!(first.labels, ["remcos", "quasar"]);
    assert_eq!(first.sources, ["alpha"]);
    assert_eq!(first.remarks, ["zone-assumed"]);
    assert_eq!(first.extra, [("asn".into(), "64500".into()), ("as_name".into(), "Harbour, Inc.".into())]);

    let victim = &read.findings[1];
    assert_eq!((victim.class, victim.subject), (Class::Compromised, Subject::Victim));
    assert_eq!(victim.sectors, ["government"]);
    assert_eq!(victim.kind, Some(Kind::DomainName));

    let odd = &read.findings[2];
    assert_eq!((odd.port, odd.country, odd.labels.len(), odd.sources.len()), (None, None, 0, 0));
    assert_eq!(odd.first_seen, at("2031-01-01T00:00:00Z"));
    assert_eq!(odd.remarks, ["zone-assumed", "future", "time-unread"]);
    assert!(odd.extra.contains(&("ports".to_owned(), "80,443".to_owned())));
}

/// Breaks when the order of columns matters.
#[test]
fn csv_finds_columns_by_name() {
    let text = "ports;cc;value;labels;type;role;first_reported;last_reported;lists\n443;ID;203.0.113.9;x;ipv4;c2;;;\n";
    let mut options = table_options();
    options.map.as_mut().unwrap().separator = ';';
    let read = read_with(Format::Csv, text.as_bytes(), &options).unwrap();
    assert_eq!(values(&read), ["203.0.113.9"]);
    assert_eq!(read.findings[0].port, Some(443));
}

/// Breaks when a wrong map is found out only by wrong data.
#[test]
fn csv_refuses_maps_that_do_not_fit() {
    let code = |text: &str, options: &Options| read_with(Format::Csv, text.as_bytes(), options).err().map(|e| e.code());
    assert_eq!(code("a,b\n1,2\n", &options()), Some("map.missing"));
    assert_eq!(code("a,b\n1,2\n", &table_options()), Some("map.column"));
    let mut wrong = options();
    wrong.map = Some(toml::from_str("value = 1\ndefault_kind = \"planet\"").unwrap());
    assert_eq!(code("a\n", &wrong), Some("map.word"));
    assert!(toml::from_str::<CsvMap>("value = 1\nvalu = 2").is_err());
    let mut positions = options();
    positions.map = Some(CsvMap { header: false, ..CsvMap::of(Column::Position(2)) });
    let read = read_with(Format::Csv, b"x,shop.example\n", &positions).unwrap();
    assert_eq!(values(&read), ["shop.example"]);
}

const THREATFOX: &str = r#"################################################
# "first_seen_utc","ioc_id","ioc_value","ioc_type","threat_type","fk_malware","malware_alias","malware_printable","last_seen_utc","confidence_level","is_compromised","reference","tags","anonymous","reporter"
"2030-08-30 01:39:33", "11", "portal.shop.example", "domain", "botnet_cc", "php.kit", "None", "php.kit", "", "50", "True", "None", "None", "0", "ann"
"2030-08-30 01:34:48", "12", "3dd25cbfe76db155615283f905992030468f3da9", "sha256_hash", "payload", "win.crab", "None", "Crab", "", "95", "False", "None", "a,b", "0", "ben"
"2030-08-30 01:34:48", "13", "2001:db8:1::5:8080", "ip:port", "botnet_cc", "win.crab", "None", "None", "2030-08-31 00:00:00", "75", "False", "https://report.example/1", "None", "0", "ben"
"2030-08-30 01:34:48", "14", "203.0.113.9:0", "ip:port", "botnet_cc", "win.crab", "None", "Crab", "", "75", "False", "None", "None", "0", "ben"
"2030-08-30 01:34:48", "15", "203.0.113.9:443", "ip:port", "botnet_cc", "win.crab", "None", "Crab", "", "75", "None", "None", "0", "ben"
"wrong", "row"
# Number of entries: 6
"#;

/// Breaks when a trap of the ThreatFox export returns: blanks after commas, `None`, 14 columns, another hash length.
#[test]
fn threatfox_reads_its_traps() {
    let read = read_text(Format::ThreatfoxCsv, THREATFOX);
    assert_eq!(
        values(&read),
        ["portal.shop.example", "3dd25cbfe76db155615283f905992030468f3da9", "2001:db8:1::5", "203.0.113.9"]
    );
    assert_eq!(codes(&read), [(6, "port.range"), (8, "row.columns")]);
    let [site, hash, address, older] = read.findings.as_slice() else { unreachable!() };
    assert_eq!((site.class, site.subject, site.confidence), (Class::Compromised, Subject::Victim, Some(50)));
    assert_eq!((site.first_seen, site.last_seen), (at("2030-08-30T01:39:33Z"), None));
    assert!(site.labels.is_empty() && site.reference.is_none() && site.remarks.is_empty());
    assert_eq!((hash.class, hash.observable.hash_algorithm), (Class::MalwareDistribution, Some("sha1")));
    assert_eq!(hash.labels, ["a", "b"]);
    assert_eq!((address.class, address.port), (Class::C2, Some(8080)));
    assert_eq!(address.malware.as_deref(), Some("win.crab"));
    assert_eq!(address.reference.as_deref(), Some("https://report.example/1"));
    assert_eq!((older.port, older.malware.as_deref()), (Some(443), Some("Crab")));
}

/// Breaks when the URLhaus export is read otherwise; the header stands in a comment, tags hold commas.
#[test]
fn urlhaus_reads_header_comment_and_quoted_tags() {
    let text = "# id,dateadded,url,url_status,last_online,threat,tags,urlhaus_link,reporter\n\
\"7\",\"2030-03-19 11:34:09\",\"http://203.0.113.9:41619/kit.m\",\"online\",\"2030-03-20 11:34:09\",\"malware_download\",\"elf,kit\",\"https://report.example/url/7/\",\"ann\"\n\
\"8\",\"2030-03-19 11:34:09\",\"javascript:alert(1)\",\"offline\",\"\",\"malware_download\",\"None\",\"https://report.example/url/8/\",\"ann\"\n";
    let read = read_text(Format::UrlhausCsv, text);
    assert_eq!(values(&read), ["http://203.0.113.9:41619/kit.m"]);
    assert_eq!(codes(&read), [(3, "url.scheme")]);
    let finding = &read.findings[0];
    assert_eq!((finding.class, finding.confidence), (Class::MalwareDistribution, Some(80)));
    assert_eq!(finding.labels, ["elf", "kit"]);
    assert_eq!(finding.last_seen, at("2030-03-20T11:34:09Z"));
    assert_eq!(finding.remarks, ["zone-assumed"]);
    let mut options = options();
    options.zone = Some(Zone::UTC);
    assert!(read_with(Format::UrlhausCsv, text.as_bytes(), &options).unwrap().findings[0].remarks.is_empty());
}

const EVENT: &str = r#"{"response":[{"Event":{"uuid":"5f0c1c4e-0000-4000-8000-000000000001","info":"test",
"Orgc":{"name":"Harbour CERT"},"Tag":[{"name":"tlp:amber"},{"name":"PAP:GREEN"},{"name":"rsit:malicious-code=\"c2-server\""}],
"Attribute":[
 {"uuid":"u1","type":"ip-dst","category":"Network activity","value":"203.0.113.9","to_ids":true,"comment":"c2","first_seen":"2030-01-13T00:00:00.000000+00:00","timestamp":"1900000000","Tag":[{"name":"tlp:red"},{"name":"misp-galaxy:malpedia=\"Crab\""}]},
 {"uuid":"u2","type":"domain|ip","category":"Network activity","value":"gate.example|2001:db8::9","to_ids":"1","timestamp":"1900000000"},
 {"uuid":"u3","type":"ip-dst|port","category":"Network activity","value":"2001:db8::7|8080","to_ids":"0"},
 {"uuid":"u4","type":"text","category":"Other","value":"words","to_ids":false},
 {"uuid":"u5","type":"md5","category":"Other","value":"zz","to_ids":true},
 {"uuid":"u6","type":"md5","category":"Other","value":"0123456789abcdef0123456789abcdef","deleted":true},
 {"uuid":"u7","type":"filename|sha1","category":"Other","value":"0123456789abcdef0123456789abcdef01234567","to_ids":true},
 {"uuid":"u8","type":"target-email","category":"Targeting data","value":"kim@post.example","to_ids":false}],
"Object":[{"name":"file","Attribute":[
 {"uuid":"u9","type":"malware-sample","object_relation":"malware-sample","value":"kit.exe|0123456789abcdef0123456789abcdef","to_ids":true}]}]}}]}"#;

/// Breaks when an attribute, its markings or its times are read otherwise.
#[test]
fn misp_reads_attributes_of_events_and_objects() {
    let read = read_text(Format::Misp, EVENT);
    assert_eq!(
        values(&read),
        [
            "203.0.113.9",
            "gate.example",
            "2001:db8::9",
            "2001:db8::7",
            "kim@post.example",
            "0123456789abcdef0123456789abcdef"
        ]
    );
    assert_eq!(codes(&read), [(5, "hash.syntax"), (7, "misp.composite")]);
    assert_eq!((read.summary.rows, read.summary.skipped), (9, 1));
    assert_eq!(read.summary.unsupported.get("text"), Some(&1));

    let first = &read.findings[0];
    assert_eq!((first.tlp, first.pap, first.class), (Some(Tlp::Red), Some(Pap::Green), Class::C2));
    assert_eq!((first.malware.as_deref(), first.first_seen), (Some("Crab"), at("2030-01-13T00:00:00Z")));
    assert_eq!((first.source_id.as_deref(), first.indicator, first.last_seen), (Some("u1"), true, None));
    assert_eq!(first.sources, ["Harbour CERT"]);
    let second = &read.findings[1];
    assert_eq!((second.tlp, second.indicator), (Some(Tlp::Amber), true));
    assert_eq!(
        (second.last_seen, second.remarks.as_slice()),
        (at("2030-03-17T17:46:40Z"), ["time-from-edit"].as_slice())
    );
    assert_eq!((read.findings[3].port, read.findings[3].indicator), (Some(8080), false));
    assert_eq!(read.findings[4].subject, Subject::Victim);
    assert!(read.findings[5].extra.contains(&("filename".to_owned(), "kit.exe".to_owned())));
}

/// Breaks when one of the shapes that peers send is refused, or something else is taken for an event.
#[test]
fn misp_takes_every_shape_and_nothing_else() {
    let body = r#"{"info":"x","uuid":"u","Attribute":[{"type":"domain","value":"gate.example"}]}"#;
    for text in [
        body.to_owned(),
        format!("{{\"Event\":{body}}}"),
        format!("[{{\"Event\":{body}}}]"),
        format!("{{\"response\":[{{\"Event\":{body}}}]}}"),
        format!("{{\"response\":{{\"Event\":{body}}}}}"),
        r#"{"response":{"Attribute":[{"type":"domain","value":"gate.example"}]}}"#.to_owned(),
    ] {
        assert_eq!(values(&read_text(Format::Misp, &text)), ["gate.example"], "{text}");
    }
    let code = |text: &str| read_with(Format::Misp, text.as_bytes(), &options()).err().map(|error| error.code());
    assert_eq!(code("{\"x\":1}"), Some("format.shape"));
    assert_eq!(code("{"), Some("STIX-E-001"));
}

/// Breaks when one of two members of one name is silently believed: abuse case A10 at this door.
#[test]
fn misp_refuses_a_member_that_stands_twice() {
    let text = r#"{"Event":{"uuid":"u","Attribute":[{"type":"domain","value":"a.example","value":"b.example"}]}}"#;
    assert_eq!(
        read_with(Format::Misp, text.as_bytes(), &options()).err().map(|error| error.code()),
        Some("STIX-E-003")
    );
}

const DOMAIN: &str = r#"{"type":"domain-name","spec_version":"2.1","id":"domain-name--a209240e-14c2-56ae-b88f-b466ce414ebb","value":"c2.monsoon.example"}"#;
const OLD: &str = r#"{"type":"indicator","id":"indicator--a209240e-14c2-46ae-b88f-b466ce414ebb","created":"2030-01-01T00:00:00Z","modified":"2030-01-01T00:00:00Z"}"#;

/// Breaks when an object is not handed on in its own bytes, or a broken one stops its neighbours.
#[test]
fn stix_reads_every_wrapper_byte_for_byte() {
    let bundle =
        format!("{{\"type\":\"bundle\",\"id\":\"bundle--1\",\"objects\":[{DOMAIN}, {OLD},{{\"type\":7}}, {DOMAIN}]}}");
    let read = read_text(Format::Stix21, &bundle);
    assert_eq!(read.objects, [("/objects/0".to_owned(), DOMAIN.into()), ("/objects/3".to_owned(), DOMAIN.into())]);
    assert_eq!(codes(&read)[0], (2, "stix.version-2-0"));
    assert_eq!((read.summary.rows, read.summary.objects, read.rejected.len()), (4, 2, 2));
    for (text, pointer) in [
        (format!("{{\"more\":false,\"objects\":[{DOMAIN}]}}"), "/objects/0"),
        (format!("[\n{DOMAIN}\n]"), "/0"),
        (DOMAIN.to_owned(), "line 1"),
        (format!("\n\n{DOMAIN}\n"), "line 3"),
        (format!("\u{feff}{DOMAIN}"), "line 1"),
        (DOMAIN.replace(',', ",\n"), ""),
    ] {
        let read = read_text(Format::Stix21, &text);
        assert_eq!(read.objects.len(), 1, "{text}");
        assert_eq!(read.objects[0].0, pointer);
    }
    let lines = format!("{DOMAIN}\n\nnonsense\r\n{DOMAIN}\r\n{DOMAIN}");
    let read = read_text(Format::Stix21, &lines);
    assert_eq!(read.objects.iter().map(|(line, _)| line.as_str()).collect::<Vec<_>>(), ["line 1", "line 4", "line 5"]);
    assert_eq!(codes(&read), [(3, "STIX-E-001")]);
    assert!(read.objects.iter().all(|(_, raw)| raw == DOMAIN.as_bytes()));
    let failed = read_with(Format::Stix21, b"[1,", &options()).err().map(|error| error.code());
    assert_eq!(failed, Some("STIX-E-001"));
}

/// Breaks when a document of STIX 2.0 is converted without being asked, or not converted when asked.
#[test]
fn stix_2_0_is_upgraded_when_asked_and_only_then() {
    let observed = r#"{"type":"observed-data","id":"observed-data--a209240e-14c2-46ae-b88f-b466ce414ebb","created":"2017-01-01T00:00:00.000Z","modified":"2017-01-01T00:00:00.000Z","first_observed":"2017-01-01T00:00:00Z","last_observed":"2017-01-01T00:00:00Z","number_observed":1,"objects":{"0":{"type":"domain-name","value":"c2.monsoon.example"}}}"#;
    let broken = observed.replace("\"value\"", "\"resolves_to_refs\":[\"9\"],\"value\"");
    let bundle = format!(
        "{{\"type\":\"bundle\",\"id\":\"bundle--1\",\"spec_version\":\"2.0\",\"objects\":[{observed},{DOMAIN},{broken}]}}"
    );
    let rejected = read_text(Format::Stix21, &bundle);
    assert_eq!(codes(&rejected), [(1, "stix.version-2-0"), (3, "stix.version-2-0")]);
    let read = read_text(Format::Stix20, &bundle);
    let pointers: Vec<_> = read.objects.iter().map(|(pointer, _)| pointer.as_str()).collect();
    assert_eq!(pointers, ["/objects/0", "/objects/0", "/objects/1"]);
    assert_eq!(codes(&read), [(3, "STIX-E-213")]);
    let text = |at: usize| String::from_utf8_lossy(&read.objects[at].1).into_owned();
    assert!(text(0).contains("\"object_refs\":[\"domain-name--a209240e-14c2-56ae-b88f-b466ce414ebb\"]"));
    assert!(text(1).contains("\"id\":\"domain-name--a209240e-14c2-56ae-b88f-b466ce414ebb\""));
    assert_eq!(text(2), DOMAIN);
    assert_eq!(detect(None, bundle.as_bytes()), Some(Format::Stix21));
}

/// Breaks when a large document is held in memory, or what follows a broken end is lost.
#[test]
fn stix_is_handed_out_before_the_document_ends() {
    let text = format!("{{\"type\":\"bundle\",\"objects\":[{DOMAIN},{DOMAIN}");
    let mut objects = 0;
    let error = entente_formats::read(Format::Stix21, &mut text.as_bytes(), &options(), &mut |item| {
        objects += usize::from(matches!(item, Item::Object { .. }));
        std::ops::ControlFlow::Continue(())
    })
    .unwrap_err();
    assert_eq!((objects, error.code()), (2, "STIX-E-001"));
}

/// Breaks when a document is read by the wrong reader.
#[test]
fn formats_are_told_apart_by_their_heads() {
    for (name, head, format) in [
        (None, EVENT, Some(Format::Misp)),
        (None, DOMAIN, Some(Format::Stix21)),
        (None, "{\"objects\":[],\"type\":\"bundle\"}", Some(Format::Stix21)),
        (None, THREATFOX, Some(Format::ThreatfoxCsv)),
        (None, "# id,dateadded,url,url_status,last_online\n1,2\n", Some(Format::UrlhausCsv)),
        (None, TABLE, Some(Format::Csv)),
        (None, LIST, Some(Format::List)),
        (Some("feed.csv.gz"), "203.0.113.9,x\n", Some(Format::Csv)),
        (None, "the quick brown fox\njumps over\n", None),
        (None, "", None),
        (None, "{\"a\":1}", None),
    ] {
        assert_eq!(detect(name, head.as_bytes()), format, "{head:.40}");
    }
    for format in Format::ALL {
        assert_eq!(Format::parse(format.name()), Some(format));
    }
}

/// Breaks when labels that leave a node are no longer those of the agreed vocabulary.
#[test]
fn classes_have_the_labels_of_the_vocabulary() {
    assert_eq!(Class::C2.role(), Some("role:c2"));
    assert_eq!(Class::Compromised.rsit(), "rsit:intrusions=\"system-compromise\"");
    for class in Class::ALL {
        assert_eq!(Class::from_label(class.rsit()), Some(class));
        assert_eq!(Class::parse(class.name()), Some(class));
    }
}
