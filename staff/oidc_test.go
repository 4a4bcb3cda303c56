package staff_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"jiban"
	"jiban/staff"
	"jiban/staff/oidctest"
)

const comeBack = "https://12345.example/api/v1/login/oidc/callback"

// vouched is an office whose staff may log in by another server.
func vouched(t *testing.T, change func(*staff.OIDCConfig)) (*office, *oidctest.Provider) {
	t.Helper()
	var o *office
	p, err := oidctest.Start(func() time.Time { return o.clock.Now() })
	must(t, err)
	t.Cleanup(p.Close)
	c := staff.OIDCConfig{Issuer: p.URL, ClientID: oidctest.ClientID, ClientSecret: oidctest.ClientSecret, RedirectURL: comeBack}
	if change != nil {
		change(&c)
	}
	o = newOffice(t, func(d *staff.Deps) { d.OIDC = &c })
	p.LogIn(map[string]any{"sub": "u1", "preferred_username": "Li.Na"}, nil)
	return o, p
}

// browse goes where the browser is sent and returns with what it brings back.
func browse(t *testing.T, address string) (state, code string) {
	t.Helper()
	plain := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := plain.Get(address)
	must(t, err)
	defer resp.Body.Close()
	back, err := url.Parse(resp.Header.Get("Location"))
	must(t, err)
	if !strings.HasPrefix(back.String(), comeBack) {
		t.Fatalf("the server answered %d and sends back to %q", resp.StatusCode, back)
	}
	return back.Query().Get("state"), back.Query().Get("code")
}

// passThrough is a whole login.
func (o *office) passThrough(t *testing.T) (string, jiban.Session, jiban.Account, error) {
	t.Helper()
	address, cookie, err := o.OIDCStart(t.Context())
	must(t, err)
	state, code := browse(t, address)
	return o.OIDCFinish(t.Context(), cookie, state, code)
}

func TestOIDCLogin(t *testing.T) {
	o, p := vouched(t, nil)
	cookie, ss, a, err := o.passThrough(t)
	must(t, err)
	if a.ID != o.agent.ID || ss.Method != "oidc" || ss.Stage != "" {
		t.Fatalf("session %+v of %s", ss, a.Login)
	}
	_, _, err = o.Session(t.Context(), cookie)
	must(t, err)
	_, _, _, err = o.passThrough(t)
	must(t, err)
	if n := p.Handled("/.well-known/openid-configuration"); n != 1 {
		t.Fatalf("the server was asked %d times where its doors are", n)
	}
	o.clock.Advance(2 * staff.PasswordAge) // the password is not used
	if _, _, a, err := o.passThrough(t); err != nil || a.MustChange {
		t.Fatalf("%v", err)
	}
}

func TestOIDCRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(map[string]any)
		code  jiban.Code
	}{
		"another audience": {func(c map[string]any) { c["aud"] = "other" }, jiban.CodeUnauthorized},
		"another issuer":   {func(c map[string]any) { c["iss"] = "https://evil.example" }, jiban.CodeUnauthorized},
		"over":             {func(c map[string]any) { c["exp"] = 1 }, jiban.CodeUnauthorized},
		"another nonce":    {func(c map[string]any) { c["nonce"] = "x" }, jiban.CodeUnauthorized},
		"no nonce":         {func(c map[string]any) { delete(c, "nonce") }, jiban.CodeUnauthorized},
		"no such account":  {func(c map[string]any) { c["preferred_username"] = "stranger" }, jiban.CodeUnauthorized},
		"no login":         {func(c map[string]any) { c["preferred_username"] = 7 }, jiban.CodeUnauthorized},
		"empty login":      {func(c map[string]any) { c["preferred_username"] = "" }, jiban.CodeUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			o, p := vouched(t, nil)
			p.Spoil(c.spoil)
			cookie, _, _, err := o.passThrough(t)
			wantCode(t, err, c.code)
			if cookie != "" || len(o.store.sessions) != 0 || len(o.store.accounts) != 1 {
				t.Fatal("something was made")
			}
			p.Spoil(nil)
			_, _, _, err = o.passThrough(t)
			must(t, err)
		})
	}
	t.Run("forged signature", func(t *testing.T) {
		o, p := vouched(t, nil)
		must(t, p.Forge())
		_, _, _, err := o.passThrough(t)
		wantCode(t, err, jiban.CodeUnauthorized)
	})
	t.Run("disabled", func(t *testing.T) {
		o, _ := vouched(t, nil)
		must(t, o.Disable(t.Context(), o.agent.ID))
		_, _, _, err := o.passThrough(t)
		wantCode(t, err, jiban.CodeUnauthorized)
	})
	t.Run("stolen and replayed", func(t *testing.T) {
		o, _ := vouched(t, nil)
		address, cookie, err := o.OIDCStart(t.Context())
		must(t, err)
		_, other, err := o.OIDCStart(t.Context())
		must(t, err)
		state, code := browse(t, address)
		for name, c := range map[string][3]string{"another browser": {other, state, code}, "no cookie": {"", state, code}, "torn cookie": {cookie[:20], state, code},
			"another state": {cookie, state + "x", code}, "no state": {cookie, "", code}, "no code": {cookie, state, ""}} {
			_, _, _, err = o.OIDCFinish(t.Context(), c[0], c[1], c[2])
			if jiban.CodeOf(err) != jiban.CodeUnauthorized {
				t.Errorf("%s: %v", name, err)
			}
		}
		_, _, _, err = o.OIDCFinish(t.Context(), cookie, state, code)
		must(t, err)
		_, _, _, err = o.OIDCFinish(t.Context(), cookie, state, code)
		wantCode(t, err, jiban.CodeUnauthorized)
	})
	t.Run("wrong secret", func(t *testing.T) {
		o, _ := vouched(t, func(c *staff.OIDCConfig) { c.ClientSecret = "guess" })
		_, _, _, err := o.passThrough(t)
		wantCode(t, err, jiban.CodeUnauthorized)
	})
	t.Run("not configured", func(t *testing.T) {
		o := newOffice(t)
		_, _, err := o.OIDCStart(t.Context())
		wantCode(t, err, jiban.CodeNotFound)
		_, _, _, err = o.OIDCFinish(t.Context(), "", "", "")
		wantCode(t, err, jiban.CodeNotFound)
		_, err = staff.New(t.Context(), staff.Deps{Store: o.store, Clock: o.clock, IDs: &jiban.SerialIDs{}, OIDC: &staff.OIDCConfig{ClientID: "x"}})
		wantCode(t, err, jiban.CodeInvalid)
	})
}

