package app_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"jiban"
	"jiban/app"
	"jiban/keys"
	"jiban/store"
)

// With another root key than the database was sealed with, check says so in plain
// words and nothing starts; with the right one put back all is as it was.
func TestAnotherRootKeyIsAClearStop(t *testing.T) {
	c := embedded(t)
	check := func() (bool, string) {
		t.Helper()
		var out bytes.Buffer
		good, err := app.Check(t.Context(), c, &out)
		if err != nil {
			t.Fatal(err)
		}
		return good, out.String()
	}
	if good, said := check(); !good {
		t.Fatalf("a new installation: %s", said)
	}
	if _, err := os.Stat(c.Keys.File); !os.IsNotExist(err) {
		t.Fatalf("a check makes no key: %v", err)
	}
	clock := jiban.SystemClock{}
	ids := jiban.RandomIDs{Clock: clock}
	s, err := store.Open(t.Context(), c.Database, store.Deps{Clock: clock, IDs: ids})
	if err != nil {
		t.Fatal(err)
	}
	k, err := keys.Open(t.Context(), keys.Config{File: c.Keys.File, MayCreate: true}, keys.Deps{Store: s, Clock: clock, IDs: ids})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.With(k).EnsureContact(t.Context(), "tel:+8613912345678"); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if good, said := check(); !good {
		t.Fatalf("with its own key: %s", said)
	}
	right, err := os.ReadFile(c.Keys.File)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(c.Keys.File, []byte(strings.Repeat("7b", 32)), 0o600); err != nil {
		t.Fatal(err)
	}
	if good, said := check(); good || !strings.Contains(said, "WRONG keys") || !strings.Contains(said, "root key") {
		t.Errorf("with another key: %s", said)
	}
	if _, err := app.New(t.Context(), app.Options{Config: c}); jiban.CodeOf(err) != jiban.CodeUnavailable {
		t.Errorf("the program starts with another key: %v", err)
	}
	if err := os.WriteFile(c.Keys.File, right, 0o600); err != nil {
		t.Fatal(err)
	}
	if good, said := check(); !good {
		t.Errorf("with its own key again: %s", said)
	}
}
