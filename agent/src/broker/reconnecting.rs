//! A session's life: one connection after the other, and the pauses between.
//!
//! Lives here: connecting, back-off, what an end means for the next try. Does not live here: the connection itself
//! (`connection`), what is said of connections that end again and again (`repeated_ends`).

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use portal_contract::{ConnectionState, DeviceTopics, GroupId};
use rustls::ClientConfig;

use super::SessionEvent;
use super::backoff::Backoff;
use super::connection::{ConnectionEnd, LiveConnection, connection_payload};
use super::events::EventQueue;
use super::fence::ConnectionFence;
use super::link::{DesiredState, SharedSession};
use super::outbox::InFlightPublishes;
use super::repeated_ends::{RepeatedEnds, UnansweredRequest};
use super::settings::SessionSettings;
use super::subscriptions::DeviceSubscriptions;
use crate::mqtt::{
    BrokerUrl, ConnectOptions, ConnectionFailure, ConnectionFailureKind, LARGEST_PACKET, LastWill, MqttClient,
    MqttConnection, MqttEvent, MqttVersion, ServerLimits, open,
};

/// Room for requests to a connection: one acknowledgement for each packet id there is, and every other request beside
/// them; so none is ever refused. It grows as it fills.
const REQUESTS: usize = 65_535 + 8_192;

/// How a try went.
enum ConnectResult {
    /// It was ended by wish, before or after it was connected.
    Left,
    /// It failed before CONNACK.
    Failed(ConnectionFailure),
    /// It was connected and lost; whether it had stood long enough.
    Lost { failure: ConnectionFailure, stable: bool, unanswered: Option<UnansweredRequest> },
}

/// The task of a session.
pub(super) struct SessionDriver {
    settings: SessionSettings,
    tls: Option<Arc<ClientConfig>>,
    link: Arc<SharedSession>,
    events: EventQueue,
    topics: DeviceTopics,
    nonce: String,
    epoch: u64,
    next_broker: usize,
    backoff: Backoff,
    ends: RepeatedEnds,
    held_groups: BTreeSet<GroupId>,
    /// The outage is told already.
    told: bool,
    /// That the connection was left by wish is told already.
    left_told: bool,
    /// The broker sends packets over the limit that was announced, so the next CONNECT announces none of ours.
    limit_ignored: bool,
    /// Brokers that refused what is retained: they are sent nothing that is.
    without_retain: BTreeSet<String>,
}

impl SessionDriver {
    pub(super) fn new(
        settings: SessionSettings,
        tls: Option<Arc<ClientConfig>>,
        link: Arc<SharedSession>,
        events: EventQueue,
    ) -> Self {
        Self {
            topics: DeviceTopics::new(&settings.tenant, settings.device),
            // Without random bits a fence is told from those of earlier connections by its epoch alone, which begins
            // anew with the process.
            nonce: format!("{:016x}", getrandom::u64().unwrap_or_default()),
            backoff: Backoff::new(settings.reconnect, settings.brokers.len()),
            ends: RepeatedEnds::new(settings.device),
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
            without_retain: BTreeSet::new(),
        }
    }

