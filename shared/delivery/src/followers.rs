//! What followers of the device are told: each thing that happened, behind its commit, in order.
//!
//! Lives here: the events' numbers, and the prompt's coming and going. Does not live here: who follows (the host).

use portal_contract::{DeviceEvent, DeviceEventKind, Timestamp};

use crate::{AfterCommit, Delivery};

/// Whether somebody follows. With nobody, no event is made.
#[derive(Debug, Default)]
pub(crate) struct Followers {
    is_followed: bool,
    prompt_was_told: bool,
    /// The number of the newest event that was told.
    told: u64,
}

impl Followers {
    pub(crate) fn begin(&mut self, at: Timestamp, has_prompt: bool) -> DeviceEvent {
        // Only the first follower sets it: for those who follow already, a change of the prompt must not be
        // forgotten.
        if !self.is_followed {
            self.prompt_was_told = has_prompt;
        }
        self.is_followed = true;
        DeviceEvent { number: self.told, at, what: DeviceEventKind::Following {} }
    }

    pub(crate) fn end(&mut self) {
        self.is_followed = false;
    }

    pub(crate) fn told(&self) -> u64 {
        self.told
    }

    /// Numbers an event that is told now.
    pub(crate) fn number(&mut self, event: DeviceEvent) -> DeviceEvent {
        self.told = self.told.saturating_add(1);
        DeviceEvent { number: self.told, ..event }
    }
}

impl Delivery {
    pub(crate) fn is_followed(&self) -> bool {
        self.followers.is_followed
    }

    /// Tells the followers, if there are any, once what was written so far is durable.
    pub(crate) fn tell(&mut self, what: impl FnOnce() -> DeviceEventKind) {
        if self.is_followed() {
            // It gets its number when it is told: what is never durable has none.
            let event = DeviceEvent { number: 0, at: self.now(), what: what() };
            self.commits.after_commit(AfterCommit::Tell(Box::new(event)));
        }
    }

    /// Tells that the prompt came or went, whatever made it so.
    pub(crate) fn tell_of_prompt(&mut self) {
        let has_prompt = self.has_prompt();
        if self.is_followed() && self.followers.prompt_was_told != has_prompt {
            self.followers.prompt_was_told = has_prompt;
            self.tell(|| if has_prompt { DeviceEventKind::Prompt {} } else { DeviceEventKind::PromptGone {} });
        }
    }

    pub(crate) fn has_prompt(&self) -> bool {
        self.device.snapshot().permission.prompt.is_some()
    }
}
