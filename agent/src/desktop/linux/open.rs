//! What is open on the desktop, by the server's ids, and what a signal about one of them means. Pure.
//!
//! Lives here: the table, the early signals, the verdict on a signal. Does not live here: the bus, handles' tasks.

use std::collections::{HashMap, VecDeque};

use super::super::{CardId, DesktopEvent, PromptChoice, PromptId};

/// The one action of a card (contract 5); servers invoke it when the card itself is clicked.
pub(super) const CLICK: &str = "default";

/// How many signals that belong to no open card are kept while a card is under way.
const EARLY: usize = 1024;

/// What was shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum OpenItem {
    Card(CardId),
    /// The nonce makes the keys of a prompt's actions impossible to guess (decisions/0008).
    Prompt(PromptId, PromptNonce),
}

/// What the server said about one notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ServerSignal {
    Action(String),
    /// With its reason, as the specification numbers them.
    Closed(u32),
}

/// The reason of a notification that ran out.
pub(super) const EXPIRED: u32 = 1;
/// The reason of a notification that the user dismissed.
pub(super) const DISMISSED: u32 = 2;

/// A random number of one prompt.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct PromptNonce(u64);

impl std::fmt::Debug for PromptNonce {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Nonce(…)")
    }
}

impl PromptNonce {
    pub(super) fn new(random: u64) -> Self {
        Self(random)
    }

    /// The key of the action that makes this choice.
    pub(super) fn key(&self, choice: PromptChoice) -> String {
        let word = match choice {
            PromptChoice::Allow => "allow",
            PromptChoice::AllowInSummary => "summary",
            PromptChoice::Deny => "deny",
        };
        format!("{word}-{:016x}", self.0)
    }

    /// The choice whose key this is.
    fn choice(&self, key: &str) -> Option<PromptChoice> {
        [PromptChoice::Allow, PromptChoice::AllowInSummary, PromptChoice::Deny]
            .into_iter()
            .find(|choice| self.key(*choice) == key)
    }
}

impl OpenItem {
    /// What a signal means; nothing, where it is no answer to this.
    pub(super) fn meaning(&self, signal: &ServerSignal) -> Option<DesktopEvent> {
        match (self, signal) {
            (&Self::Card(card), &ServerSignal::Closed(DISMISSED)) => Some(DesktopEvent::Dismissed { card }),
            // It ran out, or a program closed it: nobody has acted on it.
            (&Self::Card(card), ServerSignal::Closed(_)) => Some(DesktopEvent::CardGone { card }),
            (&Self::Card(card), ServerSignal::Action(key)) => (key == CLICK).then_some(DesktopEvent::Clicked { card }),
            (&Self::Prompt(prompt, _), &ServerSignal::Closed(DISMISSED)) => Some(DesktopEvent::PromptClosed { prompt }),
            (&Self::Prompt(prompt, _), ServerSignal::Closed(_)) => {
                let detail = "the desktop took the prompt's card away, which is no answer; \
                              answer it with `portal-agent permission allow|deny`";
                Some(DesktopEvent::PromptFailed { prompt, detail: detail.to_owned() })
            }
            (&Self::Prompt(prompt, ref nonce), ServerSignal::Action(key)) => {
                nonce.choice(key).map(|choice| DesktopEvent::PromptAnswered { prompt, choice })
            }
        }
    }
}

/// The open notifications, each with what keeps it open, and signals that came before their notification's id did.
pub(super) struct OpenNotifications<H> {
    shown: HashMap<u32, (OpenItem, H)>,
    early: VecDeque<(u32, ServerSignal)>,
    expecting: bool,
}

impl<H> OpenNotifications<H> {
    pub(super) fn new() -> Self {
        Self { shown: HashMap::new(), early: VecDeque::new(), expecting: false }
    }

    /// A card is under way: from here on, signals about unknown ids may be about it.
    pub(super) fn begin_expecting(&mut self) {
        self.early.clear();
        self.expecting = true;
    }

    /// It came to nothing.
    pub(super) fn end_expecting(&mut self) {
        self.early.clear();
        self.expecting = false;
    }

    /// It was accepted. Gives back the first answer that came before this, with what had kept it open.
    pub(super) fn accept(&mut self, id: u32, subject: OpenItem, hold: H) -> Option<(DesktopEvent, H)> {
        // What came early about other ids is about the cards of other programs.
        let early: Vec<ServerSignal> =
            self.early.drain(..).filter_map(|(about, signal)| (about == id).then_some(signal)).collect();
        self.expecting = false;
        match early.iter().find_map(|signal| subject.meaning(signal)) {
            Some(event) => Some((event, hold)),
            None => {
                self.shown.insert(id, (subject, hold));
                None
            }
        }
    }

    /// Takes a signal. Gives back the answer that it is, with what had kept the notification open.
    pub(super) fn hear(&mut self, id: u32, signal: ServerSignal) -> Option<(DesktopEvent, H)> {
        let Some((subject, _)) = self.shown.get(&id) else {
            self.keep_early(id, signal);
            return None;
        };
        // Looked at before it is taken out: a signal that is no answer leaves the notification open.
        let event = subject.meaning(&signal)?;
        self.shown.remove(&id).map(|(_, hold)| (event, hold))
    }

    fn keep_early(&mut self, id: u32, signal: ServerSignal) {
        if !self.expecting {
            return;
        }
        // Bounded, and the oldest goes: "clear all" in a server's list sends a signal for each of its cards, most of
        // them of other programs.
        if self.early.len() == EARLY {
            self.early.pop_front();
        }
        self.early.push_back((id, signal));
    }

