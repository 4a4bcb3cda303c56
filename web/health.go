package web

import (
	"context"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"
)

// The pace of looking after the store: the check writes, so it is not made more
// often than this, whoever asks.
const (
	checkEvery = time.Second
	checkTime  = 2 * time.Second
)

// health remembers the last check of the store.
type health struct {
	mu   sync.Mutex
	at   time.Time
	last error
}

// storeWorks writes and commits, or repeats what that gave within the last
// second.
func (s *Server) storeWorks(ctx context.Context) error {
	s.health.mu.Lock()
	defer s.health.mu.Unlock()
	now := s.Clock.Now()
	if !s.health.at.IsZero() && now.Sub(s.health.at) < checkEvery {
		return s.health.last
	}
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	s.health.last, s.health.at = s.House.Ping(ctx), now
	return s.health.last
}

// healthz says that the process lives.
func (s *Server) healthz(c *fiber.Ctx) error { return c.SendString("ok\n") }

// readyz is 200 only when messages can be stored and the index is loaded. That
// nodes do not hear each other makes it degraded, no worse.
func (s *Server) readyz(c *fiber.Ctx) error {
	ctx := c.UserContext()
	c.Set(fiber.HeaderCacheControl, "no-store")
	notReady := func(why string) error { return c.Status(fiber.StatusServiceUnavailable).SendString(why) }
	if !s.ready() {
		return notReady("not ready: the index is loading\n")
	}
	if err := s.storeWorks(ctx); err != nil {
		s.Log.WarnContext(ctx, "the store cannot be written to", "error", err)
		return notReady("not ready: messages cannot be stored\n")
	}
	if err := s.Shared.Healthy(ctx); err != nil {
		return c.SendString("ok, degraded: what nodes share is away, they look for themselves\n")
	}
	return c.SendString("ok\n")
}
