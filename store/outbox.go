package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"jiban"
)

// ClaimOutbox reserves due outbound messages for a node until the given time.
// It takes whole conversations: all that is due in one, in order; a conversation
// that anybody is working on is left alone, and a message that waits for another
// try holds back what follows it, but for urgent ones. Between conversations the
// most urgent comes first, then the oldest. A message that is still recorded as
// sending when its claim has run out comes back as such: a node died between the
// call and its result.
func (s *Store) ClaimOutbox(ctx context.Context, by string, now, until time.Time, limit int) ([]jiban.Message, error) {
	const op = "store.ClaimOutbox"
	ids, err := s.dueConversations(ctx, now, page(limit, 100))
	if err != nil || len(ids) == 0 {
		return nil, fault(op, err)
	}
	var claimed []jiban.Message
	err = s.write(ctx, op, func(ctx context.Context, q querier) error {
		picked, err := s.pick(ctx, q, ids, now, page(limit, 100))
		if err != nil {
			return err
		}
		claimed, err = claimAll(ctx, q, picked, by, until)
		return err
	})
	if err != nil {
		return nil, err
	}
	return claimed, nil
}

// dueConversations lists conversations that have something to send now, the most
// urgent first, then what is due longest. What is held back, and who is being
// served, is left out here already: however many there are, they must not keep
// others from their turn.
func (s *Store) dueConversations(ctx context.Context, now time.Time, limit int64) ([]string, error) {
	const query = `SELECT m.conversation_id FROM messages m
		WHERE m.status IN ('queued', 'sending') AND m.urgency = $1 AND m.due_at <= $2
		AND NOT EXISTS (SELECT 1 FROM messages b
			WHERE b.conversation_id = m.conversation_id AND b.status IN ('queued', 'sending') AND b.due_at > $2
			AND (b.claimed_by <> '' AND b.claimed_until > $2 OR b.attempts > 0 AND b.seq < m.seq AND m.urgency < $3))
		ORDER BY m.due_at LIMIT $4 + 0`
	var ids []string
	for _, urgency := range []jiban.Urgency{jiban.UrgencyHigh, jiban.UrgencyNormal, jiban.UrgencyLow} {
		found, err := column[string](ctx, s.read, query, urgency, micros(now), jiban.UrgencyHigh, limit)
		if err != nil {
			return nil, err
		}
		for _, id := range found {
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
		if int64(len(ids)) >= limit {
			break
		}
	}
	return ids, nil
}

// pick reads what is due in the conversations, one slice for each, until limit
// is reached. A conversation in which something was altered is left out: it must
// not keep the others from their turn.
func (s *Store) pick(ctx context.Context, q querier, conversationIDs []string, now time.Time, limit int64) ([][]jiban.Message, error) {
	var picked [][]jiban.Message
	for _, id := range conversationIDs {
		if limit <= 0 {
			break
		}
		pending, err := messages.many(ctx, q,
			"WHERE conversation_id = $1 AND status IN ('queued', 'sending') ORDER BY seq", id)
		if jiban.CodeOf(err) == jiban.CodeInvalid {
			s.log.ErrorContext(ctx, "messages that wait to be sent cannot be opened, their conversation is left alone", "conversation", id, "error", err)
			continue
		}
		if err != nil {
			return nil, err
		}
		if ready := due(pending, now); len(ready) > 0 {
			picked = append(picked, ready)
			limit -= int64(len(ready))
		}
	}
	return picked, nil
}

// due chooses from the pending messages of one conversation.
func due(pending []jiban.Message, now time.Time) []jiban.Message {
	var ready []jiban.Message
	held := false
	for _, m := range pending {
		d := &m.Delivery
		switch {
		case d.ClaimedBy != "" && d.ClaimedUntil.After(now):
			return nil // somebody is at it
		case d.NotBefore.After(now):
			held = held || d.Attempts > 0 // a new try, not a date that was set
		case !held || d.Urgency >= jiban.UrgencyHigh:
			ready = append(ready, m)
		}
	}
	return ready
}

// claimAll marks the picked messages and returns those that were got, in the
// order of picked. Rows are locked in order of conversation, so that two nodes
// never wait for each other in a circle.
func claimAll(ctx context.Context, q querier, picked [][]jiban.Message, by string, until time.Time) ([]jiban.Message, error) {
	order := make([]int, len(picked))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int {
		return cmp.Compare(picked[i][0].ConversationID, picked[j][0].ConversationID)
	})
	for _, i := range order {
		got, err := claim(ctx, q, picked[i], by, until)
		if err != nil {
			return nil, err
		}
		picked[i] = picked[i][:got]
	}
	return slices.Concat(picked...), nil
}

