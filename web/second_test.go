package web_test

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"jiban"
	"jiban/staff"
	"jiban/staff/oidctest"
)

// factor sets up a second factor over HTTP and returns its secret and recovery
// codes.
func (c *client) factor() (secret string, recovery []string) {
	t := c.h.t
	t.Helper()
	offer := into[struct{ Secret, URI, QR string }](t, c.do("POST", "/api/v1/second-factor", object{"password": goodPassword}).want(t, 200))
	picture, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(offer.QR, "data:image/png;base64,"))
	c.h.must(err)
	if !strings.HasPrefix(string(picture), "\x89PNG") || !strings.Contains(offer.URI, offer.Secret) {
		t.Fatal("no picture of the secret")
	}
	c.do("POST", "/api/v1/second-factor/confirm", object{"code": "000000"}).want(t, 403)
	old := c.cookies["jiban_staff"]
	done := into[struct {
		Codes []string `json:"recovery_codes"`
		CSRF  string
	}](t, c.do("POST", "/api/v1/second-factor/confirm", object{"code": c.h.code(offer.Secret)}).want(t, 200))
	if c.cookies["jiban_staff"] == old {
		t.Fatal("the cookie was not renewed")
	}
	c.csrf = done.CSRF
	c.h.clock.Advance(30 * time.Second)
	return offer.Secret, done.Codes
}

func (h *house) code(secret string) string {
	code, err := totp.GenerateCode(secret, h.clock.Now())
	h.must(err)
	return code
}

func TestLoginInTwoSteps(t *testing.T) {
	h := newHouse(t)
	agent := h.as(jiban.RoleAgent, nil)
	secret, recovery := agent.factor()
	agent.get("/api/v1/handoffs").want(t, 200)
	for _, code := range []func() string{func() string { return h.code(secret) }, func() string { return recovery[0] }} {
		c := h.stranger()
		r := c.do("POST", "/api/v1/login", object{"login": agent.account.Login, "password": goodPassword}).want(t, 200)
		first := into[struct {
			CSRF         string
			SecondFactor string `json:"second_factor"`
			Actions      []string
			Account      struct{ Name, ID string }
		}](t, r)
		if first.SecondFactor != "code" || len(first.Actions) != 0 || first.Account.Name+first.Account.ID != "" {
			t.Fatalf("the first step tells too much: %s", r.body)
		}
		if !strings.Contains(r.header.Get("Set-Cookie"), "max-age=300") {
			t.Fatalf("the pending cookie is %q", r.header.Get("Set-Cookie"))
		}
		c.get("/api/v1/me").want(t, 401)
		c.get("/api/v1/handoffs").want(t, 401)
		c.do("POST", "/api/v1/login/second", object{"code": code()}).want(t, 403) // no token
		c.csrf = into[struct{ CSRF string }](t, c.get("/api/v1/login/second").want(t, 200)).CSRF
		if c.csrf != first.CSRF {
			t.Fatal("another token")
		}
		c.do("POST", "/api/v1/login/second", object{"code": "999999"}).want(t, 403)
		r = c.do("POST", "/api/v1/login/second", object{"code": code()}).want(t, 200)
		c.csrf = into[struct{ CSRF string }](t, r).CSRF
		c.get("/api/v1/handoffs").want(t, 200)
		c.get("/api/v1/login/second").want(t, 401)
		h.clock.Advance(30 * time.Second)
	}
	if strings.Contains(h.log.String(), secret) || strings.Contains(h.log.String(), recovery[1]) {
		t.Fatal("a secret is in the log")
	}
	if strings.Contains(h.stranger().do("POST", "/api/v1/login/second", object{"code": "1"}).want(t, 401).body, "code") {
		t.Log("a stranger has nothing to prove")
	}
}

