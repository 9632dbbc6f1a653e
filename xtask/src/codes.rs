//! The stable codes that people meet, held against `docs/errors.md`.
//!
//! A code is a string literal in the body of a function called `code`. Every such code has a row in the document, in the
//! section of its area (the part before the first point), and every row has a code that still exists. What an area is
//! about and what to do is written by hand above its table. `cargo xtask codes --write` adds missing rows with the first
//! sentence of the variant's documentation, drops stale ones, and leaves every sentence it finds as it is.
//!
//! The codes of findings, `STIX-E-301`, are listed in one place, the enumeration of `crates/stix/src/code.rs`. Each has a row of
//! four cells in the section `STIX` (code, cause, remedy, section of the specification), in the order of the enumeration. That
//! section is written by hand as a whole; `--write` keeps it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::lint;

/// A code, where it stands, and the first sentence of what carries it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Found {
    file: String,
    meaning: String,
}

/// Runs `cargo xtask codes`.
///
/// # Errors
/// When the flag is missing or unknown, or a file cannot be read or written.
pub fn run(root: &Path, arguments: &[String]) -> Result<bool> {
    if arguments != ["--write"] {
        bail!("usage: cargo xtask codes --write (`cargo xtask check codes` compares)");
    }
    let path = root.join("docs").join("errors.md");
    let text = fs::read_to_string(&path).context("cannot read docs/errors.md")?;
    let (codes, sources) = collect(root)?;
    fs::write(path, rewrite(&text, &codes, |code| names(&sources, code)))?;
    println!("codes: {} in the sources", codes.len());
    Ok(true)
}

/// Compares sources and document.
///
/// # Errors
/// When a source or the document cannot be read.
pub fn check(root: &Path) -> Result<Vec<String>> {
    let document = fs::read_to_string(root.join("docs").join("errors.md")).context("cannot read docs/errors.md")?;
    let documented = rows(&document);
    let (codes, sources) = collect(root)?;
    let mut found = Vec::new();
    for (code, place) in codes.iter().filter(|(code, _)| !documented.contains_key(*code)) {
        found.push(format!(
            "`{code}` of {} has no row in docs/errors.md; `cargo xtask codes --write` adds it",
            place.file
        ));
    }
    for (code, meaning) in &documented {
        if !names(&sources, code) {
            found.push(format!("docs/errors.md explains `{code}`, which no source names any more"));
        }
        if meaning.is_empty() {
            found.push(format!("docs/errors.md says nothing about `{code}`"));
        }
    }
    let listed = fs::read_to_string(root.join("crates").join("stix").join("src").join("code.rs"))?;
    found.extend(check_findings(&enumerated(&listed), &document));
    for (area, _) in sections(&document).iter().filter(|(_, prose)| prose.is_empty()) {
        found.push(format!("docs/errors.md does not say what to do in its section `{area}`"));
    }
    Ok(found)
}

/// Section of the codes of findings.
const FINDINGS: &str = "STIX";

/// Lists the codes of the enumeration in its order: lines such as `E301, "STIX-E-301", "meaning";`.
fn enumerated(source: &str) -> Vec<String> {
    source
        .lines()
        .filter_map(|line| line.trim().split_once(", \"STIX-"))
        .filter_map(|(_, rest)| rest.split_once("\", \""))
        .map(|(number, _)| format!("{FINDINGS}-{number}"))
        .collect()
}

/// Compares the codes of findings with their section: the same codes in the same order, and nothing left out of a row.
fn check_findings(codes: &[String], document: &str) -> Vec<String> {
    let rows: Vec<Vec<&str>> = section(document, FINDINGS)
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.trim_matches('|').split(" | ").map(|cell| cell.trim().trim_matches('`')).collect())
        .collect();
    let documented: Vec<&str> = rows.iter().filter_map(|cells| cells.first().copied()).collect();
    let mut found = Vec::new();
    if codes.is_empty() {
        found.push("no code of a finding was found in crates/stix/src/code.rs".to_owned());
    }
    for code in codes.iter().filter(|code| !documented.contains(&code.as_str())) {
        found.push(format!("`{code}` has no row in the section `{FINDINGS}` of docs/errors.md"));
    }
    for code in documented.iter().filter(|code| !codes.iter().any(|known| known == *code)) {
        found.push(format!("docs/errors.md explains `{code}`, which is not in crates/stix/src/code.rs"));
    }
    if found.is_empty() && documented != codes {
        found.push(format!("the section `{FINDINGS}` of docs/errors.md is not in the order of the enumeration"));
    }
    for cells in rows.iter().filter(|cells| cells.len() != 4 || cells.iter().any(|cell| cell.is_empty())) {
        let code = cells.first().copied().unwrap_or_default();
        found.push(format!("the row of `{code}` in docs/errors.md does not have code, cause, remedy and section"));
    }
    found
}

/// The text of one section, without its title.
fn section<'a>(document: &'a str, area: &str) -> &'a str {
    let (_, rest) = document.split_once(&format!("\n## {area}\n")).unwrap_or_default();
    rest.split("\n## ").next().unwrap_or_default()
}

