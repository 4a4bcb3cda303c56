package tickets

import (
	"context"
	"errors"
	"strconv"
	"time"

	"jiban"
)

// sweepPage is how many tickets a sweep reads at a time.
const sweepPage = 500

// Sweep does what has fallen due, the earliest first: each ticket has one time at
// which its next timer runs out, so that the cost goes with what is due. It may
// run on any number of nodes and at any time: who is slower meets the version and
// leaves the ticket. After an outage everything is caught up with in its order,
// each with its own record; a person with several late tickets hears of them once.
// A ticket that cannot be moved does not stop the others; what failed is returned.
func (s *Service) Sweep(ctx context.Context) error {
	s.sweeping.Lock()
	defer s.sweeping.Unlock()
	return errors.Join(s.refresh(ctx), s.sweepDue(ctx), s.sweepIncidents(ctx))
}

// refresh takes over what another node changed: rules, years of holidays.
func (s *Service) refresh(ctx context.Context) error {
	if err := s.loadRules(ctx); err != nil {
		return err
	}
	news, err := s.loadYears(ctx)
	s.watchCalendar(ctx)
	if err != nil || len(news) == 0 {
		return err
	}
	_, err = s.Recalculate(ctx, news[0])
	return err
}

func (s *Service) sweepDue(ctx context.Context) error {
	var failed []error
	var last jiban.Ticket
	now := s.now()
	for ctx.Err() == nil {
		page, err := s.deps.Store.TicketsDue(ctx, now, last, sweepPage)
		if err != nil {
			return errors.Join(append(failed, err)...)
		}
		told := late(page, now)
		for i := range page {
			if err := s.fire(ctx, &page[i], told); err != nil {
				failed = append(failed, err)
			}
		}
		if len(page) < sweepPage {
			return errors.Join(failed...)
		}
		last = page[len(page)-1]
	}
	return errors.Join(append(failed, ctx.Err())...)
}

// late counts, by conversation, the tickets of a page whose limit has passed and
// of which the person is not told yet.
func late(page []jiban.Ticket, now time.Time) map[string]int {
	n := map[string]int{}
	for i := range page {
		if t := &page[i]; isOpen(t.Status) && !t.DueAt.After(now) && t.Life.Light != jiban.LightRed {
			n[t.ConversationID]++
		}
	}
	return n
}

// system is the actor of what happens by itself.
const system = "system"

// fire does what a ticket's time was up for, in one transaction. A ticket that
// somebody moved meanwhile waits for the next sweep.
func (s *Service) fire(ctx context.Context, t *jiban.Ticket, told map[string]int) error {
	d := s.decision(ctx, jiban.TicketAction{Kind: "timer", Number: t.Number, Actor: system, As: jiban.AsSystem})
	if err := s.read(ctx, d); err != nil {
		return err
	}
	if d.ticket.Version != t.Version {
		return nil
	}
	switch n := told[t.ConversationID]; {
	case n < 0:
		d.hush = true
	case n > 1:
		d.others = strconv.Itoa(n - 1)
	}
	if err := s.asked(ctx, d); err != nil {
		return err
	}
	if err := d.fire(); err != nil {
		return unlessConflict(err)
	}
	err := s.commit(ctx, d.batch())
	if err == nil && wasTold(d.notices) && told[t.ConversationID] > 0 {
		told[t.ConversationID] = -1
	}
	return unlessConflict(err)
}

// asked looks whether the person was reached with the question that they are to
// answer; the store puts a ticket on the clock when they were not.
func (s *Service) asked(ctx context.Context, d *decision) error {
	if d.ticket.Status != jiban.TicketAnswered {
		return nil
	}
	lost, err := s.deps.Store.SurveyLost(ctx, d.ticket)
	if err == nil && lost {
		d.undelivered()
	}
	return err
}

func wasTold(notices []jiban.Notice) bool {
	for i := range notices {
		if notices[i].Kind == jiban.NoticeTicketDelayed {
			return true
		}
	}
	return false
}

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

func isConflict(err error) bool { return jiban.CodeOf(err) == jiban.CodeConflict }

func unlessConflict(err error) error {
	if isConflict(err) {
		return nil
	}
	return err
}
