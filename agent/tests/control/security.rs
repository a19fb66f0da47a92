//! Who is kept out (contract 6), by requests written by hand.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::fake::DEVICE;
use super::running::{LIMIT, RunningServer};

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1")
}

#[test]
fn only_the_token_lets_in() {
    let running = RunningServer::ios();
    let line = get("/v1/devices");
    assert_eq!(running.raw(&[&line], "").status, 200);
    let token = running.file().token.bearer();
    for wrong in ["-", "Bearer", "Bearer x", &token[..token.len() - 1], &token.replace("Bearer", "Basic")] {
        let answer = running.raw(&[&line, &format!("Authorization: {wrong}")], "");
        assert_eq!((answer.status, answer.code().as_str()), (401, "unauthorized"), "{wrong}");
    }
    let answer = running.raw(&[&get("/v1/none"), "Authorization: -"], "");
    assert_eq!(answer.status, 401, "what there is is not told to strangers");
}

#[test]
fn the_host_must_be_loopback_with_our_port_on_every_path() {
    let running = RunningServer::ios();
    let port = running.port();
    for path in ["/v1/devices", "/livez", "/readyz", "/v1/openapi.json", "/none"] {
        for foreign in [
            "evil.example",
            &format!("evil.example:{port}"),
            "127.0.0.1",
            "127.0.0.1:1",
            &format!("127.0.0.1.evil:{port}"),
            "-",
        ] {
            let answer = running.raw(&[&get(path), &format!("Host: {foreign}")], "");
            assert!([400, 403].contains(&answer.status), "{path} {foreign}: {answer:?}");
        }
    }
    for own in [format!("localhost:{port}"), format!("[::1]:{port}"), format!("LOCALHOST:{port}")] {
        assert_eq!(running.raw(&[&get("/livez"), &format!("Host: {own}")], "").status, 200, "{own}");
    }
    let two = [&get("/livez"), &format!("Host: 127.0.0.1:{port}"), "Host: evil.example"].map(str::to_owned);
    assert_ne!(running.raw(&two.each_ref().map(String::as_str), "").status, 200);
    let absolute = format!("GET http://evil.example:{port}/livez HTTP/1.1");
    assert_eq!(running.raw(&[&absolute], "").status, 403, "the request's target counts too");
}

#[test]
fn a_page_of_another_origin_is_kept_out_even_with_the_token() {
    let running = RunningServer::ios();
    let port = running.port();
    for path in ["/v1/devices", "/livez"] {
        for foreign in ["http://evil.example", "null", &format!("https://127.0.0.1:{port}"), "http://127.0.0.1"] {
            let answer = running.raw(&[&get(path), &format!("Origin: {foreign}")], "");
            assert_eq!((answer.status, answer.code().as_str()), (403, "foreignOrigin"), "{path} {foreign}");
        }
        let own = format!("Origin: http://127.0.0.1:{port}");
        assert_eq!(running.raw(&[&get(path), &own], "").status, 200);
    }
}

#[test]
fn a_body_over_64_kib_is_refused_announced_or_not() {
    let running = RunningServer::ios();
    let path = format!("POST /v1/devices/{DEVICE}/retire HTTP/1.1");
    let large = format!("{{\"x\":\"{}\"}}", "x".repeat(64 * 1024));
    let answer = running.raw(&[&path, "Content-Length: 70000"], "");
    assert_eq!((answer.status, answer.code().as_str()), (413, "bodyTooLarge"));
    let chunk = format!("{:x}\r\n{large}\r\n0\r\n\r\n", large.len());
    let answer = running.raw(&[&path, "Transfer-Encoding: chunked", "Content-Length: -"], &chunk);
    assert_eq!((answer.status, answer.code().as_str()), (413, "bodyTooLarge"));
}