fn names(sources: &str, code: &str) -> bool {
    sources.contains(&format!("\"{code}\""))
}

/// Reads every code of the crates, and the sources as one text.
fn collect(root: &Path) -> Result<(BTreeMap<String, Found>, String)> {
    let mut sources = String::new();
    let mut codes = BTreeMap::new();
    for path in lint::walk(&root.join("crates"), "rs") {
        let text = fs::read_to_string(&path)?;
        let file = path.strip_prefix(root).unwrap_or(&path).display().to_string();
        for (code, variant) in in_source(&text) {
            let meaning = documentation(&text, &variant);
            codes.entry(code).or_insert_with(|| Found { file: file.clone(), meaning });
        }
        sources.push_str(&text);
    }
    Ok((codes, sources))
}

/// Lists the rows of a document as code and meaning: first two cells, the code in backticks.
fn rows(text: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for line in text.lines() {
        let Some((code, rest)) = line.strip_prefix("| `").and_then(|cell| cell.split_once("` |")) else { continue };
        if is_code(code) {
            found.insert(code.to_owned(), rest.trim().trim_end_matches('|').trim().to_owned());
        }
    }
    found
}

/// Lists the sections of a document as area and the prose above its table.
fn sections(text: &str) -> BTreeMap<String, String> {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    let mut area = None;
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            let title = title.trim().to_owned();
            found.entry(title.clone()).or_default();
            area = Some(title);
            continue;
        }
        let is_prose = !line.starts_with('|') && !line.trim().is_empty();
        if let Some(prose) = area.as_ref().and_then(|area| found.get_mut(area)).filter(|_| is_prose) {
            prose.push_str(line);
            prose.push('\n');
        }
    }
    found
}

/// Writes the document anew: its opening as it is, then one section for each area.
fn rewrite(text: &str, codes: &BTreeMap<String, Found>, exists: impl Fn(&str) -> bool) -> String {
    let known = rows(text);
    let prose = sections(text);
    let mut areas: BTreeMap<&str, BTreeMap<&str, &str>> = BTreeMap::new();
    for (code, found) in codes {
        areas.entry(area(code)).or_default().insert(code, &found.meaning);
    }
    for (code, meaning) in known.iter().filter(|(code, meaning)| exists(code) && !meaning.is_empty()) {
        areas.entry(area(code)).or_default().insert(code, meaning);
    }
    let opening = text.split("\n## ").next().unwrap_or_default().trim_end();
    let mut written = format!("{opening}\n");
    for (area, rows) in areas {
        written.push_str(&format!("\n## {area}\n\n"));
        if let Some(prose) = prose.get(area).filter(|prose| !prose.is_empty()) {
            written.push_str(&format!("{prose}\n"));
        }
        written.push_str("| Code | Meaning |\n|---|---|\n");
        for (code, meaning) in rows {
            written.push_str(&format!("| `{code}` | {} |\n", meaning.replace('|', "\\|")));
        }
    }
    let findings = section(text, FINDINGS).trim_end();
    if !findings.is_empty() {
        written.push_str(&format!("\n## {FINDINGS}\n{findings}\n"));
    }
    written
}

fn area(code: &str) -> &str {
    code.split(['.', '-']).next().unwrap_or(code)
}

/// Lists the codes in the bodies of functions called `code`, each with the variant named before it.
fn in_source(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (at, mark) in text.match_indices("fn code(") {
        let rest = text.get(at.saturating_add(mark.len())..).unwrap_or_default();
        let Some((_, body)) = rest.split_once('{') else { continue };
        let mut depth = 1_usize;
        let mut literal: Option<String> = None;
        let mut before = String::new();
        for character in body.chars() {
            match (&mut literal, character) {
                (Some(_), '"') => {
                    if let Some(code) = literal.take().filter(|text| is_code(text)) {
                        found.push((code, variant(&before)));
                        before.clear();
                    }
                }
                (Some(text), other) => text.push(other),
                (None, '"') => literal = Some(String::new()),
                (None, '{') => depth = depth.saturating_add(1),
                (None, '}') => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        break;
                    }
                }
                (None, _) => {}
            }
            before.push(character);
        }
    }
    found
}

/// Reads the variant an arm names last: after `Self::`, else after the first `::`.
fn variant(arm: &str) -> String {
    let named = arm.rsplit_once("Self::").or_else(|| arm.split_once("::"));
    named.map_or("", |(_, rest)| rest).chars().take_while(|c| c.is_alphanumeric()).collect()
}

