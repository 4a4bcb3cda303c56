package store_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"jiban"
	"jiban/keys"
	"jiban/store"
)

// The words that must not be found: of who a person is, and of what was said.
var (
	identity = []string{"13912345678", "王小明", "幸福路18号", "o-openid"}
	speech   = []string{"楼上漏水", "请联系物业", "已派维修", "问的是漏水", "漏水的摘要", "漏水的警报", "漏水的状态"}
)

// open opens the database itself, past the store.
func (p place) sql(t testing.TB) *sql.DB {
	t.Helper()
	driver, dsn := "pgx", p.dsn
	if !p.postgres {
		driver, dsn = "sqlite", strings.TrimPrefix(p.dsn, "sqlite:")+"?_pragma=busy_timeout(10000)"
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func (p place) tables(t testing.TB, db *sql.DB) []string {
	t.Helper()
	query := "SELECT name FROM sqlite_master WHERE type = 'table'"
	if p.postgres {
		query = "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()"
	}
	return must[[]string](t)(texts(db.QueryContext(t.Context(), query)))
}

// texts reads every value of every row as text.
func texts(rows *sql.Rows, err error) ([]string, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var all []string
	for rows.Next() {
		values, dest := make([]sql.NullString, len(names)), make([]any, len(names))
		for i := range values {
			dest[i] = &values[i]
		}
		if err := rows.Scan(dest...); err != nil {
			return nil, err
		}
		for _, v := range values {
			all = append(all, v.String)
		}
	}
	return all, rows.Err()
}

// found lists which of the words stand in the clear in any table, and where.
func (p place) found(t testing.TB, words []string) map[string]string {
	t.Helper()
	db := p.sql(t)
	found := map[string]string{}
	for _, table := range p.tables(t, db) {
		values := must[[]string](t)(texts(db.QueryContext(t.Context(), "SELECT * FROM "+table)))
		for _, v := range values {
			for _, w := range words {
				if strings.Contains(v, w) {
					found[w] = table
				}
			}
		}
	}
	return found
}

// sealedLife is one person with something in every table that holds words.
func sealedLife(t testing.TB, s *store.Store) (conversationID string) {
	t.Helper()
	ctx := t.Context()
	m := receive(t, s, jiban.Received{Channel: "sms", ChannelKind: jiban.ChannelSMS, ExternalID: "e1", Address: "tel:+8613912345678",
		Audience: jiban.Citizen, Region: "230100", Lang: jiban.Chinese, Content: jiban.Content{Kind: jiban.KindText, Text: "楼上漏水，我是王小明，住幸福路18号，电话13912345678"}})
	in := turnInput(t, s, m.ConversationID)
	c := in.Contact
	c.Name = "王小明"
	if err := s.SaveContact(ctx, c); err != nil {
		t.Fatal(err)
	}
	b := reply(in, "turn1", "请联系物业")
	b.Conversation.State = json.RawMessage(`{"say":"漏水的状态","place":"幸福路18号"}`)
	b.Turn.StateBefore, b.Turn.Facts, b.Turn.Outcome = b.Conversation.State, b.Conversation.State, b.Conversation.State
	b.Notices[0].Params = map[string]string{"name": "王小明"}
	at := monday
	b.Tickets = []jiban.TicketChange{{Ticket: jiban.Ticket{Number: "2611020000018", Title: "王小明反映漏水",
		Status: jiban.TicketClosed, Fields: map[string]string{"phone": "13912345678", "place": "幸福路18号"}, Reply: "已派维修",
		ContactID: c.ID, ConversationID: m.ConversationID, CreatedAt: at},
		Events: []jiban.TicketEvent{{Number: "2611020000018", Seq: 1, Kind: "opened", Actor: "bot", Data: map[string]string{"contact": "王小明", "text": "已派维修"}, At: at}},
		Tasks: []jiban.TicketTask{{ID: "task1", Number: "2611020000018", Kind: "follow_up", To: jiban.ToAgent, Text: "请回访王小明，13912345678",
			CreatedAt: at, DoneAt: at, Result: "王小明说已派维修"}}}}
	b.Intakes = []jiban.Intake{{ID: "i1", ConversationID: m.ConversationID, ContactID: c.ID, Question: "问的是漏水，幸福路18号", CreatedAt: at}}
	b.Handoffs = []jiban.Handoff{{ID: "h1", ConversationID: m.ConversationID, ContactID: c.ID, Status: jiban.HandoffClosed,
		Summary: "漏水的摘要，王小明", Draft: map[string]string{"phone": "13912345678"}, CreatedAt: at}}
	b.Alerts = []jiban.Alert{{ID: "a1", ConversationID: m.ConversationID, Kind: "fire", Text: "漏水的警报", CreatedAt: at}}
	said := apply(t, s, b)
	d := said[0].Delivery
	d.Status, d.Error = jiban.DeliveryFailed, "refused for 13912345678"
	if err := s.SaveDelivery(ctx, said[0].ID, "", d, &jiban.Content{Kind: jiban.KindText, Text: "请联系物业，王小明"}); err != nil {
		t.Fatal(err)
	}
	return m.ConversationID
}

func TestWhatTheDatabaseHolds(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		id := sealedLife(t, p.open(t))
		if f := p.found(t, slices.Concat(identity, speech)); len(f) > 0 {
			t.Errorf("in the clear: %v", f)
		}
		again := p.open(t) // another node, with nothing in memory
		in := turnInput(t, again, id)
		if in.Contact.Name != "王小明" || in.Conversation.Address != "tel:+8613912345678" || len(in.Addresses) != 1 ||
			!strings.Contains(string(in.Conversation.State), "漏水的状态") {
			t.Errorf("%+v", in)
		}
		all := must[[]jiban.Message](t)(again.Messages(t.Context(), id, 0, 10))
		if len(all) != 2 || !strings.Contains(all[0].Content.Text, "楼上漏水") || all[1].Delivery.Params["name"] != "王小明" ||
			all[1].Content.Text != "请联系物业，王小明" || all[1].Delivery.Error != "refused for 13912345678" {
			t.Errorf("%+v", all)
		}
		tk := must[jiban.Ticket](t)(again.Ticket(t.Context(), "2611020000018"))
		if tk.Title != "王小明反映漏水" || tk.Fields["phone"] != "13912345678" || tk.Reply != "已派维修" {
			t.Errorf("%+v", tk)
		}
		if k := must[jiban.TicketTask](t)(again.TicketTask(t.Context(), "task1")); k.Text != "请回访王小明，13912345678" || k.Result != "王小明说已派维修" {
			t.Errorf("%+v", k)
		}
		events := must[[]jiban.TicketEvent](t)(again.TicketEvents(t.Context(), tk.Number))
		turn := must[jiban.Turn](t)(again.Turn(t.Context(), "turn1"))
		h := must[jiban.Handoff](t)(again.Handoff(t.Context(), "h1"))
		i := must[jiban.Intake](t)(again.Intake(t.Context(), "i1"))
		a := must[[]jiban.Alert](t)(again.Alerts(t.Context(), false, 1))
		if events[0].Data["contact"] != "王小明" || len(turn.Facts) == 0 || h.Draft["phone"] == "" || h.Summary == "" || i.Question == "" || a[0].Text == "" {
			t.Errorf("%v %v %v %v %v", events, turn, h, i, a)
		}
	})
}

