//! The task that keeps a sender's connection going.
//!
//! Lives here: which answer goes to which request. Does not live here: what waits for them (`pending`).

use std::sync::Arc;

use super::pending::PendingRequests;
use crate::mqtt::{MqttConnection, MqttEvent};

/// Polls until the connection ends, then tells everyone who still waits.
pub(super) async fn run(mut connection: MqttConnection, pending: Arc<PendingRequests>) {
    loop {
        match connection.poll().await {
            Ok(MqttEvent::DisconnectSent) => return pending.close("it was closed by this side"),
            Ok(event) => on_event(&pending, event),
            Err(failure) => return pending.close(&failure.sentence),
        }
    }
}

fn on_event(pending: &PendingRequests, event: MqttEvent) {
    match event {
        MqttEvent::PublishSent(pkid) => pending.publish_sent(pkid),
        MqttEvent::PublishAnswered { pkid, refusal } => pending.publish_answered(pkid, refusal),
        MqttEvent::SubscribeSent(pkid) => pending.subscribe_sent(pkid),
        MqttEvent::SubscribeAnswered { pkid, refusals } => pending.subscribe_answered(pkid, refusals),
        MqttEvent::Message(message) => {
            if let Ok(topic) = std::str::from_utf8(&message.topic) {
                pending.tell_watchers(topic, &message.payload);
                pending.tell_followers(topic, &message.payload);
            }
        }
        _ => {}
    }
}
