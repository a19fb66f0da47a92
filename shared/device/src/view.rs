//! What others see of the device: the contract's device state, and the device's part of `status`.
//!
//! Lives here: reading the snapshot into the contract's words. Does not live here: any rule.

use portal_contract::status::{self, PromptButton};
use portal_contract::{DeviceState, ManagedDeviceOwnerType, OperatingSystem};

use super::{Device, DeviceSnapshot, ReceiverApp};

/// The version of iOS and iPadOS from which there is a scheduled summary (facts 4.1, document Ask).
const SUMMARY_SINCE: u32 = 15;

impl DeviceSnapshot {
    /// The retained device state (contract 3).
    pub fn device_state(&self) -> DeviceState {
        let enrolled = self.enrollment.enrolled.as_ref();
        let apple = self.identity.operating_system.is_apple();
        DeviceState {
            device_id: self.identity.id,
            device_name: self.identity.name.clone(),
            user_principal_name: enrolled.map(|enrolled| enrolled.user.clone()),
            operating_system: self.identity.operating_system,
            os_version: self.identity.os_version.to_string(),
            managed_device_owner_type: enrolled.map_or(ManagedDeviceOwnerType::Unknown, |enrolled| enrolled.owner_type),
            device_enrollment_type: enrolled.map(|enrolled| enrolled.enrollment_type),
            management_state: enrolled.map(|enrolled| enrolled.management_state),
            device_registration_state: self.enrollment.registration_state(),
            // Android has no supervision: the member is absent there, and not false.
            is_supervised: enrolled.filter(|_| apple).map(|enrolled| enrolled.supervised),
            prerequisites: self.prerequisites(None).collect(),
            notification_permission: self.acting_permission(),
            prompts_shown: self.permission.prompts_shown,
            last_action: self.actions.last.clone(),
            updated_at: self.updated_at,
        }
    }

    /// Company Portal, for `status`.
    pub fn app_status(&self) -> status::AppStatus {
        status::AppStatus {
            name: self.app.kind.name().to_owned(),
            installed: self.app.is_installed(),
            version: self.app.version.clone(),
            foreground: self.app.foreground,
            force_stopped: self.app.force_stopped,
            signed_in: self.app.signed_in,
            target_sdk: self.app.target_sdk,
        }
    }

    /// The device's own condition, for `status`.
    pub fn condition_status(&self) -> status::ConditionStatus {
        let condition = &self.condition;
        let android = self.identity.operating_system == OperatingSystem::Android;
        status::ConditionStatus {
            locked: condition.locked,
            offline: condition.offline,
            focus: condition.focus,
            doze: condition.doze,
            charging: condition.charging,
            work_profile_paused: condition.work_profile_paused,
            battery_optimisation_exempt: condition.battery_optimisation_exempt,
            standby_bucket: android.then_some(condition.standby_bucket),
            play_services: android.then_some(condition.play_services),
            clock_ahead_millis: condition.clock_ahead_millis,
        }
    }

    /// What lingers, for `status`.
    pub fn grace_status(&self) -> Option<status::GraceStatus> {
        let enrollment = &self.enrollment;
        let former = enrollment.former.iter().flat_map(|former| &former.groups);
        let groups = former.chain(enrollment.left_groups.keys()).copied().collect();
        enrollment.next_grace_end().map(|ends_at| status::GraceStatus { groups, ends_at })
    }

    /// The permission prompt's question and what it is about, as the platform says them.
    pub fn prompt_words(&self) -> (&'static str, &'static str) {
        if self.identity.operating_system.is_apple() {
            (
                "\u{201c}Company Portal\u{201d} Would Like to Send You Notifications",
                "Notifications may include alerts, sounds, and icon badges.",
            )
        } else {
            let question = match self.app.kind {
                ReceiverApp::CompanyPortal => "Allow Company Portal to send you notifications?",
                ReceiverApp::Intune => "Allow Microsoft Intune to send you notifications?",
            };
            (question, "Messages from your company's support.")
        }
    }

    /// What shouldShowRequestPermissionRationale tells the app, for `status`; nothing where there is no such permission, or no
    /// app (`Rule::AndroidRationale`).
    pub fn rationale_status(&self) -> Option<bool> {
        let fixed = self.enforced_permission().is_some();
        self.permission.shows_rationale().filter(|_| self.app.is_installed()).map(|shows| shows && !fixed)
    }

    /// The permission prompt that is showing, for `status`.
    pub fn prompt_status(&self, buttons: &[PromptButton]) -> Option<status::PromptStatus> {
        self.permission.prompt.map(|prompt| status::PromptStatus {
            shown_at: prompt.shown_at,
            actions: buttons.iter().map(|button| button.label.to_owned()).collect(),
        })
    }
}

impl Device {
    /// The permission prompt's buttons, in the platform's order and words (`Rule::AppleSummaryButton`).
    pub fn prompt_buttons(&self) -> &'static [PromptButton] {
        let identity = &self.snapshot().identity;
        let in_summary = self.settings().apple_summary_button && identity.os_version.major() >= SUMMARY_SINCE;
        status::prompt_buttons(identity.operating_system, in_summary)
    }

    /// The permission prompt that is showing, for `status`.
    pub fn prompt_status(&self) -> Option<status::PromptStatus> {
        self.snapshot().prompt_status(self.prompt_buttons())
    }
}
