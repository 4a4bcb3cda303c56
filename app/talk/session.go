package talk

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"jiban"
	"jiban/dialog"
)

// House is the program as a conversation meets it.
type House interface {
	// Hear takes in one message, runs the turn it leads to and sends what is to be
	// sent. The outcome is nil when no turn was made of it.
	Hear(ctx context.Context, r jiban.Received) (*dialog.Outcome, error)
	// Wait moves the clock on and does what falls due.
	Wait(ctx context.Context, d time.Duration) error
	// Resolve and Return act on the contact's last ticket as its department would.
	Resolve(ctx context.Context, number, text string) error
	Return(ctx context.Context, number, text string) error
	// Now is the house's clock.
	Now() time.Time
	// Conversation finds the conversation of an address on a channel.
	Conversation(ctx context.Context, channel string, a jiban.Address) (jiban.Conversation, error)
	// Sent lists the outbound messages after a sequence.
	Sent(ctx context.Context, conversationID string, after int64) ([]jiban.Message, error)
	// Handoff is an open handoff.
	Handoff(ctx context.Context, id string) (jiban.Handoff, error)
	// Tickets lists the contact's tickets, newest first.
	Tickets(ctx context.Context, contactID string) ([]jiban.Ticket, error)
	// Enrol puts an address on the special-service list.
	Enrol(ctx context.Context, a jiban.Address) error
	// MatterName is the Chinese name of a matter.
	MatterName(code string) string
}

// Session plays one conversation.
type Session struct {
	House House
	Setup Setup

	turn    int
	seq     int64            // up to here all is printed or will never be said
	shown   map[string]bool  // ids of the messages that were printed
	options []jiban.Option   // of the newest message that offered any
	printed map[string]int64 // versions of the tickets as last printed, by number
}

// Play does one turn and returns its line.
func (s *Session) Play(ctx context.Context, t Turn) (Line, error) {
	if s.turn == 0 && s.Setup.Roster {
		if err := s.House.Enrol(ctx, s.Setup.address()); err != nil {
			return Line{}, err
		}
	}
	s.turn++
	line := Line{Turn: s.turn, Say: t.Echo(), Replies: []Reply{}, Decision: dialog.DecideNone}
	var err error
	switch {
	case t.Wait != nil:
		err = s.wait(ctx, *t.Wait)
	case t.Resolve != nil:
		err = s.act(ctx, s.House.Resolve, *t.Resolve)
	case t.Return != nil:
		err = s.act(ctx, s.House.Return, *t.Return)
	default:
		err = s.hear(ctx, t, &line)
	}
	if err != nil {
		return line, err
	}
	unasked := t.Wait != nil || t.Resolve != nil || t.Return != nil
	return line, s.complete(ctx, &line, unasked)
}

func (s *Session) wait(ctx context.Context, text string) error {
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return fmt.Errorf("wait takes a duration such as 24h, not %q", text)
	}
	return s.House.Wait(ctx, d)
}

func (s *Session) act(ctx context.Context, do func(context.Context, string, string) error, text string) error {
	ticket, err := s.newest(ctx)
	if err != nil {
		return err
	}
	if ticket == nil {
		return nil
	}
	return do(ctx, ticket.Number, text)
}

func (s *Session) hear(ctx context.Context, t Turn, line *Line) error {
	out, err := s.House.Hear(ctx, s.received(t))
	if err != nil {
		return err
	}
	if out != nil {
		line.take(out, s.House.MatterName)
	}
	return nil
}

// Channel names the channel of a conversation in the terminal.
func Channel(kind jiban.ChannelKind, audience jiban.Audience) string {
	return "talk-" + string(kind) + "-" + string(audience)
}

func (s *Session) channel() string { return Channel(s.Setup.kind(), s.Setup.audience()) }

func (s *Session) received(t Turn) jiban.Received {
	return jiban.Received{
		Channel: s.channel(), ChannelKind: s.Setup.kind(), ExternalID: fmt.Sprintf("%s:%d", s.Setup.address(), s.turn),
		Address: s.Setup.address(), Audience: s.Setup.audience(), Region: s.Setup.Region, Content: s.content(t), At: s.House.Now(),
	}
}

func (s *Session) content(t Turn) jiban.Content {
	switch {
	case t.Tap != nil:
		return jiban.Content{Kind: jiban.KindTap, Text: s.tapped(*t.Tap)}
	case t.Location != nil:
		return jiban.Content{Kind: jiban.KindLocation, Location: t.Location}
	case t.Image != nil:
		return jiban.Content{Kind: jiban.KindImage, Attachments: []jiban.Attachment{{Ref: *t.Image, Name: *t.Image}}}
	default:
		return jiban.Content{Kind: jiban.KindText, Text: *t.Say}
	}
}

