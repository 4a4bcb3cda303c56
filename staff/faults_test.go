package staff_test

import (
	"context"
	"fmt"
	"maps"
	"net"
	"reflect"
	"runtime/metrics"
	"slices"
	"sync"
	"testing"
	"time"

	"jiban"
	"jiban/staff"
)

// A change that cannot be recorded does not happen, whatever it is.
func TestChangeThatCannotBeRecorded(t *testing.T) {
	o := newOffice(t)
	ctx := staff.WithActor(t.Context(), "somebody")
	a := o.hire(t, "wang.wei", jiban.RoleAgent)
	cookie, ss := o.entered(t)
	_, token, err := o.CreateToken(ctx, jiban.APIToken{Name: "x", Actions: []string{"search"}, ExpiresAt: o.clock.Now().Add(time.Hour)})
	must(t, err)
	offer, err := o.OfferSecond(ctx, a.ID, goodPassword, "")
	must(t, err)
	for name, change := range map[string]func() error{
		"create": func() error {
			_, err := o.Create(ctx, jiban.Account{Login: "new", Name: "新", Roles: []jiban.Role{jiban.RoleAgent}})
			return err
		},
		"rename": func() error { _, err := o.Rename(ctx, a.ID, "新名", a.Edition); return err },
		"roles": func() error {
			_, err := o.SetRoles(ctx, a.ID, []jiban.Role{jiban.RoleEditor}, "", "", a.Edition)
			return err
		},
		"disable":  func() error { return o.Disable(ctx, o.agent.ID) },
		"enable":   func() error { return o.Enable(ctx, a.ID) },
		"reset":    func() error { _, err := o.Reset(ctx, o.agent.ID); return err },
		"second":   func() error { return o.RemoveSecond(ctx, a.ID) },
		"offer":    func() error { _, err := o.OfferSecond(ctx, a.ID, goodPassword, ""); return err },
		"confirm":  func() error { _, err := o.ConfirmSecond(ctx, a.ID, codeAt(t, offer.Secret, o.clock.Now())); return err },
		"password": func() error { return o.ChangePassword(ctx, o.agent.ID, goodPassword, "Reed-Harbour-59") },
		"login":    func() error { _, _, _, err := o.Login(ctx, o.agent.Login, goodPassword); return err },
		"guess":    func() error { _, _, _, err := o.Login(ctx, o.agent.Login, "guess"); return err },
		"logout":   func() error { return o.Logout(ctx, cookie) },
		"reauth":   func() error { return o.Reauth(ctx, ss, goodPassword, "") },
		"token": func() error {
			_, _, err := o.CreateToken(ctx, jiban.APIToken{Name: "y", Actions: []string{"search"}, ExpiresAt: o.clock.Now().Add(time.Hour)})
			return err
		},
		"revoke": func() error { return o.RevokeToken(ctx, token.ID) },
	} {
		t.Run(name, func(t *testing.T) {
			accounts, sessions, tokens := maps.Clone(o.store.accounts), maps.Clone(o.store.sessions), maps.Clone(o.store.tokens)
			o.store.unrecorded = true
			wantCode(t, change(), jiban.CodeUnavailable)
			o.store.unrecorded = false
			if !reflect.DeepEqual(accounts, o.store.accounts) || !reflect.DeepEqual(sessions, o.store.sessions) || !reflect.DeepEqual(tokens, o.store.tokens) {
				t.Fatal("something changed")
			}
		})
	}
}

