package store

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"jiban"
	"jiban/retention"
)

// expiry says which rows of a table are over, which of these must stay for now,
// and what is done to the others. The row is called r; $1 is the time before
// which it is over.
type expiry struct {
	table string
	key   string
	age   string   // by which the rows follow each other, for an index
	over  string   // condition of the rows that are over
	free  string   // condition of those among them that nothing open holds
	deeds []string // statements, %s stands for the list of keys
}

// noAge is the age of rows that no index holds by age: they follow each other by
// key, and all of them are looked at once a day.
const noAge = "0"

// What holds a record: an open ticket or a waiting handoff of its conversation,
// and a request of its contact that is not ended.
const (
	openTicket = `EXISTS (SELECT 1 FROM tickets t WHERE t.conversation_id = %[1]s AND %[1]s <> ''
		AND t.status NOT IN ('closed', 'withdrawn'))`
	openHandoff = "EXISTS (SELECT 1 FROM handoffs h WHERE h.conversation_id = %[1]s AND h.status IN ('waiting', 'accepted'))"
	openRequest = "EXISTS (SELECT 1 FROM requests q WHERE q.contact_id = %[1]s AND q.ended_at = 0)"
	asked       = `EXISTS (SELECT 1 FROM conversations c JOIN requests q ON q.contact_id = c.contact_id
		WHERE c.id = %[1]s AND q.ended_at = 0)`
)

// freeOf is the condition that nothing open holds the records of a conversation.
func freeOf(conversation string) string {
	return fmt.Sprintf("NOT "+openTicket+" AND NOT "+openHandoff+" AND NOT "+asked, conversation)
}

// forgetJoined takes an anonymised record out of the lists of joins, which would
// give it back to somebody.
func forgetJoined(what string) string {
	return "DELETE FROM joined WHERE what = '" + what + "' AND ref IN (%s)"
}

const (
	anonymiseIntakes  = "UPDATE intakes SET question = '', contact_id = '', conversation_id = '', anonymised = TRUE"
	anonymiseTickets  = `UPDATE tickets SET title = '', fields = '{}', reply = '', contact_id = '', conversation_id = '', anonymised = TRUE, version = version + 1 WHERE number IN (%s)`
	anonymiseHandoffs = `UPDATE handoffs SET summary = '', draft = '{}', contact_id = '', conversation_id = '', anonymised = TRUE, version = version + 1 WHERE id IN (%s)`
)

// expiryOf returns how a kind is let go; false for those that have a way of their
// own.
func expiryOf(k retention.Kind) (expiry, bool) {
	if k == retention.Untyped || k.Type() != "" {
		return ticketExpiry(k.Type()), true
	}
	switch k {
	case retention.Messages:
		return expiry{table: "messages", key: "id", age: "r.created_at", over: "r.created_at < $1",
			free:  "r.status NOT IN ('queued', 'sending') AND NOT (r.direction = 'in' AND r.turn_id = '') AND " + freeOf("r.conversation_id"),
			deeds: []string{"DELETE FROM provider_ids WHERE message_id IN (%s)", "DELETE FROM messages WHERE id IN (%s)"}}, true
	case retention.Turns:
		return expiry{table: "turns", key: "id", age: "r.created_at", over: "r.created_at < $1", free: freeOf("r.conversation_id"),
			deeds: []string{"DELETE FROM turns WHERE id IN (%s)"}}, true
	case retention.Alerts:
		return expiry{table: "alerts", key: "id", age: "r.created_at", over: "NOT r.anonymised AND r.created_at < $1",
			free:  "r.seen_by <> '' AND " + freeOf("r.conversation_id"),
			deeds: []string{"UPDATE alerts SET text = '', conversation_id = '', anonymised = TRUE WHERE id IN (%s)"}}, true
	case retention.Handoffs:
		return expiry{table: "handoffs", key: "id", age: "r.created_at",
			over:  "NOT r.anonymised AND r.created_at < $1 AND r.closed_at < $1",
			free:  "r.status NOT IN ('waiting', 'accepted') AND " + freeOf("r.conversation_id") + " AND NOT " + fmt.Sprintf(openRequest, "r.contact_id"),
			deeds: []string{anonymiseHandoffs, forgetJoined("handoff")}}, true
	case retention.Intakes:
		return expiry{table: "intakes", key: "id", age: "r.updated_at", over: "NOT r.anonymised AND r.updated_at < $1",
			free: freeOf("r.conversation_id") + ` AND NOT ` + fmt.Sprintf(openRequest, "r.contact_id") + ` AND NOT EXISTS (SELECT 1 FROM conversations c
				WHERE c.id = r.conversation_id AND c.intake_id = r.id AND c.updated_at >= $1)`,
			deeds: []string{anonymiseIntakes + " WHERE id IN (%s)", forgetJoined("intake")}}, true
	}
	return laterExpiry(k)
}

