//! `device add`, `device list`, `device remove`: which devices the daemon hosts.
//!
//! Lives here: their arguments and pages. Does not live here: the commands that concern one device (`table`).

use portal_contract::{DeviceId, DeviceList, DeviceName, NewDevice, OperatingSystem, OsVersion, Tenant};

use super::page::{PageLine, TextPage};
use super::{CommandContext, CommandFailure, changed};

/// The commands of `device` that concern the daemon and not one device.
#[derive(Debug, clap::Subcommand)]
pub enum DevicesCommand {
    /// Host one more device: a phone out of its box
    Add(AddArgs),
    /// The devices that the daemon hosts
    List(ListArgs),
    /// Remove a device, with its journal, its session and what the broker retains of it
    Remove(RemoveArgs),
}

/// Arguments of `device add`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  portal-agent device add --platform android --name Pixel
  portal-agent --device Pixel app install")]
pub struct AddArgs {
    /// The device's platform [default: ios]
    #[arg(long, value_name = "ios|ipados|android")]
    platform: Option<OperatingSystem>,

    /// The platform's version [default: the newest]
    #[arg(long, value_name = "V")]
    os_version: Option<OsVersion>,

    /// The device's name, which no other device of the daemon has [default: that of its kind]
    #[arg(long, value_name = "NAME")]
    name: Option<DeviceName>,

    /// The tenant that its topics name [default: contoso]
    #[arg(long, value_name = "NAME")]
    tenant: Option<Tenant>,

    /// The device's id [default: a new one]
    #[arg(long, value_name = "UUID")]
    device_id: Option<DeviceId>,
}

/// Arguments of `device list`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  portal-agent device list")]
pub struct ListArgs {}

/// Arguments of `device remove`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  portal-agent device remove Pixel")]
pub struct RemoveArgs {
    /// Which
    #[arg(value_name = "NAME|UUID", id = "removed")]
    removed: String,
}

/// Runs one of them.
pub fn run(context: &mut CommandContext, command: &DevicesCommand) -> Result<(), CommandFailure> {
    match command {
        DevicesCommand::Add(args) => add(context, args),
        DevicesCommand::List(_) => {
            let answer = context.daemon()?.devices()?;
            context.show(&answer, list)
        }
        DevicesCommand::Remove(args) => {
            let mut client = context.daemon()?;
            client.choose(Some(&args.removed))?;
            let answer = client.remove()?;
            context.show(&answer, list)
        }
    }
}

fn add(context: &mut CommandContext, args: &AddArgs) -> Result<(), CommandFailure> {
    let client = context.daemon()?;
    let added = client.add(&NewDevice {
        platform: args.platform,
        os_version: args.os_version.clone(),
        device_id: args.device_id,
        device_name: args.name.clone(),
        tenant: args.tenant.clone(),
    })?;
    if context.global.json {
        return context.json_line(&added.json);
    }
    let mut client = context.daemon()?;
    client.choose(Some(&added.value.device_id.to_string()))?;
    context.page(&changed::page(&client.status()?.value))
}

fn list(devices: &DeviceList) -> TextPage {
    let width = devices.hosted.iter().map(|device| device.device_name.chars().count()).max().unwrap_or(0);
    let mut page = TextPage::default();
    for device in &devices.hosted {
        let name = format!("{:<width$}", device.device_name);
        let version = format!("{} {}", device.operating_system, device.os_version);
        let what = format!("  {version:<12}  {}  ", device.tenant);
        page.push(PageLine::new().strong(name).plain(what).dim(device.device_id.to_string()));
    }
    page
}
