package wechat_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"jiban"
	"jiban/channels/channelstest"
	"jiban/channels/wechat"
	"jiban/channels/wechat/wechatsim"
)

const (
	aesKey      = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
	otherAESKey = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"
	secret      = "app-secret-that-must-not-leak"
	token       = "token-that-must-not-leak"
	person      = "oPerson0000000000000000000001"
	sorry       = "您的消息没有收到，请拨打12345。"
)

// TestMain: whatever an adapter starts ends with it.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// words says the one sentence that the adapter has to say by itself.
type words struct{}

func (words) Say(_ jiban.Lang, key string, _ map[string]any) string {
	if key == wechat.WordCannotTake {
		return sorry
	}
	return key
}

// shared is what nodes share, in memory; down makes every call fail.
type shared struct {
	mu     sync.Mutex
	values map[string]string
	owners map[string]string
	counts map[string]int64
	down   error
}

func newShared() *shared {
	return &shared{values: map[string]string{}, owners: map[string]string{}, counts: map[string]int64{}}
}

func (s *shared) Get(_ context.Context, key string) (string, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.values[key]
	return v, ok, s.down
}

func (s *shared) Set(_ context.Context, key, value string, _ time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.values[key] = value
	return s.down
}

func (s *shared) Acquire(_ context.Context, key, owner string, _ time.Duration) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o, ok := s.owners[key]; ok && o != owner {
		return false, s.down
	}
	s.owners[key] = owner
	return true, s.down
}

func (s *shared) Release(_ context.Context, key, owner string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.owners[key] == owner {
		delete(s.owners, key)
	}
	return s.down
}

func (s *shared) Count(_ context.Context, key string, n int64, _ time.Duration) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[key] += n
	return s.counts[key], s.down
}

// rig is an adapter between a stand-in of WeChat and an inbox made by hand.
type rig struct {
	*wechat.Adapter
	sim    *wechatsim.Sim
	inbox  *channelstest.Inbox
	shared *shared
	url    string
	log    *safeBuffer
	cfg    wechat.Config
	counts *counts
}

// safeBuffer is a log that several goroutines write.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

type counts struct {
	mu      sync.Mutex
	fetched int
	refused map[string]int
}

func (c *counts) TokenFetched(string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fetched++
}

func (c *counts) Refused(_, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refused[reason]++
}

func (c *counts) of(reason string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.refused[reason]
}

// option changes a rig before it is built.
type option func(*wechat.Config, *wechat.Deps, *wechatsim.Config)

func newRig(t *testing.T, options ...option) *rig {
	t.Helper()
	r := &rig{inbox: &channelstest.Inbox{}, shared: newShared(), log: &safeBuffer{}, counts: &counts{refused: map[string]int{}}}
	cfg := wechat.Config{Name: "gzh", AppID: "wxapp", AppSecret: secret, Token: token, PassiveReply: true, MessageBudget: 5}
	deps := wechat.Deps{Inbox: r.inbox, Clock: jiban.SystemClock{}, Shared: r.shared, Words: words{}, Metrics: r.counts,
		Log: slog.New(slog.NewJSONHandler(r.log, nil))}
	sim := wechatsim.Config{AppID: "wxapp", AppSecret: secret, Token: token, OpenID: person}
	for _, o := range options {
		o(&cfg, &deps, &sim)
	}
	var handler http.Handler
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		q.URL.Path = strings.TrimPrefix(q.URL.Path, "/channels/wechat/gzh")
		handler.ServeHTTP(w, q)
	}))
	t.Cleanup(front.Close)
	r.url = front.URL + "/channels/wechat/gzh"
	sim.Callback = r.url
	r.sim = wechatsim.New(sim)
	api := httptest.NewServer(r.sim.Handler())
	t.Cleanup(api.Close)
	if cfg.APIBase == "" {
		cfg.APIBase = api.URL
	}
	a, err := wechat.New(cfg, deps)
	if err != nil {
		t.Fatal(err)
	}
	handler, r.Adapter, r.cfg = a, a, cfg
	t.Cleanup(func() { leaksNothing(t, r.log.String()) })
	return r
}

// leaksNothing: what is logged names no person, no word and no secret.
func leaksNothing(t *testing.T, log string) {
	for _, s := range []string{secret, token, person, aesKey, "停水"} {
		if strings.Contains(log, s) {
			t.Errorf("the log holds %q", s)
		}
	}
}

func encrypted(c *wechat.Config, _ *wechat.Deps, s *wechatsim.Config) {
	c.AESKey, s.AESKey = aesKey, aesKey
}

func says(texts ...string) func(jiban.Received) []jiban.Message {
	return func(jiban.Received) []jiban.Message {
		ms := make([]jiban.Message, len(texts))
		for i, s := range texts {
			ms[i] = jiban.Message{ID: "out" + string(rune('1'+i)), Seq: int64(i + 2), Content: jiban.Content{Kind: jiban.KindText, Text: s}}
		}
		return ms
	}
}

func (r *rig) push(t *testing.T, m wechatsim.Message) wechatsim.Reply {
	t.Helper()
	reply, err := r.sim.Push(context.Background(), m)
	if err != nil {
		t.Fatal(err)
	}
	return reply
}

// do sends a request and returns status and body.
func do(t *testing.T, req *http.Request) (int, string) {
	t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}
