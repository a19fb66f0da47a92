//! What must hold after every event, whatever test it belongs to.
//!
//! Lives here: the crate's invariants (contract 3, 4; facts 4.1, 4.2). Does not live here: what one test expects.

use portal_contract::{Outcome, Receipt, Surface, Timestamp};

use super::oracle;
use crate::{
    Device, DeviceCommand, DeviceEffect, DeviceInput, DeviceSnapshot, EmulationSettings, PermissionCommand,
    ReceivedPush, Refusal, SettledPush,
};

/// What the invariants need to remember from event to event.
#[derive(Clone, Default)]
pub(super) struct InvariantChecks {
    last: Option<(u64, Timestamp)>,
    shown_at: Vec<Timestamp>,
    shown_under: Option<DeviceSnapshot>,
    prompts_in_this_installation: u32,
    denials_in_this_installation: u32,
}

impl InvariantChecks {
    pub(super) fn applied(
        &mut self,
        event: &DeviceInput,
        before: &Device,
        outcome: &Result<Vec<DeviceEffect>, Refusal>,
        after: &Device,
        now: Timestamp,
    ) {
        let effects = match outcome {
            Ok(effects) => effects,
            Err(refusal) => return a_refusal_changes_nothing(event, refusal, before, after),
        };
        // What time ends at this very moment is a change of its own, whatever else happens.
        if before.next_change().is_none_or(|at| now < at) {
            a_change_is_said(event, before.snapshot(), effects, after.snapshot());
        }
        if is_reset(event) {
            // What is held ends by the device as it was, and a clock that is taken back begins anew.
            self.receipts(effects, after, before.snapshot());
            if let Some((sequence, _)) = self.last.filter(|_| is_clock_back(event)) {
                self.last = Some((sequence, after.snapshot().updated_at));
            }
        } else {
            self.receipts(effects, after, after.snapshot());
        }
        self.one_in_hand(event, before, effects, after);
        self.prompts(event, before.snapshot(), effects, after.snapshot());
        // The daemon sleeps until the deadline: one that has passed would keep it busy.
        let deadline = after.next_deadline();
        assert!(deadline.is_none_or(|at| at > now), "{event:?}: the deadline {deadline:?} has passed at {now}");
        assert!(deadline.is_none() || !after.is_showing_push(), "{event:?}: time cannot move on a push being shown");
    }

    pub(super) fn card_shown(&mut self, now: Timestamp, settings: &EmulationSettings) {
        self.shown_at.push(now);
        let in_this_second = self.shown_at.iter().rev().take_while(|at| now.millis_since(**at) < 1000).count();
        assert!(in_this_second <= settings.pace_per_second as usize, "{in_this_second} are shown in a second");
    }

    pub(super) fn cards(&self, open: usize, settings: &EmulationSettings) {
        assert!(open <= settings.open_cards, "{open} cards are open");
    }

    /// The pace is one of device time: a second that comes twice is two.
    pub(super) fn clock_stepped_back(&mut self) {
        self.shown_at.clear();
    }

    /// As of then it may have been asked less often, or not at all.
    pub(super) fn put_into_another_state(&mut self) {
        self.prompts_in_this_installation = 0;
        self.denials_in_this_installation = 0;
    }

    pub(super) fn restarted(&mut self) {
        self.shown_at.clear();
        self.shown_under = None;
    }

    fn one_in_hand(&mut self, event: &DeviceInput, before: &Device, effects: &[DeviceEffect], after: &Device) {
        let shows = effects.iter().filter(|effect| matches!(effect, DeviceEffect::ShowCard { .. })).count();
        let answers = matches!(event, DeviceInput::CardShown { .. } | DeviceInput::CardFailed { .. });
        assert!(shows <= 1, "{shows} cards at once");
        assert!(shows == 0 || !before.is_showing_push() || answers, "a second card before the first is answered");
        if shows == 1 {
            assert!(after.is_showing_push());
            self.shown_under = Some(after.snapshot().clone());
        }
    }

    fn receipts(&mut self, effects: &[DeviceEffect], after: &Device, judged: &DeviceSnapshot) {
        for effect in effects {
            let DeviceEffect::Settle(SettledPush { receipt, push, .. }) = effect else { continue };
            let (sequence, decided_at) = self.last.unwrap_or((0, receipt.decided_at));
            assert_eq!(receipt.sequence, sequence + 1, "the sequence rises by one");
            assert!(receipt.decided_at >= decided_at, "decidedAt goes back");
            self.last = Some((receipt.sequence, receipt.decided_at));
            self.prerequisites(receipt, push.as_ref(), judged);
        }
        if let Some((sequence, _)) = self.last {
            assert_eq!(after.last_sequence(), sequence);
        }
    }