// A cookie that was stolen is good for nothing once anything about its owner has
// changed, or the owner has gone.
func TestStolenCookie(t *testing.T) {
	ctx := staff.WithActor(t.Context(), "somebody")
	for name, change := range map[string]func(o *office, cookie string) error{
		"after logout": func(o *office, cookie string) error { return o.Logout(ctx, cookie) },
		"after a new password": func(o *office, _ string) error {
			return o.ChangePassword(ctx, o.agent.ID, goodPassword, "Reed-Harbour-59")
		},
		"after a reset":        func(o *office, _ string) error { _, err := o.Reset(ctx, o.agent.ID); return err },
		"after being disabled": func(o *office, _ string) error { return o.Disable(ctx, o.agent.ID) },
		"after other roles": func(o *office, _ string) error {
			_, err := o.SetRoles(ctx, o.agent.ID, []jiban.Role{jiban.RoleEditor}, "", "", o.agent.Edition)
			return err
		},
		"after a rename": func(o *office, _ string) error {
			_, err := o.Rename(ctx, o.agent.ID, "新名", o.agent.Edition)
			return err
		},
		"after a lost factor":   func(o *office, _ string) error { return o.RemoveSecond(ctx, o.agent.ID) },
		"after idle minutes":    func(o *office, _ string) error { o.clock.Advance(staff.IdleLimit); return nil },
		"after too many hours":  func(o *office, cookie string) error { return o.keepAlive(ctx, cookie, staff.SessionLimit) },
		"after disable, enable": func(o *office, _ string) error { _ = o.Disable(ctx, o.agent.ID); return o.Enable(ctx, o.agent.ID) },
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t)
			cookie, _ := o.entered(t)
			_, _, err := o.Session(t.Context(), cookie)
			must(t, err)
			must(t, change(o, cookie))
			for range 2 {
				_, _, err = o.Session(t.Context(), cookie)
				wantCode(t, err, jiban.CodeUnauthorized)
			}
		})
	}
}

// keepAlive uses a session until the time is over.
func (o *office) keepAlive(ctx context.Context, cookie string, life time.Duration) error {
	for left := life; left > 0; left -= 20 * time.Minute {
		if _, _, err := o.Session(ctx, cookie); err != nil {
			return fmt.Errorf("%s before the end: %w", left, err)
		}
		o.clock.Advance(20 * time.Minute)
	}
	return nil
}

// The last administrator of a kind cannot be kept out by somebody who types wrong
// passwords: a minute, not a quarter of an hour. The others can.
func TestTheLastAdministratorIsNotLockedForLong(t *testing.T) {
	for _, role := range []jiban.Role{jiban.RoleAdmin, jiban.RoleSecurity} {
		o := newOffice(t)
		first, second := o.hire(t, "first", role), o.hire(t, "second", role)
		guess := func(login string) {
			for range staff.MaxFailures {
				_, _, _, err := o.Login(t.Context(), login, "guess")
				wantCode(t, err, jiban.CodeUnauthorized)
			}
		}
		guess(first.Login)
		guess(second.Login) // the only one who can still log in
		o.clock.Advance(staff.LastLocked - time.Second)
		_, _, _, err := o.Login(t.Context(), second.Login, goodPassword)
		wantCode(t, err, jiban.CodeUnauthorized)
		o.clock.Advance(time.Second)
		_, _, _, err = o.Login(t.Context(), second.Login, goodPassword)
		must(t, err)
		_, _, _, err = o.Login(t.Context(), first.Login, goodPassword)
		wantCode(t, err, jiban.CodeUnauthorized)
		o.clock.Advance(staff.LockedFor - staff.LastLocked)
		_, _, _, err = o.Login(t.Context(), first.Login, goodPassword)
		must(t, err)
	}
}

// While another is locked, the last who can log in is neither disabled nor loses
// the role.
func TestLockedOnesDoNotCount(t *testing.T) {
	o := newOffice(t)
	ctx := staff.WithActor(t.Context(), "somebody")
	first, second := o.hire(t, "first", jiban.RoleSecurity), o.hire(t, "second", jiban.RoleSecurity)
	for range staff.MaxFailures {
		_, _, _, err := o.Login(ctx, first.Login, "guess")
		wantCode(t, err, jiban.CodeUnauthorized)
	}
	wantCode(t, o.Disable(ctx, second.ID), jiban.CodeInvalid)
	_, err := o.SetRoles(ctx, second.ID, []jiban.Role{jiban.RoleAgent}, "", "", second.Edition)
	wantCode(t, err, jiban.CodeInvalid)
	must(t, o.Disable(ctx, first.ID)) // who is locked anyway may go
	wantCode(t, o.Disable(ctx, second.ID), jiban.CodeInvalid)
}

