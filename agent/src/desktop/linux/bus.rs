//! The kept connection to the session bus: it listens to the notification server and to who owns its name.
//!
//! Lives here: connecting, reading signals, questions to the server. Does not live here: raising (notify-rust does, on
//! connections of its own) and what an answer means.

use std::num::NonZeroUsize;

use futures_util::StreamExt;
use futures_util::future::join4;
use portal_shared::status::NotificationServer;
use zbus::fdo::{DBusProxy, NameOwnerChanged};
use zbus::message::Type;
use zbus::names::{BusName, OwnedUniqueName, WellKnownName};
use zbus::{Connection, MatchRule, Message, MessageStream, OwnedVariant};

use super::open::Signal;

const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";

/// How many messages may wait; beyond, the bus itself keeps them.
const QUEUE: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1023);

/// The kept connection.
pub(super) struct Bus {
    connection: Connection,
    /// One stream for all that comes, so that a change of owner is not overtaken by signals of the next owner.
    stream: MessageStream,
}

/// What the kept connection heard.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// The name of the notification server has this owner now.
    Owner(Option<OwnedUniqueName>),
    /// A signal about a notification; `broadcast` if it was sent to everyone.
    Signal { id: u32, signal: Signal, broadcast: bool },
    /// Properties of the server changed.
    Properties,
    /// The connection is gone.
    Ended,
}

/// What a notification server said of itself.
#[derive(Debug, Clone)]
pub(super) struct Greeting {
    /// Name, version and capabilities.
    pub(super) server: NotificationServer,
    /// Whether the capabilities could be read.
    pub(super) capabilities_known: bool,
    /// Whether it accepts notifications without showing them; none where it does not tell.
    pub(super) do_not_disturb: Option<bool>,
}

impl Bus {
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
        let owner = owner(&bus).await;
        Ok((Self { connection, stream }, owner))
    }

    /// Waits for the next thing worth knowing. `server` is who may speak as the notification server: anyone can send
    /// a signal straight to this connection, whatever its match rules say.
    pub(super) async fn next(&mut self, server: Option<&OwnedUniqueName>) -> Heard {
        loop {
            match self.stream.next().await {
                Some(Ok(message)) => match read(&message, server) {
                    Some(heard) => return heard,
                    None => continue,
                },
                Some(Err(_)) | None => return Heard::Ended,
            }
        }
    }

    /// Another handle on the connection, for a question that does not hold up listening.
    pub(super) fn line(&self) -> Line {
        Line(self.connection.clone())
    }
}

/// A handle on the kept connection.
pub(super) struct Line(Connection);

impl Line {
    /// Asks the server for name, version, capabilities and Do Not Disturb. Waits as long as it takes.
    ///
    /// # Errors
    /// Where the server is gone.
    pub(super) async fn greet(self, owner: OwnedUniqueName) -> zbus::Result<Greeting> {
        let ask = |method: &'static str| self.0.call_method(Some(&owner), PATH, Some(NAME), method, &());
        let (information, capabilities, inhibited, paused) = join4(
            ask("GetServerInformation"),
            ask("GetCapabilities"),
            self.property(&owner, NAME, "Inhibited"),
            self.property(&owner, "org.dunstproject.cmd0", "paused"),
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
        Ok(Greeting {
            capabilities_known: capabilities.is_ok(),
            server: NotificationServer { name, version, capabilities: capabilities.unwrap_or_default() },
            do_not_disturb: inhibited.or(paused),
        })
    }

    /// Whether the server accepts notifications without showing them; none where it does not tell.
    pub(super) async fn do_not_disturb(self, owner: OwnedUniqueName) -> Option<bool> {
        match self.property(&owner, NAME, "Inhibited").await {
            Some(inhibited) => Some(inhibited),
            None => self.property(&owner, "org.dunstproject.cmd0", "paused").await,
        }
    }

    /// Has the bus start the notification server. Not raising and seeing what happens: a raise whose answer does not
    /// come cannot be repeated, and the bus may take two minutes (stack-notifications 1.2).
    ///
    /// # Errors
    /// Where the bus knows no server that it could start, or the server did not come up.
    pub(super) async fn activate(self) -> zbus::Result<Option<OwnedUniqueName>> {
        let bus = DBusProxy::new(&self.0).await?;
        bus.start_service_by_name(WellKnownName::from_static_str(NAME)?, 0).await?;
        Ok(owner(&bus).await)
    }

    async fn property(&self, owner: &OwnedUniqueName, interface: &str, name: &str) -> Option<bool> {
        let properties = Some("org.freedesktop.DBus.Properties");
        let reply = self.0.call_method(Some(owner), PATH, properties, "Get", &(interface, name)).await.ok()?;
        bool::try_from(reply.body().deserialize::<OwnedVariant>().ok()?).ok()
    }
}

async fn owner(bus: &DBusProxy<'_>) -> Option<OwnedUniqueName> {
    bus.get_name_owner(BusName::try_from(NAME).ok()?).await.ok()
}

fn read(message: &Message, server: Option<&OwnedUniqueName>) -> Option<Heard> {
    let header = message.header();
    if header.message_type() != Type::Signal {
        return None;
    }
    let sender = header.sender()?;
    // The bus itself sends under its well-known name, which it gives to nobody else.
    if *sender == "org.freedesktop.DBus" {
        return read_owner(message);
    }
    if server.is_none_or(|server| server != sender) {
        return None;
    }
    let broadcast = header.destination().is_none();
    match (header.interface()?.as_str(), header.member()?.as_str()) {
        (NAME, "ActionInvoked") => {
            let (id, key) = message.body().deserialize::<(u32, String)>().ok()?;
            Some(Heard::Signal { id, signal: Signal::Action(key), broadcast })
        }
        (NAME, "NotificationClosed") => {
            let (id, _reason) = message.body().deserialize::<(u32, u32)>().ok()?;
            Some(Heard::Signal { id, signal: Signal::Closed, broadcast })
        }
        ("org.freedesktop.DBus.Properties", "PropertiesChanged") => Some(Heard::Properties),
        _ => None,
    }
}

fn read_owner(message: &Message) -> Option<Heard> {
    let signal = NameOwnerChanged::from_message(message.clone())?;
    let change = signal.args().ok()?;
    if change.name() != NAME {
        return None;
    }
    Some(Heard::Owner(change.new_owner().as_ref().map(|owner| owner.to_owned().into())))
}
