package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"jiban"
)

// newTestWriter returns a writer on a new file with one table of numbers.
func newTestWriter(t testing.TB) (*writer, *liteFile) {
	t.Helper()
	f := &liteFile{path: filepath.Join(t.TempDir(), "w.db")}
	w, err := f.writer(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.close() })
	if err := w.do(t.Context(), statement("CREATE TABLE numbers (n INTEGER PRIMARY KEY)")); err != nil {
		t.Fatal(err)
	}
	return w, f
}

func statement(query string, args ...any) transaction {
	return func(ctx context.Context, q querier) error {
		_, err := q.exec(ctx, query, args...)
		return err
	}
}

func insertNumber(n int) transaction { return statement("INSERT INTO numbers VALUES ($1)", n) }

// numbers reads the table on a connection of its own: only what is committed.
func numbers(t testing.TB, f *liteFile) map[int]bool {
	t.Helper()
	db, err := f.readers()
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	found, err := column[int](context.Background(), direct{db}, "SELECT n FROM numbers")
	if err != nil {
		t.Fatal(err)
	}
	set := map[int]bool{}
	for _, n := range found {
		set[n] = true
	}
	return set
}

// hold stops the writer inside a transaction until release is called, so that
// what is queued meanwhile becomes one group.
func hold(t testing.TB, w *writer, then error) (release func(), result <-chan error) {
	t.Helper()
	entered, leave := make(chan struct{}), make(chan struct{})
	out := make(chan error, 1)
	go func() {
		out <- w.do(context.Background(), func(context.Context, querier) error {
			close(entered)
			<-leave
			return then
		})
	}()
	<-entered
	return func() { close(leave) }, out
}

// queued waits until n transactions wait.
func queued(t testing.TB, w *writer, n int) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); len(w.queue) < n; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d transactions wait, want %d", len(w.queue), n)
		}
	}
}

func TestGroupIsolatesItsMembers(t *testing.T) {
	w, f := newTestWriter(t)
	release, first := hold(t, w, nil)
	type result struct {
		n   int
		err error
	}
	results := make(chan result, 20)
	boom := errors.New("boom")
	for n := range 20 {
		go func() {
			err := w.do(t.Context(), func(ctx context.Context, q querier) error {
				if err := insertNumber(n)(ctx, q); err != nil {
					return err
				}
				switch n % 4 {
				case 1:
					return boom
				case 2:
					panic("a defect")
				case 3:
					_, err := q.exec(ctx, "INSERT INTO nowhere VALUES (1)")
					return err
				}
				return nil
			})
			results <- result{n, err}
		}()
	}
	queued(t, w, 20)
	release()
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	for range 20 {
		r := <-results
		if (r.err == nil) != (r.n%4 == 0) {
			t.Errorf("transaction %d ends with %v", r.n, r.err)
		}
		if r.n%4 == 1 && !errors.Is(r.err, boom) {
			t.Errorf("transaction %d lost its error: %v", r.n, r.err)
		}
		if r.n%4 == 2 && jiban.CodeOf(r.err) != jiban.CodeInternal {
			t.Errorf("a panic gives %v", r.err)
		}
	}
	stored := numbers(t, f)
	for n := range 20 {
		if stored[n] != (n%4 == 0) {
			t.Errorf("number %d stored: %v", n, stored[n])
		}
	}
}

// Nobody hears of a result that is not on disk, not even of another's failure
// that rests on it.
func TestFailedCommitFailsAll(t *testing.T) {
	w, f := newTestWriter(t)
	if err := w.do(t.Context(), statement(`CREATE TABLE child (n INTEGER REFERENCES numbers (n) DEFERRABLE INITIALLY DEFERRED)`)); err != nil {
		t.Fatal(err)
	}
	release, first := hold(t, w, nil)
	results := make(chan error, 3)
	go func() { results <- w.do(t.Context(), insertNumber(1)) }()
	queued(t, w, 1)
	// A deferred foreign key is looked at by COMMIT only.
	go func() { results <- w.do(t.Context(), statement("INSERT INTO child VALUES (99)")) }()
	queued(t, w, 2)
	go func() { results <- w.do(t.Context(), insertNumber(1)) }()
	queued(t, w, 3)
	release()
	if err := <-first; err == nil {
		t.Error("the holder thinks it was committed")
	}
	for range 3 {
		if err := <-results; err == nil || !strings.Contains(err.Error(), "commit") {
			t.Errorf("a member hears %v", err)
		}
	}
	if got := numbers(t, f); len(got) != 0 {
		t.Errorf("stored %v", got)
	}
	if err := w.do(t.Context(), insertNumber(2)); err != nil {
		t.Errorf("the writer does not work on: %v", err)
	}
}

