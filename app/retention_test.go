package app_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jiban"
	"jiban/app"
	"jiban/app/config"
	"jiban/retention"
)

// longAgo runs the program eight years ago: somebody sends a picture, an account
// is made.
func longAgo(t *testing.T, c config.Config) {
	t.Helper()
	clock := jiban.NewManualClock(time.Now().AddDate(-8, 0, 0))
	a, err := app.New(t.Context(), app.Options{Config: c, Clock: clock, Log: app.NewLog(os.Stderr, "warn")})
	if err == nil {
		err = a.Start(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	v := newVisitor(t, a)
	v.upload("client-id-0001", photoWithPlace(t))
	v.frames(func(f frame) bool { return f.Author == "bot" && strings.Contains(f.Text, "图片") })
	if err := a.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// rows counts the rows of a table past the program.
func rows(t *testing.T, c config.Config, table string) (n int) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+strings.TrimPrefix(c.Database, "sqlite:")+"?mode=ro&_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// letGo runs the command.
func letGo(t *testing.T, c config.Config, o app.RetentionOptions) retention.Report {
	t.Helper()
	var out bytes.Buffer
	o.JSON = true
	good, err := app.LetGo(t.Context(), c, o, &out)
	if err != nil || !good {
		t.Fatalf("%v %v %s", good, err, out.String())
	}
	var r retention.Report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// archived are the lines of all archives of the audit record.
func archived(t *testing.T, c config.Config) (lines int) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(c.Retention.Archive, "audit-*.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lines += bytes.Count(data, []byte("\n"))
	}
	return lines
}

// What is over goes by the command, on a data folder that the program itself made
// long ago: the picture with its bytes, the person, and the beginning of the audit
// record, which stands in the archive and can still be verified.
func TestWhatIsOverReallyGoes(t *testing.T) {
	c := embedded(t)
	c.Retention.Archive = filepath.Join(t.TempDir(), "archive")
	longAgo(t, c)
	if len(kept(t, c)) != 1 || rows(t, c, "files") != 1 {
		t.Fatal("nothing was planted")
	}
	recorded := rows(t, c, "audit")
	dry := letGo(t, c, app.RetentionOptions{DryRun: true})
	due := 0
	for _, l := range dry.Lines {
		due += l.Due
	}
	if due == 0 || rows(t, c, "audit") != recorded || archived(t, c) != 0 {
		t.Errorf("a dry run finds what is due (%d) and changes nothing", due)
	}
	letGo(t, c, app.RetentionOptions{})
	if n := archived(t, c); n != recorded {
		t.Errorf("%d entries are in the archive, %d were recorded", n, recorded)
	}
	var said bytes.Buffer
	if err := app.VerifyAudit(t.Context(), c, "", &said); err != nil {
		t.Errorf("after the cut: %v %s", err, said.String())
	}
	for _, table := range []string{"messages", "turns", "conversations WHERE state <> ''"} {
		if n := rows(t, c, table); n != 0 {
			t.Errorf("%d are left of %s", n, table)
		}
	}
	a := start(t, c, io.Discard) // the bytes go with the program, which knows where they lie
	for begun := time.Now(); len(kept(t, c)) > 0 && time.Since(begun) < 20*time.Second; time.Sleep(50 * time.Millisecond) {
	}
	if err := a.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	if left := kept(t, c); len(left) != 0 {
		t.Errorf("the bytes are still there: %v", left)
	}
	letGo(t, c, app.RetentionOptions{})
	for _, table := range []string{"files", "contacts"} {
		if n := rows(t, c, table); n != 0 {
			t.Errorf("%d are left of %s", n, table)
		}
	}
}
