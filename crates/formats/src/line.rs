//! Lines of text from bytes: ends of line, encodings, and the limit of one line.

use std::io::BufRead;

use crate::FormatError;

/// Holds one line without its end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Line {
    /// 1-based.
    pub(crate) number: u64,
    pub(crate) text: String,
    /// The bytes were not UTF-8 and were read as Windows-1252.
    pub(crate) guessed: bool,
    /// The line was longer than the limit; `text` holds its beginning.
    pub(crate) too_long: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Utf16 { big_endian: bool },
}

/// Reads lines that end in LF, CRLF or CR.
pub(crate) struct Lines<'a> {
    input: &'a mut dyn BufRead,
    encoding: Option<Encoding>,
    number: u64,
    line_size_bytes_max: usize,
    after_cr: bool,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(input: &'a mut dyn BufRead, line_size_bytes_max: usize) -> Self {
        Self { input, encoding: None, number: 0, line_size_bytes_max, after_cr: false }
    }

    /// Reads the next line; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Line>, FormatError> {
        let encoding = match self.encoding {
            Some(encoding) => encoding,
            None => self.sniff()?,
        };
        let mut bytes = Vec::new();
        let (any, too_long) = match encoding {
            Encoding::Utf8 => self.narrow(&mut bytes)?,
            Encoding::Utf16 { big_endian } => self.wide(&mut bytes, big_endian)?,
        };
        if !any {
            return Ok(None);
        }
        self.number = self.number.saturating_add(1);
        let (text, guessed) = match String::from_utf8(bytes) {
            Ok(text) => (text, false),
            // A line that was cut at the limit may end inside a character; it is refused anyway.
            Err(error) => (windows_1252(error.as_bytes()), true),
        };
        Ok(Some(Line { number: self.number, text, guessed, too_long }))
    }

    /// Removes a byte-order mark and takes the encoding from it.
    fn sniff(&mut self) -> Result<Encoding, FormatError> {
        let mut head = Vec::new();
        // A stream may give one byte at a time; three are needed and no more are taken than belong to the mark.
        let first = self.input.fill_buf()?;
        head.extend(first.iter().take(3));
        let (encoding, consumed) = match head.as_slice() {
            [0xef, 0xbb, 0xbf, ..] => (Encoding::Utf8, 3),
            [0xff, 0xfe, ..] => (Encoding::Utf16 { big_endian: false }, 2),
            [0xfe, 0xff, ..] => (Encoding::Utf16 { big_endian: true }, 2),
            _ => (Encoding::Utf8, 0),
        };
        self.input.consume(consumed);
        self.encoding = Some(encoding);
        Ok(encoding)
    }

    /// Reads bytes up to the end of a line; answers whether there was anything, and whether it was too long.
    fn narrow(&mut self, bytes: &mut Vec<u8>) -> Result<(bool, bool), FormatError> {
        let (mut any, mut too_long) = (false, false);
        loop {
            let buffer = match self.input.fill_buf() {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                other => other?,
            };
            if buffer.is_empty() {
                return Ok((any, too_long));
            }
            if self.after_cr {
                self.after_cr = false;
                if buffer.first() == Some(&b'\n') {
                    self.input.consume(1);
                    continue;
                }
            }
            any = true;
            let end = buffer.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let taken = buffer.get(..end.unwrap_or(buffer.len())).unwrap_or(&[]);
            let room = self.line_size_bytes_max.saturating_sub(bytes.len());
            too_long |= taken.len() > room;
            bytes.extend_from_slice(taken.get(..taken.len().min(room)).unwrap_or(&[]));
            let consumed = taken.len();
            match end {
                Some(end) => {
                    self.after_cr = buffer.get(end) == Some(&b'\r');
                    self.input.consume(consumed.saturating_add(1));
                    return Ok((true, too_long));
                }
                None => self.input.consume(consumed),
            }
        }
    }

    /// Reads UTF-16 code units up to the end of a line and writes them as UTF-8.
    fn wide(&mut self, bytes: &mut Vec<u8>, big_endian: bool) -> Result<(bool, bool), FormatError> {
        let mut units: Vec<u16> = Vec::new();
        let (mut any, mut too_long) = (false, false);
        while let Some(pair) = self.pair()? {
            let unit = if big_endian { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) };
            if self.after_cr {
                self.after_cr = false;
                if unit == 0x0a {
                    continue;
                }
            }
            any = true;
            if matches!(unit, 0x0a | 0x0d) {
                self.after_cr = unit == 0x0d;
                break;
            }
            if units.len() < self.line_size_bytes_max / 2 {
                units.push(unit);
            } else {
                too_long = true;
            }
        }
        bytes.extend_from_slice(String::from_utf16_lossy(&units).as_bytes());
        Ok((any, too_long))
    }

    fn pair(&mut self) -> Result<Option<[u8; 2]>, FormatError> {
        let mut pair = [0u8; 2];
        match std::io::Read::read_exact(&mut self.input, &mut pair) {
            Ok(()) => Ok(Some(pair)),
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// The characters of Windows-1252 at 0x80 to 0x9F; the five unused positions are control characters as in ISO 8859-1.
const WINDOWS: [char; 32] = [
    '\u{20ac}', '\u{81}', '\u{201a}', '\u{192}', '\u{201e}', '\u{2026}', '\u{2020}', '\u{2021}', '\u{2c6}', '\u{2030}',
    '\u{160}', '\u{2039}', '\u{152}', '\u{8d}', '\u{17d}', '\u{8f}', '\u{90}', '\u{2018}', '\u{2019}', '\u{201c}',
    '\u{201d}', '\u{2022}', '\u{2013}', '\u{2014}', '\u{2dc}', '\u{2122}', '\u{161}', '\u{203a}', '\u{153}', '\u{9d}',
    '\u{17e}', '\u{178}',
];

fn windows_1252(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|byte| match byte {
            0x80..=0x9f => WINDOWS.get(usize::from(byte & 0x1f)).copied().unwrap_or('\u{fffd}'),
            other => char::from(*other),
        })
        .collect()
}

/// Reads a whole document into memory, up to a limit.
pub(crate) fn read_all(input: &mut dyn BufRead, size_bytes_max: u64) -> Result<Vec<u8>, FormatError> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    input.take(size_bytes_max.saturating_add(1)).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > size_bytes_max {
        return Err(FormatError::Limit { what: "document in bytes", limit: size_bytes_max });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(bytes: &[u8], limit: usize) -> Vec<Line> {
        let mut input = bytes;
        let mut lines = Lines::new(&mut input, limit);
        let mut all = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            all.push(line);
        }
        all
    }

    /// Breaks when one of the three ends of line, or a last line without one, is read wrongly.
    #[test]
    fn all_three_ends_of_line_end_a_line() {
        let texts: Vec<String> = lines(b"a\r\nb\rc\n\nd", 99).into_iter().map(|line| line.text).collect();
        assert_eq!(texts, ["a", "b", "c", "", "d"]);
    }

    /// Breaks when a mark at the start stays in the first value.
    #[test]
    fn byte_order_marks_are_removed_and_believed() {
        assert_eq!(lines(b"\xef\xbb\xbfa\nb", 99)[0].text, "a");
        let wide: Vec<u8> =
            "\u{feff}shop.example\r\nbücher.example".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let texts: Vec<String> = lines(&wide, 99).into_iter().map(|line| line.text).collect();
        assert_eq!(texts, ["shop.example", "bücher.example"]);
    }

    /// Breaks when one line in another encoding spoils the others.
    #[test]
    fn line_outside_utf8_is_read_as_windows_1252_alone() {
        let all = lines(b"b\xfccher \x93x\x94\nb\xc3\xbccher", 99);
        assert_eq!((all[0].text.as_str(), all[0].guessed), ("bücher \u{201c}x\u{201d}", true));
        assert_eq!((all[1].text.as_str(), all[1].guessed), ("bücher", false));
    }

    /// Breaks when a line beyond the limit costs memory, or the lines after it.
    #[test]
    fn line_beyond_the_limit_is_cut_and_the_next_is_read() {
        let all = lines(b"aaaaaaaaaa\nb\n", 4);
        assert_eq!((all[0].text.as_str(), all[0].too_long), ("aaaa", true));
        assert_eq!((all[1].text.as_str(), all[1].too_long, all[1].number), ("b", false, 2));
    }
}