func TestOIDCClaimFromUserInfo(t *testing.T) {
	o, p := vouched(t, func(c *staff.OIDCConfig) { c.Claim = "staff_no" })
	p.LogIn(map[string]any{"sub": "u1"}, map[string]any{"staff_no": "li.na"})
	_, _, a, err := o.passThrough(t)
	must(t, err)
	if a.Login != "li.na" {
		t.Fatal(a.Login)
	}
	p.LogIn(map[string]any{"sub": "u1"}, map[string]any{"staff_no": "li.na", "sub": "u2"})
	_, _, _, err = o.passThrough(t)
	wantCode(t, err, jiban.CodeUnauthorized)
}

func TestOIDCUnprovenMailIsNoIdentity(t *testing.T) {
	o, p := vouched(t, func(c *staff.OIDCConfig) { c.Claim = "email" })
	p.LogIn(map[string]any{"sub": "u1", "email": "li.na"}, nil)
	_, _, _, err := o.passThrough(t)
	wantCode(t, err, jiban.CodeUnauthorized)
	p.LogIn(map[string]any{"sub": "u1", "email": "li.na", "email_verified": true}, nil)
	_, _, _, err = o.passThrough(t)
	must(t, err)
}

// The server down: clear words, and the password still works.
func TestOIDCDown(t *testing.T) {
	o, p := vouched(t, nil)
	p.Break(true)
	_, _, err := o.OIDCStart(t.Context())
	wantCode(t, err, jiban.CodeUnavailable)
	if !strings.Contains(err.Error(), "密码登录") {
		t.Fatalf("the words %q do not say what to do", err)
	}
	_, _, _, err = o.Login(t.Context(), "li.na", goodPassword)
	must(t, err)
	p.Break(false) // back again: no restart is needed
	address, cookie, err := o.OIDCStart(t.Context())
	must(t, err)
	state, code := browse(t, address)
	p.Break(true) // down in the middle
	_, _, _, err = o.OIDCFinish(t.Context(), cookie, state, code)
	wantCode(t, err, jiban.CodeUnavailable)
	p.Close()
	_, _, _, err = o.OIDCFinish(t.Context(), cookie, state, code)
	wantCode(t, err, jiban.CodeUnavailable)
}

func TestOIDCAndTheSecondFactor(t *testing.T) {
	o, _ := vouched(t, nil)
	secret, _ := o.enrol(t, o.agent)
	pending, ss, _, err := o.passThrough(t)
	must(t, err)
	if ss.Stage != staff.StageSecond {
		t.Fatal("the other server is not trusted with the second factor")
	}
	_, ss, _, err = o.LoginSecond(t.Context(), pending, codeAt(t, secret, o.clock.Now()))
	must(t, err)
	if ss.Stage != "" || ss.Method != "oidc" {
		t.Fatalf("session %+v", ss)
	}
	trusting, _ := vouched(t, func(c *staff.OIDCConfig) { c.TrustSecondFactor = true })
	trusting.enrol(t, trusting.agent)
	_, ss, _, err = trusting.passThrough(t)
	must(t, err)
	if ss.Stage != "" {
		t.Fatal("the other server is trusted with both factors")
	}
}
