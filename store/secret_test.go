package store

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jiban"
)

// A statement that passes the sealing by fails, on either driver: it cannot write
// in the clear.
func TestASecretIsNoArgument(t *testing.T) {
	dsns := map[string]string{"sqlite": sqlitePrefix + filepath.Join(t.TempDir(), "jiban.db"), "postgres": os.Getenv("JIBAN_TEST_POSTGRES")}
	for what, dsn := range dsns {
		if dsn == "" {
			continue
		}
		t.Run(what, func(t *testing.T) {
			s := &Store{dsn: dsn, clock: jiban.SystemClock{}, ids: jiban.RandomIDs{Clock: jiban.SystemClock{}}}
			open := s.openPostgres
			if strings.HasPrefix(dsn, sqlitePrefix) {
				open = s.openSQLite
			}
			if err := open(t.Context()); err != nil {
				t.Fatal(err)
			}
			s.settler = newSettler(s)
			defer s.Close()
			name := "王小明"
			err := s.write(t.Context(), "test", func(ctx context.Context, q querier) error {
				if _, err := q.exec(ctx, "CREATE TEMPORARY TABLE secrets (name TEXT)"); err != nil {
					return err
				}
				_, err := q.exec(ctx, "INSERT INTO secrets (name) VALUES ($1)", sealed(words{&name}))
				return err
			})
			if err == nil || !strings.Contains(err.Error(), "store.secret") || strings.Contains(err.Error(), name) {
				t.Errorf("a secret was written as it is, or repeated: %v", err)
			}
		})
	}
}
