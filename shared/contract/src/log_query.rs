//! Which receipts `log` asks for.

use crate::{NotificationId, OutcomeKind, Timestamp};

/// Which receipts are listed: those that match all of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogQuery {
    /// Only this outcome.
    pub outcome: Option<OutcomeKind>,
    /// Only this notification.
    pub id: Option<NotificationId>,
    /// Only what was decided at this moment or later, in device time.
    pub since: Option<Timestamp>,
    /// The latest so many.
    pub limit: usize,
}
