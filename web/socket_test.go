package web_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fasthttp/websocket"

	"jiban"
	"jiban/staff"
	"jiban/web"
)

// dial opens a socket as the client; status is the refusal's.
func (c *client) dial(path string) (*websocket.Conn, int) {
	c.h.t.Helper()
	header := http.Header{}
	for k, v := range c.header {
		header.Set(k, v)
	}
	for k, v := range c.cookies {
		header.Add("Cookie", k+"="+v)
	}
	conn, resp, err := websocket.DefaultDialer.DialContext(c.h.t.Context(), "ws"+strings.TrimPrefix(c.h.url, "http")+path, header)
	if err != nil {
		if resp == nil {
			c.h.t.Fatal(err)
		}
		_ = resp.Body.Close()
		return nil, resp.StatusCode
	}
	c.h.t.Cleanup(func() { _ = conn.Close() })
	c.h.must(conn.SetReadDeadline(time.Now().Add(10 * time.Second)))
	return conn, 101
}

func (h *house) read(c *websocket.Conn) string {
	h.t.Helper()
	_, data, err := c.ReadMessage()
	h.must(err)
	return string(data)
}

// closeCode reads until the connection ends and returns why.
func closeCode(c *websocket.Conn) int {
	for {
		if _, _, err := c.ReadMessage(); err != nil {
			var e *websocket.CloseError
			if errors.As(err, &e) {
				return e.Code
			}
			return -1
		}
	}
}

// eventually waits for something that another goroutine brings about.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for range 1000 {
		if done() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("%s did not happen", what)
}

// echo is a chat that answers every frame with itself.
func echo(ctx context.Context, _ jiban.Address, c web.ChatConn) error {
	for {
		frame, err := c.Read()
		if err != nil {
			return err
		}
		if err := c.Write(ctx, frame); err != nil {
			return err
		}
	}
}

func (h *house) visitor() *client {
	c := h.stranger()
	c.do("POST", "/api/v1/chat/citizen/session", nil).want(h.t, 204)
	return c
}

func TestChatSocket(t *testing.T) {
	h := newHouse(t)
	who := make(chan jiban.Address, 1)
	h.chat = func(ctx context.Context, a jiban.Address, c web.ChatConn) error { who <- a; return echo(ctx, a, c) }
	c := h.visitor()
	conn, status := c.dial("/api/v1/chat/citizen/ws")
	if status != 101 {
		t.Fatal(status)
	}
	if a := <-who; a != web.VisitorAddress(c.cookies["jiban_web"]) {
		t.Errorf("visitor %s", a)
	}
	h.must(conn.WriteMessage(websocket.TextMessage, []byte(`{"type":"ping"}`)))
	if got := h.read(conn); got != `{"type":"ping"}` {
		t.Error(got)
	}
	if h.server.Sockets() != 1 {
		t.Error("the socket is not counted")
	}
	_ = conn.Close()
	eventually(t, "forgetting the socket", func() bool { return h.server.Sockets() == 0 })
}

func TestChatSocketRefusals(t *testing.T) {
	h := newHouse(t, func(d *web.Deps) { d.Config.Limits.ChatsPerMinute = 20 })
	h.chat = echo
	for name, c := range map[string]struct {
		change func(*client)
		status int
	}{
		"no cookie":        {func(c *client) { c.cookies = map[string]string{} }, 401},
		"made-up cookie":   {func(c *client) { c.cookies["jiban_web"] = "guess" }, 401},
		"foreign origin":   {func(c *client) { c.header["Origin"] = "https://evil.example" }, 403},
		"looks like ours":  {func(c *client) { c.header["Origin"] = h.url + ".evil.example" }, 403},
		"null origin":      {func(c *client) { c.header["Origin"] = "null" }, 403},
		"allowed origin":   {func(c *client) { c.header["Origin"] = "https://town.example" }, 101},
		"our origin":       {func(c *client) { c.header["Origin"] = h.url }, 101},
		"no origin at all": {func(*client) {}, 101},
	} {
		t.Run(name, func(t *testing.T) {
			v := h.visitor()
			c.change(v)
			if _, status := v.dial("/api/v1/chat/citizen/ws"); status != c.status {
				t.Errorf("%d, want %d", status, c.status)
			}
		})
	}
	v := h.visitor()
	v.header["Origin"] = "https://town.example"
	if _, status := v.dial("/api/v1/chat/enterprise/ws"); status != 403 {
		t.Errorf("an origin allowed for another chat: %d", status)
	}
	delete(v.header, "Origin")
	h.library.set(false)
	if _, status := v.dial("/api/v1/chat/citizen/ws"); status != 503 {
		t.Errorf("before ready: %d", status)
	}
	h.library.set(true)
	for status := 101; status != 429; {
		if _, status = v.dial("/api/v1/chat/citizen/ws"); status != 101 && status != 429 {
			t.Fatal(status)
		}
	}
}

