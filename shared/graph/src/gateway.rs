//! The gateway's one entrance: who calls, which call it is, what is to be published, and the answer.
//!
//! Lives here: tokens, tenants, the way of a request through both halves (`handle` before, `finish` after publishing). Does not
//! live here: the calls themselves (`calls`), HTTP, MQTT and the clock, which the caller brings.

use std::collections::BTreeMap;

use portal_contract::{DeviceId, Tenant, Timestamp};
use serde_json::Value;

use crate::answer::{GraphAnswer, GraphError, RequestIds};
use crate::calls::{self, PendingKind};
use crate::directory::Directory;
use crate::emulator;
use crate::limits::LimitSettings;
use crate::role::Role;
use crate::route::Call;
use crate::tenant::{Heard, OutgoingMessage, TenantState};
use crate::token_endpoint;
use crate::tokens::{Caller, IssuedTokens, IssuedWorth, TokenTable};

/// A request, as HTTP brought it.
#[derive(Debug, Clone)]
pub struct GraphRequest<'a> {
    /// The method.
    pub method: &'a str,
    /// The path, not decoded.
    pub path: &'a str,
    /// The query, not decoded, without its question mark.
    pub query: &'a str,
    /// Scheme and authority by which the caller reached the gateway, for links.
    pub base: &'a str,
    /// The body.
    pub body: &'a [u8],
    /// Its ids and when it came.
    pub ids: &'a RequestIds,
}

/// Who is let in.
#[derive(Debug)]
pub enum Admission {
    /// This caller, whose request [`Gateway::handle`] takes.
    Caller(Caller),
    /// Nobody: the request needed no token, and this is its answer.
    Answer(GraphAnswer),
}

/// What comes of a request.
#[derive(Debug)]
pub enum Step {
    /// The answer.
    Answer(GraphAnswer),
    /// Messages to be published first; then [`Gateway::finish`] has the answer.
    Publish(Box<PendingCall>),
}

/// A call between its two halves.
#[derive(Debug)]
pub struct PendingCall {
    messages: Vec<OutgoingMessage>,
    /// How many messages there are.
    pub(crate) count: usize,
    pub(crate) ids: RequestIds,
    pub(crate) tenant: Tenant,
    pub(crate) kind: PendingKind,
}

impl PendingCall {
    pub(crate) fn new(
        messages: Vec<OutgoingMessage>,
        request: &GraphRequest<'_>,
        caller: &Caller,
        kind: PendingKind,
    ) -> Self {
        let count = messages.len();
        Self { messages, count, ids: request.ids.clone(), tenant: caller.tenant.clone(), kind }
    }

    /// What is to be published, in this order; once.
    pub fn take_messages(&mut self) -> Vec<OutgoingMessage> {
        std::mem::take(&mut self.messages)
    }

    /// The id of the request, and of what it sends.
    pub fn id(&self) -> &str {
        &self.ids.request_id
    }

    /// Whether it changes the groups, which are to be kept then.
    pub fn changes_groups(&self) -> bool {
        matches!(self.kind, PendingKind::Groups { .. })
    }

    /// Whether it sends a custom notification, which a fault may lose.
    pub fn is_send(&self) -> bool {
        match &self.kind {
            PendingKind::DeviceSend(_) | PendingKind::GroupSend => true,
            PendingKind::Bulk(result) => result.is_send(),
            PendingKind::Act { .. } | PendingKind::Groups { .. } => false,
        }
    }
}

/// The gateway.
#[derive(Debug)]
pub struct Gateway {
    tokens: Option<TokenTable>,
    issued: IssuedTokens,
    default_tenant: Tenant,
    tenants: BTreeMap<Tenant, TenantState>,
    ahead_millis: i64,
}

impl Gateway {
    /// A gateway for callers with these tokens, or for everybody where there are none; `tenants` are the groups that are
    /// known of each tenant.
    pub fn new(
        tokens: Option<TokenTable>,
        default_tenant: Tenant,
        mut known: BTreeMap<Tenant, Directory>,
        limits: LimitSettings,
    ) -> Self {
        let named = tokens.iter().flat_map(TokenTable::tenants).cloned();
        let names: std::collections::BTreeSet<Tenant> = named.chain([default_tenant.clone()]).collect();
        let tenants = names.into_iter().map(|name| {
            let directory = known.remove(&name).unwrap_or_default();
            (name.clone(), TenantState::new(name, directory, limits))
        });
        Self { tenants: tenants.collect(), tokens, issued: IssuedTokens::default(), default_tenant, ahead_millis: 0 }
    }

    /// The tenants that it serves.
    pub fn tenants(&self) -> impl Iterator<Item = &Tenant> {
        self.tenants.keys()
    }

    /// The groups of each tenant, to be kept over a restart.
    pub fn directories(&self) -> BTreeMap<&Tenant, &Directory> {
        self.tenants.iter().map(|(name, state)| (name, &state.directory)).collect()
    }

