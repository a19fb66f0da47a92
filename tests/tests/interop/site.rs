//! A broker as the suite sees it, and a device on it.
//!
//! Lives here: what a case may ask of any broker. Does not live here: the brokers (one file each), the cases (`cases`).

use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Result;
use portal_tests::agent::Agent;
use portal_tests::mosquitto_clients::BrokerArguments;

/// The password of every user of a broker that asks for one.
pub const PASSWORD: &str = "correct horse battery staple";
/// How many devices a broker that knows its users must know: more than the cases take.
pub const DEVICES: u32 = 24;

/// A broker.
pub trait BrokerSite {
    /// What it is, for the message of a failure.
    fn name(&self) -> &str;

    /// The versions of MQTT that it speaks, as the agent's setting has them.
    fn protocols(&self) -> &'static [&'static str] {
        &["5", "3.1.1"]
    }

    /// Whether it goes on while the agent is away.
    fn outlives_the_agent(&self) -> bool {
        true
    }

    /// A fresh device that is online, with these variables, and the clients of the other side.
    fn pair(&self, environment: &[(&str, &str)]) -> Result<AgentPair>;
}

/// A device's agent on a broker; cards go to its standard output.
pub struct AgentPair {
    pub agent: Agent,
    pub device: String,
    /// Sends notifications and reads what became of them.
    pub sender: BrokerArguments,
    /// Says who is in which group and sends remote actions.
    pub service: BrokerArguments,
    arguments: Vec<String>,
}

impl AgentPair {
    /// Starts an agent for this device with these arguments and variables, and waits until it is online.
    pub fn start(
        device: String,
        arguments: &[&str],
        environment: &[(&str, &str)],
        clients: impl FnOnce(&Agent) -> Result<[BrokerArguments; 2]>,
    ) -> Result<Self> {
        let mut agent = Agent::new("")?;
        for (name, value) in environment {
            agent = agent.with(name, value);
        }
        let arguments = [&["--device-id", device.as_str(), "--notifier", "console"], arguments].concat();
        agent.start(&arguments)?;
        agent.wait(&["online"])?;
        let [sender, service] = clients(&agent)?;
        let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        Ok(Self { agent, device, sender, service, arguments })
    }

    /// Starts the agent again, after its end, with what it was started with.
    pub fn start_again(&mut self) -> Result<()> {
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        self.agent.start(&arguments)
    }

    /// A topic of the device.
    pub fn topic(&self, leaf: &str) -> String {
        topic(&self.device, leaf)
    }
}

/// A topic of a device.
pub fn topic(device: &str, leaf: &str) -> String {
    format!("portal/v1/contoso/devices/{device}/{leaf}")
}

/// The ids of devices, each given out once.
#[derive(Default)]
pub struct DeviceIds(AtomicU32);

impl DeviceIds {
    /// The next.
    pub fn next(&self) -> String {
        Self::all(self.0.fetch_add(1, Ordering::Relaxed))
    }

    fn all(number: u32) -> String {
        format!("6f0c1b9e-2f5a-4c0e-9a52-{number:012}")
    }
}

/// Everybody whom a broker that knows its users must know, with the password.
pub fn users() -> Vec<(String, String)> {
    let devices = (0..DEVICES).map(DeviceIds::all);
    devices.chain(["sender".to_owned(), "service".to_owned()]).map(|user| (user, PASSWORD.to_owned())).collect()
}
