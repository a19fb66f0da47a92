//! A phone in words: `android 14, work profile, denied twice, app open`.
//!
//! Lives here: reading a description. Does not live here: the words (`vocabulary`), what a command does to a phone.
//!
//! What is not said is as a scenario's `device` block has it: iOS, the newest version, Company Portal installed, allowed,
//! enrolled.

use portal_contract::{DocumentationYear, GroupId, OperatingSystem, OsVersion, PushTarget};
use portal_device::EmulationSettings;

use super::vocabulary::Meaning::{App, Enrollment, Nothing, Permission, Platform, Push, Takes, Then};
use super::vocabulary::{Follows, Meaning, PHRASES, PushWord, vocabulary};
use super::{DescribedPhone, DescribedPush, DescriptionError, USER};
use crate::scenario::nearest;

/// The group of pushes to a group.
const GROUP: &str = "11111111-1111-4111-8111-111111111111";
/// A group that the user is not in.
const STRANGE_GROUP: &str = "99999999-9999-4999-8999-999999999999";
const ANOTHER_USER: &str = "bob@contoso.example";

/// What was said, before anything is made of it.
struct Said {
    operating_system: OperatingSystem,
    os_version: Option<OsVersion>,
    settings: Vec<(String, String)>,
    documentation: Option<DocumentationYear>,
    app: Option<&'static str>,
    app_options: String,
    permission: Option<&'static [&'static str]>,
    user: String,
    enrollment: Option<&'static str>,
    in_group: bool,
    then: Vec<String>,
    push: DescribedPush,
}

/// Reads a description.
///
/// # Errors
/// See [`DescribedPhone::of_words`].
pub(super) fn read(words: &str) -> Result<DescribedPhone, DescriptionError> {
    let mut said = Said {
        operating_system: OperatingSystem::Ios,
        os_version: None,
        settings: Vec::new(),
        documentation: None,
        app: Some(""),
        app_options: String::new(),
        permission: None,
        user: USER.to_owned(),
        enrollment: Some(""),
        in_group: false,
        then: Vec::new(),
        push: DescribedPush::default(),
    };
    for phrase in words.split([',', ';']).map(str::trim).filter(|phrase| !phrase.is_empty()) {
        said.take_in(phrase)?;
    }
    said.phone(words)
}

impl Said {
    fn take_in(&mut self, phrase: &str) -> Result<(), DescriptionError> {
        if let Ok(year) = phrase.parse::<DocumentationYear>() {
            self.documentation = Some(year);
            return Ok(());
        }
        if let Some((name, value)) = phrase.split_once('=') {
            return self.named_value(name.trim(), value.trim());
        }
        let plain = plain(phrase);
        if let Some((_, meaning)) = PHRASES.iter().find(|(known, _)| *known == plain) {
            return self.mean(*meaning, "", phrase);
        }
        // The longest phrase that something follows: `android 14`, `enrolled by adele@contoso.example`.
        let begins = |(known, meaning): &&(&str, Meaning)| {
            matches!(meaning, Platform(_) | Takes(_))
                && plain.strip_prefix(known).is_some_and(|rest| rest.starts_with(' '))
        };
        let longest = PHRASES.iter().filter(begins).max_by_key(|(known, _)| known.len());
        if let Some((known, meaning)) = longest {
            let value = phrase.split_whitespace().skip(known.split(' ').count()).collect::<Vec<_>>().join(" ");
            return self.mean(*meaning, &value, phrase);
        }
        if let Ok(command) = portal_contract::command::read_line(phrase) {
            let _ = command;
            self.then.push(phrase.to_owned());
            return Ok(());
        }
        Err(unknown(phrase, &plain))
    }

    fn mean(&mut self, meaning: Meaning, value: &str, phrase: &str) -> Result<(), DescriptionError> {
        match meaning {
            Platform(operating_system) => {
                self.operating_system = operating_system;
                if !value.is_empty() {
                    self.os_version = Some(value.parse().map_err(|why| of_value(phrase, &why))?);
                }
            }
            App(app) => self.app = app,
            Permission(commands) => self.permission = Some(commands),
            Enrollment(enrollment) => self.enrollment = enrollment,
            Then(line) => self.then.push(line.to_owned()),
            Nothing => {}
            Push(PushWord::ToGroup) => {
                self.in_group = true;
                self.push.target = group(GROUP);
            }
            Push(PushWord::ToStrangeGroup) => self.push.target = group(STRANGE_GROUP),
            Push(PushWord::ForAnotherUser) => self.push.user = ANOTHER_USER.parse().ok(),
            Push(PushWord::Expired) => self.push.is_expired = true,
            Takes(follows) => return self.followed(follows, value, phrase),
        }
        Ok(())
    }

