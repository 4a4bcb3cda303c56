package app

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"jiban"
	"jiban/app/config"
	"jiban/app/talk"
	"jiban/channels"
	"jiban/dialog"
)

// TalkOptions is what the talk command is told.
type TalkOptions struct {
	Config *config.Config // nil: a throw-away store with the sample content
	Script string         // file; "" to read turns from In
	JSON   bool
	At     time.Time // when the conversation begins
	In     io.Reader
	Out    io.Writer
	Log    *slog.Logger
	// Furnish may prepare the throw-away database, given its address, before it is
	// opened; nil leaves everything to the migrations.
	Furnish func(ctx context.Context, dsn string) error
}

// Talk plays one conversation from the input, or every conversation of a script,
// each of them in a house of its own.
func Talk(ctx context.Context, o TalkOptions) error {
	if o.Script == "" {
		return withTalk(ctx, o, func(h *talkHouse) error {
			s := talk.Session{House: h}
			return s.Run(ctx, o.In, o.Out, o.JSON)
		})
	}
	f, err := os.Open(o.Script)
	if err != nil {
		return jiban.Errorf(jiban.CodeInvalid, "talk", "cannot open the script: %w", err)
	}
	defer f.Close()
	scripts, err := talk.ReadScripts(f)
	if err != nil {
		return jiban.Errorf(jiban.CodeInvalid, "talk", "%s: %w", o.Script, err)
	}
	for _, script := range scripts {
		if err := withTalk(ctx, o, func(h *talkHouse) error { return play(ctx, h, script, o) }); err != nil {
			return err
		}
	}
	return nil
}

func play(ctx context.Context, h *talkHouse, script talk.Script, o TalkOptions) error {
	s := talk.Session{House: h, Setup: script.Setup}
	for _, turn := range script.Turns {
		line, err := s.Play(ctx, turn)
		if err != nil {
			return err
		}
		if err := talk.Print(o.Out, line, o.JSON); err != nil {
			return err
		}
	}
	return nil
}

