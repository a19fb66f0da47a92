//! The control API's client: blocking, for the command line and for tests.
//!
//! Lives here: finding the daemon of a state directory, asking it, following it. Does not live here: HTTP (`client_transport`),
//! printing (`cli`).

use std::path::{Path, PathBuf};
use std::time::Duration;

use portal_contract::command::{self, CommandRow, DeviceCommand, HttpMethod, hosting};
use portal_contract::{
    DeviceId, DeviceList, DeviceState, DeviceSummary, DoctorReport, Explanation, HeldNotification, ListedReceipt,
    NewDevice, NotificationId, SettingsInForce, StatusReport, duration,
};
use portal_screen::PhoneScreen;
use serde::de::DeserializeOwned;
use serde_json::Value;
use ureq::Agent;
use ureq::http::{Request, StatusCode};

use super::chosen::chosen;
use super::client_error::{ClientAnswer, ClientError};
use super::config;
use super::following::FollowedLines;
use super::log::{EVENT_STREAM, LogRequest};
use super::{
    ApiError, CommandResult, ControlFile, DesktopInteraction, DeviceEvent, HeldList, HistoryList, HistoryPlace, IdList,
    IdleReport, InAppMessages, PanelClosed, PanelLink, ReceiptList, ScenarioAnswer, ScenarioOrder, ScenarioReport,
    VERSION, WaitRequest, WatcherOrder, WatcherRequest,
};

/// How long connecting to loopback may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long an answer that waits for nothing may take.
pub(super) const RESPONSE_TIMEOUT: Duration = Duration::from_secs(30);

/// A connection to one device of a daemon.
#[derive(Debug)]
pub struct ControlClient {
    pub(super) agent: Agent,
    pub(super) file: ControlFile,
    pub(super) state_dir: PathBuf,
    /// The devices of the daemon when this connected, in the order in which they were made.
    hosted: Vec<DeviceSummary>,
    pub(super) device: DeviceId,
    /// The daemon's version, once it answered.
    pub(super) daemon: std::sync::OnceLock<String>,
}

impl ControlClient {
    /// Finds the daemon of a state directory and its device.
    ///
    /// # Errors
    /// [`ClientError::NoDaemon`] where there is no `control.json` or nobody listens there.
    pub fn connect(state_dir: &Path) -> Result<Self, ClientError> {
        let file = ControlFile::read(state_dir)?.ok_or_else(|| ClientError::NoDaemon(state_dir.to_owned()))?;
        Self::of(file, state_dir)
    }

    /// Speaks to the server that a file leads to.
    ///
    /// # Errors
    /// [`ClientError::NoDaemon`] where nobody listens there.
    pub fn of(file: ControlFile, state_dir: &Path) -> Result<Self, ClientError> {
        // No proxy: loopback is meant, and the token goes nowhere else. No redirect, for the same reason.
        let config = Agent::config_builder()
            .proxy(None)
            .max_redirects(0)
            .http_status_as_error(false)
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .build();
        let device = DeviceId::from_bytes([0; 16]);
        let (hosted, daemon) = (Vec::new(), std::sync::OnceLock::new());
        let mut client =
            Self { agent: config.new_agent(), file, state_dir: state_dir.to_owned(), hosted, device, daemon };
        // Asked at once: that the file is stale, or the daemon of another version, is told before anything else is
        // asked of it.
        client.hosted = client.devices()?.value.hosted;
        let first = client.hosted.first().ok_or_else(|| ClientError::Lost("it has no device".to_owned()))?;
        client.device = first.device_id;
        Ok(client)
    }

    /// Speaks of this device from now on: of the one that is named, by name or id, else of the only one.
    ///
    /// # Errors
    /// [`ClientError::UnknownDevice`] where none is called so, [`ClientError::SeveralDevices`] where none is named and there
    /// is more than one, or where two have the name.
    pub fn choose(&mut self, named: Option<&str>) -> Result<(), ClientError> {
        self.device = chosen(&self.hosted, named)?;
        Ok(())
    }

    /// The daemon's version, where it is another than this program's.
    pub fn other_version(&self) -> Option<&str> {
        self.daemon.get().map(String::as_str).filter(|version| *version != VERSION)
    }

    /// The devices of the daemon, as they were when this connected.
    pub fn hosted(&self) -> &[DeviceSummary] {
        &self.hosted
    }

