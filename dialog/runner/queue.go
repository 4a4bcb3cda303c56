package runner

import (
	"sync"
	"time"
)

// queueLimit bounds the conversations that wait for a turn in this process. What
// does not fit is in the store.
const queueLimit = 100_000

// queue holds the conversations that wait for a turn, each once, in the order in
// which they were woken. One that is being turned and woken again waits behind
// its own turn: never two workers at one conversation.
type queue struct {
	mu      sync.Mutex
	filled  *sync.Cond
	order   []string
	state   map[string]progress
	closed  bool
	pending map[*time.Timer]struct{}
	hurried map[string]bool // they have waited for more to be said
}

type progress int

const (
	waiting progress = iota + 1
	running
	runningAndWoken
)

func newQueue() *queue {
	q := &queue{state: map[string]progress{}, pending: map[*time.Timer]struct{}{}, hurried: map[string]bool{}}
	q.filled = sync.NewCond(&q.mu)
	return q
}

// put reports false when the queue is full.
func (q *queue) put(id string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch q.state[id] {
	case waiting, runningAndWoken:
		return true
	case running:
		q.state[id] = runningAndWoken
		return true
	}
	if q.closed {
		return true
	}
	if len(q.order) >= queueLimit {
		return false
	}
	q.push(id)
	return true
}

func (q *queue) push(id string) {
	q.state[id] = waiting
	q.order = append(q.order, id)
	q.filled.Signal()
}

// putLater puts after a while, unless the queue was closed by then. Who is hurried
// waits no more after that.
func (q *queue) putLater(id string, d time.Duration, hurried bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return
	}
	var t *time.Timer
	t = time.AfterFunc(d, func() {
		q.mu.Lock()
		delete(q.pending, t)
		if hurried && !q.closed {
			q.hurried[id] = true
		}
		q.mu.Unlock()
		q.put(id)
	})
	q.pending[t] = struct{}{}
}

// take waits for the next conversation and says whether it may wait no more; false
// when the queue was closed.
func (q *queue) take() (id string, hurried, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.order) == 0 && !q.closed {
		q.filled.Wait()
	}
	if q.closed {
		return "", false, false
	}
	id = q.order[0]
	q.order = q.order[1:]
	q.state[id] = running
	hurried = q.hurried[id]
	delete(q.hurried, id)
	return id, hurried, true
}

// done ends a turn; one that was woken meanwhile waits again, at the end.
func (q *queue) done(id string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	again := q.state[id] == runningAndWoken
	delete(q.state, id)
	if again && !q.closed {
		q.push(id)
	}
}

// close lets all who wait go.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	for t := range q.pending {
		t.Stop()
	}
	q.filled.Broadcast()
}