func TestCancelledBeforeItsStartIsDropped(t *testing.T) {
	w, f := newTestWriter(t)
	release, first := hold(t, w, nil)
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error, 1)
	go func() { result <- w.do(ctx, insertNumber(1)) }()
	queued(t, w, 1)
	cancel()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Errorf("the caller hears %v", err)
	}
	release()
	<-first
	if err := w.do(t.Context(), insertNumber(2)); err != nil {
		t.Fatal(err)
	}
	if got := numbers(t, f); got[1] || !got[2] {
		t.Errorf("stored %v, want 2 alone", got)
	}
	if err := w.do(ctx, insertNumber(3)); !errors.Is(err, context.Canceled) {
		t.Errorf("an ended context is taken: %v", err)
	}
}

// A caller that gives up while its transaction runs waits for the result: an
// error would hide a write.
func TestCancelledAfterItsStartIsCarriedThrough(t *testing.T) {
	w, f := newTestWriter(t)
	ctx, cancel := context.WithCancel(t.Context())
	err := w.do(ctx, func(inner context.Context, q querier) error {
		cancel()
		return insertNumber(1)(inner, q)
	})
	if err != nil || !numbers(t, f)[1] {
		t.Errorf("error %v, stored %v", err, numbers(t, f))
	}
}

func TestFullQueueWaitsNoLongerThanItsContext(t *testing.T) {
	w, _ := newTestWriter(t)
	release, first := hold(t, w, nil)
	var wg sync.WaitGroup
	for n := range queueLen {
		wg.Add(1)
		go func() {
			defer wg.Done()
			if err := w.do(context.Background(), insertNumber(n)); err != nil {
				t.Error(err)
			}
		}()
	}
	queued(t, w, queueLen)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if err := w.do(ctx, insertNumber(-1)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("with a full queue: %v", err)
	}
	release()
	<-first
	wg.Wait()
}

func TestCloseFinishesWhatWasAccepted(t *testing.T) {
	w, f := newTestWriter(t)
	release, _ := hold(t, w, nil)
	results := make(chan error, 10)
	for n := range 10 {
		go func() { results <- w.do(context.Background(), insertNumber(n)) }()
	}
	queued(t, w, 10)
	closed := make(chan error, 1)
	go func() { closed <- w.close() }()
	release()
	if err := <-closed; err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	if got := numbers(t, f); len(got) != 10 {
		t.Errorf("%d stored", len(got))
	}
	if err := w.do(t.Context(), insertNumber(11)); jiban.CodeOf(err) != jiban.CodeUnavailable {
		t.Errorf("after the close: %v", err)
	}
	if err := w.close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}
}

