//! Remote actions from the service: retire, wipe, delete and syncDevice (contract 2).
//!
//! Lives here: which are carried out, refused or ignored, each once. Does not live here: what a removal does (`removal`).

use std::collections::VecDeque;

use portal_contract::command::Removal;
use portal_contract::device_state::ActionResult;
use portal_contract::{ActionKind, LastAction, RemoteAction, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Device, DeviceEffect};

/// How many ids of remote actions are remembered.
const REMEMBERED: usize = 1000;

/// The remote actions that the device has seen.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct SeenActions {
    pub(super) last: Option<LastAction>,
    seen: VecDeque<String>,
}

impl SeenActions {
    /// After a reset: the ids stay, what came of the latest does not.
    pub(super) fn remember_ids_of(&mut self, before: &Self) {
        self.seen.clone_from(&before.seen);
    }
}

impl Device {
    pub(super) fn action_arrived(&mut self, action: RemoteAction, now: Timestamp, effects: &mut Vec<DeviceEffect>) {
        if self.state.actions.seen.contains(&action.id) {
            effects.push(DeviceEffect::Ignored(format!("remote action {} came before; it is ignored", action.id)));
            return;
        }
        let seen = &mut self.state.actions.seen;
        seen.push_back(action.id.clone());
        if seen.len() > REMEMBERED {
            seen.pop_front();
        }
        let last = match self.check_action(&action) {
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
        self.state.actions.last = Some(last);
        effects.push(DeviceEffect::StateChanged);
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
        let of_an_earlier_enrollment = match action.sent_at {
            Some(sent_at) => sent_at < enrolled.at,
            None => !enrolled.fenced,
        };
        if of_an_earlier_enrollment {
            return Err((ActionResult::Ignored, "it was sent before the present enrollment".to_owned()));
        }
        Ok(kind)
    }
}
