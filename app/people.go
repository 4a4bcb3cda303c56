package app

import (
	"context"
	"fmt"
	"io"
	"strings"

	"jiban"
	"jiban/app/config"
	"jiban/staff"
)

// withStaff opens the store, the keys and the staff room for one command.
func withStaff(ctx context.Context, c config.Config, f func(*staff.Service) error) error {
	return withKeys(ctx, c, func(b *base) error {
		catalogue, err := catalogueOf(ctx, b.store)
		if err != nil {
			return err
		}
		service, err := newStaff(b, catalogue)
		if err != nil {
			return err
		}
		return f(service)
	})
}

// AddUser makes an account and prints its one-time password.
func AddUser(ctx context.Context, c config.Config, a jiban.Account, out io.Writer) error {
	return withStaff(ctx, c, func(s *staff.Service) error {
		password, err := s.Create(ctx, a)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "%s  一次性密码 one-time password: %s\n", a.Login, password)
		return err
	})
}

// ListUsers prints all accounts.
func ListUsers(ctx context.Context, c config.Config, out io.Writer) error {
	return withStaff(ctx, c, func(s *staff.Service) error {
		accounts, err := s.List(ctx)
		if err != nil {
			return err
		}
		for _, a := range accounts {
			state := "active"
			if a.Disabled {
				state = "disabled"
			}
			roles := make([]string, len(a.Roles))
			for i, r := range a.Roles {
				roles[i] = string(r)
			}
			if _, err := fmt.Fprintf(out, "%-16s %-9s %-20s %s\n", a.Login, state, strings.Join(roles, ","), a.Name); err != nil {
				return err
			}
		}
		return nil
	})
}

// DisableUser ends an account and its sessions.
func DisableUser(ctx context.Context, c config.Config, login string, out io.Writer) error {
	return withUser(ctx, c, login, func(s *staff.Service, a jiban.Account) error {
		if err := s.Disable(ctx, a.ID); err != nil {
			return err
		}
		_, err := fmt.Fprintln(out, login, "已停用 disabled")
		return err
	})
}

// ResetUser gives an account a new one-time password.
func ResetUser(ctx context.Context, c config.Config, login string, out io.Writer) error {
	return withUser(ctx, c, login, func(s *staff.Service, a jiban.Account) error {
		password, err := s.Reset(ctx, a.ID)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "%s  一次性密码 one-time password: %s\n", login, password)
		return err
	})
}

// EnableUser opens a disabled account again.
func EnableUser(ctx context.Context, c config.Config, login string, out io.Writer) error {
	return withUser(ctx, c, login, func(s *staff.Service, a jiban.Account) error {
		if err := s.Enable(ctx, a.ID); err != nil {
			return err
		}
		_, err := fmt.Fprintln(out, login, "已启用 enabled")
		return err
	})
}

// ResetSecond removes a lost second factor.
func ResetSecond(ctx context.Context, c config.Config, login string, out io.Writer) error {
	return withUser(ctx, c, login, func(s *staff.Service, a jiban.Account) error {
		if err := s.RemoveSecond(ctx, a.ID); err != nil {
			return err
		}
		_, err := fmt.Fprintln(out, login, "已移除第二因素 the second factor is removed")
		return err
	})
}

func withUser(ctx context.Context, c config.Config, login string, f func(*staff.Service, jiban.Account) error) error {
	return withStaff(ctx, c, func(s *staff.Service) error {
		a, err := s.ByLogin(ctx, login)
		if err != nil {
			return err
		}
		return f(s, a)
	})
}

// VerifyAudit goes through the whole chain of the audit record.
func VerifyAudit(ctx context.Context, c config.Config, out io.Writer) error {
	return withStaff(ctx, c, func(s *staff.Service) error {
		n, err := s.VerifyAudit(ctx)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "审计记录完整 the record is whole: %d\n", n)
		return err
	})
}

// ExportAudit prints the audit record, one JSON object a line.
func ExportAudit(ctx context.Context, c config.Config, out io.Writer) error {
	return withStaff(ctx, c, func(s *staff.Service) error {
		_, _, err := s.ExportAudit(ctx, out, jiban.AuditFilter{}, 0)
		return err
	})
}
