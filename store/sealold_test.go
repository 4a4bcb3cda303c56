package store_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/pressly/goose/v3"

	"jiban"
	"jiban/keys"
	"jiban/store"
)

// formerRows are what the program before sealing wrote: one person with two
// addresses who was joined, one who is gone.
var formerRows = []string{
	`INSERT INTO contacts (id, name, lang, roster, opted_out, created_at) VALUES
		('c1', '王小明', 'zh', TRUE, FALSE, 1), ('c2', '', 'zh', FALSE, FALSE, 2), ('c3', '', 'zh', FALSE, FALSE, 3)`,
	`INSERT INTO addresses (address, contact_id, created_at) VALUES ('tel:+8613912345678', 'c1', 1), ('wechat:o-openid', 'c1', 2)`,
	`INSERT INTO proofs (address, contact_id, how, proved_by, at) VALUES ('tel:+8613912345678', 'c1', 'code', 'contact', 5)`,
	`INSERT INTO joins (id, kept_id, gone_id, address, how, joined_by, at, separated_at, separated_by, was_roster, was_opted, took_name)
		VALUES ('j1', 'c1', 'c2', 'tel:+8613912345678', 'code', 'contact', 5, 0, '', FALSE, FALSE, FALSE)`,
	`INSERT INTO joined (join_id, what, ref) VALUES ('j1', 'address', 'tel:+8613912345678'), ('j1', 'proof', 'tel:+8613912345678'), ('j1', 'conversation', 'v1')`,
	`INSERT INTO conversations (id, channel, channel_kind, address, contact_id, audience, region, lang, holder, agent_id, handoff_id, intake_id,
		roster_claim, safety_said, state, version, last_seq, last_in_at, created_at, updated_at) VALUES
		('v1', 'sms', 'sms', 'tel:+8613912345678', 'c1', 'citizen', '230100', 'zh', 'bot', '', '', '', FALSE, '{}', '{"say":"漏水的状态"}', 1, 2, 9, 1, 1),
		('v2', 'sms', 'sms', 'gone:v2', 'c3', 'citizen', '230100', 'zh', 'bot', '', '', '', FALSE, '{}', '', 1, 0, 0, 1, 1)`,
	`INSERT INTO messages (id, conversation_id, seq, direction, author, channel, external_id, content, turn_id, created_at, status, path, kind, urgency,
		params, dedupe_key, not_before, not_after, attempts, repeated, claimed_by, claimed_until, provider_ids, parts_sent, error) VALUES
		('m1', 'v1', 1, 'in', 'contact', 'sms', 'e1', '{"kind":"text","text":"楼上漏水，我住幸福路18号"}', '', 1, '', '', '', 0, 'null', '', 0, 0, 0, FALSE, '', 0, '[]', 0, ''),
		('m2', 'v1', 2, 'out', 'bot', 'sms', NULL, '{"kind":"text","text":"请联系物业"}', '', 2, 'failed', '', '', 0, '{"name":"王小明"}', '', 0, 0, 0, FALSE, '', 0, '[]', 0, 'refused for 13912345678')`,
	`INSERT INTO turns (id, conversation_id, inbox, state_before, facts, outcome, created_at) VALUES ('t1', 'v1', '[]', '{"say":"漏水的状态"}', '{}', '', 1)`,
	`INSERT INTO intakes (id, conversation_id, contact_id, channel, type, matter, region, question, result, articles, ticket, created_at, updated_at)
		VALUES ('i1', 'v1', 'c1', 'sms', '', '', '', '问的是漏水', '', '[]', '', 1, 1)`,
	`INSERT INTO tickets (number, kind, type, matter, title, region, department, department_name, status, fields, confidential, anonymous, urgent,
		contact_id, conversation_id, channel, reopened, returned, urged, reply, solved, satisfied, due_at, created_at, updated_at, version) VALUES
		('2611020000018', 'request', 'help', '', '王小明反映漏水', '230100', '', '', 'handling', '{"phone":"13912345678"}', FALSE, FALSE, FALSE, 'c1', 'v1', 'sms', 0, 0, 0, '已派维修', '', '', 0, 1, 1, 1)`,
	`INSERT INTO ticket_events (id, number, seq, kind, actor, data, at) VALUES ('e1', '2611020000018', 1, 'opened', 'bot', '{"contact":"王小明"}', 1),
		('e2', '2611020000018', 2, 'replied', 'bot', '{"text":"已派维修"}', 2)`,
	`INSERT INTO handoffs (id, conversation_id, contact_id, reason, queue, priority, status, agent_id, summary, draft, matter, type, articles, created_at, accepted_at, closed_at, version)
		VALUES ('h1', 'v1', 'c1', 'requested', 'q', 0, 'closed', '', '漏水的摘要', '{"phone":"13912345678"}', '', '', '[]', 1, 0, 0, 1)`,
	`INSERT INTO alerts (id, conversation_id, kind, text, seen_by, created_at) VALUES ('a1', 'v1', 'fire', '漏水的警报', '', 1), ('a2', '', 'fire', '漏水的警报', '', 1)`,
}

