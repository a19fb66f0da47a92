//! Every state of the phone as a picture in text, from a device that was brought there by its own commands.
//!
//! Lives here: a device with its cards, and one test for each platform's states. Does not live here: what the page makes of them.

use portal_contract::command::{AppCommand, ConditionCommand, EnrollCommand, PermissionCommand, Removal, RemovalStage};
use portal_contract::{CustomNotification, DeviceId, OperatingSystem, Outcome, PushTarget, Surface, Tenant, Timestamp};
use portal_device::{
    ApplePermissionRequest, ArrivedPush, Device, DeviceCommand, DeviceEffect, DeviceIdentity, DeviceInput,
    EmulationSettings,
};

use crate::{InAppMessageOnScreen, PhoneMoment, PhoneScreen, ScreenView, ShownCard, lines, screen};

struct Phone {
    device: Device,
    now: Timestamp,
    cards: Vec<ShownCard>,
    messages: Vec<InAppMessageOnScreen>,
}

const IPHONE: (OperatingSystem, &str) = (OperatingSystem::Ios, "26");
const ANDROID: (OperatingSystem, &str) = (OperatingSystem::Android, "16");

impl Phone {
    fn new((operating_system, version): (OperatingSystem, &str)) -> Self {
        Self::with(operating_system, version, EmulationSettings::default())
    }

    fn with(operating_system: OperatingSystem, version: &str, settings: EmulationSettings) -> Self {
        let now: Timestamp = "2026-11-23T16:10:00Z".parse().unwrap();
        let identity = DeviceIdentity {
            id: DeviceId::from_bytes([7; 16]),
            name: "Adele's phone".to_owned(),
            tenant: Tenant::default(),
            operating_system,
            os_version: version.parse().unwrap(),
            first_os_version: version.parse().unwrap(),
        };
        let device = Device::out_of_the_box(identity, settings, now);
        let mut phone = Self { device, now, cards: Vec::new(), messages: Vec::new() };
        phone.event(DeviceInput::Connected { session_present: false });
        phone.event(DeviceInput::FenceReturned);
        phone
    }

    /// Enrolled, installed, asked and answered.
    fn ready(platform: (OperatingSystem, &str)) -> Self {
        let mut phone = Self::asked(platform);
        phone.command(DeviceCommand::Permission(PermissionCommand::Allow));
        phone
    }

    fn asked(platform: (OperatingSystem, &str)) -> Self {
        let mut phone = Self::new(platform);
        phone.enroll();
        phone.install();
        phone
    }

    fn enroll(&mut self) {
        self.command(DeviceCommand::Enroll(EnrollCommand {
            user: "adele@contoso.example".parse().unwrap(),
            groups: None,
            enrollment_type: None,
            owner_type: None,
            supervised: false,
        }));
    }

    fn install(&mut self) {
        self.command(DeviceCommand::App(AppCommand::Install { version: None, target_sdk: None }));
    }

    fn command(&mut self, command: DeviceCommand) {
        self.now = self.now.plus_seconds(10);
        self.event(DeviceInput::Command(command));
    }

    fn set(&mut self, name: &str, value: &str) {
        self.command(DeviceCommand::SettingsSet { name: name.to_owned(), value: value.to_owned() });
    }

    fn push(&mut self, title: &str, body: &str) -> &mut Self {
        self.now = self.now.plus_seconds(10);
        let id = format!("push-{}", self.now);
        let payload = serde_json::json!({ "id": id, "notificationTitle": title, "notificationBody": body });
        let payload = CustomNotification::parse(payload.to_string().as_bytes());
        assert!(payload.is_ok(), "{payload:?}");
        self.event(DeviceInput::PushArrived(ArrivedPush {
            payload,
            target: PushTarget::Device,
            retained: false,
            id_used: false,
            expiry_seconds: None,
            ack: None,
        }));
        self
    }

