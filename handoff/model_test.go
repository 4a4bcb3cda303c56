package handoff

import (
	"context"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"jiban"
)

// world is who holds each conversation as the rules say: "" the bot, "queue", or
// an agent.
type world struct {
	h      *house
	agents []string
	people []string          // conversations
	holder map[string]string // by conversation
	open   map[string]string // handoff by conversation
	nodes  []*Service
}

// TestConversationsAreNeverLost lets people, agents and time do as they please and
// checks after each step that store and rules agree on who holds what.
func TestConversationsAreNeverLost(t *testing.T) {
	h := newHouse(t)
	round, nodes := 0, []*Service{h.node(), h.node()}
	rapid.Check(t, func(rt *rapid.T) {
		round++
		w := &world{h: h, agents: []string{"a", "b", "c"}, holder: map[string]string{}, open: map[string]string{}, nodes: nodes}
		for i := range 4 {
			id := h.person(jiban.Address(fmt.Sprintf("web:%d-%d", round, i))).ID
			w.people = append(w.people, id)
		}
		rt.Repeat(map[string]func(*rapid.T){
			"ask":      w.ask,
			"write":    w.write,
			"leave":    w.leave,
			"accept":   w.accept,
			"say":      w.say,
			"return":   func(rt *rapid.T) { w.finish(rt, (*Service).Return) },
			"close":    func(rt *rapid.T) { w.finish(rt, (*Service).Close) },
			"presence": w.presence,
			"time":     w.time,
			"":         w.check,
		})
		w.drain(rt)
	})
}

func (w *world) node(rt *rapid.T) *Service { return rapid.SampledFrom(w.nodes).Draw(rt, "node") }
func (w *world) one(rt *rapid.T) string    { return rapid.SampledFrom(w.people).Draw(rt, "person") }
func (w *world) agent(rt *rapid.T) string  { return rapid.SampledFrom(w.agents).Draw(rt, "agent") }

func (w *world) ask(rt *rapid.T) {
	id := w.one(rt)
	if w.holder[id] != "" {
		return // the runner opens none for a conversation that people hold
	}
	w.open[id] = w.h.queue(id, jiban.HandoffRequest{Roster: rapid.Bool().Draw(rt, "roster")}).ID
	w.holder[id] = "queue"
}

// write is a turn of the person: it moves the conversation's version only.
func (w *world) write(rt *rapid.T) {
	c := w.h.conversation(w.one(rt))
	if _, err := w.h.store.Apply(context.Background(), jiban.Batch{Conversation: &c}); err != nil {
		rt.Fatal(err)
	}
}

func (w *world) leave(rt *rapid.T) {
	ctx, id := context.Background(), w.one(rt)
	if w.open[id] == "" {
		return
	}
	o, err := w.node(rt).Leave(ctx, w.open[id])
	if (err == nil) != (w.holder[id] == "queue") {
		rt.Fatalf("leaving while %q holds it: %v", w.holder[id], err)
	}
	if err != nil {
		return
	}
	c := w.h.conversation(id)
	c.Holder, c.HandoffID = jiban.HeldByBot, ""
	if _, err := w.h.store.Apply(ctx, jiban.Batch{Conversation: &c, Handoffs: []jiban.Handoff{o}}); err != nil {
		rt.Fatal(err)
	}
	w.holder[id] = ""
}

func (w *world) accept(rt *rapid.T) {
	id, who := w.one(rt), w.agent(rt)
	if w.open[id] == "" {
		return
	}
	_, err := w.node(rt).Accept(context.Background(), agent(who), w.open[id])
	allowed := w.holder[id] == "queue" || w.holder[id] == who
	if allowed != (err == nil) {
		rt.Fatalf("%s accepts while %q holds it: %v", who, w.holder[id], err)
	}
	if allowed {
		w.holder[id] = who
	}
}

func (w *world) say(rt *rapid.T) {
	id, who := w.one(rt), w.agent(rt)
	_, err := w.node(rt).Say(context.Background(), agent(who), id, fmt.Sprint(rapid.IntRange(0, 5).Draw(rt, "client id")), "您好")
	if (err == nil) != (w.holder[id] == who) {
		rt.Fatalf("%s speaks while %q holds it: %v", who, w.holder[id], err)
	}
}

