//! The cards that are open, kept in a file: what a run that was killed left on the desktop is closed at the next start.
//!
//! Lives here: the file. Does not live here: closing (`work`), what is open (`open`).
//!
//! A card of a run that is gone is deaf: nobody hears its click, and a dead prompt's buttons do nothing. The file is
//! neither synced nor locked: a power cut ends the desktop session too, and only the daemon that holds the state
//! directory's lock writes it.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use serde::{Deserialize, Serialize};

/// The most that is read of the file; at most 21 ids stand in it.
const LARGEST: u64 = 64 * 1024;

/// Open cards, and the one server that knows them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OpenCards {
    /// The bus, by its GUID.
    pub(super) bus: String,
    /// The server's unique name on it, which is never given again.
    pub(super) server: String,
    /// The server's ids of the cards.
    pub(super) ids: BTreeSet<u32>,
}

/// The file, written by a thread of its own: a disk that does not answer would otherwise stop the worker of the runtime on
/// which the desktop's task runs, and whatever was about to run there.
pub(super) struct OpenCardsFile {
    writer: Option<FileWriter>,
    kept: OpenCards,
}

struct FileWriter {
    /// Unbounded: a newer list takes the place of those that wait.
    lists: mpsc::Sender<OpenCards>,
    thread: JoinHandle<()>,
}

impl OpenCardsFile {
    /// The file, and what an earlier run left in it.
    pub(super) fn open(path: Option<PathBuf>) -> (Self, OpenCards) {
        let left: Option<OpenCards> = path.as_ref().and_then(|path| read(path).ok());
        let left = left.unwrap_or_default();
        (Self { writer: path.and_then(FileWriter::start), kept: left.clone() }, left)
    }

    /// Keeps these, if they differ from what is kept. Does not wait for the disk.
    pub(super) fn keep(&mut self, cards: OpenCards) {
        if cards == self.kept {
            return;
        }
        if let Some(writer) = &self.writer {
            // The thread ends with this alone.
            let _ = writer.lists.send(cards.clone());
        }
        self.kept = cards;
    }
}

impl Drop for OpenCardsFile {
    /// Waits until the last list is written.
    fn drop(&mut self) {
        if let Some(FileWriter { lists, thread }) = self.writer.take() {
            drop(lists);
            if thread.join().is_err() {
                tracing::debug!("the thread that keeps which cards are open panicked");
            }
        }
    }
}

impl FileWriter {
    /// None where the system gives no thread: what is open is then not kept.
    fn start(path: PathBuf) -> Option<Self> {
        let (lists, waiting) = mpsc::channel::<OpenCards>();
        let write_all = move || {
            while let Ok(next) = waiting.recv() {
                // Only the newest list counts, so a slow disk writes fewer of them.
                let newest = waiting.try_iter().last().unwrap_or(next);
                if let Err(error) = write(&path, &newest) {
                    tracing::debug!(path = %path.display(), %error, "which cards are open is not kept");
                }
            }
        };
        let thread = thread::Builder::new().name("open-cards".to_owned()).spawn(write_all);
        thread.ok().map(|thread| Self { lists, thread })
    }
}

fn read(path: &PathBuf) -> io::Result<OpenCards> {
    // A pipe in its place would be waited for.
    if !path.metadata()?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut text = String::new();
    fs::File::open(path)?.take(LARGEST).read_to_string(&mut text)?;
    Ok(serde_json::from_str(&text)?)
}

fn write(path: &PathBuf, cards: &OpenCards) -> io::Result<()> {
    if cards.ids.is_empty() {
        return match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
    }
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    // Written aside and renamed, so that it is whole whenever the run is killed. Made for this user alone.
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let file = tempfile::Builder::new().prefix(name).tempfile_in(folder)?;
    serde_json::to_writer(&file, cards)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cards(ids: &[u32]) -> OpenCards {
        OpenCards { bus: "b".to_owned(), server: ":1.2".to_owned(), ids: ids.iter().copied().collect() }
    }

    #[test]
    fn what_is_open_is_found_by_the_next_run_and_nothing_is_left_of_an_empty_desktop() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("desktop-cards.json");
        let (mut file, left) = OpenCardsFile::open(Some(path.clone()));
        assert_eq!(left, OpenCards::default());
        file.keep(cards(&[3, 1]));
        drop(file);
        let (mut file, left) = OpenCardsFile::open(Some(path.clone()));
        assert_eq!(left, cards(&[1, 3]));
        file.keep(OpenCards::default());
        drop(file);
        assert!(!path.exists());
    }

    #[test]
    fn what_no_run_wrote_is_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("desktop-cards.json");
        fs::write(&path, "{\"bus\":1}").unwrap();
        assert_eq!(OpenCardsFile::open(Some(path)).1, OpenCards::default());
        assert_eq!(OpenCardsFile::open(Some(directory.path().to_owned())).1, OpenCards::default());
        assert_eq!(OpenCardsFile::open(None).1, OpenCards::default());
    }

    #[test]
    fn what_is_kept_of_open_cards_has_no_text_of_them() {
        let kept = serde_json::to_value(cards(&[1, 2])).unwrap();
        let members: Vec<&str> = kept.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, ["bus", "ids", "server"]);
        assert!(kept["ids"].as_array().unwrap().iter().all(serde_json::Value::is_u64));
    }
}
