package store

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"jiban"
)

const (
	settleQueue = 1024             // answers whose record may wait
	settleGroup = 256              // answers in one transaction
	settleLimit = 10 * time.Second // for one transaction
)

// settler records what went out as the answer to a request that was held open. It
// follows the answer: until it is written the message stays recorded as sending,
// so that a crash between leaves it uncertain, which is what it is.
type settler struct {
	store *Store
	queue chan settled
	once  sync.Once
	quit  chan struct{} // closed once, to end
	done  chan struct{} // closed when the goroutine has ended
}

type settled struct {
	by  string
	ids []string
}

func newSettler(s *Store) *settler {
	t := &settler{store: s, queue: make(chan settled, settleQueue), quit: make(chan struct{}), done: make(chan struct{})}
	go t.loop()
	return t
}

// Settle records soon that messages, all claimed by by, go out as a passive
// answer. When it returns an error (the queue is full, the store is closed) the
// answer must not be given. A record that cannot be written leaves its message
// recorded as sending: when the claim has run out it comes back as uncertain.
func (s *Store) Settle(ctx context.Context, by string, ids []string) error {
	const op = "store.Settle"
	if len(ids) == 0 {
		return nil
	}
	select {
	case <-s.settler.quit:
		return jiban.Errorf(jiban.CodeUnavailable, op, "%w", errClosed)
	default:
	}
	select {
	case s.settler.queue <- settled{by, ids}:
		return nil
	case <-ctx.Done():
		return fault(op, ctx.Err())
	}
}

// close records what was accepted and ends the goroutine.
func (t *settler) close() {
	t.once.Do(func() { close(t.quit) })
	<-t.done
}

func (t *settler) loop() {
	defer close(t.done)
	for {
		select {
		case first := <-t.queue:
			t.record(t.gather(first))
		case <-t.quit:
			if rest := t.gather(); len(rest) > 0 {
				t.record(rest)
			}
			return
		}
	}
}

// gather takes what else waits.
func (t *settler) gather(all ...settled) []settled {
	for len(all) < settleGroup {
		select {
		case x := <-t.queue:
			all = append(all, x)
		default:
			return all
		}
	}
	return all
}

func (t *settler) record(all []settled) {
	ctx, cancel := context.WithTimeout(context.Background(), settleLimit)
	defer cancel()
	// In order of id, so that two transactions never wait for each other in a circle.
	slices.SortFunc(all, func(a, b settled) int { return cmp.Compare(a.ids[0], b.ids[0]) })
	now := micros(t.store.now())
	err := t.store.write(ctx, "store.Settle", func(ctx context.Context, q querier) error {
		for _, x := range all {
			if err := t.sent(ctx, q, x, now); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.store.log.Error("passive answers could not be recorded, they count as uncertain", "answers", len(all), "error", err)
	}
}

func (t *settler) sent(ctx context.Context, q querier, x settled, now int64) error {
	const query = `UPDATE messages SET status = 'sent', path = 'passive', parts_sent = 1, attempts = attempts + 1,
		claimed_by = '', claimed_until = 0, sent_at = $3 WHERE id = $1 AND claimed_by = $2`
	for _, id := range x.ids {
		n, err := q.exec(ctx, query, id, x.by, now)
		if err != nil {
			return err
		}
		if n == 0 {
			t.store.log.Warn("a passive answer was claimed by another before it was recorded", "message", id)
		}
	}
	return nil
}
