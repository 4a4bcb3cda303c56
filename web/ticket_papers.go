package web

import (
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"jiban"
	"jiban/staff"
	"jiban/tickets"
)

// The limits of what handlers keep and read.
const (
	longestTitle  = 60
	mostTemplates = 200
	mostWeeks     = 53
)

// papers lists what is to be read or done: a department's own, the hotline's for
// who works there.
func (s *Server) papers(c *fiber.Ctx) error {
	m := who(c)
	limit, err := number(c, "limit", 50, 200)
	if err != nil {
		return err
	}
	f := jiban.TaskFilter{OpenOnly: c.Query("all") != "1", Limit: int(limit)}
	for name, into := range map[string]*string{"kind": &f.Kind, "after": &f.AfterID} {
		if *into, err = query(c, name, 64); err != nil {
			return err
		}
	}
	f.Departments, f.NotAgainst = []string{m.Department}, m.Department
	switch own := staff.OwnDepartmentOnly(m.Account); {
	case own && m.Department == "":
		return jiban.Errorf(jiban.CodeForbidden, "web.papers", "account %s has no department", m.ID)
	case !own:
		f.Departments, f.Region = append(f.Departments, ""), m.Region
	}
	tasks, err := s.Tickets.Tasks(c.UserContext(), f)
	if err != nil {
		return err
	}
	after := ""
	if len(tasks) > 0 && len(tasks) == f.Limit {
		after = tasks[len(tasks)-1].ID
	}
	shown := []paperJSON{}
	for _, t := range tasks {
		ticket, err := s.Tickets.Ticket(c.UserContext(), t.Number)
		if err != nil {
			return err
		}
		if readsPaper(m, &t, &ticket) {
			shown = append(shown, paperShape(t))
		}
	}
	if err := s.viewed(c.UserContext(), m, "papers"); err != nil {
		return err
	}
	return c.JSON(fiber.Map{"papers": shown, "next": after})
}

// readsPaper reports whether a paper is for an account: a department reads its
// own, the superior's too, about what is not directed against it; the hotline
// those of its region.
func readsPaper(m member, t *jiban.TicketTask, about *jiban.Ticket) bool {
	if about.Against(m.Department) {
		return false
	}
	if staff.OwnDepartmentOnly(m.Account) {
		return m.Department != "" && t.Department == m.Department
	}
	return staff.SeesTicket(m.Account, *about) && (t.Department == "" || t.Department == m.Department)
}

// paperDone says that a paper was read, or a review made. Reviews and what is for
// the management are the supervisors' to end.
func (s *Server) paperDone(c *fiber.Ctx) error {
	ctx, m := c.UserContext(), who(c)
	id, err := param(c, "id")
	if err != nil {
		return err
	}
	in, err := body[struct {
		Result string `json:"result"`
	}](c)
	if err == nil && in.Result != "" {
		err = text("web.papers", "处理结果", in.Result, longestReason)
	}
	if err != nil {
		return err
	}
	t, err := s.Tickets.Task(ctx, id)
	if err != nil {
		return err
	}
	about, err := s.Tickets.Ticket(ctx, t.Number)
	if err != nil {
		return err
	}
	if !readsPaper(m, &t, &about) {
		return notFound("web.papers", "paper %s is not for %s", id, m.ID)
	}
	if t.Department == "" && t.To == jiban.ToManagement && !staff.May(m.Account, staff.ActTicketReview) {
		return jiban.Errorf(jiban.CodeForbidden, "web.papers", "paper %s is for the management", id)
	}
	entry := jiban.AuditEntry{Actor: m.ID, Action: "paper.done", Object: "paper:" + id, Result: "ok"}
	if err := s.Tickets.FinishTask(ctx, t, m.ID, strings.TrimSpace(in.Result), entry); err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}

// colleagues lists the handlers of the own department, to transfer a ticket to.
func (s *Server) colleagues(c *fiber.Ctx) error {
	all, err := s.handlersOf(c.UserContext(), who(c).Department)
	if err != nil {
		return err
	}
	type colleague struct {
		ID    string `json:"id"`
		Name  string `json:"name"`
		Login string `json:"login"`
	}
	return c.JSON(fiber.Map{"colleagues": each(all, func(a jiban.Account) colleague { return colleague{a.ID, a.Name, a.Login} })})
}

type weekJSON struct {
	Week         string         `json:"week"` // its Monday
	Received     int            `json:"received"`
	Answered     int            `json:"answered"`
	SignedInTime tickets.Figure `json:"signed_in_time"`
	OnTime       tickets.Figure `json:"on_time"`
	Returned     tickets.Figure `json:"returned"`
	Overdue      tickets.Figure `json:"overdue"`
	Hours        tickets.Figure `json:"hours"`
	Satisfied    tickets.Figure `json:"satisfied"`
	Dissatisfied tickets.Figure `json:"dissatisfied"`
	Solved       tickets.Figure `json:"solved"`
	Contacted    tickets.Figure `json:"contacted"`
	Reopened     tickets.Figure `json:"reopened"`
}

func weekShape(w tickets.WeekFigures) weekJSON {
	return weekJSON{w.Monday.Format(time.DateOnly), w.Received, w.Answered, w.SignedInTime, w.OnTime, w.Returned, w.Overdue, w.Hours,
		w.Satisfied, w.Dissatisfied, w.Solved, w.Contacted, w.Reopened}
}

// ticketFigures gives the figures of a department by week, the present one last.
// A handler sees those of the own department.
func (s *Server) ticketFigures(c *fiber.Ctx) error {
	m := who(c)
	weeks, err := number(c, "weeks", 12, mostWeeks)
	if err != nil {
		return err
	}
	department, err := query(c, "department", 128)
	if err != nil {
		return err
	}
	if department = or(department, m.Department); staff.OwnDepartmentOnly(m.Account) && department != m.Department {
		return refuse(jiban.CodeForbidden, "web.figures", "只能查看本单位的数据 (only your own department's figures)")
	}
	d, ok := s.departmentIn(m, department)
	if !ok || weeks == 0 {
		return refuse(jiban.CodeInvalid, "web.figures", "请选择单位和周数 (choose a department of your region and at least one week)")
	}
	monday := tickets.Monday(s.Clock.Now()).AddDate(0, 0, -7*(int(weeks)-1))
	events, err := s.Figures.DepartmentEvents(c.UserContext(), department, monday)
	if err != nil {
		return err
	}
	return c.JSON(fiber.Map{"department": d.ID, "department_name": d.Name,
		"weeks": each(tickets.Weekly(events, department, monday, int(weeks)), weekShape)})
}

// departmentIn finds a department within the account's region.
func (s *Server) departmentIn(m member, id string) (jiban.Department, bool) {
	for _, d := range s.Tickets.Catalogue().Departments {
		if d.ID == id {
			return d, d.ID == m.Department || staff.Covers(m.Account, d.Region)
		}
	}
	return jiban.Department{}, false
}
