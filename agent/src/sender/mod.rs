//! A sender: publishes pushes and follows receipts, with an MQTT client and a clean session of its own.
//!
//! Lives here: what `push`, the demo, scenarios, a fleet, benchmarks and the gateway send with. Does not live here: a
//! device's session (`broker`), what a push means. A connection that is lost is not made again: what was unanswered then
//! is unknown, and only the caller can say whether to send it once more.

mod driver;
mod follower;
mod pending;
mod receipts;
mod watching;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use portal_contract::{CustomNotification, DeviceId, DeviceTopics, GroupId, Tenant};
use tokio::task::JoinHandle;

pub use crate::mqtt::{
    BrokerCredentials, BrokerUrl, BrokerUrlError, ConnectionFailure, MqttVersion, Secret, TlsError, TlsSettings,
};
use crate::mqtt::{
    ConnectOptions, LARGEST_PACKET, MqttClient, MqttConnection, MqttEvent, ServerLimits, client_config, open,
    password_in_clear, publish_window,
};
pub use follower::HeardMessage;
use pending::PendingRequests;
pub use receipts::ReceiptStream;
pub use watching::MessageStream;

/// What MQTT adds to topic and payload at most: header, lengths, packet id, properties.
const PUBLISH_OVERHEAD: usize = 16;
/// How long a clean end may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// What a sender is connected with.
#[derive(Clone, Debug)]
pub struct SenderOptions {
    /// The broker.
    pub url: BrokerUrl,
    /// The protocol version; over 3.1.1 a broker does not say that it refused a push.
    pub protocol: MqttVersion,
    /// The tenant.
    pub tenant: Tenant,
    /// User name and password.
    pub credentials: Option<BrokerCredentials>,
    /// Certificates for `mqtts://`.
    pub tls: TlsSettings,
    /// Whether a password may cross a network without TLS (no).
    pub allow_password_in_clear: bool,
    /// How long the broker may take to answer CONNECT (4 s).
    pub connect_timeout: Duration,
    /// How long the broker may take to answer SUBSCRIBE or PUBLISH (20 s).
    pub answer_timeout: Duration,
}

impl SenderOptions {
    /// The defaults for the broker at `url`.
    pub fn new(url: BrokerUrl) -> Self {
        Self {
            url,
            protocol: MqttVersion::default(),
            tenant: Tenant::default(),
            credentials: None,
            tls: TlsSettings::default(),
            allow_password_in_clear: false,
            connect_timeout: Duration::from_secs(4),
            answer_timeout: Duration::from_secs(20),
        }
    }
}

/// Whom a push is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushAddress {
    /// One device.
    Device(DeviceId),
    /// Every device whose user is in the group.
    Group(GroupId),
}

/// Whose receipts are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FollowScope {
    /// One device's.
    Device(DeviceId),
    /// Those of every device of the tenant.
    AllDevices,
}

/// Why something was not sent, or is not known to have been.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SenderError {
    /// A password over a network without TLS (contract 6).
    #[error("the password would cross the network in clear to {0}; use mqtts://, or allow it by the setting")]
    PasswordInClear(BrokerUrl),
    /// Certificates or keys.
    #[error(transparent)]
    Tls(Arc<TlsError>),
    /// The broker cannot be reached, or refused.
    #[error(transparent)]
    Connect(#[from] ConnectionFailure),
    /// The broker refused a publish.
    #[error("the broker refused the publish to {topic}: {reason}; allow it in the broker's ACL")]
    Refused {
        /// The topic.
        topic: String,
        /// The broker's reason.
        reason: String,
    },
    /// A payload that the broker does not take.
    #[error("the packet would have {size} bytes; the broker takes {largest}")]
    TooLarge {
        /// Its size.
        size: usize,
        /// The broker's limit.
        largest: usize,
    },
    /// Something to be retained, at a broker that retains nothing.
    #[error(
        "the broker keeps no retained messages, and what goes to {topic} is one; allow retained messages at the broker"
    )]
    NotRetained {
        /// The topic.
        topic: String,
    },
    /// The receipts of every device, at a broker without wildcards.
    #[error(
        "the broker has no subscriptions with wildcards, by which receipts of many devices are followed; push to one device, or allow wildcards at the broker"
    )]
    NoWildcards,
    /// The broker refused a subscription.
    #[error("the broker refused the subscription to {topic}: {reason}; allow it in the broker's ACL")]
    FollowRefused {
        /// The topic.
        topic: String,
        /// The broker's reason.
        reason: String,
    },
    /// The broker did not answer.
    #[error(
        "the broker did not answer {packet} to {topic} within {} s; whether it has it is not known: look at the broker's \
         log",
        waited.as_secs_f32()
    )]
    Unanswered {
        /// MQTT's name of what was asked.
        packet: &'static str,
        /// The topic.
        topic: String,
        /// How long it was waited for.
        waited: Duration,
    },
    /// The connection is gone; of a push in hand it is not known whether the broker has it.
    #[error("the connection is gone: {0}; whether the broker has what was in hand is not known")]
    Disconnected(String),
    /// Receipts came faster than they were read.
    #[error("{0} receipts came faster than they were read and were dropped; the device's log has them")]
    Missed(u64),
}

