package web

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"jiban"
)

// The limits of what is read from anybody.
const (
	maxBody        = 1 << 20 // bytes of a request's body
	maxHeader      = 8 << 10 // bytes of a request's line and headers; an open socket keeps the buffer
	readTime       = 15 * time.Second
	writeTime      = 30 * time.Second
	idleTime       = 75 * time.Second
	maxConnections = 64 << 10
)

// Server is the HTTP edge.
type Server struct {
	Deps
	limits  Limits
	public  string // scheme://host of the public address, "" when not configured
	app     *fiber.App
	sockets *sockets
	screens *screens
	assets  map[string]*asset
	uploads chan struct{} // one place for each upload under way
	health  health

	ctx    context.Context // ends with the server: sockets and requests hang on it
	stop   context.CancelFunc
	work   sync.WaitGroup
	ending sync.Once
	ended  error
	doors  sync.Mutex
	listen []net.Listener
}

// New builds the edge. It reads the pages but starts nothing.
func New(d Deps) (*Server, error) {
	s := &Server{Deps: d, limits: d.Config.Limits.withDefaults(), sockets: newSockets(), uploads: make(chan struct{}, maxUploads)}
	var err error
	if s.public, err = originOf(d.Config.PublicURL); err != nil {
		return nil, err
	}
	if s.assets, err = loadAssets(d.Pages); err != nil {
		return nil, err
	}
	if s.Metrics == nil {
		s.Metrics = NewMetrics()
	}
	s.screens = newScreens(d.Shared, d.Log)
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.app = fiber.New(fiber.Config{
		Immutable: true, BodyLimit: maxBody, ReadBufferSize: maxHeader, Concurrency: maxConnections,
		ReadTimeout: readTime, WriteTimeout: writeTime, IdleTimeout: idleTime,
		StreamRequestBody: true, DisablePreParseMultipartForm: true, DisableStartupMessage: true, StrictRouting: true, CaseSensitive: true,
		ErrorHandler: s.fail,
	})
	s.app.Server().HeaderReceived = patience
	if err := s.Metrics.watch(s); err != nil {
		return nil, err
	}
	s.mount()
	return s, nil
}

// originOf reduces a public address to scheme://host.
func originOf(address string) (string, error) {
	if address == "" {
		return "", nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return "", jiban.Errorf(jiban.CodeInvalid, "web.new", "public_url: expected https://host, got %q", address)
	}
	return u.Scheme + "://" + u.Host, nil
}

// Start serves on the listener until Shutdown. The channel tells how serving
// ended and is closed then.
func (s *Server) Start(ln net.Listener) <-chan error {
	done := make(chan error, 1)
	s.doors.Lock()
	s.listen = append(s.listen, ln)
	s.doors.Unlock()
	s.work.Go(func() { s.screens.run(s.ctx) })
	s.work.Go(func() { s.sockets.keepAlive(s.ctx, s.limits.PingEvery) })
	s.work.Go(func() {
		defer close(done)
		if err := s.app.Listener(ln); err != nil && !errors.Is(err, net.ErrClosed) {
			done <- fmt.Errorf("web: serve on %s: %w", ln.Addr(), err)
		}
	})
	return done
}

// Listen serves on the address until ctx ends, then lets requests finish and
// closes the sockets, within the configured time.
func (s *Server) Listen(ctx context.Context, addr string) error {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return jiban.Errorf(jiban.CodeUnavailable, "web.listen", "listen on %s: %w", addr, err)
	}
	done := s.Start(ln)
	select {
	case err = <-done:
	case <-ctx.Done():
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.limits.StopTime)
	defer cancel()
	return errors.Join(err, s.Shutdown(stopping))
}

// Shutdown takes no more connections, tells the sockets to come back elsewhere,
// and waits for running requests until ctx ends. A second call gives the result
// of the first.
func (s *Server) Shutdown(ctx context.Context) error {
	s.ending.Do(func() { s.ended = s.shutdown(ctx) })
	return s.ended
}

func (s *Server) shutdown(ctx context.Context) error {
	s.sockets.close()
	err := s.app.ShutdownWithContext(ctx)
	s.closeDoors()
	s.stop()
	if err == nil {
		err = wait(ctx, &s.sockets.served)
	}
	if err == nil {
		err = wait(ctx, &s.work)
	}
	if err != nil {
		return jiban.Errorf(jiban.CodeUnavailable, "web.shutdown", "requests were cut off: %w", err)
	}
	return nil
}

// closeDoors closes the listeners: the HTTP server closes only those that it had
// begun to accept from. That one is closed already is no harm.
func (s *Server) closeDoors() {
	s.doors.Lock()
	defer s.doors.Unlock()
	for _, ln := range s.listen {
		if err := ln.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			s.Log.Warn("a listener could not be closed", "error", err)
		}
	}
}

// wait returns when everybody in the group is done, or ctx ends.
func wait(ctx context.Context, group *sync.WaitGroup) error {
	done := make(chan struct{})
	go func() { group.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ready reports whether messages may be taken in: the index is loaded. Whether
// the store works shows when it is written to.
func (s *Server) ready() bool { return s.Knowledge.Ready() }

// limit counts one more use of key and refuses it beyond most in the time. A
// counter that fails refuses nobody: the limits protect, the work goes on.
func (s *Server) limit(ctx context.Context, key string, most int64, per time.Duration) error {
	n, err := s.Shared.Count(ctx, "limit:"+key, 1, per)
	if err != nil {
		s.Log.WarnContext(ctx, "a rate limit could not be counted", "error", err)
		return nil
	}
	if n > most {
		s.Metrics.limited.Inc()
		return jiban.Errorf(jiban.CodeLimited, "web.limit", "more than %d in %s", most, per)
	}
	return nil
}

// visitorKey names a visitor's address in counters without keeping it.
func (s *Server) visitorKey(c *fiber.Ctx) string {
	sum := sha256.Sum256([]byte(s.visitor(c)))
	return fmt.Sprintf("%x", sum[:8])
}

// secure reports whether the visitor reached us by TLS.
func (s *Server) secure(c *fiber.Ctx) bool {
	if strings.HasPrefix(s.public, "https:") || c.Context().IsTLS() {
		return true
	}
	return s.Config.TrustProxy && c.Get("X-Forwarded-Proto") == "https"
}
