package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"jiban"
	"jiban/staff"
	"jiban/web"
)

func TestLoginMeLogout(t *testing.T) {
	h := newHouse(t)
	first, err := h.staff.Create(t.Context(), jiban.Account{Login: "lina", Name: "李娜", Roles: []jiban.Role{jiban.RoleAgent}})
	h.must(err)
	c := h.stranger()
	r := c.do("POST", "/api/v1/login", object{"login": "lina", "password": first}).want(t, 200)
	cookie := r.header.Get("Set-Cookie")
	for _, part := range []string{"HttpOnly", "SameSite=Strict", "path=/"} {
		if !strings.Contains(cookie, part) {
			t.Errorf("cookie lacks %s: %s", part, cookie)
		}
	}
	in := into[struct {
		Account    struct{ Login string }
		CSRF       string
		MustChange bool `json:"must_change"`
	}](t, r)
	if in.Account.Login != "lina" || in.CSRF == "" || !in.MustChange || r.header.Get("Cache-Control") != "no-store" {
		t.Fatalf("login answered %s", r.body)
	}
	c.csrf = in.CSRF
	c.get("/api/v1/me").want(t, 200)
	c.get("/api/v1/handoffs").want(t, 403) // the one-time password comes first
	c.do("POST", "/api/v1/password", object{"old": "wrong", "new": goodPassword}).want(t, 403)
	c.do("POST", "/api/v1/password", object{"old": first, "new": "short"}).want(t, 400)
	old := c.cookies["jiban_staff"]
	r = c.do("POST", "/api/v1/password", object{"old": first, "new": goodPassword}).want(t, 200)
	c.csrf = into[struct{ CSRF string }](t, r).CSRF
	if c.cookies["jiban_staff"] == old {
		t.Fatal("the cookie was not renewed")
	}
	c.get("/api/v1/handoffs").want(t, 200)
	stale := h.stranger()
	stale.cookies["jiban_staff"] = old
	stale.get("/api/v1/me").want(t, 401)
	c.do("POST", "/api/v1/logout", nil).want(t, 204)
	c.get("/api/v1/me").want(t, 401)
	if strings.Contains(h.log.String(), first) || strings.Contains(h.log.String(), old) {
		t.Fatal("a secret is in the log")
	}
}

func TestSecureCookieBehindTLS(t *testing.T) {
	h := newHouse(t, func(d *web.Deps) { d.Config.PublicURL = "https://12345.example/" })
	r := h.stranger().get("/chat").want(t, 200)
	if !strings.Contains(r.header.Get("Set-Cookie"), "secure") || r.header.Get("Strict-Transport-Security") == "" {
		t.Fatalf("cookie %q, HSTS %q", r.header.Get("Set-Cookie"), r.header.Get("Strict-Transport-Security"))
	}
}

func TestSessionEnds(t *testing.T) {
	h := newHouse(t)
	c := h.as(jiban.RoleAgent, nil)
	c.get("/api/v1/me").want(t, 200)
	h.clock.Advance(staff.IdleLimit)
	c.get("/api/v1/me").want(t, 401)
	d := h.as(jiban.RoleAgent, nil)
	h.must(h.staff.Disable(t.Context(), d.account.ID))
	d.get("/api/v1/me").want(t, 401)
}

func TestForgedRequests(t *testing.T) {
	h := newHouse(t)
	agent := h.as(jiban.RoleAgent, nil)
	token := agent.csrf
	for name, change := range map[string]func(c *client){
		"no token":       func(c *client) { c.csrf = "" },
		"wrong token":    func(c *client) { c.csrf = strings.Repeat("x", len(token)) },
		"foreign origin": func(c *client) { c.header["Origin"] = "https://evil.example" },
		"null origin":    func(c *client) { c.header["Origin"] = "null" },
		"chat's origin":  func(c *client) { c.header["Origin"] = "https://town.example" },
	} {
		t.Run(name, func(t *testing.T) {
			c := *agent
			c.header = map[string]string{}
			change(&c)
			c.do("PUT", "/api/v1/presence", object{"status": "online"}).want(t, 403)
		})
	}
	another := h.as(jiban.RoleAgent, nil)
	another.csrf = token
	another.do("PUT", "/api/v1/presence", object{"status": "online"}).want(t, 403)
	agent.header["Origin"] = h.url
	agent.do("PUT", "/api/v1/presence", object{"status": "online"}).want(t, 204)
	if len(h.desk.status) != 1 {
		t.Fatalf("presence was changed for %d", len(h.desk.status))
	}
}

