//! Tells the daemon that the gateway runs in what was sent, for its page.
//!
//! Lives here: when it is told. Does not live here: showing it (`control`).

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast::error::RecvError;

use super::SendsTeller;
use super::state::GatewayState;

/// How many sends are told.
const LATEST: usize = 20;
/// What comes closer together is told once: a send to a thousand devices has a thousand receipts.
const TOGETHER: Duration = Duration::from_millis(50);

/// Tells the latest sends at each change, until the gateway ends.
pub(super) async fn tell_sends(state: Arc<GatewayState>, tell: SendsTeller) {
    let mut changes = state.follow_sends();
    loop {
        let changed = tokio::select! {
            () = state.ending.cancelled() => return,
            changed = changes.recv() => changed,
        };
        if matches!(changed, Err(RecvError::Closed)) {
            return;
        }
        tokio::time::sleep(TOGETHER).await;
        // What came meanwhile is in the list that is read now.
        changes = changes.resubscribe();
        let sends = state.gateway().latest_sends(LATEST);
        tell(sends);
    }
}
