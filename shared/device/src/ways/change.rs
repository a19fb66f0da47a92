//! The changes that are tried: what the user, the administrator and the sender can do, and what nobody can.
//!
//! Lives here: each change as a command, who could make it, and how dear it is. Does not live here: what a command does.
//!
//! A change of the device is the line that a person types, carried out as that person's command is; where the device refuses
//! it, or it changes nothing, there is no such step.

use portal_contract::PushTarget;
use portal_contract::command::read_line;
use portal_contract::way_to_show::{StepOwner, WayStep};

use super::TrialDevice;
use crate::{DeviceInput, DeviceSnapshot, FcmPriority};

/// Who enrolls a device where nobody is known: the hint's `UPN`.
const ANYBODY: &str = "anybody@contoso.example";

macro_rules! changes {
    ($($kind:ident: $by:ident $cost:literal $detail:literal;)+) => {
        /// One change that is tried.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum ChangeKind { $($kind),+ }

        impl ChangeKind {
            pub(super) const ALL: [Self; [$($cost),+].len()] = [$(Self::$kind),+];

            /// Who could make it.
            fn by(self) -> StepOwner {
                match self { $(Self::$kind => StepOwner::$by,)+ }
            }

            /// How dear it is: only the order among the ways rests on it.
            pub(super) fn cost(self) -> u32 {
                match self { $(Self::$kind => $cost,)+ }
            }

            fn detail(self) -> &'static str {
                match self { $(Self::$kind => $detail,)+ }
            }
        }
    };
}

// A tap costs 1, a download or a form 2 to 3, asking the administrator 4; what nobody can do comes last.
changes! {
    AppInstall: User 2 "install Company Portal";
    AppOpen: User 1 "open Company Portal once";
    PermissionPrompt: User 1 "have the app ask for the permission";
    PermissionAllow: User 1 "allow notifications";
    SurfaceBanner: User 1 "turn Banners on in Settings";
    SurfaceLockScreen: User 1 "turn Lock Screen on in Settings";
    SurfaceList: User 1 "turn Notification Center on in Settings";
    Unlock: User 1 "unlock the device";
    FocusOff: User 1 "turn Focus off";
    SummaryOff: User 1 "take Company Portal out of Scheduled Summary";
    ChannelGroup: User 1 "turn the channel group on in Settings";
    Channel: User 1 "turn the channel on in Settings";
    DeviceOnline: User 1 "bring the device online";
    DozeOff: User 1 "pick the device up, which ends Doze";
    Charge: User 1 "put the device on a charger";
    BatteryExempt: User 1 "exempt Company Portal from battery optimisation";
    WorkProfileResume: User 1 "resume the work profile";
    StandbyActive: User 1 "use Company Portal, which lifts it out of its standby bucket";
    Enroll: User 3 "enroll the device";
    JoinGroup: Administrator 4 "put the user into the group";
    Retire: Administrator 4 "retire or wipe the device, which ends its enrollment";
    StateManaged: Administrator 4 "bring the device's management state back to managed";
    StateRegistered: Administrator 4 "register the device";
    PolicyClear: Administrator 4 "take the policy back";
    PolicyAllow: Administrator 4 "allow notifications by a policy";
    SendLater: Sender 2 "send it anew, as a notification of its own";
    SendWithoutExpiry: Sender 2 "send it with a later expiry, or with none";
    SendToItsUser: Sender 2 "send it to the user who enrolled the device, or to no user in particular";
    SendToDevice: Sender 2 "send it to the device instead of to the group";
    PlayServices: Impossible 100 "have Google Play Services on the device, which a phone comes with or without";
    HighPriority: Impossible 100 "have the message sent with high priority, which Intune decides";
}

impl ChangeKind {
    pub(super) fn bit(self) -> u64 {
        1 << self as u64
    }

    /// What it comes to, and the step that says so; none where it cannot be done or does nothing here.
    pub(super) fn carried_out(self, trial: &TrialDevice) -> Option<(TrialDevice, WayStep)> {
        let mut changed = trial.clone();
        let line = match self.line(trial) {
            Some(line) => {
                changed.device.apply(DeviceInput::Command(read_line(&line).ok()?), trial.now).ok()?;
                Some(line.replace(ANYBODY, "UPN"))
            }
            None => {
                self.change_the_sending(&mut changed)?;
                None
            }
        };
        Some((changed, WayStep { by: self.by(), detail: self.detail().to_owned(), command: line }))
    }

