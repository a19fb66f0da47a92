//! What a case runs on: a device that can be told, sent to, left to come to rest, and looked at.
//!
//! Lives here: the trait with its two forms, a device of this process (`hosted_device`) and the running daemon
//! (`attached_device`), and why one cannot go on. Does not live here: steps and expectations (`case_runner`).

use std::future::Future;
use std::time::Duration;

use portal_contract::{DeviceTopics, Explanation, NotificationId, Receipt, StatusReport, Timestamp};

use portal_screen::PhoneScreen;

use super::model::StateChange;
use crate::control::{ApiError, ClientError, CommandResult, DesktopInteraction, DeviceEvent, IdleReport, InAppMessage};
use crate::host::{AddDeviceError, HostError, OpenError};
use crate::library_error::os_reason;
use crate::sender::SenderError;

/// How long, in real time, a device may take to come to rest: longer than a fence that does not come back (10 s).
pub(super) const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// Why a test device cannot go on. A refusal by the device is a [`ApiError`] and no reason to end.
#[derive(Debug, thiserror::Error)]
pub enum TestDeviceError {
    /// The device refused, or the daemon did.
    #[error("{0}")]
    Api(#[from] ApiError),
    /// The device could not be started.
    #[error("the scenario's device did not start: {0}")]
    Open(#[from] OpenError),
    /// Its session could not be made.
    #[error("the scenario's device did not start: {0}")]
    Add(#[from] AddDeviceError),
    /// Something was not sent.
    #[error(transparent)]
    Sender(#[from] SenderError),
    /// The device's loop ended by itself.
    #[error(transparent)]
    Loop(#[from] HostError),
    /// The daemon did not answer as hoped.
    #[error(transparent)]
    Client(ClientError),
    /// The device did not come to rest.
    #[error("the device did not come to rest within {seconds} s: {problem}")]
    NotIdle {
        /// How long that took.
        seconds: u64,
        /// What is known of why.
        problem: String,
    },
    /// More happened between two steps than can be told.
    #[error("more than {} things happened in one step; send less in one", crate::control::MOST_EVENTS)]
    TooMuchHappened,
    /// No place for a journal that outlives a restart.
    #[error("cannot make a temporary folder for the journal: {}; set TMPDIR to a folder that you may write", os_reason(.0))]
    TemporaryFolder(std::io::Error),
    /// A step that this test device has no means for.
    #[error("{0}")]
    Impossible(String),
}

impl From<ClientError> for TestDeviceError {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Api(error) => Self::Api(error),
            other => Self::Client(other),
        }
    }
}

/// A device to run a case on.
pub trait TestDevice: Send {
    fn topics(&self) -> DeviceTopics;

    /// Carries out a state change.
    fn change(&mut self, change: &StateChange) -> impl Future<Output = Result<CommandResult, TestDeviceError>> + Send;

    /// Does what a person does with the prompt or a card.
    fn interact(
        &mut self,
        interaction: DesktopInteraction,
    ) -> impl Future<Output = Result<CommandResult, TestDeviceError>> + Send;

    /// Publishes as a sender or the service does; returns once the broker has it.
    fn publish(
        &mut self,
        topic: String,
        payload: Vec<u8>,
        retain: bool,
    ) -> impl Future<Output = Result<(), TestDeviceError>> + Send;

    /// Waits until nothing is on its way and nothing is due. Time does not move by itself meanwhile, where it is virtual.
    fn until_idle(&mut self) -> impl Future<Output = Result<IdleReport, TestDeviceError>> + Send;

    /// Moves device time on to `moment`; at rest before.
    fn move_to(&mut self, moment: Timestamp) -> impl Future<Output = Result<(), TestDeviceError>> + Send;

    /// Ends the device's daemon cleanly and starts it again on what its journal kept.
    fn restart(&mut self) -> impl Future<Output = Result<(), TestDeviceError>> + Send;

    /// The whole picture.
    fn status(&mut self) -> impl Future<Output = Result<StatusReport, TestDeviceError>> + Send;

    /// What is on the phone's screen.
    fn screen(&mut self) -> impl Future<Output = Result<PhoneScreen, TestDeviceError>> + Send;

    /// The receipts after a sequence, oldest first.
    fn receipts_after(&mut self, sequence: u64) -> impl Future<Output = Result<Vec<Receipt>, TestDeviceError>> + Send;

    /// What Company Portal's own Notifications section lists.
    fn in_app(&mut self) -> impl Future<Output = Result<Vec<InAppMessage>, TestDeviceError>> + Send;

    /// Why a push did or did not show; none where it has no outcome.
    fn explain(
        &mut self,
        id: Option<NotificationId>,
    ) -> impl Future<Output = Result<Option<Explanation>, TestDeviceError>> + Send;

    /// What happened since the last asking, up to `idle`.
    fn happened(&mut self, idle: &IdleReport)
    -> impl Future<Output = Result<Vec<DeviceEvent>, TestDeviceError>> + Send;
}
