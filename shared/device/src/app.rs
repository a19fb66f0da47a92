//! Company Portal on the device: installed, updated, opened, force-stopped, removed.
//!
//! Lives here: the app's own life (facts 1.1, 1.6). Does not live here: what is known of it (`app_state`), the permission that it
//! asks for (`permission`).

use portal_contract::Timestamp;
use portal_contract::command::AppCommand;

use super::app_state::{AppState, ReceiverApp, checked_version, default_version, is_older, next_version};
use super::switches::NotificationSwitches;
use super::{ChannelCreation, Device, DeviceEffect, Refusal, Rule};

/// The API levels that an app can be made for: from Android 1 to some that are still to come.
const TARGETS: std::ops::RangeInclusive<u32> = 1..=99;

impl Device {
    pub(super) fn app_command(
        &mut self,
        command: AppCommand,
        now: Timestamp,
        effects: &mut Vec<DeviceEffect>,
    ) -> Result<(), Refusal> {
        match command {
            AppCommand::Install { version, target_sdk } => self.install(version, target_sdk, now, effects),
            AppCommand::Update { version, target_sdk } => self.update(version, target_sdk, now, effects),
            AppCommand::Uninstall => self.uninstall(now, effects),
            AppCommand::Open => self.open(now, effects),
            AppCommand::Close => self.close(now, effects),
            AppCommand::ForceStop => self.force_stop(now, effects),
            AppCommand::Refresh => self.refresh(effects),
            AppCommand::SignIn => self.sign(true, effects),
            AppCommand::SignOut => self.sign(false, effects),
        }
    }

    fn install(
        &mut self,
        version: Option<String>,
        target_sdk: Option<u32>,
        now: Timestamp,
        effects: &mut Vec<DeviceEffect>,
    ) -> Result<(), Refusal> {
        if let Some(installed) = self.state.app.version.clone() {
            self.check_installed_so(&installed, version, target_sdk)?;
            effects.push(DeviceEffect::Unchanged(format!("already installed, version {installed}")));
            return Ok(());
        }
        let platform = self.state.identity.operating_system;
        let kind = self.receiver();
        let version = checked_version(version, || default_version(platform, kind).to_owned())?;
        let target_sdk = self.checked_target(target_sdk)?.or_else(|| self.default_target());
        self.put_app(kind, version, target_sdk, now);
        effects.push(DeviceEffect::StateChanged);
        self.ask_for_permission(now, effects);
        Ok(())
    }

    /// Which app is installed on this device.
    fn receiver(&self) -> ReceiverApp {
        if self.state.follows(Rule::IntuneAppReceives) {
            self.settings.android_receiver
        } else {
            ReceiverApp::default()
        }
    }

    /// The enrollment brings the Microsoft Intune app, which takes Company Portal's place as the user's app, and which nobody
    /// has opened yet (`Rule::IntuneAppWithEnrollment`).
    pub(super) fn install_with_enrollment(&mut self, now: Timestamp, effects: &mut Vec<DeviceEffect>) {
        let comes = self.state.follows(Rule::IntuneAppWithEnrollment) && self.receiver() == ReceiverApp::Intune;
        let is_there = self.state.app.is_installed() && self.state.app.kind == ReceiverApp::Intune;
        if !comes || is_there {
            return;
        }
        if self.state.app.is_installed() {
            self.take_app_away(now, effects);
        }
        let version = ReceiverApp::Intune.first_showing_version().to_owned();
        self.put_app(ReceiverApp::Intune, version, self.default_target(), now);
        self.state.app.never_opened = true;
        self.state.app.has_channel = false;
    }

    fn put_app(&mut self, kind: ReceiverApp, version: String, target_sdk: Option<u32>, now: Timestamp) {
        let platform = self.state.identity.operating_system;
        let starts_over =
            self.state.permission.app_installed(&self.state.identity, self.state.app.removed_at, target_sdk, now);
        if starts_over {
            // A new installation has the switches of a new installation (`Rule::AppleForgets`, `Rule::AndroidReinstall`).
            self.state.switches = NotificationSwitches::out_of_the_box(platform);
        }
        self.state.app = AppState {
            kind,
            version: Some(version),
            target_sdk,
            installed_at: Some(now),
            has_channel: !platform.is_apple() && self.settings.android_channel == ChannelCreation::AtStart,
            in_app_from: self.pushes.last_sequence(),
            refreshed_through: self.pushes.last_sequence(),
            ..AppState::default()
        };
        self.app_used(now);
    }

