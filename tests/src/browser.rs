//! A headless Chromium, spoken to in WebDriver over plain HTTP.
//!
//! Lives here: one session with the few calls that the page's tests need. Does not live here: the page. Rejected: the crates for it,
//! the smallest of which brings fifteen others.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use crate::agent::ANSWER_TIMEOUT;
use crate::process::{descendants, resident_kib};

/// A browser window. Ended when it is dropped.
pub struct Browser {
    driver: Child,
    /// The driver's `host:port`.
    authority: String,
    session: String,
}

/// What a tab holds.
#[derive(Debug, Clone, Copy)]
pub struct TabMemory {
    /// Its script's heap.
    pub heap_kib: f64,
    /// Its document's nodes, those included that only the script still holds.
    pub nodes: u64,
    /// Resident memory of the largest of the browser's page processes: with one tab, of this one.
    pub resident_kib: u64,
}

impl Browser {
    /// Starts one with a window of this size.
    ///
    /// # Errors
    /// Chromium or its driver is not installed, or does not answer.
    pub fn start(width: u32, height: u32) -> Result<Self> {
        Self::start_with(width, height, &[])
    }

    /// As [`Browser::start`], with more arguments for Chromium.
    ///
    /// # Errors
    /// As there.
    pub fn start_with(width: u32, height: u32, more: &[&str]) -> Result<Self> {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("chromedriver; tests/run installs chromium-driver")?;
        let lines = BufReader::new(driver.stdout.take().context("its output")?).lines();
        let port = lines
            .map_while(Result::ok)
            .find_map(|line| {
                line.rsplit_once("started successfully on port ")?.1.trim_end_matches('.').parse::<u16>().ok()
            })
            .context("chromedriver names its port")?;
        let mut browser = Self { driver, authority: format!("127.0.0.1:{port}"), session: String::new() };
        let arguments =
            [&["--headless=new", "--no-sandbox", "--disable-gpu", "--force-prefers-reduced-motion"], more].concat();
        let options = json!({ "args": arguments });
        let capabilities =
            json!({ "alwaysMatch": { "goog:chromeOptions": options, "goog:loggingPrefs": { "browser": "ALL" } } });
        let made = browser.call("POST", "", &json!({ "capabilities": capabilities }))?;
        browser.session = format!("/{}", made["sessionId"].as_str().context("a session")?);
        browser.size(width, height)?;
        Ok(browser)
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> Result<Value> {
        let path = format!("/session{}{path}", self.session);
        let body = if method == "POST" { body.to_string() } else { String::new() };
        let mut answer: Value = serde_json::from_str(&self.exchange(method, &path, &body)?)?;
        ensure!(answer["value"]["error"].is_null(), "{path}: {}", answer["value"]["message"]);
        Ok(answer["value"].take())
    }

    /// One request, one answer's body. The driver keeps connections open, whatever it is asked for.
    fn exchange(&self, method: &str, path: &str, body: &str) -> Result<String> {
        let mut stream = TcpStream::connect(&self.authority)?;
        stream.set_read_timeout(Some(2 * ANSWER_TIMEOUT))?;
        let (host, length) = (&self.authority, body.len());
        stream.write_all(
            format!(
                "{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
            )
            .as_bytes(),
        )?;
        let mut reader = BufReader::new(stream);
        let mut length = 0;
        loop {
            let mut line = String::new();
            ensure!(reader.read_line(&mut line)? > 0, "chromedriver ended");
            if line.trim().is_empty() {
                break;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        Ok(String::from_utf8(body)?)
    }

    /// A command of the browser's developer protocol.
    fn developer(&self, command: &str, parameters: Value) -> Result<Value> {
        self.call("POST", "/goog/cdp/execute", &json!({ "cmd": command, "params": parameters }))
    }

    /// What the tab that is looked at holds once its garbage is collected.
    ///
    /// # Errors
    /// The driver refuses; the browser's processes cannot be read.
    pub fn tab_memory(&self) -> Result<TabMemory> {
        self.developer("HeapProfiler.collectGarbage", json!({}))?;
        let counters = self.developer("Memory.getDOMCounters", json!({}))?;
        let heap = self.developer("Runtime.getHeapUsage", json!({}))?;
        let mut largest = 0;
        for pid in descendants(self.driver.id())? {
            let command = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            if String::from_utf8_lossy(&command).contains("--type=renderer") {
                // One that has ended meanwhile holds nothing.
                largest = largest.max(resident_kib(pid).unwrap_or_default());
            }
        }
        Ok(TabMemory {
            heap_kib: heap["usedSize"].as_f64().context("a size")? / 1024.0,
            nodes: counters["nodes"].as_u64().context("a count")?,
            resident_kib: largest,
        })
    }

    /// Opens an address.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn open(&self, url: &str) -> Result<()> {
        self.call("POST", "/url", &json!({ "url": url })).map(drop)
    }

    /// Runs a script in the page: the body of a function.
    ///
    /// # Errors
    /// It throws.
    pub fn run(&self, script: &str) -> Result<Value> {
        self.call("POST", "/execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// Waits until an expression is true in the page; says how long that took.
    ///
    /// # Errors
    /// It is not in time; the error has what stands on the page then.
    pub fn until(&self, expression: &str) -> Result<Duration> {
        let start = Instant::now();
        let script = format!(
            "const done = arguments[0], end = Date.now() + {};
             (function look() {{ if ({expression}) done(true); else if (Date.now() > end) done(false); else setTimeout(look, 5); }})();",
            ANSWER_TIMEOUT.as_millis()
        );
        self.call("POST", "/timeouts", &json!({ "script": ANSWER_TIMEOUT.as_millis() as u64 + 5000 }))?;
        let held = self.call("POST", "/execute/async", &json!({ "script": script, "args": [] }))?;
        if held != true {
            bail!("{expression} did not come true; the page says: {}", self.run("return document.body.innerText")?);
        }
        Ok(start.elapsed())
    }

    /// Sets what the page has for its window.
    ///
    /// # Errors
    /// The driver refuses.
    pub fn size(&self, width: u32, height: u32) -> Result<()> {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.developer("Emulation.setDeviceMetricsOverride", size).map(drop)
    }

    /// Runs a script in each page that is opened from now on, before the page's own.
    ///
    /// # Errors
    /// The driver refuses.
    pub fn before_each_page(&self, script: &str) -> Result<()> {
        self.developer("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script })).map(drop)
    }

    /// The cookies of the page that is open, as a request has them.
    ///
    /// # Errors
    /// The driver refuses.
    pub fn cookies(&self) -> Result<String> {
        let cookies = self.call("GET", "/cookie", &Value::Null)?;
        let pairs = cookies.as_array().into_iter().flatten().map(|cookie| {
            let text = |member: &str| cookie[member].as_str().unwrap_or_default().to_owned();
            format!("{}={}", text("name"), text("value"))
        });
        Ok(pairs.collect::<Vec<_>>().join("; "))
    }

    /// The tab that is looked at.
    ///
    /// # Errors
    /// The driver refuses.
    pub fn tab(&self) -> Result<String> {
        Ok(self.call("GET", "/window", &Value::Null)?.as_str().context("a tab")?.to_owned())
    }

    /// Every tab that is open.
    ///
    /// # Errors
    /// The driver refuses.
    pub fn tabs(&self) -> Result<Vec<String>> {
        Ok(serde_json::from_value(self.call("GET", "/window/handles", &Value::Null)?)?)
    }

    /// Opens another tab and looks at it.
    ///
    /// # Errors
    /// The driver refuses.
    pub fn new_tab(&self) -> Result<()> {
        let made = self.call("POST", "/window/new", &json!({ "type": "tab" }))?;
        self.look_at(made["handle"].as_str().context("a tab")?)
    }

    /// Looks at a tab.
    ///
    /// # Errors
    /// There is none such.
    pub fn look_at(&self, tab: &str) -> Result<()> {
        self.call("POST", "/window", &json!({ "handle": tab })).map(drop)
    }

    /// Removes every cookie.
    ///
    /// # Errors
    /// The driver refuses.
    pub fn forget_cookies(&self) -> Result<()> {
        self.developer("Network.clearBrowserCookies", json!({})).map(drop)
    }

    /// Presses a key and lets it go: `Tab`, `Enter`, `ArrowLeft`, `Escape`, a character, or one of WebDriver's own code points.
    ///
    /// # Errors
    /// The driver refuses.
    pub fn key(&self, key: &str) -> Result<()> {
        // WebDriver's own code points for keys without a character.
        let value = match key {
            "Tab" => "\u{e004}",
            "Enter" => "\u{e007}",
            "Escape" => "\u{e00c}",
            "ArrowLeft" => "\u{e012}",
            "ArrowRight" => "\u{e014}",
            letter => letter,
        };
        let presses = json!([{ "type": "keyDown", "value": value }, { "type": "keyUp", "value": value }]);
        let keys = json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": presses }] });
        self.call("POST", "/actions", &keys).map(drop)
    }

    /// Has the page find these features of its medium: `("forced-colors", "active")`; the others as they are.
    ///
    /// # Errors
    /// The driver refuses.
    pub fn media(&self, features: &[(&str, &str)]) -> Result<()> {
        let features: Vec<Value> =
            features.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
        self.developer("Emulation.setEmulatedMedia", json!({ "features": features })).map(drop)
    }

    /// The page as a PNG.
    ///
    /// # Errors
    /// The driver refuses.
    pub fn picture(&self) -> Result<Vec<u8>> {
        let picture = self.call("GET", "/screenshot", &Value::Null)?;
        decoded(&picture)
    }

    /// A part of the page as a PNG: from the left, from the top, width, height.
    ///
    /// # Errors
    /// The driver refuses.
    pub fn picture_of(&self, [x, y, width, height]: [usize; 4]) -> Result<Vec<u8>> {
        let clip = json!({ "x": x, "y": y, "width": width, "height": height, "scale": 1 });
        let command = json!({ "cmd": "Page.captureScreenshot", "params": { "format": "png", "clip": clip } });
        let picture = self.call("POST", "/goog/cdp/execute", &command)?;
        decoded(&picture["data"])
    }

    /// What the browser complained of since this was last asked: errors of scripts, requests, the page's policy.
    ///
    /// # Errors
    /// The driver refuses.
    pub fn complaints(&self) -> Result<Vec<Value>> {
        let log = self.call("POST", "/se/log", &json!({ "type": "browser" }))?;
        Ok(log.as_array().cloned().unwrap_or_default())
    }
}

/// A picture as the driver sends it, in base64.
fn decoded(picture: &Value) -> Result<Vec<u8>> {
    let letters = picture.as_str().context("a picture")?.bytes().filter_map(|letter| {
        let place = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
            .iter()
            .position(|known| *known == letter)?;
        u32::try_from(place).ok()
    });
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for six in letters {
        bits = bits << 6 | six;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    Ok(bytes)
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Its browser ends with the session; where that fails it ends with the driver.
        let _ = self.call("DELETE", "", &Value::Null);
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
