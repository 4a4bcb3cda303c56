package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"unicode/utf8"

	"jiban"
)

// errRepeat ends a transaction that met a message which is stored already.
var errRepeat = errors.New("the message was received before")

// Receive takes an inbound message in, once: it finds or makes the contact and
// the conversation by address and appends the message. A message whose external
// id is known on the channel is a repeat: the stored one is returned with true and
// nothing is written. When Receive returns without an error the message is on
// disk. The conversation's version stays: a turn under way will take the message
// next.
func (s *Store) Receive(ctx context.Context, r jiban.Received) (jiban.Message, bool, error) {
	const op = "store.Receive"
	if err := checkReceived(op, r); err != nil {
		return jiban.Message{}, false, err
	}
	hash, err := s.prepared(ctx, r.Address)
	if err != nil {
		return jiban.Message{}, false, fault(op, err)
	}
	if r.RepeatWithin > 0 {
		// The adapter made the id of who wrote and what: guessing both would show that
		// the guess is right, unless the hash has a key.
		r.ExternalID = s.keys.Hash("external_id", r.ExternalID)
	}
	m := jiban.Message{ID: s.ids.NewID(), Direction: jiban.Inbound, Author: jiban.ByContact, Channel: r.Channel,
		ExternalID: r.ExternalID, Content: r.Content, CreatedAt: s.now()}
	err = s.write(ctx, op, func(ctx context.Context, q querier) error {
		contactID, err := s.join(ctx, q, r, hash, &m)
		if err != nil {
			return err
		}
		if err := s.append(ctx, under(q, contactID), r, &m); err != nil {
			return err
		}
		return s.takeFiles(ctx, q, contactID, &m)
	})
	if errors.Is(err, errRepeat) {
		stored, err := messages.one(ctx, s.read, "WHERE channel = $1 AND external_id = $2", r.Channel, r.ExternalID)
		return stored, true, fault(op, err)
	}
	return m, false, err
}

// prepared returns the hash of an address, with the key of its contact at hand, if
// it is known: without, the transaction would be begun twice.
func (s *Store) prepared(ctx context.Context, a jiban.Address) (string, error) {
	hash, err := s.hash(a)
	if err != nil {
		return "", err
	}
	var id string
	found, err := scanOne(ctx, s.read, "SELECT contact_id FROM addresses WHERE address = $1", []any{hash}, &id)
	if err == nil && found {
		err = s.readyFor(ctx, id)
	}
	return hash, err
}

// checkReceived refuses what one of the databases could not keep unchanged.
func checkReceived(op string, r jiban.Received) error {
	for _, f := range []struct{ name, value string }{{"channel", r.Channel}, {"external id", r.ExternalID},
		{"address", string(r.Address)}} {
		if err := checkText(op, f.name, f.value); err != nil {
			return err
		}
	}
	return nil
}

// maxKey bounds what is stored as a key, in bytes.
const maxKey = 512

func checkText(op, name, value string) error {
	if value == "" || len(value) > maxKey || !utf8.ValidString(value) || strings.ContainsRune(value, 0) {
		return jiban.Errorf(jiban.CodeInvalid, op, "the %s is empty, longer than %d bytes or not clean UTF-8: send it whole and in UTF-8", name, maxKey)
	}
	return nil
}

// join gives the message its conversation, made when it is the first, and its
// sequence there, and returns the contact. Until the commit nobody else gets a
// sequence of it.
func (s *Store) join(ctx context.Context, q querier, r jiban.Received, hash string, m *jiban.Message) (string, error) {
	const next = `UPDATE conversations SET last_seq = last_seq + 1, last_in_at = $1, updated_at = $1
		WHERE channel = $2 AND address = $3 RETURNING id, last_seq, contact_id`
	args := []any{micros(m.CreatedAt), r.Channel, hash}
	var contactID string
	found, err := scanOne(ctx, q, next, args, &m.ConversationID, &m.Seq, &contactID)
	if found || err != nil {
		return contactID, err
	}
	if err := s.found(ctx, q, r); err != nil {
		return "", err
	}
	found, err = scanOne(ctx, q, next, args, &m.ConversationID, &m.Seq, &contactID)
	if err == nil && !found {
		err = sql.ErrNoRows
	}
	return contactID, err
}

// found makes the conversation of a first message, unless another node just did.
func (s *Store) found(ctx context.Context, q querier, r jiban.Received) error {
	contactID, err := s.ensureContact(ctx, q, r.Address, r.Lang)
	if err != nil {
		return err
	}
	now := s.now()
	c := jiban.Conversation{ID: s.ids.NewID(), Channel: r.Channel, ChannelKind: r.ChannelKind, Address: r.Address,
		ContactID: contactID, Audience: r.Audience, Region: r.Region, Lang: r.Lang, Holder: jiban.HeldByBot,
		Version: 1, CreatedAt: now, UpdatedAt: now}
	_, err = conversations.insertOr(ctx, q, &c, " ON CONFLICT (channel, address) DO NOTHING")
	return err
}

// append stores the message, or ends the transaction with errRepeat.
func (s *Store) append(ctx context.Context, q querier, r jiban.Received, m *jiban.Message) error {
	n, err := messages.insertOr(ctx, q, m, " ON CONFLICT (channel, external_id) DO NOTHING")
	if err != nil || n == 1 {
		return err
	}
	if r.RepeatWithin <= 0 {
		return errRepeat
	}
	// The id came round again: after its time the older message gives it up.
	const release = `UPDATE messages SET external_id = external_id || '~' || id
		WHERE channel = $1 AND external_id = $2 AND created_at < $3`
	n, err = q.exec(ctx, release, r.Channel, r.ExternalID, micros(m.CreatedAt.Add(-r.RepeatWithin)))
	if err != nil {
		return err
	}
	if n == 0 {
		return errRepeat
	}
	return messages.add(ctx, q, m)
}