func TestLoginLimits(t *testing.T) {
	h := newHouse(t, func(d *web.Deps) { d.Config.Limits.LoginsPerMinute = 3; d.Config.TrustProxy = true })
	c := h.stranger()
	c.header["X-Forwarded-For"] = "10.0.0.1, 203.0.113.9"
	for range 3 {
		c.do("POST", "/api/v1/login", object{"login": "nobody", "password": "x"}).want(t, 401)
	}
	r := c.do("POST", "/api/v1/login", object{"login": "nobody", "password": "x"}).want(t, 429)
	if r.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	c.header["X-Forwarded-For"] = "198.51.100.1, 203.0.113.9" // what the visitor claims does not count
	c.do("POST", "/api/v1/login", object{"login": "nobody", "password": "x"}).want(t, 429)
	c.header["X-Forwarded-For"] = "203.0.113.10"
	c.do("POST", "/api/v1/login", object{"login": "nobody", "password": "x"}).want(t, 401)
	h.common.mu.Lock()
	h.common.down = true
	h.common.mu.Unlock()
	c.do("POST", "/api/v1/login", object{"login": "nobody", "password": "x"}).want(t, 401)
}

func TestForwardedAddressIsNotBelievedByDefault(t *testing.T) {
	h := newHouse(t, func(d *web.Deps) { d.Config.Limits.LoginsPerMinute = 1 })
	c := h.stranger()
	for i, want := range []int{401, 429} {
		c.header["X-Forwarded-For"] = "203.0.113." + string(rune('1'+i))
		c.do("POST", "/api/v1/login", object{"login": "nobody", "password": "x"}).want(t, want)
	}
}

func TestAccounts(t *testing.T) {
	h := newHouse(t)
	admin := h.as(jiban.RoleAdmin, nil)
	r := admin.do("POST", "/api/v1/accounts", object{"login": "new.one", "name": "新人", "roles": []string{"handler"}, "department": "water", "region": "230100"}).want(t, 200)
	made := into[struct {
		Account  struct{ ID, Login string }
		Password string
	}](t, r)
	if strings.Contains(h.log.String(), made.Password) || strings.Contains(r.body, "argon2") {
		t.Fatal("a secret got out")
	}
	h.stranger().do("POST", "/api/v1/login", object{"login": "new.one", "password": made.Password}).want(t, 200)
	admin.do("POST", "/api/v1/accounts", object{"login": "new.one", "name": "新人", "roles": []string{"agent"}}).want(t, 409)
	admin.do("POST", "/api/v1/accounts", object{"login": "x1", "name": "新人", "roles": []string{"handler"}, "department": "none"}).want(t, 400)
	admin.do("POST", "/api/v1/accounts", object{"login": "x1", "name": "新人", "roles": []string{"agent"}, "region": "999999"}).want(t, 400)
	admin.do("POST", "/api/v1/accounts/"+admin.account.ID+"/disable", nil).want(t, 400)
	admin.do("POST", "/api/v1/accounts/none/disable", nil).want(t, 404)
	admin.do("POST", "/api/v1/accounts/"+made.Account.ID+"/disable", nil).want(t, 204)
	h.stranger().do("POST", "/api/v1/login", object{"login": "new.one", "password": made.Password}).want(t, 401)
	if !h.books.recorded(admin.account.ID, "account.create", "account:"+made.Account.ID) {
		t.Fatal("the change is not recorded")
	}
	if strings.Contains(admin.get("/api/v1/accounts").want(t, 200).body, "argon2") {
		t.Fatal("hashes are listed")
	}
	auditor := h.as(jiban.RoleAuditor, nil)
	if !strings.Contains(auditor.get("/api/v1/audit?limit=500").want(t, 200).body, "account.create") {
		t.Fatal("the auditor does not see the change")
	}
}

