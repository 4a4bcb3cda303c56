package keys

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"jiban"
)

// Roots is where the house remembers which root key wraps.
type Roots interface {
	// Root returns the id of the root key that wraps, "" before the first start.
	Root(ctx context.Context) (string, error)
	// SetRoot changes it; from is "" for the first. CodeConflict when it is not from.
	SetRoot(ctx context.Context, from, to string) error
}

// Vault keeps data keys, wrapped.
type Vault interface {
	// Key returns a key by id, destroyed or not.
	Key(ctx context.Context, id string) (jiban.WrappedKey, error)
	// KeysByID returns those of the keys that there are, destroyed or not.
	KeysByID(ctx context.Context, ids []string) ([]jiban.WrappedKey, error)
	// NewestKey returns the key of an owner with the highest serial.
	NewestKey(ctx context.Context, owner string) (jiban.WrappedKey, error)
	// AddKey adds one; CodeConflict when the serial exists or its root is no longer
	// the one that wraps.
	AddKey(ctx context.Context, k jiban.WrappedKey) error
	// DestroyKeys wipes all keys that serve a holder and returns how many.
	DestroyKeys(ctx context.Context, holder string) (int, error)
}

// Rewraps is what a rotation needs.
type Rewraps interface {
	// KeysOutside lists living keys that another root wraps, in order of id.
	KeysOutside(ctx context.Context, root, afterID string, limit int) ([]jiban.WrappedKey, error)
	// RewrapKeys writes keys wrapped anew, unless changed or destroyed meanwhile.
	RewrapKeys(ctx context.Context, changes []jiban.KeyChange) (int, error)
	// KeyCounts counts living keys by the root that wraps them.
	KeyCounts(ctx context.Context) (map[string]int, error)
}

// Store is all that the keys need of the database.
type Store interface {
	Roots
	Vault
	Rewraps
}

// Config says where the root keys come from and how values are sealed.
type Config struct {
	Value     string        // the root keys themselves, from the environment; wins over File
	File      string        // the key file
	Suite     Suite         // AES when ""
	MayCreate bool          // make the file when there is none: the embedded default only, several nodes need a common key
	CacheSize int           // data keys in memory at most, 8,192 when 0 (about 2 KB each)
	KeyLife   time.Duration // after that a data key seals nothing new, a year when 0; it reads for ever
}

// Deps is what the room is handed.
type Deps struct {
	Store Store
	Clock jiban.Clock
	IDs   jiban.IDs
	Rand  io.Reader // crypto/rand when nil
	Log   *slog.Logger
}

// The owners of keys that are no contact's.
const (
	house   = "house"
	hashing = "hash"
)

// Keys seals, opens, hashes and destroys. Safe for concurrent use.
type Keys struct {
	cfg  Config
	d    Deps
	ring *ring
	root atomic.Pointer[string] // id of the root that wraps

	byID   *cache
	newest *cache // by owner

	macs sync.Pool // of hash.Hash: the look-up hash with its key, ready to be used again
}

// Open takes up the root keys and checks them against the database. A root key
// that the database needs and that is not here is an error that says so: a new
// one is only ever made where nothing was sealed yet.
func Open(ctx context.Context, cfg Config, d Deps) (*Keys, error) {
	k, err := prepare(cfg, d)
	if err != nil {
		return nil, err
	}
	current, err := k.recorded(ctx)
	if err != nil {
		return nil, err
	}
	if err := k.load(current); err != nil {
		return nil, err
	}
	if current == "" {
		if current, err = k.first(ctx); err != nil {
			return nil, err
		}
	}
	if _, err := k.ring.find(current); err != nil {
		return nil, jiban.Errorf(jiban.CodeUnavailable, "keys.Open", "the root key is not the one that this database was sealed with: %w", err)
	}
	k.root.Store(&current)
	return k, k.loadHash(ctx)
}

