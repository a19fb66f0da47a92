//! The page's words, all of them: what a second language has to say. How to add one: `.github/CONTRIBUTING.md`.
//!
//! What depends on data is a whole sentence made by a function, since plurals, word order, quotes and upper case are the
//! language's own affair; a sentence is never glued from pieces. Between backticks stands what is shown as code.
//!
//! A struct's value per language, so that the compiler names each word that a language lacks. Files of a translation system
//! (Fluent, say) were not taken: a dozen more crates, and a key that is missing or takes other data is found at run time alone.
//!
//! Lives here: which words there are, and which language is shown. Does not live here: the sentences of reasons, hints and
//! sources, which are the agent's answers everywhere; command lines and members of the API; what `portal_screen` says.

mod english;
#[cfg(test)]
mod tests;

use portal_contract::{Prerequisite, Surface};
use serde::Serialize;

use english::ENGLISH;

/// The languages that there are.
pub(super) static LANGUAGES: [&PageWords; 1] = [&ENGLISH];

/// The language of the page, by which all of it is made: the first. One by the browser's wish would be chosen here.
pub(super) fn words() -> &'static PageWords {
    LANGUAGES[0]
}

/// A word, or a sentence that depends on nothing.
type PageText = &'static str;

/// One language.
pub(super) struct PageWords {
    /// The language's code, as HTML takes it (BCP 47).
    pub(super) lang: PageText,
    pub(super) shell: ShellWords,
    pub(super) script: ScriptWords,
    pub(super) controls: ControlWords,
    pub(super) gallery: GalleryWords,
    pub(super) record: RecordWords,
    pub(super) run: RunWords,
    pub(super) sends: SendWords,
    pub(super) outcomes: OutcomeWords,
    pub(super) why: WhyWords,
    pub(super) edge: EdgeWords,
    pub(super) phone: PhoneWords,
    pub(super) when: WhenWords,
    pub(super) several: SeveralWords,
    /// In the place of a push's title, where it has none that can be read.
    pub(super) unreadable: PageText,
    /// The same within a sentence.
    pub(super) unreadable_push: PageText,
}

/// What stands around the regions.
pub(super) struct ShellWords {
    pub(super) skip: PageText,
    pub(super) devices: PageText,
    pub(super) views: PageText,
    pub(super) view_one: PageText,
    pub(super) view_beside: PageText,
    pub(super) stage: PageText,
    pub(super) stage_means: PageText,
    pub(super) theme: PageText,
    pub(super) lost: PageText,
    /// What to do where it lasts; behind `lost`.
    pub(super) lost_long: PageText,
    pub(super) scenario: PageText,
    pub(super) controls: PageText,
    pub(super) copy: PageText,
    pub(super) why: PageText,
    pub(super) phone: PageText,
    pub(super) look_at: PageText,
    pub(super) look_screen: PageText,
    pub(super) look_list: PageText,
    pub(super) look_settings: PageText,
    /// Beside the number of the documentation's years.
    pub(super) enrolled: fn(user: &str, documentation: &str) -> String,
    pub(super) not_enrolled: fn(documentation: &str) -> String,
    /// What opens the grid of outcomes.
    pub(super) every_outcome: PageText,
}

/// What the page's script says; it gets them as JSON and fills in what stands in its braces.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ScriptWords {
    pub(super) live: PageText,
    /// In the place of `live`, where one looks back.
    pub(super) was: PageText,
    pub(super) lost: PageText,
    pub(super) no_access: PageText,
    pub(super) no_access_why: PageText,
    pub(super) anew: PageText,
    pub(super) anew_why: PageText,
    pub(super) no_device: PageText,
    pub(super) no_device_why: PageText,
    /// `{name}` is no longer hosted, `{other}` is shown now.
    pub(super) gone: PageText,
    pub(super) sent_away: PageText,
    /// `{number}` devices.
    pub(super) all: PageText,
    /// `{number}` of the devices are left by the filter.
    pub(super) left: PageText,
    pub(super) copied: PageText,
    pub(super) copied_recording: PageText,
    // What a command came to.
    pub(super) done: PageText,
    /// `{note}`, the agent's.
    pub(super) noted: PageText,
    /// `{number}` pushes.
    pub(super) sent: PageText,
    /// `{message}`, the agent's.
    pub(super) refused: PageText,
    /// The same with `{hint}`.
    pub(super) refused_hint: PageText,
    pub(super) refused_access: PageText,
    pub(super) refused_past: PageText,
    pub(super) no_answer: PageText,
}

