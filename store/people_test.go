package store_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"jiban"
	"jiban/keys"
	"jiban/people"
	"jiban/store"
)

// household is the room people on a real store.
type household struct {
	place   place
	clock   *jiban.ManualClock
	store   *store.Store
	keys    *keys.Keys
	codes   *people.Codes
	service *people.Service
	roster  *people.Roster
}

func newHousehold(t testing.TB, p place) *household {
	t.Helper()
	return newHouseholdOn(t, p, deps(jiban.NewManualClock(monday)))
}

func newHouseholdOn(t testing.TB, p place, d store.Deps) *household {
	t.Helper()
	h := &household{place: p, clock: d.Clock.(*jiban.ManualClock)}
	bare := p.openWith(t, d)
	h.keys = openKeys(t, bare, newRoot(t))
	h.store = bare.With(h.keys)
	ids := jiban.RandomIDs{Clock: jiban.SystemClock{}}
	h.roster = people.NewRoster(people.RosterDeps{Store: h.store, Hash: h.keys, Clock: h.clock, IDs: ids})
	var err error
	h.codes, err = people.NewCodes(people.CodeConfig{Channel: "sms", Region: "230000"},
		people.CodeDeps{Store: h.store, Hash: h.keys, Roster: h.roster, Clock: h.clock, IDs: ids})
	if err != nil {
		t.Fatal(err)
	}
	quiet := must[people.Quiet](t)(people.ParseQuiet("22:00-08:00"))
	h.service = people.New(people.Deps{Store: h.store, Keys: h.keys, Clock: h.clock, IDs: ids, Quiet: quiet})
	return h
}

// hears takes a text message in and returns its conversation.
func (h *household) hears(t testing.TB, channel string, kind jiban.ChannelKind, id string, a jiban.Address, says string) jiban.Conversation {
	t.Helper()
	m := receive(t, h.store, jiban.Received{Channel: channel, ChannelKind: kind, ExternalID: id, Address: a,
		Audience: jiban.Citizen, Region: "230100", Lang: jiban.Chinese, Content: jiban.Content{Kind: jiban.KindText, Text: says}})
	return must[jiban.Conversation](t)(h.store.Conversation(t.Context(), m.ConversationID))
}

func (h *household) web(t testing.TB, id, says string) jiban.Conversation {
	return h.hears(t, "citizen", jiban.ChannelWebChat, id, jiban.Address("web:"+id), says)
}

func (h *household) send(t testing.TB, contact, phone string) error {
	_, err := h.codes.Send(t.Context(), people.Ask{ContactID: contact, Phone: phone, From: "web:" + contact, Lang: jiban.Chinese})
	return err
}

// digits reads the newest code from the outbox, as the telephone would show it.
func (h *household) digits(t testing.TB, phone string) string {
	t.Helper()
	c := must[jiban.Conversation](t)(h.store.FindConversation(t.Context(), "sms", people.PhoneAddress(phone)))
	all := must[[]jiban.Message](t)(h.store.Messages(t.Context(), c.ID, 0, 100))
	code := all[len(all)-1].Delivery.Params["code"]
	if !regexp.MustCompile(`^\d{6}$`).MatchString(code) {
		t.Fatalf("code %q", code)
	}
	return code
}

const phone = "+8613800001234"

// prove takes a contact through a code.
func (h *household) prove(t testing.TB, contact, phone string) people.Proof {
	t.Helper()
	if err := h.send(t, contact, phone); err != nil {
		t.Fatal(err)
	}
	return must[people.Proof](t)(h.codes.Check(t.Context(), contact, phone, h.digits(t, phone)))
}

