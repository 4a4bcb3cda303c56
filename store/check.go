package store

import (
	"context"
	"errors"

	"jiban"
)

// Check looks whether the database can be relied on and says in plain words what
// is wrong: is it whole, does this program know its schema, is a commit safe on
// disk, can a row be written.
func (s *Store) Check(ctx context.Context) error {
	var all []error
	if s.writer != nil {
		all = append(all, checkIntegrity(ctx, s.read))
	} else {
		all = append(all, checkServer(ctx, s.read))
	}
	all = append(all, s.checkSchema(ctx), s.Ping(ctx))
	return fault("store.Check", errors.Join(all...))
}

// checkServer refuses a PostgreSQL whose commits would not survive a power cut.
func checkServer(ctx context.Context, q querier) error {
	for _, setting := range []string{"fsync", "full_page_writes", "synchronous_commit"} {
		found, err := column[string](ctx, q, "SHOW "+setting)
		if err != nil {
			return fault("store.Check", err)
		}
		if len(found) == 1 && found[0] == "off" {
			return jiban.Errorf(jiban.CodeUnavailable, "store.Check",
				"PostgreSQL runs with %s=%s: a commit may be lost; set it to on", setting, found[0])
		}
	}
	return nil
}

// checkSchema compares the schema's version with the program's.
func (s *Store) checkSchema(ctx context.Context) error {
	have, want, err := schemaVersions(ctx, s.read)
	switch {
	case err != nil:
		return err
	case have > want:
		return newerSchema(have, want)
	case have < want:
		return jiban.Errorf(jiban.CodeInvalid, "store.Check", "the database has schema %d, this program needs %d: run jiban migrate", have, want)
	}
	return nil
}
