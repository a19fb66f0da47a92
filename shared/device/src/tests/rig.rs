//! A harness that owns time: one device, and beside it what its edges would hold (as the one of quinn-proto does).
//!
//! Lives here: the clock, the desktop, the journal and the used ids of one device. Does not live here: what must hold after
//! every event (`checks`), any expectation of one test.

use std::collections::{BTreeMap, BTreeSet};

use portal_contract::{
    CardInteraction, DeviceId, NotificationId, Outcome, PushProblem, Receipt, RemoteAction, Tenant, Timestamp,
};

use super::checks::InvariantChecks;
pub(super) use super::platforms::{ANDROID, ANDROID_12, IPAD, IPHONE, PLATFORMS, PROFILES, PlatformCase};
use super::sent::{PushBuilder, sent};
use crate::{
    CardContent, CardFailure, CardNumber, Device, DeviceCommand, DeviceEffect, DeviceIdentity, DeviceInput,
    DeviceSnapshot, DocumentationYear, EmulationSettings, HeldKey, HeldPush, NewlyHeldPush, RecentMessage, Refusal,
    Removal, RemovalStage, ResumePoint, SettledPush,
};

/// `retire`, carried out at once.
pub(super) const RETIRE: DeviceCommand = DeviceCommand::Removal { removal: Removal::Retire, stage: RemovalStage::Done };

/// How the desktop takes a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DesktopBehaviour {
    /// It shows it at once.
    Shows,
    /// There is no notification server.
    ServerAway,
    /// The call times out.
    DoesNotAnswer,
    /// The server answers with an error.
    Refuses,
    /// It has not answered yet.
    Thinks,
}

/// One device and what its edges hold.
#[derive(Clone)]
pub(super) struct DeviceRig {
    pub(super) device: Device,
    pub(super) settings: EmulationSettings,
    pub(super) now: Timestamp,
    pub(super) desktop: DesktopBehaviour,
    /// Every card that the desktop showed, with its number.
    pub(super) shown: Vec<(CardNumber, CardContent)>,
    /// The cards that stand on the desktop.
    pub(super) open: BTreeSet<CardNumber>,
    pub(super) receipts: Vec<Receipt>,
    pub(super) held: BTreeMap<HeldKey, HeldPush>,
    pub(super) interactions: Vec<(u64, CardInteraction)>,
    /// The prompts that were shown, by number.
    pub(super) prompts: Vec<u32>,
    pub(super) used: BTreeSet<NotificationId>,
    seen_actions: BTreeSet<String>,
    /// How often the desktop was asked to show a card.
    pub(super) asked: usize,
    being_shown: Option<(CardNumber, CardContent)>,
    next_held_key: HeldKey,
    checks: InvariantChecks,
    /// The device after each event that changed it, with the event's number.
    pub(super) history: Vec<(u64, DeviceSnapshot)>,
}

impl DeviceRig {
    /// A device out of its box.
    pub(super) fn new(platform: PlatformCase, settings: EmulationSettings) -> Self {
        let now: Timestamp = "2026-11-23T09:00:00Z".parse().unwrap();
        let identity = DeviceIdentity {
            id: DeviceId::from_bytes([7; 16]),
            name: "Adele's phone".to_owned(),
            tenant: Tenant::default(),
            operating_system: platform.0,
            os_version: platform.1.parse().unwrap(),
            first_os_version: platform.1.parse().unwrap(),
        };
        let device = Device::out_of_the_box(identity, settings.clone(), now);
        Self {
            history: vec![(1, device.snapshot().clone())],
            device,
            settings,
            now,
            desktop: DesktopBehaviour::Shows,
            shown: Vec::new(),
            open: BTreeSet::new(),
            receipts: Vec::new(),
            held: BTreeMap::new(),
            interactions: Vec::new(),
            prompts: Vec::new(),
            used: BTreeSet::new(),
            seen_actions: BTreeSet::new(),
            asked: 0,
            being_shown: None,
            next_held_key: HeldKey::FIRST,
            checks: InvariantChecks::default(),
        }
    }

    /// A device out of its box that follows the documentation of one year.
    pub(super) fn following(platform: PlatformCase, documentation: DocumentationYear) -> Self {
        Self::new(platform, EmulationSettings { documentation, ..EmulationSettings::default() })
    }

    /// A connected device on which a push shows: installed, allowed, enrolled by Adele, who is in group 1.
    pub(super) fn ready(platform: PlatformCase) -> Self {
        Self::new(platform, EmulationSettings::default()).made_ready()
    }

