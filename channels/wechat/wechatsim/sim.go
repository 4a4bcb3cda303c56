// Package wechatsim is a stand-in for WeChat: an API that gives out tokens and
// takes customer-service messages by the platform's own rules, and a pusher that
// signs, encrypts and redelivers callbacks as the platform does. With Run it is a
// terminal in which one writes to the bot as a follower would. It is for tests and
// for trying the channel without an account; it shares no code with the adapter it
// is to check, its cryptography included.
package wechatsim

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"jiban"
)

// Config is the account that is played. Callback is the address of the channel
// under test, such as http://127.0.0.1:8080/channels/wechat/gzh. Zero values take
// the platform's: 5 messages in 48 hours, three deliveries of five seconds.
type Config struct {
	Callback   string
	Listen     string // of the API in Run; 127.0.0.1:8091 when empty
	AppID      string
	AppSecret  string
	Token      string
	AESKey     string // "" for plain mode
	Compatible bool   // plain and encrypted text in one body
	OpenID     string // of the person at the terminal
	Budget     int
	Window     time.Duration
	TokenLife  time.Duration
	Timeout    time.Duration // of one delivery
	Deliveries int
	Linger     time.Duration // how long Run waits for replies after the last line
	Clock      jiban.Clock
	Client     *http.Client
}

// Sent is one message that reached a person. Passive replies are among them.
type Sent struct {
	Path   string // "passive" or "custom"
	OpenID string
	Text   string
	Menu   []MenuItem
	AI     bool // marked as made by a model
	MsgID  string
	At     time.Time
}

// MenuItem is one line of a menu message.
type MenuItem struct {
	ID      string `json:"id"`
	Content string `json:"content"`
}

// Sim is the platform.
type Sim struct {
	cfg Config

	mu      sync.Mutex
	n       int64
	token   string
	expires time.Time
	fetches int
	sent    []Sent
	people  map[string]*person
	fail    []int64
	files   map[string]Media
	heard   func(Sent) // called for every message that reaches a person
}

// person is what the platform knows about a follower.
type person struct {
	wroteAt time.Time
	left    int
}

// New returns a platform with one account.
func New(cfg Config) *Sim {
	if cfg.Budget == 0 {
		cfg.Budget = 5
	}
	if cfg.Window == 0 {
		cfg.Window = 48 * time.Hour
	}
	if cfg.TokenLife == 0 {
		cfg.TokenLife = 2 * time.Hour
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = 5 * time.Second
	}
	if cfg.Deliveries == 0 {
		cfg.Deliveries = 3
	}
	if cfg.OpenID == "" {
		cfg.OpenID = "oSimPerson0000000000000000001"
	}
	if cfg.Listen == "" {
		cfg.Listen = "127.0.0.1:8091"
	}
	if cfg.Linger == 0 {
		cfg.Linger = 3 * time.Second
	}
	if cfg.Clock == nil {
		cfg.Clock = jiban.SystemClock{}
	}
	if cfg.Client == nil {
		cfg.Client = &http.Client{}
	}
	return &Sim{cfg: cfg, people: map[string]*person{}, files: map[string]Media{}, n: cfg.Clock.Now().UnixMilli() * 1000}
}

// Sent returns a copy of what has reached people, in order.
func (s *Sim) Sent() []Sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Sent(nil), s.sent...)
}

// TokenFetches counts how often a token was asked for.
func (s *Sim) TokenFetches() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fetches
}

// FailNext lets the next sends be answered with these errcodes, one each.
func (s *Sim) FailNext(codes ...int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = append(s.fail, codes...)
}

// ExpireToken makes the token given out invalid.
func (s *Sim) ExpireToken() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.token = ""
}

// OnSent is called with every message that reaches a person, from the goroutine
// that served it. It replaces the function set before.
func (s *Sim) OnSent(f func(Sent)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard = f
}

func (s *Sim) record(m Sent) {
	s.mu.Lock()
	m.At = s.cfg.Clock.Now()
	s.sent = append(s.sent, m)
	heard := s.heard
	s.mu.Unlock()
	if heard != nil {
		heard(m)
	}
}

// nextID makes the 64-bit message ids of the platform.
func (s *Sim) nextID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n++
	return strconv.FormatInt(s.n, 10)
}

func randomHex(bytes int) (string, error) {
	b := make([]byte, bytes)
	if _, err := rand.Read(b); err != nil {
		return "", fmt.Errorf("wechatsim: read randomness: %w", err)
	}
	return hex.EncodeToString(b), nil
}
