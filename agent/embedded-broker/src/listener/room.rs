//! How many connections the process has descriptors for.
//!
//! Lives here: the shares of the open file limit. Does not live here: raising that limit, which is the computer's owner's.

/// How many connections are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// With CONNECT through.
    pub clients: usize,
    /// Before that.
    pub waiting: usize,
}

/// The most connections that wait for their CONNECT: an honest client sends it at once.
const MOST_WAITING: usize = 256;

impl Room {
    /// As many as `clients`, or as the open file limit leaves after the rest of the process has its part.
    pub fn find(clients: usize) -> Self {
        Self::within(clients, open_file_limit())
    }

    fn within(clients: usize, files: Option<u64>) -> Self {
        let Some(files) = files.and_then(|files| usize::try_from(files).ok()) else {
            return Self { clients, waiting: MOST_WAITING };
        };
        // A third is for the journal, the control API, the desktop and whatever else the process does.
        let waiting = (files / 8).clamp(1, MOST_WAITING);
        Self { clients: clients.min((files - files / 3).saturating_sub(waiting).max(1)), waiting }
    }
}

#[cfg(unix)]
fn open_file_limit() -> Option<u64> {
    rustix::process::getrlimit(rustix::process::Resource::Nofile).current
}

/// Windows has no such limit on sockets.
#[cfg(not(unix))]
fn open_file_limit() -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_low_open_file_limit_leaves_a_third_to_the_rest_of_the_process() {
        assert_eq!(Room::within(10_000, None), Room { clients: 10_000, waiting: 256 });
        assert_eq!(Room::within(10_000, Some(1_024)), Room { clients: 555, waiting: 128 });
        assert_eq!(Room::within(10_000, Some(256)), Room { clients: 139, waiting: 32 });
        assert_eq!(Room::within(10, Some(1_024)).clients, 10);
        for files in 0..2_000 {
            let room = Room::within(10_000, Some(files));
            assert!(room.clients >= 1 && room.waiting >= 1, "{files}");
            assert!(files < 8 || room.clients + room.waiting <= files as usize, "{files}");
        }
    }
}
