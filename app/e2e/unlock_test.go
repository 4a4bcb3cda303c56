package e2e

import (
	"path/filepath"
	"testing"

	"jiban"
	"jiban/keys"
	"jiban/store"
)

// unlock opens the keys of a program's database, to read past all its code what is
// sealed there.
func unlock(t testing.TB, dsn, keyFile string) *keys.Keys {
	t.Helper()
	clock := jiban.SystemClock{}
	ids := jiban.RandomIDs{Clock: clock}
	s, err := store.Open(t.Context(), dsn, store.Deps{Clock: clock, IDs: ids})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	k, err := keys.Open(t.Context(), keys.Config{File: keyFile}, keys.Deps{Store: s, Clock: clock, IDs: ids})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// keys of a program on the embedded default.
func (p *program) keys() *keys.Keys {
	p.t.Helper()
	return unlock(p.t, "sqlite:"+p.database(), filepath.Join(p.dir, "data", "keys"))
}

// opened is a sealed value in the clear; at names its table, column and row.
func opened(t testing.TB, k *keys.Keys, at, sealed string) string {
	t.Helper()
	if !k.Sealed(sealed) {
		return sealed
	}
	plain, missing, err := k.OpenNow(at, sealed)
	if err == nil && missing != "" {
		if _, err = k.Load(t.Context(), []string{missing}); err == nil {
			plain, _, err = k.OpenNow(at, sealed)
		}
	}
	if err != nil {
		t.Fatalf("open %s: %v", at, err)
	}
	return string(plain)
}
