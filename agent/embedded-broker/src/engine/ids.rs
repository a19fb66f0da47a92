//! What sessions and connections are named by.
//!
//! Lives here: both names. Does not live here: who hands them out (the engine, the listener).

/// Names a connection; the listener gives each its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// Names a session within this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub(super) u64);
