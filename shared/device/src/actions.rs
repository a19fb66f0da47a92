//! Remote actions from the service: retire, wipe, delete and syncDevice (contract 2).
//!
//! Lives here: which are carried out, refused or ignored, each once. Does not live here: what a removal does (`removal`), which
//! ids were seen (whoever hands an action in has looked it up, as with a push's id).

use portal_contract::command::Removal;
use portal_contract::device_state::ActionResult;
use portal_contract::{ActionKind, LastAction, RemoteAction, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Device, DeviceEffect};

/// What came of the latest remote action.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct RemoteActions {
    // Snapshots before version 3 of the journal have `seen` beside it, the ids; they are in a table of their own now.
    pub(super) last: Option<LastAction>,
}

/// What came of a remote action that changed nothing of the device but this word itself. It is kept beside the snapshot: the
/// snapshot of a device in a thousand groups takes 40 KB, and anybody who may send actions could fill the disk with those.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LastActionNote {
    /// What the state says of it.
    pub last_action: LastAction,
    /// When it arrived, in device time; the state's newest time where the clock was set back before.
    pub at: Timestamp,
}

impl Device {
    pub(super) fn action_arrived(
        &mut self,
        action: RemoteAction,
        id_used: bool,
        now: Timestamp,
        effects: &mut Vec<DeviceEffect>,
    ) {
        // The broker delivers at least once, and a retire that came again could end an enrollment that began
        // meanwhile.
        if id_used {
            effects.push(DeviceEffect::Ignored(format!("remote action {} came before; it is ignored", action.id)));
            return;
        }
        let id = action.id.clone();
        let last_action = match self.check_action(&action) {
            Ok(kind) => {
                match kind {
                    ActionKind::Retire => self.remove(Removal::Retire, now, effects),
                    ActionKind::Wipe => self.remove(Removal::Wipe, now, effects),
                    ActionKind::Delete => self.remove(Removal::Delete, now, effects),
                    // The device checks in, which publishing `lastAction` with the state does (contract 2).
                    ActionKind::SyncDevice => self.check_in(now, effects),
                }
                LastAction::done(action.id, kind)
            }
            Err((result, problem)) => {
                LastAction { id: action.id, action: action.action, result, problem: Some(problem) }
            }
        };
        self.state.actions.last = Some(last_action.clone());
        let device_changed = effects.contains(&DeviceEffect::StateChanged);
        // Only the last note is kept: it must not be older than the one before it, whatever was done to the clock.
        let at = self.state.updated_at.max(now);
        let note = (!device_changed).then(|| Box::new(LastActionNote { last_action, at }));
        effects.push(DeviceEffect::ActionSeen { id, note });
    }

    fn check_action(&self, action: &RemoteAction) -> Result<ActionKind, (ActionResult, String)> {
        let kind: ActionKind = action.action.parse().map_err(|why| (ActionResult::Refused, why))?;
        if !self.settings.allowed_actions.contains(&kind) {
            let why = format!("{} is not in the setting actions.allow", kind.word());
            return Err((ActionResult::Refused, why));
        }
        let Some(enrolled) = &self.state.enrollment.enrolled else {
            return Err((ActionResult::Refused, "the device is not enrolled".to_owned()));
        };
        let removal = match kind {
            ActionKind::Retire => Some(Removal::Retire),
            ActionKind::Wipe => Some(Removal::Wipe),
            ActionKind::Delete => Some(Removal::Delete),
            ActionKind::SyncDevice => None,
        };
        let of_an_earlier_enrollment = match action.sent_at {
            Some(sent_at) => sent_at < enrolled.at,
            None => !enrolled.fenced,
        };
        if of_an_earlier_enrollment {
            return Err((ActionResult::Ignored, "it was sent before the present enrollment".to_owned()));
        }
        match removal.and_then(|removal| self.state.has_no(removal)) {
            Some(why) => Err((ActionResult::Refused, why)),
            None => Ok(kind),
        }
    }
}
