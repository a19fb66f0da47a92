//! `portal-agentw`: starts `portal-agent` beside it with the same arguments and without a console window.
//!
//! Lives here: that start alone. The log-in starts a console program with a window, and whoever closes it ends the daemon; making
//! portal-agent itself a program without a console would take its output from every terminal.
#![cfg_attr(windows, windows_subsystem = "windows")]

use std::process::ExitCode;

#[cfg(windows)]
fn main() -> ExitCode {
    use std::os::windows::process::CommandExt;
    use std::process::{Command, Stdio};

    /// CREATE_NO_WINDOW: the console exists, and nobody sees it.
    const NO_WINDOW: u32 = 0x0800_0000;

    let Ok(this) = std::env::current_exe() else { return ExitCode::FAILURE };
    let mut agent = Command::new(this.with_file_name("portal-agent.exe"));
    agent.args(std::env::args_os().skip(1)).creation_flags(NO_WINDOW);
    // Not waited for: the setup replaces this file while the daemon ends.
    match agent.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn() {
        Ok(_) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

#[cfg(not(windows))]
fn main() -> ExitCode {
    eprintln!("portal-agentw is of use on Windows alone; here, portal-agent runs without a window");
    ExitCode::FAILURE
}
