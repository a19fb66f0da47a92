//! Reports of a run: each a pure function of its data.
//!
//! Lives here: what they share. A failure's text is the result's own, so that it reads the same in each.
//! Does not live here: writing them to files (`cli`).

mod clock;
mod html;
mod json;
mod junit;
mod terminal;
#[cfg(test)]
mod tests;

pub use html::html;
pub use json::{line, summary_line};
pub use junit::junit;
pub use terminal::{ReportTone, Spans, case_line, failure, summary};