func TestFreeTextInTheClearWhereConfigured(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		d := deps(jiban.SystemClock{})
		d.PlainText = true
		bare := p.openWith(t, d)
		s := bare.With(openKeys(t, bare, newRoot(t)))
		id := sealedLife(t, s)
		f := p.found(t, speech)
		for _, w := range []string{"楼上漏水", "请联系物业", "问的是漏水", "漏水的摘要", "漏水的警报", "漏水的状态"} {
			if f[w] == "" {
				t.Errorf("%s is sealed, or the search does not see", w)
			}
		}
		for w, table := range p.found(t, []string{"王小明反映", "refused for", "已派维修", `"contact"`}) {
			t.Errorf("%s is in the clear in %s", w, table)
		}
		// What looks sealed but is not must not be taken for it.
		trick := "j1a.key.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
		in := turnInput(t, s, id)
		apply(t, s, jiban.Batch{Intakes: []jiban.Intake{{ID: "i2", ConversationID: id, ContactID: in.Contact.ID, Question: trick}}})
		if i := must[jiban.Intake](t)(s.Intake(t.Context(), "i2")); i.Question != trick {
			t.Errorf("read back %q", i.Question)
		}
	})
}

func TestTwoNodesMakeTheSameContactAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		nodes := []*store.Store{p.open(t), p.open(t)}
		var wg sync.WaitGroup
		for i := range 24 {
			wg.Go(func() {
				r := text(fmt.Sprint("m", i), fmt.Sprint("person", i%3), "你好")
				r.Channel = fmt.Sprint("channel", i%2)
				if _, _, err := nodes[i%2].Receive(t.Context(), r); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for query, want := range map[string]int{
			"SELECT COUNT(*) FROM contacts": 3, "SELECT COUNT(*) FROM keys WHERE owner LIKE 'contact:%'": 3,
			"SELECT COUNT(*) FROM conversations": 6, "SELECT COUNT(*) FROM messages": 24,
		} {
			var n int
			if p.query(t, &n, query); n != want {
				t.Errorf("%s: %d, want %d", query, n, want)
			}
		}
		for _, id := range must[[]string](t)(nodes[0].Unanswered(t.Context(), time.Now().Add(time.Hour), 100)) {
			for _, s := range nodes {
				if in := turnInput(t, s, id); in.Inbox[0].Content.Text != "你好" || !strings.HasPrefix(string(in.Conversation.Address), "wechat:person") {
					t.Errorf("%+v", in)
				}
			}
		}
	})
}

