package keys

import (
	"context"
	"encoding/hex"
	"errors"
	"hash"
	"io"

	"jiban"
)

// Scope seals and opens for one owner: the house, or one contact.
type Scope struct {
	k     *Keys
	owner string
}

// Contact returns the scope of a contact, whose key is made when it first seals.
// Sealing then writes to the database: never call it inside a transaction; there
// SealNow and Mint are the way.
func (k *Keys) Contact(id string) Scope { return Scope{k: k, owner: contactOwner(id)} }

// Holder returns the name under which the store keeps the keys of a contact.
func Holder(contactID string) string { return contactOwner(contactID) }

func contactOwner(id string) string { return "contact:" + id }

// Seal encrypts a value of the house. aad names what it is bound to, for example
// "accounts.totp:ID"; the same must be given to Open.
func (k *Keys) Seal(ctx context.Context, aad string, plain []byte) ([]byte, error) {
	return Scope{k: k, owner: house}.Seal(ctx, aad, plain)
}

// Open decrypts a value of the house. CodeInvalid: it was altered, moved or is no
// sealed value; CodeNotFound: its key was destroyed.
func (k *Keys) Open(ctx context.Context, aad string, sealed []byte) ([]byte, error) {
	return Scope{k: k, owner: house}.Open(ctx, aad, sealed)
}

// Seal encrypts a value under the newest key of the scope.
func (s Scope) Seal(ctx context.Context, aad string, plain []byte) ([]byte, error) {
	d, err := s.k.sealing(ctx, s.owner)
	if err != nil {
		return nil, err
	}
	return s.k.seal(d, aad, plain)
}

// Open decrypts a value that was sealed for this scope, or for a contact that
// was joined to it.
func (s Scope) Open(ctx context.Context, aad string, sealed []byte) ([]byte, error) {
	e, err := parse(sealed)
	if err != nil {
		return nil, err
	}
	d, err := s.k.reading(ctx, e.keyID, s.owner)
	if err != nil {
		return nil, err
	}
	return d.open(e, aad)
}

func (d *dataKey) open(e envelope, aad string) ([]byte, error) {
	plain, err := d.aead(e.suite).Open(nil, e.body[:nonceSize], e.body[nonceSize:], bound(e.suite, d, aad))
	if err != nil {
		return nil, jiban.Errorf(jiban.CodeInvalid, "keys.Open", "a sealed value was altered or does not belong here: %w", err)
	}
	return plain, nil
}

// Outdated reports whether a value should be sealed anew when it is next
// written: another suite, or a key that seals no more.
func (s Scope) Outdated(ctx context.Context, sealed []byte) (bool, error) {
	e, err := parse(sealed)
	if err != nil {
		return false, err
	}
	d, err := s.k.sealing(ctx, s.owner)
	if err != nil {
		return false, err
	}
	return e.suite != s.k.cfg.Suite || e.keyID != d.id, nil
}

// Hash returns the keyed hash of a value, 64 hex digits, the same each time: to
// find a sealed value again. The domain keeps equal values of different columns
// from having equal hashes.
func (k *Keys) Hash(domain, value string) string {
	sum := k.Digest(domain, value)
	return hex.EncodeToString(sum[:])
}

// Digest is Hash in bytes.
func (k *Keys) Digest(domain, value string) [32]byte {
	m := k.macs.Get().(hash.Hash)
	m.Reset()
	m.Write(bind("look-up", domain, value)) // never fails
	var sum [32]byte
	m.Sum(sum[:0])
	k.macs.Put(m)
	return sum
}

func bound(s Suite, d *dataKey, aad string) []byte {
	return bind(envelopeStart, string(s), d.id, d.owner, aad)
}

func (k *Keys) seal(d *dataKey, aad string, plain []byte) ([]byte, error) {
	body := make([]byte, nonceSize, nonceSize+len(plain)+tagSize)
	if _, err := io.ReadFull(k.d.Rand, body); err != nil {
		return nil, jiban.Errorf(jiban.CodeUnavailable, "keys.Seal", "the system gives no randomness: %w", err)
	}
	body = d.aead(k.cfg.Suite).Seal(body, body[:nonceSize], plain, bound(k.cfg.Suite, d, aad))
	return envelope{suite: k.cfg.Suite, keyID: d.id, body: body}.bytes(), nil
}

// mintTries is how often making a key is tried against other nodes that do the
// same, or rotate the root.
const mintTries = 5

// sealing returns the key with which an owner seals, made where there is none or
// its time is over.
func (k *Keys) sealing(ctx context.Context, owner string) (*dataKey, error) {
	now := k.d.Clock.Now()
	if d := k.newest.get(owner, now); d != nil && now.Sub(d.created) <= k.cfg.KeyLife {
		return d, nil
	}
	for range mintTries {
		d, err := k.newestOrNew(ctx, owner)
		if err == nil {
			k.newest.put(owner, d)
			k.byID.put(d.id, d)
			return d, nil
		}
		if jiban.CodeOf(err) != jiban.CodeConflict {
			return nil, err
		}
		if err := k.refresh(ctx); err != nil {
			return nil, err
		}
	}
	return nil, jiban.Errorf(jiban.CodeUnavailable, "keys.Seal", "other nodes make the same key all the time: try again")
}

