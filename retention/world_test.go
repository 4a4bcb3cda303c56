package retention_test

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	"go.uber.org/goleak"

	"jiban"
	"jiban/retention"
	"jiban/store"
	"jiban/store/shared"
	"jiban/store/storetest"
)

func TestMain(m *testing.M) {
	if os.Getenv(victimDSN) != "" {
		victim()
		return
	}
	// Random walks over a database are few here: make soak asks for more by the
	// flag, which comes after this.
	if err := flag.Set("rapid.checks", "20"); err != nil {
		os.Stderr.WriteString(err.Error())
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

// start is when every history begins.
var start = time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)

// failer is a test or a drawn example of one.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}

// base is one empty database, seen past the store too.
type base struct {
	dsn      string
	postgres bool
	db       *sql.DB
}

var schemas atomic.Int64

func sqliteBase(t testing.TB) base {
	path := filepath.Join(t.TempDir(), fmt.Sprintf("%d.db", schemas.Add(1)))
	return base{dsn: "sqlite:" + path, db: opened(t, "sqlite", path+"?_pragma=busy_timeout(10000)")}
}

// postgresBase is a database of its own.
func postgresBase(t testing.TB) base {
	t.Helper()
	dsn := storetest.Postgres(t)
	return base{dsn: dsn, postgres: true, db: opened(t, "pgx", dsn)}
}

func opened(t testing.TB, driver, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// onBoth runs a test on SQLite and on PostgreSQL.
func onBoth(t *testing.T, test func(t *testing.T, b base)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, sqliteBase(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, postgresBase(t)) })
}

// world is a house with a history and a model of what is in it.
type world struct {
	base
	t       failer
	s       *store.Store
	clock   *jiban.ManualClock
	ids     jiban.IDs
	people  []*person
	records []*record
	n       int
}

type person struct {
	name    string
	conv    jiban.Conversation
	heard   time.Time
	asked   bool // has a request that is not ended
	records []*record
}

// record is one row, and what the model knows of it.
type record struct {
	kind       retention.Kind
	table, key string
	at         time.Time
	open       bool
	p          *person
	ticket     *record // of an intake
	version    jiban.Ticket
}

func newWorld(t failer, b base, s *store.Store, clock *jiban.ManualClock) *world {
	return &world{base: b, t: t, s: s, clock: clock, ids: jiban.RandomIDs{Clock: clock}}
}

func openWorld(t testing.TB, b base) *world {
	t.Helper()
	clock := jiban.NewManualClock(start)
	s := storetest.Open(t, b.dsn, store.Deps{Clock: clock, IDs: jiban.RandomIDs{Clock: clock}})
	return newWorld(t, b, s, clock)
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatalf("%v", err)
	}
}

func (w *world) exec(format string, args ...any) {
	w.t.Helper()
	_, err := w.db.Exec(fmt.Sprintf(format, args...))
	w.ok(err)
}

func (w *world) note(p *person, k retention.Kind, table, key string, open bool) *record {
	r := &record{kind: k, table: table, key: key, at: w.clock.Now(), open: open, p: p}
	w.records, p.records = append(w.records, r), append(p.records, r)
	return r
}

func (w *world) newPerson() *person {
	p := &person{name: fmt.Sprintf("wechat:p%d", len(w.people))}
	w.people = append(w.people, p)
	w.say(p, false)
	return p
}

// say is a message that is answered; the answer may still be on its way.
func (w *world) say(p *person, underWay bool) {
	w.n++
	ctx, now := context.Background(), w.clock.Now()
	m, _, err := w.s.Receive(ctx, jiban.Received{Channel: "gzh", ChannelKind: jiban.ChannelWeChat, ExternalID: fmt.Sprint("e", w.n),
		Address: jiban.Address(p.name), Audience: jiban.Citizen, Region: "230000", Lang: jiban.Chinese,
		Content: jiban.Content{Kind: jiban.KindText, Text: "停水了"}, At: now})
	w.ok(err)
	in, err := w.s.TurnInput(ctx, m.ConversationID)
	w.ok(err)
	in.Conversation.State = []byte(`{"a":1}`)
	turn := fmt.Sprint("t", w.n)
	done, err := w.s.Apply(ctx, jiban.Batch{Conversation: &in.Conversation, Inbox: []string{m.ID},
		Turn: &jiban.Turn{ID: turn, ConversationID: in.Conversation.ID, Inbox: []string{m.ID}, CreatedAt: now},
		Notices: []jiban.Notice{{ConversationID: in.Conversation.ID, ContactID: in.Contact.ID, Kind: jiban.NoticeReply, Author: jiban.ByBot,
			Content: jiban.Content{Kind: jiban.KindText, Text: "已受理"}}}})
	w.ok(err)
	if !underWay {
		w.exec("UPDATE messages SET status = 'sent' WHERE id = '%s'", done.Messages[0].ID)
	}
	p.conv, err = w.s.Conversation(ctx, in.Conversation.ID)
	w.ok(err)
	p.heard = now
	w.note(p, retention.Messages, "messages", m.ID, false)
	w.note(p, retention.Messages, "messages", done.Messages[0].ID, underWay)
	w.note(p, retention.Turns, "turns", turn, false)
}

