//! What an error of the operating system means.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;

/// The reason as the end of a sentence that names the file, the address or the program: "it does not exist".
pub(crate) fn os_reason(error: &io::Error) -> String {
    if let Some(reason) = by_code(error.raw_os_error()) {
        return reason.to_owned();
    }
    // Every kind that Rust names today has words; the text of an error is never used, since libraries put theirs into
    // it.
    let reason = match error.kind() {
        ErrorKind::NotFound => "it does not exist",
        ErrorKind::PermissionDenied => "this user is not allowed to",
        ErrorKind::ConnectionRefused => "nothing listens there",
        ErrorKind::ConnectionReset => "the other side cut the connection",
        ErrorKind::ConnectionAborted => "the connection was broken off",
        ErrorKind::HostUnreachable => "no route leads to that machine",
        ErrorKind::NetworkUnreachable => "no route leads to that network",
        ErrorKind::NetworkDown => "the network is down",
        ErrorKind::NotConnected => "there is no connection",
        ErrorKind::AddrInUse => "another program has that address and port",
        ErrorKind::AddrNotAvailable => "this computer does not have that address",
        ErrorKind::BrokenPipe => "nobody reads there any more",
        ErrorKind::AlreadyExists => "it exists already",
        ErrorKind::WouldBlock => "it is busy",
        ErrorKind::NotADirectory => "a part of its path is not a directory",
        ErrorKind::IsADirectory => "it is a directory",
        ErrorKind::DirectoryNotEmpty => "the directory is not empty",
        ErrorKind::ReadOnlyFilesystem => "the disk may only be read",
        ErrorKind::StaleNetworkFileHandle => "the network drive no longer has it",
        ErrorKind::InvalidInput => "the operating system does not take such a name or value",
        ErrorKind::InvalidData => "what is in it is not what is expected",
        ErrorKind::TimedOut => "it took too long",
        ErrorKind::WriteZero => "nothing more can be written",
        ErrorKind::StorageFull => "the disk is full",
        ErrorKind::NotSeekable => "it can only be read from its beginning",
        ErrorKind::QuotaExceeded => "this user's share of the disk is used up",
        ErrorKind::FileTooLarge => "it is too large",
        ErrorKind::ResourceBusy => "it is in use",
        ErrorKind::ExecutableFileBusy => "the program file is in use",
        ErrorKind::Deadlock => "another process holds its lock",
        ErrorKind::CrossesDevices => "it lies on another disk",
        ErrorKind::TooManyLinks => "it has too many links",
        ErrorKind::InvalidFilename => "the operating system does not take such a name",
        ErrorKind::ArgumentListTooLong => "the arguments are too long",
        ErrorKind::Interrupted => "it was interrupted",
        ErrorKind::Unsupported => "this system cannot do that",
        ErrorKind::UnexpectedEof => "it ended too early",
        ErrorKind::OutOfMemory => "there is not enough memory",
        _ => return nameless(error.raw_os_error()),
    };
    reason.to_owned()
}

/// Codes that Rust has no kind for.
fn by_code(code: Option<i32>) -> Option<&'static str> {
    // These three have the same number on Linux and macOS.
    const EIO: i32 = 5;
    const ENFILE: i32 = 23;
    const EMFILE: i32 = 24;
    // Rust has no kind for these.
    match code? {
        EIO if cfg!(unix) => Some("the disk or device failed"),
        ENFILE if cfg!(unix) => Some("this computer has too many files open"),
        EMFILE if cfg!(unix) => Some("this program has too many files open"),
        _ => None,
    }
}

fn nameless(code: Option<i32>) -> String {
    match code {
        Some(code) => format!("the operating system refused (code {code})"),
        None => "the operating system refused, without a code".to_owned(),
    }
}

/// Why a listener could not be opened, and the ways on, as the end of a sentence that names who would listen.
pub(crate) fn cannot_listen(address: SocketAddr, error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::AddrInUse => format!("{address} is taken by another program"),
        ErrorKind::PermissionDenied => {
            format!("this user is not allowed to listen on {address}; ports below 1024 are often reserved")
        }
        ErrorKind::AddrNotAvailable => format!("this computer does not have the address {}", address.ip()),
        _ => format!("it cannot listen on {address}: {}", os_reason(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_ours_whatever_the_error_says() {
        let error = io::Error::new(ErrorKind::InvalidData, "stream did not contain hunter2");
        assert_eq!(os_reason(&error), "what is in it is not what is expected");
        let error = io::Error::other("hunter2");
        assert_eq!(os_reason(&error), "the operating system refused, without a code");
        assert_eq!(os_reason(&io::Error::from_raw_os_error(99_999)), "the operating system refused (code 99999)");
    }

    #[cfg(unix)]
    #[test]
    fn what_the_system_says_most_often_has_words() {
        for (code, words) in [(2, "does not exist"), (13, "not allowed"), (24, "too many files"), (28, "disk is full")]
        {
            let reason = os_reason(&io::Error::from_raw_os_error(code));
            assert!(reason.contains(words), "{code}: {reason}");
        }
    }

    #[test]
    fn a_taken_port_is_said_with_its_address() {
        let address = "127.0.0.1:1883".parse().unwrap();
        assert_eq!(
            cannot_listen(address, &io::Error::from(ErrorKind::AddrInUse)),
            "127.0.0.1:1883 is taken by another program"
        );
    }
}
