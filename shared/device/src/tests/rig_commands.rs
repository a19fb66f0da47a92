//! Short forms of what a test does to a device and asks of it.
//!
//! Lives here: one line each. Does not live here: what the rig keeps of the edges (`rig`).

use portal_contract::{NotificationId, Outcome, Receipt};

use super::rig::DeviceRig;
use super::sent::{group, user};
use crate::{
    AppCommand, ConditionCommand, DeviceCommand, DeviceEffect, DeviceInput, DeviceSnapshot, EnrollCommand, OsVersion,
    PermissionCommand, Refusal,
};

impl DeviceRig {
    pub(super) fn command(&mut self, command: DeviceCommand) -> Vec<DeviceEffect> {
        self.apply(DeviceInput::Command(command)).unwrap()
    }

    /// Back to how it was after an earlier event.
    pub(super) fn return_to(&mut self, event: u64, past: DeviceSnapshot) -> Vec<DeviceEffect> {
        self.happens(DeviceInput::Returned { event, past: Box::new(past) })
    }

    pub(super) fn refused(&mut self, command: DeviceCommand) -> Refusal {
        self.apply(DeviceInput::Command(command)).unwrap_err()
    }

    /// What a person is told by a command that changes nothing.
    pub(super) fn note(&mut self, command: DeviceCommand) -> String {
        let effects = self.command(command);
        match &effects[..] {
            [DeviceEffect::Unchanged(note)] => note.clone(),
            _ => panic!("{effects:?}"),
        }
    }

    pub(super) fn condition(&mut self, command: ConditionCommand) {
        self.command(DeviceCommand::Condition(command));
    }

    pub(super) fn app(&mut self, command: AppCommand) -> Vec<DeviceEffect> {
        self.command(DeviceCommand::App(command))
    }

    pub(super) fn permission(&mut self, command: PermissionCommand) -> Vec<DeviceEffect> {
        self.command(DeviceCommand::Permission(command))
    }

    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.command(DeviceCommand::SettingsSet { name: name.to_owned(), value: value.to_owned() });
    }

    pub(super) fn install(&mut self) {
        self.app(AppCommand::Install { version: None, target_sdk: None });
    }

    pub(super) fn uninstall(&mut self) {
        self.app(AppCommand::Uninstall);
    }

    pub(super) fn allow(&mut self) {
        self.permission(PermissionCommand::Allow);
    }

    pub(super) fn deny(&mut self) {
        self.permission(PermissionCommand::Deny);
    }

    pub(super) fn enroll(&mut self, name: &str) {
        self.command(DeviceCommand::Enroll(EnrollCommand {
            groups: Some([group(1)].into()),
            ..EnrollCommand::by(user(name))
        }));
    }

    pub(super) fn os_update(&mut self, version: &str) -> Vec<DeviceEffect> {
        self.command(DeviceCommand::OsUpdate { version: version.parse::<OsVersion>().unwrap() })
    }

    pub(super) fn connect(&mut self, session_present: bool) {
        self.happens(DeviceInput::Connected { session_present });
    }

    pub(super) fn disconnect(&mut self) {
        self.happens(DeviceInput::Disconnected);
    }

    pub(super) fn fence(&mut self) -> Vec<DeviceEffect> {
        self.happens(DeviceInput::FenceReturned)
    }

    /// The device is taken offline, and its connection goes.
    pub(super) fn go_offline(&mut self) {
        self.condition(ConditionCommand::Offline(true));
        self.disconnect();
    }

    /// The device is back on its session; the fence is not.
    pub(super) fn come_back(&mut self) {
        self.condition(ConditionCommand::Offline(false));
        self.connect(true);
    }

    /// The outcomes of all pushes with this id, in order.
    pub(super) fn outcomes(&self, id: &str) -> Vec<&Outcome> {
        let of_it = |receipt: &&Receipt| receipt.notification_id.as_ref().is_some_and(|its| its.as_str() == id);
        self.receipts.iter().filter(of_it).map(|receipt| &receipt.outcome).collect()
    }

    /// The one receipt of the push with this id.
    pub(super) fn receipt(&self, id: &str) -> &Receipt {
        assert_eq!(self.outcomes(id).len(), 1, "{id}: {:?}", self.outcomes(id));
        let of_it = |receipt: &&Receipt| receipt.notification_id.as_ref().is_some_and(|its| its.as_str() == id);
        self.receipts.iter().find(of_it).unwrap()
    }

    /// The one outcome's word of the push with this id.
    pub(super) fn word(&self, id: &str) -> &'static str {
        self.receipt(id).outcome.kind().word()
    }

    /// The ids with this outcome, in the order of their receipts.
    pub(super) fn ids_of(&self, word: &str) -> Vec<&str> {
        let of_it = |receipt: &&Receipt| receipt.outcome.kind().word() == word;
        self.receipts
            .iter()
            .filter(of_it)
            .filter_map(|r| r.notification_id.as_ref().map(NotificationId::as_str))
            .collect()
    }
}
