//! The contract: the words that the agent, its senders and its readers share.
//!
//! Lives here: ids, topics, payloads, receipts, the device state, and what the command line prints as JSON.
//! Does not live here: any rule of the device, any I/O, any clock, tokio.

pub mod checklist;
pub mod device_state;
pub mod ids;
pub mod notification;
pub mod prerequisite;
pub mod presentation;
pub mod receipt;
pub mod schema;
pub mod service;
pub mod status;
pub mod timestamp;
pub mod topics;

pub use checklist::{Check, Doctor, Explanation, Standing};
pub use device_state::{
    DeviceEnrollmentType, DeviceState, LastAction, ManagedDeviceOwnerType, NotificationPermission, OperatingSystem,
};
pub use ids::{DeviceId, GroupId, IdError, NotificationId, Tenant, UserPrincipalName};
pub use notification::{CustomNotification, MAX_PAYLOAD_BYTES, Rejection};
pub use prerequisite::{Prerequisite, Prerequisites};
pub use presentation::{Presentation, Surface};
pub use receipt::{Delay, Interaction, Outcome, OutcomeKind, Problem, Receipt, Target};
pub use service::{Action, ActionKind, Connection, ConnectionState, GroupList};
pub use status::Status;
pub use timestamp::Timestamp;
pub use topics::{Incoming, Topics};
