//! `what-if`: a push to a phone that is only described.

use std::path::Path;

use portal_contract::Explanation;
use portal_contract::notification::{MAX_BODY_UNITS, MAX_TITLE_UNITS};

use super::page::PageLine;
use super::{CommandContext, CommandFailure, explain};
use crate::input_file;
use crate::what_if::{DescribedPhone, DescriptionError, PhoneFileError, vocabulary};

/// The largest file that describes a phone.
const LARGEST_FILE: usize = 4 * 1024 * 1024;

/// Arguments of `what-if`.
#[derive(Debug, clap::Args)]
#[command(after_help = help())]
pub struct WhatIfArgs {
    /// The phone in words, with commas between them; or a scenario file, whose device it is; or a file with what status --json
    /// printed
    #[arg(value_name = "DESCRIPTION|FILE", allow_hyphen_values = true)]
    phone: String,

    /// The title: 1 to 50 characters
    #[arg(long, value_name = "T", default_value = "Office closed", allow_hyphen_values = true)]
    title: String,

    /// The body: 1 to 500 characters
    #[arg(long, value_name = "B", default_value = "Work from home on Friday.", allow_hyphen_values = true)]
    body: String,
}

fn help() -> String {
    let words = textwrap::fill(&vocabulary().collect::<Vec<_>>().join(", "), 100).replace('\n', "\n  ");
    format!(
        "\
Examples:
  portal-agent what-if 'android 14, work profile, denied twice, app open'
  portal-agent what-if 'iphone, 2023, supervised, NotificationsEnabled=false'
  portal-agent what-if 'android 16, doze, push_service.android_priority=high' --json
  portal-agent what-if config/scenarios/prerequisites.yaml

Words (what is not said: iOS of today, Company Portal installed, allowed, enrolled):
  {words};
  a documentation year; alert=off and other switches; PermissionGrantState=denied and other policies;
  push_service.android_priority=high and other settings of the rules; any command that changes a device"
    )
}

/// Runs `what-if`.
pub fn run(context: &mut CommandContext, args: &WhatIfArgs) -> Result<(), CommandFailure> {
    check_length("title", &args.title, MAX_TITLE_UNITS)?;
    check_length("body", &args.body, MAX_BODY_UNITS)?;
    // A file wins: no description in words is likely to be a file's name, and a typing error in a path is told as
    // unknown words.
    let path = Path::new(&args.phone);
    let phones = if path.is_file() {
        of_file(context, path)?
    } else {
        vec![DescribedPhone::of_words(&args.phone).map_err(wrong)?]
    };
    let several = phones.len() > 1;
    for phone in &phones {
        let explanation = phone.explain(&args.title, &args.body).map_err(wrong)?;
        if context.global.json {
            context.json(&explanation)?;
        } else {
            context.page(&explain::page_titled(
                title(&explanation, several.then_some(&phone.name)),
                &explanation,
                "Its prerequisites",
            ))?;
        }
    }
    Ok(())
}

fn title(explanation: &Explanation, name: Option<&String>) -> PageLine {
    let outcome = explain::outcome(explanation);
    let line =
        PageLine::new().plain("a push to ").strong(name.map_or("this phone", String::as_str)).plain(" would be ");
    if outcome == "presented" { line.good(outcome) } else { line.bad(outcome) }
}

fn of_file(context: &CommandContext, path: &Path) -> Result<Vec<DescribedPhone>, CommandFailure> {
    let bytes = input_file::read(path, LARGEST_FILE).map_err(|error| {
        CommandFailure::configuration(
            format!("the file {} {error}", path.display()),
            "name another, or describe the phone",
        )
    })?;
    DescribedPhone::of_file(path, &bytes).map_err(|error| match error {
        PhoneFileError::Description(error) => wrong(error),
        PhoneFileError::Scenario(file) => {
            super::scenario::tell(context.global.json, std::slice::from_ref(&file));
            let message = format!("{} describes no phone", path.display());
            CommandFailure::configuration(message, "name a scenario file, or a file with what status --json printed")
        }
    })
}

fn check_length(what: &str, text: &str, most: usize) -> Result<(), CommandFailure> {
    // In UTF-16 code units, as the payload's own limits count (contract 2).
    let length = text.encode_utf16().count();
    if (1..=most).contains(&length) {
        return Ok(());
    }
    Err(CommandFailure::configuration(
        format!("the {what} has {length} characters; 1 to {most} are allowed"),
        "write another",
    ))
}

fn wrong(error: DescriptionError) -> CommandFailure {
    CommandFailure::configuration(error.message, error.hint)
}
