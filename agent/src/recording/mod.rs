//! Recording: what happened on a running device becomes a scenario file that passes when it is run.
//!
//! Lives here: from events to steps and expectations. Pure. Does not live here: following the device (`control`, `cli`), the YAML of one
//! line (`line`), the device block (`device`).

mod device;
mod line;

pub use line::command;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use portal_contract::{
    CardInteraction, DeliveryDelay, DeviceEvent, DeviceEventKind, NotificationId, Outcome, Receipt, StatusReport,
    Surface, Timestamp,
};
use serde_json::{Value, json};

use crate::escape::harmless_json;
use portal_device::DeviceCommand;

/// How long the device may take to come to rest at the end; what it does later is left out.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(10);
/// A gap from which on it is told while nothing waits on time: people read seconds.
const WORTH_TELLING: i64 = 1000;

/// What was watched.
#[derive(Debug, Clone)]
pub struct RecordedEvents {
    /// The scenario's name.
    pub name: String,
    /// The device when the watching began.
    pub start: StatusReport,
    /// What happened, in order.
    pub events: Vec<DeviceEvent>,
}

impl RecordedEvents {
    /// The scenario file.
    pub fn file(&self) -> String {
        let mut writer = ScenarioWriter::new(self);
        for event in &self.events {
            writer.event(event);
        }
        writer.flush();
        if writer.text.is_empty() {
            writer.line("expect: nothing");
        }
        let mut text = String::from("# Recorded by portal-agent scenario record.\n");
        for comment in device::comments(&self.start) {
            text.push_str(&format!("# {comment}\n"));
        }
        // An axis of a matrix is named like this, and there is none.
        let name = line::text(&self.name.replace("${", "$ {"));
        text.push_str(&format!("name: {name}\ndevice: {}\nsteps:\n", device::block(&self.start)));
        text.push_str(&writer.text);
        // YAML takes no control characters, and reads some separators as the end of a line; within quotes, which is
        // where texts of others stand, an escape says the same.
        let lines: Vec<String> = text.split('\n').map(harmless_json).collect();
        lines.join("\n")
    }

    /// The ids whose first outcome here is that they had been used before.
    fn used_before(&self) -> BTreeSet<NotificationId> {
        let mut first: BTreeMap<&NotificationId, bool> = BTreeMap::new();
        for event in &self.events {
            if let DeviceEventKind::Settled { receipt } = &event.what
                && let Some(id) = &receipt.notification_id
            {
                first.entry(id).or_insert(receipt.outcome == Outcome::Duplicate);
            }
        }
        first.into_iter().filter(|(_, duplicate)| *duplicate).map(|(id, _)| id.clone()).collect()
    }
}

/// The steps as they come.
struct ScenarioWriter {
    text: String,
    /// What followed from the newest step, by what it speaks of, in order.
    expected: Vec<(String, String)>,
    /// Up to which moment the steps have brought device time.
    told_until: Timestamp,
    /// Whether the newest step let time pass.
    time_passed: bool,
    held: BTreeSet<String>,
    used_before: BTreeSet<NotificationId>,
    /// The receipts of the cards that are open, oldest first.
    cards: Vec<u64>,
}

impl ScenarioWriter {
    fn new(recording: &RecordedEvents) -> Self {
        let begin = recording.events.first().map_or(recording.start.device.updated_at, |event| event.at);
        let mut writer = Self {
            text: String::new(),
            expected: Vec::new(),
            told_until: begin,
            time_passed: false,
            held: BTreeSet::new(),
            used_before: recording.used_before(),
            cards: Vec::new(),
        };
        if recording.start.prompt.is_some() {
            writer.line("permission: prompt");
            writer.set_expectation("prompt", "{prompt: showing}".to_owned());
        }
        writer
    }

    fn line(&mut self, step: &str) {
        if line::is_placeholder(step) {
            self.text.push_str(&format!("  # a scenario has no way to say this: {step}\n"));
        } else {
            self.text.push_str(&format!("  - {step}\n"));
        }
    }

