// Package staff knows who works here and what they may do: accounts, passwords,
// sessions, the table of permissions and the record of logins and changes
// (domain D1: level-3 protection of government systems).
//
// It must not know HTTP, cookies or pages: it hands out the value that a cookie
// carries and checks the one that comes back. It stores only hashes of both
// passwords and cookie values.
package staff

import (
	"context"
	"crypto/rand"
	"io"
	"sync"
	"time"

	"github.com/alexedwards/argon2id"

	"jiban"
)

// The limits of logins and sessions (domain D1).
const (
	MaxFailures  = 5                // wrong passwords in a row before the account is locked
	LockedFor    = 15 * time.Minute // how long it stays locked
	IdleLimit    = 30 * time.Minute // a session unused for so long is over
	SessionLimit = 12 * time.Hour   // a session is over after so long, used or not

	seenStep  = time.Minute // how exactly the last use of a session is kept
	hashSlots = 2           // password hashes made at the same time; each takes 19 MiB
)

// AccountStore keeps accounts. Account and AccountByLogin answer CodeNotFound
// for what is not there.
type AccountStore interface {
	Account(ctx context.Context, id string) (jiban.Account, error)
	AccountByLogin(ctx context.Context, login string) (jiban.Account, error)
	Accounts(ctx context.Context) ([]jiban.Account, error)
	SaveAccount(ctx context.Context, a jiban.Account) error
}

// SessionStore keeps sessions by the hash of their cookie's value.
type SessionStore interface {
	SaveSession(ctx context.Context, s jiban.Session) error
	StaffSession(ctx context.Context, hash string) (jiban.Session, error)
	DeleteSession(ctx context.Context, hash string) error
	DeleteSessionsOf(ctx context.Context, accountID string) error
}

// AuditStore keeps the record of what staff did.
type AuditStore interface {
	AppendAudit(ctx context.Context, es []jiban.AuditEntry) error
}

// Store is all that the service keeps.
type Store interface {
	AccountStore
	SessionStore
	AuditStore
}

// Deps are what the service stands on. Random and Params may be left out; then
// the system's randomness and parameters fit for production are used.
type Deps struct {
	Store  Store
	Clock  jiban.Clock
	IDs    jiban.IDs
	Random io.Reader
	Params *argon2id.Params
	Region string // of the installation: the scope of the first accounts
	// Handlers are the departments for which EnsureFirst makes an account each.
	Handlers []jiban.Department
}

// Service is the staff room. It is safe for concurrent use.
type Service struct {
	store    Store
	clock    jiban.Clock
	ids      jiban.IDs
	random   *lockedReader
	params   *argon2id.Params
	region   string
	handlers []jiban.Department

	hashing chan struct{} // bounds the memory that hashing takes
	counts  sync.Mutex    // one result of a login at a time is written to an account
	nobody  string        // hash compared with when the login is unknown
}

// New returns a service. It hashes one password, to have something to compare
// with when somebody tries an unknown login.
func New(d Deps) (*Service, error) {
	s := &Service{
		store: d.Store, clock: d.Clock, ids: d.IDs, params: d.Params, region: d.Region, handlers: d.Handlers,
		random: &lockedReader{r: d.Random}, hashing: make(chan struct{}, hashSlots),
	}
	if s.random.r == nil {
		s.random.r = rand.Reader
	}
	if s.params == nil {
		s.params = ProductionParams()
	}
	password, err := s.oneTimePassword()
	if err != nil {
		return nil, err
	}
	s.nobody, err = s.hash(context.Background(), password)
	return s, err
}

// ProductionParams returns the cost of a password hash in production: 19 MiB, two
// passes, the least that OWASP advises for argon2id; some tens of milliseconds.
func ProductionParams() *argon2id.Params {
	return &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}
}

// Audit records an entry; its id and time are filled in.
func (s *Service) Audit(ctx context.Context, e jiban.AuditEntry) error {
	e.ID, e.At = s.ids.NewID(), s.clock.Now()
	if err := s.store.AppendAudit(ctx, []jiban.AuditEntry{e}); err != nil {
		return jiban.Errorf(jiban.CodeOf(err), "staff.audit", "record %s: %w", e.Action, err)
	}
	return nil
}

// lockedReader lets several requests draw from one source of randomness.
type lockedReader struct {
	mu sync.Mutex
	r  io.Reader
}

// Read fills p completely or fails.
func (l *lockedReader) Read(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return io.ReadFull(l.r, p)
}
