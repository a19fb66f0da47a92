//! What on this computer could keep a notification from showing; never mixed up with the emulated device's own state.
//!
//! Lives here: the checks, pure over what the edges say of themselves, with a daemon and without one. Does not live here: the
//! device's prerequisites (`explain`).

use portal_contract::status::{DesktopStatus, NotificationServer};
use portal_contract::{DesktopVerdict, DoctorCheck, DoctorReport, StatusReport};

use super::computer::{BrokerWay, ComputerFacts};
use crate::desktop::{SharingDaemon, Suppression};

/// The least room that a state directory should have, in bytes: some days of receipts, and the journal's companions.
const LEAST_ROOM: u64 = 64 * 1024 * 1024;

/// What the edges found.
#[derive(Debug, Default)]
pub(super) struct Findings<'a> {
    pub(super) journal_trouble: Option<&'a str>,
    pub(super) clock_jumped: bool,
    pub(super) suppression: Suppression,
    pub(super) computer: ComputerFacts,
    pub(super) others: Vec<SharingDaemon>,
}

/// Examines the computer that the daemon runs on.
pub(super) fn examine(status: &StatusReport, found: &Findings<'_>) -> DoctorReport {
    let mut checks = vec![broker(status)];
    checks.extend(way_to_the_broker(&status.broker.url, found.computer.way.as_ref()));
    checks.extend([
        subscriptions(status),
        session("the daemon", &status.desktop, &found.computer),
        notification_server(&status.desktop),
        do_not_disturb(&status.desktop, found.suppression),
        application_switch(&status.desktop, found.suppression),
        desktop_entry(&status.desktop, &found.computer),
        other_daemons(&found.others),
        journal(found.journal_trouble),
        disk(&found.computer),
        permissions(&found.computer),
        clock(found.clock_jumped),
    ]);
    DoctorReport { checks }
}

/// Examines a computer on which no daemon runs, as one that is started there now would find it. `absence` says that none does;
/// `broker` is where it would go, where that is not its own.
pub(super) fn examine_without_daemon(
    absence: &str,
    broker: Option<&str>,
    desktop: &DesktopStatus,
    found: &Findings<'_>,
) -> DoctorReport {
    let hint = "portal-agent run, or portal-agent service start; --state-dir names another daemon's directory";
    let mut checks = vec![check("daemon", false, absence, hint)];
    // What lies behind the port only a daemon can tell.
    let way = way_to_the_broker(broker.unwrap_or_default(), found.computer.way.as_ref());
    checks.extend(way.into_iter().filter(|check| check.known));
    checks.extend([
        session("this command", desktop, &found.computer),
        notification_server(desktop),
        do_not_disturb(desktop, found.suppression),
        application_switch(desktop, found.suppression),
        desktop_entry(desktop, &found.computer),
        other_daemons(&found.others),
        disk(&found.computer),
    ]);
    checks.extend(found.computer.mode.map(|_| permissions(&found.computer)));
    DoctorReport { checks }
}

fn check(name: &str, ok: bool, detail: impl Into<String>, hint: &str) -> DoctorCheck {
    let hint = if ok { String::new() } else { hint.to_owned() };
    DoctorCheck { name: name.to_owned(), ok, known: true, detail: detail.into(), hint }
}

/// What could not be found out, and is not known to be wrong.
fn unknown(name: &str, detail: impl Into<String>) -> DoctorCheck {
    DoctorCheck { name: name.to_owned(), ok: true, known: false, detail: detail.into(), hint: String::new() }
}