func ticketOf(number string, c jiban.Conversation) jiban.Batch {
	return jiban.Batch{Tickets: []jiban.TicketChange{{Ticket: jiban.Ticket{Number: number, Kind: "request", Type: jiban.Help,
		Title: "停水", Status: jiban.TicketClosed, Fields: map[string]string{"name": "王小明", "phone": phone}, ContactID: c.ContactID,
		ConversationID: c.ID, CreatedAt: monday, UpdatedAt: monday}, Events: []jiban.TicketEvent{{Number: number, Seq: 1,
		Kind: jiban.EventOpened, Actor: "bot", Data: map[string]string{"text": "王小明说"}, At: monday}}}},
		Intakes: []jiban.Intake{{ID: "i" + number, ConversationID: c.ID, ContactID: c.ContactID, Type: jiban.Help, Question: "王小明问",
			Result: jiban.IntakeTicket, CreatedAt: monday, UpdatedAt: monday}}}
}

func (h *household) ticketsOf(t testing.TB, contact string) []string {
	t.Helper()
	var out []string
	for _, x := range must[[]jiban.Ticket](t)(h.store.TicketsOf(t.Context(), contact, 10)) {
		out = append(out, x.Number)
	}
	slices.Sort(out)
	return out
}

func TestJoinAndSeparate(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		h := newHousehold(t, p)
		ctx := t.Context()
		sms := h.hears(t, "sms", jiban.ChannelSMS, "s1", people.PhoneAddress(phone), "停水了")
		apply(t, h.store, ticketOf("1", sms))
		if err := h.store.SetOptOut(ctx, jiban.OptOut{ContactID: sms.ContactID, Group: jiban.GroupSurvey, At: monday}, true); err != nil {
			t.Fatal(err)
		}
		sealed := must[[]byte](t)(h.keys.Contact(sms.ContactID).Seal(ctx, "contacts.name", []byte("王小明")))
		h.clock.Advance(time.Hour)
		web := h.web(t, "v1", "你好")
		apply(t, h.store, ticketOf("2", web))
		webKey := must[[]byte](t)(h.keys.Contact(web.ContactID).Seal(ctx, "contacts.name", []byte("小明")))

		stale := turnInput(t, h.store, web.ID)
		proof := h.prove(t, web.ContactID, phone)
		if proof.Join == nil || proof.Contact.ID != sms.ContactID {
			t.Fatalf("the older contact stays: %+v", proof)
		}
		_, err := h.store.Apply(ctx, reply(stale, "t1", "答"))
		wantCode(t, err, jiban.CodeConflict) // a turn that read the former contact must not write it back
		kept := proof.Contact.ID
		if got := h.ticketsOf(t, kept); !slices.Equal(got, []string{"1", "2"}) {
			t.Errorf("tickets %v", got)
		}
		if a := must[[]jiban.Address](t)(h.store.Addresses(ctx, kept)); len(a) != 2 {
			t.Errorf("addresses %v", a)
		}
		for _, v := range [][]byte{sealed, webKey} {
			if _, err := h.keys.Contact(kept).Open(ctx, "contacts.name", v); err != nil {
				t.Errorf("a field of the joined contact cannot be read: %v", err)
			}
		}
		in := turnInput(t, h.store, web.ID)
		if in.Contact.ID != kept {
			t.Fatalf("the conversation belongs to %s", in.Contact.ID)
		}
		apply(t, h.store, ticketOf("3", in.Conversation)) // after the join, in the web chat

		j := must[jiban.Join](t)(h.service.Separate(ctx, proof.Join.ID, "admin"))
		if j.SeparatedBy != "admin" || j.SeparatedAt.IsZero() {
			t.Errorf("%+v", j)
		}
		if a, b := h.ticketsOf(t, kept), h.ticketsOf(t, web.ContactID); !slices.Equal(a, []string{"1"}) || !slices.Equal(b, []string{"2", "3"}) {
			t.Errorf("tickets %v and %v", a, b)
		}
		if in := turnInput(t, h.store, web.ID); in.Contact.ID != web.ContactID || len(in.Addresses) != 1 {
			t.Errorf("%+v", in)
		}
		if _, err := h.keys.Contact(web.ContactID).Open(ctx, "contacts.name", webKey); err != nil {
			t.Error(err)
		}
		if _, err := h.keys.Contact(kept).Open(ctx, "contacts.name", webKey); err == nil {
			t.Error("a separated contact's field is still read by the other")
		}
		if ok, _ := h.store.Proven(ctx, kept, people.PhoneAddress(phone)); ok {
			t.Error("the wrong proof stays")
		}
		_, err = h.service.Separate(ctx, proof.Join.ID, "admin")
		wantCode(t, err, jiban.CodeConflict)
		_, err = h.service.Separate(ctx, "none", "admin")
		wantCode(t, err, jiban.CodeNotFound)
	})
}

