package channelstest

import (
	"context"
	"fmt"
	"sync"
	"time"

	"jiban"
	"jiban/channels"
)

// Inbox is a gateway made by hand: it keeps what an adapter handed in and says
// what the test wants said.
type Inbox struct {
	// Fail, when it returns an error, is what Receive and Converse answer.
	Fail func() error
	// Say gives the replies to a message for Converse; nil says nothing.
	Say func(r jiban.Received) []jiban.Message

	mu       sync.Mutex
	received []jiban.Received
	seen     map[string]channels.Receipt
	settled  []string
	reports  []channels.Report
}

var _ channels.Inbox = (*Inbox)(nil)

// Receive records the message; a known external id is a repeat.
func (b *Inbox) Receive(_ context.Context, r jiban.Received) (channels.Receipt, error) {
	if b.Fail != nil {
		if err := b.Fail(); err != nil {
			return channels.Receipt{}, err
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.received = append(b.received, r)
	key := r.Channel + "\x00" + r.ExternalID
	if known, ok := b.seen[key]; ok {
		known.Repeat = true
		return known, nil
	}
	if b.seen == nil {
		b.seen = map[string]channels.Receipt{}
	}
	n := len(b.seen) + 1
	receipt := channels.Receipt{
		ConversationID: "c-" + string(r.Address), MessageID: fmt.Sprintf("m%03d", n), Seq: int64(n),
	}
	b.seen[key] = receipt
	return receipt, nil
}

// Converse records the message and answers at once with what Say gives.
func (b *Inbox) Converse(ctx context.Context, r jiban.Received, _ time.Time) (channels.Exchange, error) {
	receipt, err := b.Receive(ctx, r)
	if err != nil {
		return channels.Exchange{}, err
	}
	e := channels.Exchange{Receipt: receipt, Settle: b.settle}
	if b.Say != nil {
		e.Messages = b.Say(r)
	}
	return e, nil
}

func (b *Inbox) settle(_ context.Context, sent []string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.settled = append(b.settled, sent...)
	return nil
}

// Report records a receipt.
func (b *Inbox) Report(_ context.Context, r channels.Report) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.reports = append(b.reports, r)
	return nil
}

// Received lists what was handed in, repeats included.
func (b *Inbox) Received() []jiban.Received {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]jiban.Received(nil), b.received...)
}

// Settled lists the ids of the messages that went into passive answers.
func (b *Inbox) Settled() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.settled...)
}

// Reports lists the receipts.
func (b *Inbox) Reports() []channels.Report {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]channels.Report(nil), b.reports...)
}
