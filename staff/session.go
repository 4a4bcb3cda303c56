package staff

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"time"
	"unicode/utf8"

	"jiban"
)

// maxCookie bounds what is hashed to look a session up.
const maxCookie = 128

// refused is the one answer to every login that fails, so that nobody learns
// which logins exist, are locked or disabled.
func refused() error {
	return &jiban.Error{Code: jiban.CodeUnauthorized, Op: "staff.login",
		Msg: "登录名或密码不正确；连续输错 5 次将锁定 15 分钟 (wrong login or password; five failures lock the account for 15 minutes)"}
}

// Login checks a password and starts a session. The cookie's value is returned
// once and kept only as a hash. The account is as it was before: LastLoginAt is
// the login before this one, which the page has to show. Unknown, locked and
// disabled accounts cost as much time as others and get the same answer,
// CodeUnauthorized.
func (s *Service) Login(ctx context.Context, login, password string) (cookie string, ss jiban.Session, a jiban.Account, err error) {
	a, known, err := s.find(ctx, login)
	if err != nil {
		return "", ss, jiban.Account{}, err
	}
	right, err := s.matches(ctx, clip(password), a.PasswordHash)
	if err != nil {
		return "", ss, jiban.Account{}, err
	}
	if !known {
		return "", ss, jiban.Account{}, s.fail(ctx, "", "unknown")
	}
	before, err := s.settle(ctx, a.ID, a.PasswordHash, right)
	if err != nil {
		return "", ss, jiban.Account{}, err
	}
	cookie, ss, err = s.Begin(ctx, before)
	return cookie, ss, before, err
}

// find loads the account of a login; for an unknown one it returns an account
// whose hash nothing matches.
func (s *Service) find(ctx context.Context, login string) (jiban.Account, bool, error) {
	login = strings.ToLower(strings.TrimSpace(login))
	if login == "" || len(login) > maxLogin || !utf8.ValidString(login) {
		return jiban.Account{PasswordHash: s.nobody}, false, nil
	}
	a, err := s.store.AccountByLogin(ctx, login)
	switch jiban.CodeOf(err) {
	case "":
		return a, true, nil
	case jiban.CodeNotFound:
		return jiban.Account{PasswordHash: s.nobody}, false, nil
	default:
		return a, false, jiban.Errorf(jiban.CodeOf(err), "staff.login", "load an account: %w", err)
	}
}

// settle writes the result of a comparison to the account as it is now: tries
// that ran side by side must not hide each other's failures, and a right
// password that comes after the lock is as good as none. It returns the account
// as it was before.
func (s *Service) settle(ctx context.Context, id, hash string, right bool) (jiban.Account, error) {
	s.counts.Lock()
	defer s.counts.Unlock()
	a, err := s.store.Account(ctx, id)
	if err != nil {
		return a, jiban.Errorf(jiban.CodeOf(err), "staff.login", "load account %s: %w", id, err)
	}
	now, before := s.clock.Now(), a
	switch {
	case now.Before(a.LockedUntil):
		return a, s.fail(ctx, id, "locked")
	case a.Disabled:
		return a, s.fail(ctx, id, "disabled")
	case !right || a.PasswordHash != hash:
		return a, s.countFailure(ctx, a)
	}
	a.Failures, a.LockedUntil, a.LastLoginAt = 0, time.Time{}, now
	if err := s.store.SaveAccount(ctx, a); err != nil {
		return a, jiban.Errorf(jiban.CodeOf(err), "staff.login", "record the login of %s: %w", id, err)
	}
	return before, s.Audit(ctx, jiban.AuditEntry{Actor: id, Action: "login", Object: "account:" + id, Result: "ok"})
}

// countFailure records a wrong password and locks the account after the last
// allowed one.
func (s *Service) countFailure(ctx context.Context, a jiban.Account) error {
	a.Failures++
	result := "failed"
	if a.Failures >= MaxFailures {
		a.Failures, a.LockedUntil, result = 0, s.clock.Now().Add(LockedFor), "locked"
	}
	if err := s.store.SaveAccount(ctx, a); err != nil {
		return jiban.Errorf(jiban.CodeOf(err), "staff.login", "record a failed login of %s: %w", a.ID, err)
	}
	return s.fail(ctx, a.ID, result)
}

// fail records why a login failed and returns the answer that does not say it.
// What was typed as the login is not recorded: it may be a password.
func (s *Service) fail(ctx context.Context, accountID, result string) error {
	e := jiban.AuditEntry{Actor: accountID, Action: "login", Result: result}
	if accountID != "" {
		e.Object = "account:" + accountID
	}
	if err := s.Audit(ctx, e); err != nil {
		return err
	}
	return refused()
}

