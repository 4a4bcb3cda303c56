package store

import (
	"context"
	"database/sql"

	"jiban"
)

var conversations = newTable("conversations", conversationFields,
	"id", "channel", "channel_kind", "address", "contact_id", "audience", "region", "lang", "holder", "agent_id",
	"handoff_id", "intake_id", "roster_claim", "safety_said", "state", "version", "last_seq", "last_in_at",
	"created_at", "updated_at")

func conversationFields(c *jiban.Conversation) []any {
	return []any{&c.ID, &c.Channel, &c.ChannelKind, &c.Address, &c.ContactID, &c.Audience, &c.Region, &c.Lang,
		&c.Holder, &c.AgentID, &c.HandoffID, &c.IntakeID, &c.RosterClaim, packed{&c.SafetySaid}, raw{&c.State},
		&c.Version, &c.LastSeq, stamp{&c.LastInAt}, stamp{&c.CreatedAt}, stamp{&c.UpdatedAt}}
}

// Conversation returns a conversation by its id.
func (s *Store) Conversation(ctx context.Context, id string) (jiban.Conversation, error) {
	c, err := conversations.one(ctx, s.read, "WHERE id = $1", id)
	return c, fault("store.Conversation", err)
}

// FindConversation returns the conversation with an address on a channel.
func (s *Store) FindConversation(ctx context.Context, channel string, a jiban.Address) (jiban.Conversation, error) {
	c, err := conversations.one(ctx, s.read, "WHERE channel = $1 AND address = $2", channel, a)
	return c, fault("store.FindConversation", err)
}

// TurnInput loads a conversation as a turn meets it. Its parts are read one after
// the other; should a commit fall between, the version compared at Apply says so.
func (s *Store) TurnInput(ctx context.Context, conversationID string) (jiban.TurnInput, error) {
	const op = "store.TurnInput"
	in, err := s.situation(ctx, conversationID)
	if err != nil {
		return in, fault(op, err)
	}
	if in.Addresses, err = column[jiban.Address](ctx, s.read, addressesQuery, in.Contact.ID); err != nil {
		return in, fault(op, err)
	}
	in.Inbox, err = messages.many(ctx, s.read,
		"WHERE conversation_id = $1 AND direction = 'in' AND turn_id = '' ORDER BY seq LIMIT 200", conversationID)
	return in, fault(op, err)
}

// situation reads a conversation, its contact and whether anything was said in it.
func (s *Store) situation(ctx context.Context, id string) (jiban.TurnInput, error) {
	const query = `SELECT c.id, c.channel, c.channel_kind, c.address, c.contact_id, c.audience, c.region, c.lang,
		c.holder, c.agent_id, c.handoff_id, c.intake_id, c.roster_claim, c.safety_said, c.state, c.version,
		c.last_seq, c.last_in_at, c.created_at, c.updated_at,
		p.id, p.name, p.lang, p.roster, p.opted_out, p.created_at,
		NOT EXISTS (SELECT 1 FROM messages m WHERE m.conversation_id = c.id AND m.direction = 'out')
		FROM conversations c JOIN contacts p ON p.id = c.contact_id WHERE c.id = $1`
	var in jiban.TurnInput
	dest := append(conversationFields(&in.Conversation), contacts.fields(&in.Contact)...)
	found, err := scanOne(ctx, s.read, query, []any{id}, append(dest, &in.First)...)
	if err == nil && !found {
		err = sql.ErrNoRows
	}
	return in, err
}
