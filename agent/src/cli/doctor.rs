//! `doctor`: what on this computer could keep a notification from showing.

use portal_contract::DoctorReport;

use super::page::{PageLine, TextPage};
use super::{CommandContext, CommandFailure, see};
use crate::control::{ClientAnswer, ClientError};
use crate::daemon::Options;
use crate::library_error::os_reason;

/// Arguments of `doctor`.
#[derive(Debug, clap::Args)]
pub struct DoctorArgs {
    /// Show a code on a card and ask for it: whether a notification reaches the eye
    #[arg(long)]
    see: bool,
}

/// Runs `doctor`: exit code 1 if a check is not ok, 3 where no daemon runs; then this computer is examined all the same.
pub fn run(context: &mut CommandContext, args: &DoctorArgs) -> Result<(), CommandFailure> {
    let client = match context.client() {
        Err(CommandFailure::Client(ClientError::NoDaemon(state_dir))) if !args.see => {
            let options = Options::from_settings(&context.settings(Vec::new())?.settings, state_dir.clone())?;
            let value = examine_without_daemon(&options)?;
            let json = serde_json::to_string(&value).map_err(anyhow::Error::from)?;
            context.show(&ClientAnswer { json, value }, page)?;
            return Err(ClientError::NoDaemon(state_dir).into());
        }
        client => client?,
    };
    let mut answer = client.doctor()?;
    if args.see {
        answer.value.checks.push(see::see(context));
        answer.json = serde_json::to_string(&answer.value).map_err(anyhow::Error::from)?;
    }
    context.show(&answer, page)?;
    if answer.value.checks.iter().all(|check| check.ok) { Ok(()) } else { Err(CommandFailure::NotOk) }
}

fn examine_without_daemon(options: &Options) -> Result<DoctorReport, CommandFailure> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(CommandFailure::runtime)?;
    runtime.block_on(options.examine_without_daemon()).map_err(|error| {
        let message = format!("this computer has no folder for files of a moment: {}", os_reason(&error));
        CommandFailure::operation("noTemporaryFolder", message, "free space there, or set TMPDIR to another folder")
    })
}

pub fn page(doctor: &DoctorReport) -> TextPage {
    let mut page = TextPage::new();
    for check in &doctor.checks {
        let mark = PageLine::new();
        let mark = if check.ok && !check.known { mark.unknown_mark() } else { mark.mark(check.ok) };
        page.push(mark.plain(format!("{:<22}", check.name)).plain(&check.detail));
        if !check.ok {
            page.push(PageLine::new().dim(format!("{:24}hint: ", "")).strong(&check.hint));
        }
    }
    page
}
