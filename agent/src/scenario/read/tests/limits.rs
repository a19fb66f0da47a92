//! How large a file may be and grow, and what is no scenario file at all.

use super::super::MAX_FILE_BYTES;
use super::*;

#[test]
fn what_would_eat_time_or_memory_is_refused_at_once() {
    let began = std::time::Instant::now();
    let deep_flow = "[".repeat(100_000);
    let deep_block: String = (0..1000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    let mut laughs = "a0: &a0 [lol, lol]\n".to_owned();
    laughs.extend((1..40).map(|n| format!("a{n}: &a{n} [*a{0}, *a{0}]\n", n - 1)));
    let axes: String = (0..9).map(|axis| format!(" a{axis}: [1, 2, 3, 4, 5, 6, 7]\n")).collect();
    let refused = [
        ("nests deeper", deep_flow),
        ("nests deeper", deep_block),
        ("expand to too much", laughs),
        ("5000 combinations", format!("name: x\nmatrix:\n{axes}steps: [push: ]\n")),
        ("stands here twice", "name: x\nname: y\n".to_owned()),
        ("unknown anchor", "name: *x\n".to_owned()),
        ("merge", "a: &a {name: x}\n<<: *a\n".to_owned()),
        ("no scenario", String::new()),
        ("not a set of members", "- 1\n".to_owned()),
    ];
    for (why, text) in refused {
        let told = told(&text);
        assert!(told.contains(why), "{why}: {told}");
    }
    let large = read("large.yaml", &vec![b'a'; MAX_FILE_BYTES + 1]).unwrap_err();
    assert!(large.problems[0].message.contains("bytes"), "{}", large.show(false));
    let latin = read("latin.yaml", b"name: x\nsteps: \xe4").unwrap_err();
    assert_eq!((latin.problems[0].at.line, latin.problems[0].at.column), (2, 8));
    assert!(latin.problems[0].message.contains("not UTF-8"));
    // Seconds in an unoptimised build on a loaded machine; what has no bound takes minutes and gigabytes.
    assert!(began.elapsed() < std::time::Duration::from_secs(60), "{:?}", began.elapsed());
}

#[test]
fn nothing_written_in_a_file_controls_the_terminal() {
    let wrong = wrong("name: x\nsteps:\n- \"a\\e[31m\\u202e\": 1\n- ap\u{9b}: \u{202e}x\n");
    assert!(
        !wrong.show(false).chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}'),
        "{}",
        wrong.show(false)
    );
}

#[test]
fn what_tools_leave_behind_is_skipped_or_named_and_a_key_is_not_printed() {
    let text = "name: x\r\nsteps:\r\n- retire\r\n";
    assert_eq!(
        read("a.yaml", format!("\u{feff}{text}").as_bytes()).map_err(|wrong| wrong.show(false)).unwrap().len(),
        1
    );
    let utf16: Vec<u8> = format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let wrong = read("a.yaml", &utf16).unwrap_err();
    assert!(wrong.problems[0].message.contains("UTF-16"), "{}", wrong.show(false));
    let key = read("key.pem", b"-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n").unwrap_err();
    let shown = format!("{} {key:?}", key.show(false));
    assert!(shown.contains("a certificate or a key") && !shown.contains("hunter2"), "{shown}");
}