/// Do: the controls of a device.
pub(super) struct ControlWords {
    // Headings.
    pub(super) permission: PageText,
    pub(super) device: PageText,
    pub(super) set_up: PageText,
    pub(super) set_up_means: PageText,
    pub(super) all_states: PageText,
    pub(super) this_daemon: PageText,
    pub(super) company_portal: PageText,
    pub(super) enrollment: PageText,
    pub(super) settings: PageText,
    /// What `device remove` does here, with the command's own sentence.
    pub(super) remove_this: fn(summary: &str) -> String,
    // Switches.
    pub(super) locked: PageText,
    pub(super) offline: PageText,
    pub(super) focus: PageText,
    pub(super) doze: PageText,
    pub(super) work_paused: PageText,
    pub(super) charging: PageText,
    pub(super) play_services: PageText,
    // The permission's buttons.
    pub(super) ask: PageText,
    pub(super) allow: PageText,
    pub(super) deny: PageText,
    pub(super) dismiss: PageText,
    pub(super) keep: PageText,
    pub(super) turn_off: PageText,
    pub(super) forget: PageText,
    // Set up with the permission as it then is.
    pub(super) new_device: PageText,
    pub(super) asking: PageText,
    pub(super) allowed: PageText,
    pub(super) denied: PageText,
    pub(super) quiet: PageText,
    // Sending a push; the sample is what stands in the fields.
    pub(super) send_push: PageText,
    pub(super) limits: PageText,
    pub(super) title: PageText,
    pub(super) title_sample: PageText,
    pub(super) body: PageText,
    pub(super) body_sample: PageText,
    pub(super) more: PageText,
    pub(super) id: PageText,
    pub(super) id_sample: PageText,
    pub(super) expires_in: PageText,
    pub(super) targeted_user: PageText,
    pub(super) collapse_key: PageText,
    pub(super) group: PageText,
    pub(super) count: PageText,
    pub(super) send: PageText,
    pub(super) any_bytes: PageText,
    pub(super) bytes: PageText,
    pub(super) send_bytes: PageText,
}

/// A state of the gallery: its name, and what it means for a push.
pub(super) struct StateWords {
    pub(super) name: PageText,
    pub(super) means: PageText,
}

/// The gallery of named states. No platform may have a name twice.
pub(super) struct GalleryWords {
    pub(super) new_device: StateWords,
    pub(super) asking: StateWords,
    pub(super) allowed: StateWords,
    pub(super) denied_ios: StateWords,
    pub(super) denied_once: StateWords,
    pub(super) denied_twice: StateWords,
    pub(super) dismissed: StateWords,
    pub(super) provisional: StateWords,
    pub(super) policy_ios: StateWords,
    pub(super) policy_android: StateWords,
    pub(super) not_enrolled: StateWords,
    pub(super) app_removed: StateWords,
    pub(super) retired: StateWords,
    pub(super) no_play_services: StateWords,
    pub(super) locked: StateWords,
    pub(super) text_hidden: StateWords,
    pub(super) focus: StateWords,
    pub(super) do_not_disturb: StateWords,
    pub(super) no_banners: StateWords,
    pub(super) silent_channel: StateWords,
    pub(super) channel_off: StateWords,
    pub(super) app_open_ios: StateWords,
    pub(super) app_open_android: StateWords,
    pub(super) offline: StateWords,
    pub(super) doze: StateWords,
    pub(super) work_paused: StateWords,
    pub(super) force_stopped: StateWords,
}

/// The recording.
pub(super) struct RecordWords {
    pub(super) title: PageText,
    pub(super) means: PageText,
    pub(super) begin: PageText,
    pub(super) end: PageText,
    pub(super) anew: PageText,
    pub(super) copy: PageText,
    pub(super) download: PageText,
    pub(super) file: PageText,
    /// In the place of the file's beginning where it is too long to be shown.
    pub(super) cut: PageText,
    pub(super) so_far: fn(events: usize) -> String,
    pub(super) ended: fn(why: &str) -> String,
}

/// A scenario that runs on the device.
pub(super) struct RunWords {
    /// Which case of several, and where it is written.
    pub(super) case: fn(case: u32, cases: u32, at: &str) -> String,
    pub(super) silent: fn(since: &str) -> String,
    /// It is paused; what it waits for is the agent's word, or else whoever looks at the page.
    pub(super) paused: fn(waits_for: Option<&str>) -> String,
    pub(super) waits: fn(waits_for: &str, until: Option<&str>) -> String,
    pub(super) runs: PageText,
    // What it may be told.
    pub(super) start: PageText,
    pub(super) step: PageText,
    pub(super) go_on: PageText,
    pub(super) pause: PageText,
    pub(super) stop: PageText,
    pub(super) close: PageText,
    /// The next beat of a script.
    pub(super) next: PageText,
    // How a step stands.
    pub(super) to_come: PageText,
    pub(super) now: PageText,
    pub(super) done: PageText,
    pub(super) failed: PageText,
}

/// The sends through the gateway.
pub(super) struct SendWords {
    pub(super) title: PageText,
    pub(super) show: PageText,
    pub(super) answered: fn(receipts: usize, addressed_devices: usize) -> String,
}

/// What outcomes are called outside the phone.
pub(super) struct OutcomeWords {
    pub(super) presented: PageText,
    pub(super) withheld: PageText,
    pub(super) held: PageText,
    pub(super) expired: PageText,
    pub(super) dropped: PageText,
    pub(super) duplicate: PageText,
    pub(super) rejected: PageText,
    pub(super) failed: PageText,
}

