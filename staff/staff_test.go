package staff_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"jiban"
	"jiban/staff"
)

func TestLoginAndSession(t *testing.T) {
	o := newOffice(t)
	cookie, ss, a, err := o.Login(t.Context(), "LI.NA", goodPassword)
	must(t, err)
	if a.ID != o.agent.ID || ss.CSRF == "" || !a.LastLoginAt.IsZero() {
		t.Fatalf("account %+v, session %+v", a, ss)
	}
	for h := range o.store.sessions {
		if strings.Contains(h, cookie) || h == cookie {
			t.Fatal("the cookie's value is stored")
		}
	}
	got, same, err := o.Session(t.Context(), cookie)
	must(t, err)
	if got.ID != a.ID || !staff.SameToken(same, ss.CSRF) || staff.SameToken(same, "") || staff.SameToken(jiban.Session{}, "") {
		t.Fatalf("session of %s, CSRF %v", got.ID, same.CSRF == ss.CSRF)
	}
	o.clock.Advance(time.Minute)
	_, _, again, err := o.Login(t.Context(), "li.na", goodPassword)
	must(t, err)
	if !again.LastLoginAt.Equal(o.clock.Now().Add(-time.Minute)) {
		t.Fatalf("last login %v", again.LastLoginAt)
	}
	must(t, o.Logout(t.Context(), cookie))
	must(t, o.Logout(t.Context(), cookie))
	_, _, err = o.Session(t.Context(), cookie)
	wantCode(t, err, jiban.CodeUnauthorized)
}

func TestLoginRefusals(t *testing.T) {
	o := newOffice(t)
	disabled, err := o.Create(t.Context(), jiban.Account{Login: "gone", Name: "离职", Roles: []jiban.Role{jiban.RoleAgent}})
	must(t, err)
	gone, err := o.ByLogin(t.Context(), "gone")
	must(t, err)
	must(t, o.Disable(t.Context(), gone.ID))
	var words string
	for name, c := range map[string]struct{ login, password string }{
		"wrong password": {"li.na", "Wrong-Harbour-58"}, "unknown": {"nobody", goodPassword}, "empty": {"", ""},
		"disabled": {"gone", disabled}, "control": {"li\x00na", "\xff"}, "huge": {strings.Repeat("a", 1<<16), strings.Repeat("b", 1<<16)},
	} {
		cookie, _, a, err := o.Login(t.Context(), c.login, c.password)
		wantCode(t, err, jiban.CodeUnauthorized)
		if cookie != "" || a.ID != "" && name != "wrong password" && name != "disabled" {
			t.Errorf("%s: something came back", name)
		}
		if words == "" {
			words = err.Error()
		}
		if err.Error() != words {
			t.Errorf("%s: the answer tells the accounts apart: %v", name, err)
		}
	}
	for _, e := range o.store.audit {
		if strings.Contains(e.Actor+e.Object, "nobody") {
			t.Error("what was typed as the login is recorded")
		}
	}
}

func TestLockOut(t *testing.T) {
	o := newOffice(t)
	for range staff.MaxFailures {
		_, _, _, err := o.Login(t.Context(), "li.na", "Wrong-Harbour-58")
		wantCode(t, err, jiban.CodeUnauthorized)
	}
	_, _, _, err := o.Login(t.Context(), "li.na", goodPassword)
	wantCode(t, err, jiban.CodeUnauthorized)
	o.clock.Advance(staff.LockedFor - time.Second)
	_, _, _, err = o.Login(t.Context(), "li.na", goodPassword)
	wantCode(t, err, jiban.CodeUnauthorized)
	o.clock.Advance(time.Second)
	_, _, _, err = o.Login(t.Context(), "li.na", goodPassword)
	must(t, err)
	want := []string{"failed", "failed", "failed", "failed", "locked", "locked out", "locked out", "ok"}
	if got := o.store.results("login"); !slices.Equal(got, want) {
		t.Fatalf("recorded %v, want %v", got, want)
	}
}

