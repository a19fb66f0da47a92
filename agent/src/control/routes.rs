//! Every path of the control API, and what answers it.
//!
//! Lives here: the list, and the router made of it. Does not live here: the commands (the contract's table), what answers a
//! path that only reads (a file each).

use std::sync::Arc;

use axum::http::header::CONTENT_TYPE;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use axum::{Router, response::IntoResponse};
use portal_contract::command::{COMMANDS, views};
use portal_contract::{DeviceList, DeviceState, DoctorReport, Explanation, NewDevice, StatusReport};

use super::api::Api;
use super::guard::guard;
use super::route::{Answers, Route, of_device, schema, unknown_method, unknown_path};
use super::{
    CommandResult, DeviceEvent, GestureRequest, IdleReport, Notifications, Receipts, RunningHost, devices, doctor,
    events, explain, gesture, health, log, notifications, openapi, quiet, settings, status, stop, wait,
};

/// Every path but the document's own.
fn table<H: RunningHost>() -> Vec<Route<H>> {
    let mut table = reads();
    let commands = COMMANDS.iter().filter_map(|row| Some(Route::command(row, row.body.as_ref()?)));
    table.extend(commands);
    table.push(
        Route::post(
            of_device("gesture"),
            "What a person does with the prompt or a card, as on the desktop",
            Answers::Json(schema::<CommandResult>),
            gesture::gesture::<H>,
        )
        .taking(schema::<GestureRequest>),
    );
    table.push(
        Route::post("/v1/devices", "Add a device", Answers::Json(schema::<DeviceState>), devices::add::<H>)
            .taking(schema::<NewDevice>),
    );
    table.push(Route::delete(
        of_device(""),
        "Remove a device, with what is kept of it",
        Answers::Json(schema::<DeviceList>),
        devices::remove::<H>,
    ));
    table.push(Route::post(
        "/v1/stop",
        "End the daemon cleanly",
        Answers::Json(schema::<CommandResult>),
        stop::stop::<H>,
    ));
    table
}

fn reads<H: RunningHost>() -> Vec<Route<H>> {
    vec![
        Route::get("/livez", "Whether the daemon runs; needs no token", &[], Answers::Text, health::livez),
        Route::get("/readyz", "Whether it is online; needs no token", &[], Answers::Text, health::readyz::<H>),
        Route::get("/v1/devices", "The devices", &[], Answers::Json(schema::<DeviceList>), devices::list::<H>),
        Route::view(&views::STATUS, &[], Answers::Json(schema::<StatusReport>), status::show::<H>),
        Route::view(&views::LOG, log::PARAMETERS, Answers::JsonOrEvents(schema::<Receipts>), log::receipts::<H>),
        Route::view(&views::EXPLAIN, explain::PARAMETERS, Answers::Json(schema::<Explanation>), explain::explain::<H>),
        Route::view(&views::WAIT, wait::PARAMETERS, Answers::Json(schema::<DeviceState>), wait::wait::<H>),
        Route::get(
            of_device("events"),
            "Everything that happens on the device from now on, as server-sent events",
            &[],
            Answers::Events(schema::<DeviceEvent>),
            events::events::<H>,
        ),
        Route::get(
            of_device("quiet"),
            "Answers once nothing is on its way to the device, on it or from it, and nothing is due",
            quiet::PARAMETERS,
            Answers::Json(schema::<IdleReport>),
            quiet::quiet::<H>,
        ),
        Route::view(&views::NOTIFICATIONS, &[], Answers::Json(schema::<Notifications>), notifications::list::<H>),
        Route::view(&views::SETTINGS, &[], Answers::Json(schema::<settings::Settings>), settings::show::<H>),
        Route::view(&views::DOCTOR, &[], Answers::Json(schema::<DoctorReport>), doctor::examine::<H>),
    ]
}

/// The router of the whole API.
pub(super) fn router<H: RunningHost>(api: Api<H>) -> Router {
    let table = table();
    let document: Arc<str> = openapi::document(table.iter().map(|route| &route.about)).to_string().into();
    let mut router = Router::new();
    for route in table {
        router = router.route(&route.about.path, route.handler);
    }
    let serve = move || {
        let document = document.to_string();
        async move { ([(CONTENT_TYPE, "application/json")], document).into_response() }
    };
    router
        .route(openapi::PATH, get(serve))
        .method_not_allowed_fallback(unknown_method)
        .fallback(unknown_path)
        .layer(from_fn_with_state(api.clone(), guard::<H>))
        .with_state(api)
}