func kindOf(t jiban.RequestType) retention.Kind { return retention.Kind("tickets." + string(t)) }

// ticket opens one, with its intake.
func (w *world) ticket(p *person, t jiban.RequestType, department string, limit time.Duration) *record {
	w.n++
	now, number := w.clock.Now(), fmt.Sprintf("%013d", w.n)
	due := now.Add(limit)
	ticket := jiban.Ticket{Number: number, Kind: "request", Type: t, Title: "停水", Department: department, Status: jiban.TicketHandling,
		Fields: map[string]string{"name": "张三"}, ContactID: p.conv.ContactID, ConversationID: p.conv.ID, DueAt: due, CreatedAt: now, UpdatedAt: now}
	w.ok(second(w.s.Apply(context.Background(), jiban.Batch{Tickets: []jiban.TicketChange{{Ticket: ticket, Events: []jiban.TicketEvent{
		{ID: number + "-1", Number: number, Seq: 1, Kind: jiban.EventOpened, At: now, Data: map[string]string{
			"type": string(t), "department": department, "title": "停水", "contact": p.conv.ContactID, "due": due.Format(time.RFC3339Nano)}}}}},
		Intakes: []jiban.Intake{{ID: "i" + number, ConversationID: p.conv.ID, ContactID: p.conv.ContactID, Type: t, Question: "停水", Ticket: number,
			Result: jiban.IntakeTicket, CreatedAt: now, UpdatedAt: now}}})))
	r := w.note(p, kindOf(t), "tickets", number, true)
	ticket.Version = 1
	r.version = ticket
	w.note(p, retention.Intakes, "intakes", "i"+number, false).ticket = r
	return r
}

// answer replies to a ticket, asks the person and closes it.
func (w *world) answer(r *record, satisfied string) {
	now, t := w.clock.Now(), r.version
	t.Status, t.Reply, t.Satisfied, t.UpdatedAt = jiban.TicketClosed, "修好了，张三", satisfied, now
	event := func(seq int64, k jiban.TicketEventKind, data map[string]string) jiban.TicketEvent {
		return jiban.TicketEvent{ID: fmt.Sprint(t.Number, "-", seq), Number: t.Number, Seq: seq, Kind: k, At: now, Data: data}
	}
	w.ok(second(w.s.Apply(context.Background(), jiban.Batch{Tickets: []jiban.TicketChange{{Ticket: t, Events: []jiban.TicketEvent{
		event(2, jiban.EventReplied, map[string]string{"text": "修好了，张三"}),
		event(3, jiban.EventSurveyed, map[string]string{"satisfied": satisfied, "reason": "张三"}),
		event(4, jiban.EventClosed, map[string]string{"reason": "surveyed"})}}}})))
	r.open, r.at = false, now
}

// handoff makes one that waits or is over.
func (w *world) handoff(p *person, waits bool) {
	w.n++
	now := w.clock.Now()
	h := jiban.Handoff{ID: fmt.Sprint("h", w.n), ConversationID: p.conv.ID, ContactID: p.conv.ContactID, Reason: jiban.HandoffRequested,
		Status: jiban.HandoffWaiting, Summary: "张三", CreatedAt: now}
	if !waits {
		h.Status, h.ClosedAt = jiban.HandoffClosed, now
	}
	w.ok(second(w.s.Apply(context.Background(), jiban.Batch{Handoffs: []jiban.Handoff{h}})))
	w.note(p, retention.Handoffs, "handoffs", h.ID, waits)
}

// alert makes one that somebody saw or not.
func (w *world) alert(p *person, seen bool) {
	w.n++
	a := jiban.Alert{ID: fmt.Sprint("a", w.n), ConversationID: p.conv.ID, Kind: "119", Text: "张三", CreatedAt: w.clock.Now()}
	if seen {
		a.SeenBy = "x"
	}
	w.ok(second(w.s.Apply(context.Background(), jiban.Batch{Alerts: []jiban.Alert{a}})))
	w.note(p, retention.Alerts, "alerts", a.ID, !seen)
}

// request makes a person ask for something about the own data.
func (w *world) request(p *person) {
	w.n++
	w.exec(`INSERT INTO requests (id, contact_id, kind, channel, note, status, created_at, due_at, proof, checked_by, checked_at,
		approved_by, approved_at, ended_by, ended_at, reason, link_hash, link_by, link_until, doing_until, version)
		VALUES ('r%d', '%s', 'delete', '', '', 'open', 1, 1, '', '', 0, '', 0, '', 0, '', '', '', 0, 0, 1)`, w.n, p.conv.ContactID)
	p.asked = true
}

