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
// something changes, and may do the action. A refused attempt is recorded.
func (s *Server) guard(r staffRoute) fiber.Handler {
	known := s.Staff.Session
	if r.byItself {
		known = s.Staff.Check
	}
	return func(c *fiber.Ctx) error {
		ctx := c.UserContext()
		account, session, err := known(ctx, c.Cookies(staffCookie))
		if err != nil {
			return err
		}
		if changes(c.Method()) && (!s.sameOrigin(c, nil) || !staff.SameToken(session, c.Get(csrfHeader))) {
			return jiban.Errorf(jiban.CodeForbidden, "web.guard", "the request does not carry the session's token")
		}
		if !staff.May(account, r.action) {
			return s.deny(ctx, account, r.action)
		}
		c.Locals(localAccount, account)
		c.Locals(localSession, session)
		c.SetUserContext(staff.WithActor(ctx, account.ID))
		return c.Next()
	}
}

// changes reports whether requests of the method may change something.
func changes(method string) bool {
	return method != fiber.MethodGet && method != fiber.MethodHead
}

// deny records an attempt and refuses it.
func (s *Server) deny(ctx context.Context, a jiban.Account, action staff.Action) error {
	if a.MustChange && !a.Disabled {
		return refuse(jiban.CodeForbidden, "web.guard", "请先修改一次性密码 (change the one-time password first)")
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
	s.setStaffCookie(c, cookie, staff.SessionLimit)
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
	s.setStaffCookie(c, cookie, staff.SessionLimit)
	m.MustChange = false
	return c.JSON(loginShape(m.Account, session))
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

// accounts lists the accounts.
func (s *Server) accounts(c *fiber.Ctx) error {
	as, err := s.Staff.List(c.UserContext())
	if err != nil {
		return err
	}
	return c.JSON(fiber.Map{"accounts": each(as, accountShape)})
}

// createAccount makes an account and shows its one-time password, this once.
func (s *Server) createAccount(c *fiber.Ctx) error {
	ctx := c.UserContext()
	in, err := body[struct {
		Login      string       `json:"login"`
		Name       string       `json:"name"`
		Roles      []jiban.Role `json:"roles"`
		Department string       `json:"department"`
		Region     string       `json:"region"`
	}](c)
	if err != nil {
		return err
	}
	if err := s.checkScope(in.Department, in.Region); err != nil {
		return err
	}
	password, err := s.Staff.Create(ctx, jiban.Account{Login: in.Login, Name: in.Name, Roles: in.Roles,
		Department: in.Department, Region: in.Region})
	if err != nil {
		return err
	}
	a, err := s.Staff.ByLogin(ctx, in.Login)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.JSON(fiber.Map{"account": accountShape(a), "password": password})
}

// checkScope makes sure that an account's department and region exist.
func (s *Server) checkScope(department, region string) error {
	cat := s.Tickets.Catalogue()
	if department != "" && !hasDepartment(cat, department) {
		return refuse(jiban.CodeInvalid, "web.accounts", "没有这个单位 (there is no such department)")
	}
	if region != "" && regionName(cat, region) == "" {
		return refuse(jiban.CodeInvalid, "web.accounts", "没有这个区划 (there is no such region)")
	}
	return nil
}

// disableAccount locks somebody out for good; not oneself, so that one
// administrator always remains.
func (s *Server) disableAccount(c *fiber.Ctx) error {
	id, err := param(c, "id")
	if err != nil {
		return err
	}
	if id == who(c).ID {
		return refuse(jiban.CodeInvalid, "web.accounts", "不能停用自己的账号 (you cannot disable yourself)")
	}
	if err := s.Staff.Disable(c.UserContext(), id); err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}

// audit pages through the record of what staff did.
func (s *Server) audit(c *fiber.Ctx) error {
	after, err := query(c, "after", 128)
	if err != nil {
		return err
	}
	limit, err := number(c, "limit", 100, 500)
	if err != nil {
		return err
	}
	es, err := s.House.Audit(c.UserContext(), after, int(limit))
	if err != nil {
		return err
	}
	return c.JSON(fiber.Map{"entries": each(es, auditShape)})
}

// viewed records that a member of staff saw personal data.
func (s *Server) viewed(ctx context.Context, m member, object string) error {
	return s.Staff.Audit(ctx, jiban.AuditEntry{Actor: m.ID, Action: "view", Object: object, Result: "ok"})
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
