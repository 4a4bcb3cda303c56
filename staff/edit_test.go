package staff_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"jiban"
	"jiban/staff"
)

func TestPasswordHistory(t *testing.T) {
	o := newOffice(t)
	old := goodPassword
	for i := range staff.PastHashes - 1 {
		next := fmt.Sprintf("Harbour-Reed-%d%d", i, i+3)
		must(t, o.ChangePassword(t.Context(), o.agent.ID, old, next))
		wantCode(t, o.ChangePassword(t.Context(), o.agent.ID, next, goodPassword), jiban.CodeInvalid)
		old = next
	}
	must(t, o.ChangePassword(t.Context(), o.agent.ID, old, "Quite-Another-77"))
	must(t, o.ChangePassword(t.Context(), o.agent.ID, "Quite-Another-77", goodPassword)) // five others lie between
	if n := len(o.store.accounts[o.agent.ID].PastHashes); n != staff.PastHashes-1 {
		t.Fatalf("%d old hashes are kept", n)
	}
}

func TestPasswordAge(t *testing.T) {
	o := newOffice(t)
	o.clock.Advance(staff.PasswordAge - time.Second)
	cookie, _, a, err := o.Login(t.Context(), "li.na", goodPassword)
	must(t, err)
	if a.MustChange {
		t.Fatal("the password is not too old yet")
	}
	o.clock.Advance(time.Second)
	a, _, err = o.Session(t.Context(), cookie) // also who is logged in already
	must(t, err)
	if !a.MustChange || staff.May(a, staff.ActQueue) {
		t.Fatal("the password is too old")
	}
	must(t, o.ChangePassword(t.Context(), o.agent.ID, goodPassword, "Other-Harbour-58"))
	_, _, a, err = o.Login(t.Context(), "li.na", "Other-Harbour-58")
	must(t, err)
	if a.MustChange {
		t.Fatal("the new password is fresh")
	}
	never := newOffice(t, func(d *staff.Deps) { d.PasswordAge = -1 })
	never.clock.Advance(10 * staff.PasswordAge)
	if _, _, a, err := never.Login(t.Context(), "li.na", goodPassword); err != nil || a.MustChange {
		t.Fatalf("passwords do not age: %v", err)
	}
}

func TestOneSession(t *testing.T) {
	o := newOffice(t, func(d *staff.Deps) { d.OneSession = true })
	first, _, _, err := o.Login(t.Context(), "li.na", goodPassword)
	must(t, err)
	second, _, _, err := o.Login(t.Context(), "li.na", goodPassword)
	must(t, err)
	_, _, err = o.Session(t.Context(), first)
	wantCode(t, err, jiban.CodeUnauthorized)
	_, _, err = o.Session(t.Context(), second)
	must(t, err)
	o.enrol(t, o.agent)
	second, _, _, err = o.Login(t.Context(), "li.na", goodPassword)
	must(t, err)
	_, _, _, err = o.Login(t.Context(), "li.na", goodPassword) // half a login ends nobody's session
	must(t, err)
	_, _, err = o.Pending(t.Context(), second)
	must(t, err)
}

