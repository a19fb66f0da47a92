//! Cards and prompts: what reaches the server, what its answers mean, and servers that go, hang and refuse.

use std::path::Path;
use std::time::{Duration, Instant};

use portal_agent::desktop::{Card, CardId, CardUrgency, DesktopEvent, Notifier, PromptChoice, PromptId};
use portal_contract::PushProblem;
use portal_tests::notification_server::{NotificationServer, ServerBehaviour, ServerProfile};
use portal_tests::session_bus::SessionBus;

use crate::support::{DIRECTORY, LIMIT, NotifierRig, card, last, on_a_private_bus, prompt};

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

#[test]
fn without_a_server_a_card_fails_at_once_until_one_appears() {
    on_a_private_bus("showing::without_a_server_a_card_fails_at_once_until_one_appears", async |directory| {
        let bus = SessionBus::start_in(&directory).unwrap();
        let mut desktop = NotifierRig::start(&directory);
        let started = Instant::now();
        let (problem, detail) = desktop.show_failed(1).await;
        assert!(started.elapsed() < Duration::from_secs(2));
        assert_eq!(problem, PushProblem::NoNotificationServer);
        assert!(detail.contains("no notification server on the session bus") && detail.contains("dunst"), "{detail}");
        assert!(!desktop.native.is_available());
        assert!(desktop.native.state().problem.unwrap().contains("no notification server"));
        desktop.native.prompt(prompt(1));
        assert!(matches!(desktop.next().await, DesktopEvent::PromptFailed { prompt: PromptId(1), .. }));

        let server = NotificationServer::start(&bus.address(), ServerProfile::xfce()).await.unwrap();
        desktop.appeared().await;
        assert!(desktop.native.is_available());
        desktop.show(2).await;
        assert_eq!(server.notifications().len(), 1);
    });
}

#[test]
#[ignore = "it is the server that a bus of another test starts"]
fn the_server_that_the_bus_starts() {
    let Some(directory) = std::env::var_os(DIRECTORY) else { return };
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let address = SessionBus::address_in(Path::new(&directory));
        NotificationServer::start(&address, ServerProfile::xfce()).await.unwrap().serve().await;
    });
}

#[test]
fn a_card_has_the_bus_start_the_server_that_it_knows() {
    on_a_private_bus("showing::a_card_has_the_bus_start_the_server_that_it_knows", async |directory| {
        let this = std::env::current_exe().unwrap();
        let server = format!("{} --ignored --exact showing::the_server_that_the_bus_starts", this.display());
        let _bus = SessionBus::start_activating(&directory, &server).unwrap();
        let mut desktop = NotifierRig::start(&directory);
        desktop.native.show(card(1, "a", "b"));
        desktop.appeared().await;
        desktop.is_shown(1).await;
        desktop.show(2).await;
    });
}

#[test]
fn a_server_that_the_bus_cannot_start_is_no_server() {
    on_a_private_bus("showing::a_server_that_the_bus_cannot_start_is_no_server", async |directory| {
        let _bus = SessionBus::start_activating(&directory, "/bin/false").unwrap();
        let mut desktop = NotifierRig::start(&directory);
        for id in 1..=2 {
            let (problem, detail) = desktop.show_failed(id).await;
            assert_eq!(problem, PushProblem::NoNotificationServer);
            assert!(detail.contains("the bus could not start it"), "{detail}");
        }
    });
}

#[test]
fn a_server_that_goes_takes_its_cards_along_and_may_return() {
    on_a_private_bus("showing::a_server_that_goes_takes_its_cards_along_and_may_return", async |directory| {
        let (bus, server, mut desktop) = NotifierRig::with(&directory, ServerProfile::dunst()).await;
        desktop.show(1).await;
        desktop.native.prompt(prompt(1));
        last(&server, 2).await;
        desktop.show(2).await;
        server.stop().await.unwrap();
        assert_eq!(desktop.next().await, DesktopEvent::CardsLost);
        assert!(matches!(desktop.next().await, DesktopEvent::PromptFailed { prompt: PromptId(1), .. }));
        assert_eq!(desktop.show_failed(3).await.0, PushProblem::NoNotificationServer);

        let server = NotificationServer::start(&bus.address(), ServerProfile::xfce()).await.unwrap();
        desktop.appeared().await;
        desktop.show(4).await;
        // The ids of the first server mean nothing to the second, which gave this one anew.
        assert_eq!(last(&server, 1).await.id, 1);
        server.close(1, 2).await.unwrap();
        assert_eq!(desktop.next().await, DesktopEvent::Dismissed { card: CardId(4) });
    });
}

#[test]
fn a_server_that_hangs_is_asked_once_and_left_alone_until_it_answers() {
    on_a_private_bus("showing::a_server_that_hangs_is_asked_once_and_left_alone_until_it_answers", async |directory| {
        let (_bus, server, mut desktop) = NotifierRig::with(&directory, ServerProfile::xfce()).await;
        let asked = server.probes();
        server.behave(ServerBehaviour::Hang);
        let started = Instant::now();
        let (problem, detail) = desktop.show_failed(1).await;
        assert_eq!(problem, PushProblem::NotificationServerDidNotAnswer);
        assert!(detail.contains("may still appear"), "{detail}");
        assert!(started.elapsed() >= Duration::from_secs(3));

        let started = Instant::now();
        for id in 2..=4 {
            let (problem, detail) = desktop.show_failed(id).await;
            assert_eq!(problem, PushProblem::NoNotificationServer, "{detail}");
        }
        assert!(started.elapsed() < Duration::from_secs(1));
        assert!(!desktop.native.is_available());
        server.wait_for_probes(asked + 1, LIMIT).await.unwrap();

        server.behave(ServerBehaviour::Answer);
        desktop.appeared().await;
        desktop.show(5).await;
        assert_eq!(server.notifications().len(), 2, "the one that was given up appeared once, the three never");
        assert_eq!(server.probes(), asked + 1);
    });
}

