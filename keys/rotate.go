package keys

import (
	"context"

	"jiban"
)

// Progress is how far a rotation is.
type Progress struct {
	Root  string // the id that wraps from now on
	Done  int
	Total int
}

const rewrapAtOnce = 500

// Rotate brings all data keys under a new root key while the house runs: the new
// root wraps from now on, the old ones go on reading. A rotation that was
// interrupted is carried on. With a key file the new root is made and written
// into it; with keys from the environment the operator first puts the new key in
// front ("new,old") on every node. report may be nil.
func (k *Keys) Rotate(ctx context.Context, report func(Progress)) (Progress, error) {
	left, err := k.outside(ctx)
	if err != nil {
		return Progress{}, err
	}
	if left == 0 {
		if err := k.advance(ctx); err != nil {
			return Progress{}, err
		}
	}
	return k.rewrap(ctx, report)
}

// outside counts the living keys that the current root does not wrap.
func (k *Keys) outside(ctx context.Context) (int, error) {
	if err := k.refresh(ctx); err != nil {
		return 0, err
	}
	counts, err := k.d.Store.KeyCounts(ctx)
	n := 0
	for root, c := range counts {
		if root != k.Root() {
			n += c
		}
	}
	return n, err
}

// advance makes the next root the one that wraps.
func (k *Keys) advance(ctx context.Context) error {
	if k.ring.file != "" {
		if err := k.ring.reload(); err != nil {
			return err
		}
	}
	next := k.ring.newest()
	if next.id == k.Root() {
		var err error
		if next, err = k.addRoot(); err != nil {
			return err
		}
	}
	if err := k.d.Store.SetRoot(ctx, k.Root(), next.id); err != nil {
		return err
	}
	k.root.Store(&next.id)
	return nil
}

func (k *Keys) addRoot() (root, error) {
	if k.ring.file == "" {
		return root{}, jiban.Errorf(jiban.CodeInvalid, "keys.Rotate",
			"the root keys come from the environment: put a new one (jiban keys new) in front of the old one in JIBAN_KEYS_VALUE, \"new,old\", on every node, then rotate")
	}
	key, err := k.random()
	if err != nil {
		return root{}, err
	}
	next := newRoot(key)
	roots := append([]root{next}, k.ring.all()...)
	if err := writeRoots(k.ring.file, roots, false); err != nil {
		return root{}, err
	}
	k.ring.set(roots)
	return next, nil
}

// rewrap wraps every key anew that another root wraps.
func (k *Keys) rewrap(ctx context.Context, report func(Progress)) (Progress, error) {
	p := Progress{Root: k.Root()}
	var err error
	if p.Total, err = k.outside(ctx); err != nil {
		return p, err
	}
	by, err := k.ring.find(p.Root)
	if err != nil {
		return p, err
	}
	for after := ""; ; {
		found, err := k.d.Store.KeysOutside(ctx, p.Root, after, rewrapAtOnce)
		if err != nil || len(found) == 0 {
			return p, err
		}
		after = found[len(found)-1].ID
		n, err := k.rewrapSome(ctx, by, found)
		if err != nil {
			return p, err
		}
		p.Done += n
		if report != nil {
			report(p)
		}
	}
}

func (k *Keys) rewrapSome(ctx context.Context, by root, found []jiban.WrappedKey) (int, error) {
	changes := make([]jiban.KeyChange, 0, len(found))
	for _, w := range found {
		key, err := k.reveal(w)
		if err != nil {
			return 0, err
		}
		c := jiban.KeyChange{ID: w.ID, From: w.Root}
		if c.Root, c.Wrapped, err = k.wrap(by, w.ID, w.Owner, &key); err != nil {
			return 0, err
		}
		changes = append(changes, c)
	}
	return k.d.Store.RewrapKeys(ctx, changes)
}

// Forget removes from the key file the root keys under which nothing in the
// database is wrapped any more, and returns their ids. Backups made before the
// rotation can then no longer be read: that is when deletion reaches them, too.
func (k *Keys) Forget(ctx context.Context) ([]string, error) {
	const op = "keys.Forget"
	if k.ring.file == "" {
		return nil, jiban.Errorf(jiban.CodeInvalid, op, "the root keys come from the environment: take the old ones out of JIBAN_KEYS_VALUE by hand")
	}
	if err := k.ring.reload(); err != nil {
		return nil, err
	}
	if _, err := k.rewrap(ctx, nil); err != nil {
		return nil, err
	}
	counts, err := k.d.Store.KeyCounts(ctx)
	if err != nil {
		return nil, err
	}
	var keep []root
	var gone []string
	past := false // what stands in front of the current root is meant for the next rotation
	for _, r := range k.ring.all() {
		current := r.id == k.Root()
		if !past || current || counts[r.id] > 0 {
			keep = append(keep, r)
		} else {
			gone = append(gone, r.id)
		}
		past = past || current
	}
	if len(gone) == 0 {
		return nil, nil
	}
	if err := writeRoots(k.ring.file, keep, false); err != nil {
		return nil, err
	}
	k.ring.set(keep)
	return gone, nil
}
