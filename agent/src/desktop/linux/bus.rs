//! The kept connection to the session bus: it listens to the notification server and to who owns its name.
//!
//! Lives here: connecting, reading signals, questions to the server. Does not live here: showing (notify-rust does, on
//! connections of its own) and what an answer means.

use std::num::NonZeroUsize;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::join4;
use portal_contract::status::NotificationServer;
use tokio::time::timeout;
use zbus::fdo::{DBusProxy, NameOwnerChanged};
use zbus::message::Type;
use zbus::names::{BusName, OwnedUniqueName, WellKnownName};
use zbus::{Connection, MatchRule, Message, MessageStream};

use super::super::Suppression;
use super::open::ServerSignal;
use super::suppression_source::{self, DCONF, SuppressionSource, XFCONF};
use super::{NAME, PATH};

/// How many messages may wait; beyond, the bus itself keeps them.
const QUEUE: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1023);

/// How long is waited for what a server lets through: nothing may hang on it.
const MOMENT: Duration = Duration::from_secs(1);

/// The kept connection.
pub(super) struct BusConnection {
    connection: Connection,
    /// One stream for all that comes, so that a change of owner is not overtaken by signals of the next owner.
    stream: MessageStream,
    /// Whether the bus knows a notification server that it could start.
    pub(super) can_start_server: bool,
}

/// What the kept connection heard.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum BusEvent {
    /// The name of the notification server has this owner now.
    Owner(Option<OwnedUniqueName>),
    /// A signal about a notification; `broadcast` if it was sent to everyone.
    Signal { id: u32, signal: ServerSignal, broadcast: bool },
    /// What the server lets through may have changed.
    Suppression,
    /// The connection is gone.
    Ended,
}

/// What a notification server said of itself.
#[derive(Debug, Clone)]
pub(super) struct ServerGreeting {
    /// Name, version and capabilities.
    pub(super) server: NotificationServer,
    /// Whether the capabilities could be read.
    pub(super) capabilities_known: bool,
    /// Who tells what it lets through, where anyone does.
    pub(super) source: Option<SuppressionSource>,
    /// What it lets through.
    pub(super) suppression: Suppression,
}

impl BusConnection {
    /// Connects to the session bus, the one that notify-rust will find too, and listens. Gives the name's owner.
    pub(super) async fn connect() -> zbus::Result<(Self, Option<OwnedUniqueName>)> {
        let mut connection = Connection::session().await?;
        connection.set_max_queued(QUEUE);
        let stream = MessageStream::from(&connection);
        let bus = DBusProxy::new(&connection).await?;
        bus.add_match_rule(MatchRule::builder().msg_type(Type::Signal).sender(NAME).path(PATH).build()?).await?;
        bus.add_match_rule(
            MatchRule::builder()
                .msg_type(Type::Signal)
                .sender("org.freedesktop.DBus")
                .interface("org.freedesktop.DBus")
                .member("NameOwnerChanged")
                .arg(0, NAME)
                .build()?,
        )
        .await?;
        for rule in suppression_source::CHANGES {
            bus.inner().call_method("AddMatch", &rule).await?;
        }
        // Asked only now, behind the match rule: a server that comes between the two is heard of twice, in the other
        // order not at all.
        let owner = owner(&bus).await;
        let can_start_server = match bus.list_activatable_names().await {
            Ok(names) => names.iter().any(|name| name.as_str() == NAME),
            Err(_) => false,
        };
        Ok((Self { connection, stream, can_start_server }, owner))
    }

    /// Waits for the next thing worth knowing. `server` is who may speak as the notification server: anyone can send
    /// a signal straight to this connection, whatever its match rules say.
    pub(super) async fn next(&mut self, server: Option<&OwnedUniqueName>) -> BusEvent {
        loop {
            match self.stream.next().await {
                Some(Ok(message)) => match read(&message, server) {
                    Some(heard) => return heard,
                    None => continue,
                },
                Some(Err(_)) | None => return BusEvent::Ended,
            }
        }
    }

    /// What no other bus has, nor this one after it was started anew.
    pub(super) fn guid(&self) -> String {
        self.connection.server_guid().to_string()
    }

    /// Another handle on the connection, for a question that does not hold up listening.
    pub(super) fn line(&self) -> BusHandle {
        BusHandle(self.connection.clone())
    }
}

/// A handle on the kept connection.
pub(super) struct BusHandle(Connection);

