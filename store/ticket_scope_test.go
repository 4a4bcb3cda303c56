package store_test

import (
	"fmt"
	"slices"
	"testing"

	"jiban"
)

// Pages of papers hold only what their reader may see: none comes back short while
// more follows. Counts see the same, up to a most.
func TestTasksAndCountsWithinAScope(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		h := newHousehold(t, p)
		conv := h.web(t, "v1", "你好")
		for i := range 12 {
			number := fmt.Sprintf("%02d", i)
			b := ticketRow(number, conv, func(t *jiban.Ticket) {
				t.Region, t.Department, t.Status = []string{"230100", "230600", ""}[i%3], "water", jiban.TicketHandling
				if i%4 == 0 {
					t.Life.Accused = []string{"city"}
				}
			}, jiban.TicketEvent{Kind: jiban.EventReminded, At: monday})
			b.Tickets[0].Tasks = []jiban.TicketTask{{ID: "t" + number, Number: number, Kind: "follow_up", To: jiban.ToAgent,
				Department: []string{"", "water", "city"}[i%2+i%3/2], CreatedAt: monday}}
			apply(t, h.store, b)
		}
		everything := jiban.TaskFilter{OpenOnly: true, Limit: 500}
		all := must[[]jiban.TicketTask](t)(h.store.TicketTasks(t.Context(), everything))
		for name, f := range map[string]jiban.TaskFilter{
			"a city":                  {Region: "230100"},
			"the province":            {Region: "230000"},
			"not against a body":      {NotAgainst: "city"},
			"the hotline and a body":  {Departments: []string{"", "water"}},
			"a city's, not against":   {Region: "230600", NotAgainst: "city", Departments: []string{""}},
			"a body that has nothing": {Departments: []string{"nobody"}},
		} {
			var want, got []string
			for _, task := range all {
				about := must[jiban.Ticket](t)(h.store.Ticket(t.Context(), task.Number))
				if (f.Region == "" || about.Region == "" || jiban.RegionServes(f.Region, about.Region)) &&
					!about.Against(f.NotAgainst) && (f.Departments == nil || slices.Contains(f.Departments, task.Department)) {
					want = append(want, task.ID)
				}
			}
			f.OpenOnly, f.Limit = true, 2
			for page := []jiban.TicketTask{{}}; len(page) > 0; {
				page = must[[]jiban.TicketTask](t)(h.store.TicketTasks(t.Context(), f))
				for _, task := range page {
					got, f.AfterID = append(got, task.ID), task.ID
				}
				if len(page) == 1 && len(want) > len(got) {
					t.Errorf("%s: a page came back short, although more follows", name)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: %v, want %v", name, got, want)
			}
			f.AfterID = ""
			counts := must[[]int](t)(h.store.CountTickets(t.Context(), []jiban.TicketFilter{{Region: "230100"}, {Department: "water"}}, []jiban.TaskFilter{f}, 10))
			if want := []int{4, 10, min(10, len(want))}; !slices.Equal(counts, want) {
				t.Errorf("%s: counted %v, want %v", name, counts, want)
			}
		}
	})
}
