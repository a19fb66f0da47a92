//! The scenario files of some paths, read.
//!
//! Lives here: finding files in folders, reading all of them before anything is run. Does not live here: what they say (`read`).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::model::Case;
use crate::input_file::{self, FileFault};
use crate::library_error::os_reason;

use super::read::{MAX_FILE_BYTES, WrongFile, read};

/// How deep folders are searched.
const MAX_FOLDERS: usize = 32;

/// Everything that was read.
#[derive(Debug, Default)]
pub struct Loaded {
    /// How many files there were.
    pub files: usize,
    /// The cases of those that are right, file by file.
    pub cases: Vec<Case>,
    /// Those that are not.
    pub wrong: Vec<WrongFile>,
}

/// Why paths cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum PathError {
    /// One of them.
    #[error("{}: {}", path.display(), os_reason(reason))]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: io::Error,
    },
    /// A file that gives nothing, or too much.
    #[error("{} {fault}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        fault: FileFault,
    },
    /// A folder without scenarios.
    #[error("{} holds no scenario file (*.yaml or *.yml)", .0.display())]
    Empty(PathBuf),
}

/// Reads the files, and those of the folders, each folder's in the order of their names.
///
/// # Errors
/// A path that cannot be read. A file that is not right is none: it stands in [`Loaded::wrong`].
pub fn load(paths: &[PathBuf]) -> Result<Loaded, PathError> {
    let mut loaded = Loaded::default();
    for path in paths {
        let mut files = Vec::new();
        find(path, 0, &mut files).map_err(|(path, reason)| PathError::Unreadable { path, reason })?;
        if files.is_empty() {
            return Err(PathError::Empty(path.clone()));
        }
        for file in files {
            let bytes = input_file::read(&file, MAX_FILE_BYTES)
                .map_err(|fault| PathError::File { path: file.clone(), fault })?;
            loaded.files += 1;
            match read(&file.to_string_lossy(), &bytes) {
                Ok(cases) => loaded.cases.extend(cases),
                Err(wrong) => loaded.wrong.push(wrong),
            }
        }
    }
    Ok(loaded)
}

fn find(path: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), (PathBuf, io::Error)> {
    let wrong = |error| (path.to_owned(), error);
    if !fs::metadata(path).map_err(wrong)?.is_dir() {
        found.push(path.to_owned());
        return Ok(());
    }
    let entries = fs::read_dir(path).and_then(Iterator::collect::<io::Result<Vec<_>>>).map_err(wrong)?;
    let mut paths: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
    paths.sort();
    for entry in paths {
        // A link to a folder above would lead in circles; a file behind a link is as good as any.
        let is_folder = fs::symlink_metadata(&entry).map_err(wrong)?.is_dir();
        let is_scenario = entry.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
        if (is_folder && depth < MAX_FOLDERS) || (!is_folder && is_scenario && entry.is_file()) {
            find(&entry, depth + 1, found)?;
        }
    }
    Ok(())
}
