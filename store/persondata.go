package store

import (
	"context"

	"jiban"
)

// allOf lists a contact and those that were joined to it, whose rows may still
// hold something.
func (s *Store) allOf(ctx context.Context, q querier, contactID string) ([]string, error) {
	const query = `WITH RECURSIVE same (id) AS (SELECT $1 UNION
		SELECT gone_id FROM joins JOIN same ON joins.kept_id = same.id WHERE separated_at = 0) SELECT id FROM same ORDER BY id`
	return column[string](ctx, q, query, contactID)
}

// EverythingOf hands over, record by record, all that is held about a contact.
// An error of visit ends it.
func (s *Store) EverythingOf(ctx context.Context, contactID string, visit func(jiban.Held) error) error {
	const op = "store.EverythingOf"
	ids, err := s.allOf(ctx, s.read, contactID)
	if err != nil {
		return fault(op, err)
	}
	if _, err := contacts.one(ctx, s.read, "WHERE id = $1", contactID); err != nil {
		return fault(op, err)
	}
	for _, id := range ids {
		if err := s.visitContact(ctx, id, visit); err != nil {
			return fault(op, err)
		}
	}
	return nil
}

func (s *Store) visitContact(ctx context.Context, id string, visit func(jiban.Held) error) error {
	const of, dated = "WHERE contact_id = $1", "WHERE contact_id = $1 ORDER BY created_at"
	steps := []func() error{
		func() error { return visitAll(ctx, s.read, &contacts, "contact", visit, "WHERE id = $1", id) },
		func() error { return s.visitAddresses(ctx, id, visit) },
		func() error { return visitAll(ctx, s.read, &consents, "consent", visit, of+" ORDER BY at", id) },
		func() error { return visitAll(ctx, s.read, &optOuts, "opt_out", visit, of, id) },
		func() error { return s.visitJoins(ctx, id, visit) },
		func() error { return visitAll(ctx, s.read, &intakes, "intake", visit, dated, id) },
		func() error { return s.visitRequests(ctx, id, visit) },
		func() error { return s.visitTickets(ctx, id, visit) },
		func() error { return visitAll(ctx, s.read, &handoffs, "handoff", visit, dated, id) },
		func() error { return s.visitFiles(ctx, id, visit) },
		func() error { return s.visitConversations(ctx, id, visit) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func visitAll[T any](ctx context.Context, q querier, t *table[T], kind string, visit func(jiban.Held) error, tail string, args ...any) error {
	found, err := t.many(ctx, q, tail, args...)
	for i := range found {
		if err == nil {
			err = visit(jiban.Held{Kind: kind, Record: found[i]})
		}
	}
	return err
}

func (s *Store) visitAddresses(ctx context.Context, id string, visit func(jiban.Held) error) error {
	found, err := s.Addresses(ctx, id)
	for _, a := range found {
		if err == nil {
			err = visit(jiban.Held{Kind: "address", Record: a})
		}
	}
	return err
}

func (s *Store) visitJoins(ctx context.Context, id string, visit func(jiban.Held) error) error {
	found, err := joins.many(ctx, s.read, "WHERE kept_id = $1 ORDER BY at", id)
	for i := range found {
		if err == nil {
			err = visit(jiban.Held{Kind: "join", Record: found[i].Join})
		}
	}
	return err
}

func (s *Store) visitTickets(ctx context.Context, id string, visit func(jiban.Held) error) error {
	found, err := tickets.many(ctx, s.read, "WHERE contact_id = $1 ORDER BY created_at", id)
	for i := range found {
		if err == nil {
			err = visit(jiban.Held{Kind: "ticket", Record: found[i]})
		}
		if err == nil {
			err = visitAll(ctx, s.read, &ticketEvents, "ticket_event", visit, "WHERE number = $1 ORDER BY seq", found[i].Number)
		}
	}
	return err
}

// visitConversations pages through the messages: there may be many.
func (s *Store) visitConversations(ctx context.Context, id string, visit func(jiban.Held) error) error {
	found, err := conversations.many(ctx, s.read, "WHERE contact_id = $1 ORDER BY created_at", id)
	if err != nil {
		return err
	}
	for i := range found {
		c := &found[i]
		if err := visit(jiban.Held{Kind: "conversation", Record: *c}); err != nil {
			return err
		}
		if err := visitAll(ctx, s.read, &turns, "turn", visit, "WHERE conversation_id = $1 ORDER BY created_at", c.ID); err != nil {
			return err
		}
		if err := visitAll(ctx, s.read, &alerts, "alert", visit, "WHERE conversation_id = $1 ORDER BY created_at", c.ID); err != nil {
			return err
		}
		for after := int64(0); after < c.LastSeq; after += maxPage {
			if err := visitAll(ctx, s.read, &messages, "message", visit,
				"WHERE conversation_id = $1 AND seq > $2 AND seq <= $3 ORDER BY seq", c.ID, after, after+maxPage); err != nil {
				return err
			}
		}
	}
	return nil
}

// forgetting takes out of the rows of a contact what tells who it was and what
// was said. Numbers, kinds, matters, regions, times and states stay: the figures
// can be recomputed.
var forgetting = []string{
	`UPDATE messages SET content = '{"kind":"text"}', params = '{}', error = '', dedupe_key = '',
		external_id = CASE WHEN external_id IS NULL THEN NULL ELSE 'gone:' || id END,
		turn_id = CASE WHEN direction = 'in' AND turn_id = '' THEN '-' ELSE turn_id END,
		status = CASE WHEN status IN ('queued', 'sending') THEN 'expired' ELSE status END
		WHERE conversation_id IN (SELECT id FROM conversations WHERE contact_id = $1)`,
	`DELETE FROM provider_ids WHERE message_id IN (SELECT m.id FROM messages m
		JOIN conversations c ON c.id = m.conversation_id WHERE c.contact_id = $1)`,
	`UPDATE turns SET state_before = '', facts = '', outcome = ''
		WHERE conversation_id IN (SELECT id FROM conversations WHERE contact_id = $1)`,
	"UPDATE alerts SET text = '' WHERE conversation_id IN (SELECT id FROM conversations WHERE contact_id = $1)",
	"UPDATE ticket_events SET data = '{}' WHERE number IN (SELECT number FROM tickets WHERE contact_id = $1)",
	"UPDATE tickets SET title = '', fields = '{}', reply = '', version = version + 1 WHERE contact_id = $1",
	"UPDATE intakes SET question = '' WHERE contact_id = $1",
	"UPDATE requests SET note = '', reason = '' WHERE contact_id = $1",
	"UPDATE handoffs SET summary = '', draft = '{}', version = version + 1 WHERE contact_id = $1",
	`UPDATE conversations SET address = 'gone:' || id, sealed_address = '', state = '', version = version + 1, holder = 'bot', agent_id = '',
		handoff_id = '', intake_id = '' WHERE contact_id = $1`,
	"DELETE FROM codes WHERE contact_id = $1",
	"DELETE FROM opt_outs WHERE contact_id = $1",
	"DELETE FROM proofs WHERE contact_id = $1",
	"DELETE FROM addresses WHERE contact_id = $1",
	"DELETE FROM joined WHERE what IN ('address', 'proof') AND join_id IN (SELECT id FROM joins WHERE kept_id = $1 OR gone_id = $1)",
	"UPDATE joins SET address = '', sealed = '' WHERE kept_id = $1 OR gone_id = $1",
	"UPDATE files SET state = 'gone', why = 'deleted', sealed = '', source = '', next_at = 0, deleted_at = created_at WHERE contact_id = $1 AND deleted_at = 0",
	"UPDATE contacts SET name = '', roster = FALSE WHERE id = $1",
}

// Forget deletes a contact and those joined to it: their keys are destroyed and
// their rows emptied of all that tells who they were, in one transaction with the
// entry in the audit record. CodeConflict while a ticket or a handoff of the
// contact is still open: what is under way must come to an end first. It returns
// the ids of the contacts, whose keys must leave every cache.
func (s *Store) Forget(ctx context.Context, contactID, by, reason string) ([]string, error) {
	const op = "store.Forget"
	var ids []string
	err := s.write(ctx, op, func(ctx context.Context, q querier) error {
		if _, err := contacts.one(ctx, q, "WHERE id = $1", contactID); err != nil {
			return err
		}
		var err error
		if ids, err = s.allOf(ctx, q, contactID); err != nil {
			return err
		}
		for _, id := range ids {
			if err := s.forgetOne(ctx, q, id); err != nil {
				return err
			}
		}
		return s.addAudit(ctx, q, []jiban.AuditEntry{{Actor: by, Action: "contact.deleted", Object: "contact:" + contactID, Result: reason}})
	})
	if err == nil {
		err = s.scrub(ctx)
	}
	return ids, err
}

func (s *Store) forgetOne(ctx context.Context, q querier, id string) error {
	const open = `SELECT number FROM tickets WHERE contact_id = $1 AND status NOT IN ('closed', 'withdrawn')
		UNION ALL SELECT id FROM handoffs WHERE contact_id = $1 AND status IN ('waiting', 'accepted') LIMIT 1`
	var what string
	found, err := scanOne(ctx, q, open, []any{id}, &what)
	if err != nil {
		return err
	}
	if found {
		return jiban.Errorf(jiban.CodeConflict, "store.Forget", "ticket or handoff %s of contact %s is still open: close it first", what, id)
	}
	if _, err := s.destroyKeys(ctx, q, holderOf(id)); err != nil {
		return err
	}
	return s.overwriting(ctx, q, func() error {
		for _, query := range forgetting {
			if _, err := q.exec(ctx, query, id); err != nil {
				return err
			}
		}
		return nil
	})
}