    fn check_installed_so(
        &self,
        installed: &str,
        version: Option<String>,
        target_sdk: Option<u32>,
    ) -> Result<(), Refusal> {
        // An install of what is installed already changes nothing, so that it may ask for nothing else than what is
        // there.
        let asked = checked_version(version, || installed.to_owned())?;
        if is_older(installed, &asked) || is_older(&asked, installed) {
            let message =
                format!("{} {installed} is installed, and an install does not change that", self.state.app.kind.name());
            let hint = match is_older(installed, &asked) {
                true => format!("app update --version {asked}"),
                false if self.state.requires_the_app() => "app update".to_owned(),
                false => format!("app uninstall, then app install --version {asked}"),
            };
            return Err(Refusal::new("alreadyInstalled", message, hint));
        }
        match self.checked_target(target_sdk)? {
            Some(asked) if Some(asked) != self.state.app.target_sdk => {
                let present = self.state.app.target_sdk.map(|target| target.to_string()).unwrap_or_default();
                let message = format!("what is installed targets {present}, and only an update brings another target");
                Err(Refusal::new("alreadyInstalled", message, format!("app update --target-sdk {asked}")))
            }
            _ => Ok(()),
        }
    }

    fn update(
        &mut self,
        version: Option<String>,
        target_sdk: Option<u32>,
        now: Timestamp,
        effects: &mut Vec<DeviceEffect>,
    ) -> Result<(), Refusal> {
        let Some(installed) = self.state.app.version.clone() else { return Err(Refusal::app_missing("app update")) };
        let version = checked_version(version, || next_version(&installed))?;
        let target_sdk = self.checked_target(target_sdk)?.or(self.state.app.target_sdk);
        if version == installed && target_sdk != self.state.app.target_sdk {
            let message = format!("version {installed} is installed, and what targets otherwise has another version");
            let target = target_sdk.map(|target| format!(" --target-sdk {target}")).unwrap_or_default();
            return Err(Refusal::new("sameVersion", message, format!("app update{target}")));
        }
        if version == installed {
            effects.push(DeviceEffect::Unchanged(format!("already at version {installed}")));
            return Ok(());
        }
        if is_older(&version, &installed) {
            let message =
                format!("an app update goes forward; {version} is older than {installed}, which is installed");
            let hint = match self.state.requires_the_app() {
                true => "app update".to_owned(),
                false => format!("app uninstall, then app install --version {version}"),
            };
            return Err(Refusal::new("olderVersion", message, hint));
        }
        let app = &mut self.state.app;
        (app.version, app.target_sdk) = (Some(version), target_sdk);
        (app.foreground, app.force_stopped) = (false, false);
        self.app_used(now);
        // `Rule::AppleUpdateIsNoReset`: nothing of the permission changes but what the app targets
        self.state.permission.app_updated(target_sdk);
        effects.push(DeviceEffect::StateChanged);
        // `Rule::PromptOnInstallAndUpdate`; the platform may still not ask (facts 4.1, 4.2)
        self.ask_for_permission(now, effects);
        Ok(())
    }

    fn uninstall(&mut self, now: Timestamp, effects: &mut Vec<DeviceEffect>) -> Result<(), Refusal> {
        if !self.state.app.is_installed() {
            effects.push(DeviceEffect::Unchanged("already not installed".to_owned()));
            return Ok(());
        }
        if self.state.requires_the_app() {
            let message = format!(
                "{} is required on an enrolled work profile and cannot be uninstalled ({})",
                self.state.app.kind.name(),
                Rule::IntuneAppWithEnrollment.source()
            );
            return Err(Refusal::new("requiredApp", message, "retire"));
        }
        self.take_app_away(now, effects);
        Ok(())
    }

    /// The app goes, and with it its prompt and its notifications, on both platforms.
    pub(super) fn take_app_away(&mut self, now: Timestamp, effects: &mut Vec<DeviceEffect>) {
        // Kept is when it went alone: a day later iOS forgets the permission (`Rule::AppleForgets`).
        self.state.app = AppState { removed_at: Some(now), ..AppState::default() };
        self.withdraw_prompt(effects);
        self.pushes.withdraw_all(effects);
        effects.push(DeviceEffect::StateChanged);
    }

