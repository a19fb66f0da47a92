//! `doctor`: what on this computer could keep a notification from showing.

use portal_contract::DoctorReport;

use super::page::{PageLine, TextPage};
use super::{CommandContext, CommandFailure, see};

/// Arguments of `doctor`.
#[derive(Debug, clap::Args)]
pub struct DoctorArgs {
    /// Show a code on a card and ask for it: whether a notification reaches the eye
    #[arg(long)]
    see: bool,
}

/// Runs `doctor`: exit code 1 if a check is not ok.
pub fn run(context: &mut CommandContext, args: &DoctorArgs) -> Result<(), CommandFailure> {
    let mut answer = context.client()?.doctor()?;
    if args.see {
        answer.value.checks.push(see::see(context));
        answer.json = serde_json::to_string(&answer.value).map_err(anyhow::Error::from)?;
    }
    context.show(&answer, page)?;
    if answer.value.checks.iter().all(|check| check.ok) { Ok(()) } else { Err(CommandFailure::NotOk) }
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
