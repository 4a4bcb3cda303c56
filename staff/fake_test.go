package staff_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"

	"jiban"
	"jiban/staff"
)

// memory is a store of accounts, sessions and audit entries in memory.
type memory struct {
	mu       sync.Mutex
	accounts map[string]jiban.Account
	sessions map[string]jiban.Session
	audit    []jiban.AuditEntry
	down     bool
}

func newMemory() *memory {
	return &memory{accounts: map[string]jiban.Account{}, sessions: map[string]jiban.Session{}}
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

func (m *memory) SaveAccount(_ context.Context, a jiban.Account) error {
	unlock, err := m.lock()
	if err != nil {
		return err
	}
	defer unlock()
	m.accounts[a.ID] = a
	return nil
}

func (m *memory) SaveSession(_ context.Context, s jiban.Session) error {
	unlock, err := m.lock()
	if err != nil {
		return err
	}
	defer unlock()
	m.sessions[s.Hash] = s
	return nil
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

func (m *memory) DeleteSessionsOf(_ context.Context, accountID string) error {
	unlock, err := m.lock()
	if err != nil {
		return err
	}
	defer unlock()
	for h, s := range m.sessions {
		if s.AccountID == accountID {
			delete(m.sessions, h)
		}
	}
	return nil
}

func (m *memory) AppendAudit(_ context.Context, es []jiban.AuditEntry) error {
	unlock, err := m.lock()
	if err != nil {
		return err
	}
	defer unlock()
	m.audit = append(m.audit, es...)
	return nil
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

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{store: newMemory(), clock: jiban.NewManualClock(time.Date(2026, 11, 2, 1, 0, 0, 0, time.UTC))}
	s, err := staff.New(staff.Deps{Store: o.store, Clock: o.clock, IDs: &jiban.SerialIDs{Prefix: "x"}, Region: "230000",
		Params:   &argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32},
		Handlers: []jiban.Department{{ID: "d1", Name: "供水集团", Region: "230100"}, {ID: "d2", Name: "城管局", Region: "230100"}}})
	must(t, err)
	o.Service = s
	first, err := s.Create(t.Context(), jiban.Account{Login: "Li.Na ", Name: "李娜", Roles: []jiban.Role{jiban.RoleAgent}})
	must(t, err)
	a, err := s.ByLogin(t.Context(), "li.na")
	must(t, err)
	must(t, s.ChangePassword(t.Context(), a.ID, first, goodPassword))
	o.agent, err = s.ByLogin(t.Context(), "li.na")
	must(t, err)
	return o
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
