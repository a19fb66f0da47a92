//! Faults: what laptops, networks, brokers, desktops and disks do to a daemon, each with its figures.
//!
//! Lives here: one file a subject; a short count by default, the full one with `tests/run --full`. Each test prints a row
//! of the table in agent/docs/reliability.md. Does not live here: what each edge does by itself (`broker`, `desktop`, the
//! rooms' own tests).

#![cfg(target_os = "linux")]

mod broker_restarts;
mod clocks;
mod desktops;
mod disks;
mod kills;
mod network;
mod sessions;
mod soak;
mod support;
