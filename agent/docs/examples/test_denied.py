"""A permission that is denied withholds a push: pytest and the standard library alone."""
import json, os, subprocess, urllib.request
import pytest

AGENT = os.environ.get("PORTAL_AGENT", "portal-agent")
@pytest.fixture
def phone(tmp_path):
    command = [AGENT, "--state-dir", str(tmp_path), "run", "--json", "--embedded-broker", "--notifier", "console"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as daemon:
        ready = json.loads(daemon.stdout.readline())
        token = json.loads((tmp_path / "control.json").read_text())["token"]
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

        def call(method, path, **members):
            url = f"{ready['control']}/v1/devices/{ready['devices'][0]}/{path}"
            body = json.dumps(members).encode() if method == "POST" else None
            with urllib.request.urlopen(urllib.request.Request(url, body, headers, method=method), timeout=60) as answer:
                return json.load(answer)
        try:
            yield call
        finally:
            daemon.terminate()

def test_a_denied_permission_withholds_a_push(phone):
    phone("POST", "enroll", user="adele@contoso.example")
    phone("POST", "app/install")
    phone("POST", "permission/deny")
    push = phone("POST", "push", notificationTitle="Office closed", notificationBody="Work from home.")["id"]
    phone("GET", f"wait?condition=outcome=withheld&notification={push}&timeout=30s")
    assert phone("GET", f"receipts?id={push}")["receipts"][0]["unmet"] == ["notificationsPermitted"]
