package web_test

import (
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jiban"
	"jiban/calendar"
	"jiban/handoff"
	"jiban/knowledge"
	"jiban/staff"
	"jiban/store"
	"jiban/store/shared"
	"jiban/store/storetest"
	"jiban/tickets"
	"jiban/web"
)

// furnished is the edge before the real rooms on SQLite.
type furnished struct {
	*house
	store *store.Store
	room  *tickets.Service
	conv  jiban.Conversation
}

// newFurnished opens a store with one conversation that waits for a person.
func newFurnished(t *testing.T, options ...option) *furnished {
	t.Helper()
	f := &furnished{}
	clock := jiban.NewManualClock(time.Date(2026, 11, 2, 1, 0, 0, 0, time.UTC))
	ids := jiban.RandomIDs{Clock: clock}
	log := slog.New(slog.DiscardHandler)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var err error
	f.store, err = storetest.New(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "jiban.db"), store.Deps{Clock: clock, IDs: ids, Log: log})
	must(err)
	t.Cleanup(func() { _ = f.store.Close() })
	common := shared.NewMemory(clock)
	screens := web.Announcer{Shared: common, Log: log}
	catalogue, err := tickets.Sample()
	must(err)
	days, err := calendar.Default()
	must(err)
	room, err := tickets.New(tickets.Deps{Store: f.store, Calendar: days, Clock: clock, IDs: ids, Log: log, Listeners: screens, Catalogue: catalogue})
	must(err)
	desk := handoff.New(handoff.Deps{Store: f.store, Alerts: f.store, Presence: common, Tickets: room, Desk: days, Clock: clock, IDs: ids, Log: log, Listeners: screens})
	library, err := knowledge.New(knowledge.Deps{Store: f.store, Clock: clock, IDs: ids, Log: log, Regions: catalogue.Regions})
	must(err)
	articles, err := knowledge.Sample()
	must(err)
	for i := range articles {
		articles[i].Version = 1
	}
	must(f.store.SaveArticles(t.Context(), articles, nil))
	must(library.Load(t.Context()))
	people, err := staff.New(t.Context(), staff.Deps{Store: f.store, Clock: clock, IDs: ids, Params: hashCost(), Region: "230000"})
	must(err)
	f.house = newHouse(t, append([]option{func(d *web.Deps) {
		d.Clock, d.IDs, d.Log, d.Staff = clock, ids, log, people
		d.Incidents, d.Supervision, d.Figures, d.Templates = room, room, f.store, f.store
		d.Tickets, d.Handoffs, d.Knowledge, d.Records, d.House, d.Shared = room, desk, library, f.store, f.store, common
	}}, options...)...)
	f.house.staff, f.house.clock = people, clock
	f.room = room
	f.wait(desk)
	return f
}

// wait lets somebody write and ask for a person.
func (f *furnished) wait(desk *handoff.Service) {
	ctx := f.t.Context()
	m, _, err := f.store.Receive(ctx, jiban.Received{Channel: "citizen", ChannelKind: jiban.ChannelWebChat, ExternalID: "x1", Address: "web:1",
		Audience: jiban.Citizen, Region: "230100", Lang: jiban.Chinese, Content: jiban.Content{Kind: jiban.KindText, Text: "转人工"}, At: f.clock.Now()})
	f.must(err)
	conv, err := f.store.Conversation(ctx, m.ConversationID)
	f.must(err)
	request := jiban.HandoffRequest{Reason: jiban.HandoffRequested, Audience: jiban.Citizen, Region: "230100"}
	plan, err := desk.Plan(ctx, request)
	f.must(err)
	h, err := desk.Open(ctx, conv, request, plan, false)
	f.must(err)
	conv.Holder, conv.HandoffID = jiban.HeldByQueue, h.ID
	_, err = f.store.Apply(ctx, jiban.Batch{Conversation: &conv, Inbox: []string{m.ID}, Handoffs: []jiban.Handoff{h}})
	f.must(err)
	f.conv, err = f.store.Conversation(ctx, m.ConversationID)
	f.must(err)
}

