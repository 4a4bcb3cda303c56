package store

import (
	"context"

	"jiban"
)

var turns = newTable("turns", func(t *jiban.Turn) []any {
	return []any{&t.ID, &t.ConversationID, packed{&t.Inbox}, freeText(raw{&t.StateBefore}), freeText(raw{&t.Facts}), freeText(raw{&t.Outcome}), stamp{&t.CreatedAt}}
}, "id", "conversation_id", "inbox", "state_before", "facts", "outcome", "created_at")

// Turn returns a turn by its id.
func (s *Store) Turn(ctx context.Context, id string) (jiban.Turn, error) {
	t, err := turns.one(ctx, s.read, "WHERE id = $1", id)
	return t, fault("store.Turn", err)
}

var intakes = newTable("intakes", func(i *jiban.Intake) []any {
	return []any{&i.ID, &i.ConversationID, &i.ContactID, &i.Channel, &i.Type, &i.Matter, &i.Region, freeText(words{&i.Question}),
		&i.Result, packed{&i.Articles}, &i.Ticket, stamp{&i.CreatedAt}, stamp{&i.UpdatedAt}}
}, "id", "conversation_id", "contact_id", "channel", "type", "matter", "region", "question", "result", "articles",
	"ticket", "created_at", "updated_at").of(func(i *jiban.Intake) *string { return &i.ContactID })

// Intakes lists the requests of a conversation, oldest first.
func (s *Store) Intakes(ctx context.Context, conversationID string) ([]jiban.Intake, error) {
	found, err := intakes.many(ctx, s.read, "WHERE conversation_id = $1 ORDER BY created_at, id LIMIT 1000", conversationID)
	return found, fault("store.Intakes", err)
}

// Intake returns a request by its id.
func (s *Store) Intake(ctx context.Context, id string) (jiban.Intake, error) {
	i, err := intakes.one(ctx, s.read, "WHERE id = $1", id)
	return i, fault("store.Intake", err)
}
