//! The tables against `docs/stix-tables.md`, row by row in both directions, and both against numbers counted by hand.
//!
//! A row that is missing on one side fails the comparison; one that is missing on both fails the counts.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests, not only test functions"
)]

use std::collections::{BTreeMap, BTreeSet};

use entente_stix::tables::{
    self, Class, Entry, Fit, Form, Need, Property, Role, Syntax, Table, Targets, common, extensions, objects,
    relationships, vocabularies,
};

/// A heading of the third level, or of the second where there is none, with what stands below it.
#[derive(Debug, Default)]
struct Section {
    rows: Vec<Vec<String>>,
    text: Vec<String>,
}

fn document() -> BTreeMap<String, Section> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/stix-tables.md");
    let text = std::fs::read_to_string(path).unwrap();
    let mut sections = BTreeMap::<String, Section>::new();
    let mut current = String::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some(heading) = line.strip_prefix("## ").or_else(|| line.strip_prefix("### ")) {
            current = heading.to_owned();
            assert!(sections.insert(current.clone(), Section::default()).is_none(), "`{heading}` stands twice");
        } else if let Some(row) = line.strip_prefix('|').and_then(|row| row.strip_suffix('|')) {
            let cells = row.split('|').map(|cell| cell.trim().to_owned()).collect();
            sections.get_mut(&current).unwrap().rows.push(cells);
        } else if !current.is_empty() {
            sections.get_mut(&current).unwrap().text.push(line.to_owned());
        }
    }
    for section in sections.values_mut().filter(|section| !section.rows.is_empty()) {
        assert!(section.rows[1].iter().all(|cell| cell == "---"), "{:?}", section.rows);
        section.rows.drain(..2);
    }
    sections
}

/// What is written between backticks.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

fn every_table() -> Vec<&'static Table> {
    let mut tables = Vec::from(objects::ALL);
    tables.push(&objects::BUNDLE);
    tables.extend(extensions::ALL);
    tables.extend(extensions::EMBEDDED);
    tables
}

fn heading(table: &Table) -> String {
    match table.role {
        Role::Extension(host) => format!("{} (of `{host}`, {})", table.name, table.section),
        _ => format!("{} ({})", table.name, table.section),
    }
}

fn need(need: Need) -> &'static str {
    match need {
        Need::Required => "required",
        Need::Optional => "",
        Need::Deprecated => "deprecated",
    }
}

fn form(form: &Form) -> String {
    const LARGEST: i64 = (1 << 53) - 1;
    match form {
        Form::Boolean => "boolean".to_owned(),
        Form::Integer(least, LARGEST) if *least == -LARGEST => "integer".to_owned(),
        Form::Integer(least, LARGEST) => format!("integer from {least}"),
        Form::Integer(least, most) => format!("integer from {least} to {most}"),
        Form::Float(f64::MIN, f64::MAX) => "float".to_owned(),
        Form::Float(least, f64::MAX) => format!("float from {least}"),
        Form::Float(least, most) => format!("float from {least} to {most}"),
        Form::Text => "string".to_owned(),
        Form::Syntax(name) => format!("string ({})", syntax(*name)),
        Form::Timestamp => "timestamp".to_owned(),
        Form::Binary => "binary".to_owned(),
        Form::Hex => "hex".to_owned(),
        Form::Hashes => "hashes".to_owned(),
        Form::Enumeration(vocabulary) => format!("enum {}", vocabulary.name),
        Form::Open(vocabulary) => format!("ov {}", vocabulary.name),
        Form::Identifier => "identifier".to_owned(),
        Form::Reference(types) => format!("ref({})", targets(*types)),
        Form::Dictionary(entry) => format!("dictionary of {}", values(*entry)),
        Form::Table(table) => table.name.to_owned(),
        Form::List(Form::Reference(types)) => format!("refs({})", targets(*types)),
        Form::List(item) => format!("list of {}", self::form(item)),
        Form::Extensions => "extensions".to_owned(),
        Form::Container => "observable container".to_owned(),
        Form::Translations => "translations".to_owned(),
        Form::Definition => "marking".to_owned(),
        Form::Object => "object".to_owned(),
    }
}

