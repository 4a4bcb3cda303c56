package app_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"jiban"
	"jiban/app"
	"jiban/app/config"
	"jiban/channels/sms"
	"jiban/keys"
	"jiban/store"
	"jiban/store/storetest"
)

// TestMain looks for goroutines that outlive a stopped program. Two of fasthttp's
// are left out: one serves the whole process, one ends by itself within ten
// seconds.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"))
}

func talkBegins(t *testing.T) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, "2026-11-02T09:00:00+08:00")
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// embedded is a configuration whose database has the schema already.
func embedded(t *testing.T) config.Config {
	t.Helper()
	c := untouched(t)
	if err := storetest.Furnish(t.Context(), c.Database); err != nil {
		t.Fatal(err)
	}
	return c
}

// untouched is a configuration with which the program never started.
func untouched(t *testing.T) config.Config {
	t.Helper()
	c := config.Default()
	c.Listen = "127.0.0.1:0"
	c.DataDir = t.TempDir()
	c.Database = "sqlite:" + filepath.Join(c.DataDir, "jiban.db")
	c.Keys.File = filepath.Join(c.DataDir, "keys")
	c.Files = filepath.Join(c.DataDir, "files")
	return c
}

func start(t *testing.T, c config.Config, out io.Writer) *app.App {
	t.Helper()
	a, err := app.New(t.Context(), app.Options{Config: c, Out: out, Welcome: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return a
}

func get(t *testing.T, a *app.App, path string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+a.Addr()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

// TestFirstAndSecondStart is what a newcomer does: the first start prints the
// accounts and loads the sample, the second keeps the data and prints no password.
func TestFirstAndSecondStart(t *testing.T) {
	c := untouched(t)
	var first bytes.Buffer
	a := start(t, c, &first)
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/metrics": 200, "/api/openapi.yaml": 200, "/api/v1/me": 401, "/channels/wechat/none": 404} {
		if code, body := get(t, a, path); code != want {
			t.Errorf("%s: %d, expected %d: %.200s", path, code, want, body)
		}
	}
	if err := a.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"/chat", "/enterprise", "/console", "admin", "handler"} {
		if !strings.Contains(first.String(), want) {
			t.Errorf("the first start does not print %s:\n%s", want, first.String())
		}
	}
	var second bytes.Buffer
	b := start(t, c, &second)
	if code, _ := get(t, b, "/readyz"); code != 200 {
		t.Errorf("the second start is not ready: %d", code)
	}
	if err := b.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(second.String(), "one-time") {
		t.Errorf("the second start makes accounts again:\n%s", second.String())
	}
}

func TestCheckSaysWhatIsWrong(t *testing.T) {
	c := embedded(t)
	var out bytes.Buffer
	if ok, err := app.Check(t.Context(), c, &out); err != nil || !ok {
		t.Fatalf("%v %v\n%s", ok, err, out.String())
	}
	c.Channels.SMS = []config.SMS{{Name: "main", Driver: "smpp", Address: "127.0.0.1:1"}}
	c.Channels.WeChat = []config.WeChat{{Name: "gzh", AppID: "wx1", AppSecret: "TOPSECRET", APIBase: "http://127.0.0.1:1"}}
	out.Reset()
	ok, err := app.Check(t.Context(), c, &out)
	if err != nil || ok || !strings.Contains(out.String(), "WRONG sms main at 127.0.0.1:1") ||
		!strings.Contains(out.String(), "WRONG wechat gzh") || strings.Contains(out.String(), "TOPSECRET") {
		t.Fatalf("%v %v\n%s", ok, err, out.String())
	}
}

func TestBackupOfARunningInstance(t *testing.T) {
	c := embedded(t)
	a := start(t, c, io.Discard)
	file := filepath.Join(t.TempDir(), "backup.db")
	if err := app.Backup(t.Context(), c, file, io.Discard); err != nil {
		t.Fatal(err)
	}
	if err := app.Backup(t.Context(), c, file, io.Discard); err == nil {
		t.Error("a backup was overwritten")
	}
	if err := app.Restore(t.Context(), c, file, io.Discard); err == nil {
		t.Error("a database with data was overwritten")
	}
	if err := a.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	other := untouched(t)
	// The keys are not in a backup: whoever restores brings them from their safe.
	key, err := os.ReadFile(c.Keys.File)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(other.Keys.File, key, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := app.Restore(t.Context(), other, file, io.Discard); err != nil {
		t.Fatal(err)
	}
	var printed bytes.Buffer
	b := start(t, other, &printed)
	defer func() {
		if err := b.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	if strings.Contains(printed.String(), "one-time") {
		t.Error("the accounts are not in the backup")
	}
}

// TestRosterIsRecognisedAtTheFirstMessage imports a list, lets one person of it
// write a text message, and looks at who is then known.
func TestRosterIsRecognisedAtTheFirstMessage(t *testing.T) {
	c := embedded(t)
	c.PublicURL = "https://hotline.example"
	c.Channels.SMS = []config.SMS{{Name: "intl", Driver: "twilio", AccountSID: "AC1", AuthToken: "secret", Source: "+15550001", MaxParts: 5, APIBase: "http://127.0.0.1:1"}}
	list := filepath.Join(t.TempDir(), "roster.csv")
	if err := os.WriteFile(list, []byte("手机号,类别,有效期\n13800001234,残疾人,2099\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := app.ImportRoster(t.Context(), c, app.RosterImport{File: list, Out: io.Discard}); err != nil {
		t.Fatal(err)
	}
	a := start(t, c, io.Discard)
	for phone, listed := range map[string]bool{"+8613800001234": true, "+8613800009999": false} {
		form := url.Values{"From": {phone}, "To": {"+15550001"}, "Body": {"你好"}, "MessageSid": {"SM" + phone}, "AccountSid": {"AC1"}}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+a.Addr()+"/channels/sms/intl/inbound", strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("X-Twilio-Signature", sms.TwilioSignature("secret", c.PublicURL+"/channels/sms/intl/inbound", form))
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusOK {
			t.Fatalf("inbound: %d", res.StatusCode)
		}
		clock := jiban.SystemClock{}
		ids := jiban.RandomIDs{Clock: clock}
		s, err := store.Open(t.Context(), c.Database, store.Deps{Clock: clock, IDs: ids})
		if err != nil {
			t.Fatal(err)
		}
		k, err := keys.Open(t.Context(), keys.Config{File: c.Keys.File}, keys.Deps{Store: s, Clock: clock, IDs: ids})
		if err != nil {
			t.Fatal(err)
		}
		s = s.With(k)
		who, err := s.EnsureContact(t.Context(), jiban.Address("tel:"+phone))
		if err != nil || who.Roster != listed {
			t.Errorf("%s: roster %v, expected %v (%v)", phone, who.Roster, listed, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func TestTalkFromTheTerminal(t *testing.T) {
	var out bytes.Buffer
	in := strings.NewReader("/channel wechat\n燃气味道很大\n你好\n")
	if err := app.Talk(t.Context(), app.TalkOptions{JSON: true, At: talkBegins(t), In: in, Out: &out}); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 2 {
		t.Fatalf("%d lines for two turns:\n%s", len(lines), out.String())
	}
	if !strings.Contains(lines[0], `"decision":"emergency"`) || !strings.Contains(lines[0], "119") {
		t.Errorf("the danger is not met: %s", lines[0])
	}
}
