//! The bounded queue between those who append and the writer thread.
//!
//! Lives here: tickets, the bound, lazy entries. Does not live here: SQLite, what is used (`portal_delivery` knows the ids on
//! their way).

use std::collections::HashMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::clock_jump::ClockJump;
use portal_delivery::JournalEntry;

use super::entry::CommitTicket;
use super::error::AppendRefused;

/// How much may wait for the disk, in bytes of text and a fixed sum an entry. Pushes of a whole receive window
/// (contract 2: 1000 of 4 KiB) take a third of it.
const CAPACITY: usize = 16 * 1024 * 1024;
const ENTRY_COST: usize = 256;
/// How long lazy entries wait for others to ride with.
const LAZY_DELAY: Duration = Duration::from_secs(1);

/// An entry on its way to the database.
#[derive(Debug)]
pub(super) struct QueuedEntry {
    pub device: i64,
    pub entry: JournalEntry,
}

/// What the writer commits at once.
#[derive(Debug)]
pub(super) struct WriteBatch {
    pub queued: Vec<QueuedEntry>,
    pub through: CommitTicket,
    cost: usize,
}

/// What came of waiting for something to commit.
#[derive(Debug)]
pub(super) enum NextBatch {
    /// This is to be committed.
    Batch(WriteBatch),
    /// Nothing came in time.
    Nothing,
    /// The inbox is closed and empty.
    Closed,
}

#[derive(Debug, Default)]
struct DeferredMarks {
    published: Option<u64>,
    redelivered: Option<u64>,
}

#[derive(Debug, Default)]
struct QueueContents {
    waiting: Vec<QueuedEntry>,
    /// Of what waits and what is being committed.
    cost: usize,
    last: CommitTicket,
    lazy: HashMap<i64, DeferredMarks>,
    lazy_since: Option<Instant>,
    jumps: HashMap<i64, ClockJump>,
    closed: bool,
}

/// The queue. Its lock is held for moments only, never over a disk access.
#[derive(Debug, Default)]
pub(super) struct EntryQueue {
    contents: Mutex<QueueContents>,
    changed: Condvar,
}

impl EntryQueue {
    fn lock(&self) -> MutexGuard<'_, QueueContents> {
        // Nothing that is done under the lock can leave it half done.
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes entries in, or gives them back.
    pub(super) fn append(&self, device: i64, entries: Vec<JournalEntry>) -> Result<CommitTicket, AppendRefused> {
        let cost = entries.iter().map(cost).sum::<usize>();
        let mut contents = self.lock();
        if contents.closed {
            return Err(AppendRefused::Closed(entries));
        }
        // What is larger than the whole queue may still pass when nothing else waits.
        if contents.cost > 0 && cost > 0 && contents.cost + cost > CAPACITY {
            return Err(AppendRefused::Full(entries));
        }
        let wake = contents.take_in(device, entries, cost);
        let ticket = contents.last;
        // Before the writer is woken: it takes this lock first thing.
        drop(contents);
        if wake {
            self.changed.notify_one();
        }
        Ok(ticket)
    }

    /// The device's latest clock jump.
    pub(super) fn clock_jump(&self, device: i64) -> Option<ClockJump> {
        self.lock().jumps.get(&device).copied()
    }

    /// Takes note of which clock jumps hold.
    pub(super) fn set_jumps(&self, jumps: impl IntoIterator<Item = (i64, Option<ClockJump>)>) {
        let mut contents = self.lock();
        for (device, jump) in jumps {
            match jump {
                Some(jump) => contents.jumps.insert(device, jump),
                None => contents.jumps.remove(&device),
            };
        }
    }

