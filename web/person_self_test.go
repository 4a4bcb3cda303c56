package web_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"jiban"
	"jiban/people"
	"jiban/prompts"
	"jiban/web"
)

// exchange stands for the people room: it knows which code each visitor waits for.
type exchange struct {
	mu       sync.Mutex
	off      bool
	sent     map[string]string // contact and number: code
	consents []string
	fail     error
}

func (x *exchange) CanProve() bool { return !x.off }
func (x *exchange) Visitor(_ context.Context, a jiban.Address) (string, error) {
	return "contact of " + string(a), nil
}

func (x *exchange) Consent(_ context.Context, contact, channel, wording string) error {
	x.consents = append(x.consents, channel+" "+wording)
	return nil
}

func (x *exchange) Send(_ context.Context, contact, phone, _ string, _ jiban.Lang) (time.Duration, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.fail != nil {
		return 0, x.fail
	}
	if len(phone) != 11 {
		return 0, jiban.Errorf(jiban.CodeInvalid, "test", "no number")
	}
	x.sent[contact+phone] = "246810"
	return 5*time.Minute - time.Second, nil
}

func (x *exchange) Prove(_ context.Context, contact, phone, digits string) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	switch want := x.sent[contact+phone]; want {
	case "":
		return jiban.Errorf(jiban.CodeNotFound, "test", "no code waits")
	case digits:
		delete(x.sent, contact+phone)
		return nil
	default:
		return jiban.Errorf(jiban.CodeInvalid, "test", "wrong")
	}
}

// phoneHouse is a house whose telephones can be proven.
func phoneHouse(t *testing.T, x *exchange, limits web.Limits) *house {
	t.Helper()
	book, err := prompts.New()
	if err != nil {
		t.Fatal(err)
	}
	x.sent = map[string]string{}
	return newHouse(t, func(d *web.Deps) { d.Telephones, d.Words, d.Config.Limits = x, book, limits })
}

func (h *house) chatter() *client {
	c := h.stranger()
	c.do("POST", "/api/v1/chat/citizen/session", nil).want(h.t, 204)
	return c
}

const phonePath = "/api/v1/chat/citizen/phone"

func TestATelephoneIsProvenInTheChat(t *testing.T) {
	x := &exchange{}
	h := phoneHouse(t, x, web.Limits{})
	c := h.chatter()
	notice := into[object](t, c.get(phonePath).want(t, 200))
	if notice["available"] != true || notice["version"] != "2" || !strings.Contains(notice["text"].(string), "加密保存") {
		t.Fatalf("%v", notice)
	}
	ask := object{"phone": "13800001234", "consent": "2", "lang": "zh"}
	if got := into[object](t, c.do("POST", phonePath, ask).want(t, 200)); got["minutes"] != 5.0 {
		t.Errorf("%v", got)
	}
	if len(x.consents) != 1 || x.consents[0] != "citizen 2" {
		t.Errorf("consents %v", x.consents)
	}
	try := func(c *client, phone, code string) reply {
		return c.do("POST", phonePath+"/code", object{"phone": phone, "code": code})
	}
	try(c, "13800001234", "111111").want(t, 400)
	if r := try(h.chatter(), "13800001234", "246810").want(t, 409); strings.Contains(r.body, "1380") {
		t.Errorf("the answer repeats the number: %s", r.body)
	}
	try(c, "13900001234", "246810").want(t, 409)
	try(c, "13800001234", "246810").want(t, 204)
	try(c, "13800001234", "246810").want(t, 409)
	for name, seen := range map[string]string{"the log": h.log.String()} {
		if strings.Contains(seen, "13800001234") || strings.Contains(seen, "246810") {
			t.Errorf("%s holds the number or the code", name)
		}
	}
}

