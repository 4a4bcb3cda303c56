package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"jiban"
)

var contacts = newTable("contacts", func(c *jiban.Contact) []any {
	return []any{&c.ID, words{&c.Name}, &c.Lang, &c.Roster, &c.OptedOut, stamp{&c.CreatedAt}}
}, "id", "name", "lang", "roster", "opted_out", "created_at")

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
	all, err := column[jiban.Address](ctx, s.read, addressesQuery, contactID)
	return all, fault("store.Addresses", err)
}

const addressesQuery = "SELECT address FROM addresses WHERE contact_id = $1 ORDER BY created_at, address"

// EnsureContact returns the contact that owns an address; where there is none it
// makes one that is spoken to in Chinese.
func (s *Store) EnsureContact(ctx context.Context, a jiban.Address) (jiban.Contact, error) {
	const op = "store.EnsureContact"
	if err := checkText(op, "address", string(a)); err != nil {
		return jiban.Contact{}, err
	}
	owner := func(q querier) (jiban.Contact, error) {
		return contacts.one(ctx, q, "WHERE id = (SELECT contact_id FROM addresses WHERE address = $1)", a)
	}
	c, err := owner(s.read)
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
	var id string
	if found, err := scanOne(ctx, q, owner, []any{a}, &id); found || err != nil {
		return id, err
	}
	c := jiban.Contact{ID: s.ids.NewID(), Lang: lang, CreatedAt: s.now()}
	if err := contacts.add(ctx, q, &c); err != nil {
		return "", err
	}
	const claim = "INSERT INTO addresses (address, contact_id, created_at) VALUES ($1, $2, $3) ON CONFLICT (address) DO NOTHING"
	n, err := q.exec(ctx, claim, a, c.ID, micros(c.CreatedAt))
	if err != nil || n == 1 {
		return c.ID, err
	}
	if _, err := q.exec(ctx, "DELETE FROM contacts WHERE id = $1", c.ID); err != nil {
		return "", err
	}
	_, err = scanOne(ctx, q, owner, []any{a}, &id)
	return id, err
}

// now is the time to the microsecond, as it will be read back.
func (s *Store) now() time.Time { return s.clock.Now().UTC().Truncate(time.Microsecond) }
