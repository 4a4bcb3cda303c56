package handoff

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"jiban"
)

func TestFromQueueToAgentAndBack(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	h.online("a")
	o := h.waitingPerson("web:1")
	if o.Queue != QueueCitizen || o.Status != jiban.HandoffWaiting || o.Draft["phone"] != "13800001234" {
		t.Fatalf("opened as %+v", o)
	}
	o, err := h.Accept(ctx, agent("a"), o.ID)
	if err != nil || o.Status != jiban.HandoffAccepted || o.AgentID != "a" || !reflect.DeepEqual(o, h.handoff(o.ID)) {
		t.Fatalf("accepted as %+v, %v", o, err)
	}
	c := h.conversation(o.ConversationID)
	if c.Holder != jiban.HeldByAgent || c.AgentID != "a" || c.HandoffID != o.ID {
		t.Fatalf("held as %+v", c)
	}
	m, err := h.Say(ctx, agent("a"), c.ID, "m1", " 您好 ")
	if err != nil || m.Content.Text != "您好" || m.Author != jiban.ByAgent {
		t.Fatalf("said %+v, %v", m, err)
	}
	again, err := h.Say(ctx, agent("a"), c.ID, "m1", "您好")
	if err != nil || again.ID != m.ID || again.Seq != m.Seq {
		t.Errorf("a repeat is the same message: %+v, %v", again, err)
	}
	if mine, err := h.Mine(ctx, "a"); err != nil || len(mine) != 1 {
		t.Errorf("mine: %v, %v", mine, err)
	}
	if o, err = h.Return(ctx, agent("a"), o.ID); err != nil || o.Status != jiban.HandoffReturned {
		t.Fatalf("returned as %+v, %v", o, err)
	}
	if c = h.conversation(c.ID); c.Holder != jiban.HeldByBot || c.AgentID != "" || c.HandoffID != "" {
		t.Errorf("the bot holds %+v", c)
	}
	if _, err := h.Return(ctx, agent("a"), o.ID); err != nil {
		t.Errorf("returning twice changes nothing: %v", err)
	}
	if _, err := h.Say(ctx, agent("a"), c.ID, "m2", "还在吗"); jiban.CodeOf(err) != jiban.CodeForbidden {
		t.Errorf("who gave it back is silent: %v", err)
	}
	want := []jiban.NoticeKind{jiban.NoticeHandoffJoined, jiban.NoticeAgent, jiban.NoticeHandoffReturned}
	if got := h.told(c.ID); !reflect.DeepEqual(got, want) {
		t.Errorf("told %v, want %v", got, want)
	}
	if h.heard < 4 {
		t.Errorf("the house heard of %d commits: delivery would sleep", h.heard)
	}
}

