package app

import (
	"context"
	"fmt"
	"io"
	"strings"

	"jiban"
	"jiban/app/config"
	"jiban/staff"
	"jiban/store"
	"jiban/tickets"
)

// withStaff opens the store and the staff room for one command.
func withStaff(ctx context.Context, c config.Config, f func(*staff.Service) error) error {
	return withStore(ctx, c, func(s *store.Store) error {
		service, err := staffOf(s, c)
		if err != nil {
			return err
		}
		return f(service)
	})
}

func staffOf(s *store.Store, c config.Config) (*staff.Service, error) {
	catalogue, err := tickets.Sample()
	if err != nil {
		return nil, err
	}
	clock := jiban.SystemClock{}
	return newStaff(&base{cfg: c, clock: clock, ids: jiban.RandomIDs{Clock: clock}, store: s}, catalogue)
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
	return withStaff(ctx, c, func(s *staff.Service) error {
		a, err := s.ByLogin(ctx, login)
		if err != nil {
			return err
		}
		if err := s.Disable(ctx, a.ID); err != nil {
			return err
		}
		_, err = fmt.Fprintln(out, login, "已停用 disabled")
		return err
	})
}

// ResetUser gives an account a new one-time password.
func ResetUser(ctx context.Context, c config.Config, login string, out io.Writer) error {
	return withStaff(ctx, c, func(s *staff.Service) error {
		a, err := s.ByLogin(ctx, login)
		if err != nil {
			return err
		}
		password, err := s.Reset(ctx, a.ID)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "%s  一次性密码 one-time password: %s\n", login, password)
		return err
	})
}
