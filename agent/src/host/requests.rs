//! What the control API asks of the host's task.
//!
//! Lives here: the requests and their answers' channel. Does not live here: HTTP (`control`).

use portal_contract::{
    CommandResult, DesktopInteraction, HeldNotification, IdleReport, NotificationId, StatusReport, Timestamp,
};
use portal_delivery::DeviceKey;
use portal_device::{DeviceCommand, DeviceSnapshot, HeldPush};
use portal_screen::PhoneMoment;
use tokio::sync::oneshot;

use super::device_handle::DeviceHandle;
use super::open_device::OpenedDevice;
use crate::broker::{BrokerError, BrokerSession};
use crate::control::{ApiError, EventReceiver};
use crate::journal::DeviceJournal;

/// Where an answer goes. Whoever asked may have gone: then nobody hears it.
pub(super) type Reply<T> = oneshot::Sender<Result<T, ApiError>>;

/// Something that is asked of the task.
pub(super) enum HostRequest {
    /// Of one device.
    OfDevice { device: DeviceKey, request: DeviceRequest },
    /// Host one more device.
    Add { device: Box<OpenedDevice>, reply: oneshot::Sender<Result<DeviceHandle, BrokerError>> },
    /// Host this one no longer, and give what it stood on.
    Remove { device: DeviceKey, reply: oneshot::Sender<Option<RemovedDevice>> },
}

/// Something that is asked of one device.
pub(super) enum DeviceRequest {
    /// Carry out a command; answered once the change is durable.
    Apply { command: DeviceCommand, reply: Reply<CommandResult> },
    /// Take it back to how it was after an earlier event; answered once that is durable.
    Return { event: u64, past: Box<DeviceSnapshot>, reply: Reply<CommandResult> },
    /// What a person does on the desktop; answered once the change is durable.
    Interact { interaction: DesktopInteraction, reply: Reply<CommandResult> },
    /// The pushes that wait; with an id, only that one.
    Held { id: Option<NotificationId>, reply: Reply<Vec<HeldNotification>> },
    /// The push that waits with this id, or the last that came to wait, with the device that it waits on.
    HeldPush { id: Option<NotificationId>, reply: Reply<Option<WaitingPush>> },
    /// How the device stands now, without what the journal has of its cards and messages.
    Moment { reply: Reply<PhoneMoment> },
    /// The whole picture.
    Status { reply: Reply<StatusReport> },
    /// Everything that happens from now on.
    Follow { reply: Reply<EventReceiver> },
    /// What the broker had taken before this was asked has come to where only time or a person moves it on.
    AwaitIdle { reply: Reply<IdleReport> },
}

/// A push that waits, and the device that it waits on.
pub(super) struct WaitingPush {
    pub(super) held: HeldPush,
    pub(super) snapshot: DeviceSnapshot,
    /// The present, in device time.
    pub(super) now: Timestamp,
}

/// What a device stood on that is hosted no longer.
pub(super) struct RemovedDevice {
    /// To be stopped.
    pub(super) session: Option<BrokerSession>,
    /// To be emptied.
    pub(super) journal: DeviceJournal,
}
