//! `$filter`: OData's conditions, as far as managed devices are filtered with them.
//!
//! Lives here: reading a condition, judging a record by it. Does not live here: the other options (`odata`).

use std::cmp::Ordering;

use portal_contract::Timestamp;
use serde_json::{Map, Value};

use crate::answer::GraphError;
use crate::lexer::{Token, tokens};
use crate::odata::known;

/// How deep conditions may be nested.
const MOST_NESTED: usize = 32;

/// A condition.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Filter {
    And(Box<Filter>, Box<Filter>),
    Or(Box<Filter>, Box<Filter>),
    Not(Box<Filter>),
    Compare { property: String, operator: Operator, literal: Literal },
    Text { function: TextFunction, property: String, text: String },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString)]
#[strum(serialize_all = "lowercase")]
pub(crate) enum Operator {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString)]
#[strum(serialize_all = "lowercase")]
pub(crate) enum TextFunction {
    StartsWith,
    EndsWith,
    Contains,
}

/// What a property is compared with.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Literal {
    Null,
    Bool(bool),
    Number(f64),
    Moment(Timestamp),
    Text(String),
}

impl Filter {
    /// Reads a condition on records with these properties.
    ///
    /// # Errors
    /// What is wrong with it, as Graph's 400.
    pub(crate) fn parse(text: &str, properties: &[&str]) -> Result<Self, GraphError> {
        let mut reader = FilterReader { tokens: tokens(text)?, at: 0, properties };
        // By descent, one function for each level of precedence: or, and, not. A parser generator would be larger than the grammar.
        let filter = reader.any_of(0)?;
        match reader.next() {
            None => Ok(filter),
            Some(_) => Err(wrong("something follows the condition's end")),
        }
    }

    /// Whether a record fulfils it.
    pub(crate) fn holds(&self, record: &Map<String, Value>) -> bool {
        match self {
            Self::And(left, right) => left.holds(record) && right.holds(record),
            Self::Or(left, right) => left.holds(record) || right.holds(record),
            Self::Not(inner) => !inner.holds(record),
            Self::Compare { property, operator, literal } => {
                compare(record.get(property).unwrap_or(&Value::Null), *operator, literal)
            }
            Self::Text { function, property, text } => {
                // Case is no matter, as in Graph's own comparison of texts.
                let value = record.get(property).and_then(Value::as_str).map(str::to_lowercase);
                value.is_some_and(|value| match function {
                    TextFunction::StartsWith => value.starts_with(text),
                    TextFunction::EndsWith => value.ends_with(text),
                    TextFunction::Contains => value.contains(text),
                })
            }
        }
    }
}

fn compare(value: &Value, operator: Operator, literal: &Literal) -> bool {
    let order = match (value, literal) {
        (Value::Null, Literal::Null) => Some(Ordering::Equal),
        (Value::Bool(value), Literal::Bool(literal)) => Some(value.cmp(literal)),
        (Value::Number(value), Literal::Number(literal)) => value.as_f64().and_then(|value| value.partial_cmp(literal)),
        (Value::String(value), Literal::Text(literal)) => Some(value.to_lowercase().cmp(literal)),
        (Value::String(value), Literal::Moment(literal)) => {
            value.parse::<Timestamp>().ok().map(|value| value.cmp(literal))
        }
        // What cannot be compared is unequal and in no order, as null is in OData: a device without a user is not "greater" than one.
        _ => None,
    };
    match operator {
        Operator::Eq => order == Some(Ordering::Equal),
        Operator::Ne => order != Some(Ordering::Equal),
        Operator::Gt => order == Some(Ordering::Greater),
        Operator::Ge => order.is_some_and(Ordering::is_ge),
        Operator::Lt => order == Some(Ordering::Less),
        Operator::Le => order.is_some_and(Ordering::is_le),
    }
}

pub(crate) fn wrong(why: &str) -> GraphError {
    GraphError::bad_request(format!("Invalid filter clause: {why}."))
}

struct FilterReader<'a> {
    tokens: Vec<Token>,
    at: usize,
    properties: &'a [&'a str],
}

