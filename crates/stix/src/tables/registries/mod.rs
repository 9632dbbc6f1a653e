//! Names that registries list, as they were on the day each file names; `cargo xtask registries` writes them anew.
//!
//! Only names are kept, one a line, sorted by their bytes: a list is searched where it stands, and costs nothing but its text.

use std::cmp::Ordering;

/// Primary language subtags of the IANA language subtag registry, without those for private use.
pub static LANGUAGES: Registry = Registry::of(include_str!("languages.txt"));
/// Codes of ISO 639-2 for languages that have a code of two letters.
pub static ISO_639_2: Registry = Registry::of(include_str!("iso-639-2.txt"));
/// Character sets of IANA by their preferred MIME name, else their name.
pub static CHARACTER_SETS: Registry = Registry::of(include_str!("character-sets.txt"));
/// Media types of IANA, in lower case.
pub static MEDIA_TYPES: Registry = Registry::of(include_str!("media-types.txt"));
/// Service names and protocols of IANA, in lower case.
pub static SERVICES: Registry = Registry::of(include_str!("services.txt"));
/// Names of HTTP headers, in lower case.
pub static HEADERS: Registry = Registry::of(include_str!("headers.txt"));
/// Information elements of IPFIX.
pub static IPFIX: Registry = Registry::of(include_str!("ipfix.txt"));
/// Countries of ISO 3166-1 alpha-2.
pub static COUNTRIES: Registry = Registry::of(include_str!("countries.txt"));

/// One list of names.
#[derive(Debug)]
pub struct Registry {
    /// Lines in order of their bytes.
    names: &'static str,
}

impl Registry {
    /// Takes the lines behind the first empty one; what stands before says where they are from.
    const fn of(file: &'static str) -> Self {
        let bytes = file.as_bytes();
        let mut rest = bytes;
        while let [first, after @ ..] = rest {
            if let (b'\n', [b'\n', names @ ..]) = (*first, after) {
                let (_, names) = file.split_at(bytes.len() - names.len());
                return Self { names };
            }
            rest = after;
        }
        Self { names: "" }
    }

    /// Tells whether the registry lists a name just so.
    pub fn has(&self, name: &str) -> bool {
        self.find(name, |byte| byte)
    }

    /// Tells whether a registry in lower case lists a name in any case.
    pub fn has_ignoring_case(&self, name: &str) -> bool {
        self.find(name, |byte| byte.to_ascii_lowercase())
    }

    /// Iterates over the names in order of their bytes.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.names.lines()
    }

    /// Looks at the line in the middle of what is left, until none is.
    fn find(&self, name: &str, fold: impl Fn(u8) -> u8) -> bool {
        let mut left = self.names.as_bytes();
        while !left.is_empty() {
            let (before, after) = left.split_at(left.len() / 2);
            let start = memchr::memrchr(b'\n', before).map_or(0, |at| at.saturating_add(1));
            let end = memchr::memchr(b'\n', after).map_or(left.len(), |at| before.len().saturating_add(at));
            let line = left.get(start..end).unwrap_or_default();
            left = match line.iter().copied().cmp(name.bytes().map(&fold)) {
                Ordering::Equal => return true,
                Ordering::Less => left.get(end.saturating_add(1)..).unwrap_or_default(),
                Ordering::Greater => left.get(..start).unwrap_or_default(),
            };
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [(&Registry, usize); 8] = [
        (&LANGUAGES, 8_000),
        (&ISO_639_2, 200),
        (&CHARACTER_SETS, 250),
        (&MEDIA_TYPES, 2_000),
        (&SERVICES, 7_000),
        (&HEADERS, 100),
        (&IPFIX, 450),
        (&COUNTRIES, 249),
    ];

    #[test]
    fn each_list_is_sorted_without_a_name_twice_and_finds_all_it_has() {
        for (registry, least) in ALL {
            let names: Vec<&str> = registry.names().collect();
            assert!(names.len() >= least, "{} names", names.len());
            assert!(names.windows(2).all(|pair| pair[0] < pair[1]));
            for name in names {
                assert!(!name.is_empty() && !name.starts_with('#'), "{name}");
                assert!(registry.has(name), "{name}");
                assert!(!registry.has(&format!("{name}\n")) && !registry.has(&format!("{name}~")), "{name}");
            }
            assert!(!registry.has("") && !registry.has("\n") && !registry.has("~") && !registry.has("!"));
        }
    }

    #[test]
    fn lists_that_are_searched_in_any_case_are_lower_case() {
        for registry in [&LANGUAGES, &ISO_639_2, &MEDIA_TYPES, &SERVICES, &HEADERS] {
            for name in registry.names() {
                assert!(!name.bytes().any(|byte| byte.is_ascii_uppercase()), "{name}");
                assert!(registry.has_ignoring_case(&name.to_ascii_uppercase()), "{name}");
            }
        }
    }

    #[test]
    fn languages_are_of_every_part_of_iso_639() {
        // ISO 639-1, -2 alone, -3 alone, -5 (families), and codes that were withdrawn and stay registered.
        for name in ["de", "zh", "gsw", "haw", "aaa", "zzj", "gem", "sla", "iw", "in", "mo"] {
            assert!(LANGUAGES.has(name), "{name}");
        }
        for name in ["deu", "ger", "eng", "zzz", "qaa", "x", "i"] {
            assert!(!LANGUAGES.has(name), "{name}");
        }
        assert_eq!(LANGUAGES.names().filter(|name| name.len() == 2).count(), 190);
    }

    #[test]
    fn a_file_without_an_empty_line_lists_nothing() {
        assert_eq!(Registry::of("# head\na\n").names().count(), 0);
        assert!(Registry::of("# head\n\na\nb\n").has("b"));
    }
}
