//! `completions` and `man`: what shells and manuals take, made of the command line itself.
//!
//! Lives here: writing them. Does not live here: what they say; the commands' own help is all of it.

use std::path::{Path, PathBuf};

use clap::CommandFactory;
use clap_complete::Shell;

use super::page::{PageLine, TextPage};
use super::{Cli, CommandContext, CommandFailure};

const PROGRAM: &str = "portal-agent";

/// Arguments of `completions`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  portal-agent completions bash > ~/.local/share/bash-completion/completions/portal-agent
  portal-agent completions zsh > \"${fpath[1]}/_portal-agent\"
  portal-agent completions powershell >> $PROFILE")]
pub struct CompletionsArgs {
    /// bash, zsh, fish, powershell or elvish
    #[arg(value_enum, value_name = "SHELL", hide_possible_values = true)]
    shell: Shell,
}

/// Arguments of `man`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  portal-agent man | man -l -
  portal-agent man ~/.local/share/man/man1")]
pub struct ManArgs {
    /// Where a page for each command goes; without it the first one is printed
    #[arg(value_name = "DIR")]
    directory: Option<PathBuf>,
}

/// Runs `completions`.
pub fn completions(context: &mut CommandContext, args: &CompletionsArgs) -> Result<(), CommandFailure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), PROGRAM, &mut script);
    context.text(&String::from_utf8_lossy(&script))
}

/// Runs `man`.
pub fn man(context: &mut CommandContext, args: &ManArgs) -> Result<(), CommandFailure> {
    let Some(directory) = &args.directory else {
        let mut page = Vec::new();
        clap_mangen::Man::new(Cli::command()).render(&mut page)?;
        return context.text(&String::from_utf8_lossy(&page));
    };
    std::fs::create_dir_all(directory)
        .and_then(|()| clap_mangen::generate_to(Cli::command(), directory))
        .map_err(|error| not_written(directory, &error))?;
    context.page(&TextPage::of(PageLine::new().plain(format!("the pages are in {}", directory.display()))))
}

fn not_written(directory: &Path, error: &std::io::Error) -> CommandFailure {
    let message =
        format!("the pages cannot be written to {}: {}", directory.display(), crate::library_error::os_reason(error));
    CommandFailure::configuration(message, "name a folder that you may write, as in ~/.local/share/man/man1")
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    #[test]
    fn every_shell_completes_the_tables_commands() {
        for shell in Shell::value_variants() {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), PROGRAM, &mut script);
            let script = String::from_utf8(script).unwrap();
            assert!(script.contains("force-stop") && script.contains("target-sdk"), "{shell}");
        }
    }

    #[test]
    fn there_is_a_manual_page_for_each_command() {
        let folder = tempfile::tempdir().unwrap();
        clap_mangen::generate_to(Cli::command(), folder.path()).unwrap();
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        assert!(read("portal-agent.1").contains("portal\\-agent"));
        assert!(read("portal-agent-app-install.1").contains("target\\-sdk"));
        assert!(read("portal-agent-device-focus-on.1").contains("Focus"));
    }
}
