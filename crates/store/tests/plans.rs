//! No statement may read a whole table unless a comment says why that is bounded.
//!
//! The statements are taken from the sources, so a new one is covered as soon as it is written.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may stop")]

mod support;

use rusqlite::Connection;
use support::Bench;

const SOURCES: [(&str, &str); 6] = [
    ("agreements.rs", include_str!("../src/agreements.rs")),
    ("inbox.rs", include_str!("../src/inbox.rs")),
    ("logs.rs", include_str!("../src/logs.rs")),
    ("manifest.rs", include_str!("../src/manifest.rs")),
    ("quotas.rs", include_str!("../src/quotas.rs")),
    ("revisions.rs", include_str!("../src/revisions.rs")),
];
const PARTIES: (&str, &str) = ("parties.rs", include_str!("../src/parties.rs"));

/// One statement of the sources.
struct Statement {
    place: String,
    sql: String,
    /// Whether a `LIMIT:` comment stands between the head of its function and its end.
    limited: bool,
}

/// String literals that begin with a verb of SQL, with the column lists put in.
fn statements() -> Vec<Statement> {
    let mut found = Vec::new();
    for (file, source) in SOURCES.into_iter().chain([PARTIES]) {
        let constant = |name: &str| {
            let start = source.find(&format!("const {name}: &str ="))?;
            let rest = &source[start..];
            let open = rest.find('"')? + 1;
            let close = rest[open..].find('"')? + open;
            Some(rest[open..close].to_owned())
        };
        let mut function = 0;
        let mut at = 0;
        for (number, line) in (1..).zip(source.split_inclusive('\n')) {
            if line.contains(" fn ") || line.starts_with("fn ") {
                function = at;
            }
            for verb in ["\"SELECT ", "\"INSERT ", "\"UPDATE ", "\"DELETE "] {
                if let Some(column) = line.find(verb) {
                    let open = at + column + 1;
                    let close = source[open..].find('"').unwrap() + open;
                    let mut sql = source[open..close].to_owned();
                    for name in ["REVISION", "ASSERTION", "ROW"] {
                        if let Some(columns) = constant(name) {
                            sql = sql.replace(&format!("{{{name}}}"), &columns);
                        }
                    }
                    let limited = source[function..open].contains("LIMIT: ");
                    found.push(Statement { place: format!("{file}:{number}"), sql, limited });
                }
            }
            at += line.len();
        }
    }
    found
}

fn plan(db: &Connection, sql: &str) -> Vec<String> {
    let mut statement = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap_or_else(|e| panic!("{sql}: {e}"));
    let parameters = vec![rusqlite::types::Value::Null; statement.parameter_count()];
    let rows = statement.query_map(rusqlite::params_from_iter(parameters), |row| row.get::<_, String>(3)).unwrap();
    rows.map(Result::unwrap).collect()
}

/// A scan that nobody noticed turns a page of a thousand rows into a walk over millions.
#[test]
fn every_scan_of_a_table_states_its_limit() {
    let bench = Bench::new();
    let db = Connection::open(bench.path()).unwrap();
    let all = statements();
    assert!(all.len() > 60, "only {} statements were found in the sources", all.len());
    let mut unlimited = Vec::new();
    for Statement { place, sql, limited } in &all {
        assert!(!sql.contains('{'), "{place}: {sql}");
        // A walk in key order that SQL cuts short reads no more rows than it returns.
        let cut_short = sql.contains(" LIMIT ?") && !sql.contains(" WHERE ");
        for step in plan(&db, sql) {
            let scans = step.starts_with("SCAN") && !step.starts_with("SCAN CONSTANT ROW");
            if scans && !limited && !cut_short {
                unlimited.push(format!("{place}: {step}\n    {sql}"));
            }
            assert!(!step.contains("TEMP B-TREE") || *limited, "{place} sorts in memory: {step}\n    {sql}");
        }
    }
    assert!(unlimited.is_empty(), "no `LIMIT:` comment for:\n{}", unlimited.join("\n"));
}

/// The statements of a page must be searches by key, whatever a comment says.
#[test]
fn the_statements_of_a_page_are_searches_by_key() {
    let bench = Bench::new();
    let db = Connection::open(bench.path()).unwrap();
    for table in ["manifest", "withheld", "leaf", "node", "revision", "delivery", "assertion"] {
        for Statement { place, sql, .. } in statements() {
            let narrow = sql.contains(&format!("FROM {table} ")) && sql.contains("=?") && !sql.contains("victim=1");
            if narrow {
                for step in plan(&db, &sql) {
                    assert!(!step.starts_with("SCAN"), "{place}: {step}\n    {sql}");
                }
            }
        }
    }
}
