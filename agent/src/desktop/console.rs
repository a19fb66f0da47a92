//! The console notifier: cards are drawn on standard output, for a computer without a desktop.
//!
//! Lives here: the drawing and the task that writes it. Does not live here: reading an answer (the command line does).

use std::borrow::Cow;
use std::future::Future;
use std::io::{self, Write};
use std::pin::Pin;

use portal_contract::PushProblem;
use portal_contract::status::DesktopStatus;
use textwrap::core::display_width;
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

use crate::invocation::quoted;
use crate::library_error::os_reason;

use super::{
    APP_NAME, Card, CardId, DesktopEvent, Notifier, NotifierOptions, PromptCard, PromptChoice, PromptId, text,
};

/// How many drawings may wait for a terminal that does not take them.
const QUEUE: usize = 256;

/// How wide a box's text may be, in columns.
const WIDTH: usize = 72;

/// Draws cards and prompts as boxes of text. A card's text cannot draw outside its own box.
pub struct ConsoleNotifier {
    drawings: std::sync::Mutex<Option<mpsc::Sender<ConsoleBox>>>,
    called_by: String,
    events: mpsc::Sender<DesktopEvent>,
    tasks: TaskTracker,
}

enum ConsoleBox {
    Card(CardId, String),
    Prompt(PromptId, String),
}

impl ConsoleNotifier {
    /// Starts drawing on standard output. Must be called inside a tokio runtime.
    pub fn start(settings: NotifierOptions, events: mpsc::Sender<DesktopEvent>) -> Self {
        Self::start_on(io::stdout(), settings.called_by, events)
    }

    /// Starts drawing on something else than standard output.
    pub fn start_on(
        output: impl Write + Send + 'static,
        called_by: String,
        events: mpsc::Sender<DesktopEvent>,
    ) -> Self {
        let (drawings, waiting) = mpsc::channel(QUEUE);
        let tasks = TaskTracker::new();
        // On a thread for blocking: writing takes as long as the terminal likes.
        let answers = events.clone();
        tasks.spawn_blocking(move || draw_all(output, waiting, &answers));
        tasks.close();
        Self { drawings: std::sync::Mutex::new(Some(drawings)), called_by, events, tasks }
    }

    fn draw(&self, drawing: ConsoleBox) {
        let drawings = self.drawings.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let refused = match drawings.as_ref() {
            Some(drawings) => drawings.try_send(drawing).err().map(mpsc::error::TrySendError::into_inner),
            None => Some(drawing),
        };
        if let Some(drawing) = refused {
            let answer =
                failure(drawing, "standard output takes no more cards; read what it shows, or stop redirecting it");
            if self.events.try_send(answer).is_err() {
                tracing::error!("a card that the console refused could not be answered");
            }
        }
    }
}

impl Notifier for ConsoleNotifier {
    fn show(&self, card: Card) {
        let mut lines = vec![text::title(&card.heading())];
        lines.extend(text::body(&card.body).lines().map(str::to_owned));
        self.draw(ConsoleBox::Card(card.id, boxed(APP_NAME, &lines)));
    }

    fn withdraw(&self, _card: CardId) {}

    fn prompt(&self, prompt: PromptCard) {
        let mut lines = vec![text::title(&prompt.heading())];
        lines.extend(text::body(&prompt.body).lines().map(str::to_owned));
        lines.push(String::new());
        let agent = match &prompt.device {
            Some(device) => format!("{} --device {}", self.called_by, quoted(device)),
            None => self.called_by.clone(),
        };
        let width = prompt.buttons.iter().map(|button| button.label.len()).max().unwrap_or_default() + 1;
        for button in prompt.buttons {
            let command = match button.choice {
                PromptChoice::Allow => "permission allow",
                PromptChoice::AllowInSummary => "permission allow --scheduled",
                PromptChoice::Deny => "permission deny",
            };
            let label = format!("{}:", button.label);
            lines.push(format!("{label:width$}  {agent} {command}"));
        }
        self.draw(ConsoleBox::Prompt(prompt.id, boxed(APP_NAME, &lines)));
    }

    fn withdraw_prompt(&self, _prompt: PromptId) {}

    fn state(&self) -> DesktopStatus {
        DesktopStatus { notifier: "console".to_owned(), ..DesktopStatus::default() }
    }

    fn is_available(&self) -> bool {
        true
    }

    fn stop(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.drawings.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        Box::pin(self.tasks.wait())
    }
}

fn draw_all(mut output: impl Write, mut waiting: mpsc::Receiver<ConsoleBox>, events: &mpsc::Sender<DesktopEvent>) {
    while let Some(drawing) = waiting.blocking_recv() {
        let (ConsoleBox::Card(_, picture) | ConsoleBox::Prompt(_, picture)) = &drawing;
        let written = output.write_all(picture.as_bytes()).and_then(|()| output.flush());
        let answer = match (written, drawing) {
            (Ok(()), ConsoleBox::Card(card, _)) => DesktopEvent::Shown { card, verdict: None },
            (Ok(()), ConsoleBox::Prompt(..)) => continue,
            (Err(error), drawing) => {
                failure(drawing, &format!("standard output cannot be written: {}", os_reason(&error)))
            }
        };
        if events.blocking_send(answer).is_err() {
            return;
        }
    }
}

