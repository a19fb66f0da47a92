//! What the server answers over D-Bus.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use serde_json::Value;
use zbus::message::Header;
use zbus::object_server::SignalEmitter;
use zbus::{OwnedVariant, Variant, fdo, interface};

use super::{InhibitionReport, ReceivedNotification, ServerBehaviour, ServerRecord};

pub(super) struct NotificationsInterface(pub(super) Arc<ServerRecord>);

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
            return Err(fdo::Error::LimitsExceeded(self.0.profile.refusal.to_owned()));
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
    pub(super) async fn action_invoked(emitter: &SignalEmitter<'_>, id: u32, key: &str) -> zbus::Result<()>;

    #[zbus(signal)]
    pub(super) async fn notification_closed(emitter: &SignalEmitter<'_>, id: u32, reason: u32) -> zbus::Result<()>;
}

/// dunst's own interface, as far as an agent asks it.
pub(super) struct DunstInterface(pub(super) Arc<ServerRecord>);

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
