package store

import (
	"context"
	"slices"
	"time"

	"jiban"
)

// takenByNone marks inbound messages that were dealt with without a turn: a
// person read them.
const takenByNone = "-"

// Apply writes a batch in one transaction, or nothing. A conversation, ticket or
// handoff that was changed since it was read, an inbound message that another
// turn took, a ticket number or event sequence that exists: CodeConflict. Its
// notices become outbound messages with the next sequences of their conversations;
// one whose dedupe key is known there is dropped.
func (s *Store) Apply(ctx context.Context, b jiban.Batch) (jiban.Applied, error) {
	const op = "store.Apply"
	var out jiban.Applied
	if err := s.ready(ctx, &b); err != nil {
		return out, fault(op, err)
	}
	err := s.write(ctx, op, func(ctx context.Context, q querier) error {
		a := application{s: s, q: q, now: s.now(), batch: &b}
		if err := a.run(ctx); err != nil {
			return err
		}
		out.Messages = a.said
		return nil
	})
	return out, err
}

// ready brings the keys of the contacts that a batch names into memory: without,
// the transaction would be begun twice.
func (s *Store) ready(ctx context.Context, b *jiban.Batch) error {
	if s.keys == nil {
		return nil
	}
	var ids []string
	if b.Conversation != nil {
		ids = append(ids, b.Conversation.ContactID)
	}
	for i := range b.Tickets {
		ids = append(ids, b.Tickets[i].Ticket.ContactID)
	}
	for i := range b.Handoffs {
		ids = append(ids, b.Handoffs[i].ContactID)
	}
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		if err := s.readyFor(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// application is one batch on its way into the database.
type application struct {
	s     *Store
	q     querier
	now   time.Time
	batch *jiban.Batch
	where []string         // conversation of each notice
	seats map[string]*seat // by conversation
	said  []jiban.Message
}

// seat is what a conversation gave for the notices of this batch: sequences from
// next on. Having taken it, this transaction has the conversation's row for itself.
type seat struct {
	channel string
	contact string
	next    int64
	spare   int64 // sequences that dropped notices did not use
}

// run writes the parts. The conversation comes first: its row is what two nodes
// compete for, and who loses there has touched nothing else.
func (a *application) run(ctx context.Context) error {
	for _, step := range []func(context.Context) error{
		a.address, a.conversation, a.inbox, a.turn, a.notices, a.tickets, a.attach, a.handoffs, a.wishes, a.records,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// address finds the conversation of each notice.
func (a *application) address(ctx context.Context) error {
	a.where = make([]string, len(a.batch.Notices))
	a.seats = make(map[string]*seat, 1)
	var err error
	for i := range a.batch.Notices {
		if a.where[i], err = a.conversationOf(ctx, &a.batch.Notices[i]); err != nil {
			return err
		}
	}
	return nil
}

// noticesIn counts the notices for a conversation.
func (a *application) noticesIn(id string) int64 {
	var n int64
	for _, w := range a.where {
		if w == id {
			n++
		}
	}
	return n
}

// conversation saves the new state and takes the sequences for what is said in it.
// The time of the last inbound message belongs to Receive and is left alone.
func (a *application) conversation(ctx context.Context) error {
	c := a.batch.Conversation
	if c == nil {
		return nil
	}
	const query = `UPDATE conversations SET contact_id = $2, audience = $3, region = $4, lang = $5, holder = $6,
		agent_id = $7, handoff_id = $8, intake_id = $9, roster_claim = $10, safety_said = $11, state = $12,
		version = version + 1, updated_at = $13, last_seq = last_seq + $14
		WHERE id = $1 AND version = $15 RETURNING last_seq, channel, contact_id`
	n := a.noticesIn(c.ID)
	state, err := seal(a.q, &c.ContactID, place(conversations.name, "state", c.ID), freeText(raw{&c.State}))
	if err != nil {
		return err
	}
	args := []any{c.ID, c.ContactID, c.Audience, c.Region, c.Lang, c.Holder, c.AgentID, c.HandoffID, c.IntakeID,
		c.RosterClaim, packed{&c.SafetySaid}, state, micros(a.now), n, c.Version}
	taken, err := a.seat(ctx, c.ID, n, query, args)
	if err == nil && !taken {
		err = jiban.Errorf(jiban.CodeConflict, "store.Apply", "conversation %s was changed meanwhile (read at version %d): load it anew and decide again", c.ID, c.Version)
	}
	return err
}

// seat takes n sequences of a conversation by an update that returns the last of
// them, the channel and the contact; false when there is no such row.
func (a *application) seat(ctx context.Context, id string, n int64, query string, args []any) (bool, error) {
	var last int64
	var s seat
	taken, err := scanOne(ctx, a.q, query, args, &last, &s.channel, &s.contact)
	if taken {
		s.next = last - n + 1
		a.seats[id] = &s
	}
	return taken, err
}

// inbox marks the messages that this turn takes in.
func (a *application) inbox(ctx context.Context) error {
	const query = "UPDATE messages SET turn_id = $1 WHERE id = $2 AND direction = 'in' AND turn_id = ''"
	taker := takenByNone
	if a.batch.Turn != nil {
		taker = a.batch.Turn.ID
	}
	for _, id := range a.batch.Inbox {
		n, err := a.q.exec(ctx, query, taker, id)
		if err != nil {
			return err
		}
		if n == 0 {
			return jiban.Errorf(jiban.CodeConflict, "store.Apply", "inbound message %s was taken by another turn: load the conversation anew", id)
		}
	}
	return nil
}

func (a *application) turn(ctx context.Context) error {
	if a.batch.Turn == nil {
		return nil
	}
	contactID, err := a.contactOf(ctx, a.batch.Turn.ConversationID)
	if err != nil {
		return err
	}
	return turns.add(ctx, under(a.q, contactID), a.batch.Turn)
}

// contactOf is the contact of a conversation, whose key seals what belongs to it;
// "", the house, where there is no such conversation.
func (a *application) contactOf(ctx context.Context, conversationID string) (string, error) {
	if s := a.seats[conversationID]; s != nil {
		return s.contact, nil
	}
	var id string
	_, err := scanOne(ctx, a.q, "SELECT contact_id FROM conversations WHERE id = $1", []any{conversationID}, &id)
	return id, err
}

// notices appends the outbound messages. Sequences of dropped ones are given back,
// so that a conversation has no gaps.
func (a *application) notices(ctx context.Context) error {
	const back = "UPDATE conversations SET last_seq = last_seq - $2 WHERE id = $1"
	for i := range a.batch.Notices {
		if err := a.notice(ctx, a.where[i], &a.batch.Notices[i]); err != nil {
			return err
		}
	}
	for id, s := range a.seats {
		if s.spare == 0 {
			continue
		}
		if _, err := a.q.exec(ctx, back, id, s.spare); err != nil {
			return err
		}
	}
	return nil
}

// conversationOf finds where a notice goes: the conversation it names, else the
// batch's own, else the one in which the contact wrote last.
func (a *application) conversationOf(ctx context.Context, n *jiban.Notice) (string, error) {
	if n.ConversationID != "" {
		return n.ConversationID, nil
	}
	if c := a.batch.Conversation; c != nil && (n.ContactID == "" || n.ContactID == c.ContactID) {
		return c.ID, nil
	}
	const query = "SELECT id FROM conversations WHERE contact_id = $1 ORDER BY last_in_at DESC, id DESC LIMIT 1"
	var id string
	found, err := scanOne(ctx, a.q, query, []any{n.ContactID}, &id)
	if err == nil && !found {
		err = jiban.Errorf(jiban.CodeInvalid, "store.Apply", "notice %s names no conversation and its contact has none: nobody could be told", n.Kind)
	}
	return id, err
}

// notice stores one notice as an outbound message.
func (a *application) notice(ctx context.Context, conversationID string, n *jiban.Notice) error {
	const next = "UPDATE conversations SET last_seq = last_seq + $2, updated_at = $3 WHERE id = $1 RETURNING last_seq, channel, contact_id"
	if a.seats[conversationID] == nil {
		want := a.noticesIn(conversationID)
		taken, err := a.seat(ctx, conversationID, want, next, []any{conversationID, want, micros(a.now)})
		if err == nil && !taken {
			err = jiban.Errorf(jiban.CodeInvalid, "store.Apply", "notice %s is for conversation %s, which does not exist", n.Kind, conversationID)
		}
		if err != nil {
			return err
		}
	}
	s := a.seats[conversationID]
	known, err := a.known(ctx, conversationID, n.DedupeKey)
	if err != nil {
		return err
	}
	if known {
		s.spare++
		return nil
	}
	m := a.message(n)
	m.ConversationID, m.Channel, m.Seq = conversationID, s.channel, s.next
	s.next++
	a.said = append(a.said, m)
	return messages.add(ctx, under(a.q, s.contact), &m)
}

// known reports whether the conversation has a notice with the key. Its row is
// ours, so that the answer holds until the commit.
func (a *application) known(ctx context.Context, conversationID, key string) (bool, error) {
	if key == "" {
		return false, nil
	}
	const query = "SELECT 1 FROM messages WHERE conversation_id = $1 AND dedupe_key = $2 AND dedupe_key <> ''"
	var one int
	return scanOne(ctx, a.q, query, []any{conversationID, key}, &one)
}

// message turns a notice into the outbound message that Delivery will work off.
func (a *application) message(n *jiban.Notice) jiban.Message {
	m := jiban.Message{ID: n.ID, Direction: jiban.Outbound, Author: n.Author, Content: n.Content, TurnID: n.TurnID,
		CreatedAt: a.now, Delivery: jiban.Delivery{Status: jiban.DeliveryQueued, Kind: n.Kind, Urgency: n.Urgency,
			Params: n.Params, DedupeKey: n.DedupeKey, NotBefore: n.NotBefore, NotAfter: n.NotAfter}}
	if m.ID == "" {
		m.ID = a.s.ids.NewID()
	}
	if m.Author == "" {
		m.Author = jiban.BySystem
	}
	if m.TurnID == "" && a.batch.Turn != nil {
		m.TurnID = a.batch.Turn.ID
	}
	if c := n.Claim; c != nil {
		m.Delivery.Status, m.Delivery.Path = jiban.DeliverySending, c.Path
		m.Delivery.ClaimedBy, m.Delivery.ClaimedUntil = c.By, c.Until
	}
	return m
}

func (a *application) handoffs(ctx context.Context) error {
	for _, h := range a.batch.Handoffs {
		read := h.Version
		h.Version++
		var err error
		if read == 0 {
			err = handoffs.add(ctx, a.q, &h)
		} else {
			err = handoffs.replace(ctx, a.q, &h, read, "handoff "+h.ID)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// records writes what compares no version.
func (a *application) records(ctx context.Context) error {
	if c := a.batch.Contact; c != nil {
		if err := contacts.put(ctx, a.q, c); err != nil {
			return err
		}
	}
	for i := range a.batch.Intakes {
		if err := intakes.put(ctx, a.q, &a.batch.Intakes[i]); err != nil {
			return err
		}
	}
	for _, alert := range a.batch.Alerts {
		if alert.ID == "" {
			alert.ID = a.s.ids.NewID()
		}
		contactID, err := a.contactOf(ctx, alert.ConversationID)
		if err == nil {
			err = alerts.add(ctx, under(a.q, contactID), &alert)
		}
		if err != nil {
			return err
		}
	}
	return a.s.addAudit(ctx, a.q, a.batch.Audit)
}
