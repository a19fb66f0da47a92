//! Requests that wait or follow, of which there may be only so many at once.
//!
//! Lives here: their places. Does not live here: connections and their slots (`http_server`).

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::ApiError;

/// How many requests that wait or follow are under way at once; the other holders' slots are for commands.
const MAX_LONG_REQUESTS: usize = 128;
/// How many of those may be followers of events, each of which may have events queued.
const MAX_EVENT_FOLLOWERS: usize = 64;

/// The places that all requests share.
#[derive(Debug, Clone)]
pub(super) struct LongRequestPlaces {
    long_requests: Arc<Semaphore>,
    event_followers: Arc<Semaphore>,
}

/// A place among the requests that wait or follow; given back when it is dropped.
#[derive(Debug)]
pub(super) struct LongRequest {
    _places: [Option<OwnedSemaphorePermit>; 2],
}

impl Default for LongRequestPlaces {
    fn default() -> Self {
        let places = |count| Arc::new(Semaphore::new(count));
        Self { long_requests: places(MAX_LONG_REQUESTS), event_followers: places(MAX_EVENT_FOLLOWERS) }
    }
}

impl LongRequestPlaces {
    /// A place for a request that waits, or follows receipts.
    pub(super) fn begin_long(&self) -> Result<LongRequest, ApiError> {
        let place = Arc::clone(&self.long_requests).try_acquire_owned().map_err(|_| too_many(MAX_LONG_REQUESTS))?;
        Ok(LongRequest { _places: [Some(place), None] })
    }

    /// A place for a follower of events.
    pub(super) fn begin_following(&self) -> Result<LongRequest, ApiError> {
        // A follower of events takes a place of both kinds: it is one of those that keep a connection for long, and
        // one of the few that may have megabytes queued.
        let LongRequest { _places: [place, _] } = self.begin_long()?;
        let events =
            Arc::clone(&self.event_followers).try_acquire_owned().map_err(|_| too_many(MAX_EVENT_FOLLOWERS))?;
        Ok(LongRequest { _places: [place, Some(events)] })
    }
}

fn too_many(most: usize) -> ApiError {
    let message = format!("{most} clients wait or follow already, which is as many as this daemon serves at once");
    ApiError::new("tooManyFollowers", message, "end some of them (log --follow, wait, scenario record)")
}
