// Package staff knows who works here and what they may do: accounts, passwords,
// second factors, sessions, tokens of other systems, the table of permissions and
// the chained record of logins, views and changes (domain D1: level-3 protection
// of government systems).
//
// It must not know HTTP, cookies or pages: it hands out the value that a cookie
// carries and checks the one that comes back. It stores only hashes of passwords,
// cookie values, tokens and recovery codes, and the secrets of second factors
// sealed by a key that it does not have.
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
	MaxFailures  = 5                // wrong passwords or codes in a row before the account is locked
	LockedFor    = 15 * time.Minute // how long it stays locked
	LastLocked   = time.Minute      // the same for the last administrator of a kind, whom nobody else could help
	IdleLimit    = 30 * time.Minute // a session unused for so long is over
	SessionLimit = 12 * time.Hour   // a session is over after so long, used or not
	SecondLimit  = 5 * time.Minute  // between the password and the code of the second factor
	ProofLimit   = 5 * time.Minute  // how long a new proof of who somebody is counts
	PasswordAge  = 90 * 24 * time.Hour
	PastHashes   = 5 // passwords, the one in use among them, that may not be chosen again

	seenStep  = time.Minute // how exactly the last use of a session is kept
	hashSlots = 2           // password hashes made at the same time; each takes 19 MiB
	saveTries = 5           // writes of an account while others write it too
)

// AccountStore keeps accounts. Account and AccountByLogin answer CodeNotFound
// for what is not there.
type AccountStore interface {
	Account(ctx context.Context, id string) (jiban.Account, error)
	AccountByLogin(ctx context.Context, login string) (jiban.Account, error)
	Accounts(ctx context.Context) ([]jiban.Account, error)
	// AccountsByID returns those of the given ids that there are.
	AccountsByID(ctx context.Context, ids []string) ([]jiban.Account, error)
}

// Changer writes what changes together, with its entries in the record, or
// nothing: CodeConflict when an account was written since it was read, or a
// session to be proven has ended, CodeForbidden when a needed role would be left
// without anybody who can log in.
type Changer interface {
	ChangeStaff(ctx context.Context, c jiban.StaffChange) error
}

// SessionStore keeps sessions by the hash of their cookie's value.
type SessionStore interface {
	StaffSession(ctx context.Context, hash string) (jiban.Session, error)
	SeenSession(ctx context.Context, hash string, at time.Time) error
	DeleteSession(ctx context.Context, hash string) error
}

// TokenStore keeps the tokens of other systems.
type TokenStore interface {
	Token(ctx context.Context, id string) (jiban.APIToken, error)
	TokenByHash(ctx context.Context, hash string) (jiban.APIToken, error)
	Tokens(ctx context.Context) ([]jiban.APIToken, error)
	UsedToken(ctx context.Context, id string, at time.Time) error
}

// AuditStore keeps the record of what staff did, as a chain. AppendAudit without
// entries only takes those into the chain that are older than it.
type AuditStore interface {
	AppendAudit(ctx context.Context, es []jiban.AuditEntry) error
	SearchAudit(ctx context.Context, f jiban.AuditFilter) ([]jiban.ChainedEntry, error)
	VerifyAudit(ctx context.Context) (int, error)
}

// Sealer encrypts what must not be read in the database; aad says what it is, so
// that one thing cannot be put in the place of another.
type Sealer interface {
	Seal(ctx context.Context, aad string, plain []byte) ([]byte, error)
	Open(ctx context.Context, aad string, sealed []byte) ([]byte, error)
}

// Store is all that the service keeps.
type Store interface {
	Changer
	AccountStore
	SessionStore
	TokenStore
	AuditStore
}

// Deps are what the service stands on. Random and Params may be left out; then
// the system's randomness and parameters fit for production are used. Without a
// Sealer nobody can set up a second factor.
type Deps struct {
	Store  Store
	Sealer Sealer
	Clock  jiban.Clock
	IDs    jiban.IDs
	Random io.Reader
	Params *argon2id.Params
	Region string // of the installation: the scope of the first accounts
	// Handlers are the departments for which EnsureFirst makes an account each.
	Handlers []jiban.Department
	// SecondFactor says who must have a second factor; nobody when nil.
	SecondFactor func(jiban.Account) bool
	// PasswordAge is after how long a password must be changed; 90 days when it is
	// 0, never when it is negative.
	PasswordAge time.Duration
	// OneSession ends a member's other sessions at each login.
	OneSession bool
	// OIDC is the server that may vouch for staff; none when nil.
	OIDC *OIDCConfig
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

	sealer      Sealer
	needsSecond func(jiban.Account) bool
	passwordAge time.Duration
	oneSession  bool
	oidc        *oidcClient
	recorder    recorder

	hashing chan struct{} // bounds the memory that hashing takes
	counts  sync.Mutex    // one result of a login at a time is written to an account
	nobody  string        // hash compared with when the login is unknown
}

// New returns a service. It hashes one password, to have something to compare
// with when somebody tries an unknown login.
func New(ctx context.Context, d Deps) (*Service, error) {
	s := &Service{
		store: d.Store, clock: d.Clock, ids: d.IDs, params: d.Params, region: d.Region, handlers: d.Handlers,
		sealer: d.Sealer, needsSecond: d.SecondFactor, passwordAge: d.PasswordAge, oneSession: d.OneSession,
		random: &lockedReader{r: d.Random}, hashing: make(chan struct{}, hashSlots),
	}
	if s.needsSecond == nil {
		s.needsSecond = func(jiban.Account) bool { return false }
	} else if s.sealer == nil {
		return nil, jiban.Errorf(jiban.CodeInvalid, "staff.new", "a second factor is required, but there is no key to seal its secrets with: configure keys")
	}
	if s.passwordAge == 0 {
		s.passwordAge = PasswordAge
	}
	var err error
	if s.oidc, err = newOIDC(d.OIDC, d.Clock); err != nil {
		return nil, err
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
	s.nobody, err = s.hash(ctx, password)
	return s, err
}

// ProductionParams returns the cost of a password hash in production: 19 MiB, two
// passes, the least that OWASP advises for argon2id; some tens of milliseconds.
func ProductionParams() *argon2id.Params {
	return &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}
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
