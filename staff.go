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
	Failures     int       // wrong passwords in a row
	LockedUntil  time.Time // after too many
	LastLoginAt  time.Time
	CreatedAt    time.Time
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

// AuditEntry records a view of personal data, a change by staff or a login.
type AuditEntry struct {
	ID     string
	Actor  string
	Action string
	Object string
	Result string
	At     time.Time
}

// Session is a login of a member of staff; the cookie's value is stored hashed.
type Session struct {
	Hash      string // SHA-256 of the cookie's value, hex
	AccountID string
	CSRF      string
	CreatedAt time.Time
	SeenAt    time.Time
	ExpiresAt time.Time
}
