package store

import (
	"context"
	"database/sql/driver"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"jiban"
)

var tickets = newTable("tickets", func(t *jiban.Ticket) []any {
	return []any{&t.Number, &t.Kind, &t.Type, &t.Matter, sealed(words{&t.Title}), &t.Region, &t.Department, &t.DepartmentName,
		&t.Status, sealed(packed{&t.Fields}), &t.Confidential, &t.Anonymous, &t.Urgent, &t.ContactID, &t.ConversationID,
		&t.Channel, &t.Reopened, &t.Returned, &t.Urged, sealed(words{&t.Reply}), &t.Solved, &t.Satisfied, stamp{&t.DueAt},
		stamp{&t.CreatedAt}, stamp{&t.UpdatedAt}, &t.Version,
		&t.Parent, &t.Incident, &t.Pending, stamp{&t.NextAt}, packed{&t.Life}}
}, "number", "kind", "type", "matter", "title", "region", "department", "department_name", "status", "fields",
	"confidential", "anonymous", "urgent", "contact_id", "conversation_id", "channel", "reopened", "returned", "urged",
	"reply", "solved", "satisfied", "due_at", "created_at", "updated_at", "version",
	"parent", "incident", "pending", "next_at", "life").of(func(t *jiban.Ticket) *string { return &t.ContactID })

var ticketEvents = newTable("ticket_events", func(e *jiban.TicketEvent) []any {
	return []any{&e.ID, &e.Number, &e.Seq, &e.Kind, &e.Actor, sealed(packed{&e.Data}), stamp{&e.At}, figures{e}, moved{e}}
}, "id", "number", "seq", "kind", "actor", "data", "at", "figures", "department")

// moved is the department that a ticket came to or left by an event, "" for other
// events: by it a department's tickets are found.
type moved struct{ e *jiban.TicketEvent }

func (m moved) Value() (driver.Value, error) {
	if m.e.Kind != jiban.EventDispatched && m.e.Kind != jiban.EventReturned {
		return "", nil
	}
	return m.e.Data["department"], nil
}

func (m moved) Scan(any) error { return nil }

// Ticket returns a ticket by its number.
func (s *Store) Ticket(ctx context.Context, number string) (jiban.Ticket, error) {
	t, err := tickets.one(ctx, s.read, "WHERE number = $1", number)
	return t, fault("store.Ticket", err)
}

// TicketEvents lists the log of a ticket in order.
func (s *Store) TicketEvents(ctx context.Context, number string) ([]jiban.TicketEvent, error) {
	found, err := ticketEvents.many(ctx, s.read, "WHERE number = $1 ORDER BY seq", number)
	return found, fault("store.TicketEvents", err)
}

// TicketsOf lists the tickets of a contact, newest first.
func (s *Store) TicketsOf(ctx context.Context, contactID string, limit int) ([]jiban.Ticket, error) {
	found, err := tickets.many(ctx, s.read, "WHERE contact_id = $1 ORDER BY created_at DESC, number DESC LIMIT $2 + 0",
		contactID, page(limit, 50))
	return found, fault("store.TicketsOf", err)
}

// Tickets lists the tickets that a filter selects, in order of number, or of due
// time (without one last). A page costs what it shows, however many there are: each
// order is that of an index.
func (s *Store) Tickets(ctx context.Context, f jiban.TicketFilter) ([]jiban.Ticket, error) {
	f.Limit = int(min(page(f.Limit, 50), 500))
	found, err := s.ticketsByOrder(ctx, f)
	return found, fault("store.Tickets", err)
}

func (s *Store) ticketsByOrder(ctx context.Context, f jiban.TicketFilter) ([]jiban.Ticket, error) {
	if !f.ByDue {
		return s.ticketPage(ctx, f, func(q *bun.SelectQuery) { q.Where("number > ?", f.AfterNumber) }, "number")
	}
	var found []jiban.Ticket
	if after := micros(f.AfterDue); after > 0 || f.AfterNumber == "" {
		var err error
		found, err = s.ticketPage(ctx, f, func(q *bun.SelectQuery) { q.Where("(due_at, number) > (?, ?)", max(after, 1), f.AfterNumber) }, "due_at", "number")
		if err != nil || len(found) == f.Limit || !f.BeforeDue.IsZero() {
			return found, err
		}
		f.AfterNumber, f.Limit = "", f.Limit-len(found)
	}
	undated, err := s.ticketPage(ctx, f, func(q *bun.SelectQuery) { q.Where("due_at = 0 AND number > ?", f.AfterNumber) }, "number")
	return append(found, undated...), err
}

