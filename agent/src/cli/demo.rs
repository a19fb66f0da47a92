//! `demo`: the whole thing on one machine with nothing installed.

use portal_contract::OperatingSystem;

use super::{CommandContext, CommandFailure};
use crate::{demo, desktop};

/// Arguments of `demo`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  portal-agent demo
  portal-agent demo --platform android")]
pub struct DemoArgs {
    /// The device's platform [default: ios]
    #[arg(long, value_name = "ios|ipados|android")]
    pub platform: Option<OperatingSystem>,
}

/// Runs `demo`. It is the same whatever a settings file says: it has to work with nothing set up.
pub fn run(context: &mut CommandContext, args: &DemoArgs) -> Result<(), CommandFailure> {
    context.start_demo_logging();
    let platform = args.platform.unwrap_or(OperatingSystem::Ios);
    desktop::beside_main_thread(|| {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(CommandFailure::runtime)?;
        Ok(runtime.block_on(demo::run(platform))?)
    })
}
