package denied // A permission that is denied withholds a push: the standard library alone. Run: go test denied_test.go

import ("bufio"; "encoding/json"; "io"; "net/http"; "os"; "os/exec"; "path/filepath"; "strings"; "testing")

func TestADeniedPermissionWithholdsAPush(t *testing.T) {
	agent, dir := os.Getenv("PORTAL_AGENT"), t.TempDir()
	if agent == "" { agent = "portal-agent" }
	daemon := exec.Command(agent, "--state-dir", dir, "run", "--json", "--embedded-broker", "--notifier", "console")
	out, _ := daemon.StdoutPipe()
	if err := daemon.Start(); err != nil { t.Fatal(err) }
	defer func() { daemon.Process.Signal(os.Interrupt); daemon.Wait() }()
	var ready struct { Control string; Devices []string }
	var control struct { Token string }
	line, _ := bufio.NewReader(out).ReadBytes('\n')
	file, _ := os.ReadFile(filepath.Join(dir, "control.json"))
	if json.Unmarshal(line, &ready) != nil || json.Unmarshal(file, &control) != nil { t.Fatalf("%s%s", line, file) }
	call := func(method, path, body string) string {
		request, _ := http.NewRequest(method, ready.Control+"/v1/devices/"+ready.Devices[0]+"/"+path, strings.NewReader(body))
		request.Header.Set("Authorization", "Bearer "+control.Token)
		answer, err := http.DefaultClient.Do(request)
		if err != nil { t.Fatal(err) }
		text, _ := io.ReadAll(answer.Body)
		if answer.StatusCode != 200 { t.Fatalf("%s: %s", path, text) }
		return string(text)
	}
	call("POST", "enroll", `{"user":"adele@contoso.example"}`); call("POST", "app/install", "{}"); call("POST", "permission/deny", "{}")
	call("POST", "push", `{"id":"one","notificationTitle":"Office closed","notificationBody":"Work from home."}`)
	call("GET", "wait?condition=outcome=withheld&notification=one&timeout=30s", "")
	if receipts := call("GET", "receipts?id=one", ""); !strings.Contains(receipts, `"unmet":["notificationsPermitted"]`) { t.Error(receipts) }
}
