//! Why a push did or did not show, from what the journal kept of that moment.
//!
//! Lives here: the sentences of `explain`. Does not live here: the checklist's rules (`grounds`).

use portal_contract::{DeliveryDelay, Explanation, Outcome, Prerequisite, Presentation, PushProblem, Receipt, Surface};

use super::app::FIRST_SHOWING_VERSION;
use super::push::ReceivedPush;
use super::{DeviceSnapshot, EmulationSettings, ways_to_show};

/// The explanation of `receipt`: a sentence, each prerequisite as it stood in `snapshot` when it was decided, and what would
/// have made it show under these settings.
pub fn explain(
    receipt: &Receipt,
    push: Option<&ReceivedPush>,
    snapshot: &DeviceSnapshot,
    settings: &EmulationSettings,
) -> Explanation {
    let mut summary = outcome_sentence(&receipt.outcome, snapshot);
    if matches!(receipt.outcome, Outcome::Presented(shown) if shown.substituted) {
        let gate = format!(
            " The app is older than {FIRST_SHOWING_VERSION}: it said to update the app, and lists the message once it is updated (facts 1.1)."
        );
        summary.push_str(&gate);
    }
    if let Some(delay) = receipt.delay {
        summary.push(' ');
        summary.push_str(delay_sentence(delay));
    }
    if receipt.priority_lowered {
        summary.push_str(" Its priority was lowered to normal (facts 4.2).");
    }
    // What the desktop failed to show the device would have shown, and what shows wants nothing more.
    let unseen = push.filter(|_| !matches!(receipt.outcome, Outcome::Presented(_) | Outcome::Failed { .. }));
    let ways = |push| ways_to_show(snapshot, settings, push, Some(&receipt.outcome), receipt.decided_at);
    Explanation::new(receipt, summary, snapshot.checklist_entries(push), unseen.map(ways).unwrap_or_default())
}

fn outcome_sentence(outcome: &Outcome, snapshot: &DeviceSnapshot) -> String {
    match outcome {
        Outcome::Rejected { detail, .. } => format!("Not a custom notification: {detail}."),
        Outcome::Duplicate => "Its id already had an outcome on this device, and nothing shows twice.".to_owned(),
        Outcome::Expired => "It was past its expiry, so nothing was shown.".to_owned(),
        Outcome::Withheld { unmet } => {
            let codes: Vec<&str> = unmet.iter().map(|code| code.code()).collect();
            let who = if unmet.contains(Prerequisite::NotificationsPermitted) { who_discards(snapshot) } else { "" };
            format!("Nothing was shown, because of what is unmet: {}.{who}", codes.join(", "))
        }
        Outcome::Dropped { problem } => dropped_sentence(*problem).to_owned(),
        Outcome::Failed { detail, .. } => {
            format!("The device would have shown it, but this computer's desktop did not: {detail}.")
        }
        Outcome::Presented(shown) => {
            let hidden = if shown.content_hidden { " Title and body were hidden (facts 4.1, 4.2)." } else { "" };
            presented_sentence(shown, snapshot) + hidden
        }
    }
}

/// `Rule::WhoDiscards`: where such a push ends on its way.
fn who_discards(snapshot: &DeviceSnapshot) -> &'static str {
    match snapshot.identity.operating_system.is_apple() {
        _ if !snapshot.app.is_installed() => "",
        true => " With the permission off, APNs itself discards the push (facts 5).",
        false => " The push reached the app, and Android dropped its notification in silence (facts 4.2, 5).",
    }
}

fn dropped_sentence(problem: PushProblem) -> &'static str {
    match problem {
        PushProblem::Collapsed => "While the device was away a newer one took its place: APNs keeps one (facts 5).",
        PushProblem::DroppedTooManyPendingMessages => {
            "While the device was away over a hundred were sent: FCM discards all then (facts 5)."
        }
        PushProblem::DroppedTtlExpired => "It waited at the push service for longer than its time to live (facts 5).",
        PushProblem::DroppedDeviceInactive => {
            "The device had been away for over 270 days: its registration had expired (facts 5)."
        }
        PushProblem::Unregistered => "It was sent to an installation of the app that is gone (facts 5).",
        PushProblem::DroppedAppForceStopped => {
            "The app was force-stopped: nothing arrives until it is opened (facts 4.2)."
        }
        PushProblem::RemovalPending => {
            "A retire, wipe or delete was pending, and a device carries out nothing beside it (facts 1.6)."
        }
        _ => "The push service dropped it (facts 5).",
    }
}

fn presented_sentence(shown: &Presentation, snapshot: &DeviceSnapshot) -> String {
    match shown.surface {
        Surface::Banner => "Shown as a banner.".to_owned(),
        Surface::LockScreen => "Shown on the lock screen.".to_owned(),
        Surface::NotificationCenter if snapshot.condition.focus => {
            // Rule::FocusIsQuiet: derived for Apple's platforms alone
            let label = if snapshot.identity.operating_system.is_apple() { "derived, facts 4.1" } else { "undocumented" };
            format!("Shown quietly in the list, because of Focus or Do Not Disturb ({label}: that it still lists).")
        }
        Surface::NotificationCenter if shown.sound == Some(true) => "Shown in the list alone, with a sound.".to_owned(),
        Surface::NotificationCenter => "Shown quietly in the list.".to_owned(),
        Surface::InApp => {
            "Shown in Company Portal, which was open, and not as a system notification (facts 1.6): app notifications --refresh lists it.".to_owned()
        }
    }
}

fn delay_sentence(delay: DeliveryDelay) -> &'static str {
    match delay {
        DeliveryDelay::DelayedDeviceOffline => "It had waited for the device to come back.",
        DeliveryDelay::DelayedDeviceDoze => "It had waited for the end of Doze (facts 4.2).",
        DeliveryDelay::DelayedUserStopped => "It had waited for the work profile (facts 4.2).",
        DeliveryDelay::DelayedDesktopPace => "It had waited for its turn: this computer's desktop is not flooded.",
        DeliveryDelay::DelayedBatteryOptimisation => {
            "It had waited for battery optimisation to let it through (facts 1.1)."
        }
        DeliveryDelay::DelayedNotificationServerAway => "It had waited for this computer's notification server.",
    }
}
