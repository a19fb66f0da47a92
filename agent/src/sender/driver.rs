//! The task that keeps a sender's connection going.
//!
//! Lives here: which answer goes to which book. Does not live here: the books.

use std::sync::Arc;

use super::books::Books;
use crate::mqtt::{Connection, Event};

/// Polls until the connection ends, then tells everyone who still waits.
pub(super) async fn run(mut connection: Connection, books: Arc<Books>) {
    loop {
        match connection.poll().await {
            Ok(Event::DisconnectSent) => return books.close("it was closed by this side"),
            Ok(event) => on_event(&books, event),
            Err(fault) => return books.close(&fault.sentence),
        }
    }
}

fn on_event(books: &Books, event: Event) {
    match event {
        Event::PublishSent(pkid) => books.publish_sent(pkid),
        Event::PublishAnswered { pkid, refusal } => books.publish_answered(pkid, refusal),
        Event::SubscribeSent(pkid) => books.subscribe_sent(pkid),
        Event::SubscribeAnswered { pkid, refusals } => books.subscribe_answered(pkid, refusals),
        Event::Message(message) => {
            if let Ok(topic) = std::str::from_utf8(&message.topic) {
                books.tell_followers(topic, &message.payload);
            }
        }
        _ => {}
    }
}
