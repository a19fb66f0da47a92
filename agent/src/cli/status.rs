//! `status`: the whole picture.

use std::thread;
use std::time::{Duration, Instant};

use portal_contract::status::DaemonStatus;
use portal_contract::{HeldNotification, ManagementState, StatusReport, duration};

use super::device_source::DeviceSource;
use super::local_time::local;
use super::page::{PageLine, TextPage};
use super::{CommandContext, CommandFailure, changed};
use crate::control::{ClientError, ControlClient, WaitRequest};

/// The first pause before the daemon is looked for again; it doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

/// Arguments of `status`.
#[derive(Debug, clap::Args)]
pub struct StatusArgs {
    /// Return once the daemon is online; it may still be starting. 1 if it is not within DURATION, 3 without a daemon
    #[arg(long, value_name = "DURATION", num_args = 0..=1, default_missing_value = "30s", value_parser = duration::parse)]
    wait: Option<Duration>,
}

/// Runs `status`.
pub fn run(context: &mut CommandContext, args: &StatusArgs) -> Result<(), CommandFailure> {
    let status = match args.wait {
        Some(limit) => wait_until_online(context, limit)?.status()?,
        None => DeviceSource::find(context)?.status()?,
    };
    context.show(&status, page)
}

/// The daemon may not have written its `control.json` yet; once it has, the waiting is at its side.
fn wait_until_online(context: &CommandContext, limit: Duration) -> Result<ControlClient, CommandFailure> {
    let deadline = Instant::now().checked_add(limit);
    let mut pause = FIRST_PAUSE;
    loop {
        let left = deadline.map_or(limit, |deadline| deadline.saturating_duration_since(Instant::now()));
        let online = context.client().and_then(|client| {
            let wait = WaitRequest { conditions: vec!["online".to_owned()], notification: None, timeout: Some(left) };
            client.wait(&wait)?;
            Ok(client)
        });
        match online {
            // No other failure passes by itself: a file that is not private, or another version's daemon, is told at
            // once.
            Err(CommandFailure::Client(ClientError::NoDaemon(_))) if !left.is_zero() => {
                thread::sleep(pause.min(left));
                pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
            }
            other => return other,
        }
    }
}

pub fn page(status: &StatusReport) -> TextPage {
    let mut page = TextPage::of(changed::title(status));
    page.push(PageLine::named("device").plain(status.device.device_id.to_string()));
    page.push(PageLine::named("rules").plain(rules(status)));
    page.push(app(status));
    page.heading("Prerequisites");
    for (code, met) in &status.device.prerequisites {
        page.push(changed::prerequisite(*code, *met, status));
    }
    if status.prompt.is_some() {
        page.push(changed::prompt());
    }
    page.heading("Device");
    device(status, &mut page);
    match &status.daemon {
        Some(daemon) => {
            page.heading("Connection");
            connection(status, &mut page);
            page.heading("This computer");
            computer(status, daemon, &mut page);
        }
        None => {
            page.heading("This computer");
            let line = PageLine::new().mark(false).plain("no daemon runs: this is what its journal holds  ");
            page.push(line.strong("portal-agent run"));
        }
    }
    page
}

fn rules(status: &StatusReport) -> String {
    let service = if status.push_service_emulated { "" } else { ", push service not emulated" };
    format!("documentation of {}{service}", status.documentation)
}

fn app(status: &StatusReport) -> PageLine {
    let app = &status.app;
    let line = PageLine::named("app");
    let Some(version) = &app.version else { return line.plain(format!("{} is not installed", app.name)) };
    let place = match (app.foreground, app.force_stopped) {
        (true, _) => ", open on the screen",
        (false, true) => ", force-stopped",
        (false, false) => "",
    };
    let signed_in = if app.signed_in { ", signed in" } else { "" };
    line.plain(format!("{} {version}{place}{signed_in}", app.name))
}

