//! The device's own numbers for what is on its way and on the desktop.
//!
//! Lives here: one type a number, so that none is taken for another. Does not live here: who counts (`push`, `permission`).

use serde::{Deserialize, Serialize};

/// The device's own number for a held push: rises in the order of arrival, from 1 on, never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HeldKey(pub u64);

impl HeldKey {
    /// The first that a device gives.
    pub const FIRST: Self = Self(1);

    /// The one after it.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// The device's own number for a card on the desktop: from 1 on, never used twice in a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CardNumber(pub u64);

impl CardNumber {
    /// The first that a process gives.
    pub const FIRST: Self = Self(1);

    /// The one after it.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// The device's own number for a permission prompt: never used twice, a reset notwithstanding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PromptNumber(pub u32);
