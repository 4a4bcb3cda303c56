package shared_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"jiban"
	"jiban/store/shared"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sharing is what both forms offer.
type sharing interface {
	Publish(ctx context.Context, topic string, data []byte) error
	Subscribe(ctx context.Context, topic string) (<-chan []byte, func(), error)
	Acquire(ctx context.Context, key, owner string, ttl time.Duration) (bool, error)
	Release(ctx context.Context, key, owner string) error
	Count(ctx context.Context, key string, n int64, ttl time.Duration) (int64, error)
	Touch(ctx context.Context, set, member string, ttl time.Duration) error
	Remove(ctx context.Context, set, member string) error
	Members(ctx context.Context, set string) ([]string, error)
	Get(ctx context.Context, key string) (string, bool, error)
	Set(ctx context.Context, key, value string, ttl time.Duration) error
	Healthy(ctx context.Context) error
	Close() error
}

// stage is two nodes that share, and a way to let time pass.
type stage struct {
	a, b sharing
	pass func(time.Duration)
	name string // makes keys of a test its own
}

func (s stage) key(k string) string { return s.name + "/" + k }

func onBoth(t *testing.T, test func(t *testing.T, s stage)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) {
		clock := jiban.NewManualClock(time.Date(2026, 11, 2, 1, 0, 0, 0, time.UTC))
		m := shared.NewMemory(clock)
		t.Cleanup(func() { m.Close() })
		test(t, stage{a: m, b: m, pass: clock.Advance, name: t.Name()})
	})
	t.Run("redis", func(t *testing.T) {
		url := os.Getenv("JIBAN_TEST_REDIS")
		if url == "" {
			t.Skip("no Redis: run this through scripts/services.sh")
		}
		name := fmt.Sprintf("%s-%d", t.Name(), time.Now().UnixNano())
		test(t, stage{a: connect(t, url), b: connect(t, url), pass: time.Sleep, name: name})
	})
}

func connect(t *testing.T, url string) *shared.Redis {
	t.Helper()
	r, err := shared.NewRedis(url, jiban.SystemClock{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return r
}

const short = 60 * time.Millisecond

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestLease(t *testing.T) {
	onBoth(t, func(t *testing.T, s stage) {
		ctx, key := t.Context(), s.key("conversation")
		acquire := func(n sharing, owner string, want bool) {
			t.Helper()
			got, err := n.Acquire(ctx, key, owner, short)
			if err != nil || got != want {
				t.Fatalf("%s gets the lease: %v, %v, want %v", owner, got, err, want)
			}
		}
		acquire(s.a, "one", true)
		acquire(s.b, "two", false)
		acquire(s.a, "one", true) // extends
		check(t, s.b.Release(ctx, key, "two"))
		acquire(s.b, "two", false)
		check(t, s.a.Release(ctx, key, "one"))
		acquire(s.b, "two", true)
		s.pass(2 * short)
		acquire(s.a, "one", true) // the other's time has passed
		check(t, s.b.Release(ctx, key, "two"))
		acquire(s.b, "two", false)
	})
}

func TestLeaseHasOneHolder(t *testing.T) {
	onBoth(t, func(t *testing.T, s stage) {
		var got atomic.Int64
		var wg sync.WaitGroup
		for i := range 16 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				ok, err := s.a.Acquire(t.Context(), s.key("x"), fmt.Sprint("owner", i), time.Minute)
				if err != nil {
					t.Error(err)
				}
				if ok {
					got.Add(1)
				}
			}()
		}
		wg.Wait()
		if got.Load() != 1 {
			t.Errorf("%d got the lease", got.Load())
		}
	})
}

func TestCounter(t *testing.T) {
	onBoth(t, func(t *testing.T, s stage) {
		count := func(n sharing, add, want int64) {
			t.Helper()
			got, err := n.Count(t.Context(), s.key("rate"), add, short)
			if err != nil || got != want {
				t.Fatalf("count is %d, %v, want %d", got, err, want)
			}
		}
		count(s.a, 1, 1)
		count(s.b, 2, 3)
		s.pass(short / 2)
		count(s.a, 0, 3) // counting does not prolong it
		s.pass(short)
		count(s.b, 1, 1)
	})
}

