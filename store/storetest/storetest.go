// Package storetest opens the store as the house has it, with keys, for the tests
// of other rooms. It must know nothing but the store and the keys.
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

// New opens a store with keys; the caller closes it.
func New(ctx context.Context, dsn string, deps store.Deps) (*store.Store, error) {
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
