package store

import (
	"context"
	"errors"
	"slices"

	"github.com/uptrace/bun"

	"jiban"
)

var wrappedKeys = newTable("keys", func(k *jiban.WrappedKey) []any {
	return []any{&k.ID, &k.Owner, &k.Holder, &k.Serial, &k.Root, &k.Wrapped, stamp{&k.CreatedAt}, stamp{&k.DestroyedAt}}
}, "id", "owner", "holder", "serial", "root", "wrapped", "created_at", "destroyed_at")

// rootSetting names the setting that holds the id of the root key that wraps.
const rootSetting = "keys.root"

// Root returns the id of the root key that wraps, "" before the first start.
func (s *Store) Root(ctx context.Context) (string, error) {
	id, err := s.Setting(ctx, rootSetting)
	if jiban.CodeOf(err) == jiban.CodeNotFound {
		return "", nil
	}
	return id, err
}

// SetRoot makes another root key the one that wraps; from is "" for the first.
// CodeConflict when another one does meanwhile.
func (s *Store) SetRoot(ctx context.Context, from, to string) error {
	const first = "INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING"
	const next = "UPDATE settings SET value = $2 WHERE key = $1 AND value = $3"
	query, args := first, []any{rootSetting, to}
	if from != "" {
		query, args = next, append(args, from)
	}
	return s.write(ctx, "store.SetRoot", func(ctx context.Context, q querier) error {
		n, err := q.exec(ctx, query, args...)
		if err == nil && n == 0 {
			err = jiban.Errorf(jiban.CodeConflict, "store.SetRoot", "another root key than %q wraps by now", from)
		}
		return err
	})
}

// Key returns a data key by id, destroyed or not.
func (s *Store) Key(ctx context.Context, id string) (jiban.WrappedKey, error) {
	k, err := wrappedKeys.one(ctx, s.read, "WHERE id = $1", id)
	return k, fault("store.Key", err)
}

// KeysByID returns those of the keys that there are, destroyed or not.
func (s *Store) KeysByID(ctx context.Context, ids []string) ([]jiban.WrappedKey, error) {
	var all []jiban.WrappedKey
	for some := range slices.Chunk(ids, maxPage) {
		q := s.lists.NewSelect().Where("id IN (?)", bun.List(some))
		found, err := wrappedKeys.list(ctx, s.read, q)
		if err != nil {
			return nil, fault("store.KeysByID", err)
		}
		all = append(all, found...)
	}
	return all, nil
}

// NewestKey returns the key of an owner with the highest serial.
func (s *Store) NewestKey(ctx context.Context, owner string) (jiban.WrappedKey, error) {
	k, err := wrappedKeys.one(ctx, s.read, "WHERE owner = $1 ORDER BY serial DESC LIMIT 1", owner)
	return k, fault("store.NewestKey", err)
}

// AddKey adds a data key. CodeConflict when its owner has one of that serial, or
// when the root that wraps it is no longer the one that does.
func (s *Store) AddKey(ctx context.Context, k jiban.WrappedKey) error {
	return s.write(ctx, "store.AddKey", func(ctx context.Context, q querier) error { return s.addKey(ctx, q, &k) })
}

// addKey adds a data key inside a transaction. errRootMoved: it must be wrapped
// anew.
func (s *Store) addKey(ctx context.Context, q querier, k *jiban.WrappedKey) error {
	var root string
	found, err := scanOne(ctx, q, "SELECT value FROM settings WHERE key = $1", []any{rootSetting}, &root)
	if err != nil {
		return err
	}
	if !found || root != k.Root {
		return jiban.Errorf(jiban.CodeConflict, "store.AddKey", "wrap the key anew: %w", errRootMoved)
	}
	n, err := q.exec(ctx, wrappedKeys.insert+" ON CONFLICT (owner, serial) DO NOTHING", wrappedKeys.fields(k)...)
	if err == nil && n == 0 {
		err = jiban.Errorf(jiban.CodeConflict, "store.AddKey", "another node made this key: load it")
	}
	return err
}

