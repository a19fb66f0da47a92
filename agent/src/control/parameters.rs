//! Query parameters: declared once for reading, checking and documentation.
//!
//! Lives here: their reading. Does not live here: which there are (one file a verb).

use axum::http::Uri;
use url::form_urlencoded;

use super::ApiError;

/// A query parameter as declared.
#[derive(Debug, Clone, Copy)]
pub(super) struct QueryParameter {
    pub(super) name: &'static str,
    pub(super) meaning: &'static str,
    /// Whether it may be given more than once.
    pub(super) repeats: bool,
}

impl QueryParameter {
    pub(super) const fn one(name: &'static str, meaning: &'static str) -> Self {
        Self { name, meaning, repeats: false }
    }

    pub(super) const fn many(name: &'static str, meaning: &'static str) -> Self {
        Self { name, meaning, repeats: true }
    }
}

/// The parameters of one request, each of them declared.
pub(super) struct QueryValues(Vec<(String, String)>);

impl QueryValues {
    /// Reads the query; a parameter that is not declared, or comes twice and may not, is an error.
    pub(super) fn read(uri: &Uri, declared: &[QueryParameter]) -> Result<Self, ApiError> {
        let pairs: Vec<(String, String)> =
            form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
        let hint = "GET /v1/openapi.json lists each path's parameters";
        for (name, _) in &pairs {
            let times = pairs.iter().filter(|(other, _)| other == name).count();
            match declared.iter().find(|parameter| parameter.name == name) {
                None => return Err(ApiError::bad_request(format!("{name:?} is no parameter of this path"), hint)),
                Some(parameter) if times > 1 && !parameter.repeats => {
                    return Err(ApiError::bad_request(format!("the parameter {name} is given {times} times"), hint));
                }
                Some(_) => {}
            }
        }
        Ok(Self(pairs))
    }

    /// Every value of a parameter.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// A parameter's value, read by `read`.
    pub(super) fn one<T, E: std::fmt::Display>(
        &self,
        name: &str,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, ApiError> {
        let wrong = |error: E| ApiError::bad_request(format!("{name}: {error}"), format!("give {name} another value"));
        self.0.iter().find(|(given, _)| given == name).map(|(_, value)| read(value).map_err(wrong)).transpose()
    }
}