// tapped turns a label into its value; a value stands for itself.
func (s *Session) tapped(x string) string {
	for _, o := range s.options {
		if o.Label == x {
			return o.Value
		}
	}
	return x
}

// complete adds what the house said and did.
func (s *Session) complete(ctx context.Context, line *Line, unasked bool) error {
	conv, err := s.House.Conversation(ctx, s.channel(), s.Setup.address())
	if jiban.CodeOf(err) == jiban.CodeNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	if err := s.replies(ctx, conv, line); err != nil {
		return err
	}
	if unasked && len(line.Replies) > 0 {
		line.Decision = dialog.DecideNotice
	}
	if err := s.handoff(ctx, conv, line); err != nil {
		return err
	}
	return s.ticket(ctx, line)
}

func (s *Session) replies(ctx context.Context, conv jiban.Conversation, line *Line) error {
	sent, err := s.House.Sent(ctx, conv.ID, s.seq)
	if err != nil {
		return err
	}
	held := false
	for _, m := range sent {
		waits := m.Content.Kind == "" && m.Delivery.Status == jiban.DeliveryQueued
		if held = held || waits; !held {
			s.seq = m.Seq
		}
		if m.Content.Kind == "" || s.shown[m.ID] {
			continue
		}
		s.show(m.ID)
		line.Replies = append(line.Replies, replyOf(m.Content))
		if len(m.Content.Options) > 0 {
			s.options = m.Content.Options
		}
	}
	return nil
}

// show notes that a message was printed: one before it may still wait for its time.
func (s *Session) show(id string) {
	if s.shown == nil {
		s.shown = map[string]bool{}
	}
	s.shown[id] = true
}

func (s *Session) handoff(ctx context.Context, conv jiban.Conversation, line *Line) error {
	if line.Handoff != nil || conv.Holder == jiban.HeldByBot || conv.HandoffID == "" {
		return nil
	}
	h, err := s.House.Handoff(ctx, conv.HandoffID)
	if err != nil {
		return err
	}
	line.Handoff = &Handoff{Reason: h.Reason, Queue: h.Queue, Priority: h.Priority}
	if line.Decision == dialog.DecideNone {
		line.Decision = dialog.DecideHandoff
	}
	return nil
}

// ticket prints the ticket that a turn opened or changed; of several the newest.
func (s *Session) ticket(ctx context.Context, line *Line) error {
	tickets, err := s.tickets(ctx)
	if err != nil {
		return err
	}
	for i := len(tickets) - 1; i >= 0; i-- {
		t := &tickets[i]
		if s.printed[t.Number] == t.Version {
			continue
		}
		if s.printed == nil {
			s.printed = map[string]int64{}
		}
		s.printed[t.Number] = t.Version
		line.Ticket = ticketOf(t, s.House.MatterName)
	}
	return nil
}

// newest is the contact's newest ticket, nil when there is none.
func (s *Session) newest(ctx context.Context) (*jiban.Ticket, error) {
	tickets, err := s.tickets(ctx)
	if err != nil || len(tickets) == 0 {
		return nil, err
	}
	return &tickets[0], nil
}

// tickets are the contact's, newest first. A call-back task is numbered too but
// is no ticket.
func (s *Session) tickets(ctx context.Context) ([]jiban.Ticket, error) {
	conv, err := s.House.Conversation(ctx, s.channel(), s.Setup.address())
	if jiban.CodeOf(err) == jiban.CodeNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	all, err := s.House.Tickets(ctx, conv.ContactID)
	return slices.DeleteFunc(all, func(t jiban.Ticket) bool { return t.Kind == "callback" }), err
}

// Run plays what is typed, one JSON line (or plain text) for each turn, until the
// input ends.
func (s *Session) Run(ctx context.Context, in io.Reader, out io.Writer, asJSON bool) error {
	scanner := bufio.NewScanner(in)
	scanner.Buffer(make([]byte, 0, 64<<10), 4<<20)
	for scanner.Scan() {
		turn, err := Parse(scanner.Text(), &s.Setup)
		if err != nil {
			return err
		}
		if turn == nil {
			continue
		}
		line, err := s.Play(ctx, *turn)
		if err != nil {
			return err
		}
		if err := Print(out, line, asJSON); err != nil {
			return err
		}
	}
	return scanner.Err()
}

// Print writes a line: as JSON in one write, so that a reader never sees half of
// it, or as people read it.
func Print(out io.Writer, line Line, asJSON bool) error {
	if !asJSON {
		_, err := io.WriteString(out, line.Plain())
		return err
	}
	data, err := marshal(line)
	if err != nil {
		return fmt.Errorf("cannot print a line: %w", err)
	}
	_, err = out.Write(data)
	return err
}

func marshal(line Line) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(line)
	return b.Bytes(), err
}