func TestWhoMustEnrolDoesNothingElse(t *testing.T) {
	h := newHouseOf(t, func(d *staff.Deps) {
		d.SecondFactor = func(a jiban.Account) bool { return a.Has(jiban.RoleAdmin) }
	})
	admin := h.as(jiban.RoleAdmin, nil)
	admin.get("/api/v1/accounts").want(t, 403)
	if !strings.Contains(admin.get("/api/v1/me").want(t, 200).body, `"second_factor":"enrol"`) {
		t.Fatal("the page does not learn what to do")
	}
	secret, _ := admin.factor()
	admin.get("/api/v1/accounts").want(t, 200)
	// A second person takes a lost factor away; nobody does it for themselves.
	security := h.as(jiban.RoleSecurity, nil)
	admin.do("DELETE", "/api/v1/accounts/"+admin.account.ID+"/second-factor", nil).want(t, 403)
	security.prove()
	security.do("DELETE", "/api/v1/accounts/"+admin.account.ID+"/second-factor", nil).want(t, 204)
	admin.get("/api/v1/me").want(t, 401)
	_ = secret
}

func TestOIDCOverHTTP(t *testing.T) {
	var h *house
	p, err := oidctest.Start(func() time.Time { return h.clock.Now() })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	const back = "http://12345.example/api/v1/login/oidc/callback"
	h = newHouseOf(t, func(d *staff.Deps) {
		d.OIDC = &staff.OIDCConfig{Issuer: p.URL, ClientID: oidctest.ClientID, ClientSecret: oidctest.ClientSecret, RedirectURL: back}
	})
	agent := h.as(jiban.RoleAgent, nil)
	p.LogIn(map[string]any{"sub": "u1", "preferred_username": agent.account.Login}, nil)
	if !strings.Contains(h.stranger().get("/api/v1/login/options").want(t, 200).body, `"oidc":true`) {
		t.Fatal("the page does not offer it")
	}
	pass := func(c *client) reply {
		r := c.get("/api/v1/login/oidc").want(t, 302)
		held := r.header.Get("Set-Cookie")
		for _, part := range []string{"HttpOnly", "SameSite=Lax", "path=/api/v1/login/oidc", "max-age=600"} {
			if !strings.Contains(held, part) {
				t.Errorf("the cookie %q lacks %s", held, part)
			}
		}
		there := h.stranger()
		there.h = &house{t: t, url: ""}
		returned, err := url.Parse(there.get(r.header.Get("Location")).want(t, 302).header.Get("Location"))
		h.must(err)
		return c.get("/api/v1/login/oidc/callback?" + returned.RawQuery)
	}
	c := h.stranger()
	if got := pass(c).want(t, 302).header.Get("Location"); got != "/console" {
		t.Fatalf("sent to %q", got)
	}
	c.get("/api/v1/handoffs").want(t, 200)
	if c.cookies["jiban_oidc"] != "" {
		t.Fatal("what the login was held to is still there")
	}
	p.LogIn(map[string]any{"sub": "u2", "preferred_username": "stranger"}, nil)
	if got := pass(h.stranger()).want(t, 302).header.Get("Location"); got != "/console#/login?oidc=refused" {
		t.Fatalf("sent to %q", got)
	}
	if got := h.stranger().get("/api/v1/login/oidc/callback?state=x&code=y").want(t, 302).header.Get("Location"); got != "/console#/login?oidc=refused" {
		t.Fatalf("sent to %q", got)
	}
	agent.factor()
	p.LogIn(map[string]any{"sub": "u1", "preferred_username": agent.account.Login}, nil)
	c = h.stranger()
	if got := pass(c).want(t, 302).header.Get("Location"); got != "/console#/login?step=second" {
		t.Fatalf("sent to %q", got)
	}
	c.get("/api/v1/me").want(t, 401)
	c.get("/api/v1/login/second").want(t, 200)
}

func TestOIDCDownOverHTTP(t *testing.T) {
	h := newHouseOf(t, func(d *staff.Deps) {
		d.OIDC = &staff.OIDCConfig{Issuer: "http://127.0.0.1:1", ClientID: "x", RedirectURL: "http://x/"}
	})
	if got := h.stranger().get("/api/v1/login/oidc").want(t, 302).header.Get("Location"); got != "/console#/login?oidc=unavailable" {
		t.Fatalf("sent to %q", got)
	}
	h.as(jiban.RoleAgent, nil).get("/api/v1/handoffs").want(t, 200)
	newHouse(t).stranger().get("/api/v1/login/oidc").want(t, 404)
}