// former brings an empty database to the schema before sealing and fills it.
func (p place) former(t testing.TB) {
	t.Helper()
	db, dialect := p.sql(t), goose.DialectSQLite3
	if p.postgres {
		dialect = goose.DialectPostgres
	}
	g, err := goose.NewProvider(dialect, db, os.DirFS("migrations"), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.UpTo(t.Context(), 3); err != nil {
		t.Fatal(err)
	}
	for _, row := range formerRows {
		if _, err := db.ExecContext(t.Context(), row); err != nil {
			t.Fatal(err, row)
		}
	}
	// SQLite's log is written back, as it was when the former program ended.
	if err := errors.Join(db.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestRowsOfAnOlderVersionAreSealed(t *testing.T) {
	onBare(t, func(t *testing.T, p place) {
		p.former(t)
		words := slices.Concat(identity, speech)
		if f := p.found(t, words); len(f) != len(words) {
			t.Fatalf("the search finds only %v", f)
		}
		s := p.open(t)
		n, err := s.SealOld(t.Context())
		if err != nil || n == 0 {
			t.Fatal(n, err)
		}
		if f := p.found(t, words); len(f) > 0 {
			t.Errorf("after the pass in the clear: %v", f)
		}
		if f := p.inFile(t, words); len(f) > 0 {
			t.Errorf("in the bytes of the file: %v", f)
		}
		if again, err := s.SealOld(t.Context()); again != 0 || err != nil {
			t.Errorf("a second pass sealed %d, %v", again, err)
		}
		readsFormer(t, s)
	})
}

// readsFormer reads all that formerRows held.
func readsFormer(t *testing.T, s *store.Store) {
	t.Helper()
	ctx := t.Context()
	in := turnInput(t, s, "v1")
	if in.Contact.Name != "王小明" || in.Conversation.Address != "tel:+8613912345678" || !slices.Equal(in.Addresses, []jiban.Address{"tel:+8613912345678", "wechat:o-openid"}) ||
		!strings.Contains(string(in.Conversation.State), "漏水的状态") || len(in.Inbox) != 1 || !strings.Contains(in.Inbox[0].Content.Text, "楼上漏水") {
		t.Errorf("%+v", in)
	}
	if c := must[jiban.Conversation](t)(s.FindConversation(ctx, "sms", "tel:+8613912345678")); c.ID != "v1" {
		t.Errorf("%+v", c)
	}
	if c := must[jiban.Contact](t)(s.EnsureContact(ctx, "wechat:o-openid")); c.ID != "c1" {
		t.Errorf("%+v", c)
	}
	if ok := must[bool](t)(s.Proven(ctx, "c1", "tel:+8613912345678")); !ok {
		t.Error("the proof is lost")
	}
	if c := must[jiban.Conversation](t)(s.Conversation(ctx, "v2")); c.Address != "gone:v2" {
		t.Errorf("%+v", c)
	}
	m := must[jiban.Message](t)(s.Message(ctx, "m2"))
	tk := must[jiban.Ticket](t)(s.Ticket(ctx, "2611020000018"))
	es := must[[]jiban.TicketEvent](t)(s.TicketEvents(ctx, tk.Number))
	h := must[jiban.Handoff](t)(s.Handoff(ctx, "h1"))
	as := must[[]jiban.Alert](t)(s.Alerts(ctx, false, 10))
	if m.Delivery.Params["name"] != "王小明" || m.Delivery.Error == "" || tk.Fields["phone"] != "13912345678" || tk.Reply != "已派维修" ||
		es[1].Data["text"] != "已派维修" || h.Draft["phone"] == "" || h.Summary == "" || as[0].Text == "" || as[1].Text == "" {
		t.Errorf("%+v %+v %v %+v %+v", m, tk, es, h, as)
	}
	j := must[jiban.Join](t)(s.Separate(ctx, "j1", "officer"))
	if j.Address != "tel:+8613912345678" {
		t.Errorf("%+v", j)
	}
	if a := must[[]jiban.Address](t)(s.Addresses(ctx, "c2")); len(a) != 1 {
		t.Errorf("what was separated did not go back: %v", a)
	}
}

// A pass that is interrupted is carried on by the next start.
func TestAnInterruptedPassIsCarriedOn(t *testing.T) {
	onBare(t, func(t *testing.T, p place) {
		p.former(t)
		s := p.open(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.SealOld(ctx); err == nil {
			t.Fatal("an interrupted pass is said to be done")
		}
		// A node that began before has sealed one row already.
		if err := s.SaveContact(t.Context(), jiban.Contact{ID: "c1", Name: "王小明", Lang: jiban.Chinese, Roster: true, CreatedAt: monday}); err != nil {
			t.Fatal(err)
		}
		if n, err := s.SealOld(t.Context()); n == 0 || err != nil {
			t.Fatal(n, err)
		}
		if f := p.found(t, slices.Concat(identity, speech)); len(f) > 0 {
			t.Errorf("in the clear: %v", f)
		}
		readsFormer(t, s)
	})
}

// inFile lists the words that stand in the bytes of a SQLite database and its log.
func (p place) inFile(t testing.TB, words []string) (found []string) {
	t.Helper()
	if p.postgres {
		return nil
	}
	for _, name := range []string{"", "-wal"} {
		data, err := os.ReadFile(strings.TrimPrefix(p.dsn, "sqlite:") + name)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		for _, w := range words {
			if strings.Contains(string(data), w) {
				found = append(found, w+" in database"+name)
			}
		}
	}
	return found
}

// An installation whose pass was made before the tasks of tickets were sealed makes
// it again, once, and seals them under the key of the ticket's person.
func TestTasksOfAnOlderVersionAreSealed(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := p.open(t)
		id := sealedLife(t, s)
		if err := s.SetSetting(t.Context(), "store.sealed", "1"); err != nil {
			t.Fatal(err)
		}
		db := p.sql(t)
		if _, err := db.ExecContext(t.Context(), "UPDATE ticket_tasks SET text = '请回访王小明', result = '王小明说已派维修'"); err != nil {
			t.Fatal(err)
		}
		words := []string{"王小明", "已派维修"}
		if f := p.found(t, words); len(f) != 2 {
			t.Fatalf("the search finds only %v", f)
		}
		if n, err := s.SealOld(t.Context()); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		if f := p.found(t, words); len(f) > 0 {
			t.Errorf("after the pass in the clear: %v", f)
		}
		if k := must[jiban.TicketTask](t)(s.TicketTask(t.Context(), "task1")); k.Text != "请回访王小明" || k.Result != "王小明说已派维修" {
			t.Errorf("%+v", k)
		}
		if again, err := s.SealOld(t.Context()); again != 0 || err != nil {
			t.Errorf("a second pass sealed %d, %v", again, err)
		}
		contact := turnInput(t, s, id).Contact.ID
		if _, err := s.DestroyKeys(t.Context(), keys.Holder(contact)); err != nil {
			t.Fatal(err)
		}
		if k := must[jiban.TicketTask](t)(p.open(t).TicketTask(t.Context(), "task1")); k.Text != "" || k.Result != "" {
			t.Errorf("%+v", k)
		}
	})
}
