//! A session's life: one connection after the other, the pauses between, and its owner.
//!
//! Lives here: connecting, back-off, what an end means for the next try. Does not live here: the connection itself
//! (`connection`), the daemon's calls (`link`).

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use portal_contract::{ConnectionState, DeviceTopics, GroupId, status};
use portal_device::AckToken;
use rustls::ClientConfig;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::backoff::Backoff;
use super::connection::{ConnectionEnd, LiveConnection, Watchdog, connection_payload};
use super::events::EventQueue;
use super::fence::ConnectionFence;
use super::link::{DesiredState, SharedSession};
use super::outbox::InFlightPublishes;
use super::settings::{BrokerError, SessionSettings};
use super::subscriptions::DeviceSubscriptions;
use super::{DeviceKey, Publish, SessionControl, SessionEvent};
use crate::mqtt::{
    BrokerUrl, ConnectOptions, ConnectionFailure, ConnectionFailureKind, LARGEST_PACKET, LastWill, MqttClient,
    MqttConnection, MqttEvent, client_config, open,
};

/// rumqttc's request channel: one acknowledgement for each packet id there is, and every other request beside them; so
/// none is ever refused. It grows as it fills.
const REQUESTS: usize = 65_535 + 8_192;

/// One device's session with its broker; owns the task that keeps it.
///
/// Its event channel closes when it has ended. Dropped without [`BrokerSession::stop`], the task is aborted and the broker sends the last will.
#[derive(Debug)]
pub struct BrokerSession {
    link: Arc<SharedSession>,
    task: JoinHandle<()>,
}

/// The daemon's way to ask something of a [`BrokerSession`]; cheap to clone.
#[derive(Clone, Debug)]
pub struct SessionHandle(Arc<SharedSession>);

impl BrokerSession {
    /// Starts connecting, in a task of its own on the current runtime; its events name `device`.
    ///
    /// # Errors
    /// Settings that cannot work, files of TLS that are missing or wrong, an event channel smaller than
    /// [`SessionSettings::event_capacity`].
    pub fn start(
        settings: SessionSettings,
        device: DeviceKey,
        events: mpsc::Sender<(DeviceKey, SessionEvent)>,
    ) -> Result<Self, BrokerError> {
        settings.check(events.max_capacity())?;
        let secure = settings.brokers.iter().any(BrokerUrl::is_secure);
        let tls = if secure { Some(client_config(&settings.tls)?) } else { None };
        let link = Arc::new(SharedSession::new());
        let ended = EndNotice { device, events: events.clone() };
        let driver = SessionDriver::new(settings, tls, Arc::clone(&link), EventQueue::new(device, events));
        let task = tokio::spawn(async move {
            // Dropped with the task, by a panic too.
            let _ended = ended;
            driver.run().await;
        });
        Ok(Self { link, task })
    }

    /// The daemon's handle.
    pub fn handle(&self) -> SessionHandle {
        SessionHandle(Arc::clone(&self.link))
    }

    /// Publishes `offline`, disconnects and ends; within about two seconds even where the broker does not answer.
    pub async fn stop(mut self) {
        self.link.set_desired(DesiredState::Stop);
        if let Err(error) = (&mut self.task).await {
            tracing::error!(%error, "the session's task failed");
        }
    }
}

impl Drop for BrokerSession {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl SessionControl for SessionHandle {
    fn ack(&self, token: AckToken) {
        self.0.ack(token);
    }

    fn set_groups(&self, groups: BTreeSet<GroupId>) {
        self.0.set_groups(groups);
    }

    fn publish(&self, publish: Publish) -> bool {
        self.0.publish(publish)
    }

    fn probe(&self, number: u64) {
        self.0.probe(number);
    }

    fn go_offline(&self) {
        self.0.go_offline();
    }

    fn go_online(&self) {
        self.0.go_online();
    }

