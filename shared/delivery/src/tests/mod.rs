//! The delivery with everything around it in the test's hands: time, the journal's disk, the broker, the desktop.
//!
//! Lives here: the models (`journal`, `broker`, `desktop`), the rig that joins them (`rig`), example tests by subject, and
//! random interleavings (`properties`). Every test that uses the rig is held to what must hold always, which the models
//! check with each action: see the head of each.

mod broker;
mod desktop;
mod drive;
mod idle;
mod ids;
mod journal;
mod order;
mod properties;
mod recovery;
mod rig;
mod steps;
