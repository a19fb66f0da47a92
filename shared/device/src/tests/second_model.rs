//! A second, simple model of the device, written from the documents and not from the code: what a tester would work out
//! on paper. The device must agree with it, whatever happens in whatever order.
//!
//! Lives here: the model, for a device that is connected and whose desktop shows. Does not live here: what waits
//! (`waiting`, `push_service`), invariants that hold everywhere (`checks`).

use portal_contract::{Outcome, Surface};
use proptest::prelude::*;

use super::rig::{ANDROID, ANDROID_12, DeviceRig, IPHONE, PlatformCase, RETIRE};
use super::sent::{sent, user};
use crate::{
    AppCommand, ConditionCommand, DeviceCommand, DeviceInput, DocumentationYear, EmulationSettings, EnrollCommand,
    PermissionCommand, Removal, RemovalStage,
};

/// What a tester does, in the words of a checklist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TesterAction {
    Install,
    Update,
    Uninstall,
    Open,
    Close,
    Allow,
    Deny,
    Ask,
    Enroll,
    Retire,
    Wipe,
    PlayServices(bool),
    Lock(bool),
    Focus(bool),
    Push,
}

/// What the permission is, as a person would say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PermissionAnswer {
    Never,
    Yes,
    No,
}

/// What is on the tester's paper.
#[derive(Debug, Clone)]
struct ChecklistModel {
    platform: PlatformCase,
    documentation: DocumentationYear,
    installed: bool,
    open: bool,
    answer: PermissionAnswer,
    decided: bool,
    final_no: bool,
    prompt_is_up: bool,
    prompts: usize,
    enrolled: bool,
    play_services: bool,
    locked: bool,
    focus: bool,
}

/// What a push comes to: nothing shown, or shown there.
type ExpectedSurface = Option<Surface>;

impl ChecklistModel {
    fn new(platform: PlatformCase, documentation: DocumentationYear) -> Self {
        Self {
            platform,
            documentation,
            installed: false,
            open: false,
            answer: Self::unasked(platform),
            decided: false,
            final_no: false,
            prompt_is_up: false,
            prompts: 0,
            enrolled: false,
            play_services: true,
            locked: false,
            focus: false,
        }
    }

    fn unasked(platform: PlatformCase) -> PermissionAnswer {
        if platform == ANDROID_12 { PermissionAnswer::Yes } else { PermissionAnswer::Never }
    }

    /// Whether the platform would still show its prompt.
    fn may_ask(&self) -> bool {
        match self.platform {
            ANDROID_12 => false,
            ANDROID => self.answer != PermissionAnswer::Yes && !self.final_no,
            _ => self.answer == PermissionAnswer::Never,
        }
    }

    fn ask(&mut self) {
        if self.installed && !self.prompt_is_up && self.may_ask() {
            self.prompt_is_up = true;
            self.prompts += 1;
        }
    }

    fn decide(&mut self, yes: bool) {
        if !self.installed {
            return;
        }
        if self.prompt_is_up {
            self.prompt_is_up = false;
            self.final_no = !yes && self.decided;
        } else if self.answer == (if yes { PermissionAnswer::Yes } else { PermissionAnswer::No }) {
            // The switch stands there already.
            return;
        } else if self.platform.is_apple() && self.answer == PermissionAnswer::Never {
            // No switch before the first question.
            return;
        } else {
            // The switch in Settings ends a permanent denial.
            self.final_no = false;
        }
        self.decided = true;
        self.answer = if yes { PermissionAnswer::Yes } else { PermissionAnswer::No };
    }

    fn out_of_the_box(&mut self) {
        let Self { platform, documentation, prompts, .. } = *self;
        *self = Self { prompts, ..Self::new(platform, documentation) };
    }

    fn happens(&mut self, does: TesterAction) {
        match does {
            TesterAction::Install if !self.installed => {
                self.installed = true;
                if !self.platform.is_apple() {
                    self.answer = Self::unasked(self.platform);
                    (self.decided, self.final_no) = (false, false);
                }
                self.ask();
            }
            TesterAction::Update if self.installed => {
                self.open = false;
                self.ask();
            }
            TesterAction::Uninstall => (self.installed, self.open, self.prompt_is_up) = (false, false, false),
            TesterAction::Open => self.open = self.installed,
            TesterAction::Close => self.open = false,
            TesterAction::Allow => self.decide(true),
            TesterAction::Deny => self.decide(false),
            TesterAction::Ask => self.ask(),
            TesterAction::Enroll => {
                // From 2026 on a work profile is not enrolled without Google Play Services.
                let possible = self.platform.is_apple() || self.documentation < DocumentationYear::Y2026;
                self.enrolled |= possible || self.play_services;
            }
            TesterAction::Retire => {
                // A personal Android device loses the work profile, and the app in it.
                if self.enrolled && !self.platform.is_apple() {
                    (self.installed, self.open, self.prompt_is_up) = (false, false, false);
                }
                self.enrolled = false;
            }
            TesterAction::Wipe if self.enrolled && self.platform.is_apple() => self.out_of_the_box(),
            TesterAction::PlayServices(there) if !self.platform.is_apple() => self.play_services = there,
            TesterAction::Lock(locked) => self.locked = locked,
            TesterAction::Focus(focus) => self.focus = focus,
            _ => {}
        }
    }

