//! Holds the templates to the content security policy and to the one way from a value to a page.

#![expect(clippy::expect_used, reason = "a test may panic")]

use std::fs;
use std::path::Path;

/// Filters that may stand last in an expression: each escapes for its place.
const FILTERS: [&str; 23] = [
    "attribute",
    "block",
    "confidence",
    "count",
    "country",
    "free",
    "happening",
    "marking",
    "own",
    "prose",
    "reason",
    "reason_words",
    "recall_words",
    "relation",
    "role",
    "segment",
    "sentence",
    "shell",
    "short_id",
    "state",
    "time",
    "token",
    "typed",
];

fn templates() -> Vec<(String, String)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let mut found: Vec<(String, String)> = fs::read_dir(directory)
        .expect("the templates can be listed")
        .map(|entry| entry.expect("the entry can be read").path())
        .map(|path| (path.display().to_string(), fs::read_to_string(&path).expect("the template can be read")))
        .collect();
    found.sort();
    assert!(found.len() > 15, "the templates are where the test looks");
    found
}

/// The content of every `{{ … }}`.
fn expressions(template: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = template;
    while let Some((_, after)) = rest.split_once("{{") {
        let (expression, after) = after.split_once("}}").expect("every expression ends");
        found.push(expression.trim());
        rest = after;
    }
    found
}

/// The names of all attributes in the markup, in lower case, with the tag they stand in.
fn attributes(template: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for tag in template.split('<').skip(1).filter(|tag| tag.starts_with(|c: char| c.is_ascii_alphabetic())) {
        let tag = tag.split('>').next().unwrap_or_default();
        let name = tag.split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
        for piece in tag.split_whitespace().skip(1) {
            let attribute = piece.split('=').next().unwrap_or_default().to_ascii_lowercase();
            found.push((name.clone(), attribute));
        }
    }
    found
}

#[test]
fn every_value_goes_through_one_of_the_filters() {
    for (path, template) in templates() {
        for expression in expressions(&template) {
            let last = expression.rsplit('|').next().unwrap_or_default().trim();
            assert!(expression.contains('|') && FILTERS.contains(&last), "{path}: {{{{ {expression} }}}}");
        }
    }
}

#[test]
fn nothing_is_inline() {
    for (path, template) in templates() {
        for (tag, attribute) in attributes(&template) {
            assert!(attribute != "style", "{path}: style on {tag}");
            assert!(!attribute.starts_with("on"), "{path}: {attribute} on {tag}");
            assert!(!attribute.starts_with("hx-on"), "{path}: {attribute} on {tag}");
        }
        for word in ["<style", "javascript:", "js:", "|safe", "| safe", "autoescape", "http-equiv"] {
            assert!(!template.contains(word), "{path}: {word}");
        }
        for script in template.split("<script").skip(1) {
            let (head, body) = script.split_once('>').expect("the tag ends");
            assert!(head.contains(" src=\"") && head.contains(" integrity=\""), "{path}: <script{head}>");
            assert!(body.starts_with("</script>"), "{path}: a script with content");
        }
    }
}

#[test]
fn addresses_are_our_own_and_attributes_are_quoted() {
    for (path, template) in templates() {
        for name in ["href", "src", "action", "formaction"] {
            for after in template.split(&format!(" {name}=")).skip(1) {
                let value = after.strip_prefix('"').and_then(|value| value.split('"').next());
                let value = value.unwrap_or_else(|| panic!("{path}: {name} without quotes"));
                let own = value.starts_with('/') && !value.starts_with("//");
                assert!(
                    own || value.starts_with('#') || value.starts_with("{{ frame.assets."),
                    "{path}: {name} {value}"
                );
            }
        }
    }
}

#[test]
fn htmx_is_written_in_the_macros_only() {
    for (path, template) in templates() {
        if !path.ends_with("macros.html") {
            assert!(!template.contains(" hx-"), "{path}");
        }
    }
}

#[test]
fn every_table_has_a_caption_and_every_field_a_label() {
    for (path, template) in templates() {
        assert_eq!(template.matches("<table").count(), template.matches("<caption").count(), "{path}");
        for field in ["<input", "<textarea", "<select"].iter().flat_map(|tag| template.split(tag).skip(1)) {
            let tag = field.split('>').next().unwrap_or_default();
            if tag.contains("type=\"hidden\"") {
                continue;
            }
            let id = tag.split(" id=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("the field has an id");
            assert!(template.contains(&format!("for=\"{id}\"")), "{path}: no label for {id}");
        }
        for form in template.split("<form").skip(1).filter(|form| form.contains("method=\"post\"")) {
            let form = form.split("</form>").next().unwrap_or_default();
            // Signing in, entering and colours have no session to bind to.
            let open = ["/login", "/enter", "/theme"].iter().any(|path| form.contains(&format!("action=\"{path}\"")));
            assert!(open || form.contains("name=\"csrf\""), "{path}: a form without the session's token");
        }
    }
}

#[test]
fn the_licences_page_names_every_vendored_file() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let vendored = fs::read_to_string(root.join("assets/vendor/vendor.toml")).expect("the list can be read");
    let page = fs::read_to_string(root.join("templates/licences.html")).expect("the page can be read");
    let mut named = 0;
    for line in vendored.lines() {
        if let Some((key, value)) = line.split_once(" = ")
            && ["name", "version", "licence"].contains(&key)
        {
            let value = value.trim_matches('"');
            assert!(page.contains(&format!(">{value}<")), "{value}");
            named += 1;
        }
    }
    assert!(named >= 3);
}
