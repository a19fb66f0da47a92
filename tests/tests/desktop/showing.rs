//! Cards and prompts: what reaches the server, and what its answers mean.

use std::path::Path;
use std::time::Instant;

use portal_agent::desktop::{Card, CardId, CardUrgency, DesktopEvent, Notifier, PromptId};
use portal_tests::notification_server::{NotificationServer, ServerProfile};
use portal_tests::session_bus::SessionBus;

use crate::support::{LIMIT, NotifierRig, card, last, on_a_private_bus, prompt};

#[test]
fn a_card_is_shown_as_company_portal() {
    on_a_private_bus("showing::a_card_is_shown_as_company_portal", async |directory| {
        let (_bus, server, mut desktop) = NotifierRig::with(&directory, ServerProfile::xfce()).await;
        desktop.show(1).await;
        let shown = last(&server, 1).await;
        assert_eq!(shown.app, "Company Portal");
        assert_eq!((shown.title.as_str(), shown.body.as_str()), ("Maintenance", "Tonight at 22:00"));
        assert_eq!(shown.actions, [("default".to_owned(), "Open".to_owned())]);
        assert_eq!((shown.timeout, shown.replaces_id), (0, 0));
        assert_eq!(shown.hints["urgency"], 1);
        assert_eq!(shown.hints["desktop-entry"], "company-portal");
        assert!(!shown.hints.contains_key("suppress-sound"));
        assert!(std::fs::read(&shown.icon).unwrap().starts_with(b"\x89PNG"));
        assert!(Path::new(&shown.icon).starts_with(&directory));

        let state = desktop.native.state();
        let seen = state.notification_server.unwrap();
        assert_eq!((seen.name.as_str(), seen.version.as_str()), ("xfce4-notifyd", "1.0"));
        assert!(seen.capabilities.contains(&"body-markup".to_owned()));
        assert!(desktop.native.is_available() && state.problem.is_none());
    });
}

#[test]
fn a_card_sounds_where_it_says_so_whatever_its_urgency() {
    on_a_private_bus("showing::a_card_sounds_where_it_says_so_whatever_its_urgency", async |directory| {
        let (_bus, server, desktop) = NotifierRig::with(&directory, ServerProfile::xfce()).await;
        desktop.native.show(Card { urgency: CardUrgency::Low, ..card(1, "a", "b") });
        desktop.native.show(Card { sound: false, ..card(2, "a", "b") });
        let shown = server.wait_for(2, LIMIT).await.unwrap();
        assert_eq!((&shown[0].hints["urgency"], shown[0].hints.contains_key("suppress-sound")), (&0.into(), false));
        assert_eq!((&shown[1].hints["urgency"], &shown[1].hints["suppress-sound"]), (&1.into(), &true.into()));
        assert!(shown[0].hints.contains_key("sound-name") && !shown[1].hints.contains_key("sound-name"));
    });
}

#[test]
fn text_is_literal_on_every_server() {
    on_a_private_bus("showing::text_is_literal_on_every_server", async |directory| {
        let hostile = "<b>x</b> & <img src=\"file:///etc/hosts\">\u{202e}fdp\u{0}\u{1b}\nnext";
        let (bus, server, mut desktop) = NotifierRig::with(&directory, ServerProfile::xfce()).await;
        desktop.native.show(card(1, hostile, hostile));
        let shown = last(&server, 1).await;
        assert_eq!(shown.title, "<b>x</b> & <img src=\"file:///etc/hosts\">fdp next");
        assert_eq!(shown.body, "&lt;b&gt;x&lt;/b&gt; &amp; &lt;img src=\"file:///etc/hosts\"&gt;fdp\nnext");
        desktop.is_shown(1).await;

        // Read again for each server.
        server.stop().await.unwrap();
        assert_eq!(desktop.next().await, DesktopEvent::CardsLost);
        let server = NotificationServer::start(&bus.address(), ServerProfile::plain()).await.unwrap();
        desktop.appeared().await;
        desktop.native.show(card(2, hostile, hostile));
        assert_eq!(last(&server, 1).await.body, "<b>x</b> & <img src=\"file:///etc/hosts\">fdp\nnext");
    });
}