// heap is what the program's objects take now, in MiB.
func heap() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64() >> 20
}

// A flood of logins takes the memory of a few hashes, not of all: who does not get
// a turn in time hears so.
func TestLoginFlood(t *testing.T) {
	const callers = 60 // 1,140 MiB, were all hashed at once
	o := newOffice(t, func(d *staff.Deps) { d.Params = staff.ProductionParams() })
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	before, most := heap(), uint64(0)
	codes := make(chan jiban.Code, callers)
	for range callers {
		go func() { _, _, _, err := o.Login(ctx, "nobody", "guess"); codes <- jiban.CodeOf(err) }()
	}
	counts := map[jiban.Code]int{}
	sampler := time.NewTicker(time.Millisecond)
	defer sampler.Stop()
	for n := 0; n < callers; {
		select {
		case code := <-codes:
			counts[code]++
			n++
		case <-sampler.C:
			most = max(most, heap())
		}
	}
	t.Logf("%v; at most %d MiB more than the %d before", counts, most-min(most, before), before)
	if most > before+250 {
		t.Errorf("the flood took %d MiB", most-before)
	}
	if counts[jiban.CodeUnauthorized] == 0 || counts[jiban.CodeUnavailable] == 0 || counts[jiban.CodeUnauthorized]+counts[jiban.CodeUnavailable] != callers {
		t.Errorf("answers: %v", counts)
	}
}

// Neither words nor time tell whether a login exists, is locked or disabled.
func TestNobodyLearnsWhichLoginsExist(t *testing.T) {
	o := newOffice(t, func(d *staff.Deps) { d.Params = staff.ProductionParams() })
	locked, disabled := o.hire(t, "locked", jiban.RoleAgent), o.hire(t, "disabled", jiban.RoleAgent)
	for range staff.MaxFailures {
		_, _, _, err := o.Login(t.Context(), locked.Login, "guess")
		wantCode(t, err, jiban.CodeUnauthorized)
	}
	must(t, o.Disable(t.Context(), disabled.ID))
	words, quickest := map[string]bool{}, map[string]time.Duration{}
	for range 6 {
		o.clock.Advance(time.Minute) // the first lock is not over
		for _, login := range []string{o.agent.Login, "unknown", locked.Login, disabled.Login} {
			start := time.Now()
			_, _, _, err := o.Login(t.Context(), login, "guess")
			took := time.Since(start)
			words[fmt.Sprint(err)] = true
			if quickest[login] == 0 || took < quickest[login] {
				quickest[login] = took
			}
		}
		if _, _, _, err := o.Login(t.Context(), o.agent.Login, goodPassword); err != nil {
			t.Fatal(err) // the failures are forgotten: the account is not locked by the test
		}
	}
	times := slices.Sorted(maps.Values(quickest))
	t.Logf("%v", quickest)
	if len(words) != 1 {
		t.Errorf("the answers differ: %v", words)
	}
	if times[len(times)-1] > times[0]*3/2 {
		t.Errorf("the times differ: %v", quickest)
	}
}

// An identity server that takes the call and never answers holds nobody up for
// longer than they wait, and nobody who uses a password at all.
func TestOIDCSilent(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer ln.Close()
	o := newOffice(t, func(d *staff.Deps) {
		d.OIDC = &staff.OIDCConfig{Issuer: "http://" + ln.Addr().String(), ClientID: "x", RedirectURL: comeBack}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	start := time.Now()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, _, err := o.OIDCStart(ctx); jiban.CodeOf(err) != jiban.CodeUnavailable {
				t.Errorf("%v", err)
			}
		})
	}
	_, _, _, err = o.Login(t.Context(), o.agent.Login, goodPassword)
	must(t, err)
	if took := time.Since(start); took > 250*time.Millisecond {
		t.Errorf("a login by password took %s", took)
	}
	all.Wait()
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("eight who waited for the server waited %s", took)
	}
}
