package handoff

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"time"

	"jiban"
)

// Intervals of the sweep.
const (
	// grace is how long an agent, or all of them, must be missing before their
	// conversations are taken from them: a page reloads, a node restarts.
	grace = 60 * time.Second
	// tellEvery is how often a waiting person hears that they are still in the queue.
	tellEvery = 10 * time.Minute
)

// Sweep makes sure that nobody waits for ever: conversations of agents who went
// away go back to the front of the queue; who waits while nobody is on duty, or
// longer than MaxWait, gets a numbered call-back task; the others hear now and
// then that they still wait. It may run on any number of nodes. One conversation
// that cannot be moved does not stop the others; what failed is returned.
func (s *Service) Sweep(ctx context.Context) error {
	present, err := s.present(ctx, append(statuses(), working)...)
	if err != nil {
		// Nobody is taken for gone on the word of a part that is down.
		return errors.Join(err, s.sweepWaiting(ctx, false))
	}
	onDuty, err := s.OnDuty(ctx)
	if err != nil {
		return errors.Join(err, s.sweepWaiting(ctx, false))
	}
	return errors.Join(s.sweepHeld(ctx, present), s.sweepWaiting(ctx, s.gone("", onDuty > 0)))
}

// gone reports whether an agent ("" for all of them) has been missing for longer
// than the grace.
func (s *Service) gone(agentID string, here bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if here {
		delete(s.absent, agentID)
		return false
	}
	since, known := s.absent[agentID]
	if !known {
		s.absent[agentID] = s.now()
		return false
	}
	return s.now().Sub(since) >= grace
}

func (s *Service) sweepHeld(ctx context.Context, present map[string]bool) error {
	held, err := s.deps.Store.Handoffs(ctx, []jiban.HandoffStatus{jiban.HandoffAccepted}, "", "", listed)
	if err != nil {
		return err
	}
	var failed []error
	holders := map[string]bool{"": true}
	for i := range held {
		holders[held[i].AgentID] = true
		if s.gone(held[i].AgentID, present[held[i].AgentID]) {
			failed = append(failed, s.requeue(ctx, held[i]))
		}
	}
	s.forget(holders)
	return errors.Join(failed...)
}

// forget drops the agents who hold nothing any more.
func (s *Service) forget(holders map[string]bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.absent, func(agentID string, _ time.Time) bool { return !holders[agentID] })
}

// requeue puts a conversation whose agent is gone at the front of its queue.
func (s *Service) requeue(ctx context.Context, h jiban.Handoff) error {
	c, err := s.held(ctx, &h, jiban.HeldByAgent)
	if err != nil {
		return unlessConflict(err)
	}
	h.Status, h.AgentID, h.AcceptedAt = jiban.HandoffWaiting, "", time.Time{}
	h.Priority = max(h.Priority, priorityFront)
	h.CreatedAt = s.now() // the wait that is bounded begins now
	c.Holder, c.AgentID = jiban.HeldByQueue, ""
	_, err = s.write(ctx, nil, &h, &c, notice(&c, &h, jiban.NoticeHandoffWaiting))
	return unlessConflict(err)
}

func (s *Service) sweepWaiting(ctx context.Context, nobody bool) error {
	waiting, err := s.Waiting(ctx, "")
	if err != nil {
		return err
	}
	var failed []error
	ahead := map[string]int{}
	for i := range waiting {
		h := waiting[i]
		if nobody || s.now().Sub(h.CreatedAt) >= s.deps.MaxWait {
			failed = append(failed, s.callback(ctx, h))
			continue
		}
		failed = append(failed, s.tellWaiting(ctx, &h, ahead[h.Queue]))
		ahead[h.Queue]++
	}
	return errors.Join(failed...)
}

