package tickets

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"jiban"
	"jiban/calendar"
	"jiban/store"
	"jiban/store/storetest"
)

// house is the room on a real store, with a clock that stands on Monday morning,
// 2026-11-02 at nine.
type house struct {
	*Service
	t     testing.TB
	clock *jiban.ManualClock
	store *store.Store
	dsn   string
	home  int // of the last draft
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
	return houseOn(t, "sqlite:"+filepath.Join(t.TempDir(), "tickets.db"))
}

func houseOn(t testing.TB, dsn string) *house {
	t.Helper()
	clock := jiban.NewManualClock(at(t, "2026-11-02 09:00"))
	ids := &jiban.SerialIDs{Prefix: "id"}
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	s := storetest.Open(t, dsn, store.Deps{Clock: clock, IDs: ids, Log: quiet})
	h := &house{t: t, clock: clock, store: s, dsn: dsn}
	h.Service = h.node(ids)
	return h
}

// onBoth runs a test on SQLite and on PostgreSQL, each time on an empty database.
func onBoth(t *testing.T, test func(t *testing.T, h *house)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, newHouse(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, houseOn(t, storetest.Postgres(t))) })
}

// node is another node on the same store.
func (h *house) node(ids jiban.IDs) *Service {
	h.t.Helper()
	cal, err := calendar.Default()
	if err != nil {
		h.t.Fatal(err)
	}
	service, err := New(Deps{
		Store: h.store, Calendar: cal, Clock: h.clock, IDs: ids, Log: slog.New(slog.DiscardHandler), Catalogue: sampleCatalogue(h.t),
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return service
}

// person lets somebody write for the first time and returns the conversation.
func (h *house) person(address jiban.Address) jiban.Conversation {
	h.t.Helper()
	m, _, err := h.store.Receive(context.Background(), jiban.Received{
		Channel: "web", ChannelKind: jiban.ChannelWebChat, ExternalID: string(address), Address: address, Audience: jiban.Citizen,
		Content: jiban.Content{Kind: jiban.KindText, Text: "停水了"}, At: h.clock.Now(),
	})
	if err != nil {
		h.t.Fatal(err)
	}
	c, err := h.store.Conversation(context.Background(), m.ConversationID)
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

const outage = "020101" // 停水

// surveyTime is how long the person may take to say whether it helped.
const surveyTime = 72 * time.Hour

// draft is a water outage in Nangang, Harbin, each in another house.
func (h *house) draft(c jiban.Conversation) jiban.TicketDraft {
	h.home++
	return jiban.TicketDraft{
		Kind: "request", Type: jiban.Help, Matter: outage, Region: "230103", ContactID: c.ContactID, ConversationID: c.ID, Channel: c.Channel,
		Fields: map[string]string{"place": fmt.Sprintf("学府路%d号", h.home), "since": "昨天", "phone": "13800001234", "name": "王芳"},
	}
}

// open opens a ticket the way a turn does.
func (h *house) open(d jiban.TicketDraft) jiban.Ticket {
	h.t.Helper()
	ctx := context.Background()
	plan, err := h.Plan(ctx, d)
	if err != nil {
		h.t.Fatal(err)
	}
	change, notices, err := h.Decide(ctx, jiban.TicketAction{Kind: jiban.EventOpened, Draft: &d, Plan: &plan, Actor: "bot"})
	if err != nil {
		h.t.Fatal(err)
	}
	if len(notices) != 0 {
		h.t.Errorf("the turn itself tells the number, and yet: %v", notices)
	}
	if _, err := h.store.Apply(ctx, jiban.Batch{Tickets: []jiban.TicketChange{change}}); err != nil {
		h.t.Fatal(err)
	}
	return h.ticket(plan.Number)
}

func (h *house) ticket(number string) jiban.Ticket {
	h.t.Helper()
	t, err := h.Ticket(context.Background(), number)
	if err != nil {
		h.t.Fatal(err)
	}
	return t
}

// act does something as staff; pairs are the data.
func (h *house) act(k jiban.TicketEventKind, number string, pairs ...string) (jiban.Ticket, error) {
	return h.Act(context.Background(), jiban.TicketAction{Kind: k, Number: number, Actor: "staff", Data: data(pairs...)})
}

func (h *house) must(k jiban.TicketEventKind, number string, pairs ...string) jiban.Ticket {
	h.t.Helper()
	t, err := h.act(k, number, pairs...)
	if err != nil {
		h.t.Fatalf("%s: %v", k, err)
	}
	return t
}

// told lists the kinds of notice in a conversation, in order.
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

func (h *house) kinds(number string) []jiban.TicketEventKind {
	h.t.Helper()
	events, err := h.Events(context.Background(), number)
	if err != nil {
		h.t.Fatal(err)
	}
	var kinds []jiban.TicketEventKind
	for _, e := range events {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}
