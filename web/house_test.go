package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/alexedwards/argon2id"

	"jiban"
	"jiban/staff"
	"jiban/tickets"
	"jiban/web"
)

// house is a server on a free port with everything around it made for the test.
type house struct {
	t       *testing.T
	url     string
	server  *web.Server
	books   *books
	desk    *desk
	library *library
	common  *common
	clock   *jiban.ManualClock
	log     *lines
	staff   *staff.Service
	hook    http.HandlerFunc // what the provider "gzh" does
	chat    web.ChatServer
	metrics *web.Metrics
}

// hashCost keeps password hashes quick in tests.
func hashCost() *argon2id.Params {
	return &argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}
}

func builtPages() fs.FS {
	return fstest.MapFS{
		"chat.html":        {Data: []byte("<!doctype html><div role=log>" + strings.Repeat("即办", 800))},
		"console.html":     {Data: []byte("<!doctype html>console")},
		"track.html":       {Data: []byte("<!doctype html>track")},
		"widget.js":        {Data: []byte("widget()")},
		"assets/a-1234.js": {Data: []byte(strings.Repeat("let a = 1;\n", 500))},
		".keep":            {Data: nil},
	}
}

type option func(*web.Deps)

func newHouse(t *testing.T, options ...option) *house {
	t.Helper()
	return newHouseOf(t, func(*staff.Deps) {}, options...)
}

// boxed seals for tests by saying what is inside.
type boxed struct{}

func (boxed) Seal(_ context.Context, aad string, plain []byte) ([]byte, error) {
	return append([]byte(aad+"|"), plain...), nil
}
func (boxed) Open(_ context.Context, aad string, box []byte) ([]byte, error) {
	return bytes.TrimPrefix(box, []byte(aad+"|")), nil
}

// newHouseOf is newHouse with a staff room of one's own.
func newHouseOf(t *testing.T, room func(*staff.Deps), options ...option) *house {
	t.Helper()
	h := &house{t: t, books: newBooks(), library: &library{ready: true}, common: newCommon(), log: &lines{}, metrics: web.NewMetrics(),
		clock: jiban.NewManualClock(time.Date(2026, 11, 2, 1, 0, 0, 0, time.UTC)),
		desk:  &desk{tickets: map[string]jiban.Ticket{}, handoffs: map[string]jiban.Handoff{}, status: map[string]string{}}}
	h.desk.books = h.books
	ids := &jiban.SerialIDs{Prefix: "id"}
	var err error
	deps := staff.Deps{Store: h.books, Clock: h.clock, IDs: ids, Params: hashCost(), Sealer: boxed{}}
	room(&deps)
	h.staff, err = staff.New(t.Context(), deps)
	h.must(err)
	h.furnish()
	log := slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	hook := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.hook(w, r) })
	d := web.Deps{Clock: h.clock, IDs: ids, Log: log, Staff: h.staff, Tickets: h.desk, Incidents: clerk{}, Supervision: clerk{}, Figures: clerk{}, Templates: clerk{}, Catalogues: &tickets.Editor{Store: newShelf(sampleOf(t)), Clock: h.clock}, Handoffs: h.desk, Knowledge: h.library,
		Records: h.books, House: h.books, Shared: h.common, People: nobody{}, Persons: nobody{}, Requests: nobody{}, Roster: nobody{}, Retention: &keeper{}, Metrics: h.metrics, Pages: builtPages(),
		Providers: map[jiban.ChannelKind]map[string]http.Handler{jiban.ChannelWeChat: {"gzh": hook}, jiban.ChannelSMS: {"main": hook}},
		Chats: map[string]web.Chat{
			"citizen": {Audience: jiban.Citizen, AllowedOrigins: []string{"https://town.example"},
				Serve: func(ctx context.Context, v jiban.Address, c web.ChatConn) error { return h.chat(ctx, v, c) }},
			"enterprise": {Audience: jiban.Enterprise, Serve: func(ctx context.Context, v jiban.Address, c web.ChatConn) error { return h.chat(ctx, v, c) }},
		}}
	for _, o := range options {
		o(&d)
	}
	h.server, err = web.New(d)
	h.must(err)
	h.open()
	return h
}

// open starts the server and stops it with the test.
func (h *house) open() {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	h.must(err)
	h.url = "http://" + ln.Addr().String()
	done := h.server.Start(ln)
	h.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := h.server.Shutdown(ctx); err != nil {
			h.t.Errorf("shutdown: %v", err)
		}
		if err := <-done; err != nil {
			h.t.Errorf("serving: %v", err)
		}
	})
}

