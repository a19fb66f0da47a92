//! The journal's reader thread: answers what the host's task asks, off that task.
//!
//! A disk that does not answer holds this thread up and what waits for its word, and nothing else. One thread for all devices,
//! and not one of the runtime's blocking threads a question: each of those keeps an arena of the allocator for itself.
//!
//! Lives here: the questions and the thread. Does not live here: SQL (`device_journal`, `reader`).

use std::sync::mpsc as std_mpsc;
use std::thread;

use portal_contract::Receipt;
use portal_delivery::{DeviceKey, UsedId};
use tokio::sync::mpsc;

use super::device_journal::DeviceJournal;
use super::error::JournalError;
use super::reader::JournalReader;

/// An answer of the journal's.
#[derive(Debug)]
pub enum ReadAnswer {
    /// Whether each id is used, by what is durable.
    IdsLookedUp(Result<Vec<(UsedId, bool)>, JournalError>),
    /// A page of receipts.
    ReceiptsRead(Result<Vec<Receipt>, JournalError>),
}

enum Question {
    LookUpIds { device: DeviceKey, journal: DeviceJournal, ids: Vec<UsedId> },
    ReadReceipts { device: DeviceKey, reader: JournalReader, after: u64, limit: usize },
}

/// Asks the reader thread; the thread ends when this is dropped.
#[derive(Debug)]
pub struct JournalReads {
    questions: std_mpsc::Sender<Question>,
}

impl JournalReads {
    /// Starts the thread. Answers go to `answers`, which should have room for two a device.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(super) fn start(answers: mpsc::Sender<(DeviceKey, ReadAnswer)>) -> Result<Self, JournalError> {
        // Unbounded: a device has one question of each kind open at a time.
        let (questions, asked) = std_mpsc::channel();
        let read = move || {
            while let Ok(question) = asked.recv() {
                let answer = match question {
                    Question::LookUpIds { device, journal, ids } => (device, look_up(&journal, ids)),
                    Question::ReadReceipts { device, reader, after, limit } => {
                        (device, ReadAnswer::ReceiptsRead(reader.receipts_after(after, limit)))
                    }
                };
                // The host has ended, and with it whoever asks.
                if answers.blocking_send(answer).is_err() {
                    return;
                }
            }
        };
        let thread = thread::Builder::new().name("journal-reader".to_owned()).spawn(read);
        thread.map_err(|error| JournalError::Thread(crate::library_error::os_reason(&error)))?;
        Ok(Self { questions })
    }

    /// Asks whether ids are used on a device.
    pub fn look_up_ids(&self, device: DeviceKey, journal: &DeviceJournal, ids: Vec<UsedId>) {
        self.ask(Question::LookUpIds { device, journal: journal.clone(), ids });
    }

    /// Asks for receipts of a device, in order, after a sequence.
    pub fn read_receipts(&self, device: DeviceKey, reader: &JournalReader, after: u64, limit: usize) {
        self.ask(Question::ReadReceipts { device, reader: reader.clone(), after, limit });
    }

    fn ask(&self, question: Question) {
        if self.questions.send(question).is_err() {
            // It ends only by a panic, after which the device would wait for ever.
            tracing::error!("the journal's reader thread has ended; start the daemon again, and report the log");
        }
    }
}

fn look_up(journal: &DeviceJournal, ids: Vec<UsedId>) -> ReadAnswer {
    let used = journal.are_used(&ids);
    ReadAnswer::IdsLookedUp(used.map(|used| ids.into_iter().zip(used).collect()))
}
