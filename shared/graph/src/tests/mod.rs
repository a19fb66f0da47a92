//! The gateway as a caller and a broker see it.

mod calls;
mod rig;

pub(crate) use rig::state as device_state;
