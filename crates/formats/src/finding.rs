//! Making a finding of one value.

use entente_observable::{Kind, Normalised, ObservableError, endpoint, normalise};

use crate::model::{Class, Finding, Options, cut};
use crate::time::Moment;

/// LIMIT: labels and sources kept of one row, and bytes of one label.
const LABELS_MAX: usize = 64;
const LABEL_SIZE_BYTES_MAX: usize = 256;

/// Says what a source declares about a value's kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Declared {
    /// Nothing: detect it.
    Detect,
    /// `host:port`.
    Endpoint,
    /// A kind.
    Kind(Kind),
}

impl Declared {
    pub(crate) fn of(kind: Option<Kind>) -> Self {
        kind.map_or(Self::Detect, Self::Kind)
    }

    pub(crate) fn normalise(self, value: &str) -> Result<Normalised, ObservableError> {
        match self {
            Self::Detect => normalise(value, None),
            Self::Endpoint => endpoint(value),
            Self::Kind(kind) => normalise(value, Some(kind)),
        }
    }
}

impl Finding {
    /// Normalises a value and makes a finding with the options' defaults.
    pub(crate) fn of(
        value: &str,
        declared: Declared,
        line: u64,
        raw: &str,
        options: &Options,
    ) -> Result<Self, ObservableError> {
        let found = declared.normalise(value)?;
        let value = if found.port.is_some() { found.observable.value.clone() } else { value.to_owned() };
        Ok(Self {
            line,
            kind: Some(found.observable.kind),
            observable: found.observable,
            value,
            flags: found.flags,
            remarks: Vec::new(),
            class: options.class,
            subject: options.subject,
            country: None,
            first_seen: None,
            last_seen: None,
            confidence: None,
            tlp: None,
            pap: None,
            port: found.port,
            malware: None,
            labels: Vec::new(),
            sources: Vec::new(),
            reference: None,
            sectors: Vec::new(),
            indicator: true,
            source_id: None,
            extra: Vec::new(),
            raw: cut(raw),
        })
    }

    pub(crate) fn remark(&mut self, remark: &'static str) {
        if !self.remarks.contains(&remark) {
            self.remarks.push(remark);
        }
    }

    pub(crate) fn label(&mut self, label: &str) {
        push_unique(&mut self.labels, label);
    }

    pub(crate) fn source(&mut self, source: &str) {
        push_unique(&mut self.sources, source);
    }

    pub(crate) fn classify(&mut self, class: Class) {
        self.class = class;
    }

    pub(crate) fn note(&mut self, name: &str, value: &str) {
        if !value.is_empty() && self.extra.len() < LABELS_MAX {
            self.extra.push((name.to_owned(), value.to_owned()));
        }
    }

    /// Takes a time for `first` or last seen; what cannot be read is remarked and kept in `extra`.
    pub(crate) fn time(&mut self, name: &str, text: &str, first: bool, options: &Options) {
        let Some(moment) = Moment::read(text, options.zone) else {
            self.remark("time-unread");
            self.note(name, text);
            return;
        };
        if moment.zone_assumed {
            self.remark("zone-assumed");
        }
        let (instant, future) = moment.not_after(options.now);
        if future {
            self.remark("future");
        }
        let slot = if first { &mut self.first_seen } else { &mut self.last_seen };
        *slot = Some(instant);
    }
}

fn push_unique(list: &mut Vec<String>, text: &str) {
    let text = text.trim();
    let fits = !text.is_empty() && text.len() <= LABEL_SIZE_BYTES_MAX && list.len() < LABELS_MAX;
    if fits && !list.iter().any(|known| known == text) {
        list.push(text.to_owned());
    }
}

/// Says whether a whole field means that nothing is known, ingest rules R5.
pub(crate) fn is_null(field: &str) -> bool {
    matches!(
        field,
        "" | "-"
            | "None"
            | "none"
            | "null"
            | "NULL"
            | "nil"
            | "N/A"
            | "NA"
            | "n/a"
            | "unknown"
            | "?"
            | "\\N"
            | "(empty)"
    )
}

/// Reads a confidence of 0 to 100.
pub(crate) fn confidence(text: &str) -> Option<u8> {
    text.parse::<u8>().ok().filter(|confidence| *confidence <= 100)
}

/// Reads an ISO 3166-1 alpha-2 code; `ZZ` and `XX` mean unknown.
pub(crate) fn country(text: &str) -> Option<[u8; 2]> {
    let upper = text.to_ascii_uppercase();
    let code: [u8; 2] = upper.as_bytes().try_into().ok()?;
    (code.iter().all(u8::is_ascii_uppercase) && &code != b"ZZ" && &code != b"XX").then_some(code)
}
