//! The phone and what stopped at its edge, in each state of the gallery, compared with pictures that somebody looked at.
//!
//! Lives here: taking the pictures of the states, holding them against `tests/pictures`, and the proof of the limit. Does not live
//! here: what far is between two pictures (`portal_tests::picture`), the pictures of the documents (`pictures`).
//!
//! Chromium's versions and the computers' fonts draw text differently, so the comparison is coarse. The page is told one font, which
//! `tests/run` installs, and one time of day. The edge and each look of the phone are then made eight times smaller, in which a letter
//! is a shade of grey, and compared square by square: what counts is the mean difference in the worst square of 16 by 16 pixels of the
//! page.
//!
//! A mismatch leaves what was found, the reference and the difference in `target/pictures/compared`. `tests/regenerate --pictures`
//! takes the references anew.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use portal_tests::agent::Agent;
use portal_tests::browser::Browser;
use portal_tests::picture::Picture;
use serde_json::Value;

use super::{agent, open_in};

/// The sizes of the edge and of the phone in a reference: an eighth of what they have on the page.
const EDGE_SIZE: (usize, usize) = (24, 64);
const PHONE_SIZE: (usize, usize) = (32, 64);
/// The side of the squares that are compared, in the small pictures' pixels.
const SIDE: usize = 2;
/// How far apart a square may be: more than letters that are drawn otherwise make (22.5), less than a line of small print (25.7); a
/// row, a button or a card makes 45 and more. A sign of the status bar, of which another one makes 4, is not found by this.
const LIMIT: f64 = 24.0;
/// How many states stand in a row of a sheet: so many that one below another is within what PNG's packing looks back.
const COLUMNS: usize = 3;
const FONT: &str = "DejaVu Sans";

/// How the page is looked at.
#[derive(Debug)]
struct Look {
    name: &'static str,
    theme: &'static str,
    is_stage: bool,
    size: (u32, u32),
    /// The looks of the phone. Its colours are not the page's: where only those differ its screen is enough.
    panes: &'static [&'static str],
}

const LOOKS: [Look; 3] = [
    Look { name: "light", theme: "light", is_stage: false, size: (1280, 800), panes: &["screen", "list", "settings"] },
    Look { name: "dark", theme: "dark", is_stage: false, size: (1280, 800), panes: &["screen"] },
    Look { name: "stage", theme: "light", is_stage: true, size: (1280, 720), panes: &["screen"] },
];

/// What of the page is in a picture.
#[derive(Debug, Clone)]
struct Part {
    /// `edge`, or one of the phone's looks.
    name: &'static str,
    /// Its elements by name and class, without those of the status bar, whose signs are smaller than what is compared here.
    elements: String,
    large: Picture,
    small: Picture,
}

impl Look {
    fn parts(&self) -> impl Iterator<Item = (&'static str, (usize, usize))> {
        std::iter::once(("edge", EDGE_SIZE)).chain(self.panes.iter().map(|pane| (*pane, PHONE_SIZE)))
    }

    fn cell_width(&self) -> usize {
        self.parts().map(|(_, (width, _))| width).sum()
    }

    /// Where a part of a state is on the look's sheet.
    fn place(&self, state: usize, part: &str) -> (usize, usize) {
        let before: usize = self.parts().take_while(|(name, _)| *name != part).map(|(_, (width, _))| width).sum();
        ((state % COLUMNS) * self.cell_width() + before, (state / COLUMNS) * PHONE_SIZE.1)
    }
}

/// A browser at the gallery of a platform; each state is on a device of its own, so that none shows what came of another.
struct Gallery {
    platform: &'static str,
    agent: Agent,
    browser: Browser,
    address: String,
    names: Vec<String>,
}

impl Gallery {
    fn opened(platform: &'static str, chromium: &[&str]) -> Result<Self> {
        let agent = agent(platform)?;
        let browser = open_in(Browser::start_with(1280, 800, chromium)?, &agent)?;
        let names = browser.run("return [...document.querySelectorAll('.tileb .n')].map((one) => one.textContent)")?;
        let names = names.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
        let address = browser.run("return location.origin + location.pathname")?;
        let address = address.as_str().context("an address")?.to_owned();
        Ok(Self { platform, agent, browser, address, names })
    }