    /// The same, with other rules.
    pub(super) fn ready_with(platform: PlatformCase, settings: EmulationSettings) -> Self {
        Self::new(platform, settings).made_ready()
    }

    pub(super) fn made_ready(mut self) -> Self {
        self.connect(true);
        self.fence();
        self.install();
        self.allow();
        self.enroll("adele");
        self
    }

    pub(super) fn snapshot(&self) -> &DeviceSnapshot {
        self.device.snapshot()
    }

    /// One event, and every answer of the desktop that follows from it; the effects of the event itself.
    pub(super) fn apply(&mut self, event: DeviceInput) -> Result<Vec<DeviceEffect>, Refusal> {
        let effects = self.apply_alone(event)?;
        self.answer();
        Ok(effects)
    }

    pub(super) fn action_arrives(&mut self, action: RemoteAction) -> Vec<DeviceEffect> {
        let id_used = self.seen_actions.contains(&action.id);
        self.happens(DeviceInput::ActionArrived { action, id_used })
    }

    /// An event that cannot be refused.
    pub(super) fn happens(&mut self, event: DeviceInput) -> Vec<DeviceEffect> {
        self.apply(event).unwrap()
    }

    fn apply_alone(&mut self, event: DeviceInput) -> Result<Vec<DeviceEffect>, Refusal> {
        match &event {
            DeviceInput::CardsLost => self.open.clear(),
            DeviceInput::CardInteraction { card, .. } => drop(self.open.remove(card)),
            _ => {}
        }
        let before = self.device.clone();
        let outcome = self.device.apply(event.clone(), self.now);
        self.checks.applied(&event, &before, &outcome, &self.device, self.now);
        let effects = outcome?;
        self.book(&effects);
        if effects.contains(&DeviceEffect::StateChanged) {
            self.history.push((self.history.len() as u64 + 1, self.device.snapshot().clone()));
        }
        self.checks.cards(self.open.len(), &self.settings);
        assert_eq!(self.held.len(), self.device.held() + usize::from(self.held_in_hand()), "{event:?}");
        if let DeviceInput::Command(DeviceCommand::ClockAdvance { millis }) = event {
            self.now = self.now.plus_millis(i64::try_from(millis).unwrap());
        }
        Ok(effects)
    }

    /// Whether the push being shown was held before: the journal holds it until it is settled.
    fn held_in_hand(&self) -> bool {
        self.held.len() > self.device.held() && self.device.is_showing_push()
    }

    fn book(&mut self, effects: &[DeviceEffect]) {
        for effect in effects.iter().cloned() {
            match effect {
                DeviceEffect::Settle(settled) => self.settled(settled),
                DeviceEffect::Hold(NewlyHeldPush { held, .. }) => {
                    assert!(self.used.insert(held.push.notification.id.clone()), "held under a used id");
                    assert!(held.key >= self.next_held_key, "a key is used twice");
                    self.next_held_key = held.key.next();
                    self.held.insert(held.key, held);
                }
                DeviceEffect::HoldChanged(held) => {
                    assert!(self.held.insert(held.key, held).is_some(), "no such push is held");
                }
                DeviceEffect::ShowCard { card, shown } => {
                    self.asked += 1;
                    assert!(self.being_shown.replace((card, shown)).is_none(), "two cards being shown");
                    self.checks.card_shown(self.now, &self.settings);
                }
                DeviceEffect::WithdrawCard { card } => assert!(self.open.remove(&card), "{card:?} is not open"),
                DeviceEffect::Interaction { sequence, interaction } => self.interactions.push((sequence, interaction)),
                DeviceEffect::ShowPrompt { number } => self.prompts.push(number.0),
                DeviceEffect::ActionSeen { id, .. } => {
                    assert!(self.seen_actions.insert(id), "an action is seen once");
                }
                DeviceEffect::IdsForgotten => self.used.clear(),
                _ => {}
            }
        }
    }

    fn settled(&mut self, settled: SettledPush) {
        let SettledPush { receipt, push, held, .. } = settled;
        assert_eq!(push.is_some(), !matches!(receipt.outcome, Outcome::Rejected { problem: PushProblem::NotJson, .. }));
        let id = receipt.notification_id.clone();
        if let Some(key) = held {
            let held = self.held.remove(&key).unwrap();
            assert_eq!(Some(&held.push.notification.id), id.as_ref());
        }
        if let Some(id) = id.filter(|_| receipt.outcome.uses_id()) {
            let is_first_use = self.used.insert(id);
            assert!(is_first_use || held.is_some(), "an id has two outcomes");
        }
        self.receipts.push(receipt);
    }

