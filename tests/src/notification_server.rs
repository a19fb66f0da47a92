//! A notification server that shows nothing and remembers everything, with the habits of the real ones.
//!
//! Lives here: `org.freedesktop.Notifications` on a bus of the test's choice. Does not live here: the bus.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::Value;
use tokio::sync::watch;
use zbus::fdo::DBusProxy;
use zbus::message::Header;
use zbus::names::{BusName, UniqueName};
use zbus::object_server::SignalEmitter;
use zbus::{Connection, OwnedVariant, Variant, fdo, interface};

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

/// The habits of a notification server (decisions/0008).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerProfile {
    /// Its name.
    pub name: &'static str,
    /// What it says that it can do.
    pub capabilities: Vec<&'static str>,
    /// Whether its own signals go to the connection that asked only.
    pub unicast: bool,
    /// Whether it closes a notification only for the connection that shown it.
    pub checks_sender: bool,
    /// The most notifications that it has open; it refuses one more.
    pub most: Option<usize>,
    /// How it tells of Do Not Disturb.
    pub tells: InhibitionReport,
}

/// How a server tells that it is in Do Not Disturb (decisions/0011).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InhibitionReport {
    /// Not at all, or elsewhere (`xfconf`).
    Nothing,
    /// By the specification's property, whose changes it signals.
    Inhibited,
    /// By dunst's own property, and without a signal, as when dunst is paused by SIGUSR1.
    Paused,
}

/// What a server answers when it is asked about Do Not Disturb.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DoNotDisturb {
    /// It is off.
    Off,
    /// It is on.
    On,
    /// Nothing, until it is set to something else.
    Unanswered,
}

impl ServerProfile {
    /// Draws no buttons, sends its signals to the connection that asked.
    pub fn dunst() -> Self {
        Self { name: "dunst", unicast: true, tells: InhibitionReport::Paused, ..Self::xfce() }
    }

    /// Sends its signals to the connection that asked, and heeds no other.
    pub fn gnome() -> Self {
        Self { name: "gnome-shell", unicast: true, checks_sender: true, ..Self::xfce() }
    }

    /// Broadcasts its signals.
    pub fn xfce() -> Self {
        let capabilities = vec!["actions", "body", "body-markup"];
        let (most, tells) = (None, InhibitionReport::Nothing);
        Self { name: "xfce4-notifyd", capabilities, unicast: false, checks_sender: false, most, tells }
    }

    /// Has the specification's property `Inhibited`.
    pub fn plasma() -> Self {
        Self { name: "Plasma", tells: InhibitionReport::Inhibited, ..Self::xfce() }
    }

    /// Refuses the 22nd notification.
    pub fn mate() -> Self {
        Self { name: "mate-notification-daemon", most: Some(21), ..Self::xfce() }
    }

    /// Shows bodies as plain text (dunst with `markup = no`).
    pub fn plain() -> Self {
        Self { name: "plain", capabilities: vec!["actions", "body"], ..Self::xfce() }
    }
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

struct NotificationsInterface(Arc<ServerRecord>);

#[interface(name = "org.freedesktop.Notifications")]
impl NotificationsInterface {
    #[expect(clippy::too_many_arguments, reason = "the specification's arguments")]
    async fn notify(
        &self,
        #[zbus(header)] header: Header<'_>,
        app: String,
        replaces_id: u32,
        icon: String,
        title: String,
        body: String,
        actions: Vec<String>,
        hints: HashMap<String, OwnedVariant>,
        timeout: i32,
    ) -> fdo::Result<u32> {
        let received = Instant::now();
        self.0.log.send_modify(|log| log.calls += 1);
        self.0.pause().await;
        if *self.0.behaviour.borrow() == ServerBehaviour::Refuse {
            return Err(fdo::Error::InvalidArgs("this server refuses".to_owned()));
        }
        let sender = header.sender().map(ToString::to_string).unwrap_or_default();
        let mut open = self.0.open();
        if self.0.profile.most.is_some_and(|most| open.len() >= most) {
            return Err(fdo::Error::LimitsExceeded("Exceeded maximum number of notifications".to_owned()));
        }
        let actions =
            actions.chunks(2).map(|pair| (pair[0].clone(), pair.get(1).cloned().unwrap_or_default())).collect();
        let hints = hints.into_iter().map(|(name, value)| (name, plain(&value))).collect();
        let mut id = 0;
        self.0.log.send_modify(|log| {
            id = log.last_id + 1;
            log.last_id = id;
            open.insert(id, sender.clone());
            log.notifications.push(ReceivedNotification {
                id,
                app,
                title,
                body,
                actions,
                hints,
                icon,
                timeout,
                replaces_id,
                sender,
                received,
            });
        });
        Ok(id)
    }

    async fn close_notification(
        &self,
        #[zbus(header)] header: Header<'_>,
        #[zbus(signal_emitter)] emitter: SignalEmitter<'_>,
        id: u32,
    ) -> fdo::Result<()> {
        self.0.pause().await;
        let sender = header.sender().map(ToString::to_string).unwrap_or_default();
        {
            let mut open = self.0.open();
            if self.0.profile.checks_sender && open.get(&id).is_some_and(|owner| *owner != sender) {
                return Err(fdo::Error::InvalidArgs("Invalid notification ID".to_owned()));
            }
            open.remove(&id);
        }
        self.0.log.send_modify(|log| log.closed.push(id));
        let emitter = self
            .0
            .emitter(emitter.connection(), id, self.0.profile.unicast)
            .map_err(|error| fdo::Error::Failed(error.to_string()))?;
        Ok(Self::notification_closed(&emitter, id, 3).await?)
    }

    async fn get_capabilities(&self) -> Vec<String> {
        self.0.pause().await;
        self.0.profile.capabilities.iter().map(|&capability| capability.to_owned()).collect()
    }

    async fn get_server_information(&self) -> (String, String, String, String) {
        self.0.log.send_modify(|log| log.probes += 1);
        self.0.pause().await;
        (self.0.profile.name.to_owned(), "portal-tests".to_owned(), "1.0".to_owned(), "1.2".to_owned())
    }

    // Without the value, so that a signal can come while no answer does.
    #[zbus(property(emits_changed_signal = "invalidates"))]
    async fn inhibited(&self) -> fdo::Result<bool> {
        match self.0.profile.tells {
            InhibitionReport::Inhibited => Ok(self.0.is_disturbed().await),
            InhibitionReport::Nothing | InhibitionReport::Paused => {
                Err(fdo::Error::UnknownProperty("Inhibited".to_owned()))
            }
        }
    }

    #[zbus(signal)]
    async fn action_invoked(emitter: &SignalEmitter<'_>, id: u32, key: &str) -> zbus::Result<()>;

    #[zbus(signal)]
    async fn notification_closed(emitter: &SignalEmitter<'_>, id: u32, reason: u32) -> zbus::Result<()>;
}

/// dunst's own interface, as far as an agent asks it.
struct DunstInterface(Arc<ServerRecord>);

#[interface(name = "org.dunstproject.cmd0")]
impl DunstInterface {
    #[zbus(property, name = "paused")]
    async fn paused(&self) -> bool {
        self.0.is_disturbed().await
    }
}

fn plain(value: &Variant<'_>) -> Value {
    match value {
        Variant::Bool(truth) => Value::from(*truth),
        Variant::U8(number) => Value::from(*number),
        Variant::I32(number) => Value::from(*number),
        Variant::U32(number) => Value::from(*number),
        Variant::Str(text) => Value::from(text.as_str()),
        other => Value::from(format!("{other:?}")),
    }
}