func TestPresence(t *testing.T) {
	onBoth(t, func(t *testing.T, s stage) {
		ctx, set := t.Context(), s.key("agents")
		members := func(want ...string) {
			t.Helper()
			got, err := s.b.Members(ctx, set)
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("members %v, %v, want %v", got, err, want)
			}
		}
		members()
		check(t, s.a.Touch(ctx, set, "zhang", time.Minute))
		check(t, s.a.Touch(ctx, set, "li", short))
		check(t, s.b.Touch(ctx, set, "王", time.Minute))
		members("li", "zhang", "王")
		s.pass(2 * short)
		members("zhang", "王")
		check(t, s.b.Remove(ctx, set, "zhang"))
		check(t, s.b.Remove(ctx, set, "nobody"))
		members("王")
	})
}

func TestValue(t *testing.T) {
	onBoth(t, func(t *testing.T, s stage) {
		get := func(want string, found bool) {
			t.Helper()
			got, ok, err := s.b.Get(t.Context(), s.key("token"))
			if err != nil || got != want || ok != found {
				t.Fatalf("the value is %q, %v, %v, want %q", got, ok, err, want)
			}
		}
		get("", false)
		check(t, s.a.Set(t.Context(), s.key("token"), "一\x00\xff", short))
		get("一\x00\xff", true)
		s.pass(2 * short)
		get("", false)
	})
}

// next waits for a message.
func next(t *testing.T, ch <-chan []byte) string {
	t.Helper()
	select {
	case data, ok := <-ch:
		if !ok {
			t.Fatal("the subscription ended")
		}
		return string(data)
	case <-time.After(5 * time.Second):
		t.Fatal("no message came")
	}
	return ""
}

func TestPublishReachesAllSubscribers(t *testing.T) {
	onBoth(t, func(t *testing.T, s stage) {
		ctx, topic := t.Context(), s.key("conversation/1")
		one, leaveOne, err := s.a.Subscribe(ctx, topic)
		check(t, err)
		two, leaveTwo, err := s.a.Subscribe(ctx, topic)
		check(t, err)
		three, leaveThree, err := s.b.Subscribe(ctx, topic)
		check(t, err)
		other, leaveOther, err := s.b.Subscribe(ctx, s.key("conversation/2"))
		check(t, err)
		defer leaveOther()
		check(t, s.b.Publish(ctx, topic, []byte("消息")))
		for _, ch := range []<-chan []byte{one, two, three} {
			if got := next(t, ch); got != "消息" {
				t.Errorf("got %q", got)
			}
		}
		leaveOne()
		leaveOne() // twice does no harm
		if _, open := <-one; open {
			t.Error("the channel is open after leaving")
		}
		check(t, s.a.Publish(ctx, topic, []byte("more")))
		if next(t, two) != "more" || next(t, three) != "more" {
			t.Error("who stayed got something else")
		}
		leaveTwo()
		leaveThree()
		again, leaveAgain, err := s.a.Subscribe(ctx, topic)
		check(t, err)
		defer leaveAgain()
		check(t, s.b.Publish(ctx, topic, []byte("again")))
		if next(t, again) != "again" {
			t.Error("subscribing again gives something else")
		}
		if len(other) != 0 {
			t.Error("another topic got a message")
		}
	})
}

// People open and close the same page: who is subscribed hears, whatever the
// others do meanwhile.
func TestSubscribersComeAndGo(t *testing.T) {
	onBoth(t, func(t *testing.T, s stage) {
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for round := range 20 {
					ch, leave, err := s.a.Subscribe(t.Context(), s.key("x"))
					if err != nil {
						t.Error(err)
						return
					}
					mine := fmt.Sprintf("%d/%d", i, round)
					if err := s.b.Publish(t.Context(), s.key("x"), []byte(mine)); err != nil {
						t.Error(err)
					}
					if !hears(ch, mine) {
						t.Errorf("%s was not heard", mine)
					}
					leave()
				}
			}()
		}
		wg.Wait()
	})
}

// hears reports whether a message comes on a channel.
func hears(ch <-chan []byte, want string) bool {
	timeout := time.After(5 * time.Second)
	for {
		select {
		case data := <-ch:
			if string(data) == want {
				return true
			}
		case <-timeout:
			return false
		}
	}
}