// DestroyKeys wipes all keys that serve a holder and returns how many.
func (s *Store) DestroyKeys(ctx context.Context, holder string) (int, error) {
	var n int64
	err := s.write(ctx, "store.DestroyKeys", func(ctx context.Context, q querier) error {
		var err error
		n, err = s.destroyKeys(ctx, q, holder)
		return err
	})
	if err == nil && n > 0 {
		err = s.scrub(ctx)
	}
	return int(n), err
}

func (s *Store) destroyKeys(ctx context.Context, q querier, holder string) (int64, error) {
	const wipe = "UPDATE keys SET wrapped = '', destroyed_at = $2 WHERE holder = $1 AND destroyed_at = 0"
	var n int64
	err := s.overwriting(ctx, q, func() error {
		var err error
		n, err = q.exec(ctx, wipe, holder, micros(s.now()))
		return err
	})
	return n, err
}

// overwriting makes SQLite write zeros over what run deletes, so that it is not
// found in the free places of the file. PostgreSQL has no such switch: there the
// old rows are gone after the next VACUUM.
func (s *Store) overwriting(ctx context.Context, q querier, run func() error) error {
	p, lite := bare(q).(*prepared)
	if !lite {
		return run()
	}
	// This pragma acts when it is parsed, so that a kept statement would do nothing.
	conn, can := p.db.(runner)
	if !can {
		return jiban.Errorf(jiban.CodeInternal, "store.overwriting", "the connection takes no statement directly")
	}
	var before int
	if _, err := scanOne(ctx, direct{conn}, "PRAGMA secure_delete", nil, &before); err != nil {
		return err
	}
	if before == 1 {
		return run()
	}
	if _, err := conn.ExecContext(ctx, "PRAGMA secure_delete = ON"); err != nil {
		return err
	}
	err := run()
	_, off := conn.ExecContext(ctx, "PRAGMA secure_delete = OFF")
	return errors.Join(err, off)
}

// KeysOutside lists living keys that another root wraps, in order of id.
func (s *Store) KeysOutside(ctx context.Context, root, afterID string, limit int) ([]jiban.WrappedKey, error) {
	found, err := wrappedKeys.many(ctx, s.read, "WHERE destroyed_at = 0 AND root <> $1 AND id > $2 ORDER BY id LIMIT $3",
		root, afterID, page(limit, 500))
	return found, fault("store.KeysOutside", err)
}

// RewrapKeys writes keys wrapped anew in one transaction and returns how many
// were still as they had been read.
func (s *Store) RewrapKeys(ctx context.Context, changes []jiban.KeyChange) (int, error) {
	const query = "UPDATE keys SET root = $3, wrapped = $4 WHERE id = $1 AND root = $2 AND destroyed_at = 0"
	var total int64
	err := s.write(ctx, "store.RewrapKeys", func(ctx context.Context, q querier) error {
		total = 0
		return s.overwriting(ctx, q, func() error {
			for _, c := range changes {
				n, err := q.exec(ctx, query, c.ID, c.From, c.Root, c.Wrapped)
				if err != nil {
					return err
				}
				total += n
			}
			return nil
		})
	})
	return int(total), err
}

// KeyCounts counts living keys by the root that wraps them.
func (s *Store) KeyCounts(ctx context.Context) (map[string]int, error) {
	const op = "store.KeyCounts"
	rows, err := s.read.query(ctx, "SELECT root, COUNT(*) FROM keys WHERE destroyed_at = 0 GROUP BY root")
	if err != nil {
		return nil, fault(op, err)
	}
	defer rows.Close()
	counts := map[string]int{}
	for rows.Next() {
		var root string
		var n int
		if err := rows.Scan(&root, &n); err != nil {
			return nil, fault(op, err)
		}
		counts[root] = n
	}
	return counts, fault(op, rows.Err())
}
