//! The map from the columns of a table to a finding, as a feed's configuration states it.

use std::collections::BTreeMap;

use entente_observable::Kind;
use serde::Deserialize;

use crate::FormatError;
use crate::finding::Declared;
use crate::model::{Class, Subject};

/// Names a column: its header, matched without case after trimming, or its 1-based position.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Column {
    /// By header.
    Name(String),
    /// By position, from 1; the only way in tables without a header.
    Position(usize),
}

impl std::fmt::Display for Column {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Name(name) => formatter.write_str(name),
            Self::Position(position) => write!(formatter, "{position}"),
        }
    }
}

/// Names a column that holds several values.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum ListColumn {
    /// The whole field is one value.
    One(Column),
    /// The field is split at every `split`.
    Split(SplitColumn),
}

/// Names a column and what separates its values.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitColumn {
    /// The column.
    pub column: Column,
    /// One or more characters; empty means the whole field.
    pub split: String,
}

impl ListColumn {
    /// Returns the column.
    #[must_use]
    pub const fn column(&self) -> &Column {
        match self {
            Self::One(column) => column,
            Self::Split(split) => &split.column,
        }
    }

    /// Splits a field.
    pub(crate) fn values<'a>(&self, field: &'a str) -> Vec<&'a str> {
        match self {
            Self::Split(split) if !split.split.is_empty() => field.split(split.split.as_str()).map(str::trim).collect(),
            _ => vec![field],
        }
    }
}

/// Says what a word in the class column means.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// Name of a [`Class`].
    pub class: Option<String>,
    /// `infrastructure` or `victim`.
    pub subject: Option<String>,
    /// Sectors of the victim.
    #[serde(default)]
    pub sectors: Vec<String>,
    /// Leaves such rows out.
    #[serde(default)]
    pub skip: bool,
}

/// Maps the columns of a table; the `[feed.map]` of a feed.
///
/// Columns that the map does not name go to [`crate::Finding::extra`].
///
/// ```toml
/// value = "value"
/// kind = "type"
/// kinds = { ipv4 = "ipv4-addr", host = "domain-name" }
/// class = "role"
/// country = "cc"
/// first_seen = "first_reported"
/// last_seen = "last_reported"
/// labels = { column = "labels", split = "|" }
/// [when.compromised-government]
/// class = "compromised"
/// subject = "victim"
/// sectors = ["government"]
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CsvMap {
    /// The column of the value.
    pub value: Column,
    /// The column that names the kind.
    pub kind: Option<Column>,
    /// What the words of the kind column mean: a name of [`Kind`] or `endpoint`; kinds under their own names need none.
    #[serde(default)]
    pub kinds: BTreeMap<String, String>,
    /// The kind of rows that name none.
    pub default_kind: Option<String>,
    /// The column that names the class; its words are looked up in [`CsvMap::when`], then as class names.
    pub class: Option<Column>,
    /// What the words of the class column mean.
    #[serde(default)]
    pub when: BTreeMap<String, When>,
    /// The column that names whose the value is.
    pub subject: Option<Column>,
    /// The column of the country code.
    pub country: Option<Column>,
    /// The column of the earliest time.
    pub first_seen: Option<Column>,
    /// The column of the latest time.
    pub last_seen: Option<Column>,
    /// The column of the confidence, 0 to 100.
    pub confidence: Option<Column>,
    /// The column of the marking: `TLP:AMBER` or `amber`.
    pub tlp: Option<Column>,
    /// The column of the port; a field of several ports names none of them.
    pub port: Option<ListColumn>,
    /// The column of the malware family.
    pub malware: Option<Column>,
    /// The column of labels.
    pub labels: Option<ListColumn>,
    /// The column of sources.
    pub sources: Option<ListColumn>,
    /// The column of sectors.
    pub sectors: Option<ListColumn>,
    /// The column of the reference.
    pub reference: Option<Column>,
    /// Leaves out rows whose column holds that word.
    #[serde(default)]
    pub skip_if: BTreeMap<String, String>,
    /// What separates fields.
    #[serde(default = "comma")]
    pub separator: char,
    /// Whether the first row names the columns; it may stand behind `#`.
    #[serde(default = "yes")]
    pub header: bool,
}

const fn comma() -> char {
    ','
}

const fn yes() -> bool {
    true
}

impl CsvMap {
    /// Makes a map of one column, everything else absent.
    #[must_use]
    pub fn of(value: Column) -> Self {
        Self {
            value,
            kind: None,
            kinds: BTreeMap::new(),
            default_kind: None,
            class: None,
            when: BTreeMap::new(),
            subject: None,
            country: None,
            first_seen: None,
            last_seen: None,
            confidence: None,
            tlp: None,
            port: None,
            malware: None,
            labels: None,
            sources: None,
            sectors: None,
            reference: None,
            skip_if: BTreeMap::new(),
            separator: ',',
            header: true,
        }
    }

    /// Checks every word of the map.
    ///
    /// # Errors
    ///
    /// [`FormatError::MapWord`] for a kind, class or subject that does not exist, a position of 0, or a name of a column
    /// in a table without header.
    pub fn check(&self) -> Result<(), FormatError> {
        let wrong = |word: &str| Err(FormatError::MapWord { word: word.to_owned() });
        for kind in self.kinds.values().chain(&self.default_kind) {
            if declared(kind).is_none() {
                return wrong(kind);
            }
        }
        for when in self.when.values() {
            if let Some(class) = when.class.as_deref().filter(|class| Class::parse(class).is_none()) {
                return wrong(class);
            }
            if let Some(subject) = when.subject.as_deref().filter(|subject| Subject::parse(subject).is_none()) {
                return wrong(subject);
            }
        }
        for column in self.columns() {
            match column {
                Column::Position(0) => return wrong("0"),
                Column::Name(name) if !self.header => return wrong(name),
                _ => {}
            }
        }
        Ok(())
    }

    /// Lists the columns that the map names.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &Column> {
        [
            Some(&self.value),
            self.kind.as_ref(),
            self.class.as_ref(),
            self.subject.as_ref(),
            self.country.as_ref(),
            self.first_seen.as_ref(),
            self.last_seen.as_ref(),
            self.confidence.as_ref(),
            self.tlp.as_ref(),
            self.port.as_ref().map(ListColumn::column),
            self.malware.as_ref(),
            self.labels.as_ref().map(ListColumn::column),
            self.sources.as_ref().map(ListColumn::column),
            self.sectors.as_ref().map(ListColumn::column),
            self.reference.as_ref(),
        ]
        .into_iter()
        .flatten()
    }
}

/// Reads the name of a kind, or `endpoint`.
pub(crate) fn declared(word: &str) -> Option<Declared> {
    if word == "endpoint" {
        return Some(Declared::Endpoint);
    }
    Kind::parse(word).map(Declared::Kind)
}
