//! The phone as HTML: its screen, its list of notifications, its settings, and the facts beside it.
//!
//! Lives here: elements for the parts of a screen. Does not live here: which parts there are (`portal_screen`).

use maud::{Markup, html};
use portal_contract::DeviceId;
use portal_screen::{CardOnScreen, PhoneScreen, PromptOnScreen, ScreenButton, ScreenView, SettingsRow, StatusIcon};

use super::line::request_of;
use super::page::icon;
use super::times::{clock, day};
use super::words::words;
use crate::escape::harmless_json;

/// The phone in its three looks, and what a picture cannot show.
pub(super) struct PhoneLooks {
    pub(super) screen: Markup,
    pub(super) list: Markup,
    pub(super) settings: Markup,
    pub(super) facts: Markup,
}

/// The phone.
pub(super) fn phone(screen: &PhoneScreen) -> PhoneLooks {
    let drawn = Drawn { screen, device: screen.device_id };
    PhoneLooks {
        screen: drawn.phone(drawn.screen_pane(), is_light(screen)),
        list: drawn.phone(drawn.list_pane(), false),
        settings: drawn.phone(drawn.settings_pane(), true),
        facts: html! {
            p class="chips" {
                @for fact in &screen.facts { span class="chip" { (fact) } " " }
            }
            @if let Some(prompt) = &screen.prompt { p class="chips" { span class="chip on" { (prompt.cost) } } }
        },
    }
}

/// A button that sends what its command line sends; plain text where the line is none.
pub(super) fn press(class: &str, label: &str, line: &str, device: DeviceId) -> Markup {
    match request_of(line, device) {
        Some(request) => html! {
            button type="button" class=(class) data-method=(request.method.name()) data-path=(request.path)
                data-body=(harmless_json(&request.body.to_string())) data-line=(line) title={ "portal-agent " (line) } { (label) }
        },
        None => html! { span class="mute" { (label) } },
    }
}

fn is_light(screen: &PhoneScreen) -> bool {
    matches!(screen.view, ScreenView::App { .. })
}

struct Drawn<'a> {
    screen: &'a PhoneScreen,
    device: DeviceId,
}

