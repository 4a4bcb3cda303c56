package staff

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
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

// How the first factor was proven.
const (
	methodPassword = "password"
	methodOIDC     = "oidc"
)

// StageSecond is the stage of a session that is good for nothing but the code of
// the second factor.
const StageSecond = "second"

// Login checks a password and starts a session. The cookie's value is returned
// once and kept only as a hash. The account is as it was before: LastLoginAt is
// the login before this one, which the page has to show. Unknown, locked and
// disabled accounts cost as much time as others and get the same answer,
// CodeUnauthorized. The session of who has a second factor is of StageSecond:
// LoginSecond makes a full one of it.
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
		return "", ss, jiban.Account{}, s.stranger(ctx)
	}
	return s.enter(ctx, a.ID, methodPassword, func(now *jiban.Account) bool { return right && now.PasswordHash == a.PasswordHash })
}

// enter starts the session of who proves to be the account: a full one, or one
// that waits for the second factor. Failures are forgotten only when all is
// proven: a right password must not buy tries at the code.
func (s *Service) enter(ctx context.Context, id, method string, right func(*jiban.Account) bool) (cookie string, ss jiban.Session, a jiban.Account, err error) {
	seen, err := s.load(ctx, id)
	if err != nil {
		return "", ss, a, err
	}
	half := s.asksSecond(seen, method)
	action, stage := "login", ""
	if half {
		action, stage = "login.first", StageSecond
	}
	cookie, ss, err = s.draw(seen, stage, method)
	if err != nil {
		return "", ss, a, err
	}
	a, err = s.prove(ctx, id, action, func(now *jiban.Account, c *jiban.StaffChange) bool {
		if !right(now) || s.asksSecond(*now, method) != half {
			return false
		}
		if !half {
			arrived(now, s.clock.Now())
		}
		s.begins(c, &ss)
		return true
	})
	if err != nil {
		return "", jiban.Session{}, jiban.Account{}, err
	}
	return cookie, ss, s.asSeen(a, ss), nil
}

// asksSecond reports whether a login needs a code.
func (s *Service) asksSecond(a jiban.Account, method string) bool {
	return secondOn(a) && !s.vouchedTwice(method)
}

// vouchedTwice reports whether another server has checked both factors.
func (s *Service) vouchedTwice(method string) bool {
	return method == methodOIDC && s.oidc != nil && s.oidc.TrustSecondFactor
}

// arrived notes a complete login.
func arrived(a *jiban.Account, now time.Time) {
	a.Failures, a.LockedUntil, a.LastLoginAt = 0, time.Time{}, now
}

// LoginSecond takes the code of the second factor, or a recovery code, and makes
// a full session, under a new cookie, of one that waits for it. Wrong codes are
// counted together with wrong passwords.
func (s *Service) LoginSecond(ctx context.Context, pending, code string) (cookie string, ss jiban.Session, a jiban.Account, err error) {
	seen, half, err := s.Pending(ctx, pending)
	if err != nil {
		return "", ss, a, err
	}
	secret, err := s.secret(ctx, seen)
	if err != nil {
		return "", ss, a, err
	}
	cookie, ss, err = s.draw(seen, "", half.Method)
	if err != nil {
		return "", ss, a, err
	}
	a, err = s.prove(ctx, seen.ID, "login", func(now *jiban.Account, c *jiban.StaffChange) bool {
		if !bytes.Equal(now.Second.Sealed, seen.Second.Sealed) || !s.takeCode(now, secret, code) {
			return false
		}
		arrived(now, s.clock.Now())
		c.EndSession = half.Hash
		s.begins(c, &ss)
		return true
	})
	if err != nil {
		return "", jiban.Session{}, jiban.Account{}, secondRefused(err)
	}
	return cookie, ss, s.asSeen(a, ss), nil
}

// secondRefused words a refused code; it says as little as refused does.
func secondRefused(err error) error {
	if jiban.CodeOf(err) != jiban.CodeUnauthorized {
		return err
	}
	return &jiban.Error{Code: jiban.CodeForbidden, Op: "staff.login", Err: err,
		Msg: "验证码不正确、已用过或账号已锁定；等待下一个验证码再试 (the code is wrong or was used, or the account is locked: wait for the next code)"}
}

// Pending returns who a session that waits for the second factor belongs to.
func (s *Service) Pending(ctx context.Context, cookie string) (jiban.Account, jiban.Session, error) {
	a, ss, err := s.lookUp(ctx, cookie)
	if err == nil && ss.Stage != StageSecond {
		err = loggedOut("the session does not wait for a second factor")
	}
	if err != nil {
		return jiban.Account{}, jiban.Session{}, err
	}
	return a, ss, nil
}

// asSeen is an account as its session has it: LastLoginAt is the login before this
// one, and what must first be set right is marked, a password that is too old, a
// second factor that is missing. Who comes by another server does
// not use the password, and need not change it.
func (s *Service) asSeen(a jiban.Account, ss jiban.Session) jiban.Account {
	a.LastLoginAt = ss.PreviousAt
	if ss.Method == methodOIDC {
		a.MustChange = false
	} else if s.passwordAge > 0 && !s.clock.Now().Before(passwordSince(a).Add(s.passwordAge)) {
		a.MustChange = true
	}
	a.MustEnrol = !secondOn(a) && s.needsSecond(a) && !s.vouchedTwice(ss.Method)
	return a
}

