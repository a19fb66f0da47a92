//! `scenario run`: runs scenario files, tells how each case stands, and writes the reports.

use std::io::{IsTerminal, Write};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use tokio_util::sync::CancellationToken;

use super::super::{CommandContext, CommandFailure};
use super::watch::WatchTerminal;
use super::{json_line, read, show};
use crate::broker::BrokerUrl;
use crate::control::ControlClient;
use crate::daemon::{self, interrupted, sender_settings};
use crate::desktop;
use crate::escape::harmless;
use crate::output_file;
use crate::scenario::attached_device;
use crate::scenario::hosted_device::CardMode;
use crate::scenario::model::ScenarioCase;
use crate::scenario::report::{html, junit, line, summary_line};
use crate::scenario::result::{CaseResult, CaseVerdict, RunResult};
use crate::scenario::runner::{self, RunBroker, RunOptions};
use crate::scenario::select::is_asked_for;
use crate::scenario::watched_run;
use crate::sender::SenderOptions;

/// Arguments of `scenario run`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Each case runs on a device of its own, in virtual time: hours pass at once.

Examples:
  portal-agent scenario run config/scenarios
  portal-agent scenario run my-tests --junit report.xml --html report.html
  portal-agent scenario run my-tests --filter 'denied android' --notifier native
  portal-agent scenario run my-tests/denied.yaml:15
  portal-agent scenario run my-tests/denied.yaml --watch --open
  portal-agent scenario run my-tests --shuffle 7 --repeat 50 --fail-fast

Exit codes: 0 every expectation held; 1 one did not, or a case had no turn; 2 a file is not right, and nothing was run.")]
pub struct ScenarioRunArgs {
    /// Files, folders with *.yaml and *.yml in them, FILE:LINE for the scenario in that line, - for standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Only cases whose name, file or facts hold these words; repeated: those of each
    #[arg(long, value_name = "WORDS")]
    filter: Vec<String>,

    /// List the cases and run none
    #[arg(long)]
    list: bool,

    /// Fail, too, where what rests on an undocumented choice does not hold
    #[arg(long)]
    strict: bool,

    /// Run in another order, the same one for the same seed
    #[arg(long, value_name = "SEED")]
    shuffle: Option<u64>,

    /// Run each case this often
    #[arg(long, value_name = "N", default_value = "1")]
    repeat: NonZeroU32,

    /// Begin nothing more after the first failure
    #[arg(long)]
    fail_fast: bool,

    /// How many cases run at a time [default: two for each processor]
    #[arg(long, value_name = "N")]
    jobs: Option<std::num::NonZeroUsize>,

    /// Through this broker instead of an embedded one; user, password and certificates as for run
    #[arg(long, value_name = "URL")]
    broker: Option<BrokerUrl>,

    /// On the device of the daemon that runs here, on its clock and its desktop; the device is reset for each case
    #[arg(long, conflicts_with_all = ["broker", "notifier", "jobs"])]
    attach: bool,

    /// With --attach: reset the device without asking
    #[arg(long, requires = "attach")]
    yes: bool,

    /// One case at a time, on a page that shows the device and each step: it pauses before each, and a case that failed stays open
    #[arg(long, conflicts_with_all = ["attach", "broker", "jobs", "list"])]
    watch: bool,

    /// With --watch: open the page in this computer's browser
    #[arg(long, requires = "watch")]
    open: bool,

    /// native: show the cards on this desktop, too, to watch
    #[arg(long, value_enum, value_name = "native")]
    notifier: Option<ShownCards>,

    /// Write a JUnit XML report
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,

    /// Write a report as an HTML page of its own
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// Where the cards are shown besides being recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum ShownCards {
    /// On this desktop.
    Native,
}

