//! The gateway as a caller and a broker see it.

mod calls;
mod rig;