impl Drawn<'_> {
    fn phone(&self, inside: Markup, light: bool) -> Markup {
        let android = if self.screen.operating_system.is_apple() { "" } else { " android" };
        let tablet =
            if self.screen.operating_system == portal_contract::OperatingSystem::IpadOs { " tablet" } else { "" };
        html! {
            div class={ "phone" (android) (tablet) @if light { " lightbar" } } role="group" aria-label={ (self.screen.device_name) ", " (self.screen.operating_system.name()) " " (self.screen.os_version) } {
                div class="screen" {
                    div class="bar" {
                        b { (clock(self.screen.at)) }
                        span { @for sign in &self.screen.status_icons { (self.sign(*sign)) } (self.network()) (icon("batt")) }
                        span class="island" {}
                    }
                    (inside)
                    span class="foot" {}
                }
            }
        }
    }

    fn sign(&self, sign: StatusIcon) -> Markup {
        let apple = self.screen.operating_system.is_apple();
        let words = &words().phone;
        let (name, meaning) = match sign {
            StatusIcon::Focus if apple => ("moon", words.focus),
            StatusIcon::Focus => ("dnd", words.do_not_disturb),
            StatusIcon::WorkProfilePaused => ("case", words.work_paused),
            StatusIcon::Charging => ("bolt", words.charging),
            StatusIcon::NoNetwork => ("air", words.no_network),
        };
        html! { (icon(name)) span class="sr" { (meaning) } }
    }

    fn network(&self) -> Markup {
        html! { @if !self.screen.status_icons.contains(&StatusIcon::NoNetwork) { (icon("wifi")) } }
    }

    fn screen_pane(&self) -> Markup {
        html! {
            @match &self.screen.view {
                ScreenView::Dark {} => {
                    div class="dark" { div { p class="h" { (clock(self.screen.at)) } p { (day(self.screen.at)) } } }
                }
                ScreenView::LockScreen { cards } => {
                    (self.lock_clock())
                    div class={ "notes" @if self.screen.operating_system.is_apple() { " low" } } { (self.cards(cards)) }
                }
                ScreenView::Home {} => { (self.home()) }
                ScreenView::App { title, messages, empty, refresh } => {
                    div class="sheet-app" {
                        header { h3 { (words().phone.notifications) } p { (title) } }
                        @if let Some(button) = refresh { (self.press("pull", button)) }
                        @if messages.is_empty() { p class="hint" { (empty) } }
                        @for message in messages {
                            div class="rows" { div { div { span { b dir="auto" { (message.title) } } p dir="auto" { span { (message.body) } } } } }
                        }
                    }
                }
            }
            @if let Some(banner) = &self.screen.banner { div class="over notes" { (self.card(banner)) } }
            @if let Some(notice) = &self.screen.work_paused {
                div class="snack" { b { (notice.title) } p { (notice.text) } (self.press("pb", &notice.button)) }
            }
            @if let Some(prompt) = &self.screen.prompt { (self.prompt(prompt)) }
        }
    }

    fn lock_clock(&self) -> Markup {
        html! {
            div class="clock" {
                p class="d" { (day(self.screen.at)) }
                p class="h" { (clock(self.screen.at)) }
            }
        }
    }

    fn home(&self) -> Markup {
        let words = &words().phone;
        let apps = [
            ("mail", words.mail),
            ("cal", words.calendar),
            ("note", words.notes),
            ("map", words.maps),
            ("cam", words.camera),
            ("gear", words.settings),
        ];
        html! {
            div class="apps" {
                @for (sign, name) in apps { div class="app" { div class="tile" { (icon(sign)) } p { (name) } } }
                @if let Some(app) = &self.screen.app_icon {
                    div class={ "app" @if app.dimmed { " gray" } } {
                        div class="tile cp" {
                            span { "CP" }
                            @if let Some(count) = app.badge { em { (count) span class="sr" { " " (words.unread) } } }
                            @if app.work_badge { div class="wb" { (icon("case")) } }
                        }
                        p { (app.label) }
                    }
                }
            }
            div class="dock" { @for sign in ["tel", "chat", "web", "music"] { div class="tile" { (icon(sign)) } } }
        }
    }

    fn prompt(&self, prompt: &PromptOnScreen) -> Markup {
        let apple = self.screen.operating_system.is_apple();
        let is_pair = apple && prompt.buttons.len() == 2;
        html! {
            div class="dim" {
                div class="alert" role="group" aria-label=(words().phone.prompt) {
                    @if !apple { (icon("bell")) }
                    h3 { (prompt.question) }
                    @if let Some(text) = &prompt.text { p { (text) } }
                    div class=[is_pair.then_some("two")] { @for button in &prompt.buttons { (self.press("pb", button)) } }
                }
            }
        }
    }

    fn cards(&self, cards: &[CardOnScreen]) -> Markup {
        html! { @for card in cards.iter().take(5) { (self.card(card)) } @if cards.len() > 5 { p class="na" { ((words().phone.more_cards)(cards.len() - 5)) } } }
    }

    fn card(&self, card: &CardOnScreen) -> Markup {
        let android = !self.screen.operating_system.is_apple();
        html! {
            div class="note" {
                span class="ico cp" aria-hidden="true" { "CP" }
                div {
                    @if android { p class="na" { (card.app) @if card.silent { " \u{b7} " (words().phone.silent) } } }
                    div class="nh" { b dir="auto" { (card.title) } time datetime=(card.at) { (clock(card.at)) } }
                    p class="nb" dir="auto" { (card.body) }
                }
                @if !card.buttons.is_empty() {
                    div class="acts" { @for button in &card.buttons { (self.press("pb", button)) } }
                }
            }
        }
    }

    fn list_pane(&self) -> Markup {
        let list = &self.screen.list;
        let apple = self.screen.operating_system.is_apple();
        let inside = html! {
            p class="h4" { (list.title) }
            @if list.cards.is_empty() { p class="nothing" { (list.empty) } }
            div class="notes" { (self.cards(&list.cards)) }
        };
        if apple {
            html! { (self.lock_clock()) (inside) }
        } else {
            html! { div class="shade" { (inside) } }
        }
    }

    fn settings_pane(&self) -> Markup {
        let settings = &self.screen.settings;
        let mut sections: Vec<(&str, Vec<&SettingsRow>)> = Vec::new();
        for row in &settings.rows {
            match sections.last_mut().filter(|(name, _)| *name == row.section) {
                Some((_, rows)) => rows.push(row),
                None => sections.push((&row.section, vec![row])),
            }
        }
        html! {
            div class="sheet-app" {
                header { p { (settings.title) } }
                @for (name, rows) in sections {
                    @if !name.is_empty() { p class="h4" { (name) } }
                    div class="rows" { @for row in rows { (self.row(row)) } }
                }
                @if !settings.note.is_empty() { p class="hint" { (settings.note) } }
            }
        }
    }

    fn row(&self, row: &SettingsRow) -> Markup {
        let flip = row.choices.first().and_then(|choice| Some((choice, request_of(&choice.command, self.device)?)));
        match (row.on, flip) {
            (Some(on), Some((choice, request))) => html! {
                button type="button" role="switch" aria-checked=(on) data-method=(request.method.name())
                    data-path=(request.path) data-body=(request.body) data-line=(choice.command)
                    title={ "portal-agent " (choice.command) } { span { (row.label) } i class="sw" {} }
            },
            _ => html! {
                div { span { (row.label) } span class="v" { (row.value) } }
                div class="choices" { @for choice in &row.choices { (self.press("pb", choice)) } }
            },
        }
    }

    fn press(&self, class: &str, button: &ScreenButton) -> Markup {
        press(class, &button.label, &button.command, self.device)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_button_sends_what_its_line_says_whatever_the_page_writes_out() {
        let line = "enroll --user a\u{202e}b@contoso.example";
        let html = press("b", "Enroll", line, DeviceId::from_bytes([0; 16])).into_string();
        let body = html.split("data-body=\"").nth(1).unwrap().split('"').next().unwrap().replace("&quot;", "\"");
        assert!(!body.contains('\u{202e}'), "it would be written out as what JSON does not read: {body}");
        let sent: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(sent["user"], "a\u{202e}b@contoso.example");
    }
}