/// Runs `scenario run`.
pub fn run(context: &mut CommandContext, args: &ScenarioRunArgs) -> Result<(), CommandFailure> {
    // All files are read before anything runs, also those that the filters leave out: a file that is not right is
    // exit 2, and nothing was run.
    let mut cases = read(context, &args.paths)?.cases;
    cases.retain(|case| is_asked_for(case, &args.filter));
    if cases.is_empty() {
        return Err(CommandFailure::configuration(
            "no case is asked for by these filters",
            "--list without --filter shows them all",
        ));
    }
    if args.list {
        return list(context, &cases);
    }
    // Found before the run: whoever waited for it does not want to hear it at its end.
    [&args.junit, &args.html].into_iter().flatten().try_for_each(|file| writable(file))?;
    let broker = broker(context, args)?;
    let attached = if args.attach { Some(attached(context, args.yes)?) } else { None };
    let run = desktop::beside_main_thread(|| {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(CommandFailure::runtime)?;
        runtime.block_on(run_all(context, args, cases, broker, attached))
    })?;
    report(context, args, &run)?;
    if !context.global.json {
        context.page(&show::again(&run, args.attach))?;
    }
    // What had no turn, since the run was ended before, is not known to hold.
    if run.failed() || run.count(CaseVerdict::Skipped) > 0 { Err(CommandFailure::NotOk) } else { Ok(()) }
}

fn list(context: &mut CommandContext, cases: &[ScenarioCase]) -> Result<(), CommandFailure> {
    for case in cases {
        if context.global.json {
            let line = serde_json::json!({ "name": case.name(), "at": case.at.to_string(), "facts": case.facts });
            json_line(context, &line)?;
        } else {
            context.page(&show::listed(case))?;
        }
    }
    Ok(())
}

/// The broker that is named, with what the settings say of its user and certificates.
fn broker(context: &CommandContext, args: &ScenarioRunArgs) -> Result<Option<RunBroker>, CommandFailure> {
    let Some(url) = &args.broker else {
        // The embedded broker needs no settings, so a run is the same whatever a settings file says.
        context.start_demo_logging();
        return Ok(None);
    };
    // A broker that is named takes the place of an embedded one in the file.
    let named = [("broker.urls", url.to_string()), ("embedded_broker.listen", String::new())];
    let loaded = context.settings(named.map(|(key, value)| (key.to_owned(), value)).to_vec())?;
    context.start_demo_logging();
    let session = daemon::Options::from_settings(&loaded.settings, PathBuf::new())?.session;
    Ok(Some(RunBroker { session, sender: sender_settings(&loaded.settings, None, Path::new(""))? }))
}

/// The daemon that runs here, and how its broker is sent to.
fn attached(context: &CommandContext, yes: bool) -> Result<(ControlClient, SenderOptions), CommandFailure> {
    let client = context.client()?;
    let status = client.status()?.value;
    if !yes {
        agree_to_reset(&status.device.device_name)?;
    }
    let settings =
        sender_settings(&context.settings(Vec::new())?.settings, Some(&status), &context.global.state_dir()?)?;
    Ok((client, SenderOptions { tenant: status.tenant, ..settings }))
}

/// Each case resets the device: what somebody has set up on it is gone, so that they are asked.
fn agree_to_reset(device: &str) -> Result<(), CommandFailure> {
    let refused = |message: String| Err(CommandFailure::configuration(message, "add --yes where it may be reset"));
    if !std::io::stdin().is_terminal() {
        return refused(format!(
            "--attach resets the device {} for each case, and nobody can be asked",
            harmless(device)
        ));
    }
    let mut stderr = anstream::stderr();
    // Where standard error is closed there is nobody to ask; the end of input is no yes.
    let _ = write!(
        stderr,
        "Each case resets the device {}: its app, enrollment and permission. Go on? [y/N] ",
        harmless(device)
    );
    let _ = stderr.flush();
    let mut answer = String::new();
    let _ = std::io::stdin().read_line(&mut answer);
    if ["y", "yes"].contains(&answer.trim().to_lowercase().as_str()) {
        return Ok(());
    }
    refused("nothing was run, and the device is as it was".to_owned())
}

