//! Runs one case on a device, step by step, and says what became of each.
//!
//! Lives here: the order of a case, what a step does, and moving time from deadline to deadline. Does not live here: whether
//! an expectation holds (`expect`), where the device comes from (`test_device`), many cases (`runner`), what is said of a case
//! that was not run (`without_device`).

mod expect;
mod happening;
mod without_device;
mod words;

use std::time::{Duration, Instant};

use portal_contract::{Receipt, StatusReport, Timestamp};
use serde_json::json;

use super::model::{
    CardAnswer, ExpectationBasis, ExpectedRefusal, ExpectedState, PromptAnswer, PushAddressee, PushStep,
    RemoteActionStep, ScenarioCase, ScenarioStep, StateChange, StepAction,
};
use super::result::{CaseResult, FailedExpectation, ObservedEvent, StepOutcome, StepResult};
use super::test_device::{TestDevice, TestDeviceError};
use super::watcher::CaseWatcher;
use crate::control::{ApiError, CommandResult, DesktopInteraction, DeviceEvent, IdleReport, InAppMessage};
pub use without_device::{blank, could_not_begin, did_not_end, skipped};
use without_device::{not_run, trouble};

/// How a case is run.
#[derive(Debug, Clone, Copy)]
pub struct CaseOptions {
    /// Whether what rests on undocumented choices fails too.
    pub strict: bool,
    /// Which repetition it is, from 1 on.
    pub repetition: u32,
    /// Whether the phone is looked at behind each step.
    pub pictures: bool,
}

/// A push that was sent.
struct SentPush {
    /// The id that it carries, where it carries one that can be read.
    id: Option<String>,
    /// The newest receipt's sequence when it was sent.
    after: u64,
}

/// A case under way.
pub struct CaseRunner<'a, S> {
    device: &'a mut S,
    case: &'a ScenarioCase,
    began: Timestamp,
    now: Timestamp,
    /// What the ids of its pushes begin with, where the scenario gives them none.
    ids: String,
    /// The newest receipt's sequence before the case.
    first: u64,
    sent: Vec<SentPush>,
    /// What has happened since the last step that was no expectation.
    since: Vec<DeviceEvent>,
    /// The same, of the step at hand, for the report.
    happenings: Vec<ObservedEvent>,
    /// What Company Portal listed before the last step that was no expectation; read only where an expectation asks.
    listed: Option<Vec<InAppMessage>>,
}

/// Runs a case; `watcher` is asked before each step, and may end it there.
pub async fn run_case<S: TestDevice>(
    device: &mut S,
    case: &ScenarioCase,
    how: CaseOptions,
    watcher: &mut impl CaseWatcher,
) -> CaseResult {
    let started = Instant::now();
    let mut steps = Vec::with_capacity(case.steps.len() + 1);
    let mut was_stopped = false;
    let device_time = match CaseRunner::begin(device, case, "push-".to_owned()).await {
        Err(error) => {
            steps.push(trouble(&case.at, "the device is there", &error));
            Duration::ZERO
        }
        Ok(mut runner) => {
            was_stopped = !runner.run(how, &mut steps, watcher).await;
            since(runner.began, runner.now)
        }
    };
    let skipped = was_stopped.then(|| "it was stopped by who watched it".to_owned());
    steps.extend(case.steps.iter().skip(steps.len().saturating_sub(1)).map(|step| not_run(step, device_time)));
    let result = CaseResult { steps, took: started.elapsed(), device_time, skipped, ..blank(case, how.repetition) };
    watcher.over(case, &result).await;
    result
}

fn since(earlier: Timestamp, later: Timestamp) -> Duration {
    Duration::from_millis(later.millis_since(earlier).max(0).unsigned_abs())
}

impl<'a, S: TestDevice> CaseRunner<'a, S> {
    /// Goes on from how the device is; `ids` keeps the ids of its pushes apart from those of before.
    ///
    /// # Errors
    /// The device does not come to rest, or is gone.
    pub async fn begin(device: &'a mut S, case: &'a ScenarioCase, ids: String) -> Result<Self, TestDeviceError> {
        let idle = device.until_idle().await?;
        let first = device.status().await?.last_sequence;
        device.happened(&idle).await?;
        Ok(Self {
            device,
            case,
            began: idle.now,
            now: idle.now,
            ids,
            first,
            sent: Vec::new(),
            since: Vec::new(),
            happenings: Vec::new(),
            listed: None,
        })
    }

