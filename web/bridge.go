package web

import (
	"bytes"
	"net/http"
	"net/url"

	"github.com/gofiber/fiber/v2"

	"jiban"
)

// provider hands a provider's call to its adapter. path is what the adapter sees.
func (s *Server) provider(kind jiban.ChannelKind, path string) fiber.Handler {
	return func(c *fiber.Ctx) error {
		h, ok := s.Providers[kind][c.Params("name")]
		if !ok {
			return notFound("web.channel", "no %s channel of that name", kind)
		}
		if !s.ready() {
			return jiban.Errorf(jiban.CodeUnavailable, "web.channel", "the index is not loaded yet")
		}
		return s.serve(c, h, path)
	}
}

// serve calls an ordinary HTTP handler with a copy of the request and answers
// with what it wrote. The body is bounded already, and its content encoding is
// left alone: nobody here unpacks what a stranger packed.
func (s *Server) serve(c *fiber.Ctx, h http.Handler, path string) error {
	r, err := s.request(c, path)
	if err != nil {
		return err
	}
	w := &answer{header: http.Header{}, status: http.StatusOK}
	h.ServeHTTP(w, r)
	for k, vs := range w.header {
		for i, v := range vs {
			if i == 0 {
				c.Set(k, v)
			} else {
				c.Append(k, v)
			}
		}
	}
	return c.Status(w.status).Send(w.body.Bytes())
}

// request copies a request out of Fiber.
func (s *Server) request(c *fiber.Ctx, path string) (*http.Request, error) {
	content := bytes.Clone(c.BodyRaw())
	r, err := http.NewRequestWithContext(c.UserContext(), c.Method(), "/", bytes.NewReader(content))
	if err != nil {
		return nil, jiban.Errorf(jiban.CodeInvalid, "web.request", "the request cannot be read: %w", err)
	}
	c.Request().Header.VisitAll(func(k, v []byte) {
		if string(k) != fiber.HeaderHost {
			r.Header.Add(string(k), string(v))
		}
	})
	r.URL = &url.URL{Path: path, RawQuery: string(c.Request().URI().QueryString())}
	r.Host, r.RequestURI, r.RemoteAddr = host(c), string(c.Request().RequestURI()), s.visitor(c)
	return r, nil
}

// answer collects what a handler writes.
type answer struct {
	header http.Header
	status int
	wrote  bool
	body   bytes.Buffer
}

// Header returns the headers to be sent.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader sets the status, once.
func (a *answer) WriteHeader(status int) {
	if !a.wrote {
		a.status, a.wrote = status, true
	}
}

// Write adds to the body.
func (a *answer) Write(p []byte) (int, error) {
	a.wrote = true
	return a.body.Write(p)
}
