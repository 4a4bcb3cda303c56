package store_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"jiban"
	"jiban/store"
)

// BenchmarkMessageWithAudit measures the way of a message through the store, in
// (received), the turn's input, out (the answer), without any entry in the record
// and with the most that there can be: a member of staff sees it and answers it,
// an entry each. Both in one run, by turns; with/without is the ratio.
func BenchmarkMessageWithAudit(b *testing.B) {
	for _, c := range []struct {
		name string
		at   func(testing.TB) place
	}{{"sqlite", sqlitePlace}, {"postgres", postgresPlace}} {
		for _, people := range []int{1, 16} {
			b.Run(fmt.Sprintf("%s/people=%d", c.name, people), func(b *testing.B) {
				r := race{s: c.at(b).open(b), people: people}
				r.pass(b, true) // the first makes the contacts
				var with, without time.Duration
				for b.Loop() {
					without += r.pass(b, false)
					with += r.pass(b, true)
				}
				messages := float64(b.N * people * perPass)
				b.ReportMetric(float64(without.Microseconds())/messages, "µs/message-without")
				b.ReportMetric(float64(with.Microseconds())/messages, "µs/message-with")
				b.ReportMetric(float64(with)/float64(without), "with/without")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

const perPass = 8 // messages of each person

type race struct {
	s      *store.Store
	people int
	passes int
}

// pass lets everybody send and get an answer, side by side, and returns how long it
// took.
func (r *race) pass(b *testing.B, audited bool) time.Duration {
	r.passes++
	start := time.Now()
	var all sync.WaitGroup
	for person := range r.people {
		all.Go(func() {
			for i := range perPass {
				if err := r.message(b, fmt.Sprint("p", person), fmt.Sprintf("m%d-%d-%d", r.passes, person, i), audited); err != nil {
					b.Error(err)
				}
			}
		})
	}
	all.Wait()
	return time.Since(start)
}

func (r *race) message(b *testing.B, person, id string, audited bool) error {
	m, _, err := r.s.Receive(b.Context(), text(id, person, "小区停水超过24小时还没有恢复"))
	if err != nil {
		return err
	}
	in, err := r.s.TurnInput(b.Context(), m.ConversationID)
	if err != nil {
		return err
	}
	batch := reply(in, "t"+id, "已经通知供水单位，请您耐心等待。")
	if audited {
		seen := entry("", "01hx", "view", "conversation:"+m.ConversationID, in.Inbox[0].CreatedAt)
		if err := r.s.AppendAudit(b.Context(), []jiban.AuditEntry{seen}); err != nil {
			return err
		}
		batch.Audit = []jiban.AuditEntry{entry("", "01hx", "conversation.say", "conversation:"+m.ConversationID, in.Inbox[0].CreatedAt)}
	}
	_, err = r.s.Apply(b.Context(), batch)
	return err
}
