//! One connection: what its other end has shown of itself, and how long it may stand and stall for that.
//!
//! A connection that has not shown a token is a stranger's: it has one answer and a few seconds, and strangers have slots of
//! their own, so that however many there are, whoever has the token finds room (contract 6).
//!
//! Lives here: standings, time limits, slots. Does not live here: accepting (`mod`), the token's check (`control`, `gateway`).

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How long an answer may wait for a client that does not read.
const STALL: Duration = Duration::from_secs(20);
/// How long a stream may: its reader may be suspended for a while.
const FOLLOWERS_STALL: Duration = Duration::from_secs(600);

const STRANGER: u8 = 0;
const HOLDER: u8 = 1;
const FOLLOWER: u8 = 2;

/// Who may connect, and for how long.
#[derive(Debug, Clone)]
pub struct ConnectionLimits {
    /// How many strangers' connections stand at once.
    pub strangers: usize,
    /// How long a stranger's connection stands at least before it makes room for another: the time in which a client with the
    /// token has sent its request, on a busy computer too.
    pub strangers_least: Duration,
    /// How long it stands at most.
    pub strangers_most: Duration,
    /// How many connections that have shown a token stand at once.
    pub holders: usize,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            strangers: 64,
            strangers_least: Duration::from_millis(250),
            strangers_most: Duration::from_secs(10),
            holders: 256,
        }
    }
}

/// As many connections have shown a token as there are slots for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManyConnections {
    /// How many that is.
    pub most: usize,
}

/// The slots of those that have shown a token.
#[derive(Debug, Clone)]
pub(super) struct Slots {
    holders: Arc<Semaphore>,
    most: usize,
}

impl Slots {
    pub(super) fn new(limits: &ConnectionLimits) -> Self {
        Self { holders: Arc::new(Semaphore::new(limits.holders)), most: limits.holders }
    }
}

/// What is known of a connection; its task, its requests and the server share it.
#[derive(Debug)]
pub struct Connection {
    standing: AtomicU8,
    accepted: Instant,
    /// Cancelled where a stranger has to make room.
    leaving: CancellationToken,
    slots: Slots,
    /// Held by a holder, until the connection ends.
    slot: OnceLock<OwnedSemaphorePermit>,
}

impl Connection {
    pub(super) fn new(slots: Slots) -> Self {
        Self {
            standing: AtomicU8::new(STRANGER),
            accepted: Instant::now(),
            leaving: CancellationToken::new(),
            slots,
            slot: OnceLock::new(),
        }
    }

    /// It has shown a token.
    ///
    /// # Errors
    /// As many connections have as there are slots for.
    pub fn show_token(&self) -> Result<(), TooManyConnections> {
        if self.slot.get().is_some() {
            return Ok(());
        }
        let slot = Arc::clone(&self.slots.holders).try_acquire_owned();
        let slot = slot.map_err(|_| TooManyConnections { most: self.slots.most })?;
        // A connection has one request at a time, so nobody else sets it meanwhile.
        let _ = self.slot.set(slot);
        // Only upwards: a follower is not made less of by the request that its connection was before.
        self.standing.fetch_max(HOLDER, Ordering::Relaxed);
        Ok(())
    }

    /// Its answer is a stream.
    pub fn follows(&self) {
        self.standing.fetch_max(FOLLOWER, Ordering::Relaxed);
    }

    /// Whether it has not shown a token.
    pub fn is_stranger(&self) -> bool {
        self.standing.load(Ordering::Relaxed) == STRANGER
    }

    /// Returns once a stranger has been there for long enough, or has to make room; never for others.
    pub(super) async fn is_over(&self, limits: &ConnectionLimits) {
        tokio::select! {
            () = self.leaving.cancelled() => {}
            () = tokio::time::sleep_until(self.accepted + limits.strangers_most) => {}
        }
        if !self.is_stranger() {
            std::future::pending::<()>().await;
        }
    }

    pub(super) fn stall(&self) -> Duration {
        if self.standing.load(Ordering::Relaxed) == FOLLOWER { FOLLOWERS_STALL } else { STALL }
    }
}

/// The connections of strangers, oldest first.
#[derive(Debug)]
pub(super) struct Strangers {
    limits: ConnectionLimits,
    standing: VecDeque<Arc<Connection>>,
}

impl Strangers {
    pub(super) fn new(limits: ConnectionLimits) -> Self {
        Self { limits, standing: VecDeque::new() }
    }

    /// The moment from which on there is room for another; none: now.
    pub(super) fn room_from(&mut self) -> Option<Instant> {
        // One that is held here alone has ended.
        self.standing.retain(|connection| connection.is_stranger() && Arc::strong_count(connection) > 1);
        // No younger one is made to leave: a client with the token that connects now must have the time to send its
        // request, or a flood of strangers could lock it out (contract 6).
        let oldest = self.standing.front().filter(|_| self.standing.len() >= self.limits.strangers)?;
        Some(oldest.accepted + self.limits.strangers_least).filter(|moment| *moment > Instant::now())
    }

    /// Takes one in; where there are too many, the oldest leaves.
    pub(super) fn add(&mut self, connection: Arc<Connection>) {
        if self.standing.len() >= self.limits.strangers
            && let Some(oldest) = self.standing.pop_front()
        {
            oldest.leaving.cancel();
        }
        self.standing.push_back(connection);
    }
}
