//! The page's shell: it holds no data of any device, so it needs no cookie.
//!
//! Lives here: the frame into which the stream's regions go, and the icons. Does not live here: the regions, the words.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::words::{PageWords, words};

/// The icons, each a symbol of a 24 by 24 grid.
const ICONS: &str = include_str!("icons.svg");

/// One of the icons; words stand beside each.
pub(super) fn icon(name: &str) -> Markup {
    html! { svg class="i" aria-hidden="true" { use href={ "#" (name) } {} } }
}

/// The shell.
pub(super) fn shell() -> String {
    let words = words();
    let shell = &words.shell;
    let page = html! {
        (DOCTYPE)
        html lang=(words.lang) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "portal-agent" }
                link rel="icon" href="icon.svg" type="image/svg+xml";
                link rel="stylesheet" href="panel.css";
                // Data, which no browser carries out: so the policy, which lets nothing inline run, has nothing against it.
                script type="application/json" id="texts" { (PreEscaped(script_words(words))) }
                script src="panel.js" defer {}
            }
            body data-look="screen" {
                a class="skip" href="#board" { (shell.skip) }
                datalist id="groups" {}
                svg class="defs" aria-hidden="true" { (PreEscaped(ICONS)) }
                header class="top" {
                    h1 { span class="mark" { (icon("bell")) } "portal-agent" }
                    div class="tabs" id="devices" role="group" aria-label=(shell.devices) {}
                    div class="tabs" id="views" role="group" aria-label=(shell.views) hidden {
                        button type="button" data-view="one" { (shell.view_one) }
                        button type="button" data-view="beside" { (shell.view_beside) }
                        button type="button" data-view="grid" id="view-grid" {}
                    }
                    span class="who mute" id="who" {}
                    span class="live push-right no" id="live" role="status" { (words.script.lost) }
                    button class="b bare" type="button" id="stage" aria-pressed="false" title=(shell.stage_means) {
                        (icon("stageI")) span class="w" { (shell.stage) }
                    }
                    button class="b bare" type="button" id="theme" aria-label=(shell.theme) { (icon("sun")) }
                }
                p class="lost" id="lost" role="alert" hidden { (shell.lost) span id="lost-long" hidden { " " (with_code(shell.lost_long)) } }
                p class="notice" id="notice" role="status" hidden {}
                section class="card gate" id="gate" hidden {
                    h2 id="gate-title" {}
                    p id="gate-text" {}
                    code { "portal-agent panel" }
                }
                p class="caption" id="caption" role="status" {}
                main class="board" id="board" tabindex="-1" hidden {
                    div class="do" {
                        div id="run" aria-label=(shell.scenario) role="region" {}
                        div id="do" aria-label=(shell.controls) role="region" {}
                        div id="echo-place" {
                            div id="recording" aria-label=(words.record.title) role="region" {}
                        div class="echo" id="echo" role="status" hidden {
                                button class="b bare" type="button" id="copy" { (icon("copy")) (shell.copy) }
                                code id="echo-line" {}
                                " "
                                span id="echo-answer" {}
                            }
                        }
                        div id="sends" aria-label=(words.sends.title) role="region" {}
                    }
                    section class="card why" id="why" aria-label=(shell.why) { div id="why-verdict" {} div id="why-steps" {} div id="why-more" {} }
                    section class="see" aria-label=(shell.phone) {
                        div class="edge" { div id="edge" {} div id="sent" {} }
                        div class="device" {
                            div class="look" role="group" aria-label=(shell.look_at) {
                                button type="button" data-look-at="screen" aria-pressed="true" { (shell.look_screen) }
                                button type="button" data-look-at="list" aria-pressed="false" { (shell.look_list) }
                                button type="button" data-look-at="settings" aria-pressed="false" { (shell.look_settings) }
                            }
                            div id="see" {
                                div class="looks" {
                                    div class="screenpane" id="see-screen" {}
                                    div class="listpane" id="see-list" {}
                                    div class="settingspane" id="see-settings" {}
                                }
                                div id="facts" {}
                            }
                        }
                    }
                }
                (several(words))
                footer class="when" id="when" aria-label=(words.when.title) hidden {
                    div class="head" {
                        h2 { (words.when.title) }
                        button class="b bare" type="button" data-step="-1" aria-label=(words.when.step_back) { (icon("left")) }
                        button class="b bare" type="button" data-step="1" aria-label=(words.when.step_on) { (icon("right")) }
                        div id="past" {}
                    }
                    ol class="line" id="line" {}
                }
            }
        }
    };
    page.into_string()
}

/// A sentence in which what stands between backticks is code.
fn with_code(sentence: &str) -> Markup {
    html! {
        @for (place, part) in sentence.split('`').enumerate() {
            @if place % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

/// The script's words as JSON that may stand in HTML as it is.
fn script_words(words: &PageWords) -> String {
    // Its members are texts alone, of which JSON is always made.
    serde_json::to_string(&words.script).unwrap_or_default().replace('<', r"\u003c")
}

/// Several devices: side by side with one push to all of them, or all as a grid.
fn several(words: &PageWords) -> Markup {
    let words = &words.several;
    html! {
        main class="several" id="several" hidden {
            div class="of-beside" {
                div id="beside-head" {}
                form class="row" id="together" {
                    label class="sr" for="together-title" { (words.title) }
                    input class="field" id="together-title" value=(words.title_sample);
                    label class="sr" for="together-body" { (words.body) }
                    input class="field" id="together-body" value=(words.body_sample);
                    label class="sr" for="together-group" { (words.group) }
                    input class="field" id="together-group" list="groups" placeholder=(words.group_sample);
                    button class="b main" type="submit" { (icon("plane")) (words.send) }
                }
                ul class="besidelist" id="beside" {}
            }
            div class="of-grid" {
                div class="row" {
                    div class="row" id="grid-head" {}
                    label class="sr" for="grid-find" { (words.find_means) }
                    input class="field" id="grid-find" type="search" placeholder=(words.find);
                    span class="mute" id="grid-left" role="status" {}
                    button class="b" type="button" data-view="beside" { (words.view_chosen) }
                }
                ul class="grid" id="grid" {}
            }
            div id="several-echo" {}
        }
    }
}
