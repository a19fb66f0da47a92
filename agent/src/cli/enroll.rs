//! `enroll`: the device's enrollment with Intune.

use portal_contract::{DeviceEnrollmentType, GroupId, ManagedDeviceOwnerType, UserPrincipalName};

use super::{Context, Failure};
use crate::control::enroll::Enroll;

/// Arguments of `enroll`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  portal-agent enroll --user adele@contoso.example
  portal-agent enroll --user adele@contoso.example --group 11111111-2222-4333-8444-555555555555
  portal-agent enroll --user adele@contoso.example --type appleBulkWithUser --supervised")]
pub struct Args {
    /// Who enrolls the device
    #[arg(long, value_name = "UPN")]
    user: UserPrincipalName,

    /// A group of the user, until the broker's list says otherwise; repeated: all of them
    #[arg(long = "group", value_name = "UUID")]
    groups: Vec<GroupId>,

    /// How, in Graph's word (deviceEnrollmentType) [default: userEnrollment]
    #[arg(long = "type", value_name = "TYPE")]
    enrollment_type: Option<DeviceEnrollmentType>,

    /// Who owns the device: company or personal [default: what fits the type]
    #[arg(long = "owner", value_name = "OWNER")]
    owner_type: Option<ManagedDeviceOwnerType>,

    /// The device is supervised (iOS, iPadOS)
    #[arg(long)]
    supervised: bool,
}

/// Runs `enroll`.
pub fn run(context: &mut Context, args: &Args) -> Result<(), Failure> {
    let groups = (!args.groups.is_empty()).then(|| args.groups.iter().copied().collect());
    context.change(&Enroll {
        user: args.user.clone(),
        groups,
        device_enrollment_type: args.enrollment_type,
        managed_device_owner_type: args.owner_type,
        supervised: args.supervised,
    })
}
