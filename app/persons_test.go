package app

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jiban"
	"jiban/app/config"
	"jiban/app/talk"
	"jiban/dialog"
	"jiban/keys"
	"jiban/people"
	"jiban/store/storetest"
)

// onBothStores runs a test on a real SQLite and a real PostgreSQL.
func onBothStores(t *testing.T, test func(t *testing.T, dsn string)) {
	t.Run("sqlite", func(t *testing.T) { test(t, "sqlite:"+filepath.Join(t.TempDir(), "jiban.db")) })
	t.Run("postgres", func(t *testing.T) { test(t, storetest.Postgres(t)) })
}

// town is a whole house whose clock is moved by hand, with an SMS channel that
// carries codes.
type town struct {
	t *testing.T
	h *talkHouse
	n int
}

func newTown(t *testing.T, dsn string) *town {
	t.Helper()
	return newTownWith(t, dsn, func(*config.Config) {})
}

// newTownWith is a town whose configuration is changed first.
func newTownWith(t *testing.T, dsn string, change func(*config.Config)) *town {
	t.Helper()
	c := config.Default()
	c.DataDir, c.Database = t.TempDir(), dsn
	c.Keys.File = filepath.Join(c.DataDir, "keys")
	c.Files = filepath.Join(c.DataDir, "files")
	if !strings.HasPrefix(dsn, "sqlite:") {
		key, err := keys.NewRoot()
		if err != nil {
			t.Fatal(err)
		}
		c.Keys.Value = key
	}
	c.Channels.SMS = []config.SMS{{Name: talk.Channel(jiban.ChannelSMS, jiban.Citizen)}}
	change(&c)
	clock := jiban.NewManualClock(time.Date(2026, 11, 2, 1, 0, 0, 0, time.UTC)) // 09:00 in Beijing
	if err := storetest.Furnish(t.Context(), dsn); err != nil {
		t.Fatal(err)
	}
	h, err := newTalkHouse(t.Context(), Options{Config: c, Clock: clock}.withDefaults(), true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.close() })
	return &town{t: t, h: h}
}

// says is one turn; it returns what the house answered.
func (w *town) says(kind jiban.ChannelKind, a jiban.Address, text string) string {
	w.t.Helper()
	w.n++
	w.h.clock.Advance(time.Second)
	out, err := w.h.Hear(w.t.Context(), jiban.Received{Channel: talk.Channel(kind, jiban.Citizen), ChannelKind: kind, ExternalID: fmt.Sprint(w.n),
		Address: a, Audience: jiban.Citizen, Region: "230000", Lang: jiban.Chinese, Content: jiban.Content{Kind: jiban.KindText, Text: text}, At: w.h.Now()})
	if err != nil {
		w.t.Fatal(err)
	}
	return replies(out)
}

func replies(out *dialog.Outcome) string {
	var all []string
	for _, r := range out.Replies {
		all = append(all, r.Text)
	}
	return strings.Join(all, "\n")
}

func (w *town) wants(got, want string) {
	w.t.Helper()
	if !strings.Contains(got, want) {
		w.t.Fatalf("%q is not in: %s", want, got)
	}
}