func TestChainedJoinsSeparateInAnyOrder(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		h := newHousehold(t, p)
		for _, first := range []int{0, 1} {
			id := string(rune('a' + first))
			var convs []jiban.Conversation
			for i := range 3 {
				h.clock.Advance(time.Minute)
				c := h.web(t, id+string(rune('0'+i)), "你好")
				apply(t, h.store, ticketOf(id+string(rune('0'+i)), c))
				convs = append(convs, c)
			}
			var js []*jiban.Join
			// 2 goes to 1, then 1 goes to 0.
			for _, pair := range [][2]int{{1, 2}, {0, 1}} {
				h.clock.Advance(time.Minute)
				_, j, err := h.service.Prove(t.Context(), jiban.AddressProof{ContactID: convs[pair[0]].ContactID,
					Address: convs[pair[1]].Address, How: "staff", By: "admin"}, time.Time{})
				if err != nil || j == nil {
					t.Fatal(j, err)
				}
				js = append(js, j)
			}
			if got := h.ticketsOf(t, convs[0].ContactID); len(got) != 3 {
				t.Fatalf("tickets %v", got)
			}
			for _, i := range []int{first, 1 - first} {
				if _, err := h.service.Separate(t.Context(), js[i].ID, "admin"); err != nil {
					t.Fatal(err)
				}
			}
			for i, c := range convs {
				if got := h.ticketsOf(t, c.ContactID); len(got) != 1 || got[0] != id+string(rune('0'+i)) {
					t.Errorf("order %d: contact %d has tickets %v", first, i, got)
				}
			}
		}
	})
}

func TestAReassignedNumberDoesNotBringItsFormerHoldersHistory(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		h := newHousehold(t, p)
		alice := h.hears(t, "sms", jiban.ChannelSMS, "s1", people.PhoneAddress(phone), "停水了")
		apply(t, h.store, ticketOf("1", alice))
		h.clock.Advance(200 * 24 * time.Hour)
		bob := h.web(t, "v1", "你好")
		proof := h.prove(t, bob.ContactID, phone)
		if proof.Join != nil || proof.Contact.ID != bob.ContactID {
			t.Fatalf("%+v", proof)
		}
		if got := h.ticketsOf(t, bob.ContactID); len(got) != 0 {
			t.Fatalf("the new holder sees tickets %v", got)
		}
		again := h.hears(t, "sms", jiban.ChannelSMS, "s2", people.PhoneAddress(phone), "我是新机主")
		if again.ContactID != bob.ContactID || again.ID == alice.ID {
			t.Errorf("the new holder's message went to conversation %s of %s", again.ID, again.ContactID)
		}
		old := must[jiban.Conversation](t)(h.store.Conversation(t.Context(), alice.ID))
		if old.ContactID != alice.ContactID || strings.HasPrefix(string(old.Address), "tel:") {
			t.Errorf("%+v", old)
		}
	})
}

