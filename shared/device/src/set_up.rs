//! A device that is made ready in one step: reset, enrolled, Company Portal installed, the permission answered.
//!
//! Lives here: which commands that takes, and why a device cannot end as it is asked to. Does not live here: what the
//! commands do (one file a subject); nothing here changes the device by another way than theirs.

use portal_contract::command::{AppCommand, DeviceCommand, EnrollCommand, PermissionCommand, SetUpRequest};
use portal_contract::{IdError, NotificationPermission, Timestamp, UserPrincipalName};

use super::{Device, DeviceEffect, Refusal};

/// Who enrolls the device where nobody is named.
const USER: &str = "adele@contoso.example";

impl Device {
    /// Makes the device ready; all of it, or a refusal and nothing.
    pub(super) fn set_up(
        &mut self,
        request: &SetUpRequest,
        now: Timestamp,
        effects: &mut Vec<DeviceEffect>,
    ) -> Result<(), Refusal> {
        self.check_its_own_platform(request)?;
        let wanted = request.permission.unwrap_or(NotificationPermission::Authorized);
        // Tried on a copy: a later step may be refused when an earlier one has changed the device already.
        let mut tried = self.clone();
        let mut done = Vec::new();
        let install = AppCommand::Install { version: None, target_sdk: None };
        let ready = [
            DeviceCommand::Reset,
            DeviceCommand::Enroll(EnrollCommand::by(user_of(request)?)),
            DeviceCommand::App(install),
        ];
        for command in ready {
            tried.command(command, now, &mut done)?;
        }
        for command in answers(wanted) {
            if tried.state.acting_permission() != wanted {
                tried.command(DeviceCommand::Permission(*command), now, &mut done)?;
            }
        }
        if tried.state.acting_permission() != wanted {
            return Err(tried.cannot_be(wanted));
        }
        if tried.state == self.state && self.pushes.held() == 0 {
            effects.push(DeviceEffect::Unchanged("already set up so".to_owned()));
            return Ok(());
        }
        *self = tried;
        effects.extend(without_what_nobody_sees(done));
        Ok(())
    }

    fn check_its_own_platform(&self, request: &SetUpRequest) -> Result<(), Refusal> {
        let own = self.state.identity.operating_system;
        match request.platform.filter(|platform| *platform != own) {
            None => Ok(()),
            Some(platform) => Err(Refusal::new(
                "notOnThisPlatform",
                format!("{} runs {own}, and no device changes its platform", self.state.identity.name),
                format!("device add --platform {}", platform.name().to_ascii_lowercase()),
            )),
        }
    }

    /// Why a device that is installed and enrolled does not end in the state that is asked for.
    fn cannot_be(&self, wanted: NotificationPermission) -> Refusal {
        let identity = &self.state.identity;
        let is = self.state.acting_permission();
        let silent = self.state.permission.silent_rule(&self.settings, self.state.app.has_channel);
        let why = match silent.filter(|_| !identity.operating_system.is_apple()) {
            Some(rule) => format!("{} ({})", rule.says(), rule.cited()),
            None => "it is how the app asks at its first launch (the setting app.ios_request)".to_owned(),
        };
        let message = format!(
            "on {} {} the permission cannot be {wanted} once Company Portal is installed: it is {is}; {why}",
            identity.operating_system, identity.os_version
        );
        Refusal::new("permissionNotPossible", message, format!("device set-up --permission {is}"))
    }
}

fn user_of(request: &SetUpRequest) -> Result<UserPrincipalName, Refusal> {
    match &request.user {
        Some(user) => Ok(user.clone()),
        // A constant of the right form; a test reads it.
        None => USER
            .parse()
            .map_err(|why: IdError| Refusal::new("invalidUser", why.to_string(), "device set-up --user UPN")),
    }
}

/// What is done about the permission after the install, until it is as wanted.
fn answers(wanted: NotificationPermission) -> &'static [PermissionCommand] {
    match wanted {
        NotificationPermission::Authorized => &[PermissionCommand::Allow],
        NotificationPermission::Denied => &[PermissionCommand::Deny],
        NotificationPermission::NotDetermined => &[],
        NotificationPermission::Provisional => &[PermissionCommand::Reset, PermissionCommand::PromptProvisional],
    }
}

/// A prompt that is answered in the same moment is not drawn, and notes of steps that changed nothing are nobody's answer.
fn without_what_nobody_sees(mut effects: Vec<DeviceEffect>) -> Vec<DeviceEffect> {
    let shown: Vec<_> = effects
        .iter()
        .filter_map(|effect| match effect {
            DeviceEffect::ShowPrompt { number } => Some(*number),
            _ => None,
        })
        .collect();
    let answered: Vec<_> = effects
        .iter()
        .filter_map(|effect| match effect {
            DeviceEffect::WithdrawPrompt { number } if shown.contains(number) => Some(*number),
            _ => None,
        })
        .collect();
    effects.retain(|effect| match effect {
        DeviceEffect::ShowPrompt { number } | DeviceEffect::WithdrawPrompt { number } => !answered.contains(number),
        DeviceEffect::Unchanged(_) => false,
        _ => true,
    });
    effects
}