func TestAfterAJoinTheOldWordsOpen(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		h := newHousehold(t, p)
		web := h.web(t, "v1", "网页上说的")
		h.clock.Advance(time.Minute)
		sms := h.hears(t, "sms", jiban.ChannelSMS, "s1", "tel:+8613912345678", "短信里说的")
		c, j, err := h.store.ProveAddress(t.Context(), jiban.AddressProof{ContactID: web.ContactID, Address: "tel:+8613912345678", How: "code", By: "contact"}, monday)
		if err != nil || j == nil || c.ID != web.ContactID || j.Address != "tel:+8613912345678" {
			t.Fatal(c, j, err)
		}
		receive(t, h.store, jiban.Received{Channel: "sms", ChannelKind: jiban.ChannelSMS, ExternalID: "s2", Address: "tel:+8613912345678",
			Audience: jiban.Citizen, Region: "230100", Lang: jiban.Chinese, Content: jiban.Content{Kind: jiban.KindText, Text: "之后说的"}})
		read := func(want ...string) {
			t.Helper()
			var got []string
			for _, id := range []string{web.ID, sms.ID} {
				for _, m := range must[[]jiban.Message](t)(h.store.Messages(t.Context(), id, 0, 10)) {
					got = append(got, m.Content.Text)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("read %q, want %q", got, want)
			}
		}
		read("网页上说的", "短信里说的", "之后说的")
		if a := must[[]jiban.Address](t)(h.store.Addresses(t.Context(), c.ID)); len(a) != 2 {
			t.Errorf("addresses %v", a)
		}
		if _, err := h.store.Separate(t.Context(), j.ID, "officer"); err != nil {
			t.Fatal(err)
		}
		read("网页上说的", "短信里说的", "之后说的")
		if found := must[[]jiban.Join](t)(h.store.Joins(t.Context(), c.ID)); found[0].Address != "tel:+8613912345678" {
			t.Errorf("join %+v", found)
		}
	})
}

