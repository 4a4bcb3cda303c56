package llm

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	openai "github.com/sashabaranov/go-openai"

	"jiban"
	"jiban/dialog/runner"
)

// Config says where the model is and what it may cost.
type Config struct {
	BaseURL string // up to and with /v1
	APIKey  string
	Model   string
	// CallTime bounds one call; all calls of an ask end with the caller's context.
	CallTime time.Duration
	// PromptChars bounds what is sent, in characters; ResponseBytes what is read.
	PromptChars   int
	AnswerTokens  int
	ResponseBytes int64
	// ConversationTokens and DayTokens are what one conversation may cost in 24 hours
	// and the house in one day, Beijing time; prompts and answers count. Zero: no limit.
	ConversationTokens, DayTokens int64
	// Failures in a row open the breaker for OpenFor; then one call probes.
	Failures int
	OpenFor  time.Duration
}

// Ledger counts what a day costs. It outlives a restart and is one for all nodes.
type Ledger interface {
	// AddSerial adds n, which may be negative, to a counter and returns it.
	AddSerial(ctx context.Context, name string, n int64) (int64, error)
}

// Counters count what a conversation costs.
type Counters interface {
	Count(ctx context.Context, key string, n int64, ttl time.Duration) (int64, error)
}

// Metrics count what an operator needs to know.
type Metrics interface {
	// ModelCalled: result is ok or the kind of the failure.
	ModelCalled(task, result string, took time.Duration)
	ModelTokens(prompt, completion int)
	ModelBreaker(open bool)
}

// Deps is what a client stands on.
type Deps struct {
	Ledger   Ledger
	Counters Counters
	Metrics  Metrics // nil: nobody counts
	Clock    jiban.Clock
	Log      *slog.Logger
}

// Client asks one model. It is safe for concurrent use.
type Client struct {
	cfg        Config
	d          Deps
	api        *openai.Client
	breaker    *breaker
	http       *http.Client
	format     atomic.Int32 // the index in formats of what the server takes
	unstreamed atomic.Bool  // the server does not stream
	spent      atomic.Value // the day whose tokens are spent
}

var _ runner.Model = (*Client)(nil)

// The limits where the configuration says nothing.
const (
	defaultCallTime      = 4 * time.Second
	defaultPromptChars   = 8000
	defaultAnswerTokens  = 800
	defaultResponseBytes = 256 << 10
	defaultFailures      = 5
	defaultOpenFor       = 30 * time.Second
)