/// Each step of the way to a broker that is not connected, so that nobody looks at its certificate where its name is wrong.
fn way_to_the_broker(url: &str, way: Option<&BrokerWay>) -> Vec<DoctorCheck> {
    let is_secure = url.starts_with("mqtts:");
    let named = |host: &str| check("brokerName", true, format!("{host} is a name that leads to a computer"), "");
    match way {
        None => Vec::new(),
        Some(BrokerWay::NoSuchName { host }) => {
            let detail = format!("no computer is known by the name {host}");
            vec![check(
                "brokerName",
                false,
                detail,
                "check the name in broker.urls, this computer's DNS, and a VPN that is needed",
            )]
        }
        Some(BrokerWay::NoListener { host, port, reason }) => {
            let detail = format!("{host} takes no connection on port {port}: {reason}");
            let hint =
                "check the port in broker.urls (1883, with TLS 8883), that the broker runs, and firewalls between";
            vec![named(host), check("brokerPort", false, detail, hint)]
        }
        Some(BrokerWay::Listens { host, port }) => {
            let detail = format!("{host} takes connections on port {port}");
            let beyond = if is_secure {
                unknown(
                    "brokerTls",
                    "reached, and not connected, for the reason that the check broker says: TLS, credentials or the protocol are what is left",
                )
            } else {
                unknown(
                    "brokerCredentials",
                    "reached, and not connected, for the reason that the check broker says: credentials or the protocol are what is left",
                )
            };
            vec![named(host), check("brokerPort", true, detail, ""), beyond]
        }
    }
}

fn session(who: &str, desktop: &DesktopStatus, computer: &ComputerFacts) -> DoctorCheck {
    let name = "session";
    if desktop.notifier == "console" {
        return check(name, true, "not needed: cards are printed (--notifier console)", "");
    }
    if !cfg!(target_os = "linux") {
        return unknown(name, "this system does not tell whether the daemon is in a desktop session");
    }
    let hint = "start the daemon in the desktop session: portal-agent service install, or run there";
    match (&computer.session_bus, &computer.screen) {
        (None, _) => check(name, false, format!("{who} was started without a session bus"), hint),
        (Some(_), Some(screen)) => check(name, true, format!("{who} is in a session with a screen, {screen}"), ""),
        // A user manager that was there before the desktop knows no screen, and its bus is the desktop's all the same.
        (Some(_), None) => unknown(name, format!("{who} has a session bus and knows of no screen, as a service may")),
    }
}

fn desktop_entry(desktop: &DesktopStatus, computer: &ComputerFacts) -> DoctorCheck {
    let name = "desktopEntry";
    if desktop.notifier == "console" || !cfg!(target_os = "linux") {
        return check(name, true, "not needed here", "");
    }
    match &computer.desktop_entry {
        Some(path) => check(name, true, format!("cards are Company Portal's by {}", path.display()), ""),
        None => unknown(
            name,
            "none is installed: cards show, and a desktop may not list Company Portal among its applications; a package or \
             install.sh brings it",
        ),
    }
}

fn other_daemons(others: &[SharingDaemon]) -> DoctorCheck {
    let name = |other: &SharingDaemon| {
        let label = if other.label.is_empty() { "of the default state directory" } else { other.label.as_str() };
        format!("{label} (process {})", other.pid)
    };
    let detail = match others {
        [] => "no other daemon of this user shows cards on this desktop".to_owned(),
        others => {
            let names: Vec<String> = others.iter().map(name).collect();
            format!("cards on this desktop are of other daemons, too, and say whose they are: {}", names.join(", "))
        }
    };
    check("otherDaemons", true, detail, "")
}

fn disk(computer: &ComputerFacts) -> DoctorCheck {
    let Some(room) = computer.room else { return unknown("disk", "this system does not tell how much room there is") };
    let place = computer.state_dir.display();
    let detail = format!("{} MiB are free where {place} is", room / 1024 / 1024);
    check("disk", room >= LEAST_ROOM, detail, "free space there, or name another --state-dir")
}

