//! A notification server that shows nothing and remembers everything, with the habits of the real ones.
//!
//! Lives here: the server on a bus of the test's choice, and what it remembers. Does not live here: the bus, the habits
//! (`profile`), its methods and signals (`interface`).

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::Value;
use tokio::sync::watch;
use zbus::Connection;
use zbus::fdo::DBusProxy;
use zbus::names::{BusName, UniqueName};
use zbus::object_server::SignalEmitter;

mod interface;
mod profile;

pub use profile::{DoNotDisturb, InhibitionReport, ServerProfile};

use interface::{DunstInterface, NotificationsInterface};

const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";

/// One `Notify` as it was called.
#[derive(Debug, Clone, PartialEq)]
pub struct ReceivedNotification {
    /// The id that this server gave it.
    pub id: u32,
    /// `app_name`.
    pub app: String,
    /// `summary`.
    pub title: String,
    /// `body`.
    pub body: String,
    /// `actions` in pairs: key, label.
    pub actions: Vec<(String, String)>,
    /// `hints`; what is no number, text or truth value is given as text for people.
    pub hints: BTreeMap<String, Value>,
    /// `app_icon`.
    pub icon: String,
    /// `expire_timeout`, in milliseconds; 0 is never.
    pub timeout: i32,
    /// `replaces_id`.
    pub replaces_id: u32,
    /// The unique name of the connection that called.
    pub sender: String,
    /// When the call was read.
    pub received: Instant,
}

/// What the server does with a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerBehaviour {
    /// Answers it.
    Answer,
    /// Answers it so much later.
    Delay(Duration),
    /// Answers nothing until it behaves otherwise; then it takes up what it was called for, as a stopped process does.
    Hang,
    /// Refuses each `Notify`.
    Refuse,
}

/// A running server. Its connection is closed when it is dropped.
#[derive(Debug)]
pub struct NotificationServer {
    connection: Connection,
    record: Arc<ServerRecord>,
}

#[derive(Debug)]
struct ServerRecord {
    profile: ServerProfile,
    behaviour: watch::Sender<ServerBehaviour>,
    do_not_disturb: watch::Sender<DoNotDisturb>,
    log: watch::Sender<CallLog>,
    open: Mutex<HashMap<u32, String>>,
}

#[derive(Debug, Default)]
struct CallLog {
    last_id: u32,
    notifications: Vec<ReceivedNotification>,
    closed: Vec<u32>,
    probes: usize,
    questions: usize,
    calls: usize,
}

impl NotificationServer {
    /// Starts a server on a bus, where it owns the name when this returns.
    ///
    /// # Errors
    /// Where the bus is not there, or has a notification server already.
    pub async fn start(bus_address: &str, profile: ServerProfile) -> anyhow::Result<Self> {
        Self::start_behaving(bus_address, profile, ServerBehaviour::Answer).await
    }

    /// Starts a server that behaves so from its first call on.
    ///
    /// # Errors
    /// Where the bus is not there, or has a notification server already.
    pub async fn start_behaving(
        bus_address: &str,
        profile: ServerProfile,
        behaviour: ServerBehaviour,
    ) -> anyhow::Result<Self> {
        let record = Arc::new(ServerRecord {
            profile,
            behaviour: watch::Sender::new(behaviour),
            do_not_disturb: watch::Sender::new(DoNotDisturb::Off),
            log: watch::Sender::new(CallLog::default()),
            open: Mutex::new(HashMap::new()),
        });
        let mut builder =
            zbus::connection::Builder::address(bus_address).serve_at(PATH, NotificationsInterface(Arc::clone(&record)));
        if record.profile.tells == InhibitionReport::Paused {
            builder = builder.serve_at(PATH, DunstInterface(Arc::clone(&record)));
        }
        let connection = builder.name(NAME).build().await?;
        Ok(Self { connection, record })
    }

    /// Behaves so from now on.
    pub fn behave(&self, behaviour: ServerBehaviour) {
        self.record.behaviour.send_replace(behaviour);
    }

    /// Sets Do Not Disturb, and signals that where its profile does. It changes nothing that the server does.
    ///
    /// # Errors
    /// Where the bus is gone.
    pub async fn set_do_not_disturb(&self, to: DoNotDisturb) -> anyhow::Result<()> {
        self.record.do_not_disturb.send_replace(to);
        if self.record.profile.tells == InhibitionReport::Inhibited {
            let served = self.connection.object_server().interface::<_, NotificationsInterface>(PATH).await?;
            served.get().await.inhibited_invalidate(served.signal_emitter()).await?;
        }
        Ok(())
    }

    /// Everything shown so far, in order.
    pub fn notifications(&self) -> Vec<ReceivedNotification> {
        self.record.log.borrow().notifications.clone()
    }

    /// Everything shown so far, in order, which is forgotten with that; for more than memory should hold.
    pub fn take_notifications(&self) -> Vec<ReceivedNotification> {
        let mut taken = Vec::new();
        self.record.log.send_modify(|log| taken = std::mem::take(&mut log.notifications));
        taken
    }

    /// The ids that were closed by `CloseNotification`, in order.
    pub fn closed(&self) -> Vec<u32> {
        self.record.log.borrow().closed.clone()
    }

    /// How often `GetServerInformation` was called.
    pub fn probes(&self) -> usize {
        self.record.log.borrow().probes
    }

    /// How often it was asked about Do Not Disturb.
    pub fn questions(&self) -> usize {
        self.record.log.borrow().questions
    }

