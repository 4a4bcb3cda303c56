package runner_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"jiban"
)

// BenchmarkConverse is the way of a message that needs no search, without the
// provider's protocol: committed, turned, committed, answered passively, settled.
// Each connection speaks for people of its own.
func BenchmarkConverse(b *testing.B) {
	for _, connections := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("connections=%d", connections), func(b *testing.B) {
			h := open(b)
			h.run()
			var next atomic.Int64
			var all sync.WaitGroup
			b.ResetTimer()
			for range connections {
				all.Go(func() {
					for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
						h.exchange(n)
					}
				})
			}
			all.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
		})
	}
}

func (h *house) exchange(n int64) {
	r := says(fmt.Sprint(n), "停水了")
	r.Address = jiban.Address(fmt.Sprintf("wechat:p%d", n%1000))
	e, err := h.gateway.Converse(context.Background(), r, h.clock.Now().Add(5*time.Second))
	if err != nil {
		h.t.Error(err)
		return
	}
	var ids []string
	for _, m := range e.Messages {
		ids = append(ids, m.ID)
	}
	if err := e.Settle(context.Background(), ids); err != nil {
		h.t.Error(err)
	}
}