// Guesses sent side by side must not get more tries than guesses in a row.
func TestLockOutSideBySide(t *testing.T) {
	o := newOffice(t)
	var wg sync.WaitGroup
	for range 40 {
		wg.Go(func() { _, _, _, _ = o.Login(t.Context(), "li.na", "Wrong-Harbour-58") })
	}
	wg.Wait()
	failed := 0
	for _, r := range o.store.results("login") {
		if r == "failed" {
			failed++
		}
	}
	if failed != staff.MaxFailures-1 {
		t.Fatalf("%d guesses were counted as tries", failed)
	}
	_, _, _, err := o.Login(t.Context(), "li.na", goodPassword)
	wantCode(t, err, jiban.CodeUnauthorized)
}

func TestSuccessForgetsFailures(t *testing.T) {
	o := newOffice(t)
	for range 3 {
		for range staff.MaxFailures - 1 {
			_, _, _, err := o.Login(t.Context(), "li.na", "Wrong-Harbour-58")
			wantCode(t, err, jiban.CodeUnauthorized)
		}
		_, _, _, err := o.Login(t.Context(), "li.na", goodPassword)
		must(t, err)
	}
}

func TestSessionLimits(t *testing.T) {
	t.Run("idle", func(t *testing.T) {
		o := newOffice(t)
		cookie, _, _, err := o.Login(t.Context(), "li.na", goodPassword)
		must(t, err)
		o.clock.Advance(staff.IdleLimit)
		_, _, err = o.Session(t.Context(), cookie)
		wantCode(t, err, jiban.CodeUnauthorized)
		if len(o.store.sessions) != 0 {
			t.Fatal("a dead session is kept")
		}
	})
	t.Run("absolute", func(t *testing.T) {
		o := newOffice(t)
		cookie, _, _, err := o.Login(t.Context(), "li.na", goodPassword)
		must(t, err)
		end := o.clock.Now().Add(staff.SessionLimit)
		for o.clock.Now().Add(20 * time.Minute).Before(end) {
			o.clock.Advance(20 * time.Minute)
			_, _, err = o.Session(t.Context(), cookie)
			must(t, err)
		}
		o.clock.Advance(20 * time.Minute)
		_, _, err = o.Session(t.Context(), cookie)
		wantCode(t, err, jiban.CodeUnauthorized)
	})
	t.Run("disabled", func(t *testing.T) {
		o := newOffice(t)
		cookie, _, _, err := o.Login(t.Context(), "li.na", goodPassword)
		must(t, err)
		must(t, o.Disable(t.Context(), o.agent.ID))
		_, _, err = o.Session(t.Context(), cookie)
		wantCode(t, err, jiban.CodeUnauthorized)
	})
	t.Run("forged", func(t *testing.T) {
		o := newOffice(t)
		_, ss, _, err := o.Login(t.Context(), "li.na", goodPassword)
		must(t, err)
		for _, c := range []string{"", "x", ss.Hash, strings.Repeat("x", 1<<16)} {
			_, _, err = o.Session(t.Context(), c)
			wantCode(t, err, jiban.CodeUnauthorized)
		}
	})
}

func TestChangePassword(t *testing.T) {
	o := newOffice(t)
	cookie, _, _, err := o.Login(t.Context(), "li.na", goodPassword)
	must(t, err)
	wantCode(t, o.ChangePassword(t.Context(), o.agent.ID, goodPassword, goodPassword), jiban.CodeInvalid)
	wantCode(t, o.ChangePassword(t.Context(), o.agent.ID, "Wrong-Harbour-58", "Other-Harbour-58"), jiban.CodeUnauthorized)
	must(t, o.ChangePassword(t.Context(), o.agent.ID, goodPassword, "Other-Harbour-58"))
	_, _, err = o.Session(t.Context(), cookie)
	wantCode(t, err, jiban.CodeUnauthorized)
	_, _, _, err = o.Login(t.Context(), "li.na", goodPassword)
	wantCode(t, err, jiban.CodeUnauthorized)
	_, _, _, err = o.Login(t.Context(), "li.na", "Other-Harbour-58")
	must(t, err)
}

