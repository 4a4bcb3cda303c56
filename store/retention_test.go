package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"jiban"
	"jiban/retention"
	"jiban/store"
	"jiban/store/storetest"
)

// past is one empty database with a store whose clock the test moves.
type past struct {
	place
	t     testing.TB
	s     *store.Store
	clock *jiban.ManualClock
}

// aYear is a year and a day, in days.
const aYear = 366

func newPast(t testing.TB, p place) *past {
	t.Helper()
	clock := jiban.NewManualClock(monday)
	deps := store.Deps{Clock: clock, IDs: jiban.RandomIDs{Clock: clock}}
	return &past{place: p, t: t, s: storetest.Open(t, p.dsn, deps), clock: clock}
}

func (h *past) ok(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// days lets time pass.
func (h *past) days(n int) { h.clock.Advance(time.Duration(n) * 24 * time.Hour) }

// person writes for the first time, is answered, and returns the conversation.
func (h *past) person(name string) jiban.Conversation {
	h.t.Helper()
	m := receive(h.t, h.s, text(name+h.clock.Now().Format("-150405.000"), name, "我家停水了 "+name))
	in := turnInput(h.t, h.s, m.ConversationID)
	in.Conversation.State = []byte(`{"step":1}`)
	b := reply(in, "turn-"+m.ID, "已受理 "+name)
	b.Turn.CreatedAt = h.clock.Now()
	sent := apply(h.t, h.s, b)
	h.exec("UPDATE messages SET status = 'sent' WHERE id = '" + sent[0].ID + "'")
	c, err := h.s.Conversation(h.t.Context(), m.ConversationID)
	h.ok(err)
	return c
}

func (h *past) exec(statement string) { h.t.Helper(); h.change(h.t, statement) }

// ticket opens one, and closes it when it shall be over.
func (h *past) ticket(number string, c jiban.Conversation, t jiban.RequestType, status jiban.TicketStatus) {
	h.t.Helper()
	now := h.clock.Now()
	ticket := jiban.Ticket{Number: number, Kind: "request", Type: t, Matter: "010101", Title: "停水 张三", Region: "230100",
		Department: "water", DepartmentName: "供水集团", Status: status, Fields: map[string]string{"name": "张三", "phone": "13800001234"},
		ContactID: c.ContactID, ConversationID: c.ID, Channel: c.Channel, Reply: "已修复，张三", Solved: "yes", Satisfied: "no",
		DueAt: now.Add(48 * time.Hour), CreatedAt: now, UpdatedAt: now}
	events := []jiban.TicketEvent{
		{ID: number + "1", Number: number, Seq: 1, Kind: jiban.EventOpened, Actor: "bot", At: now, Data: map[string]string{
			"type": string(t), "title": "停水 张三", "contact": c.ContactID, "conversation": c.ID, "due": now.Add(48 * time.Hour).Format(time.RFC3339Nano)}},
		{ID: number + "2", Number: number, Seq: 2, Kind: jiban.EventSurveyed, Actor: "contact", At: now,
			Data: map[string]string{"solved": "yes", "satisfied": "no", "reason": "张三不满意"}},
	}
	apply(h.t, h.s, jiban.Batch{Tickets: []jiban.TicketChange{{Ticket: ticket, Events: events}},
		Intakes: []jiban.Intake{{ID: "i" + number, ConversationID: c.ID, ContactID: c.ContactID, Channel: c.Channel, Type: t, Matter: "010101",
			Region: "230100", Question: "张三家停水", Result: jiban.IntakeTicket, Ticket: number, CreatedAt: now, UpdatedAt: now}},
		Alerts: []jiban.Alert{{ID: "a" + number, ConversationID: c.ID, Kind: "119", Text: "张三", SeenBy: "x", CreatedAt: now}},
		Handoffs: []jiban.Handoff{{ID: "h" + number, ConversationID: c.ID, ContactID: c.ContactID, Reason: jiban.HandoffRequested, Queue: "q",
			Status: jiban.HandoffClosed, Summary: "张三", Draft: map[string]string{"name": "张三"}, CreatedAt: now, ClosedAt: now}}})
}

// all lets go everything of a kind that is older than so many days.
func (h *past) all(k retention.Kind, days int) retention.Step {
	h.t.Helper()
	var total retention.Step
	for at := (retention.Place{}); ; {
		step, err := h.s.Expire(h.t.Context(), k, h.clock.Now().AddDate(0, 0, -days), at, 3)
		h.ok(err)
		total.Done, total.Held, at = total.Done+step.Done, total.Held+step.Held, step.Next
		total.Gone = append(total.Gone, step.Gone...)
		if !step.More {
			return total
		}
	}
}

// everything lets go all kinds older than so many days.
func (h *past) everything(days int) {
	h.t.Helper()
	for _, k := range retention.Kinds() {
		if k != retention.Files && k != retention.Deletion {
			h.all(k, days)
		}
	}
}

// dump is the whole database as text, table by table, in a fixed order.
func (h *past) dump() string {
	h.t.Helper()
	driver, dsn := "pgx", h.dsn
	list := "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() ORDER BY 1"
	if !h.postgres {
		driver, dsn = "sqlite", strings.TrimPrefix(h.dsn, "sqlite:")
		list = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY 1"
	}
	db, err := sql.Open(driver, dsn)
	h.ok(err)
	defer db.Close()
	var out strings.Builder
	for _, table := range rowsOf(h.t, db, list) {
		fmt.Fprintf(&out, "== %s\n%s\n", table, strings.Join(rowsOf(h.t, db, "SELECT * FROM "+table), "\n"))
	}
	return out.String()
}

func rowsOf(t testing.TB, db *sql.DB, query string) []string {
	t.Helper()
	rows, err := db.QueryContext(context.Background(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for rows.Next() {
		values, dest := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			dest[i] = &values[i]
		}
		if err := rows.Scan(dest...); err != nil {
			t.Fatal(err)
		}
		texts := make([]string, len(values))
		for i, v := range values {
			if b, ok := v.([]byte); ok {
				v = string(b)
			}
			texts[i] = fmt.Sprint(v)
		}
		all = append(all, strings.Join(texts, "|"))
	}
	return all
}

// count counts rows of a table.
func (h *past) count(from string) int {
	h.t.Helper()
	var n int
	h.query(h.t, &n, "SELECT COUNT(*) FROM "+from)
	return n
}

// What is younger than the limit stays to the second, what is older goes.
func TestRetentionGoesByAge(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		h := newPast(t, p)
		old := h.person("old")
		h.ticket("2611020000018", old, jiban.Help, jiban.TicketClosed)
		h.days(30)
		young := h.person("young")
		h.ticket("2611020000026", young, jiban.Help, jiban.TicketClosed)
		h.days(aYear - 30)
		for k, want := range map[retention.Kind]int{retention.Messages: 2, retention.Turns: 1, retention.Alerts: 1,
			retention.Handoffs: 1, retention.Helps: 1, retention.Complaints: 0, retention.Conversations: 1} {
			if c := must[retention.Count](t)(h.s.Expired(t.Context(), k, h.clock.Now().AddDate(0, 0, -aYear))); c.Due != 0 {
				t.Errorf("%s: %d are due although none is older than the limit", k, c.Due)
			}
			h.clock.Advance(time.Second)
			c := must[retention.Count](t)(h.s.Expired(t.Context(), k, h.clock.Now().AddDate(0, 0, -aYear)))
			if c.Due != want || c.Held != 0 || want > 0 && k != retention.Conversations && !c.Oldest.Equal(monday) {
				t.Errorf("%s: %+v, want %d", k, c, want)
			}
			if step := h.all(k, aYear); step.Done != want || step.Held != 0 {
				t.Errorf("%s: %+v went, want %d", k, step, want)
			}
			h.clock.Advance(-time.Second)
		}
		for from, want := range map[string]int{"messages": 2, "turns": 1, "tickets": 2, "tickets WHERE anonymised": 1,
			"handoffs WHERE contact_id <> ''": 1, "intakes WHERE contact_id <> ''": 1, "alerts WHERE text <> ''": 1, "conversations WHERE state <> ''": 1} {
			if got := h.count(from); got != want {
				t.Errorf("%s: %d, want %d", from, got, want)
			}
		}
	})
}

