package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"jiban"
	"jiban/dialog"
)

const (
	// commitTries is how often a turn is made anew when its commit lost.
	commitTries = 5
	// inboxLimit bounds the messages of one turn; the rest make the next.
	inboxLimit = 20
)

// turn is one conversation on its way through the engine.
type turn struct {
	r     *Runner
	in    jiban.TurnInput
	now   time.Time
	facts dialog.Facts

	engine Engine
	asked  map[string]dialog.ModelFact // what models said to this turn's tries, by digest
}

// tries makes a turn until its commit wins. A commit that lost leaves nothing
// behind: what it decided is dropped whole.
func (r *Runner) tries(ctx context.Context, conversationID string, patient bool) (*dialog.Outcome, error) {
	var err error
	asked := map[string]dialog.ModelFact{}
	for range commitTries {
		var out *dialog.Outcome
		out, err = r.try(ctx, conversationID, patient, asked)
		if jiban.CodeOf(err) != jiban.CodeConflict {
			return out, err
		}
	}
	return nil, fmt.Errorf("the commit lost %d times: %w", commitTries, err)
}

func (r *Runner) try(ctx context.Context, conversationID string, patient bool, asked map[string]dialog.ModelFact) (out *dialog.Outcome, err error) {
	defer func() {
		if p := recover(); p != nil {
			caught := &panicError{p, debug.Stack()}
			out, err = nil, caught
			r.d.Log.Error("a turn was given up", "conversation", conversationID, "error", caught, "stack", string(caught.stack))
		}
	}()
	in, err := r.d.Store.TurnInput(ctx, conversationID)
	if err != nil || len(in.Inbox) == 0 {
		return nil, err
	}
	more := len(in.Inbox) > inboxLimit
	if more {
		in.Inbox = in.Inbox[:inboxLimit]
	}
	t := &turn{r: r, in: in, now: r.d.Clock.Now(), engine: r.d.Engine, asked: asked}
	if r.d.Engines != nil {
		t.engine, t.facts.Catalogue = r.d.Engines()
	}
	if left := t.unfinished(); patient && left > 0 {
		return nil, &unfinishedError{left}
	}
	t.facts.Model = t.ready(ctx)
	decided, err := t.settle(ctx)
	if err == nil && more {
		r.Wake(conversationID)
	}
	return decided, err
}

// settle decides and commits. What was decided but cannot be written, for another
// reason than that somebody was faster or the store is down, ends in an apology.
func (t *turn) settle(ctx context.Context) (*dialog.Outcome, error) {
	out := t.decide(ctx)
	err := t.commit(ctx, &out)
	switch {
	case err == nil:
		return &out, nil
	case jiban.CodeOf(err) == jiban.CodeConflict, jiban.CodeOf(err) == jiban.CodeUnavailable, ctx.Err() != nil:
		return nil, err
	}
	t.report("the outcome of a turn could not be committed", err)
	out = t.secured(t.apology())
	if t.in.Conversation.Holder != jiban.HeldByBot {
		out = t.secured(t.silence())
	}
	if err := t.commit(ctx, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// decide never fails: what goes wrong becomes an outcome that says so.
func (t *turn) decide(ctx context.Context) dialog.Outcome {
	if t.in.Conversation.Holder == jiban.HeldByAgent {
		return t.secured(t.silence())
	}
	out, err := t.converse(ctx)
	if err != nil {
		out = t.failed(ctx, err)
	}
	return t.secured(out)
}

// silence is the outcome while people hold the conversation: nothing is said.
func (t *turn) silence() dialog.Outcome {
	return dialog.Outcome{State: t.in.Conversation.State, Decision: dialog.DecideHandoff}
}

// secured puts the safety line first when there is danger that the outcome says
// nothing about. The line is said once for each number and hour.
func (t *turn) secured(out dialog.Outcome) dialog.Outcome {
	danger := t.danger()
	if danger == nil || out.Emergency != "" {
		return out
	}
	out.Emergency, out.EmergencyAlso = danger.Number, danger.Also
	if t.saidLately(danger.Number) {
		return out
	}
	out.Decision = dialog.DecideEmergency
	out.Replies = append([]dialog.Reply{{Text: danger.Text, Safety: true}}, out.Replies...)
	return out
}

func (t *turn) saidLately(number string) bool {
	last, said := t.in.Conversation.SafetySaid[number]
	return said && t.now.Sub(last) < time.Hour
}

// danger is the emergency check over all that was written.
func (t *turn) danger() (found *dialog.Safety) {
	defer func() {
		if p := recover(); p != nil {
			t.report("the emergency check failed", &panicError{p, debug.Stack()})
		}
	}()
	for _, m := range t.in.Inbox {
		if m.Content.Text == "" || m.Content.Kind == jiban.KindEvent {
			continue
		}
		if s := t.engine.Emergency(m.Content.Text, t.lang(), t.in.Conversation.ChannelKind); s != nil {
			return s
		}
	}
	return nil
}

func (t *turn) lang() jiban.Lang {
	if t.in.Conversation.Lang == "" {
		return jiban.Chinese
	}
	return t.in.Conversation.Lang
}

// words is what the person wrote in this turn.
func (t *turn) words() string {
	var texts []string
	for _, m := range t.in.Inbox {
		if m.Content.Kind == jiban.KindText || m.Content.Kind == jiban.KindTap {
			texts = append(texts, m.Content.Text)
		}
	}
	return strings.Join(texts, "\n")
}

// report logs a failure under an id of its own. Errors of the house hold no words
// of the person.
func (t *turn) report(what string, err error) {
	attrs := []any{"id", t.r.d.IDs.NewID(), "conversation", t.in.Conversation.ID, "error", err}
	var p *panicError
	if errors.As(err, &p) {
		attrs = append(attrs, "stack", string(p.stack))
	}
	t.r.d.Log.Error(what, attrs...)
}

// panicError is a defect of ours that was caught. What was panicked with may hold
// a person's words, so only its type is told.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string {
	if err, ok := e.value.(interface{ RuntimeError() }); ok {
		return fmt.Sprintf("panic: %v", err)
	}
	return fmt.Sprintf("panic with a %T", e.value)
}

func marshal(v any) json.RawMessage {
	data, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	return data
}
