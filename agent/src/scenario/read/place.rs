//! Places of one file as positions that name it.
//!
//! Lives here: the file's name beside its places. Does not live here: problems.

use std::sync::Arc;

use super::super::model::FilePosition;
use super::diagnostic::SourceSpan;

/// The file that is read.
#[derive(Debug, Clone)]
pub struct SourceFile {
    file: Arc<str>,
}

impl SourceFile {
    /// Of this file, as it was named.
    pub fn of(file: &str) -> Self {
        Self { file: file.into() }
    }

    pub fn at(&self, place: SourceSpan) -> FilePosition {
        FilePosition { file: Arc::clone(&self.file), line: place.line, column: place.column }
    }
}
