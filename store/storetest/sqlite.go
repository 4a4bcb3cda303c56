package storetest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"jiban"
	"jiban/store"
)

// Furnish puts an empty database with the schema where a SQLite address points to
// a file that does not exist; everything else it leaves as it is. For tests that
// open the store in another way than New, but are not about the first start.
func Furnish(ctx context.Context, dsn string) error {
	path, lite := strings.CutPrefix(dsn, "sqlite:")
	if !lite {
		return nil
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	empty, err := emptyFile(ctx)
	if err != nil {
		return fmt.Errorf("make an empty database: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	data, err := os.ReadFile(empty)
	if err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o600)
}

// emptyFile is a database with the schema and nothing else. The first test of all
// that needs it makes it, under another name until it is whole.
func emptyFile(ctx context.Context) (string, error) {
	id, err := store.SchemaID()
	if err != nil {
		return "", err
	}
	path := filepath.Join(os.TempDir(), "jiban-empty-"+id+".db")
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return path, err
	}
	dir, err := os.MkdirTemp("", "jiban-empty")
	if err != nil {
		return "", err
	}
	made := filepath.Join(dir, "empty.db")
	err = migrate(ctx, "sqlite:"+made)
	if err == nil {
		err = os.Rename(made, path)
	}
	return path, errors.Join(err, os.RemoveAll(dir))
}

// migrate makes the schema in an empty database.
func migrate(ctx context.Context, dsn string) error {
	clock := jiban.SystemClock{}
	s, err := store.Open(ctx, dsn, store.Deps{Clock: clock, IDs: jiban.RandomIDs{Clock: clock}})
	if err != nil {
		return err
	}
	return s.Close()
}