    fn event(&mut self, event: DeviceInput) {
        let mut events = vec![event];
        while let Some(event) = events.pop() {
            for effect in self.device.apply(event, self.now).unwrap() {
                match effect {
                    DeviceEffect::ShowCard { card, .. } => events.push(DeviceInput::CardShown { card, desktop: None }),
                    DeviceEffect::Settle(settled) => {
                        let (Some(push), receipt) = (settled.push, settled.receipt) else { continue };
                        let Outcome::Presented(presentation) = receipt.outcome else { continue };
                        let (title, body) = (push.notification.notification_title, push.notification.notification_body);
                        if presentation.surface == Surface::InApp {
                            self.messages.push(InAppMessageOnScreen { title, body, at: push.received_at });
                        } else {
                            self.cards.push(ShownCard {
                                sequence: receipt.sequence,
                                notification_id: push.notification.id,
                                title,
                                body,
                                presentation,
                                at: receipt.decided_at,
                                open: true,
                                interaction: None,
                            });
                        }
                    }
                    DeviceEffect::Interaction { sequence, interaction } => {
                        for card in self.cards.iter_mut().filter(|card| card.sequence == sequence) {
                            (card.open, card.interaction) = (false, Some(interaction));
                        }
                    }
                    _ => {}
                }
            }
        }
    }

    fn screen(&self) -> PhoneScreen {
        screen(&PhoneMoment {
            snapshot: self.device.snapshot().clone(),
            prompt_buttons: self.device.prompt_buttons(),
            cards: self.cards.clone(),
            messages: self.messages.clone(),
            last_sequence: self.device.last_sequence(),
            at: self.now,
        })
    }

    fn draw(&self) -> String {
        let screen = self.screen();
        let list: Vec<String> = screen.list.cards.iter().map(|card| format!("{}: {}", card.title, card.body)).collect();
        let beside = format!("{}: {}\nbeside: {}", screen.list.title, list.join(" | "), screen.facts.join(" \u{b7} "));
        let cost =
            screen.prompt.as_ref().map(|prompt| format!("\nbeside the prompt: {}", prompt.cost)).unwrap_or_default();
        format!("{}\n{beside}{cost}", lines(&screen, "16:10").join("\n"))
    }
}

const TITLE: &str = "Office closed";
const BODY: &str = "Work from home on Friday.";

fn pushed(mut phone: Phone) -> Phone {
    phone.push(TITLE, BODY);
    phone
}

fn condition(mut phone: Phone, condition: ConditionCommand) -> Phone {
    phone.command(DeviceCommand::Condition(condition));
    phone
}

fn pictures(states: Vec<(&str, Phone)>) -> String {
    states.into_iter().map(|(name, phone)| format!("## {name}\n{}\n", phone.draw())).collect::<Vec<_>>().join("\n")
}

fn denied(platform: (OperatingSystem, &str)) -> Phone {
    let mut phone = Phone::asked(platform);
    phone.command(DeviceCommand::Permission(PermissionCommand::Deny));
    phone
}

#[test]
fn every_state_of_an_iphone() {
    let quiet =
        EmulationSettings { apple_request: ApplePermissionRequest::Provisional, ..EmulationSettings::default() };
    let mut provisional = Phone::with(OperatingSystem::Ios, "26", quiet);
    provisional.enroll();
    provisional.install();
    let mut hidden = Phone::ready(IPHONE);
    hidden.set("showPreviews", "whenAuthenticated");
    let mut open = Phone::ready(IPHONE);
    open.command(DeviceCommand::App(AppCommand::Open));
    let mut retired = Phone::ready(IPHONE);
    retired.command(DeviceCommand::Removal { removal: Removal::Retire, stage: RemovalStage::Done });
    let locked = |phone| condition(phone, ConditionCommand::Locked(true));
    let states = vec![
        ("out of its box", Phone::new(IPHONE)),
        ("not installed", pushed(Phone::new(IPHONE))),
        ("asks", Phone::asked(IPHONE)),
        ("denied", pushed(denied(IPHONE))),
        ("presented", pushed(Phone::ready(IPHONE))),
        ("provisional", pushed(provisional)),
        ("locked", pushed(locked(Phone::ready(IPHONE)))),
        ("locked, previews off", pushed(locked(hidden))),
        ("locked behind a banner", locked(pushed(Phone::ready(IPHONE)))),
        ("Focus", pushed(condition(Phone::ready(IPHONE), ConditionCommand::Focus(true)))),
        ("app open", pushed(open)),
        ("offline", condition(Phone::ready(IPHONE), ConditionCommand::Offline(true))),
        ("retired", pushed(retired)),
    ];
    insta::assert_snapshot!(pictures(states));
}

