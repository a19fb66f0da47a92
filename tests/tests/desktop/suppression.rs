//! What the desktop itself lets through: read where each server keeps it, at each change and at each card.

use std::time::{Duration, Instant};

use portal_agent::desktop::{DesktopEvent, Notifier, Suppression};
use portal_contract::DesktopVerdict;
use portal_tests::notification_server::{DoNotDisturb, NotificationServer, ServerBehaviour, ServerProfile};
use portal_tests::session_bus::SessionBus;
use portal_tests::xfconf::SettingsService;
use zbus::Variant;

use crate::support::{LIMIT, NotifierRig, card, on_a_private_bus};

impl NotifierRig {
    fn verdict(&self) -> Option<DesktopVerdict> {
        self.native.state().verdict
    }

    /// Waits until the notifier says, by itself, that it knows this of the desktop.
    async fn comes_to_know(&mut self, verdict: DesktopVerdict) {
        let heard = async {
            while self.verdict() != Some(verdict) {
                assert_eq!(self.next_of_any_kind().await, DesktopEvent::Changed);
            }
        };
        tokio::time::timeout(LIMIT, heard).await.unwrap_or_else(|_| panic!("{verdict:?} is never known"));
    }

    /// Shows a card and gives what was known of the desktop then.
    async fn show_and_tell(&mut self, id: u64) -> DesktopVerdict {
        self.native.show(card(id, "Maintenance", "Tonight at 22:00"));
        self.is_shown(id).await.unwrap()
    }
}

#[test]
fn a_server_that_signals_do_not_disturb_is_heard() {
    on_a_private_bus("suppression::a_server_that_signals_do_not_disturb_is_heard", async |directory| {
        let (_bus, server, mut desktop) = NotifierRig::with(&directory, ServerProfile::plasma()).await;
        assert_eq!(desktop.verdict(), Some(DesktopVerdict::Accepted));
        assert_eq!(desktop.show_and_tell(1).await, DesktopVerdict::Accepted);
        server.set_do_not_disturb(DoNotDisturb::On).await.unwrap();
        desktop.comes_to_know(DesktopVerdict::DoNotDisturb).await;
        assert_eq!(desktop.native.suppression().do_not_disturb, Some(true));
        // The server takes it all the same, as the real ones do: it is shown, and shows nothing.
        assert_eq!(desktop.show_and_tell(2).await, DesktopVerdict::DoNotDisturb);
        assert_eq!(server.notifications().len(), 2);
        assert!(desktop.native.is_available() && desktop.native.state().problem.is_none());
        server.set_do_not_disturb(DoNotDisturb::Off).await.unwrap();
        desktop.comes_to_know(DesktopVerdict::Accepted).await;
    });
}

#[test]
fn a_server_that_signals_nothing_is_asked_at_each_card_and_each_look() {
    on_a_private_bus(
        "suppression::a_server_that_signals_nothing_is_asked_at_each_card_and_each_look",
        async |directory| {
            let (_bus, server, mut desktop) = NotifierRig::with(&directory, ServerProfile::dunst()).await;
            assert_eq!(desktop.show_and_tell(1).await, DesktopVerdict::Accepted);
            server.set_do_not_disturb(DoNotDisturb::On).await.unwrap();
            assert_eq!(desktop.show_and_tell(2).await, DesktopVerdict::DoNotDisturb);
            assert_eq!(desktop.verdict(), Some(DesktopVerdict::DoNotDisturb));
            server.set_do_not_disturb(DoNotDisturb::Off).await.unwrap();
            assert_eq!(desktop.verdict(), Some(DesktopVerdict::DoNotDisturb), "nothing polls");
            desktop.native.look().await;
            assert_eq!(desktop.verdict(), Some(DesktopVerdict::Accepted));
        },
    );
}

#[test]
fn a_question_without_an_answer_delays_no_card() {
    on_a_private_bus("suppression::a_question_without_an_answer_delays_no_card", async |directory| {
        let (_bus, server, mut desktop) = NotifierRig::with(&directory, ServerProfile::dunst()).await;
        server.set_do_not_disturb(DoNotDisturb::Unanswered).await.unwrap();
        let asked = Instant::now();
        desktop.native.show(card(1, "Maintenance", "Tonight at 22:00"));
        let notified = server.wait_for(1, LIMIT).await.unwrap()[0].received;
        assert!(notified.duration_since(asked) < Duration::from_millis(200), "the server is called at once");
        assert_eq!(desktop.is_shown(1).await, Some(DesktopVerdict::Unknown));
        assert!(asked.elapsed() < Duration::from_secs(1));
        let looked = Instant::now();
        desktop.native.look().await;
        assert!(looked.elapsed() < Duration::from_secs(1));
    });
}

