//! `panel`: a link to the page that shows the device; opening it; ending its access.
//!
//! Lives here: what is printed, and how a browser is opened. Does not live here: the page (`control`).

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::Subcommand;
use maud::{DOCTYPE, html};

use super::page::{PageLine, TextPage};
use super::{CommandContext, CommandFailure, script};
use crate::state_dir::StateDir;

/// The file that leads a browser to the link: arguments show in the list of processes, and a file of this user's alone does not.
const REDIRECT: &str = "panel.html";

/// Arguments of `panel`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  portal-agent panel           a link that is good once, for a minute
  portal-agent panel --open    in this computer's browser
  portal-agent panel close     end the access of every page
  portal-agent panel --script config/scripts/denied-walk.yaml --open")]
#[command(args_conflicts_with_subcommands = true)]
pub struct PanelArgs {
    /// Open it in this computer's browser
    #[arg(long)]
    open: bool,
    /// Play this script for an audience, beat by beat: Space on the page's stage plays the next, R is back at the start
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    #[command(subcommand)]
    verb: Option<PanelVerb>,
}

#[derive(Debug, Subcommand)]
enum PanelVerb {
    /// End the access of every page
    #[command(after_help = "Example:\n  portal-agent panel close")]
    Close,
}

/// Runs `panel`.
pub fn run(context: &mut CommandContext, args: &PanelArgs) -> Result<(), CommandFailure> {
    if let Some(file) = &args.script {
        return script::run(context, file, args.open);
    }
    let client = context.daemon()?;
    if let Some(PanelVerb::Close) = args.verb {
        let answer = client.close_panel()?;
        return context.show(&answer, |closed| {
            let pages = if closed.closed == 1 { "page has" } else { "pages have" };
            TextPage::of(PageLine::new().plain(format!("{} {pages} no access any more", closed.closed)))
        });
    }
    let answer = client.panel_link()?;
    if args.open {
        open(&context.global.state_dir()?, &answer.value.url)?;
        return context.show(&answer, |_| TextPage::of(PageLine::new().plain("the page opens in the browser")));
    }
    context.show(&answer, |link| TextPage::of(PageLine::new().plain(&link.url)))
}

/// Opens a link in this computer's browser, by a file in this folder.
pub(super) fn open(state_dir: &Path, url: &str) -> Result<(), CommandFailure> {
    let hint = "portal-agent panel prints the link";
    let page = html! {
        (DOCTYPE)
        meta charset="utf-8";
        meta http-equiv="refresh" content={ "0;url=" (url) };
        meta name="referrer" content="no-referrer";
        title { "portal-agent" }
        a href=(url) { "portal-agent" }
    };
    let written = StateDir::open(state_dir).and_then(|dir| dir.write_private(REDIRECT, page.into_string().as_bytes()));
    let file = written.map_err(|error| CommandFailure::operation("notOpened", error.to_string(), hint))?;
    let program = if cfg!(target_os = "macos") {
        "open"
    } else if cfg!(windows) {
        "explorer"
    } else {
        "xdg-open"
    };
    let started =
        Command::new(program).arg(&file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    started.map(drop).map_err(|error| {
        let reason = crate::library_error::os_reason(&error);
        CommandFailure::operation("notOpened", format!("{program} could not be started: {reason}"), hint)
    })
}
