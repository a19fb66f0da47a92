//! One path of the control API: what it is called, what goes in and comes out, and what answers it.
//!
//! Lives here: the form of the table's rows. Does not live here: the table (`routes`), the document (`openapi`).

use axum::Json;
use axum::extract::{Request, State};
use axum::handler::Handler;
use axum::http::Method;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, on};
use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::api::{Api, OwnDevice};
use super::body::Body;
use super::parameters::{Given, Parameter};
use super::{Applied, Call, Fault, RunningDevice};
use portal_device::DeviceCommand;

/// Writes the schema of a type into a document.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// What a route answers with.
#[derive(Clone, Copy)]
pub(super) enum Answers {
    Json(SchemaOf),
    /// JSON, or server-sent events when the client accepts them.
    JsonOrEvents(SchemaOf),
    /// Server-sent events, each with such a JSON.
    Events(SchemaOf),
    Text,
}

/// What a route is.
pub(super) struct About {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) summary: &'static str,
    pub(super) parameters: &'static [Parameter],
    pub(super) body: Option<SchemaOf>,
    pub(super) answers: Answers,
    /// What is told of it to who changes a device without the wire; only a command has it.
    pub(super) command: Option<CommandRow>,
}

/// A command of the table, for who reads it from elsewhere than a request: a scenario's step.
#[derive(Debug, Clone)]
pub struct CommandRow {
    /// Its path below `/v1/devices/{device}/`.
    pub path: &'static str,
    /// How it is sent.
    pub method: Method,
    /// What it does, in a line.
    pub summary: &'static str,
    /// The schema of its body.
    pub body: SchemaOf,
    /// What a body means to the device.
    pub read: fn(&serde_json::Value) -> Result<DeviceCommand, Fault>,
}

fn read<C: Call>(body: &serde_json::Value) -> Result<DeviceCommand, Fault> {
    let wrong = |error: serde_json::Error| {
        let message = format!("the body of {} is not right: {error}", C::PATH);
        Fault::bad_request(message, "portal-agent scenario schema has each command's body")
    };
    C::deserialize(body).map_err(wrong)?.command()
}

/// A row of the table: the router and the document are both made of it.
pub(super) struct Route<D> {
    pub(super) about: About,
    pub(super) handler: MethodRouter<Api<D>>,
}

/// The schema of a type, as a function to keep in the table.
pub(super) fn schema<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// The path of something of a device.
pub(super) fn of_device(rest: &str) -> String {
    format!("/v1/devices/{{device}}{}{rest}", if rest.is_empty() { "" } else { "/" })
}

impl<D: RunningDevice> Route<D> {
    /// A route that reads.
    pub(super) fn get<T: 'static, H: Handler<T, Api<D>>>(
        path: impl Into<String>,
        summary: &'static str,
        parameters: &'static [Parameter],
        answers: Answers,
        handler: H,
    ) -> Self {
        let about =
            About { method: Method::GET, path: path.into(), summary, parameters, body: None, answers, command: None };
        Self::new(about, on(MethodFilter::GET, handler))
    }

    /// A route without a body that is no command of a device.
    pub(super) fn post<T: 'static, H: Handler<T, Api<D>>>(
        path: impl Into<String>,
        summary: &'static str,
        answers: Answers,
        handler: H,
    ) -> Self {
        let about = About {
            method: Method::POST,
            path: path.into(),
            summary,
            parameters: &[],
            body: None,
            answers,
            command: None,
        };
        Self::new(about, on(MethodFilter::POST, handler))
    }

    /// A command.
    pub(super) fn call<C: Call>() -> Self {
        let about = About {
            method: C::METHOD,
            path: of_device(C::PATH),
            summary: C::SUMMARY,
            parameters: &[],
            body: Some(schema::<C>),
            answers: Answers::Json(schema::<Applied>),
            command: Some(CommandRow {
                path: C::PATH,
                method: C::METHOD,
                summary: C::SUMMARY,
                body: schema::<C>,
                read: read::<C>,
            }),
        };
        let filter = if C::METHOD == Method::PUT { MethodFilter::PUT } else { MethodFilter::POST };
        Self::new(about, on(filter, command::<C, D>))
    }

    /// With a body of this form.
    pub(super) fn taking(mut self, body: SchemaOf) -> Self {
        self.about.body = Some(body);
        self
    }

    fn new(about: About, handler: MethodRouter<Api<D>>) -> Self {
        let parameters = about.parameters;
        let check = move |request: Request, next: Next| async move {
            match Given::read(request.uri(), parameters) {
                Ok(_) => next.run(request).await,
                Err(fault) => fault.into_response(),
            }
        };
        Self { about, handler: handler.layer(from_fn(check)) }
    }
}

async fn command<C: Call, D: RunningDevice>(
    State(api): State<Api<D>>,
    _: OwnDevice,
    Body(call): Body<C>,
) -> Result<Json<Applied>, Fault> {
    api.device.apply(call.command()?).await.map(Json)
}

/// What a method or a path that is not in the table gets.
pub(super) async fn unknown_path(request: Request) -> Response {
    let path: String = request.uri().path().chars().take(128).collect();
    let message = format!("the control API has no {path:?}");
    Fault::new("unknownPath", message, "GET /v1/openapi.json lists the paths").into_response()
}

/// What a path of the table gets with a method that it does not have.
pub(super) async fn unknown_method(request: Request) -> Response {
    let path: String = request.uri().path().chars().take(128).collect();
    let message = format!("{path:?} does not know the method {}", request.method());
    Fault::new("methodNotAllowed", message, "GET /v1/openapi.json lists each path's methods").into_response()
}