// ticketPage reads as many tickets of a filter as its limit says, from a place on.
func (s *Store) ticketPage(ctx context.Context, f jiban.TicketFilter, from func(*bun.SelectQuery), order ...string) ([]jiban.Ticket, error) {
	q := s.lists.NewSelect().Limit(int64(f.Limit)).Order(order...)
	whereTickets(q, f)
	from(q)
	return tickets.list(ctx, s.read, q)
}

// The conditions of the partial indexes, in their words: SQLite finds an index by
// them alone.
const (
	openTickets    = "status IN ('accepted', 'dispatched', 'handling')"
	accusedTickets = `life LIKE '%"accused":["%'`
)

// whereStates narrows a query to tickets in some states. Open ones are all that are
// open but for the states that are not wanted: with the wanted ones named beside the
// index's own words PostgreSQL would expect far fewer tickets than there are, and
// sort them instead of reading the first ones.
func whereStates(q *bun.SelectQuery, states []jiban.TicketStatus) {
	others := slices.DeleteFunc([]jiban.TicketStatus{jiban.TicketAccepted, jiban.TicketDispatched, jiban.TicketHandling},
		func(s jiban.TicketStatus) bool { return slices.Contains(states, s) })
	over := slices.Contains(states, jiban.TicketAnswered) || slices.Contains(states, jiban.TicketClosed) || slices.Contains(states, jiban.TicketWithdrawn)
	switch {
	case len(states) == 0:
	case over || len(others) == 3:
		q.Where("status IN (?)", bun.List(states))
	default:
		q.Where(openTickets)
		if len(others) > 0 {
			q.Where("status NOT IN (?)", bun.List(others))
		}
	}
}

// whereTickets narrows a query of tickets to what a filter selects.
func whereTickets(q *bun.SelectQuery, f jiban.TicketFilter) {
	if f.Department != "" {
		q.Where("department = ?", f.Department)
	}
	if f.Unassigned {
		q.Where("department = ''")
	}
	whereStates(q, f.Statuses)
	if prefix := regionPrefix(f.Region); prefix != "" {
		q.Where("region >= ? AND region < ?", prefix, prefix+":") // ':' follows '9'
	}
	for column, value := range map[string]string{"parent": f.Parent, "incident": f.Incident, "pending": string(f.Pending)} {
		if value != "" {
			q.Where(column+" <> '' AND "+column+" = ?", value) // the first part lets the partial index be used
		}
	}
	if f.NotAgainst != "" {
		q.Where("life NOT LIKE ? ESCAPE '!'", against(f.NotAgainst))
	}
	if !f.BeforeDue.IsZero() {
		q.Where("due_at > 0 AND due_at < ?", micros(f.BeforeDue))
	}
	if f.AnyPending {
		q.Where("pending <> ''")
	}
	switch f.Light {
	case jiban.LightNone:
	case jiban.LightGreen:
		q.Where("life NOT LIKE ?", `%"light":"%`)
	default:
		q.Where("life LIKE ?", `%"light":"`+string(f.Light)+`"%`)
	}
	if f.Accused {
		q.Where(accusedTickets)
	}
}

// regionPrefix is what the codes of a region and of all below it begin with
// (GB/T 2260); "" for the whole country.
func regionPrefix(code string) string {
	for strings.HasSuffix(code, "00") {
		code = strings.TrimSuffix(code, "00")
	}
	return code
}

// NextSerial counts 1, 2, 3 … for each name. A number is given once; one may be
// missing where its taker failed.
func (s *Store) NextSerial(ctx context.Context, name string) (int64, error) {
	var n int64
	err := s.write(ctx, "store.NextSerial", func(ctx context.Context, q querier) error {
		var err error
		n, err = nextSerial(ctx, q, name)
		return err
	})
	return n, err
}

func nextSerial(ctx context.Context, q querier, name string) (int64, error) {
	return addSerial(ctx, q, name, 1)
}

// AddSerial adds n, which may be negative, to a counter and returns what it then is.
// A counter begins at zero.
func (s *Store) AddSerial(ctx context.Context, name string, n int64) (total int64, err error) {
	err = s.write(ctx, "store.AddSerial", func(ctx context.Context, q querier) error {
		var err error
		total, err = addSerial(ctx, q, name, n)
		return err
	})
	return total, err
}

func addSerial(ctx context.Context, q querier, name string, n int64) (total int64, err error) {
	const query = `INSERT INTO serials (name, value) VALUES ($1, $2)
		ON CONFLICT (name) DO UPDATE SET value = serials.value + excluded.value RETURNING value`
	_, err = scanOne(ctx, q, query, []any{name, n}, &total)
	return total, err
}
