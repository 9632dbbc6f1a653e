//! Any table, by a map of its columns.

use std::ops::ControlFlow;

use entente_stix::marking::Tlp;

use crate::FormatError;
use crate::csv_map::{Column, CsvMap, ListColumn, declared};
use crate::finding::{Declared, confidence, country, is_null};
use crate::line::Lines;
use crate::model::{Class, Finding, Subject, Target};
use crate::record::{Record, Records};

/// Finds columns by name or position.
pub(crate) struct Header {
    names: Vec<String>,
}

impl Header {
    pub(crate) fn new(names: &[String]) -> Self {
        Self { names: names.iter().map(|name| name.trim().to_ascii_lowercase()).collect() }
    }

    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// Returns the 0-based index of a column.
    pub(crate) fn index(&self, column: &Column) -> Option<usize> {
        match column {
            Column::Position(position) => position.checked_sub(1),
            Column::Name(name) => {
                let wanted = name.trim();
                self.names.iter().position(|name| name.eq_ignore_ascii_case(wanted))
            }
        }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.names.iter().any(|known| known == name)
    }
}

/// Gives the fields of one row by column; null words count as absent.
pub(crate) struct Row<'a> {
    pub(crate) header: &'a Header,
    pub(crate) fields: &'a [String],
}

impl<'a> Row<'a> {
    pub(crate) fn get(&self, column: &Column) -> Option<&'a str> {
        let field = self.fields.get(self.header.index(column)?)?.trim();
        if is_null(field) { None } else { Some(field) }
    }

    pub(crate) fn named(&self, name: &str) -> Option<&'a str> {
        let index = self.header.names.iter().position(|known| known == name)?;
        self.fields.get(index).map(|field| field.trim()).filter(|field| !is_null(field))
    }

    fn option(&self, column: Option<&Column>) -> Option<&'a str> {
        self.get(column?)
    }

    fn list(&self, column: Option<&ListColumn>) -> Vec<&'a str> {
        column.and_then(|column| Some(column.values(self.get(column.column())?))).unwrap_or_default()
    }
}

pub(crate) fn read(input: &mut dyn std::io::BufRead, target: &mut Target<'_>) -> Result<(), FormatError> {
    let options = target.options;
    let map = options.map.as_ref().ok_or(FormatError::MapMissing)?;
    map.check()?;
    let mut records = Records::new(Lines::new(input, options.line_size_bytes_max), map.separator);
    let mut header = if map.header { None } else { Some(Header::new(&[])) };
    while let Some(line) = records.next_line()? {
        let trimmed = line.text.trim_start();
        if trimmed.is_empty() && !line.too_long {
            continue;
        }
        if let Some(comment) = trimmed.strip_prefix(['#', '!', ';']) {
            // A header may stand behind a comment mark.
            let names = crate::record::split(comment.trim(), map.separator).unwrap_or_default();
            let candidate = Header::new(&names);
            if header.is_some() || missing(map, &candidate).is_some() {
                continue;
            }
            header = Some(candidate);
            continue;
        }
        let record = records.record_at(line)?;
        let Some(known) = &header else {
            let candidate = Header::new(record.fields.as_deref().unwrap_or(&[]));
            if let Some(column) = missing(map, &candidate) {
                return Err(FormatError::ColumnMissing { column });
            }
            header = Some(candidate);
            continue;
        };
        target.row();
        if row(&record, known, map, target).is_break() {
            return Ok(());
        }
    }
    Ok(())
}

/// Returns a column of the map that the header has not.
fn missing(map: &CsvMap, header: &Header) -> Option<String> {
    map.columns()
        .find(|column| {
            header.index(column).is_none_or(|index| matches!(column, Column::Name(_)) && index >= header.len())
        })
        .map(ToString::to_string)
}