#[test]
fn a_body_is_read_strictly() {
    let running = RunningServer::ios();
    let post = |path: &str, body: &str| running.raw(&[&format!("POST /v1/devices/{DEVICE}/{path} HTTP/1.1")], body);
    for (path, body) in [
        ("retire", r#"{"x":1}"#),
        ("app/install", r#"{"versoin":"5"}"#),
        ("app/install", r#"{"version":5}"#),
        ("enroll", "{}"),
        ("enroll", r#"{"user":"adele"}"#),
        ("app/install", "["),
        ("app/install?version=5", "{}"),
        // What Windows tools put first, and what a shell does to quotation marks.
        ("app/install", "\u{feff}{}"),
        ("app/install", "{'version':'5'}"),
    ] {
        let answer = post(path, body);
        assert_eq!((answer.status, answer.code().as_str()), (400, "badRequest"), "{path} {body}");
    }
    let marked = post("app/install", "\u{feff}{}").body;
    assert!(marked.contains("begins with a byte order mark"), "{marked}");
    assert_eq!(post("app/install", "").status, 200, "no body is an empty one");
    assert_eq!(post("app/force-stop", "{}").status, 409);
    assert_eq!(post("none", "{}").code(), "unknownPath");
    let answer = running.raw(&[&get(&format!("/v1/devices/{DEVICE}/retire"))], "");
    assert_eq!((answer.status, answer.code().as_str()), (405, "methodNotAllowed"));
}

#[test]
fn another_device_is_unknown() {
    let running = RunningServer::ios();
    for id in ["11111111-2222-4333-8444-555555555555", "x", "%00"] {
        let answer = running.raw(&[&get(&format!("/v1/devices/{id}/receipts"))], "");
        assert_eq!((answer.status, answer.code().as_str()), (404, "unknownDevice"), "{id}");
        assert!(answer.body.contains(DEVICE), "it says which device there is: {}", answer.body);
    }
}

#[test]
fn every_answer_names_the_versions_and_another_api_is_told_so() {
    let running = RunningServer::ios();
    for head in [
        vec![get("/livez")],
        vec![get("/none")],
        vec![get("/v1/devices"), "Authorization: -".to_owned()],
        vec![get("/v1/devices"), "Host: evil.example".to_owned()],
    ] {
        let answer = running.raw(&head.iter().map(String::as_str).collect::<Vec<_>>(), "");
        assert!(answer.headers.contains("portal-agent-api: 1"), "{answer:?}");
        assert!(answer.headers.contains(&format!("portal-agent-version: {}", env!("CARGO_PKG_VERSION"))), "{answer:?}");
    }
    let answer = running.raw(&[&get("/v1/devices"), "portal-agent-api: 2"], "");
    assert_eq!((answer.status, answer.code().as_str()), (409, "otherApiVersion"));
    assert!(answer.body.contains("hint"), "{}", answer.body);
}

#[test]
fn health_needs_no_token_and_tells_no_more() {
    let running = RunningServer::ios();
    let ask = |path: &str| {
        let answer = running.raw(&[&get(path), "Authorization: -"], "");
        (answer.status, answer.body)
    };
    assert_eq!(ask("/livez"), (200, "ok\n".to_owned()));
    assert_eq!(ask("/readyz"), (200, "ok\n".to_owned()));
    running.fake.set_connected(false);
    assert_eq!(ask("/livez"), (200, "ok\n".to_owned()));
    assert_eq!(ask("/readyz"), (503, "broker\n".to_owned()));
}

#[test]
fn a_client_that_does_not_finish_its_header_keeps_nobody_waiting_at_the_end() {
    let mut running = RunningServer::ios();
    let mut slow = TcpStream::connect(running.authority()).unwrap();
    slow.write_all(b"GET /livez HTTP/1.1\r\nHost: ").unwrap();
    slow.set_read_timeout(Some(LIMIT)).unwrap();
    assert_eq!(running.raw(&[&get("/livez")], "").status, 200);
    running.stop_server();
    let mut rest = Vec::new();
    // Closed, with or without a word; a reset counts as closed.
    let _ = slow.read_to_end(&mut rest);
    assert!(!String::from_utf8_lossy(&rest).contains("200"));
}

/// Sends the head, then a byte twice a second, and gives what came back by the time that the server closed.
fn dribble(running: &RunningServer, head: &str, drops: &str) -> (String, Duration) {
    let started = Instant::now();
    let mut stream = TcpStream::connect(running.authority()).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = Vec::new();
    for drop in drops.bytes().cycle() {
        assert!(started.elapsed() < LIMIT, "it is still heard");
        let mut part = [0; 4096];
        match stream.read(&mut part) {
            Ok(0) => break,
            Ok(read) => answer.extend_from_slice(&part[..read]),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => break,
            Err(_) => {}
        }
        // A server that has closed takes nothing more; the next read says so.
        let _ = stream.write_all(&[drop]);
    }
    (String::from_utf8_lossy(&answer).into_owned(), started.elapsed())
}

#[test]
fn a_slow_header_and_a_slow_body_are_cut_off_however_they_dribble_on() {
    let running = RunningServer::ios();
    let head = format!(
        "POST /v1/devices/{DEVICE}/retire HTTP/1.1\r\nHost: {}\r\nAuthorization: {}\r\n",
        running.authority(),
        running.file().token.bearer()
    );
    std::thread::scope(|scope| {
        let header = scope.spawn(|| dribble(&running, &head, "x-more: 1\r\n"));
        let body = scope.spawn(|| dribble(&running, &format!("{head}Content-Length: 1000\r\n\r\n"), " "));
        let (answer, took) = header.join().unwrap();
        assert!(!answer.contains("200") && took < LIMIT, "{answer} after {took:?}");
        let (answer, took) = body.join().unwrap();
        assert!(answer.contains("408") && answer.contains("requestTooSlow"), "{answer} after {took:?}");
    });
    assert_eq!(running.raw(&[&get("/livez")], "").status, 200, "the others are served as ever");
}

#[test]
fn a_header_over_64_kib_is_refused() {
    let running = RunningServer::ios();
    let long = format!("x-long: {}", "x".repeat(128 * 1024));
    let mut stream = TcpStream::connect(running.authority()).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    // It may close while the rest is still being sent.
    let _ =
        stream.write_all(format!("{}\r\nHost: {}\r\n{long}\r\n\r\n", get("/livez"), running.authority()).as_bytes());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(!String::from_utf8_lossy(&answer).contains(" 200 "));
}

#[test]
fn only_loopback_is_listened_on() {
    let running = RunningServer::ios();
    // The check of Host does not know 127.0.0.2: nobody would be let in there.
    for elsewhere in ["0.0.0.0:0", "127.0.0.2:0"] {
        let address = elsewhere.parse().unwrap();
        let refused =
            running.runtime.block_on(portal_agent::control::ControlServer::start(address, running.fake.clone()));
        assert!(refused.unwrap_err().to_string().contains("127.0.0.1 or [::1] only"), "{elsewhere}");
    }
}
