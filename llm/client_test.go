package llm_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"jiban"
	"jiban/dialog/runner"
	"jiban/llm"
	"jiban/llm/llmtest"
	"jiban/store/shared"
)

// ledger is the day's counter of a test.
type ledger struct {
	mu    sync.Mutex
	n     map[string]int64
	fails bool
}

func (l *ledger) AddSerial(_ context.Context, name string, n int64) (int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fails {
		return 0, errors.New("the disk is full")
	}
	if l.n == nil {
		l.n = map[string]int64{}
	}
	l.n[name] += n
	return l.n[name], nil
}

func (l *ledger) total() (sum int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, n := range l.n {
		sum += n
	}
	return sum
}

// counted remembers what was counted.
type counted struct {
	mu     sync.Mutex
	calls  map[string]int
	tokens int
	open   bool
}

func (c *counted) ModelCalled(_, result string, _ time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.calls == nil {
		c.calls = map[string]int{}
	}
	c.calls[result]++
}

func (c *counted) ModelTokens(p, a int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tokens += p + a
}

func (c *counted) ModelBreaker(open bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open = open
}

type bench struct {
	*llm.Client
	server  *llmtest.Server
	clock   *jiban.ManualClock
	ledger  *ledger
	metrics *counted
	log     *bytes.Buffer
}

