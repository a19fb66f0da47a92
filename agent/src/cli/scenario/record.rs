//! `scenario record`: watches the running device, and writes what happened as a scenario file.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use portal_contract::duration;
use tokio::sync::mpsc;

use super::super::{CommandContext, CommandFailure};
use crate::control::{ClientError, ControlClient, DeviceEvent, FollowedLines};
use crate::daemon::interrupted;
use crate::escape::harmless;
use crate::recording::{IDLE_TIMEOUT, RecordedEvents};
use crate::scenario::read;

/// How many events may wait to be taken note of.
const ROOM: usize = 1024;

/// Arguments of `scenario record`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
What people, senders and the service do to the device becomes steps; what it does becomes expectations.

Examples:
  portal-agent scenario record > my-test.yaml            until Ctrl-C
  portal-agent scenario record --for 10m --output my-test.yaml --name 'Denied, then allowed'")]
pub struct ScenarioRecordArgs {
    /// Watch this long [default: until Ctrl-C]
    #[arg(long = "for", value_name = "DURATION", value_parser = duration::parse)]
    duration: Option<Duration>,

    /// Write to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// The scenario's name
    #[arg(long, value_name = "NAME", default_value = "As recorded")]
    name: String,
}

/// Runs `scenario record`.
pub fn run(context: &mut CommandContext, args: &ScenarioRecordArgs) -> Result<(), CommandFailure> {
    // Found before the recording: it cannot be made again.
    args.output.iter().try_for_each(|file| super::run::writable(file))?;
    let client = context.client()?;
    let mut following = client.events()?;
    // Listening has begun when the first event is here: nothing is missed between it and the status.
    let first = following.next().transpose()?.map(|first| first.value);
    let start = client.status()?.value;
    let mut stderr = anstream::stderr();
    // Where standard error is closed there is nobody to tell.
    let _ = writeln!(stderr, "recording {}; {}", harmless(&start.device.device_name), until(args.duration));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(CommandFailure::runtime)?;
    let events = runtime.block_on(watch(client, following, args.duration));
    // A read of the stream that is under way cannot be called off; it ends with the process.
    runtime.shutdown_background();
    let recording =
        RecordedEvents { name: args.name.clone(), start, events: first.into_iter().chain(events?).collect() };
    let text = recording.file();
    let name = args.output.as_ref().map_or("the recording".into(), |file| file.to_string_lossy());
    if let Err(wrong) = read(&name, text.as_bytes()) {
        let _ = writeln!(
            stderr,
            "scenario check will not take this recording; record for a shorter time:\n{}",
            wrong.show(false)
        );
    }
    match &args.output {
        None => context.text(&text),
        Some(file) => super::run::write(file, &text),
    }
}

fn until(duration: Option<Duration>) -> String {
    match duration {
        Some(duration) => format!("it ends in {} s, or with Ctrl-C", duration.as_secs_f64()),
        None => "Ctrl-C ends it".to_owned(),
    }
}

/// Everything that happens until the end, and what it comes to.
async fn watch(
    client: ControlClient,
    following: FollowedLines<DeviceEvent>,
    duration: Option<Duration>,
) -> Result<Vec<DeviceEvent>, CommandFailure> {
    let (sender, mut events) = mpsc::channel(ROOM);
    tokio::task::spawn_blocking(move || follow(following, &sender));
    let interrupted = interrupted();
    let ended = async {
        match duration {
            Some(duration) => tokio::select! { () = interrupted => {}, () = tokio::time::sleep(duration) => {} },
            None => interrupted.await,
        }
    };
    let mut ended = std::pin::pin!(ended);
    let mut happened = Vec::new();
    loop {
        tokio::select! {
            () = &mut ended => break,
            event = events.recv() => match event {
                Some(event) => happened.push(event?),
                None => return Err(CommandFailure::DaemonEnded),
            },
        }
    }
    // What was done last may still have consequences; without them the recording would expect too little.
    let idle =
        tokio::task::spawn_blocking(move || client.until_idle(IDLE_TIMEOUT)).await.map_err(anyhow::Error::from)?;
    if let Ok(idle) = idle {
        let is_last = |happened: &[DeviceEvent]| happened.last().is_some_and(|event| event.number >= idle.value.events);
        let rest = async {
            while !is_last(&happened) {
                let Some(event) = events.recv().await else { break };
                happened.push(event?);
            }
            Ok::<(), CommandFailure>(())
        };
        // The events come on another connection than the answer, so they may be behind it.
        tokio::time::timeout(IDLE_TIMEOUT, rest).await.unwrap_or(Ok(()))?;
    }
    Ok(happened)
}

fn follow(following: FollowedLines<DeviceEvent>, sender: &mpsc::Sender<Result<DeviceEvent, ClientError>>) {
    for event in following {
        if sender.blocking_send(event.map(|answer| answer.value)).is_err() {
            return;
        }
    }
}