func passwordSince(a jiban.Account) time.Time {
	if a.PasswordAt.IsZero() {
		return a.CreatedAt
	}
	return a.PasswordAt
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

// proof reports whether somebody has proven to be the account as it is now. Only
// one that holds may change the account, and say what changes with it.
type proof func(*jiban.Account, *jiban.StaffChange) bool

// prove lets the account as it is now be proven and writes the result: tries that
// ran side by side must not hide each other's failures, and a right proof that
// comes after the lock is as good as none. What is returned is the account as it
// was before; every try is recorded under the action.
func (s *Service) prove(ctx context.Context, id, action string, p proof) (jiban.Account, error) {
	before, result, err := s.tried(ctx, id, action, LockedFor, p)
	if errors.Is(err, errLast) {
		before, result, err = s.tried(ctx, id, action, LastLocked, p)
	}
	if err == nil && result != "ok" {
		err = refused()
	}
	return before, err
}

// tried is one try at a proof; lock is how long too many wrong ones lock the
// account.
func (s *Service) tried(ctx context.Context, id, action string, lock time.Duration, p proof) (before jiban.Account, result string, err error) {
	_, err = s.change(ctx, id, func(a *jiban.Account, c *jiban.StaffChange) error {
		before = *a
		if result = s.judge(a, c, lock, p); result == "locked out" || result == "disabled" {
			return errUnchanged
		}
		c.Entries = s.entries(id, action, "account:"+id, result)
		return nil
	})
	if errors.Is(err, errUnchanged) {
		err = s.Audit(ctx, jiban.AuditEntry{Actor: id, Action: action, Object: "account:" + id, Result: result})
	}
	return before, result, err
}

// judge returns the result of a proof and counts a wrong one, locking the account
// after the last allowed. Who is the last of a kind is not locked for long: the
// store refuses it, and nobody else could help.
func (s *Service) judge(a *jiban.Account, c *jiban.StaffChange, lock time.Duration, p proof) string {
	now := s.clock.Now()
	switch {
	case now.Before(a.LockedUntil):
		return "locked out"
	case a.Disabled:
		return "disabled"
	case p(a, c):
		return "ok"
	}
	a.Failures++
	if a.Failures < MaxFailures {
		return "failed"
	}
	a.Failures, a.LockedUntil = 0, now.Add(lock)
	if lock == LockedFor {
		c.Needed = given(*a, nil)
	}
	return "locked"
}

// stranger records a login of nobody and returns the answer that does not say it.
// What was typed as the login is not recorded: it may be a password.
func (s *Service) stranger(ctx context.Context) error {
	if err := s.Audit(ctx, jiban.AuditEntry{Action: "login", Result: "unknown"}); err != nil {
		return err
	}
	return refused()
}

// Begin starts a session for an account whose identity was just proven, by
// password and, where there is one, second factor.
func (s *Service) Begin(ctx context.Context, a jiban.Account) (cookie string, ss jiban.Session, err error) {
	cookie, ss, err = s.draw(a, "", methodPassword)
	if err != nil {
		return "", ss, err
	}
	var c jiban.StaffChange
	s.begins(&c, &ss)
	if err := s.store.ChangeStaff(ctx, c); err != nil {
		return "", ss, jiban.Errorf(jiban.CodeOf(err), "staff.login", "begin a session: %w", err)
	}
	return cookie, ss, nil
}

// draw makes a session that nobody knows yet, and the value of its cookie.
func (s *Service) draw(a jiban.Account, stage, method string) (cookie string, ss jiban.Session, err error) {
	if cookie, err = s.token(); err != nil {
		return "", ss, err
	}
	csrf, err := s.token()
	if err != nil {
		return "", ss, err
	}
	now, life := s.clock.Now(), SessionLimit
	if stage == StageSecond {
		life = SecondLimit
	}
	return cookie, jiban.Session{Hash: hashToken(cookie), AccountID: a.ID, CSRF: csrf, Stage: stage, Method: method,
		PreviousAt: a.LastLoginAt, CreatedAt: now, SeenAt: now, ExpiresAt: now.Add(life)}, nil
}

// begins lets a session begin with a change; a full one ends the others where one
// is the limit.
func (s *Service) begins(c *jiban.StaffChange, ss *jiban.Session) {
	c.Session = ss
	if s.oneSession && ss.Stage == "" {
		c.EndSessions = ss.AccountID
	}
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
	a, ss, err := s.lookUp(ctx, cookie)
	if err == nil && ss.Stage != "" {
		err = loggedOut("the second factor is missing")
	}
	if err != nil {
		return jiban.Account{}, jiban.Session{}, err
	}
	return s.asSeen(a, ss), ss, nil
}

// lookUp returns the session of a cookie's value at whatever stage, with its
// account.
func (s *Service) lookUp(ctx context.Context, cookie string) (jiban.Account, jiban.Session, error) {
	if cookie == "" || len(cookie) > maxCookie {
		return jiban.Account{}, jiban.Session{}, loggedOut("no session")
	}
	return s.bySessionHash(ctx, hashToken(cookie))
}

// bySessionHash is lookUp by what is stored of the cookie's value.
func (s *Service) bySessionHash(ctx context.Context, hash string) (jiban.Account, jiban.Session, error) {
	ss, err := s.store.StaffSession(ctx, hash)
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
	if err := s.store.SeenSession(ctx, ss.Hash, now); err != nil {
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
		err = s.store.ChangeStaff(ctx, jiban.StaffChange{EndSession: ss.Hash,
			Entries: s.entries(ss.AccountID, "logout", "account:"+ss.AccountID, "ok")})
	}
	if err != nil {
		return jiban.Errorf(jiban.CodeOf(err), "staff.logout", "end a session: %w", err)
	}
	return nil
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