fn targets(types: Targets) -> String {
    match types {
        Targets::Any => "any".to_owned(),
        Targets::Sdo => "domain object".to_owned(),
        Targets::Sco => "observable".to_owned(),
        Targets::SdoOrSco => "domain object, observable".to_owned(),
        Targets::Observed => "observable, relationship, sighting".to_owned(),
        Targets::Translated => "any but language-content".to_owned(),
        Targets::Only(names) => names.join(", "),
    }
}

fn values(entry: Entry) -> &'static str {
    match entry {
        Entry::Any => "any",
        Entry::Text => "string",
        Entry::Integer => "integer",
        Entry::IntegerOrText => "integer or string",
        Entry::Texts => "list of string",
    }
}

fn syntax(syntax: Syntax) -> &'static str {
    match syntax {
        Syntax::Ipv4 => "IPv4 address or network",
        Syntax::Ipv6 => "IPv6 address or network",
        Syntax::Mac => "MAC address",
        Syntax::Domain => "domain name",
        Syntax::Email => "e-mail address",
        Syntax::Uri => "URI",
        Syntax::Cpe => "CPE name",
        Syntax::CharacterSet => "character set",
        Syntax::MediaType => "media type",
        Syntax::RegisteredMediaType => "registered media type",
        Syntax::Language => "language tag",
        Syntax::SoftwareLanguage => "language of software",
        Syntax::RelationshipType => "relationship type",
        Syntax::Country => "country code",
        Syntax::Subdivision => "subdivision code",
        Syntax::KillChain => "kill chain name",
        Syntax::Product => "product name",
        Syntax::Protocol => "protocol",
        Syntax::RegistryKey => "registry key",
        Syntax::Priority => "priority class",
        Syntax::Selector => "selector",
        Syntax::ExtensionVersion => "version number",
        Syntax::PropertyName => "property name",
    }
}

/// Every form that stands in a table, those inside lists included, with its place.
fn every_form() -> Vec<(String, &'static Form)> {
    let mut found = Vec::new();
    for table in every_table().into_iter().chain([&common::SDO, &common::EXTENSION_DEFINITION]) {
        for property in table.properties {
            let mut form = &property.form;
            while let Form::List(item) = form {
                form = item;
            }
            found.push((format!("{}.{}", table.name, property.name), form));
        }
    }
    found
}

#[test]
fn every_property_of_the_tables_is_documented_and_the_other_way_round() {
    let mut document = document();
    for table in every_table() {
        let heading = heading(table);
        let section = document.remove(&heading).unwrap_or_else(|| panic!("`{heading}` is not documented"));
        let documented: Vec<[&str; 3]> = section.rows.iter().map(|row| [&*row[0], &*row[1], &*row[2]]).collect();
        let rows: Vec<[String; 3]> = table
            .properties
            .iter()
            .map(|p| [format!("`{}`", p.name), need(p.need).to_owned(), form(&p.form)])
            .collect();
        let rows: Vec<[&str; 3]> = rows.iter().map(|[name, need, form]| [&**name, &**need, &**form]).collect();
        assert_eq!(documented, rows, "{heading}");

        let not_empty = section.text.iter().any(|line| line.ends_with("E-622."));
        assert_eq!(not_empty, table.not_empty, "{heading}");

        let identifier = section.text.iter().find_map(|line| line.strip_prefix("Identifier from: "));
        assert_eq!(identifier.is_some(), table.class() == Some(Class::Sco), "{heading}");
        assert_eq!(quoted(identifier.unwrap_or_default()), table.contributing, "{heading}");

        let mut ordered = Vec::new();
        for row in section.rows.iter().filter(|row| row[3].contains("E-301")) {
            let strict = row[3].starts_with("later than ");
            assert!(strict || row[3].starts_with("not before "), "{row:?}");
            ordered.push((quoted(&row[0])[0], quoted(&row[3])[0], strict));
        }
        assert_eq!(ordered, table.ordered, "{heading}");
    }
    // What is left is no table.
    let expected = [
        "Closed enumerations (§10)",
        "Common properties (§3.2)",
        "Domain objects",
        "Forms of strings",
        "Meta objects and bundle",
        "Observables",
        "Open vocabularies (§10)",
        "Predefined extensions",
        "Relationship objects",
        "Relationships (§4, Appendix B)",
        "Types inside objects",
        "Types of values",
    ];
    assert_eq!(document.keys().collect::<Vec<_>>(), expected);
}

