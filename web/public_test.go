package web_test

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"jiban"
	"jiban/web"
)

func TestPages(t *testing.T) {
	h := newHouse(t)
	for path, c := range map[string]struct{ has, ancestors, cache string }{
		"/chat":             {"role=log", "frame-ancestors 'self' https://town.example", "no-cache"},
		"/enterprise":       {"role=log", "frame-ancestors 'self'", "no-cache"},
		"/console":          {"console", "frame-ancestors 'none'", "no-cache"},
		"/track":            {"track", "frame-ancestors 'none'", "no-cache"},
		"/widget.js":        {"widget()", "frame-ancestors 'none'", "public, max-age=300"},
		"/assets/a-1234.js": {"let a", "frame-ancestors 'none'", "public, max-age=31536000, immutable"},
	} {
		t.Run(path, func(t *testing.T) {
			r := h.stranger().get(path).want(t, 200)
			policy := r.header.Get("Content-Security-Policy")
			if !strings.Contains(r.body, c.has) || !strings.HasSuffix(policy, c.ancestors) || r.header.Get("Cache-Control") != c.cache {
				t.Errorf("policy %q, cache %q", policy, r.header.Get("Cache-Control"))
			}
			if r.header.Get("X-Content-Type-Options") != "nosniff" || r.header.Get("Referrer-Policy") == "" || strings.Contains(policy, "script-src 'self' 'unsafe") {
				t.Errorf("headers %v", r.header)
			}
			again := h.stranger()
			again.header["If-None-Match"] = r.header.Get("ETag")
			if got := again.get(path).want(t, 304); got.body != "" {
				t.Error("304 with a body")
			}
		})
	}
	if got := h.stranger().get("/").want(t, 302).header.Get("Location"); got != "/chat" {
		t.Errorf("/ leads to %s", got)
	}
	if p := h.stranger().get("/chat").header.Get("Content-Security-Policy"); !strings.Contains(p, "connect-src 'self' ws://"+strings.TrimPrefix(h.url, "http://")) {
		t.Errorf("older browsers cannot open the socket: %s", p)
	}
}

func TestPackedAsset(t *testing.T) {
	h := newHouse(t)
	c := h.stranger()
	c.header["Accept-Encoding"] = "gzip, br"
	r := c.get("/assets/a-1234.js").want(t, 200)
	if r.header.Get("Content-Encoding") != "gzip" || len(r.body) > 1000 {
		t.Fatalf("%d bytes, %v", len(r.body), r.header)
	}
	z, err := gzip.NewReader(strings.NewReader(r.body))
	h.must(err)
	data, err := io.ReadAll(z)
	h.must(err)
	if len(data) != 11*500 {
		t.Fatalf("%d bytes after unpacking", len(data))
	}
}

// A fresh clone has no pages: the server says how to build them, all else works.
func TestPagesNotBuilt(t *testing.T) {
	h := newHouse(t, func(d *web.Deps) { d.Pages = fstest.MapFS{".keep": {}} })
	for _, path := range []string{"/chat", "/enterprise", "/console", "/track"} {
		if r := h.stranger().get(path).want(t, 503); !strings.Contains(r.body, "make ui") {
			t.Errorf("%s: %s", path, r.body)
		}
	}
	h.stranger().get("/readyz").want(t, 200)
}

func TestEmbeddedPagesLoad(t *testing.T) {
	h := newHouse(t, func(d *web.Deps) { d.Pages = nil })
	h.stranger().get("/healthz").want(t, 200)
}

// A Host that could break out of the header is not repeated in it.
func TestForeignHost(t *testing.T) {
	h := newHouse(t)
	r, err := http.NewRequestWithContext(t.Context(), "GET", h.url+"/chat", nil)
	h.must(err)
	r.Host = "evil.example;script-src"
	got := h.stranger().send(r)
	if strings.Contains(got.header.Get("Content-Security-Policy"), "evil") {
		t.Fatalf("policy %s", got.header.Get("Content-Security-Policy"))
	}
}

