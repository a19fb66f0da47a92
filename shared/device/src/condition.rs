//! The device's own condition: locked, offline, Focus, Doze, a paused work profile, Play Services, its clock.
//!
//! Lives here: turning each. Does not live here: what each does to a push (`push`, `surface`).

use portal_contract::{StandbyBucket, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Device, DeviceEffect, Refusal, Rule};
use portal_contract::command::ConditionCommand;

/// How the device itself stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeviceCondition {
    /// Locked.
    pub locked: bool,
    /// Taken offline by command.
    pub offline: bool,
    /// Focus, or Do Not Disturb.
    pub focus: bool,
    /// Doze (facts 4.2).
    pub doze: bool,
    /// Since when it dozes; none where it does not, or began to before this was kept.
    pub doze_since: Option<Timestamp>,
    /// On a charger (Android).
    pub charging: bool,
    /// The work profile is paused (facts 4.2).
    pub work_profile_paused: bool,
    /// Company Portal is exempt from battery optimisation (facts 1.1, document C25).
    pub battery_optimisation_exempt: bool,
    /// How much the app is used, as Android sees it (facts 4.2).
    pub standby_bucket: StandbyBucket,
    /// Whether the app came into its bucket by not being used, so that using it takes it out again.
    pub standby_by_disuse: bool,
    /// Since when it has been offline by command.
    pub offline_since: Option<Timestamp>,
    /// Google Play Services is installed; without meaning on Apple's platforms.
    pub play_services: bool,
    /// How far the device's clock runs ahead of the computer's, in milliseconds.
    pub clock_ahead_millis: i64,
    /// The sequence behind which the clock was last taken back to the computer's (`device reset --clock`).
    #[serde(skip_serializing_if = "is_zero")]
    pub clock_taken_back_after: u64,
}

/// How many messages of high priority a day stay so in `bucket` before Android 13 (`Rule::StandbyBuckets`); none: no cap.
pub(super) fn high_priority_a_day(bucket: StandbyBucket) -> Option<usize> {
    match bucket {
        StandbyBucket::Active | StandbyBucket::WorkingSet => None,
        StandbyBucket::Frequent => Some(10),
        StandbyBucket::Rare | StandbyBucket::Restricted => Some(5),
    }
}

// The form that `skip_serializing_if` asks for.
fn is_zero(sequence: &u64) -> bool {
    *sequence == 0
}

impl Default for DeviceCondition {
    fn default() -> Self {
        Self {
            locked: false,
            offline: false,
            focus: false,
            doze: false,
            doze_since: None,
            charging: false,
            work_profile_paused: false,
            battery_optimisation_exempt: false,
            standby_bucket: StandbyBucket::default(),
            standby_by_disuse: false,
            offline_since: None,
            play_services: true,
            clock_ahead_millis: 0,
            clock_taken_back_after: 0,
        }
    }
}

/// facts 4.2: "Work profile paused (Android 7+)".
const WORK_PROFILE_PAUSES_SINCE: u32 = 7;

/// The longest that a clock may be advanced in all: a century, far within what times can say.
const CLOCK_LIMIT_MILLIS: i64 = 100 * 366 * 24 * 3_600_000;

/// Each condition's words when it is on and when it is off, and what Android alone has is called there.
fn words(command: ConditionCommand) -> (&'static str, &'static str, Option<&'static str>) {
    match command {
        ConditionCommand::Locked(_) => ("locked", "unlocked", None),
        ConditionCommand::Offline(_) => ("offline", "online", None),
        ConditionCommand::Focus(_) => ("focused", "not focused", None),
        ConditionCommand::Doze(_) => ("dozing", "awake", Some("Doze")),
        ConditionCommand::Charging(_) => ("charging", "not charging", Some("what charging lifts")),
        ConditionCommand::WorkProfilePaused(_) => ("paused", "running", Some("the work profile")),
        ConditionCommand::BatteryOptimisationExempt(_) => ("exempt", "optimised", Some("battery optimisation")),
    }
}

