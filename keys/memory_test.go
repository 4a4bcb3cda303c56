package keys

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"jiban"
)

// memory is a store as the room needs it; the real one has the same rules and is
// tested against this room in package store.
type memory struct {
	mu   sync.Mutex
	root string
	keys []jiban.WrappedKey
}

func (m *memory) Root(context.Context) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.root, nil
}

func (m *memory) SetRoot(_ context.Context, from, to string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.root != from {
		return jiban.Errorf(jiban.CodeConflict, "memory", "root")
	}
	m.root = to
	return nil
}

func (m *memory) Key(_ context.Context, id string) (jiban.WrappedKey, error) {
	return m.find(func(k jiban.WrappedKey) bool { return k.ID == id })
}

func (m *memory) KeysByID(_ context.Context, ids []string) ([]jiban.WrappedKey, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []jiban.WrappedKey
	for _, k := range m.keys {
		if slices.Contains(ids, k.ID) {
			out = append(out, k)
		}
	}
	return out, nil
}

func (m *memory) NewestKey(_ context.Context, owner string) (jiban.WrappedKey, error) {
	return m.find(func(k jiban.WrappedKey) bool { return k.Owner == owner })
}

func (m *memory) find(is func(jiban.WrappedKey) bool) (jiban.WrappedKey, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, k := range slices.Backward(m.keys) {
		if is(k) {
			return k, nil
		}
	}
	return jiban.WrappedKey{}, jiban.Errorf(jiban.CodeNotFound, "memory", "none")
}

func (m *memory) AddKey(_ context.Context, k jiban.WrappedKey) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, have := range m.keys {
		if have.Owner == k.Owner && have.Serial == k.Serial || k.Root != m.root {
			return jiban.Errorf(jiban.CodeConflict, "memory", "key")
		}
	}
	m.keys = append(m.keys, k)
	return nil
}

func (m *memory) DestroyKeys(_ context.Context, holder string) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for i := range m.keys {
		if m.keys[i].Holder == holder {
			m.keys[i].Wrapped, m.keys[i].DestroyedAt = "", time.Now()
			n++
		}
	}
	return n, nil
}

func (m *memory) KeysOutside(_ context.Context, root, after string, limit int) ([]jiban.WrappedKey, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []jiban.WrappedKey
	for _, k := range m.keys {
		if k.Root != root && k.ID > after && k.DestroyedAt.IsZero() {
			out = append(out, k)
		}
	}
	slices.SortFunc(out, func(a, b jiban.WrappedKey) int { return strings.Compare(a.ID, b.ID) })
	return out[:min(limit, len(out))], nil
}

func (m *memory) RewrapKeys(_ context.Context, changes []jiban.KeyChange) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for _, c := range changes {
		for i := range m.keys {
			if k := &m.keys[i]; k.ID == c.ID && k.Root == c.From {
				k.Root, k.Wrapped = c.Root, c.Wrapped
				n++
			}
		}
	}
	return n, nil
}

func (m *memory) KeyCounts(context.Context) (map[string]int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := map[string]int{}
	for _, k := range m.keys {
		if k.DestroyedAt.IsZero() {
			out[k.Root]++
		}
	}
	return out, nil
}
