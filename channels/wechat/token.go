package wechat

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"jiban"
)

const (
	// tokenMargin is how long before its end a token is no longer used: WeChat
	// renews five minutes before and both hold for that long (domain A9).
	tokenMargin  = 5 * time.Minute
	tokenLease   = 15 * time.Second
	tokenPoll    = 50 * time.Millisecond
	tokenMinimum = time.Minute
	tokenWait    = 15 * time.Second // for the token, whoever fetches it
	// tokenRest is how long after a failure nobody asks again: sixty waiting sends
	// must not make sixty failing calls.
	tokenRest = 2 * time.Second
)

// tokenSource keeps one access token for all nodes. It is fetched under a lease by
// one node at a time and read from the shared cache by the others; where sharing
// is down a node fetches its own, which the stable interface allows: it gives
// everybody the same token.
type tokenSource struct {
	cfg     Config
	clock   jiban.Clock
	shared  Shared
	api     *api
	metrics Metrics
	log     *slog.Logger
	node    string
	turn    chan struct{} // one fetch at a time on this node

	mu    sync.Mutex
	last  string // the newest token this node knows
	until time.Time

	failure  error // of the last fetch, nil when it succeeded
	failedAt time.Time
}

func newTokenSource(cfg Config, deps Deps, a *api, log *slog.Logger, node string) *tokenSource {
	return &tokenSource{cfg: cfg, clock: deps.Clock, shared: deps.Shared, api: a, metrics: deps.Metrics,
		log: log, node: node, turn: make(chan struct{}, 1)}
}

func (t *tokenSource) key() string { return "wechat:token:" + t.cfg.AppID }

// token returns a token that is not the refused one; "" refuses none.
func (t *tokenSource) token(ctx context.Context, refused string) (string, error) {
	if tok := t.cached(ctx, refused); tok != "" {
		return tok, nil
	}
	ctx, cancel := context.WithTimeout(ctx, tokenWait)
	defer cancel()
	select {
	case t.turn <- struct{}{}:
		defer func() { <-t.turn }()
	case <-ctx.Done():
		return "", jiban.Errorf(jiban.CodeUnavailable, "wechat.token", "wait for the access token: %w", ctx.Err())
	}
	for {
		// Another may have fetched it while we waited.
		if tok := t.cached(ctx, refused); tok != "" {
			return tok, nil
		}
		if err := t.failedJustNow(); err != nil {
			return "", err
		}
		mine, err := t.shared.Acquire(ctx, t.key()+":lease", t.node, tokenLease)
		if err != nil {
			t.log.Warn("no lease for the access token, fetching alone", "err", err)
			return t.fetch(ctx, refused)
		}
		if mine {
			tok, err := t.fetch(ctx, refused)
			t.release(ctx)
			return tok, err
		}
		if err := pause(ctx, tokenPoll); err != nil {
			return "", jiban.Errorf(jiban.CodeUnavailable, "wechat.token", "wait for the access token: %w", err)
		}
	}
}

// cached returns the token of the shared cache, or this node's own while sharing
// is down.
func (t *tokenSource) cached(ctx context.Context, refused string) string {
	tok, ok, err := t.shared.Get(ctx, t.key())
	if err != nil {
		t.mu.Lock()
		defer t.mu.Unlock()
		tok, ok = t.last, t.clock.Now().Before(t.until)
	}
	if !ok || tok == refused {
		return ""
	}
	return tok
}

func (t *tokenSource) failedJustNow() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.failure != nil && t.clock.Now().Sub(t.failedAt) < tokenRest {
		return t.failure
	}
	return nil
}

func (t *tokenSource) release(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if err := t.shared.Release(ctx, t.key()+":lease", t.node); err != nil {
		t.log.Warn("lease of the access token not released, it ends by itself", "err", err)
	}
}

// fetch asks for the stable token. Only when the platform gives out the refused
// one again is it forced to make another: that is allowed twenty times a day.
func (t *tokenSource) fetch(ctx context.Context, refused string) (string, error) {
	tok, ttl, err := t.call(ctx, false)
	if err == nil && tok == refused {
		tok, ttl, err = t.call(ctx, true)
	}
	if err != nil {
		t.mu.Lock()
		t.failure, t.failedAt = err, t.clock.Now()
		t.mu.Unlock()
		return "", err
	}
	life := max(ttl-tokenMargin, tokenMinimum)
	t.mu.Lock()
	t.last, t.until, t.failure = tok, t.clock.Now().Add(life), nil
	t.mu.Unlock()
	if err := t.shared.Set(ctx, t.key(), tok, life); err != nil {
		t.log.Warn("access token not shared", "err", err)
	}
	return tok, nil
}

func (t *tokenSource) call(ctx context.Context, force bool) (string, time.Duration, error) {
	t.metrics.TokenFetched(t.cfg.Name)
	ask := struct {
		Grant  string `json:"grant_type"`
		AppID  string `json:"appid"`
		Secret string `json:"secret"`
		Force  bool   `json:"force_refresh"`
	}{"client_credential", t.cfg.AppID, t.cfg.AppSecret, force}
	var got struct {
		Token   string `json:"access_token"`
		Expires int64  `json:"expires_in"`
	}
	if err := t.api.post(ctx, "/cgi-bin/stable_token", nil, ask, &got); err != nil {
		return "", 0, jiban.Errorf(jiban.CodeUnavailable, "wechat.token", "fetch the access token (check app_id, app_secret and the IP allow-list): %w", err)
	}
	if got.Token == "" || got.Expires <= 0 {
		return "", 0, jiban.Errorf(jiban.CodeUnavailable, "wechat.token", "fetch the access token: %w", errors.New("the answer holds none"))
	}
	return got.Token, time.Duration(got.Expires) * time.Second, nil
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
