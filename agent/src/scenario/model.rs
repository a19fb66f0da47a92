//! A scenario as it is run: checked, its matrix spread out, every placeholder filled in.
//!
//! Lives here: the types that the reader makes and the runner takes. Everything in them is right: what could be wrong in a
//! file was refused before. Does not live here: reading (`read`), running, what a run came to (`result`).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use portal_contract::command::CommandRow;
use portal_contract::timestamp::millis;
use portal_contract::{DeviceName, GroupId, OperatingSystem, OutcomeKind, Timestamp, UserPrincipalName};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use portal_device::{DeviceCommand, EmulationSettings, OsVersion};

/// A place in a scenario file; line and column count from 1.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct FilePosition {
    /// The file, as it was named.
    #[serde(serialize_with = "as_text")]
    pub file: Arc<str>,
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl fmt::Display for FilePosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

fn as_text<S: Serializer>(text: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}

/// What an expectation rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ExpectationBasis {
    /// On documentation, by its sections (`4.1`), or on the author's own word where none is named: not held, it fails.
    Documented(Vec<String>),
    /// On a choice that nobody documents, in a sentence: not held, it warns; `--strict` makes it fail.
    Undocumented(String),
}

impl fmt::Display for ExpectationBasis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Documented(facts) if facts.is_empty() => f.write_str("the scenario's own word"),
            Self::Documented(facts) => write!(f, "facts {}", facts.join(", ")),
            Self::Undocumented(why) => write!(f, "undocumented: {why}"),
        }
    }
}

/// One value of each axis of a matrix, in the order of the file.
pub type MatrixCombination = Vec<(String, String)>;

/// One scenario with one combination of its matrix: what is run, and what is reported.
#[derive(Debug, Clone)]
pub struct ScenarioCase {
    /// The scenario's name.
    pub scenario: String,
    /// What it is about, in a sentence or two.
    pub description: Option<String>,
    /// The combination; empty without a matrix.
    pub combination: MatrixCombination,
    /// Where the scenario begins.
    pub at: FilePosition,
    /// What its expectations rest on, unless they say otherwise.
    pub grounds: ExpectationBasis,
    /// Every fact that the scenario or one of its expectations names, once each, in order.
    pub facts: Vec<String>,
    /// The device that it begins with.
    pub device: GivenDevice,
    /// What is proved of the device before the first step.
    pub given: Vec<StatusCheck>,
    /// What happens, in order.
    pub steps: Vec<ScenarioStep>,
}

impl ScenarioCase {
    /// The scenario's name and, in brackets, the combination: `denied [platform=ios, documentation=2025]`.
    pub fn name(&self) -> String {
        case_name(&self.scenario, &self.combination)
    }

    /// Whether a step restarts the device, so that its journal must outlive it.
    pub fn restarts(&self) -> bool {
        self.steps.iter().any(|step| matches!(step.action, StepAction::Restart))
    }
}

/// A presenter's script: what an audience is shown, beat by beat.
#[derive(Debug, Clone)]
pub struct PresenterScript {
    /// Its name, and the steps of all beats in order, on the device that is there.
    pub case: ScenarioCase,
    /// The beats, in order.
    pub beats: Vec<ScriptBeat>,
}

/// What is played at once, and said to it.
#[derive(Debug, Clone)]
pub struct ScriptBeat {
    /// What the audience reads.
    pub caption: String,
    /// Where it stands.
    pub at: FilePosition,
    /// Which of the script's steps are its own.
    pub steps: std::ops::Range<usize>,
}

/// The name of a case.
pub fn case_name(scenario: &str, combination: &MatrixCombination) -> String {
    if combination.is_empty() {
        return scenario.to_owned();
    }
    let values: Vec<String> = combination.iter().map(|(axis, value)| format!("{axis}={value}")).collect();
    format!("{scenario} [{}]", values.join(", "))
}

