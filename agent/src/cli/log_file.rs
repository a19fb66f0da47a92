//! Log lines in a file, for systems that keep none of a program that they start: at most two files of a fixed size.
//!
//! Lives here: writing and turning over. By size, which a crate that turns over by the day does not bound: a broker that flaps
//! for a day fills a disk. Does not live here: what is logged (`logging`).

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// How large a file gets before the next begins, in bytes.
const LARGEST: u64 = 4 * 1024 * 1024;

/// The file; clones share it.
#[derive(Debug, Clone)]
pub(super) struct LogFile(Arc<Mutex<OpenLog>>);

#[derive(Debug)]
struct OpenLog {
    path: PathBuf,
    file: File,
    size: u64,
    largest: u64,
}

impl LogFile {
    /// Opens it, to go on where it ends.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Self::open_with(path, LARGEST)
    }

    fn open_with(path: &Path, largest: u64) -> io::Result<Self> {
        let path = std::path::absolute(path)?;
        let file = append_to(&path)?;
        let size = file.metadata()?.len();
        Ok(Self(Arc::new(Mutex::new(OpenLog { path, file, size, largest }))))
    }
}

/// Where the file of before goes.
pub(super) fn older(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".1");
    name.into()
}

fn append_to(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    // Logs name users and devices.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

impl Write for LogFile {
    /// A line at a time, as the formatter writes: no line is in two files.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if log.size > 0 && log.size + line.len() as u64 > log.largest {
            // Windows renames no file that is open: it goes on in the same one there, where another program reads it.
            if std::fs::rename(&log.path, older(&log.path)).is_ok() {
                log.file = append_to(&log.path)?;
                log.size = 0;
            }
        }
        let written = log.file.write(line)?;
        log.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_files_hold_the_newest_lines_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        for _ in 0..2 {
            let mut log = LogFile::open_with(&path, 100).unwrap();
            for number in 0..20 {
                writeln!(log.clone(), "line {number:03}").unwrap();
            }
            log.flush().unwrap();
        }
        let [newer, before] = [path.clone(), older(&path)].map(|path| std::fs::read_to_string(path).unwrap());
        assert!(newer.ends_with("line 019\n") && newer.len() <= 100 && before.len() <= 100);
        assert!(before.lines().chain(newer.lines()).all(|line| line.len() == 8), "{before}{newer}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
