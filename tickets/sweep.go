package tickets

import (
	"context"
	"errors"
	"time"

	"jiban"
)

// sweepPage is how many tickets a sweep reads at a time.
const sweepPage = 500

// Sweep does what has fallen due: tickets that are overdue are marked, once, the
// earliest first, and the person is told; an answer nobody objected to closes
// the ticket. It may run on any number of nodes and at any time: who is slower
// meets the version and leaves it. A ticket that cannot be moved does not stop
// the others; what failed is returned.
func (s *Service) Sweep(ctx context.Context) error {
	s.sweeping.Lock()
	defer s.sweeping.Unlock()
	return errors.Join(s.sweepOverdue(ctx), s.sweepAnswered(ctx))
}

// sweepOverdue reads what is overdue, which is what the cost goes with.
func (s *Service) sweepOverdue(ctx context.Context) error {
	now, marked := s.now(), map[string]time.Time{}
	err := s.each(ctx, jiban.TicketFilter{
		Statuses: []jiban.TicketStatus{jiban.TicketAccepted, jiban.TicketDispatched, jiban.TicketHandling}, BeforeDue: now,
	}, func(t *jiban.Ticket) error {
		done, err := s.marked[t.Number].Equal(t.DueAt), error(nil)
		if !done {
			done, err = s.expire(ctx, t, jiban.TicketAction{Kind: jiban.EventOverdue, Number: t.Number, Actor: system})
		}
		if done {
			marked[t.Number] = t.DueAt
		}
		return err
	})
	s.marked = marked
	return err
}

// sweepAnswered closes tickets whose question of the follow-up nobody answered in
// time. Nothing but that answer moves an answered ticket, so that it was last
// changed when it was answered. Those still waiting are looked through no sooner
// than the first of them can be due, and once a minute at most.
func (s *Service) sweepAnswered(ctx context.Context) error {
	now := s.now()
	if now.Before(s.surveyed) {
		return nil
	}
	next := now.Add(surveyTime - clocksApart) // of a ticket answered from now on
	err := s.each(ctx, jiban.TicketFilter{Statuses: []jiban.TicketStatus{jiban.TicketAnswered}}, func(t *jiban.Ticket) error {
		if due := t.UpdatedAt.Add(surveyTime); due.After(now) {
			next = earlier(next, due)
			return nil
		}
		_, err := s.expire(ctx, t, jiban.TicketAction{
			Kind: jiban.EventClosed, Number: t.Number, Actor: system, Data: data("reason", "nobody objected in time"),
		})
		return err
	})
	if err != nil {
		next = now // what failed is tried again in a minute
	}
	if soonest := now.Add(time.Minute); next.Before(soonest) {
		next = soonest
	}
	s.surveyed = next
	return err
}

// clocksApart is more than the clocks of two nodes ever differ.
const clocksApart = time.Hour

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// system is the actor of what happens by itself.
const system = "system"

// each visits the tickets of a filter page by page. One that fails does not keep
// the others from their turn.
func (s *Service) each(ctx context.Context, f jiban.TicketFilter, visit func(*jiban.Ticket) error) error {
	var failed []error
	f.Limit = sweepPage
	for ctx.Err() == nil {
		page, err := s.deps.Store.Tickets(ctx, f)
		if err != nil {
			return errors.Join(append(failed, err)...)
		}
		for i := range page {
			if err := visit(&page[i]); err != nil {
				failed = append(failed, err)
			}
		}
		if len(page) < sweepPage {
			return errors.Join(failed...)
		}
		f.AfterNumber = page[len(page)-1].Number
	}
	return errors.Join(append(failed, ctx.Err())...)
}

// expire does what a ticket's time was up for. It is done when the log says so,
// by this node or by another; a ticket that moved meanwhile waits for the next
// sweep.
func (s *Service) expire(ctx context.Context, t *jiban.Ticket, a jiban.TicketAction) (done bool, err error) {
	change, notices, err := s.Decide(ctx, a)
	if err != nil {
		return isConflict(err), unlessConflict(err)
	}
	if change.Ticket.Version != t.Version {
		return false, nil
	}
	err = s.commit(ctx, jiban.Batch{Tickets: []jiban.TicketChange{change}, Notices: notices})
	return err == nil, unlessConflict(err)
}

func isConflict(err error) bool { return jiban.CodeOf(err) == jiban.CodeConflict }

func unlessConflict(err error) error {
	if isConflict(err) {
		return nil
	}
	return err
}