// furnish puts a few people, conversations and tickets into the house.
func (h *house) furnish() {
	h.books.conversations["v1"] = jiban.Conversation{ID: "v1", Channel: "gzh", ChannelKind: jiban.ChannelWeChat, ContactID: "c1",
		Region: "230100", Holder: jiban.HeldByQueue, HandoffID: "h1", LastSeq: 2}
	h.books.conversations["v2"] = jiban.Conversation{ID: "v2", ContactID: "c1", Region: "230600", Holder: jiban.HeldByBot}
	h.books.contacts["c1"] = jiban.Contact{ID: "c1", Name: "王芳"}
	h.books.said = []jiban.Message{
		{ID: "m1", ConversationID: "v1", Seq: 1, Direction: jiban.Inbound, Author: jiban.ByContact, Content: jiban.Content{Kind: jiban.KindText, Text: "转人工"}},
		{ID: "m2", ConversationID: "v1", Seq: 2, Direction: jiban.Outbound, Author: jiban.ByBot, Content: jiban.Content{Kind: jiban.KindText, Text: "请稍候"}},
	}
	h.desk.handoffs["h1"] = jiban.Handoff{ID: "h1", ConversationID: "v1", ContactID: "c1", Status: jiban.HandoffWaiting, Matter: "010101", Articles: []string{"a1", "gone"}}
	fields := map[string]string{"name": "王芳", "phone": "13800001234", "description": "停水两天，电话 138 0000 1234"}
	h.desk.tickets["2611020000018"] = jiban.Ticket{Number: "2611020000018", Region: "230100", Department: "water", DepartmentName: "供水集团",
		Matter: "010101", Status: jiban.TicketHandling, Fields: fields, ContactID: "c1"}
	h.desk.tickets["2611020000026"] = jiban.Ticket{Number: "2611020000026", Region: "230600", Department: "city",
		Status: jiban.TicketDispatched, Fields: fields, Confidential: true, ContactID: "c-sms"}
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// client is somebody with a browser.
type client struct {
	h       *house
	account jiban.Account
	cookies map[string]string
	csrf    string
	header  map[string]string
}

func (h *house) stranger() *client {
	return &client{h: h, cookies: map[string]string{}, header: map[string]string{}}
}

const goodPassword = "Reed-Harbour-58"

// as logs in a new member of staff with the role; change may set a department or
// a region.
func (h *house) as(role jiban.Role, change func(*jiban.Account)) *client {
	h.t.Helper()
	ctx := h.t.Context()
	a := jiban.Account{Login: string(role) + "-" + time.Now().Format("150405.000000000"), Name: "某人", Roles: []jiban.Role{role}}
	if role == jiban.RoleHandler {
		a.Department = "water"
	}
	if change != nil {
		change(&a)
	}
	first, err := h.staff.Create(ctx, a)
	h.must(err)
	made, err := h.staff.ByLogin(ctx, a.Login)
	h.must(err)
	h.must(h.staff.ChangePassword(ctx, made.ID, first, goodPassword))
	cookie, session, account, err := h.staff.Login(ctx, a.Login, goodPassword)
	h.must(err)
	c := h.stranger()
	c.account, c.cookies["jiban_staff"], c.csrf = account, cookie, session.CSRF
	return c
}

// reply is an answer that was read to its end.
type reply struct {
	status int
	header http.Header
	body   string
}

// do sends a request; a body that is no string is sent as JSON.
func (c *client) do(method, path string, body any) reply {
	c.h.t.Helper()
	var content io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		content = strings.NewReader(b)
	case []byte:
		content = bytes.NewReader(b)
	default:
		data, err := json.Marshal(b)
		c.h.must(err)
		content = bytes.NewReader(data)
	}
	r, err := http.NewRequestWithContext(c.h.t.Context(), method, c.h.url+path, content)
	c.h.must(err)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.csrf != "" {
		r.Header.Set("X-CSRF-Token", c.csrf)
	}
	for k, v := range c.header {
		r.Header.Set(k, v)
	}
	for k, v := range c.cookies {
		r.AddCookie(&http.Cookie{Name: k, Value: v})
	}
	return c.send(r)
}

func (c *client) send(r *http.Request) reply {
	c.h.t.Helper()
	plain := http.Client{Timeout: 20 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{DisableCompression: true, DisableKeepAlives: true}}
	resp, err := plain.Do(r)
	c.h.must(err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	c.h.must(err)
	for _, k := range resp.Cookies() {
		c.cookies[k.Name] = k.Value
	}
	return reply{resp.StatusCode, resp.Header, string(data)}
}

func (c *client) get(path string) reply { c.h.t.Helper(); return c.do("GET", path, nil) }

// want checks the status.
func (r reply) want(t *testing.T, status int) reply {
	t.Helper()
	if r.status != status {
		t.Fatalf("status %d, want %d: %s", r.status, status, r.body)
	}
	return r
}

// into decodes the JSON answer.
func into[T any](t *testing.T, r reply) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(r.body), &v); err != nil {
		t.Fatalf("%v in %s", err, r.body)
	}
	return v
}

type object = map[string]any