#[test]
fn the_matrix_of_common_properties_is_documented() {
    let rows = &document()["Common properties (§3.2)"].rows;
    let columns = [
        (Class::Sdo, "malware"),
        (Class::Sro, "sighting"),
        (Class::Sco, "file"),
        (Class::Meta, "extension-definition"),
        (Class::Meta, "language-content"),
        (Class::Meta, "marking-definition"),
        (Class::Meta, "bundle"),
    ];
    let counts: Vec<usize> = columns.map(|(class, name)| tables::common(class, name).len()).into();
    assert_eq!((rows.len(), &*counts), (15, &[14, 14, 7, 11, 13, 9, 2][..]));
    for (at, (class, name)) in columns.into_iter().enumerate() {
        let documented: Vec<[&str; 3]> = rows
            .iter()
            .filter(|row| row[at + 2] != "–")
            .map(|row| [quoted(&row[0])[0], &*row[1], &*row[at + 2]])
            .collect();
        let cell = |property: &Property| match property.need {
            Need::Required => "required",
            Need::Optional => "optional",
            Need::Deprecated => "deprecated",
        };
        let forms: Vec<String> = tables::common(class, name).iter().map(|property| form(&property.form)).collect();
        let properties = tables::common(class, name).iter().zip(&forms);
        let properties: Vec<[&str; 3]> = properties.map(|(p, form)| [p.name, &**form, cell(p)]).collect();
        assert_eq!(documented, properties, "{name}");
        let versioned = properties.iter().any(|[name, ..]| *name == "modified");
        assert_eq!(!common::column(class, name).ordered.is_empty(), versioned, "{name}");
    }
    assert!(rows.iter().all(|row| common::is_common(quoted(&row[0])[0])));
    assert!(!common::is_common("name") && !common::is_common("objects"));
}

#[test]
fn every_vocabulary_is_documented_with_its_values_and_users() {
    let document = document();
    let mut users = BTreeMap::<&str, Vec<String>>::new();
    for (place, form) in every_form() {
        if let Form::Open(vocabulary) | Form::Enumeration(vocabulary) = form {
            let closed = vocabularies::CLOSED.iter().any(|known| known.name == vocabulary.name);
            assert_eq!(closed, matches!(form, Form::Enumeration(_)), "{place}");
            users.entry(vocabulary.name).or_default().push(format!("`{place}`"));
        }
    }
    users.insert("hash-algorithm-ov", vec!["keys of hashes".to_owned()]);
    for (heading, known) in
        [("Closed enumerations (§10)", &vocabularies::CLOSED[..]), ("Open vocabularies (§10)", &vocabularies::OPEN[..])]
    {
        let rows = &document[heading].rows;
        assert_eq!(rows.len(), known.len(), "{heading}");
        for (row, vocabulary) in rows.iter().zip(known) {
            assert_eq!(row[0], vocabulary.name);
            assert_eq!(row[1], vocabulary.values.len().to_string(), "{}", vocabulary.name);
            assert_eq!(
                row[2].split(", ").collect::<BTreeSet<_>>(),
                users[vocabulary.name].iter().map(|u| &**u).collect()
            );
            assert_eq!(quoted(&row[3]), vocabulary.values, "{}", vocabulary.name);
            assert!(vocabulary.values.iter().all(|value| vocabulary.contains(value)));
            assert_eq!(vocabulary.values.iter().collect::<BTreeSet<_>>().len(), vocabulary.values.len());
        }
    }
    assert_eq!(users.len(), vocabularies::all().count());
    assert!(!vocabularies::OPINION.contains("Neutral") && !vocabularies::OPINION.contains(""));
}

