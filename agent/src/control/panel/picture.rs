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
    /// Those of them up to the place that is looked at.
    pub(super) history: Vec<HistoryEntry>,
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
        let is_until = |entry: &&HistoryEntry| place.is_none_or(|place| comes_until(entry, place));
        let history: Vec<HistoryEntry> = timeline.iter().filter(is_until).cloned().collect();
        let explanation = match place {
            None => device.explain(None).await?,
            Some(HistoryPlace { sequence: None, .. }) => None,
            Some(HistoryPlace { sequence: Some(sequence), .. }) => match id_of(&history, sequence) {
                Some(id) => device.explain(Some(id)).await?,
                None => None,
            },
        };
        let screen = portal_screen::screen(&moment);
        Ok(Some(Self { status, moment, screen, timeline, history, explanation, place }))
    }

    /// The prerequisites of a push to the device at the moment that is looked at.
    pub(super) fn checklist(&self) -> Vec<ChecklistEntry> {
        self.moment.snapshot.checklist_entries(None)
    }

    /// Whether the timeline leaves out what was before it.
    pub(super) fn is_cut(&self) -> bool {
        self.timeline.len() >= STEPS
    }

    pub(super) fn is_met_now(&self, code: Prerequisite) -> bool {
        self.status.device.prerequisites.get(&code) == Some(&true)
    }
}

/// Whether an entry had happened at a place.
fn comes_until(entry: &HistoryEntry, place: HistoryPlace) -> bool {
    let sequence = match &entry.what {
        HistoryKind::Changed { .. } => 0,
        HistoryKind::Settled { receipt } => receipt.receipt.sequence,
    };
    (entry.event, sequence) <= (place.event, place.sequence.unwrap_or(0))
}

fn id_of(history: &[HistoryEntry], sequence: u64) -> Option<portal_contract::NotificationId> {
    history.iter().find_map(|entry| match &entry.what {
        HistoryKind::Settled { receipt } if receipt.receipt.sequence == sequence => {
            receipt.receipt.notification_id.clone()
        }
        _ => None,
    })
}