func newBench(t *testing.T, change func(*llm.Config)) *bench {
	b := &bench{server: llmtest.New(t), clock: jiban.NewManualClock(time.Date(2026, 11, 2, 1, 0, 0, 0, time.UTC)), ledger: &ledger{}, metrics: &counted{}, log: &bytes.Buffer{}}
	cfg := llm.Config{BaseURL: b.server.URL, APIKey: llmtest.Key, Model: "test-model", CallTime: 2 * time.Second, ResponseBytes: 64 << 10, DayTokens: 100_000, ConversationTokens: 20_000}
	if change != nil {
		change(&cfg)
	}
	var err error
	b.Client, err = llm.New(cfg, llm.Deps{Ledger: b.ledger, Counters: shared.NewMemory(b.clock), Metrics: b.metrics, Clock: b.clock,
		Log: slog.New(slog.NewJSONHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

const good = `{"summary":"小区停水两天"}`

// secret is what a person said: it may not come back in an error.
const secret = "我叫王芳住在学府路"

func question() runner.ModelQuestion {
	return runner.ModelQuestion{Task: "summary", Conversation: "c1", System: "概括", User: secret, Schema: json.RawMessage(`{"type":"object"}`), MaxTokens: 100,
		Accept: func(text string) string {
			var v struct{ Summary string }
			if json.Unmarshal([]byte(text), &v) != nil || v.Summary == "" {
				return "schema"
			}
			return ""
		}}
}

func ask(b *bench, q runner.ModelQuestion) (runner.ModelAnswer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return b.Ask(ctx, q)
}

func TestAsk(t *testing.T) {
	b := newBench(t, nil)
	b.server.Says(good)
	got, err := ask(b, question())
	if err != nil || got.Text != good || got.Tries != 1 || got.Model != "test-model" || got.PromptTokens != llmtest.PromptTokens {
		t.Fatalf("%+v, %v", got, err)
	}
	r := b.server.Requests()[0]
	if r.Format != "json_schema" || !r.Strict || r.Task() != "summary" || r.MaxTokens != 100 || r.Key != llmtest.Key || r.Stream {
		t.Errorf("sent %+v", r)
	}
	if b.ledger.total() != llmtest.PromptTokens+llmtest.CompletionTokens || b.metrics.calls["ok"] != 1 || b.metrics.tokens != 150 {
		t.Errorf("counted %d, %+v", b.ledger.total(), b.metrics)
	}
}

// TestEveryWayToFail has the endpoint fail in each way, once: the second try
// answers where there is one. Then for good: a typed error after two tries, without
// a word of what was sent.
func TestEveryWayToFail(t *testing.T) {
	cases := []struct {
		name   string
		reply  llmtest.Reply
		kind   string
		again  bool // a second try is made
		change func(*llm.Config)
	}{
		{"slow", llmtest.Reply{Content: good, Delay: 3 * time.Second}, "slow", true, func(c *llm.Config) { c.CallTime = 150 * time.Millisecond }},
		{"429 to come back soon", llmtest.Reply{Status: 429, RetryAfter: "0"}, "limited", true, nil},
		{"429 to come back late", llmtest.Reply{Status: 429, RetryAfter: "60"}, "limited", false, nil},
		{"429 with a date", llmtest.Reply{Status: 429, RetryAfter: "Wed, 21 Oct 2026 07:28:00 GMT"}, "limited", false, nil},
		{"500", llmtest.Reply{Status: 500}, "server", true, nil},
		{"HTML of status 200", llmtest.Reply{Body: "<html><body>502 Bad Gateway</body></html>", Type: "text/html"}, "garbled", true, nil},
		{"HTML of status 502", llmtest.Reply{Body: "<html></html>", Type: "text/html", Status: 502}, "server", true, nil},
		{"broken JSON around it", llmtest.Reply{Body: `{"choices":[{"message":{"content":"x"`, Type: "application/json"}, "cut", true, nil},
		{"no choice", llmtest.Reply{Body: `{"choices":[]}`, Type: "application/json"}, "garbled", true, nil},
		{"broken connection", llmtest.Reply{Content: good, CutAfter: 1}, "cut", true, nil},
		{"broken JSON inside", llmtest.Reply{Content: `{"summary":"小区`}, "schema", true, nil},
		{"wrong schema", llmtest.Reply{Content: `{"text":"小区停水"}`}, "schema", true, nil},
		{"prose", llmtest.Reply{Content: "好的，小区停水。"}, "schema", true, nil},
		{"more than was granted", llmtest.Reply{Content: good, Finish: "length"}, "truncated", false, nil},
		{"filtered", llmtest.Reply{Content: "", Finish: "content_filter"}, "filtered", false, nil},
		{"oversized", llmtest.Reply{Content: strings.Repeat("长", 60_000)}, "oversized", false, nil},
		{"wrong key", llmtest.Reply{Status: 401}, "unauthorized", false, nil},
		{"redirect", llmtest.Reply{Redirect: "http://192.0.2.1/v1/chat/completions"}, "redirected", false, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			once := newBench(t, c.change)
			once.server.Then(c.reply).Says(good)
			got, err := ask(once, question())
			if (err == nil) != c.again || c.again && got.Tries != 2 {
				t.Errorf("after one failure: %+v, %v", got, err)
			}
			b := newBench(t, c.change)
			b.server.Always(func(llmtest.Request) llmtest.Reply { return c.reply })
			got, err = ask(b, question())
			var f *llm.Failure
			if !errors.As(err, &f) || string(f.Kind) != c.kind || got.Failed != c.kind || got.Text != "" {
				t.Fatalf("%+v, %v; want %s", got, err, c.kind)
			}
			if want := map[bool]int{true: 2, false: 1}[c.again]; got.Tries != want || len(b.server.Requests()) != want {
				t.Errorf("%d tries, %d requests, want %d", got.Tries, len(b.server.Requests()), want)
			}
			silent(t, b, err)
		})
	}
}

// silent fails where what was sent, or the key, shows in an error or a log.
func silent(t *testing.T, b *bench, err error) {
	t.Helper()
	for _, place := range []string{fmt.Sprintf("%v %+v %#v", err, err, errors.Unwrap(err)), b.log.String()} {
		for _, s := range []string{secret, "王芳", llmtest.Key, "sk-test"} {
			if strings.Contains(place, s) {
				t.Errorf("%q shows in %s", s, place)
			}
		}
	}
}

func TestNobodyThere(t *testing.T) {
	b := newBench(t, func(c *llm.Config) { c.BaseURL = "http://127.0.0.1:1/v1" })
	got, err := ask(b, question())
	if got.Failed != "unreachable" || got.Tries != 2 || jiban.CodeOf(err) != jiban.CodeUnavailable {
		t.Fatalf("%+v, %v", got, err)
	}
}

// TestARedirectIsNotFollowedToAnotherHost: it would carry the prompt away.
func TestARedirectIsNotFollowedToAnotherHost(t *testing.T) {
	var stolen bool
	thief := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { stolen = true }))
	defer thief.Close()
	b := newBench(t, nil)
	b.server.Always(func(llmtest.Request) llmtest.Reply {
		return llmtest.Reply{Redirect: thief.URL + "/v1/chat/completions"}
	})
	if got, err := ask(b, question()); err == nil || got.Failed != "redirected" || stolen {
		t.Fatalf("%+v, %v, stolen %v", got, err, stolen)
	}
}

// TestFormats: a server that takes no schema is asked for JSON, one that takes no
// format at all in plain text; what it takes is asked for at once the next time.
func TestFormats(t *testing.T) {
	for _, c := range []struct {
		takes string
		first int
		reply string
	}{{"json_schema", 1, good}, {"json_object", 2, good}, {"", 3, "```json\n" + good + "\n```"}} {
		b := newBench(t, nil)
		b.server.Always(func(r llmtest.Request) llmtest.Reply {
			if r.Format != c.takes {
				return llmtest.Reply{Status: http.StatusBadRequest}
			}
			return llmtest.Reply{Content: c.reply}
		})
		for n := range 2 {
			got, err := ask(b, question())
			if err != nil || got.Text != good || got.Tries != 1 {
				t.Fatalf("%q: %+v, %v", c.takes, got, err)
			}
			if want := c.first + n; len(b.server.Requests()) != want {
				t.Errorf("%q: %d requests after ask %d, want %d", c.takes, len(b.server.Requests()), n+1, want)
			}
		}
	}
}

func TestStream(t *testing.T) {
	b := newBench(t, nil)
	b.server.Says(good)
	q := question()
	var heard []string
	q.Growing = func(text string) bool { heard = append(heard, text); return true }
	got, err := ask(b, q)
	if err != nil || got.Text != good || len(heard) < 3 || heard[len(heard)-1] != good || got.CompletionTokens != llmtest.CompletionTokens || got.Estimated {
		t.Fatalf("%+v, %v, heard %d", got, err, len(heard))
	}
	if !b.server.Requests()[0].Stream {
		t.Error("no stream was asked for")
	}
}

func TestStreamsThatFail(t *testing.T) {
	for _, c := range []struct {
		name, kind string
		reply      llmtest.Reply
	}{
		{"cut", "cut", llmtest.Reply{Content: good, CutAfter: 2}},
		{"no reason at the end", "cut", llmtest.Reply{Content: good, Finish: "-"}},
		{"truncated", "truncated", llmtest.Reply{Content: good, Finish: "length"}},
		{"slow between its parts", "slow", llmtest.Reply{Content: good, Pace: time.Second}},
		{"oversized", "oversized", llmtest.Reply{Content: strings.Repeat("长", 20_000)}},
		{"an error in the middle", "garbled", llmtest.Reply{Body: "data: {\"error\":{\"message\":\"" + secret + "\"}}\n\n", Type: "text/event-stream"}},
		{"HTML", "cut", llmtest.Reply{Body: "<html></html>", Type: "text/html"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, func(c *llm.Config) { c.CallTime = 1500 * time.Millisecond })
			b.server.Always(func(llmtest.Request) llmtest.Reply { return c.reply })
			q := question()
			q.Growing = func(string) bool { return true }
			got, err := ask(b, q)
			if got.Failed != c.kind || err == nil {
				t.Fatalf("%+v, %v; want %s", got, err, c.kind)
			}
			silent(t, b, err)
		})
	}
}

