//! The program `portal-agent`. The main thread stays with the command: macOS wants it for the desktop, and only `run`,
//! `demo` and `push` make a runtime.

use std::process::ExitCode;

fn main() -> ExitCode {
    portal_agent::cli::main(std::env::args_os())
}
