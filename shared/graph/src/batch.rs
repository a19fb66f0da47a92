//! `$batch`: up to 20 requests in one, some behind others.
//!
//! Lives here: reading the batch, its order, the answer made of answers. Does not live here: carrying the requests out.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::answer::{GraphAnswer, GraphError};

/// The most requests of a batch.
const MOST_REQUESTS: usize = 20;

/// One request of a batch.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchRequest {
    id: String,
    /// The method.
    pub method: String,
    /// The path behind the version, with its query.
    pub url: String,
    /// `client-request-id`, where the request has one of its own.
    pub client_request_id: Option<Arc<str>>,
    /// The body, as bytes of JSON.
    pub body: Vec<u8>,
    depends_on: Vec<String>,
}

/// A batch under way.
#[derive(Debug)]
pub struct Batch {
    requests: Vec<BatchRequest>,
    at: usize,
    statuses: HashMap<String, u16>,
    answers: Vec<Value>,
}

impl Batch {
    /// Reads a batch; a request may depend on those before it.
    ///
    /// # Errors
    /// Graph's 400.
    pub fn parse(body: &[u8]) -> Result<Self, GraphError> {
        let wrong = |why: &str| GraphError::bad_request(format!("Invalid batch payload format: {why}."));
        let value = portal_contract::json_payload::read(body).map_err(|error| wrong(&format!("it {error}")))?;
        let Some(Value::Array(entries)) = value.get("requests") else { return Err(wrong("requests is not an array")) };
        if entries.is_empty() || entries.len() > MOST_REQUESTS {
            return Err(wrong(&format!("it has {} requests; 1 to {MOST_REQUESTS} are allowed", entries.len())));
        }
        let mut requests: Vec<BatchRequest> = Vec::new();
        for entry in entries {
            let request = request(entry).map_err(wrong)?;
            if requests.iter().any(|known| known.id == request.id) {
                return Err(wrong("two requests have the same id"));
            }
            // Only what stands before it: so there is no circle, and the order is the batch's own.
            if !request.depends_on.iter().all(|id| requests.iter().any(|known| known.id == *id)) {
                return Err(wrong("dependsOn names no earlier request"));
            }
            requests.push(request);
        }
        Ok(Self { requests, at: 0, statuses: HashMap::new(), answers: Vec::new() })
    }

    /// The next request to be carried out; [`Batch::answered`] must follow. One whose dependency failed is answered here.
    pub fn next_request(&mut self) -> Option<BatchRequest> {
        loop {
            let request = self.requests.get(self.at)?.clone();
            // One without a status was not carried out, which is a failure to whoever depends on it.
            let failed = |id: &String| self.statuses.get(id).is_none_or(|status| *status >= 400);
            if !request.depends_on.iter().any(failed) {
                return Some(request);
            }
            let error =
                json!({"error": {"code": "FailedDependency", "message": "A request that this one depends on failed."}});
            self.answered(&GraphAnswer::json(424, error), Map::new());
        }
    }

    /// Takes in the answer to the request that is in hand, with its headers.
    pub fn answered(&mut self, answer: &GraphAnswer, headers: Map<String, Value>) {
        let Some(request) = self.requests.get(self.at) else { return };
        let mut entry = json!({"id": request.id, "status": answer.status, "headers": headers});
        if let Some(body) = &answer.body {
            entry["body"] = body.clone();
        }
        self.statuses.insert(request.id.clone(), answer.status);
        // In the order of the requests. Graph promises none; a script that reads them by place works here as it does there by luck.
        self.answers.push(entry);
        self.at += 1;
    }

    /// The answer to the batch.
    pub fn answer(self) -> GraphAnswer {
        GraphAnswer::json(200, json!({"responses": self.answers}))
    }
}

fn request(entry: &Value) -> Result<BatchRequest, &'static str> {
    let text = |name: &str| entry.get(name).and_then(Value::as_str).map(str::to_owned);
    let id = text("id").filter(|id| (1..=128).contains(&id.len())).ok_or("a request has no id")?;
    let method = text("method").ok_or("a request has no method")?.to_ascii_uppercase();
    let url = text("url").filter(|url| url.starts_with('/')).ok_or("a request's url does not begin with /")?;
    // Twenty within each of twenty would go round the limit of the batch.
    if url.starts_with("/$batch") {
        return Err("a batch within a batch");
    }
    let depends_on = match entry.get("dependsOn") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(ids)) => {
            let ids: Option<Vec<String>> = ids.iter().map(|id| id.as_str().map(str::to_owned)).collect();
            ids.ok_or("dependsOn is not an array of ids")?
        }
        Some(_) => return Err("dependsOn is not an array of ids"),
    };
    // Names of headers have no case (RFC 9110), also where JSON keys do.
    let headers = entry.get("headers").and_then(Value::as_object);
    let own =
        headers.and_then(|headers| headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("client-request-id")));
    let client_request_id = own.and_then(|(_, value)| value.as_str()).map(Arc::from);
    let body = entry.get("body").filter(|body| !body.is_null()).map(|body| body.to_string().into_bytes());
    Ok(BatchRequest { id, method, url, client_request_id, body: body.unwrap_or_default(), depends_on })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(requests: &Value) -> Result<Batch, GraphError> {
        Batch::parse(json!({ "requests": requests }).to_string().as_bytes())
    }

    #[test]
    fn what_depends_on_a_failed_request_is_not_carried_out() {
        let requests = json!([
            {"id": "1", "method": "get", "url": "/me"},
            {"id": "2", "method": "GET", "url": "/users", "dependsOn": ["1"]},
            {"id": "3", "method": "GET", "url": "/groups", "headers": {"Client-Request-Id": "mine"}},
        ]);
        let mut batch = parse(&requests).unwrap();
        assert_eq!(batch.next_request().unwrap().method, "GET");
        batch.answered(&GraphAnswer::json(404, json!({})), Map::new());
        let third = batch.next_request().unwrap();
        assert_eq!((third.url.as_str(), third.client_request_id.as_deref()), ("/groups", Some("mine")));
        batch.answered(&GraphAnswer::no_content(), Map::new());
        assert!(batch.next_request().is_none());
        let statuses: Vec<u64> = batch.answer().body.unwrap()["responses"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["status"].as_u64().unwrap())
            .collect();
        assert_eq!(statuses, [404, 424, 204]);
    }

    #[test]
    fn what_is_no_batch_is_a_bad_request() {
        let one = |more: Value| {
            let mut one = json!({"id": "1", "method": "GET", "url": "/me"});
            one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            one
        };
        for bad in [
            json!([]),
            json!([one(json!({"id": 1}))]),
            json!([one(json!({"url": "me"}))]),
            json!([one(json!({"url": "/$batch"}))]),
            json!([one(json!({"dependsOn": ["2"]}))]),
            json!([one(json!({})), one(json!({}))]),
            (0..21).map(|n| one(json!({"id": n.to_string()}))).collect(),
        ] {
            assert_eq!(parse(&bad).unwrap_err().status, 400, "{bad}");
        }
    }
}
