//! `doctor`: what on this computer could keep a notification from showing.

use portal_contract::DoctorReport;

use super::page::{PageLine, TextPage};
use super::{CommandContext, CommandFailure};

/// Arguments of `doctor`.
#[derive(Debug, clap::Args)]
pub struct DoctorArgs {}

/// Runs `doctor`: exit code 1 if a check is not ok.
pub fn run(context: &mut CommandContext, _: &DoctorArgs) -> Result<(), CommandFailure> {
    let answer = context.client()?.doctor()?;
    context.show(&answer, page)?;
    if answer.value.checks.iter().all(|check| check.ok) { Ok(()) } else { Err(CommandFailure::NotOk) }
}

pub fn page(doctor: &DoctorReport) -> TextPage {
    let mut page = TextPage::new();
    for check in &doctor.checks {
        page.push(PageLine::new().mark(check.ok).plain(format!("{:<22}", check.name)).plain(&check.detail));
        if !check.ok {
            page.push(PageLine::new().dim(format!("{:24}hint: ", "")).strong(&check.hint));
        }
    }
    page
}