// An anonymised ticket tells nothing of the person and keeps its figures, also
// when read through the store.
func TestAnonymisedTicketKeepsItsFigures(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		h := newPast(t, p)
		c := h.person("zhang")
		h.ticket("2611020000018", c, jiban.Report, jiban.TicketClosed)
		before := must[jiban.Ticket](t)(h.s.Ticket(t.Context(), "2611020000018"))
		h.days(2)
		h.all(retention.Reports, 1)
		after := must[jiban.Ticket](t)(h.s.Ticket(t.Context(), "2611020000018"))
		want := before
		want.Title, want.Fields, want.Reply, want.ContactID, want.ConversationID = "", after.Fields, "", "", ""
		want.Version++
		if fmt.Sprint(after) != fmt.Sprint(want) || len(after.Fields) > 0 {
			t.Errorf("after:  %+v\nwanted: %+v", after, want)
		}
		events := must[[]jiban.TicketEvent](t)(h.s.TicketEvents(t.Context(), "2611020000018"))
		due := before.CreatedAt.Add(48 * time.Hour).Format(time.RFC3339Nano)
		for i, data := range []map[string]string{{"type": "report", "due": due}, {"solved": "yes", "satisfied": "no"}} {
			if fmt.Sprint(events[i].Data) != fmt.Sprint(data) || !events[i].At.Equal(before.CreatedAt) {
				t.Errorf("event %d says %v", i, events[i].Data)
			}
		}
		if n := h.count("intakes WHERE ticket = '2611020000018' AND contact_id = '' AND question = '' AND anonymised"); n != 1 {
			t.Error("the intake still tells whose ticket it was")
		}
		if found := must[[]jiban.Ticket](t)(h.s.TicketsOf(t.Context(), c.ContactID, 10)); len(found) != 0 {
			t.Error("the ticket is still found by the contact")
		}
	})
}

