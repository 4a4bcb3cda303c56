package web

import (
	"context"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"jiban"
	"jiban/staff"
)

const (
	staffCookie = "jiban_staff"
	csrfHeader  = "X-CSRF-Token"
)

// member is the member of staff who asks.
type member struct {
	jiban.Account
	session jiban.Session
}

// guard lets only those pass who are logged in, carry the session's token where
// something changes, may do the action, and, where the door asks for it, have
// proven anew who they are. Other systems come with a token of their own instead
// of a session; no browser adds that by itself, and nobody leaves it open on a
// screen. A refused attempt is recorded.
func (s *Server) guard(r staffRoute) fiber.Handler {
	return func(c *fiber.Ctx) error {
		ctx := c.UserContext()
		account, session, err := s.identify(c, r)
		if err != nil {
			return err
		}
		if !staff.May(account, r.action) {
			return s.deny(ctx, account, r.action)
		}
		if r.manner == anew && session.Hash != "" && !s.Staff.Proven(session) {
			return jiban.Errorf(jiban.CodeReauth, "web.guard", "account %s has to prove anew who it is", account.ID)
		}
		c.Locals(localAccount, account)
		c.Locals(localSession, session)
		c.SetUserContext(staff.WithActor(ctx, account.ID))
		return c.Next()
	}
}

// identify finds out who asks.
func (s *Server) identify(c *fiber.Ctx, r staffRoute) (jiban.Account, jiban.Session, error) {
	ctx := c.UserContext()
	if token, ok := bearer(c); ok {
		account, err := s.Staff.Bearer(ctx, token)
		return account, jiban.Session{}, err
	}
	known := s.Staff.Session
	if r.manner == byItself {
		known = s.Staff.Check
	}
	account, session, err := known(ctx, c.Cookies(staffCookie))
	if err != nil {
		return account, session, err
	}
	if changes(c.Method()) {
		err = s.carriesToken(c, session)
	}
	return account, session, err
}

// bearer returns the token of another system that the request carries.
func bearer(c *fiber.Ctx) (string, bool) {
	kind, token, ok := strings.Cut(c.Get(fiber.HeaderAuthorization), " ")
	return strings.TrimSpace(token), ok && strings.EqualFold(kind, "Bearer")
}

// carriesToken refuses what a foreign page could have sent.
func (s *Server) carriesToken(c *fiber.Ctx, session jiban.Session) error {
	if !s.sameOrigin(c, nil) || !staff.SameToken(session, c.Get(csrfHeader)) {
		return jiban.Errorf(jiban.CodeForbidden, "web.guard", "the request does not carry the session's token")
	}
	return nil
}

// changes reports whether requests of the method may change something.
func changes(method string) bool {
	return method != fiber.MethodGet && method != fiber.MethodHead
}

// deny records an attempt and refuses it.
func (s *Server) deny(ctx context.Context, a jiban.Account, action staff.Action) error {
	if a.MustChange && !a.Disabled {
		return refuse(jiban.CodeForbidden, "web.guard", "请先修改密码 (change the password first)")
	}
	if a.MustEnrol && !a.Disabled {
		return refuse(jiban.CodeForbidden, "web.guard", "请先启用动态验证码 (set up a second factor first)")
	}
	err := s.Staff.Audit(ctx, jiban.AuditEntry{Actor: a.ID, Action: "denied", Object: string(action), Result: "denied"})
	if err != nil {
		return err
	}
	return jiban.Errorf(jiban.CodeForbidden, "web.guard", "account %s may not do %s", a.ID, action)
}

// who returns the member of staff that the guard let pass.
func who(c *fiber.Ctx) member {
	a, _ := c.Locals(localAccount).(jiban.Account)
	ss, _ := c.Locals(localSession).(jiban.Session)
	return member{a, ss}
}

// login starts a session. Attempts are counted for each address, because an
// account's own lock does not stop somebody who tries one password everywhere.
func (s *Server) login(c *fiber.Ctx) error {
	ctx := c.UserContext()
	if !s.sameOrigin(c, nil) {
		return jiban.Errorf(jiban.CodeForbidden, "web.login", "the page is not of our origin")
	}
	if err := s.limit(ctx, "login:"+s.visitorKey(c), s.limits.LoginsPerMinute, time.Minute); err != nil {
		return err
	}
	in, err := body[struct {
		Login    string `json:"login"`
		Password string `json:"password"`
	}](c)
	if err != nil {
		return err
	}
	cookie, session, account, err := s.Staff.Login(ctx, in.Login, in.Password)
	if err != nil {
		return err
	}
	return s.welcome(c, cookie, session, account)
}

// welcome sets the cookie of a new session, full or waiting for the second
// factor, and says what comes next.
func (s *Server) welcome(c *fiber.Ctx, cookie string, session jiban.Session, account jiban.Account) error {
	life := staff.SessionLimit
	if session.Stage == staff.StageSecond {
		life = staff.SecondLimit
	}
	s.setStaffCookie(c, cookie, life)
	return c.JSON(loginShape(account, session))
}

// logout ends the session; who was on duty no longer is.
func (s *Server) logout(c *fiber.Ctx) error {
	if m := who(c); staff.May(m.Account, staff.ActQueue) {
		if err := s.Handoffs.SetPresence(c.UserContext(), m.ID, "offline"); err != nil {
			s.Log.WarnContext(c.UserContext(), "an agent logged out and is still shown on duty", "error", err)
		}
	}
	if err := s.Staff.Logout(c.UserContext(), c.Cookies(staffCookie)); err != nil {
		return err
	}
	s.setStaffCookie(c, "", -time.Hour)
	return c.SendStatus(fiber.StatusNoContent)
}

func (s *Server) me(c *fiber.Ctx) error {
	m := who(c)
	return c.JSON(loginShape(m.Account, m.session))
}

// password changes the password. All sessions of the account end, the one that
// asked goes on under a new cookie.
func (s *Server) password(c *fiber.Ctx) error {
	ctx, m := c.UserContext(), who(c)
	in, err := body[struct {
		Old string `json:"old"`
		New string `json:"new"`
	}](c)
	if err != nil {
		return err
	}
	switch err := s.Staff.ChangePassword(ctx, m.ID, in.Old, in.New); jiban.CodeOf(err) {
	case "":
	case jiban.CodeUnauthorized: // the session is good, the old password was not
		return refuse(jiban.CodeForbidden, "web.password", "旧密码不正确 (the old password is wrong)")
	default:
		return err
	}
	cookie, session, err := s.Staff.Begin(ctx, m.Account)
	if err != nil {
		return err
	}
	m.MustChange = false
	return s.welcome(c, cookie, session, m.Account)
}

// setStaffCookie sets the session's cookie; a negative life removes it.
func (s *Server) setStaffCookie(c *fiber.Ctx, value string, life time.Duration) {
	cookie := &fiber.Cookie{Name: staffCookie, Value: value, Path: "/", HTTPOnly: true,
		SameSite: fiber.CookieSameSiteStrictMode, Secure: s.secure(c), MaxAge: int(life.Seconds())}
	if life < 0 {
		cookie.MaxAge, cookie.Expires = 0, time.Unix(1, 0)
	}
	c.Cookie(cookie)
	c.Set(fiber.HeaderCacheControl, "no-store")
}

// oneOf reports whether v is among the choices, which are separated by spaces.
func oneOf(v, choices string) bool {
	for _, c := range strings.Fields(choices) {
		if v == c {
			return true
		}
	}
	return false
}
