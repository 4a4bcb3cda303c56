package web

import (
	"context"
	"maps"
	"strings"

	"jiban"
	"jiban/files"
	"jiban/staff"
)

// byJSON says who did something to a ticket, as far as the reader may know: a name
// only of colleagues, a department of everybody who has one, never who reported.
type byJSON struct {
	Side       string `json:"side"`       // person, bot, system, hotline, department, token; staff for who is not known any more
	Department string `json:"department"` // its name
	Name       string `json:"name"`
}

// staffNames tells one reader who did what.
type staffNames struct {
	reader      jiban.Account
	accounts    map[string]jiban.Account
	departments map[string]string
}

// namesFor looks up all who did something to a ticket, in one question to the
// store however long the log is.
func (s *Server) namesFor(ctx context.Context, m member, t *jiban.Ticket, events []jiban.TicketEvent, attached []files.Kept) (*staffNames, error) {
	n := &staffNames{reader: m.Account, departments: map[string]string{}}
	for _, d := range s.Tickets.Catalogue().Departments {
		n.departments[d.ID] = d.Name
	}
	ids := []string{t.Life.Handler}
	for i := range events {
		ids = append(ids, events[i].Actor, events[i].Data["handler"])
	}
	for i := range attached {
		ids = append(ids, attached[i].AttachedBy)
	}
	var staffOnly []string
	for _, id := range ids {
		if id != "" && !strings.HasPrefix(id, "token:") && !oneOf(id, "contact bot system") {
			staffOnly = append(staffOnly, id)
		}
	}
	if len(staffOnly) == 0 {
		return n, nil
	}
	var err error
	n.accounts, err = s.Staff.Named(ctx, staffOnly)
	return n, err
}

// by says who an actor is.
func (n *staffNames) by(actor string) byJSON {
	switch {
	case actor == "contact":
		return byJSON{Side: "person"}
	case oneOf(actor, "bot system"):
		return byJSON{Side: actor}
	case strings.HasPrefix(actor, "token:"):
		return byJSON{Side: "token"}
	}
	a, known := n.accounts[actor]
	if !known {
		return byJSON{Side: "staff"}
	}
	b := byJSON{Side: "hotline"}
	if d := ownDepartment(a); d != "" {
		b = byJSON{Side: "department", Department: or(n.departments[d], d)}
	}
	if n.colleague(a) {
		b.Name = a.Name
	}
	return b
}

// colleague reports whether the reader works with somebody: both at the hotline,
// or both in one department. Other systems have no colleagues.
func (n *staffNames) colleague(a jiban.Account) bool {
	return len(n.reader.Grants) == 0 && ownDepartment(n.reader) == ownDepartment(a)
}

// ownDepartment is the department that somebody works for, "" for the hotline.
func ownDepartment(a jiban.Account) string {
	if a.Has(jiban.RoleAgent) || a.Has(jiban.RoleSupervisor) {
		return ""
	}
	return a.Department
}

// event shapes an entry of the log.
func (n *staffNames) event(hidden mask) func(jiban.TicketEvent) ticketEventJSON {
	return func(e jiban.TicketEvent) ticketEventJSON {
		data := hidden.event(e.Data)
		if name := n.by(e.Data["handler"]).Name; e.Kind == jiban.EventTransferred && name != "" {
			data = maps.Clone(data)
			data["handler_name"] = name
		}
		return ticketEventJSON{e.Seq, e.Kind, e.Actor, n.by(e.Actor), data, at(e.At)}
	}
}

// largestFile is how many bytes a file may have that the account attaches, 0 where
// it cannot.
func (s *Server) largestFile(m member) int64 {
	if s.Deps.Files == nil || !staff.May(m.Account, staff.ActTicketAttach) {
		return 0
	}
	return s.Deps.Files.Limits().MaxBytes
}
