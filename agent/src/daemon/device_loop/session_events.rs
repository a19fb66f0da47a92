//! What the session with the broker tells.
//!
//! Lives here: which of it waits its turn and which counts at once. Does not live here: what a message is (`messages`).

use portal_contract::{ConnectionState, CustomNotification, IncomingTopic};
use tracing::{debug, warn};

use super::DeviceLoop;
use super::messages::{Waiting, WaitingPush};
use crate::broker::{PublishId, SessionEvent};
use crate::control::Happened;
use crate::journal::JournalEntry;
use portal_device::{ArrivedPush, DeviceInput};

/// How many messages may wait for the push in hand before those at QoS 0, which no window bounds, are dropped.
const WAITING: usize = 4096;

impl DeviceLoop {
    /// What a message is waits its turn: the loop works through what waits once it has taken everything there is.
    pub(super) fn session_event(&mut self, event: SessionEvent) {
        self.quiet.hear(&event);
        match event {
            SessionEvent::Message { incoming, payload, token, redelivered, retained, expiry_seconds, .. } => {
                if token.is_none() && self.waiting.len() >= WAITING {
                    self.note_dropped();
                    return;
                }
                self.waiting.push_back(match incoming {
                    IncomingTopic::Notification(target) => {
                        let notification = CustomNotification::parse(&payload);
                        let arrival = ArrivedPush {
                            payload: notification,
                            target,
                            retained,
                            id_used: false,
                            expiry_seconds,
                            ack: None,
                        };
                        Waiting::Push(Box::new(WaitingPush { arrival, payload, token, redelivered }))
                    }
                    IncomingTopic::Groups | IncomingTopic::Action | IncomingTopic::Fence => {
                        Waiting::Message { incoming, payload, token }
                    }
                });
                return;
            }
            SessionEvent::Connected { epoch, session_present, .. } => {
                self.epoch = epoch;
                self.happened(DeviceInput::Connected { session_present });
            }
            SessionEvent::Online { .. } => {
                self.state_is_due = true;
                self.publish_state();
                self.publisher.online();
                self.tell(|| Happened::Connection { connection: ConnectionState::Online });
            }
            SessionEvent::FenceReturned { epoch } => self.waiting.push_back(Waiting::Fence { epoch }),
            SessionEvent::ProbeReturned { .. } => return,
            SessionEvent::Published { id: PublishId(sequence) } => {
                self.receipt_answered(sequence);
                return;
            }
            SessionEvent::PublishRefused { id: PublishId(sequence), detail, for_good: true } => {
                // Sending it again would be refused again, and hold up those behind it.
                warn!(sequence, "a receipt can never be published: {detail}");
                self.receipt_answered(sequence);
            }
            SessionEvent::PublishRefused { id: PublishId(sequence), detail, for_good: false } => {
                // The session has warned once; a whole window of them may follow.
                debug!(
                    sequence,
                    "the broker refused a receipt, which is published again at the next connect: {detail}"
                );
                self.publisher.refused(sequence);
            }
            SessionEvent::Connecting { .. } | SessionEvent::Subscribed { .. } | SessionEvent::StateChanged { .. } => {}
            SessionEvent::Disconnected { .. } => {
                self.publisher.offline();
                self.happened(DeviceInput::Disconnected);
                self.tell(|| Happened::Connection { connection: ConnectionState::Offline });
            }
        }
        self.changed();
    }

    /// Says so once in a thousand times: a flood of pushes may not become one of log lines.
    fn note_dropped(&mut self) {
        if self.dropped.is_multiple_of(1000) {
            warn!("messages at QoS 0 are dropped: {WAITING} wait already; publish pushes at QoS 1");
        }
        self.dropped = self.dropped.wrapping_add(1);
    }

    fn receipt_answered(&mut self, sequence: u64) {
        if let Some(through) = self.publisher.acknowledged(sequence) {
            self.outbox.write(JournalEntry::Published { through });
        }
    }
}