func TestClosingEndsTheRequest(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	o := h.waitingPerson("web:1")
	if _, err := h.Accept(ctx, agent("a"), o.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Close(ctx, agent("b"), o.ID); jiban.CodeOf(err) != jiban.CodeForbidden {
		t.Errorf("another agent closes it: %v", err)
	}
	boss := jiban.Account{ID: "s", Roles: []jiban.Role{jiban.RoleSupervisor}}
	if _, err := h.Close(ctx, boss, o.ID); err != nil {
		t.Errorf("a supervisor may: %v", err)
	}
	c := h.conversation(o.ConversationID)
	if c.Holder != jiban.HeldByBot || c.IntakeID != "" || !slices.Contains(h.told(c.ID), jiban.NoticeHandoffClosed) {
		t.Errorf("closed as %+v, told %v", c, h.told(c.ID))
	}
	if _, err := h.Return(ctx, agent("a"), o.ID); jiban.CodeOf(err) != jiban.CodeConflict {
		t.Errorf("what is closed cannot be returned: %v", err)
	}
}

func TestOnlyOneIsFaster(t *testing.T) {
	h := newHouse(t)
	o := h.waitingPerson("web:1")
	var won, lost atomic.Int32
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			_, err := h.Accept(context.Background(), agent(fmt.Sprint(i)), o.ID)
			switch jiban.CodeOf(err) {
			case "":
				won.Add(1)
			case jiban.CodeConflict:
				lost.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 || lost.Load() != 7 {
		t.Errorf("%d won, %d lost", won.Load(), lost.Load())
	}
	if n := len(h.told(o.ConversationID)); n != 1 {
		t.Errorf("the person heard %d times that somebody joined", n)
	}
}

// A person who keeps writing moves the conversation's version; the agent's click
// must not fail for that.
func TestAcceptWhileThePersonWrites(t *testing.T) {
	h := newHouse(t)
	o := h.waitingPerson("web:1")
	busy := &interfering{Store: h.store, times: 2}
	h.deps.Store = busy
	if _, err := h.Accept(context.Background(), agent("a"), o.ID); err != nil {
		t.Errorf("got %v", err)
	}
	busy.times = 2
	if _, err := h.Say(context.Background(), agent("a"), o.ConversationID, "m1", "您好"); err != nil {
		t.Errorf("got %v", err)
	}
}

// interfering lets a turn of the person come in between, some times.
type interfering struct {
	Store
	times int
}

func (i *interfering) Apply(ctx context.Context, b jiban.Batch) (jiban.Applied, error) {
	if i.times > 0 {
		i.times--
		c, err := i.Conversation(ctx, b.Conversation.ID)
		if err != nil {
			return jiban.Applied{}, err
		}
		if _, err := i.Store.Apply(ctx, jiban.Batch{Conversation: &c}); err != nil {
			return jiban.Applied{}, err
		}
	}
	return i.Store.Apply(ctx, b)
}

func TestWhoMayAccept(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	o := h.waitingPerson("web:0")
	clerk := jiban.Account{ID: "c", Roles: []jiban.Role{jiban.RoleHandler, jiban.RoleEditor}}
	if _, err := h.Accept(ctx, clerk, o.ID); jiban.CodeOf(err) != jiban.CodeForbidden {
		t.Errorf("a handler accepts: %v", err)
	}
	for i := range 5 {
		if _, err := h.Accept(ctx, agent("a"), h.waitingPerson(jiban.Address(fmt.Sprintf("web:%d", i+1))).ID); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.Accept(ctx, agent("a"), o.ID); jiban.CodeOf(err) != jiban.CodeLimited {
		t.Errorf("a sixth conversation: %v", err)
	}
	if _, err := h.Accept(ctx, agent("b"), "nothing"); jiban.CodeOf(err) != jiban.CodeNotFound {
		t.Errorf("an unknown one: %v", err)
	}
}

func TestSayRefuses(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	o := h.waitingPerson("web:1")
	for _, c := range []struct {
		why, id, text string
		want          jiban.Code
	}{
		{"nothing", "1", "  ", jiban.CodeInvalid},
		{"without an id", "", "x", jiban.CodeInvalid},
		{"too much", "1", strings.Repeat("水", 2001), jiban.CodeInvalid},
		{"no text", "1", "\xff", jiban.CodeInvalid},
		{"before accepting", "1", "您好", jiban.CodeForbidden},
	} {
		if _, err := h.Say(ctx, agent("a"), o.ConversationID, c.id, c.text); jiban.CodeOf(err) != c.want {
			t.Errorf("%s: %v", c.why, err)
		}
	}
	if got := h.told(o.ConversationID); len(got) != 0 {
		t.Errorf("said %v", got)
	}
}

func TestLeaving(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	o := h.waitingPerson("web:1")
	left, err := h.Leave(ctx, o.ID)
	if err != nil || left.Status != jiban.HandoffLeft || left.Version != o.Version {
		t.Fatalf("%+v, %v", left, err)
	}
	if _, err := h.Accept(ctx, agent("a"), o.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Leave(ctx, o.ID); jiban.CodeOf(err) != jiban.CodeConflict {
		t.Errorf("a person speaks already: %v", err)
	}
}

func TestPlan(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	for _, c := range []struct {
		why      string
		r        jiban.HandoffRequest
		queue    string
		priority int
	}{
		{"a citizen", jiban.HandoffRequest{Reason: jiban.HandoffRequested, Audience: jiban.Citizen}, QueueCitizen, priorityNormal},
		{"a business", jiban.HandoffRequest{Reason: jiban.HandoffRequested, Audience: jiban.Enterprise}, QueueEnterprise, priorityNormal},
		{"a specialist", jiban.HandoffRequest{Reason: jiban.HandoffSpecialist, Audience: jiban.Enterprise}, QueueSpecialist, priorityNormal},
		{"anger", jiban.HandoffRequest{Reason: jiban.HandoffAnger}, QueueCitizen, priorityAnger},
		{"the roster", jiban.HandoffRequest{Reason: jiban.HandoffRequested, Roster: true}, QueueCitizen, priorityRoster},
		{"an angry one of the roster", jiban.HandoffRequest{Reason: jiban.HandoffAnger, Roster: true}, QueueCitizen, priorityRoster},
		{"an emergency", jiban.HandoffRequest{Reason: jiban.HandoffEmergency, Roster: true}, QueueCitizen, priorityEmergency},
	} {
		p, err := h.Plan(ctx, c.r)
		if err != nil || p.Queue != c.queue || p.Priority != c.priority {
			t.Errorf("%s: %+v, %v", c.why, p, err)
		}
		if p.OnDuty || !p.CallbackBy.Equal(at(t, "2026-11-02 11:00")) || p.Ahead != 0 || p.Wait != 0 {
			t.Errorf("%s, nobody on duty: %+v", c.why, p)
		}
	}
	h.online("a")
	first := h.waitingPerson("web:1")
	h.waitingPerson("web:2")
	h.queue(h.person("web:3").ID, jiban.HandoffRequest{Reason: jiban.HandoffRequested, Audience: jiban.Enterprise})
	h.clock.Advance(4 * time.Minute)
	h.online("a")
	if _, err := h.Accept(ctx, agent("a"), first.ID); err != nil {
		t.Fatal(err)
	}
	p, err := h.Plan(ctx, jiban.HandoffRequest{Reason: jiban.HandoffRequested, Audience: jiban.Citizen})
	if err != nil || !p.OnDuty || p.Ahead != 1 || p.Wait != 5*time.Minute {
		t.Errorf("one in front, four minutes' wait: %+v, %v", p, err)
	}
	if p, err = h.Plan(ctx, jiban.HandoffRequest{Roster: true}); err != nil || p.Ahead != 0 {
		t.Errorf("the roster has nobody in front: %+v, %v", p, err)
	}
	h.clock.Advance(12 * time.Hour)
	if p, err = h.Plan(ctx, jiban.HandoffRequest{}); err != nil || p.OnDuty || !p.CallbackBy.Equal(at(t, "2026-11-03 10:30")) {
		t.Errorf("at night: %+v, %v", p, err)
	}
}

func TestOwnRules(t *testing.T) {
	h := newHouse(t)
	h.deps.Rules = []Rule{{Region: "230200", Queue: "qiqihar"}, {Matter: "06", Queue: "labour"}}
	for _, c := range []struct{ region, matter, want string }{
		{"230202", "060101", "qiqihar"}, {"230100", "060101", "labour"}, {"230100", "020101", QueueCitizen}, {"", "", QueueCitizen},
	} {
		if p, err := h.Plan(context.Background(), jiban.HandoffRequest{Region: c.region, Matter: c.matter}); err != nil || p.Queue != c.want {
			t.Errorf("%+v went to %q, %v", c, p.Queue, err)
		}
	}
}

func TestOrderOfTheQueue(t *testing.T) {
	h := newHouse(t)
	requests := []jiban.HandoffRequest{
		{Reason: jiban.HandoffRequested}, {Reason: jiban.HandoffAnger}, {Reason: jiban.HandoffEmergency}, {Roster: true}, {Reason: jiban.HandoffRequested},
	}
	var ids []string
	for i, r := range requests {
		h.clock.Advance(time.Second)
		ids = append(ids, h.queue(h.person(jiban.Address(fmt.Sprintf("web:%d", i))).ID, r).ID)
	}
	waiting, err := h.Waiting(context.Background(), "")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, w := range waiting {
		got = append(got, w.ID)
	}
	if want := []string{ids[2], ids[3], ids[1], ids[0], ids[4]}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

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
	h.pass(heartbeat, "b")
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

func TestAlerts(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	c := h.person("web:1")
	if _, err := h.store.Apply(ctx, jiban.Batch{Alerts: []jiban.Alert{{ID: "x", ConversationID: c.ID, Kind: "119", CreatedAt: h.clock.Now()}}}); err != nil {
		t.Fatal(err)
	}
	if got, err := h.Alerts(ctx, true, 10); err != nil || len(got) != 1 {
		t.Errorf("got %v, %v", got, err)
	}
	if err := h.SeeAlert(ctx, "x", "a"); err != nil {
		t.Error(err)
	}
	if got, err := h.Alerts(ctx, true, 10); err != nil || len(got) != 0 {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestOpenNeedsAPlan(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	if _, err := h.Open(ctx, jiban.Conversation{}, jiban.HandoffRequest{}, jiban.HandoffPlan{}, false); jiban.CodeOf(err) != jiban.CodeInvalid {
		t.Error(err)
	}
	o, err := h.Open(ctx, h.person("web:1"), jiban.HandoffRequest{}, jiban.HandoffPlan{Queue: QueueCitizen}, true)
	if err != nil || o.Status != jiban.HandoffCallback || o.ClosedAt.IsZero() {
		t.Errorf("%+v, %v", o, err)
	}
	if _, err := h.Mine(ctx, ""); jiban.CodeOf(err) != jiban.CodeInvalid {
		t.Error(err)
	}
	if !errors.Is(h.Sweep(ctx), nil) {
		t.Error("an empty house sweeps")
	}
}