    /// A new device in this state, with a push behind it, on the page.
    fn enter(&self, state: usize) -> Result<()> {
        let name = format!("{state} {}", self.names[state]);
        let added = self.agent.json(&["device", "add", "--platform", self.platform, "--name", &name])?;
        let id = added["deviceId"].as_str().with_context(|| format!("a device: {added}"))?;
        let on_device = |words: &[&str]| self.agent.output(&[&["--device", &name], words].concat());
        on_device(&["wait", "online", "--timeout", "30s"])?;
        self.browser.open(&format!("{}?device={id}", self.address))?;
        self.browser.until("document.getElementById('live').textContent === 'Live'")?;
        let outcome = self.browser.run(&format!(
            "document.documentElement.style.setProperty('--font', '{}');
             const tile = document.querySelectorAll('.tileb')[{state}];
             tile.click();
             return tile.dataset.outcome",
            FONT
        ))?;
        self.browser.until("document.getElementById('echo').ariaBusy === 'false'")?;
        let answer = self.browser.run("return document.getElementById('echo-answer').textContent")?;
        ensure!(answer.as_str().is_some_and(|answer| answer.starts_with('✓')), "{name}: {answer}");
        let push = ["push", "--here", "--title", "Office closed", "--body", "Work from home on Friday."];
        match outcome.as_str().unwrap_or_default() {
            // It waits at the broker: nothing of it is on the page.
            "" => drop(on_device(&push)?),
            "held" => {
                on_device(&["wait", "online", "--timeout", "30s"])?;
                on_device(&push)?;
                self.browser.until("document.querySelector('#edge .ghost.wait')")?;
            }
            _ => {
                on_device(&["wait", "online", "--timeout", "30s"])?;
                on_device(&[push.as_slice(), &["--wait", "30s"]].concat())?;
                self.browser.until("document.querySelector('#edge .ghost, #edge .shown')")?;
            }
        }
        // What follows of a push in the device comes a moment later (a channel of Android's): nothing more comes once it has been
        // still for a while, and a picture that differs is taken again.
        self.browser.run(
            "window.changed = performance.now();
             new MutationObserver(() => { window.changed = performance.now(); })
               .observe(document.getElementById('board'), { subtree: true, childList: true, characterData: true })",
        )?;
        self.browser.until("performance.now() - window.changed > 150").map(drop)
    }

    /// The page's parts as they look now.
    fn parts(&self, look: &Look) -> Result<Vec<Part>> {
        let (width, height) = look.size;
        self.browser.size(width, height)?;
        let mut parts = Vec::new();
        for pane in look.panes {
            let found = self.browser.run(&format!(
                "document.documentElement.dataset.theme = '{}';
                 stage({});
                 document.body.dataset.look = '{pane}';
                 looks();
                 const say = (where, text) => {{ for (const one of document.querySelectorAll(where)) if (one.textContent !== text) one.textContent = text; }};
                 say('.screen .bar > b, .screen .clock .h, .screen .dark .h, .screen time', '09:41');
                 say('.screen .clock .d, .screen .dark p:not(.h)', 'Monday, 1 June');
                 const phone = document.querySelector('#see-{pane} .phone'), edge = document.querySelector('.edge');
                 const [one, two] = [phone, edge].map((part) => part.getBoundingClientRect());
                 const rounded = (left, width) => [left, one.top, width, one.height].map(Math.round);
                 return {{ phone: rounded(one.left, one.width), edge: rounded(two.left, two.width),
                   elements: [phone, edge].map((part) => [...part.querySelectorAll('*')].filter((one) => !one.closest('.bar')).map((one) => one.tagName + '.' + (one.getAttribute('class') || '')).join(' ')) }}",
                look.theme, look.is_stage
            ))?;
            let mut part = |name: &'static str, elements: &Value, place: &Value, (width, height): (usize, usize)| {
                let place: [usize; 4] = serde_json::from_value(place.clone())?;
                let large = Picture::from_png(&self.browser.picture_of(place)?)?;
                let small = large.scaled_down(width, height)?;
                parts.push(Part { name, elements: elements.as_str().unwrap_or_default().to_owned(), large, small });
                Ok::<_, anyhow::Error>(())
            };
            if *pane == "screen" {
                part("edge", &found["elements"][1], &found["edge"], EDGE_SIZE)?;
            }
            part(pane, &found["elements"][0], &found["phone"], PHONE_SIZE)?;
        }
        Ok(parts)
    }
}