    fn open(&mut self, now: Timestamp, effects: &mut Vec<DeviceEffect>) -> Result<(), Refusal> {
        let app = &mut self.state.app;
        if !app.is_installed() {
            return Err(Refusal::app_missing("app open"));
        }
        if app.foreground {
            effects.push(DeviceEffect::Unchanged("already open".to_owned()));
            return Ok(());
        }
        app.foreground = true;
        app.force_stopped = false;
        let is_first = std::mem::take(&mut app.never_opened);
        if is_first && self.settings.android_channel == ChannelCreation::AtStart {
            self.state.app.has_channel = true;
        }
        self.app_used(now);
        effects.push(DeviceEffect::StateChanged);
        if is_first || self.state.permission.is_asked_for_by_the_system() {
            // Rule::AndroidOlderTarget: the system asks when an activity starts, and not the app when it is installed
            self.ask_for_permission(now, effects);
        }
        Ok(())
    }

    fn close(&mut self, now: Timestamp, effects: &mut Vec<DeviceEffect>) -> Result<(), Refusal> {
        if !self.state.app.foreground {
            effects.push(DeviceEffect::Unchanged("already closed".to_owned()));
            return Ok(());
        }
        self.state.app.foreground = false;
        self.app_used(now);
        effects.push(DeviceEffect::StateChanged);
        Ok(())
    }

    fn force_stop(&mut self, now: Timestamp, effects: &mut Vec<DeviceEffect>) -> Result<(), Refusal> {
        if self.state.identity.operating_system.is_apple() {
            let message = format!(
                "force-stop is Android's; on iOS and iPadOS {} ({})",
                Rule::ForceQuit.says(),
                Rule::ForceQuit.cited()
            );
            return Err(Refusal::new("notOnThisPlatform", message, "app close"));
        }
        let app = &mut self.state.app;
        if !app.is_installed() {
            return Err(Refusal::app_missing("app force-stop"));
        }
        if app.force_stopped {
            effects.push(DeviceEffect::Unchanged("already force-stopped".to_owned()));
            return Ok(());
        }
        let was_open = std::mem::take(&mut app.foreground);
        app.force_stopped = true;
        if was_open {
            self.app_used(now);
        }
        effects.push(DeviceEffect::StateChanged);
        Ok(())
    }

    fn checked_target(&self, target_sdk: Option<u32>) -> Result<Option<u32>, Refusal> {
        let Some(target) = target_sdk else { return Ok(None) };
        if self.state.identity.operating_system.is_apple() {
            return Err(Refusal::only_android("a target SDK", &self.state.identity));
        }
        if TARGETS.contains(&target) {
            return Ok(Some(target));
        }
        let message = format!("{target} is no API level that an app can target");
        Err(Refusal::new("invalidTargetSdk", message, "write 32 for Android 12L, 33 for 13, and so on"))
    }

    fn default_target(&self) -> Option<u32> {
        (!self.state.identity.operating_system.is_apple()).then_some(self.settings.android_target_sdk)
    }

    fn sign(&mut self, signed_in: bool, effects: &mut Vec<DeviceEffect>) -> Result<(), Refusal> {
        let app = &mut self.state.app;
        if !app.is_installed() {
            return Err(Refusal::app_missing(if signed_in { "app sign-in" } else { "app sign-out" }));
        }
        if app.signed_in == signed_in {
            let word = if signed_in { "in" } else { "out" };
            effects.push(DeviceEffect::Unchanged(format!("already signed {word}")));
            return Ok(());
        }
        app.signed_in = signed_in;
        effects.push(DeviceEffect::StateChanged);
        Ok(())
    }

    fn refresh(&mut self, effects: &mut Vec<DeviceEffect>) -> Result<(), Refusal> {
        if !self.state.app.is_installed() {
            return Err(Refusal::app_missing("app notifications"));
        }
        if !self.state.follows(Rule::PullToRefresh) {
            effects.push(DeviceEffect::Unchanged("the section lists at once what comes in the app".to_owned()));
            return Ok(());
        }
        let newest = self.pushes.last_sequence();
        if self.state.app.refreshed_through == newest {
            effects.push(DeviceEffect::Unchanged("already up to date".to_owned()));
            return Ok(());
        }
        self.state.app.refreshed_through = newest;
        effects.push(DeviceEffect::StateChanged);
        Ok(())
    }
}
