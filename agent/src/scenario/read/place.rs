//! Places of one file as positions that name it.
//!
//! Lives here: the file's name beside its places. Does not live here: problems.

use std::sync::Arc;

use super::super::model::Position;
use super::diagnostic::Place;

/// The file that is read.
#[derive(Debug, Clone)]
pub struct Places {
    file: Arc<str>,
}

impl Places {
    /// Of this file, as it was named.
    pub fn of(file: &str) -> Self {
        Self { file: file.into() }
    }

    /// A place in it.
    pub fn at(&self, place: Place) -> Position {
        Position { file: Arc::clone(&self.file), line: place.line, column: place.column }
    }
}