    /// Whether nobody stopped it.
    async fn run(&mut self, how: CaseOptions, steps: &mut Vec<StepResult>, watcher: &mut impl CaseWatcher) -> bool {
        if !watcher.before(self.case, steps).await {
            return false;
        }
        let zero = ScenarioStep {
            at: self.case.at.clone(),
            text: "device".to_owned(),
            action: StepAction::Expect(Vec::new()),
        };
        let started = Instant::now();
        let outcome = self.set_up().await;
        let screen = self.picture(how).await;
        steps.push(StepResult { screen, ..self.result(&zero, self.began, started, outcome) });
        for step in &self.case.steps {
            let goes_on =
                steps.last().is_none_or(|last| !last.mismatches().iter().any(|mismatch| mismatch.fails(how.strict)));
            // What comes behind a step that failed would fail for that alone.
            if !goes_on {
                return true;
            }
            if !watcher.before(self.case, steps).await {
                return false;
            }
            let result = self.run_step(step).await;
            let screen = self.picture(how).await;
            steps.push(StepResult { screen, ..result });
        }
        true
    }

    /// Runs one step; one that fails stops nothing here.
    pub async fn run_step(&mut self, step: &ScenarioStep) -> StepResult {
        let (began, started) = (self.now, Instant::now());
        let outcome = self.step(step).await;
        self.result(step, began, started, outcome)
    }

    fn result(
        &mut self,
        step: &ScenarioStep,
        began: Timestamp,
        started: Instant,
        outcome: Result<StepOutcome, TestDeviceError>,
    ) -> StepResult {
        let outcome = outcome.unwrap_or_else(|error| StepOutcome::NotHeld(vec![self.trouble(step, &error)]));
        StepResult {
            at: step.at.clone(),
            text: step.text.clone(),
            began: since(self.began, began),
            took: started.elapsed(),
            outcome,
            happenings: std::mem::take(&mut self.happenings),
            screen: None,
        }
    }

    /// The phone as it is now, drawn; none where it cannot be looked at, which the step itself says then.
    async fn picture(&mut self, how: CaseOptions) -> Option<String> {
        if !how.pictures {
            return None;
        }
        let screen = self.device.screen().await.ok()?;
        // Device time as a scenario has it, the same on every machine.
        let clock = screen.at.to_string().get(11..16).unwrap_or_default().to_owned();
        Some(portal_screen::lines(&screen, &clock).join("\n"))
    }

    /// A step that could not be carried out.
    fn trouble(&self, step: &ScenarioStep, error: &TestDeviceError) -> FailedExpectation {
        let hint = match error {
            TestDeviceError::Api(error) if !error.hint.is_empty() => format!("; hint: {}", error.hint),
            _ => String::new(),
        };
        FailedExpectation {
            at: step.at.clone(),
            expected: format!("{} is done", step.text),
            happened: format!("{error}{hint}"),
            grounds: ExpectationBasis::Documented(Vec::new()),
            explanation: None,
        }
    }

    /// The device block and `given`.
    async fn set_up(&mut self) -> Result<StepOutcome, TestDeviceError> {
        for change in &self.case.device.setup {
            self.device.change(change).await?;
        }
        self.until_idle().await?;
        self.since.clear();
        if self.case.given.is_empty() {
            return Ok(StepOutcome::Done { note: None });
        }
        let status = self.status().await?;
        let mismatches = self.case.given.iter().filter_map(|check| expect::given(check, &status)).collect();
        Ok(outcome_of(mismatches))
    }

    async fn step(&mut self, step: &ScenarioStep) -> Result<StepOutcome, TestDeviceError> {
        if let StepAction::Expect(expectations) = &step.action {
            let mut mismatches = Vec::new();
            for expectation in expectations {
                mismatches.extend(self.check(expectation).await?);
            }
            return Ok(outcome_of(mismatches));
        }
        self.since.clear();
        if self.case_asks_for_nothing() {
            self.listed = Some(self.device.in_app().await?);
        }
        let outcome = self.act(step).await?;
        self.until_idle().await?;
        Ok(outcome)
    }

    fn case_asks_for_nothing(&self) -> bool {
        let asks = |step: &ScenarioStep| match &step.action {
            StepAction::Expect(all) => all.iter().any(|expectation| expectation.expected == ExpectedState::Nothing),
            _ => false,
        };
        self.case.steps.iter().any(asks)
    }

    async fn act(&mut self, step: &ScenarioStep) -> Result<StepOutcome, TestDeviceError> {
        match &step.action {
            StepAction::Change { change, refused } => return self.change(step, change, refused.as_ref()).await,
            StepAction::Push(push) => self.push(push).await?,
            StepAction::Groups { user, groups } => {
                let payload = json!({ "userPrincipalName": user, "groups": groups });
                self.publish(self.device.topics().groups(), payload.to_string().into_bytes(), true).await?;
            }
            StepAction::RemoteAction(action) => self.remote_action(action).await?,
            StepAction::Advance(duration) => self.advance(*duration).await?,
            StepAction::Answer(answer) => {
                let interaction = match answer {
                    PromptAnswer::Allow => DesktopInteraction::AllowPrompt,
                    PromptAnswer::AllowInSummary => DesktopInteraction::AllowPromptInSummary,
                    PromptAnswer::Deny => DesktopInteraction::DenyPrompt,
                    PromptAnswer::Dismiss => DesktopInteraction::ClosePrompt,
                };
                return Ok(done(self.device.interact(interaction).await?));
            }
            StepAction::Card(answer) => {
                let interaction = match answer {
                    CardAnswer::Click => DesktopInteraction::ClickCard,
                    CardAnswer::Dismiss => DesktopInteraction::DismissCard,
                };
                return Ok(done(self.device.interact(interaction).await?));
            }
            StepAction::Restart => self.device.restart().await?,
            // Expectations are no action: `step` has them.
            StepAction::Expect(_) => {}
        }
        Ok(StepOutcome::Done { note: None })
    }

