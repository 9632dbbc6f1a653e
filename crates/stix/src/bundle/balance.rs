//! Finding the end of a JSON value by its brackets and strings alone, over chunks cut anywhere.

/// Where the end of a bracketed value is looked for.
///
/// Which bracket closes which is left to the reader of the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Balance {
    /// Brackets open.
    pub(super) depth: usize,
    /// Between the quotes of a string.
    in_string: bool,
    /// The last byte was a backslash inside a string.
    escaped: bool,
}

impl Balance {
    /// Stands outside strings with `depth` brackets open.
    pub(super) const fn at_depth(depth: usize) -> Self {
        Self { depth, in_string: false, escaped: false }
    }

    /// Goes on from `at` and returns the position behind the bracket that closes the value; none where the bytes end first.
    pub(super) fn close(&mut self, bytes: &[u8], at: usize) -> Option<usize> {
        self.run(bytes, at, false)
    }

    /// Goes on from `at` and returns the position of the `,` or closing bracket outside everything; none where the bytes end
    /// first.
    pub(super) fn delimiter(&mut self, bytes: &[u8], at: usize) -> Option<usize> {
        self.run(bytes, at, true)
    }

    fn run(&mut self, bytes: &[u8], mut at: usize, to_delimiter: bool) -> Option<usize> {
        if at >= bytes.len() {
            return None;
        }
        if self.escaped {
            self.escaped = false;
            at = at.saturating_add(1);
        }
        loop {
            if self.in_string {
                let (next, end) = string_end(bytes, at);
                at = next;
                self.in_string = end == End::Open || end == End::Escape;
                self.escaped = end == End::Escape;
                if self.in_string {
                    return None;
                }
            }
            loop {
                match bytes.get(at)? {
                    b'"' => {
                        self.in_string = true;
                        at = at.saturating_add(1);
                        break;
                    }
                    b'{' | b'[' => self.depth = self.depth.saturating_add(1),
                    b'}' | b']' if to_delimiter && self.depth == 0 => return Some(at),
                    b'}' | b']' => {
                        self.depth = self.depth.saturating_sub(1);
                        if self.depth == 0 && !to_delimiter {
                            return Some(at.saturating_add(1));
                        }
                    }
                    b',' if to_delimiter && self.depth == 0 => return Some(at),
                    _ => {}
                }
                at = at.saturating_add(1);
            }
        }
    }
}

/// How the bytes of a string end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The quote was met.
    Closed,
    /// The bytes end with a backslash whose character is still to come.
    Escape,
    /// The bytes end inside the string.
    Open,
}

/// Looks for the quote that ends a string, from inside it, and returns the position behind it.
pub(super) fn string_end(bytes: &[u8], mut at: usize) -> (usize, End) {
    loop {
        at = quote_or_backslash(bytes, at);
        match bytes.get(at) {
            Some(b'"') => return (at.saturating_add(1), End::Closed),
            Some(_) => {
                at = at.saturating_add(2);
                if at > bytes.len() {
                    return (bytes.len(), End::Escape);
                }
            }
            None => return (bytes.len(), End::Open),
        }
    }
}

/// Returns the first position at or after `at` of a quote or a backslash; the length where there is none.
///
/// Eight bytes at a time; the lowest marked byte of a word is exact, higher ones may be false.
fn quote_or_backslash(bytes: &[u8], mut at: usize) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*chunk);
        let quote = word ^ (ONES * 0x22);
        let backslash = word ^ (ONES * 0x5C);
        let marked = ((quote.wrapping_sub(ONES) & !quote) | (backslash.wrapping_sub(ONES) & !backslash)) & HIGH;
        if marked != 0 {
            return at.saturating_add(usize::try_from(marked.trailing_zeros() / 8).unwrap_or_default());
        }
        at = at.saturating_add(8);
    }
    let rest = bytes.get(at..).unwrap_or_default();
    at.saturating_add(rest.iter().position(|byte| matches!(byte, b'"' | b'\\')).unwrap_or(rest.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_inside_strings_count_for_nothing() {
        let text = br#"{"a":"}]\"}\\","b":[{},"[" ]} rest"#;
        let end = Balance::default().close(text, 0);
        assert_eq!(end, Some(text.len() - 5));
        assert_eq!(Balance::default().delimiter(b"x\"],\" [1,2]} ,{}", 0), Some(11));
        assert_eq!(Balance::default().delimiter(b"[1,2", 0), None);
    }

    #[test]
    fn every_cut_gives_the_same_end() {
        let text = br#"[{"k\\":"\"\\\\"},"0123456789\"abcdef",[[]]]"#;
        for cut in 0..text.len() {
            let mut balance = Balance::default();
            let first = balance.close(&text[..cut], 0);
            assert_eq!(first, None, "{cut}");
            assert_eq!(balance.close(&text[cut..], 0), Some(text.len() - cut), "{cut}");
        }
    }
}
