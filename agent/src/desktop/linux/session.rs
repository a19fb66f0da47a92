//! Which session bus this program was given, and whose it is.
//!
//! Lives here: reading the address, and the sentences about a bus of another user or of an earlier session. Does not
//! live here: connecting (`bus`).

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The users who matter to the question whose the bus is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct BusUsers {
    /// Whose the bus is.
    owner: u32,
    /// As whom this program runs.
    this: u32,
    /// Who called sudo, by number and name.
    sudo: Option<(u32, String)>,
}

/// Whose bus it is, where it is another user's: a sentence with what to do. Nothing where it is this user's, or where
/// nobody can tell.
pub(super) fn of_another_user() -> Option<String> {
    let socket = socket_of(&address()?)?;
    let owner = socket.metadata().ok()?.uid();
    let number = std::env::var("SUDO_UID").ok().and_then(|number| number.parse().ok());
    let sudo = number.zip(std::env::var("SUDO_USER").ok());
    whose(&socket, &BusUsers { owner, this: rustix::process::geteuid().as_raw(), sudo })
}

fn whose(socket: &Path, users: &BusUsers) -> Option<String> {
    if users.owner == users.this {
        return None;
    }
    let named = match &users.sudo {
        Some((number, name)) if *number == users.owner => format!("user {name}"),
        _ => format!("user {}", users.owner),
    };
    let run = if users.sudo.is_some() { "without sudo" } else { "as that user" };
    let socket = socket.display();
    Some(format!("the session bus {socket} belongs to {named}, and this runs as user {}; run it {run}", users.this))
}

/// Another session bus of this user than the one that this program was given: a new session has begun since. A
/// sentence with what to do.
pub(super) fn of_a_newer_session() -> Option<String> {
    let given = socket_of(&address()?);
    // Where systemd puts the bus of a user: a daemon that outlives its desktop session keeps the address of the old
    // one.
    let standard = PathBuf::from(format!("/run/user/{}/bus", rustix::process::geteuid().as_raw()));
    let is_another = given.as_ref() != Some(&standard) && standard.exists();
    is_another.then(|| {
        format!("the session bus of this user is {} now; start the daemon anew in that session", standard.display())
    })
}

/// The address of the session bus that this program was given.
pub(super) fn address() -> Option<String> {
    let given = std::env::var("DBUS_SESSION_BUS_ADDRESS").ok().filter(|address| !address.is_empty());
    given.or_else(|| Some(format!("unix:path={}/bus", std::env::var("XDG_RUNTIME_DIR").ok()?)))
}

/// The socket's path in an address; none of an abstract socket or another transport.
fn socket_of(address: &str) -> Option<PathBuf> {
    let first = address.split(';').next()?.strip_prefix("unix:")?;
    first.split(',').find_map(|part| part.strip_prefix("path=")).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_socket_is_found_in_an_address() {
        assert_eq!(socket_of("unix:path=/run/user/1000/bus,guid=0a"), Some("/run/user/1000/bus".into()));
        assert_eq!(socket_of("unix:guid=0a,path=/tmp/x;unix:path=/y"), Some("/tmp/x".into()));
        assert_eq!(socket_of("unix:abstract=/tmp/dbus-x"), None);
        assert_eq!(socket_of("tcp:host=localhost"), None);
    }

    #[test]
    fn a_bus_of_another_user_is_said_with_who_it_is() {
        let bus = Path::new("/run/user/1000/bus");
        let users = |owner, sudo: Option<(u32, &str)>| BusUsers {
            owner,
            this: 0,
            sudo: sudo.map(|(number, name)| (number, name.to_owned())),
        };
        assert_eq!(whose(bus, &users(0, None)), None);
        let told = whose(bus, &users(1000, Some((1000, "adele")))).unwrap();
        assert!(told.contains("belongs to user adele") && told.contains("without sudo"), "{told}");
        let told = whose(bus, &users(1000, None)).unwrap();
        assert!(told.contains("belongs to user 1000") && told.contains("as that user"), "{told}");
    }
}
