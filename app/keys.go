package app

import (
	"context"
	"fmt"
	"io"
	"strings"

	"jiban"
	"jiban/app/config"
	"jiban/keys"
	"jiban/store"
)

// openKeys opens the keys of the house. Only the embedded default makes a root
// key of its own: several nodes must be given a common one.
func openKeys(ctx context.Context, o Options, s *store.Store) (*keys.Keys, error) {
	return keys.Open(ctx, keys.Config{
		Value: o.Config.Keys.Value, File: o.Config.Keys.File, Suite: keys.Suite(o.Config.Keys.Suite),
		MayCreate: sqliteFile(o.Config) != "",
	}, keys.Deps{Store: s, Clock: o.Clock, IDs: o.IDs, Log: o.Log})
}

// withKeys opens store and keys for one command.
func withKeys(ctx context.Context, c config.Config, f func(*base) error) error {
	return withStore(ctx, c, func(s *store.Store) error {
		o := Options{Config: c}.withDefaults()
		b := &base{cfg: c, clock: o.Clock, ids: o.IDs, log: o.Log}
		if err := b.unlock(ctx, o, s); err != nil {
			return err
		}
		return f(b)
	})
}

// RotateKeys brings all data keys under a new root key.
func RotateKeys(ctx context.Context, c config.Config, out io.Writer) error {
	return withKeys(ctx, c, func(b *base) error {
		done, err := b.keys.Rotate(ctx, nil)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "已更换根密钥 rotated: %+v\n", done)
		return err
	})
}

// ForgetKeys removes the root keys from the key file under which nothing is
// wrapped any more. It is recorded before: a key that is gone cannot be brought
// back, an entry about a key that stayed does no harm.
func ForgetKeys(ctx context.Context, c config.Config, out io.Writer) error {
	return withKeys(ctx, c, func(b *base) error {
		entry := jiban.AuditEntry{Actor: "system", Action: "keys.forget", Object: "keys", Result: "ok", At: b.clock.Now()}
		if err := b.store.AppendAudit(ctx, []jiban.AuditEntry{entry}); err != nil {
			return err
		}
		gone, err := b.keys.Forget(ctx)
		if err != nil {
			return err
		}
		if len(gone) == 0 {
			_, err = fmt.Fprintln(out, "没有可以移除的旧根密钥 there is no old root key to forget")
			return err
		}
		_, err = fmt.Fprintln(out, "已移除旧根密钥，更换之前的备份不能再读 forgotten, backups from before the rotation cannot be read any more:", strings.Join(gone, " "))
		return err
	})
}

// NewRootKey prints a root key for an installation of several nodes.
func NewRootKey(out io.Writer) error {
	key, err := keys.NewRoot()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, key)
	return err
}
