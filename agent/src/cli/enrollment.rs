//! `enrollment show|set`: the enrollment in Graph's words.

use portal_contract::StatusReport;

use super::page::{Line, Page};
use super::{Context, Failure, assignment};
use crate::control::enroll::Set;

/// Arguments of `enrollment`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  portal-agent enrollment show
  portal-agent enrollment set managementState=retirePending
  portal-agent enrollment set deviceRegistrationState=revoked")]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Each state with its value
    #[command(after_help = "Example:\n  portal-agent enrollment show")]
    Show,
    /// Change one
    #[command(after_help = "Example:\n  portal-agent enrollment set managedDeviceOwnerType=company")]
    Set {
        /// The state, by Graph's name, and its new value
        #[arg(value_name = "NAME=VALUE", value_parser = assignment::parse)]
        assignment: (String, String),
    },
}

/// Runs `enrollment`.
pub fn run(context: &mut Context, args: &Args) -> Result<(), Failure> {
    match &args.what {
        What::Show => {
            let status = context.client()?.status()?;
            context.show(&status, page)
        }
        What::Set { assignment: (name, value) } => context.change(&Set { name: name.clone(), value: value.clone() }),
    }
}

/// The page of `enrollment show`: a view of `status`.
pub fn page(status: &StatusReport) -> Page {
    let device = &status.device;
    let mut page = Page::new();
    let mut row = |name: &str, value: Option<String>| {
        page.push(Line::new().plain(format!("{name}={}", value.unwrap_or_default())));
    };
    row("userPrincipalName", device.user_principal_name.as_ref().map(ToString::to_string));
    row("deviceEnrollmentType", device.device_enrollment_type.map(|kind| kind.to_string()));
    row("managedDeviceOwnerType", Some(device.managed_device_owner_type.to_string()));
    row("managementState", device.management_state.map(|state| state.to_string()));
    row("deviceRegistrationState", Some(device.device_registration_state.to_string()));
    if let Some(supervised) = device.is_supervised {
        row("isSupervised", Some(supervised.to_string()));
    }
    page
}
