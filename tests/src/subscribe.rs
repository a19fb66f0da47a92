//! A bare subscriber for tests and benchmarks: keeps what arrives on one topic filter.
//!
//! Lives here: subscribing, waiting for a number of messages. Does not live here: reading them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::Packet;
use rumqttc::v5::{AsyncClient, Event, MqttOptions};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A message as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedMessage {
    /// Its topic.
    pub topic: String,
    /// Its payload.
    pub payload: Vec<u8>,
    /// Whether it came from the broker's retained store.
    pub retained: bool,
}

/// A subscription that stands; ends with its value.
pub struct TestSubscriber {
    messages: Arc<Mutex<Vec<ReceivedMessage>>>,
    count: watch::Receiver<usize>,
    task: JoinHandle<()>,
}

impl TestSubscriber {
    /// Subscribes at the broker on this loopback port, and returns once the broker has answered.
    ///
    /// # Errors
    /// The broker does not answer.
    pub async fn to(port: u16, filter: &str) -> Result<Self> {
        let name = format!("subscriber-{}", uuid::Uuid::new_v4());
        let mut options = MqttOptions::new(name, "127.0.0.1", port);
        options.set_keep_alive(Duration::from_secs(30)).set_receive_maximum(Some(1000));
        let mut network = rumqttc::NetworkOptions::new();
        network.set_tcp_nodelay(true);
        options.set_network_options(network);
        let (client, mut events) = AsyncClient::new(options, 10);
        client.subscribe(filter, QoS::AtLeastOnce).await?;
        loop {
            let event = events.poll().await.context("the broker answers")?;
            if let Event::Incoming(Packet::SubAck(_)) = event {
                break;
            }
        }
        let messages = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&messages);
        let (arrivals, count) = watch::channel(0);
        let task = tokio::spawn(async move {
            // The client keeps the event loop's request channel open.
            let _client = client;
            while let Ok(event) = events.poll().await {
                if let Event::Incoming(Packet::Publish(publish)) = event {
                    let topic = String::from_utf8_lossy(&publish.topic).into_owned();
                    let message =
                        ReceivedMessage { topic, payload: publish.payload.to_vec(), retained: publish.retain };
                    kept.lock().unwrap_or_else(PoisonError::into_inner).push(message);
                    arrivals.send_modify(|count| *count += 1);
                }
            }
        });
        Ok(Self { messages, count, task })
    }

    /// Waits until so many messages have come in all, and gives them.
    ///
    /// # Errors
    /// They did not in time.
    pub async fn wait_for(&self, count: usize, limit: Duration) -> Result<Vec<ReceivedMessage>> {
        let mut arrived = self.count.clone();
        let waited = tokio::time::timeout(limit, arrived.wait_for(|arrived| *arrived >= count)).await;
        let have = self.messages();
        waited.with_context(|| format!("only {} of {count} messages came", have.len()))??;
        Ok(self.messages())
    }

    /// What has come so far.
    pub fn messages(&self) -> Vec<ReceivedMessage> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for TestSubscriber {
    fn drop(&mut self) {
        self.task.abort();
    }
}