func prepare(cfg Config, d Deps) (*Keys, error) {
	switch cfg.Suite {
	case "":
		cfg.Suite = AES
	case AES, SM:
	default:
		return nil, jiban.Errorf(jiban.CodeInvalid, "keys.Open", "suite %q is unknown: write aes or sm", cfg.Suite)
	}
	if cfg.CacheSize <= 0 {
		cfg.CacheSize = 8192
	}
	if cfg.KeyLife <= 0 {
		cfg.KeyLife = 365 * 24 * time.Hour
	}
	if d.Rand == nil {
		d.Rand = rand.Reader
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	return &Keys{cfg: cfg, d: d, ring: &ring{}, byID: newCache(cfg.CacheSize), newest: newCache(cfg.CacheSize)}, nil
}

// recorded asks the database which root wraps. Keys without such a record are a
// database somebody tampered with.
func (k *Keys) recorded(ctx context.Context) (string, error) {
	current, err := k.d.Store.Root(ctx)
	if err != nil || current != "" {
		return current, err
	}
	counts, err := k.d.Store.KeyCounts(ctx)
	if err != nil || len(counts) == 0 {
		return "", err
	}
	// The record is written before the first key, so a node that started between
	// the two readings has written it by now.
	current, err = k.d.Store.Root(ctx)
	if err == nil && current == "" {
		err = jiban.Errorf(jiban.CodeInvalid, "keys.Open", "the database holds sealed keys but not the record of their root key: restore a backup")
	}
	return current, err
}

// load fills the ring from the environment or the file; a missing file is made
// only where nothing depends on the old one.
func (k *Keys) load(current string) error {
	const op = "keys.Open"
	if k.cfg.Value != "" {
		roots, err := parseRoots(k.cfg.Value)
		if err != nil {
			return jiban.Errorf(jiban.CodeInvalid, op, "keys.value: %w", err)
		}
		k.ring.set(roots)
		return nil
	}
	if k.cfg.File == "" {
		return jiban.Errorf(jiban.CodeInvalid, op, "there is no root key: name a file under keys.file or set JIBAN_KEYS_VALUE")
	}
	k.ring.file = k.cfg.File
	_, err := os.Stat(k.cfg.File)
	switch {
	case !errors.Is(err, fs.ErrNotExist):
		return k.ring.reload()
	case current != "":
		return jiban.Errorf(jiban.CodeUnavailable, op,
			"the key file %s is gone, but the database is sealed with root key %s: put the file back from its safe copy; nothing was changed", k.cfg.File, current)
	case !k.cfg.MayCreate:
		return jiban.Errorf(jiban.CodeInvalid, op,
			"there is no key file %s: several nodes need one common key, make it once (jiban keys new) and give it to every node", k.cfg.File)
	}
	return k.create()
}

func (k *Keys) create() error {
	key, err := k.random()
	if err != nil {
		return err
	}
	roots := []root{newRoot(key)}
	if err := writeRoots(k.cfg.File, roots, true); err != nil {
		return err
	}
	k.ring.set(roots)
	k.d.Log.Info("a root key was made: keep a copy of its file apart from the backups", "file", k.cfg.File, "root", roots[0].id)
	return nil
}

// first records the root key of a new house. Another node may have been faster.
func (k *Keys) first(ctx context.Context) (string, error) {
	id := k.ring.newest().id
	err := k.d.Store.SetRoot(ctx, "", id)
	if jiban.CodeOf(err) == jiban.CodeConflict {
		return k.d.Store.Root(ctx)
	}
	return id, err
}

// loadHash takes up the key of the look-up hashes, made at the first start. Its
// id names its suite for good: hashes cannot be made anew.
func (k *Keys) loadHash(ctx context.Context) error {
	d, err := k.sealing(ctx, hashing)
	if err != nil {
		return err
	}
	suite := Suite(d.id[:strings.IndexByte(d.id+"-", '-')])
	if suite != AES && suite != SM {
		return jiban.Errorf(jiban.CodeInvalid, "keys.Open", "the key of the look-up hashes is of a suite that this program does not know: run a newer one")
	}
	if suite != k.cfg.Suite {
		k.d.Log.Warn("look-up hashes keep the suite of the first start", "suite", suite, "configured", k.cfg.Suite)
	}
	k.macs.New = func() any { return suite.mac(d.key[:]) }
	return nil
}

func (k *Keys) random() (secret, error) {
	var key secret
	if _, err := io.ReadFull(k.d.Rand, key[:]); err != nil {
		return key, jiban.Errorf(jiban.CodeUnavailable, "keys.random", "the system gives no randomness: %w", err)
	}
	return key, nil
}

// NewRoot makes a root key as the configuration takes it: 64 hex digits.
func NewRoot() (string, error) {
	var key secret
	if _, err := rand.Read(key[:]); err != nil {
		return "", jiban.Errorf(jiban.CodeUnavailable, "keys.NewRoot", "the system gives no randomness: %w", err)
	}
	return hex.EncodeToString(key[:]), nil
}

// Root returns the id of the root key that wraps now.
func (k *Keys) Root() string { return *k.root.Load() }
