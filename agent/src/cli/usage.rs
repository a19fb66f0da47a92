//! Arguments that make no sense: clap's error in the contract's form, one line (contract 5).

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, Error, ErrorKind};

use super::exit_code::USAGE;
use super::failure::report as report_error;
use crate::control::ApiError;
use crate::likeness::nearest;
use crate::mqtt::may_hold_password;
use crate::secret::REDACTED;

/// Prints help or version as they are, and anything else as an error in one line; gives the exit code.
pub fn report(error: &Error, args: &[OsString]) -> ExitCode {
    let asked_for = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    // Looked for by hand: where the arguments cannot be read there are no options to ask.
    let json = args.iter().any(|arg| arg == "--json");
    let bare = error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand && !json;
    if asked_for || bare {
        // Where it cannot be written there is nobody to read it.
        let _ = error.print();
        return ExitCode::from(if asked_for { 0 } else { USAGE });
    }
    let found = usage_error(error);
    let found = ApiError { message: redacted(found.message, args), hint: redacted(found.hint, args), ..found };
    report_error(found, json, &mut anstream::stderr());
    ExitCode::from(USAGE)
}

/// A sentence of clap's, which repeats arguments, without those that hold a password: a URL with a user in it, a key.
fn redacted(mut sentence: String, args: &[OsString]) -> String {
    for arg in args {
        let arg = arg.to_string_lossy();
        let value = arg.split_once('=').filter(|(name, _)| name.starts_with("--")).map_or(&*arg, |(_, value)| value);
        let is_url = value.contains(":/") && may_hold_password(value);
        if is_url || value.contains("-----BEGIN ") {
            // Both spellings: clap's sentence was made one line before, so a value with line breaks stands in it
            // without them.
            sentence = sentence.replace(&in_one_line(value), REDACTED).replace(value, REDACTED);
        }
    }
    sentence
}

/// Clap writes paragraphs: what is wrong, tips, the usage, where to find more.
fn usage_error(error: &Error) -> ApiError {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return ApiError::new("usage", "a command is missing", "portal-agent --help lists them");
    }
    let text = error.render().to_string();
    let paragraphs: Vec<String> = text.split("\n\n").map(in_one_line).collect();
    let message = paragraphs.first().map(|first| first.trim_start_matches("error: ").to_owned()).unwrap_or_default();
    let starting =
        |start: &str| paragraphs.iter().find_map(|paragraph| Some(paragraph.strip_prefix(start)?.to_owned()));
    let usage = starting("Usage: ").map(|usage| format!("write {usage}"));
    let suggested = is_misspelt(error).then(|| suggestion(error));
    let hint = suggested
        .or_else(|| starting("tip: "))
        .or(usage)
        .unwrap_or_else(|| "add --help to see the arguments".to_owned());
    ApiError::new("usage", message, hint)
}

/// Whether a word is none that is known, for which clap suggests others.
fn is_misspelt(error: &Error) -> bool {
    let suggests = [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::SuggestedValue];
    error.kind() == ErrorKind::InvalidSubcommand || suggests.iter().any(|kind| error.get(*kind).is_some())
}

/// What was meant: clap suggests what has some letters in common (`os` for `nonsense`), of which only what is near is told.
fn suggestion(error: &Error) -> String {
    let kinds = [
        (ContextKind::InvalidSubcommand, ContextKind::SuggestedSubcommand),
        (ContextKind::InvalidValue, ContextKind::SuggestedValue),
        (ContextKind::InvalidArg, ContextKind::SuggestedArg),
    ];
    for (wrong, right) in kinds {
        let (wrong, right) = (texts(error.get(wrong)), texts(error.get(right)));
        let right: Vec<&str> = right.iter().map(String::as_str).collect();
        if let Some(nearest) = wrong.first().and_then(|wrong| nearest(wrong, &right)) {
            return format!("did you mean {nearest}?");
        }
    }
    let usage = error.get(ContextKind::Usage).map(ToString::to_string).unwrap_or_default();
    let command: Vec<&str> = usage
        .trim_start_matches("Usage:")
        .split_whitespace()
        .take_while(|word| !word.starts_with(['<', '[', '-']))
        .collect();
    let command = if command.is_empty() { "portal-agent".to_owned() } else { command.join(" ") };
    format!("{command} --help lists what there is")
}

fn texts(value: Option<&ContextValue>) -> Vec<String> {
    match value {
        Some(ContextValue::String(one)) => vec![one.clone()],
        Some(ContextValue::Strings(several)) => several.clone(),
        _ => Vec::new(),
    }
}

fn in_one_line(paragraph: &str) -> String {
    paragraph.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::Cli;
    use super::*;

    fn of(line: &str) -> ApiError {
        usage_error(&Cli::try_parse_from(line.split(' ')).unwrap_err())
    }

    #[test]
    fn an_argument_that_holds_a_password_is_not_repeated() {
        for line in [
            "portal-agent run --broker mqtt://me:hunter2@host",
            "portal-agent run --broker=mqtt://me:hunter2@host",
            "portal-agent run --broker mqtt://me:hunter2%40host",
            "portal-agent run --broker mqtt:/me:hunter2@host",
            "portal-agent run mqtt://me:hunter2@host",
            "portal-agent mqtt://me:hunter2@host",
        ] {
            let args: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            let error = of(line);
            let shown = format!("{} {}", redacted(error.message, &args), redacted(error.hint, &args));
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }

    #[test]
    fn a_usage_error_is_one_line_with_its_hint() {
        let missing = of("portal-agent enroll");
        assert_eq!(missing.message, "the following required arguments were not provided: --user <UPN>");
        assert_eq!(missing.hint, "write portal-agent enroll --user <UPN>");
        assert_eq!(of("portal-agent statis").hint, "did you mean status?");
        assert_eq!(of("portal-agent app instal").hint, "did you mean install?");
        assert_eq!(of("portal-agent run --brokr x").hint, "did you mean --broker?");
        assert_eq!(of("portal-agent nonsense").hint, "portal-agent --help lists what there is");
        assert_eq!(of("portal-agent device nonsense").hint, "portal-agent device --help lists what there is");
        let invalid = of("portal-agent enroll --user adele");
        assert!(invalid.message.contains("adele@contoso.example"), "{}", invalid.message);
        assert_eq!(of("portal-agent").message, "a command is missing");
    }
}
