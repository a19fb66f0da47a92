//! Notification servers that are not there, go, hang and refuse.

use std::path::Path;
use std::time::{Duration, Instant};

use portal_agent::desktop::{CardId, DesktopEvent, Notifier, PromptChoice, PromptId};
use portal_contract::PushProblem;
use portal_tests::notification_server::{NotificationServer, ServerBehaviour, ServerProfile};
use portal_tests::session_bus::SessionBus;

use crate::support::{DIRECTORY, LIMIT, NotifierRig, card, last, on_a_private_bus, prompt};

#[test]
fn without_a_server_a_card_fails_at_once_until_one_appears() {
    on_a_private_bus("absent_server::without_a_server_a_card_fails_at_once_until_one_appears", async |directory| {
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
    on_a_private_bus("absent_server::a_card_has_the_bus_start_the_server_that_it_knows", async |directory| {
        let this = std::env::current_exe().unwrap();
        let server = format!("{} --ignored --exact absent_server::the_server_that_the_bus_starts", this.display());
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
    on_a_private_bus("absent_server::a_server_that_the_bus_cannot_start_is_no_server", async |directory| {
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
    on_a_private_bus("absent_server::a_server_that_goes_takes_its_cards_along_and_may_return", async |directory| {
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
    on_a_private_bus(
        "absent_server::a_server_that_hangs_is_asked_once_and_left_alone_until_it_answers",
        async |directory| {
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
        },
    );
}

#[test]
fn a_server_that_hangs_from_its_start_is_never_called() {
    on_a_private_bus("absent_server::a_server_that_hangs_from_its_start_is_never_called", async |directory| {
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
    on_a_private_bus(
        "absent_server::a_prompt_that_was_given_up_and_appears_after_all_is_withdrawn",
        async |directory| {
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
        },
    );
}

#[test]
fn a_slow_server_is_waited_for() {
    on_a_private_bus("absent_server::a_slow_server_is_waited_for", async |directory| {
        let (_bus, server, mut desktop) = NotifierRig::with(&directory, ServerProfile::xfce()).await;
        server.behave(ServerBehaviour::Delay(Duration::from_millis(500)));
        desktop.show(1).await;
        assert_eq!(server.notifications().len(), 1);
    });
}

#[test]
fn a_refusal_is_told_as_one() {
    on_a_private_bus("absent_server::a_refusal_is_told_as_one", async |directory| {
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
    on_a_private_bus("absent_server::without_a_bus_each_card_looks_for_one", async |directory| {
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
    on_a_private_bus("absent_server::stopping_withdraws_the_prompt_and_leaves_the_cards", async |directory| {
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
