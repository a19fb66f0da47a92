//! A Company Portal device agent emulator: custom notifications over MQTT become native notifications on this computer, or a
//! reason why not.
//!
//! # The way in
//!
//! A push comes from a broker, is judged by the rules of an emulated phone, shown on the desktop, written to the journal,
//! acknowledged to the broker, and answered with a receipt, in that order:
//!
//! ```text
//! MQTT broker ──► broker ──► host ───────┬─► desktop      show it
//!    ▲  ▲                    │  ▲        └─► journal      commit it
//!    │  └── acknowledgement ─┤  │ actions
//!    └───── receipt ◄────────┘  │
//!                               │
//!          portal_delivery: handle(input, now) -> actions
//!          portal_device:   apply(event, now)  -> effects
//! ```
//!
//! Read in this order:
//! 1. [`portal_contract`]: the words. Ids, topics, payloads, receipts.
//! 2. [`portal_device`]: the rules, pure. `Device::apply` takes an event and the time, and returns effects.
//! 3. [`portal_delivery`]: the order of showing, committing, acknowledging and publishing, pure as well.
//! 4. [`host`]: one task that drives any number of devices and carries their actions out. [`daemon`] starts and ends everything.
//! 5. [`broker`], [`desktop`], [`journal`], [`control`]: the edges, each behind a small trait with a recording twin for tests.
//! 6. [`cli`]: the table's commands and a file for each other one; each makes one request to the control API of a running daemon.
//!
//! [`gateway`] is the sender's side: Microsoft Graph's calls over HTTP become messages at the broker ([`portal_graph`] judges them).
//! [`at_rest`] reads the journal where no daemon runs; [`scenario`] runs testing files on a host of its own, in virtual time; [`sender`] is what `push`, `demo` and scenarios
//! send with; [`settings`] reads defaults, file, variables and command line; [`mqtt`], [`secret`] and [`state_dir`] are what
//! several of them need.
//!
//! Documents, beside the code in `agent/docs`: `contract.md` (what other programs rely on; the code cites its sections as
//! `contract 2`), `sources.md` (what Microsoft, Apple and Google document, cited as `facts 4.1`), `decisions/` (choices with
//! what was rejected and measured), `architecture.md` (what each module may import). `.github/CONTRIBUTING.md` has recipes.

pub mod at_rest;
pub mod broker;
pub mod cli;
pub mod control;
pub mod daemon;
pub mod demo;
pub mod desktop;
pub mod escape;
pub mod gateway;
pub mod host;
mod html_page;
mod http_server;
mod input_file;
mod invocation;
pub mod journal;
mod key_terminal;
mod library_error;
mod likeness;
pub mod mqtt;
mod outcomes_page;
mod output_file;
pub mod recording;
pub mod scenario;
pub mod secret;
pub mod sender;
pub mod service;
pub mod settings;
pub mod state_dir;
mod wall_clock;
pub mod what_if;