#[test]
fn every_state_of_an_android_phone() {
    let mut asks_again = denied(ANDROID);
    asks_again.command(DeviceCommand::Permission(PermissionCommand::Prompt));
    let mut low = Phone::ready(ANDROID);
    low.set("channelImportance", "LOW");
    let mut private = Phone::ready(ANDROID);
    private.set("lockScreen", "PRIVATE");
    let mut secret = Phone::ready(ANDROID);
    secret.set("lockScreen", "SECRET");
    let mut without_services = Phone::ready(ANDROID);
    without_services.command(DeviceCommand::PlayServices { installed: false });
    let mut retired = Phone::ready(ANDROID);
    retired.command(DeviceCommand::Removal { removal: Removal::Retire, stage: RemovalStage::Done });
    let locked = |phone| condition(phone, ConditionCommand::Locked(true));
    let states = vec![
        ("asks for the first time", Phone::asked(ANDROID)),
        ("asks for the last time", asks_again),
        ("denied", pushed(denied(ANDROID))),
        ("heads-up", pushed(Phone::ready(ANDROID))),
        ("channel LOW", pushed(low)),
        ("locked, PRIVATE", pushed(locked(private))),
        ("locked, SECRET", pushed(locked(secret))),
        ("Do Not Disturb", pushed(condition(Phone::ready(ANDROID), ConditionCommand::Focus(true)))),
        ("Doze", pushed(condition(Phone::ready(ANDROID), ConditionCommand::Doze(true)))),
        ("work profile paused", pushed(condition(Phone::ready(ANDROID), ConditionCommand::WorkProfilePaused(true)))),
        ("no Play Services", pushed(without_services)),
        ("retired: profile and app are gone", pushed(retired)),
    ];
    insta::assert_snapshot!(pictures(states));
}

#[test]
fn settings_are_the_platforms_and_each_choice_is_a_command() {
    let mut never_asked = Phone::new(IPHONE);
    never_asked.enroll();
    let phones = [
        Phone::new(IPHONE),
        Phone::asked(IPHONE),
        denied(IPHONE),
        Phone::ready(IPHONE),
        denied(ANDROID),
        Phone::ready(ANDROID),
    ];
    let page = |phone: &Phone| {
        let settings = phone.screen().settings;
        let row = |row: &crate::SettingsRow| {
            let choices: Vec<String> =
                row.choices.iter().map(|choice| format!("{} ({})", choice.label, choice.command)).collect();
            format!("  {} | {} = {} | {}\n", row.section, row.label, row.value, choices.join(", "))
        };
        let rows: String = settings.rows.iter().map(row).collect();
        format!("{} [{}]\n{rows}", settings.title, settings.note)
    };
    insta::assert_snapshot!(phones.iter().map(page).collect::<Vec<_>>().join("\n"));
}

#[test]
fn an_ipad_has_the_words_of_ios() {
    let screen = pushed(Phone::ready((OperatingSystem::IpadOs, "26"))).screen();
    assert_eq!(screen.list.title, "Notification Center");
    assert_eq!(screen.banner.unwrap().title, TITLE);
    assert_eq!(screen.app_icon.unwrap().badge, Some(1));
}

#[test]
fn a_banner_goes_once_something_else_happens_and_its_card_stays_in_the_list() {
    let mut phone = pushed(Phone::ready(ANDROID));
    assert!(phone.screen().banner.is_some(), "the channel that the first notification makes does not hide it");
    phone.command(DeviceCommand::Condition(ConditionCommand::Focus(true)));
    let screen = phone.screen();
    assert_eq!((screen.banner, screen.list.cards.len()), (None, 1));
}

#[test]
fn what_could_turn_text_round_is_not_on_the_screen() {
    let mut phone = Phone::ready(IPHONE);
    phone.push("a\u{202e}b\u{7}\nc", "<b>x</b>\n\u{2066}y");
    let banner = phone.screen().banner.unwrap();
    assert_eq!((banner.title.as_str(), banner.body.as_str()), ("ab c", "<b>x</b>\ny"));
}

#[test]
fn the_screen_reads_back_from_its_json() {
    for phone in [
        Phone::asked(IPHONE),
        pushed(Phone::ready(ANDROID)),
        condition(Phone::new(ANDROID), ConditionCommand::Doze(true)),
    ] {
        let screen = phone.screen();
        let json = serde_json::to_string(&screen).unwrap();
        assert_eq!(serde_json::from_str::<PhoneScreen>(&json).unwrap(), screen);
    }
    assert_eq!(condition(Phone::new(ANDROID), ConditionCommand::Doze(true)).screen().view, ScreenView::Dark {});
}
