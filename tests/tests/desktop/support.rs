//! A notifier on a private bus, and what it says.
//!
//! Lives here: running a test in a process of its own, since notify-rust reads the bus's address from the environment.

use std::future::Future;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use portal_agent::desktop::{
    Card, CardId, CardUrgency, DesktopEvent, NativeNotifier, Notifier, NotifierOptions, PromptCard, PromptId,
};
use portal_contract::status::prompt_buttons;
use portal_contract::{DesktopVerdict, OperatingSystem, PushProblem};
use portal_tests::notification_server::{NotificationServer, ReceivedNotification, ServerProfile};
use portal_tests::session_bus::SessionBus;
use tokio::sync::mpsc;

pub const LIMIT: Duration = Duration::from_secs(10);
pub const DIRECTORY: &str = "PORTAL_TESTS_DIRECTORY";

/// Runs a test in a process whose session bus is the one that may be started in the given directory.
pub fn on_a_private_bus<F: Future<Output = ()>>(test: &str, body: impl FnOnce(PathBuf) -> F) {
    if let Some(directory) = std::env::var_os(DIRECTORY) {
        tokio::runtime::Runtime::new().unwrap().block_on(body(directory.into()));
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    fake_gsettings(directory.path());
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(DIRECTORY, directory.path())
        .env("DBUS_SESSION_BUS_ADDRESS", SessionBus::address_in(directory.path()))
        .env("PATH", format!("{}:{}", directory.path().display(), std::env::var("PATH").unwrap()))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

/// GLib's `gsettings` as far as it is asked, in place of the computer's own, which tells of the computer's own desktop:
/// what is switched off is a file in the directory.
fn fake_gsettings(directory: &Path) {
    let script = format!(
        "#!/bin/sh\n[ \"$1\" = get ] || exit 1\n[ -e '{0}'/\"$3\" ] && echo false || echo true\n",
        directory.display()
    );
    let program = directory.join("gsettings");
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// A notifier and what it says.
pub struct NotifierRig {
    pub native: NativeNotifier,
    events: mpsc::Receiver<DesktopEvent>,
}

impl NotifierRig {
    pub fn start(directory: &Path) -> Self {
        let (sender, events) = mpsc::channel(64);
        let settings = NotifierOptions { icon_directory: directory.to_owned(), ..NotifierOptions::default() };
        Self { native: NativeNotifier::start(settings, sender), events }
    }

    /// A notifier on a bus with a server that it has found.
    pub async fn with(directory: &Path, profile: ServerProfile) -> (SessionBus, NotificationServer, Self) {
        let bus = SessionBus::start_in(directory).unwrap();
        let server = NotificationServer::start(&bus.address(), profile).await.unwrap();
        let mut desktop = Self::start(directory);
        desktop.appeared().await;
        (bus, server, desktop)
    }

    /// The next event, `Changed` or another.
    pub async fn next_of_any_kind(&mut self) -> DesktopEvent {
        tokio::time::timeout(LIMIT, self.events.recv()).await.expect("an event in time").unwrap()
    }

    pub async fn next(&mut self) -> DesktopEvent {
        loop {
            let event = self.next_of_any_kind().await;
            if event != DesktopEvent::Changed {
                return event;
            }
        }
    }

    pub async fn appeared(&mut self) {
        assert_eq!(self.next().await, DesktopEvent::ServerAppeared);
    }

    /// Expects a card to be accepted, and gives what was known of the desktop then.
    pub async fn is_shown(&mut self, id: u64) -> Option<DesktopVerdict> {
        match self.next().await {
            DesktopEvent::Shown { card, verdict } if card == CardId(id) => verdict,
            other => panic!("card {id} is expected to be accepted: {other:?}"),
        }
    }

    /// Shows a card and expects it to be accepted.
    pub async fn show(&mut self, id: u64) {
        self.native.show(card(id, "Maintenance", "Tonight at 22:00"));
        self.is_shown(id).await;
    }

    pub async fn show_failed(&mut self, id: u64) -> (PushProblem, String) {
        self.native.show(card(id, "Maintenance", "Tonight at 22:00"));
        match self.next().await {
            DesktopEvent::ShowFailed { card, problem, detail } if card == CardId(id) => (problem, detail),
            other => panic!("a failed card expected: {other:?}"),
        }
    }

    /// Does something until it is answered: a signal to the connection that asked is heard only once notify-rust's
    /// waiter has asked for it.
    pub async fn answered_after<F: Future<Output = ()>>(&mut self, mut act: impl FnMut() -> F) -> DesktopEvent {
        let deadline = Instant::now() + LIMIT;
        while Instant::now() < deadline {
            act().await;
            if let Ok(event) = tokio::time::timeout(Duration::from_millis(50), self.next()).await {
                return event;
            }
        }
        panic!("no answer in time");
    }

    /// Asserts that nothing was said, by an event that comes after it.
    pub async fn said_nothing_before_showing(&mut self, id: u64) {
        self.show(id).await;
    }
}

pub fn card(id: u64, title: &str, body: &str) -> Card {
    Card {
        id: CardId(id),
        device: None,
        title: title.into(),
        body: body.into(),
        urgency: CardUrgency::Normal,
        sound: true,
    }
}

pub fn prompt(id: u64) -> PromptCard {
    PromptCard {
        id: PromptId(id),
        device: None,
        title: "“Company Portal” Would Like to Send You Notifications".into(),
        body: "Notifications may include alerts, sounds, and icon badges.".into(),
        buttons: prompt_buttons(OperatingSystem::Ios, false),
    }
}

pub async fn last(server: &NotificationServer, count: usize) -> ReceivedNotification {
    server.wait_for(count, LIMIT).await.unwrap().pop().unwrap()
}
