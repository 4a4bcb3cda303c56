package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"maps"
	"slices"
	"strings"

	"jiban"
)

// Keys is what the store needs of the room keys. It seals and opens with what is
// in memory, so that it may be asked inside a transaction; what is not is loaded
// between two tries of the transaction.
type Keys interface {
	Sealing
	Opening
	// Hash is the keyed hash by which a sealed value is found.
	Hash(domain, value string) string
}

// Sealing makes sealed values. The contact "" is the house.
type Sealing interface {
	// SealNow seals if the contact's key is in memory, else ready is false.
	SealNow(contactID, aad string, plain []byte) (sealed string, ready bool, err error)
	// Ready brings a contact's key into memory, made where there is none. It may
	// write: never call it inside a transaction.
	Ready(ctx context.Context, contactID string) error
	// Mint makes the first key of a contact that is about to be stored.
	Mint(contactID string) (jiban.WrappedKey, func(aad string, plain []byte) (string, error), error)
	// Refresh learns that the root key was changed.
	Refresh(ctx context.Context) error
}

// Opening reads sealed values.
type Opening interface {
	// Sealed reports whether a value begins as sealed ones do.
	Sealed(value string) bool
	// OpenNow opens a value, or names the key that is missing in memory.
	OpenNow(aad, sealed string) (plain []byte, missing string, err error)
	// Load brings keys into memory and returns those that were destroyed.
	Load(ctx context.Context, ids []string) (destroyed []string, err error)
}

// With returns the store that reads and writes personal data: the same pools, the
// same writer, and the keys. A store without keys is good for keys.Open, for
// backups and for checks; it refuses whatever touches a sealed column. Closing
// either closes both.
func (s *Store) With(k Keys) *Store {
	w := *s
	w.keys = k
	w.read = keyed{querier: s.read, keys: k, plainText: s.plainText}
	return &w
}

func errNoKeys(what string) error {
	return jiban.Errorf(jiban.CodeInternal, "store.keys", "%s holds personal data, and this store was opened without the keys: use Store.With", what)
}

// secret is a column that holds what tells who a person is, or what a person
// said. It is sealed when written and opened when read, by the table alone: it is
// no driver.Valuer and no sql.Scanner, so that a statement that would pass it by
// fails instead of writing it in the clear.
type secret struct {
	field field
	free  bool // free text, which an installation may leave in the clear
}

// sealed is an identity column, freeText one of free text.
func sealed(f field) secret   { return secret{field: f} }
func freeText(f field) secret { return secret{field: f, free: true} }

// field stands between a field of a noun and its column.
type field interface {
	driver.Valuer
	Scan(src any) error
}

// hashed is an address column: written as the keyed hash, beside a column of
// addressText that holds the sealed text.
type hashed struct{ a *jiban.Address }

// Scan fills the field only with the mark of an address that is gone.
func (h hashed) Scan(src any) error {
	b, err := bytesOf(src)
	if a := jiban.Address(b); isMark(a) {
		*h.a = a
	}
	return err
}

// isMark reports whether an address is none: its place was given up, and tells
// nothing.
func isMark(a jiban.Address) bool {
	return a == "" || strings.HasPrefix(string(a), "gone:") || strings.HasPrefix(string(a), "former:")
}

// addressText is the text of an address, to be sealed; nothing for a mark.
type addressText struct{ a *jiban.Address }

func (t addressText) Value() (driver.Value, error) {
	if isMark(*t.a) {
		return "", nil
	}
	return string(*t.a), nil
}

func (t addressText) Scan(src any) error {
	b, err := bytesOf(src)
	if len(b) > 0 {
		*t.a = jiban.Address(b)
	}
	return err
}

// addressDomain keeps the hashes of addresses apart from other keyed hashes.
const addressDomain = "address"

// hash is what stands for an address in its columns.
func (s *Store) hash(a jiban.Address) (string, error) { return hashOf(s.keys, a) }

func hashOf(k Keys, a jiban.Address) (string, error) {
	if isMark(a) {
		return string(a), nil
	}
	if k == nil {
		return "", errNoKeys("an address")
	}
	return k.Hash(addressDomain, string(a)), nil
}

// keyed is a querier that has the keys.
type keyed struct {
	querier
	keys      Keys
	plainText bool // free text stays in the clear

	tx    *attempt // nil outside of a transaction
	owner *string  // whose key seals rows that do not tell it themselves
}

// under is the querier for rows of a contact that do not name it: messages,
// turns, events; "" is the house.
func under(q querier, contactID string) querier {
	if k, ok := q.(keyed); ok {
		k.owner = &contactID
		return k
	}
	return q
}

// bare is the querier without the keys.
func bare(q querier) querier {
	if k, ok := q.(keyed); ok {
		return k.querier
	}
	return q
}

