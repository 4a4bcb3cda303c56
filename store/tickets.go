package store

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/uptrace/bun"

	"jiban"
)

var tickets = newTable("tickets", func(t *jiban.Ticket) []any {
	return []any{&t.Number, &t.Kind, &t.Type, &t.Matter, words{&t.Title}, &t.Region, &t.Department, &t.DepartmentName,
		&t.Status, packed{&t.Fields}, &t.Confidential, &t.Anonymous, &t.Urgent, &t.ContactID, &t.ConversationID,
		&t.Channel, &t.Reopened, &t.Returned, &t.Urged, words{&t.Reply}, &t.Solved, &t.Satisfied, stamp{&t.DueAt},
		stamp{&t.CreatedAt}, stamp{&t.UpdatedAt}, &t.Version}
}, "number", "kind", "type", "matter", "title", "region", "department", "department_name", "status", "fields",
	"confidential", "anonymous", "urgent", "contact_id", "conversation_id", "channel", "reopened", "returned", "urged",
	"reply", "solved", "satisfied", "due_at", "created_at", "updated_at", "version")

var ticketEvents = newTable("ticket_events", func(e *jiban.TicketEvent) []any {
	return []any{&e.ID, &e.Number, &e.Seq, &e.Kind, &e.Actor, packed{&e.Data}, stamp{&e.At}}
}, "id", "number", "seq", "kind", "actor", "data", "at")

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
// time (without one last).
func (s *Store) Tickets(ctx context.Context, f jiban.TicketFilter) ([]jiban.Ticket, error) {
	q := s.lists.NewSelect().Limit(min(page(f.Limit, 50), 500))
	if f.Department != "" {
		q.Where("department = ?", f.Department)
	}
	if f.Unassigned {
		q.Where("department = ''")
	}
	if len(f.Statuses) > 0 {
		q.Where("status IN (?)", bun.List(f.Statuses))
	}
	if prefix := regionPrefix(f.Region); prefix != "" {
		q.Where("region >= ? AND region < ?", prefix, prefix+":") // ':' follows '9'
	}
	if !f.BeforeDue.IsZero() {
		q.Where("due_at > 0 AND due_at < ?", micros(f.BeforeDue))
	}
	if f.AfterNumber != "" {
		q.Where("number > ?", f.AfterNumber)
	}
	if f.ByDue {
		q.OrderExpr("CASE WHEN due_at = 0 THEN 1 ELSE 0 END, due_at")
	}
	found, err := tickets.list(ctx, q.OrderExpr("number"))
	return found, fault("store.Tickets", err)
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
	const query = `INSERT INTO serials (name, value) VALUES ($1, 1)
		ON CONFLICT (name) DO UPDATE SET value = serials.value + 1 RETURNING value`
	var n int64
	_, err := scanOne(ctx, q, query, []any{name}, &n)
	return n, err
}

const catalogueKey = "catalogue"

// Catalogue returns the catalogue that was saved last.
func (s *Store) Catalogue(ctx context.Context) (jiban.Catalogue, error) {
	var c jiban.Catalogue
	text, err := s.Setting(ctx, catalogueKey)
	if err != nil {
		return c, err
	}
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return c, jiban.Errorf(jiban.CodeInternal, "store.Catalogue", "the stored catalogue cannot be read: %w", err)
	}
	return c, nil
}

// SaveCatalogue replaces the catalogue.
func (s *Store) SaveCatalogue(ctx context.Context, c jiban.Catalogue) error {
	text, err := json.Marshal(c)
	if err != nil {
		return jiban.Errorf(jiban.CodeInvalid, "store.SaveCatalogue", "the catalogue cannot be written: %w", err)
	}
	return s.SetSetting(ctx, catalogueKey, string(text))
}
