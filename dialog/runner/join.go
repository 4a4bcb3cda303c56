package runner

import (
	"fmt"
	"time"

	"jiban"
	"jiban/lang"
)

// Many people write one thought in several messages. When the last one looks
// unfinished, the turn waits a moment for the next, so that all of it is understood
// at once: never for long, and never when there is danger.

// joinMost bounds the wait, whatever is configured: WeChat wants its answer within
// five seconds.
const joinMost = 1500 * time.Millisecond

// unfinishedError says that a turn waits for more to be said.
type unfinishedError struct{ left time.Duration }

func (e *unfinishedError) Error() string {
	return fmt.Sprintf("the last message looks unfinished: more may come within %v", e.left)
}

// unfinished is how long to wait for more, 0 for not at all. It counts from the
// first message, so that one unfinished message after the other cannot put an
// answer off.
func (t *turn) unfinished() time.Duration {
	in := &t.in
	if in.Conversation.Holder != jiban.HeldByBot || len(in.Inbox) > inboxLimit/2 {
		return 0
	}
	last := in.Inbox[len(in.Inbox)-1]
	if last.Content.Kind != jiban.KindText || !lang.Unfinished(last.Content.Text) || t.danger() != nil {
		return 0
	}
	waited := max(t.now.Sub(in.Inbox[0].CreatedAt), 0)
	return max(min(t.r.d.JoinWait, joinMost)-waited, 0)
}
