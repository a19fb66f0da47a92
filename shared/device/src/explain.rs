//! Why a push did or did not show, or why it waits: from what the journal kept of that moment, or of a phone that is described.
//!
//! Lives here: the sentences of `explain`. Does not live here: the checklist's rules (`reasons`), why a showing is less than it
//! could be (`lesser`), what would make a push show (`ways`).

use portal_contract::{
    DeliveryDelay, Explanation, HeldNotification, NotificationPermission, Outcome, Prerequisite, Presentation,
    PushProblem, Receipt, Surface, Timestamp, duration,
};

use super::push::{HeldPush, ReceivedPush};
use super::verdict::PushVerdict;
use super::{Device, DeviceSnapshot, EmulationSettings, Rule, ways_to_show};

/// The explanation of `receipt`: a sentence, each prerequisite as it stood in `snapshot` when it was decided, and under these
/// settings what would have made it show, or why it showed with less than it could.
pub fn explain(
    receipt: &Receipt,
    push: Option<&ReceivedPush>,
    snapshot: &DeviceSnapshot,
    settings: &EmulationSettings,
) -> Explanation {
    let now = receipt.decided_at;
    let mut explanation = Explanation {
        notification_title: push.map(|push| push.notification.notification_title.clone()),
        summary: outcome_sentence(&receipt.outcome, push, snapshot, now),
        prerequisites: snapshot.checklist_entries(push),
        ..Explanation::of_receipt(receipt)
    };
    if let Some(delay) = receipt.delay {
        explanation.summary.push(' ');
        explanation.summary.push_str(delay_sentence(delay));
    }
    if receipt.priority_lowered {
        explanation.summary.push_str(" Its priority was lowered to normal (facts 4.2).");
    }
    add_reasons(&mut explanation, &receipt.outcome, push, snapshot, settings, now);
    explanation
}

/// What became of it in detail: why it showed with less than it could, or what would have made it show.
fn add_reasons(
    explanation: &mut Explanation,
    outcome: &Outcome,
    push: Option<&ReceivedPush>,
    snapshot: &DeviceSnapshot,
    settings: &EmulationSettings,
    now: Timestamp,
) {
    match (outcome, push) {
        (Outcome::Presented(shown), _) => {
            // Rules may have changed since the journal kept it: then nobody knows why.
            let still = snapshot.unmet(push).is_empty() && snapshot.presentation().surface == shown.surface;
            if still {
                let device = Device::connected_as(snapshot.clone(), settings.clone());
                explanation.lesser_showing = device.lesser_showing(now);
            }
        }
        // What the desktop failed to show the device would have shown.
        (Outcome::Failed { .. }, _) | (_, None) => {}
        (outcome, Some(push)) => {
            explanation.ways_to_show = ways_to_show(snapshot, settings, push, Some(outcome), now);
        }
    }
}

/// What becomes of a push that arrives `now`, with why.
pub fn explain_verdict(device: &Device, push: &ReceivedPush, now: Timestamp) -> Explanation {
    let snapshot = device.snapshot();
    let outcome = match device.verdict(push, now) {
        PushVerdict::Ends(outcome) => outcome,
        PushVerdict::Shows(presentation) => Outcome::Presented(presentation),
        PushVerdict::Waits(reason) => {
            return explain_waiting(&device.as_held(push, reason, None), push, device, now);
        }
    };
    let mut explanation = Explanation {
        summary: outcome_sentence(&outcome, Some(push), snapshot, now),
        prerequisites: snapshot.checklist_entries(Some(push)),
        ..Explanation::of_outcome(&outcome)
    };
    add_reasons(&mut explanation, &outcome, Some(push), snapshot, device.settings(), now);
    explanation
}

/// Why a push waits on the device of `snapshot`, and what would let it go.
pub fn explain_held(
    held: &HeldPush,
    snapshot: &DeviceSnapshot,
    settings: &EmulationSettings,
    now: Timestamp,
) -> Explanation {
    let device = Device::connected_as(snapshot.clone(), settings.clone());
    explain_waiting(&device.held_notification(held), &held.push, &device, now)
}