// What is open, and what belongs to it, stays whatever its age.
func TestRetentionLeavesWhatIsOpen(t *testing.T) {
	cases := map[string]struct {
		open string                 // makes something open
		held map[retention.Kind]int // what it holds
	}{
		"open ticket": {"UPDATE tickets SET status = 'handling'", map[retention.Kind]int{retention.Messages: 2, retention.Turns: 1,
			retention.Handoffs: 1, retention.Intakes: 1, retention.Alerts: 1, retention.Helps: 1, retention.Conversations: 1}},
		"waiting handoff": {"UPDATE handoffs SET status = 'waiting', closed_at = 0", map[retention.Kind]int{retention.Messages: 2, retention.Turns: 1,
			retention.Handoffs: 1, retention.Intakes: 1, retention.Alerts: 1, retention.Helps: 0, retention.Conversations: 1}},
		"request": {`INSERT INTO requests (id, contact_id, kind, channel, note, status, created_at, due_at, proof, checked_by, checked_at,
			approved_by, approved_at, ended_by, ended_at, reason, link_hash, link_by, link_until, doing_until, version)
			SELECT 'r', contact_id, 'delete', '', '', 'open', 1, 1, '', '', 0, '', 0, '', 0, '', '', '', 0, 0, 1 FROM conversations`,
			map[retention.Kind]int{retention.Messages: 2, retention.Turns: 1, retention.Handoffs: 1, retention.Intakes: 1,
				retention.Alerts: 1, retention.Helps: 1, retention.Conversations: 1}},
		"message under way":    {"UPDATE messages SET status = 'queued' WHERE direction = 'out'", map[retention.Kind]int{retention.Messages: 1}},
		"message not answered": {"UPDATE messages SET turn_id = '' WHERE direction = 'in'", map[retention.Kind]int{retention.Messages: 1}},
		"alert not seen":       {"UPDATE alerts SET seen_by = ''", map[retention.Kind]int{retention.Alerts: 1}},
		"held by an agent":     {"UPDATE conversations SET holder = 'agent'", map[retention.Kind]int{retention.Conversations: 1}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, p place) {
				h := newPast(t, p)
				h.ticket("2611020000018", h.person("li"), jiban.Help, jiban.TicketClosed)
				h.exec(c.open)
				h.days(aYear)
				for _, k := range []retention.Kind{retention.Messages, retention.Turns, retention.Handoffs, retention.Alerts, retention.Intakes,
					retention.Helps, retention.Conversations} {
					n := must[retention.Count](t)(h.s.Expired(t.Context(), k, h.clock.Now()))
					step := h.all(k, 0)
					if n.Held != c.held[k] || step.Held != c.held[k] || step.Done != n.Due-n.Held {
						t.Errorf("%s: counted %+v, done %+v, want %d held", k, n, step, c.held[k])
					}
				}
			})
		})
	}
}