func ticketExpiry(t jiban.RequestType) expiry {
	return expiry{table: "tickets", key: "number", age: "r.updated_at",
		over: "NOT r.anonymised AND r.type = '" + string(t) + "' AND r.updated_at < $1",
		free: "r.status IN ('closed', 'withdrawn') AND NOT " + fmt.Sprintf(openRequest, "r.contact_id"),
		deeds: []string{"UPDATE ticket_events SET data = '{}' WHERE number IN (%s)", anonymiseTickets,
			"UPDATE ticket_tasks SET text = '', result = '' WHERE number IN (%s)",
			anonymiseIntakes + " WHERE ticket <> '' AND ticket IN (%s)", forgetJoined("ticket")}}
}

// laterExpiry are the kinds that stand on their own.
func laterExpiry(k retention.Kind) (expiry, bool) {
	switch k {
	case retention.Deletion:
		return expiry{table: "tickets", key: "number", age: "r.updated_at", over: "r.anonymised AND r.updated_at < $1",
			free:  "r.status IN ('closed', 'withdrawn')",
			deeds: []string{"DELETE FROM ticket_tasks WHERE number IN (%s)", "DELETE FROM ticket_events WHERE number IN (%s)", "DELETE FROM tickets WHERE number IN (%s)"}}, true
	case retention.Conversations:
		return expiry{table: "conversations", key: "id", age: noAge,
			over:  "r.updated_at < $1 AND r.last_in_at < $1 AND r.state <> ''",
			free:  "r.holder = 'bot' AND " + freeOf("r.id"),
			deeds: []string{"UPDATE conversations SET state = '', intake_id = '', safety_said = '{}', version = version + 1 WHERE id IN (%s)"}}, true
	case retention.Files:
		return fileExpiry(), true
	case retention.Codes:
		return expiry{table: "codes", key: "id", age: "r.created_at", over: "r.created_at < $1", free: "r.wiped",
			deeds: []string{"DELETE FROM codes WHERE id IN (%s)"}}, true
	case retention.Sessions:
		return expiry{table: "sessions", key: "hash", age: "r.expires_at", over: "r.expires_at < $1", free: "TRUE",
			deeds: []string{"DELETE FROM sessions WHERE hash IN (%s)"}}, true
	case retention.Joins:
		return expiry{table: "joins", key: "id", age: "r.separated_at", over: "r.separated_at > 0 AND r.separated_at < $1", free: "TRUE",
			deeds: []string{"DELETE FROM joined WHERE join_id IN (%s)", "DELETE FROM joins WHERE id IN (%s)"}}, true
	case retention.Requests:
		return expiry{table: "requests", key: "id", age: "r.ended_at", over: "r.ended_at <> 0 AND r.ended_at < $1", free: "TRUE",
			deeds: []string{"DELETE FROM requests WHERE id IN (%s)", forgetJoined("request")}}, true
	case retention.Consents:
		// The last word on a purpose stays as long as the person.
		return expiry{table: "consents", key: "id", age: "r.at", free: "TRUE",
			over: `r.at < $1 AND (NOT EXISTS (SELECT 1 FROM contacts p WHERE p.id = r.contact_id) OR EXISTS (SELECT 1 FROM consents n
				WHERE n.contact_id = r.contact_id AND n.purpose = r.purpose AND (n.at, n.id) > (r.at, r.id)))`,
			deeds: []string{"DELETE FROM consents WHERE id IN (%s)", forgetJoined("consent")}}, true
	case retention.Contacts:
		return contactExpiry(), true
	}
	return expiry{}, false
}

