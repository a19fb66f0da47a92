//! iOS' and iPadOS' authorization status for the app (facts 4.1).
//!
//! Lives here: the transitions of the table in facts 4.1. Does not live here: the per-surface switches.

use portal_shared::{NotificationPermission, Timestamp};
use serde::{Deserialize, Serialize};

use super::super::Refusal;
use super::Asking;

/// After how long without the app the system forgets its status (facts 4.1, TN2265).
const FORGOTTEN_AFTER_MILLIS: i64 = 24 * 3_600_000;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Apple {
    pub(super) status: NotificationPermission,
}

impl Default for Apple {
    fn default() -> Self {
        Self { status: NotificationPermission::NotDetermined }
    }
}

impl Apple {
    /// facts 4.1: reinstalled at least a day after it was removed, the app is asked for anew; sooner, it is remembered.
    pub(super) fn app_installed(&mut self, removed_at: Option<Timestamp>, now: Timestamp) {
        let forgotten = removed_at.is_none_or(|at| now.millis_since(at) >= FORGOTTEN_AFTER_MILLIS);
        if forgotten {
            *self = Self::default();
        }
    }

    /// facts 4.1: one prompt ever; "Subsequent authorization requests don't prompt the person".
    pub(super) fn asking(&self) -> Asking {
        match self.status {
            NotificationPermission::NotDetermined => Asking::Prompts,
            _ => Asking::Silent("iOS and iPadOS prompt once and never again (facts 4.1)"),
        }
    }

    pub(super) fn answer(&mut self, allow: bool) {
        self.status = if allow { NotificationPermission::Authorized } else { NotificationPermission::Denied };
    }

    /// facts 4.1: Settings > app > Allow Notifications, a switch that exists once the app has asked.
    pub(super) fn switch(&mut self, allow: bool) -> Result<(), Refusal> {
        match (self.status, allow) {
            (NotificationPermission::NotDetermined, _) => Err(Refusal::new(
                "switchDoesNotExistYet",
                "Settings has no Allow Notifications switch for Company Portal until it has asked once (facts 4.1)",
                "permission prompt, then permission allow or deny",
            )),
            // Already allowed, if quietly: the switch is on.
            (NotificationPermission::Provisional, true) => Ok(()),
            _ => {
                self.answer(allow);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use NotificationPermission::{Authorized, Denied, NotDetermined, Provisional};

    #[test]
    fn the_table_of_facts_4_1() {
        // From, answer, to: "notDetermined | requestAuthorization, user Allow | authorized | yes", and so on.
        for (from, allow, to) in [(NotDetermined, true, Authorized), (NotDetermined, false, Denied)] {
            let mut apple = Apple { status: from };
            assert_eq!(apple.asking(), Asking::Prompts);
            apple.answer(allow);
            assert_eq!(apple.status, to);
        }
        // "authorized or denied | requestAuthorization again | unchanged | never"
        for status in [Authorized, Denied, Provisional] {
            assert!(matches!(Apple { status }.asking(), Asking::Silent(_)));
        }
        // "denied / authorized | user flips Settings > app > Allow Notifications | authorized / denied"
        for (from, allow, to) in [(Denied, true, Authorized), (Authorized, false, Denied), (Provisional, false, Denied)]
        {
            let mut apple = Apple { status: from };
            apple.switch(allow).unwrap();
            assert_eq!(apple.status, to);
        }
        assert_eq!(Apple::default().switch(true).unwrap_err().code, "switchDoesNotExistYet");
    }

    #[test]
    fn a_day_without_the_app_forgets_and_less_remembers() {
        let removed = Timestamp::from_millis(0);
        for (days, to) in [(0.99, Denied), (1.0, NotDetermined), (2.0, NotDetermined)] {
            let mut apple = Apple { status: Denied };
            apple.app_installed(Some(removed), removed.plus_millis((days * 86_400_000.0) as i64));
            assert_eq!(apple.status, to, "{days}");
        }
    }
}
