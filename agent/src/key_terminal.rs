//! The terminal while keys are read off it: each key at once, not echoed, and as it was afterwards.
//!
//! Lives here: the terminal's mode. Does not live here: what is typed, and what it means (`demo`, `scenario run --watch`).

use std::io::{IsTerminal, stdin};

/// The terminal on standard input; it is put back as it was when this is dropped.
pub struct KeyTerminal {
    #[cfg(unix)]
    before: Option<rustix::termios::Termios>,
}

impl KeyTerminal {
    /// The terminal, where standard input is one that this program may read from.
    pub fn open() -> Option<Self> {
        stdin().is_terminal().then(Self::of_terminal).flatten()
    }

    /// Whether each key comes at once; else a line does.
    pub fn at_once(&self) -> bool {
        #[cfg(unix)]
        return self.before.is_some();
        #[cfg(not(unix))]
        false
    }

    #[cfg(unix)]
    fn of_terminal() -> Option<Self> {
        use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, tcgetattr, tcgetpgrp, tcsetattr};
        // A program in the background that reads, or changes the mode, is stopped by the terminal.
        if tcgetpgrp(stdin()).ok()? != rustix::process::getpgrp() {
            return None;
        }
        let Ok(before) = tcgetattr(stdin()) else { return Some(Self { before: None }) };
        let mut keys = before.clone();
        // Ctrl-C and Ctrl-Z stay signals, and what is printed stays as it is.
        keys.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
        keys.special_codes[SpecialCodeIndex::VMIN] = 1;
        keys.special_codes[SpecialCodeIndex::VTIME] = 0;
        // Ctrl-\ ends a program on the spot, and would leave the terminal as it is now.
        keys.special_codes[SpecialCodeIndex::VQUIT] = 0;
        let set = tcsetattr(stdin(), OptionalActions::Now, &keys).is_ok();
        Some(Self { before: set.then_some(before) })
    }

    #[cfg(not(unix))]
    fn of_terminal() -> Option<Self> {
        Some(Self {})
    }
}

#[cfg(unix)]
impl Drop for KeyTerminal {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            // The terminal may be gone; then there is nothing to put back.
            let _ = rustix::termios::tcsetattr(stdin(), rustix::termios::OptionalActions::Now, before);
        }
    }
}
