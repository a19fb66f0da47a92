//! Microsoft Graph's calls for custom notifications and managed devices, as far as `portal-agent gateway` answers them.
//!
//! A request goes through two halves, so that nothing here waits: [`Gateway::handle`] judges it and says what is to be
//! published; once that was published, or was not, [`Gateway::finish`] has the answer. What devices publish comes in by
//! [`Gateway::on_message`]. Time is passed in with each request.
//!
//! Lives here: routes, roles, OData's options, limits, groups, errors in Graph's shape. Does not live here: HTTP, MQTT, files, a
//! clock (the agent's `gateway`). What is documented and what was chosen stands in `agent/docs/gateway.md`.

mod answer;
mod batch;
mod body;
mod calls;
mod directory;
mod emulator;
mod faults;
mod filter;
mod gateway;
mod lexer;
mod limits;
mod odata;
mod openapi;
mod records;
mod refused_actions;
mod report;
mod role;
mod route;
mod sends;
mod tenant;
mod token_endpoint;
mod tokens;

pub use answer::{GraphAnswer, GraphError, RequestIds};
pub use batch::{Batch, BatchRequest};
pub use directory::{Directory, Group};
pub use faults::{Fault, Faults};
pub use gateway::{Admission, Gateway, GraphRequest, PendingCall, Step};
pub use limits::LimitSettings;
pub use role::{Permission, Role};
pub use route::{ApiVersion, CALLS, CallRow};
pub use tenant::{Heard, OutgoingMessage};
pub use tokens::{Caller, TokenTable, TokensError};

#[cfg(test)]
mod tests;
