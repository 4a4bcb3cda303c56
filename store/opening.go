package store

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"jiban"
)

// opener gathers the sealed columns of rows while they are read, and opens them
// when the cursor is closed.
type opener struct {
	q    querier
	held []*held
}

type held struct {
	table, column string
	key           any // pointer to the row's key
	text          string
	into          field
}

// dest puts holders in the places of the secrets among the fields of a row.
func (o *opener) dest(table string, columns []string, fields []any) ([]any, error) {
	for i, f := range fields {
		s, ok := f.(secret)
		if !ok {
			continue
		}
		if _, ok := o.q.(keyed); !ok {
			return nil, errNoKeys(place(table, columns[i], ""))
		}
		fields[i] = &o.hold(table, columns[i], fields[0], "", s.field).text
	}
	return fields, nil
}

// hold keeps one value to be opened.
func (o *opener) hold(table, column string, key any, text string, into field) *held {
	h := &held{table: table, column: column, key: key, text: text, into: into}
	o.held = append(o.held, h)
	return h
}

// open fills the fields. A value whose key was destroyed reads as nothing; one
// that was altered, or moved here from another row, is an error. Inside a
// transaction a value whose key is not in memory stays empty, and the transaction
// is begun anew.
func (o *opener) open(ctx context.Context) error {
	k, _ := o.q.(keyed)
	destroyed := map[string]bool{}
	if k.tx != nil {
		destroyed = k.tx.destroyed
	}
	for range sealTries {
		missing, err := o.pass(k, destroyed)
		if err != nil || len(missing) == 0 {
			return err
		}
		if k.tx != nil {
			maps.Copy(k.tx.missing, missing)
			return nil
		}
		gone, err := k.keys.Load(ctx, slices.Sorted(maps.Keys(missing)))
		if err != nil {
			return err
		}
		for _, id := range gone {
			destroyed[id] = true
		}
	}
	return jiban.Errorf(jiban.CodeUnavailable, "store.open", "the keys of these rows left the memory faster than they were loaded: ask for fewer at once")
}

// pass opens what can be opened, keeps the rest, and returns the keys it lacks.
func (o *opener) pass(k keyed, destroyed map[string]bool) (map[string]bool, error) {
	missing := map[string]bool{}
	rest := o.held[:0]
	for _, h := range o.held {
		lacks, err := h.open(k, destroyed)
		if err != nil {
			return nil, err
		}
		if lacks != "" {
			missing[lacks] = true
			rest = append(rest, h)
		}
	}
	o.held = rest
	return missing, nil
}

// open fills one field, or returns the id of the key it lacks.
func (h *held) open(k keyed, destroyed map[string]bool) (string, error) {
	if says(h.text) == "" || !k.keys.Sealed(h.text) {
		return "", h.fill(h.text)
	}
	at := place(h.table, h.column, keyText(h.key))
	plain, missing, err := k.keys.OpenNow(at, h.text)
	switch {
	case err != nil:
		return "", fmt.Errorf("read %s: %w", at, err)
	case missing == "":
		return "", h.fill(string(plain))
	case destroyed[missing]:
		return "", h.fill("")
	}
	return missing, nil
}

func (h *held) fill(text string) error {
	if err := h.into.Scan(text); err != nil {
		return fmt.Errorf("read %s: %w", place(h.table, h.column, keyText(h.key)), err)
	}
	return nil
}

// keyText is the key of a row, given a pointer to it.
func keyText(key any) string {
	if s, ok := key.(*string); ok {
		return *s
	}
	return ""
}
