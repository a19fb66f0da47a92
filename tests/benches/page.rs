//! What the page costs, against a bare page of the same size that an axum server sends the same way, in the same browser and run:
//! first paint, interactive, bytes, a change to its paint, the daemon's memory for each open page, a grid of 1,000 devices.
//!
//! `cargo bench -p portal-tests --bench page` (the agent is built first: `cargo build --release`). Linux: reads /proc. It needs
//! Chromium and its driver. With the argument `hour` it measures one thing alone, for an hour: what the tab holds while a push comes in
//! each second.

use std::convert::Infallible;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use axum::Router;
use axum::extract::{Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::response::sse::{Event, Sse};
use axum::routing::{get, post};
use futures_util::stream;
use portal_tests::agent::Agent;
use portal_tests::browser::Browser;
use portal_tests::figures::{DurationSample, ratio};
use portal_tests::http::ControlApi;
use portal_tests::process::resident_kib;
use serde::Deserialize;
use tokio::sync::broadcast;

const LOADS: usize = 15;
const CHANGES: usize = 200;
const OPEN_PAGES: usize = 50;
const DEVICES: usize = 1_000;

/// Notes when the first of the data stands on the page.
const WATCH_FIRST: &str = "new MutationObserver((_, watch) => {
    if (document.querySelector('#line li, #data b')) { window.shownAt = performance.now(); watch.disconnect(); }
}).observe(document, { childList: true, subtree: true });";

fn main() -> Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    let agent = Agent::running("", &["--embedded-broker", "--notifier", "console", "--platform", "ios"])?;
    agent.wait(&["online"])?;
    agent.command(&["device", "set-up", "--permission", "authorized"])?;
    agent.command(&["push", "Office closed", "Work from home on Friday.", "--count", "60"])?;
    agent.wait(&["lastSequence=60"])?;
    let browser = Browser::start(1280, 800)?;
    browser.before_each_page(WATCH_FIRST)?;
    let link = agent.command(&["panel"])?;
    let link = link.split_whitespace().last().context("a link")?.to_owned();
    let page = link.split_once('#').context("a code")?.0.to_owned();
    browser.open(&link)?;
    browser.until("window.shownAt")?;
    if std::env::args().any(|argument| argument == "hour") {
        return an_hour_of_pushes(&agent, &browser);
    }

    let sizes = Sizes::of(&browser, &page)?;
    println!(
        "bytes: shell {}, styles {}, script {}, first picture {}, a change {}",
        sizes.shell, sizes.styles, sizes.script, sizes.first, sizes.change
    );
    let bare = runtime.block_on(bare_server(sizes.clone()))?;
    // Once unmeasured: the browser finds the server, and compiles.
    Loads::default().load(&browser, &bare)?;
    let (mut ours, mut theirs) = (Loads::default(), Loads::default());
    for _ in 0..LOADS {
        ours.load(&browser, &page)?;
        theirs.load(&browser, &bare)?;
    }
    for (what, ours, theirs) in [
        ("first paint", &ours.paint, &theirs.paint),
        ("interactive: the first data stands", &ours.interactive, &theirs.interactive),
    ] {
        compare(what, ours, theirs);
    }
    theirs.load(&browser, &bare)?;
    let their_changes = changes(
        &browser,
        "'change?number=' + number",
        "document.querySelector('#data b')?.textContent === String(number)",
    )?;
    ours.load(&browser, &page)?;
    let device = browser.run("return device")?;
    let device = device.as_str().context("a device")?;
    let our_changes = changes(
        &browser,
        &format!("'/v1/devices/{device}/' + (number % 2 ? 'lock' : 'unlock')"),
        "document.querySelector('[data-switch=locked]').getAttribute('aria-checked') === String(number % 2 === 1)",
    )?;
    compare("a change's request to the frame that shows it", &our_changes, &their_changes);
    memory(&agent, &browser, &page, device)?;
    grid(&agent, &browser)
}