/// Why: the verdict and the way through the prerequisites.
pub(super) struct WhyWords {
    pub(super) asks: PageText,
    pub(super) stands: PageText,
    pub(super) stood: PageText,
    // Where the way ends.
    pub(super) screen: PageText,
    pub(super) on_screen: PageText,
    pub(super) not_on_screen: PageText,
    // The verdict on a push.
    pub(super) shown: PageText,
    pub(super) waits: PageText,
    pub(super) nothing: PageText,
    /// Which push, when, and the outcome's word in its receipt.
    pub(super) push: fn(title: &str, at: &str, outcome: &str) -> String,
    pub(super) this_computer: fn(detail: &str) -> String,
    pub(super) receipt: PageText,
    pub(super) ways: fn(count: usize) -> String,
    // The verdict where no push is chosen.
    pub(super) no_push: PageText,
    pub(super) would_show: PageText,
    pub(super) would_have_shown: PageText,
    pub(super) would_not_show: PageText,
    pub(super) would_not_have_shown: PageText,
    pub(super) all_met: PageText,
    pub(super) some_unmet: fn(unmet: usize, of: usize) -> String,
    // Before a prerequisite's sentence, for those who do not see its sign.
    pub(super) met: PageText,
    pub(super) unmet: PageText,
    pub(super) met_now: PageText,
}

/// The device's edge.
pub(super) struct EdgeWords {
    pub(super) title: PageText,
    /// How many were not shown, at least so many where the timeline is cut, and how many are held.
    pub(super) counts: fn(not_shown: usize, is_cut: bool, held: usize) -> String,
    pub(super) empty: PageText,
    pub(super) unmet: fn(Prerequisite) -> PageText,
    /// Where a push showed, and whether with a sound, where that is known.
    pub(super) shown: fn(Surface, sound: Option<bool>) -> String,
    pub(super) duplicate: PageText,
    pub(super) expired: PageText,
}

/// Of the phone what `portal_screen` leaves to a drawing: as the platforms themselves say it in the language.
pub(super) struct PhoneWords {
    pub(super) focus: PageText,
    pub(super) do_not_disturb: PageText,
    pub(super) work_paused: PageText,
    pub(super) charging: PageText,
    pub(super) no_network: PageText,
    pub(super) mail: PageText,
    pub(super) calendar: PageText,
    pub(super) notes: PageText,
    pub(super) maps: PageText,
    pub(super) camera: PageText,
    pub(super) settings: PageText,
    pub(super) notifications: PageText,
    /// Behind the number on the app's icon, for those who hear it.
    pub(super) unread: PageText,
    pub(super) silent: PageText,
    pub(super) prompt: PageText,
    pub(super) more_cards: fn(count: usize) -> String,
    pub(super) day: fn(&jiff::ZonedDateTime) -> String,
}

/// When: the history.
pub(super) struct WhenWords {
    pub(super) title: PageText,
    pub(super) step_back: PageText,
    pub(super) step_on: PageText,
    pub(super) choose: PageText,
    pub(super) past: fn(at: &str) -> String,
    pub(super) now: PageText,
    pub(super) return_here: PageText,
    pub(super) undo: fn(command: &str) -> String,
    /// The moment is no longer there.
    pub(super) pruned: PageText,
    pub(super) minutes_later: fn(minutes: i64) -> String,
    pub(super) hours_later: fn(hours: i64) -> String,
    pub(super) days_later: fn(days: i64) -> String,
    // What was no command.
    pub(super) renamed: PageText,
    pub(super) allowed: PageText,
    pub(super) not_allowed: PageText,
    pub(super) started: PageText,
    pub(super) groups_heard: PageText,
    pub(super) action_arrived: PageText,
    pub(super) prompt_closed: PageText,
    pub(super) connected: PageText,
    pub(super) changed: PageText,
    pub(super) by_itself: PageText,
}

/// Several devices, side by side or as a grid.
pub(super) struct SeveralWords {
    pub(super) title: PageText,
    pub(super) title_sample: PageText,
    pub(super) body: PageText,
    pub(super) body_sample: PageText,
    pub(super) group: PageText,
    pub(super) group_sample: PageText,
    pub(super) send: PageText,
    pub(super) find: PageText,
    pub(super) find_means: PageText,
    pub(super) view_chosen: PageText,
    pub(super) alone: PageText,
    /// Behind a device's name, for those who hear the box to put it there.
    pub(super) beside: PageText,
    pub(super) no_push: PageText,
    pub(super) devices: fn(count: usize) -> String,
    /// The heading of devices side by side, which had no push, not the same, or one with so many outcomes.
    pub(super) without_push: fn(devices: usize) -> String,
    pub(super) pushes: fn(devices: usize) -> String,
    pub(super) one_push: fn(outcomes: usize) -> String,
    /// An outcome (`OutcomeWords`) on a device; and of a push all of them.
    pub(super) end: fn(outcome: &str, device: &str) -> String,
    pub(super) ends: fn(title: &str, ends: &[String]) -> String,
    /// How many devices have an outcome, or no push.
    pub(super) with_outcome: fn(devices: usize, outcome: &str) -> String,
    pub(super) with_none: fn(devices: usize) -> String,
}