func TestDestroyedKeyReadsAsDeleted(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := p.open(t)
		id := sealedLife(t, s)
		other := receive(t, s, text("m2", "other", "别人说的"))
		c := turnInput(t, s, id).Contact
		if n, err := s.DestroyKeys(t.Context(), keys.Holder(c.ID)); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		fresh := p.open(t)
		for _, m := range must[[]jiban.Message](t)(fresh.Messages(t.Context(), id, 0, 10)) {
			if m.Content.Text != "" || len(m.Delivery.Params) > 0 {
				t.Errorf("%+v", m)
			}
		}
		in := turnInput(t, fresh, id)
		if in.Contact.Name != "" || in.Conversation.Address != "" || len(in.Addresses) > 0 || len(in.Conversation.State) > 0 {
			t.Errorf("%+v", in)
		}
		if tk := must[[]jiban.Ticket](t)(fresh.Tickets(t.Context(), jiban.TicketFilter{})); len(tk) != 1 || tk[0].Title != "" || len(tk[0].Fields) > 0 {
			t.Errorf("%+v", tk)
		}
		if k := must[jiban.TicketTask](t)(fresh.TicketTask(t.Context(), "task1")); k.Text != "" || k.Result != "" || k.Kind != "follow_up" {
			t.Errorf("%+v", k)
		}
		if all := must[[]jiban.Message](t)(fresh.Messages(t.Context(), other.ConversationID, 0, 10)); all[0].Content.Text != "别人说的" {
			t.Errorf("%+v", all)
		}
		in.Conversation.State = json.RawMessage(`{"say":"too late"}`)
		_, err := fresh.Apply(t.Context(), jiban.Batch{Conversation: &in.Conversation})
		wantCode(t, err, jiban.CodeConflict)
		claimed := must[[]jiban.Message](t)(fresh.ClaimOutbox(t.Context(), "n", time.Now().Add(time.Hour), time.Now().Add(2*time.Hour), 10))
		if len(claimed) != 0 {
			t.Errorf("claimed %+v", claimed)
		}
	})
}

func TestAlteredAndMovedValuesAreRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := p.open(t)
		one, two := receive(t, s, text("m1", "a", "第一句")), receive(t, s, text("m2", "a", "第二句"))
		read := func() error {
			_, err := s.Messages(t.Context(), one.ConversationID, 0, 10)
			return err
		}
		if err := read(); err != nil {
			t.Fatal(err)
		}
		for what, statement := range map[string]string{
			"moved":   "UPDATE messages SET content = (SELECT content FROM messages WHERE id = '" + two.ID + "') WHERE id = '" + one.ID + "'",
			"altered": "UPDATE messages SET content = 'j1a' || substr(content, 4, 60) || 'AAAA' || substr(content, 68) WHERE id = '" + one.ID + "'",
			"cut":     "UPDATE messages SET content = substr(content, 1, 60) WHERE id = '" + one.ID + "'",
			"foreign": "UPDATE messages SET content = 'j1a.nobody.' || substr(content, 41) WHERE id = '" + one.ID + "'",
		} {
			var was string
			p.query(t, &was, "SELECT content FROM messages WHERE id = '"+one.ID+"'")
			p.exec(t, statement)
			wantCode(t, read(), jiban.CodeInvalid)
			p.exec(t, "UPDATE messages SET content = '"+was+"' WHERE id = '"+one.ID+"'")
			if err := read(); err != nil {
				t.Errorf("%s: put back, and still %v", what, err)
			}
		}
	})
}

// One altered row must not keep the others from being sent.
func TestAnAlteredMessageHoldsUpOnlyItsConversation(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := p.open(t)
		var ids [2]string
		for i, who := range []string{"a", "b"} {
			m := receive(t, s, text("m"+who, who, "你好"))
			ids[i] = apply(t, s, reply(turnInput(t, s, m.ConversationID), "turn"+who, "您好"))[0].ID
		}
		p.exec(t, "UPDATE messages SET content = (SELECT content FROM messages WHERE id = '"+ids[1]+"') WHERE id = '"+ids[0]+"'")
		now := time.Now().Add(time.Minute)
		claimed := must[[]jiban.Message](t)(s.ClaimOutbox(t.Context(), "n", now, now.Add(time.Minute), 10))
		if len(claimed) != 1 || claimed[0].ID != ids[1] {
			t.Errorf("claimed %+v", claimed)
		}
	})
}