async fn run_all(
    context: &mut CommandContext,
    args: &ScenarioRunArgs,
    cases: Vec<ScenarioCase>,
    broker: Option<RunBroker>,
    attached: Option<(ControlClient, SenderOptions)>,
) -> Result<RunResult, CommandFailure> {
    let options = RunOptions {
        strict: args.strict,
        repeat: args.repeat.get(),
        shuffle: args.shuffle,
        fail_fast: args.fail_fast,
        jobs: args.jobs.map_or_else(two_for_each_processor, std::num::NonZeroUsize::get),
        pictures: args.html.is_some(),
        cards: if args.notifier.is_some() { CardMode::Native } else { CardMode::Recorded },
    };
    let count = cases.len() * usize::try_from(options.repeat).unwrap_or(usize::MAX);
    let (mut done, mut told) = (0, Ok(()));
    let stop = CancellationToken::new();
    let tell = |case: &CaseResult| {
        done += 1;
        if told.is_ok() {
            // A reader that has gone does not end the run in the middle of a case; its end is told when the run is
            // over.
            told = tell(context, case, args.strict, done, count);
        }
    };
    let stopping = stop.clone();
    let watching = args.watch.then(|| WatchTerminal::open(args.open));
    let running = async {
        match (attached, &watching) {
            (Some((client, sender)), _) => attached_device::run(cases, options, client, sender, stopping, tell).await,
            (None, Some(terminal)) => {
                let ended = stopping.clone();
                let linger = async move {
                    if terminal.has_keys() {
                        terminal.tell_end();
                        ended.cancelled().await;
                    }
                };
                let tellers = terminal.tellers(stopping.clone());
                watched_run::run(cases, options, stopping, tellers, tell, linger).await
            }
            (None, None) => runner::run(cases, options, broker, stopping, tell).await,
        }
    };
    let interrupted = interrupted();
    let ended = async {
        interrupted.await;
        stop.cancel();
        // It never ends by itself: the run ends in order once it is told to stop, and its result is what is reported.
        std::future::pending().await
    };
    let run = tokio::select! {
        run = running => run?,
        run = ended => run,
    };
    told?;
    Ok(run)
}

/// A case waits for the broker more than it computes.
fn two_for_each_processor() -> usize {
    std::thread::available_parallelism().map_or(2, std::num::NonZeroUsize::get) * 2
}

fn tell(
    context: &mut CommandContext,
    case: &CaseResult,
    strict: bool,
    done: usize,
    count: usize,
) -> Result<(), CommandFailure> {
    if context.global.json {
        json_line(context, &line(case, strict))
    } else {
        context.page(&show::case(case, strict, done, count))
    }
}

fn report(context: &mut CommandContext, args: &ScenarioRunArgs, run: &RunResult) -> Result<(), CommandFailure> {
    if let Some(file) = &args.junit {
        write(file, &junit(run).map_err(anyhow::Error::from)?)?;
    }
    if let Some(file) = &args.html {
        write(file, &html(run))?;
    }
    if context.global.json { json_line(context, &summary_line(run)) } else { context.page(&show::summary(run)) }
}

pub(super) fn writable(file: &Path) -> Result<(), CommandFailure> {
    output_file::check(file).map_err(|reason| {
        let message = format!("the file {} {reason}", file.display());
        CommandFailure::configuration(message, "name a file in a folder that is there and that you may write to")
    })
}

pub(super) fn write(file: &Path, text: &str) -> Result<(), CommandFailure> {
    output_file::write(file, text.as_bytes()).map_err(|reason| {
        let message = format!("the report {} {reason}", file.display());
        CommandFailure::operation(
            "reportNotWritten",
            message,
            "name a file in a folder that is there and that you may write to",
        )
    })
}