func (k *Keys) newestOrNew(ctx context.Context, owner string) (*dataKey, error) {
	w, err := k.d.Store.NewestKey(ctx, owner)
	switch {
	case jiban.CodeOf(err) == jiban.CodeNotFound:
	case err != nil:
		return nil, err
	case !w.DestroyedAt.IsZero():
		return nil, errDestroyed(w.ID)
	case owner == hashing || k.d.Clock.Now().Sub(w.CreatedAt) <= k.cfg.KeyLife:
		return k.unwrap(w)
	}
	next, d, err := k.mint(owner, w.Serial+1)
	if err != nil {
		return nil, err
	}
	return d, k.d.Store.AddKey(ctx, next)
}

func errDestroyed(id string) error {
	return jiban.Errorf(jiban.CodeNotFound, "keys", "key %s was destroyed: what it sealed was deleted for good", id)
}

// refresh learns which root wraps now.
func (k *Keys) refresh(ctx context.Context) error {
	current, err := k.d.Store.Root(ctx)
	if err != nil {
		return err
	}
	if _, err := k.ring.find(current); err != nil {
		return err
	}
	k.root.Store(&current)
	return nil
}

// mint makes a data key and wraps it, without writing it.
func (k *Keys) mint(owner string, serial int64) (jiban.WrappedKey, *dataKey, error) {
	key, err := k.random()
	if err != nil {
		return jiban.WrappedKey{}, nil, err
	}
	now := k.d.Clock.Now()
	w := jiban.WrappedKey{ID: k.d.IDs.NewID(), Owner: owner, Holder: owner, Serial: serial, CreatedAt: now}
	if owner == hashing {
		w.ID = string(k.cfg.Suite) + "-" + w.ID
	}
	d, err := newDataKey(w.ID, owner, owner, key, now, now)
	if err != nil {
		return w, nil, err
	}
	by, err := k.ring.find(k.Root())
	if err == nil {
		w.Root, w.Wrapped, err = k.wrap(by, w.ID, owner, &key)
	}
	return w, d, err
}

// reading returns a key by id, if it serves the holder.
func (k *Keys) reading(ctx context.Context, id, holder string) (*dataKey, error) {
	now := k.d.Clock.Now()
	d := k.byID.get(id, now)
	if d == nil || d.holder != holder { // it may have moved with its contact
		w, err := k.d.Store.Key(ctx, id)
		if err != nil {
			return nil, err
		}
		if d, err = k.unwrap(w); err != nil {
			return nil, err
		}
		k.byID.put(id, d)
	}
	if d.holder != holder {
		return nil, jiban.Errorf(jiban.CodeInvalid, "keys.Open", "a sealed value does not belong here: key %s serves somebody else", id)
	}
	return d, nil
}

func (k *Keys) wrap(by root, id, owner string, key *secret) (rootID, wrapped string, err error) {
	r, err := newDataKey(by.id, "root", "root", by.key, k.d.Clock.Now(), k.d.Clock.Now())
	if err != nil {
		return "", "", err
	}
	sealed, err := k.seal(r, "key/"+id+"/"+owner, key[:])
	return by.id, string(sealed), err
}

func (k *Keys) unwrap(w jiban.WrappedKey) (*dataKey, error) {
	key, err := k.reveal(w)
	if err != nil {
		return nil, err
	}
	return newDataKey(w.ID, w.Owner, w.Holder, key, w.CreatedAt, k.d.Clock.Now())
}

func (k *Keys) reveal(w jiban.WrappedKey) (secret, error) {
	var key secret
	if !w.DestroyedAt.IsZero() || w.Wrapped == "" {
		return key, errDestroyed(w.ID)
	}
	by, err := k.ring.find(w.Root)
	if err != nil {
		return key, err
	}
	e, err := parse([]byte(w.Wrapped))
	if err != nil {
		return key, err
	}
	cipher, err := e.suite.aead(&by.key)
	if err != nil {
		return key, err
	}
	r := &dataKey{id: by.id, owner: "root"}
	plain, err := cipher.Open(nil, e.body[:nonceSize], e.body[nonceSize:], bound(e.suite, r, "key/"+w.ID+"/"+w.Owner))
	if err == nil && len(plain) != keySize {
		err = errors.New("it has the wrong length")
	}
	if err != nil {
		return key, jiban.Errorf(jiban.CodeInvalid, "keys.unwrap", "the wrapped key %s was altered or belongs to another house: %w", w.ID, err)
	}
	copy(key[:], plain)
	return key, nil
}

// Destroy wipes the keys of a contact: what they sealed can never be read again.
func (k *Keys) Destroy(ctx context.Context, contactID string) (int, error) {
	n, err := k.d.Store.DestroyKeys(ctx, contactOwner(contactID))
	k.Drop(contactID)
	return n, err
}

// Drop forgets the keys of a contact in memory: after the store destroyed or
// moved them in a transaction of its own. Other nodes do so within five minutes.
func (k *Keys) Drop(contactID string) {
	k.byID.drop(contactOwner(contactID))
	k.newest.drop(contactOwner(contactID))
}
