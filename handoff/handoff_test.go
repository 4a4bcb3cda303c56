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
