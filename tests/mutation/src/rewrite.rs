//! One source file with every mutation of it beside what it changes: `if crate::mutant::is(7) { new } else { old }`.
//!
//! Lives here: finding the texts, and what stands in their place. Does not live here: files.

use std::ops::Range;

use anyhow::{Context, Result, bail, ensure};

use crate::list::Mutation;

/// A mutation, and where its old text stands.
struct MutationSite<'a> {
    mutation: &'a Mutation,
    range: Range<usize>,
}

/// `source` with these mutations.
///
/// # Errors
/// A text that does not stand in the source, or more than once; two that overlap without one holding the other.
pub fn rewrite(source: &str, mutations: &[&Mutation]) -> Result<String> {
    let (mut sites, mut wrong) = (Vec::new(), Vec::new());
    for mutation in mutations {
        match find(source, mutation) {
            Ok(range) => sites.push(MutationSite { mutation, range }),
            Err(error) => wrong.push(format!("{error:#}")),
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    // What holds another comes first.
    sites.sort_by_key(|site| (site.range.start, std::cmp::Reverse(site.range.end), site.mutation.number));
    render(source, 0..source.len(), &sites)
}

fn find(source: &str, mutation: &Mutation) -> Result<Range<usize>> {
    let name = &mutation.name;
    let code = source.split("#[cfg(test)]").next().unwrap_or_default();
    let from = match mutation.after.as_str() {
        "" => 0,
        after => {
            let at = once(code, after).with_context(|| format!("{name}: the text of `after`"))?;
            at + after.len()
        }
    };
    let old = mutation.old.trim();
    ensure!(!old.is_empty(), "{name} changes nothing");
    let rest = &code[from..];
    let start = match mutation.after.as_str() {
        "" => once(rest, old),
        // Behind `after` the next one is meant.
        _ => rest.find(old).context("it does not stand there"),
    };
    let start = from + start.with_context(|| format!("{name}: the text of `old` in {}", mutation.path.display()))?;
    Ok(start..start + old.len())
}

fn once(text: &str, part: &str) -> Result<usize> {
    let mut places = text.match_indices(part);
    match (places.next(), places.next()) {
        (Some((at, _)), None) => Ok(at),
        (None, _) => bail!("it does not stand there any more; change the list with the rule"),
        (Some(_), Some(_)) => bail!("it stands there more than once; say behind which text with `after`"),
    }
}

/// The text of `range` with the sites in it, which are in the order of their beginnings.
fn render(source: &str, range: Range<usize>, sites: &[MutationSite<'_>]) -> Result<String> {
    let (mut text, mut at, mut rest) = (String::new(), range.start, sites);
    while let Some((site, behind)) = rest.split_first() {
        text.push_str(&source[at..site.range.start]);
        let same = behind.iter().take_while(|other| other.range == site.range).count();
        let (alike, behind) = behind.split_at(same);
        let inside = behind.iter().take_while(|other| other.range.start < site.range.end).count();
        let (inside, behind) = behind.split_at(inside);
        if let Some(crossing) = inside.iter().find(|other| other.range.end > site.range.end) {
            bail!("{} and {} overlap", site.mutation.name, crossing.mutation.name);
        }
        let old = render(source, site.range.clone(), inside)?;
        let chosen: Vec<&MutationSite<'_>> = std::iter::once(site).chain(alike).collect();
        text.push_str(&choice(&old, &chosen));
        at = site.range.end;
        rest = behind;
    }
    text.push_str(&source[at..range.end]);
    Ok(text)
}

fn choice(old: &str, sites: &[&MutationSite<'_>]) -> String {
    let is_statements = old.ends_with([';', '}']) && sites.iter().all(|site| is_statements(&site.mutation.new));
    let chosen: String = sites
        .iter()
        .map(|site| {
            let Mutation { number, new, .. } = site.mutation;
            format!("if crate::mutant::is({number}) {{ {} }} else ", new.trim())
        })
        .collect();
    if is_statements { format!("{chosen}{{ {old} }}") } else { format!("({chosen}{{ {old} }})") }
}

fn is_statements(new: &str) -> bool {
    let new = new.trim();
    new.is_empty() || new.ends_with([';', '}'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mutation(number: usize, after: &str, old: &str, new: &str) -> Mutation {
        Mutation {
            number,
            path: "a.rs".into(),
            name: format!("{old} to {new}"),
            after: after.to_owned(),
            old: old.to_owned(),
            new: new.to_owned(),
            means: "a test".to_owned(),
            noticed_by: None,
            equivalent: None,
            sample: false,
        }
    }

    fn rewritten(source: &str, mutations: &[Mutation]) -> Result<String> {
        rewrite(source, &mutations.iter().collect::<Vec<_>>())
    }

    #[test]
    fn an_expression_is_chosen_in_its_place_and_statements_in_theirs() {
        let source = "fn f() { a(); if x && y { b() } }";
        let text = rewritten(source, &[mutation(0, "", "x && y", "x"), mutation(1, "", "a();", "")]).unwrap();
        assert_eq!(
            text,
            "fn f() { if crate::mutant::is(1) {  } else { a(); } if (if crate::mutant::is(0) { x } else { x && y }) { b() } }"
        );
    }

    #[test]
    fn several_at_one_place_and_one_within_another() {
        let text = rewritten("a && b", &[mutation(0, "", "a && b", "a"), mutation(1, "", "a && b", "b")]).unwrap();
        assert_eq!(text, "(if crate::mutant::is(0) { a } else if crate::mutant::is(1) { b } else { a && b })");
        let text = rewritten("a && b", &[mutation(0, "", "b", "c"), mutation(1, "", "a && b", "a")]).unwrap();
        assert_eq!(text, "(if crate::mutant::is(1) { a } else { a && (if crate::mutant::is(0) { c } else { b }) })");
    }

    #[test]
    fn a_text_that_is_gone_or_stands_twice_is_an_error_that_names_the_mutation() {
        let gone = format!("{:#}", rewritten("a", &[mutation(0, "", "b", "c")]).unwrap_err());
        assert!(gone.contains("b to c") && gone.contains("a.rs") && gone.contains("any more"), "{gone}");
        let twice = format!("{:#}", rewritten("a a", &[mutation(0, "", "a", "c")]).unwrap_err());
        assert!(twice.contains("more than once"), "{twice}");
        assert!(rewritten("a x a", &[mutation(0, "x", "a", "c")]).unwrap().starts_with("a x (if"));
        assert!(rewritten("#[cfg(test)] a", &[mutation(0, "", "a", "c")]).is_err(), "a test is no rule");
        assert!(
            rewritten("a b c", &[mutation(0, "", "a b", "x"), mutation(1, "", "b c", "y")]).is_err(),
            "they overlap"
        );
    }
}
