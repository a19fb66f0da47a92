//! Trying a mutation: the shipped scenarios run on it, until the first that fails.
//!
//! Lives here: the runs, several at a time, each with a time limit. Does not live here: what is tried.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::build::VARIABLE;
use crate::list::Mutation;

/// A mutation that lets a run take so many times as long as it takes without one counts as noticed.
const TIMES_AS_LONG: u32 = 8;
/// … and none counts so before this: another program may have the processors.
const AT_LEAST: Duration = Duration::from_secs(60);
/// How often it is looked whether a run has ended.
const LOOKS_EVERY: Duration = Duration::from_millis(20);

/// What became of a mutation.
#[derive(Debug, PartialEq, Eq)]
pub enum TrialVerdict {
    /// A scenario failed, or the run did.
    Killed {
        /// Which scenario, or how the run ended.
        by: String,
    },
    /// Every scenario passed.
    Survived,
}

/// Everything that a trial needs.
pub struct Trial<'a> {
    root: &'a Path,
    binary: &'a Path,
    /// Settings, state and reports of the runs: nothing of the user's.
    folder: TempDir,
    limit: Duration,
}

impl<'a> Trial<'a> {
    /// Makes sure that every scenario passes without a mutation, and takes the time of that.
    pub fn new(root: &'a Path, binary: &'a Path) -> Result<Self> {
        let began = Instant::now();
        let mut trial = Self { root, binary, folder: tempfile::tempdir()?, limit: Duration::from_secs(600) };
        if let TrialVerdict::Killed { by } = trial.run(0, None)? {
            bail!("without a mutation a shipped scenario fails already: {by}");
        }
        trial.limit = AT_LEAST.max(began.elapsed() * TIMES_AS_LONG);
        Ok(trial)
    }

    /// What became of each, in the same order.
    pub fn all(&self, chosen: &[&Mutation]) -> Result<Vec<TrialVerdict>> {
        let next = AtomicUsize::new(0);
        let verdicts: Mutex<BTreeMap<usize, Result<TrialVerdict>>> = Mutex::default();
        let try_the_next = || {
            while let Some((place, mutation)) = nth(chosen, next.fetch_add(1, Ordering::Relaxed)) {
                let verdict = self.one(mutation);
                verdicts.lock().unwrap_or_else(PoisonError::into_inner).insert(place, verdict);
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
                scope.spawn(try_the_next);
            }
        });
        verdicts.into_inner().unwrap_or_else(PoisonError::into_inner).into_values().collect()
    }

    fn one(&self, mutation: &Mutation) -> Result<TrialVerdict> {
        if let Some(name) = &mutation.noticed_by
            && let killed @ TrialVerdict::Killed { .. } = self.run(mutation.number, Some(name))?
        {
            return Ok(killed);
        }
        self.run(mutation.number, None)
    }

    /// One run, of all scenarios or of those with these words in their name; number 0 is no mutation.
    fn run(&self, number: usize, words: Option<&str>) -> Result<TrialVerdict> {
        let path = self.folder.path().join(number.to_string());
        let filter = words.into_iter().flat_map(|words| ["--filter", words]);
        let mut child = Command::new(self.binary)
            .args(["scenario", "run", "config/scenarios", "--fail-fast", "--strict"])
            .args(filter)
            .current_dir(self.root)
            .env_clear()
            .env(VARIABLE, number.to_string())
            .env("HOME", self.folder.path())
            .env("TMPDIR", self.folder.path())
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .stdin(Stdio::null())
            .stdout(File::create(&path)?)
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| self.binary.display().to_string())?;
        let began = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            if began.elapsed() > self.limit {
                child.kill()?;
                child.wait()?;
                return Ok(TrialVerdict::Killed { by: format!("the time limit of {} s", self.limit.as_secs()) });
            }
            std::thread::sleep(LOOKS_EVERY);
        };
        let printed = fs::read_to_string(&path)?;
        let failed = printed.lines().find(|line| line.contains('✗')).map(str::trim);
        match failed {
            Some(failed) => Ok(TrialVerdict::Killed { by: failed.to_owned() }),
            None if status.success() => Ok(TrialVerdict::Survived),
            // The words that stand in no name any more say nothing of the mutation.
            None if words.is_some() => Ok(TrialVerdict::Survived),
            None => Ok(TrialVerdict::Killed { by: format!("a run that ended with {status}") }),
        }
    }
}

fn nth<'a>(chosen: &[&'a Mutation], place: usize) -> Option<(usize, &'a Mutation)> {
    chosen.get(place).map(|mutation| (place, *mutation))
}
