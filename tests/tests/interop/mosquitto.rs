//! Debian's mosquitto: plain, with TLS, mutual TLS, passwords, and the ACL file that the project ships.

use anyhow::{Context, Result, ensure};
use portal_tests::agent::Agent;
use portal_tests::certificates::{CertificateAuthority, CertificatePair as Certificate};
use portal_tests::mosquitto::{Mosquitto, MosquittoSetup};
use portal_tests::mosquitto_clients::BrokerArguments;
use portal_tests::test_rig::custom_notification;
use portal_tests::wait::until;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::site::{AgentPair, BrokerSite, DeviceIds, PASSWORD, topic, users};
use super::{cases, permissions};

const DEVICE: &str = "6f0c1b9e-2f5a-4c0e-9a52-0d6f3a3b7a10";

/// A mosquitto, and what a client must show it.
struct MosquittoSite {
    name: &'static str,
    broker: Mosquitto,
    authority: Option<CertificateAuthority>,
    certificate: Option<Certificate>,
    users: bool,
    ids: DeviceIds,
    _folder: TempDir,
}

impl MosquittoSite {
    fn plain() -> Result<Self> {
        Self::start("plain mosquitto", false, |_| Ok(MosquittoSetup::default()))
    }

    fn start(
        name: &'static str,
        secure: bool,
        setup: impl FnOnce(Option<&CertificateAuthority>) -> Result<MosquittoSetup>,
    ) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let authority = secure.then(|| CertificateAuthority::new(folder.path(), "ca")).transpose()?;
        let mut setup = setup(authority.as_ref())?;
        setup.persistent = true;
        if let Some(authority) = &authority {
            setup.tls = Some(authority.sign("localhost")?);
        }
        let certificate = match (&authority, &setup.client_ca) {
            (Some(authority), Some(_)) => Some(authority.sign("client")?),
            _ => None,
        };
        let users = !setup.users.is_empty();
        Ok(Self {
            name,
            broker: Mosquitto::start(&setup)?,
            authority,
            certificate,
            users,
            ids: DeviceIds::default(),
            _folder: folder,
        })
    }

    fn clients(&self, user: &str) -> BrokerArguments {
        let mut reach = match &self.authority {
            Some(authority) => BrokerArguments::tls_port(self.broker.port(), &authority.ca_file),
            None => BrokerArguments::port(self.broker.port()),
        };
        if let Some(certificate) = &self.certificate {
            let [cert, key] = [&certificate.cert_file, &certificate.key_file].map(|file| file.to_string_lossy());
            reach = reach.with(&["--cert", &cert, "--key", &key]);
        }
        if self.users { reach.user(user, PASSWORD) } else { reach }
    }
}

impl BrokerSite for MosquittoSite {
    fn name(&self) -> &str {
        self.name
    }

    fn pair(&self, environment: &[(&str, &str)]) -> Result<AgentPair> {
        let device = self.ids.next();
        let mut variables: Vec<(&str, String)> =
            environment.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let text = |path: &std::path::Path| path.to_string_lossy().into_owned();
        variables.extend(self.authority.iter().map(|it| ("PORTAL_AGENT__BROKER__CA_FILE", text(&it.ca_file))));
        if let Some(certificate) = &self.certificate {
            variables.push(("PORTAL_AGENT__BROKER__CLIENT_CERTIFICATE_FILE", text(&certificate.cert_file)));
            variables.push(("PORTAL_AGENT__BROKER__CLIENT_KEY_FILE", text(&certificate.key_file)));
        }
        if self.users {
            variables.push(("PORTAL_AGENT__BROKER__USERNAME", device.clone()));
            variables.push(("PORTAL_AGENT__BROKER__PASSWORD", PASSWORD.to_owned()));
        }
        let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let url = self.broker.url();
        AgentPair::start(device, &["--broker", &url], &variables, |_| {
            Ok([self.clients("sender"), self.clients("service")])
        })
    }
}

impl permissions::RestrictedBroker for MosquittoSite {
    fn client(&self, user: &str, client_id: &str) -> BrokerArguments {
        self.clients(user).with(&["-i", client_id])
    }
}

macro_rules! on_plain_mosquitto {
    ($($case:ident),* $(,)?) => { $(
        #[test]
        fn $case() -> Result<()> {
            cases::$case(&MosquittoSite::plain()?)
        }
    )* };
}

// Each a test of its own on the broker that most begin with, so that a failure speaks at once.
on_plain_mosquitto!(
    a_push_by_mosquitto_pub_gives_a_receipt_to_mosquitto_sub,
    a_packet_over_every_limit_neither_ends_the_connection_nor_the_daemon,
    a_retained_push_is_for_nobody,
    the_message_expiry_that_the_broker_forwards_counts,
    the_retained_state_follows_each_change,
    the_connection_is_told_at_each_end,
    group_pushes_follow_the_groups_topic_and_the_enrollment,
    remote_actions_are_carried_out_once_or_refused_by_name,
    an_action_that_the_settings_do_not_allow_is_refused,
);

