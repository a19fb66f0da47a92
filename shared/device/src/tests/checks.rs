//! What must hold after every event, whatever test it belongs to.
//!
//! Lives here: the room's invariants (contract 3, 4; facts 4.1, 4.2). Does not live here: what one test expects.

use portal_contract::{Outcome, Receipt, Surface, Timestamp};

use super::oracle;
use crate::{Command, Device, Effect, Event, PermissionCommand, Push, Refusal, Rules, Snapshot};

/// What the invariants need to remember from event to event.
#[derive(Clone, Default)]
pub(super) struct Checks {
    last: Option<(u64, Timestamp)>,
    raised_at: Vec<Timestamp>,
    raised_under: Option<Snapshot>,
    prompts_in_this_installation: u32,
    denials_in_this_installation: u32,
}

impl Checks {
    pub(super) fn applied(
        &mut self,
        event: &Event,
        before: &Device,
        outcome: &Result<Vec<Effect>, Refusal>,
        after: &Device,
        now: Timestamp,
    ) {
        let effects = match outcome {
            Ok(effects) => effects,
            Err(refusal) => return a_refusal_changes_nothing(event, refusal, before, after),
        };
        // A grace that ends at this very moment is a change of its own, whatever else happens.
        if before.snapshot().enrollment.next_grace_end().is_none_or(|end| now < end) {
            a_change_is_said(event, before.snapshot(), effects, after.snapshot());
        }
        self.receipts(effects, after);
        self.one_in_hand(event, before, effects, after);
        self.prompts(event, before.snapshot(), effects, after.snapshot());
        // The daemon sleeps until the deadline: one that has passed would keep it busy.
        let deadline = after.next_deadline();
        assert!(deadline.is_none_or(|at| at > now), "{event:?}: the deadline {deadline:?} has passed at {now}");
        assert!(deadline.is_none() || !after.has_push_in_hand(), "{event:?}: time cannot move on a push in hand");
    }

    pub(super) fn raised(&mut self, now: Timestamp, rules: &Rules) {
        self.raised_at.push(now);
        let in_this_second = self.raised_at.iter().rev().take_while(|at| now.millis_since(**at) < 1000).count();
        assert!(in_this_second <= rules.pace_per_second as usize, "{in_this_second} are raised in a second");
    }

    pub(super) fn cards(&self, open: usize, rules: &Rules) {
        assert!(open <= rules.open_cards, "{open} cards are open");
    }

    /// The pace is one of device time: a second that comes twice is two.
    pub(super) fn clock_stepped_back(&mut self) {
        self.raised_at.clear();
    }

    pub(super) fn restarted(&mut self) {
        self.raised_at.clear();
        self.raised_under = None;
    }

    fn one_in_hand(&mut self, event: &Event, before: &Device, effects: &[Effect], after: &Device) {
        let raises = effects.iter().filter(|effect| matches!(effect, Effect::Raise { .. })).count();
        let answers = matches!(event, Event::Raised { .. } | Event::RaiseFailed { .. });
        assert!(raises <= 1, "{raises} cards at once");
        assert!(raises == 0 || !before.has_push_in_hand() || answers, "a second card before the first is answered");
        if raises == 1 {
            assert!(after.has_push_in_hand());
            self.raised_under = Some(after.snapshot().clone());
        }
    }

    fn receipts(&mut self, effects: &[Effect], after: &Device) {
        for effect in effects {
            let Effect::Settle { receipt, push, .. } = effect else { continue };
            let (sequence, decided_at) = self.last.unwrap_or((0, receipt.decided_at));
            assert_eq!(receipt.sequence, sequence + 1, "the sequence rises by one");
            assert!(receipt.decided_at >= decided_at, "decidedAt goes back");
            self.last = Some((receipt.sequence, receipt.decided_at));
            self.prerequisites(receipt, push.as_ref(), after.snapshot());
        }
        if let Some((sequence, _)) = self.last {
            assert_eq!(after.last_sequence(), sequence);
        }
    }

