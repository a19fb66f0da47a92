//! The clock edge: the computer's time of day.
//!
//! Lives here: where the time comes from. Device time is this plus what the device's own clock runs ahead.

use portal_shared::Timestamp;

/// Tells the computer's time of day.
pub trait Clock: Send + Sync {
    /// Now, by the computer's clock.
    fn now(&self) -> Timestamp;
}

/// The computer's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        jiff::Timestamp::now().into()
    }
}
