//! A whole rig: a private bus with a recording notification server, an agent with its embedded broker, a sender.
//!
//! Lives here: putting these together, and sending one push to learn what became of it. Does not live here: any of them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::agent::{ANSWER_TIMEOUT, Agent};
use crate::notification_server::{NotificationServer, ReceivedNotification, ServerProfile};
use crate::publish::TestPublisher;
use crate::session_bus::SessionBus;
use crate::subscribe::TestSubscriber;

/// How long is waited for what must come.
pub const LIMIT: Duration = ANSWER_TIMEOUT;
/// The user that enrolls the devices of the tests.
pub const USER: &str = "adele@contoso.example";

/// How a rig is put together.
#[derive(Debug)]
pub struct RigSetup<'a> {
    /// The habits of the notification server; none: the bus has no server.
    pub profile: Option<ServerProfile>,
    /// What `run` gets beside the embedded broker.
    pub arguments: &'a [&'a str],
    /// Environment variables of the agent.
    pub environment: &'a [(&'a str, &'a str)],
}

impl Default for RigSetup<'_> {
    fn default() -> Self {
        Self { profile: Some(ServerProfile::xfce()), arguments: &[], environment: &[] }
    }
}

/// A running rig; every part ends with it.
pub struct TestRig {
    /// The agent; its daemon runs and is online.
    pub agent: Agent,
    /// Its device's id.
    pub device: String,
    /// The notification server, where there is one.
    server: Option<NotificationServer>,
    /// The bus on which it is.
    pub bus: SessionBus,
    publisher: TestPublisher,
    receipts: TestSubscriber,
    asked_for: AtomicUsize,
    arguments: Vec<String>,
}

impl TestRig {
    /// A rig with a fresh device.
    ///
    /// # Errors
    /// One of its parts does not start.
    pub async fn start(setup: &RigSetup<'_>) -> Result<Self> {
        let bus = SessionBus::start()?;
        let server = match &setup.profile {
            Some(profile) => Some(NotificationServer::start(&bus.address(), profile.clone()).await?),
            None => None,
        };
        // Its own clients are about pushes; who is let in is tested elsewhere.
        let mut agent = Agent::new(&bus.address())?.with("PORTAL_AGENT__EMBEDDED_BROKER__ANONYMOUS", "true");
        for (name, value) in setup.environment {
            agent = agent.with(name, value);
        }
        agent.start(&[&["--embedded-broker", "127.0.0.1:0"], setup.arguments].concat())?;
        agent.wait(&["online"])?;
        let status = agent.json(&["status"])?;
        let device = status["deviceId"].as_str().context("a device id")?.to_owned();
        let port = embedded_port(&status)?;
        // A later start finds the same broker address, so that the test's own clients need not know.
        let listen = format!("127.0.0.1:{port}");
        let mut arguments = vec!["--embedded-broker".to_owned(), listen];
        arguments.extend(setup.arguments.iter().map(|&argument| argument.to_owned()));
        let receipts = TestSubscriber::to(port, &format!("portal/v1/contoso/devices/{device}/receipts")).await?;
        let publisher = TestPublisher::connect(port).await?;
        Ok(Self { agent, device, server, bus, publisher, receipts, asked_for: AtomicUsize::new(0), arguments })
    }

    /// A rig with the defaults whose device would show a push: app installed, enrolled, allowed.
    ///
    /// # Errors
    /// One of its parts does not start, or a command fails.
    pub async fn ready(setup: &RigSetup<'_>) -> Result<Self> {
        let rig = Self::start(setup).await?;
        rig.agent.make_ready()?;
        Ok(rig)
    }

    /// The notification server.
    ///
    /// # Errors
    /// This rig has none.
    pub fn server(&self) -> Result<&NotificationServer> {
        self.server.as_ref().context("a notification server")
    }

    /// Everything that was shown and is no permission prompt.
    ///
    /// # Errors
    /// This rig has no notification server.
    pub fn shown(&self) -> Result<Vec<ReceivedNotification>> {
        let shown = self.server()?.notifications();
        Ok(shown.into_iter().filter(|notification| notification.actions.len() < 2).collect())
    }