func (w *world) finish(rt *rapid.T, do func(*Service, context.Context, jiban.Account, string) (jiban.Handoff, error)) {
	id, who := w.one(rt), w.agent(rt)
	if w.open[id] == "" {
		return
	}
	before := w.h.handoff(w.open[id])
	after, err := do(w.node(rt), context.Background(), agent(who), w.open[id])
	if w.holder[id] == who {
		if err != nil {
			rt.Fatalf("%s finishes what they hold: %v", who, err)
		}
		w.holder[id] = ""
	} else if err == nil && after.Version != before.Version {
		rt.Fatalf("%s finished what %q holds", who, w.holder[id])
	}
}

func (w *world) presence(rt *rapid.T) {
	status := rapid.SampledFrom([]string{Online, Busy, Away, Offline}).Draw(rt, "status")
	if err := w.node(rt).SetPresence(context.Background(), w.agent(rt), status); err != nil {
		rt.Fatal(err)
	}
}

// time passes and one node, or both, sweep. What a sweep may do is taken over from
// the store; that it was allowed is checked here.
func (w *world) time(rt *rapid.T) {
	w.h.clock.Advance(time.Duration(rapid.IntRange(1, 600).Draw(rt, "seconds")) * time.Second)
	ctx := context.Background()
	present, err := w.h.present(ctx, append(statuses(), working)...)
	if err != nil {
		rt.Fatal(err)
	}
	for _, n := range w.nodes {
		if err := n.Sweep(ctx); err != nil {
			rt.Fatal(err)
		}
	}
	for _, id := range w.people {
		c := w.h.conversation(id)
		now := map[jiban.Holder]string{jiban.HeldByBot: "", jiban.HeldByQueue: "queue", jiban.HeldByAgent: c.AgentID}[c.Holder]
		switch was := w.holder[id]; {
		case now == was:
		case now == "queue" && was != "" && !present[was]: // the agent is gone
		case now == "" && was != "" && !present[was]: // called back
		default:
			rt.Fatalf("a sweep moved a conversation from %q to %q", was, now)
		}
		w.holder[id] = now
	}
}

// check compares the store with the rules.
func (w *world) check(rt *rapid.T) {
	ctx := context.Background()
	for _, id := range w.people {
		c := w.h.conversation(id)
		want := jiban.HeldByAgent
		switch w.holder[id] {
		case "":
			want = jiban.HeldByBot
		case "queue":
			want = jiban.HeldByQueue
		}
		if c.Holder != want || want == jiban.HeldByAgent && c.AgentID != w.holder[id] || want != jiban.HeldByAgent && c.AgentID != "" {
			rt.Fatalf("by the rules %q holds it, in the store %s %q", w.holder[id], c.Holder, c.AgentID)
		}
		w.checkHandoff(rt, &c)
	}
	waiting, err := w.h.Waiting(ctx, "")
	if err != nil {
		rt.Fatal(err)
	}
	n := 0
	for _, o := range waiting {
		if w.open[o.ConversationID] == o.ID {
			n++
		}
	}
	for _, holder := range w.holder {
		if holder == "queue" {
			n--
		}
	}
	if n != 0 {
		rt.Fatalf("the queue holds %d conversations too many", n)
	}
}

// checkHandoff makes sure that conversation and handoff say the same.
func (w *world) checkHandoff(rt *rapid.T, c *jiban.Conversation) {
	if c.Holder == jiban.HeldByBot {
		if c.HandoffID != "" {
			rt.Fatalf("the bot holds %s, and yet a handoff is open", c.ID)
		}
		if id := w.open[c.ID]; id != "" {
			if s := w.h.handoff(id).Status; s == jiban.HandoffWaiting || s == jiban.HandoffAccepted {
				rt.Fatalf("the bot holds %s, and yet its handoff is %s", c.ID, s)
			}
		}
		return
	}
	o := w.h.handoff(c.HandoffID)
	if c.Holder == jiban.HeldByQueue && o.Status != jiban.HandoffWaiting || c.Holder == jiban.HeldByAgent && (o.Status != jiban.HandoffAccepted || o.AgentID != c.AgentID) {
		rt.Fatalf("conversation %+v, handoff %+v", c, o)
	}
}

// drain lets everybody go home: in the end nobody is left in the queue or with an
// agent who is not there.
func (w *world) drain(rt *rapid.T) {
	ctx := context.Background()
	for _, a := range w.agents {
		if err := w.nodes[0].SetPresence(ctx, a, Offline); err != nil {
			rt.Fatal(err)
		}
	}
	for range 5 {
		w.h.clock.Advance(grace)
		if err := w.nodes[0].Sweep(ctx); err != nil {
			rt.Fatal(err)
		}
	}
	for _, id := range w.people {
		if c := w.h.conversation(id); c.Holder != jiban.HeldByBot {
			rt.Fatalf("somebody is left with %s", c.Holder)
		}
	}
}
