package store

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jiban"
)

// Each list of the console is read from an index in its own order: no list goes
// through all tickets, and none is sorted.
func TestListsFollowTheirIndexes(t *testing.T) {
	clock := jiban.NewManualClock(time.Date(2026, 11, 2, 1, 0, 0, 0, time.UTC))
	s, err := Open(t.Context(), sqlitePrefix+filepath.Join(t.TempDir(), "plan.db"), Deps{Clock: clock, IDs: &jiban.SerialIDs{Prefix: "id"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	open := []jiban.TicketStatus{jiban.TicketAccepted, jiban.TicketDispatched, jiban.TicketHandling}
	for name, c := range map[string]struct {
		f     jiban.TicketFilter
		index string
	}{
		"inbox":     {jiban.TicketFilter{ByDue: true, Unassigned: true, Statuses: open[:1], Region: "230100"}, "tickets_open_with"},
		"mine":      {jiban.TicketFilter{ByDue: true, Department: "water", NotAgainst: "water", Statuses: open[1:]}, "tickets_open_with"},
		"own late":  {jiban.TicketFilter{ByDue: true, Department: "water", Statuses: open, BeforeDue: clock.Now()}, "tickets_open_with"},
		"late":      {jiban.TicketFilter{ByDue: true, Region: "230100", Statuses: open, BeforeDue: clock.Now()}, "tickets_open_due"},
		"approvals": {jiban.TicketFilter{ByDue: true, Region: "230100", AnyPending: true}, "tickets_pending"},
		"against":   {jiban.TicketFilter{ByDue: true, Region: "230100", Accused: true}, "tickets_against"},
		"own":       {jiban.TicketFilter{Department: "water", NotAgainst: "water"}, "tickets_department"},
		"all":       {jiban.TicketFilter{Region: "230100"}, "sqlite_autoindex_tickets_1"},
		"open":      {jiban.TicketFilter{Statuses: open}, "tickets_open"},
	} {
		q := s.lists.NewSelect().TableExpr("tickets").ColumnExpr("*").Limit(50)
		whereTickets(q, c.f)
		if c.f.ByDue {
			q.Where("(due_at, number) > (?, ?)", 1, "").Order("due_at", "number")
		} else {
			q.Where("number > ?", "").Order("number")
		}
		rows, err := s.db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+q.String())
		if err != nil {
			t.Fatal(err)
		}
		plan := planOf(t, rows)
		if !strings.Contains(plan, "USING INDEX "+c.index+" ") || strings.Contains(plan, "B-TREE") {
			t.Errorf("%s: %s, want %s and no sorting", name, plan, c.index)
		}
	}
}

// planOf reads what EXPLAIN QUERY PLAN says.
func planOf(t *testing.T, rows *sql.Rows) string {
	t.Helper()
	defer rows.Close()
	plan := ""
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		plan += detail + "; "
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return plan
}
