package handoff

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"jiban"
	"jiban/calendar"
)

// Store reads conversations and handoffs and writes what was decided.
type Store interface {
	Conversation(ctx context.Context, id string) (jiban.Conversation, error)
	// Messages lists a conversation's messages after a sequence, in order.
	Messages(ctx context.Context, conversationID string, afterSeq int64, limit int) ([]jiban.Message, error)
	Handoff(ctx context.Context, id string) (jiban.Handoff, error)
	// Handoffs lists by state, queue and agent (empty: all), highest priority
	// first, then the longest waiting.
	Handoffs(ctx context.Context, statuses []jiban.HandoffStatus, queue, agentID string, limit int) ([]jiban.Handoff, error)
	// Apply writes a batch in one transaction, or nothing; CodeConflict when a
	// version that was read is no longer the one stored.
	Apply(ctx context.Context, b jiban.Batch) (jiban.Applied, error)
}

// AlertStore keeps what people must look at now.
type AlertStore interface {
	Alerts(ctx context.Context, unseenOnly bool, limit int) ([]jiban.Alert, error)
	// SeeAlert writes the audit entries in the same transaction.
	SeeAlert(ctx context.Context, id, by string, audit ...jiban.AuditEntry) error
}

// Presence is who is there, known to all nodes; a member is forgotten ttl after it
// was last touched.
type Presence interface {
	Touch(ctx context.Context, set, member string, ttl time.Duration) error
	Remove(ctx context.Context, set, member string) error
	Members(ctx context.Context, set string) ([]string, error)
}

// Tickets makes the numbered call-back task of a person nobody could be found for.
type Tickets interface {
	Plan(ctx context.Context, d jiban.TicketDraft) (jiban.TicketPlan, error)
	Decide(ctx context.Context, a jiban.TicketAction) (jiban.TicketChange, []jiban.Notice, error)
}

// Listeners hear of every commit of this room: delivery is woken, screens are
// told.
type Listeners interface {
	Committed(ctx context.Context, b jiban.Batch, a jiban.Applied)
}

// Deps is what the room stands on. Listeners may be nil; zero values of the rest
// of the settings take the defaults named beside them.
type Deps struct {
	Store     Store
	Alerts    AlertStore
	Presence  Presence
	Tickets   Tickets
	Desk      *calendar.Calendar // opening hours of the people
	Clock     jiban.Clock
	IDs       jiban.IDs
	Log       *slog.Logger
	Listeners Listeners
	Rules     []Rule        // DefaultRules
	Capacity  int           // conversations an agent holds at once: 5
	MaxWait   time.Duration // after that a waiting person is called back: 30 minutes
}

// Service is the handoff room. It is safe for concurrent use.
type Service struct {
	deps Deps

	mu     sync.Mutex
	absent map[string]time.Time // since when a sweep misses an agent, "" for all of them
}

// New makes the room.
func New(d Deps) *Service {
	if d.Rules == nil {
		d.Rules = DefaultRules()
	}
	if d.Capacity == 0 {
		d.Capacity = 5
	}
	if d.MaxWait == 0 {
		d.MaxWait = 30 * time.Minute
	}
	return &Service{deps: d, absent: map[string]time.Time{}}
}

// listed bounds the lists of this room.
const listed = 500

// Waiting lists who waits in a queue, "" for all queues, in the order in which
// they are to be taken.
func (s *Service) Waiting(ctx context.Context, queue string) ([]jiban.Handoff, error) {
	return s.deps.Store.Handoffs(ctx, []jiban.HandoffStatus{jiban.HandoffWaiting}, queue, "", listed)
}

// Mine lists what an agent holds.
func (s *Service) Mine(ctx context.Context, agentID string) ([]jiban.Handoff, error) {
	if agentID == "" {
		return nil, jiban.Errorf(jiban.CodeInvalid, "handoff.Mine", "no agent is named")
	}
	return s.deps.Store.Handoffs(ctx, []jiban.HandoffStatus{jiban.HandoffAccepted}, "", agentID, listed)
}

// Handoff returns one handoff; CodeNotFound when there is none.
func (s *Service) Handoff(ctx context.Context, id string) (jiban.Handoff, error) {
	return s.deps.Store.Handoff(ctx, id)
}

// Alerts lists alerts, the newest first.
func (s *Service) Alerts(ctx context.Context, unseenOnly bool, limit int) ([]jiban.Alert, error) {
	return s.deps.Alerts.Alerts(ctx, unseenOnly, min(max(limit, 1), listed))
}

// SeeAlert notes who looked at an alert first, and that it was looked at.
func (s *Service) SeeAlert(ctx context.Context, id, by string) error {
	return s.deps.Alerts.SeeAlert(ctx, id, by, did(jiban.Account{ID: by}, "alert.seen", "alert:"+id)...)
}

func (s *Service) now() time.Time { return s.deps.Clock.Now().UTC().Truncate(time.Millisecond) }

// commit writes a batch and tells the house.
func (s *Service) commit(ctx context.Context, b jiban.Batch) (jiban.Applied, error) {
	applied, err := s.deps.Store.Apply(ctx, b)
	if err == nil && s.deps.Listeners != nil {
		s.deps.Listeners.Committed(ctx, b, applied)
	}
	return applied, err
}

// attempts is how often a decision is made anew when somebody else was faster:
// the person writing, most of the time.
const attempts = 5

// again runs a decision until it is written or refused for good. A refusal of the
// decision itself is told apart from a lost race by lost.
func again(decide func() (lost bool, err error)) error {
	var err error
	for range attempts {
		var lost bool
		if lost, err = decide(); err == nil || !lost {
			return err
		}
	}
	return err
}

func isConflict(err error) bool { return jiban.CodeOf(err) == jiban.CodeConflict }
