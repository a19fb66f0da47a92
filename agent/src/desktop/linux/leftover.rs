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

/// The file.
pub(super) struct OpenCardsFile {
    path: Option<PathBuf>,
    written: OpenCards,
}

impl OpenCardsFile {
    /// The file, and what an earlier run left in it.
    pub(super) fn open(path: Option<PathBuf>) -> (Self, OpenCards) {
        let left: Option<OpenCards> = path.as_ref().and_then(|path| read(path).ok());
        let left = left.unwrap_or_default();
        (Self { path, written: left.clone() }, left)
    }

    /// Keeps these, if they differ from what is kept.
    pub(super) fn keep(&mut self, cards: OpenCards) {
        let Some(path) = &self.path else { return };
        if cards == self.written {
            return;
        }
        if let Err(error) = write(path, &cards) {
            tracing::debug!(path = %path.display(), %error, "which cards are open is not kept");
        }
        self.written = cards;
    }
}

fn read(path: &PathBuf) -> io::Result<OpenCards> {
    if !path.metadata()?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut text = String::new();
    fs::File::open(path)?.take(LARGEST).read_to_string(&mut text)?;
    Ok(serde_json::from_str(&text)?)
}

/// Written aside and renamed, so that it is whole whenever the run is killed.
fn write(path: &PathBuf, cards: &OpenCards) -> io::Result<()> {
    if cards.ids.is_empty() {
        return match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
    }
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    // Made for this user alone.
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
        assert_eq!(OpenCardsFile::open(Some(path.clone())).1, cards(&[1, 3]));
        file.keep(OpenCards::default());
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
}
