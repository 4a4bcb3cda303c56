package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"jiban"
)

// DepartmentEvents lists the logs of the tickets that a department had since a
// time, in order of ticket and event, whole, with only those entries of their data
// that are figures: nothing that a person said. What is directed against the
// department is not among them (domain C9).
func (s *Store) DepartmentEvents(ctx context.Context, department string, since time.Time) ([]jiban.TicketEvent, error) {
	const op = "store.DepartmentEvents"
	const query = `SELECT number FROM tickets WHERE department = $1 AND updated_at >= $2
		UNION SELECT number FROM ticket_events WHERE department <> '' AND department = $1 AND at >= $2`
	numbers, err := column[string](ctx, s.read, query, department, micros(since))
	if err != nil {
		return nil, fault(op, err)
	}
	slices.Sort(numbers)
	var all []jiban.TicketEvent
	for some := range slices.Chunk(numbers, logsAtOnce) {
		if all, err = s.figuresOf(ctx, all, some, department); err != nil {
			return nil, fault(op, err)
		}
	}
	return all, nil
}

// logsAtOnce is how many logs one query reads: so few that the database goes to
// each of them by its number, whatever it believes of how many events there are.
const logsAtOnce = 100

// figuresOf appends the logs of some tickets, but for those that are directed
// against a department.
func (s *Store) figuresOf(ctx context.Context, all []jiban.TicketEvent, numbers []string, department string) ([]jiban.TicketEvent, error) {
	q := s.lists.NewSelect().TableExpr("ticket_events AS e").ColumnExpr("e.number, e.seq, e.kind, e.at, e.figures").
		Join("JOIN tickets AS t ON t.number = e.number").
		Where("t.number IN (?)", bun.List(numbers)).Where("t.life NOT LIKE ? ESCAPE '!'", against(department)).
		Order("e.number", "e.seq")
	rows, err := q.Rows(ctx)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var e jiban.TicketEvent
		if err := rows.Scan(&e.Number, &e.Seq, &e.Kind, stamp{&e.At}, packed{&e.Data}); err != nil {
			return nil, fmt.Errorf("read a row: %w", err)
		}
		all = append(all, e)
	}
	return all, rows.Err()
}