fn failure(drawing: ConsoleBox, detail: &str) -> DesktopEvent {
    let detail = detail.to_owned();
    match drawing {
        ConsoleBox::Card(card, _) => {
            DesktopEvent::ShowFailed { card, problem: PushProblem::NotificationServerRefused, detail }
        }
        ConsoleBox::Prompt(prompt, _) => DesktopEvent::PromptFailed { prompt, detail },
    }
}

fn boxed(heading: &str, lines: &[String]) -> String {
    // Widths are counted in the columns that a terminal gives each character: two for most of East Asia's and for
    // emoji, none for a combining mark. Counted in characters, such a title pushed the frame's right side out.
    let rows: Vec<Cow<'_, str>> = lines.iter().flat_map(|line| textwrap::wrap(line, WIDTH)).collect();
    let heading_width = display_width(heading);
    let width = rows.iter().map(|row| display_width(row)).chain([heading_width + 2]).max().unwrap_or(0);
    let mut picture = format!("╭─ {heading} {}╮\n", "─".repeat(width - heading_width - 1));
    for row in rows {
        picture.push_str(&format!("│ {row}{} │\n", " ".repeat(width - display_width(&row))));
    }
    picture.push_str(&format!("╰{}╯\n", "─".repeat(width + 2)));
    picture
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use proptest::prelude::*;

    use portal_contract::OperatingSystem;
    use portal_contract::status::prompt_buttons;

    use super::*;
    use crate::desktop::CardUrgency;

    #[derive(Clone, Default)]
    struct SharedOutput(Arc<Mutex<Vec<u8>>>);

    impl Write for SharedOutput {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    struct ClosedOutput;

    impl Write for ClosedOutput {
        fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn card(title: &str, body: &str) -> Card {
        Card {
            id: CardId(1),
            device: None,
            title: title.into(),
            body: body.into(),
            urgency: CardUrgency::Normal,
            sound: true,
        }
    }

    #[tokio::test]
    async fn a_card_is_a_box_that_its_text_cannot_leave() {
        let (sender, mut events) = mpsc::channel(8);
        let paper = SharedOutput::default();
        let console = ConsoleNotifier::start_on(paper.clone(), "portal-agent".to_owned(), sender);
        console.show(card("Sched\u{1b}[2Juled", "Tonight at 22:00\n\u{202E}Bring a torch"));
        assert_eq!(events.recv().await, Some(DesktopEvent::Shown { card: CardId(1), verdict: None }));
        console.stop().await;
        let drawn = String::from_utf8(paper.0.lock().unwrap().clone()).unwrap();
        assert_eq!(
            drawn,
            "╭─ Company Portal ─╮\n│ Sched[2Juled     │\n│ Tonight at 22:00 │\n│ Bring a torch    │\n╰──────────────────╯\n"
        );
    }

    #[tokio::test]
    async fn a_prompt_says_how_to_answer_it() {
        let (sender, mut events) = mpsc::channel(8);
        let paper = SharedOutput::default();
        let console = ConsoleNotifier::start_on(paper.clone(), "portal-agent".to_owned(), sender);
        console.prompt(PromptCard {
            id: PromptId(1),
            device: None,
            title: "Send You Notifications?".into(),
            body: String::new(),
            buttons: prompt_buttons(OperatingSystem::Ios, true),
        });
        console.stop().await;
        let drawn = String::from_utf8(paper.0.lock().unwrap().clone()).unwrap();
        for line in [
            "Allow:                       portal-agent permission allow",
            "Allow in Scheduled Summary:  portal-agent permission allow --scheduled",
            "Don't Allow:                 portal-agent permission deny",
        ] {
            assert!(drawn.contains(line), "{drawn}");
        }
        assert!(events.try_recv().is_err());
    }

    #[tokio::test]
    async fn a_closed_output_is_an_answer() {
        let (sender, mut events) = mpsc::channel(8);
        let console = ConsoleNotifier::start_on(ClosedOutput, "portal-agent".to_owned(), sender);
        console.show(card("a", "b"));
        assert!(matches!(
            events.recv().await,
            Some(DesktopEvent::ShowFailed { problem: PushProblem::NotificationServerRefused, .. })
        ));
        console.stop().await;
        console.show(card("a", "b"));
        assert!(matches!(events.recv().await, Some(DesktopEvent::ShowFailed { .. })));
    }

    #[test]
    fn wide_characters_do_not_break_the_frame() {
        let lines = ["会議室が変更されました".to_owned(), "e\u{301}te\u{301}".to_owned(), "🔥 drill".to_owned()];
        assert_eq!(
            boxed(APP_NAME, &lines),
            "╭─ Company Portal ───────╮\n│ 会議室が変更されました │\n│ e\u{301}te\u{301}                    │\n│ 🔥 drill               │\n╰────────────────────────╯\n"
        );
    }

    proptest! {
        #[test]
        fn every_row_of_a_box_is_as_wide_as_the_others_and_no_word_is_lost(line in "(\\PC|[会議🔥 ]){0,300}") {
            let picture = boxed(APP_NAME, std::slice::from_ref(&line));
            let widths: Vec<usize> = picture.lines().map(display_width).collect();
            prop_assert!(widths.iter().all(|&width| width == widths[0] && width <= WIDTH + 4), "{picture}");
            let bare = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            let rows = picture.lines().skip(1).filter_map(|row| row.strip_prefix("│ ")?.strip_suffix(" │"));
            prop_assert_eq!(rows.map(bare).collect::<String>(), bare(&line));
        }
    }
}
