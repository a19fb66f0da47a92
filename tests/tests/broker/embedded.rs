//! The embedded broker's own promises; what it shares with mosquitto is tested beside that.

use std::net::Ipv4Addr;

use portal_agent::broker::{BrokerCredentials, EmbeddedAccess, EmbeddedBroker, EmbeddedError, EmbeddedOptions, Secret};
use portal_agent::sender::{PushSender, SenderError, SenderOptions};

use crate::support::*;

fn credentials(password: &str) -> BrokerCredentials {
    BrokerCredentials::new("adele", Secret::new(password))
}

#[tokio::test]
async fn beyond_loopback_it_demands_a_password_that_was_chosen() {
    let everywhere = |access| EmbeddedOptions {
        listen: (Ipv4Addr::UNSPECIFIED, 0).into(),
        access,
        ..EmbeddedOptions::on_loopback()
    };
    let refusal = async |access| EmbeddedBroker::start(&everywhere(access), None).await.err().unwrap();
    assert!(matches!(refusal(EmbeddedAccess::Anyone).await, EmbeddedError::OpenToOthers(_)));
    assert!(matches!(refusal(EmbeddedAccess::Drawn).await, EmbeddedError::NeedsPassword(_)));
    assert!(matches!(refusal(EmbeddedAccess::Given(credentials(""))).await, EmbeddedError::EmptyPassword));

    let broker = EmbeddedBroker::start(&everywhere(EmbeddedAccess::Given(credentials("right"))), None).await.unwrap();
    assert_eq!(broker.own_url().to_string(), format!("mqtt://127.0.0.1:{}", broker.local_addr().port()));
    for (password, admitted) in [(None, false), (Some("wrong"), false), (Some("right"), true)] {
        for protocol in PROTOCOLS {
            let settings = SenderOptions {
                credentials: password.map(credentials),
                protocol,
                ..SenderOptions::new(broker.own_url())
            };
            match PushSender::connect(settings).await {
                Ok(sender) => {
                    assert!(admitted);
                    sender.stop().await;
                }
                Err(error) => assert!(!admitted && matches!(error, SenderError::Connect(_)), "{error}"),
            }
        }
    }
    broker.stop().await;
}

#[tokio::test]
async fn a_password_is_drawn_once_and_kept() {
    let options = EmbeddedOptions::on_loopback();
    let first = EmbeddedBroker::start(&options, None).await.unwrap();
    let drawn = first.credentials().cloned().unwrap();
    let other = EmbeddedBroker::start(&options, None).await.unwrap();
    assert_ne!(other.credentials(), Some(&drawn));
    let again = EmbeddedBroker::start(&options, Some(drawn.clone())).await.unwrap();
    assert_eq!(again.credentials(), Some(&drawn));
    for (credentials, admitted) in [(None, false), (other.credentials().cloned(), false), (Some(drawn), true)] {
        let settings = SenderOptions { credentials, ..SenderOptions::new(again.own_url()) };
        assert_eq!(PushSender::connect(settings).await.is_ok(), admitted);
    }
}

#[tokio::test]
async fn it_writes_nothing_and_lets_its_port_go() {
    let broker = EmbeddedBroker::start(&open_on_loopback(), None).await.unwrap();
    let at = EmbeddedOptions { listen: broker.local_addr(), ..open_on_loopback() };
    let device = device();
    TestSession::ready(settings(&broker.url(), PROTOCOLS[0], device)).await.session.stop().await;
    send_numbers(&sender(&broker.url()).await, device, 0, 3).await;
    broker.stop().await;
    let again = EmbeddedBroker::start(&at, None).await.unwrap();
    let mut agent = TestSession::start(settings(&again.url(), PROTOCOLS[0], device));
    assert_eq!(agent.connected().await, (1, false), "a session ends with the process");
    let taken = EmbeddedBroker::start(&at, None).await.err().unwrap();
    let sentence = taken.to_string();
    assert!(
        sentence.starts_with(&format!("{} is taken", at.listen)) && sentence.contains("--broker mqtt://"),
        "{sentence}"
    );
    agent.session.stop().await;
    again.stop().await;
}