/// The tab's memory every ten minutes of an hour in which a push comes in each second, every other withheld.
fn an_hour_of_pushes(agent: &Agent, browser: &Browser) -> Result<()> {
    const HOUR: Duration = Duration::from_secs(3600);
    let api = ControlApi::of(agent.state_dir())?;
    let device = browser.run("return device")?;
    let device = device.as_str().context("a device")?;
    let pid = agent.pid().context("it runs")?;
    let tell = |when: Duration, pushes: usize| -> Result<()> {
        let tab = browser.tab_memory()?;
        println!(
            "after {:>2} min, {pushes:>4} pushes: heap {:>6.0} KiB, {:>5} nodes, tab {:>6} KiB resident, daemon {:>5} KiB",
            when.as_secs() / 60,
            tab.heap_kib,
            tab.nodes,
            tab.resident_kib,
            resident_kib(pid)?
        );
        Ok(())
    };
    tell(Duration::ZERO, 0)?;
    let begun = Instant::now();
    for number in 1.. {
        let permission = if number % 2 == 0 { "allow" } else { "deny" };
        api.authorised("POST", &format!("/v1/devices/{device}/permission/{permission}"), "{}")?;
        let push = format!(r#"{{"notificationTitle":"Push {number}","notificationBody":"One each second."}}"#);
        let sent = api.authorised("POST", &format!("/v1/devices/{device}/push"), &push)?;
        ensure!(sent.status < 300, "{}", sent.body);
        std::thread::sleep((begun + Duration::from_secs(number)).saturating_duration_since(Instant::now()));
        if number % 600 == 0 {
            browser.until(&format!("document.body.innerText.includes('Push {number}')"))?;
            tell(begun.elapsed(), usize::try_from(number)?)?;
        }
        if begun.elapsed() >= HOUR {
            break;
        }
    }
    Ok(())
}

fn compare(what: &str, ours: &DurationSample, theirs: &DurationSample) {
    println!("{}", ours.line(&format!("{what}, the page")));
    println!("{}   {:.2} times", theirs.line(&format!("{what}, bare")), ratio(ours.median(), theirs.median()));
}

/// How many bytes each part has, uncompressed.
#[derive(Debug, Clone)]
struct Sizes {
    shell: usize,
    styles: usize,
    script: usize,
    first: usize,
    change: usize,
}

impl Sizes {
    fn of(browser: &Browser, page: &str) -> Result<Self> {
        let length = |name: &str| -> Result<usize> {
            browser.run(&format!("window.size = 0; fetch('{page}{name}').then((one) => one.text()).then((text) => {{ window.size = text.length }})"))?;
            browser.until("window.size")?;
            Ok(usize::try_from(browser.run("return window.size")?.as_u64().context("a size")?)?)
        };
        browser.run(
            "window.sizes = []; const own = new EventSource('live?device=' + device);
             own.addEventListener('regions', (event) => sizes.push(event.data.length))",
        )?;
        browser.until("window.sizes.length === 1")?;
        browser.run("document.querySelector('[data-switch=locked]').click()")?;
        browser.until("window.sizes.length === 2")?;
        browser.run("document.querySelector('[data-switch=locked]').click()")?;
        browser.until("window.sizes.length === 3")?;
        let heard: Vec<usize> = serde_json::from_value(browser.run("return window.sizes")?)?;
        Ok(Self {
            shell: length("")?,
            styles: length("panel.css")?,
            script: length("panel.js")?,
            first: heard[0],
            change: heard[1],
        })
    }
}

#[derive(Default)]
struct Loads {
    paint: DurationSample,
    interactive: DurationSample,
}

impl Loads {
    fn load(&mut self, browser: &Browser, url: &str) -> Result<()> {
        browser.open("about:blank")?;
        browser.open(url)?;
        browser.until("window.shownAt && performance.getEntriesByName('first-contentful-paint').length")?;
        let found = browser
            .run("return [performance.getEntriesByName('first-contentful-paint')[0].startTime, window.shownAt]")?;
        let [paint, interactive]: [f64; 2] = serde_json::from_value(found)?;
        self.paint.push(Duration::from_secs_f64(paint / 1000.0));
        self.interactive.push(Duration::from_secs_f64(interactive / 1000.0));
        Ok(())
    }
}

/// From a command's request to the frame that shows what it changed, by the page's own clock.
fn changes(browser: &Browser, path: &str, shows: &str) -> Result<DurationSample> {
    browser.run(&format!(
        "window.took = [];
         const shown = (holds) => new Promise((done) => {{
           const look = () => {{ if (holds()) {{ watch.disconnect(); requestAnimationFrame(() => setTimeout(() => done(performance.now()))); }} }};
           const watch = new MutationObserver(look);
           watch.observe(document, {{ childList: true, subtree: true, attributes: true, characterData: true }});
         }});
         (async () => {{
           for (let number = 1; number <= {CHANGES}; number++) {{
             const begun = performance.now(), painted = shown(() => {shows});
             await fetch({path}, {{ method: 'POST', headers: {{ 'portal-agent-api': '1', 'content-type': 'application/json' }}, body: '{{}}' }});
             took.push(await painted - begun);
           }}
         }})()"
    ))?;
    for done in (CHANGES / 10..=CHANGES).step_by(CHANGES / 10) {
        browser.until(&format!("window.took.length >= {done}"))?;
    }
    let took: Vec<f64> = serde_json::from_value(browser.run("return window.took")?)?;
    let mut sample = DurationSample::default();
    took.iter().for_each(|millis| sample.push(Duration::from_secs_f64(millis / 1000.0)));
    Ok(sample)
}

/// The daemon's memory for each open page: streams that are read up to their first picture.
fn memory(agent: &Agent, browser: &Browser, page: &str, device: &str) -> Result<()> {
    let pid = agent.pid().context("it runs")?;
    let authority = page.trim_start_matches("http://").split('/').next().context("an authority")?;
    let port = authority.rsplit(':').next().context("a port")?;
    let cookies = browser.cookies()?;
    let before = resident_kib(pid)?;
    let mut open = Vec::new();
    for _ in 0..OPEN_PAGES {
        let mut stream = TcpStream::connect(format!("127.0.0.1:{port}"))?;
        write!(
            stream,
            "GET /panel/live?device={device} HTTP/1.1\r\nHost: {authority}\r\nCookie: {cookies}\r\nSec-Fetch-Site: same-origin\r\n\r\n"
        )?;
        let mut lines = BufReader::new(stream);
        let mut line = String::new();
        while !line.starts_with("data:") {
            line.clear();
            ensure!(lines.read_line(&mut line)? > 0, "the stream ended");
        }
        open.push(lines);
    }
    let each = resident_kib(pid)?.saturating_sub(before) as f64 / OPEN_PAGES as f64;
    println!("{:<52} {each:.0} KiB of {before} KiB, {OPEN_PAGES} open", "memory in the daemon for each open page");
    Ok(())
}

/// A grid of many devices: until it stands, until words have sifted it, and a push at one to its tile.
fn grid(agent: &Agent, browser: &Browser) -> Result<()> {
    let api = ControlApi::of(agent.state_dir())?;
    let begun = Instant::now();
    for _ in 1..DEVICES {
        let made = api.authorised("POST", "/v1/devices", "{}")?;
        ensure!(made.status == 200, "{}", made.body);
    }
    println!("{:<52} {:.1} s", format!("{DEVICES} devices made"), begun.elapsed().as_secs_f64());
    browser.run("location.reload()")?;
    browser.until(&format!("document.getElementById('view-grid')?.textContent === 'All {DEVICES}'"))?;
    let cells = format!("document.querySelectorAll('#grid .cell').length === {DEVICES}");
    let timed = |what: &str, act: &str, holds: &str| -> Result<()> {
        browser.run(&format!(
            "window.took = 0; const begun = performance.now();
             const watch = new MutationObserver(() => {{ if ({holds}) {{ watch.disconnect(); requestAnimationFrame(() => setTimeout(() => {{ window.took = performance.now() - begun; }})); }} }});
             watch.observe(document, {{ childList: true, subtree: true, attributes: true, characterData: true }});
             {act}"
        ))?;
        browser.until("window.took")?;
        println!("{what:<52} {:.0} ms", browser.run("return window.took")?.as_f64().context("a time")?);
        Ok(())
    };
    timed("the grid is pressed until it is painted", "document.getElementById('view-grid').click()", &cells)?;
    let find = "const find = document.getElementById('grid-find'); find.value = 'phone 99'; find.dispatchEvent(new Event('input', { bubbles: true }))";
    timed("words are typed until the rest is gone", find, "document.getElementById('grid-left').textContent")?;
    timed(
        "a push at one of them until its tile has it",
        "fetch('/v1/devices/' + devices[0].deviceId + '/push', { method: 'POST', headers: { ...header, 'content-type': 'application/json' }, body: JSON.stringify({ notificationTitle: 'To the grid', notificationBody: 'b' }) })",
        "document.getElementById('grid').textContent.includes('To the grid')",
    )
}

#[derive(Clone)]
struct BareState {
    sizes: Sizes,
    changes: broadcast::Sender<usize>,
}

#[derive(Deserialize)]
struct Change {
    number: usize,
}

/// A page of the same size: a shell, styles, a script that puts what the stream brings into one element.
async fn bare_server(sizes: Sizes) -> Result<String> {
    const SHELL: &str = "<!doctype html><meta charset=utf-8><link rel=stylesheet href=panel.css><script src=panel.js defer></script><h1>bare</h1><div id=data></div>";
    const SCRIPT: &str = "new EventSource('live').onmessage = (event) => { document.getElementById('data').innerHTML = JSON.parse(event.data); };";
    fn filled(text: &str, open: &str, close: &str, size: usize) -> String {
        format!("{text}{open}{}{close}", "x".repeat(size.saturating_sub(text.len() + open.len() + close.len())))
    }
    // Not stored, as the page: a browser that keeps what was left behind keeps its stream, too, and has six of them for a host.
    let answer = |kind: &'static str, text: String| {
        get(move || async move { ([(CONTENT_TYPE, kind), (CACHE_CONTROL, "no-store")], text) })
    };
    let live = |State(state): State<BareState>| async move {
        let message = |number: usize, size: usize| {
            // As many elements as the page has in so many bytes.
            let text = format!(
                "<b>{number}</b>{}",
                "<p class=\"because\">Work from home on Friday, all of you.</p>".repeat(size / 60)
            );
            Ok::<_, Infallible>(Event::default().json_data(text).unwrap_or_default())
        };
        let (sizes, heard) = (state.sizes, state.changes.subscribe());
        let first = message(0, sizes.first);
        let more = stream::unfold(heard, |mut heard| async move { Some((heard.recv().await.ok()?, heard)) });
        let more = futures_util::StreamExt::map(more, move |number| message(number, sizes.change));
        Sse::new(futures_util::StreamExt::chain(stream::iter([first]), more)).into_response()
    };
    let change = |State(state): State<BareState>, Query(Change { number }): Query<Change>| async move {
        // Nobody follows yet where this fails.
        let _ = state.changes.send(number);
        "{}"
    };
    let router = Router::new()
        .route("/", answer("text/html", filled(SHELL, "<!--", "-->", sizes.shell)))
        .route("/panel.css", answer("text/css", filled("h1{color:#333}", "/*", "*/", sizes.styles)))
        .route("/panel.js", answer("text/javascript", filled(SCRIPT, "/*", "*/", sizes.script)))
        .route("/live", get(live))
        .route("/change", post(change))
        .with_state(BareState { sizes, changes: broadcast::Sender::new(64) });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/", listener.local_addr()?);
    tokio::spawn(async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else { return };
            let _ = stream.set_nodelay(true);
            let service = hyper_util::service::TowerToHyperService::new(router.clone());
            let io = hyper_util::rt::TokioIo::new(stream);
            tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(io, service));
        }
    });
    Ok(url)
}
