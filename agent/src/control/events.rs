//! `events`: everything that happens on the device, as it happens, as server-sent events.
//!
//! Lives here: the events' form and the stream. Does not live here: when each happens (the device's owner). Nothing is kept:
//! the past is in the receipts; a follower that is too slow is told so and must look at `status` again.

use std::convert::Infallible;

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tokio_util::sync::CancellationToken;

use super::api::{ApiState, OwnDevice};
use super::event_queue::EventReceiver;
use super::log::ERROR_EVENT;
use super::long_requests::LongRequest;
use super::{ApiError, ErrorBody, RunningDevice, RunningHost};
use crate::http_server::Connection;

pub(super) async fn events<H: RunningHost>(
    State(api): State<ApiState<H>>,
    OwnDevice(device): OwnDevice<H>,
    Extension(connection): Extension<Arc<Connection>>,
) -> Result<Response, ApiError> {
    let place = api.places.begin_following()?;
    connection.follows();
    let events = device.events().await?;
    let following = EventStream { events, ending: api.ending.clone(), over: false, _place: place };
    let stream = stream::unfold(following, |mut following| async move {
        let event = following.next().await?;
        Some((Ok::<_, Infallible>(event), following))
    });
    Ok(Sse::new(stream).into_response())
}

struct EventStream {
    events: EventReceiver,
    ending: CancellationToken,
    over: bool,
    _place: LongRequest,
}

impl EventStream {
    async fn next(&mut self) -> Option<Event> {
        if self.over {
            return None;
        }
        let next = tokio::select! {
            () = self.ending.cancelled() => return None,
            next = self.events.recv() => next,
        };
        match next {
            Some(event) => Event::default().event("device").json_data(&event).ok(),
            None => {
                // Said once and then ended: what was missed cannot be told, and a stream that went on would look
                // whole.
                self.over = true;
                let hint = "follow again, and look at status for what was missed";
                let error = ApiError::new("eventsMissed", "events came faster than they were read", hint);
                Event::default().event(ERROR_EVENT).json_data(ErrorBody { error }).ok()
            }
        }
    }
}
