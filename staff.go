package jiban

import "time"

// Role is what a member of staff may do.
type Role string

// The roles.
const (
	RoleAgent      Role = "agent"
	RoleSupervisor Role = "supervisor"
	RoleEditor     Role = "editor"
	RoleReviewer   Role = "reviewer"
	RoleHandler    Role = "handler"
	RoleAdmin      Role = "admin"
	RoleSecurity   Role = "security"
	RoleAuditor    Role = "auditor"
)

// Account is a member of staff. Department is set for handlers.
type Account struct {
	ID           string
	Login        string
	Name         string
	Roles        []Role
	Department   string
	Region       string
	PasswordHash string // argon2id
	MustChange   bool   // the password is a one-time one
	Disabled     bool
	Failures     int       // wrong passwords and codes in a row
	LockedUntil  time.Time // after too many
	LastLoginAt  time.Time
	CreatedAt    time.Time
	PasswordAt   time.Time // when the password was chosen, zero for the beginning
	PastHashes   []string  // of the passwords before, newest first
	Second       SecondFactor
	Edition      int64 // counts what administrators changed
	Version      int64 // counts writes; 0 for one that is not stored yet

	// Grants are the actions of an API token. MustEnrol is set for who has to set
	// up a second factor before anything else. Neither is stored.
	Grants    []string
	MustEnrol bool
}

// Has reports whether the account has the role.
func (a *Account) Has(r Role) bool {
	for _, have := range a.Roles {
		if have == r {
			return true
		}
	}
	return false
}

// SecondFactor is what proves a member of staff beside the password: one-time
// codes by time (RFC 6238). Secrets are kept sealed, recovery codes hashed.
type SecondFactor struct {
	Sealed   []byte    // the secret in use, nil for none
	Since    time.Time // of its confirmation
	LastStep int64     // the time step of the last code taken; it and those before count no more
	Recovery []string  // hashes of codes that were not used yet

	Offered   []byte // a secret that was shown and is not confirmed yet
	OfferedAt time.Time
}

// AuditEntry records a view of personal data, a change by staff or a login.
type AuditEntry struct {
	ID     string
	Actor  string
	Action string
	Object string
	Result string
	At     time.Time
}

// ChainedEntry is an audit entry in its place: Seq counts from 1 without a gap,
// Hash is the SHA-256, in hex, over the hash before and this entry.
type ChainedEntry struct {
	AuditEntry
	Seq  int64
	Hash string
}

// AuditFilter selects audit entries; zero fields select all. Newest first below
// Before, or oldest first above After when Forward is set.
type AuditFilter struct {
	Actor   string
	Action  string // whole, or its beginning followed by a star
	Object  string // likewise
	Since   time.Time
	Until   time.Time // not included
	Before  int64
	After   int64
	Forward bool
	Limit   int
}

// Session is a login of a member of staff; the cookie's value is stored hashed.
type Session struct {
	Hash      string // SHA-256 of the cookie's value, hex
	AccountID string
	CSRF      string
	Stage     string // "" for a full session, "second" while the second factor is missing
	Method    string // how the first factor was proven: "password" or "oidc"
	CreatedAt time.Time
	SeenAt    time.Time
	ExpiresAt time.Time
	ProvenAt  time.Time // when somebody proved anew who they are, zero for never

	PreviousAt time.Time // the login before this one, which its owner is shown
}

// StaffChange is what changes together about a member of staff or another system:
// all of it, with its entries in the record, or nothing.
type StaffChange struct {
	// Account is written: a new one when its Version is 0, else the one whose stored
	// version is still that; otherwise it is a conflict.
	Account *Account
	// Needed are roles that somebody who can log in at the time At must hold
	// afterwards, who is neither disabled nor locked then. Otherwise it is forbidden.
	Needed      []Role
	At          time.Time // of the change
	EndSessions string    // the account whose sessions end, "" for none
	EndSession  string    // the hash of one session that ends
	Session     *Session  // begins after others have ended
	Proven      string    // the hash of a session whose owner was proven anew; a conflict when it has ended
	Token       *APIToken
	Entries     []AuditEntry
}

// APIToken lets another system use the API. The token itself is stored hashed.
type APIToken struct {
	ID         string
	Name       string
	Hash       string   // SHA-256 of the token, hex
	Actions    []string // of the table of permissions
	Region     string
	Department string // "" for all
	CreatedBy  string
	CreatedAt  time.Time
	ExpiresAt  time.Time
	LastUsedAt time.Time
	RevokedAt  time.Time
}