/// A connected sender; owns its task. Dropped without [`PushSender::stop`], the connection is cut.
#[derive(Debug)]
pub struct PushSender {
    pending: Arc<PendingRequests>,
    tenant: Tenant,
    limits: ServerLimits,
    task: JoinHandle<()>,
}

impl PushSender {
    /// Connects and waits for the broker's answer.
    ///
    /// # Errors
    /// Settings that cannot work, a broker that is not there, does not answer or refuses.
    pub async fn connect(settings: SenderOptions) -> Result<Self, SenderError> {
        let options = options(&settings)?;
        let (client, mut connection) = open(options);
        let answer = tokio::time::timeout(settings.connect_timeout, connection.poll()).await;
        let answer = answer.map_err(|_| ConnectionFailure::no_answer(&settings.url, settings.connect_timeout))??;
        let MqttEvent::Connected { limits, .. } = answer else {
            return Err(
                ConnectionFailure::other(format!("{} did not answer CONNECT with CONNACK", settings.url)).into()
            );
        };
        Ok(Self::run(client, connection, settings, limits))
    }

    fn run(client: MqttClient, connection: MqttConnection, settings: SenderOptions, limits: ServerLimits) -> Self {
        let window = publish_window(limits.receive_maximum);
        let books = Arc::new(PendingRequests::new(client, window, settings.answer_timeout));
        let task = tokio::spawn(driver::run(connection, Arc::clone(&books)));
        Self { pending: books, tenant: settings.tenant, limits, task }
    }

    /// Sends a custom notification; returns once the broker has it.
    ///
    /// # Errors
    /// The broker's refusal, or a connection that is gone.
    pub async fn push(&self, to: PushAddress, notification: &CustomNotification) -> Result<(), SenderError> {
        // Strings and times in a flat object: this serialisation has nothing that could fail.
        self.push_raw(to, serde_json::to_vec(notification).unwrap_or_default()).await
    }

    /// Sends any bytes as a push, for tests of what is no custom notification.
    ///
    /// # Errors
    /// As [`PushSender::push`].
    pub async fn push_raw(&self, to: PushAddress, payload: impl Into<Bytes>) -> Result<(), SenderError> {
        let topic = match to {
            PushAddress::Device(device) => self.topics(device).notifications(),
            PushAddress::Group(group) => self.any_topics().group_notifications(group),
        };
        self.publish(topic, payload, false).await
    }

    /// Publishes to any topic, for what the service says beside pushes: groups and actions.
    ///
    /// As many as the broker takes may be on their way at once; the rest wait here.
    ///
    /// # Errors
    /// As [`PushSender::push`].
    pub async fn publish(&self, topic: String, payload: impl Into<Bytes>, retain: bool) -> Result<(), SenderError> {
        let payload = payload.into();
        let size = topic.len() + payload.len() + PUBLISH_OVERHEAD;
        // Refused before it is sent: a broker's answer to a packet over its limit is the end of the connection, which
        // would say nothing of this push.
        let largest = self.limits.maximum_packet_size.unwrap_or(LARGEST_PACKET) as usize;
        if size > largest {
            return Err(SenderError::TooLarge { size, largest });
        }
        if retain && !self.limits.retain_available {
            return Err(SenderError::NotRetained { topic });
        }
        self.pending.publish(topic, payload, retain).await
    }