impl BusHandle {
    /// Asks the server for name, version, capabilities and what it lets through. Waits as long as it takes.
    ///
    /// # Errors
    /// Where the server is gone.
    pub(super) async fn greet(self, owner: OwnedUniqueName) -> zbus::Result<ServerGreeting> {
        let ask = |method: &'static str| self.0.call_method(Some(&owner), PATH, Some(NAME), method, &());
        let (information, capabilities, inhibited, paused) = join4(
            ask("GetServerInformation"),
            ask("GetCapabilities"),
            suppression_source::inhibited(&self.0, &owner),
            suppression_source::paused(&self.0, &owner),
        )
        .await;
        let capabilities = capabilities.and_then(|reply| reply.body().deserialize::<Vec<String>>());
        let information = information.and_then(|reply| reply.body().deserialize::<(String, String, String, String)>());
        let (name, version) = match information {
            Ok((name, _vendor, version, _specification)) => (name, version),
            // One that answers some questions shows notifications too.
            Err(_) if capabilities.is_ok() => ("unnamed".to_owned(), String::new()),
            Err(error) => return Err(error),
        };
        let source = SuppressionSource::of(&name, inhibited, paused);
        let suppression = match source {
            Some(source) => self.suppression(source, &owner).await,
            None => Suppression::default(),
        };
        Ok(ServerGreeting {
            source,
            suppression,
            capabilities_known: capabilities.is_ok(),
            server: NotificationServer { name, version, capabilities: capabilities.unwrap_or_default() },
        })
    }

    /// What the server lets through; unknown where the answer does not come in a moment.
    pub(super) async fn suppression(&self, source: SuppressionSource, owner: &OwnedUniqueName) -> Suppression {
        timeout(MOMENT, source.ask(&self.0, owner)).await.unwrap_or_default()
    }

    /// Closes a notification that an earlier run sent; servers that heed only the connection which sent it have
    /// closed it by themselves.
    pub(super) async fn close(&self, owner: &OwnedUniqueName, id: u32) {
        // One that is gone already is what is wanted.
        let _ = self.0.call_method(Some(owner), PATH, Some(NAME), "CloseNotification", &id).await;
    }

    /// Has the bus start the notification server. Not sending and seeing what happens: a call whose answer does not
    /// come cannot be repeated, and the bus may take two minutes (decisions/0009).
    ///
    /// # Errors
    /// Where the bus knows no server that it could start, or the server did not come up.
    pub(super) async fn activate(self) -> zbus::Result<Option<OwnedUniqueName>> {
        let bus = DBusProxy::new(&self.0).await?;
        bus.start_service_by_name(WellKnownName::from_static_str(NAME)?, 0).await?;
        Ok(owner(&bus).await)
    }
}

async fn owner(bus: &DBusProxy<'_>) -> Option<OwnedUniqueName> {
    bus.get_name_owner(BusName::try_from(NAME).ok()?).await.ok()
}

fn read(message: &Message, server: Option<&OwnedUniqueName>) -> Option<BusEvent> {
    let header = message.header();
    if header.message_type() != Type::Signal {
        return None;
    }
    let sender = header.sender()?;
    // The bus itself sends under its well-known name, which it gives to nobody else.
    if *sender == "org.freedesktop.DBus" {
        return read_owner(message);
    }
    // Whoever sends these: they say no more than that a question is due.
    if matches!(header.interface()?.as_str(), XFCONF | DCONF) {
        return Some(BusEvent::Suppression);
    }
    // Anybody on the bus can send this: `gdbus emit … ActionInvoked 1 'allow'` from another process passed for the
    // user's click (decisions/0008).
    if server.is_none_or(|server| server != sender) {
        return None;
    }
    // dunst and GNOME Shell answer the connection that sent the notification, Xfce, MATE, notification-daemon and
    // LXQt everybody (decisions/0008).
    let broadcast = header.destination().is_none();
    match (header.interface()?.as_str(), header.member()?.as_str()) {
        (NAME, "ActionInvoked") => {
            let (id, key) = message.body().deserialize::<(u32, String)>().ok()?;
            Some(BusEvent::Signal { id, signal: ServerSignal::Action(key), broadcast })
        }
        (NAME, "NotificationClosed") => {
            let (id, reason) = message.body().deserialize::<(u32, u32)>().ok()?;
            Some(BusEvent::Signal { id, signal: ServerSignal::Closed(reason), broadcast })
        }
        // dunst says so of its counts too, at each notification.
        ("org.freedesktop.DBus.Properties", "PropertiesChanged") => {
            suppression_source::says_so(message).then_some(BusEvent::Suppression)
        }
        _ => None,
    }
}

fn read_owner(message: &Message) -> Option<BusEvent> {
    let signal = NameOwnerChanged::from_message(message.clone())?;
    let change = signal.args().ok()?;
    if change.name() != NAME {
        return None;
    }
    Some(BusEvent::Owner(change.new_owner().as_ref().map(|owner| owner.to_owned().into())))
}
