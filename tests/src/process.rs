//! What the system tells of a process. Linux: reads /proc.

use anyhow::{Context, Result};

/// `sysconf(_SC_CLK_TCK)` is 100 on every Linux that Rust's standard library runs on.
pub const TICKS_PER_SECOND: f64 = 100.0;

/// User and system time of a process, in ticks.
///
/// # Errors
/// It does not run.
pub fn cpu_ticks(pid: u32) -> Result<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let behind_name = stat.rsplit_once(") ").context("a name in brackets")?.1;
    let fields: Vec<&str> = behind_name.split(' ').collect();
    let field = |index: usize| -> Result<u64> { Ok(fields.get(index).context("a field")?.parse()?) };
    Ok(field(11)? + field(12)?)
}

/// Resident memory of a process, in KiB.
///
/// # Errors
/// It does not run.
pub fn resident_kib(pid: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("VmRSS")?;
    Ok(line.split_whitespace().nth(1).context("a number")?.parse()?)
}

/// Every process that this one started, and theirs.
///
/// # Errors
/// /proc cannot be read.
pub fn descendants(pid: u32) -> Result<Vec<u32>> {
    let mut parents = Vec::new();
    for entry in std::fs::read_dir("/proc")? {
        let Ok(child) = entry?.file_name().to_string_lossy().parse::<u32>() else { continue };
        // One that has ended since the folder was listed has no parent.
        let Ok(stat) = std::fs::read_to_string(format!("/proc/{child}/stat")) else { continue };
        let parent = stat.rsplit_once(") ").and_then(|(_, fields)| fields.split(' ').nth(1)?.parse().ok());
        parents.push((child, parent.unwrap_or(0)));
    }
    let mut found = vec![pid];
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        found.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(child, _)| *child));
        next += 1;
    }
    found.remove(0);
    Ok(found)
}
