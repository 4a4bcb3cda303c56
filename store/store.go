package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"

	"jiban"
)

// Deps is what the store is handed.
type Deps struct {
	Clock jiban.Clock
	IDs   jiban.IDs
	Log   *slog.Logger
	// PlainText leaves free text (what was said, asked and summed up) in the clear;
	// names, numbers, addresses and the fields of tickets are sealed all the same.
	PlainText bool
}

// Store is the repository. All its methods may be called concurrently; errors
// carry a code: CodeNotFound where there is no such record, CodeConflict where
// somebody was faster, CodeUnavailable where the database cannot do it now and
// nothing was written.
type Store struct {
	dsn   string
	clock jiban.Clock
	ids   jiban.IDs
	log   *slog.Logger

	db     *sql.DB // SQLite: the readers; PostgreSQL: everything
	read   querier
	lists  *bun.DB // composes the queries of lists for either dialect
	writer *writer // SQLite only

	settler *settler

	keys      Keys // nil: nothing that touches personal data
	plainText bool
}

const (
	sqlitePrefix = "sqlite:"
	hintDSN      = "write sqlite:PATH or postgres://USER@HOST/DATABASE"
)

// Open opens the database named by dsn, "sqlite:PATH" or "postgres://…", brings
// its schema up to date and returns the store. A schema that is newer than this
// program is refused.
func Open(ctx context.Context, dsn string, deps Deps) (*Store, error) {
	s := &Store{dsn: dsn, clock: deps.Clock, ids: deps.IDs, log: deps.Log, plainText: deps.PlainText}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if err := s.Migrate(ctx); err != nil {
		return nil, err
	}
	open := s.openPostgres
	if strings.HasPrefix(dsn, sqlitePrefix) {
		open = s.openSQLite
	}
	if err := open(ctx); err != nil {
		return nil, err
	}
	s.settler = newSettler(s)
	return s, nil
}

func (s *Store) openSQLite(ctx context.Context) error {
	f := &liteFile{path: strings.TrimPrefix(s.dsn, sqlitePrefix)}
	var pragmas []string
	if s.plainText {
		// What was not sealed cannot be forgotten by destroying a key: whatever a row
		// held before it changed is written over at once.
		pragmas = append(pragmas, "secure_delete(1)")
	}
	w, err := f.writer(ctx, pragmas...)
	if err != nil {
		return err
	}
	readers, err := f.readers()
	if err != nil {
		return errors.Join(err, w.close())
	}
	s.writer, s.db, s.read = w, readers, newPrepared(readers)
	s.lists = bun.NewDB(s.db, sqlitedialect.New())
	return nil
}

func (s *Store) openPostgres(ctx context.Context) error {
	db, err := openPostgres(s.dsn)
	if err != nil {
		return err
	}
	if err := db.PingContext(ctx); err != nil {
		return errors.Join(fault("store.Open", err), db.Close())
	}
	s.db, s.read = db, direct{db}
	s.lists = bun.NewDB(db, pgdialect.New())
	return nil
}

// commit runs a transaction: in the group on SQLite, by itself on PostgreSQL.
func (s *Store) commit(ctx context.Context, run transaction) error {
	if s.writer != nil {
		return s.writer.do(ctx, run)
	}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := protect(ctx, direct{tx}, run); err != nil {
		if back := tx.Rollback(); back != nil && !errors.Is(back, sql.ErrTxDone) {
			err = errors.Join(err, fmt.Errorf("roll back: %w", back))
		}
		return err
	}
	return tx.Commit()
}

// Close finishes the writes that were accepted and closes the database.
func (s *Store) Close() error {
	var all []error
	s.settler.close()
	if s.writer != nil {
		all = append(all, s.writer.close())
	}
	if p, ok := bare(s.read).(*prepared); ok {
		all = append(all, p.close())
	}
	all = append(all, s.db.Close())
	return fault("store.Close", errors.Join(all...))
}

// Ping writes one row and commits it: only then can messages be stored.
func (s *Store) Ping(ctx context.Context) error {
	return s.SetSetting(ctx, "store.ping", s.clock.Now().Format("2006-01-02T15:04:05.000Z07:00"))
}