    /// The line that a person types; none for what is no change of the device, or has no meaning on it.
    fn line(self, trial: &TrialDevice) -> Option<String> {
        let apple = trial.device.is_apple();
        let line = match self {
            Self::AppInstall => "app install",
            Self::AppOpen => "app open",
            Self::PermissionPrompt => "permission prompt",
            Self::PermissionAllow => "permission allow",
            Self::SurfaceBanner if apple => "settings set alert=on",
            Self::SurfaceLockScreen if apple => "settings set lockScreen=on",
            Self::SurfaceList if apple => "settings set notificationCenter=on",
            Self::Unlock => "device unlock",
            Self::FocusOff => "device focus off",
            Self::SummaryOff if apple => "settings set scheduledDelivery=off",
            Self::Charge if !apple => "device charging on",
            Self::ChannelGroup if !apple => "settings set channelGroup=on",
            Self::Channel if !apple => "settings set channelImportance=HIGH",
            Self::DeviceOnline => "device online",
            Self::DozeOff if !apple => "device doze off",
            Self::BatteryExempt if !apple => "device battery exempt",
            Self::WorkProfileResume if !apple => "device work-profile resume",
            Self::StandbyActive if !apple => "device standby active",
            Self::Enroll => return self.enrolling(trial),
            Self::JoinGroup => return joining(trial),
            Self::Retire => trial.device.snapshot().way_out_of_management(),
            Self::StateManaged => "enrollment set managementState=managed",
            Self::StateRegistered => "enrollment set deviceRegistrationState=registered",
            Self::PolicyClear => "policy clear",
            Self::PolicyAllow if apple => "policy set NotificationsEnabled=true",
            Self::PolicyAllow => "policy set PermissionGrantState=granted",
            Self::PlayServices if !apple => "play-services install",
            _ => return None,
        };
        Some(line.to_owned())
    }

    fn enrolling(self, trial: &TrialDevice) -> Option<String> {
        let state = trial.device.snapshot();
        if state.enrollment.enrolled.is_some() {
            return None;
        }
        let targeted = trial.push.notification.target_user_principal_name.as_ref().map(ToString::to_string);
        Some(format!("enroll --user {}", targeted.or_else(|| known_user(state)).unwrap_or_else(|| ANYBODY.to_owned())))
    }

    /// What the sender does otherwise; none where it is nothing.
    fn change_the_sending(self, trial: &mut TrialDevice) -> Option<()> {
        let TrialDevice { device, push, lost, now } = trial;
        match self {
            Self::SendLater => *lost = false,
            Self::SendWithoutExpiry => {
                push.expires_at = None;
                push.notification.expires_at = None;
                push.notification.sent_at = Some(*now);
            }
            Self::SendToItsUser => push.notification.target_user_principal_name = None,
            Self::SendToDevice => push.target = PushTarget::Device,
            Self::HighPriority => {
                device.settings.push_service.android_priority = FcmPriority::High;
                push.priority_lowered = false;
            }
            _ => return None,
        }
        Some(())
    }
}

/// The user with the push's group among the groups.
fn joining(trial: &TrialDevice) -> Option<String> {
    let PushTarget::Group { id } = trial.push.target else { return None };
    let enrollment = &trial.device.snapshot().enrollment;
    let user = &enrollment.enrolled.as_ref()?.user;
    let groups = enrollment.groups.iter().copied().chain([id]);
    let groups: Vec<String> = groups.map(|group| format!(" --group {group}")).collect();
    Some(format!("enroll --user {user}{}", groups.concat()))
}

/// Whoever has or had to do with the device.
fn known_user(state: &DeviceSnapshot) -> Option<String> {
    let enrollment = &state.enrollment;
    let former = enrollment.former.as_ref().map(|former| former.user.to_string());
    former.or_else(|| enrollment.heard.as_ref()?.user_principal_name.as_ref().map(ToString::to_string))
}
