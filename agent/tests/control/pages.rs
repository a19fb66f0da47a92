//! What people see, as snapshots.

use super::running::{RunningServer, binary, texts};

fn shown(running: &RunningServer, line: &str) -> String {
    let (code, out, err) = running.cli(line);
    assert_eq!(err, "", "{line}");
    assert!(code <= 1, "{line}");
    out
}

#[test]
fn the_permission_denied_walk() {
    let running = RunningServer::ios();
    let mut walk = String::new();
    let mut show = |line: &str| {
        walk.push_str(&format!("$ portal-agent {line}\n{}\n", shown(&running, line)));
    };
    show("status");
    show("app install");
    show("enroll --user adele@contoso.example --group 11111111-2222-4333-8444-555555555555");
    show("permission show");
    show("permission deny");
    running.fake.push("6f0c", "Office closed");
    show("explain");
    show("permission allow");
    running.fake.push("7a1d", "Office closed");
    show("explain");
    running.fake.push("7a1d", "Office closed");
    running.fake.push_garbage();
    show("log");
    show("status");
    insta::assert_snapshot!(walk);
}

#[test]
fn android_in_every_condition() {
    let running = RunningServer::android();
    for line in
        ["app install", "app force-stop", "play-services remove", "device lock", "device offline", "device focus on"]
    {
        shown(&running, line);
    }
    shown(&running, "enroll --user adele@contoso.example");
    for line in ["device doze on", "device battery exempt", "device work-profile pause", "clock advance 26h"] {
        shown(&running, line);
    }
    running.fake.set_notification_server(false);
    insta::assert_snapshot!(shown(&running, "status"));
    insta::assert_snapshot!(shown(&running, "settings show"));
    insta::assert_snapshot!(shown(&running, "doctor"));
}

#[test]
fn in_app_messages() {
    let running = RunningServer::ios();
    for line in ["app install", "permission allow", "enroll --user adele@contoso.example", "app open"] {
        shown(&running, line);
    }
    insta::assert_snapshot!(shown(&running, "app notifications"));
    running.fake.push("one", "In the app");
    insta::assert_snapshot!(shown(&running, "app notifications"));
}

#[test]
fn every_help_page_has_an_example() {
    let help = |line: &str| {
        let mut command = binary();
        command.args(line.split(' ').filter(|word| !word.is_empty())).arg("--help");
        let (code, out, err) = texts(&command.output().unwrap());
        assert_eq!((code, err.as_str()), (0, ""), "{line}");
        out
    };
    let mut pages = String::new();
    for line in [
        "",
        "demo",
        "run",
        "stop",
        "status",
        "app",
        "app install",
        "app update",
        "app uninstall",
        "app open",
        "app close",
        "app force-stop",
        "app notifications",
        "enroll",
        "retire",
        "permission",
        "permission show",
        "permission prompt",
        "permission allow",
        "permission deny",
        "permission reset",
        "play-services",
        "play-services install",
        "play-services remove",
        "device",
        "device lock",
        "device unlock",
        "device offline",
        "device online",
        "device focus",
        "device doze",
        "device battery",
        "device work-profile",
        "device reset",
        "device set-up",
        "os",
        "os update",
        "settings",
        "settings show",
        "settings set",
        "clock",
        "clock advance",
        "push",
        "log",
        "wait",
        "explain",
        "doctor",
        "diagnostics",
        "service",
        "service install",
        "service start",
        "service stop",
        "service status",
        "service uninstall",
        "config",
        "config show",
        "config check",
    ] {
        let page = help(line);
        let examples = page.split_once("Example").map(|(_, examples)| examples.to_owned()).unwrap_or_default();
        assert!(examples.contains("portal-agent "), "{line}: {page}");
        assert!(examples.contains(line.split(' ').next_back().unwrap_or_default()), "{line}: {page}");
        if !line.contains(' ') {
            pages.push_str(&format!("$ portal-agent {line} --help\n{page}\n"));
        }
    }
    insta::assert_snapshot!(pages);
}
