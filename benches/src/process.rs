//! What this process has used, as Linux says it.

use crate::Failure;
use std::fs::read_to_string;

/// Seconds of user and system time; the clock ticks 100 times a second.
pub fn cpu_seconds() -> Result<f64, Failure> {
    let stat = read_to_string("/proc/self/stat")?;
    // The name of the process stands in brackets, and may have spaces and brackets in it.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| -> Result<f64, Failure> {
        Ok(fields.get(at).ok_or("/proc/self/stat is short")?.parse()?)
    };
    Ok((ticks(11)? + ticks(12)?) / 100.0)
}

/// The memory that it holds now, in megabytes.
pub fn memory_mb() -> Result<f64, Failure> {
    status_mb("VmRSS:")
}

/// The most memory that it has held, in megabytes.
pub fn most_memory_mb() -> Result<f64, Failure> {
    status_mb("VmHWM:")
}

fn status_mb(field: &str) -> Result<f64, Failure> {
    let status = read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|l| l.strip_prefix(field)).ok_or("/proc/self/status is short")?;
    let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kilobytes / 1024.0)
}
