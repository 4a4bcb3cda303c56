package keys

import (
	"context"

	"jiban"
)

// What follows is for who keeps sealed values in rows and works inside
// transactions: it seals and opens with the keys that are in memory, and says
// which are not, so that they can be loaded outside. Every sealed value is bound
// to its row by its additional data, which is why opening does not ask here whom
// the key serves.

// Sealed reports whether a value begins as sealed ones do. What does, but is
// none, must not stand beside them in the clear: it could not be told apart.
func (k *Keys) Sealed(value string) bool {
	if len(value) < len(envelopeStart)+2 || value[:len(envelopeStart)] != envelopeStart || value[len(envelopeStart)+1] != '.' {
		return false
	}
	_, known := suiteOf(value[len(envelopeStart)])
	return known
}

// SealNow seals for a contact, or for the house when contactID is "", if the key
// is in memory: else ready is false, and Ready is to be called outside of any
// transaction.
func (k *Keys) SealNow(contactID, aad string, plain []byte) (sealed string, ready bool, err error) {
	now := k.d.Clock.Now()
	d := k.newest.get(ownerOf(contactID), now)
	if d == nil || now.Sub(d.created) > k.cfg.KeyLife {
		return "", false, nil
	}
	v, err := k.seal(d, aad, plain)
	return string(v), true, err
}

// Ready loads the key with which a contact (the house for "") seals, and makes it
// where there is none.
func (k *Keys) Ready(ctx context.Context, contactID string) error {
	_, err := k.sealing(ctx, ownerOf(contactID))
	return err
}

func ownerOf(contactID string) string {
	if contactID == "" {
		return house
	}
	return contactOwner(contactID)
}

// Mint makes the first key of a contact that is about to be stored: the wrapped
// key goes into the same transaction as the contact (Vault.AddKey's rules apply),
// and what is returned with it seals at once. Nothing is kept here: the
// transaction may fail.
func (k *Keys) Mint(contactID string) (jiban.WrappedKey, func(aad string, plain []byte) (string, error), error) {
	w, d, err := k.mint(contactOwner(contactID), 1)
	return w, func(aad string, plain []byte) (string, error) {
		v, err := k.seal(d, aad, plain)
		return string(v), err
	}, err
}

// OpenNow opens a value that any key of the house has sealed. When the key is not
// in memory its id is returned as missing: Load it outside of any transaction.
func (k *Keys) OpenNow(aad, sealed string) (plain []byte, missing string, err error) {
	e, err := parse([]byte(sealed))
	if err != nil {
		return nil, "", err
	}
	d := k.byID.get(e.keyID, k.d.Clock.Now())
	if d == nil {
		return nil, e.keyID, nil
	}
	plain, err = d.open(e, aad)
	return plain, "", err
}

// Load brings keys into memory, by id, and returns those among them that were
// destroyed. An id that nobody knows is an error.
func (k *Keys) Load(ctx context.Context, ids []string) (destroyed []string, err error) {
	found, err := k.d.Store.KeysByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	if len(found) < len(ids) {
		return nil, jiban.Errorf(jiban.CodeInvalid, "keys.Load", "%d of %d keys are not in the database: the values they sealed come from another house or were altered", len(ids)-len(found), len(ids))
	}
	for _, w := range found {
		if !w.DestroyedAt.IsZero() {
			destroyed = append(destroyed, w.ID)
			continue
		}
		d, err := k.unwrap(w)
		if err != nil {
			return nil, err
		}
		k.byID.put(w.ID, d)
	}
	return destroyed, nil
}

// Refresh learns which root key wraps now: after another node rotated it.
func (k *Keys) Refresh(ctx context.Context) error { return k.refresh(ctx) }