    /// What followed from the newest step; what was said of the same before holds no longer.
    fn set_expectation(&mut self, of: &str, expectation: String) {
        self.expected.retain(|(known, _)| known != of);
        if !line::is_placeholder(&expectation) {
            self.expected.push((of.to_owned(), expectation));
        }
    }

    fn flush(&mut self) {
        let expected: Vec<String> = std::mem::take(&mut self.expected).into_iter().map(|(_, text)| text).collect();
        match expected.as_slice() {
            [] => {}
            [only] => self.line(&format!("expect: {only}")),
            many => {
                self.line("expect:");
                many.iter().for_each(|one| self.text.push_str(&format!("      - {one}\n")));
            }
        }
    }

    /// A step: behind what followed from the one before, and behind the time that passed.
    fn stimulus(&mut self, at: Timestamp, step: &str) {
        self.flush();
        self.pass(at);
        self.line(step);
        self.time_passed = false;
    }

    fn pass(&mut self, until: Timestamp) {
        // In whole seconds, and to the millisecond while something waits on time. What is not told yet is told with
        // the next step, so that the scenario is never ahead of what was.
        let gap = until.millis_since(self.told_until);
        if self.held.is_empty() {
            self.told_until = until;
        }
        if gap >= WORTH_TELLING {
            let told = if self.held.is_empty() { gap - gap.rem_euclid(WORTH_TELLING) } else { gap };
            self.advance(told, until);
        }
    }

    fn advance(&mut self, millis: i64, until: Timestamp) {
        self.line(&format!("advance: {}", span(millis)));
        (self.told_until, self.time_passed) = (until, true);
    }

    fn event(&mut self, event: &DeviceEvent) {
        match &event.what {
            DeviceEventKind::Changed { event: what } => self.changed(event.at, what),
            DeviceEventKind::Arrived { target, payload, size } => {
                let push = line::push(*target, payload.as_deref(), *size, event.at);
                self.used_ids(payload.as_deref(), event.at);
                self.stimulus(event.at, &push);
            }
            DeviceEventKind::Settled { receipt } => self.settled(receipt),
            DeviceEventKind::Held { notification_id } => {
                self.held.insert(notification_id.clone());
                self.set_expectation(notification_id, format!("{{of: {}, held: true}}", line::text(notification_id)));
            }
            DeviceEventKind::Prompt {} => self.set_expectation("prompt", "{prompt: showing}".to_owned()),
            DeviceEventKind::PromptGone {} => self.set_expectation("prompt", "{prompt: notShowing}".to_owned()),
            DeviceEventKind::Card { title, body, sound } => {
                let card = line::flow(&json!({ "card": { "title": title, "body": body, "sound": sound } }));
                self.set_expectation("card", card);
            }
            DeviceEventKind::CardGone { sequence, interaction } => self.card_gone(event.at, *sequence, *interaction),
            DeviceEventKind::Following {} | DeviceEventKind::Connection { .. } => {}
        }
    }

    fn changed(&mut self, at: Timestamp, event: &Value) {
        if let Some(command) = event.get("command") {
            return self.command(at, command);
        }
        if let Some(answer) = event.get("promptAnswered") {
            let is_true = |member: &str| answer.get(member) == Some(&Value::Bool(true));
            self.stimulus(
                at,
                match (is_true("allow"), is_true("inSummary")) {
                    (true, true) => "answer: allowInSummary",
                    (true, false) => "answer: allow",
                    (false, _) => "answer: deny",
                },
            );
        } else if event.get("promptClosed").is_some() {
            self.stimulus(at, "answer: dismiss");
        } else if let Some(list) = event.get("groupsHeard") {
            let user = list.get("userPrincipalName").filter(|user| !user.is_null());
            let groups = list.get("groups").cloned().unwrap_or_default();
            let step = match user {
                Some(user) => json!({ "user": user, "groups": groups }),
                None => groups,
            };
            self.stimulus(at, &format!("groups: {}", line::flow(&step)));
        } else if let Some(action) = event.get("actionArrived") {
            self.stimulus(at, &line::action(action, at));
        }
        // The rest is what pushes and time did; it follows by itself.
    }