// TestAServerWithoutStreams is asked without, from then on at once.
func TestAServerWithoutStreams(t *testing.T) {
	b := newBench(t, nil)
	b.server.Always(func(r llmtest.Request) llmtest.Reply {
		if r.Stream {
			return llmtest.Reply{Status: http.StatusBadRequest}
		}
		return llmtest.Reply{Content: good, NoUsage: true}
	})
	q := question()
	q.Growing = func(string) bool { return true }
	for n := range 2 {
		got, err := ask(b, q)
		if err != nil || !got.Estimated || got.PromptTokens == 0 || got.CompletionTokens == 0 || len(b.server.Requests()) != 2+n {
			t.Fatalf("%+v, %v, %d requests", got, err, len(b.server.Requests()))
		}
	}
}

// TestTheListenerEndsACall: what it refuses is not read to the end.
func TestTheListenerEndsACall(t *testing.T) {
	b := newBench(t, nil)
	b.server.Says(good)
	q := question()
	q.Growing = func(string) bool { return false }
	if got, err := ask(b, q); err == nil || got.Failed != "withdrawn" || got.Tries != 2 {
		t.Fatalf("%+v, %v", got, err)
	}
	if b.Ready(t.Context()) == "" {
		t.Error("that is no fault of the endpoint")
	}
}