/// The device that a case begins with: a new one out of its box, and the state changes that lead to how it is described.
#[derive(Debug, Clone)]
pub struct GivenDevice {
    /// The platform.
    pub platform: OperatingSystem,
    /// The platform's version.
    pub os_version: OsVersion,
    /// The device's name, where the scenario gives one.
    pub name: Option<DeviceName>,
    /// What the rules take as given, the documentation profile among them.
    pub rules: EmulationSettings,
    /// What makes the device as it is described, in order, before anything is recorded.
    pub setup: Vec<StateChange>,
}

/// A state change: a row of the table of commands, with its body read.
#[derive(Debug, Clone)]
pub struct StateChange {
    /// The row, by which a running daemon is asked.
    pub row: &'static CommandRow,
    /// The body.
    pub body: Value,
    /// What it means to the device.
    pub command: DeviceCommand,
}

/// One step.
#[derive(Debug, Clone)]
pub struct ScenarioStep {
    /// Where it stands.
    pub at: FilePosition,
    /// The step in a line, as it was written, placeholders filled in.
    pub text: String,
    /// What it does.
    pub action: StepAction,
}

/// What a step does.
#[derive(Debug, Clone)]
pub enum StepAction {
    /// A state change. Refused by the platform it fails, unless that is what is expected.
    Change {
        /// The change.
        change: Box<StateChange>,
        /// That the platform refuses it.
        refused: Option<ExpectedRefusal>,
    },
    /// A push, published as a sender does.
    Push(PushStep),
    /// The service tells the groups of the device's user (contract 2).
    Groups {
        /// Whose groups they are said to be.
        user: Option<UserPrincipalName>,
        /// The groups.
        groups: Vec<GroupId>,
    },
    /// The service sends a remote action (contract 2).
    RemoteAction(RemoteActionStep),
    /// Device time passes, and everything that falls due in it happens.
    Advance(Duration),
    /// A person answers the prompt on the device.
    Answer(PromptAnswer),
    /// A person taps or dismisses the newest card.
    Card(CardAnswer),
    /// The device's daemon ends cleanly and starts again on what its journal kept.
    Restart,
    /// What must hold now that everything before has come to rest.
    Expect(Vec<Expectation>),
}

/// That the platform refuses a state change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedRefusal {
    /// The refusal's code; any where absent.
    pub code: Option<String>,
    /// What that rests on.
    pub grounds: ExpectationBasis,
}

/// A push to publish.
#[derive(Debug, Clone, PartialEq)]
pub struct PushStep {
    /// Whom it is for.
    pub to: PushAddressee,
    /// What is published.
    pub payload: PushPayload,
    /// Whether the broker keeps it for who subscribes later (facts 1.6: late joiners).
    pub retain: bool,
}

/// Whom a push is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushAddressee {
    /// The scenario's device.
    Device,
    /// The users of a group.
    Group(GroupId),
}

/// What a push publishes.
#[derive(Debug, Clone, PartialEq)]
pub enum PushPayload {
    /// A JSON object.
    Members(PayloadMembers),
    /// These bytes.
    Raw(Vec<u8>),
}

/// The members of a push's payload; times are told from the moment of sending on.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PayloadMembers {
    /// As they are sent; `id` and `sentAt` are added where they are not among them.
    pub members: Map<String, Value>,
    /// `sentAt` lies so long before the moment of sending.
    pub sent_ago: Duration,
    /// `expiresAt` lies so long after the moment of sending.
    pub expires_in: Option<Duration>,
}

impl PushPayload {
    /// The id that the payload carries; `fresh` where it has members but names none, none in bytes that hold no text for it.
    pub fn id(&self, fresh: &str) -> Option<String> {
        match self {
            Self::Members(payload) => match payload.members.get("id") {
                None => Some(fresh.to_owned()),
                Some(id) => id.as_str().map(str::to_owned),
            },
            Self::Raw(bytes) => {
                let value: Value = serde_json::from_slice(bytes).ok()?;
                value.get("id")?.as_str().map(str::to_owned)
            }
        }
    }

