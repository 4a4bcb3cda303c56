package channels

import (
	"context"
	"log/slog"
	"time"

	"jiban"
)

// GatewayStore is what the gateway reads and writes.
type GatewayStore interface {
	// Receive commits an inbound message; a repeat returns the stored one and true.
	Receive(ctx context.Context, r jiban.Received) (jiban.Message, bool, error)
	Message(ctx context.Context, id string) (jiban.Message, error)
	// Messages lists a conversation's messages after a sequence, oldest first.
	Messages(ctx context.Context, conversationID string, afterSeq int64, limit int) ([]jiban.Message, error)
	// ClaimMessages claims those of the messages that nobody else holds now and
	// returns them.
	ClaimMessages(ctx context.Context, ids []string, by string, until time.Time) ([]jiban.Message, error)
	// SaveDelivery writes the state of an outbound message; CodeConflict when by is
	// set and another holds it.
	SaveDelivery(ctx context.Context, id, by string, d jiban.Delivery, c *jiban.Content) error
	// Settle records soon that messages, claimed by by, go out as a passive answer;
	// with an error they must not. One whose record is lost comes back as uncertain.
	Settle(ctx context.Context, by string, ids []string) error
	// FindProviderID finds the outbound message of which a part has that id.
	FindProviderID(ctx context.Context, channel, providerID string) (jiban.Message, error)
}

// Waker is told that a conversation has something to do. It never blocks.
type Waker interface {
	Wake(conversationID string)
}

// Outbox is told that messages wait to be sent. It never blocks.
type Outbox interface {
	Wake()
}

// GatewayDeps is what the gateway stands on.
type GatewayDeps struct {
	Store   GatewayStore
	Turns   Waker
	Outbox  Outbox
	Waiting *Waiting
	Clock   jiban.Clock
	Log     *slog.Logger
	Metrics Metrics
}

// Gateway is the door in: it commits each message once, tells its adapter only
// then, and wakes the conversation.
type Gateway struct {
	d GatewayDeps
}

var _ Inbox = (*Gateway)(nil)

// NewGateway returns a gateway.
func NewGateway(d GatewayDeps) *Gateway { return &Gateway{d: d} }

const opReceive = "channels.Receive"

// Receive commits a message and wakes its conversation. CodeInvalid: the message
// can never be taken in, trying again is useless. CodeUnavailable: nothing was
// stored, and nobody may be told otherwise.
func (g *Gateway) Receive(ctx context.Context, r jiban.Received) (Receipt, error) {
	m, repeat, err := g.commit(ctx, r)
	if err != nil {
		return Receipt{}, err
	}
	g.wake(m)
	return receiptOf(m, repeat), nil
}

func (g *Gateway) commit(ctx context.Context, r jiban.Received) (jiban.Message, bool, error) {
	r, err := clean(r)
	if err != nil {
		return jiban.Message{}, false, err
	}
	m, repeat, err := g.d.Store.Receive(ctx, r)
	if jiban.CodeOf(err) == jiban.CodeInvalid {
		return jiban.Message{}, false, err
	}
	if err != nil {
		g.d.Log.Error("a message could not be stored", "channel", r.Channel, "error", err)
		return jiban.Message{}, false, jiban.Errorf(jiban.CodeUnavailable, opReceive, "the message could not be stored, it must be sent again: %w", err)
	}
	if !repeat {
		g.d.Metrics.Received(r.Channel)
	}
	return m, repeat, nil
}

// wake starts a turn unless one took the message already.
func (g *Gateway) wake(m jiban.Message) {
	if m.TurnID == "" {
		g.d.Turns.Wake(m.ConversationID)
	}
}

func receiptOf(m jiban.Message, repeat bool) Receipt {
	return Receipt{ConversationID: m.ConversationID, MessageID: m.ID, Seq: m.Seq, Repeat: repeat}
}

// patience is how long a receipt waits for the send it belongs to: a fast
// provider sends it before we have written down the id of the part.
const (
	patience      = time.Second
	patienceSteps = 20
)

// Report settles an outbound message by a provider's receipt. A part that failed
// makes the message failed; a later good receipt of another part does not mend
// it. CodeNotFound: no such part is known.
func (g *Gateway) Report(ctx context.Context, r Report) error {
	if r.Status != jiban.DeliveryDelivered && r.Status != jiban.DeliveryFailed {
		return jiban.Errorf(jiban.CodeInvalid, "channels.Report", "a receipt says delivered or failed, not %q", r.Status)
	}
	m, err := g.settled(ctx, r)
	if err != nil {
		return err
	}
	d := m.Delivery
	if d.Status == r.Status || d.Status == jiban.DeliveryFailed {
		return nil
	}
	d.Status, d.ClaimedBy, d.ClaimedUntil = r.Status, "", time.Time{}
	if r.Status == jiban.DeliveryFailed {
		d.Error = cutTo(cleanText(r.Error), maxLabel)
	}
	if err := g.d.Store.SaveDelivery(ctx, m.ID, "", d, nil); err != nil {
		return jiban.Errorf(jiban.CodeUnavailable, "channels.Report", "the receipt could not be stored: %w", err)
	}
	g.d.Metrics.Delivered(r.Channel, d.Path, d.Status)
	return nil
}

// settled finds the message when nobody is sending parts of it any more.
func (g *Gateway) settled(ctx context.Context, r Report) (jiban.Message, error) {
	for step := 0; ; step++ {
		m, err := g.d.Store.FindProviderID(ctx, r.Channel, r.ProviderID)
		if err != nil && jiban.CodeOf(err) != jiban.CodeNotFound {
			return m, err
		}
		if err == nil && m.Delivery.Status != jiban.DeliverySending {
			return m, nil
		}
		if step == patienceSteps {
			if err == nil {
				err = jiban.Errorf(jiban.CodeConflict, "channels.Report", "the message is still being sent")
			}
			return m, err
		}
		if err := pause(ctx, patience/patienceSteps); err != nil {
			return m, err
		}
	}
}

// pause waits, or returns the error of a context that ended first.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
