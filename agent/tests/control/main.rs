//! The control API and the command line, end to end: the real server on loopback and the real binary, over a fake device
//! that is the pure device room with its receipts in memory.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod api_page;
mod commands;
mod fake;
mod follow;
mod openapi;
mod pages;
mod panel;
mod running;
mod security;
mod strangers;
mod wait;