// tellWaiting tells a person who is still in the queue how many are in front.
func (s *Service) tellWaiting(ctx context.Context, h *jiban.Handoff, ahead int) error {
	n := int(s.now().Sub(h.CreatedAt) / tellEvery)
	if n == 0 {
		return nil
	}
	c, err := s.held(ctx, h, jiban.HeldByQueue)
	if err != nil {
		return unlessConflict(err)
	}
	told := notice(&c, h, jiban.NoticeHandoffWaiting)
	if ahead > 0 {
		told.Params["position"] = strconv.Itoa(ahead)
	}
	told.Urgency, told.DedupeKey = jiban.UrgencyLow, fmt.Sprintf("%s:%d", told.DedupeKey, n)
	told.NotAfter = h.CreatedAt.Add(time.Duration(n+1) * tellEvery)
	_, err = s.commit(ctx, jiban.Batch{Notices: []jiban.Notice{told}})
	return err
}

// callback takes a person out of the queue, with a numbered task by which they
// are called back and a promised time.
func (s *Service) callback(ctx context.Context, h jiban.Handoff) error {
	c, err := s.held(ctx, &h, jiban.HeldByQueue)
	if isConflict(err) {
		return s.settle(ctx, h)
	}
	if err != nil {
		return err
	}
	change, told, err := s.task(ctx, &c, &h)
	if err != nil {
		return err
	}
	h.Status, h.ClosedAt = jiban.HandoffCallback, s.now()
	c.Holder, c.HandoffID, c.AgentID = jiban.HeldByBot, "", ""
	accepted := notice(&c, &h, jiban.NoticeTicketAccepted, "number", change.Ticket.Number,
		"department", desk, "due", change.Ticket.DueAt.In(jiban.Beijing).Format(time.RFC3339))
	_, err = s.commit(ctx, jiban.Batch{
		Conversation: &c, Handoffs: []jiban.Handoff{h}, Tickets: []jiban.TicketChange{change}, Notices: append(told, accepted),
	})
	return unlessConflict(err)
}

// desk is who calls back.
const desk = "12345热线人工坐席"

// task makes the call-back ticket. What was collected goes with it; where the
// catalogue knows its matter or region no more, they are left out.
func (s *Service) task(ctx context.Context, c *jiban.Conversation, h *jiban.Handoff) (jiban.TicketChange, []jiban.Notice, error) {
	d := jiban.TicketDraft{
		Kind: "callback", Type: h.Type, Matter: h.Matter, Region: c.Region, Fields: maps.Clone(h.Draft),
		ContactID: c.ContactID, ConversationID: c.ID, Channel: c.Channel,
	}
	if d.Fields == nil {
		d.Fields = map[string]string{}
	}
	if d.Fields["description"] == "" {
		d.Fields["description"] = h.Summary
	}
	plan, err := s.deps.Tickets.Plan(ctx, d)
	if jiban.CodeOf(err) == jiban.CodeInvalid {
		d.Type, d.Matter, d.Region = "", "", ""
		plan, err = s.deps.Tickets.Plan(ctx, d)
	}
	if err != nil {
		return jiban.TicketChange{}, nil, err
	}
	return s.deps.Tickets.Decide(ctx, jiban.TicketAction{Kind: jiban.EventOpened, Number: plan.Number, Draft: &d, Plan: &plan, Actor: "system"})
}

// settle ends a handoff whose conversation is no longer in the queue with it, so
// that nobody tries to take it. Read anew, it may only just have been accepted.
func (s *Service) settle(ctx context.Context, h jiban.Handoff) error {
	now, err := s.deps.Store.Handoff(ctx, h.ID)
	if err != nil || now.Version != h.Version {
		return err
	}
	h.Status, h.ClosedAt = jiban.HandoffLeft, s.now()
	_, err = s.commit(ctx, jiban.Batch{Handoffs: []jiban.Handoff{h}})
	return unlessConflict(err)
}

func unlessConflict(err error) error {
	if isConflict(err) {
		return nil
	}
	return err
}

func version(h *jiban.Handoff) string { return strconv.FormatInt(h.Version, 10) }
