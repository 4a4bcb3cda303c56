package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/uptrace/bun"

	"jiban"
)

// querier runs statements: inside a transaction, or outside of one for reading.
// Placeholders are $1, $2 …, which both dialects understand.
type querier interface {
	// exec returns how many rows the statement touched.
	exec(ctx context.Context, query string, args ...any) (int64, error)
	query(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// table reads and writes one noun. fields gives pointers to (or wrappers of) the
// fields of a value in the order of columns: one list serves both directions.
// The first column is the key.
type table[T any] struct {
	name    string
	columns string
	fields  func(*T) []any
	insert  string // INSERT INTO … VALUES ($1 …)
	upsert  string // the same, replacing a row with the same key
	update  string // UPDATE … SET all but the key WHERE key = $1
	width   int
	names   []string         // the columns, one by one
	owner   func(*T) *string // id of the contact whose key seals the row; nil where the row does not tell
}

func newTable[T any](name string, fields func(*T) []any, columns ...string) table[T] {
	t := table[T]{name: name, fields: fields, columns: strings.Join(columns, ", "), width: len(columns), names: columns}
	marks, sets, takes := make([]string, t.width), make([]string, 0, t.width), make([]string, 0, t.width)
	for i, c := range columns {
		marks[i] = fmt.Sprintf("$%d", i+1)
		if i > 0 {
			sets = append(sets, fmt.Sprintf("%s = $%d", c, i+1))
			takes = append(takes, fmt.Sprintf("%s = excluded.%s", c, c))
		}
	}
	t.insert = fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", name, t.columns, strings.Join(marks, ", "))
	t.upsert = fmt.Sprintf("%s ON CONFLICT (%s) DO UPDATE SET %s", t.insert, columns[0], strings.Join(takes, ", "))
	t.update = fmt.Sprintf("UPDATE %s SET %s WHERE %s = $1", name, strings.Join(sets, ", "), columns[0])
	return t
}

// of names the contact to whom a row belongs, for tables with secrets.
func (t table[T]) of(owner func(*T) *string) table[T] {
	t.owner = owner
	return t
}

// one reads the first row of "SELECT columns FROM name " + tail; without a row
// the error is sql.ErrNoRows.
func (t *table[T]) one(ctx context.Context, q querier, tail string, args ...any) (T, error) {
	var v T
	found, err := t.many(ctx, q, tail, args...)
	if err != nil {
		return v, err
	}
	if len(found) == 0 {
		return v, sql.ErrNoRows
	}
	return found[0], nil
}

// many reads all rows of "SELECT columns FROM name " + tail.
func (t *table[T]) many(ctx context.Context, q querier, tail string, args ...any) ([]T, error) {
	rows, err := q.query(ctx, "SELECT "+t.columns+" FROM "+t.name+" "+tail, args...)
	if err != nil {
		return nil, err
	}
	return t.collect(ctx, q, rows)
}

// list reads what a composed query selects from the table; r is the store's
// reader, which has the keys.
func (t *table[T]) list(ctx context.Context, r querier, q *bun.SelectQuery) ([]T, error) {
	rows, err := q.TableExpr(t.name).ColumnExpr(t.columns).Rows(ctx)
	if err != nil {
		return nil, err
	}
	return t.collect(ctx, r, rows)
}

// collect reads the rows, closes them, and then opens what is sealed.
func (t *table[T]) collect(ctx context.Context, q querier, rows *sql.Rows) ([]T, error) {
	o := opener{q: q}
	found, err := t.scan(&o, rows)
	if err == nil {
		err = o.open(ctx)
	}
	if err != nil || len(found) == 0 {
		return nil, err
	}
	all := make([]T, len(found))
	for i, v := range found {
		all[i] = *v
	}
	return all, nil
}

func (t *table[T]) scan(o *opener, rows *sql.Rows) ([]*T, error) {
	defer rows.Close()
	var found []*T
	for rows.Next() {
		v := new(T)
		dest, err := o.dest(t.name, t.names, t.fields(v))
		if err == nil {
			err = rows.Scan(dest...)
		}
		if err != nil {
			return nil, fmt.Errorf("read a row of %s: %w", t.name, err)
		}
		found = append(found, v)
	}
	return found, rows.Err()
}

// prefixed lists the columns as those of an alias.
func (t *table[T]) prefixed(alias string) string {
	return alias + "." + strings.ReplaceAll(t.columns, ", ", ", "+alias+".")
}

// values is a row as it is written: secrets sealed, addresses hashed.
func (t *table[T]) values(q querier, v *T) ([]any, error) {
	args := t.fields(v)
	key := args[0]
	var owner *string
	if t.owner != nil {
		owner = t.owner(v)
	}
	for i, a := range args {
		var err error
		switch f := a.(type) {
		case secret:
			args[i], err = seal(q, owner, place(t.name, t.names[i], keyText(key)), f)
		case hashed:
			k, _ := q.(keyed)
			args[i], err = hashOf(k.keys, *f.a)
		}
		if err != nil {
			return nil, err
		}
	}
	return args, nil
}

// add inserts a row.
func (t *table[T]) add(ctx context.Context, q querier, v *T) error {
	_, err := t.insertOr(ctx, q, v, "")
	return err
}

// insertOr inserts a row, with what is to happen when there is one already, and
// returns how many it wrote.
func (t *table[T]) insertOr(ctx context.Context, q querier, v *T, conflict string) (int64, error) {
	args, err := t.values(q, v)
	if err != nil {
		return 0, err
	}
	return q.exec(ctx, t.insert+conflict, args...)
}

// put inserts a row or replaces the one with the same key.
func (t *table[T]) put(ctx context.Context, q querier, v *T) error {
	args, err := t.values(q, v)
	if err == nil {
		_, err = q.exec(ctx, t.upsert, args...)
	}
	return err
}

// replace writes a row whose version is still the one that was read; v holds the
// new version already. Otherwise the error is of CodeConflict.
func (t *table[T]) replace(ctx context.Context, q querier, v *T, read int64, what string) error {
	args, err := t.values(q, v)
	if err != nil {
		return err
	}
	query := fmt.Sprintf("%s AND version = $%d", t.update, t.width+1)
	n, err := q.exec(ctx, query, append(args, read)...)
	if err == nil && n == 0 {
		err = jiban.Errorf(jiban.CodeConflict, "store.Apply", "%s was changed meanwhile (read at version %d): load it anew and decide again", what, read)
	}
	return err
}

// scanOne runs a query that gives one row at most and fills dest; false without
// a row.
func scanOne(ctx context.Context, q querier, query string, args []any, dest ...any) (bool, error) {
	rows, err := q.query(ctx, query, args...)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	if !rows.Next() {
		return false, rows.Err()
	}
	if err := rows.Scan(dest...); err != nil {
		return false, fmt.Errorf("read a row: %w", err)
	}
	// An UPDATE … RETURNING is only done when its rows are read to the end.
	for rows.Next() {
		continue
	}
	return true, rows.Err()
}

// column reads the only column of a query.
func column[T any](ctx context.Context, q querier, query string, args ...any) ([]T, error) {
	rows, err := q.query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		var v T
		if err := rows.Scan(&v); err != nil {
			return nil, fmt.Errorf("read a row: %w", err)
		}
		all = append(all, v)
	}
	return all, rows.Err()
}
