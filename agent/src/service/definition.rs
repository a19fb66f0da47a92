//! What each system reads to start the daemon with the desktop. Pure.
//!
//! Lives here: the unit, the autostart entry, the LaunchAgent, the command of Windows' Run key, from one plan. Does not live
//! here: where they go and who is asked to read them.

use std::path::PathBuf;

/// By this line a definition is known as one that `service install` wrote, and may take away again.
pub const MARK: &str = "Written by portal-agent service install";
/// The unit's name.
pub const UNIT: &str = "portal-agent.service";
/// The name of the entry in a desktop's list of programs to start.
pub const AUTOSTART: &str = "portal-agent.desktop";
/// The LaunchAgent's label, which is the application's identifier.
pub const LABEL: &str = "org.portal-agent.company-portal";
/// The value's name below Windows' Run key.
pub const RUN_VALUE: &str = "portal-agent";

/// The unit that packages ship, which this program's own differs from in one line.
const PACKAGED_UNIT: &str = include_str!("../../packaging/linux/portal-agent.service");
const PACKAGED_START: &str = "ExecStart=/usr/bin/portal-agent run --quiet";

/// What is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServicePlan {
    /// This program.
    pub program: PathBuf,
    /// The state directory, where another than the default is meant.
    pub state_dir: Option<PathBuf>,
    /// The settings file, where another than the default is meant.
    pub config: Option<PathBuf>,
    /// Where the log goes on systems that have no place for one.
    pub log_file: PathBuf,
}

impl ServicePlan {
    fn words(&self, with_log: bool) -> Vec<String> {
        let path = |path: &PathBuf| path.display().to_string();
        let mut words = vec![path(&self.program)];
        for (option, value) in [("--state-dir", &self.state_dir), ("--config", &self.config)] {
            words.extend(value.iter().flat_map(|value| [option.to_owned(), path(value)]));
        }
        // Quiet: a line for each push belongs into a terminal, and here it would fill a log.
        words.extend(["run", "--quiet"].map(str::to_owned));
        if with_log {
            words.extend(["--log-file".to_owned(), path(&self.log_file)]);
        }
        words
    }
}

/// The unit for systemd's user manager. It starts with the desktop session, which notifications need, and not before it.
pub fn unit(plan: &ServicePlan) -> String {
    let words: Vec<String> = plan.words(false).iter().map(|word| unit_word(word)).collect();
    // From the packages' own unit, so that hardening is written once; a test holds the line that is replaced.
    let text = PACKAGED_UNIT.replace(PACKAGED_START, &format!("ExecStart={}", words.join(" ")));
    format!("# {MARK}; service uninstall takes it away.\n{text}")
}

/// A word of a command line in a unit (systemd.service(5)): quoted, with systemd's own specifiers and variables doubled.
fn unit_word(word: &str) -> String {
    let doubled = word.replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%").replace('$', "$$");
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-%".contains(c);
    if doubled.chars().all(is_plain) { doubled } else { format!("\"{doubled}\"") }
}

/// The entry of a desktop's list of programs to start (Desktop Application Autostart Specification), where systemd keeps no services.
pub fn autostart_entry(plan: &ServicePlan) -> String {
    let words: Vec<String> = plan.words(true).iter().map(|word| entry_word(word)).collect();
    format!(
        "# {MARK}; service uninstall takes it away.\n\
         [Desktop Entry]\nType=Application\nVersion=1.4\nName=Company Portal (emulator)\n\
         Comment=Starts the device agent emulator with the desktop\nExec={}\nIcon=company-portal\n\
         Terminal=false\nNoDisplay=true\n",
        words.join(" ")
    )
}