impl Device {
    pub(super) fn condition_command(
        &mut self,
        command: ConditionCommand,
        now: Timestamp,
        effects: &mut Vec<DeviceEffect>,
    ) -> Result<(), Refusal> {
        let (on, off, android_only) = words(command);
        if let Some(what) = android_only.filter(|_| self.state.identity.operating_system.is_apple()) {
            return Err(Refusal::only_android(what, &self.state.identity));
        }
        if command == ConditionCommand::WorkProfilePaused(true) {
            self.check_work_profile()?;
        }
        let condition = &mut self.state.condition;
        let (member, value) = match command {
            ConditionCommand::Locked(value) => (&mut condition.locked, value),
            ConditionCommand::Offline(value) => (&mut condition.offline, value),
            ConditionCommand::Focus(value) => (&mut condition.focus, value),
            ConditionCommand::Doze(value) => (&mut condition.doze, value),
            ConditionCommand::Charging(value) => (&mut condition.charging, value),
            ConditionCommand::WorkProfilePaused(value) => (&mut condition.work_profile_paused, value),
            ConditionCommand::BatteryOptimisationExempt(value) => (&mut condition.battery_optimisation_exempt, value),
        };
        if *member == value {
            effects.push(DeviceEffect::Unchanged(format!("already {}", if value { on } else { off })));
            return Ok(());
        }
        *member = value;
        if let ConditionCommand::Doze(dozes) = command {
            condition.doze_since = dozes.then_some(now);
        }
        if let ConditionCommand::Offline(offline) = command {
            effects.push(if offline { DeviceEffect::GoOffline } else { DeviceEffect::GoOnline });
            if offline {
                self.state.condition.offline_since = Some(now);
                self.pushes.went_away();
            } else {
                self.pushes.away_since = self.state.condition.offline_since.take();
            }
        }
        effects.push(DeviceEffect::StateChanged);
        Ok(())
    }

    // facts 1.2, 4.2: a work profile exists where an enrollment made one, from Android 7 on
    fn check_work_profile(&self) -> Result<(), Refusal> {
        let identity = &self.state.identity;
        if identity.os_version.major() < WORK_PROFILE_PAUSES_SINCE {
            let message = format!(
                "Android {} cannot pause a work profile; 7 can ({})",
                identity.os_version,
                Rule::WorkProfilePaused.cited()
            );
            return Err(Refusal::new("notOnThisVersion", message, "os update 7"));
        }
        match self.state.enrollment.enrolled.as_ref().map(|enrolled| enrolled.enrollment_type) {
            None => {
                let message = "the device has no work profile: it comes with an enrollment, and the device is not enrolled (facts 1.2)";
                Err(Refusal::new("noWorkProfile", message, self.state.enrolling("UPN")))
            }
            Some(kind) if !kind.has_work_profile() => {
                let message = format!(
                    "the device has no work profile: it is enrolled as {kind} ({})",
                    Rule::WorkProfilePaused.cited()
                );
                let out = self.state.way_out_of_management();
                let hint =
                    format!("{out}, then {}: a personal device with a work profile", self.state.enrolling("UPN"));
                Err(Refusal::new("noWorkProfile", message, hint))
            }
            Some(_) => Ok(()),
        }
    }

    pub(super) fn standby(&mut self, bucket: StandbyBucket, effects: &mut Vec<DeviceEffect>) -> Result<(), Refusal> {
        let identity = &self.state.identity;
        if identity.operating_system.is_apple() {
            return Err(Refusal::only_android("a standby bucket", identity));
        }
        if self.state.condition.standby_bucket == bucket {
            effects.push(DeviceEffect::Unchanged(format!("already {}", bucket.word())));
            return Ok(());
        }
        self.state.condition.standby_bucket = bucket;
        self.state.condition.standby_by_disuse = false;
        effects.push(DeviceEffect::StateChanged);
        Ok(())
    }

    pub(super) fn play_services(&mut self, installed: bool, effects: &mut Vec<DeviceEffect>) -> Result<(), Refusal> {
        if self.state.identity.operating_system.is_apple() {
            return Err(Refusal::only_android("Google Play Services", &self.state.identity));
        }
        if self.state.condition.play_services == installed {
            let word = if installed { "installed" } else { "removed" };
            effects.push(DeviceEffect::Unchanged(format!("already {word}")));
            return Ok(());
        }
        self.state.condition.play_services = installed;
        effects.push(DeviceEffect::StateChanged);
        Ok(())
    }

    pub(super) fn clock_advance(&mut self, millis: u64, effects: &mut Vec<DeviceEffect>) -> Result<(), Refusal> {
        let ahead = i64::try_from(millis)
            .ok()
            .and_then(|millis| self.state.condition.clock_ahead_millis.checked_add(millis))
            .filter(|ahead| *ahead <= CLOCK_LIMIT_MILLIS);
        let Some(ahead) = ahead else {
            let message = "the device's clock cannot run more than a century ahead of the computer's";
            return Err(Refusal::new("clockTooFarAhead", message, "device reset --clock"));
        };
        if millis == 0 {
            effects.push(DeviceEffect::Unchanged("already at that time".to_owned()));
            return Ok(());
        }
        self.state.condition.clock_ahead_millis = ahead;
        effects.push(DeviceEffect::StateChanged);
        Ok(())
    }
}
