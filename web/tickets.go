package web

import (
	"context"
	"strings"

	"github.com/gofiber/fiber/v2"

	"jiban"
	"jiban/staff"
)

// The limits of what staff may write into a ticket.
const (
	mostFields    = 60
	longestField  = 4000 // characters
	longestReply  = 4000
	longestReason = 1000
)

// ticketFor shapes tickets for one member of staff.
func (s *Server) ticketFor(m member) func(jiban.Ticket) ticketJSON {
	cat := s.Tickets.Catalogue()
	return func(t jiban.Ticket) ticketJSON {
		j := ticketShape(t, m.Account, cat)
		j.Clock.Share = s.Tickets.Used(&t)
		return j
	}
}

// listed says which tickets were listed, for the record.
func listed(view string, f jiban.TicketFilter) string {
	s := strings.TrimSpace("tickets " + view)
	for _, st := range f.Statuses {
		s += " " + string(st)
	}
	if f.Department != "" {
		s += " department=" + f.Department
	}
	if f.AfterNumber != "" {
		s += " after=" + f.AfterNumber
	}
	return s
}

// ticketFilter reads the filter and narrows it to the account's scope.
func (s *Server) ticketFilter(c *fiber.Ctx, m member, view string) (jiban.TicketFilter, error) {
	limit, err := number(c, "limit", 50, 500)
	if err != nil {
		return jiban.TicketFilter{}, err
	}
	f := jiban.TicketFilter{Limit: int(limit), Region: m.Region, Unassigned: c.Query("unassigned") == "1", NotAgainst: m.Department}
	if f.Department, err = query(c, "department", 128); err != nil {
		return f, err
	}
	if err := after(c, &f); err != nil {
		return f, err
	}
	light := c.Query("light")
	if !oneOf(light, "green yellow red") && light != "" {
		return f, refuse(jiban.CodeInvalid, "web.tickets", "没有这种标记 (light: green, yellow or red)")
	}
	f.Light = jiban.Light(light)
	statuses, err := query(c, "status", 128)
	if err != nil {
		return f, err
	}
	for _, st := range strings.FieldsFunc(statuses, func(r rune) bool { return r == ',' }) {
		if !oneOf(st, "accepted dispatched handling answered closed withdrawn") {
			return f, refuse(jiban.CodeInvalid, "web.tickets", "没有这个工单状态 (no such status)")
		}
		f.Statuses = append(f.Statuses, jiban.TicketStatus(st))
	}
	return s.scoped(m, f, view)
}

// scoped narrows a filter to a view and to what the account may see.
func (s *Server) scoped(m member, f jiban.TicketFilter, view string) (jiban.TicketFilter, error) {
	if err := s.viewOf(m, view, &f); err != nil {
		return f, err
	}
	if staff.OwnDepartmentOnly(m.Account) {
		if m.Department == "" {
			return f, jiban.Errorf(jiban.CodeForbidden, "web.tickets", "account %s has no department", m.ID)
		}
		f.Department, f.Region, f.Unassigned = m.Department, "", false
	}
	return f, nil
}

// ticketOf loads the ticket that the path names, within the account's scope.
func (s *Server) ticketOf(c *fiber.Ctx, m member) (jiban.Ticket, error) {
	n, err := param(c, "number")
	if err != nil {
		return jiban.Ticket{}, err
	}
	t, err := s.Tickets.Ticket(c.UserContext(), n)
	if err != nil {
		return t, err
	}
	if !staff.SeesTicket(m.Account, t) {
		return t, notFound("web.ticket", "ticket %s is outside the scope of %s", n, m.ID)
	}
	return t, nil
}

// showTicket gives a ticket with its log. The view is recorded.
func (s *Server) showTicket(c *fiber.Ctx) error {
	ctx, m := c.UserContext(), who(c)
	t, err := s.ticketOf(c, m)
	if err != nil {
		return err
	}
	if err := s.viewed(ctx, m, "ticket:"+t.Number); err != nil {
		return err
	}
	events, err := s.Tickets.Events(ctx, t.Number)
	if err != nil {
		return err
	}
	hidden := maskFor(m.Account, t)
	whole, err := s.wholeTicket(ctx, m, t, events)
	if err != nil {
		return err
	}
	kept, err := s.filesOfTicket(ctx, t.Number, whole.Tasks)
	if err != nil {
		return err
	}
	names, err := s.namesFor(ctx, m, &t, events, kept)
	if err != nil {
		return err
	}
	shown := fiber.Map{"ticket": whole, "events": each(events, names.event(hidden)), "files": each(kept, s.attachedShape(m, hidden, names)),
		"largest_file": s.largestFile(m)}
	if t.Life.Handler != "" {
		shown["handler"] = names.by(t.Life.Handler)
	}
	return c.JSON(shown)
}

