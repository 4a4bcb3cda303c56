package web_test

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jiban"
	"jiban/keys"
	"jiban/people"
	"jiban/store"
	"jiban/store/shared"
	"jiban/web"
)

// nobody is a room of people in which nobody is known.
type nobody struct{}

func (nobody) ContactAt(context.Context, jiban.Address) (jiban.Contact, error) {
	return jiban.Contact{}, notFound()
}
func (nobody) Kept(_ context.Context, id string) (string, error)         { return id, nil }
func (nobody) Proofs(context.Context, string) ([]jiban.Proof, error)     { return nil, nil }
func (nobody) Rosters(context.Context, int) ([]jiban.Roster, error)      { return nil, nil }
func (nobody) Joins(context.Context, string) ([]jiban.Join, error)       { return nil, nil }
func (nobody) Consents(context.Context, string) ([]jiban.Consent, error) { return nil, nil }
func (nobody) OptOuts(context.Context, string) ([]jiban.OptOut, error)   { return nil, nil }
func (nobody) Export(context.Context, string, string, io.Writer) error   { return notFound() }
func (nobody) Forget(context.Context, string, string, string) error      { return notFound() }
func (nobody) Separate(context.Context, string, string) (jiban.Join, error) {
	return jiban.Join{}, notFound()
}
func (nobody) Fetch(context.Context, string, string, string) (*people.Copy, error) {
	return nil, notFound()
}
func (nobody) Get(context.Context, string) (jiban.DataRequest, error) {
	return jiban.DataRequest{}, notFound()
}
func (nobody) Approve(context.Context, string, string) (jiban.DataRequest, error) {
	return jiban.DataRequest{}, notFound()
}
func (nobody) Delete(context.Context, string, string) (jiban.DataRequest, error) {
	return jiban.DataRequest{}, notFound()
}
func (nobody) Check(context.Context, string, string, string) (jiban.DataRequest, error) {
	return jiban.DataRequest{}, notFound()
}
func (nobody) Refuse(context.Context, string, string, string) (jiban.DataRequest, error) {
	return jiban.DataRequest{}, notFound()
}
func (nobody) Finish(context.Context, string, string, string) (jiban.DataRequest, error) {
	return jiban.DataRequest{}, notFound()
}
func (nobody) Request(context.Context, string, jiban.DataRequestKind, string, string) (jiban.DataRequest, error) {
	return jiban.DataRequest{}, notFound()
}
func (nobody) List(context.Context, jiban.DataRequestFilter) ([]jiban.DataRequest, error) {
	return nil, nil
}
func (nobody) Link(context.Context, string, string) (string, time.Time, error) {
	return "", time.Time{}, notFound()
}
func (nobody) Prove(context.Context, jiban.AddressProof, time.Time) (jiban.Contact, *jiban.Join, error) {
	return jiban.Contact{}, nil, notFound()
}
func (nobody) ConversationsOf(context.Context, string, int) ([]jiban.Conversation, error) {
	return nil, nil
}
func (nobody) History(context.Context, string, time.Time, string, int) ([]jiban.Message, error) {
	return nil, nil
}
func (nobody) Import(context.Context, io.Reader, people.ImportOptions) (people.ImportReport, error) {
	return people.ImportReport{}, jiban.Errorf(jiban.CodeInvalid, "fake", "no file")
}

// The board of the nodes: nothing is ever under way.
func (m *common) Acquire(context.Context, string, string, time.Duration) (bool, error) {
	return true, nil
}
func (m *common) Release(context.Context, string, string) error            { return nil }
func (m *common) Get(context.Context, string) (string, bool, error)        { return "", false, nil }
func (m *common) Set(context.Context, string, string, time.Duration) error { return nil }

// residence is the edge before the real rooms of people on SQLite.
type residence struct {
	*house
	store    *store.Store
	people   *people.Service
	requests *people.Requests
	shared   *shared.Memory
	rooms    *jiban.ManualClock
}

// wait lets time pass, in the rooms and at the edge.
func (f *residence) wait(d time.Duration) {
	f.rooms.Advance(d)
	f.clock.Advance(d)
}

const (
	plantedPhone = "13912345678"
	plantedName  = "欧阳修远"
)

