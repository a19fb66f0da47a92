//! A command on the wire: its path, its body, and what it means to the device.
//!
//! Lives here: the one definition that the server's route, its documentation and the client share.
//! Does not live here: the commands themselves (one file a verb).

use axum::http::Method;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Fault;
use portal_device::DeviceCommand;

/// A command as a request body; a member that it does not know is an error (`deny_unknown_fields`).
pub trait Call: Serialize + DeserializeOwned + JsonSchema + Send + 'static {
    /// Its path below `/v1/devices/{device}/`: the command's words, but `device`, which the path names already.
    const PATH: &'static str;
    /// What it does, in a line.
    const SUMMARY: &'static str;
    /// How it is sent.
    const METHOD: Method = Method::POST;

    /// What it means to the device.
    ///
    /// # Errors
    /// A member that has the right type and the wrong form.
    fn command(self) -> Result<DeviceCommand, Fault>;
}

/// Commands without arguments: name, path, what it does, and the device's command.
macro_rules! plain_calls {
    ($($name:ident: $path:literal, $summary:literal => $command:expr;)+) => {$(
        #[doc = $summary]
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {}

        impl $crate::control::Call for $name {
            const PATH: &'static str = $path;
            const SUMMARY: &'static str = $summary;

            fn command(self) -> Result<portal_device::DeviceCommand, $crate::control::Fault> {
                Ok($command)
            }
        }
    )+};
}
pub(super) use plain_calls;
