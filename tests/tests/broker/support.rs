//! What the tests of the broker's edge share: a session with its events at hand, a watcher of topics, both brokers.
//!
//! Lives here: waiting for events. Does not live here: any expectation.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use portal_agent::broker::{
    AckToken, BrokerSession, BrokerUrl, ConnectionNumber, DeviceKey, EmbeddedAccess, EmbeddedBroker, EmbeddedOptions,
    MqttVersion, Publish, PublishId, SessionControl, SessionEvent, SessionHandle, SessionSettings,
};
use portal_agent::sender::{PushAddress, PushSender, SenderOptions};
use portal_contract::{DeviceId, DeviceTopics, GroupId, IncomingTopic, Tenant};
use portal_tests::mosquitto::{Mosquitto, MosquittoSetup};
use portal_tests::wait::within;
use tokio::sync::mpsc;

pub const PROTOCOLS: [MqttVersion; 2] = [MqttVersion::Mqtt5, MqttVersion::Mqtt311];

/// The embedded broker for whoever comes.
pub fn open_on_loopback() -> EmbeddedOptions {
    EmbeddedOptions { access: EmbeddedAccess::Anyone, ..EmbeddedOptions::on_loopback() }
}

/// A broker under test.
pub enum TestBroker {
    Mosquitto(Mosquitto),
    Embedded(EmbeddedBroker),
}

impl TestBroker {
    pub fn mosquitto() -> Self {
        Self::Mosquitto(mosquitto())
    }

    pub async fn embedded() -> Self {
        Self::Embedded(EmbeddedBroker::start(&open_on_loopback(), None).await.unwrap())
    }

    /// Each broker with each protocol.
    pub async fn all() -> Vec<(Self, MqttVersion)> {
        let mut all = Vec::new();
        for protocol in PROTOCOLS {
            all.push((Self::mosquitto(), protocol));
            all.push((Self::embedded().await, protocol));
        }
        all
    }

    pub fn url(&self) -> BrokerUrl {
        match self {
            Self::Mosquitto(broker) => broker.url().parse().unwrap(),
            Self::Embedded(broker) => broker.url(),
        }
    }

    pub fn name(&self) -> &'static str {
        match self {
            Self::Mosquitto(_) => "mosquitto",
            Self::Embedded(_) => "embedded",
        }
    }
}

pub fn mosquitto() -> Mosquitto {
    Mosquitto::start(&MosquittoSetup::default()).unwrap()
}

/// A device that no other test uses.
pub fn device() -> DeviceId {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    DeviceId::from_random(u128::from(std::process::id()) << 64 | u128::from(NEXT.fetch_add(1, Ordering::Relaxed)))
}

pub fn group(number: u128) -> GroupId {
    GroupId::from_random(number)
}

pub fn topics(device: DeviceId) -> DeviceTopics {
    DeviceTopics::new(&Tenant::default(), device)
}

/// Settings with short pauses, for tests.
pub fn settings(url: &BrokerUrl, protocol: MqttVersion, device: DeviceId) -> SessionSettings {
    let mut settings = SessionSettings { protocol, ..SessionSettings::new(vec![url.clone()], device) };
    settings.reconnect.first = Duration::from_millis(50);
    settings
}

/// A message as a test reads it.
#[derive(Debug)]
pub struct TestPush {
    pub text: String,
    pub length: usize,
    pub incoming: IncomingTopic,
    pub token: Option<AckToken>,
    pub redelivered: bool,
    pub retained: bool,
    pub expiry_seconds: Option<u32>,
}

/// A session and what it says.
pub struct TestSession {
    pub session: BrokerSession,
    pub handle: SessionHandle,
    pub events: mpsc::Receiver<(DeviceKey, SessionEvent)>,
    /// The connection that was made last.
    connection: ConnectionNumber,
}

impl TestSession {
    pub fn start(settings: SessionSettings) -> Self {
        let capacity = settings.event_capacity();
        Self::start_with_capacity(settings, capacity)
    }

    pub fn start_with_capacity(settings: SessionSettings, capacity: usize) -> Self {
        let (sender, events) = mpsc::channel(capacity);
        let session = BrokerSession::start(settings, DeviceKey(1), sender).unwrap();
        Self { handle: session.handle(), session, events, connection: ConnectionNumber(0) }
    }

    /// Started, and past its fence.
    pub async fn ready(settings: SessionSettings) -> Self {
        let mut agent = Self::start(settings);
        agent.fence().await;
        agent
    }

    pub async fn event(&mut self, what: &str) -> SessionEvent {
        let (_, event) = within(what, self.events.recv()).await.expect("the session ended");
        if let SessionEvent::Connected { epoch, .. } = event {
            self.connection = ConnectionNumber(epoch);
        }
        event
    }

    /// Publishes on the connection that was made last; whether it was taken.
    pub fn publish(&self, id: PublishId, topic: String, payload: Vec<u8>, retain: bool) -> bool {
        self.handle.publish(Publish { connection: self.connection, id, topic, payload, retain })
    }