    fn comes_to(&self) -> ExpectedSurface {
        let needs_play = !self.platform.is_apple() && self.documentation < DocumentationYear::Y2025;
        let permitted = self.answer == PermissionAnswer::Yes && !self.prompt_is_up;
        let shows = self.installed && self.enrolled && permitted && (self.play_services || !needs_play);
        let in_app =
            self.open && !self.locked && (self.platform.is_apple() || self.documentation >= DocumentationYear::Y2025);
        let surface = match () {
            () if in_app => Surface::InApp,
            () if self.focus => Surface::NotificationCenter,
            () if self.locked => Surface::LockScreen,
            () => Surface::Banner,
        };
        shows.then_some(surface)
    }
}

fn command(does: TesterAction) -> Option<DeviceCommand> {
    let app = |command| Some(DeviceCommand::App(command));
    match does {
        TesterAction::Install => app(AppCommand::Install { version: None, target_sdk: None }),
        TesterAction::Update => app(AppCommand::Update { version: None, target_sdk: None }),
        TesterAction::Uninstall => app(AppCommand::Uninstall),
        TesterAction::Open => app(AppCommand::Open),
        TesterAction::Close => app(AppCommand::Close),
        TesterAction::Allow => Some(DeviceCommand::Permission(PermissionCommand::Allow)),
        TesterAction::Deny => Some(DeviceCommand::Permission(PermissionCommand::Deny)),
        TesterAction::Ask => Some(DeviceCommand::Permission(PermissionCommand::Prompt)),
        TesterAction::Enroll => Some(DeviceCommand::Enroll(EnrollCommand::by(user("adele")))),
        TesterAction::Retire => Some(RETIRE),
        TesterAction::Wipe => Some(DeviceCommand::Removal { removal: Removal::Wipe, stage: RemovalStage::Done }),
        TesterAction::PlayServices(installed) => Some(DeviceCommand::PlayServices { installed }),
        TesterAction::Lock(locked) => Some(DeviceCommand::Condition(ConditionCommand::Locked(locked))),
        TesterAction::Focus(focus) => Some(DeviceCommand::Condition(ConditionCommand::Focus(focus))),
        TesterAction::Push => None,
    }
}

fn anything() -> impl Strategy<Value = TesterAction> {
    prop_oneof![
        3 => Just(TesterAction::Install),
        2 => Just(TesterAction::Update),
        1 => Just(TesterAction::Uninstall),
        2 => Just(TesterAction::Open),
        1 => Just(TesterAction::Close),
        5 => Just(TesterAction::Allow),
        4 => Just(TesterAction::Deny),
        3 => Just(TesterAction::Ask),
        3 => Just(TesterAction::Enroll),
        1 => Just(TesterAction::Retire),
        1 => Just(TesterAction::Wipe),
        2 => any::<bool>().prop_map(TesterAction::PlayServices),
        2 => any::<bool>().prop_map(TesterAction::Lock),
        2 => any::<bool>().prop_map(TesterAction::Focus),
        9 => Just(TesterAction::Push),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn the_device_agrees_with_what_a_tester_works_out_on_paper(
        platform in proptest::sample::select(vec![IPHONE, ANDROID, ANDROID_12]),
        documentation in proptest::sample::select(DocumentationYear::ALL.to_vec()),
        walk in proptest::collection::vec(anything(), 1..60),
    ) {
        let mut model = ChecklistModel::new(platform, documentation);
        let mut rig = DeviceRig::new(platform, EmulationSettings { documentation, ..EmulationSettings::default() });
        rig.connect(true);
        rig.fence();
        for (place, does) in walk.into_iter().enumerate() {
            model.happens(does);
            if let Some(command) = command(does) {
                drop(rig.apply(DeviceInput::Command(command)));
            } else {
                let id = format!("n{place}");
                rig.push(sent(&id));
                let came = match &rig.receipt(&id).outcome {
                    Outcome::Presented(shown) => Some(shown.surface),
                    Outcome::Withheld { .. } => None,
                    other => return Err(TestCaseError::fail(format!("{other:?}"))),
                };
                prop_assert_eq!(came, model.comes_to(), "{:?}", model);
            }
            prop_assert_eq!(rig.prompts.len(), model.prompts, "{:?} after {:?}", model, does);
            prop_assert_eq!(rig.snapshot().permission.prompt.is_some(), model.prompt_is_up, "{:?}", model);
        }
    }
}
