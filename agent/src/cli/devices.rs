//! `device add`, `device list`, `device remove`: which devices the daemon hosts.
//!
//! Lives here: what each does with the daemon, and their page. Does not live here: their names and arguments (the contract's
//! table), the commands that concern one device (`table`).

use portal_contract::command::{CommandRow, hosting};
use portal_contract::{DeviceList, NewDevice};
use serde_json::Value;

use super::page::{PageLine, TextPage};
use super::{CommandContext, CommandFailure, changed};

/// How one of them is run, with the body of what was typed.
pub type RunHosting = fn(&mut CommandContext, &Value) -> Result<(), CommandFailure>;

const HOSTING: [(&CommandRow, RunHosting); 3] =
    [(&hosting::ADD, add), (&hosting::LIST, list), (&hosting::REMOVE, remove)];

/// What runs the command of a row that concerns the daemon; none where it concerns one device.
pub fn hosting(row: &CommandRow) -> Option<RunHosting> {
    HOSTING.iter().find(|(known, _)| known.name == row.name).map(|(_, run)| *run)
}

fn add(context: &mut CommandContext, body: &Value) -> Result<(), CommandFailure> {
    let client = context.daemon()?;
    let new = serde_json::from_value::<NewDevice>(body.clone()).map_err(anyhow::Error::from)?;
    let added = client.add(&new)?;
    if context.global.json {
        return context.json_line(&added.json);
    }
    // Connected anew: the devices that a client knows are those of its connecting.
    let mut client = context.daemon()?;
    client.choose(Some(&added.value.device_id.to_string()))?;
    context.page(&changed::page(&client.status()?.value))
}

fn list(context: &mut CommandContext, _: &Value) -> Result<(), CommandFailure> {
    let answer = context.daemon()?.devices()?;
    context.show(&answer, page)
}

fn remove(context: &mut CommandContext, body: &Value) -> Result<(), CommandFailure> {
    let mut client = context.daemon()?;
    client.choose(body[hosting::REMOVED].as_str())?;
    let answer = client.remove()?;
    context.show(&answer, page)
}

fn page(devices: &DeviceList) -> TextPage {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_of_the_daemon_is_run() {
        assert_eq!(hosting::HOSTING.map(|row| row.name), HOSTING.map(|(row, _)| row.name));
    }
}
