//! The broker's log lines: escaped, and few.
//!
//! Lives here: the words, and at most a line of each kind in ten seconds, since a client must not be able to fill a disk.
//! Does not live here: what is worth a line (`engine`).

use std::collections::BTreeMap;
use std::io;
use std::time::{Duration, Instant};

use crate::engine::{Notice, NoticeKind};

/// At most one line of a kind in so long.
const PAUSE: Duration = Duration::from_secs(10);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Line {
    Notice(NoticeKind),
    CannotAccept,
    Evicted,
}

/// Which lines were written when.
#[derive(Debug, Default)]
pub struct Log {
    written: BTreeMap<Line, (Instant, u64)>,
}

impl Log {
    /// Writes what the broker has to tell.
    pub fn notice(&mut self, notice: &Notice, now: Instant) {
        let Some(unwritten) = self.due(Line::Notice(notice.kind), now) else { return };
        // Debug escapes what a terminal would obey: any client chooses its id, before any password.
        let (client, why) = (&notice.client, notice.detail);
        match notice.kind {
            NoticeKind::Refused => tracing::warn!(?client, unwritten, "the embedded broker refused a client: {why}"),
            NoticeKind::Ended => tracing::warn!(?client, unwritten, "the embedded broker ended a connection: {why}"),
            NoticeKind::PublishRefused => {
                tracing::warn!(?client, unwritten, "the embedded broker refused a message: {why}")
            }
            NoticeKind::SubscriptionRefused => {
                tracing::warn!(?client, unwritten, "the embedded broker refused a subscription: {why}");
            }
            NoticeKind::Dropped => {
                tracing::warn!(?client, unwritten, "the embedded broker dropped a message for a client: {why}")
            }
            NoticeKind::SessionEnded => {
                tracing::warn!(?client, unwritten, "the embedded broker ended a session with messages waiting: {why}");
            }
        }
    }

    /// The operating system gave no connection.
    pub fn cannot_accept(&mut self, error: &io::Error, now: Instant) {
        let Some(unwritten) = self.due(Line::CannotAccept, now) else { return };
        let code = error.raw_os_error();
        tracing::warn!(code, unwritten, "the embedded broker cannot accept a connection; it tries again in a second");
    }

    /// A connection without CONNECT was closed for a newer one.
    pub fn evicted(&mut self, now: Instant) {
        let Some(unwritten) = self.due(Line::Evicted, now) else { return };
        tracing::warn!(unwritten, "too many connections to the embedded broker send no CONNECT; the oldest is closed");
    }

    /// Whether a line of this kind is due; then how many were left out since the last one.
    fn due(&mut self, line: Line, now: Instant) -> Option<u64> {
        match self.written.get_mut(&line) {
            Some((last, left_out)) if now.saturating_duration_since(*last) < PAUSE => {
                *left_out += 1;
                None
            }
            _ => Some(self.written.insert(line, (now, 0)).map_or(0, |(_, left_out)| left_out)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_lines_are_counted_instead() {
        let (mut log, now) = (Log::default(), Instant::now());
        assert_eq!(log.due(Line::Evicted, now), Some(0));
        for _ in 0..1_000 {
            assert_eq!(log.due(Line::Evicted, now + Duration::from_secs(9)), None);
        }
        assert_eq!(log.due(Line::CannotAccept, now), Some(0), "each kind by itself");
        assert_eq!(log.due(Line::Evicted, now + PAUSE), Some(1_000));
        assert_eq!(log.due(Line::Evicted, now + PAUSE * 2), Some(0));
    }
}