    fn followed(&mut self, follows: Follows, value: &str, phrase: &str) -> Result<(), DescriptionError> {
        if value.is_empty() {
            return Err(DescriptionError::new(format!("{phrase:?} does not say which"), follows.example()));
        }
        match follows {
            Follows::Documentation => self.documentation = Some(value.parse().map_err(|why| of_value(phrase, &why))?),
            Follows::AppVersion => {
                self.app = Some("");
                self.app_options.push_str(&format!(" --version {value}"));
            }
            Follows::TargetSdk => self.app_options.push_str(&format!(" --target-sdk {value}")),
            Follows::User => {
                self.enrollment = self.enrollment.or(Some(""));
                value.clone_into(&mut self.user);
            }
            Follows::Bucket => self.then.push(format!("device standby {value}")),
            Follows::TargetedUser => self.push.user = Some(value.parse().map_err(|why| of_value(phrase, &why))?),
        }
        Ok(())
    }

    /// `alert=off`, `PermissionGrantState=denied`, `push_service.android_priority=high`: a switch, a policy, a setting.
    fn named_value(&mut self, name: &str, value: &str) -> Result<(), DescriptionError> {
        match name.chars().next() {
            _ if name.contains('.') => self.settings.push((name.to_owned(), value.to_owned())),
            Some(first) if first.is_ascii_uppercase() => self.then.push(format!("policy set {name}={value}")),
            Some(_) if STATES.contains(&name) => self.then.push(format!("enrollment set {name}={value}")),
            Some(_) => self.then.push(format!("settings set {name}={value}")),
            None => {
                return Err(DescriptionError::new("nothing stands before the \"=\"", "NAME=VALUE, as in alert=off"));
            }
        }
        Ok(())
    }

    fn phone(self, name: &str) -> Result<DescribedPhone, DescriptionError> {
        let mut rules = if self.settings.is_empty() {
            EmulationSettings::default()
        } else {
            crate::scenario::rules_by_settings(self.settings.clone()).map_err(|why| {
                DescriptionError::new(why, "config/default.toml names the settings and what each may be")
            })?
        };
        if let Some(documentation) = self.documentation {
            rules.documentation = documentation;
        }
        let os_version = self.os_version.clone().unwrap_or_else(|| OsVersion::newest(self.operating_system));
        let mut phone = DescribedPhone {
            name: name.to_owned(),
            operating_system: self.operating_system,
            os_version,
            rules,
            setup: Vec::new(),
            push: self.push.clone(),
        };
        for line in self.lines(&phone.os_version) {
            phone.change(&line)?;
        }
        Ok(phone)
    }

    fn lines(&self, os_version: &OsVersion) -> Vec<String> {
        // Before Android 13 nothing asks, and what was installed is allowed.
        let asks = self.operating_system.is_apple() || os_version.major() >= 13;
        // An order in which all of it can be done to a phone out of its box: the app before its permission, then the
        // enrollment, and then the rest as it was said.
        let mut lines: Vec<String> = Vec::new();
        if let Some(options) = self.app {
            lines.push(format!("app install{options}{}", self.app_options));
            match self.permission {
                Some(commands) => lines.extend(commands.iter().map(|line| (*line).to_owned())),
                None if asks => lines.push("permission allow".to_owned()),
                None => {}
            }
        }
        if let Some(options) = self.enrollment {
            let group = if self.in_group { format!(" --group {GROUP}") } else { String::new() };
            lines.push(format!("enroll --user {}{options}{group}", self.user));
        }
        lines.extend(self.then.iter().cloned());
        lines
    }
}

/// The enrollment's states, by Graph's names.
const STATES: [&str; 4] =
    ["managementState", "deviceRegistrationState", "managedDeviceOwnerType", "deviceEnrollmentType"];

