package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"jiban"
)

var conversations = newTable("conversations", conversationFields,
	"id", "channel", "channel_kind", "address", "sealed_address", "contact_id", "audience", "region", "lang", "holder", "agent_id",
	"handoff_id", "intake_id", "roster_claim", "safety_said", "state", "version", "last_seq", "last_in_at",
	"created_at", "updated_at").of(func(c *jiban.Conversation) *string { return &c.ContactID })

func conversationFields(c *jiban.Conversation) []any {
	return []any{&c.ID, &c.Channel, &c.ChannelKind, hashed{&c.Address}, sealed(addressText{&c.Address}), &c.ContactID, &c.Audience, &c.Region, &c.Lang,
		&c.Holder, &c.AgentID, &c.HandoffID, &c.IntakeID, &c.RosterClaim, packed{&c.SafetySaid}, freeText(raw{&c.State}),
		&c.Version, &c.LastSeq, stamp{&c.LastInAt}, stamp{&c.CreatedAt}, stamp{&c.UpdatedAt}}
}

// Conversation returns a conversation by its id.
func (s *Store) Conversation(ctx context.Context, id string) (jiban.Conversation, error) {
	c, err := conversations.one(ctx, s.read, "WHERE id = $1", id)
	return c, fault("store.Conversation", err)
}

// FindConversation returns the conversation with an address on a channel.
func (s *Store) FindConversation(ctx context.Context, channel string, a jiban.Address) (jiban.Conversation, error) {
	const op = "store.FindConversation"
	hash, err := s.hash(a)
	if err != nil {
		return jiban.Conversation{}, err
	}
	c, err := conversations.one(ctx, s.read, "WHERE channel = $1 AND address = $2", channel, hash)
	return c, fault(op, err)
}

// What a turn meets: a conversation, its contact and addresses, and whether
// nothing was said yet; and with each message that waits, in one statement, which
// is one look at the database or one round trip.
const (
	situationFrom = " FROM conversations c JOIN contacts p ON p.id = c.contact_id"
	waitingJoin   = " JOIN messages m ON m.conversation_id = c.id AND m.direction = 'in' AND m.turn_id = ''"
	situationOf   = " WHERE c.id = $1"
	// The marks stand between addresses and between their parts: neither hash,
	// number nor sealed text holds a control character.
	addressMark = "\x1f"
	partMark    = "\x1e"
)

var (
	situationColumns = "SELECT " + conversations.prefixed("c") + ", " + contacts.prefixed("p") + `,
		(SELECT string_agg(a.address || $3 || a.sealed || $3 || a.created_at, $2) FROM addresses a WHERE a.contact_id = p.id),
		(SELECT o.seq FROM messages o WHERE o.conversation_id = c.id AND o.direction = 'out' ORDER BY o.seq DESC LIMIT 1) IS NULL`
	idleQuery    = situationColumns + situationFrom + situationOf
	waitingQuery = situationColumns + ", " + messages.prefixed("m") + situationFrom + waitingJoin + situationOf +
		" ORDER BY m.seq LIMIT 200"
)

// TurnInput loads a conversation as a turn meets it, all of one moment.
func (s *Store) TurnInput(ctx context.Context, conversationID string) (jiban.TurnInput, error) {
	const op = "store.TurnInput"
	for _, query := range []string{waitingQuery, idleQuery} {
		l := situation{o: opener{q: s.read}}
		err := l.read(ctx, s.read, query, conversationID)
		if err == nil {
			err = l.open(ctx)
		}
		if err != nil || l.found {
			return l.in, fault(op, err)
		}
	}
	return jiban.TurnInput{}, fault(op, sql.ErrNoRows)
}

// situation is a turn's input while it is read.
type situation struct {
	in        jiban.TurnInput
	o         opener
	addresses string
	inbox     []*jiban.Message
	found     bool
}

func (l *situation) read(ctx context.Context, q querier, query, conversationID string) error {
	rows, err := q.query(ctx, query, conversationID, addressMark, partMark)
	if err != nil {
		return err
	}
	defer rows.Close()
	dest, err := l.fields()
	if err != nil {
		return err
	}
	for rows.Next() {
		all := dest
		if query == waitingQuery {
			m := new(jiban.Message)
			fields, err := l.o.dest(messages.name, messages.names, messages.fields(m))
			if err != nil {
				return err
			}
			l.inbox, all = append(l.inbox, m), slices.Concat(dest, fields)
		}
		if err := rows.Scan(all...); err != nil {
			return fmt.Errorf("read a row: %w", err)
		}
		l.found = true
	}
	return rows.Err()
}

// fields are the destinations of situationColumns.
func (l *situation) fields() ([]any, error) {
	c, err := l.o.dest(conversations.name, conversations.names, conversationFields(&l.in.Conversation))
	if err != nil {
		return nil, err
	}
	p, err := l.o.dest(contacts.name, contacts.names, contacts.fields(&l.in.Contact))
	return slices.Concat(c, p, []any{nullable{&l.addresses}, &l.in.First}), err
}

// open opens what is sealed, once the cursor is closed.
func (l *situation) open(ctx context.Context) error {
	var rows []*addressRow
	for part := range strings.SplitSeq(l.addresses, addressMark) {
		row, err := l.address(part)
		if err != nil {
			return err
		}
		if row != nil {
			rows = append(rows, row)
		}
	}
	if err := l.o.open(ctx); err != nil {
		return err
	}
	known := make([]addressRow, len(rows))
	for i, r := range rows {
		known[i] = *r
	}
	l.in.Addresses = inOrder(known)
	for _, m := range l.inbox {
		l.in.Inbox = append(l.in.Inbox, *m)
	}
	return nil
}

// address takes one address of the list apart and leaves its text to be opened.
func (l *situation) address(part string) (*addressRow, error) {
	parts := strings.Split(part, partMark)
	if len(parts) != 3 {
		return nil, nil
	}
	micros, err := strconv.ParseInt(parts[2], 10, 64)
	if err != nil {
		return nil, fmt.Errorf("read the time of an address: %w", err)
	}
	row := &addressRow{hash: parts[0], createdAt: time.UnixMicro(micros).UTC()}
	l.o.hold(addresses.name, "sealed", &row.hash, parts[1], addressText{&row.address})
	return row, nil
}
