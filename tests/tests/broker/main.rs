//! The broker's edge against real brokers: mosquitto and the embedded one, MQTT 5 and 3.1.1.
//!
//! Lives here: what a session promises its daemon, seen from outside. Does not live here: what a push means.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may fail loudly")]

mod embedded;
mod faults;
mod kept;
mod limits;
mod live;
mod sending;
mod support;
mod tls;
mod unanswered;
mod word_of_the_broker;
