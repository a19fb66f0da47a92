//! The control API: HTTP on loopback, by which every command reaches the daemon (contract 6).
//!
//! Lives here: the wire, and the trait through which it reaches a device. A path that only reads has a file, with its
//! parameters and its answer. Does not live here: what the commands are (the contract's table), the device's rules, the
//! command line.

mod api;
mod api_error;
mod body;
mod chosen;
mod client;
mod client_error;
mod client_transport;
pub mod condition;
mod config;
mod control_file;
mod devices;
mod doctor;
mod event_queue;
mod events;
mod explain;
mod following;
mod gateway_requests;
mod gateway_sends;
mod guard;
mod health;
mod held;
mod history;
mod idle;
mod ids;
mod interaction;
pub mod log;
mod long_requests;
mod notifications;
mod openapi;
mod panel;
mod parameters;
mod push;
mod recording;
mod recording_requests;
mod route;
mod routes;
mod scenario_requests;
mod scenario_run;
mod screen;
mod server;
mod settings;
mod status;
mod stop;
mod token;
mod wait;
mod watched_table;

use std::future::Future;

pub use api_error::{ApiError, ErrorBody};
pub use client::ControlClient;
pub use client_error::{ClientAnswer, ClientError};
pub use control_file::{ControlFile, ControlFileError};
pub use event_queue::{EventReceiver, EventSender, MOST_EVENTS, event_queue, size_of_event};
pub use explain::missing as explain_missing;
pub use following::FollowedLines;
pub use gateway_sends::{GatewaySend, GatewaySendList, GatewaySends};
pub use held::HeldList;
pub use history::{HistoryEntry, HistoryKind, HistoryList, HistoryPlace};
pub use ids::{IdList, MOST_IDS, is_beginning_of, is_uuid};
pub use interaction::InteractionRequest;
pub use log::ReceiptList;
pub use notifications::InAppMessages;
pub use panel::{NothingKept, PanelClosed, PanelFile, PanelLink};
pub use portal_contract::{CommandResult, DesktopInteraction, DeviceEvent, DeviceEventKind, IdleReport, LogQuery};
pub use push::{NotificationDraft, PushRequest, RawPushRequest, SentBytes, SentNotification};
pub use recording::{Recording, RecordingRequest};
pub use scenario_run::{
    ReportedStep, ReportedStepState, ScenarioAnswer, ScenarioOrder, ScenarioReport, WatchedRun, WatcherOrder,
    WatcherRequest,
};
pub use screen::CardList;
pub use server::{ControlError, ControlServer};
pub use token::ControlToken;
pub use wait::WaitRequest;

use bytes::Bytes;
use portal_contract::{
    CustomNotification, DeviceId, DeviceSummary, DoctorReport, Explanation, GroupId, HeldNotification, ListedReceipt,
    NewDevice, NotificationId, StatusReport, Timestamp,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use portal_device::DeviceCommand;
use portal_screen::PhoneMoment;

/// The version of the control API; a client of another one is told so (contract 6).
pub const API_VERSION: u32 = 1;
/// The header that names the API's version, in requests and in every answer.
pub const API_HEADER: &str = "portal-agent-api";
/// The header that names the daemon's version in every answer.
pub const VERSION_HEADER: &str = "portal-agent-version";
/// This program's version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A message in Company Portal's own Notifications section (facts 1.6).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InAppMessage {
    /// The message.
    #[serde(flatten)]
    pub notification: CustomNotification,
    /// When it was received, in device time.
    pub received_at: Timestamp,
}

