//! What the demo says.
//!
//! Lives here: the sentences, and the pushes. Does not live here: what happens between them (`session`).

use portal_contract::status::DesktopStatus;
use portal_contract::{CustomNotification, DesktopVerdict, Explanation, NotificationPermission, Outcome, Surface};
use portal_device::DeviceIdentity;

use crate::control::ApiError;
use crate::host::{desktop_hint, draws_buttons};

/// Prints a line; a reader that has gone is no reason to end the demo in a panic.
macro_rules! say {
    ($($word:tt)*) => {{
        use std::io::Write;
        let _ = writeln!(std::io::stdout(), $($word)*);
    }};
}

/// A push that the demo sends: the first, the second, and so on.
pub fn push_number(number: u32) -> CustomNotification {
    let (title, body) = match number {
        1 => (
            "Office closed on Friday".to_owned(),
            "Please work from home. This is a custom notification, sent through the broker.",
        ),
        number => (format!("Message {number}"), "Sent by the key p of the demo, through the broker."),
    };
    CustomNotification {
        // Well-formed for every number: a device is fresh for each demo, so the id is too.
        id: format!("portal-agent-demo-{number}")
            .try_into()
            .unwrap_or_else(|_| unreachable!("a short text without control characters")),
        notification_title: title,
        notification_body: body.to_owned(),
        sent_at: None,
        expires_at: None,
        target_user_principal_name: None,
        collapse_key: None,
    }
}

pub fn beginning(identity: &DeviceIdentity, missing: Option<&str>, export: &str) {
    say!("Company Portal device agent emulator: a demo on this machine alone.");
    say!("  device      a fresh {} with {} {}", identity.name, identity.operating_system, identity.os_version);
    say!("  broker      embedded, on a free loopback port");
    match missing {
        None => say!("  desktop     notifications are shown natively"),
        Some(problem) => say!("  desktop     {problem}\n              So cards are printed here instead."),
    }
    say!("  commands    for another terminal; first tell it which daemon is meant:");
    say!("              {export}");
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

/// How the prompt can be answered. `at_once`: where there are keys, whether they need no Enter.
pub fn prompt(buttons: &[String], desktop: &DesktopStatus, at_once: Option<bool>, agent: &str) {
    let server = server(desktop);
    let unseen = desktop.verdict.filter(|verdict| verdict.keeps_from_showing());
    let on_the_desktop = desktop.notifier != "console";
    if let Some(verdict) = unseen.filter(|_| on_the_desktop) {
        say!("  permission  the prompt is not on this screen: {}", why_unseen(server, verdict));
        say!("  to see it   {}", desktop_hint(verdict, server));
    } else if on_the_desktop && draws_buttons(desktop) {
        say!("  permission  the prompt shows on the desktop: press {} there", buttons.join(" or "));
    } else if on_the_desktop {
        say!("  permission  the prompt shows on the desktop, where {server} draws no buttons");
    }
    match at_once {
        Some(true) => say!("  permission  answer here: a for Allow, d for Don't Allow"),
        Some(false) => say!("  permission  answer here: a for Allow, d for Don't Allow, then Enter"),
        None => say!("  permission  or in another terminal: {agent} permission allow"),
    }
}

pub fn permission(permission: NotificationPermission) {
    say!("  permission  {permission}");
}

pub fn pushed(notification: &CustomNotification) {
    say!("  pushed      \"{}\"", notification.notification_title);
}

/// A push that shows on the device; whether it is on this screen is another matter.
pub fn presented(surface: Surface, verdict: Option<DesktopVerdict>, desktop: &DesktopStatus) {
    let is_in_the_app = surface == Surface::InApp;
    let surface = surface_word(surface);
    let server = server(desktop);
    match verdict {
        _ if is_in_the_app => say!("  outcome     presented in the app, so there is no card"),
        None => say!("  outcome     presented ({surface})"),
        Some(verdict) if verdict.keeps_from_showing() => {
            say!(
                "  outcome     presented ({surface}) on the device, and not on this screen: {}",
                why_unseen(server, verdict)
            );
            say!("  to see it   {}", desktop_hint(verdict, server));
        }
        Some(DesktopVerdict::Accepted) => say!("  outcome     presented ({surface}), and shown by {server}"),
        Some(_) => say!("  outcome     presented ({surface}); {server} does not tell whether it shows it"),
    }
}

fn surface_word(surface: Surface) -> &'static str {
    match surface {
        Surface::Banner => "banner",
        Surface::LockScreen => "lock screen",
        Surface::NotificationCenter => "listed quietly",
        Surface::InApp => "in the app",
    }
}

