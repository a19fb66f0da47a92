//! What the error of showing a card means for the push behind it. Pure.
//!
//! Lives here: the reading of D-Bus error names, the sentences. Does not live here: when it is tried again (the daemon).

use portal_contract::PushProblem;

use crate::library_error::os_reason;

/// Errors that say that no server is left that could have shown it, so that it may be shown again.
const NO_SERVER: [&str; 6] = [
    "org.freedesktop.DBus.Error.ServiceUnknown",
    "org.freedesktop.DBus.Error.NameHasNoOwner",
    // The bus says so when the receiver leaves without a reply: what it may have shown is gone with it.
    "org.freedesktop.DBus.Error.NoReply",
    "org.freedesktop.DBus.Error.Disconnected",
    "org.freedesktop.DBus.Error.NoServer",
    "org.freedesktop.DBus.Error.Spawn.",
];

pub(super) fn judge(error: &str) -> (PushProblem, String) {
    // The text is the only public form of notify-rust's errors: `name: text` where the bus or the server answered.
    if NO_SERVER.iter().any(|name| error.starts_with(name)) {
        return (PushProblem::NoNotificationServer, no_server(of_name(error)));
    }
    if let Some((name, text)) = answer(error) {
        // The server's own words, marked as such: only it knows why.
        let text: String = text.chars().take(200).collect();
        let detail = format!(
            "the notification server refused the notification (it says {text:?}, {name}); \
             closing other notifications helps where it shows only so many"
        );
        return (PushProblem::NotificationServerRefused, detail);
    }
    (PushProblem::NoNotificationServer, no_session_bus(LOST))
}

const LOST: &str = "the connection to it broke";

/// The name and the text of an answer over the bus; none where it is a failure to speak over it.
fn answer(error: &str) -> Option<(&str, &str)> {
    let (name, text) = error.split_once(": ")?;
    let is_name = name.contains('.') && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '_');
    is_name.then_some((name, text))
}

/// What an error's name means, as the reason why there is no server.
fn of_name(name: &str) -> &'static str {
    match name.strip_prefix("org.freedesktop.DBus.Error.").map(|rest| rest.split([':', '.']).next().unwrap_or(rest)) {
        Some("ServiceUnknown") => "none is installed that the bus could start",
        Some("NameHasNoOwner" | "NoServer") => "none runs",
        Some("NoReply") => "it left without an answer",
        Some("Disconnected") => "the bus went away",
        Some("Spawn") => "the bus could not start it",
        Some("AccessDenied" | "AuthFailed") => "the bus does not allow it",
        Some("Timeout" | "TimedOut") => "the bus did not answer in time",
        Some("LimitsExceeded") => "the bus has reached a limit of its own",
        Some("NoMemory") => "the bus has no memory left",
        _ => "the bus refused",
    }
}

/// What an error of the bus library means; its text is printed nowhere.
pub(super) fn bus_reason(error: &zbus::Error) -> String {
    use zbus::Error as E;
    let reason = match error {
        E::InputOutput(error) => return os_reason(error),
        E::MethodError(name, ..) => of_name(name.as_str()),
        E::FDO(error) => return of_standard_error(error),
        E::Address(_) => "its address, DBUS_SESSION_BUS_ADDRESS, is not one",
        E::Handshake(_) | E::InvalidGUID => "it did not let this program in; it may be another user's",
        E::Unsupported => "its address is of a kind that this system does not have",
        E::InterfaceNotFound => "what answers there is not what it says",
        E::Failure(_) | E::DBus(_) => LOST,
        E::IncorrectType
        | E::Utf8(_)
        | E::PaddingNot0(_)
        | E::UnknownFd
        | E::SignatureMismatch(..)
        | E::OutOfBounds
        | E::MaxDepthExceeded(_)
        | E::SignatureParse(_)
        | E::EmptyStructure
        | E::InvalidObjectPath
        | E::InvalidName(_)
        | E::InvalidNameConversion { .. }
        | E::InvalidField
        | E::ExcessData
        | E::IncorrectEndian
        | E::InvalidReply
        | E::MissingField => "it answered what D-Bus does not allow",
        _ => LOST,
    };
    reason.to_owned()
}

fn of_standard_error(error: &zbus::fdo::Error) -> String {
    use zbus::DBusError;
    match error {
        zbus::fdo::Error::ZBus(error) => bus_reason(error),
        other => of_name(other.name().as_str()).to_owned(),
    }
}

/// Why nothing is shown without a server.
pub(super) fn no_server(why: &str) -> String {
    format!("no notification server on the session bus ({why}); start one, for instance `dunst`")
}

/// Why nothing is shown without a bus.
pub(super) fn no_session_bus(why: &str) -> String {
    format!(
        "no session bus ({why}); run this inside a desktop session, or under `dbus-run-session`, \
         or use `--notifier console`"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_is_gone_may_be_waited_for() {
        for error in [
            "org.freedesktop.DBus.Error.ServiceUnknown: The name is not activatable",
            "org.freedesktop.DBus.Error.NoReply: Message recipient disconnected from message bus without replying",
            "org.freedesktop.DBus.Error.Spawn.ChildSignaled: Process received signal 6",
        ] {
            let (problem, detail) = judge(error);
            assert_eq!(problem, PushProblem::NoNotificationServer);
            assert!(detail.contains("no notification server") && !detail.contains("DBus"), "{detail}");
        }
    }

    #[test]
    fn a_bus_that_is_gone_may_be_waited_for() {
        let (problem, detail) = judge("I/O error: No such file or directory (os error 2)");
        assert_eq!(problem, PushProblem::NoNotificationServer);
        assert!(detail.starts_with("no session bus") && !detail.contains("os error"), "{detail}");
    }

    #[test]
    fn an_error_of_the_bus_library_is_told_in_our_words() {
        let missing = std::io::Error::from(std::io::ErrorKind::NotFound);
        assert_eq!(bus_reason(&zbus::Error::from(missing)), "it does not exist");
        for error in [
            zbus::Error::Handshake("hunter2".to_owned()),
            zbus::Error::Address("hunter2".to_owned()),
            zbus::Error::Failure("hunter2".to_owned()),
            zbus::Error::from(zbus::fdo::Error::ServiceUnknown("hunter2".to_owned())),
        ] {
            assert!(!bus_reason(&error).contains("hunter2"));
        }
        let unknown = zbus::fdo::Error::ServiceUnknown(String::new());
        assert!(bus_reason(&zbus::Error::from(unknown)).contains("none is installed"));
    }

    #[test]
    fn an_error_of_the_server_is_a_refusal() {
        for error in [
            "org.freedesktop.Notifications.MaxNotificationsExceeded: Exceeded maximum number of notifications",
            "org.freedesktop.Notifications.Error.ExcessNotificationGeneration: Created too many similar notifications",
            "org.gtk.GDBus.UnmappedGError.Quark._notify_2ddaemon.Code1: Exceeded",
        ] {
            assert_eq!(judge(error).0, PushProblem::NotificationServerRefused);
        }
    }
}
