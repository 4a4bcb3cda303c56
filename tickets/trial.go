package tickets

import (
	"context"
	"slices"

	"jiban"
)

// Try tells of each action on one ticket whether its state and the actor's
// capacity allow it now. Nothing is written: each is decided on and dropped, so
// that what is offered to staff and what is done follow the same rules. An action
// that only lacks something to be filled in is possible.
func (s *Service) Try(ctx context.Context, number string, actions []jiban.TicketAction) ([]bool, error) {
	first := s.decision(ctx, jiban.TicketAction{Number: number})
	if err := s.read(ctx, first); err != nil {
		return nil, err
	}
	possible := make([]bool, len(actions))
	for i, a := range actions {
		d := first.beside()
		d.ticket, d.log, d.action = apart(first.ticket), first.log, a
		d.ids, d.number = &jiban.SerialIDs{Prefix: "trial"}, func() (string, error) { return number, nil }
		switch err := d.decide(); jiban.CodeOf(err) {
		case "", jiban.CodeInvalid, jiban.CodeNotFound:
			possible[i] = true
		case jiban.CodeConflict, jiban.CodeForbidden:
		default:
			return nil, err
		}
	}
	return possible, nil
}

// apart is a ticket whose lists are its own.
func apart(t jiban.Ticket) jiban.Ticket {
	l := &t.Life
	l.Fired, l.OpenTasks = slices.Clone(l.Fired), slices.Clone(l.OpenTasks)
	l.Accused, l.Guesses = slices.Clone(l.Accused), slices.Clone(l.Guesses)
	return t
}
