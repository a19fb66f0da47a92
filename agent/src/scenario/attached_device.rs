//! The running daemon as a test device: its own device, its own broker and desktop, its own clock.
//!
//! Lives here: each of the trait's verbs by the control API, and which cases this device can be made to run. Does not live
//! here: the API's wire (`control`), what is run (`case_runner`).

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use portal_contract::{DeviceTopics, Explanation, NotificationId, Receipt, StatusReport, Timestamp};
use tokio_util::sync::CancellationToken;

use super::case_runner::{CaseOptions, run_case, skipped};
use super::model::{ScenarioCase, StateChange, StepAction};
use super::reporter::RunReporter;
use super::result::{CaseResult, CaseVerdict, RunResult};
use super::runner::{RunError, RunOptions};
use super::test_device::{IDLE_TIMEOUT, TestDevice, TestDeviceError};
use crate::control::log::LogRequest;
use crate::control::{
    ClientError, CommandResult, ControlClient, DesktopInteraction, DeviceEvent, FollowedLines, IdleReport, InAppMessage,
};
use crate::sender::{PushSender, SenderOptions};
use portal_device::{DeviceCommand, EmulationSettings};
use portal_screen::PhoneScreen;

/// The daemon's device.
pub struct AttachedDevice {
    client: Arc<ControlClient>,
    sender: Arc<PushSender>,
    topics: DeviceTopics,
    /// The stream of what happens; away while it is read.
    events: Option<FollowedLines<DeviceEvent>>,
    heard: u64,
    /// Device time when it last was at rest.
    now: Timestamp,
    /// Where the case told the broker to keep something.
    retained: BTreeSet<String>,
}

/// Runs a call of the blocking client where blocking is fine.
async fn blocking<T: Send + 'static>(
    client: &Arc<ControlClient>,
    call: impl FnOnce(&ControlClient) -> Result<T, ClientError> + Send + 'static,
) -> Result<T, TestDeviceError> {
    let client = Arc::clone(client);
    match tokio::task::spawn_blocking(move || call(&client)).await {
        Ok(result) => Ok(result?),
        Err(error) => Err(TestDeviceError::Impossible(error.to_string())),
    }
}

impl AttachedDevice {
    /// Takes the device out of its box, and listens to what happens on it.
    ///
    /// # Errors
    /// The daemon does not answer, or refuses.
    pub async fn open(client: &Arc<ControlClient>, sender: &Arc<PushSender>) -> Result<Self, TestDeviceError> {
        blocking(client, |client| client.apply(&DeviceCommand::Reset)).await?;
        Self::join(client, sender).await
    }

    /// Takes the device as it is, and listens to what happens on it.
    ///
    /// # Errors
    /// The daemon does not answer.
    pub async fn join(client: &Arc<ControlClient>, sender: &Arc<PushSender>) -> Result<Self, TestDeviceError> {
        let status = blocking(client, |client| client.status()).await?.value;
        let (events, heard) = blocking(client, |client| {
            let mut events = client.events()?;
            let heard = events.next().transpose()?.map_or(0, |first| first.value.number);
            Ok((events, heard))
        })
        .await?;
        Ok(Self {
            topics: DeviceTopics::new(&status.tenant, status.device.device_id),
            client: Arc::clone(client),
            sender: Arc::clone(sender),
            events: Some(events),
            heard,
            now: status.device.updated_at,
            retained: BTreeSet::new(),
        })
    }

    /// The newest event of the device's history.
    ///
    /// # Errors
    /// The daemon does not answer, or has no history.
    pub async fn latest_event(&self) -> Result<u64, TestDeviceError> {
        let history = self.call(|client| client.history(1)).await?.history;
        let nothing = || TestDeviceError::Impossible("the device has no history to go back to".to_owned());
        history.last().map(|entry| entry.event).ok_or_else(nothing)
    }

    /// Carries out a command.
    ///
    /// # Errors
    /// The daemon does not answer, or the device refuses.
    pub async fn command(&self, command: DeviceCommand) -> Result<CommandResult, TestDeviceError> {
        Ok(self.call(move |client| client.apply(&command)).await?.value)
    }

