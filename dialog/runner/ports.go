package runner

import (
	"context"
	"encoding/json"
	"time"

	"jiban"
	"jiban/dialog"
)

// Store is what the runner reads and writes.
type Store interface {
	// TurnInput loads a conversation with the inbound messages no turn took yet.
	// CodeNotFound when there is no such conversation.
	TurnInput(ctx context.Context, conversationID string) (jiban.TurnInput, error)
	// Apply writes a batch in one transaction, or nothing.
	Apply(ctx context.Context, b jiban.Batch) (jiban.Applied, error)
	// Unanswered lists conversations with inbound messages that no turn took and
	// that are older than the given time.
	Unanswered(ctx context.Context, before time.Time, limit int) ([]string, error)
	// Intake returns the record of a request, so that it can be brought up to date.
	Intake(ctx context.Context, id string) (jiban.Intake, error)
}

// Engine decides.
type Engine interface {
	Step(in dialog.Input) (dialog.Outcome, *dialog.Need, error)
	// Emergency is the check that needs no store and comes before everything:
	// what to say, or nil.
	Emergency(text string, lang jiban.Lang, kind jiban.ChannelKind) *dialog.Safety
}

// Engines gives a new turn its engine, which stays the turn's own to the end, and
// the version of the catalogue that this engine knows.
type Engines func() (Engine, int)

// Knowledge answers searches.
type Knowledge interface {
	Search(ctx context.Context, q jiban.SearchQuery) (jiban.SearchResult, error)
}

// Tickets plans and decides on tickets; the runner commits what it returns.
type Tickets interface {
	Plan(ctx context.Context, d jiban.TicketDraft) (jiban.TicketPlan, error)
	Recent(ctx context.Context, contactID string) ([]jiban.Ticket, error)
	Ticket(ctx context.Context, number string) (jiban.Ticket, error)
	// Known lists the incidents that were announced about a matter at a place.
	Known(ctx context.Context, matter, region string) ([]jiban.Incident, error)
	// Decide turns an action into a change and the notices that go with it beyond
	// what the turn itself says.
	Decide(ctx context.Context, a jiban.TicketAction) (jiban.TicketChange, []jiban.Notice, error)
}

// Handoff plans and decides on handoffs; the runner commits what it returns.
type Handoff interface {
	Plan(ctx context.Context, r jiban.HandoffRequest) (jiban.HandoffPlan, error)
	// Open makes the handoff of a conversation; with callback it is one that is
	// recorded while nobody is on duty.
	Open(ctx context.Context, c jiban.Conversation, r jiban.HandoffRequest, p jiban.HandoffPlan, callback bool) (jiban.Handoff, error)
	// Leave ends the waiting of a conversation.
	Leave(ctx context.Context, handoffID string) (jiban.Handoff, error)
}

// Persons does what people order about themselves. Each call may be made again
// when a turn's commit is lost.
type Persons interface {
	// CanProve reports whether a code can be sent to a telephone.
	CanProve() bool
	// Send has a code sent and returns how long it is good for; CodeLimited: too
	// many of late. From is the address that asks.
	Send(ctx context.Context, contactID, phone, from string, l jiban.Lang) (time.Duration, error)
	// Prove gives the telephone to the contact, who may thereby become another;
	// CodeInvalid: wrong, CodeNotFound: no code waits.
	Prove(ctx context.Context, contactID, phone, digits string) error
	// Unbind takes back what was proven by codes; false when nothing was.
	Unbind(ctx context.Context, contactID string) (bool, error)
	// Ask makes a request about a person's data; CodeDuplicate when it stands already.
	Ask(ctx context.Context, contactID string, kind jiban.DataRequestKind, channel string) error
}

// Leases keeps two nodes from doing the same work; correctness does not rest on
// it.
type Leases interface {
	Acquire(ctx context.Context, key, owner string, ttl time.Duration) (bool, error)
	Release(ctx context.Context, key, owner string) error
}

// Standby knows who waits to say a conversation's replies at once.
type Standby interface {
	// Claim returns the claim of the one waiting on this conversation, nil for
	// nobody. After the commit Fulfil is called exactly once with what was
	// claimed (nothing: the waiter goes home).
	Claim(conversationID string) *jiban.Claim
	Fulfil(conversationID string, said []jiban.Message)
}

// Listeners hear of every commit: delivery is woken, agents' screens are told.
type Listeners interface {
	Committed(ctx context.Context, b jiban.Batch, a jiban.Applied)
}

// Words say what the runner itself must say when something failed.
type Words interface {
	Say(l jiban.Lang, key string, params map[string]any) string
}

// Model is a language model. Whatever happens in it, a turn goes on without.
type Model interface {
	// Ready names the model, "" while it is not to be asked: too many calls failed of
	// late, or what a day may cost is spent.
	Ready(ctx context.Context) string
	// Ask makes two tries at most, within ctx. With an error the answer still tells
	// what was spent, and in Failed why there is none.
	Ask(ctx context.Context, q ModelQuestion) (ModelAnswer, error)
}

// ModelQuestion is one prompt.
type ModelQuestion struct {
	Task         string // names the task in figures
	Conversation string // id, for the limit on what one conversation may spend
	System, User string
	Schema       json.RawMessage // of the answer
	MaxTokens    int             // of the answer
	// Accept says why an answer is not used, "" for a good one.
	Accept func(text string) string
	// Growing hears the answer as far as it has come, more each time; false ends the
	// call, a shorter one than before that a second try begins. Nil: nobody listens.
	Growing func(text string) bool
}

// ModelAnswer is what came of a question. Tokens are those of all tries.
type ModelAnswer struct {
	Text             string
	Model            string // as the server names it
	Tries            int
	PromptTokens     int
	CompletionTokens int
	Estimated        bool   // the server told no tokens
	Failed           string // kind of the failure, "" for none
}

// Drafts show a growing answer to whoever looks at the conversation. A draft is
// never kept: it ends with the committed message, or with an empty text.
type Drafts interface {
	Draft(ctx context.Context, c jiban.Conversation, text string)
}
