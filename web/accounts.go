package web

import (
	"context"
	"time"

	"github.com/gofiber/fiber/v2"

	"jiban"
	"jiban/staff"
)

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
	if !staff.MayCreate(who(c).Account, in.Roles) {
		return refuse(jiban.CodeForbidden, "web.accounts", "管理类角色由安全管理员授予：请先建立其他角色的账号 (roles that run or check the system are given by the security administrator)")
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

// renameAccount changes a person's name; version is the account's as it was seen.
func (s *Server) renameAccount(c *fiber.Ctx) error {
	in, err := body[struct {
		Name    string `json:"name"`
		Version int64  `json:"version"`
	}](c)
	if err != nil {
		return err
	}
	id, err := param(c, "id")
	if err != nil {
		return err
	}
	a, err := s.Staff.Rename(c.UserContext(), id, in.Name, in.Version)
	if err != nil {
		return err
	}
	return c.JSON(accountShape(a))
}

// setRoles changes what somebody may do, and where.
func (s *Server) setRoles(c *fiber.Ctx) error {
	in, err := body[struct {
		Roles      []jiban.Role `json:"roles"`
		Department string       `json:"department"`
		Region     string       `json:"region"`
		Version    int64        `json:"version"`
	}](c)
	if err == nil {
		err = s.checkScope(in.Department, in.Region)
	}
	if err != nil {
		return err
	}
	id, err := param(c, "id")
	if err != nil {
		return err
	}
	a, err := s.Staff.SetRoles(c.UserContext(), id, in.Roles, in.Department, in.Region, in.Version)
	if err != nil {
		return err
	}
	return c.JSON(accountShape(a))
}

// resetAccount gives somebody a new one-time password and shows it, this once.
func (s *Server) resetAccount(c *fiber.Ctx) error {
	id, err := param(c, "id")
	if err != nil {
		return err
	}
	password, err := s.Staff.Reset(c.UserContext(), id)
	if err != nil {
		return err
	}
	return c.JSON(fiber.Map{"password": password})
}

// disableAccount locks somebody out for good; not oneself.
func (s *Server) disableAccount(c *fiber.Ctx) error {
	id, err := param(c, "id")
	if err != nil {
		return err
	}
	if id == who(c).ID {
		return refuse(jiban.CodeInvalid, "web.accounts", "不能停用自己的账号 (you cannot disable yourself)")
	}
	return done(c, s.Staff.Disable(c.UserContext(), id))
}

// onAccount makes a handler that does something to the account of the path.
func (s *Server) onAccount(do func(ctx context.Context, id string) error) fiber.Handler {
	return func(c *fiber.Ctx) error {
		id, err := param(c, "id")
		if err != nil {
			return err
		}
		return done(c, do(c.UserContext(), id))
	}
}

func done(c *fiber.Ctx, err error) error {
	if err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}

// tokens lists the tokens of other systems, and what one can be given.
func (s *Server) tokens(c *fiber.Ctx) error {
	ts, err := s.Staff.Tokens(c.UserContext())
	if err != nil {
		return err
	}
	return c.JSON(fiber.Map{"tokens": each(ts, tokenShape), "actions": staff.TokenActions()})
}

// createToken makes a token and shows it, this once.
func (s *Server) createToken(c *fiber.Ctx) error {
	in, err := body[struct {
		Name       string   `json:"name"`
		Actions    []string `json:"actions"`
		Department string   `json:"department"`
		Region     string   `json:"region"`
		ExpiresAt  string   `json:"expires_at"`
	}](c)
	if err == nil {
		err = s.checkScope(in.Department, in.Region)
	}
	if err != nil {
		return err
	}
	expires, err := time.Parse(time.RFC3339, in.ExpiresAt)
	if err != nil {
		return refuse(jiban.CodeInvalid, "web.tokens", "请填写有效期 (expires_at: RFC 3339)")
	}
	value, t, err := s.Staff.CreateToken(c.UserContext(), jiban.APIToken{Name: in.Name, Actions: in.Actions,
		Department: in.Department, Region: in.Region, ExpiresAt: expires})
	if err != nil {
		return err
	}
	return c.JSON(fiber.Map{"token": tokenShape(t), "value": value})
}

type tokenJSON struct {
	ID         string   `json:"id"`
	Name       string   `json:"name"`
	Actions    []string `json:"actions"`
	Department string   `json:"department"`
	Region     string   `json:"region"`
	CreatedBy  string   `json:"created_by"`
	CreatedAt  string   `json:"created_at"`
	ExpiresAt  string   `json:"expires_at"`
	LastUsedAt string   `json:"last_used_at"`
	RevokedAt  string   `json:"revoked_at"`
}

func tokenShape(t jiban.APIToken) tokenJSON {
	return tokenJSON{t.ID, t.Name, t.Actions, t.Department, t.Region, t.CreatedBy, at(t.CreatedAt), at(t.ExpiresAt), at(t.LastUsedAt), at(t.RevokedAt)}
}