// claim marks the messages of one conversation in order and returns how many it
// got: where another node was faster it stops.
func claim(ctx context.Context, q querier, ms []jiban.Message, by string, until time.Time) (int, error) {
	const query = `UPDATE messages SET claimed_by = $1, claimed_until = $2
		WHERE id = $3 AND status = $4 AND claimed_by = $5 AND claimed_until = $6`
	for i := range ms {
		d := &ms[i].Delivery
		n, err := q.exec(ctx, query, by, micros(until), ms[i].ID, d.Status, d.ClaimedBy, micros(d.ClaimedUntil))
		if err != nil || n == 0 {
			return i, err
		}
		d.ClaimedBy, d.ClaimedUntil = by, until
	}
	return len(ms), nil
}

// ClaimMessages reserves outbound messages that were said before, so that a
// passive answer can be given again: those of the ids that are queued, sent,
// uncertain or being sent by nobody else any more. They are recorded as sending;
// the others are left out.
func (s *Store) ClaimMessages(ctx context.Context, ids []string, by string, until time.Time) ([]jiban.Message, error) {
	const query = `UPDATE messages SET status = 'sending', claimed_by = $1, claimed_until = $2
		WHERE id = $3 AND direction = 'out' AND (status IN ('sent', 'uncertain')
			OR status IN ('queued', 'sending') AND (claimed_by = $1 OR claimed_until <= $4))`
	var claimed []jiban.Message
	err := s.write(ctx, "store.ClaimMessages", func(ctx context.Context, q querier) error {
		claimed = nil
		for _, id := range slices.Sorted(slices.Values(ids)) {
			n, err := q.exec(ctx, query, by, micros(until), id, micros(s.now()))
			if err != nil {
				return err
			}
			if n == 0 {
				continue
			}
			m, err := messages.one(ctx, q, "WHERE id = $1", id)
			if err != nil {
				return err
			}
			claimed = append(claimed, m)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(claimed, func(a, b jiban.Message) int { return cmp.Compare(a.Seq, b.Seq) })
	return claimed, nil
}

// SaveDelivery writes the state of an outbound message, with its worded content
// when c is given. Unless by is "", the message must be claimed by it: else
// CodeConflict, and nothing may be sent. What was taken by the provider is found
// by FindProviderID from then on.
func (s *Store) SaveDelivery(ctx context.Context, id, by string, d jiban.Delivery, c *jiban.Content) error {
	if d.Status != jiban.DeliveryQueued && d.Status != jiban.DeliverySending {
		d.ClaimedBy, d.ClaimedUntil = "", time.Time{}
	}
	return s.write(ctx, "store.SaveDelivery", func(ctx context.Context, q querier) error {
		contactID, err := contactOfMessage(ctx, q, id)
		if err == nil {
			err = s.saveDelivery(ctx, under(q, contactID), id, by, &d)
		}
		if err != nil {
			return err
		}
		if c != nil {
			content, err := seal(q, &contactID, place(messages.name, "content", id), freeText(packed{c}))
			if err == nil {
				_, err = q.exec(ctx, "UPDATE messages SET content = $1 WHERE id = $2", content, id)
			}
			if err != nil {
				return err
			}
		}
		const name = `INSERT INTO provider_ids (provider_id, channel, message_id)
			SELECT $1, channel, id FROM messages WHERE id = $2 ON CONFLICT DO NOTHING`
		for _, p := range d.ProviderIDs {
			if _, err := q.exec(ctx, name, p, id); err != nil {
				return err
			}
		}
		return nil
	})
}

// contactOfMessage is the contact whose key seals a message; "" where there is no
// such message.
func contactOfMessage(ctx context.Context, q querier, id string) (string, error) {
	const query = "SELECT contact_id FROM conversations WHERE id = (SELECT conversation_id FROM messages WHERE id = $1)"
	var contactID string
	_, err := scanOne(ctx, q, query, []any{id}, &contactID)
	return contactID, err
}

func (s *Store) saveDelivery(ctx context.Context, q querier, id, by string, d *jiban.Delivery) error {
	const query = `UPDATE messages SET status = $2, path = $3, kind = $4, urgency = $5, params = $6, dedupe_key = $7,
		not_before = $8, not_after = $9, attempts = $10, repeated = $11, claimed_by = $12, claimed_until = $13,
		provider_ids = $14, parts_sent = $15, error = $16, sent_at = CASE WHEN $17 THEN $18 ELSE sent_at END
		WHERE id = $1 AND direction = 'out'`
	params, err := seal(q, nil, place(messages.name, "params", id), sealed(packed{&d.Params}))
	if err != nil {
		return err
	}
	failure, err := seal(q, nil, place(messages.name, "error", id), sealed(words{&d.Error}))
	if err != nil {
		return err
	}
	args := []any{id, d.Status, d.Path, d.Kind, d.Urgency, params, d.DedupeKey, micros(d.NotBefore),
		micros(d.NotAfter), d.Attempts, d.Repeated, d.ClaimedBy, micros(d.ClaimedUntil), packed{&d.ProviderIDs},
		d.PartsSent, failure, d.Status == jiban.DeliverySending || d.Status == jiban.DeliverySent, micros(s.now())}
	var n int64
	if by == "" {
		n, err = q.exec(ctx, query, args...)
	} else {
		n, err = q.exec(ctx, query+" AND claimed_by = $19", append(args, by)...)
	}
	if err == nil && n == 1 {
		err = s.wakeUnasked(ctx, q, d)
	}
	if err != nil || n == 1 {
		return err
	}
	var one int
	exists, err := scanOne(ctx, q, "SELECT 1 FROM messages WHERE id = $1 AND direction = 'out'", []any{id}, &one)
	switch {
	case err != nil:
		return err
	case !exists:
		return jiban.Errorf(jiban.CodeNotFound, "store.SaveDelivery", "there is no outbound message %s", id)
	default:
		return jiban.Errorf(jiban.CodeConflict, "store.SaveDelivery", "message %s is not claimed by %s any more: leave it to the one who has it", id, by)
	}
}

// FindProviderID returns the outbound message of which a provider took a part
// under that id: on the channel itself, else one of another channel that went
// out as a text message. Providers may count anew: the newest wins.
func (s *Store) FindProviderID(ctx context.Context, channel, providerID string) (jiban.Message, error) {
	const tail = `WHERE id = (SELECT p.message_id FROM provider_ids p JOIN messages m ON m.id = p.message_id
		WHERE p.provider_id = $1 AND (p.channel = $2 OR m.path = 'sms')
		ORDER BY CASE WHEN p.channel = $2 THEN 0 ELSE 1 END, m.created_at DESC, m.id DESC LIMIT 1)`
	m, err := messages.one(ctx, s.read, tail, providerID, channel)
	return m, fault("store.FindProviderID", err)
}

// SentSince counts the parts that were sent in a conversation on a path since a
// time, among its newest 200 messages (no provider's budget is larger); one whose
// result is not known counts.
func (s *Store) SentSince(ctx context.Context, conversationID string, path jiban.Path, since time.Time) (int, error) {
	const query = `SELECT COALESCE(SUM(CASE WHEN parts_sent > 1 THEN parts_sent ELSE 1 END), 0) FROM messages
		WHERE conversation_id = $1 AND path = $2 AND sent_at >= $3 AND direction = 'out'
			AND seq > (SELECT last_seq - 200 FROM conversations WHERE id = $1)
			AND status IN ('sending', 'sent', 'delivered', 'uncertain')`
	var n int
	_, err := scanOne(ctx, s.read, query, []any{conversationID, path, micros(since)}, &n)
	return n, fault("store.SentSince", err)
}

// OutboxCounts counts the outbound messages that are open or went wrong, by
// status: queued, sending, uncertain, failed, expired, fallback. What arrived is
// not counted: it would mean to read the whole table.
func (s *Store) OutboxCounts(ctx context.Context) (map[jiban.DeliveryStatus]int, error) {
	const op = "store.OutboxCounts"
	const query = `SELECT status, COUNT(*) FROM messages WHERE status IN ('queued', 'sending') GROUP BY status
		UNION ALL
		SELECT status, COUNT(*) FROM messages WHERE status IN ('uncertain', 'failed', 'expired', 'fallback') GROUP BY status`
	rows, err := s.read.query(ctx, query)
	if err != nil {
		return nil, fault(op, err)
	}
	defer rows.Close()
	counts := map[jiban.DeliveryStatus]int{}
	for rows.Next() {
		var status jiban.DeliveryStatus
		var n int
		if err := rows.Scan(&status, &n); err != nil {
			return nil, fault(op, err)
		}
		counts[status] = n
	}
	return counts, fault(op, rows.Err())
}
