//! What the error of a raise means for the push behind it. Pure.
//!
//! Lives here: the reading of D-Bus error names, the sentences. Does not live here: when it is tried again (the daemon).

use portal_contract::PushProblem;

/// Errors that say that no server is left that could have shown it, so that it may be raised again.
const NO_SERVER: [&str; 6] = [
    "org.freedesktop.DBus.Error.ServiceUnknown",
    "org.freedesktop.DBus.Error.NameHasNoOwner",
    // The bus says so when the receiver leaves without a reply: what it may have shown is gone with it.
    "org.freedesktop.DBus.Error.NoReply",
    "org.freedesktop.DBus.Error.Disconnected",
    "org.freedesktop.DBus.Error.NoServer",
    "org.freedesktop.DBus.Error.Spawn.",
];

/// Reads an error as notify-rust prints it, its only public form: `name: text` where the bus or the server answered.
pub(super) fn judge(error: &str) -> (PushProblem, String) {
    if NO_SERVER.iter().any(|name| error.starts_with(name)) {
        return (PushProblem::NoNotificationServer, no_server(error));
    }
    if is_answer(error) {
        let detail = format!(
            "the notification server refused the notification: {error}; \
             closing other notifications helps where it shows only so many"
        );
        return (PushProblem::NotificationServerRefused, detail);
    }
    (PushProblem::NoNotificationServer, no_session_bus(error))
}

/// Whether the text is an answer over the bus, and not a failure to speak over it.
fn is_answer(error: &str) -> bool {
    let Some((name, _)) = error.split_once(": ") else { return false };
    name.contains('.') && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '_')
}

/// Why nothing is raised without a server.
pub(super) fn no_server(why: &str) -> String {
    format!("no notification server on the session bus ({why}); start one, for instance `dunst`")
}

/// Why nothing is raised without a bus.
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
            assert!(detail.contains("no notification server") && detail.contains(error));
        }
    }

    #[test]
    fn a_bus_that_is_gone_may_be_waited_for() {
        let (problem, detail) = judge("I/O error: No such file or directory (os error 2)");
        assert_eq!(problem, PushProblem::NoNotificationServer);
        assert!(detail.starts_with("no session bus"));
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
