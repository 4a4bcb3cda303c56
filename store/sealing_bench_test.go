package store_test

import (
	"fmt"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"jiban"
	"jiban/keys"
	"jiban/store"
)

// What a message and a turn hold, typically.
const (
	messageText = `{"kind":"text","text":"哈尔滨市道里区安静街12号阳光小区停水超过24小时还没有恢复，请尽快处理"}`
	turnText    = `{"form":"water","fields":{"place":"哈尔滨市道里区安静街12号阳光小区","since":"昨天早上八点","name":"张伟","phone":"13812345678"},"asked":["place","since","name"],"intent":"report","matter":"010101","confidence":0.93,"seen":[{"id":"a1","score":0.81},{"id":"a2","score":0.77},{"id":"a3","score":0.71}]}`
)

// BenchmarkSealed weighs the sealing of one message, and of one turn with its
// four values, with the key in memory.
func BenchmarkSealed(b *testing.B) {
	for _, suite := range []keys.Suite{keys.AES, keys.SM} {
		k := benchKeys(b, suite)
		for what, values := range map[string][]string{"message": {messageText}, "turn": {turnText, turnText, turnText, messageText}} {
			b.Run(string(suite)+"/"+what, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					for i, v := range values {
						sealAndOpen(b, k, fmt.Sprint("messages.content:", i), v)
					}
				}
			})
		}
	}
}

func benchKeys(b *testing.B, suite keys.Suite) *keys.Keys {
	b.Helper()
	k, err := keys.Open(b.Context(), keys.Config{Value: newRoot(b), Suite: suite}, keys.Deps{
		Store: sqlitePlace(b).openBare(b, jiban.SystemClock{}), Clock: jiban.SystemClock{}, IDs: jiban.RandomIDs{Clock: jiban.SystemClock{}}})
	if err != nil {
		b.Fatal(err)
	}
	if err := k.Ready(b.Context(), "c"); err != nil {
		b.Fatal(err)
	}
	return k
}

func sealAndOpen(b *testing.B, k *keys.Keys, at, text string) {
	sealed, ready, err := k.SealNow("c", at, []byte(text))
	if err != nil || !ready {
		b.Fatal(ready, err)
	}
	if plain, missing, err := k.OpenNow(at, sealed); err != nil || missing != "" || len(plain) != len(text) {
		b.Fatal(missing, err)
	}
}

// BenchmarkSealedStore runs the same with keys and without in one run, in turns so
// that the machine's load falls on both, and gives the ratio.
func BenchmarkSealedStore(b *testing.B) {
	onBothBench(b, func(b *testing.B, p place) {
		for _, n := range []int{1, 64} {
			clear, sealed := clearStore(b, p.another(b)), p.another(b).open(b)
			var id atomic.Int64
			b.Run(fmt.Sprint("receive/", n), func(b *testing.B) {
				compare(b, n, clear, sealed, func(s *store.Store, caller int) error {
					_, _, err := s.Receive(b.Context(), text(fmt.Sprint("r", id.Add(1)), fmt.Sprint("p", caller), messageText))
					return err
				})
			})
			b.Run(fmt.Sprint("turn/", n), func(b *testing.B) {
				compare(b, n, clear, sealed, func(s *store.Store, caller int) error {
					return turnOnce(b, s, fmt.Sprint("t", id.Add(1)), fmt.Sprint("p", caller))
				})
			})
		}
	})
}

// another is a second empty database of the same kind.
func (p place) another(b testing.TB) place {
	if p.postgres {
		return postgresPlace(b)
	}
	return sqlitePlace(b)
}

func clearStore(b *testing.B, p place) *store.Store {
	b.Helper()
	s := p.openBare(b, jiban.SystemClock{})
	if err := s.SetRoot(b.Context(), "", store.ClearRoot); err != nil {
		b.Fatal(err)
	}
	return s.With(store.ClearKeys{})
}

// compareRounds is how often the two stores take turns.
const compareRounds = 10

func compare(b *testing.B, n int, clear, sealed *store.Store, call func(s *store.Store, caller int) error) {
	b.Helper()
	spent, busy := map[*store.Store]time.Duration{}, map[*store.Store]time.Duration{}
	for _, s := range []*store.Store{clear, sealed} {
		run(b, n, n, func(caller int) error { return call(s, caller) })
	}
	each := max(1, b.N/compareRounds/2)
	b.ResetTimer()
	for range compareRounds {
		for _, s := range []*store.Store{clear, sealed} {
			began, used := time.Now(), processorTime(b)
			run(b, n, each, func(caller int) error { return call(s, caller) })
			spent[s] += time.Since(began)
			busy[s] += processorTime(b) - used
		}
	}
	calls := float64(each * compareRounds)
	b.ReportMetric(float64(spent[clear].Microseconds())/calls, "µs/clear")
	b.ReportMetric(float64(spent[sealed].Microseconds())/calls, "µs/sealed")
	b.ReportMetric(float64(spent[sealed])/float64(spent[clear]), "ratio")
	b.ReportMetric(float64(busy[clear].Microseconds())/calls, "cpu-µs/clear")
	b.ReportMetric(float64(busy[sealed].Microseconds())/calls, "cpu-µs/sealed")
	b.ReportMetric(float64(busy[sealed])/float64(busy[clear]), "cpu-ratio")
}

// processorTime is what this process has used: unlike the clock it does not tell
// what else the machine does. A server's time is not in it.
func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
