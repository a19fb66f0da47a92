//! How many files this process may have open: each hosted device needs one for its connection to the broker.
//!
//! Lives here: asking for as many as the system gives. Does not live here: what is done with them.

use crate::host::MOST_DEVICES;

/// What is not a device's: the journal, the control API's connections, the embedded broker's, the desktop's, and room to breathe.
#[cfg(any(unix, test))]
const FOR_THE_REST: usize = 512;

/// Raises this process's limit to what the system allows it, and gives how many devices it can host with that.
///
/// On Windows a socket is no file descriptor, and there is no such limit.
pub fn most_devices() -> usize {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let limit = getrlimit(Resource::Nofile);
        if limit.current != limit.maximum {
            // Refused, the old limit stays, and is what is counted with.
            let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
        }
        if let Some(files) = getrlimit(Resource::Nofile).current {
            return devices_within(usize::try_from(files).unwrap_or(usize::MAX));
        }
    }
    MOST_DEVICES
}

#[cfg(any(unix, test))]
fn devices_within(files: usize) -> usize {
    // Halved, since an embedded broker has the other end of each connection open in this process, too.
    (files.saturating_sub(FOR_THE_REST) / 2).clamp(1, MOST_DEVICES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_low_limit_leaves_room_for_one_device_and_a_high_one_for_as_many_as_there_may_be() {
        assert_eq!([0, 1024, 4096, usize::MAX].map(devices_within), [1, 256, 1792, MOST_DEVICES]);
    }
}
