//! The page's shell: it holds no data of any device, so it needs no cookie.
//!
//! Lives here: the frame into which the stream's regions go, and the icons. Does not live here: the regions.

use maud::{DOCTYPE, Markup, PreEscaped, html};

/// The icons, each a symbol of a 24 by 24 grid.
const ICONS: &str = include_str!("icons.svg");

/// One of the icons; words stand beside each.
pub(super) fn icon(name: &str) -> Markup {
    html! { svg class="i" aria-hidden="true" { use href={ "#" (name) } {} } }
}

/// The shell.
pub(super) fn shell() -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "portal-agent" }
                link rel="icon" href="icon.svg" type="image/svg+xml";
                link rel="stylesheet" href="panel.css";
                script src="panel.js" defer {}
            }
            body data-look="screen" {
                a class="skip" href="#board" { "Skip to the device" }
                datalist id="groups" {}
                svg class="defs" aria-hidden="true" { (PreEscaped(ICONS)) }
                header class="top" {
                    h1 { span class="mark" { (icon("bell")) } "portal-agent" }
                    div class="tabs" id="devices" role="group" aria-label="Devices" {}
                    div class="tabs" id="views" role="group" aria-label="How many devices" hidden {
                        button type="button" data-view="one" { "One" }
                        button type="button" data-view="beside" { "Side by side" }
                        button type="button" data-view="grid" id="view-grid" {}
                    }
                    span class="who mute" id="who" {}
                    span class="live push-right no" id="live" role="status" { "Not connected" }
                    button class="b bare" type="button" id="stage" aria-pressed="false" title="Large, without controls; arrow keys step, Escape ends it" {
                        (icon("stageI")) span class="w" { "Stage" }
                    }
                    button class="b bare" type="button" id="theme" aria-label="Light or dark" { (icon("sun")) }
                }
                p class="lost" id="lost" role="alert" hidden { "The daemon does not answer. This page tries again by itself." span id="lost-long" hidden {
                    " Start it anew with " code { "portal-agent run" } "; if it runs on another port, open a new link: " code { "portal-agent panel" }
                } }
                p class="notice" id="notice" role="status" hidden {}
                section class="card gate" id="gate" hidden {
                    h2 id="gate-title" {}
                    p id="gate-text" {}
                    code { "portal-agent panel" }
                }
                p class="caption" id="caption" role="status" {}
                main class="board" id="board" tabindex="-1" hidden {
                    div class="do" {
                        div id="run" aria-label="Scenario" role="region" {}
                        div id="do" aria-label="Do" role="region" {}
                        div id="echo-place" {
                            div id="recording" aria-label="Record" role="region" {}
                        div class="echo" id="echo" role="status" hidden {
                                button class="b bare" type="button" id="copy" { (icon("copy")) "Copy" }
                                code id="echo-line" {}
                                " "
                                span id="echo-answer" {}
                            }
                        }
                        div id="sends" aria-label="Sent through the gateway" role="region" {}
                    }
                    section class="card why" id="why" aria-label="Why" { div id="why-verdict" {} div id="why-steps" {} div id="why-more" {} }
                    section class="see" aria-label="What the phone shows" {
                        div class="door" { div id="door" {} div id="sent" {} }
                        div class="device" {
                            div class="look" role="group" aria-label="Look at" {
                                button type="button" data-look-at="screen" aria-pressed="true" { "Screen" }
                                button type="button" data-look-at="list" aria-pressed="false" { "Notifications" }
                                button type="button" data-look-at="settings" aria-pressed="false" { "Settings" }
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
                (several())
                footer class="when" id="when" aria-label="When" hidden {
                    div class="head" {
                        h2 { "When" }
                        button class="b bare" type="button" data-step="-1" aria-label="One step back" { (icon("left")) }
                        button class="b bare" type="button" data-step="1" aria-label="One step on" { (icon("right")) }
                        div id="past" {}
                    }
                    ol class="line" id="line" {}
                }
            }
        }
    };
    page.into_string()
}

/// Several devices: side by side with one push to all of them, or all as a grid.
fn several() -> Markup {
    html! {
        main class="several" id="several" hidden {
            div class="of-beside" {
                div id="beside-head" {}
                form class="row" id="together" {
                    label class="sr" for="together-title" { "Title" }
                    input class="field" id="together-title" value="Town hall at three";
                    label class="sr" for="together-body" { "Body" }
                    input class="field" id="together-body" value="In the atrium.";
                    label class="sr" for="together-group" { "To a group, and not to each of these" }
                    input class="field" id="together-group" list="groups" placeholder="Group (else each of these)";
                    button class="b main" type="submit" { (icon("plane")) "Send" }
                }
                ul class="besidelist" id="beside" {}
            }
            div class="of-grid" {
                div class="row" {
                    div class="row" id="grid-head" {}
                    label class="sr" for="grid-find" { "Find a device, a title, an outcome" }
                    input class="field" id="grid-find" type="search" placeholder="Find";
                    span class="mute" id="grid-left" role="status" {}
                    button class="b" type="button" data-view="beside" { "Chosen side by side" }
                }
                ul class="grid" id="grid" {}
            }
            div id="several-echo" {}
        }
    }
}