func newResidence(t *testing.T, options ...option) *residence {
	t.Helper()
	f := &residence{rooms: jiban.NewManualClock(time.Date(2026, 11, 2, 1, 0, 0, 0, time.UTC))}
	clock := f.rooms
	ids := jiban.RandomIDs{Clock: clock}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	bare, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "jiban.db"), store.Deps{Clock: clock, IDs: ids, Log: slog.New(slog.DiscardHandler)})
	must(err)
	t.Cleanup(func() { _ = bare.Close() })
	k, err := keys.Open(t.Context(), keys.Config{Value: strings.Repeat("5a", 32)}, keys.Deps{Store: bare, Clock: clock, IDs: ids, Log: slog.New(slog.DiscardHandler)})
	must(err)
	f.store, f.shared = bare.With(k), shared.NewMemory(clock)
	f.people = people.New(people.Deps{Store: f.store, Keys: k, Clock: clock, IDs: ids})
	f.requests = people.NewRequests(people.RequestDeps{Store: f.store, Doer: f.people, Clock: clock, IDs: ids,
		Due: func(from time.Time) time.Time { return from.AddDate(0, 0, 21) }})
	roster := people.NewRoster(people.RosterDeps{Store: f.store, Hash: k, Clock: clock, IDs: ids})
	f.house = newHouse(t, append([]option{func(d *web.Deps) {
		d.Records, d.Persons, d.People, d.Requests, d.Roster, d.Shared = f.store, f.store, f.people, f.requests, roster, f.shared
		d.Config.Limits.LoginsPerMinute = 1_000_000
	}}, options...)...)
	return f
}

// hears takes a message in and returns its conversation.
func (f *residence) hears(channel string, kind jiban.ChannelKind, a jiban.Address, region, text string) jiban.Conversation {
	f.t.Helper()
	m, _, err := f.store.Receive(f.t.Context(), jiban.Received{Channel: channel, ChannelKind: kind, ExternalID: fmt.Sprint(a, text), Address: a,
		Audience: jiban.Citizen, Region: region, Lang: jiban.Chinese, Content: jiban.Content{Kind: jiban.KindText, Text: text}})
	f.must(err)
	c, err := f.store.Conversation(f.t.Context(), m.ConversationID)
	f.must(err)
	return c
}

// files a ticket of a conversation, in the store and in the tickets room.
func (f *residence) files(number string, c jiban.Conversation, change func(*jiban.Ticket)) {
	f.t.Helper()
	t := jiban.Ticket{Number: number, Kind: "request", Type: "help", Matter: "010101", Region: c.Region, Status: jiban.TicketHandling, ContactID: c.ContactID,
		ConversationID: c.ID, Channel: c.Channel, Fields: map[string]string{"name": plantedName, "phone": plantedPhone}, CreatedAt: f.clock.Now()}
	if change != nil {
		change(&t)
	}
	_, err := f.store.Apply(f.t.Context(), jiban.Batch{Tickets: []jiban.TicketChange{{Ticket: t}}})
	f.must(err)
	f.desk.tickets[number] = t
}

// proven is a client that proved anew who it is.
func (c *client) proven() *client {
	c.h.t.Helper()
	c.do("POST", "/api/v1/reauth", object{"password": goodPassword}).want(c.h.t, 204)
	return c
}

func TestFindPerson(t *testing.T) {
	f := newResidence(t)
	sms := f.hears("main", jiban.ChannelSMS, "tel:+86"+plantedPhone, "230100", "停水了")
	f.files("2611020000018", sms, nil)
	f.files("2611020000026", sms, func(t *jiban.Ticket) { t.Confidential = true })
	agent := f.as(jiban.RoleAgent, nil)
	find := func(c *client, body object) reply { return c.do("POST", "/api/v1/persons/search", body) }
	for _, spelled := range []string{plantedPhone, "+86 139 1234 5678", "１３９１２３４５６７８"} {
		if r := find(agent, object{"phone": spelled}).want(t, 200); !strings.Contains(r.body, sms.ContactID) {
			t.Errorf("%s finds %s", spelled, r.body)
		}
	}
	find(agent, object{"phone": plantedPhone[:10]}).want(t, 400) // a part of a number finds nobody
	find(agent, object{"phone": "13900000000"}).want(t, 404)
	find(agent, object{"phone": plantedPhone, "number": "2611020000018"}).want(t, 400)
	find(agent, object{}).want(t, 400)
	find(agent, object{"number": "2611020000018"}).want(t, 200)
	find(agent, object{"number": "2611029999999"}).want(t, 404)
	find(agent, object{"number": "2611020000026"}).want(t, 400)
	find(agent, object{"number": "2611020000026", "reason": "本人来电 " + plantedPhone + " 催办"}).want(t, 200)
	far := f.as(jiban.RoleAgent, func(a *jiban.Account) { a.Region = "230600" })
	find(far, object{"phone": plantedPhone}).want(t, 404)
	far.get("/api/v1/persons/"+sms.ContactID).want(t, 404)

	found, none := 0, 0
	for _, e := range f.books.entries {
		if e.Action != "person.search" {
			continue
		}
		if e.Result == "none" {
			none++
		} else if strings.HasPrefix(e.Result, "contact:"+sms.ContactID) {
			found++
		}
	}
	if found != 5 || none != 3 {
		t.Errorf("%d searches that found and %d that did not are recorded", found, none)
	}
	f.nowhere(t, plantedPhone)
}

