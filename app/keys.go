package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"jiban"
	"jiban/app/config"
	"jiban/channels"
	"jiban/keys"
	"jiban/people"
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
		k, err := openKeys(ctx, o, s)
		if err != nil {
			return err
		}
		return f(&base{cfg: c, clock: o.Clock, ids: o.IDs, log: o.Log, store: s, keys: k})
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

// NewRootKey prints a root key for an installation of several nodes.
func NewRootKey(out io.Writer) error {
	key, err := keys.NewRoot()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, key)
	return err
}

func newRoster(b *base) *people.Roster {
	return people.NewRoster(people.RosterDeps{Store: b.store, Hash: b.keys, Clock: b.clock, IDs: b.ids})
}

// ImportRoster reads the special-service list from a csv file and prints the
// report; a bad row is named by number and, unless they are to be skipped,
// nothing is imported.
func ImportRoster(ctx context.Context, c config.Config, file string, o people.ImportOptions, out io.Writer) error {
	f, err := os.Open(file)
	if err != nil {
		return jiban.Errorf(jiban.CodeInvalid, "roster import", "%w", err)
	}
	defer f.Close()
	return withKeys(ctx, c, func(b *base) error {
		r, failed := newRoster(b).Import(ctx, f, o)
		var lines strings.Builder
		for _, e := range r.Errors {
			fmt.Fprintf(&lines, "row %d: %s\n", e.Row, e.Text)
		}
		fmt.Fprintf(&lines, "rows %d, bad %d, expired %d, removed %d; numbers before %d, after %d; applied %v\n",
			r.Rows, r.Bad, r.Expired, r.Removed, r.Before, r.Phones, r.Applied)
		_, err := io.WriteString(out, lines.String())
		return errors.Join(failed, err)
	})
}

// rosterLimit bounds a look-up: a message is never held up by the list.
const rosterLimit = 500 * time.Millisecond

// recognising is the gateway's store, which looks a telephone up in the roster
// when it writes for the first time. A look-up that fails costs the priority, not
// the message.
type recognising struct {
	channels.GatewayStore
	store  *store.Store
	roster *people.Roster
	b      *base
}

// Receive commits a message and recognises who wrote it.
func (r recognising) Receive(ctx context.Context, in jiban.Received) (jiban.Message, bool, error) {
	m, repeat, err := r.GatewayStore.Receive(ctx, in)
	if err == nil && m.Seq == 1 && strings.HasPrefix(string(in.Address), "tel:") {
		if err := r.recognise(ctx, in.Address); err != nil {
			r.b.log.WarnContext(ctx, "the special-service list could not be asked", "error", err)
		}
	}
	return m, repeat, err
}

func (r recognising) recognise(ctx context.Context, a jiban.Address) error {
	ctx, cancel := context.WithTimeout(ctx, rosterLimit)
	defer cancel()
	_, listed, err := r.roster.OnRoster(ctx, string(a))
	if err != nil || !listed {
		return err
	}
	c, err := r.store.EnsureContact(ctx, a)
	if err != nil || c.Roster {
		return err
	}
	c.Roster = true
	return r.store.SaveContact(ctx, c)
}