fn explain_waiting(held: &HeldNotification, push: &ReceivedPush, device: &Device, now: Timestamp) -> Explanation {
    let snapshot = device.snapshot();
    let until = held.until.map(|until| format!(" Else it ends by itself at {until}.")).unwrap_or_default();
    let command = held.command.as_ref().map(|command| format!(" ({command})")).unwrap_or_default();
    let summary = format!(
        "It has arrived and is held since {}: {}. What lets it go: {}{command}.{until}",
        held.since,
        device.hold_sentence(held.reason),
        held.released_by,
    );
    Explanation {
        summary,
        prerequisites: snapshot.checklist_entries(Some(push)),
        ways_to_show: ways_to_show(snapshot, device.settings(), push, None, now),
        ..Explanation::of_held(held)
    }
}

fn outcome_sentence(
    outcome: &Outcome,
    push: Option<&ReceivedPush>,
    snapshot: &DeviceSnapshot,
    now: Timestamp,
) -> String {
    match outcome {
        Outcome::Rejected { detail, .. } => format!("Not a custom notification: {detail}."),
        Outcome::Duplicate => "Its id already had an outcome on this device, and nothing shows twice.".to_owned(),
        Outcome::Expired => expired_sentence(push, snapshot, now),
        Outcome::Withheld { unmet } => {
            let codes: Vec<&str> = unmet.iter().map(|code| code.code()).collect();
            let who = if unmet.contains(Prerequisite::NotificationsPermitted) { who_discards(snapshot) } else { "" };
            format!("Nothing was shown, because of what is unmet: {}.{who}", codes.join(", "))
        }
        Outcome::Dropped { problem } => dropped_sentence(*problem, snapshot).to_owned(),
        Outcome::Failed { detail, .. } => {
            format!("The device would have shown it, but this computer's desktop did not: {detail}.")
        }
        Outcome::Presented(shown) => {
            let hidden = if shown.content_hidden { " Title and body were hidden (facts 4.1, 4.2)." } else { "" };
            let gate = if shown.substituted {
                format!(
                    " The app is older than {}: it said to update the app, and lists the message once it is updated (facts 1.1).",
                    snapshot.app.kind.first_showing_version()
                )
            } else {
                String::new()
            };
            presented_sentence(shown, snapshot) + hidden + among_others(shown) + &gate
        }
    }
}

/// When it was sent and until when it was worth showing, and what the device's clock said.
fn expired_sentence(push: Option<&ReceivedPush>, snapshot: &DeviceSnapshot, now: Timestamp) -> String {
    let Some(push) = push else { return "It was past its expiry, so nothing was shown.".to_owned() };
    let ahead = snapshot.condition.clock_ahead_millis;
    let span = duration::write_millis(ahead.unsigned_abs());
    let clock = match ahead {
        0 => "as this computer's does".to_owned(),
        1.. => format!("{span} ahead of this computer's"),
        _ => format!("{span} behind this computer's"),
    };
    let sent = match push.notification.sent_at {
        Some(sent_at) => format!("sent {sent_at}"),
        None => format!("received {}", push.received_at),
    };
    match push.expires_at.filter(|expires_at| *expires_at <= now) {
        Some(expires_at) => format!(
            "It was past its expiry, so nothing was shown: {sent}, expires {expires_at}; the device's clock said {now}, {clock}."
        ),
        None => format!(
            "It was older than ids are remembered, so that a duplicate of it could not be told: {sent}; the device's clock said {now}, {clock}."
        ),
    }
}

/// `Rule::WhoDiscards`: where such a push ends on its way. Said of what is so: a permission that is off is discarded elsewhere
/// than a notification that has no surface.
fn who_discards(snapshot: &DeviceSnapshot) -> &'static str {
    let apple = snapshot.identity.operating_system.is_apple();
    match snapshot.acting_permission() {
        _ if !snapshot.app.is_installed() => "",
        _ if !apple && !snapshot.condition.play_services => {
            " Without Google Play Services the push does not even reach the app."
        }
        _ if !apple => " The push reached the app, and Android dropped its notification in silence (facts 4.2, 5).",
        _ if snapshot.permission.prompt.is_some() => {
            " The prompt is not answered yet, and until then nothing may show."
        }
        NotificationPermission::NotDetermined => {
            " The app was not allowed to notify yet, and until then nothing may show."
        }
        NotificationPermission::Denied => " With the permission off, APNs itself discards the push (facts 5).",
        NotificationPermission::Authorized | NotificationPermission::Provisional => {
            " It reached the device, which had no surface left to show it on (facts 4.1)."
        }
    }
}

