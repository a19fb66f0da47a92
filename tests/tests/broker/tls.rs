//! `mqtts://`: what verifies, and what does not by name.

use std::path::PathBuf;

use portal_agent::broker::{MqttVersion, SessionControl, TlsSettings};
use portal_agent::sender::{PushSender, SenderOptions};
use portal_tests::certificates::{CertificateAuthority, CertificatePair};
use portal_tests::mosquitto::{Mosquitto, MosquittoSetup};

use crate::support::*;

struct TlsCase {
    _dir: tempfile::TempDir,
    ours: CertificateAuthority,
    theirs: CertificateAuthority,
}

fn case() -> TlsCase {
    let dir = tempfile::tempdir().unwrap();
    let ours = CertificateAuthority::new(dir.path(), "ours").unwrap();
    let theirs = CertificateAuthority::new(dir.path(), "theirs").unwrap();
    TlsCase { _dir: dir, ours, theirs }
}

fn serving(pair: CertificatePair, client_ca: Option<PathBuf>) -> Mosquitto {
    Mosquitto::start(&MosquittoSetup { tls: Some(pair), client_ca, ..MosquittoSetup::default() }).unwrap()
}

fn trusting(authority: &CertificateAuthority) -> TlsSettings {
    TlsSettings { ca_file: Some(authority.ca_file.clone()), ..TlsSettings::default() }
}

/// The session's first problem, and the sender's, which must be the same.
async fn problem(url: &str, tls: TlsSettings) -> String {
    let url = url.parse().unwrap();
    let mut agent = TestSession::start(portal_agent::broker::SessionSettings {
        tls: tls.clone(),
        ..settings(&url, PROTOCOLS[0], device())
    });
    let problem = agent.problem().await;
    agent.session.stop().await;
    let error = PushSender::connect(SenderOptions { tls, ..SenderOptions::new(url) }).await.unwrap_err();
    assert!(error.to_string().contains("no TLS connection") || problem.contains("closed"), "{error}");
    problem
}

#[tokio::test]
async fn a_certificate_of_the_trusted_authority_verifies() {
    let case = case();
    let mosquitto = serving(case.ours.sign("localhost").unwrap(), None);
    let url = mosquitto.url().parse().unwrap();
    for protocol in PROTOCOLS {
        let mut secure = settings(&url, protocol, device());
        secure.tls = trusting(&case.ours);
        let agent = TestSession::ready(secure).await;
        assert!(agent.handle.state().url.starts_with("mqtts://"));
        agent.session.stop().await;
    }
    let sender = SenderOptions { tls: trusting(&case.ours), protocol: MqttVersion::Mqtt5, ..SenderOptions::new(url) };
    PushSender::connect(sender).await.unwrap().stop().await;
}

#[tokio::test]
async fn what_does_not_verify_is_named() {
    let case = case();
    let good = serving(case.ours.sign("localhost").unwrap(), None);
    let wrong_authority = problem(&good.url(), trusting(&case.theirs)).await;
    assert!(wrong_authority.contains("authority that is not trusted"), "{wrong_authority}");
    let by_address = problem(&good.url().replace("localhost", "127.0.0.1"), trusting(&case.ours)).await;
    assert!(by_address.contains("not for the name 127.0.0.1"), "{by_address}");
    let other = serving(case.ours.sign("broker.example").unwrap(), None);
    let wrong_name = problem(&other.url(), trusting(&case.ours)).await;
    assert!(wrong_name.contains("not for the name localhost"), "{wrong_name}");
    let old = serving(case.ours.sign_expired("localhost").unwrap(), None);
    let expired = problem(&old.url(), trusting(&case.ours)).await;
    assert!(expired.contains("expired"), "{expired}");
}

#[tokio::test]
async fn a_client_certificate_is_shown_where_it_is_demanded() {
    let case = case();
    let mosquitto = serving(case.ours.sign("localhost").unwrap(), Some(case.ours.ca_file.clone()));
    let none = problem(&mosquitto.url(), trusting(&case.ours)).await;
    assert!(none.contains("client certificate"), "{none}");
    let mine = |authority: &CertificateAuthority| {
        let pair = authority.sign("device").unwrap();
        TlsSettings {
            client_cert_file: Some(pair.cert_file),
            client_key_file: Some(pair.key_file),
            ..trusting(&case.ours)
        }
    };
    let foreign = problem(&mosquitto.url(), mine(&case.theirs)).await;
    assert!(foreign.contains("client certificate"), "{foreign}");
    let mut mutual = settings(&mosquitto.url().parse().unwrap(), PROTOCOLS[0], device());
    mutual.tls = mine(&case.ours);
    TestSession::ready(mutual).await.session.stop().await;
}

#[tokio::test]
async fn the_wrong_port_is_told_apart() {
    let case = case();
    let plain = mosquitto();
    let tls_to_plain = problem(&format!("mqtts://localhost:{}", plain.port()), trusting(&case.ours)).await;
    assert!(
        tls_to_plain.contains("closed the connection") || tls_to_plain.contains("does not speak TLS"),
        "{tls_to_plain}"
    );
    let secure = serving(case.ours.sign("localhost").unwrap(), None);
    let mut agent = TestSession::start(settings(
        &format!("mqtt://localhost:{}", secure.port()).parse().unwrap(),
        PROTOCOLS[0],
        device(),
    ));
    let plain_to_tls = agent.problem().await;
    assert!(plain_to_tls.contains("mqtts://"), "{plain_to_tls}");
    agent.session.stop().await;
}

#[tokio::test]
async fn a_key_that_does_not_go_with_its_certificate_is_refused_at_the_start() {
    let case = case();
    let (one, other) = (case.ours.sign("one").unwrap(), case.ours.sign("other").unwrap());
    let mut settings = settings(&"mqtts://localhost:1".parse().unwrap(), PROTOCOLS[0], device());
    settings.tls = TlsSettings {
        client_cert_file: Some(one.cert_file),
        client_key_file: Some(other.key_file.clone()),
        ..trusting(&case.ours)
    };
    let (sender, _events) = tokio::sync::mpsc::channel(settings.event_capacity());
    let error = portal_agent::broker::BrokerSession::start(settings, portal_agent::broker::DeviceKey(1), sender)
        .unwrap_err()
        .to_string();
    assert!(error.contains(other.key_file.to_str().unwrap()), "{error}");
}
