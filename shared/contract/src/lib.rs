//! The contract: the words that the agent, its senders and its readers share.
//!
//! Every type here is parsed once, at the border, and trusted from then on: an id that exists is valid, a notification that
//! exists may be shown. The types are also the published JSON Schema and AsyncAPI ([`schema::files`]).
//!
//! A sender in another program needs no more than this:
//!
//! ```
//! use portal_contract::{CustomNotification, DeviceId, DeviceTopics, Tenant};
//!
//! let device: DeviceId = "6f0c1b9e-2f5a-4c0e-9a52-0d6f3a3b7a10".parse()?;
//! let topics = DeviceTopics::new(&Tenant::default(), device);
//! let payload = br#"{"id":"1","notificationTitle":"Office closed","notificationBody":"Work from home."}"#;
//! assert!(CustomNotification::parse(payload).is_ok(), "what the device would reject is found before it is sent");
//! let (publish_to, listen_to) = (topics.notifications(), topics.receipts());
//! # assert_ne!(publish_to, listen_to);
//! # Ok::<(), portal_contract::IdError>(())
//! ```
//!
//! Lives here: ids, topics, payloads, receipts, the device state, and what the command line prints as JSON.
//! Does not live here: any rule of the device, any I/O, any clock, tokio.

pub mod checklist;
pub mod command;
pub mod desktop_verdict;
pub mod device_event;
pub mod device_state;
pub mod documents;
pub mod duration;
pub mod evidence;
pub mod harmful;
pub mod held_notification;
pub mod hosted_devices;
pub mod ids;
pub mod json_payload;
pub mod lesser_showing;
pub mod log_query;
pub mod managed_device;
pub mod notification;
mod os_version;
pub mod prerequisite;
pub mod presentation;
pub mod push_problem;
pub mod receipt;
pub mod schema;
pub mod service;
mod settings_in_force;
pub mod status;
pub mod timestamp;
pub mod topics;
pub mod way_to_show;
pub mod years;

pub use checklist::{ChecklistEntry, DoctorCheck, DoctorReport, Explanation};
pub use desktop_verdict::DesktopVerdict;
pub use device_event::{CommandResult, DesktopInteraction, DeviceEvent, DeviceEventKind, IdleReport};
pub use device_state::{DeviceState, LastAction, NotificationPermission, OperatingSystem};
pub use documents::{Citation, Document, Publisher};
pub use evidence::{DocumentSource, RuleEvidence};
pub use held_notification::{HeldNotification, HeldWord, HoldReason};
pub use hosted_devices::{DeviceList, DeviceSummary, NewDevice};
pub use ids::{DeviceId, DeviceName, GroupId, IdError, NotificationId, Tenant, UserPrincipalName};
pub use log_query::LogQuery;
pub use managed_device::{DeviceEnrollmentType, DeviceRegistrationState, ManagedDeviceOwnerType, ManagementState};
pub use notification::{CustomNotification, MAX_PAYLOAD_BYTES, PayloadRejection};
pub use os_version::OsVersion;
pub use prerequisite::{Prerequisite, Prerequisites};
pub use presentation::{Presentation, Surface};
pub use push_problem::PushProblem;
pub use receipt::{CardInteraction, DeliveryDelay, ListedReceipt, Outcome, OutcomeKind, PushTarget, Receipt};
pub use service::{ActionKind, ConnectionPayload, ConnectionState, GroupList, RemoteAction};
pub use settings_in_force::{KeyOrigin, SettingsInForce};
pub use status::{StandbyBucket, StatusReport};
pub use timestamp::Timestamp;
pub use topics::{DeviceTopics, IncomingTopic};
pub use years::{DocumentationYear, SourceStatus, YearStatus};

#[cfg(test)]
mod word_tests {
    use serde::Serialize;

    use super::*;

    /// serde and strum each spell a variant by its name and a rule of their own: the two must not part.
    #[test]
    fn an_enum_is_spelled_as_its_json_is() {
        fn agree<T: Serialize + Copy>(all: &[T], word: fn(T) -> &'static str) {
            for known in all {
                assert_eq!(serde_json::to_value(known).unwrap(), word(*known));
            }
        }
        agree(ActionKind::ALL, ActionKind::word);
        agree(OutcomeKind::ALL, OutcomeKind::word);
        agree(Prerequisite::ALL, Prerequisite::code);
        agree(StandbyBucket::ALL, StandbyBucket::word);
        agree(SourceStatus::ALL, SourceStatus::word);
        agree(DocumentationYear::ALL, DocumentationYear::year);
        agree(&[ConnectionState::Online, ConnectionState::Offline], ConnectionState::word);
        agree(&[OperatingSystem::Ios, OperatingSystem::IpadOs, OperatingSystem::Android], OperatingSystem::name);
        agree(
            &[
                NotificationPermission::NotDetermined,
                NotificationPermission::Denied,
                NotificationPermission::Authorized,
                NotificationPermission::Provisional,
            ],
            NotificationPermission::word,
        );
    }
}
