//! Everything that the page shows of a device at one moment, read once.
//!
//! Lives here: gathering. Does not live here: elements (`regions`).

use portal_contract::{ChecklistEntry, Explanation, Prerequisite, StatusReport};
use portal_screen::{PhoneMoment, PhoneScreen};

use crate::control::{ApiError, HistoryEntry, HistoryKind, HistoryPlace, RunningDevice};

/// How many steps the timeline has.
const STEPS: usize = 60;

/// A device as the page shows it.
pub(super) struct PanelPicture {
    /// How it stands now, wherever the page looks.
    pub(super) status: StatusReport,
    moment: PhoneMoment,
    pub(super) screen: PhoneScreen,
    /// The latest steps, whichever is chosen.
    pub(super) timeline: Vec<HistoryEntry>,
    /// Of the push that is chosen, else of the latest.
    pub(super) explanation: Option<Explanation>,
    /// Where the page looks back at; none: now.
    pub(super) place: Option<HistoryPlace>,
}

impl PanelPicture {
    /// Reads it; none where the journal has no such place.
    pub(super) async fn read<D: RunningDevice>(
        device: &D,
        place: Option<HistoryPlace>,
    ) -> Result<Option<Self>, ApiError> {
        let status = device.status().await?;
        let Some(moment) = device.moment(place).await? else { return Ok(None) };
        let timeline = device.history(None, STEPS).await?;
        let explanation = match place {
            // What came before a return belongs to what was left behind, and is still in the timeline.
            None if status.held == 0 && is_new_life(&timeline) => None,
            None => device.explain(None).await?,
            Some(HistoryPlace { sequence: None, .. }) => None,
            Some(HistoryPlace { sequence: Some(sequence), .. }) => match id_of(until(&timeline, place), sequence) {
                Some(id) => device.explain(Some(id)).await?,
                None => None,
            },
        };
        let screen = portal_screen::screen(&moment);
        Ok(Some(Self { status, moment, screen, timeline, explanation, place }))
    }

    /// The prerequisites of a push to the device at the moment that is looked at.
    pub(super) fn checklist(&self) -> Vec<ChecklistEntry> {
        self.moment.snapshot.checklist_entries(None)
    }

    /// The latest steps up to the place that is looked at, from the latest return on: the device began anew with that.
    pub(super) fn history(&self) -> &[HistoryEntry] {
        since_return(until(&self.timeline, self.place))
    }

    /// Whether the timeline leaves out what was before it.
    pub(super) fn is_cut(&self) -> bool {
        self.timeline.len() >= STEPS
    }

    pub(super) fn is_met_now(&self, code: Prerequisite) -> bool {
        self.status.device.prerequisites.get(&code) == Some(&true)
    }
}

/// The entries that had happened at a place; all of them now. They are in its order.
fn until(timeline: &[HistoryEntry], place: Option<HistoryPlace>) -> &[HistoryEntry] {
    let end = timeline.partition_point(|entry| place.is_none_or(|place| entry.place() <= place));
    &timeline[..end]
}

/// The entries behind the latest return to an earlier event; all where there is none.
fn since_return(timeline: &[HistoryEntry]) -> &[HistoryEntry] {
    let returns = |entry: &HistoryEntry| match &entry.what {
        HistoryKind::Changed { change, .. } => {
            change.get("command").is_some_and(|command| command.get("return").is_some())
        }
        HistoryKind::Settled { .. } => false,
    };
    let from = timeline.iter().rposition(returns).map_or(0, |at| at + 1);
    &timeline[from..]
}

/// Whether the device returned to an earlier event, and no push came since.
fn is_new_life(timeline: &[HistoryEntry]) -> bool {
    let since = since_return(timeline);
    since.len() < timeline.len() && since.iter().all(|entry| entry.receipt().is_none())
}

fn id_of(history: &[HistoryEntry], sequence: u64) -> Option<portal_contract::NotificationId> {
    let receipts = history.iter().filter_map(HistoryEntry::receipt);
    receipts.map(|listed| &listed.receipt).find(|receipt| receipt.sequence == sequence)?.notification_id.clone()
}