    /// The devices of the daemon.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub fn devices(&self) -> Result<ClientAnswer<DeviceList>, ClientError> {
        self.get(&hosting::LIST.path_of(self.device), &[])
    }

    /// Adds a device; gives its state.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub fn add(&self, new: &NewDevice) -> Result<ClientAnswer<DeviceState>, ClientError> {
        let body = serde_json::to_vec(new).map_err(|error| ClientError::Lost(error.to_string()))?;
        let row = &hosting::ADD;
        let request = Request::builder().method(row.method.name()).header("content-type", "application/json");
        self.answer(self.send(request, &row.path_of(self.device), &[], body, Some(RESPONSE_TIMEOUT))?)
    }

    /// Removes the device that this client speaks of; gives those that are left.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub fn remove(&self) -> Result<ClientAnswer<DeviceList>, ClientError> {
        let row = &hosting::REMOVE;
        let request = Request::builder().method(row.method.name());
        self.answer(self.send(request, &row.path_of(self.device), &[], Vec::new(), Some(RESPONSE_TIMEOUT))?)
    }

    /// The device that this client speaks of.
    pub fn device(&self) -> DeviceId {
        self.device
    }

    /// The daemon's process id.
    pub fn pid(&self) -> u32 {
        self.file.pid
    }

    /// The whole picture.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub fn status(&self) -> Result<ClientAnswer<StatusReport>, ClientError> {
        self.get(&self.path(""), &[])
    }

    /// The settings that the daemon was started with.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub fn settings_in_force(&self) -> Result<ClientAnswer<SettingsInForce>, ClientError> {
        self.get(config::PATH, &[])
    }

    /// Carries out a command.
    ///
    /// # Errors
    /// See [`ClientError`]; a refusal is a [`ClientError::Api`].
    pub fn apply(&self, command: &DeviceCommand) -> Result<ClientAnswer<CommandResult>, ClientError> {
        let request = command::request(command).map_err(|error| ClientError::Lost(error.to_string()))?;
        let (row, body) = request.ok_or_else(only_at_a_start)?;
        self.change(row, &body)
    }

    /// Carries out the command of a row, with this body.
    ///
    /// # Errors
    /// See [`ClientError`]; a refusal is a [`ClientError::Api`].
    pub fn change(&self, row: &CommandRow, body: &Value) -> Result<ClientAnswer<CommandResult>, ClientError> {
        self.send_json(row.method, &row.path_of(self.device), body)
    }

    fn send_json<T: DeserializeOwned>(
        &self,
        method: HttpMethod,
        path: &str,
        body: &Value,
    ) -> Result<ClientAnswer<T>, ClientError> {
        let request = Request::builder().method(method.name()).header("content-type", "application/json");
        self.answer(self.send(request, path, &[], body.to_string().into_bytes(), Some(RESPONSE_TIMEOUT))?)
    }

    /// Does what a person does with the prompt or a card.
    ///
    /// # Errors
    /// See [`ClientError`]; where there is none of them, it is a [`ClientError::Api`].
    pub fn interact(&self, interaction: DesktopInteraction) -> Result<ClientAnswer<CommandResult>, ClientError> {
        self.send_json(HttpMethod::Post, &self.path("gesture"), &serde_json::json!({ "gesture": interaction }))
    }

    /// Reports a scenario that is run on the device; the answer comes once there is something to do, after 10 s at the latest.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub fn report(&self, report: &ScenarioReport) -> Result<ScenarioOrder, ClientError> {
        let body = serde_json::to_value(report).map_err(|error| ClientError::Lost(error.to_string()))?;
        Ok(self.send_json::<ScenarioAnswer>(HttpMethod::Post, &self.path("scenario"), &body)?.value.order)
    }

    /// Says what the scenario that runs on the device is to do.
    ///
    /// # Errors
    /// See [`ClientError`]; where none runs it is a [`ClientError::Api`].
    pub fn order(&self, order: WatcherOrder) -> Result<(), ClientError> {
        let body = serde_json::json!({ "order": order });
        self.send_json::<WatcherRequest>(HttpMethod::Post, &self.path("scenario/order"), &body).map(drop)
    }

    /// The latest entries of the device's history, oldest first.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub fn history(&self, limit: usize) -> Result<HistoryList, ClientError> {
        Ok(self.get(&self.path("history"), &[("limit", limit.to_string())])?.value)
    }

    /// The receipts that are asked for, oldest first.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub fn receipts(&self, request: &LogRequest) -> Result<Vec<ListedReceipt>, ClientError> {
        Ok(self.get::<ReceiptList>(&self.path("receipts"), &request.pairs())?.value.receipts)
    }

    /// The pushes that wait, in the order of arrival; with an id, only that one.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub fn held(&self, id: Option<&NotificationId>) -> Result<Vec<HeldNotification>, ClientError> {
        let pairs: Vec<(&str, String)> = id.iter().map(|id| ("id", id.to_string())).collect();
        Ok(self.get::<HeldList>(&self.path("held"), &pairs)?.value.held)
    }

    /// The ids with this beginning, of receipts and of what waits; no more than twenty.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub fn ids_beginning(&self, beginning: &str) -> Result<Vec<NotificationId>, ClientError> {
        let pairs = [("beginning", beginning.to_owned())];
        Ok(self.get::<IdList>(&self.path("notification-ids"), &pairs)?.value.ids)
    }

    /// The same receipts, and then each receipt as it becomes durable, until the daemon ends.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub fn follow(&self, request: &LogRequest) -> Result<FollowedLines<ListedReceipt>, ClientError> {
        let builder = Request::builder().method("GET").header("accept", EVENT_STREAM);
        let response = self.send(builder, &self.path("receipts"), &request.pairs(), Vec::new(), None)?;
        if response.status() != StatusCode::OK {
            return Err(self.error_of(response));
        }
        Ok(FollowedLines::new(response.into_body().into_reader()))
    }

    /// Everything that happens from now on; the first event only says from which number on.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub fn events(&self) -> Result<FollowedLines<DeviceEvent>, ClientError> {
        let builder = Request::builder().method("GET").header("accept", EVENT_STREAM);
        let response = self.send(builder, &self.path("events"), &[], Vec::new(), None)?;
        if response.status() != StatusCode::OK {
            return Err(self.error_of(response));
        }
        Ok(FollowedLines::new(response.into_body().into_reader()))
    }

    /// Why a push did or did not show; the latest without an id.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub fn explanation(&self, id: Option<&NotificationId>) -> Result<ClientAnswer<Explanation>, ClientError> {
        let pairs: Vec<(&str, String)> = id.iter().map(|id| ("id", id.to_string())).collect();
        self.get(&self.path("explanation"), &pairs)
    }

    /// What is on the phone's screen, now or as of then.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub fn screen(&self, place: Option<HistoryPlace>) -> Result<ClientAnswer<PhoneScreen>, ClientError> {
        self.get(&self.path("screen"), &place.map(HistoryPlace::pairs).unwrap_or_default())
    }

    /// What Company Portal's own Notifications section lists.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub fn notifications(&self) -> Result<ClientAnswer<InAppMessages>, ClientError> {
        self.get(&self.path("notifications"), &[])
    }

    /// What on this computer could keep a notification from showing.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub fn doctor(&self) -> Result<ClientAnswer<DoctorReport>, ClientError> {
        self.get(&self.path("doctor"), &[])
    }

    /// Waits, at the daemon's side, until every condition holds.
    ///
    /// # Errors
    /// See [`ClientError`]; that time is up is a [`ClientError::Api`] which names what did not hold.
    pub fn wait(&self, wait: &WaitRequest) -> Result<ClientAnswer<DeviceState>, ClientError> {
        let request = Request::builder().method("GET");
        // No limit on this side: how long to wait was said, and the daemon keeps to it.
        self.answer(self.send(request, &self.path("wait"), &wait.pairs(), Vec::new(), None)?)
    }

    /// Waits, at the daemon's side, until the device has come to rest: see [`IdleReport`].
    ///
    /// # Errors
    /// See [`ClientError`]; that time is up is a [`ClientError::Api`].
    pub fn until_idle(&self, timeout: Duration) -> Result<ClientAnswer<IdleReport>, ClientError> {
        let request = Request::builder().method("GET");
        let pairs = [("timeout", duration::write(timeout))];
        self.answer(self.send(request, &self.path("quiet"), &pairs, Vec::new(), None)?)
    }

    /// Asks the daemon to end; it is ending when this returns.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub fn stop(&self) -> Result<ClientAnswer<CommandResult>, ClientError> {
        self.post("/v1/stop")
    }

    /// A link to the page, good once and for a minute.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub fn panel_link(&self) -> Result<ClientAnswer<PanelLink>, ClientError> {
        self.post("/v1/panel")
    }

    /// Ends the access of every page.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub fn close_panel(&self) -> Result<ClientAnswer<PanelClosed>, ClientError> {
        self.post("/v1/panel/close")
    }
}

fn only_at_a_start() -> ClientError {
    let message = "a running daemon's device keeps its name";
    ClientError::Api(ApiError::new(
        "notWhileRunning",
        message,
        "portal-agent run --device-name NAME, at the next start",
    ))
}
