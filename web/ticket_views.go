package web

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"jiban"
	"jiban/staff"
)

// The views of tickets that staff work with. Each is in order of due time.
const (
	viewDispatch  = "dispatch"  // a dispatcher must decide
	viewMine      = "mine"      // the own department's
	viewApprovals = "approvals" // departments ask, or people are still not content
	viewOverdue   = "overdue"   //
	viewFollowUp  = "followup"  // people to be asked
	viewAgainst   = "against"   // directed against departments
)

// page is an answer with tickets.
type ticketPage struct {
	Tickets []ticketJSON `json:"tickets"`
	Next    string       `json:"next"`
	Papers  []paperJSON  `json:"papers,omitempty"`
	// Counts are given with the first page where they are asked for: by view, 100 for
	// that many or more.
	Counts map[string]int `json:"counts,omitempty"`
}

// viewOf narrows a filter to a view, and says who may have it.
func (s *Server) viewOf(m member, view string, f *jiban.TicketFilter) error {
	f.ByDue = true
	open := []jiban.TicketStatus{jiban.TicketAccepted, jiban.TicketDispatched, jiban.TicketHandling}
	may := true
	switch view {
	case "":
		f.ByDue = false
	case viewDispatch:
		may = staff.May(m.Account, staff.ActTicketDispatch) || staff.May(m.Account, staff.ActTicketDesk)
		f.Unassigned, f.Statuses = true, open[:1]
	case viewMine:
		may = m.Department != ""
		f.Department, f.Statuses = m.Department, open[1:]
	case viewApprovals:
		may, f.AnyPending = staff.May(m.Account, staff.ActTicketReview), true
	case viewOverdue:
		f.BeforeDue, f.Statuses = s.Clock.Now(), open
	case viewFollowUp:
		may = staff.May(m.Account, staff.ActFollowUp)
	case viewAgainst:
		may, f.Accused = staff.May(m.Account, staff.ActTicketReview), true
	default:
		return refuse(jiban.CodeInvalid, "web.tickets", "没有这个视图 (no such view)")
	}
	if !may {
		return jiban.Errorf(jiban.CodeForbidden, "web.tickets", "the view %s is not for account %s", view, m.ID)
	}
	return nil
}

// after reads where the list goes on: a number, or for lists by due time the due
// time and the number.
func after(c *fiber.Ctx, f *jiban.TicketFilter) error {
	v, err := query(c, "after", 64)
	if err != nil {
		return err
	}
	due, number, both := strings.Cut(v, ".")
	if !both {
		f.AfterNumber = v
		return nil
	}
	micros, err := strconv.ParseInt(due, 10, 64)
	if err != nil || micros < 0 {
		return refuse(jiban.CodeInvalid, "web.tickets", "翻页参数不对 (after: next of the page before)")
	}
	f.AfterNumber = number
	if micros > 0 {
		f.AfterDue = time.UnixMicro(micros).UTC()
	}
	return nil
}

// next is where the page after this one begins, "" when this is the last.
func next(ts []jiban.Ticket, f *jiban.TicketFilter) string {
	if len(ts) == 0 || len(ts) < f.Limit {
		return ""
	}
	last := &ts[len(ts)-1]
	if !f.ByDue {
		return last.Number
	}
	micros := int64(0)
	if !last.DueAt.IsZero() {
		micros = last.DueAt.UnixMicro()
	}
	return strconv.FormatInt(micros, 10) + "." + last.Number
}

// listTickets lists the tickets within the account's scope. The view is recorded.
func (s *Server) listTickets(c *fiber.Ctx) error {
	ctx, m := c.UserContext(), who(c)
	view, err := query(c, "view", 16)
	if err != nil {
		return err
	}
	f, err := s.ticketFilter(c, m, view)
	if err != nil {
		return err
	}
	if err := s.viewed(ctx, m, listed(view, f)); err != nil {
		return err
	}
	if q, err := query(c, "q", 32); err != nil {
		return err
	} else if q != "" {
		return s.findTicket(c, m, q)
	}
	if view == viewFollowUp {
		return s.listFollowUps(c, m, f)
	}
	ts, err := s.Tickets.List(ctx, f)
	if err != nil {
		return err
	}
	page := ticketPage{Tickets: each(ts, s.ticketFor(m)), Next: next(ts, &f)}
	if c.Query("counts") == "1" {
		if page.Counts, err = s.countViews(ctx, m); err != nil {
			return err
		}
	}
	switch view {
	case viewDispatch:
		for i := range ts {
			if err := s.addProposals(ctx, m, &ts[i], &page.Tickets[i]); err != nil {
				return err
			}
		}
	case viewApprovals:
		if page.Papers, err = s.reviews(ctx, m); err != nil {
			return err
		}
	}
	return c.JSON(page)
}

// findTicket answers with the ticket of a number, or with none: one outside of the
// scope is as unknown as one that never was.
func (s *Server) findTicket(c *fiber.Ctx, m member, number string) error {
	page := ticketPage{Tickets: []ticketJSON{}}
	if !identifier(number) {
		return c.JSON(page)
	}
	t, err := s.Tickets.Ticket(c.UserContext(), number)
	switch {
	case jiban.CodeOf(err) == jiban.CodeNotFound || err == nil && !staff.SeesTicket(m.Account, t):
	case err != nil:
		return err
	default:
		page.Tickets = append(page.Tickets, s.ticketFor(m)(t))
	}
	return c.JSON(page)
}

// mostReviews is how many reviews are shown beside the approvals.
const mostReviews = 100

// reviews lists what people are still not content with, for the management.
func (s *Server) reviews(ctx context.Context, m member) ([]paperJSON, error) {
	tasks, err := s.Tickets.Tasks(ctx, jiban.TaskFilter{Kind: "review", To: jiban.ToManagement, OpenOnly: true, Region: m.Region,
		NotAgainst: m.Department, Limit: mostReviews})
	if err != nil {
		return nil, err
	}
	papers, _, err := s.seen(ctx, m, tasks)
	return papers, err
}

// seen keeps of some tasks those whose tickets are within the account's scope, and
// gives these tickets.
func (s *Server) seen(ctx context.Context, m member, tasks []jiban.TicketTask) ([]paperJSON, []jiban.Ticket, error) {
	papers, ts := []paperJSON{}, []jiban.Ticket{}
	for _, task := range tasks {
		t, err := s.Tickets.Ticket(ctx, task.Number)
		if err != nil {
			return nil, nil, err
		}
		if staff.SeesTicket(m.Account, t) {
			papers, ts = append(papers, paperShape(task)), append(ts, t)
		}
	}
	return papers, ts, nil
}

// listFollowUps lists whom agents have to ask, the oldest first.
func (s *Server) listFollowUps(c *fiber.Ctx, m member, f jiban.TicketFilter) error {
	due := followUps(m)
	due.AfterID, due.Limit = f.AfterNumber, f.Limit
	tasks, err := s.Tickets.Tasks(c.UserContext(), due)
	if err != nil {
		return err
	}
	papers, ts, err := s.seen(c.UserContext(), m, tasks)
	if err != nil {
		return err
	}
	page := ticketPage{Tickets: each(ts, s.ticketFor(m)), Papers: papers}
	if c.Query("counts") == "1" {
		if page.Counts, err = s.countViews(c.UserContext(), m); err != nil {
			return err
		}
	}
	if len(tasks) > 0 && len(tasks) == f.Limit {
		page.Next = tasks[len(tasks)-1].ID
	}
	return c.JSON(page)
}
