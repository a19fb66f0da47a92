//! The grid: one push against every combination of the states that a phone may be in, by platform, version and year.
//!
//! Lives here: walking the axes, and what each combination comes to. Does not live here: the axes (`axes`), printing the grid.
//!
//! A phone is built along the axes, one axis after the other, so that phones which differ in the last alone share everything
//! before; and what comes to the same for the same reasons is kept once. The grid is as fast as one judgement.

mod axes;

use std::collections::BTreeMap;

use portal_contract::{
    CustomNotification, DeviceId, DocumentationYear, OperatingSystem, Outcome, Prerequisite, Prerequisites,
    Presentation, PushProblem, Tenant, Timestamp,
};

use super::push::ReceivedPush;
use super::reasons::PrerequisiteReason;
use super::verdict::PushVerdict;
use super::{Device, DeviceIdentity, DeviceInput, EmulationSettings, Rule};
pub use axes::GridAxis;
use portal_contract::HoldReason;
use portal_contract::command::DeviceCommand;

/// What a combination comes to, and by which rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GridResult {
    /// `presented`, `withheld`, `held`, `dropped` or `expired`.
    pub outcome: &'static str,
    /// What of it: the surface, the unmet prerequisites, what is waited for.
    pub detail: String,
    /// Whether it makes a sound; none where nothing shows.
    pub sound: Option<bool>,
    /// Whether title and body are hidden.
    pub is_content_hidden: bool,
    /// The rules that decide it.
    pub rules: Vec<Rule>,
}

/// All combinations of one platform and version in one year.
#[derive(Debug, Clone)]
pub struct GridSection {
    /// The platform.
    pub operating_system: OperatingSystem,
    /// Platform and version, as a person reads them.
    pub system: &'static str,
    /// The year.
    pub documentation: DocumentationYear,
    /// The axes, the outermost first.
    pub axes: Vec<GridAxis>,
    /// What there is to come to, each once.
    pub results: Vec<GridResult>,
    /// For each combination, in the order of the axes with the last changing fastest: its place among the results; none where
    /// no phone can be so.
    pub cells: Vec<Option<u16>>,
}

impl GridSection {
    /// The values of the combination at a place, one for each axis.
    pub fn combination(&self, place: usize) -> Vec<&'static str> {
        let mut rest = place;
        let mut values: Vec<&'static str> = Vec::with_capacity(self.axes.len());
        for axis in self.axes.iter().rev() {
            let count = axis.values.len().max(1);
            values.extend(axis.values.get(rest % count));
            rest /= count;
        }
        values.reverse();
        values
    }

    /// The combinations that a phone can be in, with what they come to.
    pub fn rows(&self) -> impl Iterator<Item = (Vec<&'static str>, &GridResult)> {
        self.cells.iter().enumerate().filter_map(|(place, cell)| {
            let result = self.results.get(usize::from((*cell)?))?;
            Some((self.combination(place), result))
        })
    }
}

/// The whole grid, under these settings but for the year; `chosen` picks platforms and years.
pub fn outcome_grid(
    settings: &EmulationSettings,
    chosen: impl Fn(OperatingSystem, DocumentationYear) -> bool,
) -> Vec<GridSection> {
    let years = DocumentationYear::ALL.iter().copied();
    let all = axes::SYSTEMS.into_iter().flat_map(|system| years.clone().map(move |year| (system, year)));
    let picked = all.filter(|((system, _, _), year)| chosen(*system, *year));
    picked.map(|(system, documentation)| section(system, documentation, settings)).collect()
}

type Lines = Vec<Option<Vec<DeviceCommand>>>;

/// Walks the axes of one section.
struct GridWalk {
    now: Timestamp,
    lines: Vec<Lines>,
    pushes: Vec<ReceivedPush>,
    results: Vec<GridResult>,
    known: BTreeMap<ResultKey, u16>,
    cells: Vec<Option<u16>>,
}

/// What decides a result's words and rules.
type ResultKey = (u8, [Option<PrerequisiteReason>; 6], Option<HoldReason>, Vec<u8>);

fn section(
    (operating_system, version, system): (OperatingSystem, &'static str, &'static str),
    documentation: DocumentationYear,
    settings: &EmulationSettings,
) -> GridSection {
    // Any moment does: no axis is a time, and the page must not change from day to day.
    let now = Timestamp::from_millis(1_764_000_000_000);
    let axes = axes::of(operating_system);
    let mut walk = GridWalk {
        now,
        lines: axes.iter().map(axes::commands).collect(),
        pushes: (0..axes::ADDRESSES.len()).filter_map(|place| push(place, now)).collect(),
        results: Vec::new(),
        known: BTreeMap::new(),
        cells: Vec::new(),
    };
    let settings = EmulationSettings { documentation, ..settings.clone() };
    if let Ok(os_version) = version.parse::<super::OsVersion>() {
        let identity = DeviceIdentity {
            id: DeviceId::from_bytes([0; 16]),
            name: String::new(),
            tenant: Tenant::default(),
            operating_system,
            first_os_version: os_version.clone(),
            os_version,
        };
        let device = Device::out_of_the_box(identity, settings, now);
        walk.go(Some(&device), 0, &mut Vec::new());
    }
    let of_axis = |name, values: Vec<&'static str>| GridAxis { name, values };
    let addresses = of_axis("sent to", axes::ADDRESSES.to_vec());
    let axes = axes.iter().map(|axis| of_axis(axis.name, axis.values.iter().map(|(name, _)| *name).collect()));
    GridSection {
        operating_system,
        system,
        documentation,
        axes: axes.chain([addresses]).collect(),
        results: walk.results,
        cells: walk.cells,
    }
}

