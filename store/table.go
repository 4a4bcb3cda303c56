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
}

func newTable[T any](name string, fields func(*T) []any, columns ...string) table[T] {
	t := table[T]{name: name, fields: fields, columns: strings.Join(columns, ", "), width: len(columns)}
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
	return t.collect(rows)
}

// list reads what a composed query selects from the table.
func (t *table[T]) list(ctx context.Context, q *bun.SelectQuery) ([]T, error) {
	rows, err := q.TableExpr(t.name).ColumnExpr(t.columns).Rows(ctx)
	if err != nil {
		return nil, err
	}
	return t.collect(rows)
}

func (t *table[T]) collect(rows *sql.Rows) ([]T, error) {
	defer rows.Close()
	var all []T
	for rows.Next() {
		var v T
		if err := rows.Scan(t.fields(&v)...); err != nil {
			return nil, fmt.Errorf("read a row of %s: %w", t.name, err)
		}
		all = append(all, v)
	}
	return all, rows.Err()
}

// prefixed lists the columns as those of an alias.
func (t *table[T]) prefixed(alias string) string {
	return alias + "." + strings.ReplaceAll(t.columns, ", ", ", "+alias+".")
}

// add inserts a row.
func (t *table[T]) add(ctx context.Context, q querier, v *T) error {
	_, err := q.exec(ctx, t.insert, t.fields(v)...)
	return err
}

// put inserts a row or replaces the one with the same key.
func (t *table[T]) put(ctx context.Context, q querier, v *T) error {
	_, err := q.exec(ctx, t.upsert, t.fields(v)...)
	return err
}

// replace writes a row whose version is still the one that was read; v holds the
// new version already. Otherwise the error is of CodeConflict.
func (t *table[T]) replace(ctx context.Context, q querier, v *T, read int64, what string) error {
	query := fmt.Sprintf("%s AND version = $%d", t.update, t.width+1)
	n, err := q.exec(ctx, query, append(t.fields(v), read)...)
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
