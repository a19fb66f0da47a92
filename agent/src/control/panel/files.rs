//! The page's files: what is in them is the same for everybody, and they are packed once.
//!
//! Lives here: the files and how they are sent. Does not live here: which path has which (`mod`), what the shell says (`page`).

use std::io::Write;
use std::sync::LazyLock;

use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;

use super::page;

/// A file as it is sent: packed to browsers, which all say that they take it, and plain to others. No secret and no device's data is
/// in any, so that what a packed size could tell is nothing.
pub(super) struct PageFile {
    kind: &'static str,
    text: String,
    packed: Option<Vec<u8>>,
}

/// The shell, the styles, the script and the icon: made where a page is asked for, and not at each start.
pub(super) static SHELL: LazyLock<PageFile> =
    LazyLock::new(|| PageFile::new("text/html; charset=utf-8", page::shell()));
/// One file to the browser: a file here for each part of the page.
pub(super) static STYLES: LazyLock<PageFile> = LazyLock::new(|| {
    let styles = concat!(
        include_str!("panel.css"),
        include_str!("several.css"),
        include_str!("run.css"),
        include_str!("sends.css")
    );
    PageFile::new("text/css; charset=utf-8", styles.to_owned())
});
/// As the styles.
pub(super) static SCRIPT: LazyLock<PageFile> = LazyLock::new(|| {
    let script = concat!(include_str!("panel.js"), include_str!("several.js"), include_str!("run.js"));
    // Comments are for those who have the source.
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    let lines = script.lines().filter(is_code).flat_map(|line| [line, "\n"]);
    PageFile::new("text/javascript; charset=utf-8", lines.collect())
});
/// The page's icon.
pub(super) static ICON: LazyLock<PageFile> =
    LazyLock::new(|| PageFile::new("image/svg+xml", include_str!("../../../assets/company-portal.svg").to_owned()));

impl PageFile {
    fn new(kind: &'static str, text: String) -> Self {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        // Into memory: nothing there can fail; where it did the file would be sent as it is.
        let packed = encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish()).ok();
        Self { kind, text, packed }
    }

    pub(super) fn answer(&self, headers: &HeaderMap) -> Response {
        let kind = (CONTENT_TYPE, HeaderValue::from_static(self.kind));
        let accepted = headers.get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let takes_packed = accepted.split(',').any(|one| one.trim() == "gzip");
        match &self.packed {
            Some(packed) if takes_packed => {
                ([kind, (CONTENT_ENCODING, HeaderValue::from_static("gzip"))], packed.clone()).into_response()
            }
            _ => ([kind], self.text.clone()).into_response(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn a_packed_file_is_the_same_and_goes_only_to_those_who_take_it() {
        for file in [&SHELL, &STYLES, &SCRIPT, &ICON] {
            let mut plain = String::new();
            flate2::read::GzDecoder::new(file.packed.as_deref().unwrap()).read_to_string(&mut plain).unwrap();
            assert_eq!(plain, file.text);
            let asked = |accepted: &str| {
                let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, accepted.parse().unwrap())]);
                file.answer(&headers).headers().contains_key(CONTENT_ENCODING)
            };
            assert_eq!(
                ["gzip, deflate, br", "br,gzip", "", "gzip;q=0", "identity"].map(asked),
                [true, true, false, false, false]
            );
        }
        let plain: usize = [&SHELL, &STYLES, &SCRIPT].iter().map(|file| file.text.len()).sum();
        assert!(plain <= 61_000, "{plain}");
        let packed: usize =
            [&SHELL, &STYLES, &SCRIPT, &ICON].iter().filter_map(|file| file.packed.as_ref()).map(Vec::len).sum();
        assert!(packed <= 24 * 1024, "{packed}");
    }
}
