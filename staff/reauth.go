package staff

import (
	"bytes"
	"context"
	"time"

	"jiban"
)

// elsewhereLimit is how old a login at another server may be when it comes back
// from there as a new proof: the person has just typed it.
const elsewhereLimit = 2 * time.Minute

// Proven reports whether the session's owner proved anew, within ProofLimit, who
// they are. The login itself does not count: what asks for a proof would otherwise
// be open to whoever finds a screen that was just unlocked.
func (s *Service) Proven(ss jiban.Session) bool {
	return !ss.ProvenAt.IsZero() && s.clock.Now().Sub(ss.ProvenAt) < ProofLimit
}

// Reauth takes the password, or a code of the second factor, of who is logged in,
// and marks the session as proven. Wrong ones count as at a login and get the same
// answer, CodeUnauthorized; a one-time password proves nothing, somebody else knew
// it.
func (s *Service) Reauth(ctx context.Context, ss jiban.Session, password, code string) error {
	if (password == "") == (code == "") {
		return &jiban.Error{Code: jiban.CodeInvalid, Op: "staff.reauth", Msg: "请输入密码或动态验证码 (the password or a code)"}
	}
	seen, err := s.load(ctx, ss.AccountID)
	if err != nil {
		return err
	}
	right, err := s.reproof(ctx, seen, password, code)
	if err != nil {
		return err
	}
	return s.mark(ctx, ss.AccountID, ss.Hash, right)
}

// reproof prepares the proof by password or, where there is none, by code.
func (s *Service) reproof(ctx context.Context, seen jiban.Account, password, code string) (func(*jiban.Account) bool, error) {
	if code == "" {
		same, err := s.matches(ctx, clip(password), seen.PasswordHash)
		return func(a *jiban.Account) bool { return same && !a.MustChange && a.PasswordHash == seen.PasswordHash }, err
	}
	secret, err := s.secret(ctx, seen)
	return func(a *jiban.Account) bool {
		return secondOn(*a) && bytes.Equal(a.Second.Sealed, seen.Second.Sealed) && s.takeCode(a, secret, code)
	}, err
}

// mark marks a session as proven when the proof holds. Failures are not forgotten
// with it: a known password must not buy tries at the code, nor the other way.
func (s *Service) mark(ctx context.Context, accountID, session string, right func(*jiban.Account) bool) error {
	_, err := s.prove(ctx, accountID, "reauth", func(a *jiban.Account, c *jiban.StaffChange) bool {
		if !right(a) {
			return false
		}
		c.Proven = session
		return true
	})
	return err
}

// provenElsewhere marks a session as proven by a login at another server, which
// must be of the same person and of this moment.
func (s *Service) provenElsewhere(ctx context.Context, accountID, session string, at time.Time) (jiban.Account, error) {
	a, ss, err := s.bySessionHash(ctx, session)
	if err != nil {
		return a, err
	}
	age := s.clock.Now().Sub(at)
	fresh := !at.IsZero() && age < elsewhereLimit && age > -elsewhereLimit
	if ss.AccountID != accountID || ss.Stage != "" || !fresh {
		return jiban.Account{}, oidcRefused("此次登录不能作为身份确认：不是本人，或统一认证没有重新验证身份 (not the same person, or nothing was asked there)", nil)
	}
	return a, s.mark(ctx, accountID, session, func(*jiban.Account) bool { return true })
}