/// The running device, as the control API sees it. The daemon implements it.
pub trait RunningDevice: Clone + Send + Sync + 'static {
    /// Which device it is.
    fn id(&self) -> DeviceId;
    /// Carries out a command; answers once the change is durable.
    fn apply(&self, command: DeviceCommand) -> impl Future<Output = Result<CommandResult, ApiError>> + Send;
    /// The whole picture; never waits for the desktop.
    fn status(&self) -> impl Future<Output = Result<StatusReport, ApiError>> + Send;
    /// Each switch of the platform by name is in `status`; this counts up whenever `status` may differ.
    fn changes(&self) -> watch::Receiver<u64>;
    /// The sequence of the newest durable receipt.
    fn settled(&self) -> watch::Receiver<u64>;
    /// Receipts after a sequence, oldest first.
    fn receipts_after(
        &self,
        sequence: u64,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<ListedReceipt>, ApiError>> + Send;
    /// The latest receipts that match, oldest first.
    fn log(&self, query: LogQuery) -> impl Future<Output = Result<Vec<ListedReceipt>, ApiError>> + Send;
    /// The ids with this beginning, of receipts and of what waits, each once; no more than `limit`.
    fn ids_beginning(
        &self,
        beginning: String,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<NotificationId>, ApiError>> + Send;
    /// The pushes that wait, in the order of arrival; with an id, only that one.
    fn held(&self, id: Option<NotificationId>) -> impl Future<Output = Result<Vec<HeldNotification>, ApiError>> + Send;
    /// Why a push did or did not show, or why it waits; the latest without an id; `None` where there is none.
    fn explain(&self, id: Option<NotificationId>)
    -> impl Future<Output = Result<Option<Explanation>, ApiError>> + Send;
    /// Publishes pushes for this device, or for the users of a group of its tenant, as a sender does; answers once the broker has
    /// taken all of them.
    fn publish(
        &self,
        group: Option<GroupId>,
        payloads: Vec<Bytes>,
    ) -> impl Future<Output = Result<(), ApiError>> + Send;
    /// What Company Portal's own Notifications section lists.
    fn in_app(&self) -> impl Future<Output = Result<Vec<InAppMessage>, ApiError>> + Send;
    /// The device at one moment, with what its screen follows from; without a place now. `None` where the journal has no such place.
    fn moment(&self, place: Option<HistoryPlace>)
    -> impl Future<Output = Result<Option<PhoneMoment>, ApiError>> + Send;
    /// The latest entries of its history, or the latest before an event, oldest first.
    fn history(
        &self,
        before: Option<u64>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<HistoryEntry>, ApiError>> + Send;
    /// What on this computer could keep a notification from showing.
    fn doctor(&self) -> impl Future<Output = Result<DoctorReport, ApiError>> + Send;
    /// Everything that happens from now on, behind a first event that says from which number on. The channel ends where it is not read as fast as it fills.
    fn events(&self) -> impl Future<Output = Result<EventReceiver, ApiError>> + Send;
    /// What a person does with the prompt or a card, on the way that the desktop's own answers take.
    fn interact(&self, interaction: DesktopInteraction)
    -> impl Future<Output = Result<CommandResult, ApiError>> + Send;
    /// Answers once what the broker had taken before has come to where only time or a person moves it on: held, or with an
    /// outcome that is durable, acknowledged and published. Has no limit of its own.
    fn until_idle(&self) -> impl Future<Output = Result<IdleReport, ApiError>> + Send;
}

/// The host of the running devices, as the control API sees it. The daemon implements it.
pub trait RunningHost: Clone + Send + Sync + 'static {
    /// One of its devices.
    type Device: RunningDevice;
    /// The devices, in the order in which they were made.
    fn devices(&self) -> Vec<DeviceSummary>;
    /// The device of this id, where it is hosted.
    fn device(&self, id: DeviceId) -> Option<Self::Device>;
    /// Whether every device is on its broker, each subscription answered.
    fn is_ready(&self) -> bool;
    /// Makes a device and hosts it.
    fn add(&self, new: NewDevice) -> impl Future<Output = Result<Self::Device, ApiError>> + Send;
    /// Hosts a device no longer, and removes what is kept of it, here and on the broker.
    fn remove(&self, id: DeviceId) -> impl Future<Output = Result<(), ApiError>> + Send;
    /// Ends the daemon cleanly, after this answer.
    fn stop(&self);
}
