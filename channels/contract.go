package channels

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"jiban"
)

// Sender is what every adapter offers to Delivery. An adapter is one small
// package with New(cfg, deps) that fulfils it; further abilities are optional
// interfaces (Endpoint, Service).
type Sender interface {
	// Name is the configured name of the channel.
	Name() string
	// Kind is the family of the provider.
	Kind() jiban.ChannelKind
	// Ways lists how the person can be reached on this channel now; none is no
	// error. It makes no call to the provider.
	Ways(ctx context.Context, r Reach) ([]Way, error)
	// Compose words nothing: it splits content into the parts that the provider
	// takes on this way, options and citations rendered as the channel shows them.
	Compose(w Way, c jiban.Content) ([]Part, error)
	// Send hands one part to the provider and returns the provider's id of it, ""
	// where it gives none. An error is a *SendError.
	Send(ctx context.Context, w Way, p Part) (providerID string, err error)
}

// Endpoint is an adapter that providers call by HTTP, mounted below
// /channels/{kind}/{name}; the request's path is what follows that: "",
// "/inbound", "/status". The body is already bounded to 1 MiB.
type Endpoint interface {
	http.Handler
}

// Service is an adapter that keeps a connection of its own open (SMPP). Run
// returns when ctx ends, having closed everything.
type Service interface {
	Run(ctx context.Context) error
}

// Reach is whom something is to be told, and what.
type Reach struct {
	Conversation jiban.Conversation
	Addresses    []jiban.Address // the conversation's own first, then the contact's other proven ones
	Message      jiban.Message
	Now          time.Time
	// SentSince counts the customer-service messages sent in this conversation
	// since the person last wrote (providers grant a budget after each message).
	SentSince int
}

// Way is one possible way out.
type Way struct {
	Channel  string
	Path     jiban.Path
	To       jiban.Address
	Until    time.Time // zero: open end
	Left     int       // how many messages are left on it; -1: no limit
	Cost     int       // relative price, the cheaper way is tried first
	Template bool      // takes no free text, only the notice's kind and parameters
}

// Part is one piece of a message as the provider takes it.
type Part struct {
	N, Of   int    // 1 of 1
	Text    string // final wording
	Content jiban.Content
	Key     string // idempotency key: message id and part number
}

// Action says what to do after a failed send.
type Action string

// The actions.
const (
	ActRetry     Action = "retry"     // the same again later
	ActNextWay   Action = "next_way"  // closed here: try the next way
	ActGiveUp    Action = "give_up"   // no way will do (blocked, illegal content)
	ActUncertain Action = "uncertain" // time-out or cut after the request was written: it may have arrived
)

// SendError is why a provider did not take a part. Code is the provider's own.
type SendError struct {
	Action Action
	Code   string
	After  time.Duration // with ActRetry: not before; zero: Delivery's own back-off
	Err    error
}

// Error names the provider's code and the cause; it holds no message text, no
// secret and no address.
func (e *SendError) Error() string {
	return fmt.Sprintf("send failed (%s, provider code %q): %v", e.Action, e.Code, e.Err)
}

// Unwrap returns the cause.
func (e *SendError) Unwrap() error { return e.Err }

// ActionOf returns what to do after err: an error that is no *SendError may have
// happened after the provider took the message, so it is uncertain.
func ActionOf(err error) Action {
	var e *SendError
	if errors.As(err, &e) {
		return e.Action
	}
	return ActUncertain
}

// Receipt tells an adapter that a message is on disk.
type Receipt struct {
	ConversationID string
	MessageID      string
	Seq            int64
	Repeat         bool // it had been taken in before
}

// Inbox is the gateway as adapters see it.
type Inbox interface {
	// Receive commits a message, once, and wakes its conversation. Only after it
	// returned without an error may anybody be told that the message was received.
	Receive(ctx context.Context, r jiban.Received) (Receipt, error)
	// Converse does the same and then waits, until the given time at most, for what
	// the turn has to say, claimed for the passive way. A repeat of a message whose
	// passive answer may not have arrived gets that answer again.
	Converse(ctx context.Context, r jiban.Received, until time.Time) (Exchange, error)
	// Report settles an outbound message by a provider's receipt.
	Report(ctx context.Context, r Report) error
}

// Exchange is a passive reply in the making. Messages may be empty: nothing is to
// be said, or it will be said on another way.
type Exchange struct {
	Receipt  Receipt
	Messages []jiban.Message
	// Settle must be called once, before the answer is written, with the ids of the
	// messages that go into it: they will be recorded as sent, the others are given
	// back to Delivery. With an error the answer must not carry them. Until the
	// record is on disk they stand there as being sent, so that a crash leaves them
	// uncertain.
	Settle func(ctx context.Context, sent []string) error
}

// Report is a provider's receipt for an outbound part.
type Report struct {
	Channel    string
	ProviderID string
	Status     jiban.DeliveryStatus // delivered or failed
	Error      string
}