/// A word of `Exec` (Desktop Entry Specification): quoted, with what a shell would read escaped, and that once more, since the
/// value is a string with escapes of its own.
fn entry_word(word: &str) -> String {
    let mut quoted = String::from('"');
    for c in word.chars() {
        match c {
            '"' | '`' | '$' => quoted.extend(["\\\\", &c.to_string()]),
            // Four: a backslash is escaped for the quoting, and each of the two once more for the string.
            '\\' => quoted.push_str("\\\\\\\\"),
            '%' => quoted.push_str("%%"),
            _ => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// What such an entry starts: program and arguments; nothing where it cannot be read.
pub fn autostart_words(entry: &str) -> Vec<String> {
    let exec = entry.lines().find_map(|line| line.strip_prefix("Exec="));
    // Without the string's own escapes, what is quoted is quoted as for a shell.
    let words = exec.and_then(|exec| shlex::split(&exec.replace(r"\\", r"\").replace("%%", "%")));
    words.unwrap_or_default()
}

/// The LaunchAgent: at the log-in to the desktop, and again where it fails. launchd keeps no log, so it has a file.
pub fn launch_agent(plan: &ServicePlan) -> String {
    let words: String =
        plan.words(true).iter().map(|word| format!("    <string>{}</string>\n", xml_text(word))).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n\
         <!-- {MARK}; service uninstall takes it away. -->\n\
         <plist version=\"1.0\">\n<dict>\n\
         \x20 <key>Label</key><string>{LABEL}</string>\n\
         \x20 <key>ProgramArguments</key>\n  <array>\n{words}  </array>\n\
         \x20 <key>RunAtLoad</key><true/>\n\
         \x20 <key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>\n\
         \x20 <key>ThrottleInterval</key><integer>10</integer>\n\
         \x20 <key>LimitLoadToSessionType</key><string>Aqua</string>\n\
         \x20 <key>ProcessType</key><string>Interactive</string>\n\
         \x20 <key>AssociatedBundleIdentifiers</key><string>{LABEL}</string>\n\
         </dict>\n</plist>\n"
    )
}

fn xml_text(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The command of Windows' Run key, which it starts at the log-in. Each word is quoted: a path may hold blanks, and none holds a
/// quotation mark.
pub fn run_command(plan: &ServicePlan) -> String {
    // With a log file: Windows shows no output of a program that has no console.
    let words: Vec<String> = plan.words(true).iter().map(|word| format!("\"{word}\"")).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(program: &str) -> ServicePlan {
        ServicePlan {
            program: program.into(),
            state_dir: None,
            config: Some("/home/a/my settings.toml".into()),
            log_file: "/home/a/portal-agent.log".into(),
        }
    }

    #[test]
    fn the_unit_is_the_packages_but_for_what_it_starts() {
        let unit = unit(&plan("/opt/100%/portal-agent"));
        assert!(
            unit.contains("\nExecStart=/opt/100%%/portal-agent --config \"/home/a/my settings.toml\" run --quiet\n"),
            "{unit}"
        );
        assert!(unit.starts_with("# Written by portal-agent service install"));
        let others = |text: &str| {
            text.lines().filter(|line| !line.starts_with("ExecStart=")).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(others(&unit)[1..], others(PACKAGED_UNIT)[..]);
        for line in ["PartOf=graphical-session.target", "WantedBy=graphical-session.target", "Restart=on-failure"] {
            assert!(unit.contains(line), "{line}");
        }
    }

    #[test]
    fn a_word_of_a_unit_is_taken_as_it_is() {
        assert_eq!(unit_word("/usr/bin/portal-agent"), "/usr/bin/portal-agent");
        assert_eq!(unit_word("a b"), "\"a b\"");
        assert_eq!(unit_word("$HOME"), "\"$$HOME\"");
        assert_eq!(unit_word(r#"it's "x" \y"#), r#""it's \"x\" \\y""#);
    }

    #[test]
    fn an_autostart_entry_quotes_every_word() {
        let entry = autostart_entry(&plan("/opt/100% \"x\" $y/portal-agent"));
        let exec =
            "Exec=\"/opt/100%% \\\\\"x\\\\\" \\\\$y/portal-agent\" \"--config\" \"/home/a/my settings.toml\" \"run\"";
        assert!(entry.contains(exec), "{entry}");
        assert_eq!(entry_word(r"a\b"), r#""a\\\\b""#);
        let strange = plan(r#"/opt/100% "x" $y `z` \\ b/portal-agent"#);
        assert_eq!(autostart_words(&autostart_entry(&strange)), strange.words(true));
        assert!(autostart_words("[Desktop Entry]\n").is_empty());
    }

    #[test]
    fn the_launch_agent_is_xml_with_every_word_and_a_log() {
        let plist = launch_agent(&plan("/Applications/A & B.app/portal-agent"));
        assert!(plist.contains("<string>/Applications/A &amp; B.app/portal-agent</string>"));
        assert!(plist.contains("<string>--log-file</string>\n    <string>/home/a/portal-agent.log</string>"));
        let mut reader = quick_xml::Reader::from_str(&plist);
        let mut depth = 0_i32;
        loop {
            match reader.read_event().unwrap() {
                quick_xml::events::Event::Start(_) => depth += 1,
                quick_xml::events::Event::End(_) => depth -= 1,
                quick_xml::events::Event::Eof => break,
                _ => {}
            }
        }
        assert_eq!(depth, 0);
    }

    #[test]
    fn the_agents_label_is_the_applications_identifier() {
        let application = include_str!("../../packaging/macos/Info.plist");
        assert!(application.contains(&format!("<key>CFBundleIdentifier</key><string>{LABEL}</string>")));
    }

    #[test]
    fn windows_reads_each_word_as_one() {
        let command = run_command(&plan(r"C:\Program Files\portal-agent.exe"));
        assert!(command.starts_with(r#""C:\Program Files\portal-agent.exe" "--config""#), "{command}");
        assert!(command.ends_with(r#""--log-file" "/home/a/portal-agent.log""#));
    }
}