#[test]
fn a_flood_of_changes_is_one_question() {
    on_a_private_bus("suppression::a_flood_of_changes_is_one_question", async |directory| {
        let (_bus, server, mut desktop) = NotifierRig::with(&directory, ServerProfile::plasma()).await;
        let asked = server.questions();
        for _ in 0..200 {
            server.set_do_not_disturb(DoNotDisturb::Unanswered).await.unwrap();
        }
        server.set_do_not_disturb(DoNotDisturb::On).await.unwrap();
        desktop.comes_to_know(DesktopVerdict::DoNotDisturb).await;
        assert_eq!(desktop.show_and_tell(1).await, DesktopVerdict::DoNotDisturb, "the last word holds");
        assert!(server.questions() - asked <= 3, "{} questions", server.questions() - asked);
    });
}

#[test]
fn xfce_keeps_it_in_its_settings() {
    on_a_private_bus("suppression::xfce_keeps_it_in_its_settings", async |directory| {
        let bus = SessionBus::start_in(&directory).unwrap();
        let settings = SettingsService::start(&bus.address()).await.unwrap();
        let profile = ServerProfile { name: "Xfce Notify Daemon", ..ServerProfile::xfce() };
        let _server = NotificationServer::start(&bus.address(), profile).await.unwrap();
        let mut desktop = NotifierRig::start(&directory);
        desktop.appeared().await;
        let told = Suppression { do_not_disturb: Some(false), application_off: Some(false) };
        assert_eq!(desktop.native.suppression(), told, "what is not set is off");
        settings.set("/do-not-disturb", Variant::from(true)).await.unwrap();
        desktop.comes_to_know(DesktopVerdict::DoNotDisturb).await;
        settings.set("/do-not-disturb", Variant::from(false)).await.unwrap();
        desktop.comes_to_know(DesktopVerdict::Accepted).await;
        let muted = vec![Variant::from("Company Portal")];
        settings.set("/applications/muted_applications", Variant::from(muted)).await.unwrap();
        desktop.comes_to_know(DesktopVerdict::ApplicationOff).await;
        assert_eq!(desktop.show_and_tell(1).await, DesktopVerdict::ApplicationOff);
    });
}

#[test]
fn gnome_keeps_it_in_its_settings() {
    on_a_private_bus("suppression::gnome_keeps_it_in_its_settings", async |directory| {
        let (bus, _server, mut desktop) = NotifierRig::with(&directory, ServerProfile::gnome()).await;
        assert_eq!(desktop.verdict(), Some(DesktopVerdict::Accepted));
        let dconf = zbus::connection::Builder::address(bus.address().as_str())
            .name("ca.desrt.dconf.Writer")
            .build()
            .await
            .unwrap();
        let changed = async |path: &str| {
            let (at, interface) = ("/ca/desrt/dconf/Writer/user", "ca.desrt.dconf.Writer");
            dconf.emit_signal(None::<&str>, at, interface, "Notify", &(path, vec![""], "tag")).await.unwrap();
        };
        std::fs::write(directory.join("show-banners"), "").unwrap();
        changed("/org/gnome/desktop/notifications/show-banners").await;
        desktop.comes_to_know(DesktopVerdict::DoNotDisturb).await;
        std::fs::write(directory.join("enable"), "").unwrap();
        changed("/org/gnome/desktop/notifications/application/company-portal/enable").await;
        desktop.comes_to_know(DesktopVerdict::ApplicationOff).await;
    });
}

#[test]
fn a_server_that_does_not_tell_is_unknown_and_none_is_none() {
    on_a_private_bus("suppression::a_server_that_does_not_tell_is_unknown_and_none_is_none", async |directory| {
        let (_bus, server, mut desktop) = NotifierRig::with(&directory, ServerProfile::mate()).await;
        assert_eq!(desktop.show_and_tell(1).await, DesktopVerdict::Unknown);
        server.behave(ServerBehaviour::Delay(Duration::from_millis(100)));
        assert_eq!(desktop.show_and_tell(2).await, DesktopVerdict::Unknown);
        server.stop().await.unwrap();
        assert_eq!(desktop.next().await, DesktopEvent::CardsLost);
        desktop.comes_to_know(DesktopVerdict::NoNotificationServer).await;
        desktop.native.look().await;
    });
}