#[test]
fn every_form_of_string_is_documented() {
    let used: BTreeSet<&str> = every_form()
        .into_iter()
        .filter_map(|(_, form)| if let Form::Syntax(name) = form { Some(syntax(*name)) } else { None })
        .collect();
    let document = document();
    let documented: BTreeSet<&str> = document["Forms of strings"].rows.iter().map(|row| &*row[0]).collect();
    assert_eq!(used, documented);
    assert_eq!(used.len(), 23);
}

/// The rows of the matrix that name types, spelled out.
fn triples(rows: impl Iterator<Item = (String, Vec<String>, Vec<String>)>) -> BTreeSet<(String, String, String)> {
    let mut triples = BTreeSet::new();
    for (source, relationship_types, targets) in rows {
        for relationship_type in &relationship_types {
            for target in &targets {
                let new = triples.insert((source.clone(), relationship_type.clone(), target.clone()));
                assert!(new, "`{source} {relationship_type} {target}` stands twice");
            }
        }
    }
    triples
}

#[test]
fn every_relationship_is_documented_and_fits() {
    const ANY: &str = "any domain object or observable";
    const OBSERVABLES: &str = "any observable";
    let document = document();
    let rows = &document["Relationships (§4, Appendix B)"].rows;
    let split = |cell: &str| cell.split(", ").map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(rows[0], [ANY, &relationships::WITHIN_TYPE.join(", "), "the same type"]);
    assert_eq!(rows[1], [ANY, relationships::ANYWHERE, ANY]);
    let documented = triples(rows[2..].iter().map(|row| (row[0].clone(), split(&row[1]), split(&row[2]))));
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let known = triples(relationships::MATRIX.iter().map(|row| {
        let mut targets = owned(row.targets);
        targets.extend(row.observables.then(|| OBSERVABLES.to_owned()));
        (row.source.to_owned(), owned(row.relationship_types), targets)
    }));
    assert_eq!(documented, known);
    // 120 that name two types, and `infrastructure consists-of` any observable.
    assert_eq!(known.len(), 121);

    // Each pair of types under each relationship type: known exactly where the document says so.
    let relationship_types: BTreeSet<&String> =
        known.iter().map(|(_, relationship_type, _)| relationship_type).collect();
    let documented = |source: &Table, relationship_type: &str, target: &Table| {
        let row = |target: &str| (source.name.to_owned(), relationship_type.to_owned(), target.to_owned());
        known.contains(&row(target.name)) || (target.class() == Some(Class::Sco) && known.contains(&row(OBSERVABLES)))
    };
    for source in objects::ALL {
        for target in objects::ALL {
            for relationship_type in &relationship_types {
                let expected = if documented(source, relationship_type, target) {
                    Fit::Known
                } else if documented(target, relationship_type, source) {
                    Fit::Reversed
                } else {
                    Fit::Unknown
                };
                let fit = tables::relationship(source.name, relationship_type, target.name);
                assert_eq!(fit, expected, "{} {relationship_type} {}", source.name, target.name);
            }
        }
    }
}

