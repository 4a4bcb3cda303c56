package store

import (
	"context"
	"time"

	"jiban"
)

var messages = newTable("messages", func(m *jiban.Message) []any {
	d := &m.Delivery
	return []any{&m.ID, &m.ConversationID, &m.Seq, &m.Direction, &m.Author, &m.Channel, nullable{&m.ExternalID},
		freeText(packed{&m.Content}), &m.TurnID, stamp{&m.CreatedAt},
		&d.Status, &d.Path, &d.Kind, &d.Urgency, sealed(packed{&d.Params}), &d.DedupeKey, stamp{&d.NotBefore}, stamp{&d.NotAfter},
		&d.Attempts, &d.Repeated, &d.ClaimedBy, stamp{&d.ClaimedUntil}, packed{&d.ProviderIDs}, &d.PartsSent, sealed(words{&d.Error})}
}, "id", "conversation_id", "seq", "direction", "author", "channel", "external_id", "content", "turn_id", "created_at",
	"status", "path", "kind", "urgency", "params", "dedupe_key", "not_before", "not_after", "attempts", "repeated",
	"claimed_by", "claimed_until", "provider_ids", "parts_sent", "error")

// maxPage bounds every list that a caller can ask for. A limit is written
// "LIMIT $1 + 0": SQLite plans a bare parameter there by its value, and prepares
// the statement anew with every call.
const maxPage = 1000

// page keeps a limit between 1 and maxPage; zero or less means usual.
func page(limit, usual int) int64 {
	if limit <= 0 {
		limit = usual
	}
	return int64(min(limit, maxPage))
}

// Messages lists a conversation's messages after a sequence, in order; 1,000 at
// most.
func (s *Store) Messages(ctx context.Context, conversationID string, afterSeq int64, limit int) ([]jiban.Message, error) {
	found, err := messages.many(ctx, s.read, "WHERE conversation_id = $1 AND seq > $2 ORDER BY seq LIMIT $3 + 0",
		conversationID, afterSeq, page(limit, 200))
	return found, fault("store.Messages", err)
}

// Message returns a message by its id.
func (s *Store) Message(ctx context.Context, id string) (jiban.Message, error) {
	m, err := messages.one(ctx, s.read, "WHERE id = $1", id)
	return m, fault("store.Message", err)
}

// Unanswered lists, longest waiting first, conversations with inbound messages
// that no turn took and that came before the given time.
func (s *Store) Unanswered(ctx context.Context, before time.Time, limit int) ([]string, error) {
	const query = `SELECT conversation_id FROM messages WHERE direction = 'in' AND turn_id = '' AND created_at < $1
		GROUP BY conversation_id ORDER BY MIN(created_at), conversation_id LIMIT $2 + 0`
	ids, err := column[string](ctx, s.read, query, micros(before), page(limit, 100))
	return ids, fault("store.Unanswered", err)
}
