//! The arguments of `push`.

use std::path::PathBuf;
use std::time::Duration;

use portal_contract::{GroupId, NotificationId, UserPrincipalName, duration};

use super::expected_word::ExpectedWord;

/// Arguments of `push`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  portal-agent push 'Office closed' 'Work from home on Friday.' --wait
  portal-agent push Hello World --expect withheld --expect notificationsPermitted
  portal-agent push --group 11111111-2222-4333-8444-555555555555 --title Hello --body World
  portal-agent push --here --raw payload.json --wait 5s --json
  portal-agent push Burst 'One of a thousand' --count 1000

Exit codes with --expect: 0 what came is what was expected; 1 something else came, or nothing.")]
pub struct PushArgs {
    /// The title; to the device of the daemon here unless --device or --group says otherwise
    #[arg(value_name = "TITLE", requires = "short_body", conflicts_with_all = ["title", "body", "raw"])]
    pub short_title: Option<String>,

    /// The body
    #[arg(value_name = "BODY")]
    pub short_body: Option<String>,

    /// The title: 1 to 50 characters
    #[arg(long, value_name = "T", required_unless_present_any = ["raw", "short_title"], allow_hyphen_values = true)]
    pub title: Option<String>,

    /// The body: 1 to 500 characters
    #[arg(long, value_name = "B", required_unless_present_any = ["raw", "short_title"], allow_hyphen_values = true)]
    pub body: Option<String>,

    /// To the users of this group; else to the device of --device, by id, or by name where the daemon hosts it
    #[arg(long, value_name = "UUID", conflicts_with_all = ["here", "device"])]
    pub group: Option<GroupId>,

    /// To the device of the daemon on this state directory; with --device, to that one of its devices
    #[arg(long)]
    pub here: bool,

    /// Print the receipts; 1 if none came in time, 4 if the push is held on the device by then
    #[arg(long, value_name = "DURATION", num_args = 0..=1, default_missing_value = "30s", value_parser = duration::parse)]
    pub wait: Option<Duration>,

    /// Wait, and exit with 1 unless this came: an outcome, held, or a word of the reason (notificationsPermitted, doze,
    /// banner); repeated: all of them
    #[arg(long, value_name = "WORD")]
    pub expect: Vec<ExpectedWord>,

    /// So many of them, each with an id of its own
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000), conflicts_with_all = ["wait", "expect", "id", "via_gateway"])]
    pub count: Option<u32>,

    /// The notification's id [default: a new UUID]
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    pub id: Option<NotificationId>,

    /// Worth showing no longer than this
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    pub expires_in: Option<Duration>,

    /// The user that it targets
    #[arg(long, value_name = "UPN")]
    pub target_user: Option<UserPrincipalName>,

    /// FCM's collapse key: of the pushes with one that wait for a device that is away, the newest replaces the others
    #[arg(long, value_name = "KEY", allow_hyphen_values = true)]
    pub collapse_key: Option<String>,

    /// Through a gateway, by Graph's call, as an administrator's script does: the one at URL, else that of this state directory
    #[arg(long, value_name = "URL", num_args = 0..=1, default_missing_value = "", conflicts_with_all = ["expect", "id", "expires_in", "target_user", "collapse_key", "raw"])]
    pub via_gateway: Option<String>,

    /// With --via-gateway URL: a file whose first line is the token
    #[arg(long, value_name = "FILE", requires = "via_gateway")]
    pub token_file: Option<PathBuf>,

    /// With --via-gateway URL: the certificate authority of a gateway over https
    #[arg(long, value_name = "FILE", requires = "via_gateway")]
    pub ca_file: Option<PathBuf>,

    /// Send this file's bytes as they are; - is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["title", "body", "id", "expires_in", "target_user", "collapse_key"])]
    pub raw: Option<PathBuf>,
}

impl PushArgs {
    /// Title and body, whichever way they were given; empty with `--raw`.
    pub(super) fn texts(&self) -> (&str, &str) {
        let title = self.title.as_deref().or(self.short_title.as_deref()).unwrap_or_default();
        let body = self.body.as_deref().or(self.short_body.as_deref()).unwrap_or_default();
        (title, body)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::super::{Cli, CliCommand};
    use super::*;

    fn arguments(line: &[&str]) -> PushArgs {
        match Cli::try_parse_from([&["portal-agent", "push", "--here"], line].concat()).unwrap().verb {
            CliCommand::Push(args) => args,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn any_text_is_a_title_a_body_and_an_id() {
        for text in ["-50% today", "--", "-", "--title", "-1", "", "%s", "\u{1f600}"] {
            let args = arguments(&["--title", text, "--body", text]);
            assert_eq!((args.title.as_deref(), args.body.as_deref()), (Some(text), Some(text)));
        }
        assert_eq!(arguments(&["--title", "T", "--body", "B", "--id", "-1"]).id.unwrap().as_str(), "-1");
    }
}