    fn state(&self) -> status::BrokerStatus {
        self.0.state()
    }
}

/// Tells, when it is dropped, that the session's task has ended: the channel is everybody's and does not close with it.
struct EndNotice {
    device: DeviceKey,
    events: mpsc::Sender<(DeviceKey, SessionEvent)>,
}

impl Drop for EndNotice {
    fn drop(&mut self) {
        if self.events.try_send((self.device, SessionEvent::Ended)).is_err() {
            tracing::debug!("nobody hears that a session ended");
        }
    }
}

/// How a try went.
enum ConnectResult {
    /// It was ended by wish, before or after it was connected.
    Left,
    /// It failed before CONNACK.
    Failed(ConnectionFailure),
    /// It was connected and lost; whether it had stood long enough.
    Lost { fault: ConnectionFailure, stable: bool },
}

struct SessionDriver {
    settings: SessionSettings,
    tls: Option<Arc<ClientConfig>>,
    link: Arc<SharedSession>,
    events: EventQueue,
    topics: DeviceTopics,
    nonce: String,
    epoch: u64,
    next_broker: usize,
    backoff: Backoff,
    held_groups: BTreeSet<GroupId>,
    /// The outage is told already.
    told: bool,
    /// That the connection was left by wish is told already.
    left_told: bool,
    /// The broker sends packets over the limit that was announced, so the next CONNECT announces none of ours.
    limit_ignored: bool,
}

impl SessionDriver {
    fn new(
        settings: SessionSettings,
        tls: Option<Arc<ClientConfig>>,
        link: Arc<SharedSession>,
        events: EventQueue,
    ) -> Self {
        Self {
            topics: DeviceTopics::new(&settings.tenant, settings.device),
            nonce: format!("{:016x}", getrandom::u64().unwrap_or_default()),
            backoff: Backoff::new(settings.reconnect, settings.brokers.len()),
            settings,
            tls,
            link,
            events,
            epoch: 0,
            next_broker: 0,
            held_groups: BTreeSet::new(),
            told: false,
            left_told: false,
            limit_ignored: false,
        }
    }

    async fn run(mut self) {
        loop {
            match self.link.desired() {
                DesiredState::Stop => return,
                DesiredState::Offline => self.stay_offline().await,
                DesiredState::Online => {
                    self.left_told = false;
                    let url = self.next_url();
                    match self.try_broker(&url).await {
                        ConnectResult::Left => self.left(),
                        ConnectResult::Failed(fault) => self.failed(&url, fault).await,
                        ConnectResult::Lost { fault, stable } => self.lost(&url, fault, stable).await,
                    }
                }
            }
        }
    }

    fn next_url(&mut self) -> BrokerUrl {
        let url = self.settings.brokers[self.next_broker % self.settings.brokers.len()].clone();
        self.next_broker = self.next_broker.wrapping_add(1);
        url
    }

    async fn try_broker(&mut self, url: &BrokerUrl) -> ConnectResult {
        let shown = url.to_string();
        self.link.update_status(|standing| standing.url.clone_from(&shown));
        self.events.tell(SessionEvent::Connecting { url: shown.clone() });
        let (client, mut connection) = open(self.options(url));
        let connected = match self.connect(url, &mut connection).await {
            Some(Ok(connected)) => connected,
            Some(Err(fault)) => return ConnectResult::Failed(fault),
            None => return ConnectResult::Left,
        };
        let MqttEvent::Connected { session_present, receive_maximum, maximum_packet_size } = connected else {
            return ConnectResult::Failed(ConnectionFailure::other(format!(
                "{url} did not answer CONNECT with CONNACK"
            )));
        };
        self.epoch += 1;
        if session_present {
            self.events.forget_messages();
        }
        let outbox = InFlightPublishes::new(receive_maximum);
        let publish_window = outbox.window();
        self.link.open(self.epoch, client.clone(), outbox, maximum_packet_size);
        self.told = false;
        self.events.tell(SessionEvent::Connected { epoch: self.epoch, session_present, publish_window, url: shown });
        let since = Instant::now();
        let end = self.live(url, client, since, maximum_packet_size).run(&mut connection).await;
        self.link.close();
        let stable = since.elapsed() >= self.settings.reconnect.stable_after;
        match end {
            ConnectionEnd::Left => ConnectResult::Left,
            ConnectionEnd::Lost(fault) => ConnectResult::Lost { fault, stable },
        }
    }

    /// The first event, which is CONNACK; `None` if the wish changed meanwhile.
    async fn connect(
        &mut self,
        url: &BrokerUrl,
        connection: &mut MqttConnection,
    ) -> Option<Result<MqttEvent, ConnectionFailure>> {
        let limit = self.connect_timeout();
        let mut answer = std::pin::pin!(tokio::time::timeout(limit, connection.poll()));
        loop {
            tokio::select! {
                answer = &mut answer => {
                    return Some(answer.unwrap_or_else(|_| Err(ConnectionFailure::no_answer(url, limit))));
                }
                () = self.link.waker.notified() => {
                    if self.link.desired() != DesiredState::Online {
                        return None;
                    }
                }
                () = self.events.relieve(), if self.events.has_backlog() => {}
            }
        }
    }

    fn connect_timeout(&self) -> Duration {
        self.backoff.connect_timeout(self.settings.connect_timeout)
    }

