package web

import (
	"context"
	"strings"
	"time"

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
	return func(t jiban.Ticket) ticketJSON { return ticketShape(t, m.Account, cat) }
}

// listTickets lists the tickets within the account's scope. The view is recorded.
func (s *Server) listTickets(c *fiber.Ctx) error {
	m := who(c)
	f, err := s.ticketFilter(c, m)
	if err != nil {
		return err
	}
	if err := s.viewed(c.UserContext(), m, listed(f)); err != nil {
		return err
	}
	ts, err := s.Tickets.List(c.UserContext(), f)
	if err != nil {
		return err
	}
	return c.JSON(fiber.Map{"tickets": each(ts, s.ticketFor(m))})
}

// listed says which tickets were listed, for the record.
func listed(f jiban.TicketFilter) string {
	s := "tickets"
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
func (s *Server) ticketFilter(c *fiber.Ctx, m member) (jiban.TicketFilter, error) {
	limit, err := number(c, "limit", 50, 500)
	if err != nil {
		return jiban.TicketFilter{}, err
	}
	f := jiban.TicketFilter{Limit: int(limit), Region: m.Region, Unassigned: c.Query("unassigned") == "1"}
	if f.Department, err = query(c, "department", 128); err != nil {
		return f, err
	}
	if f.AfterNumber, err = query(c, "after", 32); err != nil {
		return f, err
	}
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
	shape := func(e jiban.TicketEvent) ticketEventJSON {
		return ticketEventJSON{e.Seq, e.Kind, e.Actor, hidden.event(e.Data), at(e.At)}
	}
	return c.JSON(fiber.Map{"ticket": s.ticketFor(m)(t), "events": each(events, shape)})
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
		ContactID: conv.ContactID, ConversationID: conv.ID, Channel: conv.Channel}, m.ID)
	if err != nil {
		return err
	}
	if err := s.did(ctx, m, "ticket.open", "ticket:"+t.Number); err != nil {
		return err
	}
	return c.JSON(s.ticketFor(m)(t))
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

// act does something to the ticket that the path names.
func (s *Server) act(c *fiber.Ctx, kind jiban.TicketEventKind, data map[string]string) error {
	ctx, m := c.UserContext(), who(c)
	t, err := s.ticketOf(c, m)
	if err != nil {
		return err
	}
	if t, err = s.Tickets.Act(ctx, jiban.TicketAction{Kind: kind, Number: t.Number, Actor: m.ID, Data: data}); err != nil {
		return err
	}
	if err := s.did(ctx, m, "ticket."+string(kind), "ticket:"+t.Number); err != nil {
		return err
	}
	return c.JSON(s.ticketFor(m)(t))
}

func (s *Server) signTicket(c *fiber.Ctx) error { return s.act(c, jiban.EventSigned, nil) }

func (s *Server) replyTicket(c *fiber.Ctx) error {
	in, err := body[struct {
		Text string `json:"text"`
	}](c)
	if err == nil {
		err = text("web.ticket", "答复内容", in.Text, longestReply)
	}
	if err != nil {
		return err
	}
	return s.act(c, jiban.EventReplied, map[string]string{"text": in.Text})
}

func (s *Server) returnTicket(c *fiber.Ctx) error {
	in, err := body[struct {
		Reason string `json:"reason"`
	}](c)
	if err == nil {
		err = text("web.ticket", "退回理由", in.Reason, longestReason)
	}
	if err != nil {
		return err
	}
	return s.act(c, jiban.EventReturned, map[string]string{"reason": in.Reason})
}

func (s *Server) dispatchTicket(c *fiber.Ctx) error {
	in, err := body[struct {
		Department string `json:"department"`
	}](c)
	if err != nil {
		return err
	}
	if !hasDepartment(s.Tickets.Catalogue(), in.Department) {
		return refuse(jiban.CodeInvalid, "web.ticket", "没有这个单位 (there is no such department)")
	}
	return s.act(c, jiban.EventDispatched, map[string]string{"department": in.Department})
}

func (s *Server) extendTicket(c *fiber.Ctx) error {
	in, err := body[struct {
		DueAt  string `json:"due_at"`
		Reason string `json:"reason"`
	}](c)
	if err == nil {
		err = text("web.ticket", "延期理由", in.Reason, longestReason)
	}
	if err != nil {
		return err
	}
	due, err := time.Parse(time.RFC3339, in.DueAt)
	if err != nil || !due.After(s.Clock.Now()) || due.After(s.Clock.Now().AddDate(1, 0, 0)) {
		return refuse(jiban.CodeInvalid, "web.ticket", "新的办结时间须在今后一年之内 (due_at: a time within the coming year, RFC 3339)")
	}
	return s.act(c, jiban.EventExtended, map[string]string{"due": due.UTC().Format(time.RFC3339), "reason": in.Reason})
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
