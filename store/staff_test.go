package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"jiban"
	"jiban/store"
)

func hired(t testing.TB, s *store.Store, id string, roles ...jiban.Role) jiban.Account {
	t.Helper()
	a := jiban.Account{ID: id, Login: id, Name: id, Roles: roles, CreatedAt: monday}
	if err := s.ChangeStaff(t.Context(), jiban.StaffChange{Account: &a}); err != nil {
		t.Fatal(err)
	}
	a.Version = 1
	return a
}

// refuseRecord makes the database itself refuse new entries of the audit record.
func (p place) refuseRecord(t *testing.T) {
	t.Helper()
	if !p.postgres {
		p.exec(t, "CREATE TRIGGER no_record BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'the record is full'); END")
		return
	}
	p.exec(t, "CREATE FUNCTION no_record() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'the record is full'; END $$ LANGUAGE plpgsql")
	p.exec(t, "CREATE TRIGGER no_record BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION no_record()")
}

// What changes together is there together or, where the record refuses its entry,
// not at all.
func TestStaffChangeIsWholeOrNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s, ctx := p.open(t), t.Context()
		a := hired(t, s, "a", jiban.RoleAgent)
		old := jiban.Session{Hash: "old", AccountID: "a", ExpiresAt: monday.Add(time.Hour)}
		if err := s.ChangeStaff(ctx, jiban.StaffChange{Session: &old}); err != nil {
			t.Fatal(err)
		}
		changed := a
		changed.Name = "B"
		c := jiban.StaffChange{Account: &changed, EndSessions: "a", Session: &jiban.Session{Hash: "new", AccountID: "a"},
			Token: &jiban.APIToken{ID: "t", Hash: "t"}, Entries: []jiban.AuditEntry{entry("e1", "x", "account.rename", "account:a", monday)}}
		p.refuseRecord(t)
		if err := s.ChangeStaff(ctx, c); err == nil {
			t.Fatal("a change that could not be recorded happened")
		}
		same(t, "account", a)(s.Account(ctx, "a"))
		same(t, "session", old)(s.StaffSession(ctx, "old"))
		_, err := s.StaffSession(ctx, "new")
		wantCode(t, err, jiban.CodeNotFound)
		_, err = s.Token(ctx, "t")
		wantCode(t, err, jiban.CodeNotFound)
		p.exec(t, map[bool]string{false: "DROP TRIGGER no_record", true: "DROP TRIGGER no_record ON audit"}[p.postgres])
		if err := s.ChangeStaff(ctx, c); err != nil {
			t.Fatal(err)
		}
		wantCode(t, s.ChangeStaff(ctx, c), jiban.CodeConflict) // the version has moved on
		_, err = s.StaffSession(ctx, "old")
		wantCode(t, err, jiban.CodeNotFound)
		if got := must[jiban.Account](t)(s.Account(ctx, "a")); got.Name != "B" || got.Version != 2 {
			t.Fatalf("the account is %+v", got)
		}
		if n := must[int](t)(s.VerifyAudit(ctx)); n != 1 {
			t.Fatalf("%d entries", n)
		}
	})
}

func TestProofOfASession(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s, ctx := p.open(t), t.Context()
		ss := jiban.Session{Hash: "h", AccountID: "a", SeenAt: monday, ExpiresAt: monday.Add(time.Hour)}
		if err := errors.Join(s.ChangeStaff(ctx, jiban.StaffChange{Session: &ss}), s.ChangeStaff(ctx, jiban.StaffChange{Proven: "h", At: monday.Add(time.Minute)}),
			s.SeenSession(ctx, "h", monday.Add(2*time.Minute))); err != nil {
			t.Fatal(err)
		}
		ss.ProvenAt, ss.SeenAt = monday.Add(time.Minute), monday.Add(2*time.Minute)
		same(t, "session", ss)(s.StaffSession(ctx, "h"))
		if err := s.ChangeStaff(ctx, jiban.StaffChange{EndSession: "h"}); err != nil {
			t.Fatal(err)
		}
		wantCode(t, s.ChangeStaff(ctx, jiban.StaffChange{Proven: "h", At: monday}), jiban.CodeConflict)
		if err := s.SeenSession(ctx, "h", monday); err != nil {
			t.Fatal(err)
		}
		_, err := s.StaffSession(ctx, "h") // using it late does not bring it back
		wantCode(t, err, jiban.CodeNotFound)
	})
}

// The last who can log in with a role that is needed stays, whoever asks.
func TestTheLastOfAKindStays(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s, ctx := p.open(t), t.Context()
		a, b := hired(t, s, "a", jiban.RoleAdmin), hired(t, s, "b", jiban.RoleAdmin)
		hired(t, s, "c", jiban.RoleAgent)
		b.LockedUntil = monday.Add(time.Minute)
		if err := s.ChangeStaff(ctx, jiban.StaffChange{Account: &b, Needed: []jiban.Role{jiban.RoleAdmin}, At: monday}); err != nil {
			t.Fatal(err) // a is still there
		}
		off := a
		off.Disabled = true
		gone := jiban.StaffChange{Account: &off, Needed: []jiban.Role{jiban.RoleAdmin}, At: monday}
		wantCode(t, s.ChangeStaff(ctx, gone), jiban.CodeForbidden) // b is locked
		same(t, "account", a)(s.Account(ctx, "a"))
		gone.At = monday.Add(time.Minute)
		if err := s.ChangeStaff(ctx, gone); err != nil {
			t.Fatal(err) // b can log in again
		}
	})
}

// Two nodes take the last two administrators away at the same instant: one of them
// stays.
func TestTwoNodesDisableTheLastTwo(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		nodes := []*store.Store{p.open(t)}
		if p.postgres {
			nodes = append(nodes, p.open(t))
		} else {
			nodes = append(nodes, nodes[0])
		}
		for round := range 20 {
			role := jiban.Role(fmt.Sprint("role", round))
			two := []jiban.Account{hired(t, nodes[0], fmt.Sprint("a", round), role), hired(t, nodes[0], fmt.Sprint("b", round), role)}
			errs := together(t.Context(), 2, func(ctx context.Context, i int) error {
				a := two[i]
				a.Disabled = true
				return nodes[i].ChangeStaff(ctx, jiban.StaffChange{Account: &a, Needed: []jiban.Role{role}, At: monday,
					Entries: []jiban.AuditEntry{entry("", "x", "account.disable", "account:"+a.ID, monday)}})
			})
			if (errs[0] == nil) == (errs[1] == nil) {
				t.Fatalf("round %d: %v", round, errs)
			}
			for _, err := range errs {
				if err != nil {
					wantCode(t, err, jiban.CodeForbidden)
				}
			}
		}
	})
}

// together runs f n times at once and returns what each returned.
func together(ctx context.Context, n int, f func(context.Context, int) error) []error {
	errs := make([]error, n)
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-start
			errs[i] = f(ctx, i)
		})
	}
	close(start)
	all.Wait()
	return errs
}
