//! A steady stream of pushes over MQTT 3.1.1, which every broker speaks: at a rate, each acknowledged by the broker.
//!
//! Lives here: publishing and counting PUBACKs. Does not live here: what is sent.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rumqttc::{AsyncClient, Event, EventLoop, MqttOptions, NetworkOptions, Packet, QoS};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How long the broker may stay silent while acknowledgements are due.
const TIMEOUT: Duration = Duration::from_secs(60);
/// How many may be unacknowledged.
const IN_FLIGHT: u16 = 200;

/// A running stream; ends with its value.
pub struct SteadyPublisher {
    answered: watch::Receiver<usize>,
    tasks: [JoinHandle<()>; 2],
}

impl SteadyPublisher {
    /// Connects to a broker at one of these loopback ports and begins to publish these payloads, so many a second.
    ///
    /// # Errors
    /// None of them answers.
    pub async fn start(ports: &[u16], topic: String, payloads: Vec<String>, rate: u32) -> Result<Self> {
        let (client, mut events) = connect(ports).await?;
        let (answers, answered) = watch::channel(0);
        let reading = tokio::spawn(async move {
            // An error ends the stream, and with it the channel: whoever waits is told.
            while let Ok(event) = events.poll().await {
                if let Event::Incoming(Packet::PubAck(_)) = event {
                    answers.send_modify(|count| *count += 1);
                }
            }
        });
        let writing = tokio::spawn(async move {
            let mut pace = tokio::time::interval(Duration::from_secs(1) / rate);
            for payload in payloads {
                pace.tick().await;
                if client.publish(&topic, QoS::AtLeastOnce, false, payload).await.is_err() {
                    return;
                }
            }
            // The event loop ends with its last client; acknowledgements are still to come.
            std::future::pending::<()>().await;
        });
        Ok(Self { answered, tasks: [reading, writing] })
    }

    /// Waits until the broker has acknowledged so many.
    ///
    /// # Errors
    /// The broker is gone, or acknowledges nothing any more.
    pub async fn wait_for(&self, count: usize) -> Result<()> {
        let mut answered = self.answered.clone();
        while *answered.borrow_and_update() < count {
            let change = tokio::time::timeout(TIMEOUT, answered.changed()).await;
            let have = *answered.borrow();
            ensure!(change.is_ok(), "only {have} of {count} pushes were acknowledged");
            change?.with_context(|| format!("the publisher's own connection broke after {have} of {count}"))?;
        }
        Ok(())
    }
}

/// A connection to the first that answers. A node that has only just started refuses for a moment; and RabbitMQ 3.10, which
/// has its nodes agree on each client id, was seen to leave a CONNECT unanswered for a minute at one node while another took it.
async fn connect(ports: &[u16]) -> Result<(AsyncClient, EventLoop)> {
    let start = Instant::now();
    let mut ports = ports.iter().copied().cycle();
    loop {
        let port = ports.next().context("a port to connect to")?;
        let mut options = MqttOptions::new(format!("stream-{}", uuid::Uuid::new_v4().simple()), "127.0.0.1", port);
        options.set_keep_alive(Duration::from_secs(30)).set_inflight(IN_FLIGHT);
        let (client, mut events) = AsyncClient::new(options, 10);
        let mut network = NetworkOptions::new();
        network.set_tcp_nodelay(true);
        events.set_network_options(network);
        match events.poll().await {
            Ok(_) => return Ok((client, events)),
            Err(error) if start.elapsed() > TIMEOUT => return Err(error).context("the broker answers CONNECT"),
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

impl Drop for SteadyPublisher {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}