fn group(id: &str) -> Option<PushTarget> {
    id.parse::<GroupId>().ok().map(|id| PushTarget::Group { id })
}

/// Lower case, with one space where there are spaces or hyphens.
fn plain(phrase: &str) -> String {
    phrase
        .to_lowercase()
        .split(|c: char| c.is_whitespace() || c == '-')
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn of_value(phrase: &str, why: &impl ToString) -> DescriptionError {
    DescriptionError::new(why.to_string(), format!("it stands in {phrase:?}"))
}

fn unknown(phrase: &str, plain: &str) -> DescriptionError {
    let known: Vec<&str> = vocabulary().collect();
    let hint = match nearest(plain, &known) {
        Some(nearest) => format!("did you mean {nearest:?}?"),
        None => {
            "portal-agent what-if --help lists the words; NAME=VALUE sets a switch, a policy or a setting".to_owned()
        }
    };
    DescriptionError::new(format!("{phrase:?} says nothing of a phone"), hint)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn answer(words: &str) -> Value {
        let phone = DescribedPhone::of_words(words).unwrap_or_else(|error| panic!("{words}: {error}"));
        let explanation = phone.explain("T", "B").unwrap_or_else(|error| panic!("{words}: {error} {}", error.hint));
        serde_json::to_value(explanation).unwrap()
    }

    #[test]
    fn words_describe_a_phone() {
        for (words, outcome, more) in [
            ("", "presented", ("surface", "banner")),
            ("android 14, work profile, denied twice, app open", "withheld", ("unmet", "notificationsPermitted")),
            ("iPhone, locked", "presented", ("surface", "lockScreen")),
            ("app open", "presented", ("surface", "inApp")),
            ("android, app open, 2025", "presented", ("surface", "inApp")),
            ("android, doze", "held", ("reason", "doze")),
            ("android, doze, push_service.android_priority=high", "presented", ("surface", "banner")),
            ("android, Work-Profile paused", "held", ("reason", "workProfilePaused")),
            ("android, force-stopped", "dropped", ("problem", "droppedAppForceStopped")),
            ("expired", "expired", ("outcome", "expired")),
            ("app missing, not enrolled", "withheld", ("unmet", "companyPortalInstalled")),
            ("documentation 2023, for another user", "withheld", ("unmet", "enrolledByTargetedUser")),
            ("2023, to a group", "presented", ("surface", "banner")),
            ("2023, to another group", "withheld", ("unmet", "enrolledByTargetedUser")),
            ("alert=off, lockScreen=off, notificationCenter=off", "withheld", ("unmet", "notificationsPermitted")),
            ("supervised, NotificationsEnabled=false", "withheld", ("unmet", "notificationsPermitted")),
            ("android 12L, denied", "withheld", ("unmet", "notificationsPermitted")),
            ("device focus on", "presented", ("surface", "notificationCenter")),
        ] {
            let answer = answer(words);
            assert_eq!(answer["outcome"], outcome, "{words}: {answer}");
            assert!(answer[more.0].to_string().contains(more.1), "{words}: {answer}");
            assert_eq!(answer["waysToShow"].as_array().unwrap().is_empty(), outcome == "presented", "{words}");
        }
    }

    #[test]
    fn a_bad_word_gets_the_nearest_that_is_right() {
        for (words, part, hint) in [
            ("android 14, denid twice", "denid twice", "denied twice"),
            ("androidd", "androidd", "\"android\""),
            ("xyzzy", "says nothing", "--help"),
            ("enrolled by adele", "adele@contoso.example", ""),
            ("android fourteen", "no OS version", ""),
            ("bucket sometimes", "bucket", ""),
            ("enrolled by", "does not say which", "adele@contoso.example"),
        ] {
            let error = DescribedPhone::of_words(words).map(|_| ()).unwrap_err();
            assert!(error.message.contains(part) && error.hint.contains(hint), "{words}: {error:?}");
        }
        for (words, part) in [
            ("ios, denied twice", "does not ask again"),
            ("ios, doze", "Android"),
            ("ios, fully managed", "no enrollment of iOS"),
        ] {
            let error = DescribedPhone::of_words(words).unwrap().explain("T", "B").unwrap_err();
            assert!(error.message.contains(part), "{words}: {error:?}");
        }
    }
}