// withTalk builds a house around a clock that moves by hand, and tears it down.
func withTalk(ctx context.Context, o TalkOptions, f func(*talkHouse) error) (err error) {
	opts := Options{Clock: jiban.NewManualClock(o.At.UTC()), IDs: &jiban.SerialIDs{Prefix: "t"}, Log: o.Log}
	if o.Config != nil {
		opts.Config = *o.Config
		opts.Clock = jiban.NewManualClock(time.Now().UTC())
		opts.IDs = nil
	} else {
		dir, failed := os.MkdirTemp("", "jiban-talk")
		if failed != nil {
			return jiban.Errorf(jiban.CodeUnavailable, "talk", "cannot make a throw-away store: %w", failed)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
		opts.Config = config.Default()
		opts.Config.DataDir, opts.Config.Database = dir, "sqlite:"+filepath.Join(dir, "talk.db")
		opts.Config.Keys.File = filepath.Join(dir, "keys")
		// Whoever plays a conversation by night sees at once what it brings.
		opts.Config.People.QuietHours = ""
		if o.Furnish != nil {
			if err := o.Furnish(ctx, opts.Config.Database); err != nil {
				return err
			}
		}
	}
	h, err := newTalkHouse(ctx, opts.withDefaults(), o.Config == nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	return f(h)
}

// talkHouse is the house as talk.Session meets it: the real rooms, driven one
// step at a time instead of by workers, with the terminal as every channel.
type talkHouse struct {
	*house
	clock    *jiban.ManualClock
	gateway  *channels.Gateway
	delivery *channels.Delivery
}

var _ talk.House = (*talkHouse)(nil)

func newTalkHouse(ctx context.Context, o Options, sample bool) (*talkHouse, error) {
	b, err := open(ctx, o)
	if err != nil {
		return nil, err
	}
	h, err := newHouse(ctx, b, nobody{})
	if err != nil {
		return nil, errors.Join(err, b.close())
	}
	clock, _ := o.Clock.(*jiban.ManualClock)
	t := &talkHouse{house: h, clock: clock}
	t.gateway = channels.NewGateway(channels.GatewayDeps{
		Store: b.store, Turns: noTurns{}, Outbox: nobody{}, Waiting: h.waiting, Clock: b.clock, Log: b.log, Metrics: channels.Uncounted{},
	})
	t.delivery = channels.NewDelivery(channels.DeliveryDeps{
		Store: b.store, Directory: b.store, Wishes: h.people, Senders: terminals(), Words: h.book, Clock: b.clock, IDs: b.ids, Node: b.node,
		Log: b.log, Metrics: channels.Uncounted{},
	})
	if sample {
		err = h.loadSample(ctx)
	}
	if err == nil {
		err = h.load(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, b.close())
	}
	return t, nil
}

// nobody stands where the program has workers and screens: here every step is
// made by hand.
type nobody struct{}

// Wake does nothing: what waits is sent by hand.
func (nobody) Wake() {}

// noTurns is told of messages and waits for the turn made by hand.
type noTurns struct{}

// Wake does nothing.
func (noTurns) Wake(string) {}

// Committed does nothing: no screen is looking.
func (nobody) Committed(context.Context, jiban.Batch, jiban.Applied) {}

// Hear takes in one message, makes its turn and sends what is to be sent.
func (t *talkHouse) Hear(ctx context.Context, r jiban.Received) (*dialog.Outcome, error) {
	if err := t.staffTheDesk(ctx); err != nil {
		return nil, err
	}
	receipt, err := t.gateway.Receive(ctx, r)
	if err != nil {
		return nil, err
	}
	out, err := t.runner.Turn(ctx, receipt.ConversationID)
	if err != nil {
		return nil, err
	}
	return out, t.flush(ctx)
}

// talkAgent is who is on duty in the terminal during opening hours. Nobody
// answers there, but the queue is the real one.
const talkAgent = "talk-agent"

func (t *talkHouse) staffTheDesk(ctx context.Context) error {
	status := "offline"
	_, desk, err := calendars(t.cfg)
	if err != nil {
		return err
	}
	if desk.Open(t.clock.Now()) {
		status = "online"
	}
	return t.handoff.SetPresence(ctx, talkAgent, status)
}

func (t *talkHouse) flush(ctx context.Context) error {
	_, err := t.delivery.Flush(ctx)
	return err
}

// waitStep is how far the clock moves before what fell due is done.
const waitStep = time.Hour

// Wait moves the clock on, doing what falls due on the way.
func (t *talkHouse) Wait(ctx context.Context, d time.Duration) error {
	for d > 0 {
		step := min(d, waitStep)
		d -= step
		t.clock.Advance(step)
		if err := t.staffTheDesk(ctx); err != nil {
			return err
		}
		if err := t.sweepOnce(ctx); err != nil {
			return err
		}
		if err := t.flush(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Resolve answers a ticket as its department would; one that nobody has yet is
// answered by the desk itself.
func (t *talkHouse) Resolve(ctx context.Context, number, text string) error {
	ticket, err := t.lead(ctx, number)
	if err != nil {
		return err
	}
	number = ticket.Number
	if ticket.Status == jiban.TicketDispatched {
		if _, err = t.tickets.Act(ctx, byDepartment(jiban.EventSigned, number, nil)); err != nil {
			return err
		}
	}
	reply := byDepartment(jiban.EventReplied, number, map[string]string{"text": text})
	if ticket.Department == "" {
		reply.As = jiban.AsDesk
	}
	if ticket, err = t.tickets.Act(ctx, reply); err != nil {
		return err
	}
	if ticket.Pending == jiban.PendingReply { // the hotline looks at it first
		if _, err = t.tickets.Act(ctx, jiban.TicketAction{Kind: jiban.EventReplied, Number: number, Actor: "desk", As: jiban.AsDesk}); err != nil {
			return err
		}
	}
	return t.flush(ctx)
}

// lead is the ticket of a number, or the one that it was merged into.
func (t *talkHouse) lead(ctx context.Context, number string) (jiban.Ticket, error) {
	ticket, err := t.tickets.Ticket(ctx, number)
	if err == nil && ticket.Life.MergedInto != "" {
		return t.tickets.Ticket(ctx, ticket.Life.MergedInto)
	}
	return ticket, err
}

// Return sends a ticket back as its department would, and has the hotline agree.
func (t *talkHouse) Return(ctx context.Context, number, text string) error {
	ask := byDepartment(jiban.EventReturned, number, map[string]string{"reason": text, "basis": text})
	ticket, err := t.tickets.Act(ctx, ask)
	late := jiban.CodeOf(err) == jiban.CodeConflict // then only the hotline can still take it back
	if late || err == nil && ticket.Pending == jiban.PendingReturn {
		_, err = t.tickets.Act(ctx, jiban.TicketAction{Kind: jiban.EventReturned, Number: number, Actor: "desk",
			As: jiban.AsManagement, Data: map[string]string{"reason": text}})
	}
	if err != nil {
		return err
	}
	return t.flush(ctx)
}

func byDepartment(kind jiban.TicketEventKind, number string, data map[string]string) jiban.TicketAction {
	return jiban.TicketAction{Kind: kind, Number: number, Actor: "department", As: jiban.AsDepartment, Data: data}
}

// Now is the house's clock.
func (t *talkHouse) Now() time.Time { return t.clock.Now() }

// Conversation finds the conversation of an address on a channel.
func (t *talkHouse) Conversation(ctx context.Context, channel string, a jiban.Address) (jiban.Conversation, error) {
	return t.store.FindConversation(ctx, channel, a)
}

// sentBatch bounds one reading of a conversation.
const sentBatch = 200

// Sent lists the outbound messages after a sequence.
func (t *talkHouse) Sent(ctx context.Context, conversationID string, after int64) ([]jiban.Message, error) {
	all, err := t.store.Messages(ctx, conversationID, after, sentBatch)
	if err != nil {
		return nil, err
	}
	var sent []jiban.Message
	for _, m := range all {
		if m.Direction == jiban.Outbound {
			sent = append(sent, m)
		}
	}
	return sent, nil
}

// Handoff is an open handoff.
func (t *talkHouse) Handoff(ctx context.Context, id string) (jiban.Handoff, error) {
	return t.handoff.Handoff(ctx, id)
}

// Tickets lists the contact's tickets, newest first.
func (t *talkHouse) Tickets(ctx context.Context, contactID string) ([]jiban.Ticket, error) {
	return t.tickets.Recent(ctx, contactID)
}

// Enrol puts an address on the special-service list.
func (t *talkHouse) Enrol(ctx context.Context, a jiban.Address) error {
	c, err := t.store.EnsureContact(ctx, a)
	if err != nil {
		return err
	}
	c.Roster = true
	return t.store.SaveContact(ctx, c)
}

// MatterName is the Chinese name of a matter.
func (t *talkHouse) MatterName(code string) string {
	for _, m := range t.tickets.Catalogue().Matters {
		if m.Code == code {
			return m.Name
		}
	}
	return code
}
