package staff_test

import (
	"bytes"
	"image/png"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
	"pgregory.net/rapid"

	"jiban"
	"jiban/staff"
)

// codeAt is what a telephone with the secret shows.
func codeAt(t testing.TB, secret string, at time.Time) string {
	t.Helper()
	code, err := totp.GenerateCode(secret, at)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// enrol sets a second factor up and returns its secret and recovery codes. The
// clock goes on by a step: the code of the enrolment is used.
func (o *office) enrol(t *testing.T, a jiban.Account) (string, []string) {
	t.Helper()
	e, err := o.OfferSecond(t.Context(), a.ID, goodPassword, "")
	must(t, err)
	recovery, err := o.ConfirmSecond(t.Context(), a.ID, codeAt(t, e.Secret, o.clock.Now()))
	must(t, err)
	o.clock.Advance(30 * time.Second)
	return e.Secret, recovery
}

func TestEnrolment(t *testing.T) {
	o := newOffice(t)
	_, err := o.OfferSecond(t.Context(), o.agent.ID, "Wrong-Harbour-58", "")
	wantCode(t, err, jiban.CodeUnauthorized)
	_, err = o.ConfirmSecond(t.Context(), o.agent.ID, "123456")
	wantCode(t, err, jiban.CodeInvalid)
	e, err := o.OfferSecond(t.Context(), o.agent.ID, goodPassword, "")
	must(t, err)
	key, err := otp.NewKeyFromURL(e.URI)
	must(t, err)
	if key.Secret() != e.Secret || key.AccountName() != "li.na" || !strings.HasPrefix(e.URI, "otpauth://totp/") {
		t.Fatalf("the URI %q does not lead to the secret", e.URI)
	}
	if _, err := png.Decode(bytes.NewReader(e.QR)); err != nil {
		t.Fatal(err)
	}
	if a := o.store.accounts[o.agent.ID]; bytes.Contains(a.Second.Offered, []byte(e.Secret)) || len(a.Second.Sealed) != 0 {
		t.Fatal("the secret is stored in the open, or counts before it is confirmed")
	}
	_, err = o.ConfirmSecond(t.Context(), o.agent.ID, codeAt(t, e.Secret, o.clock.Now().Add(time.Hour)))
	wantCode(t, err, jiban.CodeUnauthorized)
	recovery, err := o.ConfirmSecond(t.Context(), o.agent.ID, codeAt(t, e.Secret, o.clock.Now()))
	must(t, err)
	if len(recovery) != 10 {
		t.Fatalf("%d recovery codes", len(recovery))
	}
	for _, hash := range o.store.accounts[o.agent.ID].Second.Recovery {
		for _, code := range recovery {
			if strings.Contains(hash, code) {
				t.Fatal("a recovery code is stored in the open")
			}
		}
	}
	_, err = o.ConfirmSecond(t.Context(), o.agent.ID, codeAt(t, e.Secret, o.clock.Now()))
	wantCode(t, err, jiban.CodeInvalid) // once
	o.clock.Advance(time.Minute)
	_, err = o.OfferSecond(t.Context(), o.agent.ID, goodPassword, "") // a new one needs the old one
	wantCode(t, err, jiban.CodeUnauthorized)
	_, err = o.OfferSecond(t.Context(), o.agent.ID, goodPassword, codeAt(t, e.Secret, o.clock.Now()))
	must(t, err)
}

func TestOfferEnds(t *testing.T) {
	o := newOffice(t)
	e, err := o.OfferSecond(t.Context(), o.agent.ID, goodPassword, "")
	must(t, err)
	o.clock.Advance(10 * time.Minute)
	_, err = o.ConfirmSecond(t.Context(), o.agent.ID, codeAt(t, e.Secret, o.clock.Now()))
	wantCode(t, err, jiban.CodeInvalid)
}

func TestNoKeyNoSecondFactor(t *testing.T) {
	o := newOffice(t, func(d *staff.Deps) { d.Sealer = nil })
	_, err := o.OfferSecond(t.Context(), o.agent.ID, goodPassword, "")
	wantCode(t, err, jiban.CodeUnavailable)
	_, err = staff.New(t.Context(), staff.Deps{Store: o.store, Clock: o.clock, IDs: &jiban.SerialIDs{}, SecondFactor: func(jiban.Account) bool { return true }})
	wantCode(t, err, jiban.CodeInvalid)
}

func TestLoginInTwoSteps(t *testing.T) {
	o := newOffice(t)
	secret, recovery := o.enrol(t, o.agent)
	now := o.clock.Now
	pending, half, _, err := o.Login(t.Context(), "li.na", goodPassword)
	must(t, err)
	if half.Stage != staff.StageSecond {
		t.Fatal("the password alone was enough")
	}
	_, _, err = o.Session(t.Context(), pending) // good for nothing else
	wantCode(t, err, jiban.CodeUnauthorized)
	_, _, err = o.Check(t.Context(), pending)
	wantCode(t, err, jiban.CodeUnauthorized)
	if !o.store.accounts[o.agent.ID].LastLoginAt.IsZero() {
		t.Fatal("half a login counts as one")
	}
	for _, wrong := range []string{"", "000000", "abcdef", codeAt(t, secret, now().Add(5*time.Minute)), strings.Repeat("1", 1<<16)}[:4] {
		_, _, _, err = o.LoginSecond(t.Context(), pending, wrong)
		wantCode(t, err, jiban.CodeForbidden)
	}
	code := codeAt(t, secret, now())
	cookie, full, a, err := o.LoginSecond(t.Context(), pending, code[:3]+" "+code[3:])
	must(t, err)
	if full.Stage != "" || a.ID != o.agent.ID || cookie == pending {
		t.Fatalf("session %+v", full)
	}
	_, _, err = o.Session(t.Context(), cookie)
	must(t, err)
	_, _, _, err = o.LoginSecond(t.Context(), pending, code) // the first step is used up
	wantCode(t, err, jiban.CodeUnauthorized)
	_, _, _, err = o.LoginSecond(t.Context(), cookie, code) // a full session is no pending one
	wantCode(t, err, jiban.CodeUnauthorized)

	pending, _, _, err = o.Login(t.Context(), "li.na", goodPassword)
	must(t, err)
	for name, replayed := range map[string]string{"the same": code, "an earlier one": codeAt(t, secret, now().Add(-30*time.Second))} {
		_, _, _, err = o.LoginSecond(t.Context(), pending, replayed)
		if jiban.CodeOf(err) != jiban.CodeForbidden {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, _, _, err = o.LoginSecond(t.Context(), pending, strings.ToUpper(recovery[3]))
	must(t, err)
	pending, _, _, err = o.Login(t.Context(), "li.na", goodPassword)
	must(t, err)
	_, _, _, err = o.LoginSecond(t.Context(), pending, recovery[3])
	wantCode(t, err, jiban.CodeForbidden)
	o.clock.Advance(staff.SecondLimit)
	_, _, _, err = o.LoginSecond(t.Context(), pending, codeAt(t, secret, now()))
	wantCode(t, err, jiban.CodeUnauthorized)
}

// Who knows the password gets no more tries at the code than anybody at the
// password: the right password in between forgives nothing.
func TestCodesShareTheLock(t *testing.T) {
	o := newOffice(t)
	secret, _ := o.enrol(t, o.agent)
	var wrong int
	for range staff.MaxFailures {
		pending, _, _, err := o.Login(t.Context(), "li.na", goodPassword)
		must(t, err)
		_, _, _, err = o.LoginSecond(t.Context(), pending, "000000")
		wantCode(t, err, jiban.CodeForbidden)
		wrong++
	}
	_, _, _, err := o.Login(t.Context(), "li.na", goodPassword)
	wantCode(t, err, jiban.CodeUnauthorized)
	o.clock.Advance(staff.LockedFor)
	pending, _, _, err := o.Login(t.Context(), "li.na", goodPassword)
	must(t, err)
	_, _, _, err = o.LoginSecond(t.Context(), pending, codeAt(t, secret, o.clock.Now()))
	must(t, err)
	t.Logf("locked after %d wrong codes", wrong)
}

// One code sent many times side by side lets one in.
func TestCodeOnceSideBySide(t *testing.T) {
	o := newOffice(t)
	secret, _ := o.enrol(t, o.agent)
	code := codeAt(t, secret, o.clock.Now())
	var in atomic.Int32
	var work sync.WaitGroup
	var pendings []string
	for range 4 {
		pending, _, _, err := o.Login(t.Context(), "li.na", goodPassword)
		must(t, err)
		pendings = append(pendings, pending)
	}
	for _, p := range pendings {
		work.Go(func() {
			if _, _, _, err := o.LoginSecond(t.Context(), p, code); err == nil {
				in.Add(1)
			}
		})
	}
	work.Wait()
	if in.Load() != 1 {
		t.Fatalf("the code was good for %d logins", in.Load())
	}
}

func TestRequiredByRole(t *testing.T) {
	o := newOffice(t, func(d *staff.Deps) {
		d.SecondFactor = func(a jiban.Account) bool { return a.Has(jiban.RoleAdmin) }
	})
	boss := o.hire(t, "boss", jiban.RoleAdmin)
	cookie, _, a, err := o.Login(t.Context(), "boss", goodPassword)
	must(t, err)
	if !a.MustEnrol || staff.May(a, staff.ActAccounts) || !staff.May(a, staff.ActSelf) {
		t.Fatal("an administrator works without the second factor")
	}
	a, _, err = o.Session(t.Context(), cookie)
	must(t, err)
	if !a.MustEnrol {
		t.Fatal("the session forgot that a second factor is missing")
	}
	secret, _ := o.enrol(t, boss)
	_, _, err = o.Session(t.Context(), cookie)
	wantCode(t, err, jiban.CodeUnauthorized)
	pending, _, _, err := o.Login(t.Context(), "boss", goodPassword)
	must(t, err)
	_, _, a, err = o.LoginSecond(t.Context(), pending, codeAt(t, secret, o.clock.Now()))
	must(t, err)
	if !staff.May(a, staff.ActAccounts) {
		t.Fatal("the second factor did not help")
	}
	wantCode(t, o.RemoveSecond(staff.WithActor(t.Context(), boss.ID), boss.ID), jiban.CodeForbidden)
	must(t, o.RemoveSecond(staff.WithActor(t.Context(), "guard"), boss.ID))
	_, full, a, err := o.Login(t.Context(), "boss", goodPassword)
	must(t, err)
	if full.Stage != "" || !a.MustEnrol {
		t.Fatal("who lost the second factor must set up another")
	}
	if _, _, a, err := o.Login(t.Context(), "li.na", goodPassword); err != nil || a.MustEnrol {
		t.Fatalf("an agent needs none: %v", err)
	}
}

// The model: whatever the order of logins, codes, waits and recovery codes, a code
// gets somebody in exactly when it was never used, is not older than the last one
// used, and is within a step of the clock.
func TestSecondFactorModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		o := newOffice(t)
		secret, recovery := o.enrol(t, o.agent)
		last := o.clock.Now().Unix()/30 - 1
		used := map[string]bool{}
		failures := 0
		try := func(rt *rapid.T, code string, want bool) {
			pending, _, _, err := o.Login(t.Context(), "li.na", goodPassword)
			if err != nil {
				rt.Fatalf("first step: %v", err)
			}
			_, _, _, err = o.LoginSecond(t.Context(), pending, code)
			if (err == nil) != want {
				rt.Fatalf("code %s: %v, want in: %v", code, err, want)
			}
			if failures++; want {
				failures = 0
			}
			if failures == staff.MaxFailures {
				o.clock.Advance(staff.LockedFor)
				failures = 0
			}
		}
		rt.Repeat(map[string]func(*rapid.T){
			"wait": func(rt *rapid.T) {
				o.clock.Advance(time.Duration(rapid.IntRange(1, 90).Draw(rt, "seconds")) * time.Second)
			},
			"code": func(rt *rapid.T) {
				d := int64(rapid.IntRange(-4, 4).Draw(rt, "off"))
				step := o.clock.Now().Unix()/30 + d
				want := d >= -1 && d <= 1 && step > last
				try(rt, codeAt(t, secret, time.Unix(step*30, 0)), want)
				if want {
					last = step
				}
			},
			"recovery": func(rt *rapid.T) {
				code := rapid.SampledFrom(recovery).Draw(rt, "code")
				try(rt, code, !used[code])
				used[code] = true
			},
		})
	})
}
