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
use portal_contract::{DeviceState, DoctorReport, Explanation, StatusReport};

use super::api::Api;
use super::guard::guard;
use super::route::{Answers, Route, of_device, schema, unknown_method, unknown_path};
use super::{
    Applied, DeviceEvent, Devices, GestureRequest, Notifications, Quiet, Receipts, RunningDevice, devices, doctor,
    events, explain, gesture, health, log, notifications, openapi, quiet, settings, status, stop, wait,
};

/// Every path but the document's own.
fn table<D: RunningDevice>() -> Vec<Route<D>> {
    let mut table = reads();
    let commands = COMMANDS.iter().filter_map(|row| Some(Route::command(row, row.body.as_ref()?)));
    table.extend(commands);
    table.push(
        Route::post(
            of_device("gesture"),
            "What a person does with the prompt or a card, as on the desktop",
            Answers::Json(schema::<Applied>),
            gesture::gesture::<D>,
        )
        .taking(schema::<GestureRequest>),
    );
    table.push(Route::post("/v1/stop", "End the daemon cleanly", Answers::Json(schema::<Applied>), stop::stop::<D>));
    table
}

fn reads<D: RunningDevice>() -> Vec<Route<D>> {
    vec![
        Route::get("/livez", "Whether the daemon runs; needs no token", &[], Answers::Text, health::livez),
        Route::get("/readyz", "Whether it is online; needs no token", &[], Answers::Text, health::readyz::<D>),
        Route::get("/v1/devices", "The devices", &[], Answers::Json(schema::<Devices>), devices::list::<D>),
        Route::view(&views::STATUS, &[], Answers::Json(schema::<StatusReport>), status::show::<D>),
        Route::view(&views::LOG, log::PARAMETERS, Answers::JsonOrEvents(schema::<Receipts>), log::receipts::<D>),
        Route::view(&views::EXPLAIN, explain::PARAMETERS, Answers::Json(schema::<Explanation>), explain::explain::<D>),
        Route::view(&views::WAIT, wait::PARAMETERS, Answers::Json(schema::<DeviceState>), wait::wait::<D>),
        Route::get(
            of_device("events"),
            "Everything that happens on the device from now on, as server-sent events",
            &[],
            Answers::Events(schema::<DeviceEvent>),
            events::events::<D>,
        ),
        Route::get(
            of_device("quiet"),
            "Answers once nothing is on its way to the device, on it or from it, and nothing is due",
            quiet::PARAMETERS,
            Answers::Json(schema::<Quiet>),
            quiet::quiet::<D>,
        ),
        Route::view(&views::NOTIFICATIONS, &[], Answers::Json(schema::<Notifications>), notifications::list::<D>),
        Route::view(&views::SETTINGS, &[], Answers::Json(schema::<settings::Settings>), settings::show::<D>),
        Route::view(&views::DOCTOR, &[], Answers::Json(schema::<DoctorReport>), doctor::examine::<D>),
    ]
}

/// The router of the whole API.
pub(super) fn router<D: RunningDevice>(api: Api<D>) -> Router {
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
        .layer(from_fn_with_state(api.clone(), guard::<D>))
        .with_state(api)
}
