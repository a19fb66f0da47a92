//! iOS' and iPadOS' authorization status for the app (facts 4.1).
//!
//! Lives here: the transitions of the table in facts 4.1. Does not live here: the per-surface switches.

use portal_contract::{NotificationPermission, Timestamp};
use serde::{Deserialize, Serialize};

use super::super::{ApplePermissionRequest, Refusal, Rule};
use super::RequestOutcome;

/// After how long without the app the system forgets its status (facts 4.1, TN2265).
const FORGOTTEN_AFTER_MILLIS: i64 = 24 * 3_600_000;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ApplePermission {
    pub(super) status: NotificationPermission,
}

impl Default for ApplePermission {
    fn default() -> Self {
        Self { status: NotificationPermission::NotDetermined }
    }
}

impl ApplePermission {
    /// `Rule::AppleForgets`: reinstalled at least a day after it was removed, the app is asked for anew; sooner, its status
    /// is remembered. Tells whether it was forgotten.
    pub(super) fn app_installed(&mut self, removed_at: Option<Timestamp>, now: Timestamp) -> bool {
        let forgotten = removed_at.is_none_or(|at| now.millis_since(at) >= FORGOTTEN_AFTER_MILLIS);
        if forgotten {
            *self = Self::default();
        }
        forgotten
    }

    /// What comes of a request: the prompt once, ever (`Rule::ApplePromptsOnce`).
    pub(super) fn asking(&self, request: ApplePermissionRequest, provisional_may_prompt: bool) -> RequestOutcome {
        match (self.status, request) {
            (NotificationPermission::NotDetermined, ApplePermissionRequest::Explicit) => RequestOutcome::Prompts,
            (NotificationPermission::NotDetermined, ApplePermissionRequest::Provisional) => {
                RequestOutcome::GrantsQuietly
            }
            (NotificationPermission::Provisional, ApplePermissionRequest::Explicit) if provisional_may_prompt => {
                RequestOutcome::Prompts
            }
            (NotificationPermission::Provisional, ApplePermissionRequest::Explicit) => {
                RequestOutcome::Silent(Rule::AppleProvisionalAskedAgain)
            }
            _ => RequestOutcome::Silent(Rule::ApplePromptsOnce),
        }
    }

    /// `Rule::AppleProvisional`
    pub(super) fn grant_quietly(&mut self) {
        self.status = NotificationPermission::Provisional;
    }

    pub(super) fn answer(&mut self, allow: bool) {
        self.status = if allow { NotificationPermission::Authorized } else { NotificationPermission::Denied };
    }

    /// Keep (`Rule::AppleKeep`) or Turn Off (`Rule::AppleTurnOff`), which only a quiet notification offers.
    pub(super) fn answer_quietly(&mut self, keep: bool) -> Result<(), Refusal> {
        if self.status != NotificationPermission::Provisional {
            let message = format!(
                "Keep and Turn Off stand on a quiet notification, which provisional authorization delivers; it is {} ({})",
                self.status,
                Rule::AppleKeep.cited()
            );
            return Err(Refusal::new(
                "notProvisional",
                message,
                "permission reset, then permission prompt --provisional",
            ));
        }
        self.answer(keep);
        Ok(())
    }

