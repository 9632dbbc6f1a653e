//! Markings: the Traffic Light Protocol (versions 1 and 2), PAP, and the nine built-in definitions that nobody may redefine.

mod effective;

pub use effective::{Definitions, Effective, Markings, effective, object_effective};

use serde_json::Value;

use crate::edit::Edit;
use crate::error::{ParseError, shown};
use crate::limits::Limits;
use crate::object::Object;

/// Key of the TLP 2.0 extension.
pub const TLP_EXTENSION: &str = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d";

/// A level of TLP 2.0, from free to strict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tlp {
    /// May be passed to anybody (TLP 1: WHITE).
    Clear,
    /// May be passed within the community.
    Green,
    /// May be passed within the organisation and to its clients.
    Amber,
    /// May be passed within the organisation only.
    AmberStrict,
    /// For the named recipients only.
    Red,
}

impl Tlp {
    /// Every level, from free to strict.
    pub const ALL: [Self; 5] = [Self::Clear, Self::Green, Self::Amber, Self::AmberStrict, Self::Red];

    /// Reads the key form, such as `amber+strict`.
    pub fn parse(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tlp| tlp.key() == key)
    }

    /// Reads a label such as `TLP:AMBER+STRICT`, in any case, with TLP 1's `TLP:WHITE` as clear.
    pub fn from_label(label: &str) -> Option<Self> {
        if label.eq_ignore_ascii_case("tlp:white") {
            return Some(Self::Clear);
        }
        Self::ALL.into_iter().find(|tlp| tlp.name().eq_ignore_ascii_case(label))
    }

    /// Returns the name as people write it, such as `TLP:AMBER+STRICT`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Clear => "TLP:CLEAR",
            Self::Green => "TLP:GREEN",
            Self::Amber => "TLP:AMBER",
            Self::AmberStrict => "TLP:AMBER+STRICT",
            Self::Red => "TLP:RED",
        }
    }

    /// Returns the value of `tlp_2_0`, such as `amber+strict`.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Clear => "clear",
            Self::Green => "green",
            Self::Amber => "amber",
            Self::AmberStrict => "amber+strict",
            Self::Red => "red",
        }
    }

    /// Returns the identifier of the TLP 2.0 definition.
    pub const fn marking_id(self) -> &'static str {
        match self {
            Self::Clear => "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
            Self::Green => "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
            Self::Amber => "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
            Self::AmberStrict => "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
            Self::Red => "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
        }
    }

    /// Returns the level that a built-in definition of TLP 1 or TLP 2.0 stands for.
    pub fn from_marking_id(id: &str) -> Option<Self> {
        BUILT_IN.iter().find(|definition| definition.id == id).map(|definition| definition.tlp)
    }

    /// Returns the JSON of the TLP 2.0 definition.
    pub fn definition(self) -> &'static [u8] {
        let found = BUILT_IN.iter().find(|definition| definition.id == self.marking_id());
        found.map(|definition| definition.json.as_bytes()).unwrap_or_default()
    }
}

/// A level of the Permissible Actions Protocol, from free to strict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pap {
    /// No restriction in use (older name: WHITE).
    Clear,
    /// Active measures allowed.
    Green,
    /// Passive cross-checks only.
    Amber,
    /// Non-detectable actions on own systems only.
    Red,
}

impl Pap {
    /// Every level, from free to strict.
    pub const ALL: [Self; 4] = [Self::Clear, Self::Green, Self::Amber, Self::Red];

    /// Reads the key form, such as `amber`.
    pub fn parse(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|pap| pap.key() == key)
    }

    /// Reads a label such as `PAP:AMBER`, in any case, with `PAP:WHITE` as clear.
    pub fn from_label(label: &str) -> Option<Self> {
        if label.eq_ignore_ascii_case("pap:white") {
            return Some(Self::Clear);
        }
        Self::ALL.into_iter().find(|pap| pap.name().eq_ignore_ascii_case(label))
    }

    /// Returns the name as people write it, such as `PAP:AMBER`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Clear => "PAP:CLEAR",
            Self::Green => "PAP:GREEN",
            Self::Amber => "PAP:AMBER",
            Self::Red => "PAP:RED",
        }
    }

    /// Returns the key form, such as `amber`.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Clear => "clear",
            Self::Green => "green",
            Self::Amber => "amber",
            Self::Red => "red",
        }
    }
}

struct Definition {
    id: &'static str,
    tlp: Tlp,
    json: &'static str,
}

