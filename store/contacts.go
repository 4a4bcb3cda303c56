package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"jiban"
)

var contacts = newTable("contacts", func(c *jiban.Contact) []any {
	return []any{&c.ID, sealed(words{&c.Name}), &c.Lang, &c.Roster, &c.OptedOut, stamp{&c.CreatedAt}}
}, "id", "name", "lang", "roster", "opted_out", "created_at").of(func(c *jiban.Contact) *string { return &c.ID })

// addressRow is an address with its owner. The hash is the key: two nodes that
// meet the same address at once compete for it.
type addressRow struct {
	hash      string
	address   jiban.Address
	contactID string
	createdAt time.Time
}

var addresses = newTable("addresses", func(a *addressRow) []any {
	return []any{&a.hash, sealed(addressText{&a.address}), &a.contactID, stamp{&a.createdAt}}
}, "address", "sealed", "contact_id", "created_at").of(func(a *addressRow) *string { return &a.contactID })

// Contact returns a contact by its id.
func (s *Store) Contact(ctx context.Context, id string) (jiban.Contact, error) {
	c, err := contacts.one(ctx, s.read, "WHERE id = $1", id)
	return c, fault("store.Contact", err)
}

// SaveContact writes a contact, new or known by its id.
func (s *Store) SaveContact(ctx context.Context, c jiban.Contact) error {
	return s.write(ctx, "store.SaveContact", func(ctx context.Context, q querier) error {
		return contacts.put(ctx, q, &c)
	})
}

// Addresses lists the addresses of a contact, in the order they became known.
func (s *Store) Addresses(ctx context.Context, contactID string) ([]jiban.Address, error) {
	found, err := addresses.many(ctx, s.read, "WHERE contact_id = $1", contactID)
	return inOrder(found), fault("store.Addresses", err)
}

// inOrder is the addresses in the order they became known. Their hashes differ
// from house to house, so that the database cannot order what came at once.
func inOrder(rows []addressRow) []jiban.Address {
	slices.SortFunc(rows, func(a, b addressRow) int {
		return cmp.Or(a.createdAt.Compare(b.createdAt), cmp.Compare(a.address, b.address))
	})
	var all []jiban.Address
	for _, r := range rows {
		if r.address != "" {
			all = append(all, r.address)
		}
	}
	return all
}

// ownerOf is the condition for the contact that owns an address, by its hash.
const ownerOf = "WHERE id = (SELECT contact_id FROM addresses WHERE address = $1)"

// EnsureContact returns the contact that owns an address; where there is none it
// makes one that is spoken to in Chinese.
func (s *Store) EnsureContact(ctx context.Context, a jiban.Address) (jiban.Contact, error) {
	const op = "store.EnsureContact"
	if err := checkText(op, "address", string(a)); err != nil {
		return jiban.Contact{}, err
	}
	hash, err := s.hash(a)
	if err != nil {
		return jiban.Contact{}, err
	}
	c, err := contacts.one(ctx, s.read, ownerOf, hash)
	if err == nil || !errors.Is(err, sql.ErrNoRows) {
		return c, fault(op, err)
	}
	err = s.write(ctx, op, func(ctx context.Context, q querier) error {
		id, err := s.ensureContact(ctx, q, a, jiban.Chinese)
		if err == nil {
			c, err = contacts.one(ctx, q, "WHERE id = $1", id)
		}
		return err
	})
	return c, err
}

// ensureContact finds or makes the owner of an address inside a transaction and
// returns its id. Two nodes may try at once: the address decides who was first.
func (s *Store) ensureContact(ctx context.Context, q querier, a jiban.Address, lang jiban.Lang) (string, error) {
	const owner = "SELECT contact_id FROM addresses WHERE address = $1"
	hash, err := s.hash(a)
	if err != nil {
		return "", err
	}
	var id string
	if found, err := scanOne(ctx, q, owner, []any{hash}, &id); found || err != nil {
		return id, err
	}
	c := jiban.Contact{ID: s.ids.NewID(), Lang: lang, CreatedAt: s.now()}
	key, err := s.addContact(ctx, q, &c)
	if err != nil {
		return "", err
	}
	n, err := addresses.insertOr(ctx, q, &addressRow{hash: hash, address: a, contactID: c.ID, createdAt: c.CreatedAt},
		" ON CONFLICT (address) DO NOTHING")
	if err != nil || n == 1 {
		return c.ID, err
	}
	_, err = q.exec(ctx, "DELETE FROM contacts WHERE id = $1", c.ID)
	if err == nil {
		_, err = q.exec(ctx, "DELETE FROM keys WHERE id = $1", key)
	}
	if err == nil {
		_, err = scanOne(ctx, q, owner, []any{hash}, &id)
	}
	return id, err
}

// addContact writes a new contact with its first key, and returns the key's id.
func (s *Store) addContact(ctx context.Context, q querier, c *jiban.Contact) (string, error) {
	k, ok := q.(keyed)
	if !ok {
		return "", errNoKeys("a contact")
	}
	wrapped, seal, err := k.keys.Mint(c.ID)
	if err != nil {
		return "", err
	}
	if err := s.addKey(ctx, q, &wrapped); err != nil {
		return "", err
	}
	k.tx.minted[c.ID] = seal
	return wrapped.ID, contacts.add(ctx, q, c)
}

// now is the time to the microsecond, as it will be read back.
func (s *Store) now() time.Time { return s.clock.Now().UTC().Truncate(time.Microsecond) }
