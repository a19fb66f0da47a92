//! Whoever follows what happens on the device: told behind the commit, in order, without being waited for.
//!
//! Lives here: the followers, and the prompt's coming and going. Does not live here: the events' form (`control`).

use tokio::sync::mpsc;

use super::{AfterCommit, DeviceLoop};
use crate::control::{DeviceEvent, FOLLOWER_ROOM, Happened};

/// Who follows. With nobody, no event is made.
#[derive(Default)]
pub(super) struct Followers {
    channels: Vec<mpsc::Sender<DeviceEvent>>,
    prompt_was_told: bool,
    /// The number of the newest event that was told.
    told: u64,
}

impl Followers {
    /// Tells everyone; whoever has gone, or does not read, is given up.
    fn tell(&mut self, event: &DeviceEvent) {
        self.channels.retain(|channel| channel.try_send(event.clone()).is_ok());
    }

    /// The number of the newest event.
    pub(super) fn told(&self) -> u64 {
        self.told
    }

    /// Numbers an event and tells it.
    pub(super) fn tell_next(&mut self, mut event: DeviceEvent) {
        self.told = self.told.saturating_add(1);
        event.number = self.told;
        self.tell(&event);
    }
}

impl DeviceLoop {
    pub(super) fn follow(&mut self) -> mpsc::Receiver<DeviceEvent> {
        let (sender, receiver) = mpsc::channel(FOLLOWER_ROOM);
        if self.followers.channels.is_empty() {
            self.followers.prompt_was_told = self.prompt_is_showing();
        }
        let event = DeviceEvent { number: self.followers.told, at: self.now(), what: Happened::Following {} };
        // The channel is new and has room.
        let _ = sender.try_send(event);
        self.followers.channels.push(sender);
        receiver
    }

    /// Tells the followers, if there are any, once what was written so far is durable.
    pub(super) fn tell(&mut self, what: impl FnOnce() -> Happened) {
        if !self.followers.channels.is_empty() {
            let event = DeviceEvent { number: 0, at: self.now(), what: what() };
            self.outbox.after_commit(AfterCommit::Tell(Box::new(event)));
        }
    }

    /// Tells that the prompt came or went, whatever made it so.
    pub(super) fn tell_of_the_prompt(&mut self) {
        let shows = self.prompt_is_showing();
        if !self.followers.channels.is_empty() && self.followers.prompt_was_told != shows {
            self.followers.prompt_was_told = shows;
            self.tell(|| if shows { Happened::Prompt {} } else { Happened::PromptGone {} });
        }
    }

    fn prompt_is_showing(&self) -> bool {
        self.device.snapshot().permission.prompt.is_some()
    }
}
