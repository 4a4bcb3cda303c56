package staff

import (
	"context"
	"slices"
	"strings"
	"time"

	"jiban"
)

// Reset gives the account a new one-time password, unlocks it and ends its
// sessions. Its second factor stays.
func (s *Service) Reset(ctx context.Context, accountID string) (string, error) {
	password, err := s.oneTimePassword()
	if err != nil {
		return "", err
	}
	hash, err := s.hash(ctx, password)
	if err != nil {
		return "", err
	}
	_, err = s.administer(ctx, accountID, "account.reset", func(a *jiban.Account, _ *jiban.StaffChange) error {
		renew(a, hash, s.clock.Now())
		a.MustChange, a.LockedUntil = true, time.Time{}
		return nil
	})
	if err != nil {
		return "", err
	}
	return password, nil
}

// Disable ends the account's sessions and lets it log in no more. The last one
// that can make accounts, or give permissions, stays.
func (s *Service) Disable(ctx context.Context, accountID string) error {
	_, err := s.administer(ctx, accountID, "account.disable", func(a *jiban.Account, c *jiban.StaffChange) error {
		c.Needed = given(*a, nil)
		a.Disabled = true
		a.Edition++
		return nil
	})
	return err
}

// Enable lets a disabled account log in again.
func (s *Service) Enable(ctx context.Context, accountID string) error {
	_, err := s.administer(ctx, accountID, "account.enable", func(a *jiban.Account, _ *jiban.StaffChange) error {
		a.Disabled = false
		a.Edition++
		return nil
	})
	return err
}

// Rename changes a person's name. CodeConflict when the account was edited since
// the edition that was seen.
func (s *Service) Rename(ctx context.Context, accountID, name string, edition int64) (jiban.Account, error) {
	return s.edit(ctx, accountID, "account.rename", edition, func(a *jiban.Account, _ *jiban.StaffChange) {
		a.Name = strings.TrimSpace(name)
	})
}

// SetRoles changes what somebody may do, and where. CodeConflict when the account
// was edited since the edition that was seen; nobody changes their own roles.
func (s *Service) SetRoles(ctx context.Context, accountID string, roles []jiban.Role, department, region string, edition int64) (jiban.Account, error) {
	if ActorOf(ctx) == accountID {
		return jiban.Account{}, &jiban.Error{Code: jiban.CodeForbidden, Op: "staff.roles", Msg: "不能修改自己的角色 (nobody changes their own roles)"}
	}
	return s.edit(ctx, accountID, "account.roles", edition, func(a *jiban.Account, c *jiban.StaffChange) {
		c.Needed = given(*a, roles)
		a.Roles, a.Department, a.Region = slices.Clone(roles), department, region
	})
}

// edit changes an account for an administrator who saw the given edition.
func (s *Service) edit(ctx context.Context, id, action string, edition int64, f func(*jiban.Account, *jiban.StaffChange)) (jiban.Account, error) {
	return s.administer(ctx, id, action, func(a *jiban.Account, c *jiban.StaffChange) error {
		if a.Edition != edition {
			return &jiban.Error{Code: jiban.CodeConflict, Op: "staff.edit",
				Msg: "该账号刚被他人修改，请刷新后重试 (somebody else edited the account: reload and try again)"}
		}
		f(a, c)
		a.Edition++
		return checkAccount(*a)
	})
}

// given are the roles that an account gives up, or cannot use for a while, of
// those that must never be without anybody. keeps are the roles that remain.
func given(a jiban.Account, keeps []jiban.Role) []jiban.Role {
	var gone []jiban.Role
	for _, r := range []jiban.Role{jiban.RoleAdmin, jiban.RoleSecurity} {
		if !a.Disabled && a.Has(r) && !slices.Contains(keeps, r) {
			gone = append(gone, r)
		}
	}
	return gone
}

// ChangePassword replaces a password by a new one and ends all sessions of the
// account. A wrong old password counts as a failed login.
func (s *Service) ChangePassword(ctx context.Context, accountID, old, password string) error {
	seen, err := s.load(ctx, accountID)
	if err != nil {
		return err
	}
	if err := CheckPassword(seen.Login, password); err != nil {
		return err
	}
	right, err := s.matches(ctx, clip(old), seen.PasswordHash)
	if err != nil {
		return err
	}
	if right {
		if err := s.notBefore(ctx, seen, password); err != nil {
			return err
		}
	}
	hash, err := s.hash(ctx, password)
	if err != nil {
		return err
	}
	_, err = s.prove(ctx, accountID, "password", func(a *jiban.Account, c *jiban.StaffChange) bool {
		if !right || a.PasswordHash != seen.PasswordHash {
			return false
		}
		renew(a, hash, s.clock.Now())
		c.EndSessions = accountID
		return true
	})
	return err
}

// notBefore refuses a password that is or was in use (domain D1: the last five).
func (s *Service) notBefore(ctx context.Context, a jiban.Account, password string) error {
	for _, hash := range append([]string{a.PasswordHash}, a.PastHashes...) {
		same, err := s.matches(ctx, password, hash)
		if err != nil {
			return err
		}
		if same {
			return badPassword("新密码不能与最近 5 次用过的密码相同 (the last five passwords cannot be used again)")
		}
	}
	return nil
}