// attempt is one try of a transaction, and what it turned out to lack.
type attempt struct {
	minted    map[string]func(aad string, plain []byte) (string, error) // contacts that it makes
	cold      map[string]bool                                           // contacts whose key must be made ready
	missing   map[string]bool                                           // keys that must be loaded, by id
	destroyed map[string]bool                                           // keys that are known to be no more
}

func (a *attempt) reset() {
	a.minted, a.cold, a.missing = map[string]func(string, []byte) (string, error){}, map[string]bool{}, map[string]bool{}
}

func (a *attempt) lacks() bool { return len(a.cold)+len(a.missing) > 0 }

var (
	// errCold rolls a transaction back that lacked keys.
	errCold = errors.New("keys are not in memory")
	// errRootMoved says that a minted key was wrapped by a root that wraps no more.
	errRootMoved = errors.New("the root key was changed meanwhile")
)

// sealTries is how often a transaction is begun anew for keys it lacked: once for
// what it reads, once for what it seals, and again where a root key is rotated.
const sealTries = 6

// write runs a transaction: in the group on SQLite, by itself on PostgreSQL. With
// keys it is run again when some of them were not in memory, so that it must set
// anew whatever it leaves behind.
func (s *Store) write(ctx context.Context, op string, run transaction) error {
	if s.keys == nil {
		return fault(op, s.commit(ctx, run))
	}
	a := &attempt{destroyed: map[string]bool{}}
	for range sealTries {
		err := s.commit(ctx, func(ctx context.Context, q querier) error {
			a.reset()
			err := run(ctx, keyed{querier: q, keys: s.keys, plainText: s.plainText, tx: a})
			if a.lacks() {
				return errCold // what run says may follow from what it could not read
			}
			return err
		})
		switch {
		case errors.Is(err, errCold):
			err = s.warm(ctx, a)
		case errors.Is(err, errRootMoved):
			err = s.keys.Refresh(ctx)
		default:
			return fault(op, err)
		}
		if err != nil {
			return fault(op, err)
		}
	}
	return jiban.Errorf(jiban.CodeUnavailable, op, "the keys of this transaction left the memory faster than they were loaded: try again")
}

// warm loads what an attempt lacked.
func (s *Store) warm(ctx context.Context, a *attempt) error {
	if len(a.missing) > 0 {
		destroyed, err := s.keys.Load(ctx, slices.Sorted(maps.Keys(a.missing)))
		if err != nil {
			return err
		}
		for _, id := range destroyed {
			a.destroyed[id] = true
		}
	}
	for _, id := range slices.Sorted(maps.Keys(a.cold)) {
		if err := s.readyFor(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// readyFor brings the key of a contact into memory. CodeConflict when it was
// destroyed: whoever was about to write something of the person came too late.
func (s *Store) readyFor(ctx context.Context, contactID string) error {
	err := s.keys.Ready(ctx, contactID)
	if jiban.CodeOf(err) == jiban.CodeNotFound {
		err = jiban.Errorf(jiban.CodeConflict, "store.keys", "contact %s was deleted: nothing more is kept of it: %w", contactID, err)
	}
	return err
}

// place is where a sealed value stands; it is bound to it.
func place(table, column, key string) string { return table + "." + column + ":" + key }

// seal returns the stored form of a secret. owner is the contact whose key seals.
func seal(q querier, owner *string, at string, f secret) (string, error) {
	v, err := f.field.Value()
	if err != nil {
		return "", err
	}
	text, _ := v.(string)
	k, ok := q.(keyed)
	switch {
	case !ok:
		return "", errNoKeys(at)
	case says(text) == "", f.free && k.plainText && !k.keys.Sealed(text):
		return text, nil
	case owner == nil && k.owner == nil:
		return "", jiban.Errorf(jiban.CodeInternal, "store.seal", "%s was to be sealed, but not for whom", at)
	case owner == nil:
		owner = k.owner
	}
	return k.seal(*owner, at, text)
}

// says is a text, "" when it is one of those that say nothing.
func says(text string) string {
	switch text {
	case "{}", "[]", "null":
		return ""
	}
	return text
}

func (k keyed) seal(owner, at, text string) (string, error) {
	if k.tx != nil {
		if mint := k.tx.minted[owner]; mint != nil {
			return mint(at, []byte(text))
		}
	}
	v, ready, err := k.keys.SealNow(owner, at, []byte(text))
	if err != nil || ready {
		return v, err
	}
	if k.tx == nil {
		return "", jiban.Errorf(jiban.CodeInternal, "store.seal", "%s was to be sealed outside of a transaction", at)
	}
	k.tx.cold[owner] = true
	return "", nil // never committed: the transaction is begun anew
}
