//! The screen of a device at one moment.
//!
//! Lives here: which view, card, sign and dialog is on it. Does not live here: settings (`settings`), words (`words`).

use std::collections::BTreeMap;

use portal_contract::harmful::is_harmful;
use portal_contract::status::{PromptButton, PromptChoice};
use portal_contract::{NotificationPermission, Surface, Timestamp};
use portal_device::DeviceSnapshot;

use crate::data::{
    AppIcon, CardOnScreen, InAppMessageOnScreen, NotificationList, PhoneScreen, PromptOnScreen, ScreenButton,
    ScreenView, ShownCard, StatusIcon, WorkPausedNotice,
};
use crate::settings::settings;
use crate::words;

/// How long after a push the device may still change because of it without the banner going: an Android app's first
/// notification makes its channel, say.
const BANNER_SETTLES_MILLIS: i64 = 3000;

/// A device at one moment: everything that its screen follows from.
#[derive(Debug, Clone)]
pub struct PhoneMoment {
    /// How it stands.
    pub snapshot: DeviceSnapshot,
    /// The buttons that its permission prompt has, in the platform's order.
    pub prompt_buttons: &'static [PromptButton],
    /// What was shown as notifications of the system and may still lie there, oldest first.
    pub cards: Vec<ShownCard>,
    /// What Company Portal's own section lists, oldest first.
    pub messages: Vec<InAppMessageOnScreen>,
    /// The sequence of the newest receipt.
    pub last_sequence: u64,
    /// The moment, in device time.
    pub at: Timestamp,
}

/// What acts on this moment's screen, looked up once.
struct Acting<'a> {
    moment: &'a PhoneMoment,
    switches: BTreeMap<String, String>,
    is_apple: bool,
    is_quiet: bool,
}

/// The screen of this moment.
pub fn screen(moment: &PhoneMoment) -> PhoneScreen {
    let snapshot = &moment.snapshot;
    let acting = Acting {
        moment,
        switches: snapshot.acting_switches().list(),
        is_apple: snapshot.identity.operating_system.is_apple(),
        is_quiet: snapshot.acting_permission() == NotificationPermission::Provisional,
    };
    let (title, empty) = words::list(snapshot.identity.operating_system);
    let list = NotificationList { title: title.to_owned(), cards: acting.list(), empty: empty.to_owned() };
    PhoneScreen {
        device_id: snapshot.identity.id,
        device_name: snapshot.identity.name.clone(),
        operating_system: snapshot.identity.operating_system,
        os_version: snapshot.identity.os_version.to_string(),
        at: moment.at,
        status_icons: acting.status_icons(),
        view: acting.view(),
        app_icon: acting.app_icon(),
        banner: acting.banner(),
        prompt: acting.prompt(),
        work_paused: acting.work_paused(),
        list,
        settings: settings(snapshot),
        facts: acting.facts(),
    }
}

pub(crate) fn button(label: &str, command: impl Into<String>) -> ScreenButton {
    ScreenButton { label: words::typographic(label), command: command.into() }
}

/// Text as a phone shows it: what could turn its direction or break its lines is left out (contract 3).
fn clean(text: &str) -> String {
    text.chars().filter(|c| *c == '\n' || !is_harmful(*c)).collect()
}

