package store

import (
	"context"
	"database/sql"

	"jiban"
)

// Setting returns the value kept under a key.
func (s *Store) Setting(ctx context.Context, key string) (string, error) {
	var value string
	found, err := scanOne(ctx, s.read, "SELECT value FROM settings WHERE key = $1", []any{key}, &value)
	if err == nil && !found {
		err = sql.ErrNoRows
	}
	return value, fault("store.Setting", err)
}

// SetSetting keeps a value under a key.
func (s *Store) SetSetting(ctx context.Context, key, value string) error {
	return s.run(ctx, "store.SetSetting",
		"INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value", key, value)
}

// KeepSetting is SetSetting with entries of the audit record, in one transaction.
func (s *Store) KeepSetting(ctx context.Context, key, value string, entries []jiban.AuditEntry) error {
	return s.write(ctx, "store.KeepSetting", func(ctx context.Context, q querier) error {
		const query = "INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
		if _, err := q.exec(ctx, query, key, value); err != nil {
			return err
		}
		return s.addAudit(ctx, q, entries)
	})
}

// run is a write of one statement.
func (s *Store) run(ctx context.Context, op, query string, args ...any) error {
	return s.write(ctx, op, func(ctx context.Context, q querier) error {
		_, err := q.exec(ctx, query, args...)
		return err
	})
}
