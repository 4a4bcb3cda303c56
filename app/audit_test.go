package app_test

import (
	"bytes"
	"context"
	"database/sql"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jiban"
	"jiban/app"
	"jiban/app/config"
)

// A running program anchors its record, at the stop too. Whoever shortens the
// record in perfect order afterwards is found by the anchors alone.
func TestTheRecordIsAnchored(t *testing.T) {
	c := embedded(t)
	c.Audit = config.Audit{Anchor: filepath.Join(t.TempDir(), "anchors"), Every: time.Hour}
	a := start(t, c, io.Discard)
	if err := app.AddUser(t.Context(), c, jiban.Account{Login: "late", Name: "晚", Roles: []jiban.Role{jiban.RoleAgent}}, io.Discard); err != nil {
		t.Fatal(err)
	}
	if err := a.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	verify := func(anchors string) (string, error) {
		var out bytes.Buffer
		err := app.VerifyAudit(t.Context(), c, anchors, &out)
		return out.String(), err
	}
	if said, err := verify(c.Audit.Anchor); err != nil || !strings.Contains(said, "passes through the anchors: 2") {
		t.Fatalf("%s %v", said, err)
	}
	db, err := sql.Open("sqlite", strings.TrimPrefix(c.Database, "sqlite:"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, s := range []string{"DELETE FROM audit WHERE seq > 2", "UPDATE audit_head SET seq = 2, hash = (SELECT hash FROM audit WHERE seq = 2)"} {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	if said, err := verify(""); err != nil {
		t.Fatalf("the chain alone shows it: %s %v", said, err)
	}
	said, err := verify(c.Audit.Anchor)
	if jiban.CodeOf(err) != jiban.CodeConflict || strings.Contains(said, "passes through") {
		t.Fatalf("the anchors do not show it: %s %v", said, err)
	}
	if _, err := verify(filepath.Join(t.TempDir(), "none")); jiban.CodeOf(err) != jiban.CodeInvalid {
		t.Fatalf("a file that is not there: %v", err)
	}
}

// After a rotation the old root key goes when it is told to, and the program still
// reads everything.
func TestOldRootKeysAreForgotten(t *testing.T) {
	c := embedded(t)
	a := start(t, c, io.Discard)
	if err := a.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	run := func(f func(context.Context, config.Config, io.Writer) error) string {
		t.Helper()
		var out bytes.Buffer
		if err := f(t.Context(), c, &out); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	if said := run(app.ForgetKeys); !strings.Contains(said, "no old root key") {
		t.Fatalf("before the rotation: %s", said)
	}
	before, err := os.ReadFile(c.Keys.File)
	if err != nil {
		t.Fatal(err)
	}
	run(app.RotateKeys)
	if said := run(app.ForgetKeys); !strings.Contains(said, "forgotten") {
		t.Fatalf("after the rotation: %s", said)
	}
	after, err := os.ReadFile(c.Keys.File)
	if err != nil || bytes.Contains(after, bytes.TrimSpace(before)) {
		t.Fatalf("the old key is still in the file (%v)", err)
	}
	if list := run(app.ListUsers); !strings.Contains(list, "admin") || !strings.Contains(list, "never") {
		t.Fatalf("the accounts: %s", list)
	}
}

// A lost or wrong root key is a clear stop: nothing starts on an empty database in
// its place.
func TestNoStartWithoutTheRootKey(t *testing.T) {
	for name, c := range map[string]struct {
		lose func(file string) error
		says string
	}{
		"lost":  {os.Remove, "put the file back"},
		"wrong": {func(file string) error { return os.WriteFile(file, []byte(strings.Repeat("ab", 32)+"\n"), 0o600) }, "root key"},
		"torn":  {func(file string) error { return os.WriteFile(file, []byte("abcd"), 0o600) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := embedded(t)
			a := start(t, cfg, io.Discard)
			if err := a.Stop(context.Background()); err != nil {
				t.Fatal(err)
			}
			kept, err := os.ReadFile(cfg.Keys.File)
			if err != nil {
				t.Fatal(err)
			}
			if err := c.lose(cfg.Keys.File); err != nil {
				t.Fatal(err)
			}
			if again, err := app.New(t.Context(), app.Options{Config: cfg}); err == nil {
				t.Error("it started", again.Stop(context.Background()))
			} else if !strings.Contains(err.Error(), c.says) {
				t.Errorf("it says: %v", err)
			}
			if err := os.WriteFile(cfg.Keys.File, kept, 0o600); err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			if err := app.ListUsers(t.Context(), cfg, &out); err != nil || !strings.Contains(out.String(), "admin") {
				t.Fatalf("with the key back: %v %s", err, out.String())
			}
		})
	}
}
