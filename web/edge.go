package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"jiban"
)

// The keys of a request's locals.
const (
	localID      = "id"
	localAccount = "account"
	localSession = "session"
	localVisitor = "visitor"
	localCookie  = "cookie"
)

// edge is what every request passes: it gets an id and a deadline, a panic
// becomes an error, and it is counted and logged when it is done. The log has
// neither query strings nor bodies.
func (s *Server) edge(c *fiber.Ctx) error {
	start, id := s.Clock.Now(), s.IDs.NewID()
	c.Locals(localID, id)
	c.Set("X-Request-Id", id)
	ctx, cancel := context.WithTimeout(s.ctx, s.limits.RequestTime)
	defer cancel()
	c.SetUserContext(ctx)
	secureHeaders(c, s.secure(c))
	if err := s.guarded(c); err != nil {
		if err := s.fail(c, err); err != nil {
			return err
		}
	}
	s.note(c, id, s.Clock.Now().Sub(start))
	return nil
}

// guarded runs the handlers and turns a panic into an error.
func (s *Server) guarded(c *fiber.Ctx) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = jiban.Errorf(jiban.CodeInternal, "web", "panic: %v\n%s", r, debug.Stack())
		}
	}()
	if err := take(c); err != nil {
		return err
	}
	return c.Next()
}

// note counts and logs a finished request.
func (s *Server) note(c *fiber.Ctx, id string, took time.Duration) {
	status, route := c.Response().StatusCode(), c.Route().Path
	if status == fiber.StatusNotFound && route == "/" || status == fiber.StatusMethodNotAllowed {
		route = "unmatched"
	}
	s.Metrics.request(c.Method(), route, status, took)
	s.Log.LogAttrs(c.UserContext(), level(route, status), "request",
		slog.String("method", c.Method()), slog.String("route", route), slog.Int("status", status),
		slog.Float64("ms", float64(took.Microseconds())/1000), slog.String("id", id))
}

// level keeps what is asked all the time out of the ordinary log.
func level(route string, status int) slog.Level {
	quiet := route == "/healthz" || route == "/readyz" || route == "/metrics" ||
		strings.HasPrefix(route, "/assets/") || strings.HasPrefix(route, "/channels/")
	if quiet && status < 400 {
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

// secureHeaders are on every answer; pages have their own policy in addition.
func secureHeaders(c *fiber.Ctx, secure bool) {
	c.Set("X-Content-Type-Options", "nosniff")
	c.Set("Referrer-Policy", "no-referrer")
	c.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	if secure {
		c.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// visitor returns the address of who is asking, an IPv6 one reduced to its
// network: behind a trusted proxy the last address it added, else the peer's.
func (s *Server) visitor(c *fiber.Ctx) string {
	if s.Config.TrustProxy {
		parts := strings.Split(c.Get("X-Forwarded-For"), ",")
		if a, err := netip.ParseAddr(strings.TrimSpace(parts[len(parts)-1])); err == nil {
			return network(a)
		}
	}
	if a, ok := netip.AddrFromSlice(c.Context().RemoteIP()); ok {
		return network(a)
	}
	return "unknown"
}

func network(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	if a.Is4() {
		return a.String()
	}
	p, err := a.Prefix(64)
	if err != nil {
		return a.String()
	}
	return p.String()
}

// sameOrigin reports whether a browser's request comes from a page of ours or
// of one of the allowed origins. What sends no Origin is no browser's script.
func (s *Server) sameOrigin(c *fiber.Ctx, allowed []string) bool {
	origin := c.Get("Origin")
	if origin == "" {
		return true
	}
	if s.public != "" && strings.EqualFold(origin, s.public) {
		return true
	}
	for _, a := range allowed {
		if strings.EqualFold(origin, strings.TrimSuffix(a, "/")) {
			return true
		}
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, host(c))
}

// host is the name that the visitor used; forwarded names are not believed, the
// public address is configured.
func host(c *fiber.Ctx) string { return string(c.Request().Host()) }

// requestID returns the id that the answer carries; requests that failed before
// they were routed get one here.
func (s *Server) requestID(c *fiber.Ctx) string {
	if id, ok := c.Locals(localID).(string); ok {
		return id
	}
	id := s.IDs.NewID()
	c.Set("X-Request-Id", id)
	return id
}

// plainHost reports whether a host may be repeated in a header.
func plainHost(h string) bool {
	if h == "" || len(h) > 255 {
		return false
	}
	return !strings.ContainsFunc(h, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune(".-:[]", r)
	})
}

// notFound is the answer for what is not there, or not for this person.
func notFound(op, format string, args ...any) error {
	return jiban.Errorf(jiban.CodeNotFound, op, "%s", fmt.Sprintf(format, args...))
}

// refuse is an error whose words the person reads.
func refuse(code jiban.Code, op, words string) error {
	return &jiban.Error{Code: code, Op: op, Msg: words}
}
