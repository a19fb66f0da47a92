//! Why a push shows with less than it could: found by ending one circumstance after the other on a copy of the device.
//!
//! Lives here: the circumstances, each with the command that ends it and the rule behind it, and the search. Does not live here:
//! where a push shows (`surface`).
//!
//! A circumstance is a cause where the showing would be better without it, or without it and others of which each is needed.

use portal_contract::command::read_line;
use portal_contract::lesser_showing::{LesserShowing, ShowingAspect};
use portal_contract::{NotificationPermission, Presentation, Surface, Timestamp};

use super::reasons::sections;
use super::switches::NotificationSwitches;
use super::{Device, DeviceInput, DeviceSnapshot, Rule};

/// How many circumstances together may be one cause: Focus, a switch and a channel, say.
const TOGETHER: usize = 3;

/// Something about a device that may make a showing less.
struct Circumstance {
    detail: String,
    /// The commands that end it.
    lines: &'static [&'static str],
    rules: &'static [Rule],
}

/// A switch that may be a cause: its name, its value then, in a sentence, what ends it, the rule.
type SwitchCircumstance = (&'static str, &'static str, &'static str, &'static [&'static str], &'static [Rule]);

fn circumstance(detail: impl Into<String>, lines: &'static [&'static str], rules: &'static [Rule]) -> Circumstance {
    Circumstance { detail: detail.into(), lines, rules }
}

