package web_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"jiban"
	"jiban/web"
)

func TestBadBodies(t *testing.T) {
	h := newHouse(t)
	agent := h.as(jiban.RoleAgent, nil)
	for name, c := range map[string]struct {
		body   any
		status int
	}{
		"nothing":       {"", 400},
		"broken":        {`{"status":`, 400},
		"array":         {`["online"]`, 400},
		"wrong type":    {`{"status":1}`, 400},
		"unknown field": {`{"status":"online","admin":true}`, 400},
		"two values":    {`{"status":"online"}{}`, 400},
		"trailing":      {`{"status":"online"} x`, 400},
		"not UTF-8":     {[]byte("{\"status\":\"\xff\"}"), 400},
		"NUL":           {`{"status":"\u0000"}`, 400},
		"unknown value": {`{"status":"sleeping"}`, 400},
		"deep":          {strings.Repeat("[", 100000), 400},
		"big":           {`{"status":"` + strings.Repeat("x", 1<<20) + `"}`, 413},
	} {
		t.Run(name, func(t *testing.T) {
			r := agent.do("PUT", "/api/v1/presence", c.body).want(t, c.status)
			e := into[struct {
				Error struct{ Code, Message, ID string }
			}](t, r)
			if e.Error.Code != "invalid" || e.Error.Message == "" || e.Error.ID == "" || e.Error.ID != r.header.Get("X-Request-Id") {
				t.Errorf("answered %s with id %s", r.body, r.header.Get("X-Request-Id"))
			}
			if c.status == 400 && !strings.Contains(h.log.String(), e.Error.ID) {
				t.Error("the log does not know the id")
			}
		})
	}
	agent.header["Content-Type"] = "text/plain"
	agent.do("PUT", "/api/v1/presence", `{"status":"online"}`).want(t, 415)
	agent.header["Content-Type"] = "application/json; charset=utf-8"
	agent.do("PUT", "/api/v1/presence", `{"status":"online"}`).want(t, 204)
}

// A body that unpacks to a lot is not unpacked.
func TestPackedBody(t *testing.T) {
	h := newHouse(t)
	agent := h.as(jiban.RoleAgent, nil)
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write([]byte(`{"status":"online"}`))
	h.must(err)
	h.must(w.Close())
	agent.header["Content-Encoding"] = "gzip"
	agent.do("PUT", "/api/v1/presence", b.Bytes()).want(t, 400)
}

func TestBadRequests(t *testing.T) {
	h := newHouse(t)
	agent := h.as(jiban.RoleAgent, nil)
	for request, status := range map[string]int{
		"DELETE /api/v1/tickets":                         405,
		"POST /chat":                                     405,
		"GET /api/v1/login":                              405,
		"TRACE /":                                        405,
		"GET /api/v1/nothing":                            404,
		"GET /nothing":                                   404,
		"GET /Console":                                   404,
		"GET /console/":                                  404,
		"GET /api/v1/conversations/%00":                  404,
		"GET /api/v1/conversations/a%20b":                404,
		"GET /api/v1/conversations/'%20OR%201=1":         404,
		"GET /api/v1/conversations/..%2f..%2fetc":        404,
		"GET /api/v1/conversations/none":                 404,
		"GET /api/v1/conversations/v1/messages?after=-1": 400,
		"GET /api/v1/conversations/v1/messages?after=x":  400,
		"GET /api/v1/tickets?limit=99999999999999999999": 400,
		"GET /api/v1/tickets?status=odd":                 400,
		"GET /api/v1/tickets?department=%00":             400,
		"GET /api/v1/tickets?department=%ff":             400,
		"GET /api/v1/articles?status=odd":                400,
		"GET /api/v1/search?q=":                          400,
		"GET /api/v1/search?q=x&audience=all":            400,
		"GET /assets/../console.html":                    404,
		"GET /assets/..%2fconsole.html":                  404,
		"GET /assets/%2e%2e/console.html":                404,
		"GET /assets/.keep":                              404,
		"GET /assets/":                                   404,
		"GET /api/v1/chat/none/ws":                       404,
		"GET /api/v1/chat/citizen/ws":                    426,
		"GET /api/v1/events":                             426,
		"POST /channels/wechat/none":                     404,
		"POST /channels/sms/none/inbound":                404,
		"POST /channels/sms/main/other":                  404,
		"GET /channels/sms/main/inbound":                 405,
	} {
		method, path, _ := strings.Cut(request, " ")
		t.Run(request, func(t *testing.T) {
			conn, err := net.Dial("tcp", strings.TrimPrefix(h.url, "http://"))
			h.must(err)
			defer conn.Close()
			h.must(conn.SetDeadline(time.Now().Add(10 * time.Second)))
			_, err = fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-CSRF-Token: %s\r\nCookie: jiban_staff=%s\r\n\r\n",
				method, path, agent.csrf, agent.cookies["jiban_staff"])
			h.must(err)
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			h.must(err)
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			h.must(err)
			if resp.StatusCode != status {
				t.Fatalf("%d, want %d: %s", resp.StatusCode, status, body)
			}
			if strings.Contains(string(body), "console") || strings.Contains(string(body), "root:") {
				t.Fatalf("a file got out: %s", body)
			}
		})
	}
}