func TestProviderSeesItsRequest(t *testing.T) {
	h := newHouse(t)
	h.hook = func(w http.ResponseWriter, r *http.Request) {
		data, err := io.ReadAll(r.Body)
		if err != nil || r.URL.Path != "" || r.URL.Query().Get("signature") != "s&x" || string(data) != "<xml/>" || r.Method != "POST" ||
			r.Header.Get("X-Twilio-Signature") != "sig" || r.RequestURI != "/channels/wechat/gzh?signature=s%26x" {
			t.Errorf("%v %s %q %q %q", err, r.Method, r.URL, data, r.RequestURI)
		}
		if _, limited := r.Context().Deadline(); !limited {
			t.Error("the request has no deadline")
		}
		w.Header().Set("Content-Type", "text/xml")
		w.WriteHeader(403)
		_, _ = io.WriteString(w, "no")
	}
	c := h.stranger()
	c.header["X-Twilio-Signature"] = "sig"
	r := c.do("POST", "/channels/wechat/gzh?signature=s%26x", "<xml/>").want(t, 403)
	if r.body != "no" || r.header.Get("Content-Type") != "text/xml" {
		t.Fatalf("%q %v", r.body, r.header)
	}
	for _, path := range []string{"/inbound", "/status"} {
		h.hook = func(_ http.ResponseWriter, r *http.Request) {
			if r.URL.Path != path {
				t.Errorf("path %q, want %q", r.URL.Path, path)
			}
		}
		h.stranger().do("POST", "/channels/sms/main"+path, "x").want(t, 200)
	}
	h.hook = func(http.ResponseWriter, *http.Request) { t.Error("a body over the limit got through") }
	for _, size := range []int{1<<20 + 1, 2 << 20, 5 << 20} {
		h.stranger().do("POST", "/channels/wechat/gzh", strings.Repeat("x", size)).want(t, 413)
	}
	h.hook = func(http.ResponseWriter, *http.Request) {}
	h.stranger().do("POST", "/channels/wechat/gzh", strings.Repeat("x", 1<<20)).want(t, 200)
	h.stranger().do("POST", "/channels/wechat/main", "x").want(t, 404)
}

func TestReadiness(t *testing.T) {
	h := newHouse(t)
	h.hook = func(http.ResponseWriter, *http.Request) {}
	h.library.set(false)
	h.stranger().get("/healthz").want(t, 200)
	h.stranger().get("/readyz").want(t, 503)
	h.stranger().do("POST", "/channels/wechat/gzh", "x").want(t, 503)
	h.library.set(true)
	h.stranger().do("POST", "/channels/wechat/gzh", "x").want(t, 200)
	h.stranger().get("/readyz").want(t, 200)
	h.stranger().get("/readyz").want(t, 200)
	if h.books.pings != 1 {
		t.Errorf("the store was written to %d times within a second", h.books.pings)
	}
	h.clock.Advance(2 * time.Second)
	h.books.pingErr = errors.New("disk full at /secret/path")
	if r := h.stranger().get("/readyz").want(t, 503); strings.Contains(r.body, "secret") {
		t.Error(r.body)
	}
	h.clock.Advance(2 * time.Second)
	h.books.pingErr = nil
	h.common.down = true
	if r := h.stranger().get("/readyz").want(t, 200); !strings.Contains(r.body, "degraded") {
		t.Error(r.body)
	}
}

func TestMetrics(t *testing.T) {
	h := newHouse(t)
	h.metrics.Received("gzh")
	h.metrics.Delivered("gzh", jiban.PathPassive, jiban.DeliverySent)
	h.metrics.TokenFetched("gzh")
	h.metrics.Refused("gzh", "signature")
	h.metrics.Committed(t.Context(), jiban.Batch{Turn: &jiban.Turn{Outcome: []byte(`{"state":{},"decision":"answer"}`)},
		Tickets:  []jiban.TicketChange{{Ticket: jiban.Ticket{Channel: "gzh", Kind: "request"}}, {Ticket: jiban.Ticket{Version: 3}}},
		Handoffs: []jiban.Handoff{{Reason: jiban.HandoffAnger}}}, jiban.Applied{})
	h.stranger().get("/api/v1/me").want(t, 401)
	h.stranger().get("/what?secret=1").want(t, 404)
	got := h.stranger().get("/metrics").want(t, 200).body
	for _, line := range []string{
		`jiban_messages_received_total{channel="gzh"} 1`, `jiban_deliveries_total{channel="gzh",path="passive",status="sent"} 1`,
		"jiban_wechat_token_fetches_total 1", `jiban_turns_total{decision="answer"} 1`, `jiban_outbox_messages{status="queued"} 3`,
		"jiban_handoffs_waiting 1", "jiban_agents_on_duty 2", "jiban_ready 1", "jiban_sockets_open 0",
		`jiban_tickets_opened_total{channel="gzh",kind="request"} 1`, `jiban_handoffs_total{reason="anger"} 1`,
		`jiban_inbound_refused_total{channel="gzh",reason="signature"} 1`,
		`jiban_http_requests_total{method="GET",route="/api/v1/me",status="401"} 1`,
		`jiban_http_requests_total{method="GET",route="unmatched",status="404"} 1`,
	} {
		if !strings.Contains(got, line) {
			t.Errorf("%s is not there", line)
		}
	}
	if strings.Contains(got, "secret") {
		t.Error("a query string became a label")
	}
}

