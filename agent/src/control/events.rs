//! `events`: everything that happens on the device, as it happens, as server-sent events.
//!
//! Lives here: the events' form and the stream. Does not live here: when each happens (the device's owner). Nothing is kept:
//! the past is in the receipts; a follower that is too slow is told so and must look at `status` again.

use std::convert::Infallible;

use axum::extract::State;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use portal_contract::{CardInteraction, ConnectionState, PushTarget, Receipt, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::api::{Api, OwnDevice};
use super::log::ERROR_EVENT;
use super::{ErrorBody, Fault, RunningDevice};

/// How many events may wait for a follower before it is given up: what thousands of held pushes come to at once.
pub const FOLLOWER_ROOM: usize = 16_384;

/// Something that happened on the device; told once it is durable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeviceEvent {
    /// Rises by one with each that is told; `quiet` names the newest, so that a follower knows when it has heard all.
    pub number: u64,
    /// When, in device time.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub what: Happened,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Happened {
    /// Whoever follows hears everything from here on.
    Following {},
    /// The device changed.
    Changed {
        /// What was done to it, as the journal writes it; an empty object where a push or time did it.
        event: Value,
    },
    /// A push arrived.
    Arrived {
        /// What it was addressed to.
        target: PushTarget,
        /// What was published, where it is UTF-8 and not over 64 KiB.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        payload: Option<String>,
        /// How many bytes it has.
        size: usize,
    },
    /// A push has its outcome.
    Settled {
        /// Its receipt.
        receipt: Box<Receipt>,
    },
    /// A push waits on the device.
    Held {
        /// Its id.
        notification_id: String,
    },
    /// The permission prompt shows.
    Prompt {},
    /// The permission prompt is gone, answered or not.
    PromptGone {},
    /// A card is raised.
    Card {
        /// Its title.
        title: String,
        /// Its body.
        body: String,
        /// Whether it makes a sound.
        sound: bool,
    },
    /// A card is gone.
    CardGone {
        /// The sequence of its receipt.
        sequence: u64,
        /// How it went.
        interaction: CardInteraction,
    },
    /// The device is on the broker, or off it.
    Connection {
        /// Which.
        connection: ConnectionState,
    },
}

pub(super) async fn events<D: RunningDevice>(State(api): State<Api<D>>, _: OwnDevice) -> Result<Response, Fault> {
    let events = api.device.events().await?;
    let following = Following { events, ending: api.ending.clone(), over: false };
    let stream = stream::unfold(following, |mut following| async move {
        let event = following.next().await?;
        Some((Ok::<_, Infallible>(event), following))
    });
    Ok(Sse::new(stream).into_response())
}

struct Following {
    events: mpsc::Receiver<DeviceEvent>,
    ending: CancellationToken,
    over: bool,
}

impl Following {
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
                self.over = true;
                let hint = "follow again, and look at status for what was missed";
                let error = Fault::new("eventsMissed", "events came faster than they were read", hint);
                Event::default().event(ERROR_EVENT).json_data(ErrorBody { error }).ok()
            }
        }
    }
}
