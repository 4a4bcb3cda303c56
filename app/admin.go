package app

import (
	"context"
	"fmt"
	"io"
	"net"
	"time"

	"jiban"
	"jiban/app/config"
	"jiban/store"
)

// checkLimit bounds each look of Check.
const checkLimit = 10 * time.Second

// Migrate brings the database to this version's schema.
func Migrate(ctx context.Context, c config.Config, out io.Writer) error {
	s, err := openStore(ctx, c)
	if err != nil {
		return err
	}
	defer s.Close()
	_, err = fmt.Fprintln(out, "数据库结构是最新的 the schema is up to date")
	return err
}

// openStore opens (and so migrates) the store alone.
func openStore(ctx context.Context, c config.Config) (*store.Store, error) {
	if err := makeFolder(c); err != nil {
		return nil, err
	}
	clock := jiban.SystemClock{}
	return store.Open(ctx, c.Database, store.Deps{Clock: clock, IDs: jiban.RandomIDs{Clock: clock}})
}

// Check opens everything the configuration names and says in plain words what is
// wrong. It returns false when something is.
func Check(ctx context.Context, c config.Config, out io.Writer) (bool, error) {
	looks := []struct {
		what string
		look func(context.Context) error
	}{
		{"database " + redacted(c.Database), func(ctx context.Context) error { return checkStore(ctx, c) }},
		{"redis " + redacted(c.Redis), func(ctx context.Context) error { return checkRedis(ctx, c) }},
	}
	for _, s := range c.Channels.SMS {
		if s.Driver == "smpp" {
			looks = append(looks, struct {
				what string
				look func(context.Context) error
			}{"sms " + s.Name + " at " + s.Address, func(ctx context.Context) error { return checkTCP(ctx, s.Address) }})
		}
	}
	good := true
	for _, l := range looks {
		limited, cancel := context.WithTimeout(ctx, checkLimit)
		err := l.look(limited)
		cancel()
		verdict := "ok   "
		if err != nil {
			good, verdict = false, "WRONG"
		}
		line := verdict + " " + l.what
		if err != nil {
			line += "\n      " + err.Error()
		}
		if _, err := fmt.Fprintln(out, line); err != nil {
			return good, err
		}
	}
	return good, nil
}

func checkStore(ctx context.Context, c config.Config) error {
	s, err := openStore(ctx, c)
	if err != nil {
		return err
	}
	defer s.Close()
	return s.Check(ctx)
}

func checkRedis(ctx context.Context, c config.Config) error {
	if c.Redis == "" {
		return nil
	}
	r, err := openShared(Options{Config: c}.withDefaults())
	if err != nil {
		return err
	}
	defer r.Close()
	return r.Healthy(ctx)
}

func checkTCP(ctx context.Context, address string) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("nobody answers there: %w", err)
	}
	return conn.Close()
}

// redacted shows an address without the password in it.
func redacted(dsn string) string {
	if dsn == "" {
		return "(none: one node)"
	}
	return config.Redact(dsn)
}

// Backup copies the database of a running embedded instance into a new file.
func Backup(ctx context.Context, c config.Config, file string, out io.Writer) error {
	s, err := openStore(ctx, c)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.Backup(ctx, file); err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, "已备份到 backed up to", file)
	return err
}

// Restore puts a backup where the configuration wants its database.
func Restore(c config.Config, file string, out io.Writer) error {
	if sqliteFile(c) == "" {
		return jiban.Errorf(jiban.CodeInvalid, "restore", "only the embedded database is restored here; use pg_restore for PostgreSQL")
	}
	if err := makeFolder(c); err != nil {
		return err
	}
	if err := store.Restore(file, sqliteFile(c)); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out, "已恢复到 restored into", sqliteFile(c))
	return err
}
