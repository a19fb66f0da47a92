//! The scenario files of some paths, read.
//!
//! Lives here: finding files in folders, reading all of them before anything is run. Does not live here: what they say (`read`).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::model::{PresenterScript, ScenarioCase};
use super::read::{InvalidFile, MAX_FILE_BYTES, OpenedFile};
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
    /// The presenters' scripts that are right, where they were asked for.
    pub scripts: Vec<PresenterScript>,
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
    /// No scenario of the file stands in the line.
    #[error("{file} has no scenario in line {line}")]
    NoScenarioThere {
        /// The file.
        file: String,
        /// The line.
        line: usize,
    },
    /// A presenter's script where scenarios are meant.
    #[error("{} is a presenter's script, not a scenario", .0.display())]
    Script(PathBuf),
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

/// Reads the files, and those of the folders, each folder's in the order of their names. `-` is standard input, and
/// `FILE:LINE` the one scenario of a file that stands in this line. Presenters' scripts in a folder are passed over.
///
/// # Errors
/// A path that cannot be read, or is a script. A file that is not right is none: it stands in [`LoadedScenarios::wrong`].
pub fn load(paths: &[PathBuf]) -> Result<LoadedScenarios, PathError> {
    load_kinds(paths, FileKinds::Scenarios)
}

/// As [`load`], and reads the scripts, too.
///
/// # Errors
/// A path that cannot be read.
pub fn load_all(paths: &[PathBuf]) -> Result<LoadedScenarios, PathError> {
    load_kinds(paths, FileKinds::ScriptsToo)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FileKinds {
    Scenarios,
    ScriptsToo,
}

fn load_kinds(paths: &[PathBuf], kinds: FileKinds) -> Result<LoadedScenarios, PathError> {
    let mut loaded = LoadedScenarios::default();
    for path in paths {
        if path == Path::new("-") {
            loaded.add_named(path, &standard_input()?, kinds)?;
            continue;
        }
        if let Some((file, line)) = of_line(path) {
            loaded.add_line(&file, &bytes_of(&file)?, line)?;
            continue;
        }
        let mut files = Vec::new();
        find(path, 0, &mut files)?;
        if files.as_slice() == std::slice::from_ref(path) {
            loaded.add_named(path, &bytes_of(path)?, kinds)?;
            continue;
        }
        let before = loaded.files;
        for file in files {
            loaded.add(&file, &bytes_of(&file)?, kinds);
        }
        if loaded.files == before {
            return Err(PathError::Empty(path.clone()));
        }
    }
    Ok(loaded)
}

impl LoadedScenarios {
    /// Reads a file, and keeps what it holds; whether it is of a kind that is asked for.
    fn add(&mut self, file: &Path, bytes: &[u8], kinds: FileKinds) -> bool {
        let name = file.to_string_lossy();
        let read = match OpenedFile::of(&name, bytes) {
            Ok(opened) if !opened.is_script() => opened.scenarios().map(|cases| self.cases.extend(cases)),
            Ok(_) if kinds == FileKinds::Scenarios => return false,
            Ok(opened) => opened.script().map(|script| self.scripts.push(script)),
            Err(wrong) => Err(wrong),
        };
        self.files += 1;
        if let Err(wrong) = read {
            self.wrong.push(wrong);
        }
        true
    }

    /// As [`Self::add`], of a file that was named itself.
    fn add_named(&mut self, file: &Path, bytes: &[u8], kinds: FileKinds) -> Result<(), PathError> {
        if self.add(file, bytes, kinds) { Ok(()) } else { Err(PathError::Script(file.to_owned())) }
    }

    /// Reads a file, and keeps the cases of the scenario that stands in this line.
    fn add_line(&mut self, file: &Path, bytes: &[u8], line: usize) -> Result<(), PathError> {
        let before = self.cases.len();
        let is_wrong = self.wrong.len();
        self.add_named(file, bytes, FileKinds::Scenarios)?;
        if self.wrong.len() > is_wrong {
            return Ok(());
        }
        let cases = self.cases.split_off(before);
        let begin = cases.iter().map(|case| case.at.line).filter(|begin| *begin <= line).max();
        let begin =
            begin.ok_or_else(|| PathError::NoScenarioThere { file: file.to_string_lossy().into_owned(), line })?;
        self.cases.extend(cases.into_iter().filter(|case| case.at.line == begin));
        Ok(())
    }
}

fn bytes_of(file: &Path) -> Result<Vec<u8>, PathError> {
    input_file::read(file, MAX_FILE_BYTES).map_err(|reason| PathError::Unreadable { path: file.to_owned(), reason })
}

fn standard_input() -> Result<Vec<u8>, PathError> {
    let unreadable = |reason| PathError::Unreadable { path: "-".into(), reason };
    let read = input_file::bounded(io::stdin(), MAX_FILE_BYTES);
    let read = read.map_err(|error| unreadable(FileReadError::of(&error)))?;
    read.ok_or_else(|| unreadable(FileReadError::TooLarge(MAX_FILE_BYTES)))
}

/// `FILE:LINE`, where there is such a file and no file of the whole name.
fn of_line(path: &Path) -> Option<(PathBuf, usize)> {
    let (file, line) = path.to_str()?.rsplit_once(':')?;
    let (file, line) = (PathBuf::from(file), line.parse().ok()?);
    (!path.exists() && file.is_file()).then_some((file, line))
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

    #[test]
    fn a_line_names_the_scenario_that_stands_there() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.yaml");
        fs::write(
            &file,
            "# two\nname: a\nmatrix: {p: [ios, android]}\nsteps: [{push: }]\n---\nname: b\nsteps: [{push: }]\n",
        )
        .unwrap();
        let names = |line: usize| -> Result<Vec<String>, PathError> {
            let path = PathBuf::from(format!("{}:{line}", file.display()));
            Ok(load(&[path])?.cases.iter().map(ScenarioCase::name).collect())
        };
        assert_eq!(names(3).unwrap(), ["a [p=ios]", "a [p=android]"]);
        assert_eq!(names(7).unwrap(), ["b"]);
        assert_eq!(names(70).unwrap(), ["b"]);
        assert!(matches!(names(0).unwrap_err(), PathError::NoScenarioThere { line: 0, .. }));
    }

    #[test]
    fn a_folder_may_hold_scripts_and_only_who_asks_for_them_reads_them() {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("walk.yaml");
        fs::write(&script, "name: w\nbeats:\n- caption: c\n").unwrap();
        let paths = [folder.path().to_owned()];
        assert!(matches!(load(&paths).unwrap_err(), PathError::Empty(_)), "a folder of scripts has no scenario");
        assert!(matches!(load(std::slice::from_ref(&script)).unwrap_err(), PathError::Script(_)));
        let line = PathBuf::from(format!("{}:2", script.display()));
        assert!(matches!(load_all(&[line]).unwrap_err(), PathError::Script(_)), "no scenario stands in its lines");
        fs::write(folder.path().join("a.yaml"), "name: a\nsteps: []\n").unwrap();
        assert_eq!(load(&paths).unwrap().files, 1);
        let all = load_all(&paths).unwrap();
        assert_eq!((all.files, all.cases.len(), all.scripts.len()), (2, 1, 1));
        fs::write(&script, "name: w\nbeats:\n- caption: c\n  steps:\n  - pusch:\n").unwrap();
        assert!(load(&paths).unwrap().wrong.is_empty(), "a script is nobody's business who runs scenarios");
        let all = load_all(&paths).unwrap();
        assert_eq!(all.wrong[0].problems[0].at.line, 5);
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