func TestWhatProvesNoTelephone(t *testing.T) {
	x := &exchange{}
	h := phoneHouse(t, x, web.Limits{})
	good := object{"phone": "13800001234", "consent": "2"}
	h.stranger().do("POST", phonePath, good).want(t, 401)
	foreign := h.chatter()
	foreign.header["Origin"] = "https://elsewhere.example"
	foreign.do("POST", phonePath, good).want(t, 403)
	c := h.chatter()
	c.do("POST", "/api/v1/chat/nowhere/phone", good).want(t, 404)
	c.do("POST", phonePath, `{"phone":`).want(t, 400)
	c.do("POST", phonePath, object{"phone": "12345", "consent": "2"}).want(t, 400)
	for _, consent := range []string{"", "0", "1", "3"} {
		if r := c.do("POST", phonePath, object{"phone": "13800001234", "consent": consent}).want(t, 400); !strings.Contains(r.body, "同意") {
			t.Errorf("consent %q: %s", consent, r.body)
		}
	}
	if len(x.sent) != 0 || len(x.consents) != 0 {
		t.Errorf("sent %d, consents %v", len(x.sent), x.consents)
	}
	x.fail = jiban.Errorf(jiban.CodeLimited, "test", "too many")
	c.do("POST", phonePath, good).want(t, 429)
	x.fail = jiban.Errorf(jiban.CodeUnavailable, "test", "the store is down")
	c.do("POST", phonePath, good).want(t, 503)
	x.off = true
	if got := into[object](t, c.get(phonePath+"?lang=en").want(t, 200)); got["available"] != false || !strings.Contains(got["text"].(string), "no text message service") {
		t.Errorf("%v", got)
	}
	c.do("POST", phonePath, good).want(t, 503)
}

// Whether anybody knows a number must not show: same status, same body.
func TestTheAnswerTellsNothingAboutANumber(t *testing.T) {
	h := phoneHouse(t, &exchange{}, web.Limits{})
	a := h.chatter().do("POST", phonePath, object{"phone": "13800001234", "consent": "2"}).want(t, 200)
	b := h.chatter().do("POST", phonePath, object{"phone": "13999999999", "consent": "2"}).want(t, 200)
	if a.body != b.body {
		t.Errorf("%s and %s", a.body, b.body)
	}
}

// Fresh cookies are had for nothing: the network address is counted too.
func TestCodesAreLimitedByNetworkAddress(t *testing.T) {
	h := phoneHouse(t, &exchange{}, web.Limits{CodesPerMinute: 5})
	for i := range 8 {
		want := http.StatusConflict
		if i >= 5 {
			want = http.StatusTooManyRequests
		}
		h.chatter().do("POST", phonePath+"/code", object{"phone": "13800001234", "code": fmt.Sprintf("%06d", i)}).want(t, want)
	}
}

func TestThePrivacyPage(t *testing.T) {
	h := phoneHouse(t, &exchange{}, web.Limits{})
	zh := h.stranger().get("/privacy").want(t, 200)
	en := h.stranger().get("/privacy?lang=en").want(t, 200)
	if !strings.Contains(zh.body, `<html lang="zh-CN">`) || !strings.Contains(zh.body, "第2版") || !strings.Contains(zh.body, "删除我的数据") {
		t.Error(zh.body)
	}
	if !strings.Contains(en.body, `<html lang="en">`) || !strings.Contains(en.body, "version 2") {
		t.Error(en.body)
	}
	if p := zh.header.Get("Content-Security-Policy"); !strings.Contains(p, "default-src 'none'") || !strings.Contains(p, "style-src 'sha256-") {
		t.Errorf("policy %q", p)
	}
	newHouse(t).stranger().get("/privacy").want(t, 404)
}

func TestRosterLookUpsAreCounted(t *testing.T) {
	h := newHouse(t)
	for _, r := range []people.RosterResult{people.RosterListed, people.RosterNotListed, people.RosterNotListed, people.RosterFailed} {
		h.metrics.RosterLooked(t.Context(), r)
	}
	got := h.stranger().get("/metrics").want(t, 200).body
	for _, want := range []string{`jiban_roster_lookups_total{result="listed"} 1`, `jiban_roster_lookups_total{result="not_listed"} 2`, `jiban_roster_lookups_total{result="failed"} 1`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s", want)
		}
	}
}