    /// The bytes to publish when it is `now` on the device.
    pub fn bytes(&self, fresh: &str, now: Timestamp) -> Vec<u8> {
        let payload = match self {
            Self::Raw(bytes) => return bytes.clone(),
            Self::Members(payload) => payload,
        };
        let mut members = payload.members.clone();
        members.entry("id").or_insert_with(|| fresh.into());
        let sent_at = now.plus_millis(-millis(payload.sent_ago));
        // Only where the scenario names none, so that it can send a time that is not right.
        members.entry("sentAt").or_insert_with(|| sent_at.to_string().into());
        if let Some(expires_in) = payload.expires_in {
            let expires_at = now.plus_millis(millis(expires_in));
            members.entry("expiresAt").or_insert_with(|| expires_at.to_string().into());
        }
        Value::Object(members).to_string().into_bytes()
    }
}

/// A remote action to publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteActionStep {
    /// Its id; a fresh one where absent.
    pub id: Option<String>,
    /// Its name, as sent.
    pub action: String,
    /// `sentAt` lies so long before the moment of sending; the action has none where absent.
    pub sent_ago: Option<Duration>,
}

/// How a person answers the permission prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum PromptAnswer {
    /// Allow.
    Allow,
    /// Allow in Scheduled Summary, the third button (iOS, iPadOS).
    AllowInSummary,
    /// Don't Allow.
    Deny,
    /// The prompt's card is closed without an answer.
    Dismiss,
}

/// What a person does with a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum CardAnswer {
    /// Taps it.
    Click,
    /// Dismisses it.
    Dismiss,
}

/// One thing that must hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Expectation {
    /// Where it stands.
    pub at: FilePosition,
    /// The expectation in a line, as it was written.
    pub text: String,
    /// What it is.
    pub expected: ExpectedState,
    /// What it rests on.
    pub grounds: ExpectationBasis,
}

/// What must hold.
#[derive(Debug, Clone, PartialEq)]
pub enum ExpectedState {
    /// A push has this outcome: the newest receipt of the push named, or of the latest push that the scenario sent.
    Outcome(ExpectedOutcome),
    /// A push has no outcome (yet): it is held, or did not arrive.
    NoOutcome {
        /// The push; the latest where absent.
        of: Option<String>,
    },
    /// Company Portal's own Notifications section lists a message that has these members.
    InApp(Map<String, Value>),
    /// Company Portal's own Notifications section lists no message with these members; none at all where there are none.
    NotInApp(Map<String, Value>),
    /// The permission prompt is showing, or is not.
    Prompt(bool),
    /// The newest card that was shown since the last step that was no expectation says this.
    Card(ExpectedCard),
    /// No card was shown since the last step that was no expectation.
    NoCard,
    /// A member of `status`.
    Status(StatusCheck),
    /// Since the last step that was no expectation: no receipt, no card, no prompt, and the same in-app messages.
    Nothing,
}

/// An outcome that a push must have.
#[derive(Debug, Clone, PartialEq)]
pub struct ExpectedOutcome {
    /// The push's id; the latest push where absent.
    pub of: Option<String>,
    /// The outcome.
    pub outcome: OutcomeKind,
    /// Members that its receipt must have, with these values: `unmet`, `surface`, `problem`, `delay`, …
    pub members: Map<String, Value>,
}

/// What a card must say; what is absent may be anything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExpectedCard {
    /// The title.
    pub title: Option<String>,
    /// The body.
    pub body: Option<String>,
    /// Whether it sounds.
    pub sound: Option<bool>,
}

/// That a member of `status` has a value.
#[derive(Debug, Clone, PartialEq)]
pub struct StatusCheck {
    /// Where it stands.
    pub at: FilePosition,
    /// The members' names, outermost first.
    pub path: Vec<String>,
    /// Its value; null: it is null or absent.
    pub value: Value,
}

impl StatusCheck {
    /// The member of a status, as JSON; null where it is absent.
    pub fn of<'a>(&self, status: &'a Value) -> &'a Value {
        self.path.iter().fold(status, |value, name| value.get(name).unwrap_or(&Value::Null))
    }

    /// Whether it holds of a status. What is a number here and text there is compared as text (`osVersion: 26`).
    pub fn holds(&self, status: &Value) -> bool {
        match (&self.value, self.of(status)) {
            (Value::Number(number), Value::String(text)) => *text == number.to_string(),
            (wanted, present) => wanted == present,
        }
    }
}
