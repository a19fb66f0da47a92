//! A push to a phone that is only described: no daemon, no broker, no journal.
//!
//! Lives here: the described phone, and the answer about it. Does not live here: how it is described in words (`phrases`), in a
//! scenario's `device` block (`scenario`) or by a state that was saved (`state_file`); the rules (`portal_device`).

mod phrases;
mod state_file;
mod vocabulary;

use std::path::Path;

use portal_contract::command::{DeviceCommand, read_line};
use portal_contract::{
    CustomNotification, DeviceId, Explanation, OperatingSystem, OsVersion, PushTarget, Tenant, Timestamp,
    UserPrincipalName,
};
use portal_device::{
    Device, DeviceEffect, DeviceIdentity, DeviceInput, EmulationSettings, ReceivedPush, explain_verdict,
};

use crate::scenario::{self, InvalidFile};

pub use vocabulary::vocabulary;

/// Who enrolls a phone whose description names nobody.
pub const USER: &str = "adele@contoso.example";

/// Why there is no such phone.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct DescriptionError {
    /// What is wrong with the description, or why no phone can be so.
    pub message: String,
    /// What would be right.
    pub hint: String,
}

impl DescriptionError {
    fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into() }
    }
}

/// Why a file describes no phone.
#[derive(Debug, thiserror::Error)]
pub enum PhoneFileError {
    /// What it describes cannot be.
    #[error(transparent)]
    Description(#[from] DescriptionError),
    /// It is no scenario file, each mistake with its place.
    #[error("the file is no scenario file, and no state of a device")]
    Scenario(InvalidFile),
}

/// To whom the push is sent, and how.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DescribedPush {
    target: Option<PushTarget>,
    user: Option<UserPrincipalName>,
    is_expired: bool,
}

/// A phone out of its box, and what is done to it until it is as it is described.
#[derive(Debug, Clone)]
pub struct DescribedPhone {
    /// What the answer is headed with where there are several.
    pub name: String,
    operating_system: OperatingSystem,
    os_version: OsVersion,
    rules: EmulationSettings,
    setup: Vec<DeviceCommand>,
    push: DescribedPush,
}

impl DescribedPhone {
    /// The phone that words describe, with commas between them: `android 14, work profile, denied twice, app open`.
    ///
    /// # Errors
    /// A word that is not known, with the nearest that is.
    pub fn of_words(words: &str) -> Result<Self, DescriptionError> {
        phrases::read(words)
    }

    /// The phones that a file describes: one for each combination of each scenario in it, or that of a saved state.
    ///
    /// # Errors
    /// See [`PhoneFileError`].
    pub fn of_file(path: &Path, bytes: &[u8]) -> Result<Vec<Self>, PhoneFileError> {
        if let Some(state) = state_file::read(bytes) {
            return Ok(vec![state?]);
        }
        let devices = scenario::devices(&path.to_string_lossy(), bytes).map_err(PhoneFileError::Scenario)?;
        let phone = |(name, device): (String, scenario::model::GivenDevice)| Self {
            name,
            operating_system: device.platform,
            os_version: device.os_version,
            rules: device.rules,
            setup: device.setup.into_iter().map(|change| change.command).collect(),
            push: DescribedPush::default(),
        };
        Ok(devices.into_iter().map(phone).collect())
    }

    fn change(&mut self, line: &str) -> Result<(), DescriptionError> {
        let command = read_line(line).map_err(|sentence| DescriptionError::new(sentence, "portal-agent help"))?;
        self.setup.push(command);
        Ok(())
    }

    /// What becomes of a push with this title and body.
    ///
    /// # Errors
    /// No phone can be as this one is described.
    pub fn explain(&self, title: &str, body: &str) -> Result<Explanation, DescriptionError> {
        let (device, now) = self.built()?;
        let notification = CustomNotification {
            id: "what-if".parse().map_err(|_| DescriptionError::new("the push has no id", ""))?,
            notification_title: title.to_owned(),
            notification_body: body.to_owned(),
            sent_at: Some(now),
            expires_at: self.push.is_expired.then_some(now),
            target_user_principal_name: self.push.user.clone(),
            collapse_key: None,
        };
        let expires_at = notification.expires_at;
        let target = self.push.target.unwrap_or(PushTarget::Device);
        let push = ReceivedPush { notification, target, received_at: now, expires_at, priority_lowered: false };
        Ok(explain_verdict(&device, &push, now))
    }

    fn built(&self) -> Result<(Device, Timestamp), DescriptionError> {
        // Any moment does: nothing of the description is a time.
        let now = Timestamp::from_millis(1_764_000_000_000);
        let identity = DeviceIdentity {
            id: DeviceId::from_bytes([0; 16]),
            name: self.name.clone(),
            tenant: Tenant::default(),
            operating_system: self.operating_system,
            os_version: self.os_version.clone(),
            first_os_version: self.os_version.clone(),
        };
        let mut device = Device::out_of_the_box(identity, self.rules.clone(), now);
        for command in &self.setup {
            let effects = device.apply(DeviceInput::Command(command.clone()), now).map_err(|refusal| {
                DescriptionError::new(format!("no phone is so: {}", refusal.message), refusal.hint)
            })?;
            let unchanged = effects.into_iter().find_map(|effect| match effect {
                DeviceEffect::Unchanged(note) => Some(note),
                _ => None,
            });
            // The app does not ask where nothing can come of it: a second denial without a second prompt is none.
            if let Some(note) = unchanged.filter(|_| asks(command)) {
                let hint = "denied once is as far as it goes there";
                return Err(DescriptionError::new(format!("no phone is so: it does not ask again, {note}"), hint));
            }
        }
        Ok((device, now))
    }
}

fn asks(command: &DeviceCommand) -> bool {
    use portal_contract::command::PermissionCommand::{Prompt, PromptProvisional};
    matches!(command, DeviceCommand::Permission(Prompt | PromptProvisional))
}