#[test]
fn the_tables_have_the_size_of_the_specification() {
    // Name, properties, required ones; counted in STIX 2.1 §4 to §7. `extensions` counts where the type lists it as its own.
    let counts = [
        ("artifact", 6, 0),
        ("attack-pattern", 4, 1),
        ("autonomous-system", 3, 1),
        ("campaign", 6, 1),
        ("course-of-action", 2, 1),
        ("directory", 6, 1),
        ("domain-name", 2, 1),
        ("email-addr", 3, 1),
        ("email-message", 15, 1),
        ("extension-definition", 6, 4),
        ("file", 13, 0),
        ("grouping", 4, 2),
        ("identity", 6, 1),
        ("incident", 2, 1),
        ("indicator", 9, 3),
        ("infrastructure", 7, 1),
        ("intrusion-set", 9, 1),
        ("ipv4-addr", 3, 1),
        ("ipv6-addr", 3, 1),
        ("language-content", 3, 2),
        ("location", 11, 0),
        ("mac-addr", 1, 1),
        ("malware", 13, 1),
        ("malware-analysis", 16, 1),
        ("marking-definition", 3, 0),
        ("mutex", 1, 1),
        ("network-traffic", 18, 1),
        ("note", 4, 2),
        ("observed-data", 5, 3),
        ("opinion", 4, 2),
        ("process", 12, 0),
        ("relationship", 6, 3),
        ("report", 5, 3),
        ("sighting", 8, 1),
        ("software", 6, 1),
        ("threat-actor", 13, 1),
        ("tool", 6, 1),
        ("url", 1, 1),
        ("user-account", 15, 0),
        ("vulnerability", 2, 1),
        ("windows-registry-key", 5, 0),
        ("x509-certificate", 13, 0),
        ("bundle", 1, 0),
        ("archive-ext", 2, 1),
        ("ntfs-ext", 2, 0),
        ("pdf-ext", 5, 0),
        ("raster-image-ext", 4, 0),
        ("windows-pebinary-ext", 12, 1),
        ("http-request-ext", 6, 2),
        ("icmp-ext", 2, 2),
        ("socket-ext", 7, 1),
        ("tcp-ext", 2, 0),
        ("windows-process-ext", 7, 0),
        ("windows-service-ext", 8, 0),
        ("unix-account-ext", 4, 0),
        ("alternate-data-stream-type", 3, 1),
        ("windows-pe-optional-header-type", 31, 0),
        ("windows-pe-section-type", 4, 1),
        ("email-mime-part-type", 4, 0),
        ("windows-registry-value-type", 3, 0),
        ("x509-v3-extensions-type", 16, 0),
        ("external-reference", 5, 1),
        ("kill-chain-phase", 2, 2),
        ("granular-marking", 3, 1),
    ];
    let found: Vec<(&str, usize, usize)> = every_table()
        .iter()
        .map(|table| {
            let required = table.properties.iter().filter(|property| property.need == Need::Required).count();
            (table.name, table.properties.len(), required)
        })
        .collect();
    assert_eq!(found, counts);
    let class = |class| objects::ALL.iter().filter(|table| table.class() == Some(class)).count();
    assert_eq!([Class::Sdo, Class::Sro, Class::Sco, Class::Meta].map(class), [19, 2, 18, 3]);
    let flagged = |flag: fn(&Table) -> bool| every_table().into_iter().filter(|table| flag(table)).count();
    assert_eq!(flagged(|table| table.not_empty), 15);
    assert_eq!(flagged(|table| !table.ordered.is_empty()), 10);
    assert_eq!(flagged(|table| !table.contributing.is_empty()), 17);
    let deprecated = |table: &&Table| table.properties.iter().filter(|p| p.need == Need::Deprecated).count();
    assert_eq!(every_table().iter().map(deprecated).sum::<usize>(), 8);
}

#[test]
fn the_vocabularies_have_the_size_of_the_specification() {
    let sizes =
        |list: &[&tables::Vocabulary]| list.iter().map(|vocabulary| vocabulary.values.len()).collect::<Vec<_>>();
    assert_eq!(sizes(&vocabularies::CLOSED), [3, 5, 8, 5, 5, 4, 14, 5, 4, 7]);
    let open = [11, 10, 6, 3, 8, 6, 22, 7, 35, 15, 37, 4, 22, 6, 8, 29, 12, 13, 7, 7, 8, 3, 2];
    assert_eq!(sizes(&vocabularies::OPEN), open);
}

