package runner

import (
	"context"
	"maps"
	"runtime/debug"
	"strings"
	"time"

	"jiban"
	"jiban/dialog"
)

// alertText bounds how much of what was written an alert shows.
const alertText = 300

// commit writes all that the outcome decided in one transaction and tells the
// listeners.
func (t *turn) commit(ctx context.Context, out *dialog.Outcome) error {
	b, err := t.batch(ctx, out)
	if err != nil {
		return err
	}
	applied, err := t.apply(ctx, b)
	if err != nil {
		return err
	}
	for _, l := range t.r.d.Listeners {
		l.Committed(ctx, b, applied)
	}
	return nil
}

// apply claims the replies for the one who waits for them, if anybody does, and
// hands them over as soon as they are on disk.
func (t *turn) apply(ctx context.Context, b jiban.Batch) (jiban.Applied, error) {
	claim := t.claim()
	if claim == nil {
		return t.r.d.Store.Apply(ctx, b)
	}
	var said []jiban.Message
	defer func() { t.r.d.Standby.Fulfil(t.in.Conversation.ID, said) }()
	claimReplies(b.Notices, claim)
	applied, err := t.r.d.Store.Apply(ctx, b)
	if err == nil {
		said = claimedBy(applied.Messages, claim.By)
	}
	return applied, err
}

func (t *turn) claim() *jiban.Claim {
	if t.r.d.Standby == nil {
		return nil
	}
	return t.r.d.Standby.Claim(t.in.Conversation.ID)
}

// claimReplies marks what the turn itself says; what other rooms want told goes by
// Delivery.
func claimReplies(ns []jiban.Notice, c *jiban.Claim) {
	for i := range ns {
		if ns[i].Content.Kind != "" {
			ns[i].Claim = c
		}
	}
}

func claimedBy(ms []jiban.Message, by string) []jiban.Message {
	var ours []jiban.Message
	for _, m := range ms {
		if m.Delivery.ClaimedBy == by {
			ours = append(ours, m)
		}
	}
	return ours
}

// batch puts together what belongs together.
func (t *turn) batch(ctx context.Context, out *dialog.Outcome) (b jiban.Batch, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &panicError{p, debug.Stack()}
		}
	}()
	c := t.in.Conversation
	t.learn(&c, out)
	made := jiban.Turn{
		ID: t.r.d.IDs.NewID(), ConversationID: c.ID, StateBefore: t.in.Conversation.State,
		Facts: mask(marshal(t.facts), true), Outcome: marshal(out), CreatedAt: t.now,
	}
	b = jiban.Batch{Conversation: &c, Contact: t.contact(out), Turn: &made}
	for _, m := range t.in.Inbox {
		made.Inbox = append(made.Inbox, m.ID)
	}
	b.Inbox = made.Inbox
	t.wishes(&b, out)
	t.replies(&b, out)
	t.remind(&b, out)
	t.alert(&b, &c, out)
	for _, step := range []func(context.Context, *jiban.Batch, *dialog.Outcome) error{t.tickets, t.handoff, t.intake} {
		if err := step(ctx, &b, out); err != nil {
			return b, err
		}
	}
	return b, nil
}

// learn puts into the conversation what the turn learnt.
func (t *turn) learn(c *jiban.Conversation, out *dialog.Outcome) {
	c.State, c.UpdatedAt = out.State, t.now
	if out.Region != "" {
		c.Region = out.Region
	}
	if out.Audience != "" {
		c.Audience = out.Audience
	}
	if out.Lang != "" {
		c.Lang = out.Lang
	}
	c.RosterClaim = c.RosterClaim || out.Roster && !t.in.Contact.Roster
}

// contact is the contact in its new state, nil when nothing changed.
func (t *turn) contact(out *dialog.Outcome) *jiban.Contact {
	c := t.in.Contact
	if out.Lang != "" {
		c.Lang = out.Lang
	}
	if out.OptOut != nil && (out.OptGroup == "" || !*out.OptOut) {
		c.OptedOut = *out.OptOut
	}
	if c == t.in.Contact {
		return nil
	}
	return &c
}

func (t *turn) replies(b *jiban.Batch, out *dialog.Outcome) {
	for _, r := range out.Replies {
		n := jiban.Notice{
			ID: t.r.d.IDs.NewID(), ContactID: t.in.Contact.ID, ConversationID: t.in.Conversation.ID,
			Kind: jiban.NoticeReply, Urgency: jiban.UrgencyNormal, Author: jiban.ByBot, TurnID: b.Turn.ID,
			Content: jiban.Content{Kind: jiban.KindText, Text: r.Text, Options: r.Options, Citations: r.Citations, Generated: r.Generated},
		}
		if r.Safety {
			n.Kind, n.Urgency = jiban.NoticeSafety, jiban.UrgencyHigh
		}
		b.Notices = append(b.Notices, n)
	}
}

