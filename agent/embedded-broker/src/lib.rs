//! A small MQTT broker for one machine: MQTT 5 and 3.1.1, everything in memory, everything bounded.
//!
//! It stands in for a broker of one's own in demonstrations, tests and small fleets. What comes over the network is
//! decided in [`engine`], which does no input or output and is told the time; [`listener`] carries bytes to it and
//! from it. Sessions, queued messages and retained messages end with the process. There are no shared subscriptions,
//! no access rules by topic, no bridges and no `$SYS` topics, and what it does not have it announces as MQTT asks.
//!
//! Lives here: the whole of the broker. Does not live here: where its password is kept, and what the agent says of it.

pub mod access;
pub mod budget;
pub mod codec;
pub mod engine;
pub mod limits;
pub mod listener;
pub mod topic;

pub use access::Access;
pub use limits::Limits;
pub use listener::{Listener, ListenerOptions, StartError};