func TestBreaker(t *testing.T) {
	b := newBench(t, func(c *llm.Config) { c.Failures, c.OpenFor = 4, 30*time.Second })
	b.server.Always(func(llmtest.Request) llmtest.Reply { return llmtest.Reply{Status: 500} })
	for range 2 {
		if _, err := ask(b, question()); err == nil {
			t.Fatal("it answered")
		}
	}
	before := len(b.server.Requests())
	if got, err := ask(b, question()); b.Ready(t.Context()) != "" || got.Failed != "open" || err == nil || got.Tries != 0 || !b.metrics.open {
		t.Fatalf("after four failures: %+v, %v, ready %q", got, err, b.Ready(t.Context()))
	}
	if len(b.server.Requests()) != before {
		t.Error("an open breaker let a call through")
	}
	b.clock.Advance(31 * time.Second)
	if b.Ready(t.Context()) == "" {
		t.Fatal("no probe after the pause")
	}
	// The probe fails: open again, after one call only.
	if got, _ := ask(b, question()); got.Tries != 1 || len(b.server.Requests()) != before+1 {
		t.Fatalf("a failed probe: %+v, %d requests", got, len(b.server.Requests())-before)
	}
	b.clock.Advance(31 * time.Second)
	b.server.Says(good)
	if _, err := ask(b, question()); err != nil || b.Ready(t.Context()) == "" || b.metrics.open {
		t.Fatalf("a good probe does not close it: %v", err)
	}
}

// TestOneProbeAtATime: while it is under way the others go without.
func TestOneProbeAtATime(t *testing.T) {
	b := newBench(t, func(c *llm.Config) { c.Failures = 1 })
	b.server.Then(llmtest.Reply{Status: 401}).Always(func(llmtest.Request) llmtest.Reply {
		return llmtest.Reply{Content: good, Delay: 300 * time.Millisecond}
	})
	ask(b, question())
	b.clock.Advance(time.Minute)
	var all sync.WaitGroup
	answered := make(chan bool, 8)
	for range 8 {
		all.Go(func() { _, err := ask(b, question()); answered <- err == nil })
	}
	all.Wait()
	close(answered)
	n := 0
	for ok := range answered {
		if ok {
			n++
		}
	}
	if n != 1 || len(b.server.Requests()) != 2 {
		t.Errorf("%d answered, %d requests; want one probe", n, len(b.server.Requests()))
	}
}

// TestRefusedAnswersDoNotOpenTheBreaker: the endpoint is well, its answers are not.
func TestRefusedAnswersDoNotOpenTheBreaker(t *testing.T) {
	b := newBench(t, func(c *llm.Config) { c.Failures = 2 })
	b.server.Says("nonsense")
	for range 3 {
		ask(b, question())
	}
	if b.Ready(t.Context()) == "" {
		t.Error("the breaker is open")
	}
}

