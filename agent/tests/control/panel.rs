//! Who may use the page (SECURITY.md), by requests written by hand.

use super::fake::DEVICE;
use super::running::{HttpAnswer, RunningServer};

/// What a page is made of before it has any data.
const SHELL: [&str; 4] = ["/panel/", "/panel/panel.css", "/panel/panel.js", "/panel/icon.svg"];

/// A page that was let in: its authority and its cookie.
struct LetIn {
    authority: String,
    code: String,
    cookie: String,
}

fn link(running: &RunningServer) -> (String, String) {
    let (_, printed, _) = running.cli("panel");
    let link = printed.split_whitespace().last().unwrap().strip_prefix("http://").unwrap().to_owned();
    let (authority, code) = link.split_once("/panel/#").unwrap();
    (authority.to_owned(), code.to_owned())
}

fn begin(running: &RunningServer, authority: &str, code: &str) -> HttpAnswer {
    let body = format!("{{\"code\":\"{code}\"}}");
    let head = [
        "POST /panel/session HTTP/1.1".to_owned(),
        format!("Host: {authority}"),
        format!("Origin: http://{authority}"),
        "Authorization: -".to_owned(),
        "Sec-Fetch-Site: same-origin".to_owned(),
        "portal-agent-api: 1".to_owned(),
    ];
    running.raw(&head.each_ref().map(String::as_str), &body)
}

fn let_in(running: &RunningServer) -> LetIn {
    let (authority, code) = link(running);
    let answer = begin(running, &authority, &code);
    assert_eq!(answer.status, 200, "{answer:?}");
    let cookie = answer.headers.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap().to_owned();
    assert!(cookie.contains("httponly") && cookie.contains("samesite=strict"), "{cookie}");
    LetIn { authority, code, cookie: cookie.split(';').next().unwrap().to_owned() }
}

/// A request of the page, with one of its lines put in another's place.
fn ask(running: &RunningServer, page: &LetIn, line: &str, other: (&str, &str)) -> HttpAnswer {
    let mut head = vec![
        ("Host", page.authority.clone()),
        ("Authorization", "-".to_owned()),
        ("Cookie", page.cookie.clone()),
        ("Sec-Fetch-Site", "same-origin".to_owned()),
        ("portal-agent-api", "1".to_owned()),
    ];
    head.retain(|(name, _)| *name != other.0);
    head.push((other.0, other.1.to_owned()));
    let mut lines = vec![format!("{line} HTTP/1.1")];
    lines.extend(head.into_iter().filter(|(name, _)| !name.is_empty()).map(|(name, value)| format!("{name}: {value}")));
    running.raw(&lines.iter().map(String::as_str).collect::<Vec<_>>(), "")
}

#[test]
fn a_link_is_good_once_and_close_ends_every_access() {
    let running = RunningServer::ios();
    let page = let_in(&running);
    assert_eq!(begin(&running, &page.authority, &page.code).status, 401, "a code is used once");
    assert_eq!(begin(&running, &page.authority, "0").status, 401);
    assert_eq!(ask(&running, &page, "GET /v1/devices", ("", "")).status, 200);
    let lock = format!("POST /v1/devices/{DEVICE}/lock");
    assert_eq!(ask(&running, &page, &lock, ("", "")).status, 200);
    let (code, printed, _) = running.cli("panel close");
    assert_eq!((code, printed.trim()), (0, "1 page has no access any more"));
    assert_eq!(ask(&running, &page, "GET /v1/devices", ("", "")).status, 401);
}

#[test]
fn each_header_that_is_wrong_keeps_a_page_out() {
    let running = RunningServer::ios();
    let page = let_in(&running);
    let lock = format!("POST /v1/devices/{DEVICE}/lock");
    let live = format!("GET /panel/live?device={DEVICE}");
    let loopback = format!("127.0.0.1:{}", running.port());
    for line in [lock.as_str(), &live, "GET /v1/devices", "GET /panel/outcomes"] {
        for (name, wrong) in [
            ("Host", "evil.example"),
            ("Host", loopback.as_str()),
            ("Cookie", "-"),
            ("Cookie", "portal-agent-1=0"),
            ("Sec-Fetch-Site", "-"),
            ("Sec-Fetch-Site", "same-site"),
            ("Sec-Fetch-Site", "cross-site"),
            ("Sec-Fetch-Site", "none"),
            ("Origin", "http://evil.example"),
            ("Origin", "null"),
            ("Origin", &format!("http://{loopback}")),
        ] {
            let answer = ask(&running, &page, line, (name, wrong));
            assert!([401, 403].contains(&answer.status), "{line} {name}: {wrong}: {answer:?}");
        }
    }
    assert_eq!(ask(&running, &page, &lock, ("portal-agent-api", "-")).status, 403, "a form sends no such header");
    assert_eq!(ask(&running, &page, "POST /v1/panel", ("", "")).status, 401, "links are for whoever has the token");
    assert!(!running.client().status().unwrap().value.condition.locked, "nothing got through");
}

#[test]
fn the_page_is_on_its_own_host_name_alone_and_its_shell_holds_no_data() {
    let running = RunningServer::ios();
    let (authority, _) = link(&running);
    for path in SHELL {
        let line = format!("GET {path} HTTP/1.1");
        let own = running.raw(&[&line, &format!("Host: {authority}"), "Authorization: -"], "");
        assert_eq!(own.status, 200, "{path}");
        assert!(own.headers.contains("content-security-policy: default-src 'none'; script-src 'self'"), "{path}");
        assert!(!own.body.contains(DEVICE) && !own.body.contains(" style="), "{path}");
        assert_eq!(running.raw(&[&line, "Authorization: -"], "").status, 401, "{path}");
        assert_eq!(
            running.raw(&[&line], "").status,
            404,
            "{path} is not below 127.0.0.1, whose cookies every port gets"
        );
    }
}