impl FilterReader<'_> {
    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    /// Whether the next token is this word, and takes it if so.
    fn takes(&mut self, word: &str) -> bool {
        let is_next = matches!(self.tokens.get(self.at), Some(Token::Word(next)) if next == word);
        self.at += usize::from(is_next);
        is_next
    }

    fn expect(&mut self, token: &Token, words: &str) -> Result<(), GraphError> {
        if self.next().as_ref() == Some(token) { Ok(()) } else { Err(wrong(&format!("{words} is missing"))) }
    }

    fn any_of(&mut self, depth: usize) -> Result<Filter, GraphError> {
        let mut left = self.all_of(depth)?;
        while self.takes("or") {
            left = Filter::Or(Box::new(left), Box::new(self.all_of(depth)?));
        }
        Ok(left)
    }

    fn all_of(&mut self, depth: usize) -> Result<Filter, GraphError> {
        let mut left = self.one(depth)?;
        while self.takes("and") {
            left = Filter::And(Box::new(left), Box::new(self.one(depth)?));
        }
        Ok(left)
    }

    fn one(&mut self, depth: usize) -> Result<Filter, GraphError> {
        // The reader calls itself: thousands of parentheses in 8 KiB of query would end the process.
        if depth > MOST_NESTED {
            return Err(wrong("conditions are nested too deep"));
        }
        match self.next() {
            Some(Token::Word(word)) if word == "not" => Ok(Filter::Not(Box::new(self.one(depth + 1)?))),
            Some(Token::Open) => {
                let inner = self.any_of(depth + 1)?;
                self.expect(&Token::Close, "a closing parenthesis")?;
                Ok(inner)
            }
            Some(Token::Word(word)) => match word.parse() {
                Ok(function) => self.text_function(function),
                Err(_) => self.comparison(word),
            },
            _ => Err(wrong("a condition is missing")),
        }
    }

    fn property(&self, word: String) -> Result<String, GraphError> {
        known(&word, self.properties)?;
        Ok(word)
    }

    fn text_function(&mut self, function: TextFunction) -> Result<Filter, GraphError> {
        self.expect(&Token::Open, "an opening parenthesis")?;
        let Some(Token::Word(property)) = self.next() else { return Err(wrong("a property is missing")) };
        let property = self.property(property)?;
        self.expect(&Token::Comma, "a comma")?;
        let Some(Token::Text(text)) = self.next() else { return Err(wrong("a text in quotation marks is missing")) };
        self.expect(&Token::Close, "a closing parenthesis")?;
        Ok(Filter::Text { function, property, text: text.to_lowercase() })
    }

    fn comparison(&mut self, word: String) -> Result<Filter, GraphError> {
        let property = self.property(word)?;
        let operator = match self.next() {
            Some(Token::Word(word)) => word.parse().ok(),
            _ => None,
        };
        let operator = operator.ok_or_else(|| wrong("one of eq, ne, gt, ge, lt, le is missing"))?;
        let literal = match self.next() {
            // Lower-cased once here instead of at each record.
            Some(Token::Text(text)) => Literal::Text(text.to_lowercase()),
            Some(Token::Word(word)) => bare_literal(&word)?,
            _ => return Err(wrong("a value to compare with is missing")),
        };
        Ok(Filter::Compare { property, operator, literal })
    }
}

/// A value without quotation marks.
fn bare_literal(word: &str) -> Result<Literal, GraphError> {
    match word {
        "null" => Ok(Literal::Null),
        "true" => Ok(Literal::Bool(true)),
        "false" => Ok(Literal::Bool(false)),
        _ => {
            let number = word.parse().ok().filter(|number: &f64| number.is_finite()).map(Literal::Number);
            let moment = || word.parse().ok().map(Literal::Moment);
            // Graph takes ids with and without quotation marks.
            let id = || uuid::Uuid::try_parse(word).ok().map(|_| Literal::Text(word.to_lowercase()));
            number.or_else(moment).or_else(id).ok_or_else(|| wrong("a text stands in single quotation marks"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const PROPERTIES: &[&str] = &["deviceName", "isSupervised", "lastSyncDateTime", "userId", "size"];

    fn holds(text: &str) -> bool {
        let record = json!({
            "deviceName": "Adele's iPhone", "isSupervised": true, "lastSyncDateTime": "2026-11-23T09:00:00.000Z",
            "userId": null, "size": 7,
        });
        Filter::parse(text, PROPERTIES).unwrap().holds(record.as_object().unwrap())
    }

    #[test]
    fn each_condition_is_judged_as_odata_has_it() {
        for yes in [
            "deviceName eq 'adele''s IPHONE'",
            "deviceName ne 'x' and isSupervised eq true",
            "deviceName eq 'x' or size eq 7",
            "not (deviceName eq 'x')",
            "not contains(deviceName,'x')",
            "startswith(deviceName, 'Adele') and contains(deviceName,'phone') and endswith(deviceName,'e')",
            "userId eq null",
            "lastSyncDateTime ge 2026-11-23T09:00:00Z and lastSyncDateTime lt 2026-11-24T00:00:00+01:00",
            "size gt 6.5 and size le 7",
            // and binds closer than or
            "size eq 7 or size eq 8 and size eq 9",
        ] {
            assert!(holds(yes), "{yes}");
        }
        for no in ["deviceName eq 'x'", "userId gt 'a'", "isSupervised eq 'true'", "not size eq 7", "size ne 7"] {
            assert!(!holds(no), "{no}");
        }
    }

    #[test]
    fn what_is_no_condition_is_a_bad_request() {
        for bad in [
            "",
            "deviceName",
            "deviceName eq",
            "deviceName eq x",
            "deviceName like 'x'",
            "colour eq 'red'",
            "contains(deviceName 'x')",
            "(size eq 7",
            "size eq 7)",
            "size eq 7 and",
            "deviceName eq 'x",
            "size eq nan",
        ] {
            assert_eq!(Filter::parse(bad, PROPERTIES).unwrap_err().status, 400, "{bad}");
        }
        assert!(Filter::parse(&format!("{}size eq 7", "not ".repeat(5000)), PROPERTIES).is_err());
        assert!(Filter::parse(&format!("{}size eq 7", "(".repeat(5000)), PROPERTIES).is_err());
    }

    proptest! {
        #[test]
        fn no_text_panics_the_reader(text in "[a-zA-Z0-9 '(),.]{0,60}") {
            let _ = Filter::parse(&text, PROPERTIES);
        }

        #[test]
        fn not_turns_every_condition_round(size in -10..20_i32, operator in "eq|ne|gt|ge|lt|le") {
            let condition = format!("size {operator} {size}");
            prop_assert_ne!(holds(&condition), holds(&format!("not ({condition})")));
        }
    }
}