    async fn change(
        &mut self,
        step: &ScenarioStep,
        change: &StateChange,
        refused: Option<&ExpectedRefusal>,
    ) -> Result<StepOutcome, TestDeviceError> {
        let outcome = self.device.change(change).await;
        let Some(refusal) = refused else { return Ok(done(outcome?)) };
        let happened = match outcome {
            Err(TestDeviceError::Api(refused)) if refusal.code.as_ref().is_none_or(|code| *code == refused.code) => {
                return Ok(StepOutcome::Done { note: Some(format!("refused: {refused}")) });
            }
            Err(TestDeviceError::Api(refused)) => format!("it was refused with {}: {refused}", refused.code),
            Err(error) => return Err(error),
            Ok(CommandResult { note: Some(note), .. }) => format!("it was not refused: {note}"),
            Ok(_) => "it was done".to_owned(),
        };
        let code = refusal.code.as_ref().map(|code| format!(" with {code}")).unwrap_or_default();
        Ok(outcome_of(vec![FailedExpectation {
            at: step.at.clone(),
            expected: format!("the device refuses {}{code}", step.text),
            happened,
            grounds: refusal.grounds.clone(),
            explanation: None,
        }]))
    }

    async fn push(&mut self, push: &PushStep) -> Result<(), TestDeviceError> {
        let topics = self.device.topics();
        let topic = match push.to {
            PushAddressee::Device => topics.notifications(),
            PushAddressee::Group(group) => topics.group_notifications(group),
        };
        let fresh = format!("{}{}", self.ids, self.sent.len() + 1);
        // Read before it is sent: what of its receipts is newer is this push's, though it may have no id, or one that
        // came before.
        let after = self.device.status().await?.last_sequence;
        self.sent.push(SentPush { id: push.payload.id(&fresh), after });
        self.publish(topic, push.payload.bytes(&fresh, self.now), push.retain).await
    }

    async fn remote_action(&mut self, action: &RemoteActionStep) -> Result<(), TestDeviceError> {
        // A new one each time: the device carries out no id twice while its enrollment lasts.
        let id = action.id.clone().unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
        let mut payload = json!({ "id": id, "action": action.action });
        if let Some(ago) = action.sent_ago {
            let sent_at = self.now.plus_millis(-portal_contract::timestamp::millis(ago));
            payload["sentAt"] = json!(sent_at);
        }
        self.publish(self.device.topics().actions(), payload.to_string().into_bytes(), false).await
    }

    async fn publish(&mut self, topic: String, payload: Vec<u8>, retain: bool) -> Result<(), TestDeviceError> {
        self.device.publish(topic, payload, retain).await
    }

    async fn advance(&mut self, duration: Duration) -> Result<(), TestDeviceError> {
        let target = self.now.plus_millis(portal_contract::timestamp::millis(duration));
        let mut idle = self.until_idle().await?;
        // Deadline by deadline: what falls due at one may set another before the target.
        while let Some(deadline) = idle.next_deadline.filter(|deadline| *deadline <= target) {
            self.device.move_to(deadline).await?;
            idle = self.until_idle().await?;
        }
        self.device.move_to(target).await
    }

    /// Everything comes to rest, and what happened meanwhile is noted.
    async fn until_idle(&mut self) -> Result<IdleReport, TestDeviceError> {
        let idle = self.device.until_idle().await?;
        self.now = idle.now;
        let events = self.device.happened(&idle).await?;
        let began = self.began;
        self.happenings.extend(events.iter().filter_map(|event| happening::of(event, since(began, event.at))));
        self.since.extend(events);
        Ok(idle)
    }

    async fn status(&mut self) -> Result<serde_json::Value, TestDeviceError> {
        let status: StatusReport = self.device.status().await?;
        serde_json::to_value(status).map_err(|error| {
            let message =
                format!("the status cannot be written as JSON: {}", crate::library_error::json_reason(&error));
            ApiError::new("internal", message, "portal-agent status shows how the device stands").into()
        })
    }

    /// The receipts of the case so far.
    async fn receipts(&mut self) -> Result<Vec<Receipt>, TestDeviceError> {
        self.device.receipts_after(self.first).await
    }
}

fn done(applied: CommandResult) -> StepOutcome {
    StepOutcome::Done { note: applied.note }
}

fn outcome_of(mismatches: Vec<FailedExpectation>) -> StepOutcome {
    if mismatches.is_empty() { StepOutcome::Done { note: None } } else { StepOutcome::NotHeld(mismatches) }
}
