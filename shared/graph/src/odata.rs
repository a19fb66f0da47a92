//! Lists as OData answers them: `$select`, `$top`, `$skip`, `$skiptoken`, `$filter`, `$orderby`, `$count`.
//!
//! Lives here: the options of a query and the page that they choose. Does not live here: conditions (`filter`), what is listed.

use std::cmp::Ordering;

use serde_json::{Map, Value, json};

use crate::answer::GraphError;
use crate::filter::Filter;

/// The largest page, and the default one: what Graph has for managed devices.
const LARGEST_PAGE: usize = 1000;
/// The longest query that is read, in bytes.
const LONGEST_QUERY: usize = 8192;

/// One thing of a list, as JSON, with its `id`.
pub(crate) type Record = Map<String, Value>;

/// The options of one query.
#[derive(Debug, Default)]
pub(crate) struct ListOptions {
    select: Option<Vec<String>>,
    top: Option<usize>,
    skip: usize,
    token: Option<PageToken>,
    filter: Option<Filter>,
    order: Vec<(String, bool)>,
    count: bool,
    /// As they came, for the link to the next page.
    given: Vec<(String, String)>,
}

/// Where the next page begins: behind the last record of the one before or, where that has gone, at its place.
#[derive(Debug, PartialEq, Eq)]
struct PageToken {
    place: usize,
    last: String,
}

impl ListOptions {
    /// Reads the options of a query on records with these properties.
    ///
    /// # Errors
    /// An option that is not known, or a value that is none.
    pub(crate) fn parse(query: &str, properties: &[&str]) -> Result<Self, GraphError> {
        if query.len() > LONGEST_QUERY {
            return Err(GraphError::bad_request(format!("The query is longer than {LONGEST_QUERY} bytes.")));
        }
        let mut options = Self::default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            // OData takes the system options without their sign, too.
            let key = name.strip_prefix('$').unwrap_or(&name).to_ascii_lowercase();
            match key.as_str() {
                "select" => options.select = Some(names(&value, properties)?),
                // Clamped and not refused: a script that asks for 5000 follows the links all the same.
                "top" => options.top = Some(number(&value, "$top")?.clamp(1, LARGEST_PAGE)),
                "skip" => options.skip = number(&value, "$skip")?,
                "skiptoken" => options.token = Some(PageToken::parse(&value)?),
                "filter" => options.filter = Some(Filter::parse(&value, properties)?),
                "orderby" => options.order = order(&value, properties)?,
                "count" => options.count = flag(&value)?,
                _ if name.starts_with('$') => {
                    let shown: String = name.chars().take(64).collect();
                    return Err(GraphError::bad_request(format!("The query option '{shown}' is not supported.")));
                }
                // A parameter without the sign is the caller's own.
                _ => continue,
            }
            if key != "skiptoken" {
                options.given.push((format!("${key}"), value.into_owned()));
            }
        }
        Ok(options)
    }

    /// The page of `records`, in the order of their ids where no other is asked for. `url` is the list's own address,
    /// `context` what its metadata are called.
    pub(crate) fn page<'a>(&self, records: impl IntoIterator<Item = &'a Record>, url: &str, context: &str) -> Value {
        let chosen = |record: &&Record| self.filter.as_ref().is_none_or(|filter| filter.holds(record));
        let mut listed: Vec<&Record> = records.into_iter().filter(chosen).collect();
        // Sorted before the page is cut, with the id last: two pages of one list must not have one device twice.
        listed.sort_by(|left, right| self.in_order(left, right));
        let begin = self.token.as_ref().map_or(self.skip, |token| {
            let behind = listed.iter().position(|record| id_of(record) == token.last).map(|place| place + 1);
            // The device at the end of the page before may have been deleted since: its place is then where the next one stands.
            behind.unwrap_or(token.place)
        });
        let top = self.top.unwrap_or(LARGEST_PAGE);
        let page: Vec<Value> = listed.iter().skip(begin).take(top).map(|record| self.selected(record)).collect();
        let mut answer = json!({"@odata.context": context});
        if self.count {
            answer["@odata.count"] = json!(listed.len());
        }
        let end = begin.saturating_add(page.len());
        if let Some(last) = end.checked_sub(1).and_then(|last| listed.get(last)).filter(|_| end < listed.len()) {
            answer["@odata.nextLink"] = json!(self.link(url, end, id_of(last)));
        }
        answer["value"] = Value::Array(page);
        answer
    }

    fn link(&self, url: &str, place: usize, last: &str) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        // `$skip` has done its work on the first page.
        query.extend_pairs(self.given.iter().filter(|(name, _)| name != "$skip"));
        query.append_pair("$skiptoken", &format!("{place}.{last}"));
        format!("{url}?{}", query.finish())
    }

    fn in_order(&self, left: &Record, right: &Record) -> Ordering {
        // Compared as the list asks, property by property; the first that differs decides.
        let by_property = self.order.iter().map(|(property, descending)| {
            let order = compare(left.get(property), right.get(property));
            if *descending { order.reverse() } else { order }
        });
        let order = by_property.fold(Ordering::Equal, Ordering::then);
        order.then_with(|| id_of(left).cmp(id_of(right)))
    }

    /// A record's members as they are asked for.
    pub(crate) fn selected(&self, record: &Record) -> Value {
        let Some(select) = &self.select else { return Value::Object(record.clone()) };
        // The id always: without it a record of the answer could not be used in the next call.
        let is_asked = |name: &String| name == "id" || select.iter().any(|asked| asked == name);
        Value::Object(record.iter().filter(|(name, _)| is_asked(name)).map(|(k, v)| (k.clone(), v.clone())).collect())
    }
}