macro_rules! tlp_1 {
    ($uuid:literal, $tlp:expr, $name:literal, $level:literal) => {
        Definition {
            id: concat!("marking-definition--", $uuid),
            tlp: $tlp,
            json: concat!(
                r#"{"type":"marking-definition","spec_version":"2.1","id":"marking-definition--"#,
                $uuid,
                r#"","created":"2017-01-20T00:00:00.000Z","definition_type":"tlp","name":""#,
                $name,
                r#"","definition":{"tlp":""#,
                $level,
                r#""}}"#
            ),
        }
    };
}

macro_rules! tlp_2 {
    ($uuid:literal, $tlp:expr, $name:literal, $level:literal) => {
        Definition {
            id: concat!("marking-definition--", $uuid),
            tlp: $tlp,
            json: concat!(
                r#"{"type":"marking-definition","spec_version":"2.1","id":"marking-definition--"#,
                $uuid,
                r#"","created":"2022-10-01T00:00:00.000Z","name":""#,
                $name,
                r#"","extensions":{"extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d":"#,
                r#"{"extension_type":"property-extension","tlp_2_0":""#,
                $level,
                r#""}}}"#
            ),
        }
    };
}

/// The definitions of STIX 2.1 §7.2.1.4 and of the OASIS TLP 2.0 extension.
static BUILT_IN: [Definition; 9] = [
    tlp_1!("613f2e26-407d-48c7-9eca-b8e91df99dc9", Tlp::Clear, "TLP:WHITE", "white"),
    tlp_1!("34098fce-860f-48ae-8e50-ebd3cc5e41da", Tlp::Green, "TLP:GREEN", "green"),
    tlp_1!("f88d31f6-486f-44da-b317-01333bde0b82", Tlp::Amber, "TLP:AMBER", "amber"),
    tlp_1!("5e57c739-391a-4eb3-b6be-7d15ca92d5ed", Tlp::Red, "TLP:RED", "red"),
    tlp_2!("94868c89-83c2-464b-929b-a1a8aa3c8487", Tlp::Clear, "TLP:CLEAR", "clear"),
    tlp_2!("bab4a63c-aed9-4cf5-a766-dfca5abac2bb", Tlp::Green, "TLP:GREEN", "green"),
    tlp_2!("55d920b0-5e8b-4f79-9ee9-91f868d9b421", Tlp::Amber, "TLP:AMBER", "amber"),
    tlp_2!("939a9414-2ddd-4d32-a0cd-375ea402b003", Tlp::AmberStrict, "TLP:AMBER+STRICT", "amber+strict"),
    tlp_2!("e828b379-4e03-4974-9ac4-e53a884c97c1", Tlp::Red, "TLP:RED", "red"),
];

/// Returns the JSON of the built-in definition of that identifier.
pub fn built_in(id: &str) -> Option<&'static [u8]> {
    BUILT_IN.iter().find(|definition| definition.id == id).map(|definition| definition.json.as_bytes())
}

/// Checks that an object neither redefines one of the nine built-in definitions nor invents another TLP marking.
///
/// A copy of a built-in definition must equal it by value; it may lack `name` and `spec_version` or be one of `2.0`, as those of
/// STIX 2.0 producers are, and may write out defaults. The built-in text stays the one in use.
///
/// # Errors
///
/// `stix.reserved-marking`.
pub fn check_reserved(object: &Object) -> Result<(), ParseError> {
    reserved(object).map(|_| ())
}

/// As [`check_reserved`]; tells whether the object is a copy that is not complete (STIX-W-411).
pub(crate) fn reserved(object: &Object) -> Result<bool, ParseError> {
    let is_marking = object.object_type() == "marking-definition";
    if is_marking && let Some(definition) = BUILT_IN.iter().find(|definition| definition.id == object.id()) {
        if let Some(is_complete) = is_complete(object, definition) {
            return Ok(!is_complete);
        }
        let message = format!("`{}` is not the definition of {}", definition.id, definition.tlp.name());
        return Err(ParseError::rule("stix.reserved-marking", "id", message));
    }
    if is_marking && object.text("definition_type").as_deref() == Some("tlp") {
        let message = format!("`{}` invents a TLP level", shown(object.id()));
        return Err(ParseError::rule("stix.reserved-marking", "definition_type", message));
    }
    let extends = object.member("extensions").is_some_and(|raw| {
        serde_json::from_slice::<Value>(raw).is_ok_and(|extensions| extensions.get(TLP_EXTENSION).is_some())
    });
    if extends {
        let message = format!("`{}` carries the TLP extension", shown(object.id()));
        return Err(ParseError::rule("stix.reserved-marking", "extensions", message));
    }
    Ok(false)
}

