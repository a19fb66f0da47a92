//! The memory that the broker's content may take.
//!
//! Lives here: counting bytes and giving them back. Does not live here: what is refused when there is no room.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A number of bytes that many things share.
#[derive(Debug, Clone)]
pub struct Budget(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    limit: usize,
    used: AtomicUsize,
}

impl Budget {
    /// Room for `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self(Arc::new(Inner { limit, used: AtomicUsize::new(0) }))
    }

    /// How many bytes are taken.
    pub fn used(&self) -> usize {
        self.0.used.load(Ordering::Relaxed)
    }

    /// Whether there is room for `bytes` more.
    pub fn has_room(&self, bytes: usize) -> bool {
        self.used().saturating_add(bytes) <= self.0.limit
    }

    /// Takes `bytes`, if there is room. They come back when the charge is dropped.
    pub fn charge(&self, bytes: usize) -> Option<Charge> {
        // Looked at and added in two steps, without a gap: whoever charges holds the broker's lock. Only giving back
        // is done outside of it.
        self.has_room(bytes).then(|| {
            self.0.used.fetch_add(bytes, Ordering::Relaxed);
            Charge { budget: self.clone(), bytes }
        })
    }
}

/// Bytes that are taken; dropped, they come back.
#[derive(Debug)]
pub struct Charge {
    budget: Budget,
    bytes: usize,
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.budget.0.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dropped_comes_back() {
        let budget = Budget::new(10);
        let first = budget.charge(6).unwrap();
        assert!(budget.charge(5).is_none());
        let second = budget.charge(4).unwrap();
        assert_eq!((budget.used(), budget.has_room(1)), (10, false));
        drop((first, second));
        assert_eq!(budget.used(), 0);
        assert!(budget.charge(usize::MAX).is_none());
    }
}