#[test]
fn every_name_is_found_and_no_other() {
    for (position, table) in objects::ALL.iter().enumerate() {
        assert!(std::ptr::eq(tables::table(table.name).unwrap(), *table));
        assert!(position == 0 || objects::ALL[position - 1].name < table.name, "alphabetical");
    }
    for table in extensions::ALL {
        assert!(std::ptr::eq(tables::extension(table.name).unwrap(), table));
        let Role::Extension(host) = table.role else { panic!("{} has no host", table.name) };
        assert!(tables::table(host).unwrap().property("extensions").is_some(), "{}", table.name);
    }
    for name in ["", "bundle", "x-acme-case", "Malware", "malware ", "email-mime-part-type", "pdf-ext"] {
        assert!(tables::table(name).is_none(), "{name}");
    }
    assert!(tables::extension("pdf").is_none() && tables::extension("").is_none());
    for table in every_table() {
        for (position, property) in table.properties.iter().enumerate() {
            assert_eq!(table.position(property.name), Some(position), "{}.{}", table.name, property.name);
            assert_eq!(table.property(property.name).map(|found| found.name), Some(property.name));
            assert_eq!(table.position(&format!("{}s_", property.name)), None);
        }
        assert_eq!(table.position(""), None);
        assert_eq!(table.position("x_acme"), None);
    }
}

#[test]
fn what_tables_name_exists() {
    for table in every_table() {
        let own = |name: &&str| table.property(name).is_some();
        assert!(table.contributing.iter().all(own), "{}", table.name);
        for (later, earlier, _) in table.ordered {
            let timestamp = |name| table.property(name).is_some_and(|p| matches!(p.form, Form::Timestamp));
            assert!(timestamp(later) && timestamp(earlier), "{}", table.name);
        }
        if let Some(class) = table.class() {
            let shared: Vec<&str> =
                table.properties.iter().map(|p| p.name).filter(|name| common::is_common(name)).collect();
            assert!(shared.is_empty() || (class == Class::Sco && shared == ["extensions"]), "{}", table.name);
        }
    }
    for (place, form) in every_form() {
        match form {
            Form::Reference(Targets::Only(names)) => {
                assert!(names.iter().all(|name| tables::table(name).is_some()), "{place}");
                assert!(place.contains("_ref"), "{place}");
            }
            Form::Reference(_) => assert!(place.contains("_ref"), "{place}"),
            // What the suffix of a name promises, STIX 2.1 §3.1.
            Form::Hex => assert!(place.ends_with("_hex"), "{place}"),
            Form::Binary => assert!(place.ends_with("_bin"), "{place}"),
            _ => assert!(!place.ends_with("_hex") && !place.ends_with("_bin") && !place.ends_with("_ref"), "{place}"),
        }
    }
}

#[test]
fn references_allow_the_types_they_name_and_custom_ones_where_a_class_is_named() {
    let allowed = |targets: Targets| objects::ALL.iter().filter(|table| targets.allow(table.name)).count();
    let all = [
        (Targets::Any, 42, true),
        (Targets::Sdo, 19, true),
        (Targets::Sco, 18, true),
        (Targets::SdoOrSco, 37, true),
        (Targets::Observed, 20, true),
        (Targets::Translated, 41, true),
        (Targets::Only(&["file", "directory"]), 2, false),
    ];
    for (targets, count, custom) in all {
        assert_eq!((allowed(targets), targets.allow("x-acme-case")), (count, custom), "{targets:?}");
        assert!(!targets.allow("bundle"), "{targets:?}");
    }
    assert!(!Targets::Translated.allow("language-content"));
    assert!(!Targets::Sdo.allow("relationship") && !Targets::SdoOrSco.allow("marking-definition"));
}
