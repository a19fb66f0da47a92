//! The token endpoint: client credentials for a token, so that an SDK with a client secret signs in unchanged.
//!
//! Lives here: `/{tenant}/oauth2/v2.0/token` and the metadata that lead there. Does not live here: what a token is worth (`tokens`).

use serde_json::{Value, json};

use crate::answer::GraphAnswer;
use crate::gateway::GraphRequest;
use crate::tokens::{Caller, TOKEN_SECONDS};

/// Answers a request to the endpoint; none where it is another. The client secret is a token of the tokens file.
pub(crate) fn answer(
    request: &GraphRequest<'_>,
    known: impl Fn(&str) -> Option<Caller>,
    issue: impl FnOnce(Caller) -> String,
) -> Option<GraphAnswer> {
    let parts: Vec<&str> = request.path.split('/').skip(1).collect();
    match (request.method, &parts[..]) {
        ("GET", [tenant, "v2.0", ".well-known", "openid-configuration"]) => {
            Some(GraphAnswer::json(200, metadata(request.base, tenant)))
        }
        ("POST", [_, "oauth2", "v2.0", "token"]) => Some(token(request, known, issue)),
        _ => None,
    }
}

fn metadata(base: &str, tenant: &str) -> Value {
    json!({
        "issuer": format!("{base}/{tenant}/v2.0"),
        "authorization_endpoint": format!("{base}/{tenant}/oauth2/v2.0/authorize"),
        "token_endpoint": format!("{base}/{tenant}/oauth2/v2.0/token"),
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
        "response_types_supported": ["token"],
        "subject_types_supported": ["pairwise"],
    })
}

fn token(
    request: &GraphRequest<'_>,
    known: impl Fn(&str) -> Option<Caller>,
    issue: impl FnOnce(Caller) -> String,
) -> GraphAnswer {
    let mut form = std::collections::HashMap::new();
    for (name, value) in url::form_urlencoded::parse(request.body) {
        form.insert(name.into_owned(), value.into_owned());
    }
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    if field("grant_type") != "client_credentials" {
        return refused(400, "unsupported_grant_type", "The grant type must be client_credentials.");
    }
    if field("client_id").is_empty() {
        return refused(400, "invalid_request", "The parameter client_id is missing.");
    }
    match known(field("client_secret")) {
        Some(caller) => GraphAnswer::json(
            200,
            json!({"token_type": "Bearer", "expires_in": TOKEN_SECONDS - 1, "ext_expires_in": TOKEN_SECONDS - 1,
                "access_token": issue(caller)}),
        ),
        None => refused(401, "invalid_client", "The client secret is not a token of this gateway's tokens file."),
    }
}

/// OAuth's own form of an error, which is not Graph's.
fn refused(status: u16, error: &str, description: &str) -> GraphAnswer {
    GraphAnswer::json(status, json!({"error": error, "error_description": description}))
}
