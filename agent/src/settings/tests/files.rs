//! Files and variables as tools and people leave them: encodings, passwords, paths, several mistakes at once.

use super::*;

/// A file as a tool wrote it.
fn with_bytes(bytes: &[u8]) -> Result<LoadedSettings, SettingsError> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("agent.toml");
    fs::write(&path, bytes).unwrap();
    Settings::load(&SettingsSources { file: Some(path), ..SettingsSources::default() })
}

#[test]
fn a_file_is_read_whatever_tool_wrote_it_or_refused_by_its_encoding() {
    let text = "[broker]\r\nkeep_alive = \"20s\"\r\n";
    let loaded = with_bytes(&[b"\xef\xbb\xbf", text.as_bytes()].concat()).unwrap();
    assert_eq!(loaded.settings.broker.keep_alive.as_secs(), 20);
    assert!(origin_of(&loaded, "broker.keep_alive").origin.ends_with("line 2"));
    for mark in ["\u{feff}", ""] {
        let utf16: Vec<u8> = format!("{mark}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
        let sentence = with_bytes(&utf16).unwrap_err().to_string();
        assert!(sentence.contains("agent.toml is UTF-16") && sentence.contains("save it as UTF-8"), "{sentence}");
    }
    let latin = with_bytes(b"# caf\xe9\n").unwrap_err().to_string();
    assert!(latin.contains("is not UTF-8 from byte 5 on"), "{latin}");
    let folder = tempfile::tempdir().unwrap();
    let sources = SettingsSources { file: Some(folder.path().to_owned()), ..SettingsSources::default() };
    assert!(Settings::load(&sources).unwrap_err().to_string().contains("is a directory"));
}

#[test]
fn a_number_is_a_text_as_it_is_written() {
    let text = "[device]\nos_version = 26\nname = 0x1F\ntenant = 42\n[broker]\nusername = 1_000\npassword = 007.50\n";
    let error = with_file(text).unwrap_err();
    assert!(error.to_string().contains("line 7") && error.to_string().contains("leading zero"), "{error}");
    let settings = with_file(&text.replace("007.50", "7.50")).unwrap().settings;
    assert_eq!(settings.device.os_version.as_deref(), Some("26"));
    assert_eq!(
        (settings.device.name.as_ref().map(DeviceName::as_str), settings.broker.username.as_deref()),
        (Some("0x1F"), Some("1_000"))
    );
    assert_eq!(settings.broker.password().unwrap().unwrap().expose(), "7.50");
    assert_eq!(with_file("device.os_version = 26.10").unwrap().settings.device.os_version.as_deref(), Some("26.10"));
    assert!(with_file("device.os_version = true").is_err());
}

#[test]
fn a_password_file_is_taken_as_it_was_meant_or_refused_by_what_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("password");
    let read = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        let variables = vec![("PORTAL_AGENT__BROKER__PASSWORD_FILE".to_owned(), path.to_str().unwrap().to_owned())];
        let settings = Settings::load(&SettingsSources { variables, ..SettingsSources::default() }).unwrap().settings;
        settings.broker.password().map(|password| password.unwrap().expose().to_owned()).map_err(|e| e.to_string())
    };
    for bytes in
        [&b"hunter2"[..], b"hunter2\n", b"hunter2\r\n", b"\xef\xbb\xbfhunter2\r\n", b"hunter2\r", b"hunter2\n\n"]
    {
        assert_eq!(read(bytes).as_deref(), Ok("hunter2"), "{bytes:?}");
    }
    assert_eq!(read(" hunter2 ".as_bytes()).as_deref(), Ok(" hunter2 "));
    let utf16: Vec<u8> = "\u{feff}hunter2\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (bytes, says) in [
        (utf16, "is UTF-16"),
        (b"hunter2\nhunter2\n".to_vec(), "has 2 lines"),
        (b"\nhunter2".to_vec(), "has 2 lines"),
        (b"-----BEGIN PRIVATE KEY-----\nhunter2".to_vec(), "holds a certificate or a key"),
        (b"hunter2\xff".to_vec(), "is not UTF-8"),
        (b"hunter2\0".to_vec(), "NUL"),
        (b"\xef\xbb\xbf\r\n".to_vec(), "is empty"),
    ] {
        let error = read(&bytes).unwrap_err();
        assert!(error.contains(says) && !error.contains("hunter2"), "{error}");
    }
}