    fn prerequisites(&self, receipt: &Receipt, push: Option<&ReceivedPush>, now: &DeviceSnapshot) {
        match &receipt.outcome {
            Outcome::Withheld { unmet } => {
                let expected = oracle::unmet(now, push);
                assert_eq!(unmet.iter().collect::<Vec<_>>(), expected, "withheld by exactly what is unmet");
                assert!(!expected.is_empty(), "withheld by nothing");
            }
            Outcome::Presented(shown) => {
                let then = if shown.surface == Surface::InApp { Some(now) } else { self.shown_under.as_ref() };
                assert_eq!(oracle::unmet(then.unwrap(), push), [], "presented while something is unmet");
            }
            _ => {}
        }
    }

    fn prompts(
        &mut self,
        event: &DeviceInput,
        before: &DeviceSnapshot,
        effects: &[DeviceEffect],
        after: &DeviceSnapshot,
    ) {
        let changed = effects.contains(&DeviceEffect::StateChanged);
        let forgotten = matches!(
            event,
            DeviceInput::Command(
                DeviceCommand::Reset
                    | DeviceCommand::ResetWithClock
                    | DeviceCommand::SetUp(_)
                    | DeviceCommand::Restore
                    | DeviceCommand::Permission(PermissionCommand::Reset)
            )
        );
        let went_back = matches!(event, DeviceInput::Returned { .. });
        if (changed && (forgotten || went_back)) || before.app.installed_at != after.app.installed_at {
            self.put_into_another_state();
        }
        let denies = match event {
            DeviceInput::Command(DeviceCommand::Permission(PermissionCommand::Deny)) => true,
            DeviceInput::PromptAnswered { number, choice } => {
                !choice.allows() && before.permission.prompt.is_some_and(|prompt| prompt.number == *number)
            }
            _ => false,
        };
        if denies && before.permission.prompt.is_some() {
            self.denials_in_this_installation += 1;
        } else if before.permission.prompt.is_none()
            && changed
            && matches!(
                event,
                DeviceInput::Command(DeviceCommand::Permission(PermissionCommand::Allow | PermissionCommand::Deny))
            )
        {
            // The switch in Settings ends a permanent denial, and leaves one dialog.
            self.denials_in_this_installation = 1;
        }
        if !effects.iter().any(|effect| matches!(effect, DeviceEffect::ShowPrompt { .. })) {
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

fn is_reset(event: &DeviceInput) -> bool {
    matches!(
        event,
        DeviceInput::Command(DeviceCommand::Reset | DeviceCommand::ResetWithClock | DeviceCommand::SetUp(_))
    )
}

fn is_clock_back(event: &DeviceInput) -> bool {
    matches!(event, DeviceInput::Command(DeviceCommand::ResetWithClock))
}

fn a_refusal_changes_nothing(event: &DeviceInput, refusal: &Refusal, before: &Device, after: &Device) {
    assert!(matches!(event, DeviceInput::Command(_)), "only commands are refused: {event:?}");
    assert!(!refusal.message.is_empty() && !refusal.hint.is_empty() && !refusal.code.is_empty(), "{refusal:?}");
    assert_eq!(before.snapshot(), after.snapshot(), "{event:?}");
    assert_eq!(before.held(), after.held());
    assert_eq!(before.last_sequence(), after.last_sequence());
    assert_eq!(before.next_deadline(), after.next_deadline());
    assert_eq!(before.is_showing_push(), after.is_showing_push());
}

/// A command that changes something says so once, and one that changes nothing says that (contract 5).
fn a_change_is_said(event: &DeviceInput, before: &DeviceSnapshot, effects: &[DeviceEffect], after: &DeviceSnapshot) {
    let times = |what: DeviceEffect| effects.iter().filter(|effect| **effect == what).count();
    let is_noted = effects.iter().any(|effect| matches!(effect, DeviceEffect::ActionSeen { note: Some(_), .. }));
    let changes = times(DeviceEffect::StateChanged);
    assert!(changes <= 1 && times(DeviceEffect::GroupsChanged) <= 1, "{event:?}: {effects:?}");
    let same = DeviceSnapshot { updated_at: before.updated_at, ..after.clone() } == *before;
    assert_eq!(changes == 0 && !is_noted, same, "{event:?}: {effects:?}");
    assert!(after.updated_at >= before.updated_at || is_clock_back(event), "{event:?}: updatedAt goes back");
    assert!(!same || after.updated_at == before.updated_at, "{event:?}: updatedAt of nothing");
    let says_unchanged = effects.iter().any(|effect| matches!(effect, DeviceEffect::Unchanged(_)));
    // A push whose turn comes at this very moment is a change of its own: an app without a channel creates it then.
    let settles = effects.iter().any(|effect| matches!(effect, DeviceEffect::Settle(_)));
    assert!(!says_unchanged || same || settles, "{event:?}: {effects:?}");
    let is_asked_for = matches!(event, DeviceInput::Command(_) | DeviceInput::Returned { .. });
    assert!(!is_asked_for || !same || says_unchanged, "{event:?} is silently ignored");
}