// nowhere checks that something personal is neither in the log nor in the record.
func (f *residence) nowhere(t *testing.T, planted string) {
	t.Helper()
	if strings.Contains(f.log.String(), planted) {
		t.Error("the log holds what was planted")
	}
	for _, e := range f.books.entries {
		if strings.Contains(e.Object+e.Result, planted) {
			t.Errorf("the record holds what was planted: %s", e.Action)
		}
	}
}

// Who tries number after number is stopped.
func TestPeopleAreNotBrowsed(t *testing.T) {
	f := newResidence(t)
	agent := f.as(jiban.RoleAgent, nil)
	last := 0
	for i := range 30 {
		last = agent.do("POST", "/api/v1/persons/search", object{"phone": fmt.Sprintf("139000000%02d", i)}).status
	}
	if last != 429 {
		t.Errorf("the thirtieth search in a minute: %d", last)
	}
}

func TestPersonsPage(t *testing.T) {
	f := newResidence(t)
	ctx := t.Context()
	sms := f.hears("main", jiban.ChannelSMS, "tel:+86"+plantedPhone, "230100", "我的号码是"+plantedPhone)
	web := f.hears("citizen", jiban.ChannelWebChat, "web:abc123abc123", "230100", "还在停水")
	_, join, err := f.people.Prove(ctx, jiban.AddressProof{ContactID: web.ContactID, Address: "tel:+86" + plantedPhone, How: "code", By: "contact"}, time.Time{})
	f.must(err)
	c, err := f.store.Contact(ctx, join.KeptID)
	f.must(err)
	c.Name = plantedName
	f.must(f.store.SaveContact(ctx, c))
	sms.ContactID = c.ID
	f.must(f.people.Consent(ctx, jiban.Consent{ContactID: c.ID, Purpose: "受理诉求", Wording: "2026-10", Given: true, Channel: "main"}))
	f.must(f.people.OptOut(ctx, c.ID, jiban.GroupSurvey, true))
	f.files("2611020000018", sms, nil)

	agent := f.as(jiban.RoleAgent, nil)
	page := agent.get("/api/v1/persons/"+c.ID).want(t, 200)
	for _, want := range []string{`"proof":"code"`, `"proved_by":"本人"`, "2026-10", `"group":"survey"`, `"number":"2611020000018"`, join.ID} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the page lacks %s: %s", want, page.body)
		}
	}
	history := agent.get("/api/v1/persons/"+c.ID+"/messages").want(t, 200)
	if !strings.Contains(history.body, "还在停水") || !strings.Contains(history.body, "139********") {
		t.Errorf("the history over both channels: %s", history.body)
	}
	for _, hidden := range []string{plantedPhone, plantedName, "abc123abc123"} {
		if strings.Contains(page.body+history.body, hidden) {
			t.Errorf("%s is shown unmasked", hidden)
		}
	}
	clear := agent.do("POST", "/api/v1/persons/"+c.ID+"/reveal", object{"reason": ""}).want(t, 200)
	if !strings.Contains(clear.body, plantedPhone) || !strings.Contains(clear.body, plantedName) {
		t.Errorf("revealed: %s", clear.body)
	}
	if !f.books.recorded(agent.account.ID, "view", "contact:"+c.ID) || !f.books.recorded(agent.account.ID, "reveal", "contact:"+c.ID) {
		t.Error("the views are not recorded")
	}

	// Who has a confidential ticket is not unmasked without a reason.
	f.files("2611020000026", sms, func(t *jiban.Ticket) { t.Confidential = true })
	agent.do("POST", "/api/v1/persons/"+c.ID+"/reveal", object{"reason": "  "}).want(t, 400)
	agent.do("POST", "/api/v1/persons/"+c.ID+"/reveal", object{"reason": "核对地址"}).want(t, 200)
	reasons := ""
	for _, e := range f.books.entries {
		if e.Action == "reveal" {
			reasons += e.Result + "|"
		}
	}
	if reasons != "ok|ok 理由：核对地址|" {
		t.Errorf("the record of what was revealed: %q", reasons)
	}

	separate := "/api/v1/persons/" + c.ID + "/joins/" + join.ID + "/separate"
	agent.do("POST", separate, object{}).want(t, 403)
	supervisor := f.as(jiban.RoleSupervisor, nil)
	supervisor.do("POST", separate, object{}).want(t, 204)
	supervisor.do("POST", separate, object{}).want(t, 409)
	f.nowhere(t, plantedPhone)
	f.nowhere(t, plantedName)
}