impl PageToken {
    fn parse(text: &str) -> Result<Self, GraphError> {
        let parts = text.split_once('.').and_then(|(place, last)| Some((place.parse().ok()?, last.to_owned())));
        let (place, last) =
            parts.ok_or_else(|| GraphError::bad_request("The skip token is not one of this list's."))?;
        Ok(Self { place, last })
    }
}

fn id_of(record: &Record) -> &str {
    record.get("id").and_then(Value::as_str).unwrap_or_default()
}

/// Nothing before something, texts without regard to case.
fn compare(left: Option<&Value>, right: Option<&Value>) -> Ordering {
    let text = |value: Option<&Value>| match value {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text.to_lowercase()),
        Some(other) => Some(other.to_string()),
    };
    text(left).cmp(&text(right))
}

/// Whether records have this property.
///
/// # Errors
/// They have none of the name.
pub(crate) fn known<'a>(name: &'a str, properties: &[&str]) -> Result<&'a str, GraphError> {
    if properties.contains(&name) {
        return Ok(name);
    }
    // Short: a query of 8 KiB is not given back whole in an error that lands in logs.
    let shown: String = name.chars().take(64).collect();
    Err(GraphError::bad_request(format!("Could not find a property named '{shown}'.")))
}

fn names(text: &str, properties: &[&str]) -> Result<Vec<String>, GraphError> {
    text.split(',').map(|name| Ok(known(name.trim(), properties)?.to_owned())).collect()
}

fn order(text: &str, properties: &[&str]) -> Result<Vec<(String, bool)>, GraphError> {
    let one = |part: &str| {
        let (name, direction) = part.trim().split_once(' ').unwrap_or((part.trim(), "asc"));
        let descending = match direction.trim() {
            "asc" => false,
            "desc" => true,
            _ => return Err(GraphError::bad_request("$orderby takes asc or desc behind a property.")),
        };
        Ok((known(name.trim(), properties)?.to_owned(), descending))
    };
    text.split(',').map(one).collect()
}

fn number(text: &str, option: &str) -> Result<usize, GraphError> {
    text.parse().map_err(|_| GraphError::bad_request(format!("{option} is a whole number, not less than 0.")))
}

fn flag(text: &str) -> Result<bool, GraphError> {
    text.parse().map_err(|_| GraphError::bad_request("$count is true or false."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PROPERTIES: &[&str] = &["id", "name", "size"];

    fn records(count: usize) -> Vec<Record> {
        let record = |n: usize| json!({"id": format!("{n:04}"), "name": format!("N{}", n % 3), "size": null});
        (0..count).map(|n| record(n).as_object().unwrap().clone()).collect()
    }

    fn page(query: &str, records: &[Record]) -> Value {
        ListOptions::parse(query, PROPERTIES).unwrap().page(records, "http://g/list", "c")
    }

    #[test]
    fn a_page_has_what_is_asked_for_and_a_link_to_the_next() {
        let records = records(5);
        let first = page("$top=2&$select=name&$count=true&$orderby=name%20desc", &records);
        let expected = json!([{"id": "0002", "name": "N2"}, {"id": "0001", "name": "N1"}]);
        assert_eq!((&first["value"], &first["@odata.count"]), (&expected, &json!(5)));
        let next = first["@odata.nextLink"].as_str().unwrap().strip_prefix("http://g/list?").unwrap().to_owned();
        assert_eq!(page(&next, &records)["value"][0]["id"], "0004");
        // The record behind which it would begin has gone meanwhile.
        assert_eq!(page("$skiptoken=1.gone", &records)["value"][0]["id"], "0001");
        assert_eq!(page("$skip=9", &records)["value"], json!([]));
        assert_eq!(page("$filter=name+eq+'n1'", &records)["value"].as_array().unwrap().len(), 2);
    }

    #[test]
    fn what_is_no_option_is_a_bad_request() {
        for bad in ["$top=x", "$expand=a", "$select=colour", "$orderby=name+up", "$count=1", "$skiptoken=x", "$top=-1"]
        {
            assert_eq!(ListOptions::parse(bad, PROPERTIES).unwrap_err().status, 400, "{bad}");
        }
        assert!(ListOptions::parse("dummy=1", PROPERTIES).is_ok());
    }

    proptest! {
        #[test]
        fn the_pages_together_are_the_list(count in 0..60_usize, top in 1..20_usize, descending: bool) {
            let records = records(count);
            let order = if descending { "desc" } else { "asc" };
            let mut query = format!("$top={top}&$orderby=name {order}");
            let mut seen = Vec::new();
            loop {
                let page = page(&query, &records);
                seen.extend(page["value"].as_array().unwrap().iter().map(|one| one["id"].clone()));
                let Some(next) = page["@odata.nextLink"].as_str() else { break };
                query = next.split_once('?').unwrap().1.to_owned();
            }
            prop_assert_eq!(seen.len(), count);
            seen.sort_by_key(ToString::to_string);
            seen.dedup();
            prop_assert_eq!(seen.len(), count);
        }

        #[test]
        fn no_query_panics_the_reader(query in ".{0,80}") {
            let _ = ListOptions::parse(&query, PROPERTIES);
        }
    }
}