fn row(record: &Record, header: &Header, map: &CsvMap, target: &mut Target<'_>) -> ControlFlow<()> {
    let fields = match &record.fields {
        Ok(fields) => fields,
        Err((code, message)) => return target.reject(record.line, code, (*message).to_owned(), &record.raw),
    };
    let row = Row { header, fields };
    let skipped =
        map.skip_if.iter().any(|(column, word)| row.get(&Column::Name(column.clone())) == Some(word.as_str()));
    let class_word = row.option(map.class.as_ref());
    let when = class_word.and_then(|word| map.when.get(word));
    if skipped || when.is_some_and(|when| when.skip) {
        target.skip();
        return ControlFlow::Continue(());
    }
    let Some(value) = row.get(&map.value) else {
        return target.reject(record.line, "row.value", "row has no value".to_owned(), &record.raw);
    };
    let declared = match kind_of(&row, map, target.options.kind) {
        Ok(declared) => declared,
        Err(word) => {
            return target.reject(record.line, "row.kind", format!("unknown kind `{word}`"), &record.raw);
        }
    };
    let mut finding = match Finding::of(value, declared, record.line, &record.raw, target.options) {
        Ok(finding) => finding,
        Err(error) => return target.reject(record.line, error.code(), error.to_string(), &record.raw),
    };
    if record.guessed {
        finding.remark("encoding-guessed");
    }
    if let Some(word) = class_word {
        let class = when.and_then(|when| when.class.as_deref()).unwrap_or(word);
        match Class::parse(class).or_else(|| Class::from_label(class)) {
            Some(class) => finding.classify(class),
            None => finding.note("class", word),
        }
    }
    if let Some(subject) = when.and_then(|when| when.subject.as_deref()).or_else(|| row.option(map.subject.as_ref())) {
        finding.subject = Subject::parse(subject).unwrap_or(finding.subject);
    }
    finding.sectors = when.map(|when| when.sectors.clone()).unwrap_or_default();
    fill(&mut finding, &row, map, target);
    extra(&mut finding, &row, map);
    target.finding(finding)
}

fn kind_of(row: &Row<'_>, map: &CsvMap, default: Option<entente_observable::Kind>) -> Result<Declared, String> {
    if let Some(word) = row.option(map.kind.as_ref()) {
        let name = map.kinds.get(word).map_or(word, String::as_str);
        return declared(name).ok_or_else(|| crate::model::cut(word));
    }
    Ok(map.default_kind.as_deref().and_then(declared).unwrap_or(Declared::of(default)))
}

fn fill(finding: &mut Finding, row: &Row<'_>, map: &CsvMap, target: &Target<'_>) {
    let options = target.options;
    finding.country = row.option(map.country.as_ref()).and_then(country);
    if let Some(text) = row.option(map.first_seen.as_ref()) {
        finding.time("first_seen", text, true, options);
    }
    if let Some(text) = row.option(map.last_seen.as_ref()) {
        finding.time("last_seen", text, false, options);
    }
    finding.confidence = row.option(map.confidence.as_ref()).and_then(confidence);
    finding.tlp = row
        .option(map.tlp.as_ref())
        .and_then(|text| Tlp::from_label(text).or_else(|| Tlp::parse(&text.to_ascii_lowercase())));
    let ports = row.list(map.port.as_ref());
    if let [port] = ports.as_slice() {
        finding.port = port.parse().ok().filter(|port| *port != 0).or(finding.port);
    } else if ports.len() > 1 {
        finding.note("ports", &ports.join(","));
    }
    finding.malware = row.option(map.malware.as_ref()).map(crate::model::cut);
    finding.reference = row.option(map.reference.as_ref()).map(str::to_owned);
    for label in row.list(map.labels.as_ref()) {
        finding.label(label);
    }
    for source in row.list(map.sources.as_ref()) {
        finding.source(source);
    }
    for sector in row.list(map.sectors.as_ref()) {
        if !finding.sectors.iter().any(|known| known == sector) {
            finding.sectors.push(sector.to_owned());
        }
    }
}

/// Keeps the columns that the map does not name.
fn extra(finding: &mut Finding, row: &Row<'_>, map: &CsvMap) {
    let used: Vec<usize> = map.columns().filter_map(|column| row.header.index(column)).collect();
    for (index, field) in row.fields.iter().enumerate() {
        if used.contains(&index) || is_null(field) {
            continue;
        }
        match row.header.names.get(index) {
            Some(name) => finding.note(name, field),
            None => finding.note(&format!("column{}", index.saturating_add(1)), field),
        }
    }
}
