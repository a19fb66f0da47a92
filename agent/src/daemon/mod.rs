//! The daemon: one device, its edges, and the tasks between them.
//!
//! Lives here: starting, wiring, and ending in order. Does not live here: rules (`device`), settings files (`settings`).

mod clock;
mod device_loop;
mod doctor;
mod first_start;
mod from_settings;
mod handle;
mod interrupt;
mod outbox;
mod publisher;
mod requests;
mod start;
mod wiring;

pub use clock::{Clock, SystemClock, VirtualClock};
pub use device_loop::LoopError;
pub use first_start::{Asked, Contradiction};
pub use from_settings::{ConfigurationError, rules, sender_settings};
pub use handle::Handle;
pub use interrupt::interrupted;
pub use start::{Daemon, Embedded, NotifierKind, Options, StartError};
pub use wiring::{Around, Kept, Wired, Wiring, journal_options};