func TestTrack(t *testing.T) {
	h := newHouse(t)
	c := h.stranger()
	r := c.do("POST", "/api/v1/track", object{"number": "2611020000018", "code": "1234"}).want(t, 200)
	if !strings.Contains(r.body, "供水集团") || strings.Contains(r.body, "1234\"") || strings.Contains(r.body, "王芳") {
		t.Fatal(r.body)
	}
	c.do("POST", "/api/v1/track", object{"number": "2611020000026", "code": "5678"}).want(t, 200) // the contact's own number
	wrong := c.do("POST", "/api/v1/track", object{"number": "2611020000018", "code": "9999"}).want(t, 404)
	none := c.do("POST", "/api/v1/track", object{"number": "2611029999999", "code": "9999"}).want(t, 404)
	if into[object](t, wrong)["error"].(object)["message"] != into[object](t, none)["error"].(object)["message"] {
		t.Fatal("the answers tell which tickets exist")
	}
	for _, in := range []object{{"number": "26110200000", "code": "1234"}, {"number": "2611020000018", "code": "12345"},
		{"number": "2611020000018", "code": ""}, {"number": "' OR 1=1 --xx", "code": "1234"}} {
		c.do("POST", "/api/v1/track", in).want(t, 400)
	}
}

// Guessing the four digits is stopped per ticket, whatever address it comes from.
func TestTrackGuessing(t *testing.T) {
	h := newHouse(t, func(d *web.Deps) { d.Config.TrustProxy = true; d.Config.Limits.TrackFailsPerHour = 3 })
	c := h.stranger()
	for i := range 3 {
		c.header["X-Forwarded-For"] = "203.0.113." + string(rune('1'+i))
		c.do("POST", "/api/v1/track", object{"number": "2611020000018", "code": "0000"}).want(t, 404)
	}
	c.header["X-Forwarded-For"] = "203.0.113.9"
	c.do("POST", "/api/v1/track", object{"number": "2611020000018", "code": "1234"}).want(t, 429)
	c.do("POST", "/api/v1/track", object{"number": "2611020000026", "code": "5678"}).want(t, 200)
}

func TestTrackRate(t *testing.T) {
	h := newHouse(t, func(d *web.Deps) { d.Config.Limits.TracksPerMinute = 2 })
	c := h.stranger()
	for _, want := range []int{200, 200, 429} {
		c.do("POST", "/api/v1/track", object{"number": "2611020000018", "code": "1234"}).want(t, want)
	}
}

func TestChatCookie(t *testing.T) {
	h := newHouse(t)
	c := h.stranger()
	r := c.do("POST", "/api/v1/chat/citizen/session", nil).want(t, 204)
	cookie := r.header.Get("Set-Cookie")
	for _, part := range []string{"jiban_web=", "HttpOnly", "SameSite=Lax", "path=/"} {
		if !strings.Contains(cookie, part) {
			t.Errorf("cookie lacks %s: %s", part, cookie)
		}
	}
	first := c.cookies["jiban_web"]
	if r := c.get("/chat").want(t, 200); r.header.Get("Set-Cookie") != "" || len(first) != 32 {
		t.Errorf("the visitor got another cookie: %v", r.header)
	}
	c.cookies["jiban_web"] = "guess"
	c.get("/enterprise").want(t, 200)
	if c.cookies["jiban_web"] == "guess" {
		t.Error("a made-up cookie was kept")
	}
	if a := web.VisitorAddress(first); strings.Contains(string(a), first) || !strings.HasPrefix(string(a), "web:") || a == web.VisitorAddress("x") {
		t.Errorf("address %s", a)
	}
	c.header["Origin"] = "https://evil.example"
	c.do("POST", "/api/v1/chat/citizen/session", nil).want(t, 403)
	c.header["Origin"] = "https://town.example"
	c.do("POST", "/api/v1/chat/citizen/session", nil).want(t, 204)
	c.do("POST", "/api/v1/chat/none/session", nil).want(t, 404)
}

func TestListenEndsWithItsContext(t *testing.T) {
	h := newHouse(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.server.Listen(ctx, "127.0.0.1:0"); err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if err := h.server.Listen(t.Context(), "256.0.0.1:0"); err == nil {
		t.Fatal("listened on nothing")
	}
}

func TestWrongPublicURL(t *testing.T) {
	for _, u := range []string{"example.gov.cn", "ftp://x", "https://", "::"} {
		_, err := web.New(web.Deps{Config: web.Config{PublicURL: u}})
		if jiban.CodeOf(err) != jiban.CodeInvalid || !strings.Contains(err.Error(), "public_url") {
			t.Errorf("%q: %v", u, err)
		}
	}
}