func second[T any](_ T, err error) error { return err }

// held reports whether something open holds the records of a conversation.
func (p *person) held() bool {
	return p.asked || slices.ContainsFunc(p.records, func(r *record) bool {
		return r.open && (r.table == "tickets" || r.table == "handoffs")
	})
}

// goes says, by the rules alone, whether a record must go.
func (w *world) goes(r *record, rules retention.Rules) bool {
	over := rules[r.kind] > 0 && r.at.Before(w.clock.Now().AddDate(0, 0, -rules[r.kind]))
	switch {
	case r.table == "tickets":
		return over && !r.open && !r.p.asked
	case r.ticket != nil && w.goes(r.ticket, rules):
		return true
	}
	return over && !r.open && !r.p.held()
}

// vanishes says whether a person must go.
func (w *world) vanishes(p *person, rules retention.Rules) bool {
	days := rules[retention.Contacts]
	return days > 0 && !p.asked && p.heard.Before(w.clock.Now().AddDate(0, 0, -days)) &&
		!slices.ContainsFunc(p.records, func(r *record) bool { return !w.goes(r, rules) })
}

// row is a row as text, "" where there is none.
func (w *world) row(table, column, key string) string {
	return strings.Join(w.rows("SELECT * FROM "+table+" WHERE "+column+" = '"+key+"'"), "\n")
}

func (w *world) rows(query string) []string {
	w.t.Helper()
	rows, err := w.db.Query(query)
	w.ok(err)
	defer rows.Close()
	names, err := rows.Columns()
	w.ok(err)
	var all []string
	for rows.Next() {
		values, dest := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			dest[i] = &values[i]
		}
		w.ok(rows.Scan(dest...))
		line := ""
		for i, v := range values {
			line += fmt.Sprintf("%s=%v|", names[i], v)
		}
		all = append(all, line)
	}
	w.ok(rows.Err())
	return all
}

// dump is the whole database as text.
func (w *world) dump() string {
	w.t.Helper()
	list := "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY 1"
	if w.postgres {
		list = "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = current_schema() ORDER BY 1"
	}
	var out strings.Builder
	for _, line := range w.rows(list) {
		table := strings.Trim(strings.TrimPrefix(line, "name="), "|")
		found := w.rows("SELECT * FROM " + table)
		slices.Sort(found)
		fmt.Fprintf(&out, "== %s\n%s\n", table, strings.Join(found, "\n"))
	}
	return out.String()
}

// figures are computed from tickets and events as the reports do it: by day, type,
// department and status, on time, satisfied.
func (w *world) figures() string {
	w.t.Helper()
	count := map[string]int{}
	for _, r := range w.records {
		if r.table != "tickets" {
			continue
		}
		t, err := w.s.Ticket(context.Background(), r.key)
		w.ok(err)
		count[fmt.Sprint(t.CreatedAt.Format(time.DateOnly), t.Type, t.Department, t.Status)]++
		events, err := w.s.TicketEvents(context.Background(), r.key)
		w.ok(err)
		due := time.Time{}
		for _, e := range events {
			switch e.Kind {
			case jiban.EventOpened:
				due, err = time.Parse(time.RFC3339Nano, e.Data["due"])
				w.ok(err)
			case jiban.EventClosed:
				count[fmt.Sprint("closed, on time: ", !e.At.After(due))]++
			case jiban.EventSurveyed:
				count["satisfied: "+e.Data["satisfied"]]++
			}
		}
	}
	var out strings.Builder
	for _, k := range slices.Sorted(maps.Keys(count)) {
		fmt.Fprintf(&out, "%s=%d\n", k, count[k])
	}
	return out.String()
}

// record of the audit, straight into the store.
type books struct{ s *store.Store }

func (b books) Audit(ctx context.Context, e jiban.AuditEntry) error {
	return b.s.AppendAudit(ctx, []jiban.AuditEntry{e})
}

// shelf takes what is archived.
type shelf struct{ befores []time.Time }

func (s *shelf) ArchiveAudit(_ context.Context, before time.Time) error {
	s.befores = append(s.befores, before)
	return nil
}

// service is a service on the world; change alters what it is made from.
func (w *world) service(rules retention.Rules, change func(*retention.Deps)) *retention.Service {
	w.t.Helper()
	d := retention.Deps{Store: w.s, Leases: shared.NewMemory(w.clock), Record: books{w.s}, Archive: &shelf{}, Drop: func(string) {},
		Clock: w.clock, IDs: w.ids, Node: "n", Rules: rules, At: 3*time.Hour + 30*time.Minute, Batch: 7}
	if change != nil {
		change(&d)
	}
	s, err := retention.New(d)
	w.ok(err)
	return s
}
