//! `device …`: the device's own condition.

use portal_contract::StandbyBucket;

use super::{Context, Failure};
use crate::control::device::{
    BatteryExempt, BatteryOptimise, DozeOff, DozeOn, FocusOff, FocusOn, Lock, Offline, Online, Reset, Restore, Standby,
    Unlock, WorkProfilePause, WorkProfileResume,
};

/// Arguments of `device`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  portal-agent device lock
  portal-agent device offline          pushes wait at the broker until device online
  portal-agent device focus on
  portal-agent device work-profile pause")]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Lock it
    #[command(after_help = "Example:\n  portal-agent device lock")]
    Lock,
    /// Unlock it
    #[command(after_help = "Example:\n  portal-agent device unlock")]
    Unlock,
    /// Disconnect from the broker, really; the session stays
    #[command(after_help = "Example:\n  portal-agent device offline")]
    Offline,
    /// Connect again
    #[command(after_help = "Example:\n  portal-agent device online")]
    Online,
    /// Focus, or Do Not Disturb
    #[command(after_help = "Example:\n  portal-agent device focus on")]
    Focus {
        /// on or off
        #[arg(value_enum, value_name = "on|off", hide_possible_values = true)]
        switch: Switch,
    },
    /// Doze (Android)
    #[command(after_help = "Example:\n  portal-agent device doze on")]
    Doze {
        /// on or off
        #[arg(value_enum, value_name = "on|off", hide_possible_values = true)]
        switch: Switch,
    },
    /// Company Portal's battery optimisation (Android)
    #[command(after_help = "Example:\n  portal-agent device battery exempt")]
    Battery {
        /// exempt (unrestricted) or optimised
        #[arg(value_enum, value_name = "exempt|optimised", hide_possible_values = true)]
        usage: BatteryUse,
    },
    /// The work profile (Android)
    #[command(after_help = "Example:\n  portal-agent device work-profile pause")]
    WorkProfile {
        /// pause or resume
        #[arg(value_enum, value_name = "pause|resume", hide_possible_values = true)]
        change: ProfileChange,
    },
    /// The app's standby bucket (Android)
    #[command(after_help = "Example:\n  portal-agent device standby rare")]
    Standby {
        /// active, workingSet, frequent, rare or restricted
        #[arg(value_name = "BUCKET")]
        bucket: StandbyBucket,
    },
    /// Set it up anew from a backup (iOS, iPadOS): the permission is forgotten
    #[command(after_help = "Example:\n  portal-agent device restore")]
    Restore,
    /// Out of its box again: app, enrollment and permission are gone; identity, clock and journal stay
    #[command(after_help = "Example:\n  portal-agent device reset")]
    Reset,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Switch {
    On,
    Off,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum BatteryUse {
    Exempt,
    Optimised,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum ProfileChange {
    Pause,
    Resume,
}

/// Runs `device`.
pub fn run(context: &mut Context, args: &Args) -> Result<(), Failure> {
    match args.what {
        What::Lock => context.change(&Lock {}),
        What::Unlock => context.change(&Unlock {}),
        What::Offline => context.change(&Offline {}),
        What::Online => context.change(&Online {}),
        What::Focus { switch: Switch::On } => context.change(&FocusOn {}),
        What::Focus { switch: Switch::Off } => context.change(&FocusOff {}),
        What::Doze { switch: Switch::On } => context.change(&DozeOn {}),
        What::Doze { switch: Switch::Off } => context.change(&DozeOff {}),
        What::Battery { usage: BatteryUse::Exempt } => context.change(&BatteryExempt {}),
        What::Battery { usage: BatteryUse::Optimised } => context.change(&BatteryOptimise {}),
        What::WorkProfile { change: ProfileChange::Pause } => context.change(&WorkProfilePause {}),
        What::WorkProfile { change: ProfileChange::Resume } => context.change(&WorkProfileResume {}),
        What::Standby { bucket } => context.change(&Standby { bucket }),
        What::Restore => context.change(&Restore {}),
        What::Reset => context.change(&Reset {}),
    }
}
