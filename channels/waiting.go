package channels

import (
	"sync"
	"time"

	"jiban"
)

// claimGrace is how long a claim outlives its waiter's deadline: enough to record
// what was taken along. When it has passed, the waiter's process is dead and
// Delivery treats the messages as uncertain.
const claimGrace = time.Second

// Waiting knows the requests that are held open for a conversation's replies.
// The gateway adds them; the runner claims one before it commits and fulfils it
// after. A claim is never lost: where the waiter has gone home meanwhile, what
// was claimed is handed to its late function.
type Waiting struct {
	ids jiban.IDs

	mu      sync.Mutex
	waiters map[string][]*waiter // by conversation, oldest first
	claimed map[string]*waiter   // by conversation
}

// waiter is one held request.
type waiter struct {
	by    string
	until time.Time
	late  func(by string, said []jiban.Message) // takes what was committed after the waiter left
	said  chan []jiban.Message                  // of 1: what it may say
	nudge chan struct{}                         // of 1: a turn was made, look whether it took yours
	gone  bool
}

// NewWaiting returns an empty register.
func NewWaiting(ids jiban.IDs) *Waiting {
	return &Waiting{ids: ids, waiters: map[string][]*waiter{}, claimed: map[string]*waiter{}}
}

// Claim returns the claim of the request that waits longest on the conversation,
// nil for none.
func (w *Waiting) Claim(conversationID string) *jiban.Claim {
	w.mu.Lock()
	defer w.mu.Unlock()
	queue := w.waiters[conversationID]
	if len(queue) == 0 || w.claimed[conversationID] != nil {
		return nil
	}
	first := queue[0]
	w.drop(conversationID, first)
	w.claimed[conversationID] = first
	return &jiban.Claim{By: first.by, Path: jiban.PathPassive, Until: first.until.Add(claimGrace)}
}

// Fulfil hands the claimant what was committed for it and lets the others look
// whether their message was taken too. It is called once for each claim.
func (w *Waiting) Fulfil(conversationID string, said []jiban.Message) {
	w.mu.Lock()
	claimant := w.claimed[conversationID]
	delete(w.claimed, conversationID)
	for _, other := range w.waiters[conversationID] {
		other.poke()
	}
	late := claimant != nil && claimant.gone
	if claimant != nil && !late {
		w.settle(conversationID, claimant, said)
	}
	w.mu.Unlock()
	if late && len(said) > 0 {
		claimant.late(claimant.by, said)
	}
}

// settle hands over, or puts a claimant that got nothing back in its place.
func (w *Waiting) settle(conversationID string, claimant *waiter, said []jiban.Message) {
	if len(said) > 0 {
		claimant.said <- said
		return
	}
	w.waiters[conversationID] = append([]*waiter{claimant}, w.waiters[conversationID]...)
	claimant.poke()
}

func (x *waiter) poke() {
	select {
	case x.nudge <- struct{}{}:
	default:
	}
}

func (w *Waiting) add(conversationID string, until time.Time, late func(string, []jiban.Message)) *waiter {
	x := &waiter{
		by: "passive:" + w.ids.NewID(), until: until, late: late,
		said: make(chan []jiban.Message, 1), nudge: make(chan struct{}, 1),
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waiters[conversationID] = append(w.waiters[conversationID], x)
	return x
}

// served reports whether a turn has claimed the waiter and not fulfilled it yet.
func (w *Waiting) served(conversationID string, x *waiter) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.claimed[conversationID] == x
}

// withdraw ends the waiting. It returns what had been handed over by then.
func (w *Waiting) withdraw(conversationID string, x *waiter) []jiban.Message {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.drop(conversationID, x)
	x.gone = true
	select {
	case said := <-x.said:
		return said
	default:
		return nil
	}
}

func (w *Waiting) drop(conversationID string, x *waiter) {
	queue := w.waiters[conversationID]
	for i, other := range queue {
		if other == x {
			queue = append(queue[:i:i], queue[i+1:]...)
			break
		}
	}
	if len(queue) == 0 {
		delete(w.waiters, conversationID)
		return
	}
	w.waiters[conversationID] = queue
}