// messages are all outbound messages of an address.
func (w *town) messages(kind jiban.ChannelKind, a jiban.Address) []jiban.Message {
	w.t.Helper()
	c, err := w.h.Conversation(w.t.Context(), talk.Channel(kind, jiban.Citizen), a)
	if err != nil {
		w.t.Fatal(err)
	}
	sent, err := w.h.Sent(w.t.Context(), c.ID, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	return sent
}

// code is the newest that the telephone was sent.
func (w *town) code(phone string) string {
	w.t.Helper()
	if err := w.h.flush(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	all := w.messages(jiban.ChannelSMS, jiban.Address("tel:"+phone))
	last := all[len(all)-1]
	if last.Delivery.Kind != jiban.NoticeCode || last.Delivery.Status != jiban.DeliverySent {
		w.t.Fatalf("the last message is %s, %s", last.Delivery.Kind, last.Delivery.Status)
	}
	return last.Delivery.Params["code"]
}

func (w *town) file(kind jiban.ChannelKind, a jiban.Address) string {
	w.t.Helper()
	w.says(kind, a, "哈尔滨市南岗区学府路23号阳光小区从昨天晚上八点开始停水，我叫张伟，电话13900005678")
	w.says(kind, a, "确认提交")
	tickets, err := w.h.Tickets(w.t.Context(), w.contact(a))
	if err != nil || len(tickets) == 0 {
		w.t.Fatalf("no ticket was filed: %v", err)
	}
	return tickets[0].Number
}

func (w *town) contact(a jiban.Address) string {
	w.t.Helper()
	c, err := w.h.store.EnsureContact(w.t.Context(), a)
	if err != nil {
		w.t.Fatal(err)
	}
	return c.ID
}

const (
	mobileTel = "+8613900005678"
	otherTel  = "+8613700009999"
	onSMS     = jiban.Address("tel:" + mobileTel)
	onWeChat  = jiban.Address("wechat:openid-1")
)

// A telephone proven on WeChat makes one of two contacts: what was filed by text
// message is found there, and after the consent is taken back it no more is.
func TestATelephoneProvenInTheDialogue(t *testing.T) {
	onBothStores(t, func(t *testing.T, dsn string) {
		w := newTown(t, dsn)
		number := w.file(jiban.ChannelSMS, onSMS)
		w.wants(w.says(jiban.ChannelWeChat, onWeChat, "查进度"), "没有查到")
		w.wants(w.says(jiban.ChannelWeChat, onWeChat, "绑定手机号"), "第2版")
		w.wants(w.says(jiban.ChannelWeChat, onWeChat, "13900005678"), "尾号5678")
		w.wants(w.says(jiban.ChannelWeChat, onWeChat, "000000"), "还可以再试")
		w.wants(w.says(jiban.ChannelWeChat, onWeChat, w.code(mobileTel)), "验证成功")
		w.wants(w.says(jiban.ChannelWeChat, onWeChat, "查进度"), number)
		if a, b := w.contact(onSMS), w.contact(onWeChat); a != b {
			t.Errorf("two contacts, %s and %s", a, b)
		}
		consents, err := w.h.people.Consents(t.Context(), w.contact(onWeChat))
		if err != nil || len(consents) != 1 || consents[0].Purpose != jiban.ConsentBind || consents[0].Wording != "2" || !consents[0].Given {
			t.Errorf("consents %+v, %v", consents, err)
		}
		w.wants(w.says(jiban.ChannelWeChat, onWeChat, "撤回同意"), "已经解除")
		w.wants(w.says(jiban.ChannelWeChat, onWeChat, "查进度"), "没有查到")
		w.wants(w.says(jiban.ChannelSMS, onSMS, "查进度"), number)
		if yes, err := w.h.people.Consented(t.Context(), w.contact(onWeChat), jiban.ConsentBind, "2"); yes || err != nil {
			t.Errorf("consented %v, %v", yes, err)
		}
	})
}

// Whoever is on the special-service list is recognised by the proof, once and for
// all, and the look-up is in the record without the number.
func TestTheProofRecognisesTheRoster(t *testing.T) {
	onBothStores(t, func(t *testing.T, dsn string) {
		w := newTown(t, dsn)
		if _, err := w.h.roster.Import(t.Context(), strings.NewReader("电话\n13900005678\n"), people.ImportOptions{By: "test"}); err != nil {
			t.Fatal(err)
		}
		w.says(jiban.ChannelWeChat, onWeChat, "绑定手机号")
		w.says(jiban.ChannelWeChat, onWeChat, "13900005678")
		w.wants(w.says(jiban.ChannelWeChat, onWeChat, w.code(mobileTel)), "优先")
		c, err := w.h.store.Contact(t.Context(), w.contact(onWeChat))
		if err != nil || !c.Roster {
			t.Errorf("%+v, %v", c.Roster, err)
		}
		found, err := w.h.staff.SearchAudit(t.Context(), jiban.AuditFilter{Action: "roster.looked", Limit: 10})
		if err != nil || len(found) != 1 || found[0].Result != "listed" || strings.Contains(found[0].Object, "139") {
			t.Errorf("%+v, %v", found, err)
		}
	})
}

// The process may end between the proof and the answer: who comes back with the
// same message is told that the number is proven, not that the code was wrong.
func TestAProofOutlivesALostTurn(t *testing.T) {
	onBothStores(t, func(t *testing.T, dsn string) {
		w := newTown(t, dsn)
		w.says(jiban.ChannelWeChat, onWeChat, "绑定手机号")
		w.says(jiban.ChannelWeChat, onWeChat, "13900005678")
		code := w.code(mobileTel)
		if err := w.h.telephones.Prove(t.Context(), w.contact(onWeChat), mobileTel, code); err != nil {
			t.Fatal(err)
		}
		w.wants(w.says(jiban.ChannelWeChat, onWeChat, code), "验证成功")
	})
}

// What a thief could try.
func TestCodesAgainstGuessingAndTheft(t *testing.T) {
	onBothStores(t, func(t *testing.T, dsn string) {
		w, thief := newTown(t, dsn), jiban.Address("wechat:thief")
		w.says(jiban.ChannelWeChat, onWeChat, "绑定手机号")
		w.says(jiban.ChannelWeChat, onWeChat, "13900005678")
		code := w.code(mobileTel)
		ctx := t.Context()
		prove := func(a jiban.Address, phone, digits string) jiban.Code {
			return jiban.CodeOf(w.h.telephones.Prove(ctx, w.contact(a), phone, digits))
		}
		if got := prove(thief, mobileTel, code); got != jiban.CodeNotFound {
			t.Errorf("a code of somebody else: %q", got)
		}
		if got := prove(onWeChat, otherTel, code); got != jiban.CodeNotFound {
			t.Errorf("a code for another number: %q", got)
		}
		_, err := w.h.telephones.Send(ctx, w.contact(thief), mobileTel, "wechat:thief", jiban.Chinese)
		if jiban.CodeOf(err) != jiban.CodeLimited {
			t.Errorf("a second code for the number within the minute: %v", err)
		}
		w.wants(w.says(jiban.ChannelWeChat, onWeChat, code), "验证成功")
		w.h.clock.Advance(2 * time.Minute)
		if _, err := w.h.telephones.Send(ctx, w.contact(thief), mobileTel, "wechat:thief", jiban.Chinese); err != nil {
			t.Fatal(err)
		}
		if got := prove(thief, mobileTel, code); got != jiban.CodeInvalid {
			t.Errorf("a used code again: %q", got)
		}
		for range 2 {
			prove(thief, mobileTel, "000000")
		}
		if got := prove(thief, mobileTel, w.code(mobileTel)); got != jiban.CodeNotFound {
			t.Errorf("the right code after three wrong ones: %q", got)
		}
		if w.contact(thief) == w.contact(onSMS) {
			t.Error("the thief has the number")
		}
		w.h.clock.Advance(10 * time.Minute)
		if err := w.h.telephones.codes.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		for _, m := range w.messages(jiban.ChannelSMS, onSMS) {
			if m.Delivery.Kind == jiban.NoticeCode && (len(m.Delivery.Params) != 0 || strings.ContainsAny(m.Content.Text, "0123456789")) {
				t.Errorf("a code that is over is still there: %v %q", m.Delivery.Params, m.Content.Text)
			}
		}
	})
}

// A survey that falls due at 23:00 goes out at 07:00; what was just said is
// answered at any hour, and a survey that nobody wants is never sent.
func TestQuietHoursAndWishes(t *testing.T) {
	onBothStores(t, func(t *testing.T, dsn string) {
		w := newTown(t, dsn)
		w.file(jiban.ChannelWeChat, onWeChat)
		conversation, err := w.h.Conversation(t.Context(), talk.Channel(jiban.ChannelWeChat, jiban.Citizen), onWeChat)
		if err != nil {
			t.Fatal(err)
		}
		tell := func(k jiban.NoticeKind) jiban.Message {
			t.Helper()
			applied, err := w.h.store.Apply(t.Context(), jiban.Batch{Notices: []jiban.Notice{{ConversationID: conversation.ID,
				ContactID: conversation.ContactID, Kind: k, Params: map[string]string{"number": "2611020000016", "department": "供水集团"}}}})
			if err != nil {
				t.Fatal(err)
			}
			if err := w.h.flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			return applied.Messages[0]
		}
		status := func(id string) jiban.DeliveryStatus {
			for _, m := range w.messages(jiban.ChannelWeChat, onWeChat) {
				if m.ID == id {
					return m.Delivery.Status
				}
			}
			return "gone"
		}
		w.h.clock.Advance(14 * time.Hour) // 23:00
		survey := tell(jiban.NoticeTicketSurvey)
		if got := status(survey.ID); got != jiban.DeliveryQueued {
			t.Fatalf("the survey at 23:00 is %s", got)
		}
		w.wants(w.says(jiban.ChannelWeChat, onWeChat, "查进度"), "工单编号")
		all := w.messages(jiban.ChannelWeChat, onWeChat)
		if last := all[len(all)-1]; last.Delivery.Kind != jiban.NoticeReply || last.Delivery.Status != jiban.DeliverySent {
			t.Errorf("the answer at 23:00 is %s", last.Delivery.Status)
		}
		for _, step := range []struct {
			wait time.Duration
			want jiban.DeliveryStatus
		}{{8*time.Hour - time.Minute, jiban.DeliveryQueued}, {time.Minute, jiban.DeliverySent}} {
			w.h.clock.Advance(step.wait)
			if err := w.h.flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := status(survey.ID); got != step.want {
				t.Errorf("the survey at %s is %s, want %s", w.h.Now().In(jiban.Beijing).Format("15:04"), got, step.want)
			}
		}
		w.says(jiban.ChannelWeChat, onWeChat, "退订调查")
		if a, b := status(tell(jiban.NoticeTicketSurvey).ID), status(tell(jiban.NoticeTicketSigned).ID); a != jiban.DeliveryExpired || b != jiban.DeliverySent {
			t.Errorf("after 退订调查 the survey is %s, progress %s", a, b)
		}
		w.says(jiban.ChannelWeChat, onWeChat, "退订")
		w.says(jiban.ChannelWeChat, onWeChat, "恢复调查")
		if a, b := status(tell(jiban.NoticeTicketSurvey).ID), status(tell(jiban.NoticeTicketSigned).ID); a != jiban.DeliverySent || b != jiban.DeliveryExpired {
			t.Errorf("after 退订 and 恢复调查 the survey is %s, progress %s", a, b)
		}
		w.says(jiban.ChannelWeChat, onWeChat, "恢复通知")
		if got := status(tell(jiban.NoticeTicketSigned).ID); got != jiban.DeliverySent {
			t.Errorf("after 恢复通知 progress is %s", got)
		}
	})
}

// What a person asks about their data becomes a task of the staff, once.
func TestRequestsAboutOnesData(t *testing.T) {
	onBothStores(t, func(t *testing.T, dsn string) {
		w := newTown(t, dsn)
		w.wants(w.says(jiban.ChannelWeChat, onWeChat, "导出我的数据"), "已经登记")
		w.wants(w.says(jiban.ChannelWeChat, onWeChat, "导出我的数据"), "之前已经登记")
		w.says(jiban.ChannelWeChat, onWeChat, "删除我的数据")
		w.wants(w.says(jiban.ChannelWeChat, onWeChat, "确认删除"), "已经登记")
		all, err := w.h.requests.List(t.Context(), jiban.DataRequestFilter{Limit: 10})
		if err != nil || len(all) != 2 {
			t.Fatalf("%d requests, %v", len(all), err)
		}
		for _, r := range all {
			if r.ContactID != w.contact(onWeChat) || r.Channel != talk.Channel(jiban.ChannelWeChat, jiban.Citizen) {
				t.Errorf("%+v", r)
			}
		}
	})
}
