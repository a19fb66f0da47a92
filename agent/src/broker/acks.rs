//! Acknowledgements in the order of arrival, whatever the order of the daemon's answers.
//!
//! Pure: positions in, packet ids out. Does not live here: sending them (`link`).

use std::collections::VecDeque;

/// The messages of one connection that are not acknowledged on the wire yet, oldest first.
#[derive(Debug, Default)]
pub(super) struct AckQueue {
    /// Position of the oldest.
    first: u64,
    waiting: VecDeque<UnackedMessage>,
}

#[derive(Debug)]
struct UnackedMessage {
    pkid: u16,
    settled: bool,
}

impl AckQueue {
    /// Takes a message in; its position is its token.
    pub(super) fn arrived(&mut self, pkid: u16) -> u64 {
        self.waiting.push_back(UnackedMessage { pkid, settled: false });
        self.first + self.waiting.len() as u64 - 1
    }

    /// Marks the message at `position`; a second mark, or an unknown position, changes nothing.
    pub(super) fn settle(&mut self, position: u64) {
        let index = position.checked_sub(self.first).and_then(|index| usize::try_from(index).ok());
        if let Some(waiting) = index.and_then(|index| self.waiting.get_mut(index)) {
            waiting.settled = true;
        }
    }

    /// The next packet id that may go out.
    pub(super) fn release(&mut self) -> Option<u16> {
        self.waiting.front().filter(|waiting| waiting.settled)?;
        self.first += 1;
        self.waiting.pop_front().map(|waiting| waiting.pkid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn released(queue: &mut AckQueue) -> Vec<u16> {
        std::iter::from_fn(|| queue.release()).collect()
    }

    #[test]
    fn an_early_answer_waits_for_those_before_it() {
        let mut queue = AckQueue::default();
        let positions: Vec<u64> = (1..=3).map(|pkid| queue.arrived(pkid)).collect();
        queue.settle(positions[2]);
        queue.settle(positions[1]);
        assert!(released(&mut queue).is_empty());
        queue.settle(positions[0]);
        assert_eq!(released(&mut queue), [1, 2, 3]);
        queue.settle(positions[0]);
        queue.settle(99);
        assert!(released(&mut queue).is_empty());
    }

    proptest! {
        #[test]
        fn whatever_the_order_of_answers_the_wire_sees_the_order_of_arrival(
            answers in Just((0_u64..40).collect::<Vec<_>>()).prop_shuffle()
        ) {
            let mut queue = AckQueue::default();
            for pkid in 0..40 {
                queue.arrived(pkid);
            }
            let mut wire = Vec::new();
            for (answered, position) in answers.iter().enumerate() {
                queue.settle(*position);
                wire.extend(released(&mut queue));
                prop_assert!(wire.len() <= answered + 1);
            }
            prop_assert_eq!(wire, (0..40).collect::<Vec<u16>>());
        }
    }
}
