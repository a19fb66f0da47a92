//! A device at one moment, now or in the past, with what its screen follows from.
//!
//! Lives here: putting it together of the task's memory and the journal. Does not live here: the screen (`portal_screen`).

use portal_contract::{CardInteraction, Outcome, Timestamp};
use portal_device::{Device, DeviceSnapshot, EmulationSettings, ReceivedPush, ResumePoint};
use portal_screen::{InAppMessageOnScreen, PhoneMoment, ShownCard};
use serde::de::DeserializeOwned;

use crate::control::{ApiError, HistoryEntry, HistoryKind, HistoryPlace};
use crate::journal::{JournalError, JournalReader, PastStep};

/// How many notifications lie on a phone at most, here: the list of a phone that is never looked at has an end.
const MOST_CARDS: usize = 50;

/// A device as the task has it, by the wall clock; what the journal has of cards and messages is still missing.
pub(super) fn moment_of(device: &Device, wall: Timestamp) -> PhoneMoment {
    let snapshot = device.snapshot().clone();
    PhoneMoment {
        at: wall.plus_millis(snapshot.condition.clock_ahead_millis),
        prompt_buttons: device.prompt_buttons(),
        last_sequence: device.last_sequence(),
        cards: Vec::new(),
        messages: Vec::new(),
        snapshot,
    }
}

/// The moment with what the journal has of its cards and messages.
pub(super) fn with_journal(mut moment: PhoneMoment, reader: &JournalReader) -> Result<PhoneMoment, JournalError> {
    let snapshot = &moment.snapshot;
    let after = snapshot.app.in_app_from;
    moment.cards = cards(reader, after, moment.last_sequence)?;
    let through = snapshot.lists_through().min(moment.last_sequence);
    let listed = reader.in_app(after, through, snapshot.lists_substituted())?;
    let message = |push: &String| {
        let push: ReceivedPush = parsed(push)?;
        let (title, body) = (push.notification.notification_title, push.notification.notification_body);
        Some(InAppMessageOnScreen { title, body, at: push.received_at })
    };
    moment.messages = listed.iter().rev().take(MOST_CARDS).rev().filter_map(message).collect();
    Ok(moment)
}

/// The device as it was at a place of its history; none where the journal does not have it.
pub(super) fn past(
    place: HistoryPlace,
    reader: &JournalReader,
    rules: EmulationSettings,
) -> Result<Option<PhoneMoment>, JournalError> {
    let Some((changed_at, snapshot)) = reader.snapshot_after(place.event)? else { return Ok(None) };
    let Some(snapshot) = parsed::<DeviceSnapshot>(&snapshot) else { return Ok(None) };
    let (at, last_sequence) = match place.sequence {
        Some(sequence) => match reader.decided_at(sequence)? {
            Some(decided_at) => (decided_at, sequence),
            None => return Ok(None),
        },
        None => (changed_at, reader.sequence_before(place.event)?),
    };
    let prompt_buttons = Device::resume(snapshot.clone(), ResumePoint::default(), rules).prompt_buttons();
    let moment = PhoneMoment { snapshot, prompt_buttons, cards: Vec::new(), messages: Vec::new(), last_sequence, at };
    let mut moment = with_journal(moment, reader)?;
    for card in &mut moment.cards {
        // When a person dealt with a card is not kept: at this moment it lay there, as far as is known.
        (card.open, card.interaction) = (true, None);
    }
    Ok(Some(moment))
}

/// The device after an event, to return to; an error says why the journal does not have it.
pub(super) fn snapshot_after(
    event: u64,
    reader: &JournalReader,
) -> Result<Result<DeviceSnapshot, ApiError>, JournalError> {
    const HINT: &str = "choose a step on the page's timeline, or an event of GET \u{2026}/history";
    let no_place = |message: String| Ok(Err(ApiError::new("unknownPlace", message, HINT)));
    let Some((first, last)) = reader.events_with_snapshots()? else {
        return no_place(format!("there is no event {event}: nothing has happened to the device yet"));
    };
    if event > last {
        return no_place(format!("event {event} has not happened: the latest is {last}"));
    }
    if event < first {
        return no_place(format!(
            "what the device was after event {event} is pruned; it is kept from event {first} on"
        ));
    }
    match reader.snapshot_after(event)?.map(|(_, snapshot)| parsed::<DeviceSnapshot>(&snapshot)) {
        None => no_place(format!("what the device was after event {event} is pruned")),
        Some(None) => {
            no_place(format!("what the device was after event {event} is of another version, and cannot be read"))
        }
        Some(Some(snapshot)) => Ok(Ok(snapshot)),
    }
}

/// The latest entries of the history, or the latest before an event, oldest first.
pub(super) fn history(
    reader: &JournalReader,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<HistoryEntry>, JournalError> {
    let newest = i64::MAX.unsigned_abs();
    let steps = reader.steps_before(before.unwrap_or(newest).min(newest), limit)?;
    Ok(steps.into_iter().map(entry).collect())
}

fn entry(step: PastStep) -> HistoryEntry {
    match step {
        PastStep::Changed { event, at, change, snapshot } => {
            let state = snapshot.and_then(|json| parsed::<DeviceSnapshot>(&json));
            let state = state.map(|snapshot| Box::new(snapshot.device_state()));
            // A change that cannot be read was written by another version: that something changed is still known.
            let change = parsed(&change).unwrap_or_else(|| serde_json::json!({}));
            HistoryEntry { event, at, what: HistoryKind::Changed { change, state } }
        }
        PastStep::Settled { event, receipt } => {
            HistoryEntry { event, at: receipt.receipt.decided_at, what: HistoryKind::Settled { receipt } }
        }
    }
}

/// The notifications of the system, oldest first.
fn cards(reader: &JournalReader, after: u64, through: u64) -> Result<Vec<ShownCard>, JournalError> {
    let shown = reader.shown(after, through, MOST_CARDS)?;
    let card = |(receipt, push): (portal_contract::Receipt, String)| {
        let Outcome::Presented(presentation) = receipt.outcome else { return None };
        let push: ReceivedPush = parsed(&push)?;
        // What the desktop had no more room for still lies on the phone; only with its app do all of its notifications go, and
        // those of before are not asked for.
        let open = matches!(receipt.interaction, None | Some(CardInteraction::Withdrawn));
        Some(ShownCard {
            sequence: receipt.sequence,
            notification_id: push.notification.id,
            title: push.notification.notification_title,
            body: push.notification.notification_body,
            presentation,
            at: receipt.decided_at,
            open,
            interaction: receipt.interaction,
        })
    };
    Ok(shown.into_iter().rev().filter_map(card).collect())
}

/// What another version may have written in a form that this one cannot read.
fn parsed<T: DeserializeOwned>(json: &str) -> Option<T> {
    serde_json::from_str(json).ok()
}
