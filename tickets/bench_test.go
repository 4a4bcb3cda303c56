package tickets

import (
	"context"
	"fmt"
	"testing"
	"time"

	"jiban"
)

func BenchmarkPlan(b *testing.B) {
	h := newHouse(b)
	d := h.draft(h.person("web:1"))
	for b.Loop() {
		if _, err := h.Plan(context.Background(), d); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSweep sweeps a house with many open tickets of which few are due: its
// cost must go with the few.
func BenchmarkSweep(b *testing.B) {
	for _, open := range []int{1000, 10000} {
		b.Run(fmt.Sprintf("open=%d", open), func(b *testing.B) {
			h := newHouse(b)
			ctx := context.Background()
			h.fill(h.person("web:1"), open, 10)
			h.clock.Advance(25 * time.Hour)
			for b.Loop() {
				if err := h.Sweep(ctx); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// fill opens n tickets, of which the first due are due tomorrow.
func (h *house) fill(c jiban.Conversation, n, due int) {
	h.t.Helper()
	ctx := context.Background()
	var batch jiban.Batch
	for i := range n {
		d := h.draft(c)
		if i >= due {
			d.Matter = "030102"
		}
		plan := jiban.TicketPlan{DueAt: h.clock.Now().Add(24 * time.Hour), Limit: jiban.Limit{Days: 7}}
		if i >= due {
			plan.DueAt = plan.DueAt.AddDate(0, 1, 0)
		}
		var err error
		if plan.Number, err = Number(h.clock.Now(), int64(i)+1); err != nil {
			h.t.Fatal(err)
		}
		change, _, err := h.Decide(ctx, jiban.TicketAction{Kind: jiban.EventOpened, Draft: &d, Plan: &plan, Actor: "bot"})
		if err != nil {
			h.t.Fatal(err)
		}
		batch.Tickets = append(batch.Tickets, change)
		if len(batch.Tickets) == 500 || i == n-1 {
			if _, err := h.store.Apply(ctx, batch); err != nil {
				h.t.Fatal(err)
			}
			batch.Tickets = nil
		}
	}
}
