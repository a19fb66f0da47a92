//! What the demo says.
//!
//! Lives here: the sentences, and the first push. Does not live here: what happens between them.

use std::path::Path;

use super::{CustomNotification, NotificationPermission, Outcome, Receipt};
use portal_device::DeviceIdentity;

/// Prints a line; a reader that has gone is no reason to end the demo in a panic.
macro_rules! say {
    ($($word:tt)*) => {{
        use std::io::Write;
        let _ = writeln!(std::io::stdout(), $($word)*);
    }};
}

/// The push that the demo sends.
pub fn first_push() -> CustomNotification {
    CustomNotification {
        // Well-formed constants: a device is fresh for each demo, so the id is too.
        id: "portal-agent-demo-1"
            .to_owned()
            .try_into()
            .unwrap_or_else(|_| unreachable!("a constant of the right form")),
        notification_title: "Office closed on Friday".to_owned(),
        notification_body: "Please work from home. This is a custom notification, sent through the broker.".to_owned(),
        sent_at: None,
        expires_at: None,
        target_user_principal_name: None,
        collapse_key: None,
    }
}

pub fn beginning(identity: &DeviceIdentity, missing: Option<&str>) {
    say!("Company Portal device agent emulator: a demo on this machine alone.");
    say!("  device      a fresh {} with {} {}", identity.name, identity.operating_system, identity.os_version);
    say!("  broker      embedded, on a free loopback port");
    match missing {
        None => say!("  desktop     notifications are shown natively"),
        Some(problem) => say!("  desktop     {problem}\n              So cards are printed here instead."),
    }
}

pub fn enrolled(user: &str) {
    say!("  enrolled    by {user}");
}

pub fn installed() {
    say!("  installed   Company Portal, which asks for the permission to notify");
}

pub fn granted_by_itself() {
    say!("  permission  neither a desktop nor a terminal to ask in: granted by the demo itself");
}

pub fn prompt(has_desktop: bool, terminal: bool, agent: &str) {
    if has_desktop {
        say!("  permission  the prompt shows on the desktop: press Allow or Don't Allow there");
    }
    if terminal {
        say!("  permission  answer here: a for Allow, d for Don't Allow, then Enter");
    }
    // Not every notification server draws buttons (dunst does not).
    say!("  permission  or in another terminal: {agent} permission allow");
}

pub fn permission(permission: NotificationPermission) {
    say!("  permission  {permission}");
}

pub fn pushed(notification: &CustomNotification) {
    say!("  pushed      \"{}\"", notification.notification_title);
}

pub fn ending(receipt: &Receipt, agent: &str) {
    match &receipt.outcome {
        Outcome::Presented(_) => say!("  outcome     presented"),
        Outcome::Failed { detail, .. } => say!("  outcome     failed: {detail}"),
        other => say!("  outcome     {}", other.kind()),
    }
    say!("\nTry next, in another terminal:\n");
    say!("  # the permission-denied walk: deny, push again, see nothing, ask why");
    say!(
        "  {agent} permission deny && {agent} push --here --title 'Second' --body 'You will not see this' --wait; {agent} explain"
    );
    say!("  # how the device stands");
    say!("  {agent} status");
    say!("  # every receipt so far, and those to come");
    say!("  {agent} log --follow\n");
    say!("Ctrl-C ends the demo.");
}

pub fn ended() {
    say!("The demo has ended; its state directory is gone.");
}

/// The beginning of every command to the demo's device.
pub fn agent(binary: &Path, state_dir: &Path) -> String {
    format!("{} --state-dir {}", quoted(binary), quoted(state_dir))
}

/// A path as it can be pasted into a POSIX shell.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "/._-:\\".contains(c));
    if plain { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_survives_pasting() {
        assert_eq!(quoted(Path::new("/tmp/a-b_c.d")), "/tmp/a-b_c.d");
        assert_eq!(quoted(Path::new("/tmp/it's here")), r"'/tmp/it'\''s here'");
    }

    #[test]
    fn the_first_push_is_a_valid_one() {
        let push = first_push();
        assert_eq!(CustomNotification::parse(&serde_json::to_vec(&push).unwrap()), Ok(push));
    }
}
