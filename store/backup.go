package store

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"jiban"
)

// Backup writes a consistent copy of a running SQLite database into a new file,
// while messages go on being taken in. An existing file is never overwritten.
// PostgreSQL has its own tools (pg_dump).
func (s *Store) Backup(ctx context.Context, file string) error {
	const op = "store.Backup"
	if s.writer == nil {
		return jiban.Errorf(jiban.CodeInvalid, op, "the database is PostgreSQL: use pg_dump")
	}
	part := file + ".part"
	if err := refuseExisting(op, file, part); err != nil {
		return err
	}
	// Made beforehand, so that nobody else can read what is being written: VACUUM
	// INTO takes a file that is empty.
	if err := createPrivate(part); err != nil {
		return jiban.Errorf(jiban.CodeUnavailable, op, "the backup file cannot be made: %w", err)
	}
	err := s.vacuumInto(ctx, part)
	if err == nil {
		err = errors.Join(syncFile(part), os.Link(part, file)) // a link refuses an existing name
	}
	err = errors.Join(err, os.Remove(part))
	if err == nil {
		err = syncFile(filepath.Dir(file))
	}
	return fault(op, err)
}

// vacuumInto copies the database on a connection of its own: the readers' refuse
// whatever writes.
func (s *Store) vacuumInto(ctx context.Context, file string) error {
	f := &liteFile{path: strings.TrimPrefix(s.dsn, sqlitePrefix)}
	db, err := f.open(busyPragma)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "VACUUM INTO $1", file)
	return errors.Join(err, db.Close())
}

// Restore makes a SQLite database of a backup file: a new one, or one that is
// empty. The backup is checked first; nothing is left behind where it is damaged
// or made by a newer program. into is a path, or "sqlite:PATH"; no program may
// have it open.
func Restore(ctx context.Context, file, into string) error {
	const op = "store.Restore"
	into = strings.TrimPrefix(into, sqlitePrefix)
	part := into + ".part"
	if err := refuseExisting(op, into, into+"-wal", into+"-shm", part); err != nil {
		return err
	}
	if err := copyFile(file, part); err != nil {
		return jiban.Errorf(jiban.CodeInvalid, op, "the backup cannot be read: %w", errors.Join(err, removeIfThere(part)))
	}
	err := checkFile(ctx, part)
	if err == nil {
		err = errors.Join(os.Rename(part, into), syncFile(filepath.Dir(into)))
	}
	return fault(op, errors.Join(err, removeIfThere(part, part+"-wal", part+"-shm", part+"-journal")))
}

// refuseExisting refuses names that hold anything; an empty file counts as none.
func refuseExisting(op string, names ...string) error {
	for _, name := range names {
		info, err := os.Stat(name)
		switch {
		case errors.Is(err, os.ErrNotExist):
		case err != nil:
			return jiban.Errorf(jiban.CodeUnavailable, op, "look at the target: %w", err)
		case info.IsDir() || info.Size() > 0:
			return jiban.Errorf(jiban.CodeInvalid, op, "%s exists already and is not overwritten: move it away or name another", name)
		}
	}
	return nil
}

func createPrivate(name string) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// syncFile brings a file, or the entries of a folder, onto the disk.
func syncFile(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}

func removeIfThere(names ...string) error {
	var all []error
	for _, name := range names {
		if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			all = append(all, err)
		}
	}
	return errors.Join(all...)
}

// checkFile looks through a SQLite file that no program has open: is it whole, is
// it ours, does this program know its schema.
func checkFile(ctx context.Context, path string) error {
	f := &liteFile{path: path}
	db, err := f.open(readerPragmas()...)
	if err != nil {
		return err
	}
	defer db.Close()
	q := direct{db}
	if err := checkIntegrity(ctx, q); err != nil {
		return err
	}
	have, want, err := schemaVersions(ctx, q)
	if err == nil && have > want {
		err = newerSchema(have, want)
	}
	return err
}

// checkIntegrity asks SQLite to look through the whole file.
func checkIntegrity(ctx context.Context, q querier) error {
	found, err := column[string](ctx, q, "PRAGMA integrity_check(10)")
	if err != nil {
		return jiban.Errorf(jiban.CodeInvalid, "store.check", "the database file is damaged or no database: %w", err)
	}
	if len(found) != 1 || found[0] != "ok" {
		return jiban.Errorf(jiban.CodeInvalid, "store.check", "the database file is damaged (%s): restore a backup", strings.Join(found, "; "))
	}
	return nil
}
