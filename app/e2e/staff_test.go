package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/fasthttp/websocket"
)

// caller speaks HTTP with the program as a page does: with cookies, and as staff
// with the token against forged requests.
type caller struct {
	t    testing.TB
	p    *program
	http *http.Client
	csrf string
}

func (p *program) caller(t testing.TB) *caller {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &caller{t: t, p: p, http: &http.Client{Jar: jar, Timeout: 20 * time.Second}}
}

// do sends a body as JSON and fills out with the answer; it returns the status.
func (c *caller) do(method, path string, in, out any) int {
	c.t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		c.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.p.url("/api/v1"+path), bytes.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Origin", c.p.url(""))
	req.Header.Set("X-CSRF-Token", c.csrf)
	res, err := c.http.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 4<<20))
	if err != nil {
		c.t.Fatal(err)
	}
	if s, ok := out.(*string); ok {
		*s = string(text)
	} else if out != nil && res.StatusCode < 300 {
		if err := json.Unmarshal(text, out); err != nil {
			c.t.Fatalf("%s %s: %v in %s", method, path, err, text)
		}
	}
	if res.StatusCode >= 300 {
		c.t.Logf("%s %s: %d %s", method, path, res.StatusCode, text)
	}
	return res.StatusCode
}

// must is do, and insists that it was done.
func (c *caller) must(method, path string, in, out any) {
	c.t.Helper()
	if code := c.do(method, path, in, out); code >= 300 {
		c.t.Fatalf("%s %s: %d", method, path, code)
	}
}

// employ logs a first account in and changes its one-time password.
func (p *program) employ(t testing.TB, login string) *caller {
	t.Helper()
	c := p.caller(t)
	var in struct {
		CSRF string `json:"csrf"`
	}
	first := p.password(login)
	c.must(http.MethodPost, "/login", map[string]string{"login": login, "password": first}, &in)
	c.csrf = in.CSRF
	c.must(http.MethodPost, "/password", map[string]string{"old": first, "new": newPassword}, &in)
	if in.CSRF != "" {
		c.csrf = in.CSRF
	}
	return c
}

// prove shows anew who somebody is.
func (c *caller) prove() {
	c.t.Helper()
	c.must(http.MethodPost, "/reauth", map[string]string{"password": newPassword}, nil)
}

// chatter is a visitor of the citizen's chat, without a page.
type chatter struct {
	*caller
	conn  *websocket.Conn
	n     int
	heard []string // what the house said and nobody asked for yet
}

// heardFrame is a message as a page gets it.
type heardFrame struct {
	Type   string `json:"type"`
	ID     string `json:"id"`
	Seq    int64  `json:"seq"`
	Author string `json:"author"`
	Text   string `json:"text"`
}

func (p *program) chatter(t testing.TB) *chatter {
	t.Helper()
	c := &chatter{caller: p.caller(t)}
	c.must(http.MethodPost, "/chat/citizen/session", struct{}{}, nil)
	u, err := url.Parse(p.url("/"))
	if err != nil {
		t.Fatal(err)
	}
	header := http.Header{"Origin": {p.url("")}}
	for _, k := range c.http.Jar.Cookies(u) {
		header.Add("Cookie", k.String())
	}
	conn, res, err := websocket.DefaultDialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(p.url("/api/v1/chat/citizen/ws"), "http"), header)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	t.Cleanup(func() { conn.Close() })
	c.conn = conn
	c.send(map[string]any{"type": "hello", "after": 0, "lang": "zh"})
	return c
}

func (c *chatter) send(frame any) {
	c.t.Helper()
	if err := c.conn.WriteJSON(frame); err != nil {
		c.t.Fatal(err)
	}
}

// says sends a text and returns what the house says after it, once it is there.
func (c *chatter) says(text string) string {
	c.t.Helper()
	c.tells(text)
	return c.hears()
}

// tells sends a text and waits until it is on disk.
func (c *chatter) tells(text string) {
	c.t.Helper()
	c.n++
	c.heard = nil
	id := fmt.Sprintf("utterance-%06d", c.n)
	c.send(map[string]any{"type": "say", "id": id, "text": text})
	for {
		switch f := c.frame(); {
		case f.Type == "ack" && f.ID == id:
			return
		case f.Type == "nack":
			c.t.Fatalf("%q was not taken in: %+v", text, f)
		}
	}
}

// hears waits for something from the house.
func (c *chatter) hears() string {
	c.t.Helper()
	for len(c.heard) == 0 {
		c.frame()
	}
	text := c.heard[0]
	c.heard = c.heard[1:]
	return text
}

// frame reads one frame and keeps what the house says.
func (c *chatter) frame() heardFrame {
	c.t.Helper()
	var f heardFrame
	err := c.conn.SetReadDeadline(time.Now().Add(60 * time.Second))
	if err == nil {
		err = c.conn.ReadJSON(&f)
	}
	if err != nil {
		c.t.Fatalf("waiting for a frame: %v", err)
	}
	if f.Type == "message" && f.Author != "contact" {
		c.heard = append(c.heard, f.Text)
	}
	return f
}