// The way of a request over the real rooms: queue, agent, ticket, department,
// progress for the public.
func TestRealRooms(t *testing.T) {
	f := newFurnished(t)
	agent := f.as(jiban.RoleAgent, nil)
	agent.do("PUT", "/api/v1/presence", object{"status": "online"}).want(t, 204)
	screen, _ := agent.dial("/api/v1/events")
	eventually(t, "opening", func() bool { return f.server.Sockets() == 1 })
	h := f.conv.HandoffID
	agent.do("POST", "/api/v1/handoffs/"+h+"/accept", nil).want(t, 200)
	if got := f.read(screen); got != `{"type":"queue"}` {
		t.Errorf("the screen was told %s", got)
	}
	said := object{"id": "say-1", "text": "您好，请讲"}
	first := agent.do("POST", "/api/v1/conversations/"+f.conv.ID+"/messages", said).want(t, 200)
	again := agent.do("POST", "/api/v1/conversations/"+f.conv.ID+"/messages", said).want(t, 200)
	if into[object](t, first)["seq"] != into[object](t, again)["seq"] {
		t.Errorf("a repeat was said twice: %s", again.body)
	}
	f.as(jiban.RoleAgent, nil).do("POST", "/api/v1/conversations/"+f.conv.ID+"/messages", said).want(t, 403)
	number := f.openTicket(agent)
	view := agent.get("/api/v1/conversations/"+f.conv.ID).want(t, 200).body
	if !strings.Contains(view, number) || !strings.Contains(view, "您好，请讲") {
		t.Errorf("the conversation shows %s", view)
	}
	agent.do("POST", "/api/v1/handoffs/"+h+"/close", nil).want(t, 200)
	agent.do("POST", "/api/v1/handoffs/"+h+"/accept", nil).want(t, 409)
	f.handle(number)
	if _, status := f.stranger().dial("/api/v1/events"); status != 401 {
		t.Errorf("a stranger: %d", status)
	}
}

func (f *furnished) openTicket(agent *client) string {
	f.t.Helper()
	r := agent.do("POST", "/api/v1/tickets", object{"type": "help", "matter": "020101", "region": "230100", "conversation_id": f.conv.ID,
		"fields": object{"place": "南岗区一号楼", "since": "昨天", "phone": "13800001234", "name": "王芳", "description": "停水两天"}}).want(f.t, 200)
	return into[struct{ Number string }](f.t, r).Number
}

// handle plays the department, which is told apart from others.
func (f *furnished) handle(number string) {
	t := f.t
	ticket, err := f.store.Ticket(t.Context(), number)
	f.must(err)
	path := "/api/v1/tickets/" + number
	other := f.as(jiban.RoleHandler, func(a *jiban.Account) { a.Department = "somebody-else" })
	other.do("POST", path+"/sign", nil).want(t, 404)
	handler := f.as(jiban.RoleHandler, func(a *jiban.Account) { a.Department = ticket.Department })
	if !strings.Contains(handler.get("/api/v1/tickets?status=dispatched").want(t, 200).body, number) {
		t.Error("the department does not see its ticket")
	}
	handler.do("POST", path+"/sign", nil).want(t, 200)
	handler.do("POST", path+"/sign", nil).want(t, 409)
	handler.do("POST", path+"/reply", object{"text": "管道已修复"}).want(t, 200)
	got := f.stranger().do("POST", "/api/v1/track", object{"number": number, "code": "1234"}).want(t, 200)
	if !strings.Contains(got.body, `"status":"answered"`) || !strings.Contains(got.body, "管道已修复") {
		t.Errorf("the public sees %s", got.body)
	}
	f.stranger().do("POST", "/api/v1/track", object{"number": number, "code": "4321"}).want(t, 404)
}

func TestRealKnowledgeAndHouse(t *testing.T) {
	f := newFurnished(t)
	agent := f.as(jiban.RoleAgent, nil)
	r := agent.get("/api/v1/search?q=%E5%81%9C%E6%B0%B4%E4%BA%86%E6%80%8E%E4%B9%88%E5%8A%9E&region=230100").want(t, 200)
	found := into[struct {
		Found []struct{ Article jiban.Article }
	}](t, r).Found
	if len(found) == 0 {
		t.Fatalf("found nothing: %s", r.body)
	}
	id := found[0].Article.ID
	reviewer := f.as(jiban.RoleReviewer, nil)
	reviewer.do("POST", "/api/v1/articles/"+id+"/withdraw", nil).want(t, 200)
	if got := agent.get("/api/v1/articles/"+id).want(t, 200).body; !strings.Contains(got, `"status":"withdrawn"`) {
		t.Error(got)
	}
	agent.get("/api/v1/catalogue").want(t, 200)
	f.stranger().get("/readyz").want(t, 200)
	if got := f.as(jiban.RoleAuditor, nil).get("/api/v1/audit?limit=500").want(t, 200).body; !strings.Contains(got, "login") {
		t.Error(got)
	}
	if got := f.stranger().get("/metrics").want(t, 200).body; !strings.Contains(got, "jiban_handoffs_waiting 1") {
		t.Error("the queue is not in the metrics")
	}
}
