package web

import (
	"encoding/base64"
	"time"

	"github.com/gofiber/fiber/v2"

	"jiban"
	"jiban/staff"
)

// oidcCookie holds what a login at another server is held to. It must come along
// when the browser is sent back from there, so that it is Lax.
const (
	oidcCookie = "jiban_oidc"
	oidcPath   = api + "/login/oidc"
)

// loginOptions tells the login page which ways there are.
func (s *Server) loginOptions(c *fiber.Ctx) error {
	return c.JSON(fiber.Map{"oidc": s.Staff.HasOIDC()})
}

// pending tells a page that was loaded between the two steps where it stands.
func (s *Server) pending(c *fiber.Ctx) error {
	account, session, err := s.Staff.Pending(c.UserContext(), c.Cookies(staffCookie))
	if err != nil {
		return err
	}
	return c.JSON(loginShape(account, session))
}

// loginSecond is the second step of a login.
func (s *Server) loginSecond(c *fiber.Ctx) error {
	ctx, cookie := c.UserContext(), c.Cookies(staffCookie)
	if err := s.limit(ctx, "login:"+s.visitorKey(c), s.limits.LoginsPerMinute, time.Minute); err != nil {
		return err
	}
	_, half, err := s.Staff.Pending(ctx, cookie)
	if err == nil {
		err = s.carriesToken(c, half)
	}
	if err != nil {
		return err
	}
	in, err := body[struct {
		Code string `json:"code"`
	}](c)
	if err != nil {
		return err
	}
	cookie, session, account, err := s.Staff.LoginSecond(ctx, cookie, in.Code)
	if err != nil {
		return err
	}
	return s.welcome(c, cookie, session, account)
}

// offerSecond shows a new secret, this once.
func (s *Server) offerSecond(c *fiber.Ctx) error {
	in, err := body[struct {
		Password string `json:"password"`
		Code     string `json:"code"`
	}](c)
	if err == nil {
		err = text("web.second", "密码", in.Password, staff.MaxPassword)
	}
	if err != nil {
		return err
	}
	e, err := s.Staff.OfferSecond(c.UserContext(), who(c).ID, in.Password, in.Code)
	if jiban.CodeOf(err) == jiban.CodeUnauthorized { // the session is good, the proof was not
		return refuse(jiban.CodeForbidden, "web.second", "密码或验证码不正确 (the password or the code is wrong)")
	}
	if err != nil {
		return err
	}
	return c.JSON(fiber.Map{"uri": e.URI, "secret": e.Secret, "qr": "data:image/png;base64," + base64.StdEncoding.EncodeToString(e.QR)})
}

// confirmSecond takes the secret into use. All sessions end, the one that asked
// goes on under a new cookie.
func (s *Server) confirmSecond(c *fiber.Ctx) error {
	ctx, m := c.UserContext(), who(c)
	in, err := body[struct {
		Code string `json:"code"`
	}](c)
	if err != nil {
		return err
	}
	recovery, err := s.Staff.ConfirmSecond(ctx, m.ID, in.Code)
	if jiban.CodeOf(err) == jiban.CodeUnauthorized {
		return refuse(jiban.CodeForbidden, "web.second", "验证码不正确，请核对手机时间后再试 (the code is wrong: check the telephone's clock)")
	}
	if err != nil {
		return err
	}
	cookie, session, err := s.Staff.Begin(ctx, m.Account)
	if err != nil {
		return err
	}
	s.setStaffCookie(c, cookie, staff.SessionLimit)
	return c.JSON(fiber.Map{"recovery_codes": recovery, "csrf": session.CSRF})
}

// oidcStart sends the browser to the other server.
func (s *Server) oidcStart(c *fiber.Ctx) error {
	ctx := c.UserContext()
	if err := s.limit(ctx, "login:"+s.visitorKey(c), s.limits.LoginsPerMinute, time.Minute); err != nil {
		return err
	}
	address, cookie, err := s.Staff.OIDCStart(ctx)
	if jiban.CodeOf(err) == jiban.CodeUnavailable {
		return s.backToLogin(c, err)
	}
	if err != nil {
		return err
	}
	s.setOIDCCookie(c, cookie, staff.OIDCLimit)
	return c.Redirect(address, fiber.StatusFound)
}

