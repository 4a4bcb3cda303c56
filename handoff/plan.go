package handoff

import (
	"context"
	"slices"
	"strings"
	"time"

	"jiban"
)

// The queues of the default rules.
const (
	QueueCitizen    = "citizen"
	QueueEnterprise = "enterprise"
	QueueSpecialist = "specialist"
)

// Rule sends requests to a queue; the first that fits wins. Empty entries fit
// everything.
type Rule struct {
	Audience jiban.Audience
	Reason   jiban.HandoffReason
	Region   string // GB/T 2260, this one and all below
	Matter   string // beginning of the code
	Queue    string
}

// DefaultRules part specialists, businesses and citizens.
func DefaultRules() []Rule {
	return []Rule{
		{Reason: jiban.HandoffSpecialist, Queue: QueueSpecialist},
		{Audience: jiban.Enterprise, Queue: QueueEnterprise},
		{Queue: QueueCitizen},
	}
}

func (r *Rule) fits(q *jiban.HandoffRequest) bool {
	return (r.Audience == "" || r.Audience == q.Audience) &&
		(r.Reason == "" || r.Reason == q.Reason) &&
		(r.Region == "" || jiban.RegionServes(r.Region, q.Region)) &&
		strings.HasPrefix(q.Matter, r.Matter)
}

func (s *Service) queue(q *jiban.HandoffRequest) string {
	for i := range s.deps.Rules {
		if s.deps.Rules[i].fits(q) {
			return s.deps.Rules[i].Queue
		}
	}
	return QueueCitizen
}

// The priorities, higher first. Who was being served when the agent went away
// comes before all but an emergency.
const (
	priorityNormal    = 10
	priorityAnger     = 20
	priorityRoster    = 30
	priorityFront     = 40
	priorityEmergency = 50
)

func priority(q *jiban.HandoffRequest) int {
	p := priorityNormal
	switch q.Reason {
	case jiban.HandoffEmergency:
		p = priorityEmergency
	case jiban.HandoffRoster:
		p = priorityRoster
	case jiban.HandoffAnger, jiban.HandoffSensitive:
		p = priorityAnger
	}
	if q.Roster {
		p = max(p, priorityRoster)
	}
	return p
}

// Plan says what can be offered now: the queue, how many are in front, how long
// it takes where that is known, or by when a person is called back.
func (s *Service) Plan(ctx context.Context, r jiban.HandoffRequest) (jiban.HandoffPlan, error) {
	by, warning := s.deps.Desk.Callback(s.now())
	if warning != "" {
		s.deps.Log.WarnContext(ctx, "a promised call-back may be wrong", "reason", string(warning))
	}
	p := jiban.HandoffPlan{Queue: s.queue(&r), Priority: priority(&r), OnDuty: s.onDuty(ctx), CallbackBy: by}
	waiting, err := s.Waiting(ctx, p.Queue)
	if err != nil {
		return p, err
	}
	for i := range waiting {
		if waiting[i].Priority >= p.Priority {
			p.Ahead++
		}
	}
	if p.OnDuty {
		p.Wait, err = s.estimate(ctx, p.Queue)
	}
	return p, err
}

// onDuty reports whether somebody is at work. When presence cannot be read (the
// part that nodes share is down) the opening hours stand in for it; nobody is
// left waiting by that, because the longest wait is bounded.
func (s *Service) onDuty(ctx context.Context) bool {
	n, err := s.OnDuty(ctx)
	if err != nil {
		s.deps.Log.WarnContext(ctx, "presence cannot be read: opening hours decide", "error", err)
		return s.deps.Desk.Open(s.now())
	}
	return n > 0
}

// estimateFrom is how far back accepted conversations tell how long it takes now.
const estimateFrom = time.Hour

// estimate is the median wait of those who were accepted lately and are still
// being served, in whole minutes rounded up; zero when there is nobody to go by.
func (s *Service) estimate(ctx context.Context, queue string) (time.Duration, error) {
	accepted, err := s.deps.Store.Handoffs(ctx, []jiban.HandoffStatus{jiban.HandoffAccepted}, queue, "", listed)
	if err != nil {
		return 0, err
	}
	var waits []time.Duration
	for i := range accepted {
		if h := &accepted[i]; !h.AcceptedAt.IsZero() && s.now().Sub(h.AcceptedAt) <= estimateFrom {
			waits = append(waits, h.AcceptedAt.Sub(h.CreatedAt))
		}
	}
	if len(waits) == 0 {
		return 0, nil
	}
	slices.Sort(waits)
	return waits[len(waits)/2].Truncate(time.Minute) + time.Minute, nil
}

// Open makes the handoff of a conversation: waiting in its queue, or, with
// callback, recorded as one to be called back. The caller writes it together
// with the conversation's new holder.
func (s *Service) Open(_ context.Context, c jiban.Conversation, r jiban.HandoffRequest, p jiban.HandoffPlan, callback bool) (jiban.Handoff, error) {
	if c.ID == "" || p.Queue == "" {
		return jiban.Handoff{}, jiban.Errorf(jiban.CodeInvalid, "handoff.Open", "a handoff needs a conversation and a plan")
	}
	h := jiban.Handoff{
		ID: s.deps.IDs.NewID(), ConversationID: c.ID, ContactID: c.ContactID, Reason: r.Reason, Queue: p.Queue, Priority: p.Priority,
		Status: jiban.HandoffWaiting, Summary: r.Summary, Draft: r.Draft, Matter: r.Matter, Type: r.Type, Articles: r.Articles,
		CreatedAt: s.now(),
	}
	if callback {
		h.Status, h.ClosedAt = jiban.HandoffCallback, h.CreatedAt
	}
	return h, nil
}

// Leave ends the waiting of a conversation; the caller writes it together with
// the conversation's new holder. CodeConflict when it does not wait any more.
func (s *Service) Leave(ctx context.Context, handoffID string) (jiban.Handoff, error) {
	h, err := s.deps.Store.Handoff(ctx, handoffID)
	if err != nil {
		return h, err
	}
	if h.Status != jiban.HandoffWaiting {
		return h, jiban.Errorf(jiban.CodeConflict, "handoff.Leave", "the handoff is %s: it can no longer be left", h.Status)
	}
	h.Status, h.ClosedAt = jiban.HandoffLeft, s.now()
	return h, nil
}
