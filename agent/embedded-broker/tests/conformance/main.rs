//! What MQTT asks of a broker, asked of this one: the cases of Eclipse Paho's public suite (`client_test5.py`), and those
//! beside them. The tests' packets are written and read by rumqttc's codec, not by the broker's own.
//!
//! Lives here: the broker as its clients see it, over TCP, or without sockets where the test moves the clock. Does not
//! live here: the agent's use of it (`tests/tests/broker`), and other brokers (`tests/tests/interop`).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may fail loudly")]

mod access;
mod bounds;
mod client;
mod flow;
mod limits;
mod malformed;
mod messages;
mod older;
mod retained;
mod sessions;
mod subscriptions;
mod wills;
mod world;