func TestConsentAndWishes(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		h, ctx := newHousehold(t, p), t.Context()
		c := h.web(t, "v1", "你好")
		consent := func(given bool, wording string) {
			h.clock.Advance(time.Second)
			if err := h.service.Consent(ctx, jiban.Consent{ContactID: c.ContactID, Purpose: "intake", Wording: wording, Given: given}); err != nil {
				t.Fatal(err)
			}
		}
		asks := func(wording string) bool {
			return must[bool](t)(h.service.Consented(ctx, c.ContactID, "intake", wording))
		}
		if asks("v1") {
			t.Error("consent out of nothing")
		}
		consent(true, "v1")
		if !asks("v1") || asks("v2") {
			t.Error("consent is to a wording")
		}
		consent(false, "v1")
		if asks("v1") || len(must[[]jiban.Consent](t)(h.store.Consents(ctx, c.ContactID))) != 2 {
			t.Error("taken back, and both kept")
		}
		wantCode(t, h.service.Consent(ctx, jiban.Consent{ContactID: c.ContactID}), jiban.CodeInvalid)

		wish := func(k jiban.NoticeKind, at string) jiban.Wish {
			now := must[time.Time](t)(time.ParseInLocation("2006-01-02 15:04", "2026-11-02 "+at, jiban.Beijing))
			return must[jiban.Wish](t)(h.service.Wish(ctx, c.ContactID, k, now))
		}
		for _, k := range []jiban.NoticeKind{jiban.NoticeCode, jiban.NoticeSafety, jiban.NoticeReply, jiban.NoticeAgent} {
			if w := wish(k, "23:00"); w != (jiban.Wish{}) {
				t.Errorf("%s waits: %+v", k, w)
			}
		}
		for at, until := range map[string]string{"21:59": "", "22:00": "2026-11-03 08:00", "07:59": "2026-11-02 08:00", "08:00": ""} {
			got := ""
			if w := wish(jiban.NoticeTicketAnswered, at); !w.NotBefore.IsZero() {
				got = w.NotBefore.In(jiban.Beijing).Format("2006-01-02 15:04")
			}
			if got != until {
				t.Errorf("at %s not before %q, want %q", at, got, until)
			}
		}
		if err := h.service.OptOut(ctx, c.ContactID, jiban.GroupSurvey, true); err != nil {
			t.Fatal(err)
		}
		if !wish(jiban.NoticeTicketSurvey, "12:00").Unwanted || wish(jiban.NoticeTicketSigned, "12:00").Unwanted {
			t.Error("opt-out by kind")
		}
		if err := h.service.OptOut(ctx, c.ContactID, jiban.GroupSurvey, false); err != nil {
			t.Fatal(err)
		}
		if wish(jiban.NoticeTicketSurvey, "12:00").Unwanted {
			t.Error("opted in again")
		}
		wantCode(t, h.service.OptOut(ctx, c.ContactID, jiban.GroupSafety, true), jiban.CodeInvalid)
		contact := must[jiban.Contact](t)(h.store.Contact(ctx, c.ContactID))
		contact.OptedOut = true
		if err := h.store.SaveContact(ctx, contact); err != nil {
			t.Fatal(err)
		}
		if !wish(jiban.NoticeTicketSigned, "12:00").Unwanted || wish(jiban.NoticeTicketAnswered, "12:00").Unwanted {
			t.Error("opted out of all: the result is told all the same")
		}
	})
}

// planted are the words of a person that nothing may hold after the deletion.
var planted = []string{"王小明", "13800001234", "地下室淹了", "visitor-7"}

