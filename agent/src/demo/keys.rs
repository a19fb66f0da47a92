//! The demo's keys: which there are, and what was typed.
//!
//! Lives here: reading keys off the terminal, and what each means. Does not live here: the terminal's mode (`key_terminal`), what a
//! key does (`session`).

use std::io::Read;

use tokio::sync::mpsc;

use crate::key_terminal::KeyTerminal;

/// What a key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DemoKey {
    Push,
    Allow,
    Deny,
    Explain,
    Reset,
    Lock,
    Quit,
}

/// What was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TypedInput {
    Key(DemoKey),
    /// No key of the demo's.
    Unclear(String),
    /// More than a key: what is pasted is meant for another terminal.
    Pasted,
    /// Nothing more will be typed.
    Ended,
}

/// How many may wait for a demo that is busy.
const WAITING: usize = 64;
/// How much is read at once; what is longer is pasted.
const CHUNK: usize = 1024;
/// Ctrl-D, where the terminal hands on each key.
const END_OF_INPUT: &[u8] = b"\x04";

/// The keys that are typed on the terminal; it is as it was when this is dropped.
pub(super) struct KeyReader {
    typed: mpsc::Receiver<TypedInput>,
    terminal: KeyTerminal,
}

impl KeyReader {
    /// Reads from the terminal, where there is one that listens to this program.
    pub(super) fn start() -> Option<Self> {
        let terminal = KeyTerminal::open()?;
        let (sender, typed) = mpsc::channel(WAITING);
        // It ends with the process: a blocking read of a terminal cannot be taken back.
        std::thread::Builder::new().name("keys".to_owned()).spawn(move || read_all(std::io::stdin(), &sender)).ok()?;
        Some(Self { typed, terminal })
    }

    /// Whether each key counts at once; else with Enter behind it.
    pub(super) fn at_once(&self) -> bool {
        self.terminal.at_once()
    }

    /// What is typed next. `Ended` but once: nothing comes after it.
    pub(super) async fn next(&mut self) -> TypedInput {
        match self.typed.recv().await {
            Some(input) => input,
            None => std::future::pending().await,
        }
    }
}

fn read_all(mut input: impl Read, sender: &mpsc::Sender<TypedInput>) {
    let mut chunk = [0; CHUNK];
    loop {
        let typed = match input.read(&mut chunk) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Ok(0) | Err(_) => Some(TypedInput::Ended),
            Ok(length) => read(&chunk[..length]),
        };
        let ended = typed == Some(TypedInput::Ended);
        if typed.is_some_and(|typed| sender.blocking_send(typed).is_err()) || ended {
            return;
        }
    }
}

/// What came at once from the terminal means; nothing, where it is only Enter.
fn read(typed: &[u8]) -> Option<TypedInput> {
    if typed == END_OF_INPUT {
        return Some(TypedInput::Ended);
    }
    // An arrow or another key without a letter comes as ESC and letters, one of which may be a key of the demo's.
    if typed.starts_with(b"\x1b") {
        return Some(TypedInput::Unclear("that key".to_owned()));
    }
    let text = String::from_utf8_lossy(typed);
    let mut characters = text.trim().chars();
    let (first, more) = (characters.next()?, characters.next().is_some());
    if more {
        return Some(TypedInput::Pasted);
    }
    Some(match first.to_ascii_lowercase() {
        'p' => TypedInput::Key(DemoKey::Push),
        'a' => TypedInput::Key(DemoKey::Allow),
        'd' => TypedInput::Key(DemoKey::Deny),
        'e' => TypedInput::Key(DemoKey::Explain),
        'r' => TypedInput::Key(DemoKey::Reset),
        'l' => TypedInput::Key(DemoKey::Lock),
        'q' => TypedInput::Key(DemoKey::Quit),
        _ => TypedInput::Unclear(first.escape_default().to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_one_letter_and_everything_else_is_answered() {
        use TypedInput::{Ended, Key, Pasted, Unclear};
        for (typed, meant) in [
            ("p", Some(Key(DemoKey::Push))),
            ("A", Some(Key(DemoKey::Allow))),
            ("d\n", Some(Key(DemoKey::Deny))),
            (" e\r\n", Some(Key(DemoKey::Explain))),
            ("r", Some(Key(DemoKey::Reset))),
            ("l", Some(Key(DemoKey::Lock))),
            ("q", Some(Key(DemoKey::Quit))),
            ("\n", None),
            ("?", Some(Unclear("?".to_owned()))),
            ("é", Some(Unclear("\\u{e9}".to_owned()))),
            ("\x1b[A", Some(Unclear("that key".to_owned()))),
            ("\x1b", Some(Unclear("that key".to_owned()))),
            ("export A=b; quit\n", Some(Pasted)),
            ("\x04", Some(Ended)),
        ] {
            assert_eq!(read(typed.as_bytes()), meant, "{typed:?}");
        }
    }

    #[test]
    fn the_end_of_the_input_is_told_once() {
        let (sender, mut typed) = mpsc::channel(8);
        read_all(&b"p"[..], &sender);
        assert_eq!(typed.try_recv(), Ok(TypedInput::Key(DemoKey::Push)));
        assert_eq!(typed.try_recv(), Ok(TypedInput::Ended));
        assert!(typed.try_recv().is_err());
    }
}