func TestBadFrames(t *testing.T) {
	h := newHouse(t)
	h.chat = echo
	for name, c := range map[string]struct {
		kind int
		data []byte
		code int
	}{
		"too long":  {websocket.TextMessage, []byte(strings.Repeat("x", 16<<10+1)), websocket.CloseMessageTooBig},
		"binary":    {websocket.BinaryMessage, []byte("{}"), websocket.CloseUnsupportedData},
		"not UTF-8": {websocket.TextMessage, []byte("\xff\xfe"), websocket.CloseInvalidFramePayloadData},
	} {
		t.Run(name, func(t *testing.T) {
			conn, _ := h.visitor().dial("/api/v1/chat/citizen/ws")
			h.must(conn.WriteMessage(c.kind, c.data))
			if got := closeCode(conn); got != c.code {
				t.Errorf("closed with %d, want %d", got, c.code)
			}
		})
	}
	eventually(t, "forgetting the sockets", func() bool { return h.server.Sockets() == 0 })
}

func TestChatPanicEndsOnlyItsSocket(t *testing.T) {
	h := newHouse(t)
	h.chat = func(context.Context, jiban.Address, web.ChatConn) error { panic("boom") }
	conn, _ := h.visitor().dial("/api/v1/chat/citizen/ws")
	closeCode(conn)
	eventually(t, "forgetting the socket", func() bool { return h.server.Sockets() == 0 })
	h.stranger().get("/healthz").want(t, 200)
}

// A chat that keeps a connection after its end must not reach whoever got the
// server's part of it next.
func TestNobodyWritesAfterTheEnd(t *testing.T) {
	h := newHouse(t)
	kept := make(chan web.ChatConn, 1)
	h.chat = func(_ context.Context, _ jiban.Address, c web.ChatConn) error { kept <- c; panic("without a goodbye") }
	conn, _ := h.visitor().dial("/api/v1/chat/citizen/ws")
	old := <-kept
	closeCode(conn)
	eventually(t, "forgetting the socket", func() bool { return h.server.Sockets() == 0 })
	h.chat = echo
	next, _ := h.visitor().dial("/api/v1/chat/citizen/ws")
	if err := old.Write(t.Context(), []byte("for somebody else")); err == nil {
		t.Error("a frame was written after the end")
	}
	h.must(old.Close())
	h.must(next.WriteMessage(websocket.TextMessage, []byte("mine")))
	if got := h.read(next); got != "mine" {
		t.Errorf("read %q", got)
	}
}

// Close from another goroutine ends a Read that waits.
func TestCloseEndsTheReader(t *testing.T) {
	h := newHouse(t)
	ended := make(chan error, 1)
	h.chat = func(_ context.Context, _ jiban.Address, c web.ChatConn) error {
		time.AfterFunc(20*time.Millisecond, func() { _ = c.Close() })
		_, err := c.Read()
		ended <- err
		return err
	}
	h.visitor().dial("/api/v1/chat/citizen/ws")
	select {
	case err := <-ended:
		if err == nil {
			t.Error("a frame came out of nothing")
		}
	case <-time.After(5 * time.Second):
		t.Fatal("the reader still waits")
	}
}

func TestSilentSocketEnds(t *testing.T) {
	h := newHouse(t, func(d *web.Deps) {
		d.Config.Limits.SocketReadDeadline = 200 * time.Millisecond
		d.Config.Limits.PingEvery = 50 * time.Millisecond
	})
	h.chat = echo
	answering, _ := h.visitor().dial("/api/v1/chat/citizen/ws")
	frames := make(chan int, 1)
	go func() { frames <- closeCode(answering) }() // reading answers the pings
	h.visitor().dial("/api/v1/chat/citizen/ws")    // this one reads nothing
	eventually(t, "opening both", func() bool { return h.server.Sockets() == 2 })
	eventually(t, "letting the silent one go", func() bool { return h.server.Sockets() == 1 })
	select {
	case code := <-frames:
		t.Fatalf("the living one was closed with %d", code)
	case <-time.After(500 * time.Millisecond):
	}
}

