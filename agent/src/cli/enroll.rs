//! `enroll`: the device's enrollment with Intune.

use portal_shared::{GroupId, UserPrincipalName};

use super::{Context, Failure};
use crate::control::enroll::Enroll;

/// Arguments of `enroll`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  portal-agent enroll --user adele@contoso.example
  portal-agent enroll --user adele@contoso.example --group 11111111-2222-4333-8444-555555555555")]
pub struct Args {
    /// Who enrolls the device
    #[arg(long, value_name = "UPN")]
    user: UserPrincipalName,

    /// A group of the user, until the broker's list says otherwise; repeated: all of them
    #[arg(long = "group", value_name = "UUID")]
    groups: Vec<GroupId>,
}

/// Runs `enroll`.
pub fn run(context: &mut Context, args: &Args) -> Result<(), Failure> {
    let groups = (!args.groups.is_empty()).then(|| args.groups.iter().copied().collect());
    context.change(&Enroll { user: args.user.clone(), groups })
}
