package anchor_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jiban"
	"jiban/keys"
	"jiban/staff/anchor"
	"jiban/store"
)

var noon = time.Date(2026, 11, 2, 4, 0, 0, 0, time.UTC)

// archive is a record on a real database with anchors in a file.
type archive struct {
	t     *testing.T
	path  string // of the database
	file  string // of the anchors
	store *store.Store
	clock *jiban.ManualClock
	deps  anchor.Deps
	keep  *anchor.Keeper
}

func newArchive(t *testing.T) *archive {
	t.Helper()
	dir := t.TempDir()
	a := &archive{t: t, path: filepath.Join(dir, "jiban.db"), file: filepath.Join(dir, "anchors"), clock: jiban.NewManualClock(noon)}
	ids := jiban.RandomIDs{Clock: a.clock}
	var err error
	a.store, err = store.Open(t.Context(), "sqlite:"+a.path, store.Deps{Clock: a.clock, IDs: ids})
	a.must(err)
	t.Cleanup(func() { a.must(a.store.Close()) })
	root, err := keys.NewRoot()
	a.must(err)
	signer, err := keys.Open(t.Context(), keys.Config{Value: root}, keys.Deps{Store: a.store, Clock: a.clock, IDs: ids})
	a.must(err)
	sink, err := anchor.Open(a.file)
	a.must(err)
	a.deps = anchor.Deps{Chain: a.store, Signer: signer, Sink: sink, Clock: a.clock, Log: slog.New(slog.DiscardHandler)}
	a.keep = anchor.NewKeeper(a.deps)
	return a
}

func (a *archive) must(err error) {
	a.t.Helper()
	if err != nil {
		a.t.Fatal(err)
	}
}

// work records some entries and anchors the end, so many times.
func (a *archive) work(times int) {
	a.t.Helper()
	for i := range times {
		var es []jiban.AuditEntry
		for j := range 7 {
			es = append(es, jiban.AuditEntry{ID: fmt.Sprintf("e%03d-%d", i, j), Actor: "zhang", Action: "view", Object: fmt.Sprint("ticket:", j), Result: "ok", At: a.clock.Now()})
		}
		a.must(a.store.AppendAudit(a.t.Context(), es))
		a.keep.Once(a.t.Context())
		a.keep.Once(a.t.Context()) // nothing new: no second anchor
		a.clock.Advance(time.Minute)
	}
}

func (a *archive) anchors() string {
	a.t.Helper()
	text, err := os.ReadFile(a.file)
	a.must(err)
	return string(text)
}

func (a *archive) check(anchors string) (anchor.Report, error) {
	return anchor.Check(a.t.Context(), strings.NewReader(anchors), a.deps)
}

// sql runs statements as whoever has the database in their hands.
func (a *archive) sql(statements ...string) {
	a.t.Helper()
	db, err := sql.Open("sqlite", a.path)
	a.must(err)
	defer db.Close()
	for _, s := range statements {
		_, err := db.ExecContext(a.t.Context(), s)
		a.must(err)
	}
}

// forge recomputes every hash from the given entry on, as the program itself would,
// and sets the end: what is left is a chain in perfect order.
func (a *archive) forge(from int64) {
	a.t.Helper()
	db, err := sql.Open("sqlite", a.path)
	a.must(err)
	defer db.Close()
	var before string
	if err := db.QueryRowContext(a.t.Context(), "SELECT hash FROM audit WHERE seq = $1", from-1).Scan(&before); err != nil && !errors.Is(err, sql.ErrNoRows) {
		a.t.Fatal(err)
	}
	rows, err := db.QueryContext(a.t.Context(), "SELECT seq, at, id, actor, action, object, result FROM audit WHERE seq >= $1 ORDER BY seq", from)
	a.must(err)
	hashes := map[int64]string{}
	end := from - 1
	for rows.Next() {
		var seq, at int64
		var f [5]string
		a.must(rows.Scan(&seq, &at, &f[0], &f[1], &f[2], &f[3], &f[4]))
		before = linked(before, seq, at, f[:])
		hashes[seq], end = before, seq
	}
	a.must(errors.Join(rows.Err(), rows.Close()))
	for seq, hash := range hashes {
		_, err := db.ExecContext(a.t.Context(), "UPDATE audit SET hash = $1 WHERE seq = $2", hash, seq)
		a.must(err)
	}
	_, err = db.ExecContext(a.t.Context(), "UPDATE audit_head SET seq = $1, hash = $2", end, before)
	a.must(err)
}

