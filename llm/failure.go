package llm

import (
	"context"
	"time"

	"jiban"
)

// Kind says why a model gave no answer. The refusals of whoever asked are kinds, too.
type Kind string

// The kinds of failure.
const (
	Slow          Kind = "slow"          // longer than a call may take
	Unreachable   Kind = "unreachable"   // no connection, or it broke
	Limited       Kind = "limited"       // 429
	Unauthorized  Kind = "unauthorized"  // 401, 403: the key is wrong
	Rejected      Kind = "rejected"      // another 4xx: the endpoint does not take what is sent
	ServerError   Kind = "server"        // 5xx
	Garbled       Kind = "garbled"       // no answer that can be read, HTML among it
	Cut           Kind = "cut"           // a stream without an end
	Oversized     Kind = "oversized"     // more bytes than are read
	Truncated     Kind = "truncated"     // more tokens than were granted
	Filtered      Kind = "filtered"      // the endpoint refuses the content
	Redirected    Kind = "redirected"    // to another host
	Withdrawn     Kind = "withdrawn"     // ended by the listener
	Cancelled     Kind = "cancelled"     // the caller's time was over, or it went away
	Open          Kind = "open"          // the breaker lets nothing through
	DaySpent      Kind = "day_spent"     // the day's tokens are spent
	TalkSpent     Kind = "talk_spent"    // the conversation's tokens are spent
	Uncounted     Kind = "uncounted"     // what it costs cannot be counted, so nothing is asked
	TooLongPrompt Kind = "prompt_length" // longer than a prompt may be
)

// Failure is why there is no answer. It tells nothing of what was sent or received.
type Failure struct {
	Kind    Kind
	Status  int           // of HTTP, 0 for none
	After   time.Duration // when the endpoint wants to be asked again
	refused bool          // by whoever asked: the endpoint is well
}

// Error names the kind.
func (f *Failure) Error() string {
	if f.refused {
		return "the answer was refused: " + string(f.Kind)
	}
	return "the model failed: " + string(f.Kind)
}

func (f *Failure) is(kinds ...Kind) bool {
	for _, k := range kinds {
		if f.Kind == k && !f.refused {
			return true
		}
	}
	return false
}

// unasked says that no call was made.
func (f *Failure) unasked() bool { return f.is(Open, DaySpent, TalkSpent, Uncounted, TooLongPrompt) }

// again says that a second try may go better.
func (f *Failure) again() bool {
	return f.refused || f.is(Slow, Unreachable, Limited, ServerError, Garbled, Cut, Withdrawn)
}

// ofServer says that the endpoint is not well.
func (f *Failure) ofServer() bool {
	return f.is(Slow, Unreachable, Limited, Unauthorized, Rejected, ServerError, Garbled, Cut, Oversized, Redirected)
}

// pauseFirst is how long the second try waits after a failure of the endpoint.
const pauseFirst = 100 * time.Millisecond

// pause waits until the second try may be made, and reports false where that is
// later than anybody waits.
func (f *Failure) pause(ctx context.Context) bool {
	wait := f.After
	if wait == 0 && !f.refused {
		wait = pauseFirst
	}
	if end, limited := ctx.Deadline(); limited && time.Until(end) <= wait || wait > maxPause {
		return false
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// maxPause is the longest pause between two tries.
const maxPause = 3 * time.Second

func (f *Failure) code() jiban.Code {
	if f.is(DaySpent, TalkSpent, Limited) {
		return jiban.CodeLimited
	}
	return jiban.CodeUnavailable
}