    /// `Rule::AppleSwitch`: Settings > app > Allow Notifications, a switch that exists once the app has asked.
    pub(super) fn switch(&mut self, allow: bool) -> Result<(), Refusal> {
        match (self.status, allow) {
            (NotificationPermission::NotDetermined, _) => Err(Refusal::new(
                "switchDoesNotExistYet",
                format!(
                    "Settings has no Allow Notifications switch for Company Portal until it has asked once ({})",
                    Rule::AppleSwitch.cited()
                ),
                "permission prompt, then permission allow",
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
    use ApplePermissionRequest::{Explicit, Provisional as Quietly};
    use NotificationPermission::{Authorized, Denied, NotDetermined, Provisional};

    /// What a row of the table in facts 4.1 does.
    #[derive(Debug)]
    enum AppleHappening {
        Requests(ApplePermissionRequest, bool),
        Taps { keep: bool },
        Flips { on: bool },
        ReinstalledAfter { days: i64 },
    }
    use AppleHappening::{Flips, ReinstalledAfter, Requests, Taps};

    fn after(from: NotificationPermission, happens: &AppleHappening) -> (NotificationPermission, bool) {
        let mut apple = ApplePermission { status: from };
        let mut prompted = false;
        match happens {
            Requests(request, allow) => match apple.asking(*request, false) {
                RequestOutcome::Prompts => {
                    prompted = true;
                    apple.answer(*allow);
                }
                RequestOutcome::GrantsQuietly => apple.grant_quietly(),
                RequestOutcome::Silent(_) => {}
            },
            Taps { keep } => apple.answer_quietly(*keep).unwrap(),
            Flips { on } => apple.switch(*on).unwrap(),
            ReinstalledAfter { days } => {
                let removed = Timestamp::from_millis(0);
                apple.app_installed(Some(removed), removed.plus_millis(days * FORGOTTEN_AFTER_MILLIS));
            }
        }
        (apple.status, prompted)
    }

    /// The row's own text, from, what happens, to (unchanged where it is none), whether a prompt is shown.
    type Row<'a> = (&'a str, &'a [NotificationPermission], AppleHappening, Option<NotificationPermission>, bool);

    #[test]
    fn the_table_of_facts_4_1() {
        let rows: &[Row<'_>] = &[
            ("requestAuthorization, user Allow", &[NotDetermined], Requests(Explicit, true), Some(Authorized), true),
            ("requestAuthorization, user Don't Allow", &[NotDetermined], Requests(Explicit, false), Some(Denied), true),
            (
                "requestAuthorization with .provisional",
                &[NotDetermined],
                Requests(Quietly, true),
                Some(Provisional),
                false,
            ),
            (
                "requestAuthorization again: unchanged, never",
                &[Authorized, Denied],
                Requests(Explicit, true),
                None,
                false,
            ),
            (
                "requestAuthorization again: unchanged, never",
                &[Authorized, Denied],
                Requests(Quietly, true),
                None,
                false,
            ),
            (
                "requestAuthorization without .provisional [unconfirmed]",
                &[Provisional],
                Requests(Explicit, true),
                None,
                false,
            ),
            ("user taps Keep on a quiet notification", &[Provisional], Taps { keep: true }, Some(Authorized), false),
            ("user taps Turn Off", &[Provisional], Taps { keep: false }, Some(Denied), false),
            ("user flips Settings > app > Allow Notifications", &[Denied], Flips { on: true }, Some(Authorized), false),
            (
                "user flips Settings > app > Allow Notifications",
                &[Authorized],
                Flips { on: false },
                Some(Denied),
                false,
            ),
            (
                "app uninstalled ≥ 1 day then reinstalled",
                &[NotDetermined, Denied, Authorized, Provisional],
                ReinstalledAfter { days: 1 },
                Some(NotDetermined),
                false,
            ),
            ("reinstalled sooner", &[Denied, Authorized, Provisional], ReinstalledAfter { days: 0 }, None, false),
        ];
        for (text, froms, happens, to, prompts) in rows {
            for from in *froms {
                assert_eq!(after(*from, happens), (to.unwrap_or(*from), *prompts), "{from} | {text}");
            }
        }
    }

    #[test]
    fn an_explicit_request_while_provisional_prompts_where_the_setting_says_so() {
        let apple = ApplePermission { status: Provisional };
        assert_eq!(apple.asking(Explicit, true), RequestOutcome::Prompts);
        assert_eq!(apple.asking(Explicit, false), RequestOutcome::Silent(Rule::AppleProvisionalAskedAgain));
    }

    #[test]
    fn what_a_status_does_not_offer_is_refused() {
        assert_eq!(ApplePermission::default().switch(true).unwrap_err().code, "switchDoesNotExistYet");
        for status in [NotDetermined, Denied, Authorized] {
            assert_eq!(ApplePermission { status }.answer_quietly(true).unwrap_err().code, "notProvisional");
        }
    }

    #[test]
    fn a_day_without_the_app_forgets_and_less_remembers() {
        let removed = Timestamp::from_millis(0);
        for (days, to) in [(0.99, Denied), (1.0, NotDetermined), (2.0, NotDetermined)] {
            let mut apple = ApplePermission { status: Denied };
            apple.app_installed(Some(removed), removed.plus_millis((days * 86_400_000.0) as i64));
            assert_eq!(apple.status, to, "{days}");
        }
    }
}
