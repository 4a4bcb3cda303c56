package retention

import (
	"context"
	"log/slog"
	"time"

	"jiban"
)

// Store finds the records whose time is over and lets them go.
type Store interface {
	// Expired counts the records of a kind that were over before the given time.
	Expired(ctx context.Context, k Kind, before time.Time) (Count, error)
	// Expire lets at most so many of them go, in one short transaction, after the
	// place that the step before came to. Doing it twice does no harm.
	Expire(ctx context.Context, k Kind, before time.Time, after Place, limit int) (Step, error)
	// SaveRun keeps what a run did, and Runs lists it, newest first.
	SaveRun(ctx context.Context, r Report) error
	Runs(ctx context.Context, limit int) ([]Report, error)
}

// Count is how many records are over, and how many of these must stay for now,
// because something about them is still open.
type Count struct {
	Due    int // all that are over, held ones too
	Held   int
	Oldest time.Time
}

// Place is where a step came to: the age and key of the last record it looked at.
type Place struct {
	Age int64
	Key string
}

// Step is what one transaction did.
type Step struct {
	Done   int
	Held   int
	Oldest time.Time // of those it looked at
	Gone   []string  // contacts whose keys were destroyed
	Next   Place
	More   bool
}

// Leases let one of the nodes work while the others do not.
type Leases interface {
	Acquire(ctx context.Context, key, owner string, ttl time.Duration) (bool, error)
	Release(ctx context.Context, key, owner string) error
}

// Recorder is the audit record.
type Recorder interface {
	Audit(ctx context.Context, e jiban.AuditEntry) error
}

// Archive puts the part of the audit record older than the given time away before
// it is cut.
type Archive interface {
	ArchiveAudit(ctx context.Context, before time.Time) error
}

// Metrics hears what went, and what could not.
type Metrics interface {
	Expired(kind string, n int)
	ExpiryFailed(kind string)
}

// Deps is what the service is made from. Archive may be left out: then the audit
// record is not cut. Metrics too.
type Deps struct {
	Store   Store
	Leases  Leases
	Record  Recorder
	Archive Archive
	Metrics Metrics
	Drop    func(contactID string) // keys of a contact must leave the memory
	Clock   jiban.Clock
	IDs     jiban.IDs
	Log     *slog.Logger
	Node    string // who holds the lease
	Rules   Rules
	At      time.Duration // after midnight in Beijing
	Batch   int           // records of one transaction, 200 when 0
	Pause   time.Duration // between transactions, for others to come in
}

// Service keeps the rules.
type Service struct {
	d     Deps
	began time.Time
	ask   chan string // who wants a run now
}

const usualBatch = 200

// New returns the service; the rules must be lawful and make sense together.
func New(d Deps) (*Service, error) {
	if err := d.Rules.Check(); err != nil {
		return nil, jiban.Errorf(jiban.CodeInvalid, "retention.New", "%w", err)
	}
	if d.At < 0 || d.At >= 24*time.Hour {
		return nil, jiban.Errorf(jiban.CodeInvalid, "retention.New", "retention.at must be a time of day, not %s", d.At)
	}
	if d.Batch <= 0 {
		d.Batch = usualBatch
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{d: d, began: d.Clock.Now(), ask: make(chan string, 1)}, nil
}

// Rule is a rule as it is shown.
type Rule struct {
	Kind Kind `json:"kind"`
	Deed Deed `json:"deed"`
	Days int  `json:"days"` // 0 for ever
}

// Rules lists the rules in the order in which they are worked off.
func (s *Service) Rules() []Rule {
	all := make([]Rule, 0, len(Kinds()))
	for _, k := range Kinds() {
		all = append(all, Rule{Kind: k, Deed: k.Deed(), Days: s.d.Rules[k]})
	}
	return all
}

// Runs lists what the last runs did, newest first.
func (s *Service) Runs(ctx context.Context, limit int) ([]Report, error) {
	return s.d.Store.Runs(ctx, limit)
}

// before is the time before which records of a kind are over.
func (s *Service) before(k Kind, now time.Time) time.Time { return now.AddDate(0, 0, -s.d.Rules[k]) }