#[test]
fn a_click_and_a_dismissal_are_told_whoever_they_are_sent_to() {
    on_a_private_bus("showing::a_click_and_a_dismissal_are_told_whoever_they_are_sent_to", async |directory| {
        let bus = SessionBus::start_in(&directory).unwrap();
        for profile in [ServerProfile::xfce(), ServerProfile::gnome(), ServerProfile::dunst()] {
            let unicast = profile.unicast;
            let server = NotificationServer::start(&bus.address(), profile).await.unwrap();
            let mut desktop = NotifierRig::start(&directory);
            desktop.appeared().await;
            desktop.show(1).await;
            let clicked = desktop.answered_after(async || server.invoke(1, "default", unicast).await.unwrap()).await;
            assert_eq!(clicked, DesktopEvent::Clicked { card: CardId(1) });
            assert_eq!(server.wait_for_closed(1, LIMIT).await.unwrap(), [1], "a clicked card does not stay");
            desktop.show(2).await;
            let dismissed = desktop.answered_after(async || server.close(2, 2).await.unwrap()).await;
            assert_eq!(dismissed, DesktopEvent::Dismissed { card: CardId(2) });
            desktop.native.stop().await;
            server.stop().await.unwrap();
        }
    });
}

#[test]
fn a_card_keeps_its_connection_until_it_is_withdrawn_over_it() {
    on_a_private_bus("showing::a_card_keeps_its_connection_until_it_is_withdrawn_over_it", async |directory| {
        let (_bus, server, mut desktop) = NotifierRig::with(&directory, ServerProfile::gnome()).await;
        for id in 1..=21 {
            desktop.show(id).await;
        }
        let shown = server.notifications();
        for notification in &shown {
            assert!(server.is_connected(notification).await.unwrap());
        }
        desktop.native.withdraw(CardId(1));
        assert_eq!(server.wait_for_closed(1, LIMIT).await.unwrap(), [1]);
        desktop.native.withdraw(CardId(1));
        desktop.native.withdraw(CardId(99));
        desktop.said_nothing_before_showing(22).await;
        assert_eq!(server.closed(), [1]);
        let deadline = Instant::now() + LIMIT;
        while server.is_connected(&shown[0]).await.unwrap() {
            assert!(Instant::now() < deadline, "a withdrawn card's connection is let go");
        }
        assert!(server.is_connected(&shown[1]).await.unwrap());
    });
}

#[test]
fn a_prompt_has_two_actions_and_only_its_own_keys_answer_it() {
    on_a_private_bus("showing::a_prompt_has_two_actions_and_only_its_own_keys_answer_it", async |directory| {
        let bus = SessionBus::start_in(&directory).unwrap();
        for (profile, allow) in [(ServerProfile::xfce(), true), (ServerProfile::dunst(), false)] {
            let unicast = profile.unicast;
            let server = NotificationServer::start(&bus.address(), profile).await.unwrap();
            let mut desktop = NotifierRig::start(&directory);
            desktop.appeared().await;
            desktop.native.prompt(prompt(1));
            let shown = last(&server, 1).await;
            let labels: Vec<&str> = shown.actions.iter().map(|(_, label)| label.as_str()).collect();
            assert_eq!(labels, ["Don't Allow", "Allow"]);
            assert_eq!(shown.title, prompt(1).title);

            let forger = zbus::connection::Builder::address(bus.address().as_str()).build().await.unwrap();
            for key in ["allow", "deny", "default", "allow-0000000000000000"] {
                emit(&forger, None, &(1u32, key)).await;
                server.invoke(1, key, unicast).await.unwrap();
            }
            desktop.said_nothing_before_showing(1).await;

            let key = &shown.actions[usize::from(allow)].0;
            let answer = desktop.answered_after(async || server.invoke(1, key, unicast).await.unwrap()).await;
            assert_eq!(answer, DesktopEvent::PromptAnswered { prompt: PromptId(1), choice: allow.into() });
            assert_eq!(server.wait_for_closed(1, LIMIT).await.unwrap(), [1]);
            desktop.native.stop().await;
            server.stop().await.unwrap();
        }
    });
}

async fn emit<B: serde::Serialize + zbus::wire::DynamicType>(from: &zbus::Connection, to: Option<&str>, body: &B) {
    let (path, interface) = ("/org/freedesktop/Notifications", "org.freedesktop.Notifications");
    from.emit_signal(to, path, interface, "ActionInvoked", body).await.unwrap();
}

