package channels

import (
	"context"
	"slices"
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
	// repeatLook is how often a repeat looks whether the replies that it asks for
	// are free: a moment after they were given their record is on disk.
	repeatLook = 20 * time.Millisecond
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
		// Taken and claimed for us: the turn is just about to hand over.
		if ctx.Err() != nil || g.taken(ctx, m.ID) && !g.d.Waiting.served(m.ConversationID, x) {
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

// settle hands what goes into the answer over to be recorded as sent, and gives
// the rest back to Delivery. The claim keeps Delivery away until it has run out:
// after that the answer may be on another way and must not be given here.
func (g *Gateway) settle(ctx context.Context, by string, said []jiban.Message, sent []string) error {
	if !g.d.Clock.Now().Before(said[0].Delivery.ClaimedUntil) {
		return jiban.Errorf(jiban.CodeConflict, opSettle, "the answer must not be given any more, its claim has run out")
	}
	if err := g.d.Store.Settle(ctx, by, sent); err != nil {
		g.giveBack(by, said)
		return jiban.Errorf(jiban.CodeUnavailable, opSettle, "the answer must not be given, it could not be recorded: %w", err)
	}
	goes := func(m jiban.Message) bool { return slices.Contains(sent, m.ID) }
	if rest := slices.DeleteFunc(slices.Clone(said), goes); len(rest) > 0 {
		g.giveBack(by, rest)
	}
	for _, m := range said {
		if goes(m) {
			g.d.Metrics.Delivered(m.Channel, jiban.PathPassive, jiban.DeliverySent)
		}
	}
	return nil
}

const opSettle = "channels.Settle"

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
// once more, so the passive answer has probably not arrived. While somebody is just
// at the replies, it looks again until they are free.
func (g *Gateway) again(ctx context.Context, e Exchange, m jiban.Message, until time.Time) Exchange {
	ctx, cancel := context.WithTimeout(ctx, until.Sub(g.d.Clock.Now()))
	defer cancel()
	for {
		open, held, err := g.unheard(ctx, m)
		if err != nil {
			g.d.Log.Error("the replies to a repeated message could not be read", "message", m.ID, "error", err)
			return e
		}
		if len(open) > 0 {
			return g.claimAgain(ctx, e, open, until)
		}
		if !held || pause(ctx, repeatLook) != nil {
			return e
		}
	}
}

// unheard lists the replies of the message's turn whose passive delivery may not
// have arrived. Held says that
// somebody is just at one.
func (g *Gateway) unheard(ctx context.Context, m jiban.Message) (open []string, held bool, err error) {
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
				held = true
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
