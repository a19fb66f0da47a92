//! Actions that devices did not carry out, as their retained states say (`lastAction`, contract 2 and 7).
//!
//! Lives here: which of them is new, and the latest for the sender's report. Does not live here: what a device refuses
//! (`portal_device`), whether the call itself is refused (`report`).

use std::collections::{HashMap, VecDeque};

use portal_contract::device_state::ActionResult;
use portal_contract::{DeviceId, DeviceState, LastAction, Timestamp};
use serde_json::{Value, json};

/// How many are known at once; the oldest makes room.
const MOST_REFUSED: usize = 1000;

/// An action that a device did not carry out.
#[derive(Debug)]
struct RefusedAction {
    device: DeviceId,
    device_name: String,
    action: LastAction,
    at: Timestamp,
}

/// The actions that devices did not carry out, oldest first.
#[derive(Debug, Default)]
pub(crate) struct RefusedActions {
    /// The latest action that each device has told of, over connections: what was refused meanwhile is new as well.
    latest: HashMap<DeviceId, Option<String>>,
    refused: VecDeque<RefusedAction>,
}

impl RefusedActions {
    /// Takes a device's state in; a sentence on what it has refused since its last one. `is_retained` is whether the state may
    /// be older than this gateway: what a device refused before that was somebody else's.
    pub(crate) fn on_state(&mut self, state: &DeviceState, is_retained: bool) -> Option<String> {
        let id = state.last_action.as_ref().map(|last| last.id.clone());
        let before = self.latest.insert(state.device_id, id.clone());
        let is_new = before.map_or(!is_retained, |before| before != id);
        let last = state.last_action.as_ref().filter(|last| is_new && last.result != ActionResult::Done)?;
        if self.refused.len() == MOST_REFUSED {
            self.refused.pop_front();
        }
        self.refused.push_back(RefusedAction {
            device: state.device_id,
            device_name: state.device_name.clone(),
            action: last.clone(),
            at: state.updated_at,
        });
        let problem = last.problem.as_deref().unwrap_or("without a reason");
        Some(format!("device {} did not carry out {}: {problem}", state.device_id, last.action))
    }

    /// A device that was removed.
    pub(crate) fn forget(&mut self, device: DeviceId) {
        self.latest.remove(&device);
    }

    /// A row of the report for each.
    pub(crate) fn rows(&self) -> Vec<Value> {
        let row = |refused: &RefusedAction| {
            let LastAction { id, action, result, problem } = &refused.action;
            json!({"deviceId": refused.device, "deviceName": refused.device_name, "id": id, "action": action,
                "result": result, "problem": problem, "at": refused.at})
        };
        self.refused.iter().map(row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(id: &str, result: &str) -> DeviceState {
        let device = DeviceId::from_random(1);
        let mut state = crate::tests::device_state(device, Some("adele@contoso.example"));
        state["lastAction"] = json!({"id": id, "action": "wipe", "result": result, "problem": "not allowed"});
        serde_json::from_value(state).unwrap()
    }

    #[test]
    fn an_action_is_told_once_and_not_what_was_refused_before_the_start() {
        let mut refused = RefusedActions::default();
        assert_eq!(refused.on_state(&state("1", "refused"), true), None, "older than the gateway");
        assert!(refused.on_state(&state("2", "refused"), false).unwrap().ends_with("wipe: not allowed"));
        assert_eq!(refused.on_state(&state("2", "refused"), false), None);
        assert!(refused.on_state(&state("3", "ignored"), true).is_some(), "while the broker was away");
        assert_eq!(refused.on_state(&state("4", "done"), false), None);
        let rows = refused.rows();
        let expected = json!({"deviceId": DeviceId::from_random(1), "deviceName": "Phone of adele@contoso.example", "id": "2",
            "action": "wipe", "result": "refused", "problem": "not allowed", "at": "2026-11-23T09:00:00.000Z"});
        assert_eq!((rows.len(), &rows[0]), (2, &expected));
    }

    #[test]
    fn a_device_that_is_new_while_the_gateway_runs_is_heard_and_the_oldest_make_room() {
        let mut refused = RefusedActions::default();
        for n in 0..1200 {
            assert!(refused.on_state(&state(&n.to_string(), "refused"), false).is_some());
        }
        assert_eq!((refused.rows().len(), &refused.rows()[0]["id"]), (1000, &json!("200")));
        refused.forget(DeviceId::from_random(1));
        assert_eq!(refused.on_state(&state("x", "refused"), true), None);
    }
}