func TestAStoreWithoutKeysRefuses(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		id := sealedLife(t, p.open(t))
		s, ctx := p.openBare(t, jiban.SystemClock{}), t.Context()
		fails := func(_ any, err error) error { return err }
		for what, err := range map[string]error{
			"receive":      func() error { _, _, err := s.Receive(ctx, text("x", "x", "x")); return err }(),
			"apply":        fails(s.Apply(ctx, jiban.Batch{Intakes: []jiban.Intake{{ID: "i9", Question: "王小明"}}})),
			"ticket":       fails(s.Apply(ctx, jiban.Batch{Tickets: []jiban.TicketChange{{Ticket: jiban.Ticket{Number: "9", Title: "王小明"}}}})),
			"save contact": s.SaveContact(ctx, jiban.Contact{ID: "c9", Name: "王小明"}),
			"ensure":       fails(s.EnsureContact(ctx, "tel:+8613912345678")),
			"messages":     fails(s.Messages(ctx, id, 0, 10)),
			"turn input":   fails(s.TurnInput(ctx, id)),
			"tickets":      fails(s.Tickets(ctx, jiban.TicketFilter{})),
			"handoffs":     fails(s.Handoffs(ctx, nil, "", "", 10)),
			"proven":       fails(s.Proven(ctx, "c", "tel:+8613912345678")),
			"seal old":     fails(s.SealOld(ctx)),
		} {
			if jiban.CodeOf(err) != jiban.CodeInternal || !strings.Contains(err.Error(), "without the keys") {
				t.Errorf("%s: %v", what, err)
			}
		}
		if err := s.Ping(ctx); err != nil {
			t.Error(err)
		}
	})
}

// The keys are rotated, and the root is replaced under a node that does not know
// it yet, while messages of new people come in.
func TestMessagesWhileTheRootIsRotated(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		one, two := newRoot(t), newRoot(t)
		open := func(value string) (*store.Store, *keys.Keys) {
			bare := p.openBare(t, jiban.SystemClock{})
			k := openKeys(t, bare, value)
			return bare.With(k), k
		}
		open(one)
		running, _ := open(two + "," + one)
		_, rotating := open(two + "," + one)
		ids := map[string]string{}
		for i := range 60 {
			if i == 20 {
				if _, err := rotating.Rotate(t.Context(), nil); err != nil {
					t.Fatal(err)
				}
			}
			says := fmt.Sprint("第", i, "句")
			ids[receive(t, running, text(fmt.Sprint("m", i), fmt.Sprint("p", i%40), says)).ID] = says
		}
		fresh, k := open(two)
		for id, says := range maps.All(ids) {
			if m := must[jiban.Message](t)(fresh.Message(t.Context(), id)); m.Content.Text != says {
				t.Fatalf("%q, want %q", m.Content.Text, says)
			}
		}
		counts := must[map[string]int](t)(running.KeyCounts(t.Context()))
		if len(counts) != 1 || counts[k.Root()] == 0 {
			t.Errorf("keys by root: %v", counts)
		}
	})
}

func TestCheckOpensWhatIsSealed(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := p.open(t)
		id := sealedLife(t, s)
		if n, err := s.CheckSealed(t.Context()); err != nil || n != 21 {
			t.Fatal(n, err)
		}
		_, err := keys.Open(t.Context(), keys.Config{Value: newRoot(t)}, keys.Deps{Store: p.openBare(t, jiban.SystemClock{}),
			Clock: jiban.SystemClock{}, IDs: jiban.RandomIDs{Clock: jiban.SystemClock{}}})
		if jiban.CodeOf(err) != jiban.CodeUnavailable || !strings.Contains(err.Error(), "root key") {
			t.Errorf("another root key: %v", err)
		}
		p.exec(t, "UPDATE conversations SET state = (SELECT name FROM contacts LIMIT 1) WHERE id = '"+id+"'")
		if _, err := p.open(t).CheckSealed(t.Context()); jiban.CodeOf(err) != jiban.CodeInvalid || !strings.Contains(err.Error(), "conversations.state:"+id) {
			t.Errorf("a moved value: %v", err)
		}
	})
}