func TestReset(t *testing.T) {
	o := newOffice(t)
	for range staff.MaxFailures {
		_, _, _, _ = o.Login(t.Context(), "li.na", "Wrong-Harbour-58")
	}
	password, err := o.Reset(staff.WithActor(t.Context(), "boss"), o.agent.ID)
	must(t, err)
	_, _, a, err := o.Login(t.Context(), "li.na", password)
	must(t, err)
	if !a.MustChange || staff.May(a, staff.ActQueue) || !staff.May(a, staff.ActSelf) {
		t.Fatal("a one-time password must be changed before anything else")
	}
	if e := o.store.audit[len(o.store.audit)-2]; e.Action != "account.reset" || e.Actor != "boss" {
		t.Fatalf("recorded %+v", e)
	}
	_, err = o.Reset(t.Context(), "none")
	wantCode(t, err, jiban.CodeNotFound)
}

func TestPasswordRules(t *testing.T) {
	for password, ok := range map[string]bool{
		goodPassword: true, "Dongfang-2031x": true, "河山Aa1河山湖海林田": true, "kxT92mqpR4": true,
		"Short-1a": false, "alllowercase12": false, "li.na-ABC-2031": false, "LI.NA-abc-2031": false,
		"P@ssw0rd2026": false, "Password-2026": false, "Qwerty-83-Xx": false, "Aa1111111111": false, "Jiban-2026-Xy": false,
		"with\x00null-A1": false, "bad\xffutf8-A1xx": false, strings.Repeat("Ab1-", 33): false, "": false,
	} {
		err := staff.CheckPassword("li.na", password)
		if (err == nil) != ok {
			t.Errorf("%q: %v", password, err)
		}
		if err != nil && password != "" && strings.Contains(err.Error(), password) {
			t.Errorf("%q: the error repeats the password", password)
		}
	}
}