func TestSpending(t *testing.T) {
	t.Run("a conversation", func(t *testing.T) {
		b := newBench(t, func(c *llm.Config) { c.ConversationTokens = 350 })
		b.server.Says(good)
		for n, want := range []string{"", "", "talk_spent"} {
			if got, _ := ask(b, question()); got.Failed != want {
				t.Fatalf("ask %d: %+v, want %q", n+1, got, want)
			}
		}
		other := question()
		other.Conversation = "c2"
		if _, err := ask(b, other); err != nil {
			t.Errorf("another conversation has to go without: %v", err)
		}
		b.clock.Advance(25 * time.Hour)
		if _, err := ask(b, question()); err != nil {
			t.Errorf("the next day: %v", err)
		}
	})
	t.Run("a day", func(t *testing.T) {
		b := newBench(t, func(c *llm.Config) { c.DayTokens, c.AnswerTokens = 350, 100 })
		b.server.Says(good)
		for n, want := range []string{"", "", "day_spent"} {
			if got, _ := ask(b, question()); got.Failed != want {
				t.Fatalf("ask %d: %+v, want %q", n+1, got, want)
			}
		}
		if b.ledger.total() != 300 {
			t.Errorf("the day's counter is %d: what was not spent was not given back", b.ledger.total())
		}
		if b.Ready(t.Context()) != "" {
			t.Error("it is asked again on a day that is spent")
		}
		b.clock.Advance(24 * time.Hour)
		if _, err := ask(b, question()); err != nil || b.Ready(t.Context()) == "" {
			t.Errorf("the next day: %v", err)
		}
	})
	t.Run("many at once", func(t *testing.T) {
		b := newBench(t, func(c *llm.Config) { c.DayTokens, c.ConversationTokens = 1000, 0 })
		b.server.Always(func(llmtest.Request) llmtest.Reply { return llmtest.Reply{Content: good, Delay: 20 * time.Millisecond} })
		var all sync.WaitGroup
		for range 40 {
			all.Go(func() { ask(b, question()) })
		}
		all.Wait()
		if b.ledger.total() > 1000 || b.metrics.tokens > 1000 {
			t.Errorf("%d and %d tokens for a limit of 1000", b.ledger.total(), b.metrics.tokens)
		}
	})
	t.Run("nothing is counted", func(t *testing.T) {
		b := newBench(t, nil)
		b.ledger.fails = true
		b.server.Says(good)
		if got, err := ask(b, question()); got.Failed != "uncounted" || err == nil || len(b.server.Requests()) != 0 {
			t.Errorf("%+v, %v, %d requests", got, err, len(b.server.Requests()))
		}
	})
}

func TestLimitsOfSize(t *testing.T) {
	b := newBench(t, func(c *llm.Config) { c.PromptChars, c.AnswerTokens = 100, 50 })
	b.server.Says(good)
	q := question()
	q.User = strings.Repeat("长", 100)
	if got, err := ask(b, q); got.Failed != "prompt_length" || err == nil || len(b.server.Requests()) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := ask(b, question()); err != nil || b.server.Requests()[0].MaxTokens != 50 {
		t.Errorf("%v, %+v", err, b.server.Requests())
	}
}

// TestTheCallersTimeEnds: no second try, and no fault of the endpoint.
func TestTheCallersTimeEnds(t *testing.T) {
	b := newBench(t, func(c *llm.Config) { c.Failures = 1 })
	b.server.Always(func(llmtest.Request) llmtest.Reply { return llmtest.Reply{Content: good, Delay: 5 * time.Second} })
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(100*time.Millisecond, cancel)
	got, err := b.Ask(ctx, question())
	if err == nil || got.Failed != "cancelled" || got.Tries != 1 || b.Ready(t.Context()) == "" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestNewRefuses(t *testing.T) {
	if _, err := llm.New(llm.Config{Model: "m"}, llm.Deps{}); jiban.CodeOf(err) != jiban.CodeInvalid {
		t.Error(err)
	}
}

// TestReasoningModels take another name for the limit and no temperature; the
// library refuses the request otherwise.
func TestReasoningModels(t *testing.T) {
	b := newBench(t, func(c *llm.Config) { c.Model = "gpt-5-mini" })
	b.server.Says(good)
	if _, err := ask(b, question()); err != nil || b.server.Requests()[0].MaxTokens != 100 {
		t.Fatal(err)
	}
}
