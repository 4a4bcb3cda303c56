package tickets

import (
	"context"

	"jiban"
)

// FinishTask puts on record that staff read a paper or did what it asked for. The
// person who is to be asked is asked by an action on the ticket: such a task ends
// with that. CodeConflict when it is done already.
func (s *Service) FinishTask(ctx context.Context, t jiban.TicketTask, by, result string, entries ...jiban.AuditEntry) error {
	const op = "tickets.FinishTask"
	switch {
	case t.Kind == "follow_up":
		return jiban.Errorf(jiban.CodeConflict, op, "record what the person said, or that they could not be reached")
	case !t.DoneAt.IsZero():
		return jiban.Errorf(jiban.CodeConflict, op, "task %s is done already", t.ID)
	}
	ticket, err := s.Ticket(ctx, t.Number)
	if err != nil {
		return err
	}
	t.DoneAt, t.DoneBy, t.Result = s.now(), by, result
	change := jiban.TicketChange{Ticket: ticket, Tasks: []jiban.TicketTask{t}}
	return s.commit(ctx, jiban.Batch{Tickets: []jiban.TicketChange{change}, Audit: s.entries(entries, "ticket:"+t.Number)})
}

// Task returns what staff have to read or do, by its id.
func (s *Service) Task(ctx context.Context, id string) (jiban.TicketTask, error) {
	return s.deps.Store.TicketTask(ctx, id)
}