func TestSlowSubscriberBlocksNobody(t *testing.T) {
	onBoth(t, func(t *testing.T, s stage) {
		slow, leaveSlow, err := s.a.Subscribe(t.Context(), s.key("x"))
		check(t, err)
		defer leaveSlow()
		fast, leaveFast, err := s.a.Subscribe(t.Context(), s.key("x"))
		check(t, err)
		defer leaveFast()
		for i := range 2000 {
			check(t, s.a.Publish(t.Context(), s.key("x"), fmt.Append(nil, i)))
			if got := next(t, fast); got != fmt.Sprint(i) {
				t.Fatalf("got %s, want %d", got, i)
			}
		}
		if next(t, slow) != "0" {
			t.Error("the slow one lost its first message")
		}
	})
}

func TestBadAddressIsRefusedWithoutItsPassword(t *testing.T) {
	_, err := shared.NewRedis("rediss3://:secret@host:x", jiban.SystemClock{}, slog.New(slog.DiscardHandler))
	if jiban.CodeOf(err) != jiban.CodeInvalid || strings.Contains(err.Error(), "secret") {
		t.Errorf("the error is %v", err)
	}
}

// server is a Redis of the test's own, which can be stopped and started.
type server struct {
	t    *testing.T
	port int
	cmd  *exec.Cmd
}

func newServer(t *testing.T) *server {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Skip("no redis-server here: run this through scripts/services.sh")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	s := &server{t: t, port: port}
	t.Cleanup(s.stop)
	s.start()
	return s
}

func (s *server) start() {
	s.t.Helper()
	s.cmd = exec.Command("redis-server", "--port", fmt.Sprint(s.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", s.t.TempDir())
	check(s.t, s.cmd.Start())
	for deadline := time.Now().Add(10 * time.Second); ; {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", s.port))
		if err == nil {
			conn.Close()
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatal("Redis does not start")
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func (s *server) stop() {
	if s.cmd != nil {
		s.cmd.Process.Kill()
		s.cmd.Wait()
		s.cmd = nil
	}
}

func TestRedisGoneAndBack(t *testing.T) {
	server := newServer(t)
	r := connect(t, fmt.Sprintf("redis://127.0.0.1:%d", server.port))
	ctx := t.Context()
	before, leave, err := r.Subscribe(ctx, "before")
	check(t, err)
	defer leave()
	check(t, r.Publish(ctx, "before", []byte("1")))
	next(t, before)

	server.stop()
	began := time.Now()
	for range 50 { // many calls, none of which keeps its caller waiting
		_, err := r.Acquire(ctx, "k", "me", time.Second)
		if jiban.CodeOf(err) != jiban.CodeUnavailable {
			t.Fatalf("with Redis gone: %v", err)
		}
	}
	if d := time.Since(began); d > 5*time.Second {
		t.Errorf("50 calls took %v", d)
	}
	during, leaveDuring, err := r.Subscribe(ctx, "during")
	check(t, err)
	defer leaveDuring()

	server.start()
	eventually(t, "a call works again", func() bool { return r.Healthy(ctx) == nil })
	for topic, ch := range map[string]<-chan []byte{"before": before, "during": during} {
		eventually(t, "a message comes on "+topic, func() bool {
			if err := r.Publish(ctx, topic, []byte("2")); err != nil {
				return false
			}
			select {
			case <-ch:
				return true
			case <-time.After(50 * time.Millisecond):
				return false
			}
		})
	}
	if ok, err := r.Acquire(ctx, "k", "me", time.Second); !ok || err != nil {
		t.Errorf("a lease after the restart: %v, %v", ok, err)
	}
}

// A Redis that takes connections and never answers must not hold anybody.
func TestSilentRedis(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer l.Close()
	r := connect(t, "redis://"+l.Addr().String())
	began := time.Now()
	for range 3 {
		if err := r.Healthy(t.Context()); jiban.CodeOf(err) != jiban.CodeUnavailable {
			t.Fatalf("a silent Redis is %v", err)
		}
	}
	if d := time.Since(began); d > 4*time.Second {
		t.Errorf("3 calls took %v", d)
	}
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(15 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never happened: %s", what)
		}
	}
}