/// Each of these grows to gigabytes where nothing counts it.
#[test]
fn what_a_file_may_grow_to_has_a_budget() {
    let head = "name: x\nmatrix:\n  a: [1, 2]\n";
    let doubling: String = {
        let axes: String =
            (0..20).map(|n| format!("  a{n}: [\"{}\"]\n", format!("${{a{}}}", n + 1).repeat(1000))).collect();
        let used: String = (0..20).map(|n| format!("${{a{n}}}")).collect();
        format!("name: x\nmatrix:\n{axes}  a20: [y]\nsteps:\n- push: {{title: \"{}\"}}\n", used.repeat(1000))
    };
    let value = "v".repeat(200_000);
    let long =
        format!("name: x\nmatrix: {{a: [\"{value}\"]}}\nsteps:\n- push: {{title: \"{}\"}}\n", "${a}".repeat(100_000));
    let pushes = format!("{head}steps:\n{}", "- push: {times: 1000, title: \"long enough\"}\n".repeat(2_000));
    let large = format!("{head}steps:\n- push: {{times: 1000, body: \"{}\"}}\n", "b".repeat(900_000));
    let raw = format!("{head}steps:\n{}", "- push: {times: 1000, raw: {text: x, times: 60000}}\n".repeat(20));
    let combinations = format!(
        "name: x\nmatrix: {{a: [{0}], b: [{0}]}}\nsteps:\n{1}",
        (0..70).map(|n| n.to_string()).collect::<Vec<_>>().join(", "),
        "- when: {a: 1}\n  push:\n".repeat(3_000)
    );
    let documents = (0..900)
        .map(|n| format!("name: x{n}\nmatrix: {{a: [1, 2, 3, 4, 5, 6, 7, 8, 9]}}\nsteps: [push]\n"))
        .collect::<Vec<_>>()
        .join("---\n");
    for (name, text) in [
        ("placeholders in values", &doubling),
        ("long values", &long),
        ("pushes", &pushes),
        ("a large push", &large),
        ("raw pushes", &raw),
        ("combinations", &combinations),
    ] {
        let wrong = read("x.yaml", text.as_bytes()).unwrap_err();
        let said = wrong.problems.iter().any(|problem| problem.message.contains("make more than"));
        assert!(said, "{name}: {:?}", wrong.problems.first());
    }
    assert!(read("x.yaml", documents.as_bytes()).is_ok(), "what has many cases and is small is read");
}

#[test]
fn a_matrix_has_limits_of_axes_and_of_what_it_leaves_out() {
    let axes: String = (0..40).map(|n| format!("  a{n}: [1]\n")).collect();
    let wrong = read("x.yaml", format!("name: x\nmatrix:\n{axes}steps: [push]\n").as_bytes()).unwrap_err();
    assert!(wrong.problems[0].message.contains("more than 32 axes"), "{:?}", wrong.problems);
    let values: String = (0..70).map(|n| format!("{n}, ")).collect();
    let excludes = "- {a: 1, b: 2}\n".repeat(2000);
    let text = format!("name: x\nmatrix: {{a: [{values}], b: [{values}]}}\nexclude:\n{excludes}steps: [push]\n");
    let wrong = read("x.yaml", text.as_bytes()).unwrap_err();
    assert!(wrong.problems[0].message.contains("looked at for every combination"), "{:?}", wrong.problems);
}

#[test]
fn what_a_value_says_is_not_filled_in_again() {
    let text = "name: x\nmatrix: {a: [\"${b}\"], b: [y]}\nsteps:\n- push: {title: \"<${a}> ${b} ${\"}\n";
    let cases = read("x.yaml", text.as_bytes()).unwrap();
    let crate::scenario::model::StepAction::Push(push) = &cases[0].steps[0].action else { panic!() };
    let crate::scenario::model::PushPayload::Members(members) = &push.payload else { panic!() };
    assert_eq!(members.members["notificationTitle"], "<${b}> y ${");
}

/// What the library says of each: none of its words is in a sentence.
#[test]
fn what_is_no_yaml_is_said_in_our_own_words() {
    for text in [
        "name: [a",
        "name: {a: b",
        "name: \"a",
        "name: 'a",
        "name: \"\\q\"",
        "name: \"\\ud800\"",
        "\tname: a",
        "name:\n\t- a",
        "name: a: b",
        "a\nb: c",
        "name: !!binary x",
        "name: !x y",
        "%YAML 3.0\n---\nname: a",
        "name: |x",
        "- a\n b",
        "name: *x",
        "name: &a\n<<: *a",
        "]",
        "name: @a",
        "name: `a",
        "? [a]\n: b",
        "name: a\n  b: c",
        "name: > x",
        "[1]: 2",
        "name: ]",
        "name: ,",
        "&a &b c",
        "name: a\n- b",
        "\"a\" b: c",
        "name: 1\n---\n...\nx: [",
        "{a: 1}: b",
        "name: -\n-",
        "!",
        "name: !<",
        "a: b\n c",
    ] {
        let Err(wrong) = read("x.yaml", text.as_bytes()) else { continue };
        for problem in &wrong.problems {
            let said = format!("{} {}", problem.message, problem.hint);
            for word in [
                "scalar",
                "mapping",
                "sequence",
                "eof",
                "while parsing",
                "while scanning",
                "did not find",
                "budget",
                "stream",
                "expected <",
                "deserializ",
                "serde",
                "replay",
                "breached",
                "invalid type",
                "simple key",
                "token",
                "struct",
            ] {
                assert!(!said.to_lowercase().contains(word), "{text:?}: {said}");
            }
        }
    }
}
