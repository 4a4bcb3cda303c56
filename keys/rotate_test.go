package keys

import (
	"context"
	"fmt"
	"os"
	"testing"

	"jiban"
)

func TestRotationWhileRunning(t *testing.T) {
	f := newFixture(t)
	k, node := f.open(t, f.config()), f.open(t, f.config())
	var sealed [][]byte
	for i := range 700 {
		sealed = append(sealed, seal(t, k.Contact(fmt.Sprint(i)), "x", fmt.Sprint("value ", i)))
	}
	before, hash := k.Root(), k.Hash("d", "v")
	var last Progress
	p, err := k.Rotate(t.Context(), func(p Progress) { last = p })
	if err != nil || p.Done != p.Total || p.Total != 702 && p.Total != 701 || last != p || p.Root == before {
		t.Fatalf("%+v, last %+v, error %v", p, last, err)
	}
	// The other node still holds the old root; it learns of the new one.
	sealed = append(sealed, seal(t, node.Contact("late"), "x", "value 700"))
	if node.Root() != p.Root {
		t.Error("the other node still wraps with the old root")
	}
	fresh := f.open(t, f.config())
	for i, v := range sealed[:700] {
		opens(t, fresh.Contact(fmt.Sprint(i)), "x", v, fmt.Sprint("value ", i))
	}
	opens(t, fresh.Contact("late"), "x", sealed[700], "value 700")
	if fresh.Hash("d", "v") != hash {
		t.Error("the rotation changed the look-up hashes")
	}
	gone, err := fresh.Forget(t.Context())
	if err != nil || len(gone) != 1 || gone[0] != before {
		t.Fatalf("forgot %v, error %v", gone, err)
	}
	opens(t, f.open(t, f.config()).Contact("5"), "x", sealed[5], "value 5")
	if gone, err := fresh.Forget(t.Context()); err != nil || len(gone) != 0 {
		t.Fatalf("forgot again %v, error %v", gone, err)
	}
}

func TestRotationWithKeysFromTheEnvironment(t *testing.T) {
	f := newFixture(t)
	one, _ := NewRoot()
	two, _ := NewRoot()
	k := f.open(t, Config{Value: one})
	sealed := seal(t, k, "x", "v")
	if _, err := k.Rotate(t.Context(), nil); jiban.CodeOf(err) != jiban.CodeInvalid {
		t.Fatalf("error %v", err)
	}
	both := f.open(t, Config{Value: two + "," + one})
	if both.Root() != k.Root() {
		t.Fatal("a new key wraps before the rotation: nodes without it would be cut off")
	}
	if p, err := both.Rotate(t.Context(), nil); err != nil || p.Done == 0 {
		t.Fatal(p, err)
	}
	opens(t, f.open(t, Config{Value: two}), "x", sealed, "v")
}

func TestForgettingKeepsAKeyPreparedForTheNextRotation(t *testing.T) {
	f := newFixture(t)
	k := f.open(t, f.config())
	sealed := seal(t, k, "x", "v")
	next, _ := NewRoot()
	text, err := os.ReadFile(f.file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(f.file, append([]byte(next+"\n"), text...), 0o600); err != nil {
		t.Fatal(err)
	}
	if gone, err := k.Forget(t.Context()); err != nil || len(gone) != 0 {
		t.Fatalf("forgot %v, error %v", gone, err)
	}
	p, err := k.Rotate(t.Context(), nil)
	if err != nil || len(k.ring.all()) != 2 || p.Root != k.ring.newest().id {
		t.Fatalf("%+v, error %v: the prepared key is the next", p, err)
	}
	opens(t, f.open(t, f.config()), "x", sealed, "v")
}

// failing breaks a rotation after some keys.
type failing struct {
	*memory
	left int
}

func (f *failing) RewrapKeys(ctx context.Context, c []jiban.KeyChange) (int, error) {
	if f.left == 0 {
		return 0, jiban.Errorf(jiban.CodeUnavailable, "failing", "down")
	}
	f.left--
	return f.memory.RewrapKeys(ctx, c)
}

func TestAnInterruptedRotationIsCarriedOn(t *testing.T) {
	f := newFixture(t)
	k := f.open(t, f.config())
	for i := range 600 {
		seal(t, k.Contact(fmt.Sprint(i)), "x", "v")
	}
	k.d.Store = &failing{memory: f.store, left: 1}
	if _, err := k.Rotate(t.Context(), nil); err == nil {
		t.Fatal("the failure was hidden")
	}
	again := f.open(t, f.config())
	root := again.Root()
	p, err := again.Rotate(t.Context(), nil)
	if err != nil || p.Root != root || p.Done == 0 || p.Done > 200 {
		t.Fatalf("%+v, error %v: it must go on with the same root", p, err)
	}
}