func TestShutdownClosesSockets(t *testing.T) {
	h := newHouse(t)
	h.chat = echo
	chat, _ := h.visitor().dial("/api/v1/chat/citizen/ws")
	screen, _ := h.as(jiban.RoleAgent, nil).dial("/api/v1/events")
	idle, err := http.Get(h.url + "/healthz") //nolint:noctx // keeps a connection open
	h.must(err)
	_ = idle.Body.Close()
	codes := make(chan int, 2)
	go func() { codes <- closeCode(chat) }()
	go func() { codes <- closeCode(screen) }()
	eventually(t, "opening both", func() bool { return h.server.Sockets() == 2 })
	start := time.Now()
	h.must(h.server.Shutdown(t.Context()))
	for range 2 {
		if code := <-codes; code != websocket.CloseServiceRestart {
			t.Errorf("closed with %d", code)
		}
	}
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("stopping took %s", took)
	}
}

func TestEvents(t *testing.T) {
	h := newHouse(t)
	<-h.common.heard
	tell := web.Announcer{Shared: h.common}
	agent, handler := h.as(jiban.RoleAgent, nil), h.as(jiban.RoleHandler, nil)
	screen, status := agent.dial("/api/v1/events")
	if status != 101 {
		t.Fatal(status)
	}
	other, _ := handler.dial("/api/v1/events")
	eventually(t, "opening both", func() bool { return h.server.Sockets() == 2 })
	h.must(screen.WriteMessage(websocket.TextMessage, []byte(`{"type":"ping"}`)))
	h.must(other.WriteMessage(websocket.TextMessage, []byte(`{"type":"ping"}`)))
	if a, b := h.read(screen), h.read(other); a != `{"type":"pong"}` || b != a {
		t.Fatal(a, b)
	}
	tell.Committed(t.Context(), jiban.Batch{
		Conversation: &jiban.Conversation{ID: "v1", Holder: jiban.HeldByAgent, LastSeq: 4}, Handoffs: []jiban.Handoff{{}}, Alerts: []jiban.Alert{{Text: "SECRET"}},
		Tickets: []jiban.TicketChange{
			{Ticket: jiban.Ticket{Number: "2611020000026", Department: "city", Life: jiban.TicketLife{Accused: []string{"water"}}}},
			{Ticket: jiban.Ticket{Number: "2611020000018", Department: "water"}},
		},
	}, jiban.Applied{Messages: []jiban.Message{{Seq: 6}}})
	for _, want := range []string{`{"type":"queue"}`, `{"type":"alert"}`, `{"type":"message","conversation_id":"v1","seq":6}`, `{"type":"ticket","number":"2611020000026"}`, `{"type":"ticket","number":"2611020000018"}`} {
		if got := h.read(screen); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if got := h.read(other); got != `{"type":"ticket","number":"2611020000018"}` {
		t.Errorf("the handler is told %s", got)
	}
	if es := web.EventsOf(jiban.Batch{Conversation: &jiban.Conversation{Holder: jiban.HeldByBot}}, jiban.Applied{}); len(es) != 0 {
		t.Errorf("a talk with the bot is announced: %v", es)
	}
}

func TestEventSocketRefusals(t *testing.T) {
	h := newHouse(t)
	if _, status := h.stranger().dial("/api/v1/events"); status != 401 {
		t.Errorf("nobody: %d", status)
	}
	agent := h.as(jiban.RoleAgent, nil)
	for _, origin := range []string{"https://evil.example", "https://town.example", "null"} {
		agent.header["Origin"] = origin
		if _, status := agent.dial("/api/v1/events"); status != 403 {
			t.Errorf("%s: %d", origin, status)
		}
	}
	if _, status := h.as(jiban.RoleAuditor, nil).dial("/api/v1/events"); status != 403 {
		t.Errorf("auditor: %d", status)
	}
}

// While nodes do not hear each other, screens look for themselves.
func TestScreensWithoutRedis(t *testing.T) {
	h := newHouse(t)
	screen, _ := h.as(jiban.RoleAgent, nil).dial("/api/v1/events")
	h.common.mu.Lock()
	h.common.down = true
	h.common.mu.Unlock()
	if got := h.read(screen); got != `{"type":"queue"}` {
		t.Error(got)
	}
}

// A screen's socket does not keep a session alive, and ends with it.
func TestScreenEndsWithItsSession(t *testing.T) {
	h := newHouse(t, func(d *web.Deps) { d.Config.Limits.SessionCheckEvery = 10 * time.Millisecond })
	agent := h.as(jiban.RoleAgent, nil)
	h.clock.Advance(staff.IdleLimit - time.Minute)
	screen, _ := agent.dial("/api/v1/events")
	eventually(t, "opening", func() bool { return h.server.Sockets() == 1 })
	h.clock.Advance(time.Minute)
	if code := closeCode(screen); code != websocket.ClosePolicyViolation {
		t.Errorf("closed with %d", code)
	}
	if _, status := agent.dial("/api/v1/events"); status != 401 {
		t.Errorf("after the idle limit: %d", status)
	}
}
