//! What of a page changed, as the stream sends it: whole small regions, and of lists only the items that are new or changed.
//!
//! Lives here: regions, and the difference between two states of them. Does not live here: what is in them (`regions`), putting
//! it into the page (`panel.js`).

use std::collections::{BTreeMap, HashMap};

use maud::Markup;
use serde_json::{Map, Value, json};

use crate::escape::for_xml;

/// A part of the page, under the id of its element.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Region {
    /// What stands in the element.
    Html(String),
    /// The element's children.
    List(Vec<ListItem>),
    /// Data for the script, apart from HTML.
    Data(Value),
}

/// A child of a list, known by its key.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ListItem {
    /// No other item of the list has it.
    pub(super) key: String,
    /// One element.
    pub(super) html: String,
}

impl ListItem {
    /// An item of this HTML.
    pub(super) fn new(key: String, html: &str) -> Self {
        Self { key, html: for_xml(html) }
    }
}

/// Text of others is in HTML as text; what of it could turn the direction of the page's own text, or is none that HTML can say, is
/// written out here, where all of it passes, as the terminal writes it out.
impl From<Markup> for Region {
    fn from(markup: Markup) -> Self {
        Self::Html(for_xml(&markup.into_string()))
    }
}

/// The regions of a page by the id of their element.
pub(super) type PageRegions = BTreeMap<&'static str, Region>;

/// What changed, as JSON: a string for HTML, `{"order":[key…],"set":{key:html}}` for a list, whose order is null where it is the
/// same; none where nothing did.
pub(super) fn patch(before: &PageRegions, after: &PageRegions) -> Option<Value> {
    let changed =
        after.iter().filter_map(|(name, region)| Some(((*name).to_owned(), difference(before.get(name), region)?)));
    let changed: Map<String, Value> = changed.collect();
    (!changed.is_empty()).then_some(Value::Object(changed))
}

fn difference(before: Option<&Region>, after: &Region) -> Option<Value> {
    if before == Some(after) {
        return None;
    }
    Some(match after {
        Region::Html(html) => html.as_str().into(),
        Region::Data(data) => data.clone(),
        Region::List(items) => {
            let before = match before {
                Some(Region::List(items)) => items.as_slice(),
                _ => &[],
            };
            let old: HashMap<&str, &str> = before.iter().map(|item| (item.key.as_str(), item.html.as_str())).collect();
            let is_new = |item: &&ListItem| old.get(item.key.as_str()) != Some(&item.html.as_str());
            let set = items.iter().filter(is_new).map(|item| (item.key.clone(), item.html.as_str().into()));
            let is_same_order = before.iter().map(|item| &item.key).eq(items.iter().map(|item| &item.key));
            // A thousand keys are more than the few items that changed.
            let order = (!is_same_order).then(|| items.iter().map(|item| item.key.as_str()).collect::<Vec<_>>());
            json!({ "order": order, "set": set.collect::<Map<String, Value>>() })
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(items: &[(&str, &str)]) -> Region {
        Region::List(
            items.iter().map(|(key, html)| ListItem { key: (*key).to_owned(), html: (*html).to_owned() }).collect(),
        )
    }

    #[test]
    fn what_of_a_text_could_turn_the_page_is_written_out_in_regions_and_lists() {
        let text = "a\u{202e}\u{0}\u{9b}b\n<";
        let html = "<p>a\\u{202e}\\u{0}\\u{9b}b\n&lt;</p>".to_owned();
        let made = maud::html! { p { (text) } };
        assert_eq!(ListItem::new("1".to_owned(), &made.clone().into_string()).html, html);
        assert_eq!(Region::from(made), Region::Html(html));
    }

    #[test]
    fn of_a_list_only_what_is_new_or_changed_is_sent() {
        let before = PageRegions::from([
            ("line", list(&[("1", "a"), ("2", "b"), ("3", "c")])),
            ("who", Region::Html("x".into())),
        ]);
        assert_eq!(patch(&before, &before), None);
        let mut after = before.clone();
        after.insert("line", list(&[("2", "b"), ("3", "C"), ("4", "d")]));
        let sent = patch(&before, &after).unwrap();
        assert_eq!(sent, json!({ "line": { "order": ["2", "3", "4"], "set": { "3": "C", "4": "d" } } }));
        let mut same = before.clone();
        same.insert("line", list(&[("1", "a"), ("2", "B"), ("3", "c")]));
        assert_eq!(patch(&before, &same).unwrap(), json!({ "line": { "order": null, "set": { "2": "B" } } }));
        assert_eq!(patch(&PageRegions::new(), &before).unwrap()["who"], "x");
    }
}