    /// The latest sends of the default tenant, oldest first, as `GET /emulator/notifications` has them.
    pub fn latest_sends(&self, most: usize) -> Vec<Value> {
        self.tenants.get(&self.default_tenant).map(|state| state.sends.latest(most)).unwrap_or_default()
    }

    /// The gateway's time, which `POST /emulator/clock` moves ahead of the computer's.
    pub fn time(&self, computer: Timestamp) -> Timestamp {
        computer.plus_millis(self.ahead_millis)
    }

    pub(crate) fn caller(&self, authorization: Option<&str>, now: Timestamp) -> Result<Caller, GraphError> {
        let Some(tokens) = &self.tokens else {
            return Ok(Caller { role: Role::Admin, tenant: self.default_tenant.clone() });
        };
        let (scheme, token) = authorization.and_then(|value| value.split_once(' ')).unwrap_or_default();
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(GraphError::unauthorized("Access token is empty."));
        }
        let token = token.trim();
        if let Some(caller) = tokens.caller(token, &self.default_tenant) {
            return Ok(caller);
        }
        match self.issued.worth(token, now) {
            IssuedWorth::Good(caller) => Ok(caller),
            IssuedWorth::Expired => Err(GraphError::unauthorized("Lifetime validation failed, the token is expired.")),
            IssuedWorth::Unknown => Err(GraphError::unauthorized("The token is not one of this gateway's.")),
        }
    }

    /// Whose request it is, by the value of its `Authorization` header; or the answer to what needs no token: the token endpoint and
    /// where it is. `fresh` draws a secret.
    ///
    /// # Errors
    /// Graph's 401.
    pub fn admit(
        &mut self,
        request: &GraphRequest<'_>,
        authorization: Option<&str>,
        fresh: impl FnOnce() -> String,
    ) -> Result<Admission, GraphError> {
        match self.before_sign_in(request, fresh) {
            Some(answer) => Ok(Admission::Answer(answer)),
            None => self.caller(authorization, request.ids.now).map(Admission::Caller),
        }
    }

    fn before_sign_in(&mut self, request: &GraphRequest<'_>, fresh: impl FnOnce() -> String) -> Option<GraphAnswer> {
        let tokens = self.tokens.as_ref();
        let default = &self.default_tenant;
        token_endpoint::answer(
            request,
            |secret| tokens?.caller(secret, default),
            |caller| {
                let token = fresh();
                self.issued.issue(token.clone(), caller, request.ids.now);
                token
            },
        )
    }

    /// Takes a request; `broker` is whether there is a broker to publish to and to know devices from.
    pub fn handle(&mut self, caller: &Caller, request: &GraphRequest<'_>, broker: Result<(), &str>) -> Step {
        let Some(state) = self.tenants.get_mut(&caller.tenant) else {
            // Callers are made of the tokens that the tenants were made of.
            return Step::Answer(GraphError::unauthorized("The tenant is not served.").answer(request.ids));
        };
        let step = if request.path.starts_with("/emulator/") {
            emulator::answer(state, caller.role, request, &mut self.ahead_millis).map(Step::Answer)
        } else {
            Call::parse(request.method, request.path).and_then(|(_, call)| {
                let permission = call.permission();
                if !caller.role.may(permission) {
                    return Err(calls::forbidden(caller.role, permission));
                }
                broker.map_err(GraphError::broker_away)?;
                calls::carry_out(state, caller, request, call)
            })
        };
        step.unwrap_or_else(|error| {
            if let Some(reason) = error.refusal {
                state.refusals.count(reason);
            }
            Step::Answer(error.answer(request.ids))
        })
    }

    /// The answer to a call, once its messages were published, each or not.
    pub fn finish(&mut self, call: PendingCall, published: &[bool]) -> GraphAnswer {
        let Some(state) = self.tenants.get_mut(&call.tenant) else { return GraphAnswer::no_content() };
        let ids = call.ids.clone();
        calls::finish(state, call, published).unwrap_or_else(|error| {
            if let Some(reason) = error.refusal {
                state.refusals.count(reason);
            }
            error.answer(&ids)
        })
    }

    /// A connection to the broker begins: what it retains comes anew.
    pub fn begin(&mut self) {
        self.tenants.values_mut().for_each(TenantState::begin);
    }

    /// What the broker retains has been heard; the lists of groups that are to be written.
    pub fn complete(&mut self) -> Vec<OutgoingMessage> {
        self.tenants.values_mut().flat_map(TenantState::complete).collect()
    }

    /// A message from the broker.
    pub fn on_message(&mut self, topic: &str, payload: &[u8]) -> Heard {
        let parts: Vec<&str> = topic.split('/').collect();
        let ["portal", "v1", tenant, "devices", device, leaf] = parts[..] else { return Heard::default() };
        let tenant = tenant.parse().ok().and_then(|tenant: Tenant| self.tenants.get_mut(&tenant));
        match (tenant, device.parse::<DeviceId>()) {
            (Some(state), Ok(device)) => state.on_message(device, leaf, payload),
            _ => Heard::default(),
        }
    }
}
