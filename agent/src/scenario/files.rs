//! The scenario files of some paths, read.
//!
//! Lives here: finding files in folders, reading all of them before anything is run. Does not live here: what they say (`read`).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::model::ScenarioCase;
use super::read::{InvalidFile, MAX_FILE_BYTES, read};
use crate::input_file::{self, FileReadError};

/// How deep folders are searched.
const MAX_FOLDERS: usize = 32;

/// Everything that was read.
#[derive(Debug, Default)]
pub struct LoadedScenarios {
    /// How many files there were.
    pub files: usize,
    /// The cases of those that are right, file by file.
    pub cases: Vec<ScenarioCase>,
    /// Those that are not.
    pub wrong: Vec<InvalidFile>,
}

/// Why paths cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum PathError {
    /// One of them.
    #[error("{} {reason}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why, as the end of a sentence.
        reason: FileReadError,
    },
    /// A folder below more folders than are searched.
    #[error("{} lies more than {MAX_FOLDERS} folders deep", .0.display())]
    TooDeep(PathBuf),
    /// A link in a folder.
    #[error("{} is a link that leads nowhere", .0.display())]
    DanglingLink(PathBuf),
    /// A folder without scenarios.
    #[error("{} holds no scenario file (*.yaml or *.yml)", .0.display())]
    Empty(PathBuf),
}

/// Reads the files, and those of the folders, each folder's in the order of their names.
///
/// # Errors
/// A path that cannot be read. A file that is not right is none: it stands in [`LoadedScenarios::wrong`].
pub fn load(paths: &[PathBuf]) -> Result<LoadedScenarios, PathError> {
    let mut loaded = LoadedScenarios::default();
    for path in paths {
        let mut files = Vec::new();
        find(path, 0, &mut files)?;
        if files.is_empty() {
            return Err(PathError::Empty(path.clone()));
        }
        for file in files {
            let bytes = input_file::read(&file, MAX_FILE_BYTES)
                .map_err(|reason| PathError::Unreadable { path: file.clone(), reason })?;
            loaded.files += 1;
            match read(&file.to_string_lossy(), &bytes) {
                Ok(cases) => loaded.cases.extend(cases),
                Err(wrong) => loaded.wrong.push(wrong),
            }
        }
    }
    Ok(loaded)
}

fn find(path: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), PathError> {
    let wrong = |error: io::Error| PathError::Unreadable { path: path.to_owned(), reason: FileReadError::of(&error) };
    if !fs::metadata(path).map_err(wrong)?.is_dir() {
        found.push(path.to_owned());
        return Ok(());
    }
    if depth > MAX_FOLDERS {
        return Err(PathError::TooDeep(path.to_owned()));
    }
    let entries = fs::read_dir(path).and_then(Iterator::collect::<io::Result<Vec<_>>>).map_err(wrong)?;
    let mut paths: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
    paths.sort();
    for entry in paths {
        // A link to a folder above would lead in circles; a file behind a link is as good as any.
        let is_folder = fs::symlink_metadata(&entry).map_err(wrong)?.is_dir();
        let is_scenario = entry.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
        if is_folder {
            find(&entry, depth + 1, found)?;
        } else if is_scenario {
            match fs::metadata(&entry) {
                Ok(metadata) if metadata.is_dir() => {}
                Ok(_) => found.push(entry),
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(PathError::DanglingLink(entry)),
                Err(error) => return Err(wrong(error)),
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_too_deep_is_named_and_not_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let nested = |depth: usize| (0..depth).fold(folder.path().to_owned(), |path, _| path.join("d"));
        fs::create_dir_all(nested(MAX_FOLDERS)).unwrap();
        fs::write(nested(MAX_FOLDERS).join("a.yaml"), "name: a\nsteps: []\n").unwrap();
        assert_eq!(load(&[folder.path().to_owned()]).unwrap().files, 1);
        fs::create_dir_all(nested(MAX_FOLDERS + 1)).unwrap();
        let error = load(&[folder.path().to_owned()]).unwrap_err();
        assert!(matches!(&error, PathError::TooDeep(path) if *path == nested(MAX_FOLDERS + 1)), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_nowhere_is_named_and_one_in_circles_is_not_followed() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.yaml"), "name: a\nsteps: []\n").unwrap();
        symlink(folder.path(), folder.path().join("circle")).unwrap();
        symlink(folder.path(), folder.path().join("circle.yaml")).unwrap();
        assert_eq!(load(&[folder.path().to_owned()]).unwrap().files, 1);
        let dangling = folder.path().join("b.yaml");
        symlink("nowhere", &dangling).unwrap();
        let error = load(&[folder.path().to_owned()]).unwrap_err();
        assert!(matches!(&error, PathError::DanglingLink(path) if *path == dangling), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn what_has_no_end_is_refused_as_too_large() {
        let error = load(&["/dev/zero".into()]).unwrap_err();
        assert!(error.to_string().contains("has more than"), "{error}");
    }
}