fn server(desktop: &DesktopStatus) -> &str {
    desktop.notification_server.as_ref().map_or("the notification server", |server| server.name.as_str())
}

fn why_unseen(server: &str, verdict: DesktopVerdict) -> String {
    match verdict {
        DesktopVerdict::DoNotDisturb => format!("{server} is in Do Not Disturb"),
        DesktopVerdict::ApplicationOff => format!("Company Portal is switched off in {server}"),
        _ => "no notification server is there".to_owned(),
    }
}

pub fn withheld(explained: Option<&Explanation>) {
    match explained.and_then(|explained| explained.prerequisites.iter().find(|entry| !entry.met)) {
        Some(entry) => say!("  outcome     withheld: {}; hint: {}", entry.detail, entry.hint),
        None => say!("  outcome     withheld"),
    }
}

pub fn other_outcome(outcome: &Outcome) {
    match outcome {
        Outcome::Failed { detail, .. } | Outcome::Rejected { detail, .. } => {
            say!("  outcome     {}: {detail}", outcome.kind());
        }
        other => say!("  outcome     {}", other.kind()),
    }
}

pub fn held(id: &str, agent: &str) {
    say!("  held        {id} waits on the device; {agent} explain says what for");
}

pub fn overdue(agent: &str) {
    say!("  outcome     none within half a minute; {agent} doctor may say why");
}

/// What to try after the first push.
pub fn introduction(permitted: bool, at_once: Option<bool>, agent: &str) {
    say!("\nTry next:\n");
    if let Some(at_once) = at_once {
        let enter = if at_once { "" } else { ", each with Enter" };
        say!("  {}", walk(permitted));
        say!("  keys{enter}: p push   a allow   d deny   e explain   r reset   l lock   q quit\n");
    }
    say!("In another terminal, after the export above:\n");
    let answer = if permitted { "deny" } else { "allow" };
    let why = if permitted { "deny, push, see nothing, ask why" } else { "allow, push, see it" };
    say!("  # the permission walk: {why}");
    say!(
        "  {agent} permission {answer} && {agent} push --here --title 'Second' --body 'From another terminal' --wait; {agent} explain"
    );
    say!("  # how the device stands, and every receipt as it comes");
    say!("  {agent} status");
    say!("  {agent} log --follow\n");
    say!("{} ends the demo.", if at_once.is_some() { "q or Ctrl-C" } else { "Ctrl-C" });
}

fn walk(permitted: bool) -> &'static str {
    if permitted { "d, then p: nothing shows, and e says why" } else { "a, then p: it shows" }
}

/// What to try after any other push.
pub fn next(permitted: bool, has_keys: bool) {
    if has_keys {
        say!("  next        {}", walk(permitted));
    }
}

pub fn unclear(what: &str) {
    say!("  {what} is no key here: p push   a allow   d deny   e explain   r reset   l lock   q quit");
}

pub fn pasted() {
    say!("  that was more than one key: commands go into another terminal");
}

pub fn no_more_keys() {
    say!("  keys        the input has ended: the demo goes on without them, until Ctrl-C");
}

pub fn locked(locked: bool) {
    say!("  device      {}", if locked { "locked" } else { "unlocked" });
}

pub fn reset(user: &str) {
    say!("  reset       out of its box, enrolled by {user}, Company Portal installed again");
}

pub fn note(note: &str) {
    say!("  unchanged   {note}");
}

pub fn refused(error: &ApiError) {
    say!("  refused     {}; hint: {}", error.message, error.hint);
}

pub fn explained(explained: Option<&Explanation>) {
    let Some(explained) = explained else {
        say!("  explain     nothing was pushed yet");
        return;
    };
    let id = explained.notification_id.as_ref().map_or("a push without an id", |id| id.as_str());
    say!("  explain     {id}: {}", explained.summary);
    for entry in &explained.prerequisites {
        let mark = if entry.met { "✓" } else { "✗" };
        say!("              {mark} {:<28} {}", entry.code.code(), entry.detail);
        if !entry.met {
            say!("                {:<28} hint: {}", "", entry.hint);
        }
    }
    if let Some(desktop) = &explained.desktop_detail {
        say!("              {desktop}");
    }
}

pub fn ended() {
    say!("The demo has ended; its state directory is gone.");
}
