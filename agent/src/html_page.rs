//! The frame of an HTML page that needs nothing else: nothing is fetched, whatever stands on it.
//!
//! Lives here: the head, with the policy that a browser holds the page to. Does not live here: what stands on a page, its looks.

use maud::{DOCTYPE, Markup, PreEscaped, html};

/// A page with this title, these looks (CSS) and this body, which is its main landmark: who reads it by ear gets to it at once. `policy` is the whole of its Content-Security-Policy.
pub(crate) fn html_page(title: &str, policy: &str, css: &str, body: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(policy);
                title { (title) }
                style { (PreEscaped(css)) }
            }
            body { main { (body) } }
        }
    };
    page.into_string()
}