/// Reads the first sentence of the documentation above a variant, or nothing.
fn documentation(text: &str, variant: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let declares = |line: &&str| {
        let rest = line.strip_prefix(variant).unwrap_or("x");
        rest.is_empty() || rest.starts_with([',', '(', '{']) || rest.starts_with(" {") || rest.starts_with(" =")
    };
    for (index, _) in lines.iter().enumerate().filter(|(_, line)| !variant.is_empty() && declares(line)) {
        let mut words = Vec::new();
        for line in lines.iter().take(index).rev() {
            match line.strip_prefix("///") {
                Some(prose) => words.push(prose.trim()),
                None if line.starts_with("#[") => {}
                None => break,
            }
        }
        words.reverse();
        let prose = words.join(" ");
        if !prose.is_empty() {
            let sentence = prose.split_once(". ").map_or(prose.as_str(), |(first, _)| first);
            return sentence.trim_end_matches('.').to_owned();
        }
    }
    String::new()
}

/// Tells whether a text has the form of a code: `area.reason`, or `E-` and three digits.
fn is_code(text: &str) -> bool {
    if let Some(digits) = text.strip_prefix("E-") {
        return digits.len() == 3 && digits.bytes().all(|byte| byte.is_ascii_digit());
    }
    let word = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte))
    };
    text.contains('.') && text.split('.').all(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = r#"
        pub enum E {
            /// The first thing went wrong. More words.
            #[error("x")]
            A { at: u64 },
            /// The second
            /// thing.
            B,
        }
        fn name() -> &'static str { "layers.txt" }
        pub const fn code(&self) -> &'static str {
            match self { Self::Z(inner) => inner.code(), Self::A { .. } => "a.one", Self::B => { "E-001" } Self::C => "Not a code" }
        }
        fn after() { "b.two"; }
    "#;

    #[test]
    fn codes_are_read_from_functions_called_code_only() {
        // Would break: a file name in another function is taken for a code, or a code is overlooked.
        let expected = [("a.one", "A"), ("E-001", "B")].map(|(code, name)| (code.to_owned(), name.to_owned()));
        assert_eq!(in_source(SOURCE), expected);
        assert_eq!(documentation(SOURCE, "A"), "The first thing went wrong");
        assert_eq!(documentation(SOURCE, "B"), "The second thing");
    }

    #[test]
    fn rows_of_the_document_are_read_by_their_first_cell() {
        // Would break: a code mentioned in a remedy counts as explained.
        let rows = rows("| `a.one` | see `b.two` |\n| Code | Cause |\ntext `c.three`\n");
        assert_eq!(rows, BTreeMap::from([("a.one".to_owned(), "see `b.two`".to_owned())]));
    }

    #[test]
    fn each_code_of_a_finding_has_one_whole_row_in_order() {
        // Would break: a finding points to an entry that is not there, or that does not say what to do.
        let codes = enumerated("codes! {\n    E001, \"STIX-E-001\", \"a\";\n    W002, \"STIX-W-002\", \"b, c\";\n}\n");
        assert_eq!(codes, ["STIX-E-001", "STIX-W-002"]);
        let page = |rows: &str| {
            format!(
                "# Errors\n\n## STIX\n\nWords.\n\n| Code | Cause | Remedy | Section |\n|---|---|---|---|\n{rows}\n## b\n"
            )
        };
        let (first, second) = ("| `STIX-E-001` | a | b | c |\n", "| `STIX-W-002` | a | `x \\| y` | c |\n");
        assert_eq!(check_findings(&codes, &page(&format!("{first}{second}"))), Vec::<String>::new());
        for (rows, word) in [
            (first.to_owned(), "no row"),
            (format!("{first}{second}| `STIX-N-003` | a | b | c |\n"), "not in crates"),
            (format!("{second}{first}"), "order"),
            (format!("{first}| `STIX-W-002` | a | | c |\n"), "does not have"),
            (format!("{first}| `STIX-W-002` | a | c |\n"), "does not have"),
            (String::new(), "no row"),
        ] {
            let found = check_findings(&codes, &page(&rows));
            assert!(found.iter().any(|line| line.contains(word)), "{rows}: {found:?}");
        }
        assert!(check_findings(&[], &page("")).len() == 1, "an enumeration that is not found is told");
    }

    #[test]
    fn what_was_written_by_hand_stays() {
        // Would break: a new code costs the sentences somebody wrote.
        let found = |meaning: &str| Found { file: String::new(), meaning: meaning.to_owned() };
        let codes = BTreeMap::from([("a.one".to_owned(), found("From the code")), ("a.two".to_owned(), found("New"))]);
        let before = "# Errors\n\nOpening.\n\n## a\n\nDo this.\n\n| Code | Meaning |\n|---|---|\n| `a.one` | By hand |\n| `a.old` | Gone |\n\n## STIX\n\nWords.\n\n| `STIX-E-001` | a | b | c |\n";
        let after = rewrite(before, &codes, |code| code != "a.old");
        let expected = "# Errors\n\nOpening.\n\n## a\n\nDo this.\n\n| Code | Meaning |\n|---|---|\n| `a.one` | By hand |\n| `a.two` | New |\n\n## STIX\n\nWords.\n\n| `STIX-E-001` | a | b | c |\n";
        assert_eq!(after, expected);
        assert_eq!(rewrite(&after, &codes, |_| true), after);
    }
}
