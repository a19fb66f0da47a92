//! The way to the host: in order, without waiting, each event with the device that it is of.
//!
//! Lives here: the backlog behind a full channel. Does not live here: what the events say.

use std::collections::VecDeque;

use tokio::sync::mpsc::{Sender, error::TrySendError};

use super::{DeviceKey, SessionEvent};

/// The daemon's channel and what waits for room in it.
///
/// The backlog is bounded by what can be on its way: unacknowledged messages by MQTT's packet ids, answered publishes by
/// the outbox, and the few events of a connection, of which none is made while the daemon reads nothing for long: the
/// pauses between tries grow to half a minute.
#[derive(Debug)]
pub(super) struct EventQueue {
    device: DeviceKey,
    sender: Sender<(DeviceKey, SessionEvent)>,
    backlog: VecDeque<SessionEvent>,
}

impl EventQueue {
    pub(super) fn new(device: DeviceKey, sender: Sender<(DeviceKey, SessionEvent)>) -> Self {
        Self { device, sender, backlog: VecDeque::new() }
    }

    pub(super) fn has_backlog(&self) -> bool {
        !self.backlog.is_empty()
    }

    /// Tells the daemon, now or when there is room. If the daemon is gone, nobody is told.
    pub(super) fn tell(&mut self, event: SessionEvent) {
        if self.has_backlog() {
            self.backlog.push_back(event);
        } else if let Err(TrySendError::Full((_, event))) = self.sender.try_send((self.device, event)) {
            self.backlog.push_back(event);
        }
    }

    /// Tells the daemon only if there is room; whether there was.
    pub(super) fn tell_if_room(&mut self, event: SessionEvent) -> bool {
        !self.has_backlog() && self.sender.try_send((self.device, event)).is_ok()
    }

    /// Waits for room and moves one event there. Cancel-safe.
    pub(super) async fn relieve(&mut self) {
        match self.sender.reserve().await {
            // The room first and the event then: given up while it waits, nothing has been taken out of the backlog.
            Ok(room) => {
                if let Some(event) = self.backlog.pop_front() {
                    room.send((self.device, event));
                }
            }
            Err(_) => self.backlog.clear(),
        }
    }

    /// Forgets messages of the backlog that a kept session will deliver again.
    pub(super) fn forget_messages(&mut self) {
        // Those at QoS 0 stay: no broker sends them again.
        self.backlog.retain(|event| !matches!(event, SessionEvent::Message { token: Some(_), .. }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::PublishId;

    fn published(number: u64) -> SessionEvent {
        SessionEvent::Published { id: PublishId::Receipt(number) }
    }

    #[tokio::test]
    async fn a_full_channel_delays_but_keeps_the_order() {
        let (sender, mut receiver) = tokio::sync::mpsc::channel(1);
        let mut events = EventQueue::new(DeviceKey(1), sender);
        for number in 0..3 {
            events.tell(published(number));
        }
        assert!(!events.tell_if_room(published(99)));
        for number in 0..3 {
            let Some((_, SessionEvent::Published { id })) = receiver.recv().await else {
                panic!("an event is missing")
            };
            assert_eq!(id, PublishId::Receipt(number));
            if events.has_backlog() {
                events.relieve().await;
            }
        }
    }
}