/// Holds a copy against its definition: whether all of it is there; none where it says anything else.
fn is_complete(object: &Object, definition: &Definition) -> Option<bool> {
    let limits = Limits::offline();
    let built_in = Object::parse(definition.json.as_bytes(), &limits).ok()?;
    let mut edit = Edit::new(&built_in);
    if object.member("name").is_none() {
        edit.remove("name");
    }
    match object.spec_version() {
        None => edit.remove("spec_version"),
        Some("2.0") => edit.set_text("spec_version", "2.0"),
        Some(_) => &mut edit,
    };
    let is_complete = !edit.is_changed();
    Object::parse(&edit.finish(), &limits).ok()?.same_content(object).then_some(is_complete)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<(), &'static str> {
        let object = Object::parse(text.as_bytes(), &Limits::admission()).unwrap();
        check_reserved(&object).map_err(|error| error.code())
    }

    #[test]
    fn levels_order_from_free_to_strict_and_read_back() {
        assert!(Tlp::ALL.is_sorted() && Pap::ALL.is_sorted());
        for tlp in Tlp::ALL {
            assert_eq!(Tlp::parse(tlp.key()), Some(tlp));
            assert_eq!(Tlp::from_label(&tlp.name().to_lowercase()), Some(tlp));
            assert_eq!(Tlp::from_marking_id(tlp.marking_id()), Some(tlp));
        }
        for pap in Pap::ALL {
            assert_eq!((Pap::parse(pap.key()), Pap::from_label(pap.name())), (Some(pap), Some(pap)));
        }
        assert_eq!(Tlp::parse("AMBER"), None);
        assert_eq!(Tlp::from_label("TLP:WHITE"), Some(Tlp::Clear));
        let tlp_1_red = "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed";
        assert_eq!(Tlp::from_marking_id(tlp_1_red), Some(Tlp::Red));
    }

    #[test]
    fn built_in_definitions_are_objects_under_their_own_id() {
        for definition in &BUILT_IN {
            let object = Object::parse(definition.json.as_bytes(), &Limits::admission()).unwrap();
            assert_eq!(object.id(), definition.id);
            assert_eq!(check(definition.json), Ok(()));
        }
        assert!(Tlp::ALL.iter().all(|tlp| !tlp.definition().is_empty()));
    }

    #[test]
    fn copies_of_other_producers_are_accepted() {
        let white = BUILT_IN[0].json;
        assert_eq!(check(&white.replace(r#""spec_version":"2.1","#, "")), Ok(()));
        assert_eq!(check(&white.replace(r#""name":"TLP:WHITE","#, "")), Ok(()));
        assert_eq!(check(&white.replace(r#""spec_version":"2.1""#, r#""spec_version":"2.0""#)), Ok(()));
        assert_eq!(
            check(&white.replace(r#""spec_version":"2.1""#, r#""spec_version":"2.2""#)),
            Err("stix.reserved-marking")
        );
        assert_eq!(check(&white.replace(".000Z", "Z")), Ok(()));
        assert_eq!(check(&white.replace("{\"type\"", "{ \"revoked\":false, \"type\"")), Ok(()));
    }

    #[test]
    fn abuse_a14_built_in_markings_are_immutable() {
        // Without the check, a partner could turn every TLP:CLEAR object red, or every red one clear.
        let clear = std::str::from_utf8(Tlp::Clear.definition()).unwrap();
        let reserved = Err("stix.reserved-marking");
        assert_eq!(check(&clear.replace(r#""tlp_2_0":"clear""#, r#""tlp_2_0":"red""#)), reserved);
        assert_eq!(check(&clear.replace("TLP:CLEAR", "TLP:RED")), reserved);
        assert_eq!(check(&clear.replace("2022-10", "2023-10")), reserved);
        assert_eq!(check(&clear.replace("{\"type\"", "{\"x_more\":1,\"type\"")), reserved);
        // The extension, or TLP 1, under an identifier of one's own.
        assert_eq!(check(&clear.replace("94868c89", "a4868c89")), reserved);
        assert_eq!(check(&BUILT_IN[3].json.replace("5e57c739", "6e57c739")), reserved);
        // The extension on something that is no marking definition.
        assert_eq!(check(&clear.replace("marking-definition", "identity")), reserved);
        let statement = r#"{"type":"marking-definition","id":"marking-definition--a4868c89-83c2-464b-929b-a1a8aa3c8487","definition_type":"statement","definition":{"statement":"(c) A"}}"#;
        assert_eq!(check(statement), Ok(()));
    }
}
