//! Physical limits of the machine, measured in the same run as the benchmarks: what no program here can exceed.

use std::fs::{self, File};
use std::hint::black_box;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// Bytes of the object that all figures speak of.
pub const OBJECT_SIZE_BYTES: usize = 866;

/// Objects made durable together.
const BATCH: usize = 1_000;

/// LIMIT: 128 MiB a buffer, far above the caches of two cores, so that memory is measured.
const MEMORY_SIZE_BYTES: usize = 128 << 20;

/// The two limits, both in objects of 866 bytes a second.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Appending to a file, made durable once every 1,000 objects.
    pub append: f64,
    /// Copying from memory to memory.
    pub memcpy: f64,
}

/// Measures both for about `span` each, on the disk of `directory`.
///
/// # Errors
/// When the file cannot be written.
pub fn measure(directory: &Path, span: Duration) -> Result<Limits> {
    Ok(Limits { append: append(directory, span)?, memcpy: memcpy(span) })
}

fn append(directory: &Path, span: Duration) -> Result<f64> {
    let path = directory.join(format!("limit-{}", std::process::id()));
    let mut file = File::create(&path).with_context(|| format!("cannot write `{}`", path.display()))?;
    let batch = vec![0x5a_u8; OBJECT_SIZE_BYTES.saturating_mul(BATCH)];
    let begun = Instant::now();
    let mut objects = 0_u32;
    while begun.elapsed() < span {
        file.write_all(&batch)?;
        file.sync_data()?;
        objects = objects.saturating_add(1_000);
    }
    let seconds = begun.elapsed().as_secs_f64();
    fs::remove_file(&path)?;
    Ok(f64::from(objects) / seconds)
}

fn memcpy(span: Duration) -> f64 {
    let from = vec![0x5a_u8; MEMORY_SIZE_BYTES];
    let mut to = vec![0_u8; MEMORY_SIZE_BYTES];
    let begun = Instant::now();
    let mut copies = 0_u32;
    while begun.elapsed() < span {
        to.copy_from_slice(black_box(&from));
        black_box(&mut to);
        copies = copies.saturating_add(1);
    }
    let objects = u32::try_from(MEMORY_SIZE_BYTES / OBJECT_SIZE_BYTES).unwrap_or(u32::MAX);
    f64::from(copies) * f64::from(objects) / begun.elapsed().as_secs_f64()
}
