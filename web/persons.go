package web

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"jiban"
	"jiban/people"
	"jiban/staff"
)

// The limits of a person's page.
const (
	searchesPerMinute = 20  // of one member of staff: people are looked up, not browsed
	pageOfHistory     = 100 // messages
	listedOfPerson    = 200 // conversations and tickets
	longestWhy        = 200 // characters of a reason
)

// findPerson looks for the person behind a telephone number or a ticket. Only an
// exact number finds somebody; it comes in the body, so that it is in no address
// and no log. Every search is recorded, one that finds nobody too.
func (s *Server) findPerson(c *fiber.Ctx) error {
	const op = "web.findPerson"
	ctx, m := c.UserContext(), who(c)
	in, err := body[struct {
		Phone  string `json:"phone"`
		Number string `json:"number"`
		Reason string `json:"reason"`
	}](c)
	if err != nil {
		return err
	}
	if err := s.limit(ctx, "person.search:"+m.ID, searchesPerMinute, time.Minute); err != nil {
		return err
	}
	find, object := s.byTelephone, "telephone"
	asked := in.Phone
	switch {
	case (in.Phone == "") == (in.Number == ""):
		return refuse(jiban.CodeInvalid, op, "请填写电话号码或工单编号其中一项 (a telephone number or a ticket number)")
	case in.Number != "":
		if !identifier(in.Number) {
			return refuse(jiban.CodeInvalid, op, "工单编号有误 (no ticket number)")
		}
		find, asked, object = s.byTicket(m, in.Reason), in.Number, "ticket:"+in.Number
	}
	id, err := find(ctx, asked)
	if err == nil {
		_, err = s.person(ctx, m, id)
	}
	entry := jiban.AuditEntry{Actor: m.ID, Action: "person.search", Object: object, Result: "contact:" + id + why(in.Reason)}
	if jiban.CodeOf(err) == jiban.CodeNotFound {
		entry.Result = "none"
	} else if err != nil {
		return err
	}
	if failed := s.Staff.Audit(ctx, entry); failed != nil {
		return failed
	}
	if err != nil {
		return refuse(jiban.CodeNotFound, op, "没有找到此人，或不在您的工作范围内 (nobody was found)")
	}
	return c.JSON(fiber.Map{"id": id})
}

func (s *Server) byTelephone(ctx context.Context, phone string) (string, error) {
	number, ok := people.Phone(phone)
	if !ok {
		return "", refuse(jiban.CodeInvalid, "web.findPerson", "电话号码有误，请核对 (no telephone number)")
	}
	contact, err := s.Persons.ContactAt(ctx, people.PhoneAddress(number))
	return contact.ID, err
}

// byTicket finds who filed a ticket. Who filed a confidential or anonymous one is
// told only for a reason.
func (s *Server) byTicket(m member, reason string) func(context.Context, string) (string, error) {
	const op = "web.findPerson"
	return func(ctx context.Context, number string) (string, error) {
		t, err := s.Tickets.Ticket(ctx, number)
		switch {
		case err != nil:
			return "", err
		case !staff.SeesTicket(m.Account, t) || t.ContactID == "":
			return "", notFound(op, "ticket %s has no person that %s may see", number, m.ID)
		case t.Confidential || t.Anonymous:
			if err := text(op, "查看保密或匿名工单诉求人的理由", reason, longestWhy); err != nil {
				return "", err
			}
		}
		return s.Persons.Kept(ctx, t.ContactID)
	}
}

// why is a reason as the record keeps it: without long numbers.
func why(reason string) string {
	if reason = strings.TrimSpace(reason); reason == "" {
		return ""
	}
	return " 理由：" + hideNumbers(cutRunes(reason, longestWhy))
}

func cutRunes(v string, most int) string {
	if runes := []rune(v); len(runes) > most {
		return string(runes[:most])
	}
	return v
}

// person is who a page is about, with what of it lies within an account's scope.
type person struct {
	jiban.Contact
	conversations []jiban.Conversation
	tickets       []jiban.Ticket
	sensitive     bool // filed something confidential or anonymous, within the scope or not
}

// person loads a contact, or the one it was joined to. A person all of whose
// conversations and tickets lie outside the account's scope does not exist for it.
func (s *Server) person(ctx context.Context, m member, id string) (person, error) {
	var p person
	kept, err := s.Persons.Kept(ctx, id)
	if err != nil {
		return p, err
	}
	if p.Contact, err = s.Records.Contact(ctx, kept); err != nil {
		return p, err
	}
	if p.conversations, err = s.Persons.ConversationsOf(ctx, kept, listedOfPerson); err != nil {
		return p, err
	}
	if p.tickets, err = s.Records.TicketsOf(ctx, kept, listedOfPerson); err != nil {
		return p, err
	}
	p.sensitive = slices.ContainsFunc(p.tickets, func(t jiban.Ticket) bool { return t.Confidential || t.Anonymous })
	known := len(p.conversations) + len(p.tickets)
	p.conversations = slices.DeleteFunc(p.conversations, func(v jiban.Conversation) bool { return !staff.Covers(m.Account, v.Region) })
	p.tickets = slices.DeleteFunc(p.tickets, func(t jiban.Ticket) bool { return !staff.SeesTicket(m.Account, t) })
	if known > 0 && len(p.conversations)+len(p.tickets) == 0 {
		return p, notFound("web.person", "contact %s is outside the scope of %s", id, m.ID)
	}
	return p, nil
}

// personOf loads the person that the path names and records the view.
func (s *Server) personOf(c *fiber.Ctx, m member) (person, error) {
	id, err := param(c, "id")
	if err != nil {
		return person{}, err
	}
	p, err := s.person(c.UserContext(), m, id)
	if err == nil {
		err = s.viewed(c.UserContext(), m, "contact:"+p.ID)
	}
	return p, err
}

