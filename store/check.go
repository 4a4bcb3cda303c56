package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

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

// checkRows is how many rows of each table CheckSealed tries to open.
const checkRows = 50

// CheckSealed tries to open what was sealed last in every table and returns how
// many values it opened. An error names the first value that does not open: the
// keys are others, or somebody altered the database.
func (s *Store) CheckSealed(ctx context.Context) (int, error) {
	const op = "store.CheckSealed"
	if s.keys == nil {
		return 0, errNoKeys("the database")
	}
	total := 0
	for _, t := range sealedTables() {
		o := opener{q: s.read}
		err := s.holdNewest(ctx, &o, t)
		n := len(o.held)
		if err == nil {
			err = o.open(ctx)
		}
		if err != nil {
			return total, fault(op, err)
		}
		total += n
	}
	return total, nil
}

// holdNewest holds the sealed values of the newest rows of a table.
func (s *Store) holdNewest(ctx context.Context, o *opener, t sealedTable) error {
	names := t.names()
	order := "t." + strings.Join(t.order, " DESC, t.") + " DESC"
	rows, err := s.read.query(ctx, fmt.Sprintf("SELECT t.%s, t.%s FROM %s t ORDER BY %s LIMIT %d", t.key, strings.Join(names, ", t."), t.name, order, checkRows))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		key, values := new(string), make([]string, len(names))
		dest := []any{key}
		for i := range values {
			dest = append(dest, &values[i])
		}
		if err := rows.Scan(dest...); err != nil {
			return fmt.Errorf("read a row of %s: %w", t.name, err)
		}
		for i, v := range values {
			if s.keys.Sealed(v) {
				o.hold(t.name, names[i], key, v, words{new(string)})
			}
		}
	}
	return rows.Err()
}
