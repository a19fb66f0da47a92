//! A bare publisher for tests and benchmarks: not the agent's own sender, so that the two do not share a mistake.
//!
//! Lives here: connecting, publishing one or many. Does not live here: what is sent.

use std::time::Duration;

use anyhow::{Context, Result};
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::Packet;
use rumqttc::v5::{AsyncClient, Event, MqttOptions};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A valid custom notification with this id.
pub fn notification(id: &str) -> Vec<u8> {
    let push = serde_json::json!({
        "id": id,
        "notificationTitle": "Office closed",
        "notificationBody": "Work from home on Friday. The office in the city is closed for the whole day.",
    });
    push.to_string().into_bytes()
}

/// A connected publisher.
pub struct TestPublisher {
    client: AsyncClient,
    answered: watch::Receiver<u64>,
    task: JoinHandle<()>,
}

impl TestPublisher {
    /// Connects to the broker at this loopback port.
    ///
    /// # Errors
    /// The broker does not answer.
    pub async fn connect(port: u16) -> Result<Self> {
        let name = format!("publisher-{}", uuid::Uuid::new_v4());
        let mut options = MqttOptions::new(name, "127.0.0.1", port);
        options.set_keep_alive(Duration::from_secs(30)).set_outgoing_inflight_upper_limit(1000);
        let mut network = rumqttc::NetworkOptions::new();
        network.set_tcp_nodelay(true);
        options.set_network_options(network);
        let (client, mut events) = AsyncClient::new(options, 1000);
        events.poll().await.context("the broker answers CONNECT")?;
        let (answers, answered) = watch::channel(0);
        let task = tokio::spawn(async move {
            while let Ok(event) = events.poll().await {
                if let Event::Incoming(Packet::PubAck(_)) = event {
                    answers.send_modify(|count| *count += 1);
                }
            }
        });
        Ok(Self { client, answered, task })
    }

    /// Publishes one message at QoS 1, without waiting for its PUBACK.
    ///
    /// # Errors
    /// The connection is gone.
    pub async fn publish(&self, topic: &str, payload: Vec<u8>) -> Result<()> {
        Ok(self.client.publish(topic, QoS::AtLeastOnce, false, payload).await?)
    }

    /// As [`TestPublisher::publish`], for the broker to retain.
    ///
    /// # Errors
    /// The connection is gone.
    pub async fn retain(&self, topic: &str, payload: Vec<u8>) -> Result<()> {
        Ok(self.client.publish(topic, QoS::AtLeastOnce, true, payload).await?)
    }

    /// Waits until so many PUBACKs have come in all.
    ///
    /// # Errors
    /// The connection is gone.
    pub async fn wait_for_pubacks(&self, count: u64) -> Result<()> {
        self.answered.clone().wait_for(|answered| *answered >= count).await?;
        Ok(())
    }
}

impl Drop for TestPublisher {
    fn drop(&mut self) {
        self.task.abort();
    }
}