    fn prerequisites(&self, receipt: &Receipt, push: Option<&Push>, now: &Snapshot) {
        match &receipt.outcome {
            Outcome::Withheld { unmet } => {
                let expected = oracle::unmet(now, push);
                assert_eq!(unmet.iter().collect::<Vec<_>>(), expected, "withheld by exactly what is unmet");
                assert!(!expected.is_empty(), "withheld by nothing");
            }
            Outcome::Presented(shown) => {
                let then = if shown.surface == Surface::InApp { Some(now) } else { self.raised_under.as_ref() };
                assert_eq!(oracle::unmet(then.unwrap(), push), [], "presented while something is unmet");
            }
            _ => {}
        }
    }

    fn prompts(&mut self, event: &Event, before: &Snapshot, effects: &[Effect], after: &Snapshot) {
        let changed = effects.contains(&Effect::StateChanged);
        let forgotten = matches!(
            event,
            Event::Command(Command::Reset | Command::Restore | Command::Permission(PermissionCommand::Reset))
        );
        if (changed && forgotten) || before.app.installed_at != after.app.installed_at {
            self.prompts_in_this_installation = 0;
            self.denials_in_this_installation = 0;
        }
        let denies = match event {
            Event::Command(Command::Permission(PermissionCommand::Deny)) => true,
            Event::PromptAnswered { number, allow } => {
                !allow && before.permission.prompt.is_some_and(|prompt| prompt.number == *number)
            }
            _ => false,
        };
        if denies && before.permission.prompt.is_some() {
            self.denials_in_this_installation += 1;
        }
        if !effects.iter().any(|effect| matches!(effect, Effect::ShowPrompt { .. })) {
            return;
        }
        assert!(after.permission.prompt.is_some());
        if after.identity.operating_system.is_apple() {
            assert_eq!(self.prompts_in_this_installation, 0, "iOS prompts once");
        } else {
            assert!(after.identity.asks_at_run_time(), "Android asks from 13 on");
            assert!(self.denials_in_this_installation < 2, "a second denial is permanent");
        }
        self.prompts_in_this_installation += 1;
    }
}

fn a_refusal_changes_nothing(event: &Event, refusal: &Refusal, before: &Device, after: &Device) {
    assert!(matches!(event, Event::Command(_)), "only commands are refused: {event:?}");
    assert!(!refusal.message.is_empty() && !refusal.mend.is_empty() && !refusal.code.is_empty(), "{refusal:?}");
    assert_eq!(before.snapshot(), after.snapshot(), "{event:?}");
    assert_eq!(before.held(), after.held());
    assert_eq!(before.last_sequence(), after.last_sequence());
    assert_eq!(before.next_deadline(), after.next_deadline());
    assert_eq!(before.has_push_in_hand(), after.has_push_in_hand());
}

/// A command that changes something says so once, and one that changes nothing says that (contract 5).
fn a_change_is_said(event: &Event, before: &Snapshot, effects: &[Effect], after: &Snapshot) {
    let times = |what: Effect| effects.iter().filter(|effect| **effect == what).count();
    let changes = times(Effect::StateChanged);
    assert!(changes <= 1 && times(Effect::GroupsChanged) <= 1, "{event:?}: {effects:?}");
    let same = Snapshot { updated_at: before.updated_at, ..after.clone() } == *before;
    assert_eq!(changes == 0, same, "{event:?}: {effects:?}");
    assert!(after.updated_at >= before.updated_at, "{event:?}: updatedAt goes back");
    assert!(!same || after.updated_at == before.updated_at, "{event:?}: updatedAt of nothing");
    let says_unchanged = effects.iter().any(|effect| matches!(effect, Effect::Unchanged(_)));
    assert!(!says_unchanged || same, "{event:?}: {effects:?}");
    assert!(!matches!(event, Event::Command(_)) || !same || says_unchanged, "{event:?} is silently ignored");
}
