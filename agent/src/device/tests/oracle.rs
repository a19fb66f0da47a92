//! The prerequisites said a second time, as the contract's section 3 and facts 1.1 to 1.4 put them.
//!
//! Lives here: what the tests hold the room's own judgement (`grounds`) against. Does not live here: words, outcomes.

use portal_shared::{NotificationPermission, OperatingSystem, Prerequisite, Target};

use crate::device::switches::{Importance, Switches};
use crate::device::{Documentation, Push, Snapshot};

/// The prerequisites that are unmet, in the contract's order.
pub(super) fn unmet(device: &Snapshot, push: Option<&Push>) -> Vec<Prerequisite> {
    let is_unmet = |code: &Prerequisite| applies(device, *code) && !is_met(device, *code, push);
    Prerequisite::ALL.into_iter().filter(is_unmet).collect()
}

/// Whether the platform and the profile know the prerequisite at all.
pub(super) fn applies(device: &Snapshot, code: Prerequisite) -> bool {
    match code {
        Prerequisite::PlatformSupported => device.documentation == Documentation::Y2025,
        Prerequisite::GooglePlayServicesInstalled => {
            device.identity.operating_system == OperatingSystem::Android && device.documentation != Documentation::Y2025
        }
        _ => true,
    }
}

fn is_met(device: &Snapshot, code: Prerequisite, push: Option<&Push>) -> bool {
    match code {
        // No command makes another enrollment than a personal one; `prerequisites` tests the others.
        Prerequisite::PlatformSupported => true,
        Prerequisite::CompanyPortalInstalled => device.app.version.is_some(),
        Prerequisite::GooglePlayServicesInstalled => device.condition.play_services,
        Prerequisite::DeviceEnrolled => device.enrollment.enrolled.is_some(),
        Prerequisite::EnrolledByTargetedUser => by_targeted_user(device, push),
        Prerequisite::NotificationsPermitted => permitted(device),
    }
}

fn by_targeted_user(device: &Snapshot, push: Option<&Push>) -> bool {
    let Some(enrolled) = &device.enrollment.enrolled else { return false };
    let Some(push) = push.filter(|_| device.documentation != Documentation::Y2019) else { return true };
    let targeted = push.notification.target_user_principal_name.as_ref();
    let in_group = match push.target {
        Target::Device => true,
        Target::Group { id } => device.enrollment.groups.contains(&id),
    };
    targeted.is_none_or(|user| *user == enrolled.user) && in_group
}

fn permitted(device: &Snapshot) -> bool {
    let switched_on = match &device.switches {
        Switches::Apple(apple) => apple.alert || apple.lock_screen || apple.notification_center,
        Switches::Android(android) => android.channel_group && android.importance != Importance::None,
    };
    let status = device.permission.status();
    let allowed = [NotificationPermission::Authorized, NotificationPermission::Provisional].contains(&status);
    device.app.version.is_some() && device.permission.prompt.is_none() && allowed && switched_on
}
