//! The clock edge: where the time of day comes from, and how it is waited for.
//!
//! Lives here: the computer's clock, and one that stands until it is moved. Device time is either, plus what the device's
//! own clock runs ahead. Does not live here: transport time (keep-alive, back-off), which is always real (decisions/0007).

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use portal_contract::Timestamp;
use tokio::sync::watch;

/// The computer's clock may be set, and a wait does not go on while the computer sleeps: nothing waits for longer without looking
/// at the time again. Nothing at all waits while no device waits on time.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// A wait for a moment; ends early where the clock cannot promise more, so look at the time again.
pub type Sleep<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Tells the time of day.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;

    /// Waits until `moment`, by this clock. Asked for only while something waits on time.
    fn sleep_until(&self, moment: Timestamp) -> Sleep<'_>;
}

/// Waits for `moment`; for ever, where there is none.
pub(super) async fn sleep_until(clock: &dyn Clock, moment: Option<Timestamp>) {
    match moment {
        Some(moment) => clock.sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

/// The computer's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        crate::wall_clock::now()
    }

    fn sleep_until(&self, moment: Timestamp) -> Sleep<'_> {
        let millis = moment.millis_since(self.now()).max(0);
        Box::pin(tokio::time::sleep(Duration::from_millis(millis.unsigned_abs()).min(LONGEST_SLEEP)))
    }
}

/// A clock that stands still until it is moved: hours pass at once, and how fast the machine is does not show.
/// Clones share the time.
#[derive(Debug, Clone)]
pub struct VirtualClock(watch::Sender<Timestamp>);

impl VirtualClock {
    /// A clock that stands at `now`.
    pub fn new(now: Timestamp) -> Self {
        Self(watch::Sender::new(now))
    }

    /// Moves it on and wakes whoever waits for a moment that has come. It never goes back.
    pub fn advance_to(&self, moment: Timestamp) {
        self.0.send_if_modified(|now| {
            let moved = moment > *now;
            *now = moment.max(*now);
            moved
        });
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        *self.0.borrow()
    }

    fn sleep_until(&self, moment: Timestamp) -> Sleep<'_> {
        let mut time = self.0.subscribe();
        Box::pin(async move {
            // `self` holds the sender, so the wait cannot end without the moment.
            let _ = time.wait_for(|now| *now >= moment).await;
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[tokio::test]
    async fn a_virtual_clock_wakes_who_waits_and_never_goes_back() {
        let start = Timestamp::from_millis(1000);
        let clock = VirtualClock::new(start);
        let shared = clock.clone();
        let mut waiting = shared.sleep_until(start.plus_millis(50));
        assert!((&mut waiting).now_or_never().is_none());
        clock.advance_to(start.plus_millis(49));
        assert!((&mut waiting).now_or_never().is_none());
        clock.advance_to(start.plus_millis(50));
        waiting.await;
        clock.advance_to(start);
        assert_eq!(shared.now(), start.plus_millis(50));
        clock.sleep_until(start).await;
    }
}