    /// Takes a card, or every card of a prompt, from the table.
    pub(super) fn take(&mut self, wanted: impl Fn(&OpenItem) -> bool) -> Vec<H> {
        self.shown.extract_if(|_, (subject, _)| wanted(subject)).map(|(_, (_, hold))| hold).collect()
    }

    /// Empties the table: the server is gone, and with it what its ids meant.
    pub(super) fn lose(&mut self) -> Vec<(OpenItem, H)> {
        self.early.clear();
        self.shown.drain().map(|(_, shown)| shown).collect()
    }

    /// The server's ids of what is open.
    pub(super) fn ids(&self) -> impl Iterator<Item = u32> {
        self.shown.keys().copied()
    }

    /// What keeps each notification open.
    pub(super) fn holds(&mut self) -> impl Iterator<Item = &mut H> {
        self.shown.values_mut().map(|(_, hold)| hold)
    }

    /// What keeps one notification open.
    pub(super) fn get_mut(&mut self, id: u32) -> Option<&mut H> {
        self.shown.get_mut(&id).map(|(_, hold)| hold)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CARD: OpenItem = OpenItem::Card(CardId(7));

    fn prompt() -> OpenItem {
        OpenItem::Prompt(PromptId(3), PromptNonce::new(0xfeed))
    }

    fn action(key: &str) -> ServerSignal {
        ServerSignal::Action(key.into())
    }

    #[test]
    fn only_the_nonce_answers_a_prompt() {
        let answered = |choice| Some(DesktopEvent::PromptAnswered { prompt: PromptId(3), choice });
        assert_eq!(prompt().meaning(&action("allow-000000000000feed")), answered(PromptChoice::Allow));
        assert_eq!(prompt().meaning(&action("summary-000000000000feed")), answered(PromptChoice::AllowInSummary));
        assert_eq!(prompt().meaning(&action("deny-000000000000feed")), answered(PromptChoice::Deny));
        for forged in ["allow", "deny", "default", "allow-0", "allow-feed"] {
            assert_eq!(prompt().meaning(&action(forged)), None);
        }
    }

    #[test]
    fn closing_a_prompt_is_never_an_answer() {
        assert_eq!(
            prompt().meaning(&ServerSignal::Closed(2)),
            Some(DesktopEvent::PromptClosed { prompt: PromptId(3) })
        );
    }

    #[test]
    fn only_a_person_dismisses() {
        assert_eq!(CARD.meaning(&ServerSignal::Closed(2)), Some(DesktopEvent::Dismissed { card: CardId(7) }));
        // Ran out; closed by a program; undefined, which is what GNOME says of one that another replaced.
        for reason in [1, 3, 4, 0, u32::MAX] {
            assert_eq!(CARD.meaning(&ServerSignal::Closed(reason)), Some(DesktopEvent::CardGone { card: CardId(7) }));
            assert!(matches!(prompt().meaning(&ServerSignal::Closed(reason)), Some(DesktopEvent::PromptFailed { .. })));
        }
    }

    #[test]
    fn a_nonce_is_not_printed() {
        assert_eq!(format!("{:?}", prompt()), "Prompt(PromptId(3), Nonce(…))");
    }

    #[test]
    fn a_signal_that_overtakes_the_id_is_not_lost() {
        let mut open = OpenNotifications::new();
        open.begin_expecting();
        assert!(open.hear(5, action(CLICK)).is_none());
        assert!(open.hear(5, ServerSignal::Closed(2)).is_none());
        let (event, ()) = open.accept(5, CARD, ()).unwrap();
        assert_eq!(event, DesktopEvent::Clicked { card: CardId(7) });
    }

    #[test]
    fn signals_before_a_card_are_about_others() {
        let mut open = OpenNotifications::new();
        open.hear(5, action(CLICK));
        open.begin_expecting();
        assert!(open.accept(5, CARD, ()).is_none());
    }

    #[test]
    fn a_card_answers_once() {
        let mut open = OpenNotifications::new();
        open.begin_expecting();
        open.accept(1, CARD, ());
        assert!(open.hear(1, action("other")).is_none());
        assert!(open.hear(1, action(CLICK)).is_some());
        assert!(open.hear(1, ServerSignal::Closed(2)).is_none());
    }

    proptest! {
        #[test]
        fn others_signals_lose_no_answer(
            before in prop::collection::vec(2u32..50, 0..600),
            after in prop::collection::vec(2u32..50, 0..600),
            early in any::<bool>(),
        ) {
            let mut open = OpenNotifications::new();
            open.begin_expecting();
            let mut answers = Vec::new();
            let mut hear = |open: &mut OpenNotifications<()>, ids: &[u32]| for &id in ids {
                answers.extend(open.hear(id, ServerSignal::Closed(2)));
            };
            if early {
                hear(&mut open, &before);
                hear(&mut open, &[1]);
                hear(&mut open, &after[..after.len().min(EARLY - 1)]);
                answers.extend(open.accept(1, CARD, ()));
            } else {
                open.accept(1, CARD, ());
                hear(&mut open, &before);
                hear(&mut open, &[1]);
                hear(&mut open, &after);
            }
            prop_assert_eq!(answers, vec![(DesktopEvent::Dismissed { card: CardId(7) }, ())]);
        }
    }
}