fn references() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("pictures")
}

/// The states that have a reference, and the sheet of a look.
fn reference(platform: &str, look: &Look) -> Result<(Vec<String>, Picture)> {
    let again = "tests/regenerate --pictures takes them";
    let names = std::fs::read_to_string(references().join(format!("{platform}.txt"))).context(again)?;
    let sheet = std::fs::read(references().join(format!("{platform}-{}.png", look.name))).context(again)?;
    Ok((names.lines().map(str::to_owned).collect(), Picture::from_png(&sheet)?))
}

/// Writes what was found, the reference and the difference, to look at.
fn leave(name: &str, found: &Part, expected: &Picture) -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/pictures/compared");
    std::fs::create_dir_all(&folder)?;
    let name = name.to_lowercase().replace([' ', ','], "-");
    let difference = found.small.difference(expected)?;
    for (picture, kind) in [
        (&found.large, "found"),
        (&found.small.enlarged(8), "found-small"),
        (&expected.enlarged(8), "reference"),
        (&difference.enlarged(8), "difference"),
    ] {
        std::fs::write(folder.join(format!("{name}-{kind}.png")), picture.to_png()?)?;
    }
    Ok(())
}

/// What differs of some states on a platform.
fn differing(platform: &'static str, states: Option<&[usize]>, looks: &[Look]) -> Result<Vec<String>> {
    let gallery = Gallery::opened(platform, &[])?;
    let all: Vec<usize> = (0..gallery.names.len()).collect();
    let mut differing = Vec::new();
    for state in states.unwrap_or(&all) {
        gallery.enter(*state)?;
        for look in looks {
            let (names, sheet) = reference(platform, look)?;
            ensure!(
                names == gallery.names,
                "the gallery has other states than tests/pictures: tests/regenerate --pictures"
            );
            let mut far = Vec::new();
            // A change that came while it was taken is gone in the next.
            for _ in 0..3 {
                far = far_parts(&gallery.parts(look)?, &sheet, look, *state)?;
                if far.is_empty() {
                    break;
                }
            }
            for (part, distance) in far {
                let name = format!("{platform}, {}, {}, {}", gallery.names[*state], look.name, part.name);
                let expected = sheet.part(look.place(*state, part.name), part.small.size())?;
                leave(&name, &part, &expected)?;
                differing.push(format!("{name}: {:.1} at {:?}, the limit is {LIMIT}", distance.mean, distance.at));
            }
        }
    }
    assert_eq!(gallery.browser.complaints()?, Vec::<Value>::new());
    Ok(differing)
}

/// The parts that are further from their reference than the limit.
fn far_parts(
    parts: &[Part],
    sheet: &Picture,
    look: &Look,
    state: usize,
) -> Result<Vec<(Part, portal_tests::picture::Distance)>> {
    let mut far = Vec::new();
    for part in parts {
        let expected = sheet.part(look.place(state, part.name), part.small.size())?;
        let distance = part.small.distance(&expected, SIDE)?;
        if distance.mean > LIMIT {
            far.push((part.clone(), distance));
        }
    }
    Ok(far)
}

#[test]
fn three_states_look_as_they_did() -> Result<()> {
    let differing = differing("ios", Some(&[0, 1, 2]), &LOOKS[..1])?;
    ensure!(differing.is_empty(), "{differing:#?}\nlook at them in target/pictures/compared");
    Ok(())
}

