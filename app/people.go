package app

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

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
		service, err := newStaff(ctx, b, catalogue)
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
			if _, err := fmt.Fprintln(out, userLine(a, jiban.SystemClock{}.Now())); err != nil {
				return err
			}
		}
		return nil
	})
}

// userLine is an account on one line: login, state, second factor, last login,
// roles, name.
func userLine(a jiban.Account, now time.Time) string {
	state, factor, last := "active", "-", "never"
	if now.Before(a.LockedUntil) {
		state = "locked"
	}
	if a.Disabled {
		state = "disabled"
	}
	if len(a.Second.Sealed) > 0 {
		factor = "2nd"
	}
	if !a.LastLoginAt.IsZero() {
		last = a.LastLoginAt.In(jiban.Beijing).Format("2006-01-02 15:04")
	}
	roles := make([]string, len(a.Roles))
	for i, r := range a.Roles {
		roles[i] = string(r)
	}
	return fmt.Sprintf("%-16s %-9s %-4s %-17s %-20s %s", a.Login, state, factor, last, strings.Join(roles, ","), a.Name)
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