    /// The desktop answers whatever it was asked, unless it thinks.
    pub(super) fn answer(&mut self) {
        while self.desktop != DesktopBehaviour::Thinks {
            let Some((card, shown)) = self.being_shown.take() else { return };
            let failure = |problem, detail: &str| CardFailure { problem, detail: detail.to_owned() };
            let event = match self.desktop {
                DesktopBehaviour::Shows | DesktopBehaviour::Thinks => {
                    self.shown.push((card, shown));
                    self.open.insert(card);
                    DeviceInput::CardShown { card, desktop: None }
                }
                DesktopBehaviour::ServerAway => {
                    let failure = failure(PushProblem::NoNotificationServer, "no notification server is running");
                    DeviceInput::CardFailed { card, failure }
                }
                DesktopBehaviour::DoesNotAnswer => {
                    let failure = failure(PushProblem::NotificationServerDidNotAnswer, "it may still appear");
                    DeviceInput::CardFailed { card, failure }
                }
                DesktopBehaviour::Refuses => {
                    let failure = failure(PushProblem::NotificationServerRefused, "it said no");
                    DeviceInput::CardFailed { card, failure }
                }
            };
            self.apply_alone(event).unwrap();
        }
    }

    /// The desktop is another from now on; one that came back is heard of.
    pub(super) fn desktop(&mut self, desktop: DesktopBehaviour) {
        let came_back = self.desktop == DesktopBehaviour::ServerAway && desktop != DesktopBehaviour::ServerAway;
        self.desktop = desktop;
        self.answer();
        if came_back {
            self.happens(DeviceInput::NotificationServerAppeared);
        }
    }

    /// A push arrives.
    pub(super) fn push(&mut self, sent: PushBuilder) -> Vec<DeviceEffect> {
        let mut arrival = sent.arrival;
        let being_shown = self.device.pushes.being_shown.as_ref().map(|shown| &shown.candidate.push.notification.id);
        let is_used = |id| self.used.contains(id) || being_shown == Some(id);
        arrival.id_used = arrival.payload.as_ref().is_ok_and(|push| is_used(&push.id));
        self.happens(DeviceInput::PushArrived(arrival))
    }

    /// Pushes with these ids arrive, one behind the other.
    pub(super) fn push_all<'a>(&mut self, ids: impl IntoIterator<Item = &'a str>) {
        for id in ids {
            self.push(sent(id));
        }
    }

    /// Time passes; each deadline on the way is reached.
    pub(super) fn advance(&mut self, millis: i64) {
        let target = self.now.plus_millis(millis);
        while let Some(deadline) = self.device.next_deadline().filter(|at| *at <= target) {
            self.now = self.now.max(deadline);
            self.happens(DeviceInput::DeadlineReached);
        }
        self.now = target;
    }

    /// The computer's clock is set back.
    pub(super) fn step_back(&mut self, millis: i64) {
        self.now = self.now.plus_millis(-millis);
        self.checks.clock_stepped_back();
    }

    /// Into this state, by no event.
    pub(super) fn put_into(&mut self, state: DeviceSnapshot) {
        self.device.state = state;
        self.checks.put_into_another_state();
    }

    /// The daemon stops and starts again on what the journal holds.
    pub(super) fn restart(&mut self) {
        assert!(!self.device.is_showing_push(), "what is being shown at a kill comes again by the broker");
        let json = serde_json::to_string(self.device.snapshot()).unwrap();
        let held = self.held.values().map(|held| serde_json::to_string(held).unwrap());
        let from = ResumePoint {
            held: held.map(|json| serde_json::from_str(&json).unwrap()).collect(),
            last_sequence: self.device.last_sequence(),
            last_decided_at: self.receipts.last().map(|receipt| receipt.decided_at),
            next_held_key: self.next_held_key,
            recent: self.receipts.iter().filter_map(RecentMessage::of).collect(),
            last_action: None,
        };
        self.device = Device::resume(serde_json::from_str(&json).unwrap(), from, self.settings.clone());
        // The desktop's edge is new too: it knows no card of before.
        self.open.clear();
        self.checks.restarted();
    }
}