// inArchive is what a zip archive holds under a name.
func inArchive(t *testing.T, archive, name string) string {
	t.Helper()
	z, err := zip.NewReader(strings.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	f, err := z.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// The way of a copy: taken in, checked, approved by somebody else, fetched once by
// who approved it.
func TestCopyOfPersonalData(t *testing.T) {
	f := newResidence(t)
	c := f.hears("main", jiban.ChannelSMS, "tel:+86"+plantedPhone, "230100", "停水了").ContactID
	agent := f.as(jiban.RoleAgent, nil)
	first, second := f.as(jiban.RoleSupervisor, nil), f.as(jiban.RoleSupervisor, nil)
	agent.do("POST", "/api/v1/persons/"+c+"/requests", object{"kind": "steal"}).want(t, 400)
	agent.do("POST", "/api/v1/persons/"+c+"/requests", object{"kind": "correct"}).want(t, 400)
	q := into[struct{ ID string }](t, agent.do("POST", "/api/v1/persons/"+c+"/requests", object{"kind": "copy", "note": ""}).want(t, 200)).ID
	agent.do("POST", "/api/v1/persons/"+c+"/requests", object{"kind": "copy"}).want(t, 409)
	at := "/api/v1/requests/" + q
	first.do("POST", at+"/check", object{"how": "code"}).want(t, 400) // no code proved anything
	first.do("POST", at+"/check", object{"how": "staff"}).want(t, 200)
	first.do("POST", at+"/approve", object{}).want(t, 403) // has not proven anew who it is
	first.proven().do("POST", at+"/approve", object{}).want(t, 403)
	agent.do("POST", at+"/approve", object{}).want(t, 403)
	second.proven().do("POST", at+"/approve", object{}).want(t, 200)
	first.do("POST", at+"/link", object{}).want(t, 403)
	link := into[struct{ Secret string }](t, second.do("POST", at+"/link", object{}).want(t, 200))
	first.do("POST", at+"/copy", object{"secret": link.Secret}).want(t, 403)
	second.do("POST", at+"/copy", object{"secret": "guess"}).want(t, 404)
	f.wait(10 * time.Minute)
	second.do("POST", at+"/copy", object{"secret": link.Secret}).want(t, 404)
	link = into[struct{ Secret string }](t, second.proven().do("POST", at+"/link", object{}).want(t, 200))
	copied := second.do("POST", at+"/copy", object{"secret": link.Secret}).want(t, 200)
	if data := inArchive(t, copied.body, "data.jsonl"); !strings.Contains(data, plantedPhone) || !strings.Contains(data, "停水了") {
		t.Errorf("the copy lacks what is held: %s", data)
	}
	second.do("POST", at+"/copy", object{"secret": link.Secret}).want(t, 404)
	if list := agent.get("/api/v1/requests?state=ended").want(t, 200).body; !strings.Contains(list, `"status":"done"`) {
		t.Errorf("the list of what has ended: %s", list)
	}
	f.nowhere(t, link.Secret)
}

func TestDeletionOfPersonalData(t *testing.T) {
	f := newResidence(t)
	conv := f.hears("main", jiban.ChannelSMS, "tel:+86"+plantedPhone, "230100", "停水了")
	f.files("2611020000018", conv, nil)
	first, second := f.as(jiban.RoleAgent, nil), f.as(jiban.RoleSupervisor, nil)
	q := into[struct{ ID string }](t, first.do("POST", "/api/v1/persons/"+conv.ContactID+"/requests", object{"kind": "delete"}).want(t, 200)).ID
	at := "/api/v1/requests/" + q
	first.do("POST", at+"/check", object{"how": "staff"}).want(t, 200)
	second.proven().do("POST", at+"/approve", object{}).want(t, 200)
	if r := second.do("POST", at+"/delete", object{}).want(t, 409); !strings.Contains(r.body, "未办结的工单") {
		t.Errorf("an open ticket: %s", r.body)
	}
	stored, err := f.store.Ticket(t.Context(), "2611020000018")
	f.must(err)
	stored.Status = jiban.TicketClosed
	_, err = f.store.Apply(t.Context(), jiban.Batch{Tickets: []jiban.TicketChange{{Ticket: stored}}})
	f.must(err)
	second.do("POST", at+"/delete", object{}).want(t, 200)
	second.do("POST", at+"/delete", object{}).want(t, 409)
	second.do("POST", "/api/v1/persons/search", object{"phone": plantedPhone}).want(t, 404)
}

// sends sends a file of a type as it comes.
func (c *client) sends(path, kind string, file io.Reader) reply {
	c.h.t.Helper()
	r, err := http.NewRequestWithContext(c.h.t.Context(), "POST", c.h.url+path, file)
	c.h.must(err)
	r.Header.Set("Content-Type", kind)
	r.Header.Set("X-CSRF-Token", c.csrf)
	for k, v := range c.cookies {
		r.AddCookie(&http.Cookie{Name: k, Value: v})
	}
	return c.send(r)
}