// Begin starts a session for an account whose identity was just proven.
func (s *Service) Begin(ctx context.Context, a jiban.Account) (cookie string, ss jiban.Session, err error) {
	if cookie, err = s.token(); err != nil {
		return "", ss, err
	}
	csrf, err := s.token()
	if err != nil {
		return "", ss, err
	}
	now := s.clock.Now()
	ss = jiban.Session{Hash: hashToken(cookie), AccountID: a.ID, CSRF: csrf,
		CreatedAt: now, SeenAt: now, ExpiresAt: now.Add(SessionLimit)}
	if err := s.store.SaveSession(ctx, ss); err != nil {
		return "", ss, jiban.Errorf(jiban.CodeOf(err), "staff.login", "save a session: %w", err)
	}
	return cookie, ss, nil
}

// Session returns who a cookie's value belongs to and counts as a use of the
// session; CodeUnauthorized when it belongs to nobody, was idle too long, is too
// old, or the account was disabled.
func (s *Service) Session(ctx context.Context, cookie string) (jiban.Account, jiban.Session, error) {
	a, ss, err := s.Check(ctx, cookie)
	if err != nil {
		return a, ss, err
	}
	return a, ss, s.touch(ctx, &ss)
}

// Check is Session without counting as a use: a page that is open and listens
// does not keep a session alive.
func (s *Service) Check(ctx context.Context, cookie string) (jiban.Account, jiban.Session, error) {
	if cookie == "" || len(cookie) > maxCookie {
		return jiban.Account{}, jiban.Session{}, loggedOut("no session")
	}
	ss, err := s.store.StaffSession(ctx, hashToken(cookie))
	if err != nil {
		return jiban.Account{}, ss, sessionError(err)
	}
	now := s.clock.Now()
	if !now.Before(ss.ExpiresAt) || now.Sub(ss.SeenAt) >= IdleLimit {
		return jiban.Account{}, ss, s.end(ctx, ss, "the session is over")
	}
	a, err := s.store.Account(ctx, ss.AccountID)
	if err != nil {
		return jiban.Account{}, ss, sessionError(err)
	}
	if a.Disabled {
		return jiban.Account{}, ss, s.end(ctx, ss, "the account is disabled")
	}
	return a, ss, nil
}

// touch keeps the session alive, without a write for every request.
func (s *Service) touch(ctx context.Context, ss *jiban.Session) error {
	now := s.clock.Now()
	if now.Sub(ss.SeenAt) < seenStep {
		return nil
	}
	ss.SeenAt = now
	if err := s.store.SaveSession(ctx, *ss); err != nil {
		return jiban.Errorf(jiban.CodeOf(err), "staff.session", "keep a session alive: %w", err)
	}
	return nil
}

// end deletes a session and returns the error that says why.
func (s *Service) end(ctx context.Context, ss jiban.Session, why string) error {
	if err := s.store.DeleteSession(ctx, ss.Hash); err != nil {
		return jiban.Errorf(jiban.CodeOf(err), "staff.session", "delete a session: %w", err)
	}
	return loggedOut(why)
}

func loggedOut(why string) error {
	return jiban.Errorf(jiban.CodeUnauthorized, "staff.session", "%s, log in", why)
}

func sessionError(err error) error {
	if jiban.CodeOf(err) == jiban.CodeNotFound {
		return loggedOut("no such session")
	}
	return jiban.Errorf(jiban.CodeOf(err), "staff.session", "load a session: %w", err)
}

// Logout ends the session of a cookie's value; one that is over already is no
// error.
func (s *Service) Logout(ctx context.Context, cookie string) error {
	ss, err := s.store.StaffSession(ctx, hashToken(cookie))
	if jiban.CodeOf(err) == jiban.CodeNotFound {
		return nil
	}
	if err == nil {
		err = s.store.DeleteSession(ctx, ss.Hash)
	}
	if err != nil {
		return jiban.Errorf(jiban.CodeOf(err), "staff.logout", "end a session: %w", err)
	}
	return s.Audit(ctx, jiban.AuditEntry{Actor: ss.AccountID, Action: "logout", Object: "account:" + ss.AccountID, Result: "ok"})
}

// SameToken compares the token that a request carries with the session's, in
// constant time.
func SameToken(ss jiban.Session, token string) bool {
	return ss.CSRF != "" && subtle.ConstantTimeCompare([]byte(ss.CSRF), []byte(token)) == 1
}

// token draws 256 random bits.
func (s *Service) token() (string, error) {
	var b [32]byte
	if _, err := s.random.Read(b[:]); err != nil {
		return "", jiban.Errorf(jiban.CodeInternal, "staff.token", "draw a token: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b[:]), nil
}

func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// clip bounds what is hashed; a password that long is never right.
func clip(password string) string {
	const limit = MaxPassword * utf8.UTFMax
	if len(password) > limit {
		return password[:limit+1]
	}
	return password
}
