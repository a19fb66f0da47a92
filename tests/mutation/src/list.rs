//! The list of mutations: a file a subject, under `tests/mutation/list`.
//!
//! ```toml
//! [[source]]
//! path = "shared/device/src/removal.rs"
//!
//! [[source.mutation]]
//! name = "wipe-does-nothing"
//! old = "self.wipe(now, effects);"
//! new = ""
//! means = "a wipe leaves the device as it was"
//! ```
//!
//! `old` stands once in the file, or is the first behind `after`, which stands once. `sample = true` marks the twenty that
//! `tests/run` tries. `noticed_by` names a scenario that is tried before all others, which saves time and decides nothing: where it
//! notices nothing, all are run. `equivalent` is the reason why no scenario can tell the difference.
//!
//! Lives here: reading the files, and what the list as a whole must be. Does not live here: finding a text in its source
//! (`rewrite`).

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

/// How many of the list `tests/run` tries.
const SAMPLE: usize = 20;

/// One change of one rule.
#[derive(Debug)]
pub struct Mutation {
    /// Its place in the list, from 1 on.
    pub number: usize,
    /// The source file, from the root of the repository.
    pub path: PathBuf,
    /// Its name, of its own.
    pub name: String,
    /// The text behind which the old text is looked for; empty: anywhere.
    pub after: String,
    /// The expression or the statements that it changes.
    pub old: String,
    /// What stands in their place.
    pub new: String,
    /// What it would mean to a tester.
    pub means: String,
    /// The scenario that is tried first.
    pub noticed_by: Option<String>,
    /// Why no scenario can tell the difference, where none can.
    pub equivalent: Option<String>,
    /// Whether it is one of the sample.
    pub sample: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListFile {
    source: Vec<SourceEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceEntry {
    path: PathBuf,
    mutation: Vec<MutationEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MutationEntry {
    name: String,
    #[serde(default)]
    after: String,
    old: String,
    new: String,
    means: String,
    noticed_by: Option<String>,
    equivalent: Option<String>,
    #[serde(default)]
    sample: bool,
}

/// Every mutation, in the order of the files' names.
///
/// # Errors
/// A file that cannot be read, or a list that is not as it must be.
pub fn read(folder: &Path) -> Result<Vec<Mutation>> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<std::io::Result<_>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    let mut all = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file)?;
        let list: ListFile = toml::from_str(&text).with_context(|| file.display().to_string())?;
        for SourceEntry { path, mutation } in list.source {
            for entry in mutation {
                all.push(Mutation {
                    number: all.len() + 1,
                    path: path.clone(),
                    name: entry.name,
                    after: entry.after,
                    old: entry.old,
                    new: entry.new,
                    means: entry.means,
                    noticed_by: entry.noticed_by,
                    equivalent: entry.equivalent,
                    sample: entry.sample,
                });
            }
        }
    }
    check(&all)?;
    Ok(all)
}

fn check(all: &[Mutation]) -> Result<()> {
    let mut names = BTreeSet::new();
    for mutation in all {
        ensure!(names.insert(&mutation.name), "two mutations are named {}", mutation.name);
        ensure!(!mutation.means.is_empty(), "{} does not say what it means", mutation.name);
        ensure!(mutation.equivalent.as_deref() != Some(""), "{} is equivalent for no reason", mutation.name);
    }
    let sample = all.iter().filter(|mutation| mutation.sample).count();
    ensure!(sample == SAMPLE, "{sample} mutations are marked as the sample; it has {SAMPLE}");
    Ok(())
}