// A full disk fails what does not fit, leaves nothing half-written and lets the
// writer work on when there is room again.
func TestFullDisk(t *testing.T) {
	w, f := newTestWriter(t)
	if err := w.do(t.Context(), statement("CREATE TABLE blobs (b BLOB)")); err != nil {
		t.Fatal(err)
	}
	limit := func(pages int) {
		if err := w.do(t.Context(), func(ctx context.Context, q querier) error {
			_, err := column[int](ctx, q, fmt.Sprintf("PRAGMA max_page_count = %d", pages))
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	limit(20)
	release, first := hold(t, w, nil)
	small, big := make(chan error, 1), make(chan error, 1)
	go func() { small <- w.do(t.Context(), insertNumber(1)) }()
	queued(t, w, 1)
	go func() {
		big <- w.do(t.Context(), func(ctx context.Context, q querier) error {
			if err := insertNumber(2)(ctx, q); err != nil {
				return err
			}
			return statement("INSERT INTO blobs VALUES (zeroblob(1000000))")(ctx, q)
		})
	}()
	queued(t, w, 2)
	release()
	<-first
	if err := fault("test", <-big); jiban.CodeOf(err) != jiban.CodeUnavailable {
		t.Errorf("what does not fit hears %v", err)
	}
	smallErr := <-small
	if got := numbers(t, f); got[2] || got[1] != (smallErr == nil) {
		t.Errorf("stored %v, and the small one heard %v", got, smallErr)
	}
	limit(100000)
	if err := w.do(t.Context(), insertNumber(3)); err != nil {
		t.Errorf("with room again: %v", err)
	}
}

// Another process that holds the lock too long makes writes unavailable, not
// wrong.
func TestLockedByAnotherProcess(t *testing.T) {
	w, f := newTestWriter(t)
	if _, err := w.conn.ExecContext(t.Context(), "PRAGMA busy_timeout = 50"); err != nil {
		t.Fatal(err)
	}
	other, err := f.open(busyPragma)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	conn, err := other.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	if err := fault("test", w.do(t.Context(), insertNumber(1))); jiban.CodeOf(err) != jiban.CodeUnavailable {
		t.Errorf("with the file locked: %v", err)
	}
	if _, err := conn.ExecContext(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if err := w.do(t.Context(), insertNumber(1)); err != nil {
		t.Errorf("after the lock: %v", err)
	}
}

func TestWriterRefusesUnsafePragmas(t *testing.T) {
	for _, pragmas := range [][]string{
		{"journal_mode(WAL)", "synchronous(NORMAL)", "foreign_keys(1)"},
		{"journal_mode(WAL)", "synchronous(OFF)", "foreign_keys(1)"},
		{"journal_mode(DELETE)", "synchronous(FULL)", "foreign_keys(1)"},
		{"journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(0)"},
	} {
		f := &liteFile{path: filepath.Join(t.TempDir(), "w.db")}
		db, err := f.open(pragmas...)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := assertDurable(t.Context(), conn); err == nil {
			t.Errorf("a writer with %v is taken", pragmas)
		}
		conn.Close()
		db.Close()
	}
	w, _ := newTestWriter(t)
	if err := assertDurable(t.Context(), w.conn); err != nil {
		t.Errorf("our own writer: %v", err)
	}
}

// Reading goes on while a write is under way, and sees what was committed before.
func TestReadsDoNotWaitForAWrite(t *testing.T) {
	w, f := newTestWriter(t)
	if err := w.do(t.Context(), insertNumber(1)); err != nil {
		t.Fatal(err)
	}
	inside, leave := make(chan struct{}), make(chan struct{})
	result := make(chan error, 1)
	go func() {
		result <- w.do(t.Context(), func(ctx context.Context, q querier) error {
			err := insertNumber(2)(ctx, q)
			close(inside)
			<-leave
			return err
		})
	}()
	<-inside
	if got := numbers(t, f); !got[1] || got[2] { // would hang if it waited
		t.Errorf("a reader sees %v", got)
	}
	close(leave)
	if err := <-result; err != nil || !numbers(t, f)[2] {
		t.Errorf("after the commit: %v", err)
	}
}

func TestReadersCannotWrite(t *testing.T) {
	_, f := newTestWriter(t)
	db, err := f.readers()
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), "INSERT INTO numbers VALUES (1)"); err == nil {
		t.Error("a reader has written")
	}
}

// Whatever mixture of good, failing, panicking and abandoned transactions runs at
// once: stored is exactly what was reported as stored.
func TestWriterTellsTheTruth(t *testing.T) {
	w, f := newTestWriter(t)
	if err := w.do(t.Context(), insertNumber(-1)); err != nil {
		t.Fatal(err)
	}
	next := 0
	rapid.Check(t, func(rt *rapid.T) {
		kinds := rapid.SliceOfN(rapid.IntRange(0, 4), 1, 30).Draw(rt, "kinds")
		var wg sync.WaitGroup
		said := make([]atomic.Bool, len(kinds))
		base := next
		next += len(kinds)
		for i, kind := range kinds {
			wg.Add(1)
			go func() {
				defer wg.Done()
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				if kind == 3 {
					go cancel()
				}
				err := w.do(ctx, func(ctx context.Context, q querier) error {
					if err := insertNumber(base+i)(ctx, q); err != nil {
						return err
					}
					switch kind {
					case 1:
						return sql.ErrNoRows
					case 2:
						panic("a defect")
					case 4:
						return insertNumber(-1)(ctx, q) // taken
					}
					return nil
				})
				said[i].Store(err == nil)
			}()
		}
		wg.Wait()
		stored := numbers(t, f)
		for i, kind := range kinds {
			if stored[base+i] != said[i].Load() {
				rt.Fatalf("number %d of kind %d: stored %v, reported %v", base+i, kind, stored[base+i], said[i].Load())
			}
		}
	})
}

// With the disk full the store says so, keeps nothing of what it refused, and
// takes the same message when there is room again.
func TestStoreOnAFullDisk(t *testing.T) {
	s, err := Open(t.Context(), sqlitePrefix+filepath.Join(t.TempDir(), "full.db"),
		Deps{Clock: jiban.SystemClock{}, IDs: jiban.RandomIDs{Clock: jiban.SystemClock{}}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.SetRoot(t.Context(), "", ClearRoot); err != nil {
		t.Fatal(err)
	}
	s = s.With(ClearKeys{})
	limit := func(pages int) {
		if err := s.writer.do(t.Context(), func(ctx context.Context, q querier) error {
			_, err := column[int](ctx, q, fmt.Sprintf("PRAGMA max_page_count = %d", pages))
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	limit(1) // as many as there are
	r := jiban.Received{Channel: "gzh", Address: "wechat:a", ExternalID: "1", Content: jiban.Content{Text: strings.Repeat("停水", 20000)}}
	if _, _, err := s.Receive(t.Context(), r); jiban.CodeOf(err) != jiban.CodeUnavailable {
		t.Fatalf("with the disk full: %v", err)
	}
	if n, err := column[int](t.Context(), s.read, "SELECT COUNT(*) FROM contacts"); err != nil || n[0] != 0 {
		t.Errorf("half of it is stored: %v contacts, %v", n, err)
	}
	limit(1 << 20)
	if _, repeat, err := s.Receive(t.Context(), r); err != nil || repeat {
		t.Errorf("with room again: repeat %v, %v", repeat, err)
	}
}