#[test]
fn every_case_holds_with_tls() -> Result<()> {
    cases::run_all(&MosquittoSite::start("mosquitto with TLS", true, |_| Ok(MosquittoSetup::default()))?)
}

#[test]
fn every_case_holds_with_mutual_tls() -> Result<()> {
    let setup = |authority: Option<&CertificateAuthority>| {
        let client_ca = authority.map(|authority| authority.ca_file.clone());
        Ok(MosquittoSetup { client_ca, ..MosquittoSetup::default() })
    };
    cases::run_all(&MosquittoSite::start("mosquitto with mutual TLS", true, setup)?)
}

#[test]
fn every_case_holds_with_passwords() -> Result<()> {
    let setup = |_: Option<&CertificateAuthority>| Ok(MosquittoSetup { users: users(), ..MosquittoSetup::default() });
    cases::run_all(&MosquittoSite::start("mosquitto with passwords", false, setup)?)
}

#[test]
fn every_case_holds_with_the_acl_file_and_tls() -> Result<()> {
    let acl = include_str!("../../../config/mosquitto.acl").to_owned();
    let setup = |_: Option<&CertificateAuthority>| {
        Ok(MosquittoSetup { users: users(), acl: Some(acl), ..MosquittoSetup::default() })
    };
    let site = MosquittoSite::start("mosquitto with config/mosquitto.acl", true, setup)?;
    permissions::check(&site).context("config/mosquitto.acl")?;
    cases::run_all(&site)
}

#[test]
fn what_is_sent_while_the_broker_restarts_arrives_afterwards() -> Result<()> {
    let mut site = MosquittoSite::plain()?;
    let AgentPair { agent, device, sender, .. } = site.pair(&[])?;
    let broker = &mut site.broker;
    agent.make_ready()?;
    broker.kill()?;
    agent.wait(&["connection=offline"])?;
    let problem = agent.json(&["status"])?["broker"]["problem"].clone();
    ensure!(problem.as_str().is_some_and(|problem| problem.contains(&broker.port().to_string())), "{problem}");
    broker.restart()?;
    agent.wait(&["online"])?;
    sender.publish(&topic(&device, "notifications"), &custom_notification("afterwards").to_string())?;
    agent.wait_for_receipt("afterwards")?;
    assert_eq!(agent.json(&["status"])?["broker"]["problem"], Value::Null);
    let complaints = agent.log().lines().filter(|line| line.contains("WARN") && line.contains("refused")).count();
    ensure!(complaints <= 2, "a broker that is away is told once: {}", agent.log());
    Ok(())
}

#[test]
fn the_brokers_of_the_list_are_tried_in_turn() -> Result<()> {
    let (mut first, second) =
        (Mosquitto::start(&MosquittoSetup::default())?, Mosquitto::start(&MosquittoSetup::default())?);
    let (first_url, second_url) = (first.url(), second.url());
    let mut agent = Agent::new("")?;
    agent.start(&["--notifier", "console", "--device-id", DEVICE, "--broker", &first_url, "--broker", &second_url])?;
    agent.wait(&["online"])?;
    assert_eq!(agent.json(&["status"])?["broker"]["url"], json!(first_url));
    first.kill()?;
    agent.wait(&["online", &format!("broker.url={second_url}")])?;
    agent.make_ready()?;
    let receipts = BrokerArguments::port(second.port()).subscribe(&topic(DEVICE, "receipts"))?;
    BrokerArguments::port(second.port())
        .publish(&topic(DEVICE, "notifications"), &custom_notification("a").to_string())?;
    assert_eq!(receipts.next_json()?["outcome"], "presented");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_agent_of_the_same_device_is_named_as_the_likely_cause() -> Result<()> {
    let site = MosquittoSite::plain()?;
    let AgentPair { agent, device, .. } = site.pair(&[])?;
    let mut second = Agent::new("")?;
    second.start(&["--device-id", &device, "--notifier", "console", "--broker", &site.broker.url()])?;
    // This mosquitto only closes the connection that it gives away (decisions/0002), so it takes three to be sure.
    let problem_of = |agent: &Agent| agent.json(&["status"]).unwrap_or_default()["broker"]["problem"].to_string();
    let problems = || [problem_of(&agent), problem_of(&second)];
    until("a second client", problems, |all| all.iter().any(|one| one.contains("second client"))).await;
    Ok(())
}
