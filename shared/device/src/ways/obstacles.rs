//! Everything that keeps a push from showing, at once: not only what comes first.
//!
//! Lives here: the obstacles, to be compared before and after a change. Does not live here: the rules behind them.

use portal_contract::{DeviceRegistrationState, ManagementState, Prerequisite};

use super::TrialDevice;
use crate::reasons::PrerequisiteReason;
use crate::switches::NotificationSwitches;
use portal_contract::HoldReason;

/// What keeps a push from showing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Obstacles {
    unmet: Vec<(Prerequisite, PrerequisiteReason)>,
    /// Of an enrollment that does not count: either state may be why.
    enrolled_as: Option<(ManagementState, DeviceRegistrationState)>,
    waits_for: Vec<HoldReason>,
    /// Where no surface is left: what of it each of several circumstances takes away.
    without_surface: Option<(bool, bool, NotificationSwitches)>,
    expired: bool,
    force_stopped: bool,
    beside_removal: bool,
    cannot_enroll: bool,
    lost: bool,
}

impl Obstacles {
    pub(super) fn of(trial: &TrialDevice) -> Self {
        let TrialDevice { device, push, lost, now } = trial;
        let state = device.snapshot();
        let unmet = Prerequisite::ALL.iter().copied().filter_map(|code| Some((code, state.reason(code, Some(push))?)));
        let switches = state.acting_switches();
        let enrolled = state.enrollment.enrolled.as_ref().filter(|enrolled| !enrolled.counts());
        Self {
            unmet: unmet.filter(|(_, reason)| !reason.is_met()).collect(),
            enrolled_as: enrolled.map(|enrolled| (enrolled.management_state, enrolled.registration_state)),
            without_surface: state.surface(&switches).is_none().then_some((
                state.condition.locked,
                state.condition.focus,
                switches,
            )),
            waits_for: device.waits_for(push, None, *now).collect(),
            expired: push.ends_at(device.settings().ids_age_millis).is_some_and(|at| *now >= at),
            force_stopped: state.app.force_stopped,
            cannot_enroll: state.enrollment.enrolled.is_none() && state.lacks_play_services_to_enroll(),
            beside_removal: state.is_ignored_beside_removal(push),
            lost: *lost,
        }
    }
}