// fileExpiry finds files whose message is gone and whose ticket is anonymised. They
// are marked as deleted; when the bytes are removed as well, by the room of files,
// the next run takes the row.
func fileExpiry() expiry {
	return expiry{table: "files", key: "id", age: "r.created_at", free: "TRUE",
		over: `r.created_at < $1 AND (r.deleted_at <> 0 AND r.place = '' OR r.deleted_at = 0
			AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.id = r.message_id)
			AND NOT EXISTS (SELECT 1 FROM tickets t WHERE t.number = r.ticket AND NOT t.anonymised))`,
		deeds: []string{`UPDATE files SET state = 'gone', why = 'deleted', sealed = '', source = '', sha256 = '', next_at = 0, contact_id = '',
			conversation_id = '', ticket = '', deleted_at = CASE WHEN deleted_at = 0 THEN created_at ELSE deleted_at END WHERE id IN (%s)`,
			"DELETE FROM files WHERE place = '' AND id IN (%s)"}}
}

// Expired counts the records of a kind that were over before the given time, and
// those among them that must stay for now.
func (s *Store) Expired(ctx context.Context, k retention.Kind, before time.Time) (retention.Count, error) {
	const op = "store.Expired"
	if k == retention.Audit {
		return s.expiredAudit(ctx, before)
	}
	e, ok := expiryOf(k)
	if !ok {
		return retention.Count{}, jiban.Errorf(jiban.CodeInvalid, op, "records of kind %q are not kept here", k)
	}
	query := "SELECT COUNT(*), COALESCE(SUM(CASE WHEN " + e.free + " THEN 0 ELSE 1 END), 0), COALESCE(MIN(" + e.age + "), 0) FROM " +
		e.table + " r WHERE " + e.over
	var c retention.Count
	_, err := scanOne(ctx, s.read, query, []any{micros(before)}, &c.Due, &c.Held, stamp{&c.Oldest})
	return c, fault(op, err)
}

// Expire lets at most limit records of a kind go that were over before the given
// time, after a place, in one transaction. Doing it twice does no harm. What the
// rows held is overwritten in the file where the database can do that.
func (s *Store) Expire(ctx context.Context, k retention.Kind, before time.Time, after retention.Place, limit int) (retention.Step, error) {
	const op = "store.Expire"
	if k == retention.Audit {
		return s.cutAudit(ctx, before, limit)
	}
	e, ok := expiryOf(k)
	if !ok {
		return retention.Step{}, jiban.Errorf(jiban.CodeInvalid, op, "records of kind %q are not kept here", k)
	}
	keys, step, err := s.over(ctx, &e, before, after, limit)
	if err != nil || len(keys) == 0 {
		return step, fault(op, err)
	}
	err = s.write(ctx, op, func(ctx context.Context, q querier) error {
		step.Done, step.Held, step.Gone = 0, 0, nil
		free, held, err := s.freed(ctx, q, &e, before, keys, limit)
		if err != nil {
			return err
		}
		if k == retention.Contacts {
			step.Done, step.Gone, err = s.vanish(ctx, q, free)
			step.Held = len(free) - step.Done
			return err
		}
		step.Done, step.Held = len(free), held
		return s.overwriting(ctx, q, func() error { return e.run(ctx, q, free, limit) })
	})
	return step, err
}

