package runner

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"jiban"
	"jiban/dialog"
)

const (
	// mostNeeds is how many questions the engine may ask in one turn.
	mostNeeds = 6
	// needLimit bounds the answer to one of them.
	needLimit = 3 * time.Second
)

// needError is a need that could not be answered: the engine is sound, something
// it stands on is not.
type needError struct {
	kind dialog.NeedKind
	err  error
}

func (e *needError) Error() string {
	return fmt.Sprintf("the need %s could not be answered: %v", e.kind, e.err)
}
func (e *needError) Unwrap() error { return e.err }

// converse steps the engine until it needs nothing more.
func (t *turn) converse(ctx context.Context) (out dialog.Outcome, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &panicError{p, debug.Stack()}
		}
	}()
	for range mostNeeds + 1 {
		// What was done for the person may have changed who they are.
		out, need, err := t.engine.Step(dialog.Input{
			Now: t.now, Situation: t.situation(), State: t.in.Conversation.State, Inbox: t.in.Inbox, Facts: t.facts,
		})
		if err != nil || need == nil {
			return out, err
		}
		if err := t.answer(ctx, *need); err != nil {
			return out, &needError{need.Kind, err}
		}
	}
	return out, fmt.Errorf("the engine asked more than %d questions in one turn", mostNeeds)
}

func (t *turn) situation() dialog.Situation {
	c := t.in.Conversation
	return dialog.Situation{
		ConversationID: c.ID, ContactID: c.ContactID, Channel: c.Channel, ChannelKind: c.ChannelKind,
		Audience: c.Audience, Region: c.Region, Lang: t.lang(), Holder: c.Holder, First: t.in.First,
		Phone: t.phone(), Roster: t.roster(), SafetySaid: c.SafetySaid, CanProve: t.r.d.Persons != nil && t.r.d.Persons.CanProve(),
	}
}

func (t *turn) roster() bool { return t.in.Contact.Roster || t.in.Conversation.RosterClaim }

// phone is the contact's proven telephone number, without the country code of
// China.
func (t *turn) phone() string {
	for _, a := range append([]jiban.Address{t.in.Conversation.Address}, t.in.Addresses...) {
		if number, is := strings.CutPrefix(string(a), "tel:"); is {
			return strings.TrimPrefix(number, "+86")
		}
	}
	return ""
}

// answer puts the answer to a need among the facts.
func (t *turn) answer(ctx context.Context, need dialog.Need) error {
	if need.Kind == dialog.NeedModel && need.Model != nil {
		t.model(ctx, need.Model)
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, needLimit)
	defer cancel()
	switch need.Kind {
	case dialog.NeedSearch:
		return t.search(ctx, need.Search)
	case dialog.NeedRecent:
		tickets, err := t.r.d.Tickets.Recent(ctx, t.in.Contact.ID)
		t.facts.Recent = &dialog.RecentFact{Tickets: tickets}
		return err
	case dialog.NeedStatus:
		return t.status(ctx, need.Number)
	case dialog.NeedPlan:
		draft := t.complete(need.Draft)
		plan, err := t.r.d.Tickets.Plan(ctx, draft)
		t.facts.Plan = &dialog.PlanFact{Draft: need.Draft, Plan: plan}
		return err
	case dialog.NeedIncidents:
		t.known(ctx, need)
		return nil
	case dialog.NeedHandoff:
		plan, err := t.r.d.Handoff.Plan(ctx, t.request(need.Handoff))
		t.facts.Handoff = &plan
		return err
	case dialog.NeedCode, dialog.NeedProof, dialog.NeedUnbind, dialog.NeedData:
		return t.deed(ctx, need)
	default:
		return errors.New("there is no such need")
	}
}

// search treats a knowledge base that does not answer as one that has no answer:
// the engine then says that it has none and offers a ticket or a person, which is
// true and leads on.
func (t *turn) search(ctx context.Context, q jiban.SearchQuery) error {
	asked := q
	if asked.At.IsZero() {
		asked.At = t.now
	}
	result, err := t.r.d.Knowledge.Search(ctx, asked)
	if err != nil {
		t.report("a search failed, the person is told that there is no answer", err)
		result = jiban.SearchResult{Verdict: jiban.VerdictDecline}
	}
	t.facts.Searches = append(t.facts.Searches, dialog.SearchFact{Query: q, Result: result})
	return nil
}

