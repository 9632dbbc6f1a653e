//! Lints on the text of the tree: what no compiler looks at.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::process;

/// LIMIT: lines of one file we wrote; past it there is a second noun in the file.
const LINES_MAX: usize = 800;

/// Directories that belong to one machine when they begin a path.
const MACHINE_DIRECTORIES: [&str; 5] = ["home", "root", "tmp", "work", "Users"];

/// Kinds of files that are code.
const CODE: [&str; 8] = ["css", "html", "js", "mjs", "py", "rs", "sh", "sql"];

/// Checks every file that is or would be committed.
///
/// # Errors
/// When the files cannot be listed or read.
pub fn check(root: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for path in files(root)? {
        let relative = path.strip_prefix(root).unwrap_or(&path).to_path_buf();
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let shown = relative.display().to_string();
        if is_vendored(&relative) {
            continue;
        }
        let mut say = |line: usize, what: String| found.push(format!("{shown}:{line}: {what}"));
        let extension = relative.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let is_code = CODE.contains(&extension);
        let lines = text.lines().count();
        if is_code && lines > LINES_MAX {
            say(lines, format!("{lines} lines, more than {LINES_MAX}: look for the second noun"));
        }
        for (index, line) in text.lines().enumerate() {
            let number = index.saturating_add(1);
            if let Some(path) = machine_path(line) {
                say(number, format!("`{path}` is a path of one machine"));
            }
            if let Some(word) = leftover(line).filter(|_| is_code) {
                say(number, format!("`{word}` is left"));
            }
        }
        if shown.contains("templates/") && extension == "html" {
            for (line, what) in template(&text) {
                say(line, what);
            }
        }
        if shown.ends_with("package-lock.json") && text.contains("\"resolved\"") {
            say(1, "the lock names the host of a registry".to_owned());
        }
    }
    Ok(found)
}

/// Lists the files that are or would be committed; where git does not answer, all files but build results.
fn files(root: &Path) -> Result<Vec<PathBuf>> {
    let mut git = process::command("git", root);
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    match process::output(&mut git) {
        Ok(list) => Ok(list.split('\0').filter(|name| !name.is_empty()).map(|name| root.join(name)).collect()),
        Err(_) => {
            fs::read_dir(root).context("cannot read the clone")?;
            Ok(walk(root, "").into_iter().filter(|path| !path.starts_with(root.join("target"))).collect())
        }
    }
}

