package channels

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"jiban"
)

// DeliveryStore is the outbox as Delivery works it off.
type DeliveryStore interface {
	// ClaimOutbox claims what is due, whole conversations at a time and in order
	// within each.
	ClaimOutbox(ctx context.Context, by string, now, until time.Time, limit int) ([]jiban.Message, error)
	// SaveDelivery writes the state of a message, and its wording when c is set;
	// CodeConflict when another holds it.
	SaveDelivery(ctx context.Context, id, by string, d jiban.Delivery, c *jiban.Content) error
	// SentSince counts what was sent in a conversation on a path since then.
	SentSince(ctx context.Context, conversationID string, path jiban.Path, since time.Time) (int, error)
}

// Directory tells who somebody is and how to reach them.
type Directory interface {
	Conversation(ctx context.Context, id string) (jiban.Conversation, error)
	Contact(ctx context.Context, id string) (jiban.Contact, error)
	// Addresses lists a contact's proven addresses.
	Addresses(ctx context.Context, contactID string) ([]jiban.Address, error)
}

// Wishes tells whether and when a contact wants to be told something.
type Wishes interface {
	Wish(ctx context.Context, contactID string, k jiban.NoticeKind, now time.Time) (jiban.Wish, error)
}

// Words gives notices their wording.
type Words interface {
	Notice(l jiban.Lang, k jiban.NoticeKind, params map[string]string) (string, error)
}

// DeliveryDeps is what Delivery stands on.
type DeliveryDeps struct {
	Store     DeliveryStore
	Directory Directory
	Wishes    Wishes // nil: everybody wants everything at once
	Senders   []Sender
	Words     Words
	Clock     jiban.Clock
	IDs       jiban.IDs
	Node      string         // names this node's claims
	Chance    func() float64 // 0 to 1, spreads repeated tries; nil: no spread
	Workers   int            // conversations served at a time; 16 when zero
	Log       *slog.Logger
	Metrics   Metrics
}

// Delivery is the only door out: it works off the outbox, each conversation in
// order, and writes down what it is about to do before it does it.
type Delivery struct {
	d       DeliveryDeps
	wake    chan struct{} // of 1
	breaker *breaker
}

const (
	// claimLease is how long a node may be silent about messages it holds. It is
	// renewed with every state that is written.
	claimLease = time.Minute
	// sendLimit bounds one call to a provider; with it a part stays well within
	// the lease.
	sendLimit = 8 * time.Second
	// claimBatch is how many messages are claimed at a time.
	claimBatch = 64
	// pollEvery finds what nobody was woken for: retries that fell due, and what
	// another node left behind.
	pollEvery = time.Second
	// flushRounds bounds Flush should something never settle.
	flushRounds = 1000
)

// NewDelivery returns a delivery.
func NewDelivery(d DeliveryDeps) *Delivery {
	if d.Workers <= 0 {
		d.Workers = 16
	}
	if d.Chance == nil {
		d.Chance = func() float64 { return 0 }
	}
	return &Delivery{d: d, wake: make(chan struct{}, 1), breaker: newBreaker()}
}

// Wake says that something may be waiting. It never blocks.
func (d *Delivery) Wake() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// Committed wakes Delivery when a commit left something for it to send.
func (d *Delivery) Committed(_ context.Context, _ jiban.Batch, a jiban.Applied) {
	for i := range a.Messages {
		if a.Messages[i].Delivery.Status == jiban.DeliveryQueued {
			d.Wake()
			return
		}
	}
}

// Run works the outbox off until ctx ends; then it lets the sends under way finish,
// each within its own limit.
func (d *Delivery) Run(ctx context.Context) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	slots := make(chan struct{}, d.d.Workers)
	var under sync.WaitGroup
	defer under.Wait()
	for {
		n := d.round(ctx, slots, &under)
		if n == claimBatch && ctx.Err() == nil {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-d.wake:
		case <-tick.C:
		}
	}
}

// round claims once and hands each conversation to a worker of its own. It returns
// how many messages were claimed.
func (d *Delivery) round(ctx context.Context, slots chan struct{}, under *sync.WaitGroup) int {
	by, claimed, err := d.claim(ctx)
	if err != nil {
		if ctx.Err() == nil {
			d.d.Log.Error("the outbox could not be read", "error", err)
		}
		return 0
	}
	work := context.WithoutCancel(ctx)
	for _, group := range byConversation(claimed) {
		slots <- struct{}{}
		under.Go(func() {
			defer func() { <-slots }()
			d.serve(work, ctx, by, group)
		})
	}
	return len(claimed)
}

