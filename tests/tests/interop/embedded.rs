//! The agent's own embedded broker, with mosquitto's clients at the other end.

use anyhow::Result;
use portal_tests::mosquitto_clients::BrokerArguments;
use portal_tests::test_rig::{custom_notification, embedded_credentials, embedded_port};
use serde_json::json;

use super::cases;
use super::site::{AgentPair, BrokerSite, DeviceIds};

#[derive(Default)]
struct EmbeddedSite(DeviceIds);

impl BrokerSite for EmbeddedSite {
    fn name(&self) -> &str {
        "the embedded broker"
    }

    fn outlives_the_agent(&self) -> bool {
        false
    }

    fn pair(&self, environment: &[(&str, &str)]) -> Result<AgentPair> {
        AgentPair::start(self.0.next(), &["--embedded-broker", "127.0.0.1:0"], environment, |agent| {
            let (user, password) = embedded_credentials(agent)?;
            let clients = BrokerArguments::port(embedded_port(&agent.json(&["status"])?)?).user(&user, &password);
            Ok([clients.clone(), clients])
        })
    }
}

#[test]
fn every_case_holds() -> Result<()> {
    cases::run_all(&EmbeddedSite::default())
}

#[test]
fn the_embedded_broker_serves_mosquittos_clients() -> Result<()> {
    let pair = EmbeddedSite::default().pair(&[])?;
    pair.agent.make_ready()?;
    let receipts = pair.sender.subscribe(&pair.topic("receipts"))?;
    pair.sender.publish(&pair.topic("notifications"), &custom_notification("a").to_string())?;
    assert_eq!(receipts.next_json()?["outcome"], "presented");
    assert_eq!(pair.sender.subscribe(&pair.topic("connection"))?.next_json()?, json!({"connection": "online"}));
    Ok(())
}
