package store

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"jiban"
)

// CountTickets counts for each filter the tickets that it selects, and then for
// each of the others the tasks, up to a most: who counts more reads no further. All
// are asked for by one statement; pages and limits of the filters are passed over.
func (s *Store) CountTickets(ctx context.Context, of []jiban.TicketFilter, tasks []jiban.TaskFilter, most int) ([]int, error) {
	const op = "store.CountTickets"
	if len(of)+len(tasks) == 0 {
		return nil, nil
	}
	all := s.lists.NewSelect()
	for _, f := range of {
		q := s.lists.NewSelect().TableExpr("tickets")
		whereTickets(q, f)
		countUpTo(all, q, most)
	}
	for _, f := range tasks {
		q := s.lists.NewSelect().TableExpr("ticket_tasks")
		s.whereTasks(q, f)
		countUpTo(all, q.Order("ticket_tasks.id"), most) // in the order of the index: else PostgreSQL gathers all of them first
	}
	counts := make([]int, len(of)+len(tasks))
	into := make([]any, len(counts))
	for i := range counts {
		into[i] = &counts[i]
	}
	if err := all.Scan(ctx, into...); err != nil {
		return nil, fault(op, fmt.Errorf("count: %w", err))
	}
	return counts, nil
}

// countUpTo adds the number of rows of a query as one more column.
func countUpTo(all, q *bun.SelectQuery, most int) {
	all.ColumnExpr("(SELECT COUNT(*) FROM (?) AS counted)", q.ColumnExpr("1").Limit(page(most, 100)))
}
