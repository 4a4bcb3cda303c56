// Package storetest opens the store as the house has it, with keys, for the tests
// of other rooms. It must know nothing but the store and the keys.
//
// Making the schema takes longer than most tests. It is made once, in a file and in
// a database of PostgreSQL that are named after it, and every test gets a copy.
package storetest

import (
	"context"
	"errors"
	"testing"

	"jiban"
	"jiban/keys"
	"jiban/store"
)

// root is the root key of every test: nothing real is sealed with it.
const root = "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"

// Open opens a store with keys that closes with the test.
func Open(t testing.TB, dsn string, deps store.Deps) *store.Store {
	t.Helper()
	s, err := New(context.Background(), dsn, deps)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close the store: %v", err)
		}
	})
	return s
}

// New opens a store with keys; the caller closes it. A SQLite file that does not
// exist yet begins with the schema already made.
func New(ctx context.Context, dsn string, deps store.Deps) (*store.Store, error) {
	if err := Furnish(ctx, dsn); err != nil {
		return nil, err
	}
	s, err := store.Open(ctx, dsn, deps)
	if err != nil {
		return nil, err
	}
	k, err := keys.Open(ctx, keys.Config{Value: root}, keys.Deps{Store: s, Clock: deps.Clock, IDs: jiban.RandomIDs{Clock: deps.Clock}, Log: deps.Log})
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s.With(k), nil
}
