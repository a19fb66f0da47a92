//! A desktop: it shows, refuses or hangs as the test says, and may lose everything.
//!
//! It checks with each card that one call is in flight at a time, and counts how often each push appeared.
//!
//! Lives here: cards and the prompt. Does not live here: what was durable when a card was shown (`rig`).

use std::collections::{BTreeMap, BTreeSet};

use portal_contract::{CardInteraction, PushProblem};
use portal_device::CardContent;

use super::broker::serial_of_title;
use crate::{CardNumber, DesktopInput, PromptNumber};

/// How the desktop takes a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Shows,
    Refuses,
    /// The call timed out: it may appear all the same.
    Hangs,
}

#[derive(Debug, Default)]
pub(super) struct ModelDesktop {
    /// Whether there is no notification server.
    pub(super) is_away: bool,
    /// The card whose answer is outstanding.
    pub(super) asked: Option<(CardNumber, CardContent)>,
    pub(super) open: BTreeSet<CardNumber>,
    pub(super) prompt: Option<PromptNumber>,
    /// How often each push appeared, or may have.
    pub(super) appeared: BTreeMap<u64, usize>,
    /// How often the desktop was asked to show a card.
    pub(super) times_asked: usize,
}

impl ModelDesktop {
    pub(super) fn show(&mut self, card: CardNumber, shown: CardContent) {
        assert!(self.asked.is_none(), "one call in flight at a time");
        self.times_asked += 1;
        *self.appeared.entry(serial_of_title(&shown.title)).or_default() += 1;
        self.asked = Some((card, shown));
    }

    pub(super) fn withdraw(&mut self, card: CardNumber) {
        self.open.remove(&card);
    }

    pub(super) fn answer(&mut self, answer: Answer) -> Option<DesktopInput> {
        let (card, shown) = self.asked.take()?;
        let detail = "as the test says".to_owned();
        let failed = |problem| DesktopInput::CardFailed { card, problem, detail };
        let mut did_not_appear = || *self.appeared.get_mut(&serial_of_title(&shown.title)).unwrap() -= 1;
        Some(match answer {
            _ if self.is_away => {
                did_not_appear();
                failed(PushProblem::NoNotificationServer)
            }
            Answer::Shows => {
                self.open.insert(card);
                DesktopInput::CardShown { card, verdict: None }
            }
            Answer::Refuses => {
                did_not_appear();
                failed(PushProblem::NotificationServerRefused)
            }
            Answer::Hangs => failed(PushProblem::NotificationServerDidNotAnswer),
        })
    }

    /// A person clicks or dismisses the newest card.
    pub(super) fn close_newest(&mut self, interaction: CardInteraction) -> Option<DesktopInput> {
        self.open.pop_last().map(|card| DesktopInput::CardGone { card, interaction })
    }

    /// The notification server goes, and with it all that it showed.
    pub(super) fn go_away(&mut self) -> Vec<DesktopInput> {
        self.is_away = true;
        self.open.clear();
        let prompt = self.prompt.take().map(|_| DesktopInput::PromptFailed("the server went away".to_owned()));
        [DesktopInput::CardsLost].into_iter().chain(prompt).collect()
    }

    pub(super) fn come_back(&mut self) -> DesktopInput {
        self.is_away = false;
        DesktopInput::ServerAppeared
    }

    /// A new process asks anew; what the old one had on the desktop is nobody's.
    pub(super) fn crash(&mut self) {
        self.asked = None;
        self.open.clear();
        self.prompt = None;
    }
}
