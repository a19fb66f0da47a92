//! What on this computer could keep a notification from showing; never mixed up with the emulated device's own state.
//!
//! Lives here: the checks, pure over what the edges say of themselves. Does not live here: the device's prerequisites (`explain`).

use portal_contract::status::{DesktopStatus, NotificationServer};
use portal_contract::{DesktopVerdict, DoctorCheck, DoctorReport, StatusReport};

use crate::desktop::Suppression;

/// Examines the computer that the daemon runs on.
pub fn examine(
    status: &StatusReport,
    journal_trouble: Option<&str>,
    clock_jumped: bool,
    suppression: Suppression,
) -> DoctorReport {
    let checks = vec![
        broker(status),
        subscriptions(status),
        notification_server(status),
        do_not_disturb(&status.desktop, suppression),
        application_switch(&status.desktop, suppression),
        journal(journal_trouble),
        clock(clock_jumped),
    ];
    DoctorReport { checks }
}

fn check(name: &str, ok: bool, detail: impl Into<String>, hint: &str) -> DoctorCheck {
    let hint = if ok { String::new() } else { hint.to_owned() };
    DoctorCheck { name: name.to_owned(), ok, detail: detail.into(), hint }
}

fn broker(status: &StatusReport) -> DoctorCheck {
    let broker = &status.broker;
    let detail = match (&broker.problem, broker.connected, status.condition.offline) {
        (Some(problem), _, _) => problem.clone(),
        (None, true, _) => format!("connected to {}", broker.url),
        (None, false, true) => "the device is offline, by command".to_owned(),
        (None, false, false) => format!("connecting to {}", broker.url),
    };
    let hint =
        if status.condition.offline { "device online" } else { "check the broker, and [broker] in the settings" };
    check("broker", broker.connected && broker.problem.is_none(), detail, hint)
}

fn subscriptions(status: &StatusReport) -> DoctorCheck {
    let refused = &status.broker.refused_subscriptions;
    let detail = if refused.is_empty() {
        "none is refused".to_owned()
    } else {
        format!("refused by the broker: {}", refused.join(", "))
    };
    let hint = "let the device read these topics in the broker's access list (config/mosquitto.acl shows how)";
    check("subscriptions", refused.is_empty(), detail, hint)
}

fn notification_server(status: &StatusReport) -> DoctorCheck {
    let desktop = &status.desktop;
    let detail = match (&desktop.problem, &desktop.notification_server) {
        (Some(problem), _) => problem.clone(),
        (None, Some(server)) => format!("{} {}", server.name, server.version),
        (None, None) if desktop.notifier == "console" => {
            "not needed: cards are printed (--notifier console)".to_owned()
        }
        (None, None) => "none is known yet".to_owned(),
    };
    let ok = desktop.problem.is_none() && (desktop.notification_server.is_some() || desktop.notifier == "console");
    let hint = "start a notification server in this desktop session, or run with --notifier console";
    check("notificationServer", ok, detail, hint)
}

fn do_not_disturb(desktop: &DesktopStatus, suppression: Suppression) -> DoctorCheck {
    let detail = match suppression.do_not_disturb {
        Some(true) => "on: this computer accepts notifications without showing them; the device's own Focus is another",
        Some(false) => "off",
        None => untold(desktop),
    };
    let hint = desktop_hint(DesktopVerdict::DoNotDisturb, server(desktop));
    check("doNotDisturb", suppression.do_not_disturb != Some(true), detail, hint)
}

fn application_switch(desktop: &DesktopStatus, suppression: Suppression) -> DoctorCheck {
    let detail = match suppression.application_off {
        Some(true) => "off: this computer does not show Company Portal's; the device's own permission is another",
        Some(false) => "on",
        None => untold(desktop),
    };
    let hint = desktop_hint(DesktopVerdict::ApplicationOff, server(desktop));
    check("applicationSwitch", suppression.application_off != Some(true), detail, hint)
}

