//! What the compiler cannot see of a language: that script and words agree.

use std::collections::{BTreeMap, BTreeSet};

use super::{LANGUAGES, PageWords};

const SCRIPTS: [&str; 3] = [include_str!("../panel.js"), include_str!("../several.js"), include_str!("../run.js")];

fn script_texts(language: &PageWords) -> BTreeMap<String, String> {
    serde_json::from_value(serde_json::to_value(&language.script).unwrap()).unwrap()
}

/// The names in a text that stand between these.
fn between(text: &str, begin: &str, is_name: impl Fn(char) -> bool + Copy) -> BTreeSet<String> {
    text.split(begin).skip(1).map(|rest| rest.chars().take_while(|one| is_name(*one)).collect()).collect()
}

#[test]
fn the_script_uses_each_of_its_texts_and_no_other() {
    let used: BTreeSet<String> =
        SCRIPTS.iter().flat_map(|script| between(script, "texts.", char::is_alphanumeric)).collect();
    assert_eq!(used, script_texts(LANGUAGES[0]).into_keys().collect());
}

#[test]
fn what_the_script_fills_in_is_the_same_in_each_language() {
    for language in LANGUAGES {
        let texts = script_texts(language).into_iter();
        let filled = texts.map(|(member, text)| (member, between(&text, "{", |one| one != '}')));
        let filled: Vec<(String, Vec<String>)> = filled
            .filter(|(_, names)| !names.is_empty())
            .map(|(member, names)| (member, names.into_iter().collect()))
            .collect();
        let expected = [
            ("all", vec!["number"]),
            ("gone", vec!["name", "other"]),
            ("left", vec!["number"]),
            ("noted", vec!["note"]),
            ("refused", vec!["message"]),
            ("refusedHint", vec!["hint", "message"]),
            ("sent", vec!["number"]),
        ];
        let expected =
            expected.map(|(member, names)| (member.to_owned(), names.into_iter().map(str::to_owned).collect()));
        assert_eq!(filled, expected, "{}", language.lang);
    }
}