    /// Waits until so many notifications that are no prompt were shown, and gives them.
    ///
    /// # Errors
    /// They were not in time.
    pub async fn wait_for_shown(&self, count: usize) -> Result<Vec<ReceivedNotification>> {
        let prompts = |all: &[ReceivedNotification]| all.iter().filter(|one| one.actions.len() >= 2).count();
        let mut wanted = count + prompts(&self.server()?.notifications());
        loop {
            let all = self.server()?.wait_for(wanted, LIMIT).await?;
            if all.len() >= count + prompts(&all) {
                return self.shown();
            }
            wanted = count + prompts(&all);
        }
    }

    /// Takes the notification server away.
    ///
    /// # Errors
    /// There is none, or the bus is gone.
    pub async fn stop_server(&mut self) -> Result<()> {
        self.server.take().context("a notification server")?.stop().await
    }

    /// Starts a notification server where there is none.
    ///
    /// # Errors
    /// There is one already.
    pub async fn start_server(&mut self, profile: ServerProfile) -> Result<()> {
        self.server = Some(NotificationServer::start(&self.bus.address(), profile).await?);
        Ok(())
    }

    /// Starts the daemon again, after its end, with what it was started with.
    ///
    /// # Errors
    /// It does not start.
    pub fn start_again(&mut self) -> Result<()> {
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        self.agent.start(&arguments)?;
        self.agent.wait(&["online"])
    }

    /// A topic of the device.
    pub fn topic(&self, leaf: &str) -> String {
        format!("portal/v1/contoso/devices/{}/{leaf}", self.device)
    }

    /// Publishes to a topic, and returns once the broker has it.
    ///
    /// # Errors
    /// The broker is gone.
    pub async fn publish(&self, topic: &str, payload: impl Into<Vec<u8>>) -> Result<()> {
        self.publisher.publish(topic, payload.into()).await
    }

    /// Pushes this payload to the device, without waiting.
    ///
    /// # Errors
    /// The broker is gone.
    pub async fn push(&self, payload: impl Into<Vec<u8>>) -> Result<()> {
        self.publish(&self.topic("notifications"), payload).await
    }

    /// Waits for the next receipt that no earlier call has given.
    ///
    /// # Errors
    /// None came in time.
    pub async fn next_receipt(&self) -> Result<Value> {
        let number = self.asked_for.fetch_add(1, Ordering::Relaxed);
        let messages = self.receipts.wait_for(number + 1, LIMIT).await?;
        Ok(serde_json::from_slice(&messages.get(number).context("a receipt")?.payload)?)
    }

    /// Pushes this payload to the device and gives its receipt; for pushes one after the other.
    ///
    /// # Errors
    /// No receipt came in time.
    pub async fn settle(&self, payload: impl Into<Vec<u8>>) -> Result<Value> {
        self.push(payload).await?;
        self.next_receipt().await
    }
}

/// How the agent's user reaches its embedded broker: the user name and the password of `embedded-broker.json`.
///
/// # Errors
/// There is no such file, or it says neither.
pub fn embedded_credentials(agent: &Agent) -> Result<(String, String)> {
    let file: Value = serde_json::from_slice(&std::fs::read(agent.state_dir().join("embedded-broker.json"))?)?;
    let text = |name: &str| file[name].as_str().map(str::to_owned).context("embedded-broker.json");
    Ok((text("username")?, text("password")?))
}

/// The port of the embedded broker, by `status`.
///
/// # Errors
/// There is none.
pub fn embedded_port(status: &Value) -> Result<u16> {
    let url = status["broker"]["embedded"]["url"].as_str().context("an embedded broker")?;
    Ok(url.rsplit(':').next().context("a port")?.trim_end_matches('/').parse()?)
}

/// A custom notification as a value, to change and to serialise.
pub fn custom_notification(id: &str) -> Value {
    json!({ "id": id, "notificationTitle": "Office closed", "notificationBody": "Work from home on Friday." })
}

/// A custom notification as bytes, with these members instead or in addition.
pub fn custom_notification_with(id: &str, members: &Value) -> Vec<u8> {
    let mut notification = custom_notification(id);
    for (name, value) in members.as_object().into_iter().flatten() {
        notification[name] = value.clone();
    }
    notification.to_string().into_bytes()
}
