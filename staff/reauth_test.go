package staff_test

import (
	"testing"
	"time"

	"jiban"
	"jiban/staff"
)

// entered logs the agent in by password alone.
func (o *office) entered(t *testing.T) (string, jiban.Session) {
	t.Helper()
	cookie, ss, _, err := o.Login(t.Context(), o.agent.Login, goodPassword)
	must(t, err)
	return cookie, ss
}

func (o *office) proven(t *testing.T, cookie string) bool {
	t.Helper()
	_, ss, err := o.Check(t.Context(), cookie)
	must(t, err)
	return o.Proven(ss)
}

func TestReauthByPassword(t *testing.T) {
	o := newOffice(t)
	cookie, ss := o.entered(t)
	other, _ := o.entered(t)
	if o.proven(t, cookie) {
		t.Fatal("a login alone counts as a new proof")
	}
	for name, c := range map[string]struct {
		password, code string
		want           jiban.Code
	}{
		"wrong": {"x", "", jiban.CodeUnauthorized}, "nothing": {"", "", jiban.CodeInvalid}, "both": {goodPassword, "123456", jiban.CodeInvalid},
		"a code without a factor": {"", "123456", jiban.CodeUnauthorized},
	} {
		if err := o.Reauth(t.Context(), ss, c.password, c.code); jiban.CodeOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	must(t, o.Reauth(t.Context(), ss, goodPassword, ""))
	if !o.proven(t, cookie) || o.proven(t, other) {
		t.Fatal("the proof is not of this session alone")
	}
	o.clock.Advance(staff.ProofLimit)
	if o.proven(t, cookie) {
		t.Fatal("the proof does not end")
	}
	if got := o.store.results("reauth"); len(got) != 3 || got[2] != "ok" {
		t.Fatalf("recorded: %v", got)
	}
}

// Guessing at a proof is guessing at the login: it locks the account.
func TestReauthIsNoOracle(t *testing.T) {
	o := newOffice(t)
	_, ss := o.entered(t)
	for range staff.MaxFailures {
		wantCode(t, o.Reauth(t.Context(), ss, "guess", ""), jiban.CodeUnauthorized)
	}
	wantCode(t, o.Reauth(t.Context(), ss, goodPassword, ""), jiban.CodeUnauthorized)
	_, _, _, err := o.Login(t.Context(), o.agent.Login, goodPassword)
	wantCode(t, err, jiban.CodeUnauthorized)
}

func TestReauthOfWhatHasEnded(t *testing.T) {
	o := newOffice(t)
	cookie, ss := o.entered(t)
	must(t, o.Logout(t.Context(), cookie))
	if err := o.Reauth(t.Context(), ss, goodPassword, ""); err == nil {
		t.Fatal("a session that has ended was proven")
	}
	if _, _, err := o.Session(t.Context(), cookie); jiban.CodeOf(err) != jiban.CodeUnauthorized {
		t.Fatal("the session came back")
	}
	_, ss = o.entered(t)
	must(t, o.Disable(t.Context(), o.agent.ID))
	wantCode(t, o.Reauth(t.Context(), ss, goodPassword, ""), jiban.CodeUnauthorized)
}

// A one-time password was known to somebody else: it proves nothing.
func TestReauthByOneTimePassword(t *testing.T) {
	o := newOffice(t)
	first, err := o.Reset(t.Context(), o.agent.ID)
	must(t, err)
	_, ss, _, err := o.Login(t.Context(), o.agent.Login, first)
	must(t, err)
	wantCode(t, o.Reauth(t.Context(), ss, first, ""), jiban.CodeUnauthorized)
}

func TestReauthByCodeOnce(t *testing.T) {
	o := newOffice(t)
	secret, recovery := o.enrol(t, o.agent)
	pending, _, _, err := o.Login(t.Context(), o.agent.Login, goodPassword)
	must(t, err)
	used := codeAt(t, secret, o.clock.Now())
	cookie, ss, _, err := o.LoginSecond(t.Context(), pending, used)
	must(t, err)
	wantCode(t, o.Reauth(t.Context(), ss, "", used), jiban.CodeUnauthorized) // the code of the login, seen over the shoulder
	o.clock.Advance(30 * time.Second)
	must(t, o.Reauth(t.Context(), ss, "", codeAt(t, secret, o.clock.Now())))
	if !o.proven(t, cookie) {
		t.Fatal("not proven")
	}
	wantCode(t, o.Reauth(t.Context(), ss, "", codeAt(t, secret, o.clock.Now())), jiban.CodeUnauthorized)
	must(t, o.Reauth(t.Context(), ss, "", recovery[0]))
	wantCode(t, o.Reauth(t.Context(), ss, "", recovery[0]), jiban.CodeUnauthorized)
}

// Who came by the identity server is asked there again. A server that only sends
// the browser back, another person's login and a session that is over prove
// nothing.
func TestReauthElsewhere(t *testing.T) {
	o, p := vouched(t, nil)
	cookie, ss, _, err := o.passThrough(t)
	must(t, err)
	back := func() error {
		address, held, err := o.OIDCAgain(t.Context(), ss)
		must(t, err)
		state, code := browse(t, address)
		session, _, _, err := o.OIDCFinish(t.Context(), held, state, code)
		if session != "" {
			t.Fatal("a session began")
		}
		return err
	}
	p.Spoil(func(c map[string]any) { delete(c, "auth_time") })
	wantCode(t, back(), jiban.CodeUnauthorized)
	p.Spoil(func(c map[string]any) { c["auth_time"] = o.clock.Now().Add(-time.Hour).Unix() })
	wantCode(t, back(), jiban.CodeUnauthorized)
	p.Spoil(nil)
	other := o.hire(t, "wang.wei", jiban.RoleAgent)
	p.LogIn(map[string]any{"sub": "u2", "preferred_username": other.Login}, nil)
	wantCode(t, back(), jiban.CodeUnauthorized)
	if o.proven(t, cookie) {
		t.Fatal("proven by somebody else's login, or by none")
	}
	p.LogIn(map[string]any{"sub": "u1", "preferred_username": o.agent.Login}, nil)
	must(t, back())
	if !o.proven(t, cookie) {
		t.Fatal("not proven")
	}
	must(t, o.Logout(t.Context(), cookie))
	wantCode(t, back(), jiban.CodeUnauthorized)
}
