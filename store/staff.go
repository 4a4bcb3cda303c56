package store

import (
	"context"
	"time"

	"jiban"
)

var accounts = newTable("accounts", func(a *jiban.Account) []any {
	return []any{&a.ID, &a.Login, words{&a.Name}, packed{&a.Roles}, &a.Department, &a.Region, &a.PasswordHash, &a.MustChange,
		&a.Disabled, &a.Failures, stamp{&a.LockedUntil}, stamp{&a.LastLoginAt}, stamp{&a.CreatedAt}, stamp{&a.PasswordAt},
		packed{&a.PastHashes}, packed{&a.Second}, &a.Edition, &a.Version}
}, "id", "login", "name", "roles", "department", "region", "password_hash", "must_change", "disabled", "failures",
	"locked_until", "last_login_at", "created_at", "password_at", "past_hashes", "second_factor", "edition", "version")

var sessions = newTable("sessions", func(s *jiban.Session) []any {
	return []any{&s.Hash, &s.AccountID, &s.CSRF, &s.Stage, &s.Method, stamp{&s.CreatedAt}, stamp{&s.SeenAt}, stamp{&s.ExpiresAt}}
}, "hash", "account_id", "csrf", "stage", "method", "created_at", "seen_at", "expires_at")

var apiTokens = newTable("api_tokens", func(t *jiban.APIToken) []any {
	return []any{&t.ID, words{&t.Name}, &t.Hash, packed{&t.Actions}, &t.Region, &t.Department, &t.CreatedBy, stamp{&t.CreatedAt},
		stamp{&t.ExpiresAt}, stamp{&t.LastUsedAt}, stamp{&t.RevokedAt}}
}, "id", "name", "hash", "actions", "region", "department", "created_by", "created_at", "expires_at", "last_used_at", "revoked_at")

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

// SaveAccount writes an account: a new one when its Version is 0, else the one
// whose stored version is still that. It is a conflict when the account was
// written meanwhile, or another has the login. The stored version is one higher.
func (s *Store) SaveAccount(ctx context.Context, a jiban.Account) error {
	return s.write(ctx, "store.SaveAccount", func(ctx context.Context, q querier) error {
		next, read := a, a.Version
		next.Version++
		if read == 0 {
			return accounts.add(ctx, q, &next)
		}
		return accounts.replace(ctx, q, &next, read, "account "+a.ID)
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

// SaveToken writes the token of another system, new or known by its id.
func (s *Store) SaveToken(ctx context.Context, t jiban.APIToken) error {
	return s.write(ctx, "store.SaveToken", func(ctx context.Context, q querier) error {
		return apiTokens.put(ctx, q, &t)
	})
}

// Token returns a token by id.
func (s *Store) Token(ctx context.Context, id string) (jiban.APIToken, error) {
	t, err := apiTokens.one(ctx, s.read, "WHERE id = $1", id)
	return t, fault("store.Token", err)
}

// TokenByHash returns a token by the hash of its value, expired or not.
func (s *Store) TokenByHash(ctx context.Context, hash string) (jiban.APIToken, error) {
	t, err := apiTokens.one(ctx, s.read, "WHERE hash = $1", hash)
	return t, fault("store.TokenByHash", err)
}

// Tokens lists all tokens, newest first.
func (s *Store) Tokens(ctx context.Context) ([]jiban.APIToken, error) {
	ts, err := apiTokens.many(ctx, s.read, "ORDER BY id DESC LIMIT 1000")
	return ts, fault("store.Tokens", err)
}

// UsedToken notes when a token was used, without touching what else it holds.
func (s *Store) UsedToken(ctx context.Context, id string, at time.Time) error {
	return s.run(ctx, "store.UsedToken", "UPDATE api_tokens SET last_used_at = $2 WHERE id = $1", id, micros(at))
}
