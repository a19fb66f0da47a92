//! Waiting for a condition with a limit, in place of sleeping and hoping.
//!
//! Lives here: the two ways to wait. Does not live here: any condition.
#![allow(clippy::panic, reason = "its callers are tests, and a panic is how one fails")]

use std::fmt::Debug;
use std::future::Future;
use std::time::{Duration, Instant};

/// How long a test waits for what must come; generous, for it is only reached by a failure.
pub const LIMIT: Duration = Duration::from_secs(20);

/// Awaits `future` within [`LIMIT`].
///
/// # Panics
/// When time is up, naming `what`.
pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(LIMIT, future).await {
        Ok(value) => value,
        Err(_) => panic!("{what} did not come within {LIMIT:?}"),
    }
}

/// Asks `probe` until `holds` is content with the answer, and returns that.
///
/// # Panics
/// When time is up, naming `what` and the last answer.
pub async fn until<T: Debug>(what: &str, mut probe: impl FnMut() -> T, holds: impl Fn(&T) -> bool) -> T {
    let start = Instant::now();
    loop {
        let answer = probe();
        if holds(&answer) {
            return answer;
        }
        assert!(start.elapsed() < LIMIT, "{what} did not come within {LIMIT:?}; the last answer was {answer:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