fn device(status: &StatusReport, page: &mut TextPage) {
    let permission = status.device.notification_permission;
    let times = match status.device.prompts_shown {
        0 => "never asked".to_owned(),
        1 => "asked once".to_owned(),
        times => format!("asked {times} times"),
    };
    let rationale = status.should_show_request_permission_rationale.map_or(String::new(), |shows| {
        // What an app sees of it: Android tells it nothing else of a denial.
        format!(", shouldShowRequestPermissionRationale {shows}")
    });
    page.push(PageLine::named("permission").plain(format!("{permission}, {times}{rationale}")));
    page.push(PageLine::named("condition").plain(changed::condition(status).join(", ")));
    if status.condition.clock_ahead_millis != 0 {
        let ahead = jiff::SignedDuration::from_millis(status.condition.clock_ahead_millis);
        page.push(PageLine::named("clock").plain(format!("{ahead:#} ahead of the computer's")));
    }
    page.push(PageLine::named("groups").plain(status.groups.len().to_string()));
    enrollment(status, page);
    page.push(PageLine::named("pushes").plain(pushes(status)));
    // A page is for a screen; JSON has the first 100 (contract 5).
    for held in status.held_pushes.iter().take(HELD_SHOWN) {
        page.push(PageLine::named("").plain("").warning("held  ").plain(held_words(held)));
    }
    if let Some(more @ 1..) = status.held_pushes.len().checked_sub(HELD_SHOWN) {
        page.push(PageLine::named("").dim(format!("and {more} more: portal-agent log --outcome held")));
    }
    if let Some(action) = &status.device.last_action {
        let problem = action.problem.as_deref().map(|problem| format!(": {problem}")).unwrap_or_default();
        page.push(
            PageLine::named("last action")
                .plain(format!("{} {:?}{problem}", action.action, action.result).to_lowercase()),
        );
    }
}

/// How many held pushes a person is shown one by one.
const HELD_SHOWN: usize = 5;

fn held_words(held: &HeldNotification) -> String {
    let command = held.command.as_ref().map(|command| format!(" ({command})")).unwrap_or_default();
    format!(
        "{} since {}: {}; let go by {}{command}",
        held.notification_id,
        local(held.since),
        held.reason.word(),
        held.released_by
    )
}

/// What of the enrollment is out of the ordinary.
fn enrollment(status: &StatusReport, page: &mut TextPage) {
    let state = status.device.management_state.filter(|state| *state != ManagementState::Managed);
    if let Some(state) = state {
        page.push(PageLine::named("management").plain(state.word()));
    }
    if let Some(grace) = &status.grace {
        let words =
            format!("what is sent to {} groups may still arrive, until {}", grace.groups.len(), local(grace.ends_at));
        page.push(PageLine::named("grace").plain(words));
    }
    if !status.policy.is_empty() {
        let keys: Vec<String> = status.policy.iter().map(|(name, value)| format!("{name}={value}")).collect();
        page.push(PageLine::named("policy").plain(keys.join(", ")));
    }
}

fn pushes(status: &StatusReport) -> String {
    let StatusReport { last_sequence, held, paced, redelivered, .. } = status;
    let paced = match paced {
        0 => String::new(),
        paced => format!(" ({paced} for their turn: notifier.pace_per_second is the most in a second)"),
    };
    format!("{last_sequence} settled, {held} held{paced}, {redelivered} redelivered")
}

fn connection(status: &StatusReport, page: &mut TextPage) {
    let broker = &status.broker;
    page.push(PageLine::new().mark(broker.connected).plain(format!("{} ", status.connection.word())).dim(&broker.url));
    if let Some(problem) = &broker.problem {
        page.push(PageLine::new().plain("  ").bad(problem));
    }
    for topic in &broker.refused_subscriptions {
        page.push(PageLine::new().plain("  ").bad(format!("refused: {topic}")));
    }
    if let Some(embedded) = &broker.embedded {
        page.push(PageLine::named("embedded").plain(&embedded.url));
    }
}

fn computer(status: &StatusReport, daemon: &DaemonStatus, page: &mut TextPage) {
    let desktop = &status.desktop;
    let server = match &desktop.notification_server {
        Some(server) => PageLine::new()
            .mark(true)
            .plain(format!("{} {} ", server.name, server.version))
            .dim(server.capabilities.join(", ")),
        None if desktop.notifier == "console" => {
            PageLine::new().mark(true).plain("notifications are printed on the console")
        }
        None => PageLine::new().mark(false).plain("no notification server ").dim("doctor says more"),
    };
    page.push(server);
    // Without a server the verdict would only repeat the line above.
    if let (Some(verdict), Some(_)) = (desktop.verdict, &desktop.notification_server) {
        let line = PageLine::new().plain("  ");
        let sentence = verdict.sentence();
        page.push(if verdict.keeps_from_showing() { line.bad(sentence) } else { line.dim(sentence) });
    }
    if let Some(problem) = &desktop.problem {
        page.push(PageLine::new().plain("  ").bad(problem));
    }
    page.push(PageLine::named("control").plain(&status.control.url));
    page.push(PageLine::named("daemon").plain(format!(
        "portal-agent {}, process {}, since {}",
        daemon.version,
        daemon.pid,
        local(daemon.started_at)
    )));
}