fn dropped_sentence(problem: PushProblem, snapshot: &DeviceSnapshot) -> &'static str {
    let apple = snapshot.identity.operating_system.is_apple();
    match problem {
        PushProblem::Collapsed if apple => {
            "While the device was away a newer one took its place: APNs keeps one (facts 5)."
        }
        PushProblem::Collapsed => {
            "While the device was away a newer one with the same collapse key took its place: FCM keeps the newest of a key, and four keys (facts 5)."
        }
        PushProblem::DroppedTooManyPendingMessages => {
            "While the device was away more were sent than FCM keeps: it discards all then, and calls the app's onDeletedMessages (facts 5)."
        }
        PushProblem::DroppedTtlExpired if apple => "It waited at APNs for longer than its time to live (facts 5).",
        PushProblem::DroppedTtlExpired => "It waited at FCM for longer than its time to live (facts 5).",
        PushProblem::DroppedDeviceInactive => {
            "The device had been away for so long that its registration had expired: FCM drops what is sent then, and calls the app's onDeletedMessages (facts 5)."
        }
        PushProblem::Unregistered => "It was sent to an installation of the app that is gone (facts 5).",
        PushProblem::DroppedAppForceStopped => {
            "The app was force-stopped: what reaches it is dropped, and does not come when it is opened (facts 4.2)."
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
            let label =
                if snapshot.identity.operating_system.is_apple() { "derived, facts 4.1" } else { "undocumented" };
            format!("Shown quietly in the list, because of Focus or Do Not Disturb ({label}: that it still lists).")
        }
        Surface::NotificationCenter if shown.sound == Some(true) => "Shown in the list alone, with a sound.".to_owned(),
        Surface::NotificationCenter => "Shown quietly in the list.".to_owned(),
        Surface::InApp => {
            let listed = match snapshot.follows(Rule::PullToRefresh) {
                true => "app notifications --refresh lists it",
                false => "app notifications lists it",
            };
            let app = snapshot.app.kind.name();
            format!("Shown in {app}, which was open, and not as a system notification (facts 1.6): {listed}.")
        }
    }
}

/// `Rule::AndroidCooldown`, `Rule::AndroidGrouping`
fn among_others(shown: &Presentation) -> &'static str {
    match (shown.sound_lowered, shown.grouped) {
        (true, true) => {
            " Android may lower its sound, which came close behind another, and group it with the others (derived, facts 4.2)."
        }
        (true, false) => " Android may lower its sound, which came close behind another (derived, facts 4.2).",
        (false, true) => " Android may group it with the others (derived, facts 4.2).",
        (false, false) => "",
    }
}

fn delay_sentence(delay: DeliveryDelay) -> &'static str {
    match delay {
        DeliveryDelay::DelayedDeviceOffline => "It had waited for the device to come back.",
        DeliveryDelay::DelayedDeviceDoze => "It had waited in Doze, for a maintenance window or its end (facts 4.2).",
        DeliveryDelay::DelayedUserStopped => "It had waited for the work profile (facts 4.2).",
        DeliveryDelay::DelayedDesktopPace => "It had waited for its turn: this computer's desktop is not flooded.",
        DeliveryDelay::DelayedBatteryOptimisation => {
            "It had waited for battery optimisation to let it through (facts 1.1)."
        }
        DeliveryDelay::DelayedScheduledSummary => "It had waited for the scheduled summary (derived, facts 4.1).",
        DeliveryDelay::DelayedNextLook => {
            "It had waited for the app to look for it: without Google Play Services it does so about every 15 minutes (facts 1.1)."
        }
        DeliveryDelay::DelayedNotificationServerAway => "It had waited for this computer's notification server.",
    }
}