#[test]
fn every_state_looks_as_it_did_in_light_dark_and_on_the_stage() -> Result<()> {
    if std::env::var_os("PORTAL_TESTS_FULL").is_none() {
        println!("tests/run --full compares every state; three_states_look_as_they_did compares three");
        return Ok(());
    }
    let mut all = Vec::new();
    for platform in ["ios", "android"] {
        all.extend(differing(platform, None, &LOOKS)?);
    }
    ensure!(all.is_empty(), "{all:#?}\nlook at them in target/pictures/compared");
    Ok(())
}

#[test]
#[ignore = "writes files of the repository: tests/regenerate --pictures runs it where the phone's looks changed"]
fn the_references_of_every_state() -> Result<()> {
    std::fs::create_dir_all(references())?;
    for platform in ["ios", "android"] {
        let gallery = Gallery::opened(platform, &[])?;
        let rows = gallery.names.len().div_ceil(COLUMNS);
        let mut sheets: Vec<Picture> = LOOKS
            .iter()
            .map(|look| Picture::plain(look.cell_width() * COLUMNS, rows * PHONE_SIZE.1, [255; 3]))
            .collect();
        for state in 0..gallery.names.len() {
            gallery.enter(state)?;
            for (look, sheet) in LOOKS.iter().zip(&mut sheets) {
                for part in gallery.parts(look)? {
                    sheet.lay(look.place(state, part.name), &part.small)?;
                }
            }
        }
        for (look, sheet) in LOOKS.iter().zip(&sheets) {
            std::fs::write(references().join(format!("{platform}-{}.png", look.name)), sheet.to_png()?)?;
        }
        std::fs::write(references().join(format!("{platform}.txt")), gallery.names.join("\n") + "\n")?;
    }
    Ok(())
}

/// The limit lies above what letters that are drawn otherwise make of the same state, and below one element more or less.
#[test]
fn the_limit_lies_between_another_way_of_drawing_letters_and_another_element() -> Result<()> {
    if std::env::var_os("PORTAL_TESTS_FULL").is_none() {
        println!("tests/run --full takes every state twice, and compares each with each");
        return Ok(());
    }
    for platform in ["ios", "android"] {
        let taken = |chromium: &[&str]| {
            let gallery = Gallery::opened(platform, chromium)?;
            let take = |state| {
                gallery.enter(state)?;
                gallery.parts(&LOOKS[0])
            };
            let states = (0..gallery.names.len()).map(take).collect::<Result<Vec<_>>>()?;
            Ok::<_, anyhow::Error>((gallery.names.clone(), states))
        };
        let (names, states) = taken(&[])?;
        // Whole pixels alone, so that no letter stands where it stood: the worst that was found of Chromium's own switches. With
        // another hinting, or taken again, it is below 0.4.
        let (_, drawn_otherwise) = taken(&["--font-render-hinting=none", "--disable-font-subpixel-positioning"])?;
        let mut noise = (0.0, String::new());
        for ((one, two), name) in states.iter().zip(&drawn_otherwise).zip(&names) {
            for (one, two) in one.iter().zip(two) {
                let far = one.small.distance(&two.small, SIDE)?.mean;
                if far > noise.0 {
                    noise = (far, format!("{name}, {}", one.name));
                }
            }
        }
        let mut nearest = (f64::MAX, String::new());
        for one in 0..states.len() {
            for two in one + 1..states.len() {
                for (a, b) in states[one].iter().zip(&states[two]).filter(|(a, b)| a.elements != b.elements) {
                    let far = a.small.distance(&b.small, SIDE)?.mean;
                    if far < nearest.0 {
                        nearest = (far, format!("{} and {}, {}", names[one], names[two], a.name));
                    }
                }
            }
        }
        println!("{platform}: letters drawn otherwise {noise:.1?}, another element {nearest:.1?}, the limit {LIMIT}");
        ensure!(noise.0 < LIMIT && LIMIT < nearest.0, "{platform}: {noise:?} {nearest:?}");
    }
    Ok(())
}
