package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"jiban"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

const migrationTries = 3

// Migrate brings the schema up to date. One node does it while others wait. It
// refuses a schema that a newer program has made.
func (s *Store) Migrate(ctx context.Context) error {
	const op = "store.Migrate"
	db, dialect, options, err := s.openForMigration()
	if err != nil {
		return err
	}
	p, err := provider(dialect, db, options...)
	if err != nil {
		return errors.Join(fault(op, err), db.Close())
	}
	defer p.Close()
	// On SQLite nothing keeps a second process from beginning the same migration:
	// who comes too late looks again and finds it done.
	for tries := 1; ; tries++ {
		if _, err = p.Up(ctx); err == nil {
			break
		}
		if tries == migrationTries || ctx.Err() != nil {
			return fault(op, err)
		}
	}
	// Every version that this program knows is applied in a newer schema too, so
	// that Up has left it as it was.
	have, want, err := p.GetVersions(ctx)
	if err == nil && have > want {
		err = newerSchema(have, want)
	}
	return fault(op, err)
}

func provider(dialect goose.Dialect, db *sql.DB, options ...goose.ProviderOption) (*goose.Provider, error) {
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(dialect, db, files, append(options, goose.WithDisableGlobalRegistry(true))...)
}

// openForMigration opens a pool of its own: the writer's connection is taken.
func (s *Store) openForMigration() (*sql.DB, goose.Dialect, []goose.ProviderOption, error) {
	const op = "store.Migrate"
	if path, ok := strings.CutPrefix(s.dsn, sqlitePrefix); ok {
		f := &liteFile{path: path}
		if err := f.create(); err != nil {
			return nil, "", nil, err
		}
		db, err := f.open(writerPragmas()...)
		if err != nil {
			return nil, "", nil, fault(op, err)
		}
		db.SetMaxOpenConns(1)
		return db, goose.DialectSQLite3, nil, nil
	}
	db, err := openPostgres(s.dsn)
	if err != nil {
		return nil, "", nil, err
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 60))
	if err != nil {
		return nil, "", nil, errors.Join(fault(op, err), db.Close())
	}
	return db, goose.DialectPostgres, []goose.ProviderOption{goose.WithSessionLocker(locker)}, nil
}

// SchemaID tells the schema that this program makes from any other: a digest of
// its migrations, in hexadecimal. Who keeps a migrated empty database to copy
// knows by it whether the copy is still the right one.
func SchemaID() (string, error) {
	sum := sha256.New()
	err := fs.WalkDir(migrationFiles, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := migrationFiles.ReadFile(path)
		fmt.Fprintf(sum, "%s %d\n%s", path, len(data), data)
		return err
	})
	return hex.EncodeToString(sum.Sum(nil)), err
}

// knownVersion is the newest schema that this program knows.
func knownVersion() (int64, error) {
	files, err := fs.Glob(migrationFiles, "migrations/*.sql")
	if err != nil || len(files) == 0 {
		return 0, jiban.Errorf(jiban.CodeInternal, "store.check", "the migrations are not in the program: %w", errors.Join(err, fs.ErrNotExist))
	}
	version, err := goose.NumericComponent(files[len(files)-1])
	return version, fault("store.check", err)
}

func newerSchema(have, want int64) error {
	return jiban.Errorf(jiban.CodeInvalid, "store.Migrate",
		"the database has schema %d, this program knows %d at most: a newer program has used it; run that one, or restore a backup", have, want)
}

// schemaVersions reads the schema's version without touching the database, and
// the newest that this program knows.
func schemaVersions(ctx context.Context, q querier) (have, want int64, err error) {
	if want, err = knownVersion(); err != nil {
		return 0, 0, err
	}
	found, err := column[int64](ctx, q, "SELECT version_id FROM goose_db_version WHERE is_applied ORDER BY version_id DESC LIMIT 1")
	if err == nil && len(found) == 0 {
		err = sql.ErrNoRows
	}
	if err != nil {
		return 0, want, jiban.Errorf(jiban.CodeInvalid, "store.check", "this is no database of ours, it has no schema version: %w", err)
	}
	return found[0], want, nil
}
