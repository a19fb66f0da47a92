//! Which cases are asked for. Pure.
//!
//! Lives here: `--filter`. Does not live here: how often and in which order they run (`runner`).

use super::model::ScenarioCase;

/// Whether a case is asked for: every word of one of the filters stands in its name, its file or its facts.
pub fn is_asked_for(case: &ScenarioCase, filters: &[String]) -> bool {
    let text = format!("{} {} {}", case.name(), case.at.file, case.facts.join(" ")).to_lowercase();
    let matches = |filter: &String| filter.to_lowercase().split_whitespace().all(|word| text.contains(word));
    filters.is_empty() || filters.iter().any(matches)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_looks_at_name_file_and_facts() {
        let text = "name: Denied once\nfacts: [\"4.1.4\"]\nmatrix: {p: [ios, android]}\nsteps: [{push: }]\n";
        let cases = super::super::read("folder/life.yaml", text.as_bytes()).unwrap();
        let asked = |filter: &[&str]| {
            let filters: Vec<String> = filter.iter().map(|f| (*f).to_owned()).collect();
            cases.iter().filter(|case| is_asked_for(case, &filters)).count()
        };
        assert_eq!(asked(&[]), 2);
        assert_eq!(asked(&["denied p=ios"]), 1);
        assert_eq!(asked(&["LIFE.yaml"]), 2);
        assert_eq!(asked(&["4.1.4"]), 2);
        assert_eq!(asked(&["other", "p=android"]), 1);
        assert_eq!(asked(&["p=ios p=android"]), 0);
    }
}