func TestAPersonSeesAndDeletesAllThatIsHeld(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		h, ctx := newHousehold(t, p), t.Context()
		conv := h.web(t, "visitor-7", "地下室淹了")
		h.clock.Advance(time.Second)
		h.prove(t, conv.ContactID, phone)
		apply(t, h.store, ticketOf("1", conv))
		in := turnInput(t, h.store, conv.ID)
		in.Contact.Name = "王小明"
		b := reply(in, "t1", "王小明您好")
		b.Contact, b.Turn.Facts = &in.Contact, json.RawMessage(`{"name":"王小明"}`)
		apply(t, h.store, b)
		sealed := must[[]byte](t)(h.keys.Contact(conv.ContactID).Seal(ctx, "x", []byte("王小明")))

		var out bytes.Buffer
		if err := h.service.Export(ctx, conv.ContactID, "officer", &out); err != nil {
			t.Fatal(err)
		}
		kinds := map[string]int{}
		for line := range strings.Lines(out.String()) {
			var held struct{ Kind string }
			if err := json.Unmarshal([]byte(line), &held); err != nil {
				t.Fatal(err)
			}
			kinds[held.Kind]++
		}
		for _, k := range []string{"contact", "address", "conversation", "message", "ticket", "ticket_event", "intake", "turn", "join"} {
			if kinds[k] == 0 {
				t.Errorf("the export has no %s: %v", k, kinds)
			}
		}
		for _, w := range planted {
			if !strings.Contains(out.String(), w) {
				t.Errorf("the export does not hold %s", w)
			}
		}

		before := figures(t, p)
		if err := h.service.Forget(ctx, conv.ContactID, "officer", "asked for"); err != nil {
			t.Fatal(err)
		}
		if after := figures(t, p); after != before {
			t.Errorf("the figures changed: %v, before %v", after, before)
		}
		if _, err := h.keys.Contact(conv.ContactID).Open(ctx, "x", sealed); jiban.CodeOf(err) != jiban.CodeNotFound {
			t.Errorf("a field was opened after the deletion: %v", err)
		}
		out.Reset()
		if err := h.service.Export(ctx, conv.ContactID, "officer", &out); err != nil {
			t.Fatal(err)
		}
		for _, w := range planted {
			if strings.Contains(out.String(), w) {
				t.Errorf("after the deletion %s is still held", w)
			}
		}
		audit := must[[]jiban.AuditEntry](t)(h.store.Audit(ctx, "", 100))
		if !slices.ContainsFunc(audit, func(e jiban.AuditEntry) bool { return e.Action == "contact.deleted" && e.Actor == "officer" }) {
			t.Error("the deletion is not recorded")
		}
		if fresh := h.hears(t, "citizen", jiban.ChannelWebChat, "again", "web:visitor-7", "又来了"); fresh.ContactID == conv.ContactID {
			t.Error("who comes again is a stranger")
		}
		wantCode(t, h.service.Forget(ctx, "nobody", "officer", "x"), jiban.CodeNotFound)
	})
}

// figures are what statistics count.
func figures(t testing.TB, p place) [4]int {
	t.Helper()
	var out [4]int
	for i, table := range []string{"tickets WHERE type = 'help' AND status = 'closed'", "intakes WHERE result = 'ticket'", "messages", "conversations"} {
		p.query(t, &out[i], "SELECT COUNT(*) FROM "+table)
	}
	return out
}

func TestWhatIsOpenIsNotDeleted(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		h := newHousehold(t, p)
		conv := h.web(t, "v1", "你好")
		b := ticketOf("1", conv)
		b.Tickets[0].Ticket.Status = jiban.TicketHandling
		apply(t, h.store, b)
		wantCode(t, h.service.Forget(t.Context(), conv.ContactID, "officer", "x"), jiban.CodeConflict)
		if got := must[jiban.Ticket](t)(h.store.Ticket(t.Context(), "1")); got.Fields["name"] == "" {
			t.Error("half deleted")
		}
	})
}

