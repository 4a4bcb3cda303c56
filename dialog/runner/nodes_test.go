package runner_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"jiban"
	"jiban/channels"
	"jiban/dialog"
	"jiban/dialog/runner"
	"jiban/store/shared"
)

// brokenLeases is Redis gone.
type brokenLeases struct{}

func (brokenLeases) Acquire(context.Context, string, string, time.Duration) (bool, error) {
	return false, errors.New("connection refused")
}

func (brokenLeases) Release(context.Context, string, string) error {
	return errors.New("connection refused")
}

func (h *house) leased(name string, l runner.Leases) *runner.Runner {
	return runner.New(runner.Deps{
		Store: h.store, Engine: h.engine, Knowledge: h.rooms, Tickets: tickets{h.rooms}, Handoff: desk{h.rooms}, Leases: l, Standby: h.waiting,
		Listeners: []runner.Listeners{h.delivery}, Words: words{}, Clock: h.clock, IDs: h.ids, Node: name, Log: quietLog(),
	})
}

func TestTurnsGoOnWithoutLeases(t *testing.T) {
	h := open(t)
	conv := h.hear("1", "停水了")
	if out, err := h.leased("n1", brokenLeases{}).Turn(context.Background(), conv); err != nil || out == nil {
		t.Errorf("outcome %v, %v", out, err)
	}
}

func TestALeaseOfADeadNodeStopsNobodyForLong(t *testing.T) {
	h := open(t)
	leases := shared.NewMemory(h.clock)
	defer leases.Close()
	conv := h.hear("1", "停水了")
	if got, err := leases.Acquire(context.Background(), "turn:"+conv, "dead", time.Hour); err != nil || !got {
		t.Fatal(got, err)
	}
	if out, err := h.leased("n1", leases).Turn(context.Background(), conv); err != nil || out == nil {
		t.Errorf("outcome %v, %v", out, err)
	}
}

// Two nodes with leases work through Run; each message is answered once, in order.
func TestTwoNodesWithLeases(t *testing.T) {
	h := open(t)
	leases := shared.NewMemory(jiban.SystemClock{})
	defer leases.Close()
	a, b := h.leased("a", leases), h.leased("b", leases)
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	for _, r := range []*runner.Runner{a, b} {
		all.Go(func() { _ = r.Run(ctx) })
	}
	defer func() { cancel(); all.Wait() }()
	const messages = 40
	for i := range messages {
		m, _, err := h.store.Receive(ctx, says(fmt.Sprint(i), fmt.Sprint(i)))
		if err != nil {
			t.Fatal(err)
		}
		[]*runner.Runner{a, b}[i%2].Wake(m.ConversationID)
	}
	until(t, "all is answered", func() bool {
		ids, err := h.store.Unanswered(ctx, start.Add(time.Hour), 1)
		return err == nil && len(ids) == 0
	})
}

func TestAStopFinishesTheRunningTurn(t *testing.T) {
	h := open(t)
	begun, release := make(chan struct{}), make(chan struct{})
	h.engine.does(func(in dialog.Input) (dialog.Outcome, *dialog.Need, error) {
		close(begun)
		<-release
		return echo(in), nil, nil
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.runner.Run(ctx) }()
	conv := h.hear("1", "停水了")
	<-begun
	cancel()
	select {
	case <-done:
		t.Error("the runner stopped in the middle of a turn")
	case <-time.After(20 * time.Millisecond):
	}
	close(release)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if len(h.outbound(conv)) != 1 {
		t.Error("the running turn was not finished")
	}
}

// Two nodes deliver from one outbox: everything is sent once and in order.
func TestTwoDeliveries(t *testing.T) {
	h := open(t)
	const people, each = 6, 10
	for p := range people {
		for i := range each {
			r := says(fmt.Sprintf("%d-%d", p, i), fmt.Sprintf("%d-%02d", p, i))
			r.Address = jiban.Address(fmt.Sprintf("wechat:p%d", p))
			receipt, err := h.gateway.Receive(context.Background(), r)
			if err != nil {
				t.Fatal(err)
			}
			h.turn(receipt.ConversationID)
		}
	}
	var all sync.WaitGroup
	for _, node := range []string{"a", "b", "c"} {
		d := channels.NewDelivery(channels.DeliveryDeps{
			Store: h.store, Directory: h.store, Senders: []channels.Sender{h.provider}, Words: words{}, Clock: h.clock, IDs: h.ids,
			Node: node, Log: quietLog(), Metrics: channels.Uncounted{},
		})
		all.Go(func() {
			if _, err := d.Flush(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	h.flush()
	next := map[byte]int{}
	for _, s := range h.provider.got() {
		who := s[len("听到了：")]
		if want := fmt.Sprintf("听到了：%c-%02d", who, next[who]); s != want {
			t.Fatalf("sent %q, want %q", s, want)
		}
		next[who]++
	}
	for who, n := range next {
		if n != each {
			t.Errorf("%c was told %d of %d", who, n, each)
		}
	}
	if len(next) != people {
		t.Errorf("%d people were told, want %d", len(next), people)
	}
}

// The store goes away and comes back: nothing that was acknowledged is lost.
func TestStoreComesAndGoes(t *testing.T) {
	h := open(t)
	var down atomic.Bool
	gone := func() error {
		if down.Load() {
			return jiban.Errorf(jiban.CodeUnavailable, "test", "database down")
		}
		return nil
	}
	h.store.receive = gone
	h.store.beforeApply = func(jiban.Batch) error { return gone() }
	h.store.save = func(jiban.Delivery) error { return gone() }
	h.run()
	acknowledged := 0
	for i := range 40 {
		down.Store(i%4 == 3)
		r := says(fmt.Sprint(i), fmt.Sprint(i))
		r.Address = jiban.Address(fmt.Sprintf("wechat:p%d", i))
		if _, err := h.gateway.Receive(context.Background(), r); err == nil {
			acknowledged++
		} else if jiban.CodeOf(err) != jiban.CodeUnavailable {
			t.Error(err)
		}
		time.Sleep(time.Millisecond) // lets turns and sends meet the outage
	}
	down.Store(false)
	until(t, "everything acknowledged is answered", func() bool {
		h.clock.Advance(time.Second)
		seen := map[string]bool{}
		for _, s := range h.provider.got() {
			seen[s] = true
		}
		return len(seen) == acknowledged
	})
}