// When nothing else is held about a silent person the person goes too: key,
// addresses, everything.
func TestSilentContactGoes(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		h := newPast(t, p)
		gone := h.person("gone")
		h.ticket("2611020000018", gone, jiban.Help, jiban.TicketClosed)
		h.days(aYear)
		back := h.person("back")
		h.days(10)
		if step := h.all(retention.Contacts, 30); step.Done != 0 {
			t.Fatal("a contact went of whom records are held")
		}
		h.everything(30)
		if n := h.count("contacts"); n != 1 {
			t.Fatalf("%d contacts are left", n)
		}
		if n := h.count("keys WHERE owner = 'contact:" + gone.ContactID + "' AND wrapped = '' AND destroyed_at > 0"); n != 1 {
			t.Error("the key of who went was not destroyed")
		}
		for _, from := range []string{"conversations", "addresses"} {
			if n := h.count(from + " WHERE contact_id = '" + back.ContactID + "'"); n != 1 {
				t.Errorf("%s of who stays: %d", from, n)
			}
			if n := h.count(from); n != 1 {
				t.Errorf("%d %s are left", n, from)
			}
		}
		if strings.Contains(h.dump(), gone.ContactID) != strings.Contains(h.dump(), "contact:"+gone.ContactID) {
			t.Error("something still names the contact")
		}
	})
}

// Persons that were found to be one go together, and only when nothing is held
// about either.
func TestJoinedContactsGoTogether(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		h := newPast(t, p)
		a, b := h.person("one"), h.person("two")
		owner, joined, err := h.s.ProveAddress(t.Context(), jiban.AddressProof{ContactID: b.ContactID, Address: "wechat:one", How: "staff", By: "x"}, time.Time{})
		h.ok(err)
		if joined == nil {
			t.Fatalf("%s and %s were not joined, the owner is %s", a.ContactID, b.ContactID, owner.ID)
		}
		h.days(aYear)
		h.everything(30)
		for _, from := range []string{"contacts", "conversations", "addresses", "joins", "joined", "keys WHERE destroyed_at = 0 AND owner LIKE 'contact:%'"} {
			if n := h.count(from); n != 0 {
				t.Errorf("%d %s are left", n, from)
			}
		}
	})
}

// Anonymised tickets go altogether only by the rule for that.
func TestDeletionOfTickets(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		h := newPast(t, p)
		c := h.person("zhang")
		h.ticket("2611020000018", c, jiban.Help, jiban.TicketClosed)
		h.ticket("2611020000026", c, jiban.Praise, jiban.TicketClosed)
		h.days(aYear)
		h.all(retention.Helps, 30)
		if step := h.all(retention.Deletion, 30); step.Done != 1 || h.count("tickets") != 1 || h.count("ticket_events") != 2 {
			t.Errorf("%+v went", step)
		}
	})
}