// oidcReturn takes the browser back from the other server.
func (s *Server) oidcReturn(c *fiber.Ctx) error {
	ctx := c.UserContext()
	if err := s.limit(ctx, "login:"+s.visitorKey(c), s.limits.LoginsPerMinute, time.Minute); err != nil {
		return err
	}
	held := c.Cookies(oidcCookie)
	s.setOIDCCookie(c, "", -time.Hour)
	state, err := query(c, "state", 256)
	if err != nil {
		return err
	}
	code, err := query(c, "code", 4096)
	if err != nil {
		return err
	}
	cookie, session, _, err := s.Staff.OIDCFinish(ctx, held, state, code)
	if err != nil {
		return s.backToLogin(c, err)
	}
	if cookie == "" { // a new proof, not a login
		return c.Redirect("/console#/proven", fiber.StatusFound)
	}
	if session.Stage == staff.StageSecond {
		s.setStaffCookie(c, cookie, staff.SecondLimit)
		return c.Redirect("/console#/login?step=second", fiber.StatusFound)
	}
	s.setStaffCookie(c, cookie, staff.SessionLimit)
	return c.Redirect("/console", fiber.StatusFound)
}

// reauth takes a new proof of who is logged in. Wrong ones are counted as at a
// login.
func (s *Server) reauth(c *fiber.Ctx) error {
	ctx := c.UserContext()
	if err := s.limit(ctx, "login:"+s.visitorKey(c), s.limits.LoginsPerMinute, time.Minute); err != nil {
		return err
	}
	in, err := body[struct {
		Password string `json:"password"`
		Code     string `json:"code"`
	}](c)
	if err != nil {
		return err
	}
	err = s.Staff.Reauth(ctx, who(c).session, in.Password, in.Code)
	if jiban.CodeOf(err) == jiban.CodeUnauthorized { // the session is good, the proof was not
		return refuse(jiban.CodeForbidden, "web.reauth", "密码或验证码不正确、验证码已用过，或账号暂时锁定 (the password or the code is wrong, the code was used, or the account is locked)")
	}
	return done(c, err)
}

// reauthElsewhere gives the address of the other server, which asks anew who is
// logged in.
func (s *Server) reauthElsewhere(c *fiber.Ctx) error {
	address, cookie, err := s.Staff.OIDCAgain(c.UserContext(), who(c).session)
	if err != nil {
		return err
	}
	s.setOIDCCookie(c, cookie, staff.OIDCLimit)
	return c.JSON(fiber.Map{"address": address})
}

// backToLogin shows the login page with the reason as a word that the page knows;
// a text in the address could be anybody's.
func (s *Server) backToLogin(c *fiber.Ctx, err error) error {
	reason := ""
	switch jiban.CodeOf(err) {
	case jiban.CodeUnauthorized:
		reason = "refused"
	case jiban.CodeUnavailable:
		reason = "unavailable"
	default:
		return err
	}
	s.Log.WarnContext(c.UserContext(), "a login by another server failed", "error", err, "id", s.requestID(c))
	return c.Redirect("/console#/login?oidc="+reason, fiber.StatusFound)
}

func (s *Server) setOIDCCookie(c *fiber.Ctx, value string, life time.Duration) {
	cookie := &fiber.Cookie{Name: oidcCookie, Value: value, Path: oidcPath, HTTPOnly: true,
		SameSite: fiber.CookieSameSiteLaxMode, Secure: s.secure(c), MaxAge: int(life.Seconds())}
	if life < 0 {
		cookie.MaxAge, cookie.Expires = 0, time.Unix(1, 0)
	}
	c.Cookie(cookie)
}
