//! The native notifier against a recording notification server on a private bus.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test's own functions fail it so")]

mod absent_server;
mod showing;
mod support;
mod suppression;