// over lists the keys of the next rows that are over, without keeping anybody
// from writing, and begins the step with the place they lead to.
func (s *Store) over(ctx context.Context, e *expiry, before time.Time, after retention.Place, limit int) ([]string, retention.Step, error) {
	step := retention.Step{Next: after}
	place, order := fmt.Sprintf("(%s, r.%s) > ($2, $3)", e.age, e.key), e.age+", r."+e.key
	if e.age == noAge {
		place, order = fmt.Sprintf("$2 >= 0 AND r.%s > $3", e.key), "r."+e.key
	}
	query := fmt.Sprintf("SELECT r.%s, %s FROM %s r WHERE %s AND %s ORDER BY %s LIMIT $4 + 0", e.key, e.age, e.table, e.over, place, order)
	rows, err := s.read.query(ctx, query, micros(before), after.Age, after.Key, limit)
	if err != nil {
		return nil, step, err
	}
	defer rows.Close()
	var keys []string
	for rows.Next() {
		if err := rows.Scan(&step.Next.Key, &step.Next.Age); err != nil {
			return nil, step, fmt.Errorf("read a row of %s: %w", e.table, err)
		}
		if keys = append(keys, step.Next.Key); len(keys) == 1 && step.Next.Age > 0 {
			step.Oldest = time.UnixMicro(step.Next.Age).UTC()
		}
	}
	step.More = len(keys) == limit
	return keys, step, rows.Err()
}

// freed are those of the keys that are still over and that nothing holds, now,
// and until the transaction ends: on PostgreSQL their rows are locked. It counts
// those that something holds.
func (s *Store) freed(ctx context.Context, q querier, e *expiry, before time.Time, keys []string, limit int) (free []string, held int, err error) {
	query := fmt.Sprintf("SELECT r.%s, CASE WHEN %s THEN 0 ELSE 1 END FROM %s r WHERE r.%s IN (%s) AND %s", e.key, e.free, e.table, e.key, marks(2, limit), e.over)
	if s.writer == nil {
		query += " FOR UPDATE OF r"
	}
	rows, err := q.query(ctx, query, append([]any{micros(before)}, filled(keys, limit)...)...)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var key string
		var one int
		if err := rows.Scan(&key, &one); err != nil {
			return nil, 0, fmt.Errorf("read a row of %s: %w", e.table, err)
		}
		if held += one; one == 0 {
			free = append(free, key)
		}
	}
	return free, held, rows.Err()
}

// run does to the rows what is done to them.
func (e *expiry) run(ctx context.Context, q querier, keys []string, limit int) error {
	if len(keys) == 0 {
		return nil
	}
	for _, deed := range e.deeds {
		if _, err := q.exec(ctx, fmt.Sprintf(deed, marks(1, limit)), filled(keys, limit)...); err != nil {
			return err
		}
	}
	return nil
}

// marks are n placeholders from a number on. Lists have one length, and so one
// prepared statement, whatever they hold.
func marks(from, n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("$%d", from+i)
	}
	return strings.Join(all, ", ")
}

// filled is a list of keys brought to a length by repeating the last.
func filled(keys []string, n int) []any {
	all := make([]any, n)
	for i := range all {
		all[i] = keys[min(i, len(keys)-1)]
	}
	return all
}

var retentionRuns = newTable("retention_runs", func(r *retention.Report) []any {
	return []any{&r.ID, stamp{&r.StartedAt}, stamp{&r.EndedAt}, &r.By, &r.Complete, packed{r}}
}, "id", "started_at", "ended_at", "actor", "complete", "report")

// SaveRun keeps the report of a run.
func (s *Store) SaveRun(ctx context.Context, r retention.Report) error {
	return s.write(ctx, "store.SaveRun", func(ctx context.Context, q querier) error { return retentionRuns.add(ctx, q, &r) })
}

// Runs lists the reports of the last runs, newest first.
func (s *Store) Runs(ctx context.Context, limit int) ([]retention.Report, error) {
	found, err := retentionRuns.many(ctx, s.read, "ORDER BY started_at DESC, id DESC LIMIT $1 + 0", page(limit, 20))
	return found, fault("store.Runs", err)
}

// figures is the part of an event's data that stays when the rest goes.
type figures struct{ e *jiban.TicketEvent }

func (f figures) Value() (driver.Value, error) {
	b, err := json.Marshal(f.e.Figures())
	return string(b), err
}

func (f figures) Scan(src any) error { return packed{&f.e.Data}.Scan(src) }