    /// Leaves the device as it came: out of its box.
    ///
    /// # Errors
    /// The daemon does not answer, or refuses.
    pub async fn close(mut self) -> Result<(), TestDeviceError> {
        blocking(&self.client, |client| client.apply(&DeviceCommand::Reset)).await?;
        // At rest the groups are no longer subscribed: what clears them is no push to this device.
        self.until_idle().await?;
        // An empty retained message takes back what the broker kept of the topic.
        for topic in std::mem::take(&mut self.retained) {
            self.sender.publish(topic, Vec::new(), true).await?;
        }
        Ok(())
    }

    async fn call<T: Send + 'static>(
        &self,
        call: impl FnOnce(&ControlClient) -> Result<T, ClientError> + Send + 'static,
    ) -> Result<T, TestDeviceError> {
        blocking(&self.client, call).await
    }
}

impl TestDevice for AttachedDevice {
    fn topics(&self) -> DeviceTopics {
        self.topics.clone()
    }

    async fn change(&mut self, change: &StateChange) -> Result<CommandResult, TestDeviceError> {
        let (row, body) = (change.row, change.body.clone());
        Ok(self.call(move |client| client.change(row, &body)).await?.value)
    }

    async fn interact(&mut self, interaction: DesktopInteraction) -> Result<CommandResult, TestDeviceError> {
        Ok(self.call(move |client| client.interact(interaction)).await?.value)
    }

    async fn publish(&mut self, topic: String, payload: Vec<u8>, retain: bool) -> Result<(), TestDeviceError> {
        if retain {
            self.retained.insert(topic.clone());
        }
        Ok(self.sender.publish(topic, payload, retain).await?)
    }

    async fn until_idle(&mut self) -> Result<IdleReport, TestDeviceError> {
        let idle = self.call(|client| client.until_idle(IDLE_TIMEOUT)).await?.value;
        self.now = idle.now;
        Ok(idle)
    }

    async fn move_to(&mut self, moment: Timestamp) -> Result<(), TestDeviceError> {
        // Real time has passed since: what is left of it, and never backwards.
        let millis = moment.millis_since(self.now).max(0).unsigned_abs();
        if millis > 0 {
            self.call(move |client| client.apply(&DeviceCommand::ClockAdvance { millis })).await?;
        }
        Ok(())
    }

    async fn restart(&mut self) -> Result<(), TestDeviceError> {
        Err(TestDeviceError::Impossible("a daemon that this run did not start is not restarted by it".to_owned()))
    }

    async fn status(&mut self) -> Result<StatusReport, TestDeviceError> {
        Ok(self.call(|client| client.status()).await?.value)
    }

    async fn screen(&mut self) -> Result<PhoneScreen, TestDeviceError> {
        Ok(self.call(|client| client.screen(None)).await?.value)
    }

    async fn receipts_after(&mut self, sequence: u64) -> Result<Vec<Receipt>, TestDeviceError> {
        let request = LogRequest { after: Some(sequence), ..LogRequest::default() };
        let listed = self.call(move |client| client.receipts(&request)).await?;
        Ok(listed.into_iter().map(|listed| listed.receipt).collect())
    }

    async fn in_app(&mut self) -> Result<Vec<InAppMessage>, TestDeviceError> {
        Ok(self.call(|client| client.notifications()).await?.value.notifications)
    }

