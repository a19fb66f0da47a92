//! The Company Portal device agent emulator, as rooms: see `shared/contract.md` for the words.
//!
//! `device` is pure; `broker`, `desktop`, `journal` and `control` are edges; `daemon` wires them; `cli` talks to `control`.

pub mod broker;
pub mod cli;
pub mod control;
pub mod daemon;
pub mod demo;
pub mod desktop;
pub mod journal;
pub mod mqtt;
pub mod scenario;
pub mod secret;
pub mod sender;
pub mod settings;
pub mod state_dir;
