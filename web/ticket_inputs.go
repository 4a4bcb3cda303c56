package web

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"jiban"
	"jiban/staff"
)

// The readers below check what is filled in for a command beyond its length.

// readDue takes a time within the coming year.
func readDue(_ context.Context, s *Server, _ member, _ *jiban.Ticket, v string) error {
	due, err := time.Parse(time.RFC3339, v)
	if err != nil || !due.After(s.Clock.Now()) || due.After(s.Clock.Now().AddDate(1, 0, 0)) {
		return refuse(jiban.CodeInvalid, "web.ticket", "新的办结时间须在今后一年之内 (a time within the coming year)")
	}
	return nil
}

// readLimit takes more working days or hours: 3d, 4h, 24h! on the clock.
func readLimit(_ context.Context, _ *Server, _ member, _ *jiban.Ticket, v string) error {
	if !regexp.MustCompile(`^[1-9][0-9]{0,3}(d|h|h!)$`).MatchString(v) {
		return refuse(jiban.CodeInvalid, "web.ticket", "延长时限写作 3d（工作日）或 4h（小时） (more: like 3d or 4h)")
	}
	return nil
}

func readPause(_ context.Context, s *Server, _ member, _ *jiban.Ticket, v string) error {
	for _, p := range s.Supervision.Rules().Pauses {
		if p.Reason == v {
			return nil
		}
	}
	return refuse(jiban.CodeInvalid, "web.ticket", "规则不允许以此原因暂停计时 (the rules know no such pause)")
}

func readDepartment(_ context.Context, s *Server, _ member, _ *jiban.Ticket, v string) error {
	if !hasDepartment(s.Tickets.Catalogue(), v) {
		return refuse(jiban.CodeInvalid, "web.ticket", "没有这个单位 (there is no such department)")
	}
	return nil
}

func readDepartments(ctx context.Context, s *Server, m member, t *jiban.Ticket, v string) error {
	for _, id := range strings.Split(v, ",") {
		if err := readDepartment(ctx, s, m, t, id); err != nil {
			return err
		}
	}
	return nil
}

// readColleague takes another handler of the department that has the ticket.
func readColleague(ctx context.Context, s *Server, _ member, t *jiban.Ticket, v string) error {
	all, err := s.handlersOf(ctx, t.Department)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(all, func(a jiban.Account) bool { return a.ID == v }) {
		return refuse(jiban.CodeInvalid, "web.ticket", "请选择本单位的承办人 (choose a handler of the same department)")
	}
	return nil
}

// handlersOf lists those who work for a department and can log in.
func (s *Server) handlersOf(ctx context.Context, department string) ([]jiban.Account, error) {
	all, err := s.Staff.List(ctx)
	return slices.DeleteFunc(all, func(a jiban.Account) bool {
		return a.Disabled || department == "" || a.Department != department || !a.Has(jiban.RoleHandler)
	}), err
}

// readTicket takes the number of another ticket within the account's scope.
func readTicket(ctx context.Context, s *Server, m member, t *jiban.Ticket, v string) error {
	if !identifier(v) || v == t.Number {
		return refuse(jiban.CodeInvalid, "web.ticket", "请填写另一件工单的编号 (the number of another ticket)")
	}
	other, err := s.Tickets.Ticket(ctx, v)
	if err == nil && !staff.SeesTicket(m.Account, other) {
		err = notFound("web.ticket", "ticket %s is outside the scope of %s", v, m.ID)
	}
	return err
}

func readIncident(ctx context.Context, s *Server, m member, _ *jiban.Ticket, v string) error {
	i, err := s.Incidents.Incident(ctx, v)
	if err == nil && !staff.Covers(m.Account, i.Region) {
		err = notFound("web.ticket", "incident %s is outside the scope of %s", v, m.ID)
	}
	return err
}
