package store

import (
	"context"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"jiban"
)

// TicketsDue lists tickets whose earliest timer runs out at a time or before, the
// earliest first, after a ticket that was read before (the zero one to begin
// with). Its cost goes with what is due.
func (s *Store) TicketsDue(ctx context.Context, now time.Time, after jiban.Ticket, limit int) ([]jiban.Ticket, error) {
	const tail = `WHERE next_at > 0 AND next_at <= $1 AND (next_at > $2 OR next_at = $2 AND number > $3)
		ORDER BY next_at, number LIMIT $4 + 0`
	found, err := tickets.many(ctx, s.read, tail, micros(now), micros(after.NextAt), after.Number, page(limit, 500))
	return found, fault("store.TicketsDue", err)
}

// surveyKeys are the bounds of the dedupe keys of a ticket's notices.
func surveyKeys(number string) (from, to string) {
	from = "ticket:" + number + ":"
	return from, strings.TrimSuffix(from, ":") + ";" // ';' follows ':'
}

// SurveyLost reports whether the last question whether a ticket helped could not be
// delivered. Who wants no such questions was not missed.
func (s *Store) SurveyLost(ctx context.Context, t jiban.Ticket) (bool, error) {
	const op = "store.SurveyLost"
	const query = `SELECT status FROM messages WHERE conversation_id = $1 AND dedupe_key <> '' AND dedupe_key >= $2 AND dedupe_key < $3
		AND kind = $4 ORDER BY seq DESC LIMIT 1`
	from, to := surveyKeys(t.Number)
	var status jiban.DeliveryStatus
	if _, err := scanOne(ctx, s.read, query, []any{t.ConversationID, from, to, jiban.NoticeTicketSurvey}, &status); err != nil {
		return false, fault(op, err)
	}
	if status != jiban.DeliveryFailed && status != jiban.DeliveryExpired {
		return false, nil
	}
	unwanted, err := s.OptedOut(ctx, t.ContactID, jiban.GroupSurvey)
	if jiban.CodeOf(err) == jiban.CodeNotFound {
		return false, nil // the person is gone
	}
	return !unwanted, err
}

// wakeUnasked puts a ticket on the clock whose question could not be delivered, so
// that the next sweep has the person asked by an agent. The row's time belongs to
// no version: whoever changes the ticket meanwhile moves it on by themselves.
func (s *Store) wakeUnasked(ctx context.Context, q querier, d *jiban.Delivery) error {
	if d.Kind != jiban.NoticeTicketSurvey || d.Status != jiban.DeliveryFailed && d.Status != jiban.DeliveryExpired {
		return nil
	}
	parts := strings.Split(d.DedupeKey, ":")
	if len(parts) < 2 || parts[0] != "ticket" {
		return nil
	}
	const query = "UPDATE tickets SET next_at = $2 WHERE number = $1 AND status = $3 AND next_at > $2"
	_, err := q.exec(ctx, query, parts[1], micros(s.now()), jiban.TicketAnswered)
	return err
}

var ticketTasks = newTable("ticket_tasks", func(t *jiban.TicketTask) []any {
	return []any{&t.ID, &t.Number, &t.Kind, &t.To, &t.Department, sealed(words{&t.Text}), stamp{&t.CreatedAt}, stamp{&t.DoneAt},
		&t.DoneBy, sealed(words{&t.Result})}
}, "id", "number", "kind", "addressee", "department", "text", "created_at", "done_at", "done_by", "result")

// TicketTask returns a task by its id.
func (s *Store) TicketTask(ctx context.Context, id string) (jiban.TicketTask, error) {
	t, err := ticketTasks.one(ctx, s.read, "WHERE id = $1", id)
	return t, fault("store.TicketTask", err)
}

// TicketTasks lists the tasks that a filter selects, oldest first.
func (s *Store) TicketTasks(ctx context.Context, f jiban.TaskFilter) ([]jiban.TicketTask, error) {
	q := s.lists.NewSelect().Limit(min(page(f.Limit, 50), 500)).OrderExpr("id")
	s.whereTasks(q, f)
	if f.AfterID != "" {
		q.Where("id > ?", f.AfterID)
	}
	found, err := ticketTasks.list(ctx, s.read, q)
	return found, fault("store.TicketTasks", err)
}

// whereTasks narrows a query of tasks to what a filter selects. Which tickets they
// are about is asked for each task that is read, by the number of its ticket.
func (s *Store) whereTasks(q *bun.SelectQuery, f jiban.TaskFilter) {
	for column, value := range map[string]string{"addressee": string(f.To), "department": f.Department, "number": f.Number, "kind": f.Kind} {
		if value != "" {
			q.Where(column+" = ?", value)
		}
	}
	if len(f.Departments) > 0 {
		q.Where("department IN (?)", bun.List(f.Departments))
	}
	if f.OpenOnly {
		q.Where("done_at = 0")
	}
	prefix := regionPrefix(f.Region)
	if prefix == "" && f.NotAgainst == "" {
		return
	}
	about := s.lists.NewSelect().TableExpr("tickets AS t").ColumnExpr("1").Where("t.number = ticket_tasks.number")
	if prefix != "" {
		about.Where("(t.region = '' OR t.region >= ? AND t.region < ?)", prefix, prefix+":")
	}
	if f.NotAgainst != "" {
		about.Where("t.life NOT LIKE ? ESCAPE '!'", against(f.NotAgainst))
	}
	q.Where("EXISTS (?)", about)
}

// against matches the life of tickets that are directed against a department. An
// id within quotes appears in it as an accused department, as one that is about to
// get a task of its own, or not at all; to leave out one too many is the safe side.
func against(department string) string {
	return "%\"" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(department) + "\"%"
}