func TestTwoAdministratorsEdit(t *testing.T) {
	o := newOffice(t)
	ctx := staff.WithActor(t.Context(), "guard")
	a, err := o.SetRoles(ctx, o.agent.ID, []jiban.Role{jiban.RoleSupervisor}, "", "230100", 0)
	must(t, err)
	_, err = o.SetRoles(ctx, o.agent.ID, []jiban.Role{jiban.RoleEditor}, "", "", 0)
	wantCode(t, err, jiban.CodeConflict)
	_, err = o.Rename(ctx, o.agent.ID, "李娜娜", 0)
	wantCode(t, err, jiban.CodeConflict)
	_, _, _, err = o.Login(t.Context(), "li.na", goodPassword) // a login is no edit
	must(t, err)
	a, err = o.Rename(ctx, o.agent.ID, " 李娜娜 ", a.Edition)
	must(t, err)
	if a.Name != "李娜娜" || !a.Has(jiban.RoleSupervisor) || a.Region != "230100" {
		t.Fatalf("account %+v", a)
	}
	for name, roles := range map[string][]jiban.Role{"none": nil, "unknown": {"root"}, "admin and auditor": {jiban.RoleAdmin, jiban.RoleAuditor},
		"security and admin": {jiban.RoleSecurity, jiban.RoleAdmin}, "auditor and agent": {jiban.RoleAuditor, jiban.RoleAgent}, "handler of nothing": {jiban.RoleHandler}} {
		_, err = o.SetRoles(ctx, o.agent.ID, roles, "", "", a.Edition)
		if jiban.CodeOf(err) != jiban.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err = o.SetRoles(staff.WithActor(t.Context(), o.agent.ID), o.agent.ID, []jiban.Role{jiban.RoleAdmin}, "", "", a.Edition)
	wantCode(t, err, jiban.CodeForbidden)
	cookie, _, _, err := o.Login(t.Context(), "li.na", goodPassword)
	must(t, err)
	_, err = o.SetRoles(ctx, o.agent.ID, []jiban.Role{jiban.RoleAgent}, "", "", a.Edition)
	must(t, err)
	_, _, err = o.Session(t.Context(), cookie)
	wantCode(t, err, jiban.CodeUnauthorized)
}

func TestSideBySideEdits(t *testing.T) {
	o := newOffice(t)
	var won atomic.Int32
	var work sync.WaitGroup
	for i := range 8 {
		work.Go(func() {
			if _, err := o.Rename(t.Context(), o.agent.ID, fmt.Sprint("名", i), 0); err == nil {
				won.Add(1)
			} else if jiban.CodeOf(err) != jiban.CodeConflict {
				t.Error(err)
			}
		})
	}
	work.Wait()
	if won.Load() != 1 {
		t.Fatalf("%d edits of one edition went through", won.Load())
	}
}

func TestTheLastAdministratorStays(t *testing.T) {
	o := newOffice(t)
	for _, role := range []jiban.Role{jiban.RoleAdmin, jiban.RoleSecurity} {
		one := o.hire(t, string(role)+"1", role)
		wantCode(t, o.Disable(t.Context(), one.ID), jiban.CodeInvalid)
		_, err := o.SetRoles(t.Context(), one.ID, []jiban.Role{jiban.RoleAgent}, "", "", 0)
		wantCode(t, err, jiban.CodeInvalid)
		two := o.hire(t, string(role)+"2", role)
		must(t, o.Disable(t.Context(), one.ID))
		must(t, o.Disable(t.Context(), one.ID)) // again is no error
		wantCode(t, o.Disable(t.Context(), two.ID), jiban.CodeInvalid)
		_, _, _, err = o.Login(t.Context(), string(role)+"1", goodPassword)
		wantCode(t, err, jiban.CodeUnauthorized)
		must(t, o.Enable(t.Context(), one.ID))
		_, _, _, err = o.Login(t.Context(), string(role)+"1", goodPassword)
		must(t, err)
		must(t, o.Disable(t.Context(), two.ID))
	}
}

func TestWhoMayCreateWhom(t *testing.T) {
	admin, security := jiban.Account{Roles: []jiban.Role{jiban.RoleAdmin}}, jiban.Account{Roles: []jiban.Role{jiban.RoleSecurity}}
	for _, r := range staff.Roles() {
		manages := r == jiban.RoleAdmin || r == jiban.RoleSecurity || r == jiban.RoleAuditor
		if staff.MayCreate(admin, []jiban.Role{r}) == manages || staff.MayCreate(security, []jiban.Role{r}) {
			t.Errorf("making a %s", r)
		}
	}
}

func TestTokens(t *testing.T) {
	o := newOffice(t)
	ctx := staff.WithActor(t.Context(), "guard")
	in := o.clock.Now().Add(24 * time.Hour)
	good := jiban.APIToken{Name: "城管平台", Actions: []string{"ticket.view"}, Region: "230100", Department: "d1", ExpiresAt: in}
	for name, change := range map[string]func(*jiban.APIToken){
		"no name": func(t *jiban.APIToken) { t.Name = " " }, "no action": func(t *jiban.APIToken) { t.Actions = nil },
		"over": func(t *jiban.APIToken) { t.ExpiresAt = o.clock.Now() }, "for ever": func(t *jiban.APIToken) { t.ExpiresAt = in.AddDate(2, 0, 0) },
		"gives roles": func(t *jiban.APIToken) { t.Actions = []string{"roles"} }, "makes tokens": func(t *jiban.APIToken) { t.Actions = []string{"tokens"} },
		"itself": func(t *jiban.APIToken) { t.Actions = []string{"self"} }, "unknown": func(t *jiban.APIToken) { t.Actions = []string{"ticket.view", "root"} },
	} {
		bad := good
		change(&bad)
		_, _, err := o.CreateToken(ctx, bad)
		if jiban.CodeOf(err) != jiban.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	value, made, err := o.CreateToken(ctx, good)
	must(t, err)
	if strings.Contains(fmt.Sprint(o.store.tokens), value) || made.CreatedBy != "guard" {
		t.Fatal("the token is stored in the open")
	}
	a, err := o.Bearer(t.Context(), value)
	must(t, err)
	if !staff.May(a, staff.ActTicketView) || staff.May(a, staff.ActTicketHandle) || staff.May(a, staff.ActSelf) || a.ID != "token:"+made.ID {
		t.Fatalf("the token speaks for %+v", a)
	}
	if !staff.SeesTicket(a, jiban.Ticket{Department: "d1"}) || staff.SeesTicket(a, jiban.Ticket{Department: "d2"}) {
		t.Fatal("the token is not kept to its department")
	}
	if o.store.tokens[made.ID].LastUsedAt.IsZero() {
		t.Fatal("the use is not noted")
	}
	for _, wrong := range []string{"", "jbt_", value + "x", strings.TrimPrefix(value, "jbt_"), made.Hash, strings.Repeat("jbt_", 1<<12)} {
		_, err = o.Bearer(t.Context(), wrong)
		wantCode(t, err, jiban.CodeUnauthorized)
	}
	must(t, o.RevokeToken(ctx, made.ID))
	must(t, o.RevokeToken(ctx, made.ID))
	wantCode(t, o.RevokeToken(ctx, "none"), jiban.CodeNotFound)
	_, err = o.Bearer(t.Context(), value)
	wantCode(t, err, jiban.CodeUnauthorized)
	value, _, err = o.CreateToken(ctx, good)
	must(t, err)
	o.clock.Advance(24 * time.Hour)
	_, err = o.Bearer(t.Context(), value)
	wantCode(t, err, jiban.CodeUnauthorized)
}
