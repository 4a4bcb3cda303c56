package store_test

import (
	"database/sql"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"jiban"
	"jiban/store"
)

func TestBackupOfARunningStore(t *testing.T) {
	p := sqlitePlace(t)
	s := p.open(t)
	first := receive(t, s, text("wx-0", "a", "停水了"))
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		for i := 1; ; i++ {
			select {
			case <-stop:
				return
			default:
				receive(t, s, text(fmt.Sprint("wx-", i), "a", "还没来水"))
			}
		}
	}()
	dir := t.TempDir()
	file := filepath.Join(dir, "it's a backup.db")
	if err := s.Backup(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	close(stop)
	wg.Wait()
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup is %v, %v: personal data is for its owner only", info, err)
	}
	if err := s.Backup(t.Context(), file); jiban.CodeOf(err) != jiban.CodeInvalid {
		t.Errorf("overwriting a backup: %v", err)
	}

	into := filepath.Join(dir, "new", "jiban.db")
	if err := store.Restore(t.Context(), file, "sqlite:"+into); err != nil {
		t.Fatal(err)
	}
	restored := place{dsn: "sqlite:" + into}.open(t)
	same(t, "message", first)(restored.Message(t.Context(), first.ID))
	c := must[jiban.Conversation](t)(restored.Conversation(t.Context(), first.ConversationID))
	if ms := must[[]jiban.Message](t)(restored.Messages(t.Context(), c.ID, 0, 1000)); c.LastSeq != int64(len(ms)) && len(ms) < 1000 {
		t.Errorf("the copy is not of one moment: last sequence %d, %d messages", c.LastSeq, len(ms))
	}
	if err := restored.Check(t.Context()); err != nil {
		t.Error(err)
	}
	if err := store.Restore(t.Context(), file, into); jiban.CodeOf(err) != jiban.CodeInvalid {
		t.Errorf("restoring over a database in use: %v", err)
	}
	noStrayFiles(t, dir)
}

func noStrayFiles(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ".part") {
			t.Errorf("%s was left behind", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestRestoreRefusesWhatIsNoBackup(t *testing.T) {
	p := sqlitePlace(t)
	s := p.open(t)
	for i := range 200 {
		receive(t, s, text(fmt.Sprint("wx-", i), "a", strings.Repeat("停水", 50)))
	}
	dir := t.TempDir()
	good := filepath.Join(dir, "good.db")
	if err := s.Backup(t.Context(), good); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	torn := append([]byte(nil), whole...)
	for i := len(torn) * 4 / 5; i < len(torn)*4/5+5000; i++ { // the schema itself stays whole
		torn[i] ^= 0xff
	}
	foreign := filepath.Join(dir, "foreign.db")
	db, err := sql.Open("sqlite", foreign)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("CREATE TABLE x (y INTEGER)"); err != nil {
		t.Fatal(err)
	}
	db.Close()
	newer := filepath.Join(dir, "newer.db")
	write(t, newer, whole)
	db, err = sql.Open("sqlite", newer)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)"); err != nil {
		t.Fatal(err)
	}
	db.Close()
	write(t, filepath.Join(dir, "torn.db"), torn)
	write(t, filepath.Join(dir, "cut.db"), whole[:len(whole)/2])
	write(t, filepath.Join(dir, "text.db"), []byte("这不是数据库"))
	write(t, filepath.Join(dir, "empty.db"), nil)

	for _, name := range []string{"torn.db", "cut.db", "text.db", "empty.db", "foreign.db", "newer.db", "missing.db"} {
		into := filepath.Join(dir, "into-"+name)
		if err := store.Restore(t.Context(), filepath.Join(dir, name), into); jiban.CodeOf(err) != jiban.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(into); !os.IsNotExist(err) {
			t.Errorf("%s left something behind: %v", name, err)
		}
	}
	noStrayFiles(t, dir)
}

func write(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// exec runs a statement past the store.
func (p place) exec(t *testing.T, statement string) {
	t.Helper()
	driver, dsn := "pgx", p.dsn
	if !p.postgres {
		driver, dsn = "sqlite", strings.TrimPrefix(p.dsn, "sqlite:")
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

func TestNewerSchemaIsRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := p.open(t)
		p.exec(t, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, TRUE)")
		_, err := store.Open(t.Context(), p.dsn, store.Deps{Clock: jiban.SystemClock{}, IDs: &jiban.SerialIDs{}})
		if jiban.CodeOf(err) != jiban.CodeInvalid || !strings.Contains(err.Error(), "newer program") {
			t.Errorf("opening says %v", err)
		}
		if err := s.Check(t.Context()); jiban.CodeOf(err) != jiban.CodeInvalid || !strings.Contains(err.Error(), "newer program") {
			t.Errorf("checking says %v", err)
		}
	})
}

func TestNodesMigrateAtOnce(t *testing.T) {
	onBare(t, func(t *testing.T, p place) {
		var wg sync.WaitGroup
		for range 3 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				s, err := store.Open(t.Context(), p.dsn, store.Deps{Clock: jiban.SystemClock{}, IDs: jiban.RandomIDs{Clock: jiban.SystemClock{}}})
				if err != nil {
					t.Error(err)
					return
				}
				if err := s.Ping(t.Context()); err != nil {
					t.Error(err)
				}
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			}()
		}
		wg.Wait()
	})
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	for dsn, code := range map[string]jiban.Code{
		"":                           jiban.CodeInvalid,
		"mysql://x":                  jiban.CodeInvalid,
		"sqlite:":                    jiban.CodeInvalid,
		"sqlite::memory:":            jiban.CodeInvalid,
		"postgres://u:secret@h:port": jiban.CodeInvalid,
		"postgres://u:secret@127.0.0.1:1/db?connect_timeout=1": jiban.CodeUnavailable,
		"sqlite:/proc/nowhere/x.db":                            jiban.CodeUnavailable,
	} {
		_, err := store.Open(t.Context(), dsn, store.Deps{Clock: jiban.SystemClock{}, IDs: &jiban.SerialIDs{}})
		if jiban.CodeOf(err) != code || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", dsn, err)
		}
	}
}

func TestFileIsPrivateAndItsNameMayBeOdd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "数据 100%?#&", "a b.db")
	s := place{dsn: "sqlite:" + path}.open(t)
	receive(t, s, text("wx-1", "a", "你好"))
	for _, name := range []string{path, path + "-wal"} {
		info, err := os.Stat(name)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}

func TestPostgresGoneIsUnavailable(t *testing.T) {
	p := postgresPlace(t)
	s := p.open(t)
	// The server cuts all connections, as it does when it is restarted.
	p.exec(t, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'jiban'")
	for deadline := time.Now().Add(5 * time.Second); ; {
		_, _, err := s.Receive(t.Context(), text("wx-1", "a", "你好"))
		if err == nil {
			break
		}
		if jiban.CodeOf(err) != jiban.CodeUnavailable {
			t.Fatalf("a cut connection gives %v", err)
		}
		if time.Now().After(deadline) {
			t.Fatalf("it never recovers: %v", err)
		}
	}
	wantCode(t, s.Backup(t.Context(), filepath.Join(t.TempDir(), "x")), jiban.CodeInvalid)
}