// TestDeletedWordsAreInNoBackup looks at the bytes of the database and of a backup
// after a deletion, free places and all, where free text is not sealed.
func TestDeletedWordsAreInNoBackup(t *testing.T) {
	d := deps(jiban.NewManualClock(monday))
	d.PlainText = true
	h := newHouseholdOn(t, sqlitePlace(t), d)
	conv := h.web(t, "visitor-7", "地下室淹了"+strings.Repeat("，水很深", 3000))
	for range 40 {
		receive(t, h.store, text(jiban.RandomIDs{Clock: jiban.SystemClock{}}.NewID(), "other", "别人的话"))
	}
	apply(t, h.store, ticketOf("1", conv))
	if found := h.place.inFile(t, []string{"水很深"}); len(found) == 0 {
		t.Fatal("before the deletion the search does not see the words")
	}
	if err := h.service.Forget(t.Context(), conv.ContactID, "officer", "x"); err != nil {
		t.Fatal(err)
	}
	if found := h.place.inFile(t, append(planted, "水很深")); len(found) > 0 {
		t.Errorf("still there after the deletion: %v", found)
	}
	backup := filepath.Join(t.TempDir(), "backup.db")
	if err := h.store.Backup(t.Context(), backup); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(backup)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(data, []byte("别人的话")) {
		t.Fatal("the backup holds nothing at all")
	}
	for _, w := range append(planted, "水很深") {
		if bytes.Contains(data, []byte(w)) {
			t.Errorf("%s is still in the backup", w)
		}
	}
}

// A number that was handed over from a former holder, not joined, is given back
// when the consent is taken back: nobody holds it then.
func TestUnbindGivesBackWhatACodeGave(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		h, ctx := newHousehold(t, p), t.Context()
		h.hears(t, "sms", jiban.ChannelSMS, "s1", people.PhoneAddress(phone), "停水了")
		h.clock.Advance(400 * 24 * time.Hour)
		bob := h.web(t, "v1", "你好")
		if proof := h.prove(t, bob.ContactID, phone); proof.Join != nil {
			t.Fatalf("a former holder was joined: %+v", proof)
		}
		if some, err := h.service.Unbind(ctx, bob.ContactID); err != nil || !some {
			t.Fatalf("%v, %v", some, err)
		}
		if proven := must[bool](t)(h.store.Proven(ctx, bob.ContactID, people.PhoneAddress(phone))); proven {
			t.Error("the number is still proven")
		}
		for _, a := range must[[]jiban.Address](t)(h.store.Addresses(ctx, bob.ContactID)) {
			if strings.HasPrefix(string(a), "tel:") {
				t.Error("the number is still an address")
			}
		}
		if some, err := h.service.Unbind(ctx, bob.ContactID); err != nil || some {
			t.Errorf("a second time: %v, %v", some, err)
		}
		// Staff's own proof is not the person's to take back.
		if _, _, err := h.service.Prove(ctx, jiban.AddressProof{ContactID: bob.ContactID, Address: "tel:+8613700000000", How: "staff", By: "a1"}, time.Time{}); err != nil {
			t.Fatal(err)
		}
		if some, err := h.service.Unbind(ctx, bob.ContactID); err != nil || some {
			t.Errorf("what staff proved was undone: %v, %v", some, err)
		}
	})
}

// Two codes and a join: taking the consent back separates them, and the one who
// asked keeps none of the other's tickets.
func TestUnbindSeparatesWhatACodeJoined(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		h, ctx := newHousehold(t, p), t.Context()
		alice := h.hears(t, "sms", jiban.ChannelSMS, "s1", people.PhoneAddress(phone), "停水了")
		if _, err := h.store.Apply(ctx, ticketOf("2611020000018", alice)); err != nil {
			t.Fatal(err)
		}
		web := h.web(t, "v1", "你好")
		proof := h.prove(t, web.ContactID, phone)
		if proof.Join == nil || len(h.ticketsOf(t, proof.Contact.ID)) != 1 {
			t.Fatalf("%+v", proof)
		}
		if some, err := h.service.Unbind(ctx, proof.Contact.ID); err != nil || !some {
			t.Fatalf("%v, %v", some, err)
		}
		now := must[jiban.Conversation](t)(h.store.Conversation(ctx, web.ID))
		if got := h.ticketsOf(t, now.ContactID); len(got) != 0 || now.ContactID != web.ContactID {
			t.Errorf("the visitor %s still has tickets %v", now.ContactID, got)
		}
		if got := h.ticketsOf(t, alice.ContactID); len(got) != 1 {
			t.Errorf("the sender by text message has tickets %v", got)
		}
	})
}
