package store

import (
	"context"

	"jiban"
)

var accounts = newTable("accounts", func(a *jiban.Account) []any {
	return []any{&a.ID, &a.Login, words{&a.Name}, packed{&a.Roles}, &a.Department, &a.Region, &a.PasswordHash, &a.MustChange,
		&a.Disabled, &a.Failures, stamp{&a.LockedUntil}, stamp{&a.LastLoginAt}, stamp{&a.CreatedAt}}
}, "id", "login", "name", "roles", "department", "region", "password_hash", "must_change", "disabled", "failures",
	"locked_until", "last_login_at", "created_at")

var sessions = newTable("sessions", func(s *jiban.Session) []any {
	return []any{&s.Hash, &s.AccountID, &s.CSRF, stamp{&s.CreatedAt}, stamp{&s.SeenAt}, stamp{&s.ExpiresAt}}
}, "hash", "account_id", "csrf", "created_at", "seen_at", "expires_at")

var auditEntries = newTable("audit", func(e *jiban.AuditEntry) []any {
	return []any{&e.ID, &e.Actor, &e.Action, words{&e.Object}, words{&e.Result}, stamp{&e.At}}
}, "id", "actor", "action", "object", "result", "at")

// Account returns a member of staff by id.
func (s *Store) Account(ctx context.Context, id string) (jiban.Account, error) {
	a, err := accounts.one(ctx, s.read, "WHERE id = $1", id)
	return a, fault("store.Account", err)
}

// AccountByLogin returns a member of staff by login.
func (s *Store) AccountByLogin(ctx context.Context, login string) (jiban.Account, error) {
	a, err := accounts.one(ctx, s.read, "WHERE login = $1", login)
	return a, fault("store.AccountByLogin", err)
}

// Accounts lists all members of staff in order of login.
func (s *Store) Accounts(ctx context.Context) ([]jiban.Account, error) {
	all, err := accounts.many(ctx, s.read, "ORDER BY login")
	return all, fault("store.Accounts", err)
}

// SaveAccount writes an account, new or known by its id; a login that another
// account has is a conflict.
func (s *Store) SaveAccount(ctx context.Context, a jiban.Account) error {
	return s.write(ctx, "store.SaveAccount", func(ctx context.Context, q querier) error {
		return accounts.put(ctx, q, &a)
	})
}

// SaveSession writes a login session, new or known by its hash.
func (s *Store) SaveSession(ctx context.Context, session jiban.Session) error {
	return s.write(ctx, "store.SaveSession", func(ctx context.Context, q querier) error {
		return sessions.put(ctx, q, &session)
	})
}

// StaffSession returns the session with the hash, expired or not.
func (s *Store) StaffSession(ctx context.Context, hash string) (jiban.Session, error) {
	session, err := sessions.one(ctx, s.read, "WHERE hash = $1", hash)
	return session, fault("store.StaffSession", err)
}

// DeleteSession ends a session; none is no error.
func (s *Store) DeleteSession(ctx context.Context, hash string) error {
	return s.run(ctx, "store.DeleteSession", "DELETE FROM sessions WHERE hash = $1", hash)
}

// DeleteSessionsOf ends all sessions of an account.
func (s *Store) DeleteSessionsOf(ctx context.Context, accountID string) error {
	return s.run(ctx, "store.DeleteSessionsOf", "DELETE FROM sessions WHERE account_id = $1", accountID)
}

// AppendAudit adds entries to the audit log.
func (s *Store) AppendAudit(ctx context.Context, es []jiban.AuditEntry) error {
	return s.write(ctx, "store.AppendAudit", func(ctx context.Context, q querier) error {
		return s.addAudit(ctx, q, es)
	})
}

// addAudit adds entries inside a transaction; one without an id gets one.
func (s *Store) addAudit(ctx context.Context, q querier, es []jiban.AuditEntry) error {
	for _, e := range es {
		if e.ID == "" {
			e.ID = s.ids.NewID()
		}
		if e.At.IsZero() {
			e.At = s.now()
		}
		if err := auditEntries.add(ctx, q, &e); err != nil {
			return err
		}
	}
	return nil
}

// Audit lists entries after an id, oldest first ("" from the beginning).
func (s *Store) Audit(ctx context.Context, afterID string, limit int) ([]jiban.AuditEntry, error) {
	found, err := auditEntries.many(ctx, s.read, "WHERE id > $1 ORDER BY id LIMIT $2 + 0", afterID, page(limit, 100))
	return found, fault("store.Audit", err)
}
