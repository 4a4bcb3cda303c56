package web

import (
	"context"

	"jiban"
)

// mostCounted is how far the tickets of a view are counted: more is "99+".
const mostCounted = 100

// countViews counts the tickets of each view that an account may have, in one
// query. What is directed against departments is not counted: no index finds it, and
// a count must stay cheap however many tickets there are.
func (s *Server) countViews(ctx context.Context, m member) (map[string]int, error) {
	var views []string
	var filters []jiban.TicketFilter
	for _, view := range []string{viewDispatch, viewMine, viewApprovals, viewOverdue} {
		f, err := s.scoped(m, jiban.TicketFilter{Region: m.Region, NotAgainst: m.Department}, view)
		if jiban.CodeOf(err) == jiban.CodeForbidden {
			continue
		}
		if err != nil {
			return nil, err
		}
		views, filters = append(views, view), append(filters, f)
	}
	var tasks []jiban.TaskFilter
	if s.viewOf(m, viewFollowUp, &jiban.TicketFilter{}) == nil {
		views, tasks = append(views, viewFollowUp), append(tasks, followUps(m))
	}
	counted, err := s.Figures.CountTickets(ctx, filters, tasks, mostCounted)
	if err != nil {
		return nil, err
	}
	counts := make(map[string]int, len(views))
	for i, view := range views {
		counts[view] = counted[i]
	}
	return counts, nil
}

// followUps are the open tasks of agents about tickets within the account's scope.
func followUps(m member) jiban.TaskFilter {
	return jiban.TaskFilter{Kind: "follow_up", To: jiban.ToAgent, OpenOnly: true, Region: m.Region, NotAgainst: m.Department}
}
