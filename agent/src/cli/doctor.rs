//! `doctor`: what on this computer could keep a notification from showing.

use portal_contract::DoctorReport;

use super::page::{Line, Page};
use super::{Context, Failure};

/// Arguments of `doctor`.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs `doctor`: exit code 1 if a check is not ok.
pub fn run(context: &mut Context, _: &Args) -> Result<(), Failure> {
    let answer = context.client()?.doctor()?;
    context.show(&answer, page)?;
    if answer.value.checks.iter().all(|check| check.ok) { Ok(()) } else { Err(Failure::NotOk) }
}

/// The page of `doctor`.
pub fn page(doctor: &DoctorReport) -> Page {
    let mut page = Page::new();
    for check in &doctor.checks {
        page.push(Line::new().mark(check.ok).plain(format!("{:<22}", check.name)).plain(&check.detail));
        if !check.ok {
            page.push(Line::new().dim(format!("{:24}hint: ", "")).strong(&check.hint));
        }
    }
    page
}
