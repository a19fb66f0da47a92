//! Tests of `portal_device` through its one door, on a [`bench::Bench`] that owns time.
//!
//! Lives here: tables, properties, the promise of purity. Does not live here: anything that needs an edge.

mod bench;
mod checks;
mod commands;
mod enrollment;
mod explain;
mod oracle;
mod permission;
mod platforms;
mod policy;
mod prerequisites;
mod priority;
mod promise;
mod properties;
mod push_service;
mod quiet;
mod raising;
mod removal;
mod restart;
mod second_model;
mod sent;
mod snapshots;
mod steps;
mod surfaces;
mod tables;
mod timing;
mod waiting;
