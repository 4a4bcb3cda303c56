// Package smssim is a stand-in for an SMSC: it lets a gateway bind, takes submits,
// joins their parts and sends receipts, and delivers what people write, long texts
// in parts. With Run it is a terminal in which one writes to the bot as from a
// phone. It is for tests and for trying the channel without a carrier.
package smssim

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"jiban"
)

// Config is the carrier that is played. Empty credentials let everybody bind.
type Config struct {
	Listen   string // 127.0.0.1:2775 when empty
	SystemID string
	Password string
	Number   string // of the hotline, to which people write
	Phone    string // of the person at the terminal
	// HexReceipts names messages in receipts in another base than in the answer to
	// the submit, as some carriers do.
	HexReceipts bool
	NoReceipts  bool
	// Timeout is how long an answer to a delivery is waited for, Again how long
	// until a refused one is delivered again.
	Timeout time.Duration
	Again   time.Duration
	// Linger is how long Run waits for replies after the last line.
	Linger time.Duration
	Clock  jiban.Clock
}

// Sent is one message that reached a phone, its parts joined.
type Sent struct {
	From, To string
	Text     string
	Parts    int
	Coding   byte
	At       time.Time
}

// Submit is one submit_sm as it came.
type Submit struct {
	From, To   string
	Coding     byte
	Class      byte // esm_class
	Registered byte
	Data       []byte // without the header
	Ref, N, Of int    // of a long message; Of is 1 for a whole one
	TLVs       int    // how many optional parameters came along
}

// Sim is the carrier.
type Sim struct {
	cfg  Config
	l    net.Listener
	done sync.WaitGroup

	mu       sync.Mutex
	sessions map[*session]bool
	bound    chan struct{} // closed when somebody is bound
	submits  []Submit
	sent     []Sent
	parts    map[longKey]map[int][]byte
	refuse   []uint32
	silent   int
	nextID   uint64
	nextRef  byte
	heard    func(Sent)
	closed   bool
}

type longKey struct {
	from, to string
	ref, of  int
}

// New returns a carrier that does not listen yet.
func New(cfg Config) *Sim {
	if cfg.Listen == "" {
		cfg.Listen = "127.0.0.1:2775"
	}
	if cfg.Number == "" {
		cfg.Number = "106912345"
	}
	if cfg.Phone == "" {
		cfg.Phone = "8613800001234"
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = 10 * time.Second
	}
	if cfg.Again == 0 {
		cfg.Again = time.Second
	}
	if cfg.Linger == 0 {
		cfg.Linger = 3 * time.Second
	}
	if cfg.Clock == nil {
		cfg.Clock = jiban.SystemClock{}
	}
	return &Sim{cfg: cfg, sessions: map[*session]bool{}, bound: make(chan struct{}), parts: map[longKey]map[int][]byte{}, nextID: 0xA0}
}

// Start listens and serves until Close.
func (s *Sim) Start(ctx context.Context) error {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", s.cfg.Listen)
	if err != nil {
		return fmt.Errorf("smssim: listen on %s: %w", s.cfg.Listen, err)
	}
	s.l = l
	s.done.Go(s.accept)
	return nil
}

// Addr is where the carrier listens.
func (s *Sim) Addr() string { return s.l.Addr().String() }

// Close ends all connections and waits for them.
func (s *Sim) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.l.Close()
	s.Drop()
	s.done.Wait()
}

func (s *Sim) accept() {
	for {
		conn, err := s.l.Accept()
		if err != nil {
			return
		}
		ss := newSession(s, conn)
		s.mu.Lock()
		if s.closed {
			conn.Close()
		}
		s.sessions[ss] = false
		s.mu.Unlock()
		s.done.Go(func() {
			ss.serve()
			s.leave(ss)
		})
	}
}

// Drop breaks all connections, without a word.
func (s *Sim) Drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for ss := range s.sessions {
		s.sessions[ss] = false
		ss.conn.Close()
	}
}

// RefuseNext lets the next submits be answered with these statuses, one each.
func (s *Sim) RefuseNext(statuses ...uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = append(s.refuse, statuses...)
}

// SilenceNext takes the next n submits without an answer.
func (s *Sim) SilenceNext(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.silent = n
}

// Sent returns what has reached phones, in order.
func (s *Sim) Sent() []Sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Sent(nil), s.sent...)
}

// Submits returns every submit_sm that was taken, in order.
func (s *Sim) Submits() []Submit {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Submit(nil), s.submits...)
}

// OnSent is called with each message that reaches a phone, from the goroutine
// that served it. It replaces the function set before.
func (s *Sim) OnSent(f func(Sent)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard = f
}

// WaitBound waits until a gateway is bound.
func (s *Sim) WaitBound(ctx context.Context) error {
	_, err := s.session(ctx)
	return err
}

func (s *Sim) session(ctx context.Context) (*session, error) {
	for {
		s.mu.Lock()
		for ss, bound := range s.sessions {
			if bound {
				s.mu.Unlock()
				return ss, nil
			}
		}
		wait := s.bound
		s.mu.Unlock()
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, fmt.Errorf("smssim: nobody is bound: %w", ctx.Err())
		}
	}
}

func (s *Sim) enter(ss *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions[ss] = true
	close(s.bound)
	s.bound = make(chan struct{})
}

func (s *Sim) leave(ss *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, ss)
}

// take keeps a submit and returns its id, or the status it is refused with.
func (s *Sim) take(m Submit) (id uint64, status uint32, silent bool) {
	s.mu.Lock()
	if len(s.refuse) > 0 {
		status, s.refuse = s.refuse[0], s.refuse[1:]
		s.mu.Unlock()
		return 0, status, false
	}
	s.nextID++
	id = s.nextID
	if s.silent > 0 {
		s.silent--
		silent = true
	}
	s.submits = append(s.submits, m)
	whole, ok := s.join(m)
	heard := s.heard
	s.mu.Unlock()
	if ok && heard != nil {
		heard(whole)
	}
	return id, 0, silent
}

// join puts the parts of a long message together.
func (s *Sim) join(m Submit) (Sent, bool) {
	raw := m.Data
	if m.Of > 1 {
		key := longKey{m.From, m.To, m.Ref, m.Of}
		if s.parts[key] == nil {
			s.parts[key] = map[int][]byte{}
		}
		s.parts[key][m.N] = m.Data
		if len(s.parts[key]) < m.Of {
			return Sent{}, false
		}
		raw = nil
		for n := range m.Of {
			raw = append(raw, s.parts[key][n+1]...)
		}
		delete(s.parts, key)
	}
	whole := Sent{From: m.From, To: m.To, Text: text(m.Coding, raw), Parts: m.Of, Coding: m.Coding, At: s.cfg.Clock.Now()}
	s.sent = append(s.sent, whole)
	return whole, true
}

var errClosed = errors.New("smssim: the connection ended")
