//! The prerequisites said a second time, as the contract's section 3 and facts 1.1 to 1.4 put them.
//!
//! Lives here: what the tests hold the crate's own evaluation (`grounds`) against. Does not live here: words, outcomes.

use portal_contract::{NotificationPermission, OperatingSystem, Prerequisite, PushTarget, UserPrincipalName};

use crate::switches::{ChannelImportance, NotificationSwitches};
use crate::{DeviceSnapshot, DocumentationYear, ReceivedPush, ReceiverApp};

/// The prerequisites that are unmet, in the contract's order.
pub(super) fn unmet(device: &DeviceSnapshot, push: Option<&ReceivedPush>) -> Vec<Prerequisite> {
    let is_unmet = |code: &Prerequisite| applies(device, *code) && !is_met(device, *code, push);
    Prerequisite::ALL.iter().copied().filter(is_unmet).collect()
}

/// Whether the platform and the profile know the prerequisite at all.
pub(super) fn applies(device: &DeviceSnapshot, code: Prerequisite) -> bool {
    match code {
        Prerequisite::PlatformSupported => device.documentation >= DocumentationYear::Y2025,
        Prerequisite::GooglePlayServicesInstalled => {
            device.identity.operating_system == OperatingSystem::Android
                && device.documentation < DocumentationYear::Y2025
        }
        _ => true,
    }
}

fn is_met(device: &DeviceSnapshot, code: Prerequisite, push: Option<&ReceivedPush>) -> bool {
    match code {
        Prerequisite::PlatformSupported => {
            device.identity.operating_system != OperatingSystem::Android || is_a_persons_own(device) || looks(device)
        }
        // facts 1.1: from 2023 on the Microsoft Intune app will do
        Prerequisite::CompanyPortalInstalled => {
            let names_intune = device.documentation >= DocumentationYear::Y2023;
            device.app.version.is_some() && (device.app.kind == ReceiverApp::CompanyPortal || names_intune)
        }
        Prerequisite::GooglePlayServicesInstalled => device.condition.play_services,
        Prerequisite::DeviceEnrolled => is_enrolled(device) || unenrolled_in_grace(device, push).is_some(),
        Prerequisite::EnrolledByTargetedUser => by_targeted_user(device, push),
        Prerequisite::NotificationsPermitted => permitted(device),
    }
}

fn by_targeted_user(device: &DeviceSnapshot, push: Option<&ReceivedPush>) -> bool {
    let former = unenrolled_in_grace(device, push);
    let enrolled = device.enrollment.enrolled.as_ref().filter(|_| is_enrolled(device));
    let Some(user) = enrolled.map(|enrolled| &enrolled.user).or(former) else { return false };
    let Some(push) = push else { return true };
    let names_users = device.documentation != DocumentationYear::Y2019;
    let targeted = push.notification.target_user_principal_name.as_ref().filter(|_| names_users);
    let in_group = match push.target {
        PushTarget::Device => true,
        PushTarget::Group { id } => {
            let groups = &device.enrollment;
            former.is_some() || groups.groups.contains(&id) || groups.left_groups.contains_key(&id)
        }
    };
    targeted.is_none_or(|targeted| targeted == user) && in_group
}

/// facts 1.1, document Gms: without Google's services device administrator and AOSP look for messages, from these versions on.
fn looks(device: &DeviceSnapshot) -> bool {
    let kind = device.enrollment.enrolled.as_ref().map(|enrolled| enrolled.enrollment_type.word());
    let version = device.app.version.as_deref().unwrap_or_default();
    let numbers = |text: &str| text.split('.').map(|part| part.parse().unwrap_or(0)).collect::<Vec<u32>>();
    let least = match (kind, device.app.kind) {
        (Some("deviceEnrollmentManager"), ReceiverApp::CompanyPortal) => [5, 0, 5655].to_vec(),
        (Some(aosp), ReceiverApp::Intune) if aosp.contains("AOSP") => [24, 2, 4].to_vec(),
        _ => return false,
    };
    device.documentation == DocumentationYear::Y2026
        && !device.condition.play_services
        && device.app.version.is_some()
        && numbers(version) >= least
}

fn is_a_persons_own(device: &DeviceSnapshot) -> bool {
    device.enrollment.enrolled.as_ref().is_none_or(|enrolled| {
        enrolled.enrollment_type.word() == "userEnrollment" && enrolled.owner_type.word() == "personal"
    })
}

/// facts 3: the words that say that a device is not, or no longer, enrolled.
fn is_enrolled(device: &DeviceSnapshot) -> bool {
    device.enrollment.enrolled.as_ref().is_some_and(|enrolled| {
        let states = [enrolled.management_state.word(), enrolled.registration_state.word()];
        let none = ["discovered", "notRegistered", "revoked", "notRegisteredPendingEnrollment"];
        !states.iter().any(|state| none.contains(state))
    })
}

/// facts 1.6: who had enrolled it, where a message to that user's group may still arrive.
fn unenrolled_in_grace<'a>(device: &'a DeviceSnapshot, push: Option<&ReceivedPush>) -> Option<&'a UserPrincipalName> {
    let former = device.enrollment.former.as_ref().filter(|_| device.enrollment.enrolled.is_none())?;
    let PushTarget::Group { id } = push?.target else { return None };
    former.groups.contains(&id).then_some(&former.user)
}

fn permitted(device: &DeviceSnapshot) -> bool {
    let policy = |name: &str| device.policy.list().get(name).map(String::as_str);
    let payload = device.identity.operating_system.is_apple() && !device.policy.is_empty();
    // facts 4.1: what a payload leaves out has its default, which leaves every surface on
    let off = |name: &str, value: &str, user: bool| if payload { policy(name) != Some(value) } else { user };
    let quiet = |scheduled: bool| {
        let provisional = !payload && device.permission.status() == NotificationPermission::Provisional;
        provisional || device.condition.focus || scheduled
    };
    let switched_on = match &device.switches {
        NotificationSwitches::Apple(apple) => {
            let banner = off("AlertType", "0", apple.alert);
            let lock_screen = off("ShowInLockScreen", "false", apple.lock_screen);
            let list = off("ShowInNotificationCenter", "false", apple.notification_center);
            // The app itself gets what arrives while it is open, in whatever mode; with every switch off nothing does.
            let open = device.app.foreground && !device.condition.locked;
            match () {
                () if !(banner || lock_screen || list) => false,
                () if list || open => true,
                () if quiet(apple.scheduled_delivery) => false,
                () if device.condition.locked => lock_screen,
                () => true,
            }
        }
        NotificationSwitches::Android(android) => {
            android.channel_group && android.importance != ChannelImportance::None
        }
    };
    let status = device.permission.status();
    let by_the_user = device.permission.prompt.is_none()
        && [NotificationPermission::Authorized, NotificationPermission::Provisional].contains(&status);
    let allowed = match (payload, policy("PermissionGrantState")) {
        (true, _) => policy("NotificationsEnabled") != Some("false"),
        (false, Some(grant)) => grant == "granted",
        (false, None) => by_the_user,
    };
    device.app.version.is_some() && allowed && switched_on
}