// known answers that nothing was announced when that cannot be read: the person's
// request is taken as any other.
func (t *turn) known(ctx context.Context, need dialog.Need) {
	found, err := t.r.d.Tickets.Known(ctx, need.Matter, need.Region)
	if err != nil {
		t.report("announced incidents could not be read, the person is told of none", err)
		found = nil
	}
	t.facts.Incidents = append(t.facts.Incidents, dialog.IncidentFact{Matter: need.Matter, Region: need.Region, Found: found})
}

// status tells the engine no more of another person's ticket than that it exists
// and where it stands.
func (t *turn) status(ctx context.Context, number string) error {
	fact := dialog.StatusFact{Number: number}
	ticket, err := t.r.d.Tickets.Ticket(ctx, number)
	switch {
	case jiban.CodeOf(err) == jiban.CodeNotFound || jiban.CodeOf(err) == jiban.CodeInvalid:
	case err != nil:
		return err
	default:
		fact.Found, fact.Own = true, ticket.ContactID == t.in.Contact.ID
		fact.Ticket = ticket
		if !fact.Own {
			fact.Ticket = jiban.Ticket{Number: ticket.Number, Kind: ticket.Kind, Status: ticket.Status}
		}
	}
	t.facts.Statuses = append(t.facts.Statuses, fact)
	return nil
}

// complete adds to a draft what the engine need not know.
func (t *turn) complete(d jiban.TicketDraft) jiban.TicketDraft {
	c := t.in.Conversation
	d.ContactID, d.ConversationID, d.Channel = c.ContactID, c.ID, c.Channel
	return d
}

func (t *turn) request(r jiban.HandoffRequest) jiban.HandoffRequest {
	r.Roster = r.Roster || t.roster()
	if r.Audience == "" {
		r.Audience = t.in.Conversation.Audience
	}
	if r.Region == "" {
		r.Region = t.in.Conversation.Region
	}
	return r
}

// failed is the outcome when the engine or something it stands on failed. Nobody is
// left without words and a way on: who waits for a person goes on waiting, for a
// defect of ours people are called, else the person may try again or ask for one.
func (t *turn) failed(ctx context.Context, err error) dialog.Outcome {
	t.report("a turn failed", err)
	if t.in.Conversation.Holder == jiban.HeldByQueue {
		return t.silence()
	}
	var need *needError
	if errors.As(err, &need) {
		return t.apology()
	}
	return t.callPeople(ctx)
}

// humanCommand is what an option for a person sends, in every language.
const humanCommand = "转人工"

// apology leaves the state as it was, so that the same words may be tried again.
func (t *turn) apology() dialog.Outcome {
	return dialog.Outcome{
		State: t.in.Conversation.State, Decision: dialog.DecideNone,
		Replies: []dialog.Reply{{Text: t.say("error.internal", nil), Options: []jiban.Option{{Label: t.say("option.human", nil), Value: humanCommand}}}},
	}
}

// callPeople hands the conversation over when people are on duty.
func (t *turn) callPeople(ctx context.Context) dialog.Outcome {
	ctx, cancel := context.WithTimeout(ctx, needLimit)
	defer cancel()
	request := t.request(jiban.HandoffRequest{Reason: jiban.HandoffError, Summary: t.words()})
	plan, err := t.r.d.Handoff.Plan(ctx, request)
	if err != nil {
		t.report("people could not be called", err)
		return t.apology()
	}
	out := t.apology()
	out.Replies[0].Text = t.say("sorry", nil)
	out.Handoff = &dialog.HandoffAction{Move: dialog.HandoffCallback, Request: request, Plan: plan}
	if plan.OnDuty {
		out.Decision, out.Handoff.Move = dialog.DecideHandoff, dialog.HandoffOpen
		out.Replies = []dialog.Reply{{Text: t.say("handoff.again_not_understood", nil) + t.say("handoff.open", map[string]any{"ahead": plan.Ahead, "wait": ""})}}
		out.Intake = &dialog.IntakeChange{Open: t.in.Conversation.IntakeID == "", Question: t.words(), Result: jiban.IntakeHandedOver}
	}
	return out
}

func (t *turn) say(key string, params map[string]any) string {
	return t.r.d.Words.Say(t.lang(), key, params)
}
