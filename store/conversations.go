package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

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

// What a turn meets: a conversation, its contact and addresses, and whether
// nothing was said yet; and with each message that waits, in one statement, which
// is one look at the database or one round trip.
const (
	situationFrom = " FROM conversations c JOIN contacts p ON p.id = c.contact_id"
	waitingJoin   = " JOIN messages m ON m.conversation_id = c.id AND m.direction = 'in' AND m.turn_id = ''"
	situationOf   = " WHERE c.id = $1"
	addressMark   = "\x1f" // stands between addresses: none holds a control character
)

var (
	situationColumns = "SELECT " + conversations.prefixed("c") + ", " + contacts.prefixed("p") + `,
		(SELECT string_agg(a.address, $2 ORDER BY a.created_at, a.address) FROM addresses a WHERE a.contact_id = p.id),
		(SELECT o.seq FROM messages o WHERE o.conversation_id = c.id AND o.direction = 'out' ORDER BY o.seq DESC LIMIT 1) IS NULL`
	idleQuery    = situationColumns + situationFrom + situationOf
	waitingQuery = situationColumns + ", " + messages.prefixed("m") + situationFrom + waitingJoin + situationOf +
		" ORDER BY m.seq LIMIT 200"
)

// TurnInput loads a conversation as a turn meets it, all of one moment.
func (s *Store) TurnInput(ctx context.Context, conversationID string) (jiban.TurnInput, error) {
	const op = "store.TurnInput"
	in, err := s.waiting(ctx, conversationID)
	if err != nil || len(in.Inbox) > 0 {
		return in, fault(op, err)
	}
	dest, done := situationFields(&in)
	found, err := scanOne(ctx, s.read, idleQuery, []any{conversationID, addressMark}, dest...)
	if err == nil && !found {
		err = sql.ErrNoRows
	}
	done()
	return in, fault(op, err)
}

// waiting is the input of a conversation in which messages wait, empty when none
// does.
func (s *Store) waiting(ctx context.Context, conversationID string) (in jiban.TurnInput, err error) {
	rows, err := s.read.query(ctx, waitingQuery, conversationID, addressMark)
	if err != nil {
		return in, err
	}
	defer rows.Close()
	dest, done := situationFields(&in)
	for rows.Next() {
		var m jiban.Message
		if err := rows.Scan(slices.Concat(dest, messages.fields(&m))...); err != nil {
			return in, fmt.Errorf("read a row: %w", err)
		}
		in.Inbox = append(in.Inbox, m)
	}
	done()
	return in, rows.Err()
}

// situationFields are the destinations of situationColumns; done takes the
// addresses apart.
func situationFields(in *jiban.TurnInput) (dest []any, done func()) {
	addresses := new(string)
	dest = slices.Concat(conversationFields(&in.Conversation), contacts.fields(&in.Contact), []any{nullable{addresses}, &in.First})
	return dest, func() {
		for a := range strings.SplitSeq(*addresses, addressMark) {
			if a != "" {
				in.Addresses = append(in.Addresses, jiban.Address(a))
			}
		}
	}
}