    async fn explain(&mut self, id: Option<NotificationId>) -> Result<Option<Explanation>, TestDeviceError> {
        match self.call(move |client| client.explanation(id.as_ref())).await {
            Ok(answer) => Ok(Some(answer.value)),
            Err(TestDeviceError::Api(error)) if error.code == "noReceipt" => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn happened(&mut self, idle: &IdleReport) -> Result<Vec<DeviceEvent>, TestDeviceError> {
        if self.heard >= idle.events {
            return Ok(Vec::new());
        }
        let Some(mut events) = self.events.take() else { return Err(TestDeviceError::TooMuchHappened) };
        let until = idle.events;
        let (events, happened) = self
            .call(move |_| {
                let happened = read_until(&mut events, until);
                Ok((events, happened))
            })
            .await?;
        self.events = Some(events);
        let happened = happened?;
        self.heard = happened.last().map_or(self.heard, |event| event.number);
        Ok(happened)
    }
}

fn read_until(events: &mut FollowedLines<DeviceEvent>, until: u64) -> Result<Vec<DeviceEvent>, TestDeviceError> {
    let mut happened: Vec<DeviceEvent> = Vec::new();
    while happened.last().is_none_or(|event| event.number < until) {
        happened.push(events.next().ok_or(TestDeviceError::TooMuchHappened)??.value);
    }
    Ok(happened)
}

/// Why this device cannot run the case; none where it can.
fn unfit(case: &ScenarioCase, status: &StatusReport) -> Option<String> {
    let (wanted, device) = (&case.device, &status.device);
    let version = wanted.os_version.to_string();
    if (wanted.platform, &version) != (device.operating_system, &device.os_version) {
        let present = format!("{} {}", device.operating_system, device.os_version);
        return Some(format!("the running device is on {present}; the case asks for {} {version}", wanted.platform));
    }
    let documentation = wanted.rules.documentation.year();
    if documentation != status.documentation {
        return Some(format!("the running device follows {}; the case asks for {documentation}", status.documentation));
    }
    if wanted.rules != (EmulationSettings { documentation: wanted.rules.documentation, ..EmulationSettings::default() })
    {
        return Some("the case has rules of its own, which a running daemon takes from its settings".to_owned());
    }
    let renamed = wanted.name.as_ref().is_some_and(|name| name.as_str() != device.device_name);
    if renamed {
        return Some(format!("the running device is named {:?}", device.device_name));
    }
    let restarts = case.steps.iter().any(|step| matches!(step.action, StepAction::Restart));
    restarts.then(|| "it restarts the daemon, which a run beside it cannot".to_owned())
}

/// Runs `cases` on the daemon's device, one after the other; those that it cannot run are skipped.
///
/// # Errors
/// Nothing can be sent.
pub async fn run(
    cases: Vec<ScenarioCase>,
    options: RunOptions,
    client: ControlClient,
    sender: SenderOptions,
    stop: CancellationToken,
    mut tell: impl FnMut(&CaseResult),
) -> Result<RunResult, RunError> {
    let (started, started_at) = (Instant::now(), crate::wall_clock::now());
    let (client, sender) = (Arc::new(client), Arc::new(PushSender::connect(sender).await?));
    let mut results = Vec::new();
    let mut reporter = RunReporter::beside(&client, options.order(cases.len()).len(), stop.clone());
    // One after the other, whatever the number of jobs: all of them run on the daemon's one device.
    for (number, repetition) in options.order(cases.len()) {
        let case = &cases[number];
        let result = match stop.is_cancelled() {
            true => skipped(case, repetition, "the run ended before its turn came".to_owned()),
            false => {
                let how = CaseOptions { strict: options.strict, repetition, pictures: options.pictures };
                one(case, how, &client, &sender, &mut reporter).await
            }
        };
        tell(&result);
        if reporter.is_stopped() || (options.fail_fast && result.standing(options.strict) == CaseVerdict::Failed) {
            stop.cancel();
        }
        results.push((repetition, number, result));
    }
    results.sort_by_key(|(repetition, number, _)| (*repetition, *number));
    if let Some(sender) = Arc::into_inner(sender) {
        sender.stop().await;
    }
    let cases = results.into_iter().map(|(.., result)| result).collect();
    let run = RunResult { strict: options.strict, seed: options.shuffle, started_at, took: started.elapsed(), cases };
    reporter.ended(&run).await;
    Ok(run)
}

async fn one(
    case: &ScenarioCase,
    how: CaseOptions,
    client: &Arc<ControlClient>,
    sender: &Arc<PushSender>,
    reporter: &mut RunReporter,
) -> CaseResult {
    let fit = blocking(client, |client| client.status()).await.map(|answer| unfit(case, &answer.value));
    match fit {
        Ok(None) => {}
        Ok(Some(why)) => return skipped(case, how.repetition, why),
        Err(error) => return super::case_runner::could_not_begin(case, how.repetition, &error),
    }
    match AttachedDevice::open(client, sender).await {
        Err(error) => super::case_runner::could_not_begin(case, how.repetition, &error),
        Ok(mut device) => {
            let result = run_case(&mut device, case, how, reporter).await;
            match device.close().await {
                Ok(()) => result,
                Err(error) => super::case_runner::did_not_end(result, &error),
            }
        }
    }
}