    pub(super) async fn run(mut self) {
        loop {
            match self.link.desired() {
                DesiredState::Stop => return,
                DesiredState::Offline => self.stay_offline().await,
                DesiredState::Online => {
                    self.left_told = false;
                    let url = self.next_url();
                    match self.try_broker(&url).await {
                        ConnectResult::Left => self.left(),
                        ConnectResult::Failed(failure) => self.failed(&url, failure).await,
                        ConnectResult::Lost { failure, stable, unanswered } => {
                            self.lost(&url, failure, stable, unanswered).await;
                        }
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
            Some(Err(failure)) => return ConnectResult::Failed(failure),
            None => return ConnectResult::Left,
        };
        let MqttEvent::Connected { session_present, limits } = connected else {
            return ConnectResult::Failed(ConnectionFailure::other(format!(
                "{url} did not answer CONNECT with CONNACK"
            )));
        };
        self.epoch += 1;
        if session_present {
            // Without the session nothing comes again, and what still waits here is all that is left of those pushes.
            self.events.forget_messages();
        }
        let outbox = InFlightPublishes::new(limits.receive_maximum);
        let publish_window = outbox.window();
        self.link.open(self.epoch, client.clone(), outbox, limits);
        self.told = false;
        self.events.tell(SessionEvent::Connected { epoch: self.epoch, session_present, publish_window, url: shown });
        let since = Instant::now();
        let end = self.live(url, client, since, limits).run(&mut connection).await;
        self.link.close();
        let stable = since.elapsed() >= self.settings.reconnect.stable_after;
        match end {
            ConnectionEnd::Left => ConnectResult::Left,
            ConnectionEnd::Lost { failure, unanswered } => ConnectResult::Lost { failure, stable, unanswered },
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
                retain: !self.without_retain.contains(&url.to_string()),
            }),
            credentials: settings.credentials.as_ref(),
            tls: self.tls.clone().filter(|_| url.is_secure()),
            manual_acks: true,
            requests: REQUESTS,
        }
    }

    fn live<'a>(
        &'a mut self,
        url: &'a BrokerUrl,
        client: MqttClient,
        since: Instant,
        limits: ServerLimits,
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
                limits.maximum_packet_size,
                self.settings.filters_per_subscribe,
                self.settings.retained_group_messages,
            ),
            fence: ConnectionFence::new(self.epoch, &self.nonce, self.settings.fence_timeout),
            online: false,
            stable_at: since.checked_add(self.settings.reconnect.stable_after),
            leave_by: None,
            answer_timeout: self.settings.answer_timeout,
            wait_said: false,
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

    async fn failed(&mut self, url: &BrokerUrl, mut failure: ConnectionFailure) {
        self.ends.ended_otherwise();
        if failure.kind == ConnectionFailureKind::NoAnswer {
            self.backoff.unanswered();
        }
        if failure.kind == ConnectionFailureKind::Closed {
            failure.sentence = closed_before_connack(url, self.settings.protocol);
        }
        if failure.kind == ConnectionFailureKind::RetainNotSupported && self.without_retain.insert(url.to_string()) {
            tracing::warn!(problem = failure.sentence, "connecting again with a last will that is not retained");
            // The same broker at once, and only this once: it did not fail, it wants another CONNECT.
            self.next_broker = self.next_broker.wrapping_sub(1);
            return;
        }
        self.after(failure).await;
    }

    async fn lost(
        &mut self,
        url: &BrokerUrl,
        mut failure: ConnectionFailure,
        stable: bool,
        unanswered: Option<UnansweredRequest>,
    ) {
        if stable {
            self.backoff.stood();
        }
        if failure.kind == ConnectionFailureKind::Closed
            && let Some(request) = &unanswered
        {
            failure.sentence = format!("{} before it answered {request}", failure.sentence);
        }
        if failure.kind == ConnectionFailureKind::Closed && !stable {
            if let Some(problem) = self.ends.closed_soon(url, unanswered) {
                self.link.update_status(|standing| standing.suspicion = Some(problem));
            }
        } else {
            self.ends.ended_otherwise();
        }
        match failure.kind {
            // The packet stays in the session and comes again at each connect, with everything stuck behind it: 77
            // connections in 4 s were seen (decisions/0002). So no limit is announced any more, and the push is taken
            // and rejected.
            ConnectionFailureKind::PacketTooLarge => self.limit_ignored = true,
            ConnectionFailureKind::RetainNotSupported => {
                self.without_retain.insert(url.to_string());
            }
            _ => {}
        }
        self.after(failure).await;
    }

    /// Tells of the outage, once, and waits for the next try.
    async fn after(&mut self, failure: ConnectionFailure) {
        let problem = failure.sentence;
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
        // Back at once, this client would throw the other one out in its turn, and the two would go on for ever.
        let named = failure.kind == ConnectionFailureKind::TakenOver;
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

/// What a broker may mean that closes before CONNACK, which says nothing.
fn closed_before_connack(url: &BrokerUrl, protocol: MqttVersion) -> String {
    let mut hints = Vec::new();
    if !url.is_secure() {
        hints.push("if this is its TLS port, use mqtts://");
    }
    if protocol == MqttVersion::Mqtt5 {
        hints.push("if it has no MQTT 5 (RabbitMQ has it from 3.13 on), set broker.protocol to \"3.1.1\"");
    }
    hints.push("else look at the broker's log");
    format!("{url} closed the connection before it answered CONNECT; {}", hints.join("; "))
}