// claim takes what is due under a name of its own, so that two rounds of one node
// never hold the same conversation.
func (d *Delivery) claim(ctx context.Context) (string, []jiban.Message, error) {
	by := d.d.Node + ":" + d.d.IDs.NewID()
	now := d.d.Clock.Now()
	claimed, err := d.d.Store.ClaimOutbox(ctx, by, now, now.Add(claimLease), claimBatch)
	return by, claimed, err
}

// Flush sends all that is due now and returns how many messages it dealt with. It
// is for those who need it done before they go on.
func (d *Delivery) Flush(ctx context.Context) (int, error) {
	total := 0
	for range flushRounds {
		by, claimed, err := d.claim(ctx)
		if err != nil {
			return total, jiban.Errorf(jiban.CodeOf(err), "channels.Flush", "the outbox could not be read: %w", err)
		}
		if len(claimed) == 0 {
			return total, ctx.Err()
		}
		for _, group := range byConversation(claimed) {
			d.serve(ctx, ctx, by, group)
		}
		total += len(claimed)
	}
	return total, jiban.Errorf(jiban.CodeInternal, "channels.Flush", "the outbox did not become empty")
}

// byConversation groups messages, keeping the order of both.
func byConversation(ms []jiban.Message) [][]jiban.Message {
	var groups [][]jiban.Message
	at := map[string]int{}
	for _, m := range ms {
		i, known := at[m.ConversationID]
		if !known {
			i = len(groups)
			at[m.ConversationID] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], m)
	}
	return groups
}

// serve deals with the claimed messages of one conversation in order. Where one
// must be tried again later, those behind it wait with it. When stop ends, what
// was not begun is given back.
func (d *Delivery) serve(ctx, stop context.Context, by string, group []jiban.Message) {
	who, err := d.recipient(ctx, group[0].ConversationID)
	if err != nil {
		d.d.Log.Error("a recipient could not be read", "conversation", group[0].ConversationID, "error", err)
		for i := range group {
			group[i].Delivery.NotBefore = d.d.Clock.Now().Add(firstBackOff)
		}
		d.release(ctx, by, group)
		return
	}
	for i := range group {
		if stop.Err() != nil {
			d.release(ctx, by, group[i:])
			return
		}
		s := shipment{d: d, by: by, who: who, m: group[i]}
		again, err := s.deliver(ctx)
		if err != nil {
			d.lost(group[i], err)
			return
		}
		if !again.IsZero() {
			d.release(ctx, by, group[i+1:])
			return
		}
	}
}

// lost says why a conversation was left: another node holds it now, or its state
// cannot be written and whoever finds the claim run out goes on.
func (d *Delivery) lost(m jiban.Message, err error) {
	if jiban.CodeOf(err) == jiban.CodeConflict {
		d.d.Log.Info("another node delivers the conversation now", "conversation", m.ConversationID)
		return
	}
	d.d.Log.Error("the state of an outbound message could not be written", "message", m.ID, "error", err)
}

// release gives messages back. The outbox itself keeps them behind one that must
// be tried again.
func (d *Delivery) release(ctx context.Context, by string, ms []jiban.Message) {
	for _, m := range ms {
		if m.Delivery.Status == jiban.DeliverySending {
			continue // its outcome is not known: it is found again when the claim runs out
		}
		state := m.Delivery
		state.ClaimedBy, state.ClaimedUntil = "", time.Time{}
		if err := d.d.Store.SaveDelivery(ctx, m.ID, by, state, nil); err != nil {
			d.lost(m, err)
		}
	}
}

// recipient is whom a conversation's messages go to.
type recipient struct {
	conversation jiban.Conversation
	contact      jiban.Contact
	addresses    []jiban.Address // the conversation's own first
}

func (d *Delivery) recipient(ctx context.Context, conversationID string) (recipient, error) {
	var r recipient
	var err error
	if r.conversation, err = d.d.Directory.Conversation(ctx, conversationID); err != nil {
		return r, err
	}
	if r.contact, err = d.d.Directory.Contact(ctx, r.conversation.ContactID); err != nil {
		return r, err
	}
	all, err := d.d.Directory.Addresses(ctx, r.conversation.ContactID)
	r.addresses = []jiban.Address{r.conversation.Address}
	for _, a := range all {
		if a != r.conversation.Address {
			r.addresses = append(r.addresses, a)
		}
	}
	return r, err
}