func TestTokensOfOtherSystems(t *testing.T) {
	h := newHouse(t)
	security := h.as(jiban.RoleSecurity, nil)
	security.prove()
	in := func(d time.Duration) string { return h.clock.Now().Add(d).Format(time.RFC3339) }
	security.do("POST", "/api/v1/tokens", object{"name": "x", "actions": []string{"roles"}, "expires_at": in(time.Hour)}).want(t, 400)
	security.do("POST", "/api/v1/tokens", object{"name": "x", "actions": []string{"ticket.view"}, "expires_at": "soon"}).want(t, 400)
	security.do("POST", "/api/v1/tokens", object{"name": "x", "actions": []string{"ticket.view"}, "department": "none", "expires_at": in(time.Hour)}).want(t, 400)
	made := into[struct {
		Value string
		Token struct{ ID string }
	}](t, security.do("POST", "/api/v1/tokens", object{"name": "供水平台", "actions": []string{"ticket.view", "ticket.handle"}, "department": "water", "expires_at": in(time.Hour)}).want(t, 200))
	list := security.get("/api/v1/tokens").want(t, 200).body
	if strings.Contains(list, made.Value) || !strings.Contains(list, "供水平台") {
		t.Fatalf("the list %s", list)
	}
	system := h.stranger()
	system.header["Authorization"] = "Bearer " + made.Value
	system.get("/api/v1/tickets/2611020000018").want(t, 200)
	if strings.Contains(system.get("/api/v1/tickets/2611020000018").body, "13800001234") {
		t.Fatal("personal data without the right to it")
	}
	system.get("/api/v1/tickets/2611020000026").want(t, 404) // another department's
	system.do("POST", "/api/v1/tickets/2611020000018/sign", object{}).want(t, 200)
	for _, door := range []string{"/api/v1/accounts", "/api/v1/tokens", "/api/v1/me", "/api/v1/audit", "/api/v1/handoffs"} {
		system.get(door).want(t, 403)
	}
	if !h.books.recorded("token:"+made.Token.ID, "ticket.sign", "ticket:2611020000018") || !h.books.recorded("token:"+made.Token.ID, "view", "ticket:2611020000018") {
		t.Fatal("what the other system did is not recorded")
	}
	// A token beside a good session counts alone: it cannot borrow the session.
	both := h.as(jiban.RoleSecurity, nil)
	both.header["Authorization"] = "Bearer jbt_wrong"
	both.get("/api/v1/tokens").want(t, 401)
	security.do("DELETE", "/api/v1/tokens/"+made.Token.ID, nil).want(t, 204)
	system.get("/api/v1/tickets/2611020000018").want(t, 401)
	if strings.Contains(h.log.String(), made.Value) {
		t.Fatal("the token is in the log")
	}
}

func TestRolesAreGivenBySecurity(t *testing.T) {
	h := newHouse(t)
	admin, security, auditor := h.as(jiban.RoleAdmin, nil), h.as(jiban.RoleSecurity, nil), h.as(jiban.RoleAuditor, nil)
	admin.prove()
	security.prove()
	for _, r := range []string{"admin", "security", "auditor"} {
		admin.do("POST", "/api/v1/accounts", object{"login": "x" + r, "name": "某人", "roles": []string{r}}).want(t, 403)
	}
	made := into[struct {
		Account struct {
			ID      string
			Version int64
		}
	}](t, admin.do("POST", "/api/v1/accounts", object{"login": "new.one", "name": "新人", "roles": []string{"agent"}}).want(t, 200)).Account
	path := "/api/v1/accounts/" + made.ID
	admin.do("PUT", path+"/roles", object{"roles": []string{"auditor"}, "version": 0}).want(t, 403)
	security.do("PUT", path+"/roles", object{"roles": []string{"admin", "auditor"}, "version": 0}).want(t, 400)
	security.do("PUT", path+"/roles", object{"roles": []string{"agent"}, "region": "999999", "version": 0}).want(t, 400)
	security.do("PUT", path+"/roles", object{"roles": []string{"auditor"}, "version": 0}).want(t, 200)
	security.do("PUT", path+"/roles", object{"roles": []string{"agent"}, "version": 0}).want(t, 409)
	admin.do("PUT", path, object{"name": "新名", "version": 0}).want(t, 409)
	admin.do("PUT", path, object{"name": "新名", "version": 1}).want(t, 200)
	security.do("PUT", "/api/v1/accounts/"+security.account.ID+"/roles", object{"roles": []string{"admin"}, "version": 0}).want(t, 403)
	security.do("PUT", "/api/v1/accounts/"+admin.account.ID+"/roles", object{"roles": []string{"agent"}, "version": 0}).want(t, 400) // the last one
	if !strings.Contains(admin.do("POST", path+"/reset", nil).want(t, 200).body, "password") {
		t.Fatal("no one-time password")
	}
	admin.do("POST", path+"/disable", nil).want(t, 204)
	admin.do("POST", path+"/enable", nil).want(t, 204)
	body := auditor.get("/api/v1/audit?action=account.roles&actor="+security.account.Login).want(t, 200).body
	if !strings.Contains(body, made.ID) || !strings.Contains(body, "某人（"+security.account.Login) {
		t.Fatalf("the record says %s", body)
	}
}

