//! A second, simple model of the device, written from the documents and not from the code: what a tester would work out
//! on paper. The device must agree with it, whatever happens in whatever order.
//!
//! Lives here: the model, for a device that is connected and whose desktop shows. Does not live here: what waits
//! (`waiting`, `push_service`), invariants that hold everywhere (`checks`).

use portal_contract::{Outcome, Surface};
use proptest::prelude::*;

use super::bench::{ANDROID, ANDROID_12, Bench, IPHONE, Platform, RETIRE};
use super::sent::{sent, user};
use crate::{
    AppCommand, Command, ConditionCommand, Documentation, EnrollCommand, Event, PermissionCommand, Removal,
    RemovalStage, Rules,
};

/// What a tester does, in the words of a checklist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Does {
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
enum Answer {
    Never,
    Yes,
    No,
}

/// What is on the tester's paper.
#[derive(Debug, Clone)]
struct Paper {
    platform: Platform,
    documentation: Documentation,
    installed: bool,
    open: bool,
    answer: Answer,
    denials: u32,
    prompt_is_up: bool,
    prompts: usize,
    enrolled: bool,
    play_services: bool,
    locked: bool,
    focus: bool,
}

/// What a push comes to: nothing shown, or shown there.
type Comes = Option<Surface>;

impl Paper {
    fn new(platform: Platform, documentation: Documentation) -> Self {
        Self {
            platform,
            documentation,
            installed: false,
            open: false,
            answer: Self::unasked(platform),
            denials: 0,
            prompt_is_up: false,
            prompts: 0,
            enrolled: false,
            play_services: true,
            locked: false,
            focus: false,
        }
    }

    fn unasked(platform: Platform) -> Answer {
        if platform == ANDROID_12 { Answer::Yes } else { Answer::Never }
    }

    /// Whether the platform would still show its prompt.
    fn may_ask(&self) -> bool {
        match self.platform {
            ANDROID_12 => false,
            ANDROID => self.answer != Answer::Yes && self.denials < 2,
            _ => self.answer == Answer::Never,
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
            self.denials += u32::from(!yes);
        } else if self.platform.is_apple() && self.answer == Answer::Never {
            // No switch before the first question.
            return;
        }
        self.answer = if yes { Answer::Yes } else { Answer::No };
    }

    fn out_of_the_box(&mut self) {
        let Self { platform, documentation, prompts, .. } = *self;
        *self = Self { prompts, ..Self::new(platform, documentation) };
    }

    fn happens(&mut self, does: Does) {
        match does {
            Does::Install if !self.installed => {
                self.installed = true;
                if !self.platform.is_apple() {
                    (self.answer, self.denials) = (Self::unasked(self.platform), 0);
                }
                self.ask();
            }
            Does::Update if self.installed => {
                self.open = false;
                self.ask();
            }
            Does::Uninstall => (self.installed, self.open, self.prompt_is_up) = (false, false, false),
            Does::Open => self.open = self.installed,
            Does::Close => self.open = false,
            Does::Allow => self.decide(true),
            Does::Deny => self.decide(false),
            Does::Ask => self.ask(),
            Does::Enroll => self.enrolled = true,
            Does::Retire => self.enrolled = false,
            Does::Wipe if self.enrolled => self.out_of_the_box(),
            Does::PlayServices(there) if !self.platform.is_apple() => self.play_services = there,
            Does::Lock(locked) => self.locked = locked,
            Does::Focus(focus) => self.focus = focus,
            _ => {}
        }
    }

    fn comes_to(&self) -> Comes {
        let needs_play = !self.platform.is_apple() && self.documentation != Documentation::Y2025;
        let permitted = self.answer == Answer::Yes && !self.prompt_is_up;
        let shows = self.installed && self.enrolled && permitted && (self.play_services || !needs_play);
        let in_app =
            self.open && !self.locked && (self.platform.is_apple() || self.documentation == Documentation::Y2025);
        let surface = match () {
            () if in_app => Surface::InApp,
            () if self.focus => Surface::NotificationCenter,
            () if self.locked => Surface::LockScreen,
            () => Surface::Banner,
        };
        shows.then_some(surface)
    }
}

fn command(does: Does) -> Option<Command> {
    let app = |command| Some(Command::App(command));
    match does {
        Does::Install => app(AppCommand::Install { version: None, target_sdk: None }),
        Does::Update => app(AppCommand::Update { version: None, target_sdk: None }),
        Does::Uninstall => app(AppCommand::Uninstall),
        Does::Open => app(AppCommand::Open),
        Does::Close => app(AppCommand::Close),
        Does::Allow => Some(Command::Permission(PermissionCommand::Allow)),
        Does::Deny => Some(Command::Permission(PermissionCommand::Deny)),
        Does::Ask => Some(Command::Permission(PermissionCommand::Prompt)),
        Does::Enroll => Some(Command::Enroll(EnrollCommand::by(user("adele")))),
        Does::Retire => Some(RETIRE),
        Does::Wipe => Some(Command::Removal { removal: Removal::Wipe, stage: RemovalStage::Done }),
        Does::PlayServices(installed) => Some(Command::PlayServices { installed }),
        Does::Lock(locked) => Some(Command::Condition(ConditionCommand::Locked(locked))),
        Does::Focus(focus) => Some(Command::Condition(ConditionCommand::Focus(focus))),
        Does::Push => None,
    }
}

fn anything() -> impl Strategy<Value = Does> {
    prop_oneof![
        3 => Just(Does::Install),
        2 => Just(Does::Update),
        1 => Just(Does::Uninstall),
        2 => Just(Does::Open),
        1 => Just(Does::Close),
        5 => Just(Does::Allow),
        4 => Just(Does::Deny),
        3 => Just(Does::Ask),
        3 => Just(Does::Enroll),
        1 => Just(Does::Retire),
        1 => Just(Does::Wipe),
        2 => any::<bool>().prop_map(Does::PlayServices),
        2 => any::<bool>().prop_map(Does::Lock),
        2 => any::<bool>().prop_map(Does::Focus),
        9 => Just(Does::Push),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn the_device_agrees_with_what_a_tester_works_out_on_paper(
        platform in proptest::sample::select(vec![IPHONE, ANDROID, ANDROID_12]),
        documentation in proptest::sample::select(Documentation::ALL.to_vec()),
        walk in proptest::collection::vec(anything(), 1..60),
    ) {
        let mut paper = Paper::new(platform, documentation);
        let mut bench = Bench::new(platform, Rules { documentation, ..Rules::default() });
        bench.connect(true);
        bench.fence();
        for (place, does) in walk.into_iter().enumerate() {
            paper.happens(does);
            if let Some(command) = command(does) {
                drop(bench.apply(Event::Command(command)));
            } else {
                let id = format!("n{place}");
                bench.push(sent(&id));
                let came = match &bench.receipt(&id).outcome {
                    Outcome::Presented(shown) => Some(shown.surface),
                    Outcome::Withheld { .. } => None,
                    other => return Err(TestCaseError::fail(format!("{other:?}"))),
                };
                prop_assert_eq!(came, paper.comes_to(), "{:?}", paper);
            }
            prop_assert_eq!(bench.prompts.len(), paper.prompts, "{:?} after {:?}", paper, does);
            prop_assert_eq!(bench.snapshot().permission.prompt.is_some(), paper.prompt_is_up, "{:?}", paper);
        }
    }
}
