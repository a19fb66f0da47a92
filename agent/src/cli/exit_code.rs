//! The exit codes (contract 5), from one match.

use std::io;

use super::Failure;
use crate::control::ClientError;
use crate::demo::DemoError;

const DONE: u8 = 0;
const FAILED: u8 = 1;
/// A usage or configuration error; what clap exits with too.
pub const USAGE: u8 = 2;
const NO_DAEMON: u8 = 3;

/// The exit code of a result.
pub fn of(result: &Result<(), Failure>) -> u8 {
    result.as_ref().err().map_or(DONE, of_failure)
}

fn of_failure(failure: &Failure) -> u8 {
    match failure {
        // Whoever read the output has seen enough (`log | head`).
        Failure::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => DONE,
        Failure::Client(ClientError::NoDaemon(_)) | Failure::DaemonEnded => NO_DAEMON,
        Failure::Client(ClientError::Fault(fault)) if fault.code == "daemonIsEnding" => NO_DAEMON,
        // What the daemon calls a bad request is an argument that is not right.
        Failure::Client(ClientError::Fault(fault)) if fault.status() == 400 => USAGE,
        Failure::Configuration(_) | Failure::Settings(_) => USAGE,
        Failure::Several(first, _) => of_failure(first),
        Failure::Start(error) | Failure::Demo(DemoError::Start(error)) if error.is_configuration() => USAGE,
        _ => FAILED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::Fault;

    #[test]
    fn each_failure_has_the_contracts_code() {
        let fault = |code: &str| Failure::from(ClientError::Fault(Fault::new(code, "", "")));
        assert_eq!(of(&Ok(())), 0);
        assert_eq!(of(&Err(fault("notOnThisPlatform"))), 1);
        assert_eq!(of(&Err(fault("conditionNotMet"))), 1);
        assert_eq!(of(&Err(Failure::NotOk)), 1);
        assert_eq!(of(&Err(fault("badRequest"))), 2);
        assert_eq!(of(&Err(fault("daemonIsEnding"))), 3);
        assert_eq!(of(&Err(Failure::configuration("", ""))), 2);
        assert_eq!(of(&Err(ClientError::NoDaemon("x".into()).into())), 3);
        assert_eq!(of(&Err(io::Error::from(io::ErrorKind::BrokenPipe).into())), 0);
    }
}