impl Acting<'_> {
    fn snapshot(&self) -> &DeviceSnapshot {
        &self.moment.snapshot
    }

    fn is(&self, switch: &str, value: &str) -> bool {
        self.switches.get(switch).is_some_and(|set| set == value)
    }

    fn is_locked(&self) -> bool {
        self.snapshot().condition.locked
    }

    /// The notifications that lie on the phone, the newest first.
    fn open(&self) -> impl Iterator<Item = &ShownCard> {
        // Its notifications go with an app that is removed, whatever the journal still lists.
        let installed = self.snapshot().app.is_installed();
        self.moment.cards.iter().rev().filter(move |card| installed && card.open)
    }

    /// Whether the text is hidden as the phone stands now; how it stood when the card came does not matter to what is seen.
    fn hides_text(&self) -> bool {
        if self.is_apple {
            self.is("showPreviews", "never") || (self.is("showPreviews", "whenAuthenticated") && self.is_locked())
        } else {
            self.is_locked() && self.is("lockScreen", "PRIVATE")
        }
    }

    fn card(&self, card: &ShownCard) -> CardOnScreen {
        let app = self.snapshot().app.kind.name();
        let (title, body) = if self.hides_text() {
            (app.to_owned(), words::HIDDEN_TEXT.to_owned())
        } else if card.presentation.substituted {
            (app.to_owned(), format!("Update {app} to view this notification."))
        } else {
            (clean(&card.title).replace('\n', " "), clean(&card.body))
        };
        // iOS offers the choice on each provisional notification until one is made; Android knows no such delivery.
        let quiet = self.is_apple && self.is_quiet;
        let buttons = if quiet {
            vec![button(words::KEEP, "permission keep"), button(words::TURN_OFF, "permission turn-off")]
        } else {
            Vec::new()
        };
        let silent = card.presentation.sound == Some(false);
        CardOnScreen { sequence: card.sequence, app: app.to_owned(), title, body, at: card.at, silent, buttons }
    }

    fn list(&self) -> Vec<CardOnScreen> {
        // Without its switch Notification Center lists none, also of those that showed as banners; what a locked Android phone
        // is to show nothing of, its shade does not show either.
        let lists = match self.is_apple {
            true => self.is("notificationCenter", "on"),
            false => !(self.is_locked() && self.is("lockScreen", "SECRET")),
        };
        self.open().filter(|_| lists).map(|card| self.card(card)).collect()
    }

    fn view(&self) -> ScreenView {
        let snapshot = self.snapshot();
        // Doze begins when the screen has been off for a while, so it comes before everything that a lit screen would show.
        if snapshot.condition.doze {
            return ScreenView::Dark {};
        }
        if snapshot.condition.locked {
            return ScreenView::LockScreen { cards: self.lock_screen() };
        }
        if !snapshot.app.foreground {
            return ScreenView::Home {};
        }
        // From the documentation that has the gesture on, and on Apple's platforms alone.
        let pulls = snapshot.lists_through() == snapshot.app.refreshed_through;
        let message = |message: &InAppMessageOnScreen| InAppMessageOnScreen {
            title: clean(&message.title).replace('\n', " "),
            body: clean(&message.body),
            at: message.at,
        };
        ScreenView::App {
            title: snapshot.app.kind.name().to_owned(),
            messages: self.moment.messages.iter().rev().map(message).collect(),
            empty: words::NO_MESSAGES.to_owned(),
            refresh: pulls.then(|| button(words::PULL, "app notifications --refresh")),
        }
    }

    /// iOS moves what was seen unlocked to Notification Center; Android's lock screen has all that sounds or heads up, unless it
    /// is to have nothing.
    fn lock_screen(&self) -> Vec<CardOnScreen> {
        let is_there = |card: &&ShownCard| match card.presentation.surface {
            Surface::LockScreen => true,
            Surface::Banner => !self.is_apple,
            // Quiet delivery never reaches the lock screen, and what the app showed itself was no notification.
            Surface::NotificationCenter | Surface::InApp => false,
        };
        let shows = if self.is_apple { self.is("lockScreen", "on") } else { !self.is("lockScreen", "SECRET") };
        self.open().filter(|_| shows).filter(is_there).map(|card| self.card(card)).collect()
    }

    /// A banner stays until something else happens, so that it can be looked at; a phone takes it away after seconds.
    fn banner(&self) -> Option<CardOnScreen> {
        let snapshot = self.snapshot();
        let is_covered = snapshot.condition.locked
            || snapshot.condition.doze
            || snapshot.app.foreground
            || snapshot.permission.prompt.is_some();
        let newest = self.open().next().filter(|card| {
            // Only the newest: an older banner was replaced by what came after it, shown or not.
            card.sequence == self.moment.last_sequence
                && card.presentation.surface == Surface::Banner
                && snapshot.updated_at.millis_since(card.at) < BANNER_SETTLES_MILLIS
        });
        newest.filter(|_| !is_covered).map(|card| self.card(card))
    }

    fn prompt(&self) -> Option<PromptOnScreen> {
        let snapshot = self.snapshot();
        snapshot.permission.prompt?;
        let (question, _) = snapshot.prompt_words();
        let buttons = self.moment.prompt_buttons.iter().map(|shown| {
            let command = match shown.choice {
                PromptChoice::Allow => "permission allow",
                PromptChoice::AllowInSummary => "permission allow --scheduled",
                PromptChoice::Deny => "permission deny",
            };
            button(shown.label, command)
        });
        // The platform's own sign: after a first denial an app is told to explain itself, and the next denial is the last.
        let is_last = snapshot.rationale_status() == Some(true);
        let cost = match (self.is_apple, is_last) {
            (true, _) => words::APPLE_COST,
            (false, false) => words::ANDROID_FIRST_COST,
            (false, true) => words::ANDROID_LAST_COST,
        };
        Some(PromptOnScreen {
            question: question.to_owned(),
            text: self.is_apple.then(|| words::APPLE_PROMPT_TEXT.to_owned()),
            buttons: buttons.collect(),
            cost: cost.to_owned(),
        })
    }

    fn has_work_profile(&self) -> bool {
        let enrolled = self.snapshot().enrollment.enrolled.as_ref();
        !self.is_apple && enrolled.is_some_and(|enrolled| enrolled.enrollment_type.has_work_profile())
    }

    fn app_icon(&self) -> Option<AppIcon> {
        let app = &self.snapshot().app;
        // Of what still lies there: a badge counts what nobody has dealt with.
        let badged = self.open().filter(|card| card.presentation.badge == Some(true)).count();
        let badge = (badged > 0 && self.is_apple && self.is("badge", "on")).then_some(badged);
        app.is_installed().then(|| AppIcon {
            label: app.kind.name().to_owned(),
            badge,
            work_badge: self.has_work_profile(),
            dimmed: self.snapshot().condition.work_profile_paused,
        })
    }

    fn work_paused(&self) -> Option<WorkPausedNotice> {
        let snapshot = self.snapshot();
        // The launcher says it, which is neither on a locked nor on a dark screen.
        let is_seen = snapshot.condition.work_profile_paused && !snapshot.condition.locked && !snapshot.condition.doze;
        is_seen.then(|| WorkPausedNotice {
            title: words::WORK_PAUSED.to_owned(),
            text: words::WORK_PAUSED_TEXT.to_owned(),
            button: button(words::unpause(snapshot.identity.os_version.major()), "device work-profile resume"),
        })
    }

    fn status_icons(&self) -> Vec<StatusIcon> {
        let condition = &self.snapshot().condition;
        [
            (condition.focus, StatusIcon::Focus),
            (condition.work_profile_paused, StatusIcon::WorkProfilePaused),
            (condition.offline, StatusIcon::NoNetwork),
            (condition.charging, StatusIcon::Charging),
        ]
        .into_iter()
        .filter_map(|(is_on, icon)| is_on.then_some(icon))
        .collect()
    }

    fn facts(&self) -> Vec<String> {
        let (snapshot, condition) = (self.snapshot(), &self.snapshot().condition);
        let word = |is_on: bool, on: &str, off: &str| (if is_on { on } else { off }).to_owned();
        let mut facts =
            vec![word(condition.locked, "locked", "unlocked"), word(condition.offline, "offline", "online")];
        facts.push(match self.is_apple {
            true => word(condition.focus, "Focus on", "no Focus"),
            false => word(condition.focus, "Do Not Disturb", "no Do Not Disturb"),
        });
        let more = [
            (condition.doze, "dozing"),
            (condition.work_profile_paused, "work profile paused"),
            (!self.is_apple && !condition.play_services, "no Google Play Services"),
            (snapshot.app.force_stopped, "app force-stopped"),
            (snapshot.enrollment.enrolled.is_none(), "not enrolled"),
        ];
        facts.extend(more.into_iter().filter(|(holds, _)| *holds).map(|(_, fact)| fact.to_owned()));
        facts
    }
}
