//! `panel`: a link to the page that shows the device; opening it; ending its access.
//!
//! Lives here: what is printed. Does not live here: opening a browser (`browser`), the page (`control`).

use std::path::PathBuf;

use clap::Subcommand;

use super::page::{PageLine, TextPage};
use super::{CommandContext, CommandFailure, browser, script};

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
        browser::open(&context.global.state_dir()?, &answer.value.url)?;
        return context.show(&answer, |_| TextPage::of(PageLine::new().plain("the page opens in the browser")));
    }
    context.show(&answer, |link| TextPage::of(PageLine::new().plain(&link.url)))
}
