//! What a person is told after a change: how the device stands, and what still keeps a notification from showing.
//!
//! Lives here: the short view of a status. The long one is `status`. Does not live here: the hints (`portal_device`).

use portal_contract::{Prerequisite, StandbyBucket, StatusReport};

use super::page::{PageLine, TextPage};

/// The short view.
pub fn page(status: &StatusReport) -> TextPage {
    let mut page = TextPage::of(title(status));
    let unmet: Vec<Prerequisite> =
        status.device.prerequisites.iter().filter(|(_, met)| !**met).map(|(code, _)| *code).collect();
    if unmet.is_empty() {
        page.push(PageLine::new().mark(true).plain("every prerequisite is met"));
    }
    for code in unmet {
        page.push(prerequisite(code, false, status));
    }
    page.push(PageLine::named("condition").plain(condition(status).join(", ")));
    if status.prompt.is_some() {
        page.push(prompt());
    }
    page
}

/// Who the device is.
pub fn title(status: &StatusReport) -> PageLine {
    let device = &status.device;
    let line = PageLine::new()
        .strong(&device.device_name)
        .plain(format!(", {} {}, ", device.operating_system, device.os_version));
    match &device.user_principal_name {
        Some(user) => line.plain(format!("enrolled by {user}")),
        None => line.plain("not enrolled"),
    }
}

/// A prerequisite, ticked or crossed; with its hint where it is unmet.
pub fn prerequisite(code: Prerequisite, met: bool, status: &StatusReport) -> PageLine {
    let line = PageLine::new().mark(met);
    match status.hints.get(&code).filter(|_| !met) {
        Some(hint) => line.plain(format!("{:<28}", code.code())).hang().dim(hint),
        None => line.plain(code.code()),
    }
}

/// The prompt that is showing.
pub fn prompt() -> PageLine {
    PageLine::new()
        .strong("The permission prompt is showing")
        .plain(": answer it with permission allow or permission deny")
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
        (condition.charging, "charging"),
        (condition.work_profile_paused, "work profile paused"),
        (condition.battery_optimisation_exempt, "exempt from battery optimisation"),
        (condition.standby_bucket == Some(StandbyBucket::Restricted), "restricted standby bucket"),
        (condition.play_services == Some(false), "no Play Services"),
    ];
    words.extend(further.into_iter().filter(|(holds, _)| *holds).map(|(_, word)| word));
    words
}
