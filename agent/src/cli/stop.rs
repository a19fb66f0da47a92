//! `stop`: ends the daemon cleanly, and returns when it has ended.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::page::{PageLine, TextPage};
use super::{CommandContext, CommandFailure};
use crate::control::ControlClient;

/// The lock that a daemon holds as long as it lives (contract 6).
const LOCK: &str = "lock";
/// How long a daemon may take to end.
const STOP_TIMEOUT: Duration = Duration::from_secs(30);

/// Arguments of `stop`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  portal-agent stop")]
pub struct StopArgs {}

/// Runs `stop`.
pub fn run(context: &mut CommandContext, _: &StopArgs) -> Result<(), CommandFailure> {
    let client = context.daemon()?;
    let answer = client.stop()?;
    wait_for_end(context, &client)?;
    context.show(&answer, |_| TextPage::of(PageLine::new().plain("the daemon has ended")))
}

/// Returns once the daemon, which was asked to end, has ended.
///
/// # Errors
/// It has not in time.
pub(super) fn wait_for_end(context: &CommandContext, client: &ControlClient) -> Result<(), CommandFailure> {
    if !has_ended(&context.global.state_dir()?) {
        let message = format!(
            "the daemon (process {}) was asked to end and has not within {} s",
            client.pid(),
            STOP_TIMEOUT.as_secs()
        );
        return Err(CommandFailure::operation("notEnded", message, "look at its log, or end the process"));
    }
    Ok(())
}

/// The lock is free when the daemon has ended, so that the next `run` finds it free. Waiting for it needs no polling.
fn has_ended(state_dir: &Path) -> bool {
    let lock = match File::open(state_dir.join(LOCK)) {
        Ok(lock) => lock,
        // Nothing holds a directory without a lock.
        Err(error) => return error.kind() == io::ErrorKind::NotFound,
    };
    let (free, is_free) = mpsc::channel();
    // It ends with this process at the latest, which is about to end.
    thread::spawn(move || free.send(lock.lock_shared().is_ok()));
    is_free.recv_timeout(STOP_TIMEOUT).unwrap_or(false)
}
