//! The phone drawn as lines of text, for a terminal and for tests.
//!
//! Lives here: the drawing. Does not live here: what is on the screen (`compose`), colours.

use unicode_width::UnicodeWidthStr;

use crate::data::{CardOnScreen, PhoneScreen, PromptOnScreen, ScreenButton, ScreenView, StatusIcon};

/// How many columns the screen has inside its frame.
const WIDTH: usize = 44;
/// How many rows a screen with little on it has.
const HEIGHT: usize = 12;

/// The phone with what is on its screen; `clock` is the time as its status bar has it. What is beside the phone is not drawn.
pub fn lines(screen: &PhoneScreen, clock: &str) -> Vec<String> {
    let mut drawing = Drawing::default();
    drawing.status_bar(screen, clock);
    if let Some(banner) = &screen.banner {
        drawing.card(banner);
    }
    match &screen.view {
        ScreenView::Dark {} => drawing.centred(clock),
        ScreenView::LockScreen { cards } => {
            drawing.centred(clock);
            drawing.row("");
            cards.iter().for_each(|card| drawing.card(card));
        }
        ScreenView::Home {} => drawing.home(screen),
        ScreenView::App { title, messages, empty, refresh } => {
            drawing.row(&format!("{title} \u{203a} Notifications"));
            drawing.buttons(refresh.as_slice());
            if messages.is_empty() {
                drawing.text("", empty);
            }
            for message in messages {
                drawing.text("\u{2022} ", &message.title);
                drawing.text("  ", &message.body);
            }
        }
    }
    if let Some(notice) = &screen.work_paused {
        drawing.row("");
        drawing.text("", &notice.title);
        drawing.text("", &notice.text);
        drawing.buttons(std::slice::from_ref(&notice.button));
    }
    if let Some(prompt) = &screen.prompt {
        drawing.prompt(prompt);
    }
    drawing.framed()
}

#[derive(Default)]
struct Drawing {
    rows: Vec<String>,
}

impl Drawing {
    fn row(&mut self, text: &str) {
        self.rows.push(text.to_owned());
    }

    fn text(&mut self, indent: &str, text: &str) {
        let width = WIDTH - indent.width();
        for line in text.split('\n') {
            for part in textwrap::wrap(line, width) {
                self.rows.push(format!("{indent}{part}"));
            }
        }
    }

    fn centred(&mut self, text: &str) {
        let left = WIDTH.saturating_sub(text.width()) / 2;
        self.rows.push(format!("{}{text}", " ".repeat(left)));
    }

    fn status_bar(&mut self, screen: &PhoneScreen, clock: &str) {
        let apple = screen.operating_system.is_apple();
        let word = |icon: &StatusIcon| match icon {
            StatusIcon::NoNetwork => "no network",
            StatusIcon::Focus if apple => "Focus",
            StatusIcon::Focus => "Do Not Disturb",
            StatusIcon::Charging => "charging",
            StatusIcon::WorkProfilePaused => "work paused",
        };
        let icons: Vec<&str> = screen.status_icons.iter().map(word).collect();
        let right = icons.join(", ");
        let gap = WIDTH.saturating_sub(clock.width() + right.width());
        self.rows.push(format!("{clock}{}{right}", " ".repeat(gap)));
        self.row("");
    }

    fn card(&mut self, card: &CardOnScreen) {
        let silent = if card.silent { " \u{b7} silent" } else { "" };
        self.text("\u{258c} ", &format!("{}{silent}", card.app));
        self.text("\u{258c} ", &card.title);
        self.text("\u{258c} ", &card.body);
        self.buttons(&card.buttons);
        self.row("");
    }

    fn buttons(&mut self, buttons: &[ScreenButton]) {
        if !buttons.is_empty() {
            let labels: Vec<String> = buttons.iter().map(|button| format!("[{}]", button.label)).collect();
            self.text("  ", &labels.join(" "));
        }
    }

    fn home(&mut self, screen: &PhoneScreen) {
        let Some(icon) = &screen.app_icon else { return };
        let marks = [
            icon.badge.map(|count| format!("badge {count}")),
            icon.work_badge.then(|| "work".to_owned()),
            icon.dimmed.then(|| "grey".to_owned()),
        ];
        let marks: Vec<String> = marks.into_iter().flatten().collect();
        let marks = if marks.is_empty() { String::new() } else { format!(" ({})", marks.join(", ")) };
        self.row(&format!("\u{25a3} {}{marks}", icon.label));
    }

    fn prompt(&mut self, prompt: &PromptOnScreen) {
        self.row("");
        self.text("  ", &prompt.question);
        if let Some(text) = &prompt.text {
            self.text("  ", text);
        }
        self.buttons(&prompt.buttons);
    }

    fn framed(mut self) -> Vec<String> {
        while self.rows.len() < HEIGHT {
            self.row("");
        }
        let edge = "\u{2500}".repeat(WIDTH + 2);
        let row = |row: &String| {
            let gap = WIDTH.saturating_sub(row.width());
            format!("\u{2502} {row}{} \u{2502}", " ".repeat(gap))
        };
        let middle: Vec<String> = self.rows.iter().map(row).collect();
        [vec![format!("\u{256d}{edge}\u{256e}")], middle, vec![format!("\u{2570}{edge}\u{256f}")]].concat()
    }
}
