package staff_test

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"

	"jiban"
	"jiban/staff"
)

// memory is a store of accounts, sessions and audit entries in memory.
type memory struct {
	mu         sync.Mutex
	accounts   map[string]jiban.Account
	sessions   map[string]jiban.Session
	tokens     map[string]jiban.APIToken
	audit      []jiban.AuditEntry
	appends    int
	broken     bool // the chain of the record
	down       bool
	unrecorded bool // changes cannot be recorded
}

func newMemory() *memory {
	return &memory{accounts: map[string]jiban.Account{}, sessions: map[string]jiban.Session{}, tokens: map[string]jiban.APIToken{}}
}

func (m *memory) lock() (func(), error) {
	m.mu.Lock()
	if m.down {
		m.mu.Unlock()
		return nil, jiban.Errorf(jiban.CodeUnavailable, "memory", "the store is down")
	}
	return m.mu.Unlock, nil
}

func notFound() error { return jiban.Errorf(jiban.CodeNotFound, "memory", "no such row") }

func (m *memory) Account(_ context.Context, id string) (jiban.Account, error) {
	unlock, err := m.lock()
	if err != nil {
		return jiban.Account{}, err
	}
	defer unlock()
	a, ok := m.accounts[id]
	if !ok {
		return a, notFound()
	}
	return a, nil
}

func (m *memory) AccountByLogin(_ context.Context, login string) (jiban.Account, error) {
	unlock, err := m.lock()
	if err != nil {
		return jiban.Account{}, err
	}
	defer unlock()
	for _, a := range m.accounts {
		if a.Login == login {
			return a, nil
		}
	}
	return jiban.Account{}, notFound()
}

func (m *memory) AccountsByID(ctx context.Context, ids []string) ([]jiban.Account, error) {
	all, err := m.Accounts(ctx)
	return slices.DeleteFunc(all, func(a jiban.Account) bool { return !slices.Contains(ids, a.ID) }), err
}

func (m *memory) Accounts(context.Context) ([]jiban.Account, error) {
	unlock, err := m.lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	var as []jiban.Account
	for _, a := range m.accounts {
		as = append(as, a)
	}
	return as, nil
}

func (m *memory) StaffSession(_ context.Context, hash string) (jiban.Session, error) {
	unlock, err := m.lock()
	if err != nil {
		return jiban.Session{}, err
	}
	defer unlock()
	s, ok := m.sessions[hash]
	if !ok {
		return s, notFound()
	}
	return s, nil
}

func (m *memory) DeleteSession(_ context.Context, hash string) error {
	unlock, err := m.lock()
	if err != nil {
		return err
	}
	defer unlock()
	delete(m.sessions, hash)
	return nil
}

func (m *memory) AppendAudit(_ context.Context, es []jiban.AuditEntry) error {
	unlock, err := m.lock()
	if err != nil {
		return err
	}
	defer unlock()
	m.audit = append(m.audit, es...)
	m.appends++
	return nil
}

func (m *memory) SearchAudit(_ context.Context, f jiban.AuditFilter) ([]jiban.ChainedEntry, error) {
	unlock, err := m.lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	var es []jiban.ChainedEntry
	for i, e := range m.audit {
		if int64(i) >= f.After && len(es) < f.Limit {
			es = append(es, jiban.ChainedEntry{AuditEntry: e, Seq: int64(i + 1), Hash: "h"})
		}
	}
	return es, nil
}

func (m *memory) VerifyAudit(context.Context) (int, error) {
	unlock, err := m.lock()
	if err != nil {
		return 0, err
	}
	defer unlock()
	if m.broken {
		return 1, jiban.Errorf(jiban.CodeConflict, "memory", "broken at 2")
	}
	return len(m.audit), nil
}

func (m *memory) token(is func(jiban.APIToken) bool) (jiban.APIToken, error) {
	unlock, err := m.lock()
	if err != nil {
		return jiban.APIToken{}, err
	}
	defer unlock()
	for _, t := range m.tokens {
		if is(t) {
			return t, nil
		}
	}
	return jiban.APIToken{}, notFound()
}

func (m *memory) Token(_ context.Context, id string) (jiban.APIToken, error) {
	return m.token(func(t jiban.APIToken) bool { return t.ID == id })
}

func (m *memory) TokenByHash(_ context.Context, hash string) (jiban.APIToken, error) {
	return m.token(func(t jiban.APIToken) bool { return t.Hash == hash })
}

func (m *memory) Tokens(context.Context) ([]jiban.APIToken, error) {
	unlock, err := m.lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	return slices.Collect(maps.Values(m.tokens)), nil
}

// results lists the recorded results of an action, in order.
func (m *memory) results(action string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var rs []string
	for _, e := range m.audit {
		if e.Action == action {
			rs = append(rs, e.Result)
		}
	}
	return rs
}

// office is a service with one agent whose password is known.
type office struct {
	*staff.Service
	store *memory
	clock *jiban.ManualClock
	agent jiban.Account
}

const goodPassword = "Reed-Harbour-58"

// sealed is a key room for tests: it marks what was sealed with what it is.
type sealed struct{}