/// What makes a notification server show again what it keeps from the screen, by the name that it gives itself in
/// GetServerInformation.
pub fn desktop_hint(verdict: DesktopVerdict, server: &str) -> &'static str {
    match (verdict, server) {
        (DesktopVerdict::ApplicationOff, "Xfce Notify Daemon") => "xfce4-notifyd-config: Applications, Company Portal",
        (DesktopVerdict::ApplicationOff, _) => "switch Company Portal's notifications on in this computer's settings",
        (DesktopVerdict::DoNotDisturb, "dunst") => "dunstctl set-paused false",
        (DesktopVerdict::DoNotDisturb, "Xfce Notify Daemon") => {
            "xfconf-query -c xfce4-notifyd -p /do-not-disturb -s false"
        }
        (DesktopVerdict::DoNotDisturb, "gnome-shell") => {
            "gsettings set org.gnome.desktop.notifications show-banners true"
        }
        (DesktopVerdict::DoNotDisturb, _) => "turn Do Not Disturb off on this computer",
        _ => "start a notification server in this desktop session, or run with --notifier console",
    }
}

/// Whether a card's buttons can be seen. dunst says that it takes actions, and has a menu for them that nothing points to.
pub fn draws_buttons(desktop: &DesktopStatus) -> bool {
    let takes_actions = |server: &NotificationServer| server.capabilities.iter().any(|word| word == "actions");
    // Where there is no server that could be asked, the desktop itself shows cards, and draws them.
    desktop.notification_server.as_ref().is_none_or(|server| takes_actions(server) && server.name != "dunst")
}

fn server(desktop: &DesktopStatus) -> &str {
    desktop.notification_server.as_ref().map_or("", |server| server.name.as_str())
}

fn untold(desktop: &DesktopStatus) -> &'static str {
    match desktop.verdict {
        None => "not asked: cards are shown on no desktop",
        Some(_) => "unknown: this desktop does not tell",
    }
}

fn journal(trouble: Option<&str>) -> DoctorCheck {
    let hint = "free space on the disk of the state directory, and make it writable";
    check("journal", trouble.is_none(), trouble.unwrap_or("it can be written"), hint)
}

fn clock(jumped: bool) -> DoctorCheck {
    let detail =
        if jumped { "it jumped by more than an hour; nothing is pruned by age for a day" } else { "no jump was seen" };
    check("clock", !jumped, detail, "set this computer's clock; the note goes by itself after a day")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn desktop(server: &str, verdict: Option<DesktopVerdict>) -> DesktopStatus {
        let server = NotificationServer { name: server.to_owned(), version: String::new(), capabilities: Vec::new() };
        DesktopStatus { notification_server: Some(server), verdict, ..DesktopStatus::default() }
    }

    #[test]
    fn a_desktop_that_shows_nothing_is_not_ok_and_the_hint_is_its_own() {
        let suppression = Suppression { do_not_disturb: Some(true), application_off: Some(true) };
        let xfce = desktop("Xfce Notify Daemon", Some(suppression.verdict()));
        let (disturb, application) = (do_not_disturb(&xfce, suppression), application_switch(&xfce, suppression));
        assert!(!disturb.ok && disturb.hint.contains("xfconf-query"), "{disturb:?}");
        assert!(!application.ok && application.hint.contains("xfce4-notifyd-config"), "{application:?}");
        let dunst = desktop("dunst", Some(DesktopVerdict::DoNotDisturb));
        assert_eq!(do_not_disturb(&dunst, suppression).hint, "dunstctl set-paused false");
        assert!(disturb.detail.contains("the device's own Focus is another"));
    }

    #[test]
    fn what_a_desktop_does_not_tell_is_said_to_be_unknown_and_is_no_fault() {
        let mate = desktop("MATE Notification Daemon", Some(DesktopVerdict::Unknown));
        for check in [do_not_disturb(&mate, Suppression::default()), application_switch(&mate, Suppression::default())]
        {
            assert!(check.ok && check.detail.starts_with("unknown"), "{check:?}");
        }
        let console = do_not_disturb(&desktop("", None), Suppression::default());
        assert!(console.ok && console.detail.starts_with("not asked"), "{console:?}");
    }
}