// New returns a client; nothing is asked yet. CodeInvalid without an address or a
// model's name.
func New(cfg Config, d Deps) (*Client, error) {
	if cfg.BaseURL == "" || cfg.Model == "" || d.Clock == nil || d.Ledger == nil || d.Counters == nil {
		return nil, jiban.Errorf(jiban.CodeInvalid, "llm.New", "a model needs llm.base_url, llm.model, a clock and counters")
	}
	cfg = cfg.withDefaults()
	if d.Metrics == nil {
		d.Metrics = uncounted{}
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	c := &Client{cfg: cfg, d: d, breaker: &breaker{clock: d.Clock, limit: cfg.Failures, pause: cfg.OpenFor}}
	c.spent.Store("")
	conf := openai.DefaultConfig(cfg.APIKey)
	conf.BaseURL = strings.TrimRight(cfg.BaseURL, "/")
	c.http = newHTTP(cfg.ResponseBytes)
	conf.HTTPClient = c.http
	conf.EmptyMessagesLimit = emptyLines
	c.api = openai.NewClientWithConfig(conf)
	return c, nil
}

// emptyLines is how many lines of a stream may be empty, or keep it alive.
const emptyLines = 300

func (c Config) withDefaults() Config {
	c.CallTime = or(c.CallTime, defaultCallTime)
	c.PromptChars = or(c.PromptChars, defaultPromptChars)
	c.AnswerTokens = or(c.AnswerTokens, defaultAnswerTokens)
	c.ResponseBytes = or(c.ResponseBytes, defaultResponseBytes)
	c.Failures = or(c.Failures, defaultFailures)
	c.OpenFor = or(c.OpenFor, defaultOpenFor)
	return c
}

func or[T int | int64 | time.Duration](v, otherwise T) T {
	if v <= 0 {
		return otherwise
	}
	return v
}

// Ready names the model, "" while the breaker is open or the day's tokens are spent.
func (c *Client) Ready(context.Context) string {
	if !c.breaker.ready() || c.spent.Load() == c.day() {
		return ""
	}
	return c.cfg.Model
}

// Close ends idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// tries is how often a question is asked.
const tries = 2

// Ask asks at most twice and gives up with a Failure. What it returns beside an
// error tells what was spent.
func (c *Client) Ask(ctx context.Context, q runner.ModelQuestion) (runner.ModelAnswer, error) {
	var sum runner.ModelAnswer
	if n := len([]rune(q.System)) + len([]rune(q.User)); n > c.cfg.PromptChars {
		return c.fail(sum, &Failure{Kind: TooLongPrompt})
	}
	q.MaxTokens = min(or(q.MaxTokens, c.cfg.AnswerTokens), c.cfg.AnswerTokens)
	var last *Failure
	for sum.Tries < tries {
		if last != nil && !last.pause(ctx) {
			break
		}
		got, failure := c.once(ctx, q)
		if failure != nil && failure.unasked() {
			last = failure
			break
		}
		sum.Tries++
		sum.Text, sum.Model = got.Text, got.Model
		sum.PromptTokens += got.PromptTokens
		sum.CompletionTokens += got.CompletionTokens
		sum.Estimated = sum.Estimated || got.Estimated
		if failure == nil {
			return sum, nil
		}
		if last = failure; !failure.again() || ctx.Err() != nil {
			break
		}
	}
	return c.fail(sum, last)
}

func (c *Client) fail(sum runner.ModelAnswer, f *Failure) (runner.ModelAnswer, error) {
	sum.Text, sum.Failed = "", string(f.Kind)
	return sum, jiban.Errorf(f.code(), "llm.Ask", "no answer after %d tries: %w", sum.Tries, f)
}

// once is one try: it may be made, it is paid for, and its answer is accepted.
func (c *Client) once(ctx context.Context, q runner.ModelQuestion) (got runner.ModelAnswer, failure *Failure) {
	probe, allowed := c.breaker.allow()
	if !allowed {
		return got, &Failure{Kind: Open}
	}
	settled := false
	defer func() {
		if !settled {
			c.breaker.release(probe)
		}
	}()
	paid, failure := c.reserve(ctx, q)
	if failure != nil {
		return got, failure
	}
	began := c.d.Clock.Now()
	got, failure = c.call(ctx, q)
	c.settle(ctx, q.Conversation, paid, got)
	if neutral := failure != nil && failure.Kind == Cancelled; !neutral {
		settled = true
		c.breaker.done(failure == nil || !failure.ofServer())
		c.d.Metrics.ModelBreaker(!c.breaker.ready())
	}
	if failure == nil && q.Accept != nil {
		if why := q.Accept(got.Text); why != "" {
			failure = &Failure{Kind: Kind(why), refused: true}
		}
	}
	c.d.Metrics.ModelCalled(q.Task, result(failure), c.d.Clock.Now().Sub(began))
	c.d.Metrics.ModelTokens(got.PromptTokens, got.CompletionTokens)
	return got, failure
}

func result(f *Failure) string {
	if f == nil {
		return "ok"
	}
	return string(f.Kind)
}

// reasoning models take another name for the limit, and no temperature.
func reasoning(model string) bool {
	for _, p := range []string{"o1", "o3", "o4", "gpt-5"} {
		if strings.HasPrefix(model, p) {
			return true
		}
	}
	return false
}

type uncounted struct{}

func (uncounted) ModelCalled(string, string, time.Duration) {}
func (uncounted) ModelTokens(int, int)                      {}
func (uncounted) ModelBreaker(bool)                         {}