func TestCreateRefusals(t *testing.T) {
	o := newOffice(t)
	agent := []jiban.Role{jiban.RoleAgent}
	for name, c := range map[string]struct {
		a    jiban.Account
		code jiban.Code
	}{
		"taken":           {jiban.Account{Login: "LI.NA", Name: "x", Roles: agent}, jiban.CodeConflict},
		"no login":        {jiban.Account{Name: "x", Roles: agent}, jiban.CodeInvalid},
		"odd login":       {jiban.Account{Login: "a b", Name: "x", Roles: agent}, jiban.CodeInvalid},
		"no name":         {jiban.Account{Login: "ab", Roles: agent}, jiban.CodeInvalid},
		"no role":         {jiban.Account{Login: "ab", Name: "x"}, jiban.CodeInvalid},
		"foreign role":    {jiban.Account{Login: "ab", Name: "x", Roles: []jiban.Role{"root"}}, jiban.CodeInvalid},
		"no department":   {jiban.Account{Login: "ab", Name: "x", Roles: []jiban.Role{jiban.RoleHandler}}, jiban.CodeInvalid},
		"admin and agent": {jiban.Account{Login: "ab", Name: "x", Roles: []jiban.Role{jiban.RoleAdmin, jiban.RoleAgent}}, jiban.CodeInvalid},
	} {
		_, err := o.Create(t.Context(), c.a)
		if jiban.CodeOf(err) != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEnsureFirst(t *testing.T) {
	o := newOffice(t)
	made, err := o.EnsureFirst(t.Context())
	must(t, err)
	if len(made) != 0 {
		t.Fatalf("accounts were made although there are some: %v", made)
	}
	o.store.accounts = map[string]jiban.Account{}
	made, err = o.EnsureFirst(t.Context())
	must(t, err)
	var logins []string
	for _, f := range made {
		logins = append(logins, f.Login)
		_, _, a, err := o.Login(t.Context(), f.Login, f.Password)
		must(t, err)
		if !a.MustChange {
			t.Errorf("%s may keep the first password", f.Login)
		}
	}
	want := []string{"admin", "agent", "supervisor", "editor", "reviewer", "security", "auditor", "handler", "handler2"}
	if !slices.Equal(logins, want) {
		t.Fatalf("made %v, want %v", logins, want)
	}
}

func TestStoreDown(t *testing.T) {
	o := newOffice(t)
	cookie, _, _, err := o.Login(t.Context(), "li.na", goodPassword)
	must(t, err)
	o.store.down = true
	_, _, _, err = o.Login(t.Context(), "li.na", goodPassword)
	wantCode(t, err, jiban.CodeUnavailable)
	_, _, err = o.Session(t.Context(), cookie)
	wantCode(t, err, jiban.CodeUnavailable)
	wantCode(t, o.Logout(t.Context(), cookie), jiban.CodeUnavailable)
}

func TestPermissions(t *testing.T) {
	apart := map[staff.Action][]jiban.Role{
		staff.ActConversation: {jiban.RoleAdmin, jiban.RoleAuditor, jiban.RoleHandler, jiban.RoleEditor},
		staff.ActAccounts:     {jiban.RoleAuditor, jiban.RoleSupervisor, jiban.RoleAgent, jiban.RoleSecurity},
		staff.ActRoles:        {jiban.RoleAdmin, jiban.RoleAuditor, jiban.RoleSupervisor},
		staff.ActTokens:       {jiban.RoleAdmin, jiban.RoleAuditor, jiban.RoleAgent},
		staff.ActAudit:        {jiban.RoleAdmin, jiban.RoleSupervisor, jiban.RoleSecurity},
		staff.ActPersonalData: {jiban.RoleAuditor, jiban.RoleAdmin},
		"unknown":             staff.Roles(),
	}
	for action, roles := range apart {
		for _, r := range roles {
			if staff.May(jiban.Account{Roles: []jiban.Role{r}}, action) {
				t.Errorf("%s may %s", r, action)
			}
		}
	}
	for _, action := range staff.Actions() {
		anybody := false
		for _, r := range staff.Roles() {
			a := jiban.Account{Roles: []jiban.Role{r}}
			anybody = anybody || staff.May(a, action)
			a.Disabled = true
			if staff.May(a, action) {
				t.Errorf("a disabled %s may %s", r, action)
			}
		}
		if !anybody {
			t.Errorf("nobody may %s", action)
		}
	}
}

func TestScope(t *testing.T) {
	harbin, daqing := jiban.Ticket{Region: "230102", Department: "d1"}, jiban.Ticket{Region: "230600", Department: "d2"}
	nowhere := jiban.Ticket{}
	for name, c := range map[string]struct {
		a                       jiban.Account
		harbin, daqing, nowhere bool
	}{
		"city agent":          {jiban.Account{Roles: []jiban.Role{jiban.RoleAgent}, Region: "230100"}, true, false, true},
		"province agent":      {jiban.Account{Roles: []jiban.Role{jiban.RoleAgent}, Region: "230000"}, true, true, true},
		"handler":             {jiban.Account{Roles: []jiban.Role{jiban.RoleHandler}, Department: "d2", Region: "230100"}, false, true, false},
		"handler of nothing":  {jiban.Account{Roles: []jiban.Role{jiban.RoleHandler}}, false, false, false},
		"agent and handler":   {jiban.Account{Roles: []jiban.Role{jiban.RoleHandler, jiban.RoleAgent}, Department: "d2"}, true, true, true},
		"supervisor of all":   {jiban.Account{Roles: []jiban.Role{jiban.RoleSupervisor}}, true, true, true},
		"auditor of one city": {jiban.Account{Roles: []jiban.Role{jiban.RoleAuditor}, Region: "230600"}, false, true, true},
	} {
		got := [3]bool{staff.SeesTicket(c.a, harbin), staff.SeesTicket(c.a, daqing), staff.SeesTicket(c.a, nowhere)}
		if got != [3]bool{c.harbin, c.daqing, c.nowhere} {
			t.Errorf("%s sees %v", name, got)
		}
	}
}