func TestAuditPages(t *testing.T) {
	h := newHouse(t)
	agent, auditor := h.as(jiban.RoleAgent, nil), h.as(jiban.RoleAuditor, nil)
	for range 3 {
		agent.get("/api/v1/handoffs").want(t, 200)
		agent.get("/api/v1/alerts").want(t, 200)
	}
	agent.get("/api/v1/conversations/v1/messages?after=1").want(t, 200)
	agent.get("/api/v1/conversations/v1/messages?after=2").want(t, 200) // nothing to see
	agent.get("/api/v1/tickets?status=handling").want(t, 200)
	agent.do("PUT", "/api/v1/presence", object{"status": "online"}).want(t, 204)
	agent.do("PUT", "/api/v1/presence", object{"status": "online"}).want(t, 204)
	agent.do("POST", "/api/v1/handoffs/h1/accept", object{}).want(t, 200)
	agent.do("POST", "/api/v1/conversations/v1/messages", object{"id": "x1", "text": "您好"}).want(t, 200)
	counts := map[string]int{}
	for _, e := range h.books.entries {
		if e.Actor == agent.account.ID {
			counts[e.Action+" "+e.Object]++
		}
	}
	for what, n := range map[string]int{"view queue": 1, "view alerts": 1, "view conversation:v1": 1, "view tickets handling": 1,
		"presence.online account:" + agent.account.ID: 1} { // what a room changes, it records itself
		if counts[what] != n {
			t.Errorf("%q is recorded %d times, want %d", what, counts[what], n)
		}
	}
	for _, bad := range []string{"since=yesterday", "actor=" + strings.Repeat("x", 200), "before=-1", "limit=x"} {
		auditor.get("/api/v1/audit?"+bad).want(t, 400)
	}
	auditor.get("/api/v1/audit?since=2026-11-01&until=2026-11-02T08:00:00Z&object=ticket:*&before=9").want(t, 200)
	if body := auditor.do("POST", "/api/v1/audit/verify", nil).want(t, 200).body; !strings.Contains(body, `"ok":true`) {
		t.Fatal(body)
	}
	auditor.prove()
	r := auditor.get("/api/v1/audit/export").want(t, 200)
	if n := strings.Count(r.body, "\n"); n != len(h.books.entries) || !strings.Contains(r.body, "audit.export") || r.header.Get("Content-Disposition") == "" {
		t.Fatalf("%d lines for %d entries", n, len(h.books.entries))
	}
	h.books.broken = true
	if body := auditor.do("POST", "/api/v1/audit/verify", nil).want(t, 200).body; !strings.Contains(body, `"ok":false`) {
		t.Fatal(body)
	}
	h.common.mu.Lock()
	h.common.down = true
	h.common.mu.Unlock()
	agent.get("/api/v1/handoffs").want(t, 200)
	if !strings.Contains(fmt.Sprint(h.books.entries), "queue") {
		t.Fatal("what cannot be counted is recorded each time")
	}
}

// prove proves anew, by password, who is logged in.
func (c *client) prove() {
	c.h.t.Helper()
	c.do("POST", "/api/v1/reauth", object{"password": goodPassword}).want(c.h.t, 204)
}
