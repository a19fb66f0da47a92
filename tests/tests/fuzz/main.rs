//! Fuzz targets: what comes from outside as bytes, each with what must hold of every input.
//!
//! Lives here: one file a border, its corpus in `__fuzz__/` beside it. `cargo test` replays the corpus and adds a second
//! of random inputs; a long run is `tests/fuzz TARGET` (libFuzzer). Does not live here: what an accepted input means.

#![allow(clippy::unwrap_used, reason = "a target says by panicking that something does not hold")]

mod config;
mod control;
#[path = "../../../agent/tests/control/fake.rs"]
#[allow(dead_code, reason = "the control API's own tests use all of it")]
mod fake;
mod payload;
mod topic;
