//! What on this computer could keep a notification from showing; never mixed up with the emulated device's own state.
//!
//! Lives here: the checks, pure over what the edges say of themselves. Does not live here: the device's prerequisites (`explain`).

use portal_shared::{Check, Doctor, Status};

/// Examines the computer that the daemon runs on.
pub fn examine(status: &Status, journal_trouble: Option<&str>, clock_jumped: bool, disturb: Option<bool>) -> Doctor {
    let checks = vec![
        broker(status),
        subscriptions(status),
        notification_server(status),
        do_not_disturb(disturb),
        journal(journal_trouble),
        clock(clock_jumped),
    ];
    Doctor { checks }
}

fn check(name: &str, ok: bool, detail: impl Into<String>, mend: &str) -> Check {
    let mend = if ok { String::new() } else { mend.to_owned() };
    Check { name: name.to_owned(), ok, detail: detail.into(), mend }
}

fn broker(status: &Status) -> Check {
    let broker = &status.broker;
    let detail = match (&broker.problem, broker.connected, status.condition.offline) {
        (Some(problem), _, _) => problem.clone(),
        (None, true, _) => format!("connected to {}", broker.url),
        (None, false, true) => "the device is offline, by command".to_owned(),
        (None, false, false) => format!("connecting to {}", broker.url),
    };
    let mend =
        if status.condition.offline { "device online" } else { "check the broker, and [broker] in the settings" };
    check("broker", broker.connected && broker.problem.is_none(), detail, mend)
}

fn subscriptions(status: &Status) -> Check {
    let refused = &status.broker.refused_subscriptions;
    let detail = if refused.is_empty() {
        "none is refused".to_owned()
    } else {
        format!("refused by the broker: {}", refused.join(", "))
    };
    let mend = "let the device read these topics in the broker's access list (config/mosquitto.acl shows how)";
    check("subscriptions", refused.is_empty(), detail, mend)
}

fn notification_server(status: &Status) -> Check {
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
    let mend = "start a notification server in this desktop session, or run with --notifier console";
    check("notificationServer", ok, detail, mend)
}

fn do_not_disturb(disturb: Option<bool>) -> Check {
    let detail = match disturb {
        Some(true) => "the desktop accepts notifications without showing them",
        Some(false) => "off",
        None => "unknown: this desktop does not tell",
    };
    check("doNotDisturb", disturb != Some(true), detail, "turn Do Not Disturb off on this computer")
}

fn journal(trouble: Option<&str>) -> Check {
    let mend = "free space on the disk of the state directory, and make it writable";
    check("journal", trouble.is_none(), trouble.unwrap_or("it can be written"), mend)
}

fn clock(jumped: bool) -> Check {
    let detail =
        if jumped { "it jumped by more than an hour; nothing is pruned by age for a day" } else { "no jump was seen" };
    check("clock", !jumped, detail, "set this computer's clock; the note goes by itself after a day")
}