    /// Follows receipts from now on; returns once the broker has granted it, so what is pushed next is not missed.
    ///
    /// # Errors
    /// The broker's refusal, or a connection that is gone.
    pub async fn follow(&self, followed: FollowScope) -> Result<ReceiptStream, SenderError> {
        let filter = match followed {
            FollowScope::Device(device) => self.topics(device).receipts(),
            FollowScope::AllDevices if !self.limits.wildcards_available => return Err(SenderError::NoWildcards),
            FollowScope::AllDevices => self.any_topics().all_receipts(),
        };
        ReceiptStream::follow(Arc::clone(&self.pending), filter, followed).await
    }

    /// Hears every message of this connection from now on, and subscribes to these filters, each with whether retained
    /// messages are wanted; returns once the broker has granted them. For a reader of devices' states, such as the gateway.
    ///
    /// # Errors
    /// The broker's refusal, or a connection that is gone.
    pub async fn watch(&self, filters: Vec<(String, bool)>) -> Result<MessageStream, SenderError> {
        if filters.iter().any(|(filter, _)| filter.contains('+')) && !self.limits.wildcards_available {
            return Err(SenderError::NoWildcards);
        }
        MessageStream::watch(Arc::clone(&self.pending), filters).await
    }

    /// The largest packet that the broker takes, in bytes, where it named one.
    pub fn largest_packet(&self) -> Option<u32> {
        self.limits.maximum_packet_size
    }

    /// The topics of a device of this sender's tenant.
    pub fn topics(&self, device: DeviceId) -> DeviceTopics {
        DeviceTopics::new(&self.tenant, device)
    }

    /// For topics in which no device stands.
    fn any_topics(&self) -> DeviceTopics {
        self.topics(DeviceId::from_bytes([0; 16]))
    }

    /// Disconnects; within two seconds even where the broker does not answer.
    pub async fn stop(mut self) {
        self.pending.disconnect();
        if tokio::time::timeout(CLOSE_TIMEOUT, &mut self.task).await.is_err() {
            tracing::debug!("the broker did not take the disconnect in time; the connection is cut");
        }
    }
}

impl Drop for PushSender {
    fn drop(&mut self) {
        self.task.abort();
        self.pending.close("the sender was dropped");
    }
}

impl SenderOptions {
    /// Whether a sender could start with these, certificates and keys included; nothing is connected.
    ///
    /// # Errors
    /// What a person has to put right.
    pub fn check(&self) -> Result<(), SenderError> {
        options(self).map(drop)
    }
}

/// Ends the session that the broker keeps for a device which does not come back: connects once under its id, cleanly.
///
/// # Errors
/// As [`PushSender::connect`].
pub async fn end_session(settings: &SenderOptions, device: DeviceId) -> Result<(), SenderError> {
    let (client, mut connection) = open(ConnectOptions { client_id: device.to_string(), ..options(settings)? });
    let ended = async {
        loop {
            match connection.poll().await? {
                MqttEvent::Connected { .. } => {
                    client.disconnect();
                }
                MqttEvent::DisconnectSent => return Ok(()),
                _ => {}
            }
        }
    };
    let in_time = tokio::time::timeout(settings.connect_timeout, ended).await;
    in_time.unwrap_or_else(|_| Err(ConnectionFailure::no_answer(&settings.url, settings.connect_timeout).into()))
}

fn options(settings: &SenderOptions) -> Result<ConnectOptions<'_>, SenderError> {
    let url = std::slice::from_ref(&settings.url);
    if settings.credentials.is_some() && !settings.allow_password_in_clear && password_in_clear(url).is_some() {
        return Err(SenderError::PasswordInClear(settings.url.clone()));
    }
    let tls = match settings.url.is_secure() {
        true => Some(client_config(&settings.tls).map_err(|error| SenderError::Tls(Arc::new(error)))?),
        false => None,
    };
    Ok(ConnectOptions {
        url: &settings.url,
        protocol: settings.protocol,
        // 23 characters: the most that every 3.1.1 broker must take.
        client_id: format!("sender-{:016x}", getrandom::u64().unwrap_or_default()),
        kept_for: None,
        keep_alive: Duration::from_secs(30),
        receive_maximum: 1000,
        maximum_packet_size: 65_536,
        will: None,
        credentials: settings.credentials.as_ref(),
        tls,
        manual_acks: false,
        // The window's publishes and a few subscribes at a time.
        requests: 1024,
    })
}
