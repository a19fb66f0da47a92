//! `doctor --see`: a code on a card that the tester types back, so that the whole way to the eye is proved.
//!
//! Lives here: the code, the question, and what the answer says. The push goes the way of any other: sender, broker, device,
//! desktop. Does not live here: the other checks (`doctor`).

use std::io::{BufRead, Write, stdin};

use clap::Parser;
use portal_contract::DoctorCheck;

use super::capture::run_captured;
use super::{Cli, CommandContext};

/// Shows the code, asks for it, and says what came of it.
pub(super) fn see(context: &CommandContext) -> DoctorCheck {
    let code = format!("{:04}", fastrand::u32(..10_000));
    let body = format!("Type this code where portal-agent doctor asks for it: {code}");
    let words = ["portal-agent", "push", "--here", "--wait", "20s", "--title", "portal-agent doctor", "--body", &body];
    let Ok(cli) = Cli::try_parse_from(words) else {
        return check(false, "the push for it cannot be made".to_owned(), "report this");
    };
    let (printed, failure) = run_captured(&context.global, &cli);
    let receipt = printed.lines().rev().find_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let outcome = receipt.as_ref().and_then(|receipt| receipt["outcome"].as_str()).unwrap_or_default().to_owned();
    if outcome != "presented" {
        let detail = match failure {
            Some(failure) if outcome.is_empty() => format!("no card: {}", failure.message),
            _ => format!("no card: the push was {outcome}, so the device would not show one"),
        };
        return check(
            false,
            detail,
            "portal-agent explain says why; portal-agent device set-up makes the device ready",
        );
    }
    let mut stderr = anstream::stderr();
    // Where standard error is closed there is nobody to ask.
    let _ = write!(stderr, "A card shows a code. Type it here, or Enter alone where there is none: ");
    let _ = stderr.flush();
    let mut typed = String::new();
    let _ = stdin().lock().read_line(&mut typed);
    judge(&code, typed.trim())
}

fn judge(code: &str, typed: &str) -> DoctorCheck {
    match typed {
        _ if typed == code => check(true, "the code on the card was read: the whole way works".to_owned(), ""),
        "" => check(
            false,
            "nobody saw the card, which the desktop accepted".to_owned(),
            "see doNotDisturb, applicationSwitch and session above, and look into the desktop's list of notifications",
        ),
        other => check(false, format!("{other:?} is not the code on the card"), "portal-agent doctor --see, once more"),
    }
}

fn check(ok: bool, detail: String, hint: &str) -> DoctorCheck {
    DoctorCheck { name: "seen".to_owned(), ok, known: true, detail, hint: hint.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_code_itself_proves_it() {
        assert!(judge("0042", "0042").ok);
        for typed in ["", "42", "0043", "yes"] {
            let check = judge("0042", typed);
            assert!(!check.ok && !check.hint.is_empty(), "{check:?}");
        }
    }
}
