package channels

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"jiban"
)

const (
	// passiveTries is how often a passive answer is given at most: WeChat delivers
	// a message three times in all (domain A5).
	passiveTries = 3
	// lookEvery is how often a held request looks whether a turn somewhere else took
	// its message.
	lookEvery = 500 * time.Millisecond
	// saveLimit bounds writes that must be tried although the request has ended.
	saveLimit = 5 * time.Second
	// repliesLimit bounds how far behind a message its replies are looked for.
	repliesLimit = 50
)

// Converse commits a message and holds the request until a turn has something to
// say, or until the given time. See Inbox.
func (g *Gateway) Converse(ctx context.Context, r jiban.Received, until time.Time) (Exchange, error) {
	m, repeat, err := g.commit(ctx, r)
	if err != nil {
		return Exchange{}, err
	}
	e := Exchange{Receipt: receiptOf(m, repeat), Settle: nothing}
	if m.TurnID != "" {
		return g.again(ctx, e, m, until), nil
	}
	return g.wait(ctx, e, m, until), nil
}

func nothing(context.Context, []string) error { return nil }

// wait registers before it wakes, so that no turn can miss the waiter.
func (g *Gateway) wait(ctx context.Context, e Exchange, m jiban.Message, until time.Time) Exchange {
	x := g.d.Waiting.add(m.ConversationID, until, g.giveBack)
	ctx, cancel := context.WithTimeout(ctx, until.Sub(g.d.Clock.Now()))
	defer cancel()
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	g.d.Turns.Wake(m.ConversationID)
	for {
		select {
		case said := <-x.said:
			return g.hold(e, x.by, said)
		case <-x.nudge:
		case <-look.C:
		case <-ctx.Done():
		}
		if ctx.Err() != nil || g.taken(ctx, m.ID) {
			return g.hold(e, x.by, g.d.Waiting.withdraw(m.ConversationID, x))
		}
	}
}

// taken reports whether a turn took the message in: then there is nothing to
// wait for.
func (g *Gateway) taken(ctx context.Context, id string) bool {
	m, err := g.d.Store.Message(ctx, id)
	return err == nil && m.TurnID != ""
}

// hold makes the exchange of messages that are claimed under the given name.
func (g *Gateway) hold(e Exchange, by string, said []jiban.Message) Exchange {
	if len(said) == 0 {
		return e
	}
	e.Messages = said
	e.Settle = func(ctx context.Context, sent []string) error { return g.settle(ctx, by, said, sent) }
	return e
}

// settle marks what goes into the answer as sent, and gives the rest back to
// Delivery. If not all of it can be written, none of it counts as sent.
func (g *Gateway) settle(ctx context.Context, by string, said []jiban.Message, sent []string) error {
	errs := make([]error, len(said))
	var all sync.WaitGroup
	for i := range said {
		all.Go(func() { errs[i] = g.settleOne(ctx, by, said[i], slices.Contains(sent, said[i].ID)) })
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		g.unsettle(by, said, sent, errs)
		return jiban.Errorf(jiban.CodeUnavailable, "channels.Settle", "the answer must not be given, it could not be recorded: %w", err)
	}
	for i := range said {
		if slices.Contains(sent, said[i].ID) {
			g.d.Metrics.Delivered(said[i].Channel, jiban.PathPassive, jiban.DeliverySent)
		}
	}
	if len(sent) < len(said) {
		g.d.Outbox.Wake()
	}
	return nil
}

// unsettle takes back what was written of a settlement that failed. What was
// marked sent is claimed by nobody any more; what could not be written is still
// ours, or another's who found the claim run out.
func (g *Gateway) unsettle(by string, said []jiban.Message, sent []string, errs []error) {
	for i := range said {
		switch {
		case errs[i] != nil:
			g.giveBack(by, said[i:i+1])
		case slices.Contains(sent, said[i].ID):
			g.giveBack("", said[i:i+1])
		}
	}
}

