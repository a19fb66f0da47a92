//! The task that keeps a sender's connection going.
//!
//! Lives here: which answer goes to which book. Does not live here: the books.

use std::sync::Arc;

use super::pending::PendingRequests;
use crate::mqtt::{MqttConnection, MqttEvent};

/// Polls until the connection ends, then tells everyone who still waits.
pub(super) async fn run(mut connection: MqttConnection, books: Arc<PendingRequests>) {
    loop {
        match connection.poll().await {
            Ok(MqttEvent::DisconnectSent) => return books.close("it was closed by this side"),
            Ok(event) => on_event(&books, event),
            Err(failure) => return books.close(&failure.sentence),
        }
    }
}

fn on_event(books: &PendingRequests, event: MqttEvent) {
    match event {
        MqttEvent::PublishSent(pkid) => books.publish_sent(pkid),
        MqttEvent::PublishAnswered { pkid, refusal } => books.publish_answered(pkid, refusal),
        MqttEvent::SubscribeSent(pkid) => books.subscribe_sent(pkid),
        MqttEvent::SubscribeAnswered { pkid, refusals } => books.subscribe_answered(pkid, refusals),
        MqttEvent::Message(message) => {
            if let Ok(topic) = std::str::from_utf8(&message.topic) {
                books.tell_followers(topic, &message.payload);
            }
        }
        _ => {}
    }
}
