//! Every path of the control API, and what answers it.
//!
//! Lives here: the list, and the router made of it. Does not live here: the commands (the contract's table), what answers a
//! path that only reads (a file each).

use std::sync::Arc;

use axum::http::header::CONTENT_TYPE;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use axum::{Router, response::IntoResponse};
use portal_contract::command::{COMMANDS, hosting, views};
use portal_contract::{DeviceList, DeviceState, DoctorReport, Explanation, SettingsInForce, StatusReport};

use portal_screen::PhoneScreen;

use super::api::ApiState;
use super::config;
use super::guard::guard;
use super::route::{AnswerKind, ApiRoute, RouteDescription, of_device, schema, unknown_method, unknown_path};
use super::{
    CardList, CommandResult, DeviceEvent, GatewaySendList, HeldList, HistoryList, IdList, IdleReport, InAppMessages,
    InteractionRequest, PanelClosed, PanelLink, PushRequest, RawPushRequest, ReceiptList, Recording, RecordingRequest,
    RunningHost, ScenarioAnswer, ScenarioReport, SentBytes, SentNotification, WatchedRun, WatcherRequest, devices,
    doctor, events, explain, gateway_requests, health, held, history, idle, ids, interaction, log, notifications,
    openapi, panel, push, recording_requests, scenario_requests, screen, settings, status, stop, wait,
};

/// Every path but the document's own.
fn table<H: RunningHost>() -> Vec<ApiRoute<H>> {
    let mut table = reads();
    let commands = COMMANDS.iter().filter_map(|row| Some(ApiRoute::command(row, row.device_body()?)));
    table.extend(commands);
    table.push(
        ApiRoute::post(
            of_device("gesture"),
            "What a person does with the prompt or a card, as on the desktop",
            AnswerKind::Json(schema::<CommandResult>),
            interaction::interact::<H>,
        )
        .taking(schema::<InteractionRequest>),
    );
    table.push(
        ApiRoute::post(
            of_device("push"),
            "Send the device a custom notification, through its broker, and answer with the id",
            AnswerKind::Json(schema::<SentNotification>),
            push::push::<H>,
        )
        .taking(schema::<PushRequest>),
    );
    table.push(
        ApiRoute::post(
            of_device("push/raw"),
            "Send the device any bytes as a push, for what is no custom notification",
            AnswerKind::Json(schema::<SentBytes>),
            push::raw::<H>,
        )
        .taking(schema::<RawPushRequest>),
    );
    table.push(
        ApiRoute::post(
            of_device("recording"),
            "Record what happens on the device as a scenario",
            AnswerKind::Json(schema::<Recording>),
            recording_requests::begin::<H>,
        )
        .taking(schema::<RecordingRequest>),
    );
    table.push(ApiRoute::delete(
        of_device("recording"),
        "End the recording, once the device has come to rest; the file stays until another begins",
        AnswerKind::Json(schema::<Recording>),
        recording_requests::end::<H>,
    ));
    table.push(
        ApiRoute::post(
            of_device("scenario"),
            "What a runner reports of the scenario that it runs on the device; the answer says whether to go on",
            AnswerKind::Json(schema::<ScenarioAnswer>),
            scenario_requests::report::<H>,
        )
        .taking(schema::<ScenarioReport>),
    );
    table.push(
        ApiRoute::post(
            of_device("scenario/order"),
            "Pause the scenario that runs on the device, step, go on, stop",
            AnswerKind::Json(schema::<WatcherRequest>),
            scenario_requests::order::<H>,
        )
        .taking(schema::<WatcherRequest>),
    );
    table.push(ApiRoute::of_row(&hosting::ADD, &[], AnswerKind::Json(schema::<DeviceState>), devices::add::<H>));
    table.push(ApiRoute::of_row(&hosting::REMOVE, &[], AnswerKind::Json(schema::<DeviceList>), devices::remove::<H>));
    table.push(ApiRoute::post(
        panel::LINKS,
        "A link to the page that shows the device: good once, for a minute",
        AnswerKind::Json(schema::<PanelLink>),
        panel::link::<H>,
    ));
    table.push(ApiRoute::post(
        format!("{}/close", panel::LINKS),
        "End the access of every page",
        AnswerKind::Json(schema::<PanelClosed>),
        panel::close::<H>,
    ));
    table.push(ApiRoute::post(
        "/v1/stop",
        "End the daemon cleanly",
        AnswerKind::Json(schema::<CommandResult>),
        stop::stop::<H>,
    ));
    table
}