#[test]
fn a_variable_with_the_wrong_separator_is_named_with_the_right_one() {
    let sentence = with_variables(&[("PORTAL_AGENT_BROKER__KEEP_ALIVE", "20s")]).unwrap_err().to_string();
    assert_eq!(
        sentence,
        "the variable PORTAL_AGENT_BROKER__KEEP_ALIVE sets nothing; its right spelling is \
         PORTAL_AGENT__BROKER__KEEP_ALIVE"
    );
    let four = ["STATE_DIR", "CONFIG", "DEVICE", "COMPLETE"].map(|name| format!("PORTAL_AGENT_{name}"));
    let loaded = with_variables(&four.each_ref().map(|name| (name.as_str(), "x"))).unwrap();
    assert_eq!(loaded.notices, Vec::<String>::new());
    let kubernetes = with_variables(&[("PORTAL_AGENT_PORT_1883_TCP", "tcp://10.0.0.1:1883")]).unwrap();
    assert_eq!(kubernetes.notices.len(), 1);
    assert!(kubernetes.notices[0].contains("PORTAL_AGENT_PORT_1883_TCP"), "{:?}", kubernetes.notices);
}

#[test]
fn what_a_file_leaves_around_a_variables_value_is_dropped_or_said() {
    let loaded = with_variables(&[
        ("PORTAL_AGENT__BROKER__KEEP_ALIVE", "20s\r\n"),
        ("PORTAL_AGENT__BROKER__PASSWORD", "\u{feff}hunter2\r"),
        ("PORTAL_AGENT__BROKER__USERNAME", "\"agent\""),
    ])
    .unwrap();
    assert_eq!(loaded.settings.broker.keep_alive.as_secs(), 20);
    assert_eq!(loaded.settings.broker.password().unwrap().unwrap().expose(), "hunter2");
    assert_eq!(loaded.settings.broker.username.as_deref(), Some("\"agent\""), "it may be meant");
    assert!(loaded.notices[0].contains("PORTAL_AGENT__BROKER__USERNAME"), "{:?}", loaded.notices);
    let quoted = with_variables(&[("PORTAL_AGENT__BROKER__KEEP_ALIVE", "\"20s\"")]).unwrap_err().to_string();
    assert!(quoted.contains("the quotation marks are part of this value"), "{quoted}");
    let not_unicode = vec!["PORTAL_AGENT__BROKER__PASSWORD".to_owned(), "OTHER".to_owned()];
    let error = Settings::load(&SettingsSources { not_unicode, ..SettingsSources::default() }).unwrap_err().to_string();
    assert!(error.contains("PORTAL_AGENT__BROKER__PASSWORD is not UTF-8"), "{error}");
}

#[test]
fn a_key_given_in_place_of_its_file_is_never_shown() {
    let key = "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n";
    for name in ["CLIENT_KEY_FILE", "CA_FILE", "PASSWORD_FILE", "URLS", "KEEP_ALIVE"] {
        let error = with_variables(&[(&format!("PORTAL_AGENT__BROKER__{name}"), key)]).unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("hunter2") && shown.contains("write it to a file"), "{shown}");
    }
    for text in [key.to_owned(), format!("[broker]\nclient_key_file = \"\"\"{key}\"\"\"\n")] {
        let error = with_file(&text).unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("hunter2") && shown.contains("a certificate or a key"), "{shown}");
    }
}

#[test]
fn a_windows_path_is_a_path_or_the_way_to_write_it_is_said() {
    let path = |text: &str| with_file(&format!("[broker]\nca_file = {text}\n"));
    let literal = path(r"'C:\certs\new.pem'").unwrap().settings.broker.ca_file.unwrap();
    assert!(literal.to_str().unwrap().ends_with(r"C:\certs\new.pem"));
    for text in [r#""C:\Users\new.pem""#, r#""C:\temp\new.pem""#] {
        let error = path(text).unwrap_err().to_string();
        assert!(error.contains("within ' '"), "{error}");
    }
}

#[test]
fn every_mistake_is_named_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("agent.toml");
    fs::write(&path, "[broker]\nkeep_alive = 20\nkeepalive = 1\n[notifier]\nkind = \"loud\"\n").unwrap();
    let variables = vec![("PORTAL_AGENT_BROKER__URLS".to_owned(), "x".to_owned())];
    let errors =
        Settings::read(&SettingsSources { file: Some(path), variables, ..SettingsSources::default() }).unwrap_err();
    assert_eq!(1 + errors.rest.len(), 4, "{errors:?}");
    assert!(errors.first.to_string().contains("keep_alive = 20"));
}