/// The keys of Apple's payload by which a showing is less than it could be, the values that do it, and what does not.
type PayloadKey = (&'static str, &'static [&'static str], &'static [&'static str]);
const PAYLOAD: &[PayloadKey] = &[
    ("ShowInNotificationCenter", &["false"], &["policy set ShowInNotificationCenter=true"]),
    ("ShowInLockScreen", &["false"], &["policy set ShowInLockScreen=true"]),
    ("AlertType", &["0"], &["policy set AlertType=1"]),
    ("BadgesEnabled", &["false"], &["policy set BadgesEnabled=true"]),
    ("SoundsEnabled", &["false"], &["policy set SoundsEnabled=true"]),
    ("PreviewType", &["1", "2"], &["policy set PreviewType=0"]),
];

impl DeviceSnapshot {
    /// Whatever may be a cause, as it stands.
    fn circumstances(&self) -> Vec<Circumstance> {
        let value = |name: &str| self.acting_switches().list().remove(name).unwrap_or_default();
        let android = !self.identity.operating_system.is_apple();
        let mut found = Vec::new();
        if self.app.foreground {
            let rules: &[Rule] = if android { &[Rule::InAppWhileOpenAndroid] } else { &[Rule::InAppWhileOpenApple] };
            found.push(circumstance("Company Portal is open on the screen", &["app close"], rules));
        }
        if self.app_is_too_old() {
            let detail = "Company Portal is of before the version that shows custom notifications";
            found.push(circumstance(detail, &["app update --version 5.0.5291.0"], &[Rule::VersionGate]));
        }
        if self.acting_permission() == NotificationPermission::Provisional {
            let lines = &["permission turn-off", "permission allow"];
            let detail = "the permission is provisional, which delivers quietly";
            found.push(circumstance(detail, lines, &[Rule::AppleProvisional]));
        }
        if self.condition.focus {
            let detail = if android { "Do Not Disturb is on" } else { "Focus is on" };
            found.push(circumstance(detail, &["device focus off"], &[Rule::FocusIsQuiet]));
        }
        if self.condition.locked {
            found.push(circumstance("the device is locked", &["device unlock"], &[]));
        }
        if android && !self.policy.is_empty() {
            let list: Vec<String> = self.policy.list().iter().map(|(name, value)| format!("{name}={value}")).collect();
            let detail = format!("a policy enforces {}", list.join(", "));
            found.push(circumstance(detail, &["policy clear"], &[Rule::AndroidPolicy]));
        }
        // Key by key: without the payload the user might never have been asked, and nothing would show at all.
        for (name, bad, lines) in PAYLOAD {
            let set = self.policy.list().get(*name).filter(|set| !android && bad.contains(&set.as_str()));
            found.extend(
                set.map(|set| circumstance(format!("a policy enforces {name}={set}"), lines, &[Rule::ApplePolicy])),
            );
        }
        match self.acting_switches() {
            NotificationSwitches::Apple(_) => {
                let off = |name: &str, bad: &str| value(name) == bad;
                let switches: [SwitchCircumstance; 6] = [
                    (
                        "scheduledDelivery",
                        "on",
                        "Scheduled Summary delivers it",
                        &["settings set scheduledDelivery=off"],
                        &[Rule::AppleScheduledSummary],
                    ),
                    ("alert", "off", "Banners are off", &["settings set alert=on"], &[Rule::AppleSurfaces]),
                    (
                        "lockScreen",
                        "off",
                        "Lock Screen is off",
                        &["settings set lockScreen=on"],
                        &[Rule::AppleSurfaces],
                    ),
                    (
                        "notificationCenter",
                        "off",
                        "Notification Center is off",
                        &["settings set notificationCenter=on"],
                        &[Rule::AppleSurfaces],
                    ),
                    ("sound", "off", "Sounds are off", &["settings set sound=on"], &[Rule::AppleSurfaces]),
                    ("badge", "off", "Badges are off", &["settings set badge=on"], &[Rule::AppleSurfaces]),
                ];
                for (name, bad, detail, lines, rules) in switches {
                    if off(name, bad) {
                        found.push(circumstance(detail, lines, rules));
                    }
                }
                let previews = value("showPreviews");
                if previews != "always" {
                    let detail = format!("Show Previews is {previews}");
                    found.push(circumstance(detail, &["settings set showPreviews=always"], &[Rule::ApplePreviews]));
                }
            }
            NotificationSwitches::Android(_) => {
                let importance = value("channelImportance");
                if importance != "HIGH" {
                    let detail = format!("the channel's importance is {importance}");
                    found.push(circumstance(
                        detail,
                        &["settings set channelImportance=HIGH"],
                        &[Rule::AndroidImportance],
                    ));
                }
                let visibility = value("lockScreen");
                if visibility != "PUBLIC" {
                    let detail = format!("the lock screen's visibility is {visibility}");
                    found.push(circumstance(detail, &["settings set lockScreen=PUBLIC"], &[Rule::AndroidLockScreen]));
                }
            }
        }
        found
    }
}

/// Which aspects of a showing are less than they could be.
fn lesser(shown: &Presentation) -> Vec<ShowingAspect> {
    if shown.surface == Surface::InApp {
        // In the app there is no banner that could sound or badge.
        return vec![ShowingAspect::Surface];
    }
    let is_less = |aspect: &ShowingAspect| match aspect {
        ShowingAspect::Surface => shown.surface == Surface::NotificationCenter,
        ShowingAspect::Sound => shown.sound == Some(false),
        ShowingAspect::Badge => shown.badge == Some(false),
        ShowingAspect::Content => shown.content_hidden,
        ShowingAspect::Text => shown.substituted,
    };
    ShowingAspect::ALL.iter().copied().filter(is_less).collect()
}

impl Device {
    /// Why a push that shows now shows with less than it could; empty where it does not.
    pub fn lesser_showing(&self, now: Timestamp) -> Vec<LesserShowing> {
        self.lesser_causes(now)
            .into_iter()
            .map(|(circumstance, aspects)| LesserShowing {
                aspects,
                detail: circumstance.detail,
                hint: circumstance.lines.join(", then "),
                source: if circumstance.rules.is_empty() { String::new() } else { sections(circumstance.rules) },
                sources: self.state.sources(circumstance.rules),
            })
            .collect()
    }

    /// The rules behind a showing that is less than it could be.
    pub(super) fn lesser_rules(&self, now: Timestamp) -> Vec<Rule> {
        self.lesser_causes(now).iter().flat_map(|(circumstance, _)| circumstance.rules).copied().collect()
    }

    fn lesser_causes(&self, now: Timestamp) -> Vec<(Circumstance, Vec<ShowingAspect>)> {
        let missing = lesser(&self.state.presentation());
        if missing.is_empty() {
            return Vec::new();
        }
        let circumstances = self.state.circumstances();
        let better = self.better_without(&circumstances, &missing, now);
        let aspects_of = |place: usize| {
            let mut aspects: Vec<ShowingAspect> = Vec::new();
            for aspect in missing.iter().filter(|aspect| better.iter().any(|set| set.is_cause(place, **aspect))) {
                aspects.push(*aspect);
            }
            aspects
        };
        let causes = circumstances.into_iter().enumerate().map(|(place, one)| (one, aspects_of(place)));
        causes.filter(|(_, aspects)| !aspects.is_empty()).collect()
    }

    /// The minimal sets of circumstances without which an aspect is better.
    fn better_without(&self, all: &[Circumstance], missing: &[ShowingAspect], now: Timestamp) -> Vec<CauseSet> {
        let mut sets: Vec<CauseSet> = Vec::new();
        // Sets are counted through as bits, of at most three circumstances each, which makes 696 of sixteen. A seventeenth
        // is not looked for.
        let most = u32::try_from(all.len().min(16)).unwrap_or(16);
        let mut masks: Vec<u32> = (1..1_u32 << most).filter(|mask| mask.count_ones() as usize <= TOGETHER).collect();
        masks.sort_by_key(|mask| mask.count_ones());
        for mask in masks {
            let Some(shown) = self.shown_without(all, mask, now) else { continue };
            let still = lesser(&shown);
            for aspect in missing.iter().filter(|aspect| !still.contains(aspect)) {
                // The smaller sets come first, so one that holds another that sufficed is no cause of its own.
                if !sets.iter().any(|set| set.aspect == *aspect && set.mask & mask == set.mask) {
                    sets.push(CauseSet { mask, aspect: *aspect });
                }
            }
        }
        sets
    }

    fn shown_without(&self, all: &[Circumstance], mask: u32, now: Timestamp) -> Option<Presentation> {
        let mut device = Self::connected_as(self.state.clone(), self.settings.clone());
        for (_, circumstance) in all.iter().enumerate().filter(|(place, _)| mask & (1 << place) != 0) {
            for line in circumstance.lines {
                device.apply(DeviceInput::Command(read_line(line).ok()?), now).ok()?;
            }
        }
        device.state.unmet(None).is_empty().then(|| device.state.presentation())
    }
}

/// Circumstances that are together the cause of one aspect.
struct CauseSet {
    mask: u32,
    aspect: ShowingAspect,
}

impl CauseSet {
    fn is_cause(&self, place: usize, aspect: ShowingAspect) -> bool {
        self.aspect == aspect && self.mask & (1 << place) != 0
    }
}