func TestBrokenHTTP(t *testing.T) {
	h := newHouse(t)
	for name, c := range map[string]struct {
		request string
		status  int
	}{
		"no HTTP":        {"hello\r\n\r\n", 400},
		"huge header":    {"GET / HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("a", 40<<10) + "\r\n\r\n", 431},
		"huge length":    {"POST /channels/wechat/gzh HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n" + strings.Repeat("a", 16<<10), 413},
		"odd length":     {"POST /channels/wechat/gzh HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n", 400},
		"binary in path": {"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 404},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", strings.TrimPrefix(h.url, "http://"))
			h.must(err)
			defer conn.Close()
			h.must(conn.SetDeadline(time.Now().Add(10 * time.Second)))
			_, _ = io.WriteString(conn, c.request) // it may be cut off before it is read
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			h.must(err)
			defer resp.Body.Close()
			if resp.StatusCode != c.status {
				t.Fatalf("%d, want %d", resp.StatusCode, c.status)
			}
		})
	}
	h.stranger().get("/healthz").want(t, 200)
}

// What a room says about its failure never reaches the outside.
func TestErrorMapping(t *testing.T) {
	h := newHouse(t)
	agent := h.as(jiban.RoleSupervisor, nil)
	secret := errors.New("SELECT secret FROM tickets: 13800001234")
	for code, status := range map[jiban.Code]int{
		jiban.CodeInvalid: 400, jiban.CodeNotFound: 404, jiban.CodeConflict: 409, jiban.CodeDuplicate: 409, jiban.CodeForbidden: 403,
		jiban.CodeUnauthorized: 401, jiban.CodeLimited: 429, jiban.CodeUnavailable: 503, jiban.CodeInternal: 500, "": 500,
	} {
		h.desk.err = fmt.Errorf("wrapped: %w", jiban.Errorf(code, "tickets.list", "reading: %w", secret))
		if code == "" {
			h.desk.err = secret
		}
		r := agent.get("/api/v1/tickets").want(t, status)
		e := into[struct {
			Error struct{ Code, Message, ID string }
		}](t, r)
		if code != "" && e.Error.Code != string(code) || strings.Contains(r.body, "secret") || !strings.ContainsRune(e.Error.Message, '(') {
			t.Errorf("%s: answered %s", code, r.body)
		}
	}
	h.desk.err = context.DeadlineExceeded
	agent.get("/api/v1/tickets").want(t, 503)
	h.desk.err = &jiban.Error{Code: jiban.CodeConflict, Op: "x", Msg: "工单已签收"}
	if r := agent.get("/api/v1/tickets").want(t, 409); !strings.Contains(r.body, "工单已签收") {
		t.Errorf("the words are lost: %s", r.body)
	}
}

func TestPanicIsAnError(t *testing.T) {
	h := newHouse(t)
	h.hook = func(http.ResponseWriter, *http.Request) { panic("boom") }
	r := h.stranger().do("POST", "/channels/wechat/gzh", "x").want(t, 500)
	if strings.Contains(r.body, "boom") || !strings.Contains(h.log.String(), "boom") {
		t.Fatalf("answered %q", r.body)
	}
	h.stranger().get("/healthz").want(t, 200)
}

func TestLogHasNoQueries(t *testing.T) {
	h := newHouse(t)
	agent := h.as(jiban.RoleAgent, nil)
	agent.get("/api/v1/search?q=SECRETQUESTION").want(t, 200)
	agent.do("POST", "/api/v1/conversations/v1/messages", object{"id": "x1", "text": "SECRETWORDS"}).want(t, 200)
	h.stranger().do("POST", "/api/v1/track", object{"number": "2611020000018", "code": "9999"}).want(t, 404)
	log := h.log.String()
	for _, s := range []string{"SECRET", "2611020000018", "9999", agent.csrf, agent.cookies["jiban_staff"]} {
		if strings.Contains(log, s) {
			t.Errorf("the log contains %s", s)
		}
	}
	if !strings.Contains(log, "route=/api/v1/search") || !strings.Contains(log, "status=200") {
		t.Error("the request is not logged")
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{`{"login":"a","password":"b"}`, `{"login":1}`, `{`, `[]`, "\xff", `{"login":"\u0000"}`, `{"LOGIN":"x"}`, `null`, `{} {}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var v struct {
			Login    string            `json:"login"`
			Password string            `json:"password"`
			Fields   map[string]string `json:"fields"`
		}
		err := web.Decode(data, &v)
		if err == nil {
			if !json.Valid(data) || !utf8.Valid(data) || strings.ContainsRune(v.Login, 0) && !bytes.ContainsRune(data, 0) {
				t.Fatalf("%q was taken: %+v", data, v)
			}
			return
		}
		if status, code, _ := web.FaultOf(err); status != 400 || code != "invalid" {
			t.Fatalf("%q: %d %s", data, status, code)
		}
		if len(data) > 8 && utf8.Valid(data) && strings.Contains(err.Error(), string(data)) {
			t.Fatalf("the error repeats the body: %v", err)
		}
	})
}

func FuzzHideNumbers(f *testing.F) {
	for _, s := range []string{"13800001234", "138 0000 1234", "138-0000-1234", "电话13800001234。", "12345", "a 1 b 2", "- 1", "1  2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := web.HideNumbers(s)
		if utf8.RuneCountInString(got) != utf8.RuneCountInString(s) && utf8.ValidString(s) {
			t.Fatalf("%q became %q", s, got)
		}
		run := 0
		for _, r := range got {
			if r < '0' || r > '9' {
				run = 0
				continue
			}
			if run++; run >= 7 {
				t.Fatalf("a number is left in %q", got)
			}
		}
	})
}