    /// The ids of what is open now, in no order.
    pub fn open(&self) -> Vec<u32> {
        self.record.open().keys().copied().collect()
    }

    /// Waits until so many notifications were shown, and gives all.
    ///
    /// # Errors
    /// Where fewer were shown within the limit; names those that were.
    pub async fn wait_for(&self, count: usize, limit: Duration) -> anyhow::Result<Vec<ReceivedNotification>> {
        self.wait(limit, |log| log.notifications.len() >= count)
            .await
            .with_context(|| format!("{count} notifications expected within {limit:?}: {:#?}", self.notifications()))?;
        Ok(self.notifications())
    }

    /// Waits until so many notifications were closed by `CloseNotification`, and gives their ids.
    ///
    /// # Errors
    /// Where fewer were closed within the limit.
    pub async fn wait_for_closed(&self, count: usize, limit: Duration) -> anyhow::Result<Vec<u32>> {
        self.wait(limit, |log| log.closed.len() >= count)
            .await
            .with_context(|| format!("{count} closings expected within {limit:?}: {:?}", self.closed()))?;
        Ok(self.closed())
    }

    /// Waits until `GetServerInformation` was called so often.
    ///
    /// # Errors
    /// Where it was called less often within the limit.
    pub async fn wait_for_probes(&self, count: usize, limit: Duration) -> anyhow::Result<()> {
        self.wait(limit, |log| log.probes >= count).await.with_context(|| format!("{count} probes expected"))
    }

    /// How often `Notify` was called, answered or not.
    pub fn calls(&self) -> usize {
        self.record.log.borrow().calls
    }

    /// Waits until `Notify` was called so often, answered or not.
    ///
    /// # Errors
    /// Where it was called less often within the limit.
    pub async fn wait_for_calls(&self, count: usize, limit: Duration) -> anyhow::Result<()> {
        self.wait(limit, |log| log.calls >= count).await.with_context(|| format!("{count} calls expected"))
    }

    async fn wait(&self, limit: Duration, condition: impl FnMut(&CallLog) -> bool) -> anyhow::Result<()> {
        let mut log = self.record.log.subscribe();
        tokio::time::timeout(limit, log.wait_for(condition)).await??;
        Ok(())
    }

    /// Says that the user pressed an action: to the connection that asked only, or to everyone. For an id that was never
    /// given, to everyone.
    ///
    /// # Errors
    /// Where the bus is gone.
    pub async fn invoke(&self, id: u32, key: &str, unicast: bool) -> anyhow::Result<()> {
        let emitter = self.record.emitter(&self.connection, id, unicast)?;
        Ok(NotificationsInterface::action_invoked(&emitter, id, key).await?)
    }

    /// Closes a notification, as the user or time does (1 expired, 2 dismissed), and says so as its profile has it.
    ///
    /// # Errors
    /// Where the bus is gone.
    pub async fn close(&self, id: u32, reason: u32) -> anyhow::Result<()> {
        let emitter = self.record.emitter(&self.connection, id, self.record.profile.unicast)?;
        self.record.open().remove(&id);
        Ok(NotificationsInterface::notification_closed(&emitter, id, reason).await?)
    }

    /// Whether the connection that shown a notification still stands: GNOME drops a notification with it.
    ///
    /// # Errors
    /// Where the bus is gone.
    pub async fn is_connected(&self, notification: &ReceivedNotification) -> anyhow::Result<bool> {
        let name = BusName::try_from(notification.sender.as_str())?;
        Ok(DBusProxy::new(&self.connection).await?.name_has_owner(name).await?)
    }

    /// Serves until the bus ends.
    pub async fn serve(self) {
        self.connection.closed().await;
    }

    /// Dies, in whatever it was doing: the bus tells that its name has no owner, and what was shown can still be asked.
    ///
    /// # Errors
    /// Where the bus is gone.
    pub async fn die(&self) -> anyhow::Result<()> {
        Ok(self.connection.clone().close().await?)
    }

    /// Ends the server; the bus tells that its name has no owner.
    ///
    /// # Errors
    /// Where the bus is gone.
    pub async fn stop(self) -> anyhow::Result<()> {
        Ok(self.connection.close().await?)
    }
}

impl ServerRecord {
    fn open(&self) -> MutexGuard<'_, HashMap<u32, String>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn emitter(&self, connection: &Connection, id: u32, unicast: bool) -> anyhow::Result<SignalEmitter<'static>> {
        let emitter = SignalEmitter::new(connection, PATH)?;
        let log = self.log.borrow();
        match log.notifications.iter().find(|known| unicast && known.id == id) {
            Some(known) => Ok(emitter.set_destination(UniqueName::try_from(known.sender.clone())?.into())),
            None => Ok(emitter),
        }
    }

    async fn is_disturbed(&self) -> bool {
        self.log.send_modify(|log| log.questions += 1);
        // The sender lives as long as this record.
        let _ = self.do_not_disturb.subscribe().wait_for(|now| *now != DoNotDisturb::Unanswered).await;
        *self.do_not_disturb.borrow() == DoNotDisturb::On
    }

    async fn pause(&self) {
        let behaviour = self.behaviour.borrow().clone();
        match behaviour {
            ServerBehaviour::Answer | ServerBehaviour::Refuse => {}
            ServerBehaviour::Delay(delay) => tokio::time::sleep(delay).await,
            ServerBehaviour::Hang => {
                // The sender lives as long as this record.
                let _ = self.behaviour.subscribe().wait_for(|now| *now != ServerBehaviour::Hang).await;
            }
        }
    }
}
