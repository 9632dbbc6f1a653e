//! The rules that a type has beyond the forms of its properties (STIX 2.1 §4 to §7).

use super::finding::{Detail, shown};
use super::walk::{Spot, Walk};
use super::{PatternAt, instant_of};
use crate::code::Code;
use crate::id;
use crate::syntax::{name as names, registered};
use crate::tables::{Class, Fit, Table, relationship, table};
use crate::value::{Shape, Value, Whole};

impl<'t> Walk<'t, '_> {
    /// Applies what the type of an object, an extension or an embedded type asks beyond its properties.
    pub(super) fn own_rules(&mut self, object: Value<'t>, own: &'static Table) {
        match own.name {
            "artifact" => self.artifact(object, own),
            "autonomous-system" => self.autonomous_system(object, own),
            "email-message" => self.email_message(object, own),
            "email-mime-part-type" => self.mime_part(object, own),
            "extension-definition" => self.extension_definition(object, own),
            "external-reference" => self.external_reference(object, own),
            "file" => self.file(object, own),
            "granular-marking" => self.granular_marking(object, own),
            "http-request-ext" => self.keys(object.get("request_header"), own, registered::header_name),
            "indicator" => self.indicator(object, own),
            "location" => self.location(object, own),
            "malware" => self.malware(object, own),
            "malware-analysis" => self.malware_analysis(object, own),
            "marking-definition" => self.marking_definition(object, own),
            "network-traffic" => self.network_traffic(object, own),
            "observed-data" => self.observed_data(object, own),
            "relationship" => self.relationship(object, own),
            "socket-ext" => self.keys(object.get("options"), own, names::socket_option),
            "windows-pebinary-ext" => self.pe_binary(object, own),
            _ => {}
        }
    }

    /// Notes that one property is there without another it needs, or against another.
    fn says_at(&mut self, code: Code, value: Value<'t>, own: &'static Table, text: &'static str) {
        self.note(code, value, Spot::of(own), Detail::Says(text));
    }

    fn artifact(&mut self, object: Value<'t>, own: &'static Table) {
        match (object.get("payload_bin"), object.get("url")) {
            (Some(_), Some(url)) => self.says_at(Code::E601, url, own, "`payload_bin` and `url` are both present"),
            (None, None) => self.says(Code::E601, object, own, "neither `payload_bin` nor `url` is present"),
            _ => {}
        }
        if let Some(url) = object.get("url")
            && object.get("hashes").is_none()
        {
            self.says_at(Code::E602, url, own, "`url` without `hashes`");
        }
        if let Some(key) = object.get("decryption_key")
            && object.get("encryption_algorithm").is_none()
        {
            self.says_at(Code::E603, key, own, "`decryption_key` without `encryption_algorithm`");
        }
    }

    fn autonomous_system(&mut self, object: Value<'t>, own: &'static Table) {
        let Some(value) = object.get("number") else {
            return;
        };
        if let Some(Whole::Plain(number) | Whole::Written(number)) = value.whole()
            && u32::try_from(number).is_err()
        {
            self.note(Code::W616, value, Spot::of(own), Detail::Between(0, i64::from(u32::MAX)));
        }
    }

    fn email_message(&mut self, object: Value<'t>, own: &'static Table) {
        match (object.get("is_multipart").map(Value::shape), object.get("body"), object.get("body_multipart")) {
            (Some(Shape::True), Some(body), _) => {
                self.says_at(Code::E604, body, own, "`body` in a message of several parts");
            }
            (Some(Shape::False), _, Some(parts)) => {
                self.says_at(Code::E604, parts, own, "`body_multipart` in a message of one part");
            }
            _ => {}
        }
    }

    fn mime_part(&mut self, object: Value<'t>, own: &'static Table) {
        match (object.get("body"), object.get("body_raw_ref")) {
            (None, None) => self.says(Code::E628, object, own, "neither `body` nor `body_raw_ref` is present"),
            (Some(_), Some(raw)) => self.says_at(Code::W629, raw, own, "`body` and `body_raw_ref` are both present"),
            _ => {}
        }
    }

    fn extension_definition(&mut self, object: Value<'t>, own: &'static Table) {
        if object.get("description").is_none() {
            self.missing(Code::W701, object, "description", Some(own), "no `description`");
        }
        let types = object.get("extension_types");
        let is_top = types.is_some_and(|types| types.items().any(|item| item.is("toplevel-property-extension")));
        match object.get("extension_properties") {
            Some(names) if !is_top => {
                self.says_at(Code::E703, names, own, "`extension_properties` without `toplevel-property-extension`");
            }
            None if is_top => {
                self.missing(Code::W704, object, "extension_properties", Some(own), "no `extension_properties`");
            }
            _ => {}
        }
    }

    fn external_reference(&mut self, object: Value<'t>, own: &'static Table) {
        let (url, external_id) = (object.get("url"), object.get("external_id"));
        if object.get("description").is_none() && url.is_none() && external_id.is_none() {
            self.says(Code::E511, object, own, "none of `description`, `url`, `external_id` is present");
        }
        if let Some(url) = url
            && object.get("hashes").is_none()
        {
            self.says_at(Code::N513, url, own, "`url` without `hashes`");
        }
        let Some(source) = object.get("source_name").and_then(Value::text) else {
            return;
        };
        let id = external_id.and_then(Value::text);
        if let Some(code) = names::external_id(&source, id.as_deref()) {
            self.says_at(
                code,
                external_id.unwrap_or(object),
                own,
                "`source_name` and `external_id` do not go together",
            );
        }
    }

    fn file(&mut self, object: Value<'t>, own: &'static Table) {
        let has_name = object.get("name").is_some();
        if !has_name && object.get("hashes").is_none() {
            self.says(Code::E605, object, own, "neither `hashes` nor `name` is present");
        }
        if let Some(encoding) = object.get("name_enc")
            && !has_name
        {
            self.says_at(Code::E612, encoding, own, "`name_enc` without `name`");
        }
    }

    /// Looks at the keys of a dictionary.
    fn keys(&mut self, dictionary: Option<Value<'t>>, own: &'static Table, check: fn(&str) -> Option<Code>) {
        for (key, _) in dictionary.into_iter().flat_map(Value::members) {
            if let Some(code) = check(&key.plain()) {
                self.note(code, key, Spot::of(own), Detail::Quoted);
            }
        }
    }

    fn pe_binary(&mut self, object: Value<'t>, own: &'static Table) {
        let Some(stamp) = object.get("time_date_stamp") else {
            return;
        };
        let has_fraction = stamp.text().is_some_and(|text| {
            text.split_once('.').is_some_and(|(_, fraction)| fraction.bytes().any(|byte| matches!(byte, b'1'..=b'9')))
        });
        if has_fraction {
            self.note(Code::W625, stamp, Spot::of(own), Detail::Quoted);
        }
    }

    fn indicator(&mut self, object: Value<'t>, own: &'static Table) {
        if object.get("name").is_none() && object.get("description").is_none() {
            self.says(Code::W519, object, own, "neither `name` nor `description` is present");
        }
        if !object.get("pattern_type").is_some_and(|value| value.is("stix")) {
            return;
        }
        let written = object.get("pattern_version");
        let version = written.or_else(|| object.get("spec_version")).and_then(Value::text);
        if let Some(written) = written
            && version.as_deref().is_some_and(|version| !matches!(version, "2.0" | "2.1"))
        {
            self.quoted(Code::W906, written, Spot::of(own));
        }
        let pattern = object.get("pattern");
        let (Some(check), Some(pattern), Some(text)) = (self.context.patterns, pattern, pattern.and_then(Value::text))
        else {
            return;
        };
        let at = PatternAt {
            text: &text,
            version: version.as_deref().unwrap_or("2.1"),
            valid_from: object.get("valid_from").and_then(instant_of),
            valid_until: object.get("valid_until").and_then(instant_of),
        };
        check(&at, &mut |code, message| {
            // The version is a property of the indicator, and has been looked at.
            if code != Code::W906 {
                self.note(code, pattern, Spot::of(own), Detail::Put(message.into_boxed_str()));
            }
        });
    }

    fn location(&mut self, object: Value<'t>, own: &'static Table) {
        let (latitude, longitude) = (object.get("latitude"), object.get("longitude"));
        match (latitude, longitude) {
            (Some(latitude), None) => self.says_at(Code::E501, latitude, own, "`latitude` without `longitude`"),
            (None, Some(longitude)) => self.says_at(Code::E501, longitude, own, "`longitude` without `latitude`"),
            _ => {}
        }
        let has_point = latitude.is_some() && longitude.is_some();
        if let Some(precision) = object.get("precision")
            && !has_point
        {
            self.says_at(Code::E501, precision, own, "`precision` without `latitude` and `longitude`");
        }
        if !has_point && object.get("region").is_none() && object.get("country").is_none() {
            self.says(Code::E502, object, own, "no `region`, no `country`, no `latitude` with `longitude`");
        }
    }

    fn malware(&mut self, object: Value<'t>, own: &'static Table) {
        let is_family = object.get("is_family").is_some_and(|value| value.shape() == Shape::True);
        if is_family && object.get("name").is_none() {
            self.missing(Code::E503, object, "name", Some(own), "a family without `name`");
        }
    }

    fn malware_analysis(&mut self, object: Value<'t>, own: &'static Table) {
        if object.get("result").is_none() && object.get("analysis_sco_refs").is_none() {
            self.says(Code::E504, object, own, "neither `result` nor `analysis_sco_refs` is present");
        }
        self.ordered(Code::W302, object, ("analysis_ended", "analysis_started", false), Spot::of(own));
    }

    fn network_traffic(&mut self, object: Value<'t>, own: &'static Table) {
        if let Some(end) = object.get("end")
            && object.get("is_active").is_some_and(|value| value.shape() == Shape::True)
        {
            self.says_at(Code::E617, end, own, "`end` although `is_active` is true");
        }
        self.keys(object.get("ipfix"), own, registered::ipfix_name);
        if object.get("src_ref").is_none() && object.get("dst_ref").is_none() {
            self.says(Code::E620, object, own, "neither `src_ref` nor `dst_ref` is present");
        }
        if object.get("src_port").is_none() && object.get("dst_port").is_none() {
            self.says(Code::N621, object, own, "neither `src_port` nor `dst_port` is present");
        }
    }

    fn observed_data(&mut self, object: Value<'t>, own: &'static Table) {
        let (objects, references) = (object.get("objects"), object.get("object_refs"));
        // An empty container has been reported, and counts as absent.
        match (objects.filter(|objects| !objects.is_empty()), references) {
            (Some(objects), Some(_)) => {
                self.says_at(Code::E506, objects, own, "`objects` and `object_refs` are both present");
            }
            (None, None) if objects.is_none() => {
                self.says(Code::E506, object, own, "neither `objects` nor `object_refs` is present");
            }
            _ => {}
        }
        let Some(references) = references.filter(|references| references.items().next().is_some()) else {
            return;
        };
        let is_observable = |item: Value<'_>| {
            let text = item.plain();
            let object_type = text.get(..text.len().saturating_sub(38)).unwrap_or_default();
            table(object_type).is_none_or(|table| table.class() == Some(Class::Sco))
        };
        if !references.items().any(is_observable) {
            self.says_at(Code::E505, references, own, "no observable among `object_refs`");
        }
    }

    fn relationship(&mut self, object: Value<'t>, own: &'static Table) {
        let text = |name: &str| object.get(name).and_then(Value::text);
        let (Some(value), Some(kind)) = (object.get("relationship_type"), text("relationship_type")) else {
            return;
        };
        let (Some(source), Some(target)) = (text("source_ref"), text("target_ref")) else {
            return;
        };
        // An end that is malformed or of a wrong type has been reported.
        let (Some(from), Some(to)) = (joinable(&source), joinable(&target)) else {
            return;
        };
        let sentence = || {
            let mut sentence = String::new();
            // Writing to a string cannot fail.
            let _ = shown(&mut sentence, &kind);
            format!("{sentence} from {from} to {to}").into_boxed_str()
        };
        match relationship(from, &kind, to) {
            Fit::Known | Fit::Common => {}
            Fit::Custom => self.note(Code::N515, value, Spot::of(own), Detail::Put(sentence())),
            Fit::Unknown => self.note(Code::W510, value, Spot::of(own), Detail::Put(sentence())),
            Fit::Reversed => {
                let hint = "it is defined the other way round: exchange source_ref and target_ref";
                self.note(Code::W510, value, Spot::of(own), Detail::PutWithHint(sentence(), hint));
            }
        }
    }
}

/// Returns the type of an identifier that a relationship may join.
fn joinable(id: &str) -> Option<&str> {
    let (object_type, _) = id::split(id)?;
    let joins = table(object_type).is_none_or(|table| matches!(table.class(), Some(Class::Sdo | Class::Sco)));
    (joins && object_type != "bundle").then_some(object_type)
}
