//! Undoing transport compression under limits: abuse case A12.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;

use crate::FormatError;

/// Bounds what a compressed document may become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inflation {
    /// Largest inflated size in bytes.
    pub inflated_size_bytes_max: u64,
    /// Largest ratio of inflated to compressed bytes, beyond the first megabyte.
    pub ratio_max: u64,
}

impl Default for Inflation {
    /// Returns the limits of every door: 256 MiB, ratio 100.
    fn default() -> Self {
        Self { inflated_size_bytes_max: 256 * 1024 * 1024, ratio_max: 100 }
    }
}

/// LIMIT: small documents of one repeated byte exceed any ratio and harm nobody.
const RATIO_FREE_BYTES: u64 = 1024 * 1024;

/// LIMIT: window of a zstd frame, as a power of two; 128 MiB is what its own command takes without being asked.
const ZSTD_WINDOW_LOG_MAX: u32 = 27;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Packing {
    Gzip,
    None,
    Zip,
    Zstd,
}

fn packing(head: &[u8]) -> Packing {
    match head {
        [0x1f, 0x8b, ..] => Packing::Gzip,
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Packing::Zstd,
        [0x50, 0x4b, 0x03 | 0x05, 0x04 | 0x06, ..] => Packing::Zip,
        _ => Packing::None,
    }
}

/// Undoes gzip or zstd, recognised by its first bytes; other documents pass through.
///
/// Reading the result fails with [`io::ErrorKind::FileTooLarge`] as soon as a limit of `limits` is passed, before the
/// bytes beyond it are inflated. Documents that are not compressed are bounded in size as well.
///
/// # Errors
///
/// [`FormatError::Compression`] for zip, and for a compressed document inside a compressed one;
/// [`FormatError::Io`] when the stream fails.
pub fn decompress<'a>(
    mut input: Box<dyn BufRead + 'a>,
    limits: Inflation,
) -> Result<Box<dyn BufRead + 'a>, FormatError> {
    let kind = packing(input.fill_buf()?);
    let counted = Counted { inner: input, count: 0 };
    let inner: Source<'a> = match kind {
        Packing::Zip => return Err(FormatError::Compression { kind: "zip" }),
        Packing::None => Source::Plain(counted),
        Packing::Gzip => Source::Gzip(MultiGzDecoder::new(counted)),
        Packing::Zstd => {
            let mut decoder = zstd::Decoder::with_buffer(counted)?;
            decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
            Source::Zstd(decoder)
        }
    };
    let mut output = BufReader::new(Bounded { inner, produced: 0, limits });
    if kind != Packing::None && packing(output.fill_buf()?) != Packing::None {
        return Err(FormatError::Compression { kind: "nested" });
    }
    Ok(Box::new(output))
}

/// Counts the bytes taken from the compressed side.
struct Counted<'a> {
    inner: Box<dyn BufRead + 'a>,
    count: u64,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count = self.count.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
        Ok(read)
    }
}

impl BufRead for Counted<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.count = self.count.saturating_add(u64::try_from(amount).unwrap_or(u64::MAX));
        self.inner.consume(amount);
    }
}

enum Source<'a> {
    Gzip(MultiGzDecoder<Counted<'a>>),
    Plain(Counted<'a>),
    Zstd(zstd::Decoder<'static, Counted<'a>>),
}

struct Bounded<'a> {
    inner: Source<'a>,
    produced: u64,
    limits: Inflation,
}

impl Read for Bounded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (read, consumed) = match &mut self.inner {
            Source::Gzip(decoder) => (decoder.read(buffer)?, decoder.get_ref().count),
            Source::Plain(plain) => (plain.read(buffer)?, u64::MAX),
            Source::Zstd(decoder) => (decoder.read(buffer)?, decoder.get_ref().count),
        };
        self.produced = self.produced.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
        if self.produced > self.limits.inflated_size_bytes_max {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "document inflates beyond the limit"));
        }
        let allowed = consumed.saturating_mul(self.limits.ratio_max).saturating_add(RATIO_FREE_BYTES);
        if self.produced > allowed {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "document inflates beyond the ratio"));
        }
        Ok(read)
    }
}