fn push(address: usize, now: Timestamp) -> Option<ReceivedPush> {
    let (target, user) = axes::address(address);
    let notification = CustomNotification {
        id: "grid".parse().ok()?,
        notification_title: "Title".to_owned(),
        notification_body: "Body".to_owned(),
        sent_at: Some(now),
        expires_at: None,
        target_user_principal_name: user,
        collapse_key: None,
    };
    Some(ReceivedPush { notification, target, received_at: now, expires_at: None, priority_lowered: false })
}

impl GridWalk {
    /// Everything below one phone; none where there is no such phone.
    fn go(&mut self, device: Option<&Device>, axis: usize, path: &mut Vec<u8>) {
        if axis == self.lines.len() {
            for place in 0..self.pushes.len() {
                let cell = device.and_then(|device| self.cell(device, place, path));
                self.cells.push(cell);
            }
            return;
        }
        for value in 0..self.lines[axis].len() {
            let so = device.and_then(|device| self.made_so(device, axis, value));
            path.push(u8::try_from(value).unwrap_or(u8::MAX));
            self.go(so.as_ref(), axis + 1, path);
            path.pop();
        }
    }

    fn made_so(&self, device: &Device, axis: usize, value: usize) -> Option<Device> {
        let mut device = device.clone();
        for command in self.lines[axis][value].as_ref()? {
            let is_prompt =
                matches!(command, DeviceCommand::Permission(portal_contract::command::PermissionCommand::Prompt));
            let shown = device.state.permission.prompts_shown;
            device.apply(DeviceInput::Command(command.clone()), self.now).ok()?;
            // Where the platform does not ask again nobody can deny again.
            if is_prompt && device.state.permission.prompts_shown == shown {
                return None;
            }
        }
        Some(device)
    }

    fn cell(&mut self, device: &Device, place: usize, path: &[u8]) -> Option<u16> {
        let push = self.pushes.get(place)?;
        let verdict = device.verdict(push, self.now);
        let mut reasons = [None; 6];
        for (slot, code) in reasons.iter_mut().zip(Prerequisite::ALL.iter().copied()) {
            *slot = device.state.reason(code, Some(push));
        }
        let quiet = Some(PrerequisiteReason::NoSurfaceWhileQuiet);
        let key: ResultKey = match &verdict {
            PushVerdict::Ends(Outcome::Withheld { .. }) => {
                let unmet = reasons.map(|reason| reason.filter(|reason| !reason.is_met()));
                // By which circumstance it is quiet decides on the rule.
                (0, unmet, None, if unmet.contains(&quiet) { path.to_vec() } else { Vec::new() })
            }
            PushVerdict::Ends(Outcome::Dropped { problem }) => {
                let problems = [PushProblem::DroppedAppForceStopped, PushProblem::RemovalPending];
                (1, [None; 6], None, problems.map(|one| u8::from(one == *problem)).to_vec())
            }
            PushVerdict::Ends(_) => (2, [None; 6], None, Vec::new()),
            PushVerdict::Waits(reason) => (3, [None; 6], Some(*reason), Vec::new()),
            // How it shows follows from more of the phone than who enrolled it.
            PushVerdict::Shows(_) => (4, [None; 6], None, path.to_vec()),
        };
        // What decides the words and the rules is the same, so they are: they are made once for all such cells.
        if let Some(known) = self.known.get(&key) {
            return Some(*known);
        }
        let result = device.grid_result(push, &verdict, self.now);
        let at = match self.results.iter().position(|other| *other == result) {
            Some(at) => at,
            None => {
                self.results.push(result);
                self.results.len() - 1
            }
        };
        let at = u16::try_from(at).ok()?;
        self.known.insert(key, at);
        Some(at)
    }
}