    fn options<'a>(&'a self, url: &'a BrokerUrl) -> ConnectOptions<'a> {
        let settings = &self.settings;
        ConnectOptions {
            url,
            protocol: settings.protocol,
            client_id: settings.device.to_string(),
            kept_for: Some(settings.session_expiry),
            keep_alive: settings.keep_alive,
            receive_maximum: settings.receive_maximum,
            maximum_packet_size: if self.limit_ignored { LARGEST_PACKET } else { settings.maximum_packet_size },
            will: Some(LastWill {
                topic: self.topics.connection(),
                payload: connection_payload(ConnectionState::Offline),
            }),
            credentials: settings.credentials.as_ref(),
            tls: self.tls.clone().filter(|_| url.is_secure()),
            manual_acks: true,
            requests: REQUESTS,
            connect_timeout: self.connect_timeout(),
        }
    }

    fn live<'a>(
        &'a mut self,
        url: &'a BrokerUrl,
        client: MqttClient,
        since: Instant,
        largest: Option<u32>,
    ) -> LiveConnection<'a> {
        LiveConnection {
            link: &self.link,
            events: &mut self.events,
            held_groups: &mut self.held_groups,
            url,
            topics: &self.topics,
            client,
            epoch: self.epoch,
            subscriptions: DeviceSubscriptions::new(
                self.topics.clone(),
                largest,
                self.settings.retained_group_messages,
            ),
            fence: ConnectionFence::new(self.epoch, &self.nonce, self.settings.fence_timeout),
            online: false,
            stable_at: since.checked_add(self.settings.reconnect.stable_after),
            leave_by: None,
            watchdog: Watchdog::new(self.settings.keep_alive),
        }
    }

    /// The connection, or the try for one, was ended by wish.
    fn left(&mut self) {
        let problem = "offline by command; `device online` connects again".to_owned();
        self.link.update_status(|standing| standing.outage = Some(problem.clone()));
        self.events.tell(SessionEvent::Disconnected { problem });
        self.told = false;
        self.left_told = true;
    }

    async fn stay_offline(&mut self) {
        if !self.left_told {
            self.left();
        }
        self.rest(None).await;
        self.link.update_status(|standing| standing.outage = None);
    }

    async fn failed(&mut self, url: &BrokerUrl, mut fault: ConnectionFailure) {
        self.backoff.ended_otherwise();
        if fault.kind == ConnectionFailureKind::NoAnswer {
            self.backoff.unanswered();
        }
        if fault.kind == ConnectionFailureKind::Closed {
            let hint = if url.is_secure() { "" } else { "; if this is its TLS port, use mqtts://" };
            fault.sentence = format!("{url} closed the connection before it answered CONNECT{hint}");
        }
        self.after(fault).await;
    }

    async fn lost(&mut self, url: &BrokerUrl, fault: ConnectionFailure, stable: bool) {
        if stable {
            self.backoff.stood();
        }
        match fault.kind {
            ConnectionFailureKind::Closed if !stable => {
                if self.backoff.closed_soon() {
                    self.suspect(url);
                }
            }
            ConnectionFailureKind::PacketTooLarge => {
                self.limit_ignored = true;
                self.backoff.ended_otherwise();
            }
            _ => self.backoff.ended_otherwise(),
        }
        self.after(fault).await;
    }

    fn suspect(&self, url: &BrokerUrl) {
        let problem = format!(
            "{url} closed the connection several times in a row soon after it was made: probably a second client uses \
             the id {}; end the other agent of this device, or give this one its own state directory",
            self.settings.device
        );
        self.link.update_status(|standing| standing.suspicion = Some(problem));
    }

    /// Tells of the outage, once, and waits for the next try.
    async fn after(&mut self, fault: ConnectionFailure) {
        let problem = fault.sentence;
        self.link.update_status(|standing| standing.outage = Some(problem.clone()));
        if self.told {
            tracing::debug!(problem, "still not connected");
        } else {
            tracing::warn!(problem, "not connected; trying again until it is");
            self.events.tell(SessionEvent::Disconnected { problem });
            self.told = true;
        }
        // A constant where the system has no randomness to give: only the jitter is lost.
        let pause = self.backoff.pause(getrandom::u32().unwrap_or(u32::MAX));
        let named = fault.kind == ConnectionFailureKind::TakenOver;
        self.rest(Some(if named { self.settings.reconnect.after_takeover } else { pause })).await;
    }

    /// Waits until the pause is over or the wish changes.
    async fn rest(&mut self, pause: Option<Duration>) {
        let desired = self.link.desired();
        let over = async {
            match pause {
                Some(pause) => tokio::time::sleep(pause).await,
                None => std::future::pending().await,
            }
        };
        let mut over = std::pin::pin!(over);
        while self.link.desired() == desired {
            tokio::select! {
                () = &mut over => return,
                () = self.link.waker.notified() => {}
                () = self.events.relieve(), if self.events.has_backlog() => {}
            }
        }
    }
}