// remind puts the reminder of an unfinished form into the outbox; Delivery lets it
// go when the conversation went on meanwhile.
func (t *turn) remind(b *jiban.Batch, out *dialog.Outcome) {
	r := out.Reminder
	if r == nil {
		return
	}
	b.Notices = append(b.Notices, jiban.Notice{
		ID: t.r.d.IDs.NewID(), ContactID: t.in.Contact.ID, ConversationID: t.in.Conversation.ID,
		Kind: jiban.NoticeFormReminder, Urgency: jiban.UrgencyLow, Author: jiban.ByBot, TurnID: b.Turn.ID,
		Params:    map[string]string{"until": r.Until.Format(time.RFC3339)},
		NotBefore: r.At, NotAfter: r.Until, DedupeKey: "form:" + b.Turn.ID,
	})
}

// alert calls people to look when there is danger, once for each number and hour,
// and notes that the safety line was said.
func (t *turn) alert(b *jiban.Batch, c *jiban.Conversation, out *dialog.Outcome) {
	if out.Emergency == "" {
		return
	}
	said := false
	for _, r := range out.Replies {
		said = said || r.Safety
	}
	if said {
		c.SafetySaid = maps.Clone(c.SafetySaid)
		if c.SafetySaid == nil {
			c.SafetySaid = make(map[string]time.Time, 1)
		}
		c.SafetySaid[out.Emergency] = t.now
	}
	if !said && t.saidLately(out.Emergency) {
		return
	}
	b.Alerts = append(b.Alerts, jiban.Alert{
		ID: t.r.d.IDs.NewID(), ConversationID: c.ID, Kind: out.Emergency, Text: t.maskedWords(), CreatedAt: t.now,
	})
}

func (t *turn) maskedWords() string {
	words := []rune(string(mask([]byte(t.words()), false)))
	return string(words[:min(len(words), alertText)])
}

func (t *turn) tickets(ctx context.Context, b *jiban.Batch, out *dialog.Outcome) error {
	for _, a := range out.Tickets {
		if a.Draft != nil {
			d := t.complete(*a.Draft)
			a.Draft = &d
		}
		if a.Actor == "" {
			a.Actor = "contact"
		}
		change, notices, err := t.r.d.Tickets.Decide(ctx, a)
		if err != nil {
			return err
		}
		b.Tickets = append(b.Tickets, change)
		b.Notices = append(b.Notices, notices...)
	}
	return nil
}

// handoff changes the holder. A conversation that people hold already is not
// handed over again.
func (t *turn) handoff(ctx context.Context, b *jiban.Batch, out *dialog.Outcome) error {
	if out.Handoff == nil {
		return nil
	}
	c, move := b.Conversation, out.Handoff.Move
	if move == dialog.HandoffLeave {
		return t.leave(ctx, b)
	}
	if c.Holder != jiban.HeldByBot {
		return nil
	}
	h, err := t.r.d.Handoff.Open(ctx, *c, t.request(out.Handoff.Request), out.Handoff.Plan, move == dialog.HandoffCallback)
	if err != nil {
		return err
	}
	b.Handoffs = append(b.Handoffs, h)
	if move == dialog.HandoffOpen {
		c.Holder, c.HandoffID = jiban.HeldByQueue, h.ID
	}
	return nil
}

func (t *turn) leave(ctx context.Context, b *jiban.Batch) error {
	c := b.Conversation
	if c.Holder != jiban.HeldByQueue {
		return nil
	}
	h, err := t.r.d.Handoff.Leave(ctx, c.HandoffID)
	if err != nil {
		return err
	}
	b.Handoffs = append(b.Handoffs, h)
	c.Holder, c.HandoffID, c.AgentID = jiban.HeldByBot, "", ""
	return nil
}

// intake opens the record of a request, or brings the current one up to date. A
// request that another follows before anything came of it was abandoned.
func (t *turn) intake(ctx context.Context, b *jiban.Batch, out *dialog.Outcome) error {
	change := out.Intake
	if change == nil {
		return nil
	}
	c := b.Conversation
	var current jiban.Intake
	if c.IntakeID != "" {
		var err error
		current, err = t.r.d.Store.Intake(ctx, c.IntakeID)
		if err != nil && jiban.CodeOf(err) != jiban.CodeNotFound {
			return err
		}
	}
	if change.Open || current.ID == "" {
		if current.ID != "" && current.Result == jiban.IntakeOpen {
			current.Result, current.UpdatedAt = jiban.IntakeAbandoned, t.now
			b.Intakes = append(b.Intakes, current)
		}
		current = jiban.Intake{ID: t.r.d.IDs.NewID(), ConversationID: c.ID, ContactID: c.ContactID, Channel: c.Channel, CreatedAt: t.now}
		c.IntakeID = current.ID
	}
	b.Intakes = append(b.Intakes, t.updated(current, change, c))
	return nil
}

func (t *turn) updated(i jiban.Intake, change *dialog.IntakeChange, c *jiban.Conversation) jiban.Intake {
	set := func(field *string, value string) {
		if value != "" {
			*field = value
		}
	}
	set(&i.Question, strings.TrimSpace(change.Question))
	set((*string)(&i.Type), string(change.Type))
	set(&i.Matter, change.Matter)
	set((*string)(&i.Result), string(change.Result))
	set(&i.Ticket, change.Ticket)
	set(&i.Region, c.Region)
	if len(change.Articles) > 0 {
		i.Articles = change.Articles
	}
	i.UpdatedAt = t.now
	return i
}