// openTicket opens a ticket for the person of a conversation.
func (s *Server) openTicket(c *fiber.Ctx) error {
	ctx, m := c.UserContext(), who(c)
	in, err := body[struct {
		Type           jiban.RequestType `json:"type"`
		Matter         string            `json:"matter"`
		Region         string            `json:"region"`
		Fields         map[string]string `json:"fields"`
		Confidential   bool              `json:"confidential"`
		Anonymous      bool              `json:"anonymous"`
		ConversationID string            `json:"conversation_id"`
	}](c)
	if err != nil {
		return err
	}
	if !identifier(in.ConversationID) {
		return refuse(jiban.CodeInvalid, "web.ticket", "请先选择会话 (a ticket is opened for a conversation)")
	}
	conv, err := s.conversation(ctx, m, in.ConversationID)
	if err != nil {
		return err
	}
	if err := s.checkDraft(m, in.Type, in.Matter, in.Region, in.Fields); err != nil {
		return err
	}
	t, err := s.Tickets.Open(ctx, jiban.TicketDraft{Kind: "request", Type: in.Type, Matter: in.Matter, Region: in.Region,
		Fields: in.Fields, Confidential: in.Confidential, Anonymous: in.Anonymous,
		ContactID: conv.ContactID, ConversationID: conv.ID, Channel: conv.Channel},
		m.ID, jiban.AuditEntry{Actor: m.ID, Action: "ticket.open", Result: "ok"})
	if err != nil {
		return err
	}
	return s.sendTicket(c, m, t)
}

// checkDraft says what is wrong with a ticket that is to be opened, as far as
// the edge can know.
func (s *Server) checkDraft(m member, kind jiban.RequestType, matter, region string, fields map[string]string) error {
	const op = "web.ticket"
	cat := s.Tickets.Catalogue()
	switch {
	case !oneOf(string(kind), "consultation help complaint report suggestion praise"):
		return refuse(jiban.CodeInvalid, op, "请选择诉求类型 (unknown request type)")
	case matterName(cat, matter) == "":
		return refuse(jiban.CodeInvalid, op, "请选择事项 (unknown matter)")
	case regionName(cat, region) == "":
		return refuse(jiban.CodeInvalid, op, "请选择区划 (unknown region)")
	case !staff.Covers(m.Account, region):
		return refuse(jiban.CodeForbidden, op, "该区划不在您的工作范围内 (the region is outside your scope)")
	case len(fields) > mostFields:
		return refuse(jiban.CodeInvalid, op, "要素过多 (too many fields)")
	}
	for k, v := range fields {
		if !identifier(k) || len([]rune(v)) > longestField {
			return refuse(jiban.CodeInvalid, op, "有一项要素名称不对或内容过长 (a field's key is unknown or its value too long)")
		}
	}
	return nil
}

// catalogue gives regions, departments and matters with their forms.
func (s *Server) catalogue(c *fiber.Ctx) error {
	cat := s.Tickets.Catalogue()
	return c.JSON(fiber.Map{"regions": orEmpty(cat.Regions), "departments": orEmpty(cat.Departments),
		"matters": each(cat.Matters, matterShape)})
}

func orEmpty[T any](vs []T) []T {
	if vs == nil {
		return []T{}
	}
	return vs
}

// telephoneEnds reports whether the last digits of any telephone number that the
// ticket was filed with are the given ones.
func (s *Server) telephoneEnds(ctx context.Context, t jiban.Ticket, code string) (bool, error) {
	found := endsWith(t.Fields["phone"], code)
	if t.ContactID == "" {
		return found, nil
	}
	addresses, err := s.Records.Addresses(ctx, t.ContactID)
	if err != nil {
		return false, err
	}
	for _, a := range addresses {
		if tel, isTel := strings.CutPrefix(string(a), "tel:"); isTel && endsWith(tel, code) {
			found = true
		}
	}
	return found, nil
}