func TestStopWaitsForRequests(t *testing.T) {
	h := newHouse(t)
	entered, leave := make(chan struct{}), make(chan struct{})
	h.hook = func(w http.ResponseWriter, _ *http.Request) { close(entered); <-leave; _, _ = w.Write([]byte("done")) }
	got := make(chan reply, 1)
	go func() { got <- h.stranger().do("POST", "/channels/wechat/gzh", "<xml/>") }()
	<-entered
	time.AfterFunc(100*time.Millisecond, func() { close(leave) })
	h.must(h.server.Shutdown(t.Context()))
	if r := <-got; r.status != 200 || r.body != "done" {
		t.Fatalf("the running request got %d %q", r.status, r.body)
	}
}

// A cookie that was planted in the browser before the login is not the session's.
func TestSessionFixation(t *testing.T) {
	h := newHouse(t)
	agent := h.as(jiban.RoleAgent, nil)
	planted := h.stranger()
	planted.cookies["jiban_staff"] = "planted-by-somebody-else-0123456789abcdefghij"
	login := object{"login": agent.account.Login, "password": goodPassword}
	planted.do("POST", "/api/v1/login", login).want(t, 200)
	if planted.cookies["jiban_staff"] == "planted-by-somebody-else-0123456789abcdefghij" {
		t.Fatal("the planted cookie was taken up")
	}
	thief := h.stranger()
	thief.cookies["jiban_staff"] = "planted-by-somebody-else-0123456789abcdefghij"
	thief.get("/api/v1/me").want(t, 401)
	// Nor is the session of somebody who was logged in before carried on.
	first := agent.cookies["jiban_staff"]
	agent.do("POST", "/api/v1/login", login).want(t, 200)
	if agent.cookies["jiban_staff"] == first {
		t.Fatal("a second login goes on under the first cookie")
	}
}

// What asks for a new proof cannot be had by a forged one, and the words say what
// to do.
func TestReauthOverHTTP(t *testing.T) {
	h := newHouse(t)
	auditor := h.as(jiban.RoleAuditor, nil)
	if body := auditor.get("/api/v1/audit/export").want(t, 403).body; !strings.Contains(body, `"code":"reauth"`) || !strings.Contains(body, "再次确认您的身份") {
		t.Fatal(body)
	}
	forged := *auditor
	forged.csrf = ""
	forged.do("POST", "/api/v1/reauth", object{"password": goodPassword}).want(t, 403)
	foreign := *auditor
	foreign.header = map[string]string{"Origin": "https://evil.example"}
	foreign.do("POST", "/api/v1/reauth", object{"password": goodPassword}).want(t, 403)
	h.stranger().do("POST", "/api/v1/reauth", object{"password": goodPassword}).want(t, 401)
	auditor.do("POST", "/api/v1/reauth", object{"password": "wrong"}).want(t, 403)
	auditor.do("POST", "/api/v1/reauth", object{}).want(t, 400)
	auditor.do("POST", "/api/v1/reauth/oidc", object{}).want(t, 404) // there is no other server
	auditor.get("/api/v1/audit/export").want(t, 403)
	auditor.prove()
	auditor.get("/api/v1/audit/export").want(t, 200)
	h.clock.Advance(staff.ProofLimit)
	auditor.get("/api/v1/audit/export").want(t, 403)
}

// A login whose entry in the record cannot be written does not begin.
func TestUnrecordedLoginDoesNotBegin(t *testing.T) {
	h := newHouse(t)
	admin := h.as(jiban.RoleAdmin, nil)
	h.books.mu.Lock()
	h.books.unrecorded = true
	h.books.mu.Unlock()
	c := h.stranger()
	c.do("POST", "/api/v1/login", object{"login": admin.account.Login, "password": goodPassword}).want(t, 503)
	if len(c.cookies) != 0 {
		t.Fatal("a cookie was set")
	}
	admin.do("POST", "/api/v1/accounts", object{"login": "new.one", "name": "新人", "roles": []string{"agent"}}).want(t, 503)
	if _, err := h.staff.ByLogin(t.Context(), "new.one"); jiban.CodeOf(err) != jiban.CodeNotFound {
		t.Fatalf("the account is there: %v", err)
	}
}
