package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"jiban"
)

// liteFile is a SQLite database file and the ways it is opened.
type liteFile struct{ path string }

// Every connection waits this long for another process (backup, import) before
// it gives up.
const busyPragma = "busy_timeout(10000)"

// The writer's pragmas. FULL syncs the log at every commit: promise 1.
func writerPragmas() []string {
	return []string{busyPragma, "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)",
		"wal_autocheckpoint(2000)", "journal_size_limit(67108864)", "cache_size(-16384)", "temp_store(MEMORY)"}
}

// readerPragmas keep a reader from ever writing.
func readerPragmas() []string {
	return []string{busyPragma, "query_only(1)", "cache_size(-8192)"}
}

// open returns a pool on the file; nothing is opened yet.
func (f *liteFile) open(pragmas ...string) (*sql.DB, error) {
	path := (&url.URL{Path: filepath.ToSlash(f.path)}).EscapedPath()
	query := url.Values{"_pragma": pragmas}
	return sql.Open("sqlite", "file:"+path+"?"+query.Encode())
}

// create makes the file and its folder, readable by nobody else: it holds
// personal data. SQLite gives its side files the same mode.
func (f *liteFile) create() error {
	if f.path == "" || strings.HasPrefix(f.path, ":") {
		return jiban.Errorf(jiban.CodeInvalid, "store.Open", "database %q names no file: %s", sqlitePrefix+f.path, hintDSN)
	}
	err := os.MkdirAll(filepath.Dir(f.path), 0o700)
	if err == nil {
		var file *os.File
		if file, err = os.OpenFile(f.path, os.O_CREATE|os.O_RDWR, 0o600); err == nil {
			err = file.Close()
		}
	}
	if err != nil {
		return jiban.Errorf(jiban.CodeUnavailable, "store.Open", "the database file cannot be made or opened: %w", err)
	}
	return nil
}

// writer opens the one connection that writes, with further pragmas, and starts
// its goroutine.
func (f *liteFile) writer(ctx context.Context, pragmas ...string) (*writer, error) {
	const op = "store.Open"
	db, err := f.open(append(writerPragmas(), pragmas...)...)
	if err != nil {
		return nil, fault(op, err)
	}
	db.SetMaxOpenConns(1)
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(fault(op, err), db.Close())
	}
	if err := assertDurable(ctx, conn); err != nil {
		return nil, errors.Join(err, conn.Close(), db.Close())
	}
	return newWriter(db, conn), nil
}

// readers opens the pool that reads.
func (f *liteFile) readers() (*sql.DB, error) {
	db, err := f.open(readerPragmas()...)
	if err != nil {
		return nil, fault("store.Open", err)
	}
	n := max(4, 2*runtime.NumCPU())
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(n)
	return db, nil
}

// assertDurable refuses a writer whose commits would not survive a power cut.
func assertDurable(ctx context.Context, conn *sql.Conn) error {
	var journal string
	var sync, keys int
	err := errors.Join(
		conn.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&journal),
		conn.QueryRowContext(ctx, "PRAGMA synchronous").Scan(&sync),
		conn.QueryRowContext(ctx, "PRAGMA foreign_keys").Scan(&keys))
	if err != nil {
		return fault("store.Open", fmt.Errorf("read the pragmas: %w", err))
	}
	if journal != "wal" || sync != 2 || keys != 1 {
		return jiban.Errorf(jiban.CodeUnavailable, "store.Open",
			"the database writes with journal_mode=%s synchronous=%d foreign_keys=%d, want wal, 2 (FULL) and 1: "+
				"a commit would not be safe on disk; put the file on a local disk", journal, sync, keys)
	}
	return nil
}
