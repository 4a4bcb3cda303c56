package handoff

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"jiban"
	"jiban/calendar"
	"jiban/store"
	"jiban/store/shared"
	"jiban/store/storetest"
	"jiban/tickets"
)

// house is the room on a real store with real tickets; the clock stands on Monday
// morning, 2026-11-02 at nine.
type house struct {
	*Service
	t      testing.TB
	clock  *jiban.ManualClock
	store  *store.Store
	shared *shared.Memory
	ids    *jiban.SerialIDs
	heard  int
	file   string // of the database
}

func at(t testing.TB, s string) time.Time {
	t.Helper()
	v, err := time.ParseInLocation("2006-01-02 15:04", s, jiban.Beijing)
	if err != nil {
		t.Fatal(err)
	}
	return v.UTC()
}

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{t: t, clock: jiban.NewManualClock(at(t, "2026-11-02 09:00")), ids: &jiban.SerialIDs{Prefix: "id"}}
	h.file = filepath.Join(t.TempDir(), "handoff.db")
	var err error
	h.store, err = storetest.New(context.Background(), "sqlite:"+h.file,
		store.Deps{Clock: h.clock, IDs: h.ids, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	h.shared = shared.NewMemory(h.clock)
	t.Cleanup(func() {
		if err := errors.Join(h.store.Close(), h.shared.Close()); err != nil {
			t.Error(err)
		}
	})
	h.Service = h.node()
	return h
}

// Committed counts what the room tells the house.
func (h *house) Committed(context.Context, jiban.Batch, jiban.Applied) { h.heard++ }

// sample is read once; nobody changes it.
var sample = sync.OnceValues(tickets.Sample)

// node is another node on the same store.
func (h *house) node() *Service {
	h.t.Helper()
	cal, err := calendar.Default()
	if err != nil {
		h.t.Fatal(err)
	}
	catalogue, err := sample()
	if err != nil {
		h.t.Fatal(err)
	}
	room, err := tickets.New(tickets.Deps{
		Store: h.store, Calendar: cal, Clock: h.clock, IDs: h.ids, Log: slog.New(slog.DiscardHandler), Catalogue: catalogue,
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return New(Deps{
		Store: h.store, Alerts: h.store, Presence: h.shared, Tickets: room, Desk: cal, Clock: h.clock, IDs: h.ids,
		Log: slog.New(slog.DiscardHandler), Listeners: h,
	})
}

func agent(id string) jiban.Account {
	return jiban.Account{ID: id, Name: "坐席" + id, Roles: []jiban.Role{jiban.RoleAgent}}
}

// person lets somebody write for the first time.
func (h *house) person(address jiban.Address) jiban.Conversation {
	h.t.Helper()
	m, _, err := h.store.Receive(context.Background(), jiban.Received{
		Channel: "web", ChannelKind: jiban.ChannelWebChat, ExternalID: string(address), Address: address, Audience: jiban.Citizen,
		Content: jiban.Content{Kind: jiban.KindText, Text: "转人工"}, At: h.clock.Now(),
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return h.conversation(m.ConversationID)
}

func (h *house) conversation(id string) jiban.Conversation {
	h.t.Helper()
	c, err := h.store.Conversation(context.Background(), id)
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

func (h *house) handoff(id string) jiban.Handoff {
	h.t.Helper()
	o, err := h.Handoff(context.Background(), id)
	if err != nil {
		h.t.Fatal(err)
	}
	return o
}

// queue puts a conversation into the queue the way a turn does.
func (h *house) queue(conversationID string, r jiban.HandoffRequest) jiban.Handoff {
	h.t.Helper()
	ctx := context.Background()
	if r.Reason == "" {
		r.Reason = jiban.HandoffRequested
	}
	p, err := h.Plan(ctx, r)
	if err != nil {
		h.t.Fatal(err)
	}
	c := h.conversation(conversationID)
	o, err := h.Open(ctx, c, r, p, false)
	if err != nil {
		h.t.Fatal(err)
	}
	c.Holder, c.HandoffID = jiban.HeldByQueue, o.ID
	if _, err := h.store.Apply(ctx, jiban.Batch{Conversation: &c, Handoffs: []jiban.Handoff{o}}); err != nil {
		h.t.Fatal(err)
	}
	return h.handoff(o.ID)
}

func (h *house) waitingPerson(address jiban.Address) jiban.Handoff {
	h.t.Helper()
	return h.queue(h.person(address).ID, jiban.HandoffRequest{Audience: jiban.Citizen, Summary: "停水", Draft: map[string]string{"phone": "13800001234"}})
}

func (h *house) online(ids ...string) {
	h.t.Helper()
	for _, id := range ids {
		if err := h.SetPresence(context.Background(), id, Online); err != nil {
			h.t.Fatal(err)
		}
	}
}

func (h *house) sweep() {
	h.t.Helper()
	if err := h.Sweep(context.Background()); err != nil {
		h.t.Fatal(err)
	}
}

// pass lets time pass in steps of the console's heartbeat, the agents named being
// there, with a sweep at each.
func (h *house) pass(d time.Duration, online ...string) {
	h.t.Helper()
	for ; d > 0; d -= 20 * time.Second {
		h.clock.Advance(20 * time.Second)
		h.online(online...)
		h.sweep()
	}
}

func (h *house) told(conversationID string) []jiban.NoticeKind {
	h.t.Helper()
	messages, err := h.store.Messages(context.Background(), conversationID, 0, 500)
	if err != nil {
		h.t.Fatal(err)
	}
	var kinds []jiban.NoticeKind
	for _, m := range messages {
		if m.Direction == jiban.Outbound {
			kinds = append(kinds, m.Delivery.Kind)
		}
	}
	return kinds
}
