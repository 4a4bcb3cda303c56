package store

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"jiban"
)

var incidents = newTable("incidents", func(i *jiban.Incident) []any {
	return []any{&i.ID, &i.State, &i.Matter, &i.Region, words{&i.Cause}, words{&i.Text}, stamp{&i.Until}, words{&i.Answer},
		&i.Tickets, &i.CreatedBy, stamp{&i.CreatedAt}, stamp{&i.UpdatedAt}, &i.Version}
}, "id", "state", "matter", "region", "cause", "text", "until", "answer", "tickets", "created_by", "created_at", "updated_at", "version")

// Incident returns an incident by its id.
func (s *Store) Incident(ctx context.Context, id string) (jiban.Incident, error) {
	i, err := incidents.one(ctx, s.read, "WHERE id = $1", id)
	return i, fault("store.Incident", err)
}

// Incidents lists the incidents in some states, newest first; no state means all.
func (s *Store) Incidents(ctx context.Context, states []jiban.IncidentState, limit int) ([]jiban.Incident, error) {
	q := s.lists.NewSelect().Limit(min(page(limit, 50), 500)).OrderExpr("id DESC")
	if len(states) > 0 {
		q.Where("state IN (?)", bun.List(states))
	}
	found, err := incidents.list(ctx, s.read, q)
	return found, fault("store.Incidents", err)
}

// SaveIncident writes an incident, with entries of the audit record; its Version is
// the one that was read, 0 for a new one. CodeConflict when somebody was faster.
func (s *Store) SaveIncident(ctx context.Context, i jiban.Incident, entries []jiban.AuditEntry) error {
	return s.write(ctx, "store.SaveIncident", func(ctx context.Context, q querier) error {
		read := i.Version
		row := i
		row.Version++
		var err error
		if read == 0 {
			err = incidents.add(ctx, q, &row)
		} else {
			err = incidents.replace(ctx, q, &row, read, "incident "+i.ID)
		}
		if err != nil {
			return err
		}
		return s.addAudit(ctx, q, entries)
	})
}

// TicketsAlike counts the requests since a time that belong to no incident, by
// matter and region, and gives those of at least so many, the most first.
func (s *Store) TicketsAlike(ctx context.Context, since time.Time, least int) ([]jiban.Alike, error) {
	// The empty string keeps the index of states out of it: few tickets are new,
	// many are open.
	const query = `SELECT matter, region, COUNT(*) FROM tickets WHERE created_at >= $1 AND kind = 'request' AND matter <> ''
		AND incident = '' AND status || '' IN ('accepted', 'dispatched', 'handling') GROUP BY matter, region HAVING COUNT(*) >= $2 + 0 ORDER BY 3 DESC, 1, 2 LIMIT 100`
	rows, err := s.read.query(ctx, query, micros(since), least)
	if err != nil {
		return nil, fault("store.TicketsAlike", err)
	}
	defer rows.Close()
	var all []jiban.Alike
	for rows.Next() {
		var a jiban.Alike
		if err := rows.Scan(&a.Matter, &a.Region, &a.N); err != nil {
			return nil, fault("store.TicketsAlike", fmt.Errorf("read a row: %w", err))
		}
		all = append(all, a)
	}
	return all, fault("store.TicketsAlike", rows.Err())
}
