//! The commands of the table that only show something, each with its page.
//!
//! Lives here: `app notifications`, and the parts of the status that have a command of their own. Does not live here: the
//! whole status (`status`), and what is shown after a change (`changed`).

use portal_contract::command::{CommandRow, views};
use portal_contract::{Prerequisite, StatusReport};

use super::page::{PageLine, TextPage};
use super::{CommandContext, CommandFailure, changed};
use crate::control::{ControlClient, InAppMessage, InAppMessages};

/// How a view is shown.
type Show = fn(&mut CommandContext, &ControlClient) -> Result<(), CommandFailure>;

const VIEWS: [(&CommandRow, Show); 5] = [
    (&views::NOTIFICATIONS, |context, client| context.show(&client.notifications()?, notifications)),
    (&views::ENROLLMENT, |context, client| context.show(&client.status()?, enrollment)),
    (&views::POLICY, |context, client| context.show(&client.status()?, policy)),
    (&views::PERMISSION, |context, client| context.show(&client.status()?, permission)),
    (&views::SETTINGS, |context, client| context.show(&client.status()?, settings)),
];

/// Shows what the command of `row` shows.
///
/// # Errors
/// The daemon does not answer, or the output cannot be written.
pub fn show(context: &mut CommandContext, client: &ControlClient, row: &CommandRow) -> Result<(), CommandFailure> {
    match VIEWS.iter().find(|(view, _)| view.name == row.name) {
        Some((_, show)) => show(context, client),
        None => {
            Err(CommandFailure::operation("noView", format!("{} has nothing to show", row.name), "portal-agent status"))
        }
    }
}

fn notifications(list: &InAppMessages) -> TextPage {
    if list.notifications.is_empty() {
        return TextPage::of(
            PageLine::new()
                .plain("nothing is listed ")
                .dim("(from 2023 on iOS and iPadOS, app notifications --refresh pulls the section)"),
        );
    }
    let mut page = TextPage::new();
    list.notifications.iter().for_each(|message| add(message, &mut page));
    page
}

fn add(message: &InAppMessage, page: &mut TextPage) {
    page.push(
        PageLine::new().strong(&message.notification.notification_title).dim(format!("  {}", message.received_at)),
    );
    for line in message.notification.notification_body.lines() {
        page.push(PageLine::new().plain("  ").plain(line));
    }
}

fn enrollment(status: &StatusReport) -> TextPage {
    let device = &status.device;
    let mut page = TextPage::new();
    let mut row = |name: &str, value: Option<String>| {
        page.push(PageLine::new().plain(format!("{name}={}", value.unwrap_or_default())));
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

fn policy(status: &StatusReport) -> TextPage {
    let mut page = TextPage::new();
    for (name, value) in &status.policy {
        page.push(PageLine::new().plain(format!("{name}={value}")));
    }
    if status.policy.is_empty() {
        page.push(PageLine::new().plain("nothing is enforced"));
    }
    page
}

fn permission(status: &StatusReport) -> TextPage {
    let mut page = TextPage::of(PageLine::new().strong(status.device.notification_permission.word()));
    page.push(PageLine::named("prompts").plain(format!("{} shown", status.device.prompts_shown)));
    let code = Prerequisite::NotificationsPermitted;
    if let Some(met) = status.device.prerequisites.get(&code) {
        page.push(changed::prerequisite(code, *met, status));
    }
    if status.prompt.is_some() {
        page.push(changed::prompt());
    }
    page
}

fn settings(status: &StatusReport) -> TextPage {
    let mut page = TextPage::new();
    for (name, value) in &status.settings {
        page.push(PageLine::new().plain(format!("{name}={value}")));
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_view_with_a_group_has_a_page() {
        let grouped: Vec<&str> = views::VIEWS.iter().map(|row| row.name).filter(|name| name.contains(' ')).collect();
        assert_eq!(grouped, VIEWS.map(|(row, _)| row.name));
    }
}
