//! Files that people name: read with limits of size and time, and refused by what they are.
//!
//! Lives here: directories, pipes without a writer, devices without end, and the encodings that Windows tools choose.
//! Does not live here: what a file must say. Nothing of a file's content is in an error: it may hold a secret.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use crate::library_error::os_reason;

/// How long a file may take to be read. Longer than a tool behind a pipe (`<(vault read …)`) takes to answer.
const READ_TIMEOUT: Duration = Duration::from_secs(20);

/// The largest settings, password or certificate file, in bytes: room for every authority that a system trusts.
pub(crate) const LARGEST: usize = 4 * 1024 * 1024;

/// Why a file is not taken, as the end of a sentence that names it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileReadError {
    /// The operating system does not give it out.
    #[error("cannot be read: {0}")]
    Unreadable(String),
    #[error("is a directory; name the file in it")]
    Directory,
    /// A pipe that nobody writes to, or a device that gives nothing.
    #[error("gave nothing to read for {} s; if it is a pipe, start what writes to it", .0.as_secs())]
    Silent(Duration),
    /// More than any such file has.
    #[error("has more than {0} bytes, so it is something else")]
    TooLarge(usize),
    /// What Windows tools call Unicode.
    #[error("is UTF-16, which Windows tools call Unicode; save it as UTF-8")]
    Utf16,
    /// Bytes that are no text.
    #[error("is not text: it has a NUL byte")]
    Binary,
    /// Another encoding.
    #[error("is not UTF-8 from byte {0} on, perhaps Windows-1252 or Latin-1; save it as UTF-8")]
    NotUtf8(usize),
}

impl FileReadError {
    pub(crate) fn of(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::IsADirectory => Self::Directory,
            _ => Self::Unreadable(os_reason(error)),
        }
    }
}

/// Reads a file of at most `most` bytes.
///
/// # Errors
/// It cannot be read, gives nothing in time, or is larger.
pub(crate) fn read(path: &Path, most: usize) -> Result<Vec<u8>, FileReadError> {
    read_within(path, most, READ_TIMEOUT)
}

fn read_within(path: &Path, most: usize, timeout: Duration) -> Result<Vec<u8>, FileReadError> {
    let (sender, receiver) = mpsc::channel();
    let path = path.to_owned();
    // Opening a pipe waits for its writer, and no system call takes that back: a thread waits, and is left behind.
    // Even a file that calls itself regular can wait (/proc/kmsg).
    let reader = move || sender.send(read_here(&path, most));
    std::thread::Builder::new().spawn(reader).map_err(|error| FileReadError::of(&error))?;
    let read = receiver.recv_timeout(timeout).map_err(|_| FileReadError::Silent(timeout))?;
    read.map_err(|error| FileReadError::of(&error))?.ok_or(FileReadError::TooLarge(most))
}

fn read_here(path: &Path, most: usize) -> io::Result<Option<Vec<u8>>> {
    // Windows answers "access denied" to whoever opens a directory.
    if path.metadata()?.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    bounded(File::open(path)?, most)
}

/// All that a source has; none where it has more than `most` bytes.
///
/// # Errors
/// It cannot be read.
pub(crate) fn bounded(source: impl Read, most: usize) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    // One byte more than may be there, by which a file that is too large is told from one that just fits.
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    source.take(limit).read_to_end(&mut bytes)?;
    Ok((bytes.len() <= most).then_some(bytes))
}

/// Reads a text file of at most [`LARGEST`] bytes: UTF-8, without the mark that Windows tools put first.
///
/// # Errors
/// As [`read`]; it is empty, or no UTF-8 text.
pub(crate) fn read_text(path: &Path) -> Result<String, FileReadError> {
    text(&read(path, LARGEST)?)
}

/// The text of a file's bytes.
pub(crate) fn text(bytes: &[u8]) -> Result<String, FileReadError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if is_utf16(bytes) {
        return Err(FileReadError::Utf16);
    }
    if bytes.contains(&0) {
        return Err(FileReadError::Binary);
    }
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|error| FileReadError::NotUtf8(error.valid_up_to()))
}

pub(crate) fn is_utf16(bytes: &[u8]) -> bool {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return true;
    }
    // Without its mark, by a NUL in every second byte of the beginning, as western text has it.
    let beginning = &bytes[..bytes.len().min(64) & !1];
    let every_second_is_nul = |first: usize| beginning.iter().skip(first).step_by(2).all(|&byte| byte == 0);
    let no_other_is = |first: usize| beginning.iter().skip(first).step_by(2).all(|&byte| byte != 0);
    !beginning.is_empty() && (every_second_is_nul(1) && no_other_is(0) || every_second_is_nul(0) && no_other_is(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn utf16(text: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(order).collect()
    }

    #[test]
    fn text_is_taken_as_it_was_meant_or_refused_by_its_encoding() {
        assert_eq!(text(b"\xef\xbb\xbfone\r\n"), Ok("one\r\n".to_owned()));
        assert_eq!(text(b"\xef\xbb\xbf"), Ok(String::new()));
        for order in [u16::to_le_bytes, u16::to_be_bytes] {
            assert_eq!(text(&utf16("\u{feff}[broker]", order)), Err(FileReadError::Utf16));
            assert_eq!(text(&utf16("[broker]\r\n", order)), Err(FileReadError::Utf16), "without a mark");
        }
        assert_eq!(text(b"caf\xe9"), Err(FileReadError::NotUtf8(3)));
        assert_eq!(text(b"ab\0c"), Err(FileReadError::Binary));
    }

    #[test]
    fn what_is_no_file_is_named() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(read(directory.path(), 10), Err(FileReadError::Directory));
        let missing = read(&directory.path().join("missing"), 10).unwrap_err();
        assert_eq!(missing.to_string(), "cannot be read: it does not exist");
        let path = directory.path().join("file");
        std::fs::write(&path, "12345678901").unwrap();
        assert_eq!(read(&path, 10), Err(FileReadError::TooLarge(10)));
        assert_eq!(read(&path, 11).unwrap().len(), 11);
    }

    #[cfg(unix)]
    #[test]
    fn pipes_and_devices_end_within_their_limits() {
        let directory = tempfile::tempdir().unwrap();
        let pipe = |name: &str| {
            let path = directory.path().join(name);
            assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
            path
        };
        let short = Duration::from_millis(50);
        assert_eq!(read_within(&pipe("without a writer"), 10, short), Err(FileReadError::Silent(short)));
        let path = pipe("with a writer");
        let writer = std::thread::spawn({
            let path = path.clone();
            move || std::fs::write(path, "written")
        });
        assert_eq!(read(&path, 10).unwrap(), b"written");
        writer.join().unwrap().unwrap();
        assert_eq!(read(Path::new("/dev/zero"), 10), Err(FileReadError::TooLarge(10)));
        assert_eq!(read(Path::new("/dev/null"), 10), Ok(Vec::new()));
    }

    proptest! {
        #[test]
        fn no_bytes_panic_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = text(&bytes);
        }

        #[test]
        fn utf_8_text_is_never_taken_for_something_else(content in "[^\u{0}\u{feff}][^\u{0}]{0,80}") {
            prop_assert_eq!(text(content.as_bytes()), Ok(content));
        }
    }
}
