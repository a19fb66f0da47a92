//! One path of the control API: what it is called, what goes in and comes out, and what answers it.
//!
//! Lives here: the form of a route, and the one that every command of the table has. Does not live here: which there are
//! (`routes`), the document (`openapi`).

use axum::Json;
use axum::extract::Request;
use axum::handler::Handler;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, on};
use portal_contract::command::{CommandRow, HttpMethod, RequestBody, SchemaOf};
use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::api::{ApiState, OwnDevice};
use super::body;
use super::parameters::{QueryParameter, QueryValues};
use super::{ApiError, CommandResult, RunningDevice, RunningHost};

/// What a route answers with.
#[derive(Clone, Copy)]
pub(super) enum AnswerKind {
    Json(SchemaOf),
    /// JSON, or server-sent events when the client accepts them.
    JsonOrEvents(SchemaOf),
    /// Server-sent events, each with such a JSON.
    Events(SchemaOf),
    Text,
}

/// What a route is.
pub(super) struct RouteDescription {
    pub(super) method: HttpMethod,
    pub(super) path: String,
    pub(super) summary: String,
    pub(super) parameters: &'static [QueryParameter],
    pub(super) body: Option<SchemaOf>,
    pub(super) answers: AnswerKind,
}

/// A path with what answers it: the router and the document are both made of it.
pub(super) struct ApiRoute<H> {
    pub(super) about: RouteDescription,
    pub(super) handler: MethodRouter<ApiState<H>>,
}

/// The schema of a type, as a function to keep in the table.
pub(super) fn schema<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// The path of something of a device.
pub(super) fn of_device(rest: &str) -> String {
    format!("/v1/devices/{{device}}{}{rest}", if rest.is_empty() { "" } else { "/" })
}

impl<H: RunningHost> ApiRoute<H> {
    /// A route that reads.
    pub(super) fn get<T: 'static, F: Handler<T, ApiState<H>>>(
        path: impl Into<String>,
        summary: &'static str,
        parameters: &'static [QueryParameter],
        answers: AnswerKind,
        handler: F,
    ) -> Self {
        let (path, summary) = (path.into(), summary.to_owned());
        let about = RouteDescription { method: HttpMethod::Get, path, summary, parameters, body: None, answers };
        Self::new(about, on(MethodFilter::GET, handler))
    }

    /// A command of the table that shows something, or concerns the daemon and not one device.
    pub(super) fn of_row<T: 'static, F: Handler<T, ApiState<H>>>(
        row: &'static CommandRow,
        parameters: &'static [QueryParameter],
        answers: AnswerKind,
        handler: F,
    ) -> Self {
        let (method, path, summary, body) = (row.method, row.path_template(), row.about(), row.body_schema());
        let about = RouteDescription { method, path, summary, parameters, body, answers };
        Self::new(about, on(filter(method), handler))
    }

    /// A route without a body that is no command of a device.
    pub(super) fn post<T: 'static, F: Handler<T, ApiState<H>>>(
        path: impl Into<String>,
        summary: &'static str,
        answers: AnswerKind,
        handler: F,
    ) -> Self {
        let (method, path, summary) = (HttpMethod::Post, path.into(), summary.to_owned());
        let about = RouteDescription { method, path, summary, parameters: &[], body: None, answers };
        Self::new(about, on(MethodFilter::POST, handler))
    }

    /// A route that ends something, and is no command of a device.
    pub(super) fn delete<T: 'static, F: Handler<T, ApiState<H>>>(
        path: impl Into<String>,
        summary: &'static str,
        answers: AnswerKind,
        handler: F,
    ) -> Self {
        let (method, path, summary) = (HttpMethod::Delete, path.into(), summary.to_owned());
        let about = RouteDescription { method, path, summary, parameters: &[], body: None, answers };
        Self::new(about, on(MethodFilter::DELETE, handler))
    }

    /// A command of the table that changes the device.
    pub(super) fn command(row: &'static CommandRow, body: &RequestBody) -> Self {
        let about = RouteDescription {
            method: row.method,
            path: row.path_template(),
            summary: row.about(),
            parameters: &[],
            body: Some(body.schema),
            answers: AnswerKind::Json(schema::<CommandResult>),
        };
        let answer = move |OwnDevice(device): OwnDevice<H>, request: Request| apply(device, row, request);
        Self::new(about, on(filter(row.method), answer))
    }

    /// With a body of this form.
    pub(super) fn taking(mut self, body: SchemaOf) -> Self {
        self.about.body = Some(body);
        self
    }

    fn new(about: RouteDescription, handler: MethodRouter<ApiState<H>>) -> Self {
        // For every route in one place: a misspelt parameter is refused. Left to the handlers, those that read none would
        // ignore it.
        let parameters = about.parameters;
        let check = move |request: Request, next: Next| async move {
            match QueryValues::read(request.uri(), parameters) {
                Ok(_) => next.run(request).await,
                Err(error) => error.into_response(),
            }
        };
        Self { about, handler: handler.layer(from_fn(check)) }
    }
}

fn filter(method: HttpMethod) -> MethodFilter {
    match method {
        HttpMethod::Get => MethodFilter::GET,
        HttpMethod::Post => MethodFilter::POST,
        HttpMethod::Put => MethodFilter::PUT,
        HttpMethod::Delete => MethodFilter::DELETE,
    }
}

async fn apply<D: RunningDevice>(
    device: D,
    row: &'static CommandRow,
    request: Request,
) -> Result<Json<CommandResult>, ApiError> {
    let body = body::read(request, row.name).await?;
    let command = row.read(body).map_err(|sentence| body::wrong(&sentence))?;
    device.apply(command).await.map(Json)
}

/// What a method or a path that is not in the table gets.
pub(super) async fn unknown_path(request: Request) -> Response {
    let path: String = request.uri().path().chars().take(128).collect();
    let message = format!("the control API has no {path:?}");
    ApiError::new("unknownPath", message, "GET /v1/openapi.json lists the paths").into_response()
}

/// What a path of the table gets with a method that it does not have.
pub(super) async fn unknown_method(request: Request) -> Response {
    let path: String = request.uri().path().chars().take(128).collect();
    let message = format!("{path:?} does not know the method {}", request.method());
    ApiError::new("methodNotAllowed", message, "GET /v1/openapi.json lists each path's methods").into_response()
}
