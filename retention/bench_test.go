package retention_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"jiban"
	"jiban/retention"
)

// crowd puts n records that are over into the world: messages and turns of many
// conversations, with n/20 tickets and their events and intakes.
func (w *world) crowd(n int) {
	p := w.newPerson()
	for i := range 200 {
		w.exec("INSERT INTO contacts (id, name, lang, roster, opted_out, created_at) VALUES ('k%d', '', 'zh', FALSE, FALSE, 1)", i)
		w.exec("INSERT INTO conversations SELECT %s FROM conversations WHERE id = '%s'", w.columns("conversations",
			map[string]string{"id": fmt.Sprintf("'k%d'", i), "contact_id": fmt.Sprintf("'k%d'", i), "address": fmt.Sprintf("'k%d'", i)}), p.conv.ID)
	}
	w.exec("UPDATE conversations SET created_at = 1, updated_at = 1, last_in_at = 1")
	series := fmt.Sprintf("(WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) SELECT i FROM n)", n)
	text := strings.Repeat("停水了", 20)
	copyOf := func(table, what, where string, changes map[string]string) {
		names := strings.Join(w.names(table), ", ")
		w.exec("INSERT INTO %s (%s) SELECT %s FROM %s CROSS JOIN %s s WHERE %s", table, names, w.columns(table, changes), table, what, where)
	}
	conv := "'k' || (s.i % 200)"
	copyOf("messages", series, "id = '"+w.records[0].key+"'", map[string]string{"id": "'km' || s.i", "conversation_id": conv, "seq": "s.i",
		"external_id": "'x' || s.i", "content": "'" + text + "'", "created_at": "s.i + 1000"})
	copyOf("turns", series, "id = '"+w.records[2].key+"'", map[string]string{"id": "'kt' || s.i", "conversation_id": conv, "facts": "'" + text + "'", "created_at": "s.i + 1000"})
	r := w.ticket(p, jiban.Help, "water", time.Hour)
	w.answer(r, "yes")
	some := strings.Replace(series, fmt.Sprintf("i < %d", n), fmt.Sprintf("i < %d", n/20), 1)
	number := "'k' || s.i"
	copyOf("tickets", some, "number = '"+r.key+"'", map[string]string{"number": number, "conversation_id": conv, "contact_id": conv, "updated_at": "s.i + 1000"})
	for seq := range 4 {
		copyOf("ticket_events", some, fmt.Sprintf("number = '%s' AND seq = %d", r.key, seq+1), map[string]string{"id": fmt.Sprintf("'k' || s.i || '-%d'", seq), "number": number})
	}
	copyOf("intakes", some, "id = 'i"+r.key+"'", map[string]string{"id": number, "ticket": number, "conversation_id": conv, "contact_id": conv, "updated_at": "s.i + 1000"})
}

// names are the columns of a table that are written.
func (w *world) names(table string) []string {
	rows, err := w.db.Query("SELECT * FROM " + table + " LIMIT 0")
	w.ok(err)
	defer rows.Close()
	names, err := rows.Columns()
	w.ok(err)
	return slices.DeleteFunc(names, func(n string) bool { return table == "messages" && n == "due_at" }) // generated
}

// columns are those of a table, some of them replaced.
func (w *world) columns(table string, changes map[string]string) string {
	all := w.names(table)
	for i, n := range all {
		if v, ok := changes[n]; ok {
			all[i] = v
		} else {
			all[i] = table + "." + n
		}
	}
	return strings.Join(all, ", ")
}

// BenchmarkRun lets 100,000 messages, as many turns and 5,000 tickets go while
// others write, and says how long these had to wait.
func BenchmarkRun(b *testing.B) {
	for name, at := range map[string]func(testing.TB) base{"sqlite": sqliteBase, "postgres": postgresBase} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				w := openWorld(b, at(b))
				w.crowd(100_000)
				w.clock.Advance(400 * 24 * time.Hour)
				steps := timed{w.s, map[retention.Kind]time.Duration{}}
				s := w.service(every(30), func(d *retention.Deps) {
					d.Store, d.Clock, d.Batch, d.Pause = steps, jiban.SystemClock{}, 0, time.Millisecond
				})
				quiet := w.writes(func() { time.Sleep(time.Second) })
				b.StartTimer()
				var r retention.Report
				var err error
				waits := w.writes(func() { r, err = s.Run(context.Background(), "system") })
				w.ok(err)
				if len(r.Failed()) > 0 {
					b.Fatal(r.Failed())
				}
				b.ReportMetric(float64(r.Total()), "records")
				b.ReportMetric(waits(0.99), "p99-wait-ms")
				b.ReportMetric(waits(1), "longest-wait-ms")
				b.ReportMetric(quiet(1), "longest-wait-alone-ms")
				b.Logf("the longest step of each kind: %v", steps.longest)
			}
		})
	}
}

// timed notes how long the longest step of each kind took.
type timed struct {
	retention.Store
	longest map[retention.Kind]time.Duration
}

func (s timed) Expire(ctx context.Context, k retention.Kind, before time.Time, after retention.Place, limit int) (retention.Step, error) {
	began := time.Now()
	step, err := s.Store.Expire(ctx, k, before, after, limit)
	took := time.Since(began).Round(time.Millisecond)
	s.longest[k] = max(s.longest[k], took)
	return step, err
}

// writes commits one small row after another while f runs, and returns how long
// that took, as a quantile in milliseconds.
func (w *world) writes(f func()) func(q float64) float64 {
	stop, done := make(chan struct{}), make(chan []time.Duration)
	go func() {
		var all []time.Duration
		for {
			select {
			case <-stop:
				done <- all
				return
			default:
			}
			began := time.Now()
			if err := w.s.SetSetting(context.Background(), "bench", "x"); err != nil {
				panic(err)
			}
			all = append(all, time.Since(began))
		}
	}()
	f()
	close(stop)
	all := <-done
	slices.Sort(all)
	return func(q float64) float64 {
		return float64(all[min(int(q*float64(len(all))), len(all)-1)]) / float64(time.Millisecond)
	}
}
