//! The embedded broker's own promises; what it shares with mosquitto is tested beside that.

use std::net::{Ipv4Addr, SocketAddr};

use portal_agent::broker::{BrokerCredentials, EmbeddedBroker, EmbeddedError, Secret};
use portal_agent::sender::{PushSender, SenderError, SenderOptions};

use crate::support::*;

fn credentials(password: &str) -> BrokerCredentials {
    BrokerCredentials::new("adele", Secret::new(password))
}

#[tokio::test]
async fn beyond_loopback_it_demands_a_password() {
    let everywhere: SocketAddr = (Ipv4Addr::UNSPECIFIED, 0).into();
    assert!(matches!(EmbeddedBroker::start(everywhere, None).await, Err(EmbeddedError::NeedsPassword(_))));
    let broker = EmbeddedBroker::start(everywhere, Some(credentials("right"))).await.unwrap();
    let url = format!("mqtt://127.0.0.1:{}", broker.local_addr().port());
    for (password, admitted) in [(None, false), (Some("wrong"), false), (Some("right"), true)] {
        for protocol in PROTOCOLS {
            let settings = SenderOptions {
                credentials: password.map(credentials),
                protocol,
                ..SenderOptions::new(url.parse().unwrap())
            };
            let result = PushSender::connect(settings).await;
            match result {
                Ok(sender) => sender.stop().await,
                Err(ref error) => assert!(matches!(error, SenderError::Connect(_)), "{error}"),
            }
            assert_eq!(admitted, password == Some("right"));
        }
    }
    broker.stop().await;
}

#[tokio::test]
async fn it_writes_nothing_and_lets_its_port_go() {
    let broker = EmbeddedBroker::start((Ipv4Addr::LOCALHOST, 0).into(), None).await.unwrap();
    let address = broker.local_addr();
    let device = device();
    TestSession::ready(settings(&broker.url(), PROTOCOLS[0], device)).await.session.stop().await;
    send_numbers(&sender(&broker.url()).await, device, 0, 3).await;
    broker.stop().await;
    assert!(!std::path::Path::new("mqtt_storage").exists());
    let again = EmbeddedBroker::start(address, None).await.unwrap();
    let mut agent = TestSession::start(settings(&again.url(), PROTOCOLS[0], device));
    assert_eq!(agent.connected().await, (1, false), "a session ends with the process");
    assert!(matches!(EmbeddedBroker::start(address, None).await, Err(EmbeddedError::Listen { .. })));
    agent.session.stop().await;
    again.stop().await;
}
