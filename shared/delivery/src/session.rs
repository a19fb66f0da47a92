//! What the session with the broker tells.
//!
//! Lives here: which of it waits its turn and which counts at once. Does not live here: what a message is (`messages`).

use portal_contract::{ConnectionState, DeviceEventKind};
use portal_device::DeviceInput;

use crate::action::{Action, LogLine};
use crate::entry::JournalEntry;
use crate::input::{PublishId, SessionInput};
use crate::messages::PendingMessage;
use crate::{Connection, Delivery, DeliveryError};

impl Delivery {
    pub(crate) fn session(&mut self, input: SessionInput) -> Result<(), DeliveryError> {
        self.idle.hear(&input);
        match input {
            SessionInput::Message(message) => self.message(message),
            SessionInput::Published(id) => self.published(id),
            SessionInput::ProbeReturned(_) => {}
            SessionInput::PublishRefused { id, detail, for_good } => self.publish_refused(id, &detail, for_good),
            // In line with the messages: a push that came before it was kept by the broker, even where it still waits
            // behind another one that is being shown.
            SessionInput::FenceReturned(connection) => self.pending.push_back(PendingMessage::Fence(connection)),
            SessionInput::Connected { connection, session_present, publish_window } => {
                self.connection = Connection { number: connection, publish_window, is_online: false };
                self.happened(DeviceInput::Connected { session_present })?;
                self.actions.push(Action::StatusChanged);
            }
            SessionInput::Online => {
                self.connection.is_online = true;
                self.state.online();
                self.receipts.online();
                self.tell_connection(ConnectionState::Online);
            }
            SessionInput::Disconnected => {
                self.connection.is_online = false;
                // What is pending stays, though nothing can acknowledge it any more: it is judged now, and the copy
                // that the broker sends at the next connect is known by its id.
                self.happened(DeviceInput::Disconnected)?;
                self.tell_connection(ConnectionState::Offline);
            }
        }
        Ok(())
    }

    fn tell_connection(&mut self, connection: ConnectionState) {
        self.tell(|| DeviceEventKind::Connection { connection });
        self.actions.push(Action::StatusChanged);
    }

    fn published(&mut self, id: PublishId) {
        match id {
            PublishId::State => self.state.answered(),
            PublishId::Receipt(sequence) => self.receipt_answered(sequence),
        }
    }

    fn publish_refused(&mut self, id: PublishId, detail: &str, for_good: bool) {
        self.actions.push(Action::StatusChanged);
        match id {
            PublishId::State => self.state.answered(),
            PublishId::Receipt(sequence) if for_good => {
                // Sending it again would be refused again, and hold up those behind it.
                self.warn(format!("receipt {sequence} can never be published: {detail}"));
                self.receipt_answered(sequence);
            }
            PublishId::Receipt(sequence) => {
                // The session has warned once; a whole window of them may follow.
                let line =
                    format!("the broker refused receipt {sequence}, published again at the next connect: {detail}");
                self.actions.push(Action::Log(LogLine::Detail(line)));
                self.receipts.refused(sequence);
            }
        }
    }

    fn receipt_answered(&mut self, sequence: u64) {
        if let Some(through) = self.receipts.acknowledged(sequence) {
            self.write(JournalEntry::Published { through });
        }
    }
}
