//! The command line (contract 5): arguments in, one request to the daemon, a page or JSON out.
//!
//! Lives here: the commands that the table does not have, one file each; how the table's are typed (`table`); how results
//! and errors are printed. Does not live here: what a command does to the device. A daemon is reached through the control
//! API's client alone.

mod browser;
mod capture;
mod changed;
mod color;
mod config;
mod context;
mod demo;
mod device_source;
mod devices;
mod diagnostics;
mod differences;
mod doctor;
mod exit_code;
mod explain;
mod facts;
mod failure;
mod gateway;
mod global;
mod local_time;
mod log;
mod log_file;
mod log_lines;
pub mod logging;
mod outcomes;
mod page;
mod panel;
mod push;
mod run;
mod run_lines;
mod scenario;
mod screen;
mod script;
mod see;
mod service;
mod shell;
mod short_id;
mod status;
mod stop;
mod table;
mod usage;
mod version;
mod views;
mod wait;
mod what_if;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use portal_contract::command::views as rows;

pub use context::CommandContext;
pub use failure::CommandFailure;
pub use global::GlobalOptions;
pub use logging::LogFormatOption;

const EXAMPLES: &str = "\
Examples:
  portal-agent demo                       the whole thing on this machine, nothing installed
  portal-agent run --embedded-broker      a daemon with a broker of its own
  portal-agent app install                the app asks for the permission to notify
  portal-agent permission deny            answer its prompt
  portal-agent explain                    why the latest push did or did not show

Exit codes: 0 done; 1 the operation failed; 2 usage or configuration error; 3 no daemon is running;\n4 the push that was waited for is held.";

/// A Company Portal device agent emulator: custom notifications over MQTT become native notifications, or a reason why not.
#[derive(Debug, Parser)]
#[command(name = "portal-agent", version, about, after_help = EXAMPLES, max_term_width = 110)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub struct Cli {
    /// What holds for every command.
    #[command(flatten)]
    pub global: GlobalOptions,
    /// The command.
    #[command(subcommand)]
    pub verb: CliCommand,
}

/// The commands, in the contract's order.
#[derive(Debug, Subcommand)]
pub enum CliCommand {
    /// The whole thing on one machine: broker, enrolled device, permission prompt, a first push
    Demo(demo::DemoArgs),
    /// The daemon, in the foreground
    Run(run::RunArgs),
    /// End the daemon cleanly
    Stop(stop::StopArgs),
    /// `status`
    #[command(about = rows::STATUS.summary, after_help = table::examples(rows::STATUS.examples))]
    Status(status::StatusArgs),
    /// `screen`
    #[command(about = rows::SCREEN.summary, after_help = table::examples(rows::SCREEN.examples))]
    Screen(screen::ScreenArgs),
    /// The device on screen: a link to the page that shows the phone, why a push did not show, and its history
    Panel(panel::PanelArgs),
    /// What the table of commands has.
    #[command(flatten)]
    Table(table::TableCommand),
    /// Send a custom notification, as a sender for tests
    Push(push::PushArgs),
    /// `log`
    #[command(about = rows::LOG.summary, after_help = table::examples(rows::LOG.examples))]
    Log(log::LogArgs),
    /// `wait`
    #[command(about = rows::WAIT.summary, after_help = wait::help())]
    Wait(wait::WaitArgs),
    /// `explain`
    #[command(about = rows::EXPLAIN.summary, after_help = table::examples(rows::EXPLAIN.examples))]
    Explain(explain::ExplainArgs),
    /// Explain a push to a phone that is only described: no daemon, no broker
    WhatIf(what_if::WhatIfArgs),
    /// What becomes of one push on every combination of the states that a phone may be in
    Outcomes(outcomes::OutcomesArgs),
    /// Every rule of the device with its source: what it does, in which documentation, what nobody documents
    Facts(facts::FactsArgs),
    /// `doctor`
    #[command(about = rows::DOCTOR.summary, after_help = table::examples(rows::DOCTOR.examples))]
    Doctor(doctor::DoctorArgs),
    /// One file for whoever helps: status, doctor, settings, receipts, log; no secrets
    Diagnostics(diagnostics::DiagnosticsArgs),
    /// The daemon as a service: started with the desktop session
    Service(service::ServiceArgs),
    /// Microsoft Graph's calls for emulated devices: scripts and SDKs of administrators send to them
    Gateway(gateway::GatewayArgs),
    /// The settings in force, and where each comes from
    Config(config::ConfigArgs),
    /// Permission-denied testing as files: run, check, record, schema, facts
    Scenario(scenario::ScenarioArgs),
    /// The script by which a shell completes these commands
    Completions(shell::CompletionsArgs),
    /// The manual: its first page, or a page for each command in a folder
    Man(shell::ManArgs),
}

impl CliCommand {
    fn run(&self, context: &mut CommandContext) -> Result<(), CommandFailure> {
        match self {
            Self::Demo(args) => demo::run(context, args),
            Self::Run(args) => run::run(context, args),
            Self::Stop(args) => stop::run(context, args),
            Self::Status(args) => status::run(context, args),
            Self::Screen(args) => screen::run(context, args),
            Self::Panel(args) => panel::run(context, args),
            Self::Table(command) => table::run(context, command),
            Self::Push(args) => push::run(context, args),
            Self::Log(args) => log::run(context, args),
            Self::Wait(args) => wait::run(context, args),
            Self::Explain(args) => explain::run(context, args),
            Self::WhatIf(args) => what_if::run(context, args),
            Self::Outcomes(args) => outcomes::run(context, args),
            Self::Facts(args) => facts::run(context, args),
            Self::Doctor(args) => doctor::run(context, args),
            Self::Diagnostics(args) => diagnostics::run(context, args),
            Self::Service(args) => service::run(context, args),
            Self::Gateway(args) => gateway::run(context, args),
            Self::Config(args) => config::run(context, args),
            Self::Scenario(args) => scenario::run(context, args),
            Self::Completions(args) => shell::completions(context, args),
            Self::Man(args) => shell::man(context, args),
        }
    }

    /// Whether the command starts logging itself, since its settings may say how.
    fn reads_settings(&self) -> bool {
        match self {
            Self::Demo(_) | Self::Run(_) | Self::Push(_) | Self::Config(_) => true,
            Self::Scenario(args) => args.reads_settings(),
            Self::Gateway(args) => args.reads_settings(),
            _ => false,
        }
    }
}

/// The program: reads the arguments, carries out the command, reports an error, and gives the exit code.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    if let Some(version) = version::asked(&args) {
        use std::io::Write;
        // Whoever does not read it has not asked.
        let _ = anstream::stdout().write_all(version.as_bytes());
        return ExitCode::SUCCESS;
    }
    let color = color::of_arguments(&args);
    color.apply();
    let matches = Cli::command().color(color.of_help()).try_get_matches_from(&args);
    let cli = match matches.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) => return usage::report(&error, &args),
    };
    // The options go into the context, and an error must still be reported as they say.
    let json = cli.global.json;
    let hyperlinks = color.takes_hyperlinks() && supports_hyperlinks::on(supports_hyperlinks::Stream::Stdout);
    let mut context = CommandContext::new(cli.global, Box::new(anstream::stdout()), hyperlinks);
    if !cli.verb.reads_settings() {
        context.start_client_logging();
    }
    let result = cli.verb.run(&mut context);
    if let Err(failure) = &result {
        failure.report(json, &mut anstream::stderr());
    }
    ExitCode::from(exit_code::of(&result))
}
