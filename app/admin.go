package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"strings"
	"time"

	"jiban"
	"jiban/app/config"
	"jiban/channels/wechat"
	"jiban/store"
	"jiban/store/blob"
)

// checkLimit bounds each look of Check.
const checkLimit = 10 * time.Second

// Migrate brings the database to this version's schema.
func Migrate(ctx context.Context, c config.Config, out io.Writer) error {
	return withStore(ctx, c, func(*store.Store) error {
		_, err := fmt.Fprintln(out, "数据库结构是最新的 the schema is up to date")
		return err
	})
}

// withStore opens (and so migrates) the store for one command and closes it.
func withStore(ctx context.Context, c config.Config, f func(*store.Store) error) (err error) {
	s, err := openStore(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return f(s)
}

// openStore opens (and so migrates) the store alone.
func openStore(ctx context.Context, c config.Config) (*store.Store, error) {
	if err := makeFolder(c); err != nil {
		return nil, err
	}
	clock := jiban.SystemClock{}
	return store.Open(ctx, c.Database, store.Deps{Clock: clock, IDs: jiban.RandomIDs{Clock: clock}})
}

// look is one thing that the configuration names, and how it is opened.
type look struct {
	what string
	open func(context.Context) error
}

// looks lists everything the configuration names.
func looks(c config.Config) []look {
	all := []look{
		{"data folder " + c.DataDir, func(context.Context) error { return checkFolder(c.DataDir) }},
		{"database " + redacted(c.Database), func(ctx context.Context) error { return checkStore(ctx, c) }},
		{"keys " + c.Keys.File, func(ctx context.Context) error { return checkSealed(ctx, c) }},
		{"redis " + redacted(c.Redis), func(ctx context.Context) error { return checkRedis(ctx, c) }},
		{"files " + redacted(c.Files), func(ctx context.Context) error { _, err := blob.Open(ctx, c.Files); return err }},
	}
	if network, address, _ := strings.Cut(c.Attachments.Scan, ":"); network == "tcp" {
		all = append(all, look{"scanner at " + address, func(ctx context.Context) error { return checkTCP(ctx, address) }})
	}
	for _, w := range c.Channels.WeChat {
		all = append(all, look{"wechat " + w.Name + " at " + w.APIBase, func(ctx context.Context) error {
			return wechat.Check(ctx, wechat.Config{Name: w.Name, AppID: w.AppID, AppSecret: w.AppSecret, APIBase: w.APIBase})
		}})
	}
	for _, s := range c.Channels.SMS {
		if s.Driver == "smpp" {
			all = append(all, look{"sms " + s.Name + " at " + s.Address, func(ctx context.Context) error { return checkTCP(ctx, s.Address) }})
		}
	}
	return all
}

// Check opens everything the configuration names and says in plain words what is
// wrong. It returns false when something is.
func Check(ctx context.Context, c config.Config, out io.Writer) (bool, error) {
	if err := makeFolder(c); err != nil {
		return false, err
	}
	good := true
	for _, l := range looks(c) {
		limited, cancel := context.WithTimeout(ctx, checkLimit)
		err := l.open(limited)
		cancel()
		line := "ok    " + l.what
		if err != nil {
			good, line = false, "WRONG "+l.what+"\n      "+err.Error()
		}
		if _, err := fmt.Fprintln(out, line); err != nil {
			return good, err
		}
	}
	return good, nil
}

// checkFolder writes a file and removes it again.
func checkFolder(dir string) error {
	f, err := os.CreateTemp(dir, "check-*")
	if err != nil {
		return fmt.Errorf("nothing can be written there: %w", err)
	}
	_, err = f.WriteString("check")
	return errors.Join(err, f.Close(), os.Remove(f.Name()))
}

func checkStore(ctx context.Context, c config.Config) error {
	return withStore(ctx, c, func(s *store.Store) error { return s.Check(ctx) })
}

// checkSealed opens some of what is sealed. Where nothing was sealed yet there is
// nothing to check, and no key is made for it.
func checkSealed(ctx context.Context, c config.Config) error {
	return withStore(ctx, c, func(s *store.Store) error {
		root, err := s.Root(ctx)
		if err != nil || root == "" {
			return err
		}
		o := Options{Config: c}.withDefaults()
		b := &base{cfg: c}
		if err := b.unlock(ctx, o, s); err != nil {
			return err
		}
		_, err = b.store.CheckSealed(ctx)
		return err
	})
}

func checkRedis(ctx context.Context, c config.Config) error {
	if c.Redis == "" {
		return nil
	}
	r, err := openShared(Options{Config: c}.withDefaults())
	if err != nil {
		return err
	}
	return errors.Join(r.Healthy(ctx), r.Close())
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
	return withStore(ctx, c, func(s *store.Store) error {
		if err := s.Backup(ctx, file); err != nil {
			return err
		}
		_, err := fmt.Fprintln(out, "已备份到 backed up to", file)
		return err
	})
}

// Restore puts a backup where the configuration wants its database.
func Restore(ctx context.Context, c config.Config, file string, out io.Writer) error {
	if sqliteFile(c) == "" {
		return jiban.Errorf(jiban.CodeInvalid, "restore", "only the embedded database is restored here; use pg_restore for PostgreSQL")
	}
	if err := makeFolder(c); err != nil {
		return err
	}
	if err := store.Restore(ctx, file, sqliteFile(c)); err != nil {
		return err
	}
	// The kept index belongs to the database that was there before.
	if err := os.Remove(snapshotFile(c)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return jiban.Errorf(jiban.CodeUnavailable, "restore", "remove the old index: %w", err)
	}
	_, err := fmt.Fprintln(out, "已恢复到 restored into", sqliteFile(c))
	return err
}
