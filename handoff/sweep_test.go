package handoff

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"jiban"
)

func TestPresence(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	for _, c := range []struct {
		status string
		onDuty int
	}{{Online, 1}, {Busy, 1}, {Away, 0}, {Online, 1}, {Offline, 0}} {
		if err := h.SetPresence(ctx, "a", c.status); err != nil {
			t.Fatal(err)
		}
		n, err := h.OnDuty(ctx)
		status, err2 := h.Presence(ctx, "a")
		if err != nil || err2 != nil || n != c.onDuty || status != c.status {
			t.Errorf("%s: %d on duty, is %s, %v %v", c.status, n, status, err, err2)
		}
	}
	h.online("a")
	h.clock.Advance(heartbeat + time.Second)
	if status, err := h.Presence(ctx, "a"); err != nil || status != Offline {
		t.Errorf("not heard of for a minute: %s, %v", status, err)
	}
	for _, bad := range []string{"", "asleep"} {
		if err := h.SetPresence(ctx, "a", bad); jiban.CodeOf(err) != jiban.CodeInvalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestAgentGoesAway(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	h.online("a", "b")
	o := h.waitingPerson("web:1")
	if _, err := h.Accept(ctx, agent("a"), o.ID); err != nil {
		t.Fatal(err)
	}
	h.pass(10*time.Minute, "a", "b")
	if h.handoff(o.ID).Status != jiban.HandoffAccepted {
		t.Fatal("taken from an agent who is there")
	}
	other := h.queue(h.person("web:2").ID, jiban.HandoffRequest{Roster: true})
	h.pass(heartbeat+40*time.Second, "b")
	if h.handoff(o.ID).Status != jiban.HandoffAccepted {
		t.Error("a page that reloads must not lose its conversations")
	}
	h.pass(grace+time.Minute, "b")
	back := h.handoff(o.ID)
	c := h.conversation(o.ConversationID)
	if back.Status != jiban.HandoffWaiting || back.AgentID != "" || c.Holder != jiban.HeldByQueue || c.AgentID != "" {
		t.Fatalf("not back in the queue: %+v, %+v", back, c)
	}
	waiting, err := h.Waiting(ctx, "")
	if err != nil || len(waiting) != 2 || waiting[0].ID != o.ID || waiting[1].ID != other.ID {
		t.Errorf("not at the front: %v, %v", waiting, err)
	}
	if !slices.Contains(h.told(c.ID), jiban.NoticeHandoffWaiting) {
		t.Errorf("the person was not told: %v", h.told(c.ID))
	}
	if _, err := h.Say(ctx, agent("a"), c.ID, "late", "在的"); jiban.CodeOf(err) != jiban.CodeForbidden {
		t.Errorf("the agent who came back speaks on: %v", err)
	}
	if _, err := h.Accept(ctx, agent("b"), o.ID); err != nil {
		t.Errorf("another takes it: %v", err)
	}
}

func TestNobodyOnDutyCallsBack(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	h.online("a")
	o := h.waitingPerson("web:1")
	h.pass(heartbeat + grace + time.Minute)
	done, c := h.handoff(o.ID), h.conversation(o.ConversationID)
	if done.Status != jiban.HandoffCallback || c.Holder != jiban.HeldByBot || c.HandoffID != "" {
		t.Fatalf("still waiting: %+v, %+v", done, c)
	}
	mine, err := h.store.TicketsOf(ctx, c.ContactID, 10)
	if err != nil || len(mine) != 1 || mine[0].Kind != "callback" || mine[0].Fields["phone"] != "13800001234" || mine[0].Fields["description"] != "停水" {
		t.Fatalf("the task: %+v, %v", mine, err)
	}
	messages, err := h.store.Messages(ctx, c.ID, 0, 50)
	if err != nil {
		t.Fatal(err)
	}
	last := messages[len(messages)-1].Delivery
	if last.Kind != jiban.NoticeTicketAccepted || last.Params["number"] != mine[0].Number || last.Params["due"] == "" {
		t.Errorf("told %+v", last)
	}
	h.sweep()
	if again, err := h.store.TicketsOf(ctx, c.ContactID, 10); err != nil || len(again) != 1 {
		t.Errorf("a second task: %v, %v", again, err)
	}
}

func TestNobodyWaitsForEver(t *testing.T) {
	h := newHouse(t)
	h.online("a")
	o := h.waitingPerson("web:1")
	h.pass(h.deps.MaxWait-time.Minute, "a")
	if h.handoff(o.ID).Status != jiban.HandoffWaiting {
		t.Fatal("given up too early")
	}
	waiting := 0
	for _, k := range h.told(o.ConversationID) {
		if k == jiban.NoticeHandoffWaiting {
			waiting++
		}
	}
	if waiting != 2 {
		t.Errorf("in half an hour the person heard %d times that they still wait", waiting)
	}
	h.pass(2*time.Minute, "a")
	if got := h.handoff(o.ID); got.Status != jiban.HandoffCallback {
		t.Errorf("still %s", got.Status)
	}
}

func TestCallbackOfWhatTheCatalogueForgot(t *testing.T) {
	h := newHouse(t)
	c := h.person("web:1")
	h.queue(c.ID, jiban.HandoffRequest{Matter: "999999", Type: "wish", Summary: "x"})
	h.pass(grace + time.Minute)
	if mine, err := h.store.TicketsOf(context.Background(), c.ContactID, 10); err != nil || len(mine) != 1 {
		t.Errorf("got %v, %v", mine, err)
	}
}

// brokenPresence is the part that nodes share being down.
type brokenPresence struct{ Presence }

func (brokenPresence) Members(context.Context, string) ([]string, error) {
	return nil, jiban.Errorf(jiban.CodeUnavailable, "test", "down")
}

func TestPresenceDown(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	h.online("a")
	held, waits := h.waitingPerson("web:1"), h.waitingPerson("web:2")
	if _, err := h.Accept(ctx, agent("a"), held.ID); err != nil {
		t.Fatal(err)
	}
	h.deps.Presence = brokenPresence{h.shared}
	if p, err := h.Plan(ctx, jiban.HandoffRequest{}); err != nil || !p.OnDuty {
		t.Errorf("in opening hours people are taken to be there: %+v, %v", p, err)
	}
	for range 20 {
		h.clock.Advance(2 * time.Minute)
		if err := h.Sweep(ctx); jiban.CodeOf(err) != jiban.CodeUnavailable {
			t.Fatalf("the sweep says what is down: %v", err)
		}
	}
	if h.handoff(held.ID).Status != jiban.HandoffAccepted {
		t.Error("nobody is taken for gone on the word of a part that is down")
	}
	if h.handoff(waits.ID).Status != jiban.HandoffCallback {
		t.Error("the longest wait holds all the same")
	}
}

func TestGhostsAreSettled(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	o := h.waitingPerson("web:1")
	c := h.conversation(o.ConversationID)
	c.Holder, c.HandoffID = jiban.HeldByBot, ""
	if _, err := h.store.Apply(ctx, jiban.Batch{Conversation: &c}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Accept(ctx, agent("a"), o.ID); jiban.CodeOf(err) != jiban.CodeConflict {
		t.Errorf("accepted a ghost: %v", err)
	}
	h.pass(grace + time.Minute)
	if got := h.handoff(o.ID); got.Status != jiban.HandoffLeft {
		t.Errorf("still %s", got.Status)
	}
	if mine, err := h.store.TicketsOf(ctx, c.ContactID, 10); err != nil || len(mine) != 0 {
		t.Errorf("a task for nobody: %v, %v", mine, err)
	}
}

// An agent whose page never said that they are there works all the same.
func TestWorkingIsBeingThere(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	o := h.waitingPerson("web:1")
	if _, err := h.Accept(ctx, agent("a"), o.ID); err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		h.pass(5 * time.Minute)
		if _, err := h.Say(ctx, agent("a"), o.ConversationID, fmt.Sprint(i), "请稍等"); err != nil {
			t.Fatalf("taken away from somebody who works: %v", err)
		}
	}
	if status, err := h.Presence(ctx, "a"); err != nil || status != Online {
		t.Errorf("is %s, %v", status, err)
	}
	h.pass(workingTime + grace + time.Minute)
	if got := h.handoff(o.ID).Status; got == jiban.HandoffAccepted {
		t.Error("and yet nobody may sit on a conversation for ever")
	}
}