#[test]
fn a_server_that_hangs_from_its_start_is_never_called() {
    on_a_private_bus("showing::a_server_that_hangs_from_its_start_is_never_called", async |directory| {
        let bus = SessionBus::start_in(&directory).unwrap();
        let server = NotificationServer::start_behaving(&bus.address(), ServerProfile::xfce(), ServerBehaviour::Hang)
            .await
            .unwrap();
        let mut desktop = NotifierRig::start(&directory);
        let (problem, detail) = desktop.show_failed(1).await;
        assert_eq!(problem, PushProblem::NoNotificationServer);
        assert!(detail.contains("does not answer"), "{detail}");
        server.behave(ServerBehaviour::Answer);
        desktop.appeared().await;
        desktop.show(2).await;
        assert_eq!(server.notifications().len(), 1);
    });
}

#[test]
fn a_prompt_that_was_given_up_and_appears_after_all_is_withdrawn() {
    on_a_private_bus("showing::a_prompt_that_was_given_up_and_appears_after_all_is_withdrawn", async |directory| {
        let (_bus, server, mut desktop) = NotifierRig::with(&directory, ServerProfile::gnome()).await;
        server.behave(ServerBehaviour::Hang);
        desktop.native.prompt(prompt(1));
        assert!(matches!(desktop.next().await, DesktopEvent::PromptFailed { prompt: PromptId(1), .. }));
        server.behave(ServerBehaviour::Answer);
        desktop.appeared().await;
        // As the daemon does for as long as the prompt is state of the device.
        desktop.native.prompt(prompt(1));
        assert_eq!(server.wait_for_closed(1, LIMIT).await.unwrap(), [1], "nobody would hear its answer");
        let shown = last(&server, 2).await;
        assert_eq!(server.open(), [shown.id], "one prompt stands");
        let key = &shown.actions[0].0;
        let answer = desktop.answered_after(async || server.invoke(shown.id, key, true).await.unwrap()).await;
        assert_eq!(answer, DesktopEvent::PromptAnswered { prompt: PromptId(1), choice: PromptChoice::Deny });
    });
}

#[test]
fn a_slow_server_is_waited_for() {
    on_a_private_bus("showing::a_slow_server_is_waited_for", async |directory| {
        let (_bus, server, mut desktop) = NotifierRig::with(&directory, ServerProfile::xfce()).await;
        server.behave(ServerBehaviour::Delay(Duration::from_millis(500)));
        desktop.show(1).await;
        assert_eq!(server.notifications().len(), 1);
    });
}

#[test]
fn a_refusal_is_told_as_one() {
    on_a_private_bus("showing::a_refusal_is_told_as_one", async |directory| {
        let (_bus, server, mut desktop) = NotifierRig::with(&directory, ServerProfile::mate()).await;
        for id in 1..=21 {
            desktop.show(id).await;
        }
        let (problem, detail) = desktop.show_failed(22).await;
        assert_eq!(problem, PushProblem::NotificationServerRefused);
        assert!(detail.contains("Exceeded maximum number of notifications"), "{detail}");
        desktop.native.withdraw(CardId(1));
        server.wait_for_closed(1, LIMIT).await.unwrap();
        desktop.show(23).await;
        server.behave(ServerBehaviour::Refuse);
        assert_eq!(desktop.show_failed(24).await.0, PushProblem::NotificationServerRefused);
    });
}

#[test]
fn without_a_bus_each_card_looks_for_one() {
    on_a_private_bus("showing::without_a_bus_each_card_looks_for_one", async |directory| {
        let mut desktop = NotifierRig::start(&directory);
        let (problem, detail) = desktop.show_failed(1).await;
        assert_eq!(problem, PushProblem::NoNotificationServer);
        assert!(detail.contains("no session bus") && detail.contains("--notifier console"), "{detail}");
        assert!(desktop.native.state().problem.unwrap().contains("no session bus"));

        let mut bus = SessionBus::start_in(&directory).unwrap();
        let server = NotificationServer::start(&bus.address(), ServerProfile::xfce()).await.unwrap();
        desktop.native.show(card(2, "a", "b"));
        desktop.appeared().await;
        desktop.is_shown(2).await;
        assert_eq!(server.notifications().len(), 1);

        bus.restart().unwrap();
        assert_eq!(desktop.next().await, DesktopEvent::CardsLost);
        let server = NotificationServer::start(&bus.address(), ServerProfile::xfce()).await.unwrap();
        desktop.native.show(card(3, "a", "b"));
        desktop.appeared().await;
        desktop.is_shown(3).await;
        assert_eq!(server.notifications().len(), 1);
    });
}

#[test]
fn stopping_withdraws_the_prompt_and_leaves_the_cards() {
    on_a_private_bus("showing::stopping_withdraws_the_prompt_and_leaves_the_cards", async |directory| {
        let (_bus, server, mut desktop) = NotifierRig::with(&directory, ServerProfile::gnome()).await;
        desktop.show(1).await;
        desktop.native.prompt(prompt(1));
        desktop.show(2).await;
        let started = Instant::now();
        desktop.native.stop().await;
        assert!(started.elapsed() < Duration::from_millis(400));
        assert_eq!(server.closed(), [2]);
        let mut open = server.open();
        open.sort_unstable();
        assert_eq!(open, [1, 3]);
    });
}
