package store

import (
	"context"
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"
)

// mostRows bounds one statement to a few MiB.
const mostRows = 4000

// addAll inserts rows as values gives them.
func (t *table[T]) addAll(ctx context.Context, q querier, rows [][]any) error {
	return writeAll(ctx, q, t.insert, rows)
}

// putAll inserts rows or replaces those with the same keys. No two of the rows may
// have the same key.
func (t *table[T]) putAll(ctx context.Context, q querier, rows [][]any) error {
	return writeAll(ctx, q, t.upsert, rows)
}

// writeAll writes each row with an insert of a table. PostgreSQL gets many in one
// statement, since there each statement is a way to the server and back.
func writeAll(ctx context.Context, q querier, insert string, rows [][]any) error {
	if _, remote := bare(q).(direct); remote && len(rows) > 1 {
		return writeColumns(ctx, q, insert, rows)
	}
	for _, row := range rows {
		if _, err := q.exec(ctx, insert, row...); err != nil {
			return err
		}
	}
	return nil
}

// writeColumns gives PostgreSQL a list for each column: the text of the statement
// is the same for any number of rows, so that it is prepared once.
func writeColumns(ctx context.Context, q querier, insert string, rows [][]any) error {
	head, rest, _ := strings.Cut(insert, " VALUES (")
	_, conflict, _ := strings.Cut(rest, ")")
	for some := range slices.Chunk(rows, mostRows) {
		lists, marks := make([]any, len(some[0])), make([]string, len(some[0]))
		for i := range lists {
			list, kind, err := columnOf(some, i)
			if err != nil {
				return err
			}
			lists[i], marks[i] = list, fmt.Sprintf("$%d::%s[]", i+1, kind)
		}
		query := head + " SELECT * FROM unnest(" + strings.Join(marks, ", ") + ")" + conflict
		if _, err := q.exec(ctx, query, lists...); err != nil {
			return err
		}
	}
	return nil
}

// columnOf is one column of some rows as a list of its own type, and the name of
// that type.
func columnOf(rows [][]any, column int) (list any, kind string, err error) {
	first, err := driver.DefaultParameterConverter.ConvertValue(rows[0][column])
	if err != nil {
		return nil, "", err
	}
	switch first.(type) {
	case string:
		list, err = listOf[string](rows, column)
		return list, "text", err
	case int64:
		list, err = listOf[int64](rows, column)
		return list, "bigint", err
	case bool:
		list, err = listOf[bool](rows, column)
		return list, "boolean", err
	default:
		return nil, "", fmt.Errorf("a column of %T cannot be written many at a time", first)
	}
}

func listOf[V any](rows [][]any, column int) ([]V, error) {
	list := make([]V, len(rows))
	for i, row := range rows {
		v, err := driver.DefaultParameterConverter.ConvertValue(row[column])
		if err != nil {
			return nil, err
		}
		var same bool
		if list[i], same = v.(V); !same {
			return nil, fmt.Errorf("a column holds %T beside %T", v, list[i])
		}
	}
	return list, nil
}