func (g *Gateway) settleOne(ctx context.Context, by string, m jiban.Message, sent bool) error {
	if !sent {
		return g.d.Store.SaveDelivery(ctx, m.ID, by, queued(m.Delivery), nil)
	}
	d := m.Delivery
	d.Status, d.Path, d.PartsSent = jiban.DeliverySent, jiban.PathPassive, 1
	d.Attempts++
	d.ClaimedBy, d.ClaimedUntil = "", time.Time{}
	return g.d.Store.SaveDelivery(ctx, m.ID, by, d, nil)
}

// queued is the state of a message that somebody claimed and did not send.
func queued(d jiban.Delivery) jiban.Delivery {
	d.Status, d.Path = jiban.DeliveryQueued, ""
	d.ClaimedBy, d.ClaimedUntil = "", time.Time{}
	return d
}

// giveBack returns claimed messages to the queue, whatever became of the request.
// What cannot be written now Delivery finds when the claim has run out.
func (g *Gateway) giveBack(by string, said []jiban.Message) {
	ctx, cancel := context.WithTimeout(context.Background(), saveLimit)
	defer cancel()
	for _, m := range said {
		err := g.d.Store.SaveDelivery(ctx, m.ID, by, queued(m.Delivery), nil)
		if err != nil && jiban.CodeOf(err) != jiban.CodeConflict {
			g.d.Log.Error("a passive reply could not be given back", "message", m.ID, "error", err)
		}
	}
	g.d.Outbox.Wake()
}

// again answers a repeat of a message that a turn took already: the provider asks
// once more, so the passive answer has probably not arrived.
func (g *Gateway) again(ctx context.Context, e Exchange, m jiban.Message, until time.Time) Exchange {
	for {
		open, held, err := g.unheard(ctx, m)
		if err != nil {
			g.d.Log.Error("the replies to a repeated message could not be read", "message", m.ID, "error", err)
			return e
		}
		if len(open) > 0 {
			return g.claimAgain(ctx, e, open, until)
		}
		if held.IsZero() || held.After(until) || pause(ctx, max(held.Sub(g.d.Clock.Now()), 10*time.Millisecond)) != nil {
			return e
		}
	}
}

// unheard lists the replies of the message's turn whose passive delivery may not
// have arrived. When somebody is just at it, held says until when.
func (g *Gateway) unheard(ctx context.Context, m jiban.Message) (open []string, held time.Time, err error) {
	after, err := g.d.Store.Messages(ctx, m.ConversationID, m.Seq, repliesLimit)
	if err != nil {
		return nil, held, err
	}
	now := g.d.Clock.Now()
	for _, o := range after {
		d := o.Delivery
		if o.Direction != jiban.Outbound || o.TurnID != m.TurnID || d.Path != jiban.PathPassive || d.Attempts >= passiveTries {
			continue
		}
		switch d.Status {
		case jiban.DeliverySent, jiban.DeliveryUncertain:
			open = append(open, o.ID)
		case jiban.DeliverySending:
			if d.ClaimedUntil.After(now) {
				held = d.ClaimedUntil
			} else {
				open = append(open, o.ID)
			}
		}
	}
	return open, held, nil
}

func (g *Gateway) claimAgain(ctx context.Context, e Exchange, ids []string, until time.Time) Exchange {
	by := "passive:" + g.d.Waiting.ids.NewID()
	claimed, err := g.d.Store.ClaimMessages(ctx, ids, by, until.Add(claimGrace))
	if err != nil {
		g.d.Log.Error("the replies to a repeated message could not be claimed", "error", err)
		return e
	}
	var said []jiban.Message
	for _, m := range claimed {
		m.Delivery.Status, m.Delivery.Path, m.Delivery.Repeated = jiban.DeliverySending, jiban.PathPassive, true
		m.Delivery.ClaimedBy, m.Delivery.ClaimedUntil = by, until.Add(claimGrace)
		if err := g.d.Store.SaveDelivery(ctx, m.ID, by, m.Delivery, nil); err != nil {
			g.d.Log.Error("a reply to a repeated message could not be claimed", "message", m.ID, "error", err)
			continue
		}
		g.d.Metrics.Delivered(m.Channel, jiban.PathPassive, jiban.DeliveryUncertain)
		said = append(said, m)
	}
	slices.SortFunc(said, func(a, b jiban.Message) int { return int(a.Seq - b.Seq) })
	return g.hold(e, by, said)
}