func linked(before string, seq, at int64, fields []string) string {
	b := binary.BigEndian.AppendUint64(nil, uint64(seq))
	b = binary.BigEndian.AppendUint64(b, uint64(at))
	for _, s := range append([]string{before}, fields...) {
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// A chain that was rewritten in perfect order passes its own check and is found by
// the anchors: changed, shortened, or put together anew.
func TestRewrittenChainIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		rewrite func(a *archive)
		says    string
	}{
		"an entry says something else": {func(a *archive) {
			a.sql("UPDATE audit SET actor = 'li' WHERE seq = 9")
			a.forge(9)
		}, "entry 14: the record says something else"},
		"the end is cut off": {func(a *archive) {
			a.sql("DELETE FROM audit WHERE seq > 20")
			a.forge(1)
		}, "entry 21: the record ends before it"},
		"an entry is left out": {func(a *archive) {
			a.sql("DELETE FROM audit WHERE seq = 30", "UPDATE audit SET seq = seq - 1 WHERE seq > 30")
			a.forge(30)
		}, "entry 35: the record"},
		"all is new": {func(a *archive) {
			a.sql("UPDATE audit SET actor = 'nobody'")
			a.forge(1)
		}, "entry 7: the record says something else"},
		"the beginning is cut off as if it were old": {func(a *archive) {
			a.sql("UPDATE audit_anchor SET seq = 20, hash = (SELECT hash FROM audit WHERE seq = 20)", "DELETE FROM audit WHERE seq <= 20",
				"UPDATE audit SET action = 'audit.cut', object = 'audit:20:' || (SELECT hash FROM audit_anchor) WHERE seq = 34")
			a.forgeAfterCut(20)
		}, "too young"},
	} {
		t.Run(name, func(t *testing.T) {
			a := newArchive(t)
			a.work(5)
			if r, err := a.check(a.anchors()); err != nil || r.Anchors != 5 || r.Last != 35 {
				t.Fatalf("before: %+v, %v", r, err)
			}
			c.rewrite(a)
			if _, err := a.store.VerifyAudit(t.Context()); err != nil {
				t.Fatalf("the chain itself shows it, the test is for what it does not show: %v", err)
			}
			_, err := a.check(a.anchors())
			if jiban.CodeOf(err) != jiban.CodeConflict || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("the anchors say: %v", err)
			}
		})
	}
}

// forgeAfterCut is forge for a record that begins behind a cut.
func (a *archive) forgeAfterCut(at int64) {
	a.t.Helper()
	db, err := sql.Open("sqlite", a.path)
	a.must(err)
	defer db.Close()
	var hash string
	a.must(db.QueryRowContext(a.t.Context(), "SELECT hash FROM audit_anchor").Scan(&hash))
	_, err = db.ExecContext(a.t.Context(), "INSERT INTO audit (id, actor, action, object, result, at, seq, hash) VALUES ('x', '', '', '', '', 0, $1, $2)", at, hash)
	a.must(err)
	a.forge(at + 1)
	_, err = db.ExecContext(a.t.Context(), "DELETE FROM audit WHERE id = 'x'")
	a.must(err)
}

// Anchors are found in the log of a log server; those that are not ours are not
// believed.
func TestAnchorsInOtherFiles(t *testing.T) {
	a := newArchive(t)
	a.keep.Once(t.Context()) // of an empty record
	a.work(3)
	lines := strings.Split(strings.TrimSpace(a.anchors()), "\n")
	if len(lines) != 4 {
		t.Fatalf("%d anchors", len(lines))
	}
	log := "<13>Nov  2 12:00:01 other cron: nothing\n"
	for i := range lines {
		log += "Nov  2 12:00:01 host jiban: " + lines[len(lines)-1-i] + "\n"
	}
	r, err := a.check(log + lines[3][:40])
	if err != nil || r.Anchors != 4 || !r.LastAt.Equal(noon.Add(2*time.Minute)) {
		t.Fatalf("%+v, %v", r, err)
	}
	for name, text := range map[string]string{
		"changed":    strings.Replace(log, `"seq":14`, `"seq":15`, 1),
		"redated":    strings.Replace(log, "04:01:00", "04:01:01", 1),
		"no version": strings.Replace(log, `{"jiban_audit":1`, `{"jiban_audit":2`, 1),
	} {
		if _, err := a.check(text); jiban.CodeOf(err) != jiban.CodeConflict || !strings.Contains(err.Error(), "was not made with the keys") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, text := range map[string]string{"empty": "", "another file": "hello\n", "one long line": strings.Repeat("x", 1<<17)} {
		if _, err := a.check(text); jiban.CodeOf(err) != jiban.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	other := newArchive(t) // another installation, the same record
	other.work(3)
	if _, err := other.check(log); jiban.CodeOf(err) != jiban.CodeConflict {
		t.Errorf("another installation's anchors: %v", err)
	}
}

// What was cut off by age is not missed, and what is older than the cut counts as
// such.
func TestAnchorsOfWhatWasCutByAge(t *testing.T) {
	a := newArchive(t)
	a.work(2)
	a.clock.Advance(200 * 24 * time.Hour)
	a.sql("UPDATE audit_anchor SET seq = 14, hash = (SELECT hash FROM audit WHERE seq = 14)", "DELETE FROM audit WHERE seq <= 14")
	a.must(a.store.AppendAudit(t.Context(), []jiban.AuditEntry{{ID: "late", Actor: "zhang", Action: "view", At: a.clock.Now()}}))
	a.keep.Once(t.Context())
	if r, err := a.check(a.anchors()); err != nil || r.Before != 2 || r.Anchors != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
}

// broken is a sink that fails until it is mended.
type broken struct {
	down  bool
	lines []string
}

func (b *broken) Put(_ context.Context, _ time.Time, line string) error {
	if b.down {
		return errors.New("nobody is there")
	}
	b.lines = append(b.lines, line)
	return nil
}

func TestAnchorIsTriedAgain(t *testing.T) {
	a := newArchive(t)
	sink, log := &broken{down: true}, &strings.Builder{}
	a.deps.Sink, a.deps.Log = sink, slog.New(slog.NewTextHandler(log, nil))
	a.keep = anchor.NewKeeper(a.deps)
	a.work(1)
	if !strings.Contains(log.String(), "could not be anchored") {
		t.Fatalf("the log says %q", log)
	}
	sink.down = false
	a.keep.Once(t.Context())
	if len(sink.lines) != 1 || !strings.Contains(sink.lines[0], `"seq":7`) {
		t.Fatalf("handed over: %v", sink.lines)
	}
}