fn reads<H: RunningHost>() -> Vec<ApiRoute<H>> {
    vec![
        ApiRoute::get("/livez", "Whether the daemon runs; needs no token", &[], AnswerKind::Text, health::livez),
        ApiRoute::get(
            config::PATH,
            "The settings that the daemon was started with, secrets redacted",
            &[],
            AnswerKind::Json(schema::<SettingsInForce>),
            config::show::<H>,
        ),
        ApiRoute::get(
            gateway_requests::PATH,
            "What was sent through the gateway that runs in this daemon, oldest first, with what became of it",
            &[],
            AnswerKind::Json(schema::<GatewaySendList>),
            gateway_requests::list::<H>,
        ),
        ApiRoute::get("/readyz", "Whether it is online; needs no token", &[], AnswerKind::Text, health::readyz::<H>),
        ApiRoute::of_row(&hosting::LIST, &[], AnswerKind::Json(schema::<DeviceList>), devices::list::<H>),
        ApiRoute::of_row(&views::STATUS, &[], AnswerKind::Json(schema::<StatusReport>), status::show::<H>),
        ApiRoute::of_row(
            &views::SCREEN,
            screen::PARAMETERS,
            AnswerKind::Json(schema::<PhoneScreen>),
            screen::show::<H>,
        ),
        ApiRoute::get(
            of_device("cards"),
            "The notifications that the phone showed as the system's own, with what became of each",
            screen::PARAMETERS,
            AnswerKind::Json(schema::<CardList>),
            screen::cards::<H>,
        ),
        ApiRoute::get(
            of_device("history"),
            "What happened to the device, oldest first: changes with the device after each, and receipts",
            history::PARAMETERS,
            AnswerKind::Json(schema::<HistoryList>),
            history::list::<H>,
        ),
        ApiRoute::get(
            of_device("recording"),
            "What is recorded, or was last, as a scenario file so far",
            &[],
            AnswerKind::Json(schema::<Recording>),
            recording_requests::show::<H>,
        ),
        ApiRoute::get(
            of_device("recording/file"),
            "The scenario file so far, to be saved",
            &[],
            AnswerKind::Text,
            recording_requests::file::<H>,
        ),
        ApiRoute::get(
            of_device("scenario"),
            "The scenario that runs on the device, or ran last: its steps, the present one, what it waits for",
            &[],
            AnswerKind::Json(schema::<WatchedRun>),
            scenario_requests::show::<H>,
        ),
        ApiRoute::of_row(
            &views::LOG,
            log::PARAMETERS,
            AnswerKind::JsonOrEvents(schema::<ReceiptList>),
            log::receipts::<H>,
        ),
        ApiRoute::get(
            of_device("held"),
            "The pushes that have arrived and wait, in the order of arrival",
            held::PARAMETERS,
            AnswerKind::Json(schema::<HeldList>),
            held::list::<H>,
        ),
        ApiRoute::get(
            of_device("notification-ids"),
            "The ids that begin so, of receipts and of what waits",
            ids::PARAMETERS,
            AnswerKind::Json(schema::<IdList>),
            ids::list::<H>,
        ),
        ApiRoute::of_row(
            &views::EXPLAIN,
            explain::PARAMETERS,
            AnswerKind::Json(schema::<Explanation>),
            explain::explain::<H>,
        ),
        ApiRoute::of_row(&views::WAIT, wait::PARAMETERS, AnswerKind::Json(schema::<DeviceState>), wait::wait::<H>),
        ApiRoute::get(
            of_device("events"),
            "Everything that happens on the device from now on, as server-sent events",
            &[],
            AnswerKind::Events(schema::<DeviceEvent>),
            events::events::<H>,
        ),
        ApiRoute::get(
            of_device("quiet"),
            "Answers once nothing is on its way to the device, on it or from it, and nothing is due",
            idle::PARAMETERS,
            AnswerKind::Json(schema::<IdleReport>),
            idle::until_idle::<H>,
        ),
        ApiRoute::of_row(
            &views::NOTIFICATIONS,
            &[],
            AnswerKind::Json(schema::<InAppMessages>),
            notifications::list::<H>,
        ),
        ApiRoute::of_row(&views::SETTINGS, &[], AnswerKind::Json(schema::<settings::SwitchList>), settings::show::<H>),
        ApiRoute::of_row(&views::DOCTOR, &[], AnswerKind::Json(schema::<DoctorReport>), doctor::examine::<H>),
    ]
}

/// The router of the whole API.
pub(super) fn router<H: RunningHost>(api: ApiState<H>) -> Router {
    let mut router = Router::new();
    let mut descriptions = Vec::new();
    for route in table() {
        router = router.route(&route.about.path, route.handler);
        descriptions.push(route.about);
    }
    // Made when it is asked for: made at each start, it took 2.5 MiB that malloc then kept, and hardly anybody reads it.
    let descriptions: Arc<[RouteDescription]> = descriptions.into();
    let serve = move || {
        let document = openapi::document(descriptions.iter()).to_string();
        async move { ([(CONTENT_TYPE, "application/json")], document).into_response() }
    };
    router
        .merge(panel::routes::<H>())
        .route(openapi::PATH, get(serve))
        .method_not_allowed_fallback(unknown_method)
        .fallback(unknown_path)
        .layer(from_fn_with_state(api.clone(), guard::<H>))
        .with_state(api)
}
