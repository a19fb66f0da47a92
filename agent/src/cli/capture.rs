//! A command run within another one, its result kept instead of printed.
//!
//! Lives here: that. Does not live here: which commands (`diagnostics`, `see`).

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use super::{Cli, CommandContext, GlobalOptions};
use crate::control::ApiError;

/// What a command prints with `--json`, and why it failed.
pub(super) fn run_captured(global: &GlobalOptions, cli: &Cli) -> (String, Option<ApiError>) {
    let printed = SharedBuffer::default();
    let global = GlobalOptions { json: true, ..global.clone() };
    let mut context = CommandContext::new(global, Box::new(printed.clone()), false);
    let failure = cli.verb.run(&mut context).err().filter(|failure| !failure.is_silent());
    let printed = std::mem::take(&mut *printed.0.lock().unwrap_or_else(PoisonError::into_inner));
    (String::from_utf8_lossy(&printed).into_owned(), failure.map(|failure| failure.parts()))
}

/// What a command's result goes to.
#[derive(Debug, Clone, Default)]
struct SharedBuffer(Arc<Mutex<Vec<u8>>>);

impl Write for SharedBuffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