    fn command(&mut self, at: Timestamp, command: &Value) {
        match serde_json::from_value::<DeviceCommand>(command.clone()) {
            Ok(DeviceCommand::ClockAdvance { millis }) => {
                let millis = i64::try_from(millis).unwrap_or(i64::MAX);
                let before = at.plus_millis(-millis);
                self.flush();
                self.pass(before);
                self.advance(millis, at);
            }
            Ok(DeviceCommand::Return { event }) => {
                // Events are numbered on each device for itself.
                self.flush();
                self.text.push_str(&format!(
                    "  # The device went back to its event {event}. A scenario's device has other events: say here what was restored.\n"
                ));
            }
            Ok(read) => match line::command(&read) {
                Some(step) => self.stimulus(at, &step),
                None => self.text.push_str(&format!("  # not a step of a scenario: {command}\n")),
            },
            Err(_) => self.text.push_str(&format!("  # of another version: {command}\n")),
        }
    }

    /// An id that was used before the recording began has to be used here as well.
    fn used_ids(&mut self, payload: Option<&str>, at: Timestamp) {
        let id = payload.and_then(|text| serde_json::from_str::<Value>(text).ok());
        let id = id.and_then(|payload| payload.get("id")?.as_str()?.parse::<NotificationId>().ok());
        if let Some(id) = id.filter(|id| self.used_before.remove(id)) {
            self.flush();
            self.text.push_str("  # This id had been used before the recording began.\n");
            self.stimulus(at, &format!("push: {{id: {}}}", line::text(id.as_str())));
        }
    }

    fn settled(&mut self, receipt: &Receipt) {
        let id = receipt.notification_id.as_ref().map(NotificationId::as_str);
        let was_held = id.is_some_and(|id| self.held.contains(id));
        let gap = receipt.decided_at.millis_since(self.told_until);
        if was_held && let_go_by_time(receipt) && gap > 0 && !(self.time_passed && gap < WORTH_TELLING) {
            self.flush();
            self.advance(gap, receipt.decided_at);
        }
        if let Some(id) = id {
            self.held.remove(id);
        }
        if matches!(&receipt.outcome, Outcome::Presented(shown) if shown.surface != Surface::InApp) {
            self.cards.push(receipt.sequence);
        }
        self.set_expectation(id.unwrap_or_default(), line::outcome(receipt));
    }

    fn card_gone(&mut self, at: Timestamp, sequence: u64, interaction: CardInteraction) {
        let newest = self.cards.last() == Some(&sequence);
        self.cards.retain(|open| *open != sequence);
        match interaction {
            CardInteraction::Withdrawn => {}
            _ if !newest => self.text.push_str("  # an older card was clicked or dismissed\n"),
            CardInteraction::Clicked => self.stimulus(at, "card: click"),
            CardInteraction::Dismissed => self.stimulus(at, "card: dismiss"),
        }
    }
}

/// Whether it was time that let a held push go, and no step.
fn let_go_by_time(receipt: &Receipt) -> bool {
    let by_outcome = matches!(receipt.outcome, Outcome::Expired | Outcome::Failed { .. });
    let by_the_clock =
        [DeliveryDelay::DelayedDesktopPace, DeliveryDelay::DelayedDeviceDoze, DeliveryDelay::DelayedScheduledSummary];
    by_outcome || receipt.delay.is_some_and(|delay| by_the_clock.contains(&delay))
}

/// Milliseconds as people write them: `4h`, `1h30m`, `2s500ms`.
fn span(millis: i64) -> String {
    let mut left = millis.max(0);
    let mut text = String::new();
    for (unit, long) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)] {
        if left >= long {
            text.push_str(&format!("{}{unit}", left / long));
            left %= long;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}
