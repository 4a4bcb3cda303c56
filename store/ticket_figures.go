package store

import (
	"context"
	"fmt"
	"time"

	"jiban"
)

// DepartmentEvents lists the logs of the tickets that a department had since a
// time, in order of ticket and event, whole, with only those entries of their data
// that are figures: nothing that a person said. What is directed against the
// department is not among them (domain C9).
func (s *Store) DepartmentEvents(ctx context.Context, department string, since time.Time) ([]jiban.TicketEvent, error) {
	const query = `SELECT e.number, e.seq, e.kind, e.at, e.figures FROM ticket_events e JOIN tickets t ON t.number = e.number
		WHERE t.life NOT LIKE $1 ESCAPE '!' AND e.number IN (
			SELECT number FROM tickets WHERE department = $2 AND updated_at >= $3
			UNION SELECT number FROM ticket_events WHERE department <> '' AND department = $2 AND at >= $3)
		ORDER BY e.number, e.seq`
	rows, err := s.read.query(ctx, query, against(department), department, micros(since))
	if err != nil {
		return nil, fault("store.DepartmentEvents", err)
	}
	defer rows.Close()
	var all []jiban.TicketEvent
	for rows.Next() {
		var e jiban.TicketEvent
		if err := rows.Scan(&e.Number, &e.Seq, &e.Kind, stamp{&e.At}, packed{&e.Data}); err != nil {
			return nil, fault("store.DepartmentEvents", fmt.Errorf("read a row: %w", err))
		}
		all = append(all, e)
	}
	return all, fault("store.DepartmentEvents", rows.Err())
}
