package store

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
)

// What grouping gives: transactions of four inserts and one update, each durable
// when its caller goes on.
func BenchmarkGroupedCommits(b *testing.B) {
	for _, n := range []int{1, 16, 64} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			w, _ := newTestWriter(b)
			if err := w.do(b.Context(), statement("CREATE TABLE total (n INTEGER)")); err != nil {
				b.Fatal(err)
			}
			var next, left atomic.Int64
			left.Store(int64(b.N))
			var wg sync.WaitGroup
			b.ResetTimer()
			for range n {
				wg.Add(1)
				go func() {
					defer wg.Done()
					for left.Add(-1) >= 0 {
						if err := w.do(context.Background(), fourInserts(next.Add(4))); err != nil {
							b.Error(err)
						}
					}
				}()
			}
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "/s")
		})
	}
}

func fourInserts(from int64) transaction {
	return func(ctx context.Context, q querier) error {
		for i := range int64(4) {
			if _, err := q.exec(ctx, "INSERT INTO numbers VALUES ($1)", from+i); err != nil {
				return err
			}
		}
		_, err := q.exec(ctx, "UPDATE total SET n = n + 4")
		return err
	}
}
