package wechat

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"jiban"
	"jiban/channels"
)

// What the platform sets; all of it can be configured but the size of a text,
// which the platform counts in bytes of UTF-8 (domain A7).
const (
	defaultAPIBase      = "https://api.weixin.qq.com"
	defaultReplayWindow = 5 * time.Minute
	defaultWindow       = 48 * time.Hour
	defaultReplyWithin  = 4500 * time.Millisecond
	maxTextBytes        = 2048
	maxBody             = 1 << 20
	deliveries          = 3 // WeChat delivers a callback three times in all (domain A5)
	apiTimeout          = 10 * time.Second
	sharedWait          = 300 * time.Millisecond // what nodes share must not eat WeChat's five seconds
)

// Config is one official account.
type Config struct {
	Name           string // of the channel
	AppID          string
	AppSecret      string
	Token          string // for signatures, as set in the account's server configuration
	AESKey         string // EncodingAESKey, 43 characters; "" for plain mode
	PreviousAESKey string // still accepted after the key was changed
	Compatible     bool   // with AESKey set, plain bodies are accepted too: only while switching
	PassiveReply   bool   // answer in the callback; else always by customer-service message
	ReplayWindow   time.Duration
	APIBase        string
	MessageBudget  int           // customer-service messages after each message of the person; 0 for none
	MessageWindow  time.Duration // how long they may be sent
	ReplyWithin    time.Duration // how long a passive reply may take
	Audience       jiban.Audience
	Region         string
}

// Deps is what the adapter stands on. Safety, Metrics, Log, HTTPClient and Random
// may be left out.
type Deps struct {
	Inbox  channels.Inbox
	Clock  jiban.Clock
	Shared Shared
	Words  Words
	// Safety returns the safety line for a message about a danger, "" for others.
	// It is asked only when the message cannot be stored, and must not need a store.
	Safety  func(text string) string
	Metrics Metrics
	Log     *slog.Logger
	// HTTPClient calls the API; every call has a time limit of its own.
	HTTPClient *http.Client
	Random     io.Reader // for nonces and the salt of encrypted replies
}

// Shared is what the nodes of an installation share: the cached access token, the
// lease under which it is fetched, and how often a callback failed. When it is
// down the adapter goes on alone.
type Shared interface {
	Get(ctx context.Context, key string) (string, bool, error)
	Set(ctx context.Context, key, value string, ttl time.Duration) error
	Acquire(ctx context.Context, key, owner string, ttl time.Duration) (bool, error)
	Release(ctx context.Context, key, owner string) error
	Count(ctx context.Context, key string, n int64, ttl time.Duration) (int64, error)
}

// Words gives the sentences a person is told.
type Words interface {
	Say(l jiban.Lang, key string, params map[string]any) string
}

// WordCannotTake is the key of the sentence said when a message could not be
// stored: that nothing was taken in, and to call the hotline.
const WordCannotTake = "cannot_take"

// Metrics counts. Reason is one of a few fixed words.
type Metrics interface {
	TokenFetched(channel string)
	Refused(channel, reason string)
}

// Adapter is the channel of one official account.
type Adapter struct {
	cfg    Config
	deps   Deps
	keys   []string // current and previous EncodingAESKey
	log    *slog.Logger
	tokens *tokenSource
	api    *api
}

// New returns the adapter of an account, or an error of CodeInvalid that names the
// wrong value. Zero durations take the platform's values.
func New(cfg Config, deps Deps) (*Adapter, error) {
	cfg = withDefaults(cfg)
	if err := validate(cfg, deps); err != nil {
		return nil, err
	}
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	if deps.Metrics == nil {
		deps.Metrics = noMetrics{}
	}
	if deps.HTTPClient == nil {
		deps.HTTPClient = &http.Client{Timeout: apiTimeout}
	}
	if deps.Random == nil {
		deps.Random = rand.Reader
	}
	node, err := nonce(deps.Random)
	if err != nil {
		return nil, err
	}
	a := &Adapter{cfg: cfg, deps: deps, log: deps.Log.With("channel", cfg.Name)}
	for _, k := range []string{cfg.AESKey, cfg.PreviousAESKey} {
		if k != "" {
			a.keys = append(a.keys, k)
		}
	}
	a.api = &api{base: cfg.APIBase, client: deps.HTTPClient}
	a.tokens = newTokenSource(cfg, deps, a.api, a.log, "wechat-"+node)
	return a, nil
}

func withDefaults(c Config) Config {
	if c.APIBase == "" {
		c.APIBase = defaultAPIBase
	}
	c.APIBase = strings.TrimRight(c.APIBase, "/")
	if c.ReplayWindow == 0 {
		c.ReplayWindow = defaultReplayWindow
	}
	if c.MessageWindow == 0 {
		c.MessageWindow = defaultWindow
	}
	if c.ReplyWithin == 0 {
		c.ReplyWithin = defaultReplyWithin
	}
	if c.Audience == "" {
		c.Audience = jiban.Citizen
	}
	return c
}

func validate(c Config, d Deps) error {
	bad := func(format string, args ...any) error {
		return jiban.Errorf(jiban.CodeInvalid, "wechat.New", "channel %q: "+format, append([]any{c.Name}, args...)...)
	}
	if c.Name == "" || c.AppID == "" || c.Token == "" {
		return bad("name, app_id and token must be set")
	}
	for name, k := range map[string]string{"aes_key": c.AESKey, "previous_aes_key": c.PreviousAESKey} {
		if k == "" {
			continue
		}
		// The lenient decoder: the last character carries two unused bits.
		if raw, err := base64.StdEncoding.DecodeString(k + "="); err != nil || len(raw) != 32 {
			return bad("%s must be the EncodingAESKey of 43 characters", name)
		}
	}
	if u, err := url.Parse(c.APIBase); err != nil || u.Host == "" {
		return bad("api_base must be a web address")
	}
	if d.Inbox == nil || d.Clock == nil || d.Shared == nil || d.Words == nil {
		return bad("an inbox, a clock, what nodes share and the words are needed")
	}
	return nil
}

// Name returns the configured name.
func (a *Adapter) Name() string { return a.cfg.Name }

// Kind returns the family, WeChat.
func (a *Adapter) Kind() jiban.ChannelKind { return jiban.ChannelWeChat }

// nonce returns 16 random hexadecimal digits.
func nonce(random io.Reader) (string, error) {
	var b [8]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", fmt.Errorf("wechat: read randomness: %w", err)
	}
	return hex.EncodeToString(b[:]), nil
}

type noMetrics struct{}

func (noMetrics) TokenFetched(string)    {}
func (noMetrics) Refused(string, string) {}