    /// The first event that `pick` takes; others are passed over.
    pub async fn pick<T>(&mut self, what: &str, pick: impl Fn(SessionEvent) -> Option<T>) -> T {
        loop {
            if let Some(picked) = pick(self.event(what).await) {
                return picked;
            }
        }
    }

    /// Epoch and whether the session was present.
    pub async fn connected(&mut self) -> (u64, bool) {
        self.pick("Connected", |event| match event {
            SessionEvent::Connected { epoch, session_present, .. } => Some((epoch, session_present)),
            _ => None,
        })
        .await
    }

    pub async fn online(&mut self) -> u64 {
        self.pick("Online", |event| if let SessionEvent::Online { epoch } = event { Some(epoch) } else { None }).await
    }

    pub async fn subscribed(&mut self) {
        self.pick("Subscribed", |event| matches!(event, SessionEvent::Subscribed { .. }).then_some(())).await;
    }

    pub async fn fence(&mut self) -> u64 {
        let returned = |event| if let SessionEvent::FenceReturned { epoch } = event { Some(epoch) } else { None };
        self.pick("FenceReturned", returned).await
    }

    pub async fn problem(&mut self) -> String {
        let problem = |event| if let SessionEvent::Disconnected { problem } = event { Some(problem) } else { None };
        self.pick("Disconnected", problem).await
    }

    pub async fn push(&mut self) -> TestPush {
        self.pick("a message", push_of).await
    }

    pub async fn pushes(&mut self, number: usize) -> Vec<TestPush> {
        let mut pushes = Vec::new();
        while pushes.len() < number {
            pushes.push(self.push().await);
        }
        pushes
    }

    /// The pushes before the fence.
    pub async fn held(&mut self) -> Vec<TestPush> {
        let mut held = Vec::new();
        loop {
            match self.event("FenceReturned").await {
                SessionEvent::FenceReturned { .. } => return held,
                event => held.extend(push_of(event)),
            }
        }
    }

    pub fn ack(&self, pushes: impl IntoIterator<Item = TestPush>) {
        for token in pushes.into_iter().filter_map(|push| push.token) {
            self.handle.ack(token);
        }
    }

    /// Ends it as a kill would: the connection is cut, nothing is said.
    pub fn kill(self) {
        drop(self.session);
    }
}

fn push_of(event: SessionEvent) -> Option<TestPush> {
    let SessionEvent::Message { incoming, payload, token, redelivered, retained, expiry_seconds, .. } = event else {
        return None;
    };
    let text = String::from_utf8_lossy(&payload[..payload.len().min(64)]).into_owned();
    Some(TestPush { text, length: payload.len(), incoming, token, redelivered, retained, expiry_seconds })
}

pub fn texts(pushes: &[TestPush]) -> Vec<&str> {
    pushes.iter().map(|push| push.text.as_str()).collect()
}

pub fn numbers(from: usize, to: usize) -> Vec<String> {
    (from..to).map(|number| number.to_string()).collect()
}

pub async fn sender(url: &BrokerUrl) -> PushSender {
    PushSender::connect(SenderOptions::new(url.clone())).await.unwrap()
}

/// Sends the numbers as pushes, in turn.
pub async fn send_numbers(sender: &PushSender, to: DeviceId, from: usize, until: usize) {
    for number in from..until {
        sender.push_raw(PushAddress::Device(to), number.to_string()).await.unwrap();
    }
}

/// A client that hears a topic filter, over rumqttc alone.
pub struct TopicWatcher {
    messages: mpsc::Receiver<(String, String, bool)>,
    task: tokio::task::JoinHandle<()>,
}

impl TopicWatcher {
    pub async fn start(url: &BrokerUrl, filter: &str) -> Self {
        let id = format!("watcher-{}", device());
        let options = rumqttc::MqttOptions::new(id, url.host(), url.port());
        let (client, mut eventloop) = rumqttc::AsyncClient::new(options, 10);
        client.subscribe(filter, rumqttc::QoS::AtLeastOnce).await.unwrap();
        let (sender, messages) = mpsc::channel(1000);
        let (granted, grant) = tokio::sync::oneshot::channel();
        let task = tokio::spawn(async move {
            let _client = client;
            let mut granted = Some(granted);
            while let Ok(event) = eventloop.poll().await {
                match event {
                    rumqttc::Event::Incoming(rumqttc::Packet::SubAck(_)) => {
                        granted.take().map(|granted| granted.send(()));
                    }
                    rumqttc::Event::Incoming(rumqttc::Packet::Publish(publish)) => {
                        let text = String::from_utf8_lossy(&publish.payload).into_owned();
                        sender.send((publish.topic, text, publish.retain)).await.unwrap();
                    }
                    _ => {}
                }
            }
        });
        within("the watcher's SUBACK", grant).await.unwrap();
        Self { messages, task }
    }

    /// The next message: topic, payload, whether from the retained store.
    pub async fn next(&mut self) -> (String, String, bool) {
        within("a watched message", self.messages.recv()).await.unwrap()
    }

    pub async fn next_text(&mut self) -> String {
        self.next().await.1
    }
}

impl Drop for TopicWatcher {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub const ONLINE: &str = r#"{"connection":"online"}"#;
pub const OFFLINE: &str = r#"{"connection":"offline"}"#;
