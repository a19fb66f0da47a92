//! The exit codes (contract 5), from one match.

use std::io;

use super::CommandFailure;
use crate::control::ClientError;
use crate::demo::DemoError;

const DONE: u8 = 0;
const FAILED: u8 = 1;
/// A usage or configuration error; what clap exits with too.
pub const USAGE: u8 = 2;
const NO_DAEMON: u8 = 3;
/// A push that was waited for is held on the device (contract 7).
const HELD: u8 = 4;

/// The exit code of a result.
pub fn of(result: &Result<(), CommandFailure>) -> u8 {
    result.as_ref().err().map_or(DONE, of_failure)
}

fn of_failure(failure: &CommandFailure) -> u8 {
    match failure {
        // Whoever read the output has seen enough (`log | head`).
        CommandFailure::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => DONE,
        CommandFailure::Client(ClientError::NoDaemon(_)) | CommandFailure::DaemonEnded => NO_DAEMON,
        CommandFailure::Client(ClientError::Api(error)) if error.code == "daemonIsEnding" => NO_DAEMON,
        CommandFailure::Client(ClientError::UnknownDevice { .. } | ClientError::SeveralDevices { .. }) => USAGE,
        // What the daemon calls a bad request is an argument that is not right.
        CommandFailure::Client(ClientError::Api(error)) if error.status() == 400 => USAGE,
        CommandFailure::Configuration(_) | CommandFailure::Settings(_) => USAGE,
        CommandFailure::Held => HELD,
        CommandFailure::Several(first, _) => of_failure(first),
        CommandFailure::Start(error) | CommandFailure::Demo(DemoError::Start(error)) if error.is_configuration() => {
            USAGE
        }
        _ => FAILED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::ApiError;

    #[test]
    fn each_failure_has_the_contracts_code() {
        let error = |code: &str| CommandFailure::from(ClientError::Api(ApiError::new(code, "", "")));
        assert_eq!(of(&Ok(())), 0);
        assert_eq!(of(&Err(error("notOnThisPlatform"))), 1);
        assert_eq!(of(&Err(error("conditionNotMet"))), 1);
        assert_eq!(of(&Err(CommandFailure::NotOk)), 1);
        assert_eq!(of(&Err(error("badRequest"))), 2);
        assert_eq!(of(&Err(error("daemonIsEnding"))), 3);
        assert_eq!(of(&Err(CommandFailure::configuration("", ""))), 2);
        assert_eq!(of(&Err(ClientError::NoDaemon("x".into()).into())), 3);
        assert_eq!(of(&Err(io::Error::from(io::ErrorKind::BrokenPipe).into())), 0);
    }
}
