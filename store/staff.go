package store

import (
	"context"
	"slices"
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
	return []any{&s.Hash, &s.AccountID, &s.CSRF, &s.Stage, &s.Method, stamp{&s.CreatedAt}, stamp{&s.SeenAt}, stamp{&s.ExpiresAt},
		stamp{&s.ProvenAt}, stamp{&s.PreviousAt}}
}, "hash", "account_id", "csrf", "stage", "method", "created_at", "seen_at", "expires_at", "proven_at", "previous_at")

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

// AccountsByID returns those of the members of staff that there are, in order of
// login.
func (s *Store) AccountsByID(ctx context.Context, ids []string) ([]jiban.Account, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	found, err := accounts.many(ctx, s.read, "WHERE id IN ("+marks(1, len(ids))+") ORDER BY login", filled(ids, len(ids))...)
	return found, fault("store.AccountsByID", err)
}

// ChangeStaff writes what changes together, with its entries in the record, in one
// transaction. It is a conflict when the account was written since it was read, or
// another has the login; it is forbidden when a needed role would be left without
// anybody who can log in.
func (s *Store) ChangeStaff(ctx context.Context, c jiban.StaffChange) error {
	return s.write(ctx, "store.ChangeStaff", func(ctx context.Context, q querier) error {
		// The end of the record is taken first: changes of staff come one after
		// another, whatever the database, and each sees what the one before it did.
		if _, _, err := s.takeHead(ctx, q); err != nil {
			return err
		}
		if err := saveAccount(ctx, q, c.Account); err != nil {
			return err
		}
		if err := stillHeld(ctx, q, c.Needed, c.At); err != nil {
			return err
		}
		if err := changeSessions(ctx, q, &c); err != nil {
			return err
		}
		if c.Token != nil {
			if err := apiTokens.put(ctx, q, c.Token); err != nil {
				return err
			}
		}
		if len(c.Entries) == 0 {
			return nil
		}
		return s.addAudit(ctx, q, c.Entries)
	})
}

// saveAccount writes an account under the next version.
func saveAccount(ctx context.Context, q querier, a *jiban.Account) error {
	if a == nil {
		return nil
	}
	next, read := *a, a.Version
	next.Version++
	if read == 0 {
		return accounts.add(ctx, q, &next)
	}
	return accounts.replace(ctx, q, &next, read, "account "+a.ID)
}

// stillHeld makes sure that each role is held by somebody who can log in.
func stillHeld(ctx context.Context, q querier, needed []jiban.Role, at time.Time) error {
	if len(needed) == 0 {
		return nil
	}
	able, err := accounts.many(ctx, q, "WHERE NOT disabled AND locked_until <= $1", micros(at))
	if err != nil {
		return err
	}
	for _, r := range needed {
		if !slices.ContainsFunc(able, func(a jiban.Account) bool { return a.Has(r) }) {
			return jiban.Errorf(jiban.CodeForbidden, "store.ChangeStaff", "nobody who can log in would be left as %s", r)
		}
	}
	return nil
}

func changeSessions(ctx context.Context, q querier, c *jiban.StaffChange) error {
	for _, end := range []struct{ query, key string }{
		{"DELETE FROM sessions WHERE account_id = $1", c.EndSessions}, {"DELETE FROM sessions WHERE hash = $1", c.EndSession},
	} {
		if end.key == "" {
			continue
		}
		if _, err := q.exec(ctx, end.query, end.key); err != nil {
			return err
		}
	}
	if c.Session != nil {
		if err := sessions.add(ctx, q, c.Session); err != nil {
			return err
		}
	}
	if c.Proven == "" {
		return nil
	}
	n, err := q.exec(ctx, "UPDATE sessions SET proven_at = $2 WHERE hash = $1", c.Proven, micros(c.At))
	if err == nil && n == 0 {
		err = jiban.Errorf(jiban.CodeConflict, "store.ChangeStaff", "the session has ended meanwhile")
	}
	return err
}

// SeenSession notes when a session was used, without touching what else it holds;
// one that has ended stays ended.
func (s *Store) SeenSession(ctx context.Context, hash string, at time.Time) error {
	return s.run(ctx, "store.SeenSession", "UPDATE sessions SET seen_at = $2 WHERE hash = $1", hash, micros(at))
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
