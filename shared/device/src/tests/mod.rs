//! Tests of `portal_device` through its public functions, on a [`rig::DeviceRig`] that owns time.
//!
//! Lives here: tables, properties, the promise of purity. Does not live here: anything that needs an edge.

mod checks;
mod commands;
mod enrollment;
mod explain;
mod going_back;
mod grace;
mod hints;
mod lesser;
mod new_life;
mod oracle;
mod permission;
mod platforms;
mod policy;
mod prerequisites;
mod priority;
mod promise;
mod properties;
mod provisional;
mod push_service;
mod random_commands;
mod receivers;
mod removal;
mod restart;
mod rig;
mod rig_commands;
mod second_model;
mod sent;
mod set_up;
mod showing;
mod snapshots;
mod steps;
mod surfaces;
mod tables;
mod timing;
mod waiting;
mod ways;