// showPerson gives a person's page: what is known, and how, with all that names
// the person masked.
func (s *Server) showPerson(c *fiber.Ctx) error {
	ctx, m := c.UserContext(), who(c)
	p, err := s.personOf(c, m)
	if err != nil {
		return err
	}
	out := fiber.Map{"person": personShape(p), "conversations": each(p.conversations, conversationShape), "tickets": each(p.tickets, s.ticketLineFor(m))}
	if out["files"], err = s.filesOfPerson(ctx, m, p); err != nil {
		return err
	}
	if err := s.fillPerson(ctx, p.ID, out); err != nil {
		return err
	}
	return c.JSON(out)
}

// fillPerson adds what the room of people knows.
func (s *Server) fillPerson(ctx context.Context, id string, out fiber.Map) error {
	names, err := s.names(ctx)
	if err != nil {
		return err
	}
	addresses, err := s.Records.Addresses(ctx, id)
	if err != nil {
		return err
	}
	proofs, err := s.Persons.Proofs(ctx, id)
	if err != nil {
		return err
	}
	consents, err := s.People.Consents(ctx, id)
	if err != nil {
		return err
	}
	optOuts, err := s.People.OptOuts(ctx, id)
	if err != nil {
		return err
	}
	joins, err := s.People.Joins(ctx, id)
	if err != nil {
		return err
	}
	asked, err := s.Requests.List(ctx, jiban.DataRequestFilter{ContactID: id})
	if err != nil {
		return err
	}
	out["addresses"] = each(addresses, func(a jiban.Address) addressJSON { return addressShape(a, proofs, names) })
	out["consents"], out["opt_outs"] = each(consents, consentShape), each(optOuts, optOutShape)
	out["joins"] = each(joins, func(j jiban.Join) joinJSON { return joinShape(j, names) })
	out["requests"] = each(asked, func(r jiban.DataRequest) requestJSON { return requestShape(r, names, s.Clock.Now()) })
	return nil
}

// reveal shows who the person is. It is recorded with the reason, which is asked
// for where the person filed something confidential or anonymous.
func (s *Server) reveal(c *fiber.Ctx) error {
	const op = "web.reveal"
	ctx, m := c.UserContext(), who(c)
	in, err := body[struct {
		Reason string `json:"reason"`
	}](c)
	if err != nil {
		return err
	}
	id, err := param(c, "id")
	if err != nil {
		return err
	}
	if !staff.May(m.Account, staff.ActPersonalData) {
		return jiban.Errorf(jiban.CodeForbidden, op, "account %s may not see personal data", m.ID)
	}
	p, err := s.person(ctx, m, id)
	if err != nil {
		return err
	}
	if p.sensitive {
		if !staff.May(m.Account, staff.ActPersonalReporter) {
			return jiban.Errorf(jiban.CodeForbidden, op, "account %s may not see who reports", m.ID)
		}
		if err := text(op, "查看理由（此人有保密或匿名工单）", in.Reason, longestWhy); err != nil {
			return err
		}
	}
	addresses, err := s.Records.Addresses(ctx, p.ID)
	if err != nil {
		return err
	}
	err = s.Staff.Audit(ctx, jiban.AuditEntry{Actor: m.ID, Action: "reveal", Object: "contact:" + p.ID, Result: "ok" + why(in.Reason)})
	if err != nil {
		return err
	}
	return c.JSON(fiber.Map{"name": p.Name, "addresses": each(addresses, spoken)})
}

// history gives what was said with the person on every channel, the newest first,
// before a message; long numbers are hidden. The conversation itself shows them.
func (s *Server) history(c *fiber.Ctx) error {
	ctx, m := c.UserContext(), who(c)
	p, err := s.personOf(c, m)
	if err != nil {
		return err
	}
	before, err := moment(c, "before")
	if err != nil {
		return err
	}
	id, err := query(c, "id", 128)
	if err != nil {
		return err
	}
	if before.IsZero() {
		before = s.Clock.Now().Add(time.Minute)
	}
	ms, err := s.Persons.History(ctx, p.ID, before, id, pageOfHistory)
	if err != nil {
		return err
	}
	seen := map[string]string{}
	for _, v := range p.conversations {
		seen[v.ID] = v.Channel
	}
	shown := make([]spokenJSON, 0, len(ms))
	for _, msg := range ms {
		if channel, ok := seen[msg.ConversationID]; ok && !untold(msg) {
			shown = append(shown, spokenShape(msg, channel))
		}
	}
	out := fiber.Map{"messages": shown, "before": "", "id": ""}
	if len(ms) == pageOfHistory {
		last := ms[len(ms)-1]
		out["before"], out["id"] = last.CreatedAt.UTC().Format(time.RFC3339Nano), last.ID
	}
	return c.JSON(out)
}

// separate undoes a join that was wrong.
func (s *Server) separate(c *fiber.Ctx) error {
	ctx, m := c.UserContext(), who(c)
	id, err := param(c, "id")
	if err != nil {
		return err
	}
	join, err := param(c, "join")
	if err != nil {
		return err
	}
	p, err := s.person(ctx, m, id)
	if err != nil {
		return err
	}
	joins, err := s.People.Joins(ctx, p.ID)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(joins, func(j jiban.Join) bool { return j.ID == join }) {
		return notFound("web.separate", "contact %s has no join %s", p.ID, join)
	}
	// The room records it in the transaction that does it.
	_, err = s.People.Separate(ctx, join, m.ID)
	return done(c, err)
}