    /// Waits until there is something to commit, for as long as `timeout`. Blocks.
    pub(super) fn next(&self, timeout: Duration) -> NextBatch {
        let end = Instant::now() + timeout;
        let mut contents = self.lock();
        loop {
            if !contents.waiting.is_empty() || (contents.closed && !contents.lazy.is_empty()) {
                return NextBatch::Batch(contents.take_out());
            }
            if contents.closed {
                return NextBatch::Closed;
            }
            let lazy_left = contents.lazy_since.map(|since| LAZY_DELAY.saturating_sub(since.elapsed()));
            if lazy_left == Some(Duration::ZERO) {
                return NextBatch::Batch(contents.take_out());
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return NextBatch::Nothing;
            }
            let left = lazy_left.map_or(left, |lazy| lazy.min(left));
            contents = self.changed.wait_timeout(contents, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Frees the room of a batch that is durable.
    pub(super) fn committed(&self, batch: &WriteBatch) {
        // Not when they are taken out: while they are being committed, and tried again, they still take up memory.
        self.lock().cost -= batch.cost;
    }

    /// Waits this long before a commit is tried again, or until the inbox is closed; says whether it is. Blocks.
    pub(super) fn pause(&self, pause: Duration) -> bool {
        let end = Instant::now() + pause;
        let mut contents = self.lock();
        while !contents.closed {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            contents = self.changed.wait_timeout(contents, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        contents.closed
    }

    /// How many entries wait behind those that are being committed.
    pub(super) fn waiting(&self) -> usize {
        self.lock().waiting.len()
    }

    /// Takes nothing in any more; what waits is still to be committed.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }
}

impl QueueContents {
    /// Whether the writer has a reason to wake.
    fn take_in(&mut self, device: i64, entries: Vec<JournalEntry>, cost: usize) -> bool {
        let idle = self.waiting.is_empty();
        let lazy_before = self.lazy_since.is_some();
        if entries.iter().any(|entry| !entry.is_lazy()) {
            // A ticket for entries that need a commit alone. With one for lazy entries, whoever waits for the newest
            // ticket would wait for the second that those may take.
            self.last.0 += 1;
            self.cost += cost;
        }
        for entry in entries {
            match entry {
                JournalEntry::Published { through } => {
                    let lazy = self.lazy.entry(device).or_default();
                    // Only the newest mark of each kind is kept, so a flood of PUBACKs takes no room in the queue.
                    lazy.published = lazy.published.max(Some(through));
                }
                JournalEntry::Redelivered { count } => self.lazy.entry(device).or_default().redelivered = Some(count),
                entry => self.waiting.push(QueuedEntry { device, entry }),
            }
        }
        if !self.lazy.is_empty() && !lazy_before {
            self.lazy_since = Some(Instant::now());
        }
        idle && (!self.waiting.is_empty() || (!lazy_before && self.lazy_since.is_some()))
    }

    fn take_out(&mut self) -> WriteBatch {
        let mut queued = std::mem::take(&mut self.waiting);
        let cost = queued.iter().map(|queued| self::cost(&queued.entry)).sum();
        for (device, lazy) in self.lazy.drain() {
            let published = lazy.published.map(|through| JournalEntry::Published { through });
            let redelivered = lazy.redelivered.map(|count| JournalEntry::Redelivered { count });
            queued.extend(published.into_iter().chain(redelivered).map(|entry| QueuedEntry { device, entry }));
        }
        self.lazy_since = None;
        WriteBatch { queued, through: self.last, cost }
    }
}

/// What an entry takes up while it waits; lazy ones take nothing, since only the latest of a kind is kept.
fn cost(entry: &JournalEntry) -> usize {
    let text = match entry {
        JournalEntry::Changed { event, snapshot, .. } => event.len() + snapshot.len(),
        JournalEntry::Held { push, .. } | JournalEntry::HeldChanged { push, .. } => push.len(),
        JournalEntry::Settled { push, .. } => push.as_ref().map_or(0, String::len),
        JournalEntry::ActionSeen { id, note, .. } => id.len() + note.as_ref().map_or(0, String::len),
        JournalEntry::Interaction { .. } | JournalEntry::EnrollmentBegan { .. } | JournalEntry::IdsForgotten => 0,
        JournalEntry::Published { .. } | JournalEntry::Redelivered { .. } => return 0,
    };
    ENTRY_COST + text
}
