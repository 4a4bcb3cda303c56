package store_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"jiban"
	"jiban/keys"
	"jiban/store"
)

func openKeys(t testing.TB, s *store.Store, value string) *keys.Keys {
	t.Helper()
	k, err := keys.Open(t.Context(), keys.Config{Value: value}, keys.Deps{Store: s, Clock: jiban.SystemClock{},
		IDs: jiban.RandomIDs{Clock: jiban.SystemClock{}}})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func newRoot(t testing.TB) string {
	t.Helper()
	return must[string](t)(keys.NewRoot())
}

func TestKeysOnTwoNodes(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		root := newRoot(t)
		nodes := []*store.Store{p.openBare(t, jiban.SystemClock{}), p.openBare(t, jiban.SystemClock{})}
		var all [2]*keys.Keys
		var wg sync.WaitGroup
		for i := range all {
			wg.Go(func() { all[i] = openKeys(t, nodes[i], root) })
		}
		wg.Wait()
		if all[0].Hash("d", "v") != all[1].Hash("d", "v") {
			t.Fatal("the nodes hash differently")
		}
		sealed := make([][]byte, 16)
		for i := range sealed {
			wg.Go(func() {
				var err error
				if sealed[i], err = all[i%2].Contact("c").Seal(t.Context(), "x", []byte("v")); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for _, v := range sealed {
			if plain, err := all[1].Contact("c").Open(t.Context(), "x", v); err != nil || string(plain) != "v" {
				t.Fatalf("%q, error %v", plain, err)
			}
		}
		var n int
		p.query(t, &n, "SELECT COUNT(*) FROM keys WHERE owner = 'contact:c'")
		if n != 1 {
			t.Errorf("%d keys for one contact", n)
		}
	})
}

func TestKeysRotateWhileTheHouseRuns(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		one, two := newRoot(t), newRoot(t)
		s := p.openBare(t, jiban.SystemClock{})
		running := openKeys(t, s, two+","+one) // knows both, wraps with the recorded one
		first := running.Root()
		var sealed [][]byte
		for i := range 30 {
			sealed = append(sealed, must[[]byte](t)(running.Contact(fmt.Sprint(i)).Seal(t.Context(), "x", []byte("v"))))
		}
		next := openKeys(t, p.openBare(t, jiban.SystemClock{}), one+","+two)
		if next.Root() != first {
			t.Fatal("the order of keys changed what wraps")
		}
		stop := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() { // contacts keep coming while the keys are rewrapped
			for i := 100; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := running.Contact(fmt.Sprint(i)).Seal(t.Context(), "x", []byte("v")); err != nil {
					t.Error(err)
				}
			}
		})
		progress, err := next.Rotate(t.Context(), nil)
		close(stop)
		wg.Wait()
		if err != nil || progress.Root == first || progress.Done < 30 {
			t.Fatalf("%+v, error %v", progress, err)
		}
		for i, v := range sealed {
			if _, err := next.Contact(fmt.Sprint(i)).Open(t.Context(), "x", v); err != nil {
				t.Fatal(err)
			}
		}
		counts, err := s.KeyCounts(t.Context())
		if err != nil || len(counts) > 2 || counts[progress.Root] == 0 {
			t.Errorf("counts %v, error %v", counts, err)
		}
	})
}

func TestKeyRulesOfTheStore(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s, ctx := p.openBare(t, jiban.SystemClock{}), t.Context()
		k := jiban.WrappedKey{ID: "1", Owner: "o", Holder: "o", Serial: 1, Root: "r", Wrapped: "w", CreatedAt: monday}
		wantCode(t, s.AddKey(ctx, k), jiban.CodeConflict) // nobody recorded a root yet
		if err := s.SetRoot(ctx, "", "r"); err != nil {
			t.Fatal(err)
		}
		wantCode(t, s.SetRoot(ctx, "", "other"), jiban.CodeConflict)
		wantCode(t, s.SetRoot(ctx, "other", "third"), jiban.CodeConflict)
		if err := s.AddKey(ctx, k); err != nil {
			t.Fatal(err)
		}
		k.ID = "2"
		wantCode(t, s.AddKey(ctx, k), jiban.CodeConflict)
		n, err := s.RewrapKeys(ctx, []jiban.KeyChange{{ID: "1", From: "stale", Root: "q", Wrapped: "x"}})
		if n != 0 || err != nil {
			t.Fatal(n, err)
		}
		if n, err := s.DestroyKeys(ctx, "o"); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		if n, err := s.RewrapKeys(ctx, []jiban.KeyChange{{ID: "1", From: "r", Root: "q", Wrapped: "x"}}); n != 0 || err != nil {
			t.Fatal("a destroyed key came back", n, err)
		}
		got := must[jiban.WrappedKey](t)(s.Key(ctx, "1"))
		if got.Wrapped != "" || got.DestroyedAt.IsZero() {
			t.Errorf("%+v", got)
		}
		_, err = s.Key(ctx, "x")
		wantCode(t, err, jiban.CodeNotFound)
		_, err = s.NewestKey(ctx, "x")
		wantCode(t, err, jiban.CodeNotFound)
	})
}

// TestDestroyedKeysLeaveTheFile looks for the wrapped key in the bytes on disk.
func TestDestroyedKeysLeaveTheFile(t *testing.T) {
	p := sqlitePlace(t)
	s := p.openBare(t, jiban.SystemClock{})
	k := openKeys(t, s, newRoot(t))
	if _, err := k.Contact("c").Seal(t.Context(), "x", []byte("v")); err != nil {
		t.Fatal(err)
	}
	w := must[jiban.WrappedKey](t)(s.NewestKey(t.Context(), "contact:c"))
	if n, err := k.Destroy(t.Context(), "c"); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	backup := filepath.Join(t.TempDir(), "backup.db")
	if err := s.Backup(t.Context(), backup); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil { // which writes the log back into the file
		t.Fatal(err)
	}
	for _, file := range []string{strings.TrimPrefix(p.dsn, "sqlite:"), strings.TrimPrefix(p.dsn, "sqlite:") + "-wal", backup} {
		data, err := os.ReadFile(file)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		if bytes.Contains(data, []byte(w.Wrapped[len(w.Wrapped)-24:])) {
			t.Errorf("the destroyed key is still in %s", filepath.Base(file))
		}
	}
}