func (sealed) Seal(_ context.Context, aad string, plain []byte) ([]byte, error) {
	out := []byte(aad + "|")
	for _, b := range plain {
		out = append(out, b^0x5a)
	}
	return out, nil
}

func (sealed) Open(_ context.Context, aad string, box []byte) ([]byte, error) {
	rest, ok := bytes.CutPrefix(box, []byte(aad+"|"))
	if !ok {
		return nil, jiban.Errorf(jiban.CodeInvalid, "sealed", "not what it should be")
	}
	out := make([]byte, len(rest))
	for i, b := range rest {
		out[i] = b ^ 0x5a
	}
	return out, nil
}

func newOffice(t *testing.T, options ...func(*staff.Deps)) *office {
	t.Helper()
	o := &office{store: newMemory(), clock: jiban.NewManualClock(time.Date(2026, 11, 2, 1, 0, 0, 0, time.UTC))}
	d := staff.Deps{Store: o.store, Clock: o.clock, IDs: &jiban.SerialIDs{Prefix: "x"}, Region: "230000", Sealer: sealed{},
		Params:   &argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32},
		Handlers: []jiban.Department{{ID: "d1", Name: "供水集团", Region: "230100"}, {ID: "d2", Name: "城管局", Region: "230100"}}}
	for _, change := range options {
		change(&d)
	}
	s, err := staff.New(t.Context(), d)
	must(t, err)
	o.Service = s
	o.agent = o.hire(t, "li.na", jiban.RoleAgent)
	return o
}

// hire makes an account with goodPassword.
func (o *office) hire(t *testing.T, login string, role jiban.Role) jiban.Account {
	t.Helper()
	first, err := o.Create(t.Context(), jiban.Account{Login: strings.ToUpper(login) + " ", Name: "李娜", Roles: []jiban.Role{role}})
	must(t, err)
	a, err := o.ByLogin(t.Context(), login)
	must(t, err)
	must(t, o.ChangePassword(t.Context(), a.ID, first, goodPassword))
	a, err = o.ByLogin(t.Context(), login)
	must(t, err)
	return a
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t *testing.T, err error, code jiban.Code) {
	t.Helper()
	if jiban.CodeOf(err) != code {
		t.Fatalf("error %v has code %q, want %q", err, jiban.CodeOf(err), code)
	}
}

// ChangeStaff writes all of it or nothing, as the store does.
func (m *memory) ChangeStaff(_ context.Context, c jiban.StaffChange) error {
	unlock, err := m.lock()
	if err != nil {
		return err
	}
	defer unlock()
	if err := m.refuses(c); err != nil {
		return err
	}
	if c.Account != nil {
		a := *c.Account
		a.Version++
		m.accounts[a.ID] = a
	}
	maps.DeleteFunc(m.sessions, func(hash string, s jiban.Session) bool {
		return s.AccountID == c.EndSessions || hash == c.EndSession
	})
	if c.Session != nil {
		m.sessions[c.Session.Hash] = *c.Session
	}
	if s, ok := m.sessions[c.Proven]; ok {
		s.ProvenAt = c.At
		m.sessions[c.Proven] = s
	}
	if c.Token != nil {
		m.tokens[c.Token.ID] = *c.Token
	}
	m.audit = append(m.audit, c.Entries...)
	return nil
}

// refuses says why a change cannot be.
func (m *memory) refuses(c jiban.StaffChange) error {
	if m.unrecorded && len(c.Entries) > 0 {
		return jiban.Errorf(jiban.CodeUnavailable, "memory", "the record cannot be written")
	}
	if _, ok := m.sessions[c.Proven]; c.Proven != "" && !ok {
		return jiban.Errorf(jiban.CodeConflict, "memory", "the session has ended")
	}
	if c.Account == nil {
		return nil
	}
	if m.accounts[c.Account.ID].Version != c.Account.Version {
		return jiban.Errorf(jiban.CodeConflict, "memory", "written meanwhile")
	}
	for _, r := range c.Needed {
		if !m.held(r, c) {
			return jiban.Errorf(jiban.CodeForbidden, "memory", "nobody left as %s", r)
		}
	}
	return nil
}

func (m *memory) held(r jiban.Role, c jiban.StaffChange) bool {
	for _, a := range m.accounts {
		if a.ID == c.Account.ID {
			a = *c.Account
		}
		if a.Has(r) && !a.Disabled && !c.At.Before(a.LockedUntil) {
			return true
		}
	}
	return false
}

func (m *memory) SeenSession(_ context.Context, hash string, at time.Time) error {
	unlock, err := m.lock()
	if err != nil {
		return err
	}
	defer unlock()
	if s, ok := m.sessions[hash]; ok {
		s.SeenAt = at
		m.sessions[hash] = s
	}
	return nil
}

func (m *memory) UsedToken(_ context.Context, id string, at time.Time) error {
	unlock, err := m.lock()
	if err != nil {
		return err
	}
	defer unlock()
	t, ok := m.tokens[id]
	if !ok {
		return notFound()
	}
	t.LastUsedAt = at
	m.tokens[id] = t
	return nil
}
