//! Android's notification permission: an opt-out switch to 12L, POST_NOTIFICATIONS from 13 (facts 4.2).
//!
//! Lives here: the transitions of the table in facts 4.2. Does not live here: channels and their groups (`switches`).

use portal_shared::NotificationPermission;
use serde::{Deserialize, Serialize};

use super::Asking;

/// How many denials are final (facts 4.2: "Deny more than once during the app's lifetime of installation").
const FINAL_DENIALS: u8 = 2;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Android {
    /// Whether the platform asks at run time (13 and later).
    asks: bool,
    /// Whether the app may show notifications.
    granted: bool,
    /// How often Don't Allow was pressed in the life of this installation.
    denials: u8,
    /// Whether the user turned notifications off in Settings.
    turned_off: bool,
}

impl Android {
    /// facts 4.2: to 12L enabled at install, no prompt ever; from 13 off until granted.
    pub(super) fn out_of_the_box(asks: bool) -> Self {
        Self { asks, granted: !asks, denials: 0, turned_off: false }
    }

    pub(super) fn status(&self) -> NotificationPermission {
        match (self.granted, self.denials, self.turned_off) {
            (true, _, _) => NotificationPermission::Authorized,
            (false, 0, false) => NotificationPermission::NotDetermined,
            (false, _, _) => NotificationPermission::Denied,
        }
    }

    pub(super) fn is_permanently_denied(&self) -> bool {
        self.asks && !self.granted && self.denials >= FINAL_DENIALS
    }

    /// facts 4.2: to 12L never; from 13 until granted, or denied twice.
    pub(super) fn asking(&self) -> Asking {
        match self {
            Self { asks: false, .. } => Asking::Silent("Android asks from version 13 on (facts 4.2)"),
            Self { granted: true, .. } => {
                Asking::Silent("the permission is granted, so Android does not ask (facts 4.2)")
            }
            _ if self.is_permanently_denied() => {
                Asking::Silent("a second Don't Allow is permanent: no dialog until the app is reinstalled (facts 4.2)")
            }
            _ => Asking::Prompts,
        }
    }

    pub(super) fn answer(&mut self, allow: bool) {
        self.granted = allow;
        self.turned_off = false;
        if !allow {
            self.denials = self.denials.saturating_add(1);
        }
    }

    /// The app's switch in Settings; it exists from the install on. undocumented: whether turning it off counts as a
    /// denial; here it does not, so the app may still ask as often as its denials leave.
    pub(super) fn switch(&mut self, allow: bool) {
        self.granted = allow;
        self.turned_off = !allow;
    }

    /// facts 4.2: on an upgrade from 12L or earlier, pre-granted where the app had not been turned off.
    pub(super) fn upgrade_to_run_time_permission(&mut self, app_installed: bool) {
        self.asks = true;
        self.granted = self.granted && app_installed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use NotificationPermission::{Authorized, Denied, NotDetermined};

    #[test]
    fn to_12l_it_is_on_without_a_prompt_and_settings_block_it() {
        let mut android = Android::out_of_the_box(false);
        assert_eq!(android.status(), Authorized);
        assert!(matches!(android.asking(), Asking::Silent(_)));
        android.switch(false);
        assert_eq!(android.status(), Denied);
        assert!(matches!(android.asking(), Asking::Silent(_)));
    }

    #[test]
    fn from_13_it_is_off_until_granted_and_a_second_denial_is_permanent() {
        let mut android = Android::out_of_the_box(true);
        assert_eq!((android.status(), android.asking()), (NotDetermined, Asking::Prompts));
        android.answer(false);
        assert_eq!((android.status(), android.asking()), (Denied, Asking::Prompts));
        android.answer(false);
        assert!(android.is_permanently_denied() && matches!(android.asking(), Asking::Silent(_)));
        android.switch(true);
        assert_eq!(android.status(), Authorized);
    }

    #[test]
    fn an_upgrade_pre_grants_what_was_not_turned_off() {
        for (app_installed, turned_off, status) in
            [(true, false, Authorized), (true, true, Denied), (false, false, NotDetermined)]
        {
            let mut android = Android::out_of_the_box(false);
            if turned_off {
                android.switch(false);
            }
            android.upgrade_to_run_time_permission(app_installed);
            assert_eq!(android.status(), status);
        }
    }
}
