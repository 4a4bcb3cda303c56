package store

import (
	"context"
	"time"

	"jiban"
)

// ContactAt returns the contact that owns an address; CodeNotFound when nobody
// does. It makes none.
func (s *Store) ContactAt(ctx context.Context, a jiban.Address) (jiban.Contact, error) {
	const op = "store.ContactAt"
	hash, err := s.hash(a)
	if err != nil {
		return jiban.Contact{}, err
	}
	c, err := contacts.one(ctx, s.read, ownerOf, hash)
	return c, fault(op, err)
}

// proofRow is a proof as it is stored: beside the hash of its address.
type proofRow struct {
	hash string
	jiban.Proof
}

var proofRows = newTable("proofs", func(p *proofRow) []any {
	return []any{&p.hash, &p.How, &p.By, stamp{&p.At}}
}, "address", "how", "proved_by", "at")

// Proofs lists what shows that addresses are a contact's, in the order in which
// it was shown.
func (s *Store) Proofs(ctx context.Context, contactID string) ([]jiban.Proof, error) {
	const op = "store.Proofs"
	known, err := addresses.many(ctx, s.read, "WHERE contact_id = $1", contactID)
	if err != nil {
		return nil, fault(op, err)
	}
	text := make(map[string]jiban.Address, len(known))
	for _, k := range known {
		text[k.hash] = k.address
	}
	found, err := proofRows.many(ctx, s.read, "WHERE contact_id = $1 ORDER BY at, address LIMIT 1000", contactID)
	out := make([]jiban.Proof, len(found))
	for i, p := range found {
		out[i] = p.Proof
		out[i].Address = text[p.hash]
	}
	return out, fault(op, err)
}

// ConversationsOf lists a contact's conversations, the newest first.
func (s *Store) ConversationsOf(ctx context.Context, contactID string, limit int) ([]jiban.Conversation, error) {
	found, err := conversations.many(ctx, s.read, "WHERE contact_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2", contactID, page(limit, 100))
	return found, fault("store.ConversationsOf", err)
}

// History lists what was said with a contact in all conversations, before a
// message at a time, the newest first: one history over every channel.
func (s *Store) History(ctx context.Context, contactID string, before time.Time, beforeID string, limit int) ([]jiban.Message, error) {
	const of = `WHERE conversation_id IN (SELECT id FROM conversations WHERE contact_id = $1)
		AND (created_at < $2 OR created_at = $2 AND id < $3) ORDER BY created_at DESC, id DESC LIMIT $4`
	found, err := messages.many(ctx, s.read, of, contactID, micros(before), beforeID, page(limit, 100))
	return found, fault("store.History", err)
}

// Rosters lists the versions of the special-service list, the newest first. It
// holds counts only, no entry.
func (s *Store) Rosters(ctx context.Context, limit int) ([]jiban.Roster, error) {
	found, err := rosters.many(ctx, s.read, "ORDER BY created_at DESC, id DESC LIMIT $1", page(limit, 50))
	return found, fault("store.Rosters", err)
}