#[test]
fn a_signal_from_somebody_else_is_ignored() {
    on_a_private_bus("showing::a_signal_from_somebody_else_is_ignored", async |directory| {
        let (bus, server, mut desktop) = NotifierRig::with(&directory, ServerProfile::xfce()).await;
        // One broadcast of the server's own shows that the kept connection hears all, and waiters are let go.
        desktop.show(1).await;
        server.close(1, 2).await.unwrap();
        assert_eq!(desktop.next().await, DesktopEvent::Dismissed { card: CardId(1) });
        desktop.show(2).await;

        let forger = zbus::connection::Builder::address(bus.address().as_str()).build().await.unwrap();
        emit(&forger, None, &(2u32, "default")).await;
        for connection in zbus::fdo::DBusProxy::new(&forger).await.unwrap().list_names().await.unwrap() {
            if connection.as_str().starts_with(':') {
                emit(&forger, Some(connection.as_str()), &(2u32, "default")).await;
            }
        }
        desktop.said_nothing_before_showing(3).await;
        server.invoke(2, "default", false).await.unwrap();
        assert_eq!(desktop.next().await, DesktopEvent::Clicked { card: CardId(2) });
    });
}

#[test]
fn closing_a_prompt_is_no_answer_and_withdrawing_it_says_nothing() {
    on_a_private_bus("showing::closing_a_prompt_is_no_answer_and_withdrawing_it_says_nothing", async |directory| {
        let (_bus, server, mut desktop) = NotifierRig::with(&directory, ServerProfile::xfce()).await;
        for reason in 1..=4 {
            desktop.native.prompt(prompt(u64::from(reason)));
            let shown = last(&server, reason as usize).await;
            server.close(shown.id, reason).await.unwrap();
            match (reason, desktop.next().await) {
                (2, DesktopEvent::PromptClosed { prompt }) => assert_eq!(prompt, PromptId(2)),
                (_, DesktopEvent::PromptFailed { prompt, .. }) => assert_eq!(prompt, PromptId(u64::from(reason))),
                (_, other) => panic!("{reason}: {other:?}"),
            }
        }
        desktop.native.prompt(prompt(9));
        last(&server, 5).await;
        desktop.native.withdraw_prompt(PromptId(9));
        assert_eq!(server.wait_for_closed(1, LIMIT).await.unwrap(), [5]);
        desktop.said_nothing_before_showing(1).await;
    });
}

#[test]
fn a_card_that_ran_out_or_was_replaced_is_dismissed_by_nobody() {
    on_a_private_bus("showing::a_card_that_ran_out_or_was_replaced_is_dismissed_by_nobody", async |directory| {
        let bus = SessionBus::start_in(&directory).unwrap();
        for profile in [ServerProfile::xfce(), ServerProfile::gnome(), ServerProfile::mate()] {
            let is_mate = profile == ServerProfile::mate();
            let server = NotificationServer::start(&bus.address(), profile).await.unwrap();
            let mut desktop = NotifierRig::start(&directory);
            desktop.appeared().await;
            for reason in 1..=4u32 {
                let card = CardId(reason.into());
                desktop.show(card.0).await;
                let told = desktop.answered_after(async || server.close(reason, reason).await.unwrap()).await;
                // MATE says that a card ran out when the user clicks its ×.
                let by_a_person = reason == 2 || is_mate && reason == 1;
                let expected =
                    if by_a_person { DesktopEvent::Dismissed { card } } else { DesktopEvent::CardGone { card } };
                assert_eq!(told, expected, "{reason}");
            }
            desktop.native.stop().await;
            server.stop().await.unwrap();
        }
    });
}

#[test]
fn no_answer_is_lost_in_a_flood_of_other_signals() {
    on_a_private_bus("showing::no_answer_is_lost_in_a_flood_of_other_signals", async |directory| {
        let (_bus, server, mut desktop) = NotifierRig::with(&directory, ServerProfile::xfce()).await;
        for id in 1..=50 {
            desktop.native.show(card(id, "a", "b"));
            // From here on the signals race the answer to the call itself.
            let shown = last(&server, id as usize).await;
            flood(&server, 100).await;
            server.invoke(shown.id, "default", false).await.unwrap();
            flood(&server, 100).await;
            desktop.is_shown(id).await;
            assert_eq!(desktop.next().await, DesktopEvent::Clicked { card: CardId(id) });
        }
    });
}

async fn flood(server: &NotificationServer, count: u32) {
    for other in 0..count {
        server.close(1_000_000 + other, 2).await.unwrap();
    }
}