fn permissions(computer: &ComputerFacts) -> DoctorCheck {
    let Some(mode) = computer.mode else {
        return unknown("permissions", "this system does not tell who may read the state directory");
    };
    let place = computer.state_dir.display();
    let detail = if mode & 0o077 == 0 {
        format!("{place} is this user's alone")
    } else {
        format!("others may look into {place} (mode {mode:o}); the files with secrets in it are this user's alone")
    };
    let others_write = mode & 0o022 != 0;
    check("permissions", !others_write, detail, "chmod go-w the state directory")
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

fn notification_server(desktop: &DesktopStatus) -> DoctorCheck {
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
    match suppression.do_not_disturb {
        None if desktop.verdict.is_some() => unknown("doNotDisturb", detail),
        on => check("doNotDisturb", on != Some(true), detail, hint),
    }
}

fn application_switch(desktop: &DesktopStatus, suppression: Suppression) -> DoctorCheck {
    let detail = match suppression.application_off {
        Some(true) => "off: this computer does not show Company Portal's; the device's own permission is another",
        Some(false) => "on",
        None => untold(desktop),
    };
    let hint = desktop_hint(DesktopVerdict::ApplicationOff, server(desktop));
    match suppression.application_off {
        None if desktop.verdict.is_some() => unknown("applicationSwitch", detail),
        off => check("applicationSwitch", off != Some(true), detail, hint),
    }
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
    fn the_search_for_a_broker_ends_where_the_way_does() {
        let way = |way| way_to_the_broker("mqtts://broker.example", Some(&way));
        let failed = |checks: &[DoctorCheck]| checks.iter().find(|check| !check.ok).map(|check| check.name.clone());
        let host = || "broker.example".to_owned();
        assert_eq!(failed(&way(BrokerWay::NoSuchName { host: host() })).as_deref(), Some("brokerName"));
        let refused = BrokerWay::NoListener { host: host(), port: 8883, reason: "refused".to_owned() };
        assert_eq!(failed(&way(refused)).as_deref(), Some("brokerPort"));
        let listens = way(BrokerWay::Listens { host: host(), port: 8883 });
        assert_eq!(failed(&listens), None);
        assert!(listens.iter().any(|check| check.name == "brokerTls" && !check.known));
    }

    #[test]
    fn without_a_daemon_that_is_what_is_wrong_and_only_what_was_looked_at_is_told() {
        let computer = ComputerFacts {
            session_bus: Some("unix:path=/run/user/1000/bus".to_owned()),
            way: Some(BrokerWay::Listens { host: "broker.example".to_owned(), port: 8883 }),
            ..ComputerFacts::default()
        };
        let found = Findings { computer, ..Findings::default() };
        let desktop = desktop("dunst", Some(DesktopVerdict::Unknown));
        let report = examine_without_daemon("none runs", Some("mqtts://broker.example"), &desktop, &found);
        let failed: Vec<&str> =
            report.checks.iter().filter(|check| !check.ok).map(|check| check.name.as_str()).collect();
        assert_eq!(failed, ["daemon"]);
        let named = |name: &str| report.checks.iter().any(|check| check.name == name);
        assert!(named("brokerPort") && !named("brokerTls") && !named("journal") && !named("permissions"));
    }

    #[test]
    fn a_full_disk_and_an_open_directory_are_named() {
        let facts = |room, mode| ComputerFacts { room: Some(room), mode: Some(mode), ..ComputerFacts::default() };
        let tight = facts(1024, 0o722);
        assert!(!disk(&tight).ok && !permissions(&tight).ok);
        let fine = facts(LEAST_ROOM, 0o700);
        assert!(disk(&fine).ok && permissions(&fine).ok);
        let nothing = ComputerFacts::default();
        assert!(!disk(&nothing).known && !permissions(&nothing).known);
    }

    #[test]
    fn what_a_desktop_does_not_tell_is_said_to_be_unknown_and_is_no_fault() {
        let mate = desktop("MATE Notification Daemon", Some(DesktopVerdict::Unknown));
        for check in [do_not_disturb(&mate, Suppression::default()), application_switch(&mate, Suppression::default())]
        {
            assert!(check.ok && !check.known && check.detail.starts_with("unknown"), "{check:?}");
        }
        let console = do_not_disturb(&desktop("", None), Suppression::default());
        assert!(console.ok && console.detail.starts_with("not asked"), "{console:?}");
    }
}
