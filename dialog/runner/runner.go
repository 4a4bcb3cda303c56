package runner

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"jiban"
	"jiban/dialog"
	"jiban/prompts"
)

// Deps is what the runner stands on. Leases, Standby and Listeners may be nil.
type Deps struct {
	Store     Store
	Engine    Engine
	Engines   Engines // nil: Engine makes every turn
	Knowledge Knowledge
	Tickets   Tickets
	Handoff   Handoff
	Persons   Persons // nil: nothing of theirs can be done here
	Leases    Leases
	Standby   Standby
	Listeners []Listeners
	Words     Words
	Model     Model           // nil: everything works without one
	Prompts   *prompts.Models // for Model
	ModelTime time.Duration   // what models may take of one turn's time; 5 s when zero, 6 s at most
	Drafts    Drafts          // nil: nothing is shown before it is committed
	JoinWait  time.Duration   // for the rest of a thought split over messages; zero for no wait, 1.5 s at most
	Clock     jiban.Clock
	IDs       jiban.IDs
	Node      string // names this node's leases
	Workers   int    // turns at a time; 64 when zero: they mostly wait for the disk or a model
	Log       *slog.Logger
}

// Runner makes turns.
type Runner struct {
	d     Deps
	queue *queue
}

const (
	// turnLimit bounds one turn with all its tries; a stop waits no longer.
	turnLimit = 8 * time.Second
	// sweepEvery is how often conversations that nobody was woken for are looked for:
	// left behind by a crash, by a commit that was lost too often, or by a full queue.
	sweepEvery = 5 * time.Second
	sweepBatch = 500
	// modelTime is what models may take of a turn: people wait that long for an answer
	// that could be shown at once.
	modelTime = 5 * time.Second
	// leaseFor outlives turnLimit.
	leaseFor = 10 * time.Second
	// busyWait is when to come back to a conversation that another node turns.
	busyWait = 100 * time.Millisecond
	// busyTries is how often Turn comes back before it goes on without the lease.
	busyTries = 20
)

// New returns a runner.
func New(d Deps) *Runner {
	if d.Workers <= 0 {
		d.Workers = 64
	}
	if d.ModelTime <= 0 {
		d.ModelTime = modelTime
	}
	d.ModelTime = min(d.ModelTime, turnLimit-modelReserve)
	return &Runner{d: d, queue: newQueue()}
}

// Wake says that a conversation has messages waiting. It never blocks; when the
// queue is full the sweep will find the conversation.
func (r *Runner) Wake(conversationID string) {
	if !r.queue.put(conversationID) {
		r.d.Log.Warn("the queue of turns is full, the sweep will come back to the conversation", "conversation", conversationID)
	}
}

// Run makes turns until ctx ends, then finishes those under way. What still
// waits is in the store and found by the next start.
func (r *Runner) Run(ctx context.Context) error {
	var all sync.WaitGroup
	for range r.d.Workers {
		all.Go(func() { r.work(ctx) })
	}
	all.Go(func() { r.sweep(ctx) })
	<-ctx.Done()
	r.queue.close()
	all.Wait()
	return nil
}

func (r *Runner) work(ctx context.Context) {
	for {
		id, hurried, ok := r.queue.take()
		if !ok {
			return
		}
		if ctx.Err() != nil {
			r.queue.done(id)
			continue
		}
		var more *unfinishedError
		_, err := r.turn(context.WithoutCancel(ctx), id, false, !hurried)
		r.queue.done(id)
		switch {
		case errors.Is(err, errBusy):
			r.queue.putLater(id, busyWait, hurried)
		case errors.As(err, &more):
			r.queue.putLater(id, more.left, true)
		case err != nil:
			r.d.Log.Error("a turn failed, the sweep will come back to it", "conversation", id, "error", err)
		}
	}
}

// sweep looks at the start and then regularly for messages that no turn took.
func (r *Runner) sweep(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	before := r.d.Clock.Now().Add(time.Minute) // at the start whatever waits is nobody's
	for {
		ids, err := r.d.Store.Unanswered(ctx, before, sweepBatch)
		if err != nil && ctx.Err() == nil {
			r.d.Log.Error("conversations that wait could not be looked for", "error", err)
		}
		for _, id := range ids {
			r.Wake(id)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			before = r.d.Clock.Now().Add(-sweepEvery)
		}
	}
}

// Turn makes one turn of a conversation and returns what it came to, nil when
// nothing waited. All that waits is taken into the one turn, in order.
func (r *Runner) Turn(ctx context.Context, conversationID string) (*dialog.Outcome, error) {
	for range busyTries {
		out, err := r.turn(ctx, conversationID, false, false)
		if !errors.Is(err, errBusy) {
			return out, err
		}
		if err := pause(ctx, busyWait); err != nil {
			return nil, err
		}
	}
	return r.turn(ctx, conversationID, true, false)
}

// errBusy says that another node is at the conversation.
var errBusy = errors.New("another node turns the conversation")

// turn takes the lease, which only saves work: without an answer about it, or when
// forced, the turn goes on, and the version compared at commit decides. A patient
// turn ends with an unfinishedError while more of what is said may come.
func (r *Runner) turn(ctx context.Context, conversationID string, forced, patient bool) (*dialog.Outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, turnLimit)
	defer cancel()
	if r.d.Leases == nil {
		return r.tries(ctx, conversationID, patient)
	}
	key, owner := "turn:"+conversationID, r.d.Node+":"+r.d.IDs.NewID()
	got, err := r.d.Leases.Acquire(ctx, key, owner, leaseFor)
	switch {
	case err != nil:
		r.d.Log.Warn("the lease of a conversation could not be asked for, the turn goes on without", "conversation", conversationID, "error", err)
	case got:
		defer r.release(ctx, key, owner)
	case !forced:
		return nil, errBusy
	}
	return r.tries(ctx, conversationID, patient)
}

func (r *Runner) release(ctx context.Context, key, owner string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if err := r.d.Leases.Release(ctx, key, owner); err != nil {
		r.d.Log.Warn("a lease could not be released, it runs out by itself", "error", err)
	}
}

// pause waits, or returns the error of a context that ended first.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
