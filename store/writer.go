package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"jiban"
)

const (
	queueLen  = 1024 // transactions that may wait; more wait outside, as long as their context lets them
	groupSize = 256  // transactions in one commit at most
)

// transaction is the body of one write. It may run beside others in one commit,
// so it must look at the database through q alone and return every error. With
// keys it may be run several times (see Store.write): what it leaves behind for its
// caller it must set anew each time.
type transaction func(ctx context.Context, q querier) error

// writer owns the only connection that writes to SQLite. Transactions queue up
// for its goroutine, which runs each in a savepoint of its own inside one outer
// transaction and commits them together: the price of a sync on disk is paid
// once for all that waited. A transaction that fails is rolled back to its
// savepoint and does not touch the others. Nobody hears anything, good or bad,
// before the commit: what one saw of another is on disk when it learns of it.
type writer struct {
	db    *sql.DB // a pool of one
	conn  *sql.Conn
	q     *prepared
	queue chan *job
	done  chan struct{} // closed when the goroutine has ended

	mu     sync.RWMutex // held for reading while queueing, for writing to close
	closed bool
}

// job is one waiting transaction.
type job struct {
	run   transaction
	taken atomic.Bool // by the writer, or by its caller who gave up
	err   error       // valid once done is closed
	done  chan struct{}
}

func newWriter(db *sql.DB, conn *sql.Conn) *writer {
	w := &writer{db: db, conn: conn, q: newPrepared(conn), queue: make(chan *job, queueLen), done: make(chan struct{})}
	go w.loop()
	return w
}

// do runs a transaction and returns when it is on disk or failed. When ctx ends
// before the transaction was begun, it is dropped; once begun it is carried
// through and do waits for the result, so that an error never hides a write.
func (w *writer) do(ctx context.Context, run transaction) error {
	j := &job{run: run, done: make(chan struct{})}
	if err := w.enqueue(ctx, j); err != nil {
		return err
	}
	select {
	case <-j.done:
		return j.err
	case <-ctx.Done():
		if j.taken.CompareAndSwap(false, true) {
			return ctx.Err()
		}
	}
	<-j.done
	return j.err
}

var errClosed = errors.New("the store is closed")

func (w *writer) enqueue(ctx context.Context, j *job) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return jiban.Errorf(jiban.CodeUnavailable, "store.write", "%w", errClosed)
	}
	select {
	case w.queue <- j:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// close finishes what was accepted and ends the goroutine.
func (w *writer) close() error {
	w.mu.Lock()
	first := !w.closed
	w.closed = true
	if first {
		close(w.queue)
	}
	w.mu.Unlock()
	<-w.done
	if !first {
		return nil
	}
	return errors.Join(w.q.close(), w.conn.Close(), w.db.Close())
}

func (w *writer) loop() {
	defer close(w.done)
	for first := range w.queue {
		runtime.Gosched() // those just answered come back first: fewer, larger groups
		w.group(first)
	}
}

// group commits first together with whatever else waits by then.
func (w *writer) group(first *job) {
	// The work is not bound to any caller's context: interrupting one statement
	// would make SQLite roll back the whole group.
	ctx := context.Background()
	if _, err := w.q.exec(ctx, "BEGIN IMMEDIATE"); err != nil {
		w.fail(first, fmt.Errorf("begin a transaction: %w", err))
		return
	}
	ran := make([]*job, 0, 16)
	for j := first; j != nil; j = w.next(len(ran)) {
		if !j.taken.CompareAndSwap(false, true) {
			continue // its caller gave up
		}
		ran = append(ran, j)
		if err := w.attempt(ctx, j); err != nil {
			w.abort(ctx, ran, err)
			return
		}
	}
	if _, err := w.q.exec(ctx, "COMMIT"); err != nil {
		w.abort(ctx, ran, fmt.Errorf("commit: %w", err))
		return
	}
	for _, j := range ran {
		close(j.done)
	}
}

// next takes another waiting transaction into the group, nil when none waits.
func (w *writer) next(have int) *job {
	if have >= groupSize {
		return nil
	}
	select {
	case j := <-w.queue:
		return j // nil when the queue is closed and empty
	default:
		return nil
	}
}

// attempt runs one transaction in a savepoint and notes its outcome. The error it
// returns means that the group as a whole is lost.
func (w *writer) attempt(ctx context.Context, j *job) error {
	if _, err := w.q.exec(ctx, "SAVEPOINT member"); err != nil {
		return fmt.Errorf("set a savepoint: %w", err)
	}
	j.err = protect(ctx, w.q, j.run)
	if j.err != nil {
		if _, err := w.q.exec(ctx, "ROLLBACK TO member"); err != nil {
			// On a full disk or a failed write SQLite has rolled back everything by
			// itself, and the reason is the member's error.
			return fmt.Errorf("roll back to a savepoint: %w", errors.Join(j.err, err))
		}
	}
	if _, err := w.q.exec(ctx, "RELEASE member"); err != nil {
		return fmt.Errorf("release a savepoint: %w", err)
	}
	return nil
}

// abort rolls the group back and tells every member.
func (w *writer) abort(ctx context.Context, ran []*job, cause error) {
	if _, err := w.q.exec(ctx, "ROLLBACK"); err != nil && !isNoTransaction(err) {
		cause = errors.Join(cause, fmt.Errorf("roll back: %w", err))
	}
	for _, j := range ran {
		j.err = cause
		close(j.done)
	}
}

// fail tells a transaction, and all that wait behind it by now, that none can
// begin: each trying for itself would only wait as long again.
func (w *writer) fail(first *job, err error) {
	waiting := []*job{first}
	for j := w.next(0); j != nil; j = w.next(len(waiting)) {
		waiting = append(waiting, j)
	}
	for _, j := range waiting {
		if j.taken.CompareAndSwap(false, true) {
			j.err = err
			close(j.done)
		}
	}
}

// protect runs a transaction and turns a panic into an error: a defect in one
// must not take the others, or the writer, with it.
func protect(ctx context.Context, q querier, run transaction) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = jiban.Errorf(jiban.CodeInternal, "store.write", "a transaction panicked: %v\n%s", p, debug.Stack())
		}
	}()
	return run(ctx, q)
}