impl Device {
    fn grid_result(&self, push: &ReceivedPush, verdict: &PushVerdict, now: Timestamp) -> GridResult {
        let plain = |outcome, detail: String, rules: Vec<Rule>| GridResult {
            outcome,
            detail,
            sound: None,
            is_content_hidden: false,
            rules,
        };
        match verdict {
            PushVerdict::Ends(Outcome::Withheld { unmet }) => {
                plain("withheld", codes(*unmet), self.state.unmet_rules(push))
            }
            PushVerdict::Ends(Outcome::Dropped { problem: PushProblem::DroppedAppForceStopped }) => {
                plain("dropped", "force-stopped".to_owned(), vec![Rule::ForceStop])
            }
            PushVerdict::Ends(Outcome::Dropped { problem: PushProblem::RemovalPending }) => {
                plain("dropped", "removal pending".to_owned(), vec![Rule::RemovalFirst])
            }
            PushVerdict::Ends(Outcome::Dropped { .. }) => {
                plain("dropped", "time to live".to_owned(), vec![Rule::TimeToLive])
            }
            PushVerdict::Ends(other) => plain(other.kind().word(), String::new(), Vec::new()),
            PushVerdict::Waits(reason) => plain("held", reason.word().to_owned(), self.hold_rules(*reason)),
            PushVerdict::Shows(shown) => self.shown_result(*shown, now),
        }
    }

    fn shown_result(&self, shown: Presentation, now: Timestamp) -> GridResult {
        let mut rules = self.lesser_rules(now);
        if rules.is_empty() {
            rules = vec![Rule::NotificationsPermitted];
        }
        rules.dedup();
        let surface = serde_json::to_value(shown.surface).ok().and_then(|word| word.as_str().map(str::to_owned));
        let substituted = if shown.substituted { ", update the app to view" } else { "" };
        GridResult {
            outcome: "presented",
            detail: surface.unwrap_or_default() + substituted,
            sound: shown.sound,
            is_content_hidden: shown.content_hidden,
            rules,
        }
    }

    /// The rules by which a push waits for `reason`.
    pub(super) fn hold_rules(&self, reason: HoldReason) -> Vec<Rule> {
        match reason {
            HoldReason::DeviceOffline if self.is_apple() => vec![Rule::ApnsKeepsOne],
            HoldReason::DeviceOffline => vec![Rule::FcmKeepsHundred],
            HoldReason::Doze => vec![Rule::Doze, Rule::DozeWindows],
            HoldReason::WorkProfilePaused => vec![Rule::WorkProfilePaused],
            HoldReason::BatteryOptimisation => vec![Rule::BatteryOptimisation],
            HoldReason::ScheduledSummary => vec![Rule::AppleScheduledSummary],
            HoldReason::NextLook => vec![Rule::PollsWithoutPlayServices],
            // The desktop's own.
            HoldReason::Pace | HoldReason::NotificationServerAway => Vec::new(),
        }
    }
}

fn codes(unmet: Prerequisites) -> String {
    unmet.iter().map(Prerequisite::code).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> Vec<GridSection> {
        outcome_grid(&EmulationSettings::default(), |_, _| true)
    }

    #[test]
    fn every_combination_is_judged_and_each_cell_knows_its_rules() {
        let grid = grid();
        let (cells, phones) = grid.iter().fold((0, 0), |(cells, phones), section| {
            let combinations: usize = section.axes.iter().map(|axis| axis.values.len()).product();
            assert_eq!(section.cells.len(), combinations, "{}", section.system);
            (cells + combinations, phones + section.rows().count())
        });
        assert!(cells >= 50_000 && phones >= 50_000, "{cells} combinations, {phones} of them phones");
        for section in &grid {
            for result in &section.results {
                assert!(!result.rules.is_empty(), "{}: {result:?}", section.system);
            }
        }
    }

    #[test]
    fn a_cell_is_what_the_device_itself_makes_of_the_push() {
        let of_2019 = |system, year| system == OperatingSystem::Ios && year == DocumentationYear::Y2019;
        let [section] = &outcome_grid(&EmulationSettings::default(), of_2019)[..] else { panic!() };
        let of = |wanted: &[(&str, &str)]| {
            let holds = |values: &[&str]| {
                let value_of = |name: &str| section.axes.iter().position(|axis| axis.name == name).map(|at| values[at]);
                wanted.iter().all(|(name, value)| value_of(name) == Some(value))
            };
            section.rows().find(|(values, _)| holds(values)).unwrap().1
        };
        let shown = of(&[("permission", "allowed"), ("enrollment", "user enrollment"), ("sent to", "device")]);
        assert_eq!((shown.outcome, shown.detail.as_str(), shown.sound), ("presented", "banner", Some(true)));
        let denied = of(&[("permission", "denied"), ("enrollment", "user enrollment")]);
        assert_eq!((denied.outcome, denied.detail.as_str()), ("withheld", "notificationsPermitted"));
        assert!(denied.rules.contains(&Rule::NotificationsPermitted));
        let quiet = of(&[("permission", "allowed"), ("enrollment", "user enrollment"), ("focus", "on")]);
        assert!(quiet.rules.contains(&Rule::FocusIsQuiet), "{quiet:?}");
    }
}
