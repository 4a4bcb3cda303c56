package store_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"jiban"
	"jiban/store"
)

func onBothBench(b *testing.B, bench func(b *testing.B, p place)) {
	b.Run("sqlite", func(b *testing.B) { bench(b, sqlitePlace(b)) })
	b.Run("postgres", func(b *testing.B) { bench(b, postgresPlace(b)) })
}

// callers runs b.N calls from n goroutines, after one call of each that opens
// connections and conversations.
func callers(b *testing.B, n int, call func(caller int) error) {
	b.Helper()
	run(b, n, n, call)
	b.ResetTimer()
	run(b, n, b.N, call)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "/s")
}

func run(b *testing.B, n, calls int, call func(caller int) error) {
	b.Helper()
	var left atomic.Int64
	left.Store(int64(calls))
	var wg sync.WaitGroup
	for i := range n {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for left.Add(-1) >= 0 {
				if err := call(i); err != nil {
					b.Error(err)
					return
				}
			}
		}()
	}
	wg.Wait()
}

// Each caller is a person who writes one message after the other, each on disk
// before the next.
func BenchmarkReceive(b *testing.B) {
	onBothBench(b, func(b *testing.B, p place) {
		for _, n := range []int{1, 16, 64} {
			b.Run(fmt.Sprint(n), func(b *testing.B) {
				s := p.open(b)
				var id atomic.Int64
				callers(b, n, func(caller int) error {
					_, _, err := s.Receive(b.Context(), text(fmt.Sprint(b.N, n, "/", id.Add(1)), fmt.Sprint("p", caller), "小区停水超过24小时还没有恢复"))
					return err
				})
			})
		}
	})
}

// The whole of a message as the pipeline has it: received, loaded, turned with one
// reply on the passive way, settled.
func BenchmarkTurn(b *testing.B) {
	onBothBench(b, func(b *testing.B, p place) {
		for _, n := range []int{1, 16, 64} {
			b.Run(fmt.Sprint(n), func(b *testing.B) {
				s := p.open(b)
				var id atomic.Int64
				callers(b, n, func(caller int) error {
					return turnOnce(b, s, fmt.Sprint(b.N, n, "/", id.Add(1)), fmt.Sprint("p", caller))
				})
			})
		}
	})
}

func turnOnce(b *testing.B, s *store.Store, id, person string) error {
	m, _, err := s.Receive(b.Context(), text(id, person, "小区停水超过24小时还没有恢复"))
	if err != nil {
		return err
	}
	in, err := s.TurnInput(b.Context(), m.ConversationID)
	if err != nil {
		return err
	}
	batch := reply(in, "turn"+id, "请问您在哪个小区？")
	batch.Conversation.State = []byte(`{"form":"water","fields":{"since":"24小时"}}`)
	batch.Turn.StateBefore, batch.Turn.Facts, batch.Turn.Outcome = in.Conversation.State, []byte(`{}`), batch.Conversation.State
	batch.Notices[0].Claim = &jiban.Claim{By: "waiter", Path: jiban.PathPassive, Until: m.CreatedAt.Add(5e9)}
	a, err := s.Apply(b.Context(), batch)
	if err != nil {
		return err
	}
	return s.Settle(b.Context(), "waiter", []string{a.Messages[0].ID})
}