/// Lists the files below a directory that end in `.extension`, or all for an empty one, in a stable order.
#[must_use]
pub fn walk(directory: &Path, extension: &str) -> Vec<PathBuf> {
    let mut pending = vec![directory.to_path_buf()];
    let mut found = Vec::new();
    while let Some(directory) = pending.pop() {
        let Ok(entries) = fs::read_dir(&directory) else { continue };
        for entry in entries.flatten() {
            let path = entry.path();
            let hidden = entry.file_name().to_string_lossy().starts_with('.');
            if path.is_dir() && !path.is_symlink() && !hidden && entry.file_name() != "node_modules" {
                pending.push(path);
            } else if extension.is_empty() || path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn is_vendored(relative: &Path) -> bool {
    relative.components().any(|part| part.as_os_str() == "vendor") || relative.ends_with("LICENSE")
}

/// Finds an absolute path that begins in a directory of one machine; a path inside a URL is none.
fn machine_path(line: &str) -> Option<&str> {
    for directory in MACHINE_DIRECTORIES {
        for (at, _) in line.match_indices(directory) {
            let Some(before) = line.get(..at).and_then(|before| before.strip_suffix('/')) else { continue };
            let after = line.get(at.saturating_add(directory.len())..)?;
            let joined = |c: char| c.is_alphanumeric() || "/.-_>}$~".contains(c);
            let mut rest = after.chars();
            if before.chars().next_back().is_some_and(joined)
                || rest.next() != Some('/')
                || !rest.next().is_some_and(|c| c.is_ascii_alphanumeric())
            {
                continue;
            }
            let end = after.find(|c: char| c.is_whitespace() || "\"'`),;".contains(c)).unwrap_or(after.len());
            return line.get(at.saturating_sub(1)..at.saturating_add(directory.len()).saturating_add(end));
        }
    }
    None
}

/// Finds a mark of unfinished work. The marks are spelled in halves here, or this file would find itself.
fn leftover(line: &str) -> Option<String> {
    let marks = [("TO", "DO"), ("FIX", "ME"), ("X", "XX"), ("todo", "!("), ("db", "g!("), ("unimple", "mented!(")];
    for (first, second) in marks {
        let mark = [first, second].concat();
        for (at, _) in line.match_indices(&mark) {
            let before = line.get(..at).and_then(|text| text.chars().next_back());
            let after = line.get(at.saturating_add(mark.len())..).and_then(|text| text.chars().next());
            let in_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
            if !in_word(before) && (mark.ends_with('(') || !in_word(after)) {
                return Some(mark);
            }
        }
    }
    None
}

/// Finds what the Content-Security-Policy forbids in a template, and output that is not escaped.
fn template(text: &str) -> Vec<(usize, String)> {
    let lower = text.to_lowercase();
    let line_of = |at: usize| lower.get(..at).map_or(1, |before| before.matches('\n').count().saturating_add(1));
    let mut found = Vec::new();
    for (mark, what) in [
        ("<style", "inline style sheet"),
        ("hx-on", "script in an htmx attribute"),
        ("js:", "script in an htmx attribute"),
        ("javascript:", "script in a URL"),
        ("|safe", "output that is not escaped"),
        ("| safe", "output that is not escaped"),
        ("escape false", "output that is not escaped"),
    ] {
        found.extend(lower.match_indices(mark).map(|(at, _)| (line_of(at), format!("{what}: `{mark}`"))));
    }
    for (at, _) in lower.match_indices("<script") {
        let rest = lower.get(at..).unwrap_or_default();
        let (tag, body) = rest.split_once('>').unwrap_or((rest, ""));
        let content = body.split("</script").next().unwrap_or_default();
        if !tag.contains(" src=") || !content.trim().is_empty() {
            found.push((line_of(at), "inline script".to_owned()));
        }
    }
    // Attributes: a name after white space, inside a tag, followed by `=`.
    let mut inside = None;
    for (at, character) in lower.char_indices() {
        match character {
            '<' => inside = Some(at),
            '>' => inside = None,
            '=' if inside.is_some() => {
                let before = lower.get(inside.unwrap_or(0)..at).unwrap_or_default();
                let name = before.rsplit(|c: char| c.is_whitespace() || "\"'".contains(c)).next().unwrap_or_default();
                let handler = name.len() > 2 && name.starts_with("on") && name.chars().all(|c| c.is_ascii_alphabetic());
                if name == "style" || handler {
                    found.push((line_of(at), format!("`{name}=` attribute")));
                }
            }
            _ => {}
        }
    }
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_one_machine_are_found_and_urls_are_not() {
        // Would break: a path that exists only where it was written is committed, or a TAXII root is refused.
        let path = |directory: &str| format!("see /{directory}/someone/file");
        for directory in MACHINE_DIRECTORIES {
            assert!(machine_path(&path(directory)).is_some(), "{directory}");
        }
        for fine in
            ["/taxii2/root/collections/", "https://x.example/home/page", "$HOME/.cache", "../tmp/x", "/usr/bin/tool"]
        {
            assert_eq!(machine_path(fine), None, "{fine}");
        }
    }

    #[test]
    fn marks_of_unfinished_work_are_found_as_words_only() {
        // Would break: unfinished work is committed, or the method `todos()` is refused.
        assert!(leftover(&["// TO", "DO: later"].concat()).is_some());
        assert!(leftover(&["    db", "g!(x);"].concat()).is_some());
        assert_eq!(leftover("let todos = list.todos();"), None);
    }

    #[test]
    fn each_forbidden_form_in_a_template_is_found() {
        // Would break: a page that the Content-Security-Policy breaks in the browser of a partner.
        for bad in [
            "<p style=\"x\">",
            "<p\n  onclick='x'>",
            "<style>p{}</style>",
            "<script>x</script>",
            "<script src=\"a.js\">x</script>",
            "{{ value|safe }}",
            "<a href=\"javascript:x\">",
            "<p hx-on:click=\"x\">",
        ] {
            assert!(!template(bad).is_empty(), "{bad}");
        }
    }

    #[test]
    fn a_plain_template_passes() {
        // Would break: ordinary markup is refused.
        let good = "<script src=\"/a.js\" defer></script>\n<p class=\"x\" data-once=\"y\">style = prose, {{ value }}</p>\n\
                    {% if a == b %}<time datetime=\"{{ t }}\">{{ t }}</time>{% endif %}";
        assert_eq!(template(good), Vec::<(usize, String)>::new());
    }
}
