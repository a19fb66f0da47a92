//! What a person is told after a change: how the device stands, and what still keeps a notification from showing.
//!
//! Lives here: the short view of a status, and the hint for each unmet prerequisite. The long one is `status`.

use portal_contract::{NotificationPermission, Prerequisite, StandbyBucket, StatusReport};

use super::page::{Line, Page};

/// The short view.
pub fn page(status: &StatusReport) -> Page {
    let mut page = Page::of(title(status));
    let unmet: Vec<Prerequisite> =
        status.device.prerequisites.iter().filter(|(_, met)| !**met).map(|(code, _)| *code).collect();
    if unmet.is_empty() {
        page.push(Line::new().mark(true).plain("every prerequisite is met"));
    }
    for code in unmet {
        page.push(prerequisite(code, false, status));
    }
    page.push(Line::named("condition").plain(condition(status).join(", ")));
    if status.prompt.is_some() {
        page.push(prompt());
    }
    page
}

/// Who the device is.
pub fn title(status: &StatusReport) -> Line {
    let device = &status.device;
    let line =
        Line::new().strong(&device.device_name).plain(format!(", {} {}, ", device.operating_system, device.os_version));
    match &device.user_principal_name {
        Some(user) => line.plain(format!("enrolled by {user}")),
        None => line.plain("not enrolled"),
    }
}

/// A prerequisite, ticked or crossed; with its hint where it is unmet.
pub fn prerequisite(code: Prerequisite, met: bool, status: &StatusReport) -> Line {
    let line = Line::new().mark(met);
    if met { line.plain(code.code()) } else { line.plain(format!("{:<28}", code.code())).dim(hint(code, status)) }
}

/// The prompt that is showing.
pub fn prompt() -> Line {
    Line::new().strong("The permission prompt is showing").plain(": answer it with permission allow or permission deny")
}

/// The device's own condition in words.
pub fn condition(status: &StatusReport) -> Vec<&'static str> {
    let condition = &status.condition;
    let mut words = vec![
        if condition.locked { "locked" } else { "unlocked" },
        if condition.offline { "offline by command" } else { "reachable" },
    ];
    let further = [
        (condition.focus, "Focus"),
        (condition.doze, "dozing"),
        (condition.work_profile_paused, "work profile paused"),
        (condition.battery_optimisation_exempt, "exempt from battery optimisation"),
        (condition.standby_bucket == Some(StandbyBucket::Restricted), "restricted standby bucket"),
        (condition.play_services == Some(false), "no Play Services"),
    ];
    words.extend(further.into_iter().filter(|(holds, _)| *holds).map(|(_, word)| word));
    words
}

fn hint(code: Prerequisite, status: &StatusReport) -> &'static str {
    match code {
        Prerequisite::PlatformSupported => "explain says more, once a push has come",
        Prerequisite::CompanyPortalInstalled => "app install",
        Prerequisite::GooglePlayServicesInstalled => "play-services install",
        Prerequisite::DeviceEnrolled | Prerequisite::EnrolledByTargetedUser => "enroll --user UPN",
        Prerequisite::NotificationsPermitted => permission_hint(status),
    }
}

fn permission_hint(status: &StatusReport) -> &'static str {
    match status.device.notification_permission {
        _ if !status.app.installed => "app install",
        _ if status.prompt.is_some() => "permission allow",
        NotificationPermission::NotDetermined => "permission prompt, then permission allow",
        NotificationPermission::Denied if !status.policy.is_empty() => "policy clear",
        NotificationPermission::Denied => "permission allow",
        NotificationPermission::Authorized | NotificationPermission::Provisional => {
            "settings show, policy show: the platform's switches are off"
        }
    }
}
