//! The events that wait for one follower, bounded by their number and their size.
//!
//! A follower that lags behind is given up: its end of the queue ends behind what it still holds, and whoever reads it is told
//! that something was missed. The device waits for nobody.
//!
//! Lives here: the queue. Does not live here: how it is read out (`events`), who follows (the host).

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use portal_contract::DeviceEvent;
use tokio::sync::mpsc;

/// How many events may wait for a follower: what thousands of held pushes come to at once.
pub const MOST_EVENTS: usize = 16_384;
/// How many bytes they may have, as JSON. Sixty events of the largest payload, or all that `MOST_EVENTS` common ones take.
pub const MOST_EVENT_BYTES: usize = 4 * 1024 * 1024;

/// An event with the size that it was counted with.
type SizedEvent = (usize, DeviceEvent);

/// The device's end.
#[derive(Debug)]
pub struct EventSender {
    events: mpsc::Sender<SizedEvent>,
    queued: Arc<AtomicUsize>,
}

/// The follower's end.
#[derive(Debug)]
pub struct EventReceiver {
    events: mpsc::Receiver<SizedEvent>,
    queued: Arc<AtomicUsize>,
}

/// A queue for one follower.
pub fn event_queue() -> (EventSender, EventReceiver) {
    let (sender, receiver) = mpsc::channel(MOST_EVENTS);
    let queued = Arc::new(AtomicUsize::new(0));
    let sender = EventSender { events: sender, queued: Arc::clone(&queued) };
    (sender, EventReceiver { events: receiver, queued })
}

/// How many bytes an event has as JSON.
pub fn size_of_event(event: &DeviceEvent) -> usize {
    struct Counter(usize);
    impl io::Write for Counter {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut counter = Counter(0);
    // What cannot be written counts as far as it could.
    let _ = serde_json::to_writer(&mut counter, event);
    counter.0
}

impl EventSender {
    /// Queues an event of this size; whether there was room, and somebody reads.
    pub fn send(&self, event: &DeviceEvent, size: usize) -> bool {
        let queued = self.queued.load(Ordering::Relaxed);
        // One event passes whatever its size where nothing waits: it would never find room otherwise.
        if queued > 0 && queued.saturating_add(size) > MOST_EVENT_BYTES {
            return false;
        }
        self.queued.fetch_add(size, Ordering::Relaxed);
        self.events.try_send((size, event.clone())).is_ok()
    }
}

impl EventReceiver {
    /// The next event; none where the device is gone, or has given this follower up.
    pub async fn recv(&mut self) -> Option<DeviceEvent> {
        let (size, event) = self.events.recv().await?;
        self.queued.fetch_sub(size, Ordering::Relaxed);
        Some(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use portal_contract::{DeviceEventKind, PushTarget, Timestamp};

    fn arrived(bytes: usize) -> DeviceEvent {
        let what =
            DeviceEventKind::Arrived { target: PushTarget::Device, payload: Some("\"".repeat(bytes)), size: bytes };
        DeviceEvent { number: 1, at: Timestamp::from_millis(0), what }
    }

    fn send(sender: &EventSender, event: &DeviceEvent) -> bool {
        sender.send(event, size_of_event(event))
    }

    #[tokio::test]
    async fn a_follower_that_does_not_read_holds_a_few_mebibytes_at_most_and_is_given_up() {
        let (sender, mut receiver) = event_queue();
        let large = arrived(64 * 1024);
        // Each quotation mark is two bytes of JSON.
        assert!(size_of_event(&large) > 128 * 1024);
        let sent = (0..10_000).take_while(|_| send(&sender, &large)).count();
        assert!((20..=32).contains(&sent), "{sent}");
        drop(sender);
        for _ in 0..sent {
            assert!(receiver.recv().await.is_some(), "what it still holds is read out");
        }
        assert!(receiver.recv().await.is_none());
    }

    #[tokio::test]
    async fn one_that_reads_is_never_given_up_and_small_events_are_bounded_by_number() {
        let (sender, mut receiver) = event_queue();
        let large = arrived(3 * 1024 * 1024);
        for _ in 0..10 {
            assert!(send(&sender, &large), "larger than all the room, and nothing else waits");
            assert!(receiver.recv().await.is_some());
        }
        let small = DeviceEvent { number: 1, at: Timestamp::from_millis(0), what: DeviceEventKind::Prompt {} };
        assert_eq!((0..100_000).take_while(|_| send(&sender, &small)).count(), MOST_EVENTS);
    }
}
